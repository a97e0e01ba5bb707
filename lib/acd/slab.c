/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slabs: arrays of objects, some of them free.
 *
 * A free slot is in the free list of its slab, so "free" is a state like any
 * other. Slots are used again first in, first out, and only when enough of them
 * are free (the quarantine): so an id that somebody kept stays recognisable as
 * gone for a long time, and its generation does not wrap early. The quarantine
 * lies beyond the limit: capacity = limit + quarantine, hence the limit is
 * honoured. Until then slots that were never used are taken, in order, so memory
 * that is not needed is never touched.
 *
 * Kinds without ids (classes, lanes, memberships) have no quarantine.
 */

#include "acd/parts.h"

#include "base/id.h"

void acd_slab_init(struct acd_slab *slab, void *base, size_t stride, uint32_t capacity)
{
        *slab = (struct acd_slab){ .base = base, .stride = stride, .capacity = capacity };
        acd_ilist_init(&slab->free, acd_tag(LIST_FREE, 0));
        acd_ilist_init(&slab->used, acd_tag(LIST_USED, 0));
}

uint32_t acd_slab_take(struct acd_slab *slab)
{
        return acd_slab_take_in(slab, slab->base, slab->stride);
}

void acd_slab_give(struct acd_slab *slab, uint32_t index)
{
        acd_slab_give_in(slab, acd_slab_space(slab), index);
}

uint32_t acd_slab_take_used(struct acd_slab *slab)
{
        uint32_t index = acd_slab_take(slab);

        acd_ilist_push_back(acd_slab_space(slab), &slab->used, index);
        return index;
}

void acd_slab_give_used(struct acd_slab *slab, uint32_t index)
{
        acd_ilist_remove(acd_slab_space(slab), &slab->used, index);
        acd_slab_give(slab, index);
}

/* The quarantine of @limit slots with ids, which also is memory. */
uint32_t acd_slab_quarantine(uint32_t limit)
{
        uint32_t half = limit / 2;

        return half < ACD_QUARANTINE_MAX ? half : ACD_QUARANTINE_MAX;
}
