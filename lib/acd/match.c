/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is offered whom: the one place where it is decided.
 *
 *   M1  A contact that comes to wait looks for an agent: the lowest open tier of
 *       its class that has available agents, of those the longest idle.
 *   M2  An agent who becomes available looks for a contact: the first by key over
 *       all his classes.
 *   D21 A rematch goes the way of M1 for contacts that a gate kept, in the
 *       order of their keys.
 *
 * Both searches skip what a rejection pair hides: at most eight, then there is an
 * answer. Neither ever walks a line or a floor: classes know their first contact,
 * pools their longest idle agent. So a match costs O(classes of one agent).
 *
 * M2 may meet contacts whose gateway is gone but which the agenda has not reached
 * yet. They are dealt with at once, at most eight; then the search itself goes to
 * the agenda.
 */

#include "acd/parts.h"

/* The longest idle agent of a pool whom no pair hides from @contact, or 0. */
static uint32_t pool_first(const struct acd *acd, const struct acd_ilist *pool, uint32_t contact)
{
        for (uint32_t member = pool->first; member != 0;
             member = acd->membership[member].pool_link.next)
                if (!acd_pair_stands(acd, contact, acd->membership[member].agent))
                        return member;
        return 0;
}

/* The membership of the agent whom @contact should be offered to, or 0. */
uint32_t acd_find_agent(const struct acd *acd, uint32_t index)
{
        const struct acd_contact *contact = &acd->contact[index];
        const struct acd_class *class = &acd->class[contact->class];

        for (uint32_t bits = class->pool_bits; bits != 0; bits &= bits - 1) {
                uint32_t tier = (uint32_t)__builtin_ctz(bits);
                acd_time latest;
                uint32_t member;

                /* Higher tiers wait longer: what this one hides, they hide. */
                if (!acd_tier_is_open(acd, contact->class, tier, acd->step_now, &latest) ||
                    contact->submitted > latest)
                        return 0;
                member = pool_first(acd, &class->pool[tier], index);
                if (member != 0)
                        return member;
        }
        return 0;
}

/* M1. */
void acd_match_contact(struct acd *acd, uint32_t contact)
{
        uint32_t member;

        if (acd_contact_is_orphan(acd, contact)) {
                acd_gateway_gone_contact(acd, contact);
                return;
        }
        member = acd_find_agent(acd, contact);
        if (member != 0)
                acd_offer(acd, contact, acd->membership[member].agent,
                          acd->membership[member].tier);
}

static bool is_for(const struct acd *acd, uint32_t contact, uint32_t agent)
{
        return acd_contact_is_orphan(acd, contact) || !acd_pair_stands(acd, contact, agent);
}

/* class_first_for() where a gate or a pair is in the way. Not inline: the walk's room on
 * the stack is cleared, which the way past it need not pay. */
__attribute__((noinline)) static uint32_t
walk_for(const struct acd *acd, const struct acd_membership *member, uint32_t first)
{
        struct acd_class_walk walk;
        acd_time latest;
        uint32_t contact;

        if (!acd_tier_is_open(acd, member->class, member->tier, acd->step_now, &latest))
                return 0;
        if (acd->contact[first].submitted <= latest && is_for(acd, first, member->agent))
                return first;
        acd_walk_begin(acd, &walk, member->class, latest);
        do
                contact = acd_walk_next(acd, &walk);
        while (contact != 0 && !is_for(acd, contact, member->agent));
        return contact;
}

/* The first contact of the class that @agent may be offered or, its gateway being
 * gone, must be dealt with; 0: none. @first is its head. Tier 0 is open: the class need not
 * be looked at. */
static inline uint32_t class_first_for(const struct acd *acd, const struct acd_membership *member,
                                       uint32_t first)
{
        if (member->tier == 0 && is_for(acd, first, member->agent))
                return first;
        return walk_for(acd, member, first);
}

/* The contact that @agent should be offered, or 0. */
static inline uint32_t find_contact(struct acd *acd, uint32_t agent, uint32_t *ret_tier)
{
        const struct acd_class_head *best = NULL;
        uint32_t index;

        for (index = acd->agent[agent].members.first; index != 0;
             index = acd->membership[index].agent_link.next) {
                const struct acd_membership *member = &acd->membership[index];
                const struct acd_class_head *head = &acd->class_head[member->class];
                uint32_t contact;

                if (head->contact == 0 || (best != NULL && !acd_head_is_before(head, best)))
                        continue;
                contact = class_first_for(acd, member, head->contact);
                if (contact == 0)
                        continue;
                if (contact != head->contact) {
                        struct acd_class_head behind = acd_head_of(acd, contact);

                        if (best != NULL && !acd_head_is_before(&behind, best))
                                continue;
                        acd->step_head = behind;
                        head = &acd->step_head;
                }
                best = head;
                *ret_tier = member->tier;
        }
        return best == NULL ? 0 : best->contact;
}

/* M2 for an agent who is available, idle already or not. He is offered a contact,
 * or is idle in the end. */
void acd_match_agent(struct acd *acd, uint32_t agent)
{
        uint32_t met_count = 0;
        uint32_t tier = 0;
        uint32_t contact;

        while ((contact = find_contact(acd, agent, &tier)) != 0) {
                if (!acd_contact_is_orphan(acd, contact)) {
                        acd_offer(acd, contact, agent, tier);
                        return;
                }
                if (met_count++ == CORE_GONE_MET_MAX) {
                        acd_job_add(acd, JOB_AGENT_MATCH, agent);
                        break;
                }
                acd_gateway_gone_contact(acd, contact);
        }
        if (!acd_agent_is_idle(acd, agent))
                acd_idle_enter(acd, agent);
}

/* The first contact of the class that a rematch takes up: one that M1 can place, or
 * whose gateway is gone; 0: none. Only contacts to which the lowest tier with
 * available agents is open can be placed. */
uint32_t acd_class_placeable(const struct acd *acd, uint32_t class_index)
{
        const struct acd_class *class = &acd->class[class_index];
        struct acd_class_walk walk;
        acd_time latest;
        uint32_t contact;

        if (class->pool_bits == 0 || class->waiting_count == 0)
                return 0;
        if (!acd_tier_is_open(acd, class_index, (uint32_t)__builtin_ctz(class->pool_bits),
                              acd->step_now, &latest))
                return 0;
        acd_walk_begin(acd, &walk, class_index, latest);
        do
                contact = acd_walk_next(acd, &walk);
        while (contact != 0 && !acd_contact_is_orphan(acd, contact) &&
               acd_find_agent(acd, contact) == 0);
        return contact;
}

/* The first contact of the class, of those that entered the queue at @latest or
 * before, that M1 can place; 0: none. Contacts of gone gateways are left to their
 * gateway's job; when they are many, so is the rest: @ret_is_cut. */
static uint32_t opened_contact(const struct acd *acd, uint32_t class_index, acd_time latest,
                               bool *ret_is_cut)
{
        struct acd_class_walk walk;
        uint32_t orphan_count = 0;
        uint32_t contact;

        *ret_is_cut = false;
        acd_walk_begin(acd, &walk, class_index, latest);
        while ((contact = acd_walk_next(acd, &walk)) != 0) {
                if (acd_contact_is_orphan(acd, contact)) {
                        *ret_is_cut = orphan_count++ == CORE_GONE_MET_MAX;
                        if (*ret_is_cut)
                                return 0;
                } else if (acd_find_agent(acd, contact) != 0) {
                        return contact;
                }
        }
        return 0;
}

/* The timer of a class: a tier has opened. Contacts to which it opened by this
 * tick are placed in the order of their keys; later openings have their turn at
 * their own tick. What does not fit has its turn again. */
void acd_tier_opened(struct acd *acd, uint32_t class_index)
{
        const struct acd_class *class = &acd->class[class_index];
        uint64_t tick = acd->wheel.tick;
        uint32_t tier = 0;

        while (class->pool_bits >> tier != 0) {
                acd_time latest;
                uint32_t contact = 0;
                bool is_cut = false;

                if ((class->pool_bits >> tier & 1) != 0 &&
                    acd_tier_is_open(acd, class_index, tier, tick << CORE_TICK_BITS, &latest))
                        contact = opened_contact(acd, class_index, latest, &is_cut);
                if (contact != 0)
                        acd_match_contact(acd, contact);
                if (is_cut || !acd_has_room(acd, CORE_EVENTS_PER_UNIT)) {
                        acd_timer_set(acd, TIMER_CLASS, class_index,
                                      (tick + is_cut) << CORE_TICK_BITS);
                        return;
                }
                tier += contact == 0;
        }
        acd_tier_timer_arm_from(acd, class_index, tick << CORE_TICK_BITS);
}
