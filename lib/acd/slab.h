/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * slab.h - from an index to its slot and its id, inline: every step does this a
 * few dozen times. Only lib/acd may include it. See slab.c.
 */

#include "acd/core.h"
#include "base/assert.h"
#include "base/id.h"

static inline uint32_t acd_tag(uint32_t kind, uint32_t owner)
{
        return kind << CORE_OWNER_BITS | owner;
}

static inline uint32_t acd_tag_owner(uint32_t tag)
{
        return tag & ((UINT32_C(1) << CORE_OWNER_BITS) - 1);
}

static inline struct acd_slot *acd_slab_slot(const struct acd_slab *slab, uint32_t index)
{
        ACD_ASSERT(index - 1 < slab->capacity);
        return (struct acd_slot *)(void *)((char *)slab->base + (size_t)index * slab->stride);
}

static inline struct acd_ispace acd_slab_space(const struct acd_slab *slab)
{
        return (struct acd_ispace){ (char *)slab->base + offsetof(struct acd_slot, link),
                                    slab->stride };
}

static inline bool acd_slab_is_live(const struct acd_slab *slab, uint32_t index)
{
        return index - 1 < slab->top && acd_slab_slot(slab, index)->link.list != slab->free.tag;
}

/* The id of the object in a slot; 0 for index 0. The same as acd_id_make(), whose
 * form base/id.h fixes. */
static inline uint64_t acd_id_of(const struct acd *acd, const struct acd_slab *slab, uint32_t index)
{
        if (index == 0)
                return 0;
        return (uint64_t)acd->shard << (ACD_ID_SLOT_BITS + ACD_ID_GENERATION_BITS) |
               (uint64_t)index << ACD_ID_GENERATION_BITS | acd_slab_slot(slab, index)->generation;
}
