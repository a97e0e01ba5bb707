/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What agents and their daemon say about presence: LOGIN, LOGOUT, READY, PAUSE,
 * NEXT, LOST, BACK.
 *
 * What each means in each presence is the table of docs/CORE.md. The order of
 * events is that of rule D13: what becomes of an open offer, the presence, what
 * the agent does next, what the contact does next.
 */

#include "acd/parts.h"

/* The agent of the command, or a refusal. */
static uint32_t find(struct acd *acd, uint64_t id)
{
        uint32_t index = acd_agent_in(acd, acd->step_tenant, id);

        if (index == 0)
                acd_refuse(acd, ACD_UNKNOWN, ACD_FIELD_AGENT);
        return index;
}

static enum acd_result wrong_state(struct acd *acd, uint32_t index)
{
        return acd_refuse_state(acd, ACD_FIELD_AGENT, acd->agent[index].presence);
}

static enum acd_result duplicate(struct acd *acd, uint32_t index)
{
        return acd_duplicate(acd, acd_id_of(acd, &acd->agents, index), acd->agent[index].presence);
}

static enum acd_result done(struct acd *acd, uint32_t index)
{
        return acd_done(acd, acd_id_of(acd, &acd->agents, index), acd->agent[index].presence);
}

static enum acd_reason reason_or(enum acd_reason given, enum acd_reason otherwise)
{
        return given == ACD_REASON_NONE ? otherwise : given;
}

static void forget_next_if_free(struct acd *acd, uint32_t index)
{
        if (acd->agent[index].busy == 0 && acd->agent[index].next != 0)
                acd_agent_set_next(acd, index, 0, "");
}

void acd_agent_drop_addresses(struct acd *acd, uint32_t index)
{
        struct acd_agent_setup *setup = &acd->agent_setup[index];

        while (setup->address_count > 0)
                acd_payload_free(acd, setup->address[--setup->address_count].payload);
}

/* Channels of the addresses are there, and the store has room for them. */
static bool check_addresses(struct acd *acd, uint32_t tenant, uint32_t index,
                            const struct acd_agent_login *login)
{
        const struct acd_agent_setup *setup = &acd->agent_setup[index];
        uint32_t cell_count = 0, freed = 0;

        for (uint32_t i = 0; i < login->address_count; i++) {
                if (acd_index_in(acd, tenant, ACD_OBJECT_CHANNEL,
                                 login->address[i].channel.value) == 0) {
                        acd_refuse(acd, ACD_UNKNOWN, ACD_FIELD_CHANNEL);
                        return false;
                }
                cell_count += acd_payload_cell_count(login->address[i].address.size);
        }
        for (uint32_t i = 0; i < setup->address_count; i++)
                freed += acd_payload_cell_count(acd_payload_size(acd, setup->address[i].payload));
        if (acd_payload_fits(acd, cell_count, freed))
                return true;
        acd_refuse_limit(acd, ACD_FULL, ACD_FIELD_ADDRESS, acd->limits.payload_cell_count_max);
        return false;
}

enum acd_result acd_do_agent_login(struct acd *acd, const struct acd_command *command)
{
        const struct acd_agent_login *login = &command->login;
        struct acd_agent_setup *setup;
        uint32_t index;

        if (!acd_form_login(acd, login))
                return acd->reply->result;
        index = find(acd, login->agent.value);
        if (index == 0 || !check_addresses(acd, acd->step_tenant, index, login))
                return acd->reply->result;
        setup = &acd->agent_setup[index];
        acd_agent_drop_addresses(acd, index);
        for (; setup->address_count < login->address_count; setup->address_count++) {
                setup->address[setup->address_count].channel =
                        login->address[setup->address_count].channel.value;
                setup->address[setup->address_count].payload =
                        acd_payload_put(acd, login->address[setup->address_count].address);
        }
        if (acd->agent[index].presence == ACD_PRESENCE_LOST)
                acd_agent_go_back(acd, index, ACD_REASON_NONE);
        acd_agent_go_logged_in(acd, index);
        acd_agent_settle(acd, index);
        return done(acd, index);
}

static enum acd_result log_out(struct acd *acd, uint32_t index, enum acd_reason reason)
{
        const struct acd_agent *agent = &acd->agent[index];
        uint32_t contact;

        if (agent->parked.count > 0 ||
            (agent->busy != 0 && acd->assignment[agent->busy].state != ACD_ASSIGNMENT_OFFERED))
                return wrong_state(acd, index);
        contact = acd_agent_return_offer(acd, index, ACD_REASON_AGENT_GONE);
        acd_agent_go_logged_out(acd, index, reason);
        acd_match_if_waiting(acd, contact);
        return done(acd, index);
}

enum acd_result acd_do_agent_logout(struct acd *acd, const struct acd_command *command)
{
        uint32_t index;

        if (!acd_form_agent_ref(acd, &command->agent_ref))
                return acd->reply->result;
        index = find(acd, command->agent_ref.agent.value);
        if (index == 0)
                return acd->reply->result;
        if (acd->agent[index].presence == ACD_PRESENCE_LOGGED_OUT)
                return duplicate(acd, index);
        return log_out(acd, index, reason_or(command->agent_ref.reason, ACD_REASON_LOGGED_OUT));
}

enum acd_result acd_do_agent_ready(struct acd *acd, const struct acd_command *command)
{
        uint32_t index;

        if (!acd_form_agent_ref(acd, &command->agent_ref))
                return acd->reply->result;
        index = find(acd, command->agent_ref.agent.value);
        if (index == 0)
                return acd->reply->result;
        if (acd->agent[index].presence == ACD_PRESENCE_LOGGED_OUT)
                return wrong_state(acd, index);
        if (acd->agent[index].presence == ACD_PRESENCE_READY)
                return duplicate(acd, index);
        forget_next_if_free(acd, index);
        acd_agent_go_ready(acd, index,
                           reason_or(command->agent_ref.reason, ACD_REASON_AGENT_ASKED));
        acd_agent_settle(acd, index);
        return done(acd, index);
}

static void pause(struct acd *acd, uint32_t index, enum acd_reason reason, const char *label)
{
        uint32_t contact = acd_agent_return_offer(acd, index, ACD_REASON_AGENT_ASKED);

        forget_next_if_free(acd, index);
        acd_agent_go_paused(acd, index, reason, label);
        acd_match_if_waiting(acd, contact);
}

enum acd_result acd_do_agent_pause(struct acd *acd, const struct acd_command *command)
{
        const struct acd_agent_ref *ref = &command->agent_ref;
        uint32_t index;

        if (!acd_form_agent_ref(acd, ref))
                return acd->reply->result;
        index = find(acd, ref->agent.value);
        if (index == 0)
                return acd->reply->result;
        if (acd->agent[index].presence == ACD_PRESENCE_LOGGED_OUT)
                return wrong_state(acd, index);
        if (acd_agent_is_paused_as(acd, index, ref->label))
                return duplicate(acd, index);
        pause(acd, index, reason_or(ref->reason, ACD_REASON_AGENT_ASKED), ref->label);
        return done(acd, index);
}

/* With a free slot the next state is taken at once. */
static enum acd_result next_at_once(struct acd *acd, uint32_t index,
                                    const struct acd_agent_next *next)
{
        if (next->next == ACD_PRESENCE_LOGGED_OUT)
                return log_out(acd, index, ACD_REASON_NEXT_STATE);
        if (next->next == ACD_PRESENCE_PAUSED) {
                if (acd_agent_is_paused_as(acd, index, next->label))
                        return duplicate(acd, index);
                acd_agent_go_paused(acd, index, ACD_REASON_NEXT_STATE, next->label);
                return done(acd, index);
        }
        if (acd->agent[index].presence == ACD_PRESENCE_READY)
                return duplicate(acd, index);
        acd_agent_go_ready(acd, index, ACD_REASON_NEXT_STATE);
        acd_agent_settle(acd, index);
        return done(acd, index);
}

enum acd_result acd_do_agent_next(struct acd *acd, const struct acd_command *command)
{
        const struct acd_agent_next *next = &command->next;
        struct acd_event *event;
        struct acd_agent *agent;
        uint32_t index;

        if (!acd_form_next(acd, next))
                return acd->reply->result;
        index = find(acd, next->agent.value);
        if (index == 0)
                return acd->reply->result;
        agent = &acd->agent[index];
        if (agent->presence == ACD_PRESENCE_LOGGED_OUT || agent->presence == ACD_PRESENCE_LOST)
                return wrong_state(acd, index);
        if (agent->busy == 0)
                return next_at_once(acd, index, next);
        if (agent->next == (uint8_t)next->next && acd_text_equal(agent->next_label, next->label))
                return duplicate(acd, index);
        acd_agent_set_next(acd, index, next->next, next->label);
        event = acd_emit_agent(acd, index, ACD_EVENT_AGENT_NEXT_STATE, ACD_REASON_NONE);
        event->state = (uint8_t)next->next;
        acd_text_set(event->label, sizeof(event->label), next->label);
        return done(acd, index);
}

enum acd_result acd_do_agent_lost(struct acd *acd, const struct acd_command *command)
{
        uint32_t index, contact;

        if (!acd_form_agent_ref(acd, &command->agent_ref))
                return acd->reply->result;
        index = find(acd, command->agent_ref.agent.value);
        if (index == 0)
                return acd->reply->result;
        if (acd->agent[index].presence == ACD_PRESENCE_LOGGED_OUT)
                return wrong_state(acd, index);
        if (acd->agent[index].presence == ACD_PRESENCE_LOST)
                return duplicate(acd, index);
        contact = acd_agent_return_offer(acd, index, ACD_REASON_AGENT_GONE);
        acd_agent_go_lost(acd, index,
                          reason_or(command->agent_ref.reason, ACD_REASON_LEASE_EXPIRED));
        acd_match_if_waiting(acd, contact);
        return done(acd, index);
}

enum acd_result acd_do_agent_back(struct acd *acd, const struct acd_command *command)
{
        uint32_t index;

        if (!acd_form_agent_ref(acd, &command->agent_ref))
                return acd->reply->result;
        index = find(acd, command->agent_ref.agent.value);
        if (index == 0)
                return acd->reply->result;
        if (acd->agent[index].presence == ACD_PRESENCE_LOGGED_OUT)
                return wrong_state(acd, index);
        if (acd->agent[index].presence != ACD_PRESENCE_LOST)
                return duplicate(acd, index);
        acd_agent_go_back(acd, index, command->agent_ref.reason);
        acd_agent_settle(acd, index);
        return done(acd, index);
}
