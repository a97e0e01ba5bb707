/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of names: what tenants, queues, agents and the others are called.
 *
 * One table for all kinds; the hash covers kind, tenant and name, keyed with the
 * secret of the first START, since names come from outside. A value of the table
 * is the kind in the upper four bits and the index below: both are below their
 * bounds (10 kinds, 26 bits of slots).
 */

#include "acd/parts.h"

#include <string.h>

#include "base/bytes.h"

enum { VALUE_KIND_SHIFT = 28 };

struct wanted {
        enum acd_object object;
        uint32_t tenant;
        struct acd_text name;
};

/* Where in its slot each kind of object has its name. */
static const uint16_t name_offsets[] = {
        [ACD_OBJECT_TENANT] = offsetof(struct acd_tenant, config.name),
        [ACD_OBJECT_SKILL] = offsetof(struct acd_skill, config.name),
        [ACD_OBJECT_CHANNEL] = offsetof(struct acd_channel, config.name),
        [ACD_OBJECT_QUEUE] = offsetof(struct acd_queue, name),
        [ACD_OBJECT_TEAM] = offsetof(struct acd_team, name),
        [ACD_OBJECT_PROFILE] = offsetof(struct acd_profile, name),
        [ACD_OBJECT_GATEWAY] = offsetof(struct acd_gateway, name),
};

const char *acd_name_of(const struct acd *acd, enum acd_object object, uint32_t index)
{
        const struct acd_slab *slab;

        if (object == ACD_OBJECT_AGENT)
                return acd->agent_setup[index].name;
        if (object == ACD_OBJECT_NONE || object > ACD_OBJECT_GATEWAY)
                return NULL;
        slab = acd_slab_of(acd, object);
        return (const char *)slab->base + (size_t)index * slab->stride + name_offsets[object];
}

static uint32_t value_of(enum acd_object object, uint32_t index)
{
        return (uint32_t)object << VALUE_KIND_SHIFT | index;
}

static uint32_t hash_of(const struct acd *acd, const struct wanted *wanted)
{
        uint8_t bytes[8 + ACD_NAME_MAX];
        uint32_t tenant = wanted->object == ACD_OBJECT_TENANT ? 0 : wanted->tenant;

        acd_put_u32(bytes, tenant);
        acd_put_u32(bytes + 4, (uint32_t)wanted->object);
        memcpy(bytes + 8, wanted->name.at, wanted->name.size);
        return (uint32_t)acd_siphash(&acd->secret, bytes, 8 + wanted->name.size);
}

static bool is_wanted(const void *context, uint32_t value, const void *key)
{
        const struct acd *acd = context;
        const struct wanted *wanted = key;
        uint32_t index = value & ((1u << VALUE_KIND_SHIFT) - 1);
        const char *name;

        if (value >> VALUE_KIND_SHIFT != (uint32_t)wanted->object)
                return false;
        if (wanted->object != ACD_OBJECT_TENANT &&
            acd_tenant_of(acd, wanted->object, index) != wanted->tenant)
                return false;
        name = acd_name_of(acd, wanted->object, index);
        return memcmp(name, wanted->name.at, wanted->name.size) == 0 &&
               name[wanted->name.size] == 0;
}

/* The index, or 0. @tenant is ignored for tenants. */
uint32_t acd_name_find(const struct acd *acd, enum acd_object object, uint32_t tenant,
                       struct acd_text name)
{
        struct wanted wanted = { .object = object, .tenant = tenant, .name = name };

        if (name.size == 0 || name.size > ACD_NAME_MAX)
                return 0;
        return acd_itable_find(&acd->name_table, hash_of(acd, &wanted), is_wanted, acd, &wanted) &
               ((1u << VALUE_KIND_SHIFT) - 1);
}

static struct wanted wanted_of(const struct acd *acd, enum acd_object object, uint32_t index)
{
        const char *name = acd_name_of(acd, object, index);

        return (struct wanted){ .object = object,
                                .tenant = acd_tenant_of(acd, object, index),
                                .name = { .at = name, .size = acd_text_size(name) } };
}

void acd_name_add(struct acd *acd, enum acd_object object, uint32_t index)
{
        struct wanted wanted = wanted_of(acd, object, index);

        acd_itable_insert(&acd->name_table, hash_of(acd, &wanted), value_of(object, index));
}

/* The same for an object that was loaded. False: the name is there already. */
bool acd_name_restore(struct acd *acd, enum acd_object object, uint32_t index)
{
        struct wanted wanted = wanted_of(acd, object, index);

        if (acd->name_table.count == acd->name_table.capacity ||
            acd_name_find(acd, object, wanted.tenant, wanted.name) != 0)
                return false;
        acd_name_add(acd, object, index);
        return true;
}

void acd_name_remove(struct acd *acd, enum acd_object object, uint32_t index)
{
        struct wanted wanted = wanted_of(acd, object, index);

        acd_itable_remove(&acd->name_table, hash_of(acd, &wanted), value_of(object, index));
}
