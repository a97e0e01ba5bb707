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

/* An event with texts. Apart, for hardly any has one. */
static __attribute__((noinline)) void add_with_texts(struct wire_batch *batch,
                                                     const struct acd *acd,
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
        wire_batch_put(batch, event, &texts, namer);
}

bool wire_batch_add(struct wire_batch *batch, const struct acd *acd, const struct acd_event *event)
{
        struct wire_namer namer = { name_of, acd };

        if (batch->size == 0) {
                begin(batch, acd, event);
        } else {
                ACD_ASSERT(event->sequence == batch->last_sequence + 1);
                if (!wire_batch_takes(batch, event->now))
                        return false;
                wire_batch_last(batch, event->sequence);
        }
        if (event->has_client_key || is_configuration(event))
                add_with_texts(batch, acd, event, &namer);
        else
                wire_batch_put(batch, event, NULL, &namer);
        return true;
}
