/* SPDX-License-Identifier: Apache-2.0 */
/*
 * First and last readable event of each tenant.
 *
 * The last one is counted as batches become durable, never read from the core:
 * the core is ahead of the disk. The first one is looked up in the log when
 * somebody asks, and again only after the log has lost its oldest segment.
 */

#include "daemon/tenants.h"

#include "base/assert.h"
#include "base/id.h"

void tenants_init(struct tenants *tenants, struct tenant *tenant, uint32_t count_max,
                  uint8_t *cursor_memory)
{
        *tenants = (struct tenants){ tenant, count_max, cursor_memory };
}

/* The row of @id, begun anew when another tenant had the place: for what is committed only. */
static struct tenant *get(struct tenants *tenants, acd_tenant_id id)
{
        uint32_t slot = acd_id_split(id.value).slot;
        struct tenant *tenant;

        ACD_ASSERT(id.value != 0);
        ACD_ASSERT(slot < tenants->count_max);

        tenant = &tenants->tenant[slot];
        if (tenant->id.value != id.value)
                *tenant = (struct tenant){ .id = id };
        return tenant;
}

void tenants_commit(struct tenants *tenants, acd_tenant_id id, uint64_t sequence)
{
        struct tenant *tenant = get(tenants, id);

        ACD_ASSERT(sequence > tenant->last_sequence);
        tenant->last_sequence = sequence;
}

void tenants_recover(struct tenants *tenants, const struct acd *acd)
{
        uint64_t cursor = 0;
        uint64_t id;

        while ((id = acd_list(acd, ACD_OBJECT_TENANT, (acd_tenant_id){ 0 }, &cursor, UINT32_MAX))) {
                struct acd_tenant_config config;
                uint64_t sequence = 0;

                ACD_ASSERT(acd_view_tenant(acd, (acd_tenant_id){ id }, &config, &sequence));
                get(tenants, (acd_tenant_id){ id })->last_sequence = sequence;
        }
}

/* Read entries from the oldest on until one is the tenant's. */
static uint64_t look_up(struct tenants *tenants, uint32_t slot, struct event_log *log)
{
        struct event_cursor cursor;
        struct event_entry entry;
        uint64_t found = 0;

        event_cursor_init(&cursor, log, event_log_seek(log, slot, 0), tenants->cursor_memory,
                          EVENT_CURSOR_MEMORY_MIN);
        while (found == 0 && event_cursor_next(&cursor, &entry, NULL) == 1) {
                if (entry.tag.tenant == slot)
                        found = entry.tag.first_sequence;
        }
        event_cursor_fini(&cursor);
        return found;
}

/* The row of @id, or NULL when another tenant, or none, has the place. */
static struct tenant *find(const struct tenants *tenants, acd_tenant_id id)
{
        uint32_t slot = acd_id_split(id.value).slot;

        ACD_ASSERT(slot < tenants->count_max);
        return id.value != 0 && tenants->tenant[slot].id.value == id.value ? &tenants->tenant[slot]
                                                                           : NULL;
}

uint64_t tenants_last_sequence(const struct tenants *tenants, acd_tenant_id id)
{
        const struct tenant *tenant = find(tenants, id);

        return tenant == NULL ? 0 : tenant->last_sequence;
}

uint64_t tenants_first_sequence(struct tenants *tenants, acd_tenant_id id, struct event_log *log)
{
        struct tenant *tenant = find(tenants, id);

        if (tenant == NULL || tenant->last_sequence == 0)
                return 1;
        /* Where there was nothing, and nothing came, there is nothing: that takes no reading. */
        if (tenant->is_first_known && tenant->first_sequence > tenant->last_sequence)
                return tenant->last_sequence + 1;
        if (!tenant->is_first_known || tenant->first_position != event_log_first(log)) {
                uint64_t found = look_up(tenants, acd_id_split(id.value).slot, log);

                tenant->first_sequence = found == 0 ? tenant->last_sequence + 1 : found;
                tenant->first_position = event_log_first(log);
                tenant->is_first_known = true;
        }
        return tenant->first_sequence;
}
