/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What an agent does with an assignment, in the naive model: rules L1 to L8 and the
 * table of "In detail".
 *
 * The table is written out, one row a state, one letter a command: Y do it, D it is so
 * already, G it is over, X not possible.
 */

#include "tests/support/model_state.h"

#include <string.h>

#include "base/assert.h"

/* In the order of the commands: ACCEPT REJECT COMPLETE HOLD UNHOLD PARK UNPARK WRAP_UP. */
static const char *const cells[] = {
        [ACD_ASSIGNMENT_OFFERED] = "YYXXXXXX",    [ACD_ASSIGNMENT_CONNECTING] = "DXXXXXXX",
        [ACD_ASSIGNMENT_ACTIVE] = "DXYYDYDX",     [ACD_ASSIGNMENT_HELD] = "DXYDYYXX",
        [ACD_ASSIGNMENT_PARKED] = "DXYXXDYX",     [ACD_ASSIGNMENT_WRAP_UP] = "GGDGGGGY",
};

static void hold(struct model *m, uint32_t index)
{
        struct model_assignment *assignment = &m->assignment[index];

        assignment->state = ACD_ASSIGNMENT_HELD;
        assignment->held_at = m->now;
        assignment->hold_count++;
        model_emit_contact(m, &m->contact[assignment->contact], ACD_EVENT_CONTACT_HELD,
                           ACD_REASON_NONE);
}

static void unhold(struct model *m, uint32_t index)
{
        struct model_assignment *assignment = &m->assignment[index];
        struct acd_event *event;

        assignment->state = ACD_ASSIGNMENT_ACTIVE;
        assignment->held_ns += m->now - assignment->held_at;
        event = model_emit_contact(m, &m->contact[assignment->contact],
                                   ACD_EVENT_CONTACT_RESUMED, ACD_REASON_NONE);
        event->since = assignment->held_at;
        event->value = assignment->hold_count;
}

static void park(struct model *m, uint32_t index)
{
        struct model_assignment *assignment = &m->assignment[index];

        if (model_parked_count(m, assignment->agent) >= ACD_AGENT_PARKED_MAX) {
                model_refuse(m, ACD_LIMIT, ACD_FIELD_ASSIGNMENT, ACD_AGENT_PARKED_MAX);
                return;
        }
        if (assignment->state == ACD_ASSIGNMENT_HELD)
                assignment->held_ns += m->now - assignment->held_at;
        assignment->state = ACD_ASSIGNMENT_PARKED;
        assignment->parked_at = m->now;
        model_emit_contact(m, &m->contact[assignment->contact], ACD_EVENT_CONTACT_PARKED,
                           ACD_REASON_NONE);
        model_take_next(m, assignment->agent);
}

static void unpark(struct model *m, uint32_t index)
{
        struct model_assignment *assignment = &m->assignment[index];
        struct model_agent *agent = &m->agent[assignment->agent];

        if (model_uses_slot(m, assignment->agent)) {
                m->reply->state = (uint8_t)agent->presence;
                model_refuse(m, ACD_WRONG_STATE, ACD_FIELD_AGENT, 0);
                return;
        }
        assignment->state = ACD_ASSIGNMENT_ACTIVE;
        agent->is_idle = false;
        agent->idle_since = 0;
        model_emit_contact(m, &m->contact[assignment->contact], ACD_EVENT_CONTACT_UNPARKED,
                           ACD_REASON_NONE)
                ->since = assignment->parked_at;
}

static void wrap_up(struct model *m, uint32_t index, uint32_t extend_ms)
{
        struct model_assignment *assignment = &m->assignment[index];
        uint32_t agent = assignment->agent, contact = assignment->contact;
        struct acd_event *event;

        if (extend_ms == 0) {
                model_close_assignment(m, index, ACD_REASON_WRAP_UP_ENDED);
                model_contact_free(m, contact);
                model_take_next(m, agent);
                return;
        }
        assignment->deadline = m->now + (uint64_t)extend_ms * 1000000;
        model_timer_stop(m, MODEL_TIMER_WRAP_UP, index);
        model_timer_set(m, MODEL_TIMER_WRAP_UP, index, m->contact[contact].head.tenant,
                        assignment->deadline);
        event = model_emit_contact(m, &m->contact[contact], ACD_EVENT_WRAP_UP_EXTENDED,
                                   ACD_REASON_NONE);
        event->state = ACD_ASSIGNMENT_WRAP_UP;
        event->deadline = assignment->deadline;
}

static void apply(struct model *m, const struct acd_command *command, uint32_t index)
{
        const struct acd_assignment_ref *ref = &command->assignment;

        switch ((int)command->kind) {
        case ACD_COMMAND_ACCEPT:
                model_accept(m, index);
                break;
        case ACD_COMMAND_REJECT:
                model_offer_failed(m, index, ACD_REASON_REJECTED, ref->label);
                break;
        case ACD_COMMAND_COMPLETE:
                model_close(m, m->assignment[index].contact, ACD_REASON_COMPLETED, ref->label);
                break;
        case ACD_COMMAND_HOLD:
                hold(m, index);
                break;
        case ACD_COMMAND_UNHOLD:
                unhold(m, index);
                break;
        case ACD_COMMAND_PARK:
                park(m, index);
                break;
        case ACD_COMMAND_UNPARK:
                unpark(m, index);
                break;
        default:
                wrap_up(m, index, ref->extend_ms);
                break;
        }
}

/* Whose it is, of which run: D5. */
static bool is_his(struct model *m, uint32_t tenant, const struct acd_assignment_ref *ref,
                   uint32_t index)
{
        const struct model_assignment *assignment = &m->assignment[index];
        int32_t agent = model_find_here(m, tenant, ACD_OBJECT_AGENT, ref->agent.value);

        if (agent < 0)
                return model_refuse(m, ACD_UNKNOWN, ACD_FIELD_AGENT, 0);
        if (m->agent[agent].presence == ACD_PRESENCE_LOGGED_OUT)
                return model_refuse(m, ACD_NOT_LOGGED_IN, ACD_FIELD_AGENT, 0);
        if (assignment->agent != (uint32_t)agent)
                return model_refuse(m, ACD_NOT_ALLOWED, ACD_FIELD_AGENT, 0);
        if ((ref->epoch != 0 && ref->epoch != assignment->epoch) ||
            (assignment->state == ACD_ASSIGNMENT_OFFERED && assignment->epoch < m->epoch))
                return model_refuse(m, ACD_FENCED, ACD_FIELD_EPOCH, m->epoch);
        return true;
}

void model_do_assignment(struct model *m, uint32_t tenant, const struct acd_command *command)
{
        const struct acd_assignment_ref *ref = &command->assignment;
        uint64_t id = ref->assignment.value;
        int32_t index = model_find_here(m, tenant, ACD_OBJECT_ASSIGNMENT, id);
        enum acd_assignment_state state;
        char cell;

        if (index < 0) {
                bool is_gone = model_was_issued(m, ACD_OBJECT_ASSIGNMENT, id) &&
                               model_index_of(m, ACD_OBJECT_ASSIGNMENT, id) < 0;

                model_refuse(m, is_gone ? ACD_GONE : ACD_UNKNOWN, ACD_FIELD_ASSIGNMENT, 0);
                return;
        }
        state = m->assignment[index].state;
        cell = cells[state][command->kind - ACD_COMMAND_ACCEPT];
        m->coverage.assignment_cell[state][command->kind]++;
        if (cell == 'G') {
                /* Over is over, whoever asks: D4 comes before D5. */
                model_refuse(m, ACD_GONE, ACD_FIELD_ASSIGNMENT, 0);
                return;
        }
        if (!is_his(m, tenant, ref, (uint32_t)index))
                return;
        if (cell == 'D') {
                model_duplicate(m, id, (uint8_t)state);
        } else if (cell == 'X') {
                m->reply->state = (uint8_t)state;
                model_refuse(m, ACD_WRONG_STATE, ACD_FIELD_ASSIGNMENT, 0);
        } else {
                apply(m, command, (uint32_t)index);
                if (m->reply->result != ACD_OK)
                        return;
                index = model_index_of(m, ACD_OBJECT_ASSIGNMENT, id);
                m->reply->id = id;
                m->reply->state = (uint8_t)(index < 0 ? ACD_ASSIGNMENT_CLOSED :
                                                        m->assignment[index].state);
        }
}
