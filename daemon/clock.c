/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Core time.
 *
 * CLOCK_BOOTTIME and not CLOCK_MONOTONIC: a laptop or a virtual machine that was
 * suspended for a minute has let its customers wait for that minute. Not the
 * coarse clocks: their resolution of 4 ms is longer than most waits here.
 *
 * Multiplying by the rate cannot overflow in any run: 2^64 ns at rate 100,000
 * is 51 hours of real time, after which the sum is pinned to the largest value;
 * a rehearsal of that length and speed is a mistake, and it ends in a clock that
 * stands still, not in one that jumps back. At rate 1 it is 584 years.
 */

#include "daemon/clock.h"

#include <time.h>

#include "base/assert.h"

#define NS_PER_S UINT64_C(1000000000)

static uint64_t read_boot(void *self)
{
        struct timespec now;

        (void)self;
        ACD_ASSERT(clock_gettime(CLOCK_BOOTTIME, &now) == 0);
        return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static int64_t read_wall(void *self)
{
        struct timespec now;

        (void)self;
        ACD_ASSERT(clock_gettime(CLOCK_REALTIME, &now) == 0);
        return (int64_t)now.tv_sec * (int64_t)NS_PER_S + now.tv_nsec;
}

const struct world_clock world_clock_os = { .boot_ns = read_boot, .wall_ns = read_wall };

static uint64_t multiply(uint64_t value, uint64_t by)
{
        uint64_t product;

        return __builtin_mul_overflow(value, by, &product) ? UINT64_MAX : product;
}

void clock_start(struct clock *clock, const struct world_clock *world, uint64_t rate,
                 acd_time core_now)
{
        ACD_ASSERT(rate >= 1);
        ACD_ASSERT(rate <= CLOCK_RATE_MAX);

        *clock = (struct clock){
                .world = world,
                .rate = rate,
                .boot_base = world->boot_ns(world->self),
                .core_base = core_now,
                .now = core_now,
        };
        clock->real = clock->boot_base;
}

void clock_turn(struct clock *clock)
{
        uint64_t real = clock->world->boot_ns(clock->world->self);
        acd_time now;

        if (real < clock->real)
                real = clock->real;
        if (__builtin_add_overflow(clock->core_base, multiply(real - clock->boot_base, clock->rate),
                                   &now))
                now = UINT64_MAX;

        clock->real = real;
        clock->now = now;
}

acd_time clock_now(const struct clock *clock)
{
        return clock->now;
}

uint64_t clock_real(const struct clock *clock)
{
        return clock->real;
}

int64_t clock_wall(const struct clock *clock)
{
        return clock->world->wall_ns(clock->world->self);
}

uint64_t clock_downtime(int64_t then, int64_t now, uint64_t rate, uint64_t downtime_ns_max)
{
        uint64_t passed;

        if (now <= then)
                return 0;
        passed = multiply((uint64_t)now - (uint64_t)then, rate);
        return passed > downtime_ns_max ? downtime_ns_max : passed;
}

uint64_t clock_real_until(const struct clock *clock, acd_time due)
{
        if (due <= clock->now)
                return 0;
        /* Rounded up: waking early would only mean to wait again. */
        return (due - clock->now - 1) / clock->rate + 1;
}
