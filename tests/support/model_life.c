/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The life of a contact and of its assignment in the naive model: rules L1 to L7, G4,
 * D13, D14.
 *
 *   offered -> connecting -> active <-> held -> wrap-up
 *                              ^ parked ^
 *
 * Whoever ends something here also says what follows for the agent: a slot that
 * became free means next state, then M2.
 */

#include "tests/support/model_state.h"

#include <string.h>

#include "base/assert.h"

static struct model_queue *queue_of(struct model *m, const struct model_contact *contact)
{
        int32_t index = model_index_of(m, ACD_OBJECT_QUEUE, contact->queue);

        ACD_ASSERT(index >= 0);
        return &m->queue[index];
}

static struct model_channel *channel_of(struct model *m, const struct model_contact *contact)
{
        int32_t index = model_index_of(m, ACD_OBJECT_CHANNEL, contact->channel);

        ACD_ASSERT(index >= 0);
        return &m->channel[index];
}

static void put_label(struct acd_event *event, const char *label)
{
        if (label != NULL)
                model_text(event->label, sizeof(event->label), label);
}

/* The assignment is active: L3. */
void model_connected(struct model *m, uint32_t assignment_index)
{
        struct model_assignment *assignment = &m->assignment[assignment_index];
        struct model_contact *contact = &m->contact[assignment->contact];
        struct acd_event *event;

        model_timer_stop(m, MODEL_TIMER_CONNECTING, assignment_index);
        assignment->state = ACD_ASSIGNMENT_ACTIVE;
        assignment->connected = m->now;
        assignment->deadline = 0;
        contact->state = ACD_CONTACT_ACTIVE;
        m->agent[assignment->agent].contact_count++;
        if (!contact->was_active)
                queue_of(m, contact)->answered++;
        contact->was_active = true;
        event = model_emit_contact(m, contact, ACD_EVENT_CONTACT_CONNECTED, ACD_REASON_NONE);
        event->since = contact->submitted;
        event->value = m->now - contact->submitted;
}

/* L1, for auto-accept too. */
void model_accept(struct model *m, uint32_t assignment_index)
{
        struct model_assignment *assignment = &m->assignment[assignment_index];
        struct model_contact *contact = &m->contact[assignment->contact];
        const struct model_channel *channel = channel_of(m, contact);
        bool is_connecting = channel->config.is_media && contact->gateway != 0;
        struct acd_event *event;

        model_timer_stop(m, MODEL_TIMER_OFFER, assignment_index);
        m->agent[assignment->agent].missed_count = 0;
        assignment->accepted = m->now;
        assignment->deadline =
                is_connecting ?
                        m->now + (uint64_t)channel->config.connecting_lease_ms * 1000000 : 0;
        assignment->state = is_connecting ? ACD_ASSIGNMENT_CONNECTING : ACD_ASSIGNMENT_ACTIVE;
        contact->state = is_connecting ? ACD_CONTACT_CONNECTING : ACD_CONTACT_ACTIVE;
        if (is_connecting)
                model_timer_set(m, MODEL_TIMER_CONNECTING, assignment_index,
                                contact->head.tenant, assignment->deadline);
        event = model_emit_contact(m, contact, ACD_EVENT_OFFER_ACCEPTED, ACD_REASON_NONE);
        event->state = (uint8_t)assignment->state;
        event->deadline = assignment->deadline;
        event->since = assignment->offered;
        if (!is_connecting)
                model_connected(m, assignment_index);
}

static void assignment_free(struct model *m, uint32_t assignment_index)
{
        model_timer_stop(m, MODEL_TIMER_OFFER, assignment_index);
        model_timer_stop(m, MODEL_TIMER_CONNECTING, assignment_index);
        model_timer_stop(m, MODEL_TIMER_WRAP_UP, assignment_index);
        m->contact[m->assignment[assignment_index].contact].assignment = MODEL_NONE;
        model_remove(m, ACD_OBJECT_ASSIGNMENT, assignment_index);
}

/* OFFER_ENDED. The contact has no assignment afterwards, and no place yet. */
void model_end_offer(struct model *m, uint32_t assignment_index, enum acd_reason reason,
                     const char *label)
{
        struct model_assignment *assignment = &m->assignment[assignment_index];
        struct model_contact *contact = &m->contact[assignment->contact];
        struct acd_event *event =
                model_emit_contact(m, contact, ACD_EVENT_OFFER_ENDED, reason);

        ACD_ASSERT(assignment->state == ACD_ASSIGNMENT_OFFERED ||
                   assignment->state == ACD_ASSIGNMENT_CONNECTING);
        event->state = ACD_ASSIGNMENT_CLOSED;
        event->since = assignment->offered;
        put_label(event, label);
        assignment_free(m, assignment_index);
}

/* ASSIGNMENT_CLOSED, of an assignment that was active. */
void model_close_assignment(struct model *m, uint32_t assignment_index, enum acd_reason reason)
{
        struct model_assignment *assignment = &m->assignment[assignment_index];
        struct model_contact *contact = &m->contact[assignment->contact];
        struct acd_event *event =
                model_emit_contact(m, contact, ACD_EVENT_ASSIGNMENT_CLOSED, reason);

        if (assignment->state == ACD_ASSIGNMENT_HELD)
                assignment->held_ns += m->now - assignment->held_at;
        event->state = ACD_ASSIGNMENT_CLOSED;
        event->since = assignment->accepted;
        event->value = assignment->held_ns;
        assignment_free(m, assignment_index);
}

/* The contact's slot is free again. */
void model_contact_free(struct model *m, uint32_t contact_index)
{
        struct model_contact *contact = &m->contact[contact_index];

        ACD_ASSERT(contact->assignment < 0);
        contact->state = ACD_CONTACT_FREE;
        model_class_drop(m, contact->class_index);
        model_remove(m, ACD_OBJECT_CONTACT, contact_index);
}

static void key_closed(struct model *m, const struct model_contact *contact)
{
        const struct model_tenant *tenant = &m->tenant[contact->head.tenant];

        if (contact->key < 0)
                return;
        m->key[contact->key].is_closed = true;
        m->key[contact->key].closed_order = ++m->order;
        model_timer_set(m, MODEL_TIMER_KEY, (uint32_t)contact->key, contact->head.tenant,
                        m->now + tenant->config.key_retention_ms * 1000000);
}

static bool wraps_up(struct model *m, const struct model_contact *contact)
{
        const struct model_assignment *assignment = &m->assignment[contact->assignment];

        return (assignment->state == ACD_ASSIGNMENT_ACTIVE ||
                assignment->state == ACD_ASSIGNMENT_HELD) &&
               queue_of(m, contact)->config.wrap_up_ms > 0 &&
               m->agent[assignment->agent].presence != ACD_PRESENCE_LOGGED_OUT;
}

static void closed_event(struct model *m, struct model_contact *contact, enum acd_reason reason,
                         const char *label)
{
        struct acd_event *event;

        queue_of(m, contact)->closed++;
        queue_of(m, contact)->abandoned += reason == ACD_REASON_ABANDONED;
        event = model_emit_contact(m, contact, ACD_EVENT_CONTACT_CLOSED, reason);
        event->since = contact->submitted;
        event->value = contact->active_ns;
        put_label(event, label);
        key_closed(m, contact);
        model_pairs_drop(m, ACD_OBJECT_CONTACT, (uint32_t)(contact - m->contact));
}

static void start_wrap_up(struct model *m, uint32_t assignment_index, enum acd_reason reason)
{
        struct model_assignment *assignment = &m->assignment[assignment_index];
        struct model_contact *contact = &m->contact[assignment->contact];
        struct acd_event *event;

        if (assignment->state == ACD_ASSIGNMENT_HELD)
                assignment->held_ns += m->now - assignment->held_at;
        assignment->state = ACD_ASSIGNMENT_WRAP_UP;
        assignment->deadline =
                m->now + (uint64_t)queue_of(m, contact)->config.wrap_up_ms * 1000000;
        model_timer_set(m, MODEL_TIMER_WRAP_UP, assignment_index, contact->head.tenant,
                        assignment->deadline);
        event = model_emit_contact(m, contact, ACD_EVENT_WRAP_UP_STARTED, reason);
        event->state = ACD_ASSIGNMENT_WRAP_UP;
        event->deadline = assignment->deadline;
}

static void close_engaged(struct model *m, uint32_t contact_index, enum acd_reason reason,
                          const char *label, bool may_wrap_up)
{
        struct model_contact *contact = &m->contact[contact_index];
        uint32_t assignment_index = (uint32_t)contact->assignment;
        bool is_wrapping = may_wrap_up && wraps_up(m, contact);

        contact->active_ns += m->now - m->assignment[assignment_index].connected;
        contact->state = is_wrapping ? ACD_CONTACT_ENDED : ACD_CONTACT_FREE;
        closed_event(m, contact, reason, label);
        if (is_wrapping) {
                start_wrap_up(m, assignment_index, reason);
                return;
        }
        model_close_assignment(m, assignment_index, reason);
        model_contact_free(m, contact_index);
}

/* The same without what follows for the agent. */
void model_close_only(struct model *m, uint32_t contact_index, enum acd_reason reason,
                      const char *label, bool may_wrap_up)
{
        struct model_contact *contact = &m->contact[contact_index];
        enum acd_assignment_state state = ACD_ASSIGNMENT_FREE;

        ACD_ASSERT(contact->state != ACD_CONTACT_ENDED);
        if (contact->assignment >= 0)
                state = m->assignment[contact->assignment].state;
        if (state == ACD_ASSIGNMENT_ACTIVE || state == ACD_ASSIGNMENT_HELD ||
            state == ACD_ASSIGNMENT_PARKED) {
                close_engaged(m, contact_index, reason, label, may_wrap_up);
                return;
        }
        if (state != ACD_ASSIGNMENT_FREE)
                model_end_offer(m, (uint32_t)contact->assignment, reason, NULL);
        contact->state = ACD_CONTACT_FREE;
        closed_event(m, contact, reason, label);
        model_contact_free(m, contact_index);
}

/* Over for the customer, in whatever state: L6, D14. */
void model_close(struct model *m, uint32_t contact_index, enum acd_reason reason,
                 const char *label)
{
        const struct model_contact *contact = &m->contact[contact_index];
        int32_t agent = MODEL_NONE;
        bool is_parked = false;

        if (contact->assignment >= 0) {
                agent = (int32_t)m->assignment[contact->assignment].agent;
                is_parked = m->assignment[contact->assignment].state == ACD_ASSIGNMENT_PARKED;
        }
        model_close_only(m, contact_index, reason, label, /* may_wrap_up = */ true);
        if (agent >= 0 && !is_parked)
                model_take_next(m, (uint32_t)agent);
}

/* A contact without an assignment goes back to its place: D13. */
void model_return(struct model *m, uint32_t contact_index)
{
        struct model_contact *contact = &m->contact[contact_index];
        int32_t gateway = model_index_of(m, ACD_OBJECT_GATEWAY, contact->gateway);

        ACD_ASSERT(contact->assignment < 0);
        contact->state = ACD_CONTACT_WAITING;
        contact->tiers_until = m->now;
        if (contact->gateway != 0 && gateway >= 0 &&
            m->gateway[gateway].state == ACD_GATEWAY_GONE) {
                model_gateway_gone(m, contact_index);
                return;
        }
        model_emit_contact(m, contact, ACD_EVENT_CONTACT_QUEUED, ACD_REASON_RETURNED)->since =
                contact->submitted;
}

static bool makes_pair(enum acd_reason reason)
{
        return reason == ACD_REASON_REJECTED || reason == ACD_REASON_OFFER_TIMEOUT ||
               reason == ACD_REASON_CONNECT_TIMEOUT ||
               (reason >= ACD_REASON_FAILED_BUSY && reason <= ACD_REASON_FAILED_MEDIA);
}

/* D17: what a missed offer or one pair too many does to the agent. */
static void auto_pause(struct model *m, uint32_t agent_index, enum acd_reason reason,
                       uint8_t missed_max, bool is_full)
{
        struct model_agent *agent = &m->agent[agent_index];
        bool is_missed = false;

        if (reason == ACD_REASON_REJECTED)
                agent->missed_count = 0;
        if (reason == ACD_REASON_OFFER_TIMEOUT) {
                agent->missed_count++;
                is_missed = missed_max > 0 && agent->missed_count >= missed_max;
        }
        if (agent->presence != ACD_PRESENCE_READY)
                return;
        if (is_missed) {
                agent->missed_count = 0;
                model_set_presence(m, agent_index, ACD_PRESENCE_PAUSED, "missed",
                                   ACD_REASON_MISSED_OFFERS);
        } else if (is_full) {
                model_set_presence(m, agent_index, ACD_PRESENCE_PAUSED, "pairs",
                                   ACD_REASON_PAIRS_FULL);
        }
}

/* An offer or a connecting contact came to nothing: L2, L3, D13. */
void model_offer_failed(struct model *m, uint32_t assignment_index, enum acd_reason reason,
                        const char *label)
{
        uint32_t contact_index = m->assignment[assignment_index].contact;
        uint32_t agent_index = m->assignment[assignment_index].agent;
        struct model_contact *contact = &m->contact[contact_index];
        const struct acd_queue_config *queue = &queue_of(m, contact)->config;
        uint64_t id = contact->head.id;
        bool is_full = false;

        model_end_offer(m, assignment_index, reason, label);
        if (makes_pair(reason))
                model_pair_make(m, contact_index, agent_index, queue->cool_down_ms, &is_full);
        model_return(m, contact_index);
        auto_pause(m, agent_index, reason, queue->missed_max, is_full);
        model_take_next(m, agent_index);
        if (m->contact[contact_index].head.is_used && m->contact[contact_index].head.id == id)
                model_match_contact(m, contact_index);
}

/* The gateway of an open contact is gone longer than its grace: G4, W2. */
void model_gateway_gone(struct model *m, uint32_t contact_index)
{
        struct model_contact *contact = &m->contact[contact_index];
        bool is_live = channel_of(m, contact)->config.is_live;
        bool is_waiting = contact->state == ACD_CONTACT_WAITING;
        uint32_t agent;

        if (contact->state == ACD_CONTACT_ENDED)
                return;
        if (is_live) {
                model_close(m, contact_index, ACD_REASON_GATEWAY_LOST, NULL);
                return;
        }
        if (!is_waiting && contact->state != ACD_CONTACT_OFFERED)
                return;
        agent = is_waiting ? 0 : m->assignment[contact->assignment].agent;
        if (!is_waiting)
                model_end_offer(m, (uint32_t)contact->assignment, ACD_REASON_GATEWAY_LOST, NULL);
        contact->state = ACD_CONTACT_WITHHELD;
        model_emit_contact(m, contact, ACD_EVENT_CONTACT_WITHHELD, ACD_REASON_GATEWAY_LOST);
        if (!is_waiting)
                model_take_next(m, agent);
}
