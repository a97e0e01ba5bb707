/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The timing wheel.
 *
 * A tick is read as eight digits of six bits. A timer is at the level of the
 * highest digit in which its tick differs from the present one, in the slot of
 * that digit; so level 0 holds what is due within this turn of 64 ticks, each
 * tick a slot of its own. When the present tick enters the time of a higher
 * slot, that slot's timers move down.
 *
 * Order within a tick is the order of setting. A slot is emptied from its end,
 * each timer going to the front of its new slot: so the order survives the
 * move, and holds even when the move is interrupted and others set timers in
 * between, since those are younger and go to the back. Before a tick fires, all
 * slots that contain it have been emptied, highest first.
 *
 * The present tick moves only in acd_wheel_step(): from slot to slot by the bit
 * maps, never tick by tick.
 */

#include "base/wheel.h"

#include <string.h>

#include "base/assert.h"

enum { SLOT_MASK = ACD_WHEEL_SLOT_COUNT - 1 };

void acd_wheel_init(struct acd_wheel *wheel, struct acd_timer *timers)
{
        memset(wheel, 0, sizeof(*wheel));
        wheel->timers = timers;
}

static inline uint32_t digit(uint64_t tick, uint32_t level)
{
        return (uint32_t)(tick >> (level * ACD_WHEEL_SLOT_BITS)) & SLOT_MASK;
}

/* The level at which @tick is at home, seen from the present one. */
static inline uint32_t level_of(const struct acd_wheel *wheel, uint64_t tick)
{
        uint64_t difference = tick ^ wheel->tick;

        return (63 - (uint32_t)__builtin_clzll(difference | 1)) / ACD_WHEEL_SLOT_BITS;
}

static inline void link_timer(struct acd_wheel *wheel, uint32_t index, uint64_t tick,
                              uint32_t level, bool at_front)
{
        struct acd_timer *timer = &wheel->timers[index];
        uint32_t place = level * ACD_WHEEL_SLOT_COUNT + digit(tick, level);
        struct acd_wheel_slot *slot = &wheel->slot[place];
        uint32_t prev = at_front ? 0 : slot->last;
        uint32_t next = at_front ? slot->first : 0;

        *timer = (struct acd_timer){ .tick = tick & ACD_WHEEL_TICK_MAX,
                                     .place = (uint16_t)(place + 1),
                                     .prev = prev,
                                     .next = next };
        if (prev == 0)
                slot->first = index;
        else
                wheel->timers[prev].next = index;
        if (next == 0)
                slot->last = index;
        else
                wheel->timers[next].prev = index;
        wheel->used[level] |= UINT64_C(1) << place % ACD_WHEEL_SLOT_COUNT;
        wheel->count++;
}

void acd_wheel_set(struct acd_wheel *wheel, uint32_t index, uint64_t tick)
{
        ACD_ASSERT(index != 0);
        ACD_ASSERT(!acd_wheel_is_set(wheel, index));

        if (tick < wheel->tick)
                tick = wheel->tick;
        if (tick > ACD_WHEEL_TICK_MAX)
                tick = ACD_WHEEL_TICK_MAX;
        link_timer(wheel, index, tick, level_of(wheel, tick), false);
}

void acd_wheel_stop(struct acd_wheel *wheel, uint32_t index)
{
        struct acd_timer *timer = &wheel->timers[index];
        uint32_t place = timer->place, prev = timer->prev, next = timer->next;
        struct acd_wheel_slot *slot;

        if (place-- == 0)
                return;
        slot = &wheel->slot[place];
        if (prev == 0)
                slot->first = next;
        else
                wheel->timers[prev].next = next;
        if (next == 0)
                slot->last = prev;
        else
                wheel->timers[next].prev = prev;
        if (slot->first == 0)
                wheel->used[place / ACD_WHEEL_SLOT_COUNT] &=
                        ~(UINT64_C(1) << place % ACD_WHEEL_SLOT_COUNT);
        wheel->count--;
        *timer = (struct acd_timer){ 0 };
}

/* The highest level above 0 whose slot of the present tick still holds timers,
 * or 0: those have to move down before anything fires. */
static uint32_t level_to_empty(const struct acd_wheel *wheel)
{
        for (uint32_t level = ACD_WHEEL_LEVEL_COUNT - 1; level > 0; level--)
                if ((wheel->used[level] >> digit(wheel->tick, level) & 1) != 0)
                        return level;
        return 0;
}

/* The first tick after the present one at which a slot begins that holds timers,
 * at any level; UINT64_MAX when none does. */
static uint64_t next_slot_tick(const struct acd_wheel *wheel)
{
        for (uint32_t level = 0; level < ACD_WHEEL_LEVEL_COUNT; level++) {
                uint32_t shift = level * ACD_WHEEL_SLOT_BITS;
                uint32_t here = digit(wheel->tick, level);
                uint64_t later =
                        here == SLOT_MASK ? 0 : wheel->used[level] >> (here + 1) << (here + 1);

                if (later != 0) {
                        uint64_t slot = (uint64_t)__builtin_ctzll(later);
                        uint64_t above = wheel->tick >> shift >> ACD_WHEEL_SLOT_BITS;

                        return (above << ACD_WHEEL_SLOT_BITS | slot) << shift;
                }
        }
        return UINT64_MAX;
}

uint64_t acd_wheel_next(const struct acd_wheel *wheel)
{
        if (wheel->count == 0)
                return UINT64_MAX;
        if ((wheel->used[0] >> digit(wheel->tick, 0) & 1) != 0 || level_to_empty(wheel) != 0)
                return wheel->tick;
        return next_slot_tick(wheel);
}

bool acd_wheel_step(struct acd_wheel *wheel, uint64_t tick, uint32_t *ret_index)
{
        uint32_t level = level_to_empty(wheel);
        uint32_t slot = digit(wheel->tick, level);
        uint64_t next;

        *ret_index = 0;
        if (tick > ACD_WHEEL_TICK_MAX)
                tick = ACD_WHEEL_TICK_MAX;
        if (level != 0) {
                uint32_t index = wheel->slot[level * ACD_WHEEL_SLOT_COUNT + slot].last;
                uint64_t due = wheel->timers[index].tick;

                acd_wheel_stop(wheel, index);
                link_timer(wheel, index, due, level_of(wheel, due), true);
                return true;
        }
        if (wheel->slot[slot].first != 0) {
                *ret_index = wheel->slot[slot].first;
                acd_wheel_stop(wheel, *ret_index);
                return true;
        }
        if (wheel->tick >= tick)
                return false;
        next = wheel->count == 0 ? UINT64_MAX : next_slot_tick(wheel);
        wheel->tick = next < tick ? next : tick;
        return true;
}

bool acd_wheel_restore(struct acd_wheel *wheel, uint32_t index, uint64_t tick, uint32_t place)
{
        uint32_t level = (place - 1) / ACD_WHEEL_SLOT_COUNT;

        if (place == 0 || level >= ACD_WHEEL_LEVEL_COUNT)
                return false;
        if (tick > ACD_WHEEL_TICK_MAX || tick < wheel->tick)
                return false;
        if (acd_wheel_is_set(wheel, index))
                return false;
        if (digit(tick, level) != (place - 1) % ACD_WHEEL_SLOT_COUNT)
                return false;
        /* At its level, or higher in a slot that is being emptied. */
        if (level_of(wheel, tick) > level ||
            (level_of(wheel, tick) < level && digit(wheel->tick, level) != digit(tick, level)))
                return false;
        link_timer(wheel, index, tick, level, false);
        return true;
}
