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

/* The next event, with what all have. Every field is written, here or by the caller:
 * to clear the whole first takes longer than all the rest. @base is that of ids. */
static inline struct acd_event *next_event(struct acd *acd, uint32_t tenant_index, uint64_t base,
                                           enum acd_event_kind kind, enum acd_reason reason)
{
        struct acd_tenant *tenant = &acd->tenant[tenant_index];
        struct acd_effects *effects = acd->effects;
        struct acd_event *event = &effects->item[effects->count];

        ACD_ASSERT(tenant_index != 0);
        ACD_ASSERT(effects->count < ACD_EFFECT_MAX);
        effects->count++;
        event->kind = (uint16_t)kind;
        event->reason = (uint16_t)reason;
        event->object = ACD_OBJECT_NONE;
        event->tier = 0;
        event->tenant.value = acd_id_in(base, tenant_index, tenant->generation);
        event->sequence = ++tenant->event_sequence;
        event->now = acd->step_now;
        event->deadline = 0;
        event->since = 0;
        event->value = 0;
        memset(event->label, 0, sizeof(event->label));
        return event;
}

struct acd_event *acd_emit(struct acd *acd, uint32_t tenant, enum acd_event_kind kind)
{
        struct acd_event *event = next_event(acd, tenant, acd_id_base(acd), kind, ACD_REASON_NONE);

        event->state = 0;
        event->band = 0;
        event->count = 0;
        event->contact.value = 0;
        event->agent.value = 0;
        event->queue.value = 0;
        event->assignment.value = 0;
        event->channel.value = 0;
        event->gateway.value = 0;
        event->has_client_key = false;
        return event;
}

/* Whatever is read is read before the first word of the event is written, so that
 * the compiler need not read it twice. */
struct acd_event *acd_emit_contact(struct acd *acd, uint32_t index, enum acd_event_kind kind,
                                   enum acd_reason reason)
{
        const struct acd_contact *contact = &acd->contact[index];
        const struct acd_class *class = &acd->class[contact->class];
        uint64_t base = acd_id_base(acd);
        uint64_t id = acd_id_in(base, index, contact->generation);
        uint64_t queue = acd_id_in(base, class->queue, acd->queue[class->queue].generation);
        uint64_t channel = acd_id_in(base, class->channel, acd->channel[class->channel].generation);
        uint64_t gateway = 0, assignment = 0, agent = 0;
        uint8_t state = contact->state, band = contact->band;
        bool has_client_key = contact->key != 0;
        uint32_t count = contact->offer_count;
        struct acd_event *event;

        ACD_ASSERT(index != 0);
        if (contact->gateway != 0)
                gateway = acd_id_in(base, contact->gateway,
                                    acd->gateway[contact->gateway].generation);
        if (contact->assignment != 0) {
                const struct acd_assignment *link = &acd->assignment[contact->assignment];

                assignment = acd_id_in(base, contact->assignment, link->generation);
                agent = acd_id_in(base, link->agent, acd->agent[link->agent].generation);
        }
        event = next_event(acd, class->tenant, base, kind, reason);
        event->state = state;
        event->band = band;
        event->count = count;
        event->contact.value = id;
        event->agent.value = agent;
        event->queue.value = queue;
        event->assignment.value = assignment;
        event->channel.value = channel;
        event->gateway.value = gateway;
        event->has_client_key = has_client_key;
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
