/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A hash table from a 32-bit hash to an array element's number.
 *
 * Open addressing, at most half full, linear probing. An entry is eight bytes:
 * the hash and a value other than 0; the caller keeps the keys and says whether
 * a value is the one looked for. Removal moves later entries of the cluster
 * back, so no tombstones gather. Where an entry stands depends on the table's
 * size and history, so nobody may look: the table cannot be walked.
 *
 * With a keyed hash (base/siphash.h) nobody outside can make a cluster.
 *
 *   Ownership  Slots are the caller's memory: acd_itable_slot_count() of them,
 *              zeroed.
 *   Failure    More than the capacity is a bug and aborts.
 *   Cost       O(1) expected; a probe is next to the one before it.
 *   Threads    None.
 */

#include <stdbool.h>
#include <stdint.h>

struct acd_itable_slot {
        uint32_t hash;
        uint32_t value; /* 0 = free */
};

struct acd_itable {
        struct acd_itable_slot *slots;
        uint32_t mask;
        uint32_t count;
        uint32_t capacity;
};

/* Slots for @capacity entries: a power of two, at least twice as many. */
uint32_t acd_itable_slot_count(uint32_t capacity);

void acd_itable_init(struct acd_itable *table, struct acd_itable_slot *slots, uint32_t capacity);

/* The value of the entry with @hash for which @is_match(@context, value, @key), or 0. */
uint32_t acd_itable_find(const struct acd_itable *table, uint32_t hash,
                         bool (*is_match)(const void *context, uint32_t value, const void *key),
                         const void *context, const void *key);

/* A hint that @hash will be looked up soon: its slots come into the cache. */
static inline void acd_itable_prefetch(const struct acd_itable *table, uint32_t hash)
{
        __builtin_prefetch(&table->slots[hash & table->mask], 1);
}

void acd_itable_insert(struct acd_itable *table, uint32_t hash, uint32_t value);

/* The entry with this hash and value must be there. */
void acd_itable_remove(struct acd_itable *table, uint32_t hash, uint32_t value);
