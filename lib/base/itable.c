/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linear probing at half load: an unsuccessful search looks at 2.5 slots on
 * average, which are one or two cache lines. The stored hash decides nearly
 * every mismatch without touching the element, and lets a removal move entries
 * without asking anybody where they belong.
 */

#include "base/itable.h"

#include "base/assert.h"

uint32_t acd_itable_slot_count(uint32_t capacity)
{
        uint32_t count = 4;

        ACD_ASSERT(capacity <= UINT32_C(1) << 30);
        while (count / 2 < capacity)
                count *= 2;
        return count;
}

void acd_itable_init(struct acd_itable *table, struct acd_itable_slot *slots, uint32_t capacity)
{
        *table = (struct acd_itable){
                .slots = slots,
                .mask = acd_itable_slot_count(capacity) - 1,
                .capacity = capacity,
        };
}

uint32_t acd_itable_find(const struct acd_itable *table, uint32_t hash,
                         bool (*is_match)(const void *context, uint32_t value, const void *key),
                         const void *context, const void *key)
{
        uint32_t at = hash & table->mask;

        /* Ends: half of the slots are free. */
        while (table->slots[at].value != 0) {
                if (table->slots[at].hash == hash && is_match(context, table->slots[at].value, key))
                        return table->slots[at].value;
                at = (at + 1) & table->mask;
        }
        return 0;
}

void acd_itable_insert(struct acd_itable *table, uint32_t hash, uint32_t value)
{
        uint32_t at = hash & table->mask;

        ACD_ASSERT(value != 0);
        ACD_ASSERT(table->count < table->capacity);
        while (table->slots[at].value != 0)
                at = (at + 1) & table->mask;
        table->slots[at] = (struct acd_itable_slot){ .hash = hash, .value = value };
        table->count++;
}

void acd_itable_remove(struct acd_itable *table, uint32_t hash, uint32_t value)
{
        uint32_t hole = hash & table->mask;
        uint32_t at;

        while (table->slots[hole].value != value) {
                ACD_ASSERT(table->slots[hole].value != 0);
                hole = (hole + 1) & table->mask;
        }
        ACD_ASSERT(table->slots[hole].hash == hash);
        /* An entry may move back to the hole unless its home lies after the hole. */
        for (at = (hole + 1) & table->mask; table->slots[at].value != 0;
             at = (at + 1) & table->mask) {
                uint32_t home = table->slots[at].hash & table->mask;

                if (((at - home) & table->mask) >= ((at - hole) & table->mask)) {
                        table->slots[hole] = table->slots[at];
                        hole = at;
                }
        }
        table->slots[hole] = (struct acd_itable_slot){ 0 };
        table->count--;
}
