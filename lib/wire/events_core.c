/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of the core get their names. An event says ids; who reads it outside
 * wants to know which queue, which agent, which contact of his own. The names
 * are those of the moment: they are looked up right after the step, while what
 * the step closed can still be read, and nothing else goes into the bytes. That
 * is why replay writes the same ones.
 */

#include "base/assert.h"
#include "wire/events.h"

/* Is this an event of configuration, whose value is the id of its object? */
static bool is_configuration(const struct acd_event *event)
{
        return event->kind == ACD_EVENT_CONFIG_CHANGED || event->kind == ACD_EVENT_CONFIG_REMOVED;
}

struct wire_event wire_event_of(const struct acd *acd, const struct acd_event *event,
                                char key[ACD_CLIENT_KEY_MAX])
{
        struct acd_contact_view contact;
        struct wire_event to = {
                .sequence = event->sequence,
                .kind = (enum acd_event_kind)event->kind,
                .time_ns = event->now,
                .reason = (enum acd_reason)event->reason,
                .state = event->state,
                .band = event->band,
                .contact = event->contact.value,
                .agent_id = event->agent.value,
                .queue_id = event->queue.value,
                .assignment = event->assignment.value,
                .gateway_id = event->gateway.value,
                .deadline_ns = event->deadline,
                .since_ns = event->since,
                .value = event->value,
                .label = wire_text(event->label),
                .count = event->count,
                .object = (enum acd_object)event->object,
                .tier = event->tier,
        };

        if (event->queue.value != 0)
                to.queue = acd_name(acd, ACD_OBJECT_QUEUE, event->queue.value);
        if (event->agent.value != 0)
                to.agent = acd_name(acd, ACD_OBJECT_AGENT, event->agent.value);
        if (event->gateway.value != 0)
                to.gateway = acd_name(acd, ACD_OBJECT_GATEWAY, event->gateway.value);
        if (is_configuration(event))
                to.name = acd_name(acd, (enum acd_object)event->object, event->value);
        if (event->contact.value != 0 && acd_view_contact(acd, event->contact, &contact)) {
                to.channel_id = contact.channel.value;
                to.channel = acd_name(acd, ACD_OBJECT_CHANNEL, contact.channel.value);
                to.client_key.size =
                        acd_contact_payload(acd, event->contact, ACD_PAYLOAD_CLIENT_KEY,
                                            (uint8_t *)key, ACD_CLIENT_KEY_MAX);
                to.client_key.at = key;
        }
        return to;
}

bool wire_batch_add(struct wire_batch *batch, const struct acd *acd, const struct acd_event *event)
{
        char key[ACD_CLIENT_KEY_MAX];
        struct wire_event full = wire_event_of(acd, event, key);
        struct wire_batch_head head = {
                .tenant = acd_name(acd, ACD_OBJECT_TENANT, event->tenant.value),
                .epoch = acd_epoch(acd),
                .first_sequence = event->sequence,
                .last_sequence = event->sequence,
                .wall_offset_ns = acd_wall_offset(acd),
        };

        ACD_ASSERT(batch->size == 0 || event->sequence == batch->last_sequence + 1);

        return wire_batch_copy(batch, &head, &full);
}
