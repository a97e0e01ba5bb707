/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The map from numbers to numbers, beside a plain array.
 */

#include <criterion/criterion.h>
#include <errno.h>

#include "base/prng.h"
#include "clients/c/map.h"

/*
 * Goal    The map finds what was put and not removed, whatever the order.
 * Method  Random puts and removals beside a plain array.
 */
Test(map, agrees_with_an_array)
{
        enum { KEYS = 400, ROUNDS = 100000 };
        static bool is_there[KEYS + 1];
        struct client_map map;
        struct acd_prng prng;
        uint32_t count = 0;

        acd_prng_init(&prng, 11);
        client_map_init(&map, KEYS);
        for (int i = 0; i < ROUNDS; i++) {
                uint64_t key = 1 + acd_prng_below(&prng, KEYS);

                if (acd_prng_chance(&prng, 1, 2)) {
                        cr_assert_eq(client_map_put(&map, key << 28 | 1, (uint32_t)key), 0);
                        count += !is_there[key];
                        is_there[key] = true;
                } else {
                        client_map_remove(&map, key << 28 | 1);
                        count -= is_there[key];
                        is_there[key] = false;
                }
                cr_assert_eq(map.count, count);
                key = 1 + acd_prng_below(&prng, KEYS);
                cr_assert_eq(client_map_get(&map, key << 28 | 1, NULL), is_there[key]);
        }
        client_map_fini(&map);
        client_map_init(&map, 1);
        cr_assert_eq(client_map_put(&map, 1, 1), 0);
        cr_assert_eq(client_map_put(&map, 2, 1), -ENOBUFS);
        client_map_fini(&map);
}
