/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gateways: who brought a contact and still holds its medium.
 *
 *                 lost              grace ends
 *      PRESENT --------> LOST --------------------> GONE
 *         ^               |                           |
 *         '---- open -----'-------- open -------------'
 *
 * When a gateway is GONE none of its contacts is offered (G4): live ones close,
 * stored ones are withheld until it is back. That is work for the agenda, one
 * contact a unit, in the order of submit; matching deals at once with what it
 * meets before. The walk's cursor is stepped over by whoever takes a contact out
 * of the gateway's list.
 *
 * RESUME is a round: the contacts named in it carry its number. After the last
 * part the contacts of live channels that carry an older number close, also on
 * the agenda.
 */

#include "acd/parts.h"

static void set_state(struct acd *acd, uint32_t index, enum acd_gateway_state to)
{
        struct acd_gateway *gateway = &acd->gateway[index];

        if (gateway->link.list != 0)
                acd_ilist_remove(acd_slab_space(&acd->gateways), &acd->gateway_list[gateway->state],
                                 index);
        gateway->state = (uint8_t)to;
        acd_ilist_push_back(acd_slab_space(&acd->gateways), &acd->gateway_list[to], index);
}

static void emit_with_count(struct acd *acd, uint32_t index, enum acd_event_kind kind)
{
        acd_emit_gateway(acd, index, kind, ACD_REASON_NONE)->value =
                acd->gateway[index].contacts.count;
}

/* PRESENT becomes LOST: the grace begins. */
void acd_gateway_go_lost(struct acd *acd, uint32_t index, enum acd_reason reason)
{
        struct acd_gateway *gateway = &acd->gateway[index];
        uint32_t grace_ms = acd->tenant[gateway->tenant].config.gateway_grace_ms;

        set_state(acd, index, ACD_GATEWAY_LOST);
        gateway->deadline = acd->step_now + grace_ms * CORE_NS_PER_MS;
        acd_timer_set(acd, TIMER_GATEWAY, index, gateway->deadline);
        acd_emit_gateway(acd, index, ACD_EVENT_GATEWAY_LOST, reason)->deadline = gateway->deadline;
}

void acd_gateway_grace_ended(struct acd *acd, uint32_t index)
{
        set_state(acd, index, ACD_GATEWAY_GONE);
        acd->gateway[index].deadline = 0;
        emit_with_count(acd, index, ACD_EVENT_GATEWAY_GONE);
        acd_job_add(acd, JOB_GATEWAY, index);
}

/* A contact of a gone gateway, in whatever state (W2). */
static void walk_gone(struct acd *acd, uint32_t index)
{
        uint32_t assignment = acd->contact[index].assignment;
        uint32_t agent;
        bool has_pairs_full;

        switch ((enum acd_contact_state)acd->contact[index].state) {
        case ACD_CONTACT_WAITING:
                acd_gateway_gone_contact(acd, index);
                return;
        case ACD_CONTACT_OFFERED:
                agent = acd->assignment[assignment].agent;
                acd_offer_return(acd, assignment, ACD_REASON_GATEWAY_LOST, "", &has_pairs_full);
                acd_agent_settle(acd, agent);
                return;
        case ACD_CONTACT_CONNECTING:
        case ACD_CONTACT_ACTIVE:
                if (acd_contact_is_live(acd, index))
                        acd_contact_close(acd, index, ACD_REASON_GATEWAY_LOST, "");
                return;
        case ACD_CONTACT_WITHHELD:
                return;
        case ACD_CONTACT_FREE:
        case ACD_CONTACT_ENDED:
                break;
        }
        acd_panic(__FILE__, __LINE__, __func__, "a gateway's list has open contacts only");
}

/* A contact of a gateway that is back (W1). */
static void walk_back(struct acd *acd, uint32_t index)
{
        if (acd->contact[index].state != ACD_CONTACT_WITHHELD)
                return;
        if (acd_contact_wait(acd, index, ACD_REASON_GATEWAY_BACK))
                acd_match_contact(acd, index);
}

/* The next contact of a job that walks a gateway's list; 0 at the end. Whoever
 * takes the contact out moves the cursor on; otherwise this does. */
static uint32_t walk_next(struct acd *acd, struct acd_job *job, uint32_t index)
{
        if (job->phase == 0) {
                job->phase = 1;
                job->cursor = acd->gateway[index].contacts.first;
        }
        return job->cursor;
}

static void walk_on(struct acd *acd, struct acd_job *job, uint32_t contact)
{
        if (job->cursor == contact)
                job->cursor = acd->contact_cold[contact].gateway_link.next;
}

/* One unit. False: the job is done. */
bool acd_gateway_work(struct acd *acd, struct acd_job *job, uint32_t index)
{
        enum acd_gateway_state state = (enum acd_gateway_state)acd->gateway[index].state;
        uint32_t contact;

        if (state == ACD_GATEWAY_LOST)
                return false;
        contact = walk_next(acd, job, index);
        if (contact == 0)
                return false;
        if (state == ACD_GATEWAY_GONE)
                walk_gone(acd, contact);
        else
                walk_back(acd, contact);
        walk_on(acd, job, contact);
        return job->cursor != 0;
}

bool acd_gateway_release_work(struct acd *acd, struct acd_job *job, uint32_t index)
{
        const struct acd_gateway *gateway = &acd->gateway[index];
        uint32_t contact;

        if (!gateway->is_releasing || gateway->state != ACD_GATEWAY_PRESENT)
                return false;
        contact = walk_next(acd, job, index);
        if (contact == 0)
                return false;
        if (acd->contact[contact].round != (uint16_t)gateway->round &&
            acd_contact_is_live(acd, contact))
                acd_contact_close(acd, contact, ACD_REASON_GATEWAY_RELEASED, "");
        walk_on(acd, job, contact);
        return job->cursor != 0;
}

/* The longest gone gateway without contacts, or 0. */
static uint32_t forgettable(const struct acd *acd)
{
        uint32_t index = acd->gateway_list[ACD_GATEWAY_GONE].first;

        while (index != 0 &&
               (acd->gateway[index].contacts.count > 0 || acd->gateway[index].ended_count > 0))
                index = acd->gateway[index].link.next;
        return index;
}

void acd_gateway_forget(struct acd *acd, uint32_t index)
{
        struct acd_gateway *gateway = &acd->gateway[index];

        acd_job_remove(acd, JOB_GATEWAY, index);
        acd_job_remove(acd, JOB_GATEWAY_RELEASE, index);
        acd_name_remove(acd, ACD_OBJECT_GATEWAY, index);
        acd->tenant[gateway->tenant].object_count[ACD_OBJECT_GATEWAY]--;
        acd_ilist_remove(acd_slab_space(&acd->gateways), &acd->gateway_list[gateway->state], index);
        acd_slab_give(&acd->gateways, index);
}

static uint32_t make(struct acd *acd, uint32_t tenant, const char *name)
{
        uint32_t index = acd_slab_take(&acd->gateways);
        struct acd_gateway *gateway = &acd->gateway[index];

        gateway->tenant = tenant;
        gateway->round = 0;
        gateway->ended_count = 0;
        acd_ilist_init(&gateway->contacts, acd_tag(LIST_OF, index));
        acd_text_set(gateway->name, sizeof(gateway->name), name);
        acd->tenant[tenant].object_count[ACD_OBJECT_GATEWAY]++;
        acd_name_add(acd, ACD_OBJECT_GATEWAY, index);
        return index;
}

enum acd_result acd_do_gateway_open(struct acd *acd, const struct acd_command *command)
{
        const struct acd_gateway_open *open = &command->gateway_open;
        uint32_t tenant = acd->step_tenant;
        uint32_t index;

        if (!acd_form_name(acd, open->name))
                return acd->reply->result;
        index = acd_name_find(acd, ACD_OBJECT_GATEWAY, tenant,
                              (struct acd_text){ open->name, acd_text_size(open->name) });
        if (index != 0 && acd->gateway[index].state == ACD_GATEWAY_PRESENT)
                return acd_duplicate(acd, acd_id_of(acd, &acd->gateways, index),
                                     ACD_GATEWAY_PRESENT);
        if (index == 0 && acd->gateways.live >= acd->limits.gateway_count_max) {
                if (forgettable(acd) == 0)
                        return acd_refuse_limit(acd, ACD_FULL, ACD_FIELD_GATEWAY,
                                                acd->limits.gateway_count_max);
                acd_gateway_forget(acd, forgettable(acd));
        }
        if (index == 0) {
                index = make(acd, tenant, open->name);
        } else {
                acd_timer_stop(acd, TIMER_GATEWAY, index);
                acd_job_add(acd, JOB_GATEWAY, index);
        }
        acd->gateway[index].deadline = 0;
        acd->gateway[index].is_round_open = false;
        acd->gateway[index].is_releasing = false;
        set_state(acd, index, ACD_GATEWAY_PRESENT);
        emit_with_count(acd, index, ACD_EVENT_GATEWAY_OPENED);
        return acd_done(acd, acd_id_of(acd, &acd->gateways, index), ACD_GATEWAY_PRESENT);
}

enum acd_result acd_do_gateway_lost(struct acd *acd, const struct acd_command *command)
{
        uint32_t tenant = acd->step_tenant;
        uint64_t id = command->gateway.gateway.value;
        uint32_t index;

        if (id == 0)
                return acd_refuse(acd, ACD_MISSING, ACD_FIELD_GATEWAY);
        index = acd_index_in(acd, tenant, ACD_OBJECT_GATEWAY, id);
        if (index == 0)
                return acd_refuse(acd, ACD_UNKNOWN, ACD_FIELD_GATEWAY);
        if (acd->gateway[index].state != ACD_GATEWAY_PRESENT)
                return acd_duplicate(acd, id, acd->gateway[index].state);
        acd_gateway_go_lost(acd, index, ACD_REASON_NONE);
        return acd_done(acd, id, ACD_GATEWAY_LOST);
}

/* What has become of one contact that @gateway says it holds; named, if it is. */
static enum acd_resumed resume_one(struct acd *acd, uint32_t gateway, uint64_t id)
{
        uint32_t index = acd_index_of(acd, ACD_OBJECT_CONTACT, id);
        uint32_t ghost;

        if (index != 0) {
                if (acd->contact[index].gateway != gateway)
                        return ACD_RESUMED_UNKNOWN;
                if (acd->contact[index].state == ACD_CONTACT_ENDED)
                        return ACD_RESUMED_CLOSED;
                acd->contact[index].round = (uint16_t)acd->gateway[gateway].round;
                return ACD_RESUMED_KEPT;
        }
        ghost = acd_ghost_of(acd, ACD_OBJECT_CONTACT, id);
        if (ghost != 0 && acd->contact[ghost].gateway == gateway &&
            acd->contact[ghost].pair == acd->gateway[gateway].generation)
                return ACD_RESUMED_CLOSED;
        return ACD_RESUMED_UNKNOWN;
}

enum acd_result acd_do_gateway_resume(struct acd *acd, const struct acd_command *command)
{
        const struct acd_resume *resume = &command->resume;
        uint32_t tenant = acd->step_tenant;
        struct acd_gateway *gateway;
        uint32_t index;

        if (resume->gateway.value == 0)
                return acd_refuse(acd, ACD_MISSING, ACD_FIELD_GATEWAY);
        if (resume->contact_count > ACD_RESUME_MAX)
                return acd_refuse_limit(acd, ACD_TOO_LARGE, ACD_FIELD_CONTACT, ACD_RESUME_MAX);
        index = acd_index_in(acd, tenant, ACD_OBJECT_GATEWAY, resume->gateway.value);
        if (index == 0)
                return acd_refuse(acd, ACD_UNKNOWN, ACD_FIELD_GATEWAY);
        gateway = &acd->gateway[index];
        if (gateway->state != ACD_GATEWAY_PRESENT || (!resume->is_first && !gateway->is_round_open))
                return acd_refuse_state(acd, ACD_FIELD_GATEWAY, gateway->state);

        if (resume->is_first) {
                gateway->round++;
                gateway->is_releasing = false;
                acd_job_remove(acd, JOB_GATEWAY_RELEASE, index);
        }
        gateway->is_round_open = !resume->is_last;
        for (uint32_t i = 0; i < resume->contact_count; i++)
                acd->reply->resume[i] = (uint8_t)resume_one(acd, index, resume->contact[i].value);
        acd->reply->resume_count = resume->contact_count;
        if (resume->is_last) {
                gateway->is_releasing = true;
                acd_job_add(acd, JOB_GATEWAY_RELEASE, index);
        }
        return acd_done(acd, resume->gateway.value, gateway->state);
}
