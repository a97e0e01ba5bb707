/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * slab.h - from an index to its slot and its id, inline: every step does this a
 * few dozen times. Only lib/acd may include it. See slab.c.
 */

#include "acd/core.h"
#include "base/assert.h"
#include "base/id.h"

#define ACD_INLINE static inline __attribute__((always_inline))

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

/* The links of contacts and assignments, with a stride that the compiler knows. */
static inline struct acd_ispace acd_contact_space(const struct acd *acd)
{
        return (struct acd_ispace){ &acd->contact[0].link, sizeof(acd->contact[0]) };
}

static inline struct acd_ispace acd_assignment_space(const struct acd *acd)
{
        return (struct acd_ispace){ &acd->assignment[0].link, sizeof(acd->assignment[0]) };
}

/* slab.c */
uint32_t acd_slab_reach(struct acd_slab *slab, uint32_t generation);

/* A slot in no list, of a generation that it never had, above the slab's floor. @base and
 * @stride are the slab's, which the compiler knows of some. */
ACD_INLINE uint32_t acd_slab_take_in(struct acd_slab *slab, void *base, size_t stride)
{
        struct acd_ispace space = { (char *)base + offsetof(struct acd_slot, link), stride };
        struct acd_slot *slot;
        uint32_t index;
        uint32_t generation;

        if (slab->free.count > 0 && slab->free.count >= slab->quarantine) {
                index = acd_ilist_pop_front(space, &slab->free);
                /* It has been free for long: whoever takes the next one need not wait. */
                __builtin_prefetch((char *)base + (size_t)slab->free.first * stride, 1);
        } else {
                ACD_ASSERT(slab->top < slab->capacity);
                index = ++slab->top;
        }
        slab->live++;
        slot = (struct acd_slot *)(void *)((char *)base + (size_t)index * stride);
        generation = (slot->generation > slab->floor ? slot->generation : slab->floor) + 1;
        if (generation > slab->peak)
                generation = acd_slab_reach(slab, generation);
        slot->generation = generation;
        return index;
}

/* @space is the slab's. */
ACD_INLINE void acd_slab_give_in(struct acd_slab *slab, struct acd_ispace space, uint32_t index)
{
        ACD_ASSERT(slab->live > 0);
        slab->live--;
        acd_ilist_push_back(space, &slab->free, index);
}

static inline bool acd_slab_is_live(const struct acd_slab *slab, uint32_t index)
{
        return index - 1 < slab->top && acd_slab_slot(slab, index)->link.list != slab->free.tag;
}

/* The same as acd_id_make(), whose form base/id.h fixes. */
static inline uint64_t acd_id_in(const struct acd *acd, uint32_t index, uint32_t generation)
{
        return acd->id_base | (uint64_t)index << ACD_ID_GENERATION_BITS | generation;
}

/* The id of the object in a slot; 0 for index 0. */
static inline uint64_t acd_id_of(const struct acd *acd, const struct acd_slab *slab, uint32_t index)
{
        return index == 0 ? 0 : acd_id_in(acd, index, acd_slab_slot(slab, index)->generation);
}

/* The slab of a kind of objects, NULL of none: struct acd has them in the order of the kinds. */
static inline const struct acd_slab *acd_slab_at(const struct acd *acd, enum acd_object object)
{
        _Static_assert(offsetof(struct acd, assignments) - offsetof(struct acd, tenants) ==
                               (ACD_OBJECT_ASSIGNMENT - ACD_OBJECT_TENANT) *
                                       sizeof(struct acd_slab),
                       "slabs are in the order of objects");

        if (object == ACD_OBJECT_NONE || object > ACD_OBJECT_ASSIGNMENT)
                return NULL;
        return &acd->tenants + (object - ACD_OBJECT_TENANT);
}

/* What acd_index_of() answers. Without what all ids have in common, an id of another shard
 * has a slot that no slab has. A live slot's generation is never 0, so an id without one is
 * never found. */
static inline uint32_t acd_slab_find(const struct acd *acd, const struct acd_slab *slab,
                                     uint64_t id)
{
        uint64_t own = id ^ acd->id_base;
        uint64_t index = own >> ACD_ID_GENERATION_BITS;
        const struct acd_slot *slot;

        if (slab == NULL || index - 1 >= slab->top)
                return 0;
        slot = acd_slab_slot(slab, (uint32_t)index);
        if (slot->link.list == acd_tag(LIST_FREE, 0) ||
            slot->generation != ((uint32_t)own & ACD_ID_GENERATION_MAX))
                return 0;
        return (uint32_t)index;
}

/* What acd_index_of() and acd_index_in() answer, for the kinds that traffic names
 * and without a call or a multiplication: every step asks two to five times. */
#define ID_LOOKUP(kind, slab) \
        static inline uint32_t acd_##kind##_of_id(const struct acd *acd, uint64_t id) \
        { \
                uint64_t own = id ^ acd->id_base; \
                uint64_t index = own >> ACD_ID_GENERATION_BITS; \
\
                if (index - 1 >= acd->slab.top || \
                    acd->kind[index].link.list == acd_tag(LIST_FREE, 0) || \
                    acd->kind[index].generation != ((uint32_t)own & ACD_ID_GENERATION_MAX)) \
                        return 0; \
                return (uint32_t)index; \
        }

ID_LOOKUP(tenant, tenants)
ID_LOOKUP(channel, channels)
ID_LOOKUP(queue, queues)
ID_LOOKUP(agent, agents)
ID_LOOKUP(gateway, gateways)
ID_LOOKUP(contact, contacts)
ID_LOOKUP(assignment, assignments)

#undef ID_LOOKUP

#define ID_LOOKUP_IN(kind) \
        static inline uint32_t acd_##kind##_in(const struct acd *acd, uint32_t tenant, \
                                               uint64_t id) \
        { \
                uint32_t index = acd_##kind##_of_id(acd, id); \
\
                return acd->kind[index].tenant == tenant ? index : 0; \
        }

/* Slot 0 belongs to no tenant. */
ID_LOOKUP_IN(channel)
ID_LOOKUP_IN(queue)
ID_LOOKUP_IN(agent)
ID_LOOKUP_IN(gateway)

#undef ID_LOOKUP_IN
