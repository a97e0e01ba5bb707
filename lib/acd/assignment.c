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
 * A state is changed by acd_assignment_go() alone. PARKED ones are in a list of their
 * agent; any other is the one that uses his slot.
 *
 * An offer that comes to nothing ends with OFFER_ENDED, whether it was accepted
 * or not yet; what was ACTIVE ends with ASSIGNMENT_CLOSED. Whoever ends it then
 * says what becomes of the contact and of the agent, in the order of rule D13.
 */

#include "acd/move.h"

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

static inline void count_connected(struct acd_bond bond)
{
        bond.agent->contact_count++;
        if ((bond.contact->flags & CONTACT_WAS_ACTIVE) == 0)
                bond.queue->answered++;
        bond.contact->flags |= CONTACT_WAS_ACTIVE;
}

/* @from are their states; @before is an event of theirs, or NULL. */
ACD_INLINE void connect(struct acd *acd, struct acd_bond bond, enum acd_assignment_state from,
                        enum acd_contact_state contact_from, const struct acd_event *before)
{
        struct acd_fact fact = {
                .kind = ACD_EVENT_CONTACT_CONNECTED,
                .state = ACD_CONTACT_ACTIVE,
                .since = bond.contact->submitted,
                .value = acd->step_now - bond.contact->submitted,
        };

        acd_assignment_go_from(acd, bond, from, ACD_ASSIGNMENT_ACTIVE);
        acd_contact_go_from(acd, bond.contact_index, bond.queue, contact_from, ACD_CONTACT_ACTIVE);
        bond.assignment->connected = acd->step_now;
        count_connected(bond);
        if (before != NULL)
                acd_event_also(acd, before, bond.class, fact);
        else
                acd_event_of_bond(acd, bond, fact);
}

/* Agent and contact are together. */
void acd_assignment_connect(struct acd *acd, uint32_t index)
{
        struct acd_bond bond = acd_bond_of(acd, index);

        set_deadline(acd, index, 0);
        connect(acd, bond, (enum acd_assignment_state)bond.assignment->state,
                (enum acd_contact_state)bond.contact->state, NULL);
}

/* The medium has to say when they are together, and a gateway is there to say it. */
static bool has_lease(const struct acd *acd, struct acd_bond bond)
{
        return bond.contact->gateway != 0 && acd->channel[bond.class->channel].config.is_media;
}

ACD_INLINE struct acd_event *emit_accepted(struct acd *acd, struct acd_bond bond,
                                           enum acd_assignment_state state)
{
        struct acd_fact fact = {
                .kind = ACD_EVENT_OFFER_ACCEPTED,
                .state = (uint8_t)state,
                .deadline = bond.assignment->deadline,
                .since = bond.assignment->offered,
        };

        return acd_event_of_bond(acd, bond, fact);
}

/* The deadline is the lease. */
__attribute__((noinline)) static void accept_media(struct acd *acd, struct acd_bond bond)
{
        uint32_t lease_ms = acd->channel[bond.class->channel].config.connecting_lease_ms;

        acd_assignment_go(acd, bond, ACD_ASSIGNMENT_CONNECTING);
        acd_contact_go(acd, bond.contact_index, bond.queue, ACD_CONTACT_CONNECTING);
        set_deadline(acd, bond.index, acd->step_now + lease_ms * CORE_NS_PER_MS);
        emit_accepted(acd, bond, ACD_ASSIGNMENT_CONNECTING);
}

void acd_assignment_accept(struct acd *acd, uint32_t index)
{
        struct acd_bond bond = acd_bond_of(acd, index);
        const struct acd_event *accepted;

        bond.assignment->accepted = acd->step_now;
        bond.agent->missed_count = 0;
        if (has_lease(acd, bond)) {
                accept_media(acd, bond);
                return;
        }
        bond.assignment->deadline = 0;
        acd_timer_stop(acd, TIMER_ASSIGNMENT, index);
        accepted = emit_accepted(acd, bond, ACD_ASSIGNMENT_ACTIVE);
        connect(acd, bond, ACD_ASSIGNMENT_OFFERED, ACD_CONTACT_OFFERED, accepted);
}

/* An assignment that is not offered yet. */
static inline uint32_t make(struct acd *acd, uint32_t contact, uint32_t agent, uint32_t tier)
{
        uint32_t index =
                acd_slab_take_in(&acd->assignments, acd->assignment, sizeof(acd->assignment[0]));
        struct acd_assignment *assignment = &acd->assignment[index];

        __builtin_prefetch((char *)&acd->assignment[acd->assignments.free.first] + 64, 1);
        acd_timer_prefetch(acd, TIMER_ASSIGNMENT, acd->assignments.free.first);
        assignment->contact = contact;
        assignment->agent = agent;
        assignment->agent_id.value = acd_id_in(acd, agent, acd->agent[agent].generation);
        assignment->state = ACD_ASSIGNMENT_FREE;
        assignment->tier = (uint8_t)tier;
        assignment->hold_count = 0;
        assignment->order = ++acd->offer_sequence;
        assignment->epoch = acd->epoch;
        assignment->offered = acd->step_now;
        assignment->accepted = 0;
        assignment->connected = 0;
        assignment->held_ns = 0;
        return index;
}

/* A waiting contact is offered to an available agent. */
void acd_offer(struct acd *acd, uint32_t contact_index, uint32_t agent_index, uint32_t tier)
{
        uint32_t index = make(acd, contact_index, agent_index, tier);
        struct acd_bond bond = acd_bond_between(acd, index, contact_index);
        struct acd_fact fact = {
                .kind = ACD_EVENT_CONTACT_OFFERED,
                .state = ACD_CONTACT_OFFERED,
                .tier = (uint8_t)tier,
                .deadline = acd->step_now + bond.queue->config.offer_timeout_ms * CORE_NS_PER_MS,
                .since = bond.contact->submitted,
        };

        __builtin_prefetch(&acd->contact_cold[contact_index], 1);
        __builtin_prefetch(&acd->contact[bond.contact->link.next], 1);
        if (acd_agent_is_idle(acd, agent_index))
                acd_idle_leave(acd, agent_index);
        acd_assignment_go_from(acd, bond, ACD_ASSIGNMENT_FREE, ACD_ASSIGNMENT_OFFERED);
        acd_contact_go_from(acd, contact_index, bond.queue, ACD_CONTACT_WAITING,
                            ACD_CONTACT_OFFERED);
        bond.contact->assignment = index;
        if (bond.contact->offer_count < UINT16_MAX)
                bond.contact->offer_count++;
        bond.assignment->deadline = fact.deadline;
        acd_timer_begin(acd, TIMER_ASSIGNMENT, index, fact.deadline);
        acd_event_of_bond(acd, bond, fact);
        if (bond.queue->config.auto_accept)
                acd_assignment_accept(acd, index);
}

/* An offer, accepted or not, has come to nothing. The contact still has the state
 * of the offer: the caller moves it on. */
void acd_offer_end(struct acd *acd, uint32_t index, enum acd_reason reason, const char *label)
{
        struct acd_bond bond = acd_bond_of(acd, index);
        struct acd_fact fact = {
                .kind = ACD_EVENT_OFFER_ENDED,
                .reason = reason,
                .state = ACD_ASSIGNMENT_CLOSED,
                .since = bond.assignment->offered,
        };
        struct acd_event *event = acd_event_of_bond(acd, bond, fact);

        acd_text_set(event->label, sizeof(event->label), label);
        acd_assignment_free(acd, bond, (enum acd_assignment_state)bond.assignment->state);
}

/* What was active is over; its contact is the caller's to move on. */
void acd_assignment_close(struct acd *acd, uint32_t index, enum acd_reason reason)
{
        struct acd_bond bond = acd_bond_of(acd, index);

        acd_event_of_bond(acd, bond, acd_end_of(acd, bond.assignment, reason));
        acd_assignment_free(acd, bond, (enum acd_assignment_state)bond.assignment->state);
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
        uint32_t wrap_up_ms =
                acd_queue_of(acd, &acd->contact[assignment->contact])->config.wrap_up_ms;
        struct acd_event *event;

        acd_assignment_go(acd, acd_bond_of(acd, index), ACD_ASSIGNMENT_WRAP_UP);
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

        acd_assignment_go(acd, acd_bond_of(acd, index), ACD_ASSIGNMENT_HELD);
        assignment->hold_count++;
        acd_emit_contact(acd, assignment->contact, ACD_EVENT_CONTACT_HELD, ACD_REASON_NONE);
}

void acd_assignment_unhold(struct acd *acd, uint32_t index)
{
        struct acd_assignment *assignment = &acd->assignment[index];
        acd_time since = assignment->state_since;
        struct acd_event *event;

        acd_assignment_go(acd, acd_bond_of(acd, index), ACD_ASSIGNMENT_ACTIVE);
        event = acd_emit_contact(acd, assignment->contact, ACD_EVENT_CONTACT_RESUMED,
                                 ACD_REASON_NONE);
        event->since = since;
        event->value = assignment->hold_count;
}

void acd_assignment_park(struct acd *acd, uint32_t index)
{
        struct acd_assignment *assignment = &acd->assignment[index];

        acd_assignment_go(acd, acd_bond_of(acd, index), ACD_ASSIGNMENT_PARKED);
        acd_emit_contact(acd, assignment->contact, ACD_EVENT_CONTACT_PARKED, ACD_REASON_NONE);
}

void acd_assignment_unpark(struct acd *acd, uint32_t index)
{
        struct acd_assignment *assignment = &acd->assignment[index];
        acd_time since = assignment->state_since;
        struct acd_event *event;

        acd_idle_leave(acd, assignment->agent);
        acd_assignment_go(acd, acd_bond_of(acd, index), ACD_ASSIGNMENT_ACTIVE);
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
