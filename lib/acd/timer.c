/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timers: what happens when a deadline passes.
 *
 * All are in one wheel (base/wheel.h) whose tick is 2^20 ns; a deadline fires at
 * the first tick at or after it, so never early. They run in a TIME command only:
 * replay runs them at the same place among the other commands.
 *
 * A timer begins only when the events that it may need fit in the step; what does
 * not fit is still due and acd_next_deadline() says so.
 *
 * After a restart, deadlines that passed while nobody could act wait until agents
 * and gateways had time to come back (D24): such a timer, when it would run, is
 * set anew for the end of that time.
 */

#include "acd/parts.h"

enum core_timer_kind acd_timer_kind(const struct acd *acd, uint32_t number, uint32_t *ret_index)
{
        uint32_t kind = 0;

        while (number > acd->timer_base[kind + 1])
                kind++;
        ACD_ASSERT(kind < TIMER_KIND_COUNT);
        *ret_index = number - acd->timer_base[kind];
        return (enum core_timer_kind)kind;
}

void acd_timer_set(struct acd *acd, enum core_timer_kind kind, uint32_t index, acd_time deadline)
{
        acd_timer_stop(acd, kind, index);
        acd_timer_begin(acd, kind, index, deadline);
}

/* Set it unless it is set for this tick or an earlier one. */
void acd_timer_set_earlier(struct acd *acd, enum core_timer_kind kind, uint32_t index,
                           acd_time deadline)
{
        uint32_t number = acd_timer_number(acd, kind, index);

        if (acd_wheel_is_set(&acd->wheel, number) &&
            acd->wheel.timers[number].tick <= acd_tick_of(deadline))
                return;
        acd_timer_set(acd, kind, index, deadline);
}

acd_time acd_next_deadline(const struct acd *acd)
{
        uint64_t tick = acd_wheel_next(&acd->wheel);

        if (tick == UINT64_MAX)
                return 0;
        return tick == 0 ? 1 : tick << CORE_TICK_BITS;
}

/* The deadline and tenant of a timer that a restart may hold back; 0: it does not. */
static acd_time holdable_deadline(const struct acd *acd, enum core_timer_kind kind, uint32_t index,
                                  uint32_t *ret_tenant)
{
        switch (kind) {
        case TIMER_ASSIGNMENT:
                *ret_tenant = acd->agent[acd->assignment[index].agent].tenant;
                return acd->assignment[index].deadline;
        case TIMER_AGENT:
                *ret_tenant = acd->agent[index].tenant;
                return acd->agent[index].grace_deadline;
        case TIMER_GATEWAY:
                *ret_tenant = acd->gateway[index].tenant;
                return acd->gateway[index].deadline;
        case TIMER_PAIR:
                *ret_tenant = acd->agent[acd->pair[index].agent].tenant;
                return acd->pair[index].until;
        case TIMER_CLASS:
        case TIMER_KEY:
        case TIMER_KIND_COUNT:
                break;
        }
        return 0;
}

/* Rule D24: set anew what a restart holds back. */
static bool is_held_back(struct acd *acd, enum core_timer_kind kind, uint32_t index)
{
        uint32_t tenant = 0;
        acd_time deadline = holdable_deadline(acd, kind, index, &tenant);
        acd_time grace_ms, end;

        if (deadline == 0 || deadline > acd->start_now)
                return false;
        grace_ms = acd->tenant[tenant].config.agent_grace_ms;
        if (acd->tenant[tenant].config.gateway_grace_ms > grace_ms)
                grace_ms = acd->tenant[tenant].config.gateway_grace_ms;
        end = acd->start_now + grace_ms * CORE_NS_PER_MS;
        if (acd->step_now >= end)
                return false;
        acd_timer_set(acd, kind, index, end);
        return true;
}

static void fire(struct acd *acd, uint32_t number)
{
        uint32_t index;
        enum core_timer_kind kind = acd_timer_kind(acd, number, &index);

        if (is_held_back(acd, kind, index))
                return;
        switch (kind) {
        case TIMER_ASSIGNMENT:
                acd_assignment_deadline(acd, index);
                break;
        case TIMER_AGENT:
                acd_agent_grace_ended(acd, index);
                break;
        case TIMER_GATEWAY:
                acd_gateway_grace_ended(acd, index);
                break;
        case TIMER_PAIR:
                acd_pair_expired(acd, index);
                break;
        case TIMER_CLASS:
                acd_tier_opened(acd, index);
                break;
        case TIMER_KEY:
                acd_key_forget(acd, index);
                break;
        case TIMER_KIND_COUNT:
                acd_panic(__FILE__, __LINE__, __func__, "a timer has a kind");
        }
}

/* Events that the timer now first in line may need. */
static uint32_t events_needed(const struct acd *acd)
{
        uint32_t first = acd->wheel.slot[acd->wheel.tick % ACD_WHEEL_SLOT_COUNT].first;
        uint32_t index;

        if (first == 0)
                return 0;
        return acd_timer_kind(acd, first, &index) == TIMER_AGENT ? CORE_EVENTS_PER_GRACE
                                                                 : CORE_EVENTS_PER_UNIT;
}

enum acd_result acd_do_time(struct acd *acd, const struct acd_command *command)
{
        uint64_t tick = acd->step_now >> CORE_TICK_BITS;
        uint32_t number;

        (void)command;
        for (uint32_t piece = 0; piece < CORE_WORK_UNIT_MAX; piece++) {
                if (!acd_has_room(acd, events_needed(acd)))
                        break;
                if (!acd_wheel_step(&acd->wheel, tick, &number))
                        break;
                if (number != 0)
                        fire(acd, number);
        }
        return ACD_OK;
}
