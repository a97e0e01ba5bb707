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
 * A new history gives none of the ids that lost runs may have given out (start.c).
 * Nobody walks the slots for that: all of a slab have one floor, which a generation
 * that is given from then on is above. What is there keeps its own. The floor rises
 * from the peak, so the peak is kept up; it goes up once in a round of the free
 * list, and where it does, a generation that wraps is met too.
 *
 * Kinds without ids (classes, lanes, memberships) have no quarantine and no floor.
 */

#include "acd/parts.h"

#include "base/id.h"

void acd_slab_init(struct acd_slab *slab, void *base, size_t stride, uint32_t capacity)
{
        *slab = (struct acd_slab){ .base = base, .stride = stride, .capacity = capacity };
        acd_ilist_init(&slab->free, acd_tag(LIST_FREE, 0));
        acd_ilist_init(&slab->used, acd_tag(LIST_USED, 0));
}

/* @generation is above the peak, which it becomes; or it wraps. */
uint32_t acd_slab_reach(struct acd_slab *slab, uint32_t generation)
{
        generation = acd_id_next_generation(generation - 1);
        if (generation > slab->peak)
                slab->peak = generation;
        return generation;
}

/* Is there room for a new history that is higher by @rise, and some to live in it? A slab in
 * which a generation has wrapped has none for good: nobody knows what is above it. */
bool acd_slab_can_rise(const struct acd_slab *slab, uint64_t rise)
{
        return rise <= ACD_ID_GENERATION_MAX - ACD_HISTORY_STEP &&
               slab->peak <= ACD_ID_GENERATION_MAX - ACD_HISTORY_STEP - rise;
}

/* What may have been given out in the @rise above the peak is not given out again. */
void acd_slab_rise(struct acd_slab *slab, uint64_t rise)
{
        ACD_ASSERT(acd_slab_can_rise(slab, rise));
        slab->peak += (uint32_t)rise;
        slab->floor = slab->peak;
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
