/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events on their way from the core to the event log.
 *
 * They are encoded at once, because names and keys of what a step closed are
 * gone with the next step. They wait here and not in the log, because the log
 * must never show what might not have happened.
 *
 * The rule by which entries are cut ("what the step says of the tenant might not
 * fit any more") depends on nothing but the events, so replay cuts at the same
 * places.
 */

#include "daemon/stage.h"

#include "base/assert.h"
#include "base/id.h"

void stage_init(struct stage *stage, uint8_t *bytes, uint16_t *slot_of, uint32_t tenant_count_max)
{
        *stage = (struct stage){
                .bytes = bytes,
                .slot_of = slot_of,
                .tenant_count_max = tenant_count_max,
        };
}

static struct stage_slot *open_slot(struct stage *stage, acd_tenant_id tenant, uint32_t index)
{
        ACD_ASSERT(stage->slot_count < STAGE_SLOT_COUNT);

        struct stage_slot *slot = &stage->slot[stage->slot_count];

        wire_batch_init(&slot->batch, stage->bytes + (size_t)stage->slot_count * WIRE_BATCH_MEMORY,
                        WIRE_BATCH_MEMORY);
        slot->tenant = tenant;
        stage->slot_of[index] = (uint16_t)++stage->slot_count;
        return slot;
}

/* The open slot of @tenant, or NULL. */
static struct stage_slot *slot_of(struct stage *stage, acd_tenant_id tenant, uint32_t index)
{
        struct stage_slot *slot;

        ACD_ASSERT(index < stage->tenant_count_max);

        if (stage->slot_of[index] == 0)
                return NULL;
        slot = &stage->slot[stage->slot_of[index] - 1];
        /* A tenant may be removed, and another take its place, within one batch. */
        return slot->tenant.value == tenant.value ? slot : NULL;
}

/* Add @count events of one tenant. */
static void add_run(struct stage *stage, const struct acd *acd, const struct acd_event *events,
                    uint32_t count)
{
        struct stage_slot *slot = stage->recent;
        uint32_t index;

        /* Nearly always it is the one as before. */
        if (slot == NULL || slot->tenant.value != events->tenant.value) {
                index = acd_id_split(events->tenant.value).slot;
                slot = slot_of(stage, events->tenant, index);
                if (slot == NULL)
                        slot = open_slot(stage, events->tenant, index);
                stage->recent = slot;
        }
        if (wire_batch_add(&slot->batch, acd, events, count))
                return;

        slot = open_slot(stage, events->tenant, acd_id_split(events->tenant.value).slot);
        stage->recent = slot;
        ACD_ASSERT(wire_batch_add(&slot->batch, acd, events, count));
}

void stage_add(struct stage *stage, const struct acd *acd, const struct acd_effects *effects)
{
        const struct acd_event *event = effects->item;
        const struct acd_event *end = event + effects->count;

        while (event < end) {
                const struct acd_event *begin = event;

                do
                        event++;
                while (event < end && event->tenant.value == begin->tenant.value);
                add_run(stage, acd, begin, (uint32_t)(event - begin));
        }
}

void stage_hash(const struct stage *stage, struct acd_hash64 *hash)
{
        for (uint32_t i = 0; i < stage->slot_count; i++) {
                struct acd_bytes bytes = wire_batch_bytes(&stage->slot[i].batch);

                acd_hash64_add_block(hash, bytes.at, bytes.size);
        }
}

uint64_t stage_end(const struct stage *stage, uint64_t position)
{
        for (uint32_t i = 0; i < stage->slot_count; i++)
                position += event_log_entry_span(wire_batch_bytes(&stage->slot[i].batch).size);
        return position;
}

int stage_write(const struct stage *stage, struct event_log *log, uint32_t epoch, acd_time now)
{
        for (uint32_t i = 0; i < stage->slot_count; i++) {
                const struct stage_slot *slot = &stage->slot[i];
                struct acd_bytes bytes = wire_batch_bytes(&slot->batch);
                struct event_tag tag = {
                        .tenant = acd_id_split(slot->tenant.value).slot,
                        .epoch = epoch,
                        .first_sequence = slot->batch.first_sequence,
                        .last_sequence = slot->batch.last_sequence,
                };
                int r = event_log_append(log, &tag, now, bytes.at, bytes.size);

                if (r < 0)
                        return r;
        }
        return stage->slot_count == 0 ? 0 : event_log_flush(log);
}

void stage_reset(struct stage *stage)
{
        for (uint32_t i = 0; i < stage->slot_count; i++)
                stage->slot_of[acd_id_split(stage->slot[i].tenant.value).slot] = 0;
        stage->slot_count = 0;
        stage->recent = NULL;
}
