/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory in this program has three lives: the process, the turn and the
 * connection. An arena serves the first two: at start everything that the
 * limits demand is carved out of one block, and per turn the decoders of
 * untrusted messages get one with a hard cap, so that a small frame which
 * unpacks into megabytes is refused instead of served.
 *
 * There is no free(). Whoever needs one wants a slab or a list of free things,
 * which know the type of what they hold.
 *
 * The alignment is taken of the address, not of the offset, so the block itself
 * may start anywhere.
 */

#include "base/arena.h"

#include "base/assert.h"

void acd_arena_init(struct acd_arena *arena, void *memory, size_t size)
{
        ACD_ASSERT(memory != NULL || size == 0);

        *arena = (struct acd_arena){ .memory = memory, .capacity_size = size };
}

void *acd_arena_alloc(struct acd_arena *arena, size_t size, size_t alignment)
{
        ACD_ASSERT(alignment > 0);
        ACD_ASSERT((alignment & (alignment - 1)) == 0);
        ACD_ASSERT(arena->used_size <= arena->capacity_size);

        uintptr_t address = (uintptr_t)arena->memory + arena->used_size;
        size_t padding_size = (size_t)(-address & (alignment - 1));
        size_t free_size = arena->capacity_size - arena->used_size;

        if (padding_size > free_size || size > free_size - padding_size)
                return NULL;

        uint8_t *start = arena->memory + arena->used_size + padding_size;

        arena->used_size += padding_size + size;
        if (arena->high_water_size < arena->used_size)
                arena->high_water_size = arena->used_size;
        return start;
}

void *acd_arena_alloc_array(struct acd_arena *arena, size_t count, size_t size, size_t alignment)
{
        if (size != 0 && count > SIZE_MAX / size)
                return NULL;
        return acd_arena_alloc(arena, count * size, alignment);
}

void acd_arena_reset(struct acd_arena *arena)
{
        arena->used_size = 0;
}

size_t acd_arena_free_size(const struct acd_arena *arena)
{
        return arena->capacity_size - arena->used_size;
}
