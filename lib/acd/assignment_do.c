/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an agent does with an assignment: ACCEPT, REJECT, COMPLETE, HOLD, UNHOLD,
 * PARK, UNPARK, WRAP_UP.
 *
 * One table says what each command means in each state. Commands may be repeated
 * safely: where what they want is so already the answer is DUPLICATE, where the
 * contact is over it is GONE. Zero means "not possible", so a cell that was
 * forgotten refuses.
 */

#include "acd/parts.h"

enum { NO, YES, DUP, GON };

/* clang-format off */
static const uint8_t answers[][ACD_COMMAND_WRAP_UP - ACD_COMMAND_ACCEPT + 1] = {
        /*                            ACCEPT REJECT COMPLETE HOLD UNHOLD PARK UNPARK WRAP_UP */
        [ACD_ASSIGNMENT_OFFERED]    = { YES,   YES,   NO,      NO,  NO,    NO,  NO,    NO },
        [ACD_ASSIGNMENT_CONNECTING] = { DUP,   NO,    NO,      NO,  NO,    NO,  NO,    NO },
        [ACD_ASSIGNMENT_ACTIVE]     = { DUP,   NO,    YES,     YES, DUP,   YES, DUP,   NO },
        [ACD_ASSIGNMENT_HELD]       = { DUP,   NO,    YES,     DUP, YES,   YES, NO,    NO },
        [ACD_ASSIGNMENT_PARKED]     = { DUP,   NO,    YES,     NO,  NO,    DUP, YES,   NO },
        [ACD_ASSIGNMENT_WRAP_UP]    = { GON,   GON,   DUP,     GON, GON,   GON, GON,   YES },
};
/* clang-format on */

static bool is_allowed(struct acd *acd, uint32_t index, uint32_t agent,
                       const struct acd_assignment_ref *ref)
{
        const struct acd_assignment *assignment = &acd->assignment[index];

        if (acd->agent[agent].presence == ACD_PRESENCE_LOGGED_OUT) {
                acd_refuse(acd, ACD_NOT_LOGGED_IN, ACD_FIELD_AGENT);
                return false;
        }
        if (assignment->agent != agent) {
                acd_refuse(acd, ACD_NOT_ALLOWED, ACD_FIELD_AGENT);
                return false;
        }
        if ((ref->epoch != 0 && ref->epoch != assignment->epoch) ||
            (assignment->state == ACD_ASSIGNMENT_OFFERED && assignment->epoch != acd->epoch)) {
                acd_refuse_limit(acd, ACD_FENCED, ACD_FIELD_EPOCH, acd->epoch);
                return false;
        }
        return true;
}

/* The assignment that the command names, or a refusal. */
__attribute__((noinline)) static uint32_t find(struct acd *acd, const struct acd_command *command)
{
        const struct acd_assignment_ref *ref = &command->assignment;
        uint32_t tenant = acd->step_tenant;
        uint32_t agent, index;
        enum acd_result result;

        if (!acd_form_assignment(acd, command))
                return 0;
        agent = acd_agent_in(acd, tenant, ref->agent.value);
        result = acd_look_up(acd, tenant, ACD_OBJECT_ASSIGNMENT, ref->assignment.value, &index);
        if (result == ACD_OK && acd->assignment[index].state == ACD_ASSIGNMENT_WRAP_UP &&
            answers[ACD_ASSIGNMENT_WRAP_UP][command->kind - ACD_COMMAND_ACCEPT] == GON)
                result = ACD_GONE;
        if (result != ACD_OK) {
                acd_refuse(acd, result, ACD_FIELD_ASSIGNMENT);
                return 0;
        }
        if (agent == 0) {
                acd_refuse(acd, ACD_UNKNOWN, ACD_FIELD_AGENT);
                return 0;
        }
        return is_allowed(acd, index, agent, ref) ? index : 0;
}

/* The same where there is nothing to refuse and nothing that find() would have to look at
 * closer, as nearly always; else 0. His own assignment is of his tenant. */
static inline uint32_t find_plain(const struct acd *acd, const struct acd_command *command)
{
        const struct acd_assignment_ref *ref = &command->assignment;
        uint32_t index = acd_assignment_of_id(acd, ref->assignment.value);
        const struct acd_assignment *assignment = &acd->assignment[index];
        const struct acd_agent *agent = &acd->agent[assignment->agent];

        if (index == 0 || command->kind == ACD_COMMAND_WRAP_UP || ref->label[0] != 0 ||
            assignment->agent_id.value != ref->agent.value || agent->tenant != acd->step_tenant ||
            agent->presence == ACD_PRESENCE_LOGGED_OUT || assignment->epoch != acd->epoch ||
            (ref->epoch != 0 && ref->epoch != acd->epoch) ||
            assignment->state == ACD_ASSIGNMENT_WRAP_UP)
                return 0;
        return index;
}

static void wrap_up(struct acd *acd, uint32_t index, uint32_t extend_ms)
{
        uint32_t agent = acd->assignment[index].agent;

        if (extend_ms > 0) {
                acd_assignment_extend_wrap_up(acd, index, extend_ms);
                return;
        }
        acd_assignment_end_wrap_up(acd, index, ACD_REASON_WRAP_UP_ENDED);
        acd_agent_settle(acd, agent);
}

static void apply(struct acd *acd, uint32_t index, const struct acd_command *command)
{
        const struct acd_assignment_ref *ref = &command->assignment;
        uint32_t agent = acd->assignment[index].agent;

        /* Only the commands of the table above come here. */
        switch ((uint32_t)command->kind) {
        case ACD_COMMAND_ACCEPT:
                acd_assignment_accept(acd, index);
                return;
        case ACD_COMMAND_REJECT:
                acd_offer_fail(acd, index, ACD_REASON_REJECTED, ref->label);
                return;
        case ACD_COMMAND_COMPLETE:
                acd_contact_close(acd, acd->assignment[index].contact, ACD_REASON_COMPLETED,
                                  ref->label);
                return;
        case ACD_COMMAND_HOLD:
                acd_assignment_hold(acd, index);
                return;
        case ACD_COMMAND_UNHOLD:
                acd_assignment_unhold(acd, index);
                return;
        case ACD_COMMAND_PARK:
                acd_assignment_park(acd, index);
                acd_agent_settle(acd, agent);
                return;
        case ACD_COMMAND_UNPARK:
                acd_assignment_unpark(acd, index);
                return;
        case ACD_COMMAND_WRAP_UP:
                wrap_up(acd, index, ref->extend_ms);
                return;
        default:
                acd_panic(__FILE__, __LINE__, __func__, "a command about an assignment");
        }
}

/* All that the command is going to touch, asked for at once: it lies in as many places
 * as there are objects, and each waiting for the one before is most of the time. */
static void prefetch(const struct acd *acd, uint32_t index)
{
        const struct acd_assignment *assignment = &acd->assignment[index];

        __builtin_prefetch(&acd->contact[assignment->contact], 1);
        __builtin_prefetch(&acd->contact_cold[assignment->contact], 1);
        __builtin_prefetch((const char *)assignment + 64, 1);
        acd_timer_prefetch(acd, TIMER_ASSIGNMENT, index);
}

enum acd_result acd_do_assignment(struct acd *acd, const struct acd_command *command)
{
        uint64_t id = command->assignment.assignment.value;
        const struct acd_assignment *assignment;
        const struct acd_agent *agent;
        uint32_t index = find_plain(acd, command);
        uint8_t answer;

        if (index == 0)
                index = find(acd, command);
        if (index == 0)
                return acd->reply->result;
        assignment = &acd->assignment[index];
        agent = &acd->agent[assignment->agent];
        prefetch(acd, index);
        answer = answers[assignment->state][command->kind - ACD_COMMAND_ACCEPT];
        if (answer == DUP)
                return acd_duplicate(acd, id, assignment->state);
        if (answer == NO)
                return acd_refuse_state(acd, ACD_FIELD_ASSIGNMENT, assignment->state);
        if (command->kind == ACD_COMMAND_UNPARK && agent->busy != 0)
                return acd_refuse_state(acd, ACD_FIELD_AGENT, agent->presence);
        if (command->kind == ACD_COMMAND_PARK && agent->parked.count >= ACD_AGENT_PARKED_MAX)
                return acd_refuse_limit(acd, ACD_LIMIT, ACD_FIELD_ASSIGNMENT, ACD_AGENT_PARKED_MAX);
        apply(acd, index, command);
        /* An offer made since may be in its slot, with a generation of its own. */
        return acd_done(acd, id,
                        assignment->generation == ((uint32_t)id & ACD_ID_GENERATION_MAX) &&
                                        assignment->state != ACD_ASSIGNMENT_FREE
                                ? assignment->state
                                : ACD_ASSIGNMENT_CLOSED);
}
