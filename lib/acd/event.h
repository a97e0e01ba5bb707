/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * event.h - everything that the core says has happened.
 *
 * A step's effects are events: facts, numbered per tenant without gap, in the
 * order in which they became true. The daemon pushes them to whom they concern
 * and appends them, encoded, to the event log. Nothing else leaves a step.
 */

#include "acd/types.h"

enum acd_event_kind {
#define EVENT(name, number, text) ACD_EVENT_##name = (number),
#include "acd/events.def"
#undef EVENT
};

/* Fields that do not apply are zero. The text column of events.def says what
 * each kind carries beyond contact, agent, queue, assignment. */
struct acd_event {
        uint16_t kind;            /* enum acd_event_kind */
        uint16_t reason;          /* enum acd_reason */
        uint8_t state;            /* contact, assignment or presence state after it */
        uint8_t band;
        uint8_t object;           /* enum acd_object, of configuration events */
        uint8_t tier;             /* of the agent for an offer */
        uint32_t count;           /* contact: offers made so far */
        bool has_client_key;      /* of the contact */
        uint64_t sequence;        /* of the tenant; starts at 1, never restarts */
        acd_time deadline;        /* of the offer, lease, wrap-up or grace; 0 = none */
        /* begin of what ended: entry in queue, offer, active, hold, wrap-up */
        acd_time since;
        uint64_t value;           /* as the text says */
        /* From here to the label: what events of one contact in one step share, see emit.h. */
        acd_time now;
        acd_tenant_id tenant;
        acd_queue_id queue;
        acd_channel_id channel;   /* of the contact */
        acd_contact_id contact;
        acd_gateway_id gateway;   /* owner of the contact */
        acd_assignment_id assignment;
        acd_agent_id agent;
        char label[ACD_LABEL_MAX + 1]; /* pause reason, disposition */
};

struct acd_effects {
        uint32_t count;
        struct acd_event item[ACD_EFFECT_MAX];
};
