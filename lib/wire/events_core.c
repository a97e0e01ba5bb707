/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of the core get their names. An event says ids; who reads it outside
 * wants to know which queue, which agent, which contact of his own. The names
 * are those of the moment: they are looked up right after the step, while what
 * the step closed can still be read, and nothing else goes into the bytes. That
 * is why replay writes the same ones. A batch is told a name once.
 */

#include "base/assert.h"
#include "wire/events_put.h"

/* Is this an event of configuration, whose value is the id of its object? */
static bool is_configuration(const struct acd_event *event)
{
        return event->kind == ACD_EVENT_CONFIG_CHANGED || event->kind == ACD_EVENT_CONFIG_REMOVED;
}

static struct acd_text name_of(const void *self, enum acd_object object, uint64_t id)
{
        return acd_name(self, object, id);
}

static void begin(struct wire_batch *batch, const struct acd *acd, const struct acd_event *event)
{
        struct wire_batch_head head = {
                .tenant = acd_name(acd, ACD_OBJECT_TENANT, event->tenant.value),
                .epoch = acd_epoch(acd),
                .first_sequence = event->sequence,
                .last_sequence = event->sequence,
                .wall_offset_ns = acd_wall_offset(acd),
                .time_ns = event->now,
        };

        wire_batch_begin(batch, &head);
}

/* An event that is not plain. Apart, for hardly any is. */
static __attribute__((noinline)) void put_any(struct wire_batch *batch, const struct acd *acd,
                                              const struct acd_event *event,
                                              const struct wire_namer *namer)
{
        char key[ACD_CLIENT_KEY_MAX];
        struct wire_event_texts texts = { .client_key.at = key };

        if (is_configuration(event))
                texts.name = acd_name(acd, (enum acd_object)event->object, event->value);
        if (event->has_client_key)
                texts.client_key.size =
                        acd_contact_payload(acd, event->contact, ACD_PAYLOAD_CLIENT_KEY,
                                            (uint8_t *)key, ACD_CLIENT_KEY_MAX);
        batch->next_sequence = event->sequence;
        wire_batch_put(batch, event, &texts, namer);
}

_Static_assert(WIRE_BATCH_HEAD_MAX + ACD_EFFECT_MAX * WIRE_EVENT_ROOM <= WIRE_BATCH_MAX &&
                       ACD_EFFECT_MAX * WIRE_REFERENCE_COUNT_EVENT <= WIRE_REFERENCE_COUNT_MAX,
               "what a step says fits an empty batch");

bool wire_batch_add(struct wire_batch *batch, const struct acd *acd, const struct acd_event *events,
                    uint32_t count)
{
        struct wire_namer namer = { name_of, acd };

        if (batch->size == 0)
                begin(batch, acd, events);
        ACD_ASSERT(events->sequence == batch->next_sequence);
        if (!wire_batch_takes(batch, events->now, count))
                return false;
        for (const struct acd_event *event = events; event < events + count; event++) {
                if (wire_event_is_plain(event))
                        wire_batch_put_plain(batch, event, &namer);
                else
                        put_any(batch, acd, event, &namer);
        }
        batch->event_count += count;
        batch->next_sequence = events->sequence + count;
        wire_batch_last(batch, events[count - 1].sequence);
        ACD_ASSERT(batch->next_sequence == batch->last_sequence + 1);
        return true;
}
