/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A hierarchical timing wheel over an array of timers, linked by index.
 *
 * Time is in ticks, whatever a tick is. Eight wheels of 64 slots reach 2^48
 * ticks. A timer is set and stopped in O(1) and moves down at most seven times
 * before it is due; nothing is scanned. Timers come out in the order of their
 * ticks, and those of one tick in the order in which they were set.
 *
 * Running is the caller's loop: acd_wheel_step() until it says that all is done,
 * or until the caller has had enough for now.
 *
 *   Ownership  Timers are the caller's array; element 0 is never used.
 *   Failure    Misuse is a bug and aborts. Nothing here can run out.
 *   Cost       O(1) each.
 *   Threads    None.
 */

#include <stdbool.h>
#include <stdint.h>

enum {
        ACD_WHEEL_LEVEL_COUNT = 8,
        ACD_WHEEL_SLOT_BITS = 6,
        ACD_WHEEL_SLOT_COUNT = 1 << ACD_WHEEL_SLOT_BITS,
        ACD_WHEEL_TICK_BITS = ACD_WHEEL_LEVEL_COUNT * ACD_WHEEL_SLOT_BITS,
};

#define ACD_WHEEL_TICK_MAX ((UINT64_C(1) << ACD_WHEEL_TICK_BITS) - 1)

struct acd_timer {
        uint64_t tick : 48;
        uint64_t place : 16; /* level x 64 + slot + 1, or 0 = not set */
        uint32_t prev;
        uint32_t next;
};

struct acd_wheel_slot {
        uint32_t first, last;
};

struct acd_wheel {
        struct acd_timer *timers;
        uint64_t tick;                        /* everything before it has run */
        uint64_t count;                       /* timers set */
        uint64_t used[ACD_WHEEL_LEVEL_COUNT]; /* a bit for each slot that is not empty */
        struct acd_wheel_slot slot[ACD_WHEEL_LEVEL_COUNT * ACD_WHEEL_SLOT_COUNT];
};

void acd_wheel_init(struct acd_wheel *wheel, struct acd_timer *timers);

static inline bool acd_wheel_is_set(const struct acd_wheel *wheel, uint32_t index)
{
        return wheel->timers[index].place != 0;
}

/* Set timer @index, which is not set, for @tick; one that is past is due now. */
void acd_wheel_set(struct acd_wheel *wheel, uint32_t index, uint64_t tick);

/* Stop timer @index, if it is set. */
void acd_wheel_stop(struct acd_wheel *wheel, uint32_t index);

/* One piece of the work of advancing to @tick: false when all is done, else true,
 * and @ret_index is a timer that is due, no longer set, or 0 when time or a timer
 * merely moved on. */
bool acd_wheel_step(struct acd_wheel *wheel, uint64_t tick, uint32_t *ret_index);

/* The first tick at which acd_wheel_step() has something to do: that of the next
 * timer, or an earlier one; UINT64_MAX when no timer is set. */
uint64_t acd_wheel_next(const struct acd_wheel *wheel);

/* Put timer @index at the end of a slot, as it was when the wheel was saved.
 * False: it cannot have been there. */
bool acd_wheel_restore(struct acd_wheel *wheel, uint32_t index, uint64_t tick, uint32_t place);
