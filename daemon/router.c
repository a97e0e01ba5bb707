/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pushes: one event of the core, zero or more frames.
 *
 *      event                    agent's sessions          owner gateway
 *      CONTACT_OFFERED          OFFER                     ASSIGNMENT offered
 *      OFFER_ENDED              OFFER_ENDED               ASSIGNMENT closed
 *      OFFER_ACCEPTED           ASSIGNMENT_STATE, TAKEN   ASSIGNMENT
 *      CONTACT_CONNECTED ...    ASSIGNMENT_STATE          ASSIGNMENT
 *      WRAP_UP_*, ASSIGNMENT_CLOSED  ASSIGNMENT_STATE     ASSIGNMENT
 *      AGENT_*                  PRESENCE
 *
 * A table by event kind says which; the functions say how. Pushes of a session
 * are numbered, so that a desktop sees a gap and asks for a snapshot. The
 * session that accepted gets the state, the other sessions of the agent are
 * told TAKEN instead.
 *
 * What a step closed can be viewed until the next step, so everything here may
 * read the core as if the event were the present.
 */

#include "daemon/router.h"

#include <string.h>

#include "base/assert.h"
#include "base/uninitialized.h"
#include "daemon/agent.h"
#include "daemon/conn_put.h"
#include "daemon/rows.h"
#include "daemon/shard.h"
#include "wire/write_put.h"

struct push {
        struct shard *shard;
        const struct acd_event *event;
        const struct session *actor;
        uint64_t told;                   /* whose state the actor's RESULT says */
        enum acd_assignment_state state; /* of the assignment after the event */
};

static struct session *of_agent(struct acd_link *link)
{
        return acd_container_of(link, struct session, of_agent);
}

/* A push of @kind whose body the caller sets: the whole would be half a kilobyte of zeros. */
static void begin(struct wire_message *message, enum wire_kind kind)
{
        message->kind = (uint16_t)kind;
        message->correlation = 0;
        message->session = 0;
}

/* Number @message and send it to @session. @number is where the body has it. */
static void send(struct shard *shard, struct session *session, struct wire_message *message,
                 uint32_t *number)
{
        *number = ++session->push;
        message->session = session->number;
        shard->metrics.pushes_total++;
        conn_send(shard, session->conn, message);
}

/* The hot pushes are written where they go, in three steps: room, body, header. */
static uint8_t *begin_push(struct shard *shard, struct conn *conn, size_t body_bound)
{
        return conn_begin(shard, conn, WIRE_HEADER_SIZE + body_bound);
}

static void end_push(struct shard *shard, struct conn *conn, uint8_t *at, const uint8_t *end,
                     struct wire_frame frame)
{
        shard->metrics.pushes_total++;
        conn_end(shard, conn, at, wire_put_header(at, end, frame), false);
}

static void end_session_push(struct shard *shard, const struct session *session, uint8_t *at,
                             const uint8_t *end, enum wire_kind kind)
{
        struct wire_frame frame = { .kind = (uint16_t)kind, .session = session->number };

        end_push(shard, session->conn, at, end, frame);
}

/* ---- to agents ---- */

static struct acd_text client_key(const struct push *push)
{
        if (!push->event->has_client_key)
                return (struct acd_text){ 0 };
        return rows_payload_text(push->shard, push->event->contact, ACD_PAYLOAD_CLIENT_KEY);
}

/* Of what may have been accepted in the same step, and be over by the next. */
static enum acd_assignment_state offer_state(const struct shard *shard, acd_assignment_id id)
{
        enum acd_assignment_state state = acd_assignment_state_now(shard->acd, id);

        return state == ACD_ASSIGNMENT_FREE ? ACD_ASSIGNMENT_OFFERED : state;
}

static void push_offer(const struct push *push, struct session *session)
{
        struct shard *shard = push->shard;
        const struct acd_event *event = push->event;
        acd_time submitted = acd_contact_submitted(shard->acd, event->contact);
        const struct wire_offer offer = {
                .server_time_ns = event->now,
                .push = ++session->push,
                .assignment = event->assignment.value,
                .epoch = acd_epoch(shard->acd),
                .contact = event->contact.value,
                .left_ms = rows_left_ms(shard, event->deadline),
                .waited_ms = (event->now - submitted) / 1000000,
                .band = event->band,
                .queue = rows_name(shard, ACD_OBJECT_QUEUE, event->queue.value),
                .channel = rows_name(shard, ACD_OBJECT_CHANNEL, event->channel.value),
                .customer_key = rows_payload_text(shard, event->contact, ACD_PAYLOAD_CUSTOMER_KEY),
                .attributes = rows_payload(shard, event->contact, ACD_PAYLOAD_ATTRIBUTES),
                .client_key = client_key(push),
                .offer_count = event->count,
                .state = offer_state(shard, event->assignment),
        };
        uint8_t *at = begin_push(shard, session->conn, wire_bound_offer(&offer));

        if (at != NULL)
                end_session_push(shard, session, at,
                                 wire_write_offer(&offer, at + WIRE_HEADER_SIZE), WIRE_OFFER);
}

static void push_offer_ended(const struct push *push, struct session *session)
{
        const struct acd_event *event = push->event;
        ACD_UNINITIALIZED struct wire_message message;

        begin(&message, WIRE_OFFER_ENDED);
        message.offer_ended = (struct wire_offer_ended){ .server_time_ns = event->now,
                                                         .assignment = event->assignment.value,
                                                         .contact = event->contact.value,
                                                         .reason = event->reason };
        send(push->shard, session, &message, &message.offer_ended.push);
}

static struct acd_text label_of(const struct acd_event *event)
{
        return event->label[0] == '\0' ? (struct acd_text){ 0 } : wire_text(event->label);
}

/* A session that wants no more than results has this one, and there is nothing to add to it. */
static bool is_told(const struct push *push, const struct session *session)
{
        const struct acd_event *event = push->event;

        return (session->conn->features & CONN_RESULTS_ONLY) && session == push->actor &&
               event->assignment.value == push->told && event->deadline == 0 &&
               event->label[0] == '\0';
}

static void send_state(const struct push *push, struct session *session)
{
        struct shard *shard = push->shard;
        const struct acd_event *event = push->event;
        const struct wire_assignment_state_push state = {
                .server_time_ns = event->now,
                .push = ++session->push,
                .assignment = event->assignment.value,
                .contact = event->contact.value,
                .state = push->state,
                .reason = event->reason,
                .left_ms = rows_left_ms(shard, event->deadline),
                .label = label_of(event),
        };
        uint8_t *at = begin_push(shard, session->conn, wire_bound_assignment_state_push(&state));

        if (at != NULL)
                end_session_push(shard, session, at,
                                 wire_write_assignment_state_push(&state, at + WIRE_HEADER_SIZE),
                                 WIRE_ASSIGNMENT_STATE);
}

static void push_state(const struct push *push, struct session *session)
{
        if (!is_told(push, session))
                send_state(push, session);
}

/* What is active at once is said to be by CONTACT_CONNECTED, which follows. */
static bool is_said_next(const struct acd_event *event)
{
        return event->kind == ACD_EVENT_OFFER_ACCEPTED && event->state == ACD_ASSIGNMENT_ACTIVE;
}

static void push_accepted(const struct push *push, struct session *session)
{
        const struct acd_event *event = push->event;
        ACD_UNINITIALIZED struct wire_message message;

        if (push->actor == NULL || push->actor == session ||
            push->actor->agent.value != session->agent.value) {
                if (!is_said_next(event))
                        push_state(push, session);
                return;
        }
        begin(&message, WIRE_TAKEN);
        message.taken = (struct wire_taken){ .server_time_ns = event->now,
                                             .assignment = event->assignment.value,
                                             .contact = event->contact.value };
        send(push->shard, session, &message, &message.taken.push);
}

static void push_presence(const struct push *push, struct session *session)
{
        const struct acd_event *event = push->event;
        struct acd_agent_view view = { 0 };
        ACD_UNINITIALIZED struct wire_message message;
        bool is_next = event->kind == ACD_EVENT_AGENT_NEXT_STATE;
        bool is_as_before;

        (void)acd_view_agent(push->shard->acd, event->agent, &view);
        begin(&message, WIRE_PRESENCE);
        /* Events that do not change why the agent is paused do not tell it. */
        is_as_before = is_next || event->kind == ACD_EVENT_AGENT_LOGGED_IN ||
                       event->kind == ACD_EVENT_AGENT_BACK;
        message.presence_push = (struct wire_presence_push){
                .server_time_ns = event->now,
                .presence = is_next ? view.presence : event->state,
                .label = is_as_before ? view.label : wire_text(event->label),
                .next = view.next,
                .reason = event->reason,
        };
        send(push->shard, session, &message, &message.presence_push.push);
}

void router_push_replaced(struct shard *shard, struct session *session, const char *newer)
{
        struct wire_message message = {
                .kind = WIRE_REPLACED,
                .replaced = { .server_time_ns = commit_now(shard), .client = wire_text(newer) },
        };

        send(shard, session, &message, &message.replaced.push);
}

/* ---- to the owner of the contact ---- */

WIRE_INLINE void send_assignment(struct shard *shard, struct conn *conn,
                                 const struct wire_assignment_push *push)
{
        uint8_t *at = begin_push(shard, conn, wire_bound_assignment_push(push));

        if (at != NULL)
                end_push(shard, conn, at, wire_write_assignment_push(push, at + WIRE_HEADER_SIZE),
                         (struct wire_frame){ .kind = WIRE_ASSIGNMENT });
}

/* Whom and where to connect is said until it is done, and to one that is back; afterwards the
 * gateway knows. */
static bool is_told_whole(enum acd_assignment_state state)
{
        return state == ACD_ASSIGNMENT_OFFERED || state == ACD_ASSIGNMENT_CONNECTING ||
               state == ACD_ASSIGNMENT_ACTIVE;
}

/* What every push of an assignment says. */
WIRE_INLINE struct wire_assignment_push assignment_of(const struct push *push)
{
        const struct acd_event *event = push->event;

        return (struct wire_assignment_push){
                .server_time_ns = event->now,
                .assignment = event->assignment.value,
                .epoch = acd_epoch(push->shard->acd),
                .contact = event->contact.value,
                .state = push->state,
                .agent_id = event->agent.value,
                .left_ms = rows_left_ms(push->shard, event->deadline),
                .reason = event->reason,
        };
}

static void send_whole_assignment(const struct push *push, struct conn *conn)
{
        struct shard *shard = push->shard;
        const struct acd_event *event = push->event;
        ACD_UNINITIALIZED uint8_t address[ACD_ADDRESS_MAX];
        struct wire_assignment_push assignment = assignment_of(push);

        assignment.agent = rows_name(shard, ACD_OBJECT_AGENT, event->agent.value);
        assignment.address.at = (const char *)address;
        assignment.address.size = acd_agent_address(shard->acd, event->agent, event->channel,
                                                    address, sizeof(address));
        assignment.client_key = client_key(push);
        assignment.queue = rows_name(shard, ACD_OBJECT_QUEUE, event->queue.value);
        assignment.channel = rows_name(shard, ACD_OBJECT_CHANNEL, event->channel.value);
        send_assignment(shard, conn, &assignment);
}

static void send_changed_assignment(const struct push *push, struct conn *conn)
{
        const struct wire_assignment_push assignment = assignment_of(push);

        send_assignment(push->shard, conn, &assignment);
}

static void push_assignment(const struct push *push)
{
        const struct acd_event *event = push->event;
        struct conn *conn;

        if (event->gateway.value == 0 || event->agent.value == 0 || is_said_next(event))
                return;
        conn = gateways_find(&push->shard->gateways, event->gateway);
        if (conn == NULL || (conn->features & CONN_NO_ASSIGNMENTS))
                return;
        if (is_told_whole(push->state))
                send_whole_assignment(push, conn);
        else
                send_changed_assignment(push, conn);
}

void router_push_assignment(struct shard *shard, struct conn *conn, acd_contact_id id)
{
        struct acd_assignment_view assignment;
        struct acd_contact_view contact;
        uint8_t address[ACD_ADDRESS_MAX];

        if ((conn->features & CONN_NO_ASSIGNMENTS) || !acd_view_contact(shard->acd, id, &contact) ||
            !acd_view_assignment(shard->acd, contact.assignment, &assignment))
                return;
        acd_arena_reset(&shard->row_arena);
        send_assignment(
                shard, conn,
                &(struct wire_assignment_push){
                        .server_time_ns = commit_now(shard),
                        .assignment = assignment.assignment.value,
                        .epoch = assignment.epoch,
                        .contact = id.value,
                        .state = assignment.state,
                        .agent_id = assignment.agent.value,
                        .agent = rows_name(shard, ACD_OBJECT_AGENT, assignment.agent.value),
                        .address = { (const char *)address,
                                     acd_agent_address(shard->acd, assignment.agent,
                                                       contact.channel, address, sizeof(address)) },
                        .left_ms = rows_left_ms(shard, assignment.deadline),
                        .client_key = rows_payload_text(shard, id, ACD_PAYLOAD_CLIENT_KEY),
                        .queue = rows_name(shard, ACD_OBJECT_QUEUE, contact.queue.value),
                        .channel = rows_name(shard, ACD_OBJECT_CHANNEL, contact.channel.value),
                });
}

/* ---- which event leads to what ---- */

struct route {
        void (*to_session)(const struct push *push, struct session *session);
        bool is_for_gateway;
        uint8_t state; /* of the assignment after it; 0: the event says it */
};

static const struct route routes[] = {
        [ACD_EVENT_CONTACT_OFFERED] = { push_offer, true, ACD_ASSIGNMENT_OFFERED },
        [ACD_EVENT_OFFER_ENDED] = { push_offer_ended, true, ACD_ASSIGNMENT_CLOSED },
        [ACD_EVENT_OFFER_ACCEPTED] = { push_accepted, true, 0 },
        [ACD_EVENT_CONTACT_CONNECTED] = { push_state, true, ACD_ASSIGNMENT_ACTIVE },
        [ACD_EVENT_CONTACT_HELD] = { push_state, true, ACD_ASSIGNMENT_HELD },
        [ACD_EVENT_CONTACT_RESUMED] = { push_state, true, ACD_ASSIGNMENT_ACTIVE },
        [ACD_EVENT_CONTACT_PARKED] = { push_state, true, ACD_ASSIGNMENT_PARKED },
        [ACD_EVENT_CONTACT_UNPARKED] = { push_state, true, ACD_ASSIGNMENT_ACTIVE },
        [ACD_EVENT_WRAP_UP_STARTED] = { push_state, true, ACD_ASSIGNMENT_WRAP_UP },
        [ACD_EVENT_WRAP_UP_EXTENDED] = { push_state, false, ACD_ASSIGNMENT_WRAP_UP },
        [ACD_EVENT_ASSIGNMENT_CLOSED] = { push_state, true, ACD_ASSIGNMENT_CLOSED },
        [ACD_EVENT_AGENT_LOGGED_IN] = { push_presence, false, 0 },
        [ACD_EVENT_AGENT_LOGGED_OUT] = { push_presence, false, 0 },
        [ACD_EVENT_AGENT_READY] = { push_presence, false, 0 },
        [ACD_EVENT_AGENT_PAUSED] = { push_presence, false, 0 },
        [ACD_EVENT_AGENT_NEXT_STATE] = { push_presence, false, 0 },
        [ACD_EVENT_AGENT_LOST] = { push_presence, false, 0 },
        [ACD_EVENT_AGENT_BACK] = { push_presence, false, 0 },
};

enum { ROUTE_COUNT = sizeof(routes) / sizeof(routes[0]) };

static void route_event(const struct push *push, const struct route *route)
{
        const struct acd_event *event = push->event;
        struct acd_list *sessions;

        acd_arena_reset(&push->shard->row_arena);
        if (route->is_for_gateway)
                push_assignment(push);
        if (event->agent.value == 0)
                return;
        sessions = session_of_agent(&push->shard->sessions, event->agent);
        for (struct acd_link *link = acd_list_first(sessions); link != NULL;
             link = acd_list_next(link))
                route->to_session(push, of_agent(link));
        if (event->kind == ACD_EVENT_AGENT_LOGGED_OUT)
                agent_end_sessions(push->shard, event->agent);
}

void router_route(struct shard *shard, const struct session *actor, uint64_t told)
{
        const struct acd_effects *effects = &shard->commit.effects;

        for (uint32_t i = 0; i < effects->count; i++) {
                struct push push = { shard, &effects->item[i], actor, told, 0 };
                uint16_t kind = push.event->kind;

                if (kind >= ROUTE_COUNT || routes[kind].to_session == NULL)
                        continue;
                push.state = routes[kind].state != 0 ? routes[kind].state : push.event->state;
                route_event(&push, &routes[kind]);
        }
        shard->commit.effects.count = 0;
}
