/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xoshiro256** by Blackman and Vigna, seeded through splitmix64 as its authors
 * advise: four outputs of a bijective mixer of four different inputs, of which
 * at most one can be zero.
 *
 * Bounded draws: the high half of a 64 x 64 bit product (Lemire, "Fast random
 * integer generation in an interval", 2019). A product whose low half falls
 * below 2^64 mod bound belongs to a value that would come up once too often and
 * is drawn again; the remainder is computed only when that can be the case at
 * all, so the usual draw costs one multiplication. Less than half of all draws
 * are repeated even for the worst bound.
 */

#include "base/prng.h"

#include "base/assert.h"

__extension__ typedef unsigned __int128 uint128;

static inline uint64_t rotate_left(uint64_t value, uint32_t bit_count)
{
        return value << bit_count | value >> (64 - bit_count);
}

static uint64_t splitmix_next(uint64_t *state)
{
        uint64_t mixed = *state += 0x9e3779b97f4a7c15;

        mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
        mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
        return mixed ^ mixed >> 31;
}

void acd_prng_init(struct acd_prng *prng, uint64_t seed)
{
        for (uint32_t i = 0; i < 4; i++)
                prng->state[i] = splitmix_next(&seed);
}

uint64_t acd_prng_next(struct acd_prng *prng)
{
        uint64_t *s = prng->state;
        uint64_t result = rotate_left(s[1] * 5, 7) * 9;
        uint64_t shifted = s[1] << 17;

        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= shifted;
        s[3] = rotate_left(s[3], 45);
        return result;
}

uint64_t acd_prng_below(struct acd_prng *prng, uint64_t bound)
{
        ACD_ASSERT(bound > 0);

        uint128 product = (uint128)acd_prng_next(prng) * bound;

        if ((uint64_t)product < bound) {
                uint64_t surplus = -bound % bound; /* 2^64 mod bound */

                while ((uint64_t)product < surplus)
                        product = (uint128)acd_prng_next(prng) * bound;
        }
        return (uint64_t)(product >> 64);
}

bool acd_prng_chance(struct acd_prng *prng, uint64_t numerator, uint64_t denominator)
{
        ACD_ASSERT(numerator <= denominator);

        return acd_prng_below(prng, denominator) < numerator;
}
