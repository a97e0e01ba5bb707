/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Presence in the naive model: rules P1 to P3, D15 to D18, and the commands of an
 * agent about himself.
 *
 * An open offer returns before the presence changes, and is matched after it; the
 * asked next state is taken whenever the slot is free.
 */

#include "tests/support/model_state.h"

#include <string.h>

#include "base/assert.h"

/* The presence changes and says so. */
void model_set_presence(struct model *m, uint32_t agent_index, enum acd_presence presence,
                        const char *label, enum acd_reason reason)
{
        struct model_agent *agent = &m->agent[agent_index];
        enum acd_event_kind kind = presence == ACD_PRESENCE_READY ? ACD_EVENT_AGENT_READY :
                                                                    ACD_EVENT_AGENT_PAUSED;
        struct acd_event *event;

        ACD_ASSERT(presence == ACD_PRESENCE_READY || presence == ACD_PRESENCE_PAUSED);
        model_timer_stop(m, MODEL_TIMER_AGENT_GRACE, agent_index);
        agent->presence = presence;
        agent->label[0] = 0;
        if (presence == ACD_PRESENCE_PAUSED) {
                model_text(agent->label, sizeof(agent->label), label);
                agent->is_idle = false;
                agent->idle_since = 0;
        } else {
                agent->missed_count = 0;
        }
        event = model_emit_agent(m, agent, kind, reason);
        event->since = agent->since;
        model_text(event->label, sizeof(event->label), agent->label);
        agent->since = m->now;
}

/* AGENT_LOGGED_OUT, and the rematch of what it may open (D21). */
void model_log_out(struct model *m, uint32_t agent_index, enum acd_reason reason)
{
        struct model_agent *agent = &m->agent[agent_index];
        struct model_job *job;
        struct acd_event *event;

        model_timer_stop(m, MODEL_TIMER_AGENT_GRACE, agent_index);
        agent->presence = ACD_PRESENCE_LOGGED_OUT;
        agent->next = 0;
        agent->label[0] = 0;
        agent->address_count = 0;
        agent->is_idle = false;
        agent->idle_since = 0;
        agent->since = m->now;
        event = model_emit_agent(m, agent, ACD_EVENT_AGENT_LOGGED_OUT, reason);
        event->since = agent->login_at;

        job = model_job_add(m, MODEL_JOB_REMATCH);
        for (uint32_t i = 0; i < m->class_top; i++)
                job->classes[i] = m->class[i].is_used && m->class[i].tier[agent_index] >= 0;
}

/* D15, when the agent's slot may have become free; then he is matched. */
void model_take_next(struct model *m, uint32_t agent_index)
{
        struct model_agent *agent = &m->agent[agent_index];
        enum acd_presence next = agent->next;
        bool is_same;

        if (model_uses_slot(m, agent_index) || agent->presence == ACD_PRESENCE_LOST ||
            agent->presence == ACD_PRESENCE_LOGGED_OUT)
                return;
        agent->next = 0;
        is_same = agent->presence == ACD_PRESENCE_PAUSED &&
                  strcmp(agent->label, agent->next_label) == 0;
        if (next == ACD_PRESENCE_LOGGED_OUT && model_parked_count(m, agent_index) == 0)
                model_log_out(m, agent_index, ACD_REASON_NEXT_STATE);
        else if (next == ACD_PRESENCE_READY && agent->presence == ACD_PRESENCE_PAUSED)
                model_set_presence(m, agent_index, next, NULL, ACD_REASON_NEXT_STATE);
        else if ((next == ACD_PRESENCE_PAUSED || next == ACD_PRESENCE_LOGGED_OUT) && !is_same)
                model_set_presence(m, agent_index, ACD_PRESENCE_PAUSED, agent->next_label,
                                   ACD_REASON_NEXT_STATE);
        model_agent_free(m, agent_index);
}

static int32_t offered_to(const struct model *m, uint32_t agent_index)
{
        for (uint32_t i = 0; i < m->top[ACD_OBJECT_ASSIGNMENT]; i++)
                if (m->assignment[i].head.is_used && m->assignment[i].agent == agent_index &&
                    m->assignment[i].state == ACD_ASSIGNMENT_OFFERED)
                        return (int32_t)i;
        return MODEL_NONE;
}

/* An open offer of the agent returns. The contact, for its match later, or none. */
static int32_t offer_returns(struct model *m, uint32_t agent_index, enum acd_reason reason)
{
        int32_t index = offered_to(m, agent_index);
        uint32_t contact;

        if (index < 0)
                return MODEL_NONE;
        contact = m->assignment[index].contact;
        model_end_offer(m, (uint32_t)index, reason, NULL);
        model_return(m, contact);
        return (int32_t)contact;
}

static void match_returned(struct model *m, int32_t contact)
{
        if (contact >= 0 && m->contact[contact].head.is_used)
                model_match_contact(m, (uint32_t)contact);
}

static bool wrong_state(struct model *m, uint32_t agent_index)
{
        m->reply->state = (uint8_t)m->agent[agent_index].presence;
        return model_refuse(m, ACD_WRONG_STATE, ACD_FIELD_AGENT, 0);
}

static void done(struct model *m, uint32_t agent_index)
{
        m->reply->id = m->agent[agent_index].head.id;
        m->reply->state = (uint8_t)m->agent[agent_index].presence;
}

static bool duplicate(struct model *m, uint32_t agent_index)
{
        const struct model_agent *agent = &m->agent[agent_index];

        return model_duplicate(m, agent->head.id, (uint8_t)agent->presence);
}

static enum acd_reason reason_or(enum acd_reason given, enum acd_reason otherwise)
{
        return given != ACD_REASON_NONE ? given : otherwise;
}

/* LOGIN */

static bool login_fits(struct model *m, uint32_t tenant, uint32_t agent_index,
                       const struct acd_agent_login *login)
{
        uint64_t cells = model_cells_used(m);

        for (uint32_t i = 0; i < login->address_count; i++)
                if (model_find_here(m, tenant, ACD_OBJECT_CHANNEL,
                                    login->address[i].channel.value) < 0)
                        return model_refuse(m, ACD_UNKNOWN, ACD_FIELD_CHANNEL, 0);
        for (uint32_t i = 0; i < m->agent[agent_index].address_count; i++)
                cells -= model_cells(m->agent[agent_index].address[i].blob.size);
        for (uint32_t i = 0; i < login->address_count; i++)
                cells += model_cells(login->address[i].address.size);
        if (cells > m->limits.payload_cell_count_max)
                return model_refuse(m, ACD_FULL, ACD_FIELD_ADDRESS,
                                    m->limits.payload_cell_count_max);
        return true;
}

static void back(struct model *m, uint32_t agent_index, enum acd_reason reason)
{
        struct model_agent *agent = &m->agent[agent_index];

        model_timer_stop(m, MODEL_TIMER_AGENT_GRACE, agent_index);
        agent->presence = agent->before_lost;
        agent->since = m->now;
        model_emit_agent(m, agent, ACD_EVENT_AGENT_BACK, reason);
}

static void do_login(struct model *m, uint32_t tenant, uint32_t agent_index,
                     const struct acd_agent_login *login)
{
        struct model_agent *agent = &m->agent[agent_index];

        if (!login_fits(m, tenant, agent_index, login))
                return;
        agent->address_count = login->address_count;
        for (uint32_t i = 0; i < login->address_count; i++) {
                agent->address[i].channel = login->address[i].channel.value;
                agent->address[i].blob = model_blob_of(login->address[i].address);
        }
        agent->missed_count = 0;
        if (agent->presence == ACD_PRESENCE_LOGGED_OUT) {
                agent->presence = ACD_PRESENCE_PAUSED;
                model_text(agent->label, sizeof(agent->label), "login");
                agent->since = m->now;
                agent->login_at = m->now;
                agent->contact_count = 0;
        } else if (agent->presence == ACD_PRESENCE_LOST) {
                back(m, agent_index, ACD_REASON_NONE);
        }
        model_emit_agent(m, agent, ACD_EVENT_AGENT_LOGGED_IN, ACD_REASON_NONE);
        model_take_next(m, agent_index);
        done(m, agent_index);
}

/* LOGOUT */

static bool has_work(const struct model *m, uint32_t agent_index)
{
        for (uint32_t i = 0; i < m->top[ACD_OBJECT_ASSIGNMENT]; i++)
                if (m->assignment[i].head.is_used && m->assignment[i].agent == agent_index &&
                    m->assignment[i].state != ACD_ASSIGNMENT_OFFERED)
                        return true;
        return false;
}

static void do_logout(struct model *m, uint32_t agent_index, enum acd_reason reason)
{
        int32_t contact;

        if (m->agent[agent_index].presence == ACD_PRESENCE_LOGGED_OUT) {
                duplicate(m, agent_index);
                return;
        }
        if (has_work(m, agent_index)) {
                wrong_state(m, agent_index);
                return;
        }
        contact = offer_returns(m, agent_index, ACD_REASON_AGENT_GONE);
        model_log_out(m, agent_index, reason_or(reason, ACD_REASON_LOGGED_OUT));
        match_returned(m, contact);
        done(m, agent_index);
}

/* READY, PAUSE, LOST, BACK */

static void do_ready(struct model *m, uint32_t agent_index, enum acd_reason reason)
{
        struct model_agent *agent = &m->agent[agent_index];

        if (agent->presence == ACD_PRESENCE_LOGGED_OUT) {
                wrong_state(m, agent_index);
                return;
        }
        if (agent->presence == ACD_PRESENCE_READY) {
                duplicate(m, agent_index);
                return;
        }
        if (!model_uses_slot(m, agent_index))
                agent->next = 0;
        model_set_presence(m, agent_index, ACD_PRESENCE_READY, NULL,
                           reason_or(reason, ACD_REASON_AGENT_ASKED));
        model_agent_free(m, agent_index);
        done(m, agent_index);
}

static void do_pause(struct model *m, uint32_t agent_index, const struct acd_agent_ref *ref)
{
        struct model_agent *agent = &m->agent[agent_index];
        int32_t contact;

        if (agent->presence == ACD_PRESENCE_LOGGED_OUT) {
                wrong_state(m, agent_index);
                return;
        }
        if (agent->presence == ACD_PRESENCE_PAUSED && strcmp(agent->label, ref->label) == 0) {
                duplicate(m, agent_index);
                return;
        }
        contact = offer_returns(m, agent_index, ACD_REASON_AGENT_ASKED);
        if (!model_uses_slot(m, agent_index))
                agent->next = 0;
        model_set_presence(m, agent_index, ACD_PRESENCE_PAUSED, ref->label,
                           reason_or(ref->reason, ACD_REASON_AGENT_ASKED));
        match_returned(m, contact);
        done(m, agent_index);
}

static void do_lost(struct model *m, uint32_t agent_index, enum acd_reason reason)
{
        struct model_agent *agent = &m->agent[agent_index];
        const struct model_tenant *tenant = &m->tenant[agent->head.tenant];
        int32_t contact;

        if (agent->presence == ACD_PRESENCE_LOGGED_OUT) {
                wrong_state(m, agent_index);
                return;
        }
        if (agent->presence == ACD_PRESENCE_LOST) {
                duplicate(m, agent_index);
                return;
        }
        contact = offer_returns(m, agent_index, ACD_REASON_AGENT_GONE);
        agent->before_lost = agent->presence;
        agent->presence = ACD_PRESENCE_LOST;
        agent->is_idle = false;
        agent->idle_since = 0;
        agent->since = m->now;
        agent->grace_deadline = m->now + (uint64_t)tenant->config.agent_grace_ms * 1000000;
        model_timer_set(m, MODEL_TIMER_AGENT_GRACE, agent_index, agent->head.tenant,
                        agent->grace_deadline);
        model_emit_agent(m, agent, ACD_EVENT_AGENT_LOST,
                         reason_or(reason, ACD_REASON_LEASE_EXPIRED))
                ->deadline = agent->grace_deadline;
        match_returned(m, contact);
        done(m, agent_index);
}

static void do_back(struct model *m, uint32_t agent_index, enum acd_reason reason)
{
        enum acd_presence presence = m->agent[agent_index].presence;

        if (presence == ACD_PRESENCE_LOGGED_OUT) {
                wrong_state(m, agent_index);
                return;
        }
        if (presence != ACD_PRESENCE_LOST) {
                duplicate(m, agent_index);
                return;
        }
        back(m, agent_index, reason);
        model_take_next(m, agent_index);
        done(m, agent_index);
}

/* NEXT */

/* Nothing to do: it is asked already, or it is so already. */
static bool is_as_asked(const struct model *m, uint32_t agent_index,
                        const struct acd_agent_next *next)
{
        const struct model_agent *agent = &m->agent[agent_index];
        enum acd_presence want = next->next;

        if (model_uses_slot(m, agent_index))
                return agent->next == want && strcmp(agent->next_label, next->label) == 0;
        if (want == ACD_PRESENCE_READY)
                return agent->presence == ACD_PRESENCE_READY;
        if (want == ACD_PRESENCE_LOGGED_OUT)
                return false;
        return agent->presence == ACD_PRESENCE_PAUSED && strcmp(agent->label, next->label) == 0;
}

static void do_next(struct model *m, uint32_t agent_index, const struct acd_agent_next *next)
{
        struct model_agent *agent = &m->agent[agent_index];
        struct acd_event *event;

        if (agent->presence == ACD_PRESENCE_LOGGED_OUT || agent->presence == ACD_PRESENCE_LOST) {
                wrong_state(m, agent_index);
                return;
        }
        if (is_as_asked(m, agent_index, next)) {
                duplicate(m, agent_index);
                return;
        }
        if (next->next == ACD_PRESENCE_LOGGED_OUT && !model_uses_slot(m, agent_index) &&
            model_parked_count(m, agent_index) > 0) {
                wrong_state(m, agent_index);
                return;
        }
        agent->next = next->next;
        model_text(agent->next_label, sizeof(agent->next_label), next->label);
        if (model_uses_slot(m, agent_index)) {
                event = model_emit_agent(m, agent, ACD_EVENT_AGENT_NEXT_STATE, ACD_REASON_NONE);
                event->state = (uint8_t)next->next;
                model_text(event->label, sizeof(event->label), next->label);
        } else {
                model_take_next(m, agent_index);
        }
        done(m, agent_index);
}

void model_do_agent(struct model *m, uint32_t tenant, const struct acd_command *command)
{
        uint64_t id = command->kind == ACD_COMMAND_AGENT_LOGIN ? command->login.agent.value :
                      command->kind == ACD_COMMAND_AGENT_NEXT  ? command->next.agent.value :
                                                                 command->agent_ref.agent.value;
        int32_t index = model_find_here(m, tenant, ACD_OBJECT_AGENT, id);

        if (index < 0) {
                model_refuse(m, ACD_UNKNOWN, ACD_FIELD_AGENT, 0);
                return;
        }
        m->coverage.presence_cell[m->agent[index].presence][command->kind]++;
        if (command->kind == ACD_COMMAND_AGENT_LOGIN)
                do_login(m, tenant, (uint32_t)index, &command->login);
        else if (command->kind == ACD_COMMAND_AGENT_LOGOUT)
                do_logout(m, (uint32_t)index, command->agent_ref.reason);
        else if (command->kind == ACD_COMMAND_AGENT_READY)
                do_ready(m, (uint32_t)index, command->agent_ref.reason);
        else if (command->kind == ACD_COMMAND_AGENT_PAUSE)
                do_pause(m, (uint32_t)index, &command->agent_ref);
        else if (command->kind == ACD_COMMAND_AGENT_LOST)
                do_lost(m, (uint32_t)index, command->agent_ref.reason);
        else if (command->kind == ACD_COMMAND_AGENT_BACK)
                do_back(m, (uint32_t)index, command->agent_ref.reason);
        else
                do_next(m, (uint32_t)index, &command->next);
}

/* The end of the grace: P3, D18 */

static enum acd_lost_rule rule_of(const struct model *m, const struct model_contact *contact)
{
        int32_t queue = model_index_of(m, ACD_OBJECT_QUEUE, contact->queue);
        int32_t channel = model_index_of(m, ACD_OBJECT_CHANNEL, contact->channel);
        enum acd_lost_rule rule = m->queue[queue].config.on_agent_lost;

        if (rule != ACD_LOST_BY_CHANNEL)
                return rule;
        return m->channel[channel].config.is_media ? ACD_LOST_KEEP : ACD_LOST_REQUEUE;
}

/* True when the contact went back to wait. */
static bool grace_ended_for(struct model *m, uint32_t assignment_index)
{
        struct model_assignment *assignment = &m->assignment[assignment_index];
        uint32_t contact_index = assignment->contact;
        struct model_contact *contact = &m->contact[contact_index];
        enum acd_lost_rule rule = rule_of(m, contact);

        if (assignment->state == ACD_ASSIGNMENT_WRAP_UP) {
                model_close_assignment(m, assignment_index, ACD_REASON_AGENT_LOST);
                model_contact_free(m, contact_index);
                return false;
        }
        if (rule == ACD_LOST_KEEP)
                return false;
        if (rule == ACD_LOST_CLOSE) {
                model_close_only(m, contact_index, ACD_REASON_AGENT_LOST, NULL,
                                 /* may_wrap_up = */ false);
                return false;
        }
        if (assignment->state == ACD_ASSIGNMENT_CONNECTING) {
                model_end_offer(m, assignment_index, ACD_REASON_AGENT_LOST, NULL);
        } else {
                contact->active_ns += m->now - assignment->connected;
                model_close_assignment(m, assignment_index, ACD_REASON_AGENT_LOST);
        }
        model_return(m, contact_index);
        return contact->head.is_used;
}

/* The agent's assignment that was offered first after @after; none: negative. */
static int32_t next_assignment(const struct model *m, uint32_t agent_index, uint64_t after)
{
        int32_t best = MODEL_NONE;

        for (uint32_t i = 0; i < m->top[ACD_OBJECT_ASSIGNMENT]; i++) {
                const struct model_assignment *assignment = &m->assignment[i];

                if (assignment->head.is_used && assignment->agent == agent_index &&
                    assignment->order > after &&
                    (best < 0 || assignment->order < m->assignment[best].order))
                        best = (int32_t)i;
        }
        return best;
}

void model_agent_grace_ended(struct model *m, uint32_t agent_index)
{
        uint32_t returned[ACD_AGENT_PARKED_MAX + 1];
        uint32_t returned_count = 0;
        uint64_t after = 0;
        int32_t index;

        ACD_ASSERT(m->agent[agent_index].presence == ACD_PRESENCE_LOST);
        while ((index = next_assignment(m, agent_index, after)) >= 0) {
                uint32_t contact = m->assignment[index].contact;

                after = m->assignment[index].order;
                if (grace_ended_for(m, (uint32_t)index))
                        returned[returned_count++] = contact;
        }
        model_log_out(m, agent_index, ACD_REASON_AGENT_LOST);
        for (uint32_t i = 0; i < returned_count; i++)
                model_match_contact(m, returned[i]);
}
