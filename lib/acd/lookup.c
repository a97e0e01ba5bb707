/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From ids to objects and back.
 *
 * The slot of an id finds the object, the generation tells whether it is still
 * the one meant. For contacts and assignments "was there and is over" (GONE)
 * differs from "never was" (UNKNOWN): a generation that the slot has had is
 * proof enough. An object of another tenant does not exist for this one.
 */

#include "acd/parts.h"

const struct acd_slab *acd_slab_of(const struct acd *acd, enum acd_object object)
{
        return acd_slab_at(acd, object);
}

/* The tenant of a live object. */
uint32_t acd_tenant_of(const struct acd *acd, enum acd_object object, uint32_t index)
{
        switch (object) {
        case ACD_OBJECT_TENANT:
                return index;
        case ACD_OBJECT_SKILL:
                return acd->skill[index].tenant;
        case ACD_OBJECT_CHANNEL:
                return acd->channel[index].tenant;
        case ACD_OBJECT_QUEUE:
                return acd->queue[index].tenant;
        case ACD_OBJECT_TEAM:
                return acd->team[index].tenant;
        case ACD_OBJECT_PROFILE:
                return acd->profile[index].tenant;
        case ACD_OBJECT_AGENT:
                return acd->agent[index].tenant;
        case ACD_OBJECT_GATEWAY:
                return acd->gateway[index].tenant;
        case ACD_OBJECT_CONTACT:
                return acd->class[acd->contact[index].class].tenant;
        case ACD_OBJECT_ASSIGNMENT:
                return acd->agent[acd->assignment[index].agent].tenant;
        case ACD_OBJECT_NONE:
                break;
        }
        acd_panic(__FILE__, __LINE__, __func__, "an object has a tenant");
}

/* The slot that @id means, whatever is there now; 0: none that ever was. */
static inline uint32_t slot_of_id(const struct acd *acd, const struct acd_slab *slab, uint64_t id)
{
        uint32_t generation = (uint32_t)id & ACD_ID_GENERATION_MAX;
        uint32_t slot = (uint32_t)(id >> ACD_ID_GENERATION_BITS) & ACD_ID_SLOT_MAX;

        if (id >> (ACD_ID_SLOT_BITS + ACD_ID_GENERATION_BITS) != acd->shard ||
            slot - 1 >= slab->top || generation - 1 >= acd_slab_slot(slab, slot)->generation)
                return 0;
        return slot;
}

/* Is @id that of the object which its slot holds now, or held last? */
static inline bool is_of_now(const struct acd_slab *slab, uint32_t slot, uint64_t id)
{
        return acd_slab_slot(slab, slot)->generation == ((uint32_t)id & ACD_ID_GENERATION_MAX);
}

/* The live object with @id, of any tenant; 0 when there is none. */
uint32_t acd_index_of(const struct acd *acd, enum acd_object object, uint64_t id)
{
        return acd_slab_find(acd, acd_slab_at(acd, object), id);
}

/* The same, if it is one of @tenant. */
uint32_t acd_index_in(const struct acd *acd, uint32_t tenant, enum acd_object object, uint64_t id)
{
        uint32_t index = acd_index_of(acd, object, id);

        return index != 0 && acd_tenant_of(acd, object, index) == tenant ? index : 0;
}

/* A slot that @id means and that is free since, with nothing newer in it; else 0. */
uint32_t acd_ghost_of(const struct acd *acd, enum acd_object object, uint64_t id)
{
        const struct acd_slab *slab = acd_slab_of(acd, object);
        uint32_t index = slot_of_id(acd, slab, id);

        return index != 0 && is_of_now(slab, index, id) && !acd_slab_is_live(slab, index) ? index
                                                                                          : 0;
}

/* Was there ever an object with @id? */
bool acd_was_there(const struct acd *acd, enum acd_object object, uint64_t id)
{
        return slot_of_id(acd, acd_slab_of(acd, object), id) != 0;
}

/* A contact or assignment of @tenant: ACD_OK, ACD_GONE or ACD_UNKNOWN. */
enum acd_result acd_look_up(const struct acd *acd, uint32_t tenant, enum acd_object object,
                            uint64_t id, uint32_t *ret_index)
{
        uint32_t index = acd_index_of(acd, object, id);

        if (index == 0)
                return acd_was_there(acd, object, id) ? ACD_GONE : ACD_UNKNOWN;
        if (acd_tenant_of(acd, object, index) != tenant)
                return ACD_UNKNOWN;
        *ret_index = index;
        return ACD_OK;
}
