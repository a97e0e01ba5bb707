/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The running hash: order and every bit count, the values are pinned because
 * they are in journals.
 */

#include <criterion/criterion.h>

#include "base/hash64.h"
#include "base/prng.h"

static uint64_t hash_of(uint64_t seed, const uint64_t *words, size_t count)
{
        struct acd_hash64 hash;

        acd_hash64_init(&hash, seed);
        for (size_t i = 0; i < count; i++)
                acd_hash64_add_u64(&hash, words[i]);
        return acd_hash64_value(&hash);
}

static uint64_t hash_of_bytes(const void *bytes, size_t size)
{
        struct acd_hash64 hash;

        acd_hash64_init(&hash, 0);
        acd_hash64_add_bytes(&hash, bytes, size);
        return acd_hash64_value(&hash);
}

/* Goal    The values are the format: they never change by accident.
 * Method  Values of a second implementation, written in another language from the
 *         words in hash64.h. */
Test(hash64, pinned_values)
{
        cr_assert_eq(hash_of(0, NULL, 0), UINT64_C(0x84d7832971ee3cf3));
        cr_assert_eq(hash_of(1, (uint64_t[]){ 1, 2, 3 }, 3), UINT64_C(0x9a34c47c3a027f4a));
        cr_assert_eq(hash_of_bytes("acdd", 4), UINT64_C(0xe30c1f3edfa50cb6));
        cr_assert_eq(hash_of_bytes("contact distributor", 19), UINT64_C(0x72c99c18c99d8969));
}

/* Goal    Every single bit of any word changes about half of the digest. */
Test(hash64, each_bit_matters)
{
        uint64_t words[4] = { 1, 0, UINT64_MAX, 42 };
        uint64_t base = hash_of(9, words, 4);
        int flipped_sum = 0;

        for (int bit = 0; bit < 256; bit++) {
                words[bit / 64] ^= (uint64_t)1 << bit % 64;
                uint64_t other = hash_of(9, words, 4);
                words[bit / 64] ^= (uint64_t)1 << bit % 64;
                int flipped = __builtin_popcountll(base ^ other);

                cr_assert_geq(flipped, 8, "bit %d flips only %d", bit, flipped);
                flipped_sum += flipped;
        }
        cr_assert_geq(flipped_sum, 256 * 30);
        cr_assert_leq(flipped_sum, 256 * 34);
}

/* Goal    Order, count and zero words count, from a zero state too. */
Test(hash64, order_and_count_matter)
{
        uint64_t zeros[3] = { 0 };

        cr_assert_neq(hash_of(0, (uint64_t[]){ 1, 2 }, 2), hash_of(0, (uint64_t[]){ 2, 1 }, 2));
        cr_assert_neq(hash_of(0, zeros, 1), hash_of(0, zeros, 2));
        cr_assert_neq(hash_of(0, zeros, 2), hash_of(0, zeros, 3));
        cr_assert_neq(hash_of(0, zeros, 0), hash_of(0, zeros, 1));
        cr_assert_neq(hash_of(0, zeros, 1), hash_of(1, zeros, 1));
}

/* Goal    Neighbouring byte fields do not run into each other, and the padding
 *         of the last word is no content. */
Test(hash64, byte_fields_are_delimited)
{
        struct acd_hash64 left;
        struct acd_hash64 right;

        acd_hash64_init(&left, 0);
        acd_hash64_init(&right, 0);
        acd_hash64_add_bytes(&left, "ab", 2);
        acd_hash64_add_bytes(&left, "c", 1);
        acd_hash64_add_bytes(&right, "a", 1);
        acd_hash64_add_bytes(&right, "bc", 2);
        cr_assert_neq(acd_hash64_value(&left), acd_hash64_value(&right));
        cr_assert_neq(hash_of_bytes("ab", 2), hash_of_bytes("ab\0", 3));
        cr_assert_neq(hash_of_bytes("", 0), hash_of_bytes("\0", 1));
        cr_assert_neq(hash_of_bytes("12345678", 8), hash_of_bytes("12345678\0", 9));
}

/* Goal    Reading the value does not disturb the running state. */
Test(hash64, value_does_not_disturb)
{
        struct acd_hash64 hash;

        acd_hash64_init(&hash, 4);
        acd_hash64_add_u64(&hash, 5);
        uint64_t state = hash.state;

        cr_assert_eq(acd_hash64_value(&hash), acd_hash64_value(&hash));
        cr_assert_eq(hash.state, state);
}

/* Goal    One step is a bijection: different words never meet.
 * Method  The step undone, by the inverses of its multipliers, gives the word. */
Test(hash64, one_step_can_be_undone)
{
        struct acd_prng prng;

        acd_prng_init(&prng, 11);
        for (int i = 0; i < 10000; i++) {
                struct acd_hash64 hash = { acd_prng_next(&prng) };
                uint64_t before = hash.state;
                uint64_t word = acd_prng_next(&prng);

                acd_hash64_add_u64(&hash, word);
                uint64_t back = hash.state;

                back = back ^ back >> 29 ^ back >> 58;
                back *= UINT64_C(0x319642b2d24d8ec3);
                back = back ^ back >> 32;
                back = back * UINT64_C(0x96de1b173f119089) - UINT64_C(0x9e3779b97f4a7c15);
                cr_assert_eq(back ^ before, word);
        }
}

static uint64_t of_block(const uint8_t *bytes, size_t size)
{
        struct acd_hash64 hash;

        acd_hash64_init(&hash, 5);
        acd_hash64_add_block(&hash, bytes, size);
        return acd_hash64_value(&hash);
}

/* Goal    A block differs from every block that has another bit, is shorter, or has two of its
 *         words exchanged, whatever lanes they were in.
 * Method  Blocks of random bytes of every size to some lines of four words and a rest. */
Test(hash64, blocks_differ)
{
        uint8_t bytes[5 * 32];
        struct acd_prng prng;

        acd_prng_init(&prng, 3);
        for (size_t i = 0; i < sizeof(bytes); i++)
                bytes[i] = (uint8_t)acd_prng_next(&prng);
        for (size_t size = 0; size <= sizeof(bytes); size++) {
                uint64_t value = of_block(bytes, size);

                cr_assert(size == 0 || of_block(bytes, size - 1) != value, "%zu bytes", size);
                for (size_t bit = 0; bit < 8 * size; bit++) {
                        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
                        cr_assert_neq(of_block(bytes, size), value, "bit %zu of %zu", bit, size);
                        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
                }
        }
        for (size_t left = 0; left < sizeof(bytes); left += 8)
                for (size_t right = left + 8; right < sizeof(bytes); right += 8) {
                        uint64_t value = of_block(bytes, sizeof(bytes));
                        uint8_t word[8];

                        memcpy(word, bytes + left, 8);
                        memcpy(bytes + left, bytes + right, 8);
                        memcpy(bytes + right, word, 8);
                        cr_assert_neq(of_block(bytes, sizeof(bytes)), value, "%zu, %zu", left,
                                      right);
                }
}
