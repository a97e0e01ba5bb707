/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Core time from two clocks: never back, at a rate, across a stop.
 */

#include <criterion/criterion.h>

#include "daemon/clock.h"

#define S UINT64_C(1000000000)

static uint64_t boot_now;
static int64_t wall_now;

static uint64_t boot_ns(void *self)
{
        (void)self;
        return boot_now;
}

static int64_t wall_ns(void *self)
{
        (void)self;
        return wall_now;
}

static const struct world_clock world = { boot_ns, wall_ns, NULL };

Test(clock, follows_boot_time_and_not_the_wall)
{
        struct clock clock;

        boot_now = 100 * S;
        clock_start(&clock, &world, 1, 7 * S);
        boot_now += 3 * S;
        wall_now += 1000000;
        clock_turn(&clock);
        cr_assert_eq(clock_now(&clock), 10 * S);
        boot_now -= 2 * S; /* cannot happen; must not hurt */
        clock_turn(&clock);
        cr_assert_eq(clock_now(&clock), 10 * S);
}

Test(clock, a_rehearsal_runs_at_its_rate)
{
        struct clock clock;

        boot_now = 0;
        clock_start(&clock, &world, 300, S);
        boot_now += 2 * S;
        clock_turn(&clock);
        cr_assert_eq(clock_now(&clock), 601 * S);
        cr_assert_eq(clock_real(&clock), 2 * S);
        cr_assert_eq(clock_real_until(&clock, 601 * S), 0);
        cr_assert_eq(clock_real_until(&clock, 601 * S + 300), 1);
        cr_assert_eq(clock_real_until(&clock, 601 * S + 301), 2);
}

/* Goal    Far beyond any run it stands still instead of jumping back. */
Test(clock, an_overflow_is_pinned)
{
        struct clock clock;

        boot_now = 0;
        clock_start(&clock, &world, CLOCK_RATE_MAX, S);
        boot_now = UINT64_MAX / 2;
        clock_turn(&clock);
        cr_assert_eq(clock_now(&clock), UINT64_MAX);
}

Test(clock, downtime_is_believed_within_bounds)
{
        uint64_t most = CLOCK_DOWNTIME_NS_MAX;

        cr_assert_eq(clock_downtime(0, (int64_t)(5 * S), 1, most), 5 * S);
        cr_assert_eq(clock_downtime((int64_t)(5 * S), 0, 1, most), 0);
        cr_assert_eq(clock_downtime(0, (int64_t)(8 * 86400 * S), 1, most), most);
        cr_assert_eq(clock_downtime(0, (int64_t)(5 * S), 300, most), 1500 * S);
        cr_assert_eq(clock_downtime(INT64_MIN, INT64_MAX, 300, most), most);
}
