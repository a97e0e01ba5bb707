/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who stands where: whatever is added, moved and removed, the rank is the number
 * of those who a look at everybody finds before it.
 */

#include <criterion/criterion.h>

#include "clients/cli/queue_order.h"

enum { PLACES = 300, STEPS = 20000, SEED = 8117 };

static struct queue_order_key keys[PLACES];
static bool is_there[PLACES];

static bool is_before(const struct queue_order_key *a, const struct queue_order_key *b)
{
        if (a->band != b->band)
                return a->band > b->band;
        if (a->arrival_ns != b->arrival_ns)
                return a->arrival_ns < b->arrival_ns;
        return a->turn < b->turn;
}

static uint32_t looked_up(uint32_t place)
{
        uint32_t before = 0;

        for (uint32_t i = 0; i < PLACES; i++)
                before += is_there[i] && keys[i].queue == keys[place].queue &&
                          is_before(&keys[i], &keys[place]);
        return before;
}

Test(queue_order, ranks_are_those_of_a_look_at_everybody)
{
        struct queue_order order;
        struct acd_prng prng;

        acd_prng_init(&prng, SEED);
        queue_order_init(&order);
        cr_assert_eq(queue_order_reserve(&order, PLACES / 2), 0);
        for (uint32_t i = 0; i < STEPS; i++) {
                /* Room grows on the way. */
                uint32_t places = i < STEPS / 2 ? PLACES / 2 : PLACES;
                uint32_t place = (uint32_t)acd_prng_below(&prng, places);

                if (i == STEPS / 2)
                        cr_assert_eq(queue_order_reserve(&order, PLACES), 0);
                if (is_there[place]) {
                        cr_assert_eq(queue_order_before(&order, place), looked_up(place));
                        queue_order_remove(&order, place);
                        is_there[place] = false;
                        continue;
                }
                keys[place] = (struct queue_order_key){
                        .queue = 1 + acd_prng_below(&prng, 3),
                        .band = (uint8_t)(acd_prng_chance(&prng, 1, 4) ? 255 : 8),
                        .arrival_ns = (int64_t)acd_prng_below(&prng, 10) - 5,
                        .turn = i,
                };
                queue_order_add(&order, place, keys[place]);
                is_there[place] = true;
                cr_assert_eq(queue_order_before(&order, place), looked_up(place));
        }
        queue_order_clear(&order);
        queue_order_add(&order, 0, keys[0]);
        cr_assert_eq(queue_order_before(&order, 0), 0);
        queue_order_fini(&order);
}
