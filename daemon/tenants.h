/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * tenants.h - what the daemon keeps about each tenant beside the core: which of
 * its events can be read.
 *
 *   Ownership  A table by the tenant's slot.
 *   Cost       O(1); first_sequence reads the log once after each trim.
 *   Threads    The shard's.
 */

#include <stdint.h>

#include "acd/view.h"
#include "journal/event_log.h"

struct tenant {
        acd_tenant_id id;
        uint64_t last_sequence;  /* newest committed event */
        uint64_t first_sequence; /* oldest event in the log, as of first_position */
        uint64_t first_position; /* beginning of the log when that was looked up */
        bool is_first_known;
};

struct tenants {
        struct tenant *tenant;
        uint32_t count_max;
        uint8_t *cursor_memory; /* EVENT_CURSOR_MEMORY_MIN, for looking up */
};

/* @tenant: @count_max zeros. */
void tenants_init(struct tenants *tenants, struct tenant *tenant, uint32_t count_max,
                  uint8_t *cursor_memory);

/* Events up to @sequence are committed. */
void tenants_commit(struct tenants *tenants, acd_tenant_id id, uint64_t sequence);

/* After a recovery: everything the core knows is committed. */
void tenants_recover(struct tenants *tenants, const struct acd *acd);

/* Newest committed event of @id; 0 when it has none, or is not there any more. */
uint64_t tenants_last_sequence(const struct tenants *tenants, acd_tenant_id id);

/* Oldest event of @id that the log still has; one after the newest when it has none. */
uint64_t tenants_first_sequence(struct tenants *tenants, acd_tenant_id id, struct event_log *log);
