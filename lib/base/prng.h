/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A seeded generator of random numbers: xoshiro256**.
 *
 * Chance in the core, the simulator and the tests comes from here and nowhere
 * else, so that a seed repeats everything. Not for secrets.
 *
 *   Ownership  The state is the caller's, four words, part of snapshots. It must
 *              not be all zero; acd_prng_init() sees to that.
 *   Cost       O(1), about a nanosecond.
 *   Threads    One generator, one thread.
 *
 * No floating point: a chance is a ratio of whole numbers.
 */

#include <stdbool.h>
#include <stdint.h>

struct acd_prng {
        uint64_t state[4];
};

/* Any seed will do, zero too; near seeds give unrelated sequences. */
void acd_prng_init(struct acd_prng *prng, uint64_t seed);

/* The next 64 random bits. */
uint64_t acd_prng_next(struct acd_prng *prng);

/* A number from 0 to @bound - 1, each exactly as likely. @bound is not zero. */
uint64_t acd_prng_below(struct acd_prng *prng, uint64_t bound);

/* True @numerator times of @denominator. */
bool acd_prng_chance(struct acd_prng *prng, uint64_t numerator, uint64_t denominator);
