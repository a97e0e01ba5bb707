/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of the core get their names. An event says ids; who reads it outside
 * wants to know which queue, which agent, which contact of his own. The names
 * are those of the moment: they are looked up right after the step, while what
 * the step closed can still be read, and nothing else goes into the bytes. That
 * is why replay writes the same ones. A batch is told a name once.
 */

#include "base/assert.h"
#include "base/uninitialized.h"
#include "wire/events.h"

/* Is this an event of configuration, whose value is the id of its object? */
static bool is_configuration(const struct acd_event *event)
{
        return event->kind == ACD_EVENT_CONFIG_CHANGED || event->kind == ACD_EVENT_CONFIG_REMOVED;
}

static struct acd_text name_of(const void *self, enum acd_object object, uint64_t id)
{
        return acd_name(self, object, id);
}

bool wire_batch_add(struct wire_batch *batch, const struct acd *acd, const struct acd_event *event)
{
        ACD_UNINITIALIZED char key[ACD_CLIENT_KEY_MAX];
        struct wire_namer namer = { name_of, acd };
        struct wire_batch_head head = {
                .epoch = acd_epoch(acd),
                .first_sequence = event->sequence,
                .last_sequence = event->sequence,
                .wall_offset_ns = acd_wall_offset(acd),
                .time_ns = event->now,
        };
        struct wire_event to = {
                .sequence = event->sequence,
                .kind = (enum acd_event_kind)event->kind,
                .reason = (enum acd_reason)event->reason,
                .state = event->state,
                .band = event->band,
                .contact = event->contact.value,
                .agent_id = event->agent.value,
                .queue_id = event->queue.value,
                .channel_id = event->channel.value,
                .gateway_id = event->gateway.value,
                .assignment = event->assignment.value,
                .deadline_ns = event->deadline,
                .since_ns = event->since,
                .value = event->value,
                .count = event->count,
                .object = (enum acd_object)event->object,
                .tier = event->tier,
        };

        ACD_ASSERT(batch->size == 0 || event->sequence == batch->last_sequence + 1);

        if (batch->size == 0)
                head.tenant = acd_name(acd, ACD_OBJECT_TENANT, event->tenant.value);
        if (event->label[0] != 0)
                to.label = wire_text(event->label);
        if (is_configuration(event))
                to.name = acd_name(acd, (enum acd_object)event->object, event->value);
        if (event->has_client_key) {
                to.client_key.size =
                        acd_contact_payload(acd, event->contact, ACD_PAYLOAD_CLIENT_KEY,
                                            (uint8_t *)key, ACD_CLIENT_KEY_MAX);
                to.client_key.at = key;
        }
        return wire_batch_put(batch, &head, &to, &namer);
}
