/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The look-ups of acd/view.h that lib/wire uses, over arrays and linear scans.
 */

#include "tests/unit/wire/fake_core.h"

#include <string.h>

#include "base/assert.h"

static struct acd core;

struct acd *fake_core_reset(void)
{
        memset(&core, 0, sizeof(core));
        return &core;
}

static bool is_name(const struct fake_name *known, enum acd_object object, uint64_t tenant,
                    struct acd_text name)
{
        return known->object == object && known->tenant == tenant &&
               strlen(known->name) == name.size && memcmp(known->name, name.at, name.size) == 0;
}

uint64_t acd_find(const struct acd *acd, enum acd_object object, acd_tenant_id tenant,
                  struct acd_text name)
{
        uint64_t scope = object == ACD_OBJECT_TENANT ? 0 : tenant.value;

        if (name.size >= 5 && memcmp(name.at, "ghost", 5) == 0)
                return 0;
        for (uint32_t i = 0; i < acd->name_count; i++)
                if (is_name(&acd->names[i], object, scope, name))
                        return i + 1000;

        ACD_ASSERT(core.name_count < FAKE_NAME_MAX);
        ACD_ASSERT(name.size <= ACD_NAME_MAX);

        struct fake_name *made = &core.names[core.name_count++];

        made->object = object;
        made->tenant = scope;
        if (name.size > 0)
                memcpy(made->name, name.at, name.size);
        return core.name_count - 1 + 1000;
}

struct acd_text acd_name(const struct acd *acd, enum acd_object object, uint64_t id)
{
        const struct fake_name *known;

        if (id < 1000 || id >= 1000 + (uint64_t)acd->name_count)
                return (struct acd_text){ 0 };
        known = &acd->names[id - 1000];
        if (known->object != object)
                return (struct acd_text){ 0 };
        return (struct acd_text){ known->name, (uint32_t)strlen(known->name) };
}

uint64_t fake_id(enum acd_object object, uint64_t tenant, const char *name)
{
        struct acd_text text = { name, (uint32_t)strlen(name) };

        return acd_find(&core, object, (acd_tenant_id){ tenant }, text);
}

acd_contact_id acd_find_key(const struct acd *acd, acd_tenant_id tenant, struct acd_bytes key)
{
        for (uint32_t i = 0; i < acd->contact_count; i++) {
                const struct fake_contact *contact = &acd->contacts[i];

                if (contact->view.tenant.value == tenant.value &&
                    strlen(contact->client_key) == key.size &&
                    memcmp(contact->client_key, key.at, key.size) == 0)
                        return contact->view.contact;
        }
        return (acd_contact_id){ 0 };
}

bool acd_view_contact(const struct acd *acd, acd_contact_id id, struct acd_contact_view *ret_view)
{
        for (uint32_t i = 0; i < acd->contact_count; i++) {
                if (acd->contacts[i].view.contact.value == id.value) {
                        *ret_view = acd->contacts[i].view;
                        return true;
                }
        }
        return false;
}

uint32_t acd_contact_payload(const struct acd *acd, acd_contact_id contact, enum acd_payload part,
                             uint8_t *bytes, uint32_t size_max)
{
        for (uint32_t i = 0; i < acd->contact_count; i++) {
                const struct fake_contact *known = &acd->contacts[i];
                uint32_t size = (uint32_t)strlen(known->client_key);

                if (known->view.contact.value != contact.value || part != ACD_PAYLOAD_CLIENT_KEY)
                        continue;
                memcpy(bytes, known->client_key, size < size_max ? size : size_max);
                return size;
        }
        return 0;
}

uint64_t acd_epoch(const struct acd *acd)
{
        (void)acd;
        return 5;
}

int64_t acd_wall_offset(const struct acd *acd)
{
        (void)acd;
        return -1;
}
