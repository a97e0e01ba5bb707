/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The timing wheel, against a naive model: an array searched for the smallest
 * (tick, order of setting).
 */

#include <criterion/criterion.h>

#include "base/prng.h"
#include "base/wheel.h"

enum { TIMER_COUNT = 400 };

struct naive {
        bool is_set;
        uint64_t tick;
        uint64_t order;
};

static uint32_t naive_next(const struct naive *naive)
{
        uint32_t best = 0;

        for (uint32_t i = 1; i <= TIMER_COUNT; i++)
                if (naive[i].is_set && (best == 0 || naive[i].tick < naive[best].tick ||
                                        (naive[i].tick == naive[best].tick &&
                                         naive[i].order < naive[best].order)))
                        best = i;
        return best;
}

static uint64_t random_delay(struct acd_prng *prng)
{
        return acd_prng_next(prng) >> (16 + acd_prng_below(prng, 48));
}

/* A world: a wheel and its model, side by side. */
struct world {
        struct acd_timer timers[TIMER_COUNT + 1];
        struct naive naive[TIMER_COUNT + 1];
        struct acd_wheel wheel;
        struct acd_prng prng;
        uint64_t now;
        uint64_t order;
};

static void toggle(struct world *world)
{
        uint32_t index = 1 + (uint32_t)acd_prng_below(&world->prng, TIMER_COUNT);
        struct naive *naive = &world->naive[index];

        cr_assert_eq(acd_wheel_is_set(&world->wheel, index), naive->is_set);
        if (naive->is_set) {
                acd_wheel_stop(&world->wheel, index);
                naive->is_set = false;
        } else {
                naive->tick = world->now + random_delay(&world->prng) % (UINT64_C(1) << 40);
                naive->order = world->order++;
                naive->is_set = true;
                acd_wheel_set(&world->wheel, index, naive->tick);
        }
}

/* Advance to @tick, at most @budget pieces; true when all is done. */
static bool advance(struct world *world, uint64_t tick, uint32_t budget)
{
        uint32_t index;

        for (; budget > 0; budget--) {
                if (!acd_wheel_step(&world->wheel, tick, &index))
                        return true;
                if (index == 0)
                        continue;
                cr_assert_eq(index, naive_next(world->naive));
                cr_assert_leq(world->naive[index].tick, tick, "early");
                world->naive[index].is_set = false;
        }
        return false;
}

/*
 * Goal    Timers come out by tick, then by order of setting; never early; the
 *         next tick is never told too late; also when the work is interrupted and
 *         timers are set and stopped in between.
 */
Test(wheel, random_operations_agree_with_scans)
{
        static struct world world;

        acd_wheel_init(&world.wheel, world.timers);
        acd_prng_init(&world.prng, 4);
        for (uint32_t round = 0; round < 30000; round++) {
                uint64_t next = acd_wheel_next(&world.wheel);
                uint32_t first = naive_next(world.naive);

                cr_assert(first == 0 ? next == UINT64_MAX : next <= world.naive[first].tick);
                if (acd_prng_chance(&world.prng, 2, 3)) {
                        toggle(&world);
                        continue;
                }
                if (acd_prng_chance(&world.prng, 1, 2))
                        world.now += random_delay(&world.prng) % 100000;
                if (advance(&world, world.now, 1 + (uint32_t)acd_prng_below(&world.prng, 60))) {
                        first = naive_next(world.naive);
                        cr_assert(first == 0 || world.naive[first].tick > world.now, "late");
                }
        }
}

/*
 * Goal    Asking acd_wheel_next() and advancing to it ends at the timer after a
 *         few steps: a lone timer does not cost a walk.
 */
Test(wheel, a_lone_timer_is_reached_in_a_few_hops)
{
        static struct acd_timer timers[2];
        struct acd_wheel wheel;
        uint32_t index = 0;
        uint32_t hop_count = 0;

        acd_wheel_init(&wheel, timers);
        acd_wheel_set(&wheel, 1, 123456789012);
        while (index == 0) {
                uint64_t next = acd_wheel_next(&wheel);

                cr_assert_leq(next, 123456789012u);
                while (index == 0 && acd_wheel_step(&wheel, next, &index))
                        ;
                hop_count++;
        }
        cr_assert_eq(wheel.tick, 123456789012u);
        cr_assert_leq(hop_count, 8u);
        cr_assert_eq(acd_wheel_next(&wheel), UINT64_MAX);
}

/* Saved and put back slot by slot, the wheel goes on as before. */
Test(wheel, restored_wheels_fire_alike)
{
        static struct world world;
        static struct acd_timer copy_timers[TIMER_COUNT + 1];
        struct acd_wheel copy;
        uint32_t left = 0, right = 0;

        acd_wheel_init(&world.wheel, world.timers);
        acd_prng_init(&world.prng, 5);
        for (uint32_t i = 0; i < 2000; i++) {
                toggle(&world);
                world.now += acd_prng_below(&world.prng, 5000);
                if (i % 10 == 0)
                        advance(&world, world.now, 20);
        }
        acd_wheel_init(&copy, copy_timers);
        copy.tick = world.wheel.tick;
        for (uint32_t place = 1; place <= 512; place++) {
                uint32_t at = world.wheel.slot[place - 1].first;

                for (; at != 0; at = world.timers[at].next) {
                        cr_assert(acd_wheel_restore(&copy, at, world.timers[at].tick, place));
                        cr_assert_not(acd_wheel_restore(&copy, at, world.timers[at].tick, place));
                }
        }
        cr_assert_eq(copy.count, world.wheel.count);
        cr_assert_gt(copy.count, 100u);
        while (copy.count > 0 || world.wheel.count > 0) {
                bool is_left = acd_wheel_step(&world.wheel, UINT64_MAX, &left);

                cr_assert_eq(acd_wheel_step(&copy, UINT64_MAX, &right), is_left);
                cr_assert_eq(left, right);
        }
        cr_assert_not(acd_wheel_restore(&copy, 1, copy.tick + 1, 0));
        cr_assert_not(acd_wheel_restore(&copy, 1, copy.tick + 1, 513));
        cr_assert_not(acd_wheel_restore(&copy, 1, 0, 1));
}
