/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The live check: each contact is with one agent at a time, and is completed once.
 *
 * The table is indexed, not hashed: the daemon's ids hold a slot number, and
 * slots are handed out again only after many others, so the array is as large as
 * the daemon's. With a million contacts waiting an entry is a cache miss, which
 * is all that the check costs.
 */

#include "clients/bench/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "base/id.h"

static const char *const texts[LEDGER_FAULT_COUNT] = {
        [LEDGER_OK] = "",
        [LEDGER_SLOT_TAKEN] = "has the slot of a contact that is not over",
        [LEDGER_ACKED_TWICE] = "was the answer to two submits",
        [LEDGER_OFFERED_TWICE] = "was offered while an agent had it",
        [LEDGER_OFFERED_DONE] = "was offered after it was over",
        [LEDGER_NOT_OFFERED] = "moved without having been offered",
        [LEDGER_DONE_TWICE] = "was completed twice",
        [LEDGER_NO_MEMORY] = "does not fit the memory",
};

const char *ledger_text(enum ledger_fault fault)
{
        return texts[fault];
}

bool ledger_init(struct ledger *ledger, uint32_t capacity)
{
        *ledger = (struct ledger){ .capacity = capacity };
        ledger->entry = calloc(capacity, sizeof(ledger->entry[0]));
        return ledger->entry != NULL;
}

void ledger_fini(struct ledger *ledger)
{
        free(ledger->entry);
        ledger->entry = NULL;
        ledger->capacity = 0;
}

static bool grow(struct ledger *ledger, uint32_t slot)
{
        uint32_t capacity = ledger->capacity;
        struct ledger_entry *moved;

        while (capacity <= slot)
                capacity *= 2;
        moved = realloc(ledger->entry, capacity * sizeof(*moved));
        if (moved == NULL)
                return false;
        memset(moved + ledger->capacity, 0, (capacity - ledger->capacity) * sizeof(*moved));
        ledger->entry = moved;
        ledger->capacity = capacity;
        return true;
}

static struct ledger_entry *entry_of(struct ledger *ledger, uint64_t contact)
{
        /* As acd_id_split() does, without a call for what is asked three times a contact. */
        uint32_t slot = (uint32_t)(contact >> ACD_ID_GENERATION_BITS) & ACD_ID_SLOT_MAX;

        if (slot >= ledger->capacity && !grow(ledger, slot))
                return NULL;
        return &ledger->entry[slot];
}

static bool is_over(const struct ledger_entry *entry)
{
        return entry->contact == 0 || entry->bits == (LEDGER_ACKED | LEDGER_DONE);
}

enum ledger_fault ledger_acknowledge(struct ledger *ledger, uint64_t contact, uint64_t due_ns,
                                     uint16_t gateway, struct ledger_entry **ret_entry)
{
        struct ledger_entry *entry = entry_of(ledger, contact);

        if (entry == NULL)
                return LEDGER_NO_MEMORY;
        if (entry->contact != contact) {
                if (!is_over(entry))
                        return LEDGER_SLOT_TAKEN;
                *entry = (struct ledger_entry){ .contact = contact };
        } else if (entry->bits & LEDGER_ACKED) {
                return LEDGER_ACKED_TWICE;
        }
        entry->due_ns = due_ns;
        entry->gateway = gateway;
        entry->bits |= LEDGER_ACKED;
        *ret_entry = entry;
        return LEDGER_OK;
}

enum ledger_fault ledger_offer(struct ledger *ledger, uint64_t contact, uint32_t agent,
                               uint64_t now_ns, struct ledger_entry **ret_entry)
{
        struct ledger_entry *entry = entry_of(ledger, contact);

        if (entry == NULL)
                return LEDGER_NO_MEMORY;
        if (entry->contact != contact) {
                if (!is_over(entry))
                        return LEDGER_SLOT_TAKEN;
                *entry = (struct ledger_entry){ .contact = contact };
        }
        if (entry->bits & LEDGER_DONE)
                return LEDGER_OFFERED_DONE;
        if (entry->bits & LEDGER_OFFERED)
                return LEDGER_OFFERED_TWICE;
        entry->bits |= LEDGER_OFFERED;
        entry->agent = agent;
        if (entry->offered_ns == 0)
                entry->offered_ns = now_ns;
        *ret_entry = entry;
        return LEDGER_OK;
}

enum ledger_fault ledger_take_back(struct ledger *ledger, uint64_t contact, uint32_t agent)
{
        struct ledger_entry *entry = entry_of(ledger, contact);

        if (entry == NULL || entry->contact != contact || entry->agent != agent ||
            !(entry->bits & LEDGER_OFFERED))
                return LEDGER_NOT_OFFERED;
        entry->bits &= (uint8_t)~LEDGER_OFFERED;
        return LEDGER_OK;
}

enum ledger_fault ledger_complete(struct ledger *ledger, uint64_t contact, uint32_t agent)
{
        struct ledger_entry *entry = entry_of(ledger, contact);

        if (entry == NULL || entry->contact != contact)
                return LEDGER_NOT_OFFERED;
        if (entry->bits & LEDGER_DONE)
                return LEDGER_DONE_TWICE;
        if (agent != UINT32_MAX && (!(entry->bits & LEDGER_OFFERED) || entry->agent != agent))
                return LEDGER_NOT_OFFERED;
        if (agent == UINT32_MAX && (entry->bits & LEDGER_OFFERED))
                return LEDGER_OFFERED_TWICE;
        entry->bits = (uint8_t)((entry->bits & ~LEDGER_OFFERED) | LEDGER_DONE);
        return LEDGER_OK;
}

struct ledger_entry *ledger_find(struct ledger *ledger, uint64_t contact)
{
        struct ledger_entry *entry = entry_of(ledger, contact);

        return entry != NULL && entry->contact == contact ? entry : NULL;
}

uint64_t ledger_open_count(const struct ledger *ledger, uint64_t *ret_contact)
{
        uint64_t count = 0;

        for (uint32_t i = 0; i < ledger->capacity; i++) {
                if (is_over(&ledger->entry[i]))
                        continue;
                if (count++ == 0)
                        *ret_contact = ledger->entry[i].contact;
        }
        return count;
}
