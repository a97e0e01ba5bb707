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

/* A contact, looked up. */
struct acd_subject {
        uint32_t index;
        struct acd_contact *contact;
        const struct acd_class *class;
};

/* An assignment and whom it links, looked up. */
struct acd_bond {
        uint32_t index;
        uint32_t contact_index;
        struct acd_assignment *assignment;
        struct acd_contact *contact;
        const struct acd_class *class;
        struct acd_queue *queue;
        struct acd_agent *agent;
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

ACD_INLINE struct acd_subject acd_subject_of(struct acd *acd, uint32_t index)
{
        struct acd_contact *contact = &acd->contact[index];

        return (struct acd_subject){ index, contact, &acd->class[contact->class] };
}

ACD_INLINE struct acd_bond acd_bond_between(struct acd *acd, uint32_t index, uint32_t contact_index)
{
        struct acd_assignment *assignment = &acd->assignment[index];
        struct acd_contact *contact = &acd->contact[contact_index];
        const struct acd_class *class = &acd->class[contact->class];

        return (struct acd_bond){
                .index = index,
                .contact_index = contact_index,
                .assignment = assignment,
                .contact = contact,
                .class = class,
                .queue = &acd->queue[class->queue],
                .agent = &acd->agent[assignment->agent],
        };
}

ACD_INLINE struct acd_bond acd_bond_of(struct acd *acd, uint32_t index)
{
        return acd_bond_between(acd, index, acd->assignment[index].contact);
}

/* The next event, but for whom it is about. */
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
        event->deadline = fact.deadline;
        event->since = fact.since;
        event->value = fact.value;
        memset(event->label, 0, sizeof(event->label));
        return event;
}

/* Of what no assignment is part. Ids are kept where they need no look at another
 * object. */
ACD_INLINE struct acd_event *acd_event_of_contact(struct acd *acd, struct acd_subject subject,
                                                  struct acd_fact fact)
{
        const struct acd_contact *contact = subject.contact;
        const struct acd_class *class = subject.class;
        struct acd_event *event = acd_event_next(acd, class->tenant, fact);

        event->band = contact->band;
        event->now = acd->step_now;
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
        return event;
}

/* Of an assignment and its contact. */
ACD_INLINE struct acd_event *acd_event_of_bond(struct acd *acd, struct acd_bond bond,
                                               struct acd_fact fact)
{
        struct acd_subject subject = { bond.contact_index, bond.contact, bond.class };
        struct acd_event *event = acd_event_of_contact(acd, subject, fact);

        event->assignment.value = acd_id_in(acd, bond.index, bond.assignment->generation);
        event->agent = bond.assignment->agent_id;
        return event;
}

/* The same contact, with the same assignment or none, as of the event before. */
ACD_INLINE struct acd_event *acd_event_also(struct acd *acd, const struct acd_event *before,
                                            const struct acd_class *class, struct acd_fact fact)
{
        enum { BEGIN = offsetof(struct acd_event, now), END = offsetof(struct acd_event, label) };
        struct acd_event *event = acd_event_next(acd, class->tenant, fact);

        event->band = before->band;
        event->count = before->count;
        event->has_client_key = before->has_client_key;
        memcpy((char *)event + BEGIN, (const char *)before + BEGIN, END - BEGIN);
        return event;
}
