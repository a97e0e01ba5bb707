/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events: what a step says has happened.
 *
 * Each is numbered by its tenant the moment it becomes true. Which fields a kind
 * carries is rule D11; what every kind of an object carries is filled in here,
 * the rest by whoever emits. A step that could say too much must not begin: work
 * that may be long asks acd_has_room() and goes on the agenda.
 */

#include "acd/parts.h"

#include <string.h>

bool acd_has_room(const struct acd *acd, uint32_t event_count)
{
        return acd->effects->count + event_count <= ACD_EFFECT_MAX;
}

struct acd_event *acd_emit(struct acd *acd, uint32_t tenant, enum acd_event_kind kind)
{
        struct acd_event *event;

        ACD_ASSERT(acd->effects->count < ACD_EFFECT_MAX);
        event = &acd->effects->item[acd->effects->count++];
        memset(event, 0, sizeof(*event));
        event->kind = (uint16_t)kind;
        event->tenant.value = acd_id_of(acd, &acd->tenants, tenant);
        event->sequence = ++acd->tenant[tenant].event_sequence;
        event->now = acd->step_now;
        return event;
}

struct acd_event *acd_emit_contact(struct acd *acd, uint32_t index, enum acd_event_kind kind,
                                   enum acd_reason reason)
{
        const struct acd_contact *contact = &acd->contact[index];
        const struct acd_class *class = &acd->class[contact->class];
        struct acd_event *event = acd_emit(acd, class->tenant, kind);

        event->reason = (uint16_t)reason;
        event->state = contact->state;
        event->band = contact->band;
        event->count = contact->offer_count;
        event->contact.value = acd_id_of(acd, &acd->contacts, index);
        event->queue.value = acd_id_of(acd, &acd->queues, class->queue);
        event->channel.value = acd_id_of(acd, &acd->channels, class->channel);
        event->gateway.value = acd_id_of(acd, &acd->gateways, contact->gateway);
        event->has_client_key = contact->key != 0;
        if (contact->assignment != 0) {
                uint32_t agent = acd->assignment[contact->assignment].agent;

                event->assignment.value = acd_id_of(acd, &acd->assignments, contact->assignment);
                event->agent.value = acd_id_of(acd, &acd->agents, agent);
        }
        return event;
}

struct acd_event *acd_emit_agent(struct acd *acd, uint32_t index, enum acd_event_kind kind,
                                 enum acd_reason reason)
{
        const struct acd_agent *agent = &acd->agent[index];
        struct acd_event *event = acd_emit(acd, agent->tenant, kind);

        event->reason = (uint16_t)reason;
        event->state = agent->presence;
        event->agent.value = acd_id_of(acd, &acd->agents, index);
        return event;
}

struct acd_event *acd_emit_gateway(struct acd *acd, uint32_t index, enum acd_event_kind kind,
                                   enum acd_reason reason)
{
        const struct acd_gateway *gateway = &acd->gateway[index];
        struct acd_event *event = acd_emit(acd, gateway->tenant, kind);

        event->reason = (uint16_t)reason;
        event->state = gateway->state;
        event->gateway.value = acd_id_of(acd, &acd->gateways, index);
        return event;
}

struct acd_event *acd_emit_config(struct acd *acd, uint32_t tenant, enum acd_event_kind kind,
                                  enum acd_object object, uint64_t id)
{
        struct acd_event *event = acd_emit(acd, tenant, kind);

        event->object = (uint8_t)object;
        event->value = id;
        return event;
}

/* A label or name in a fixed array, the rest of it zero so that it can be compared
 * and hashed as a whole. */
void acd_text_set(char *to, size_t size, const char *from)
{
        size_t length = 0;

        while (length + 1 < size && from[length] != 0)
                length++;
        memcpy(to, from, length);
        memset(to + length, 0, size - length);
}

bool acd_text_equal(const char *left, const char *right)
{
        while (*left != 0 && *left == *right) {
                left++;
                right++;
        }
        return *left == *right;
}

uint32_t acd_text_size(const char *text)
{
        uint32_t size = 0;

        while (text[size] != 0)
                size++;
        return size;
}
