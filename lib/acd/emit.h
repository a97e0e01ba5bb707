/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * emit.h - events, inline. A contact has seven of them, and whoever says one has most of
 * what it tells at hand. Only lib/acd may include it. See event.c.
 *
 * Every field of an event is written once: to clear the whole first takes longer than
 * all the rest.
 */

#include "acd/parts.h"

/* A contact, and its assignment if it has one, looked up. */
struct acd_subject {
        uint32_t index;
        uint32_t assignment_index; /* or 0 */
        const struct acd_contact *contact;
        const struct acd_class *class;
        const struct acd_assignment *assignment;
};

/* What differs from event to event. */
struct acd_fact {
        enum acd_event_kind kind;
        enum acd_reason reason;
        uint8_t state;
        uint8_t tier;
        acd_time deadline;
        acd_time since;
        uint64_t value;
};

ACD_INLINE struct acd_subject acd_subject_of(const struct acd *acd, uint32_t index)
{
        const struct acd_contact *contact = &acd->contact[index];

        return (struct acd_subject){
                .index = index,
                .assignment_index = contact->assignment,
                .contact = contact,
                .class = &acd->class[contact->class],
                .assignment = &acd->assignment[contact->assignment],
        };
}

/* The next event, with what all have. */
ACD_INLINE struct acd_event *acd_event_next(struct acd *acd, uint32_t tenant, struct acd_fact fact)
{
        struct acd_effects *effects = acd->effects;
        struct acd_event *event = &effects->item[effects->count];

        ACD_ASSERT(effects->count < ACD_EFFECT_MAX);
        effects->count++;
        event->kind = (uint16_t)fact.kind;
        event->reason = (uint16_t)fact.reason;
        event->state = fact.state;
        event->object = ACD_OBJECT_NONE;
        event->tier = fact.tier;
        event->sequence = ++acd->tenant[tenant].event_sequence;
        event->now = acd->step_now;
        event->deadline = fact.deadline;
        event->since = fact.since;
        event->value = fact.value;
        memset(event->label, 0, sizeof(event->label));
        return event;
}

/* Ids are kept where they need no look at another object. */
ACD_INLINE struct acd_event *acd_event_of(struct acd *acd, struct acd_subject subject,
                                          struct acd_fact fact)
{
        const struct acd_contact *contact = subject.contact;
        const struct acd_class *class = subject.class;
        struct acd_event *event = acd_event_next(acd, class->tenant, fact);

        event->band = contact->band;
        event->count = contact->offer_count;
        event->has_client_key = contact->key != 0;
        event->tenant = class->tenant_id;
        event->queue = class->queue_id;
        event->channel = class->channel_id;
        event->contact.value = acd_id_in(acd, subject.index, contact->generation);
        event->gateway.value = 0;
        if (contact->gateway != 0)
                event->gateway.value =
                        acd_id_in(acd, contact->gateway, acd->gateway[contact->gateway].generation);
        event->assignment.value = 0;
        event->agent.value = 0;
        if (subject.assignment_index != 0) {
                event->assignment.value =
                        acd_id_in(acd, subject.assignment_index, subject.assignment->generation);
                event->agent = subject.assignment->agent_id;
        }
        return event;
}
