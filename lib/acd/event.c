/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events: what a step says has happened.
 *
 * Each is numbered by its tenant the moment it becomes true. Which fields a kind
 * carries is rule D11; what every kind of an object carries is filled in here,
 * the rest by whoever emits. A step that could say too much must not begin: work
 * that may be long asks acd_has_room() and goes on the agenda.
 */

#include "acd/emit.h"

#include <string.h>

struct acd_event *acd_emit(struct acd *acd, uint32_t tenant, enum acd_event_kind kind)
{
        struct acd_event *event = acd_event_next(acd, tenant, (struct acd_fact){ .kind = kind });

        ACD_ASSERT(tenant != 0);
        event->band = 0;
        event->now = acd->step_now;
        event->count = 0;
        event->has_client_key = false;
        event->tenant.value = acd_id_in(acd, tenant, acd->tenant[tenant].generation);
        event->queue.value = 0;
        event->channel.value = 0;
        event->contact.value = 0;
        event->gateway.value = 0;
        event->assignment.value = 0;
        event->agent.value = 0;
        return event;
}

struct acd_event *acd_emit_contact(struct acd *acd, uint32_t index, enum acd_event_kind kind,
                                   enum acd_reason reason)
{
        struct acd_fact fact = { .kind = kind,
                                 .reason = reason,
                                 .state = acd->contact[index].state };

        ACD_ASSERT(index != 0);
        if (acd->contact[index].assignment != 0)
                return acd_event_of_bond(
                        acd, acd_bond_between(acd, acd->contact[index].assignment, index), fact);
        return acd_event_of_contact(acd, acd_subject_of(acd, index), fact);
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

/* acd_text_set() of a text that is not empty. */
void acd_text_copy(char *to, size_t size, const char *from)
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
