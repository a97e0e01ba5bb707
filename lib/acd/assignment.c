/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of an assignment: the link of a contact and an agent.
 *
 *                       accept              connected          hold / park
 *      FREE --> OFFERED -------> CONNECTING ---------> ACTIVE <-----------> HELD, PARKED
 *                  |    accept        |                  |                       |
 *                  |'-------------------- no lease ----->|                       |
 *                  '--- ended --------'--- closed -------'--> WRAP_UP ---------->'--> FREE
 *
 * A state is a place: one list of the queue for each state, changed by
 * assignment_move() alone. PARKED ones are also in a list of their agent; any
 * other is the one that uses his slot.
 *
 * An offer that comes to nothing ends with OFFER_ENDED, whether it was accepted
 * or not yet; what was ACTIVE ends with ASSIGNMENT_CLOSED. Whoever ends it then
 * says what becomes of the contact and of the agent, in the order of rule D13.
 */

#include "acd/parts.h"

#define TO(state) (1u << ACD_ASSIGNMENT_##state)

/* Which states may follow a state; FREE follows every one. */
static const uint8_t may_become[] = {
        [ACD_ASSIGNMENT_FREE] = TO(OFFERED),
        [ACD_ASSIGNMENT_OFFERED] = TO(FREE) | TO(CONNECTING) | TO(ACTIVE),
        [ACD_ASSIGNMENT_CONNECTING] = TO(FREE) | TO(ACTIVE),
        [ACD_ASSIGNMENT_ACTIVE] = TO(FREE) | TO(HELD) | TO(PARKED) | TO(WRAP_UP),
        [ACD_ASSIGNMENT_HELD] = TO(FREE) | TO(ACTIVE) | TO(PARKED) | TO(WRAP_UP),
        [ACD_ASSIGNMENT_PARKED] = TO(FREE) | TO(ACTIVE),
        [ACD_ASSIGNMENT_WRAP_UP] = TO(FREE),
};

#undef TO

bool acd_assignment_may_become(enum acd_assignment_state from, enum acd_assignment_state to)
{
        return (may_become[from] >> to & 1) != 0;
}

static struct acd_queue *queue_of(struct acd *acd, const struct acd_assignment *assignment)
{
        return &acd->queue[acd->class[acd->contact[assignment->contact].class].queue];
}

static struct acd_ispace parked_space(const struct acd *acd)
{
        return (struct acd_ispace){ &acd->assignment[0].agent_link, sizeof(acd->assignment[0]) };
}

static void assignment_move(struct acd *acd, uint32_t index, enum acd_assignment_state to)
{
        struct acd_assignment *assignment = &acd->assignment[index];
        struct acd_queue *queue = queue_of(acd, assignment);
        struct acd_agent *agent = &acd->agent[assignment->agent];

        ACD_ASSERT(acd_assignment_may_become((enum acd_assignment_state)assignment->state, to));
        if (assignment->state != ACD_ASSIGNMENT_FREE)
                acd_ilist_remove(acd_assignment_space(acd), &queue->assignments[assignment->state],
                                 index);
        if (assignment->state == ACD_ASSIGNMENT_PARKED)
                acd_ilist_remove(parked_space(acd), &agent->parked, index);
        else if (agent->busy == index)
                agent->busy = 0;
        if (assignment->state == ACD_ASSIGNMENT_HELD)
                assignment->held_ns += acd->step_now - assignment->state_since;

        assignment->state = (uint8_t)to;
        assignment->state_since = acd->step_now;
        if (to == ACD_ASSIGNMENT_FREE) {
                acd_slab_give(&acd->assignments, index);
                return;
        }
        acd_ilist_push_back(acd_assignment_space(acd), &queue->assignments[to], index);
        if (to == ACD_ASSIGNMENT_PARKED) {
                acd_ilist_push_back(parked_space(acd), &agent->parked, index);
        } else {
                ACD_ASSERT(agent->busy == 0);
                agent->busy = index;
        }
}

/* @deadline 0: none. */
static void set_deadline(struct acd *acd, uint32_t index, acd_time deadline)
{
        if (acd->assignment[index].deadline == 0 && deadline == 0)
                return;
        acd->assignment[index].deadline = deadline;
        if (deadline == 0)
                acd_timer_stop(acd, TIMER_ASSIGNMENT, index);
        else
                acd_timer_set(acd, TIMER_ASSIGNMENT, index, deadline);
}

static void emit_connected(struct acd *acd, uint32_t contact)
{
        struct acd_event *event =
                acd_emit_contact(acd, contact, ACD_EVENT_CONTACT_CONNECTED, ACD_REASON_NONE);

        event->since = acd->contact_cold[contact].queued;
        event->value = acd->step_now - acd->contact[contact].submitted;
}

static void count_connected(struct acd *acd, const struct acd_assignment *assignment)
{
        struct acd_contact *contact = &acd->contact[assignment->contact];

        acd->agent[assignment->agent].contact_count++;
        if ((contact->flags & CONTACT_WAS_ACTIVE) == 0)
                queue_of(acd, assignment)->answered++;
        contact->flags |= CONTACT_WAS_ACTIVE;
}

/* Agent and contact are together. */
void acd_assignment_connect(struct acd *acd, uint32_t index)
{
        struct acd_assignment *assignment = &acd->assignment[index];

        assignment_move(acd, index, ACD_ASSIGNMENT_ACTIVE);
        acd_contact_move(acd, assignment->contact, ACD_CONTACT_ACTIVE);
        assignment->connected = acd->step_now;
        set_deadline(acd, index, 0);
        count_connected(acd, assignment);
        emit_connected(acd, assignment->contact);
}

/* The medium has to say when they are together, and a gateway is there to say it. */
static bool has_lease(const struct acd *acd, const struct acd_contact *contact)
{
        return contact->gateway != 0 &&
               acd->channel[acd->class[contact->class].channel].config.is_media;
}

static void emit_accepted(struct acd *acd, uint32_t index, enum acd_assignment_state state)
{
        const struct acd_assignment *assignment = &acd->assignment[index];
        struct acd_event *event = acd_emit_contact(acd, assignment->contact,
                                                   ACD_EVENT_OFFER_ACCEPTED, ACD_REASON_NONE);

        event->state = (uint8_t)state;
        event->deadline = assignment->deadline;
        event->since = assignment->offered;
}

void acd_assignment_accept(struct acd *acd, uint32_t index)
{
        struct acd_assignment *assignment = &acd->assignment[index];
        const struct acd_contact *contact = &acd->contact[assignment->contact];
        const struct acd_channel *channel = &acd->channel[acd->class[contact->class].channel];

        assignment->accepted = acd->step_now;
        acd->agent[assignment->agent].missed_count = 0;
        if (has_lease(acd, contact)) {
                assignment_move(acd, index, ACD_ASSIGNMENT_CONNECTING);
                acd_contact_move(acd, assignment->contact, ACD_CONTACT_CONNECTING);
                set_deadline(acd, index,
                             acd->step_now + channel->config.connecting_lease_ms * CORE_NS_PER_MS);
                emit_accepted(acd, index, ACD_ASSIGNMENT_CONNECTING);
                return;
        }
        set_deadline(acd, index, 0);
        emit_accepted(acd, index, ACD_ASSIGNMENT_ACTIVE);
        acd_assignment_connect(acd, index);
}

/* A waiting contact is offered to an available agent. */
void acd_offer(struct acd *acd, uint32_t contact_index, uint32_t agent_index, uint32_t tier)
{
        struct acd_contact *contact = &acd->contact[contact_index];
        const struct acd_queue *queue = &acd->queue[acd->class[contact->class].queue];
        uint32_t index = acd_slab_take(&acd->assignments);
        struct acd_assignment *assignment = &acd->assignment[index];
        acd_time deadline = acd->step_now + queue->config.offer_timeout_ms * CORE_NS_PER_MS;
        struct acd_event *event;

        __builtin_prefetch((char *)&acd->assignment[acd->assignments.free.first] + 64, 1);
        acd_timer_prefetch(acd, TIMER_ASSIGNMENT, acd->assignments.free.first);
        __builtin_prefetch(&acd->contact_cold[contact_index], 1);
        __builtin_prefetch(&acd->contact[contact->link.next], 1);
        ACD_ASSERT(acd->assignments.live <= acd_assignment_count_max(&acd->limits));
        assignment->contact = contact_index;
        assignment->agent = agent_index;
        assignment->state = ACD_ASSIGNMENT_FREE;
        assignment->tier = (uint8_t)tier;
        assignment->hold_count = 0;
        assignment->order = ++acd->offer_sequence;
        assignment->epoch = acd->epoch;
        assignment->offered = acd->step_now;
        assignment->accepted = 0;
        assignment->connected = 0;
        assignment->held_ns = 0;
        acd_idle_leave(acd, agent_index);
        assignment_move(acd, index, ACD_ASSIGNMENT_OFFERED);
        acd_contact_move(acd, contact_index, ACD_CONTACT_OFFERED);
        contact->assignment = index;
        contact->offer_count++;
        set_deadline(acd, index, deadline);

        event = acd_emit_contact(acd, contact_index, ACD_EVENT_CONTACT_OFFERED, ACD_REASON_NONE);
        event->tier = (uint8_t)tier;
        event->deadline = deadline;
        event->since = acd->contact_cold[contact_index].queued;
        if (queue->config.auto_accept)
                acd_assignment_accept(acd, index);
}

/* The assignment's slot is free; whose it was, is. */
static void assignment_free(struct acd *acd, uint32_t index)
{
        struct acd_assignment *assignment = &acd->assignment[index];

        acd_timer_stop(acd, TIMER_ASSIGNMENT, index);
        assignment_move(acd, index, ACD_ASSIGNMENT_FREE);
        assignment->closed_step = acd->step;
        acd->contact[assignment->contact].assignment = 0;
}

/* An offer, accepted or not, has come to nothing. The contact still has the state
 * of the offer: the caller moves it on. */
void acd_offer_end(struct acd *acd, uint32_t index, enum acd_reason reason, const char *label)
{
        const struct acd_assignment *assignment = &acd->assignment[index];
        struct acd_event *event =
                acd_emit_contact(acd, assignment->contact, ACD_EVENT_OFFER_ENDED, reason);

        event->state = ACD_ASSIGNMENT_CLOSED;
        event->since = assignment->offered;
        acd_text_set(event->label, sizeof(event->label), label);
        assignment_free(acd, index);
}

/* What was active is over; its contact is the caller's to move on. */
void acd_assignment_close(struct acd *acd, uint32_t index, enum acd_reason reason)
{
        struct acd_assignment *assignment = &acd->assignment[index];
        uint64_t held_ns = assignment->held_ns;
        struct acd_event *event =
                acd_emit_contact(acd, assignment->contact, ACD_EVENT_ASSIGNMENT_CLOSED, reason);

        if (assignment->state == ACD_ASSIGNMENT_HELD)
                held_ns += acd->step_now - assignment->state_since;
        event->state = ACD_ASSIGNMENT_CLOSED;
        event->since = assignment->accepted;
        event->value = held_ns;
        assignment_free(acd, index);
}

/* Does an end of the contact leave the agent with something to write up? */
bool acd_assignment_has_wrap_up(const struct acd *acd, uint32_t index)
{
        const struct acd_assignment *assignment = &acd->assignment[index];
        uint32_t class = acd->contact[assignment->contact].class;

        if (assignment->state != ACD_ASSIGNMENT_ACTIVE && assignment->state != ACD_ASSIGNMENT_HELD)
                return false;
        if (acd->agent[assignment->agent].presence == ACD_PRESENCE_LOGGED_OUT)
                return false;
        return acd->queue[acd->class[class].queue].config.wrap_up_ms > 0;
}

void acd_assignment_begin_wrap_up(struct acd *acd, uint32_t index, enum acd_reason reason)
{
        struct acd_assignment *assignment = &acd->assignment[index];
        uint32_t wrap_up_ms = queue_of(acd, assignment)->config.wrap_up_ms;
        struct acd_event *event;

        assignment_move(acd, index, ACD_ASSIGNMENT_WRAP_UP);
        set_deadline(acd, index, acd->step_now + wrap_up_ms * CORE_NS_PER_MS);
        event = acd_emit_contact(acd, assignment->contact, ACD_EVENT_WRAP_UP_STARTED, reason);
        event->state = ACD_ASSIGNMENT_WRAP_UP;
        event->deadline = assignment->deadline;
}

/* The agent has written up: contact and assignment are over. */
void acd_assignment_end_wrap_up(struct acd *acd, uint32_t index, enum acd_reason reason)
{
        uint32_t contact = acd->assignment[index].contact;

        acd_assignment_close(acd, index, reason);
        acd_contact_free(acd, contact);
}

void acd_assignment_extend_wrap_up(struct acd *acd, uint32_t index, uint32_t extend_ms)
{
        struct acd_event *event;

        set_deadline(acd, index, acd->step_now + extend_ms * CORE_NS_PER_MS);
        event = acd_emit_contact(acd, acd->assignment[index].contact, ACD_EVENT_WRAP_UP_EXTENDED,
                                 ACD_REASON_NONE);
        event->state = ACD_ASSIGNMENT_WRAP_UP;
        event->deadline = acd->assignment[index].deadline;
}

void acd_assignment_hold(struct acd *acd, uint32_t index)
{
        struct acd_assignment *assignment = &acd->assignment[index];

        assignment_move(acd, index, ACD_ASSIGNMENT_HELD);
        assignment->hold_count++;
        acd_emit_contact(acd, assignment->contact, ACD_EVENT_CONTACT_HELD, ACD_REASON_NONE);
}

void acd_assignment_unhold(struct acd *acd, uint32_t index)
{
        struct acd_assignment *assignment = &acd->assignment[index];
        acd_time since = assignment->state_since;
        struct acd_event *event;

        assignment_move(acd, index, ACD_ASSIGNMENT_ACTIVE);
        event = acd_emit_contact(acd, assignment->contact, ACD_EVENT_CONTACT_RESUMED,
                                 ACD_REASON_NONE);
        event->since = since;
        event->value = assignment->hold_count;
}

void acd_assignment_park(struct acd *acd, uint32_t index)
{
        struct acd_assignment *assignment = &acd->assignment[index];

        assignment_move(acd, index, ACD_ASSIGNMENT_PARKED);
        acd_emit_contact(acd, assignment->contact, ACD_EVENT_CONTACT_PARKED, ACD_REASON_NONE);
}

void acd_assignment_unpark(struct acd *acd, uint32_t index)
{
        struct acd_assignment *assignment = &acd->assignment[index];
        acd_time since = assignment->state_since;
        struct acd_event *event;

        acd_idle_leave(acd, assignment->agent);
        assignment_move(acd, index, ACD_ASSIGNMENT_ACTIVE);
        event = acd_emit_contact(acd, assignment->contact, ACD_EVENT_CONTACT_UNPARKED,
                                 ACD_REASON_NONE);
        event->since = since;
}

/* End an offer and let its contact return to its place. Returns the contact if it
 * waits now, else 0; @ret_pairs_full: the agent has to be paused for his pairs. */
uint32_t acd_offer_return(struct acd *acd, uint32_t index, enum acd_reason reason,
                          const char *label, bool *ret_pairs_full)
{
        uint32_t contact = acd->assignment[index].contact;
        uint32_t agent = acd->assignment[index].agent;

        acd_offer_end(acd, index, reason, label);
        *ret_pairs_full = !acd_pair_add(acd, contact, agent, reason);
        return acd_contact_wait(acd, contact, ACD_REASON_RETURNED) ? contact : 0;
}

/* An offer has failed through the agent or the medium: L2, L3. */
void acd_offer_fail(struct acd *acd, uint32_t index, enum acd_reason reason, const char *label)
{
        uint32_t agent = acd->assignment[index].agent;
        uint32_t class = acd->contact[acd->assignment[index].contact].class;
        uint32_t missed_max = acd->queue[acd->class[class].queue].config.missed_max;
        bool has_pairs_full;
        uint32_t contact = acd_offer_return(acd, index, reason, label, &has_pairs_full);

        if (reason == ACD_REASON_REJECTED)
                acd->agent[agent].missed_count = 0;
        if (reason == ACD_REASON_OFFER_TIMEOUT)
                acd_agent_missed(acd, agent, missed_max);
        if (has_pairs_full)
                acd_agent_pause(acd, agent, ACD_REASON_PAIRS_FULL, "pairs");
        acd_agent_settle(acd, agent);
        if (contact != 0 && acd->contact[contact].state == ACD_CONTACT_WAITING)
                acd_match_contact(acd, contact);
}

/* The timer of an assignment: what its state waited for did not come. */
void acd_assignment_deadline(struct acd *acd, uint32_t index)
{
        uint32_t agent = acd->assignment[index].agent;

        switch ((enum acd_assignment_state)acd->assignment[index].state) {
        case ACD_ASSIGNMENT_OFFERED:
                if (acd->assignment[index].epoch != acd->epoch)
                        acd_offer_fail(acd, index, ACD_REASON_RESTARTED, "");
                else
                        acd_offer_fail(acd, index, ACD_REASON_OFFER_TIMEOUT, "");
                return;
        case ACD_ASSIGNMENT_CONNECTING:
                acd_offer_fail(acd, index, ACD_REASON_CONNECT_TIMEOUT, "");
                return;
        case ACD_ASSIGNMENT_WRAP_UP:
                acd_assignment_end_wrap_up(acd, index, ACD_REASON_WRAP_UP_EXPIRED);
                acd_agent_settle(acd, agent);
                return;
        case ACD_ASSIGNMENT_FREE:
        case ACD_ASSIGNMENT_ACTIVE:
        case ACD_ASSIGNMENT_HELD:
        case ACD_ASSIGNMENT_PARKED:
        case ACD_ASSIGNMENT_CLOSED:
                break;
        }
        acd_panic(__FILE__, __LINE__, __func__, "only offers, leases and wrap-ups have deadlines");
}
