/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * move.h - contacts and assignments go from state to state, inline: a contact does so five
 * times, its assignment three. Nothing else changes a state or a place. Only lib/acd may
 * include it. See contact.c and assignment.c, which have the pictures of the tables here.
 */

#include "acd/emit.h"

#define FROM(state) (1u << ACD_CONTACT_##state)

/* From which states a state is reached. */
static inline bool acd_contact_may_become(enum acd_contact_state from, enum acd_contact_state to)
{
        static const uint8_t before[] = {
                [ACD_CONTACT_FREE] = FROM(WAITING) | FROM(WITHHELD) | FROM(OFFERED) |
                                     FROM(CONNECTING) | FROM(ACTIVE) | FROM(ENDED),
                [ACD_CONTACT_WAITING] = FROM(FREE) | FROM(WITHHELD) | FROM(OFFERED) |
                                        FROM(CONNECTING) | FROM(ACTIVE),
                [ACD_CONTACT_WITHHELD] = FROM(FREE) | FROM(WAITING) | FROM(OFFERED) |
                                         FROM(CONNECTING) | FROM(ACTIVE),
                [ACD_CONTACT_OFFERED] = FROM(WAITING),
                [ACD_CONTACT_CONNECTING] = FROM(OFFERED),
                [ACD_CONTACT_ACTIVE] = FROM(OFFERED) | FROM(CONNECTING),
                [ACD_CONTACT_ENDED] = FROM(ACTIVE),
        };

        return (before[to] >> from & 1) != 0;
}

#undef FROM
#define FROM(state) (1u << ACD_ASSIGNMENT_##state)

static inline bool acd_assignment_may_become(enum acd_assignment_state from,
                                             enum acd_assignment_state to)
{
        static const uint8_t before[] = {
                [ACD_ASSIGNMENT_FREE] = FROM(OFFERED) | FROM(CONNECTING) | FROM(ACTIVE) |
                                        FROM(HELD) | FROM(PARKED) | FROM(WRAP_UP),
                [ACD_ASSIGNMENT_OFFERED] = FROM(FREE),
                [ACD_ASSIGNMENT_CONNECTING] = FROM(OFFERED),
                [ACD_ASSIGNMENT_ACTIVE] =
                        FROM(OFFERED) | FROM(CONNECTING) | FROM(HELD) | FROM(PARKED),
                [ACD_ASSIGNMENT_HELD] = FROM(ACTIVE),
                [ACD_ASSIGNMENT_PARKED] = FROM(ACTIVE) | FROM(HELD),
                [ACD_ASSIGNMENT_WRAP_UP] = FROM(ACTIVE) | FROM(HELD),
        };

        return (before[to] >> from & 1) != 0;
}

#undef FROM

ACD_INLINE struct acd_queue *acd_queue_of(struct acd *acd, const struct acd_contact *contact)
{
        return &acd->queue[acd->class[contact->class].queue];
}

/* @queue and @from are the contact's: that the latter is true is asserted by the place which
 * the contact must be in. A new one comes from the slab in no list, as its state FREE
 * says. */
ACD_INLINE void acd_contact_go_from(struct acd *acd, uint32_t index, struct acd_queue *queue,
                                    enum acd_contact_state from, enum acd_contact_state to)
{
        struct acd_contact *contact = &acd->contact[index];

        ACD_ASSERT(acd_contact_may_become(from, to));
        contact->state = (uint8_t)to;
        if (from == ACD_CONTACT_WAITING)
                acd_lane_remove(acd, index);
        else if (from != ACD_CONTACT_FREE)
                acd_icrowd_leave(&queue->contacts[from], &contact->link);
        if (to == ACD_CONTACT_WAITING)
                acd_lane_insert(acd, index);
        else if (to == ACD_CONTACT_FREE)
                acd_slab_give_in(&acd->contacts, acd_contact_space(acd), index);
        else
                acd_icrowd_enter(&queue->contacts[to], &contact->link);
}

ACD_INLINE void acd_contact_go(struct acd *acd, uint32_t index, struct acd_queue *queue,
                               enum acd_contact_state to)
{
        acd_contact_go_from(acd, index, queue, (enum acd_contact_state)acd->contact[index].state,
                            to);
}

/* To WAITING, with its event, after one of the contact or NULL; its gateway is not gone. */
ACD_INLINE void acd_contact_wait_told(struct acd *acd, struct acd_subject subject,
                                      enum acd_contact_state from, enum acd_reason reason,
                                      const struct acd_event *before)
{
        struct acd_fact fact = { .kind = ACD_EVENT_CONTACT_QUEUED,
                                 .reason = reason,
                                 .state = ACD_CONTACT_WAITING,
                                 .since = subject.contact->submitted };

        acd_contact_go_from(acd, subject.index, &acd->queue[subject.class->queue], from,
                            ACD_CONTACT_WAITING);
        if (before != NULL)
                acd_event_also(acd, before, subject.class, fact);
        else
                acd_event_of_contact(acd, subject, fact);
        if ((subject.class->pool_bits & ~1u) != 0)
                acd_tier_timer_arm_from(acd, subject.contact->class, acd->step_now);
}

/* The same for the assignment. Only PARKED ones do not use their agent's slot. */
ACD_INLINE void acd_assignment_go_from(struct acd *acd, struct acd_bond bond,
                                       enum acd_assignment_state from, enum acd_assignment_state to)
{
        struct acd_assignment *assignment = bond.assignment;
        struct acd_ispace parked = { &acd->assignment[0].agent_link, sizeof(acd->assignment[0]) };

        ACD_ASSERT(acd_assignment_may_become(from, to));
        ACD_ASSERT(assignment->state == from);
        assignment->state = (uint8_t)to;
        if (from == ACD_ASSIGNMENT_HELD)
                assignment->held_ns += acd->step_now - assignment->state_since;
        assignment->state_since = acd->step_now;
        if (from == ACD_ASSIGNMENT_PARKED)
                acd_ilist_remove(parked, &bond.agent->parked, bond.index);
        if (from == ACD_ASSIGNMENT_FREE ||
            (from == ACD_ASSIGNMENT_PARKED && to != ACD_ASSIGNMENT_FREE)) {
                ACD_ASSERT(bond.agent->busy == 0);
                bond.agent->busy = bond.index;
        } else if (from != ACD_ASSIGNMENT_PARKED) {
                ACD_ASSERT(bond.agent->busy == bond.index);
                if (to == ACD_ASSIGNMENT_FREE || to == ACD_ASSIGNMENT_PARKED)
                        bond.agent->busy = 0;
        }
        if (to == ACD_ASSIGNMENT_PARKED)
                acd_ilist_push_back(parked, &bond.agent->parked, bond.index);
        if (from == ACD_ASSIGNMENT_FREE)
                assignment->link.list = acd_tag(LIST_USED, 0);
        if (to != ACD_ASSIGNMENT_FREE)
                return;
        ACD_ASSERT(assignment->link.list == acd_tag(LIST_USED, 0));
        assignment->link.list = 0;
        acd_slab_give_in(&acd->assignments, acd_assignment_space(acd), bond.index);
}

ACD_INLINE void acd_assignment_go(struct acd *acd, struct acd_bond bond,
                                  enum acd_assignment_state to)
{
        acd_assignment_go_from(acd, bond, (enum acd_assignment_state)bond.assignment->state, to);
}

/* The slot is free; whose it was, is. Only offers, leases and wrap-ups have timers. */
ACD_INLINE void acd_assignment_free(struct acd *acd, struct acd_bond bond,
                                    enum acd_assignment_state from)
{
        if (from != ACD_ASSIGNMENT_ACTIVE)
                acd_timer_stop(acd, TIMER_ASSIGNMENT, bond.index);
        acd_assignment_go_from(acd, bond, from, ACD_ASSIGNMENT_FREE);
        bond.assignment->closed_step = acd->step;
        bond.contact->assignment = 0;
}

/* What an end of the assignment says. */
ACD_INLINE struct acd_fact
acd_end_of(const struct acd *acd, const struct acd_assignment *assignment, enum acd_reason reason)
{
        struct acd_fact fact = {
                .kind = ACD_EVENT_ASSIGNMENT_CLOSED,
                .reason = reason,
                .state = ACD_ASSIGNMENT_CLOSED,
                .since = assignment->accepted,
                .value = assignment->held_ns,
        };

        if (assignment->state == ACD_ASSIGNMENT_HELD)
                fact.value += acd->step_now - assignment->state_since;
        return fact;
}
