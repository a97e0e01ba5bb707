/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * SipHash-1-3: the keyed hash of every table whose keys come from outside.
 *
 * Without the key nobody can choose keys that collide, so a table stays O(1)
 * whatever is submitted. One compression and three finalisation rounds are what
 * the hash tables of several language run-times use; the full 2-4 is for
 * message authentication, which this is not.
 *
 *   Ownership  The key is the caller's; it comes from START and is part of the
 *              core's state, so that replay hashes alike.
 *   Cost       O(size), about 1.5 cycles a byte after 20 ns.
 *   Threads    Any: no state.
 */

#include <stddef.h>
#include <stdint.h>

struct acd_siphash_key {
        uint64_t low;
        uint64_t high;
};

uint64_t acd_siphash(const struct acd_siphash_key *key, const void *bytes, size_t size);

/* The same as acd_siphash() of the eight bytes of @value, lowest first. */
uint64_t acd_siphash_u64(const struct acd_siphash_key *key, uint64_t value);
