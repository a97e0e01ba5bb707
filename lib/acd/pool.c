/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pools: the available agents of a class, by tier, longest idle first.
 *
 * An available agent is in the idle list of his tenant and in one pool for each
 * of his memberships. He joins at the end whenever he becomes available, so all
 * of these lists are in the order of idle_sequence by construction. Only a
 * membership that is made while he is available has to look for its place: from
 * the end, where it nearly always is.
 *
 * Tier gates (G3). While an agent waits in the pool of a closed tier, the class
 * has a timer for the first moment at which the tier opens to one of its
 * contacts. The timer may be early, never late, so it need not be stopped when a
 * contact leaves: it fires, finds less to do, and is set for the next opening.
 */

#include "acd/parts.h"

static struct acd_ispace pool_space(const struct acd *acd)
{
        return (struct acd_ispace){ &acd->membership[0].pool_link, sizeof(acd->membership[0]) };
}

static struct acd_ispace idle_space(const struct acd *acd)
{
        return (struct acd_ispace){ &acd->agent[0].idle_link, sizeof(acd->agent[0]) };
}

/* Put an available agent's membership into its pool, in the order of becoming
 * available. */
void acd_pool_join(struct acd *acd, uint32_t index)
{
        const struct acd_membership *member = &acd->membership[index];
        struct acd_class *class = &acd->class[member->class];
        struct acd_ilist *pool = &class->pool[member->tier];
        uint64_t sequence = acd->agent[member->agent].idle_sequence;
        uint32_t after = pool->last;
        uint32_t before = 0;

        while (after != 0 && acd->agent[acd->membership[after].agent].idle_sequence > sequence) {
                before = after;
                after = acd->membership[after].pool_link.prev;
        }
        acd_ilist_insert_before(pool_space(acd), pool, before, index);
        class->pool_bits |= (uint8_t)(1u << member->tier);
        if (class->waiting_count > 0)
                acd_tier_timer_arm(acd, member->class);
}

/* The same for one who has just become available: nobody is behind him. */
static inline void pool_join_last(struct acd *acd, uint32_t index)
{
        const struct acd_membership *member = &acd->membership[index];
        struct acd_class *class = &acd->class[member->class];

        acd_ilist_push_back(pool_space(acd), &class->pool[member->tier], index);
        class->pool_bits |= (uint8_t)(1u << member->tier);
        if ((class->pool_bits & ~1u) != 0 && class->waiting_count > 0)
                acd_tier_timer_arm(acd, member->class);
}

static inline void pool_leave(struct acd *acd, uint32_t index)
{
        const struct acd_membership *member = &acd->membership[index];
        struct acd_class *class = &acd->class[member->class];
        struct acd_ilist *pool = &class->pool[member->tier];

        acd_ilist_remove(pool_space(acd), pool, index);
        if (pool->count == 0)
                class->pool_bits &= (uint8_t) ~(1u << member->tier);
}

void acd_pool_leave(struct acd *acd, uint32_t index)
{
        pool_leave(acd, index);
}

/* The agent is available and found nothing: he waits at the end of his pools. */
void acd_idle_enter(struct acd *acd, uint32_t index)
{
        struct acd_agent *agent = &acd->agent[index];

        agent->idle_sequence = ++acd->idle_sequence;
        agent->idle_since = acd->step_now;
        acd_ilist_push_back(idle_space(acd), &acd->tenant[agent->tenant].idle, index);
        for (uint32_t member = agent->members.first; member != 0;
             member = acd->membership[member].agent_link.next)
                pool_join_last(acd, member);
}

void acd_idle_leave(struct acd *acd, uint32_t index)
{
        struct acd_agent *agent = &acd->agent[index];

        if (!acd_agent_is_idle(acd, index))
                return;
        if (acd->fill_cursor == index)
                acd->fill_cursor = agent->idle_link.next;
        acd_ilist_remove(idle_space(acd), &acd->tenant[agent->tenant].idle, index);
        for (uint32_t member = agent->members.first; member != 0;
             member = acd->membership[member].agent_link.next)
                pool_leave(acd, member);
}

/* Has a lower tier of the class nobody who is logged in? */
static bool is_lowest_tier(const struct acd_class *class, uint32_t tier)
{
        for (uint32_t lower = 0; lower < tier; lower++)
                if (class->logged_in[lower] > 0)
                        return false;
        return true;
}

static uint64_t tier_wait_ns(const struct acd *acd, const struct acd_class *class, uint32_t tier)
{
        return acd->queue[class->queue].config.tier_wait_ms[tier] * CORE_NS_PER_MS;
}

/* The latest entry into the queue to which @tier is open at @now: UINT64_MAX when
 * it is open to all. False: it is closed to all. */
bool acd_tier_is_open(const struct acd *acd, uint32_t class_index, uint32_t tier, acd_time now,
                      acd_time *ret_latest)
{
        const struct acd_class *class = &acd->class[class_index];
        uint64_t wait_ns;

        *ret_latest = UINT64_MAX;
        if (tier == 0 || is_lowest_tier(class, tier))
                return true;
        wait_ns = tier_wait_ns(acd, class, tier);
        if (wait_ns == 0)
                return true;
        if (wait_ns > now)
                return false;
        *ret_latest = now - wait_ns;
        return true;
}

/* When does a tier with available agents next open to a waiting contact? */
static acd_time next_opening(const struct acd *acd, uint32_t class_index, acd_time now)
{
        const struct acd_class *class = &acd->class[class_index];
        acd_time next = UINT64_MAX;

        for (uint32_t bits = class->pool_bits; bits != 0; bits &= bits - 1) {
                uint32_t tier = (uint32_t)__builtin_ctz(bits);
                acd_time latest, entry;

                if (!acd_tier_is_open(acd, class_index, tier, now, &latest))
                        latest = 0;
                else if (latest == UINT64_MAX)
                        continue;
                entry = acd_class_next_entry(acd, class_index, latest);
                if (entry != UINT64_MAX && entry + tier_wait_ns(acd, class, tier) < next)
                        next = entry + tier_wait_ns(acd, class, tier);
        }
        return next;
}

/* Let the class's timer be set for the first opening after @now, or earlier. */
void acd_tier_timer_arm_from(struct acd *acd, uint32_t class_index, acd_time now)
{
        const struct acd_class *class = &acd->class[class_index];
        acd_time next;

        /* Nearly always: nobody waits in a tier that could be closed. */
        if ((class->pool_bits & ~1u) == 0 || class->waiting_count == 0)
                return;
        next = next_opening(acd, class_index, now);
        if (next != UINT64_MAX)
                acd_timer_set_earlier(acd, TIMER_CLASS, class_index, next);
}
