/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A bump allocator over memory that somebody else owns.
 *
 *   Ownership  The caller owns the memory and keeps it until it has dropped the
 *              arena. What the arena hands out is never returned one by one:
 *              acd_arena_reset() takes all of it back at once.
 *   Failure    A request that does not fit gets NULL and changes nothing. The
 *              capacity is a hard cap; nothing here asks the system for more.
 *   Cost       O(1). Memory is handed out as it is, not cleared.
 *   Threads    One arena, one thread.
 */

#include <stddef.h>
#include <stdint.h>

struct acd_arena {
        uint8_t *memory;
        size_t capacity_size;
        size_t used_size;
        size_t high_water_size; /* the most that was ever in use */
};

void acd_arena_init(struct acd_arena *arena, void *memory, size_t size);

/* @size bytes aligned to @alignment (a power of two), or NULL when they do not
 * fit. A request for zero bytes gets a valid address that must not be read. */
void *acd_arena_alloc(struct acd_arena *arena, size_t size, size_t alignment)
        __attribute__((warn_unused_result));

/* Room for @count objects of @size bytes each; NULL also when the product does
 * not fit a size_t. */
void *acd_arena_alloc_array(struct acd_arena *arena, size_t count, size_t size, size_t alignment)
        __attribute__((warn_unused_result));

/* Everything handed out becomes free. The high water mark stays. */
void acd_arena_reset(struct acd_arena *arena);

/* Bytes still free, before any padding that an alignment may need. */
size_t acd_arena_free_size(const struct acd_arena *arena);
