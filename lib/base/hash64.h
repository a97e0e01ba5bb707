/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A running 64-bit hash for digests: does a replay say what the run said?
 *
 * Not keyed and not for hash tables (siphash.h), nor against an attacker; it
 * finds accidents. Each word goes through a bijection of the state, so two
 * sequences that differ in exactly one word never have the same digest, and two
 * that differ otherwise do with probability 2^-64.
 *
 *   Ownership  The state is the caller's, one word, and may be copied, stored
 *              and continued: the digest chain of the journal does.
 *   Cost       About 10 cycles a word of eight bytes.
 *   Threads    One state, one thread.
 *
 * The values are part of the journal's format: changing the function is a change
 * of the logic version.
 */

#include <stddef.h>
#include <stdint.h>

struct acd_hash64 {
        uint64_t state;
};

static inline void acd_hash64_init(struct acd_hash64 *hash, uint64_t seed)
{
        hash->state = seed;
}

/* One step. The odd constant (2^64 over the golden ratio) keeps a zero state
 * that meets a zero word from staying zero; both multipliers are odd and both
 * shifts fold the well-mixed upper bits down, so the step is a bijection of
 * (state ^ value). The multipliers are those of the splitmix64 finaliser. */
static inline void acd_hash64_add_u64(struct acd_hash64 *hash, uint64_t value)
{
        uint64_t mixed = hash->state ^ value;

        mixed = (mixed + 0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9;
        mixed = (mixed ^ mixed >> 32) * 0x94d049bb133111eb;
        hash->state = mixed ^ mixed >> 29;
}

/* Adds the size and then the bytes, so that neighbouring fields cannot run into
 * each other: ("ab", "c") and ("a", "bc") differ. */
void acd_hash64_add_bytes(struct acd_hash64 *hash, const void *bytes, size_t size);

/* The same for what is long: four words at a time, each in a state of its own, which end up in
 * @hash one after the other. About two cycles a word. Not the value of acd_hash64_add_bytes(). */
void acd_hash64_add_block(struct acd_hash64 *hash, const void *bytes, size_t size);

/* The digest so far. Every bit of it depends on every bit added; the state runs
 * on untouched. */
uint64_t acd_hash64_value(const struct acd_hash64 *hash);
