/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Views of the core become rows of the protocol.
 *
 * One function a kind, used by answers, lists, snapshots and pushes alike, so
 * that the same thing looks the same wherever it is shown.
 */

#include "daemon/rows.h"

#include <string.h>

#include "base/assert.h"
#include "daemon/shard.h"

enum { NS_PER_MS = 1000000, ASSIGNMENT_MAX = ACD_AGENT_PARKED_MAX + 2 };

struct acd_text rows_name(const struct shard *shard, enum acd_object object, uint64_t id)
{
        return id == 0 ? (struct acd_text){ "", 0 } : acd_name(shard->acd, object, id);
}

struct acd_bytes rows_payload(struct shard *shard, acd_contact_id contact, enum acd_payload part)
{
        uint32_t size = acd_contact_payload(shard->acd, contact, part, NULL, 0);
        uint8_t *copy;

        if (size == 0)
                return (struct acd_bytes){ 0 };
        copy = acd_arena_alloc(&shard->row_arena, size, 1);
        if (copy == NULL)
                return (struct acd_bytes){ 0 };
        (void)acd_contact_payload(shard->acd, contact, part, copy, size);
        return (struct acd_bytes){ copy, size };
}

struct acd_text rows_payload_text(struct shard *shard, acd_contact_id contact,
                                  enum acd_payload part)
{
        struct acd_bytes bytes = rows_payload(shard, contact, part);

        return (struct acd_text){ (const char *)bytes.at, bytes.size };
}

uint32_t rows_left_ms(const struct shard *shard, acd_time deadline)
{
        acd_time now = commit_now(shard);
        uint64_t ms;

        if (deadline <= now)
                return 0;
        ms = (deadline - now + NS_PER_MS - 1) / NS_PER_MS;
        return ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

static uint64_t ms_since(const struct shard *shard, acd_time then)
{
        acd_time now = commit_now(shard);

        return then == 0 || then > now ? 0 : (now - then) / NS_PER_MS;
}

/* From submit until an agent had it, or until now. */
static uint64_t waited_ms(const struct shard *shard, const struct acd_contact_view *contact)
{
        struct acd_assignment_view assignment;

        if (contact->assignment.value != 0 &&
            acd_view_assignment(shard->acd, contact->assignment, &assignment) &&
            assignment.connected != 0)
                return (assignment.connected - contact->submitted) / NS_PER_MS;
        return ms_since(shard, contact->submitted);
}

bool rows_contact(struct shard *shard, acd_contact_id id, bool with_attributes,
                  struct wire_contact *ret_row)
{
        struct acd_assignment_view assignment = { 0 };
        struct acd_contact_view view;

        if (!acd_view_contact(shard->acd, id, &view))
                return false;
        if (view.assignment.value != 0)
                (void)acd_view_assignment(shard->acd, view.assignment, &assignment);
        *ret_row = (struct wire_contact){
                .contact = id.value,
                .state = view.state,
                .queue = rows_name(shard, ACD_OBJECT_QUEUE, view.queue.value),
                .channel = rows_name(shard, ACD_OBJECT_CHANNEL, view.channel.value),
                .band = view.band,
                .credit_ms = view.credit_ms,
                .submitted_ns = view.submitted,
                .queued_ns = view.queued,
                .waited_ms = waited_ms(shard, &view),
                .offer_count = view.offer_count,
                .client_key = rows_payload_text(shard, id, ACD_PAYLOAD_CLIENT_KEY),
                .customer_key = rows_payload_text(shard, id, ACD_PAYLOAD_CUSTOMER_KEY),
                .gateway = rows_name(shard, ACD_OBJECT_GATEWAY, view.gateway.value),
                .assignment = view.assignment.value,
                .assignment_state = assignment.state,
                .agent = rows_name(shard, ACD_OBJECT_AGENT, view.agent.value),
                .agent_id = view.agent.value,
                .queue_id = view.queue.value,
                .channel_id = view.channel.value,
                .gateway_id = view.gateway.value,
                .order = view.sequence,
        };
        if (with_attributes)
                ret_row->attributes = rows_payload(shard, id, ACD_PAYLOAD_ATTRIBUTES);
        return true;
}

bool rows_assignment(struct shard *shard, acd_assignment_id id, bool with_attributes,
                     struct wire_assignment *ret_row)
{
        struct acd_contact_view contact = { 0 };
        struct acd_assignment_view view;

        if (!acd_view_assignment(shard->acd, id, &view))
                return false;
        (void)acd_view_contact(shard->acd, view.contact, &contact);
        *ret_row = (struct wire_assignment){
                .assignment = id.value,
                .state = view.state,
                .epoch = view.epoch,
                .contact = view.contact.value,
                .agent_id = view.agent.value,
                .agent = rows_name(shard, ACD_OBJECT_AGENT, view.agent.value),
                .queue = rows_name(shard, ACD_OBJECT_QUEUE, contact.queue.value),
                .channel = rows_name(shard, ACD_OBJECT_CHANNEL, contact.channel.value),
                .offered_ns = view.offered,
                .accepted_ns = view.accepted,
                .connected_ns = view.connected,
                .held_ns = view.held_ns,
                .hold_count = view.hold_count,
                .left_ms = rows_left_ms(shard, view.deadline),
                .client_key = rows_payload_text(shard, view.contact, ACD_PAYLOAD_CLIENT_KEY),
                .customer_key = rows_payload_text(shard, view.contact, ACD_PAYLOAD_CUSTOMER_KEY),
                .band = contact.band,
                .waited_ms = waited_ms(shard, &contact),
        };
        if (with_attributes)
                ret_row->attributes = rows_payload(shard, view.contact, ACD_PAYLOAD_ATTRIBUTES);
        return true;
}

bool rows_agent(struct shard *shard, acd_agent_id id, struct wire_agent *ret_row)
{
        struct acd_assignment_view assignment = { 0 };
        struct acd_contact_view contact = { 0 };
        struct acd_agent_view view;

        if (!acd_view_agent(shard->acd, id, &view))
                return false;
        if (view.assignment.value != 0 &&
            acd_view_assignment(shard->acd, view.assignment, &assignment))
                (void)acd_view_contact(shard->acd, assignment.contact, &contact);
        *ret_row = (struct wire_agent){
                .agent_id = id.value,
                .agent = rows_name(shard, ACD_OBJECT_AGENT, id.value),
                .presence = view.presence,
                .label = view.label,
                .next = view.next,
                .since_ns = view.since,
                .idle_since_ns = view.idle_since,
                .assignment = view.assignment.value,
                .assignment_state = view.assignment_state,
                .parked_count = view.parked_count,
                .class_count = view.class_count,
                .contact_count = view.contact_count,
                .team = rows_name(shard, ACD_OBJECT_TEAM, view.team.value),
                .session_count = session_of_agent(&shard->sessions, id)->count,
                .contact = assignment.contact.value,
                .queue = rows_name(shard, ACD_OBJECT_QUEUE, contact.queue.value),
        };
        return true;
}

bool rows_queue(struct shard *shard, acd_queue_id id, struct wire_queue *ret_row)
{
        struct acd_queue_view view;

        if (!acd_view_queue(shard->acd, id, &view))
                return false;
        *ret_row = (struct wire_queue){
                .queue_id = id.value,
                .queue = rows_name(shard, ACD_OBJECT_QUEUE, id.value),
                .waiting = view.waiting,
                .withheld = view.withheld,
                .offered = view.offered,
                .connecting = view.connecting,
                .active = view.active,
                .wrap_up = view.wrap_up,
                .longest_wait_ms = ms_since(shard, view.oldest),
                .agent_eligible = view.agent_eligible,
                .agent_logged_in = view.agent_logged_in,
                .agent_ready = view.agent_ready,
                .submitted = view.submitted,
                .answered = view.answered,
                .abandoned = view.abandoned,
                .closed = view.closed,
        };
        return true;
}

bool rows_gateway(struct shard *shard, acd_gateway_id id, struct wire_gateway *ret_row)
{
        struct acd_gateway_view view;

        if (!acd_view_gateway(shard->acd, id, &view))
                return false;
        *ret_row = (struct wire_gateway){
                .gateway_id = id.value,
                .gateway = rows_name(shard, ACD_OBJECT_GATEWAY, id.value),
                .state = view.state,
                .left_ms = rows_left_ms(shard, view.deadline),
                .contact_count = view.contact_count,
                .connection_count = gateways_find(&shard->gateways, id) != NULL ? 1 : 0,
        };
        return true;
}

void rows_snapshot(struct shard *shard, acd_agent_id agent, struct wire_agent_snapshot *ret_row)
{
        acd_assignment_id ids[ASSIGNMENT_MAX];
        uint32_t count = acd_agent_assignments(shard->acd, agent, ids, ASSIGNMENT_MAX);
        struct wire_assignment *rows = acd_arena_alloc_array(
                &shard->row_arena, ASSIGNMENT_MAX, sizeof(*rows), _Alignof(struct wire_assignment));

        *ret_row = (struct wire_agent_snapshot){ 0 };
        ret_row->has_agent = rows_agent(shard, agent, &ret_row->agent);
        if (rows == NULL)
                return;
        ACD_ASSERT(count <= ASSIGNMENT_MAX);
        for (uint32_t i = 0; i < count; i++) {
                if (rows_assignment(shard, ids[i], true, &rows[ret_row->assignments_count]))
                        ret_row->assignments_count++;
        }
        ret_row->assignments = rows;
}

bool rows_tenant_exists(const struct shard *shard, acd_tenant_id tenant)
{
        struct acd_tenant_config config;
        uint64_t sequence;

        return acd_view_tenant(shard->acd, tenant, &config, &sequence);
}
