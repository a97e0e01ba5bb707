/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * 64-bit ids of contacts, agents, assignments and everything else that is named
 * outside the core.
 *
 *      63      54 53                 28 27                    0
 *      |  shard  |        slot         |      generation      |
 *        10 bits         26 bits               28 bits
 *
 * The slot finds the object without a hash; the generation tells the object
 * that is there now from those that were there before. A generation is never
 * zero, hence an id is never zero, and zero can mean "none".
 *
 * As text an id is 13 characters of Crockford's base32 in lower case, highest
 * bits first, so that text and number sort alike. There is exactly one spelling:
 * the parser takes no upper case, no look-alikes and no other length.
 *
 *   Failure    acd_id_parse() refuses; parts out of range are a bug and abort.
 *   Cost       O(1).
 *   Threads    Any: no state.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/assert.h"

enum {
        ACD_ID_SHARD_BITS = 10,
        ACD_ID_SLOT_BITS = 26,
        ACD_ID_GENERATION_BITS = 28,

        ACD_ID_SHARD_MAX = (1 << ACD_ID_SHARD_BITS) - 1,
        ACD_ID_SLOT_MAX = (1 << ACD_ID_SLOT_BITS) - 1,
        ACD_ID_GENERATION_MAX = (1 << ACD_ID_GENERATION_BITS) - 1,

        ACD_ID_TEXT_LENGTH = 13,                   /* 64 bits in fives, rounded up */
        ACD_ID_TEXT_SIZE = ACD_ID_TEXT_LENGTH + 1, /* with the closing zero */
};

struct acd_id_parts {
        uint32_t shard;
        uint32_t slot;
        uint32_t generation; /* 1 to ACD_ID_GENERATION_MAX */
};

/* The id of these parts, which must be in range. */
uint64_t acd_id_make(struct acd_id_parts parts);

/* The parts of @id. Any number has parts; acd_id_is_valid() tells ids. */
static inline struct acd_id_parts acd_id_split(uint64_t id)
{
        return (struct acd_id_parts){
                .shard = (uint32_t)(id >> (ACD_ID_SLOT_BITS + ACD_ID_GENERATION_BITS)),
                .slot = (uint32_t)(id >> ACD_ID_GENERATION_BITS) & ACD_ID_SLOT_MAX,
                .generation = (uint32_t)id & ACD_ID_GENERATION_MAX,
        };
}

/* Its generation is not zero. */
bool acd_id_is_valid(uint64_t id);

/* The generation that follows @generation in the same slot: wraps to 1. */
static inline uint32_t acd_id_next_generation(uint32_t generation)
{
        ACD_ASSERT(generation <= ACD_ID_GENERATION_MAX);
        return generation == ACD_ID_GENERATION_MAX ? 1 : generation + 1;
}

/* Write @id, which may be zero, as text with a closing zero. */
void acd_id_format(uint64_t id, char ret_text[ACD_ID_TEXT_SIZE]);

/* Read exactly what acd_id_format() writes of a valid id, @text_size characters
 * without a closing zero. Returns false for anything else. */
bool acd_id_parse(const char *text, size_t text_size, uint64_t *ret_id)
        __attribute__((warn_unused_result));
