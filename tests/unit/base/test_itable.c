/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hash table by index, against a naive model: a flag per key.
 */

#include <criterion/criterion.h>
#include <signal.h>

#include "base/itable.h"
#include "base/prng.h"

enum { KEY_COUNT = 64 };

/* Values are key numbers; the hash is bad on purpose, so that clusters form, wrap
 * around and several keys share all of it. */
static uint32_t bad_hash(uint32_t key)
{
        return key / 3 * 5 + UINT32_MAX - 20;
}

static bool is_match(const void *context, uint32_t value, const void *key)
{
        (void)context;
        return value == *(const uint32_t *)key;
}

/*
 * Goal    What is in is found, what is out is not, whatever was removed before.
 * Method  Random inserts and removals at full load; every key looked up each time.
 */
Test(itable, random_operations_agree_with_flags)
{
        struct acd_itable_slot slots[128] = { 0 };
        struct acd_itable table;
        struct acd_prng prng;
        bool is_in[KEY_COUNT + 1] = { 0 };

        cr_assert_eq(acd_itable_slot_count(KEY_COUNT), 128u);
        acd_itable_init(&table, slots, KEY_COUNT);
        acd_prng_init(&prng, 2);
        for (uint32_t round = 0; round < 20000; round++) {
                uint32_t key = 1 + (uint32_t)acd_prng_below(&prng, KEY_COUNT);

                if (is_in[key])
                        acd_itable_remove(&table, bad_hash(key), key);
                else
                        acd_itable_insert(&table, bad_hash(key), key);
                is_in[key] = !is_in[key];
                for (uint32_t k = 1; k <= KEY_COUNT; k++)
                        cr_assert_eq(acd_itable_find(&table, bad_hash(k), is_match, NULL, &k),
                                     is_in[k] ? k : 0);
        }
}

Test(itable, slot_counts_are_powers_of_two_at_half_load)
{
        cr_assert_eq(acd_itable_slot_count(0), 4u);
        cr_assert_eq(acd_itable_slot_count(2), 4u);
        cr_assert_eq(acd_itable_slot_count(3), 8u);
        cr_assert_eq(acd_itable_slot_count(1000), 2048u);
        cr_assert_eq(acd_itable_slot_count(1u << 30), 1u << 31);
}

Test(itable, passing_the_capacity_aborts, .signal = SIGABRT)
{
        struct acd_itable_slot slots[4] = { 0 };
        struct acd_itable table;

        acd_itable_init(&table, slots, 1);
        acd_itable_insert(&table, 1, 1);
        acd_itable_insert(&table, 2, 2);
}

Test(itable, removing_what_is_not_there_aborts, .signal = SIGABRT)
{
        struct acd_itable_slot slots[4] = { 0 };
        struct acd_itable table;

        acd_itable_init(&table, slots, 2);
        acd_itable_insert(&table, 1, 1);
        acd_itable_remove(&table, 1, 2);
}
