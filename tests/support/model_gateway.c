/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Gateways in the naive model: rules W1 to W4, D25.
 */

#include "tests/support/model_state.h"

#include <string.h>

#include "base/assert.h"
#include "base/id.h"

/* Contacts that are not over for the customer. */
static uint32_t contacts_of(const struct model *m, uint64_t gateway)
{
        uint32_t count = 0;

        for (uint32_t i = 0; i < m->top[ACD_OBJECT_CONTACT]; i++)
                count += m->contact[i].head.is_used && m->contact[i].gateway == gateway &&
                         m->contact[i].state != ACD_CONTACT_ENDED;
        return count;
}

/* The gateway that is forgotten to make room (W4); negative when none may be. */
static int32_t longest_gone(const struct model *m)
{
        int32_t best = MODEL_NONE;

        for (uint32_t i = 0; i < m->top[ACD_OBJECT_GATEWAY]; i++) {
                const struct model_gateway *gateway = &m->gateway[i];

                if (gateway->head.is_used && gateway->state == ACD_GATEWAY_GONE &&
                    contacts_of(m, gateway->head.id) == 0 &&
                    (best < 0 || gateway->gone_order < m->gateway[best].gone_order))
                        best = (int32_t)i;
        }
        return best;
}

static int32_t find_name(const struct model *m, uint32_t tenant, const char *name)
{
        for (uint32_t i = 0; i < m->top[ACD_OBJECT_GATEWAY]; i++)
                if (m->gateway[i].head.is_used && m->gateway[i].head.tenant == tenant &&
                    strcmp(m->gateway[i].name, name) == 0)
                        return (int32_t)i;
        return MODEL_NONE;
}

static void done(struct model *m, const struct model_gateway *gateway)
{
        m->reply->id = gateway->head.id;
        m->reply->state = (uint8_t)gateway->state;
}

static bool make(struct model *m, uint32_t tenant, const char *name, int32_t *ret_index)
{
        int32_t forgotten = longest_gone(m);
        uint32_t max = m->limits.gateway_count_max;

        if (model_used_count(m, ACD_OBJECT_GATEWAY) >= max) {
                if (forgotten < 0)
                        return model_refuse(m, ACD_FULL, ACD_FIELD_GATEWAY, max);
                model_remove(m, ACD_OBJECT_GATEWAY, (uint32_t)forgotten);
        }
        *ret_index = (int32_t)model_add(m, ACD_OBJECT_GATEWAY, tenant, m->log->hint_id);
        model_text(m->gateway[*ret_index].name, sizeof(m->gateway[*ret_index].name), name);
        return true;
}

static void do_open(struct model *m, uint32_t tenant, const char *name)
{
        int32_t index = find_name(m, tenant, name);
        struct model_gateway *gateway;
        bool was_away;

        if (index >= 0 && m->gateway[index].state == ACD_GATEWAY_PRESENT) {
                model_duplicate(m, m->gateway[index].head.id, ACD_GATEWAY_PRESENT);
                return;
        }
        was_away = index >= 0;
        if (index < 0 && !make(m, tenant, name, &index))
                return;
        gateway = &m->gateway[index];
        gateway->state = ACD_GATEWAY_PRESENT;
        gateway->deadline = 0;
        gateway->is_round_open = false;
        gateway->round++;
        model_timer_stop(m, MODEL_TIMER_GATEWAY_GRACE, (uint32_t)index);
        model_emit_gateway(m, gateway, ACD_EVENT_GATEWAY_OPENED, ACD_REASON_NONE)->value =
                contacts_of(m, gateway->head.id);
        if (was_away)
                model_job_add(m, MODEL_JOB_GATEWAY_BACK)->id = gateway->head.id;
        done(m, gateway);
}

static void do_lost(struct model *m, uint32_t index)
{
        struct model_gateway *gateway = &m->gateway[index];
        const struct model_tenant *tenant = &m->tenant[gateway->head.tenant];

        if (gateway->state != ACD_GATEWAY_PRESENT) {
                model_duplicate(m, gateway->head.id, (uint8_t)gateway->state);
                return;
        }
        gateway->state = ACD_GATEWAY_LOST;
        gateway->deadline = m->now + (uint64_t)tenant->config.gateway_grace_ms * 1000000;
        model_timer_set(m, MODEL_TIMER_GATEWAY_GRACE, index, gateway->head.tenant,
                        gateway->deadline);
        model_emit_gateway(m, gateway, ACD_EVENT_GATEWAY_LOST, ACD_REASON_NONE)->deadline =
                gateway->deadline;
        done(m, gateway);
}

/* RESUME */

static enum acd_resumed resume_one(struct model *m, const struct model_gateway *gateway,
                                   uint64_t id)
{
        int32_t index = model_find_here(m, gateway->head.tenant, ACD_OBJECT_CONTACT, id);
        uint32_t slot = acd_id_split(id).slot;

        if (index >= 0) {
                struct model_contact *contact = &m->contact[index];

                if (contact->gateway != gateway->head.id)
                        return ACD_RESUMED_UNKNOWN;
                if (contact->state == ACD_CONTACT_ENDED)
                        return ACD_RESUMED_CLOSED;
                contact->named_round = gateway->round;
                return ACD_RESUMED_KEPT;
        }
        if (model_was_issued(m, ACD_OBJECT_CONTACT, id) &&
            m->slots[ACD_OBJECT_CONTACT].generation[slot] == acd_id_split(id).generation &&
            m->slots[ACD_OBJECT_CONTACT].owner[slot] == gateway->head.id)
                return ACD_RESUMED_CLOSED;
        return ACD_RESUMED_UNKNOWN;
}

static void do_resume(struct model *m, uint32_t index, const struct acd_resume *resume)
{
        struct model_gateway *gateway = &m->gateway[index];

        if (gateway->state != ACD_GATEWAY_PRESENT ||
            (!resume->is_first && !gateway->is_round_open)) {
                m->reply->state = (uint8_t)gateway->state;
                model_refuse(m, ACD_WRONG_STATE, ACD_FIELD_GATEWAY, 0);
                return;
        }
        if (resume->is_first) {
                gateway->round++;
                gateway->is_round_open = true;
                gateway->round_sequence = m->tenant[gateway->head.tenant].submit_sequence;
        }
        m->reply->resume_count = resume->contact_count;
        for (uint32_t i = 0; i < resume->contact_count; i++)
                m->reply->resume[i] =
                        (uint8_t)resume_one(m, gateway, resume->contact[i].value);
        if (resume->is_last) {
                struct model_job *job = model_job_add(m, MODEL_JOB_RELEASE);

                gateway->is_round_open = false;
                job->id = gateway->head.id;
                job->round = gateway->round;
        }
        done(m, gateway);
}

void model_do_gateway(struct model *m, uint32_t tenant, const struct acd_command *command)
{
        bool is_resume = command->kind == ACD_COMMAND_GATEWAY_RESUME;
        int32_t index;

        if (command->kind == ACD_COMMAND_GATEWAY_OPEN) {
                do_open(m, tenant, command->gateway_open.name);
                return;
        }
        index = model_find_here(m, tenant, ACD_OBJECT_GATEWAY,
                                is_resume ? command->resume.gateway.value :
                                            command->gateway.gateway.value);
        if (index < 0)
                model_refuse(m, ACD_UNKNOWN, ACD_FIELD_GATEWAY, 0);
        else if (is_resume)
                do_resume(m, (uint32_t)index, &command->resume);
        else
                do_lost(m, (uint32_t)index);
}
