/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * carve.h - all memory of the daemon, from one block, in two passes.
 *
 * The first pass runs without memory and adds up what is asked for; the second
 * hands out the same pieces of a block of that size. One function
 * (shard_carve()) serves both, so that they cannot disagree; `acdd --memory`
 * prints the first pass.
 *
 *   Ownership  The block is the caller's.
 *   Failure    None: what the first pass counted, the second has.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/assert.h"

enum { CARVE_ALIGNMENT = 64, CARVE_ROW_MAX = 48 };

struct carve_row {
        const char *what;
        size_t size;
};

struct carve {
        uint8_t *block; /* NULL in the first pass */
        size_t size;
        size_t used_size;
        uint32_t row_count;
        struct carve_row row[CARVE_ROW_MAX];
};

/* @size bytes for @what; NULL in the first pass. */
static inline void *carve(struct carve *carve, const char *what, size_t size)
{
        size_t at = carve->used_size;

        carve->used_size += (size + CARVE_ALIGNMENT - 1) & ~(size_t)(CARVE_ALIGNMENT - 1);
        ACD_ASSERT(carve->row_count < CARVE_ROW_MAX);
        carve->row[carve->row_count++] = (struct carve_row){ what, size };
        if (carve->block == NULL)
                return NULL;
        ACD_ASSERT(carve->used_size <= carve->size);
        return carve->block + at;
}
