/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the event log knows of the time after the gap.
 *
 * The journal has what was asked; the event log has what it came to, and that
 * with ids. A submit after the gap is matched with its event by tenant, time of
 * the batch and order within it, which are the same in both.
 *
 * The table of contacts is bounded; when it is full, later ones are not known,
 * and come back rather than be lost.
 */

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/hash64.h"
#include "base/id.h"
#include "daemon/salvage.h"
#include "daemon/system.h"
#include "wire/events.h"

struct salvage_told *salvage_find_told(struct salvage *salvage, uint64_t contact)
{
        struct acd_hash64 hash;
        uint32_t at;

        acd_hash64_init(&hash, 0);
        acd_hash64_add_u64(&hash, contact);
        at = (uint32_t)acd_hash64_value(&hash) & (SALVAGE_TOLD_MAX - 1);
        for (uint32_t tries = 0; tries < SALVAGE_TOLD_MAX; tries++) {
                if (salvage->told[at].contact == contact || salvage->told[at].contact == 0)
                        return &salvage->told[at];
                at = (at + 1) & (SALVAGE_TOLD_MAX - 1);
        }
        return NULL;
}

static void take_event(struct salvage *salvage, const struct wire_event *event, uint32_t slot)
{
        struct salvage_told *told;

        if (event->contact == 0)
                return;
        told = salvage_find_told(salvage, event->contact);
        if (told == NULL)
                return;
        told->contact = event->contact;
        if (event->kind == ACD_EVENT_CONTACT_SUBMITTED &&
            salvage->submitted_count < SALVAGE_TOLD_MAX) {
                told->now_ns = event->time_ns;
                told->tenant_slot = slot;
                told->order = salvage->submitted_count;
                salvage->submitted[salvage->submitted_count++] = (uint32_t)(told - salvage->told);
        }
        if (event->kind == ACD_EVENT_CONTACT_CLOSED)
                told->is_over = true;
        if (event->kind == ACD_EVENT_OFFER_ACCEPTED)
                told->agent = event->agent_id;
        if (event->kind == ACD_EVENT_OFFER_ENDED)
                told->agent = 0;
}

static void take_entry(struct salvage *salvage, const struct event_entry *entry)
{
        struct acd_bytes bytes = { entry->bytes, entry->size };
        struct wire_batch_reader reader;
        struct wire_event event;

        if (entry->now_ns < salvage->gap_now || !wire_batch_open(&reader, bytes))
                return;
        while (wire_batch_next(&reader, &event) == 1)
                take_event(salvage, &event, entry->tag.tenant);
}

/* Read all entries that can be read. Damage ends it: what is not known comes back. */
static void read_entries(struct salvage *salvage, struct event_log *log, uint8_t *memory)
{
        struct journal_error error = { 0 };
        struct event_cursor cursor;
        struct event_entry entry;
        uint64_t count = 0;
        int r;

        event_cursor_init(&cursor, log, event_log_first(log), memory, EVENT_CURSOR_MEMORY_MIN);
        while ((r = event_cursor_next(&cursor, &entry, &error)) == 1) {
                take_entry(salvage, &entry);
                count++;
        }
        event_cursor_fini(&cursor);
        (void)fprintf(salvage->text, "event log: %llu entries read%s%s\n",
                      (unsigned long long)count, r < 0 ? ", then damage: " : "",
                      r < 0 ? error.what : "");
}

int salvage_ask_events(struct salvage *salvage, struct journal_error *error)
{
        const struct event_log_options options = { .is_read_only = true };
        size_t size = event_log_size(&options);
        void *block = world_system_os.reserve(NULL, size);
        uint8_t *memory = world_system_os.reserve(NULL, EVENT_CURSOR_MEMORY_MIN);
        struct event_log *log = NULL;
        int r = -ENOMEM;

        if (block != NULL && memory != NULL) {
                r = event_log_open(block, &options, &salvage->dir, &log, error);
                if (r >= 0) {
                        read_entries(salvage, log, memory);
                        event_log_close(log);
                } else {
                        (void)fprintf(salvage->text, "event log: not readable: %s\n", error->what);
                        r = 0;
                }
        }
        if (block != NULL)
                world_system_os.release(NULL, block, size);
        if (memory != NULL)
                world_system_os.release(NULL, memory, EVENT_CURSOR_MEMORY_MIN);
        return r;
}

struct salvage_told *salvage_next_submitted(struct salvage *salvage, acd_tenant_id tenant,
                                            uint64_t now_ns)
{
        uint32_t slot = acd_id_split(tenant.value).slot;

        /* Events of batches before this one belong to submits that were in the gap. */
        while (salvage->submitted_at < salvage->submitted_count &&
               salvage->told[salvage->submitted[salvage->submitted_at]].now_ns < now_ns)
                salvage->submitted_at++;

        for (uint32_t i = salvage->submitted_at; i < salvage->submitted_count; i++) {
                struct salvage_told *told = &salvage->told[salvage->submitted[i]];

                if (told->now_ns != now_ns)
                        return NULL;
                if (told->tenant_slot == slot && told->new_id == 0) {
                        told->new_id = UINT64_MAX; /* taken; the real one follows */
                        return told;
                }
        }
        return NULL;
}
