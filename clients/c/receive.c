/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What comes from the daemon: answers to requests, and pushes.
 *
 * An answer is found by its correlation. The library first takes from it what it
 * needs itself (whose session, which contacts are held) and then passes it on. An
 * answer that nobody waits for is dropped: its request was given up.
 *
 * Frames are looked at one by one, and stop being looked at as soon as the blocking
 * face has handed one out, for its texts are in the buffer and the arena.
 */

#include <errno.h>

#include "clients/c/client.h"

/* The daemon's clock, from whatever message says it first. */
static void note_time(struct acdclient *client, const struct wire_message *message, bool is_push)
{
        uint64_t ns = is_push ? message->bye.server_time_ns : message->result.server_time_ns;

        if (ns < client->server_time_ns)
                return;
        client->server_time_ns = ns;
        client->server_time_at_ms = client->now_ms;
}

/* A request with a session was refused because there is no such session. Returns true when
 * the request is sent again. */
static bool renew_session(struct acdclient *client, struct client_request *request,
                          const struct wire_message *answer)
{
        struct client_session *session = client_session_find(client, request->session);

        if (session == NULL || answer->kind != WIRE_RESULT)
                return false;
        if (answer->result.code == ACD_REPLACED) {
                client_session_end(client, session, ACDCLIENT_SESSION_REPLACED, answer);
                return false;
        }
        if (answer->result.code != ACD_NOT_LOGGED_IN)
                return false;
        client_session_renew(client, session);
        if (request->purpose != CLIENT_USER || request->is_retried)
                return false;
        request->is_retried = true;
        client_request_again(client, request);
        return true;
}

static void own_answered(struct acdclient *client, struct client_request *request,
                         const struct wire_message *answer)
{
        struct client_session *session;
        uint32_t number = request->session;
        enum client_purpose purpose = (enum client_purpose)request->purpose;

        if (purpose == CLIENT_SUBSCRIBE)
                client_subscription_answered(client, request, answer);
        client_request_end(client, request, 0, answer);
        session = client_session_find(client, number); /* the callback may have forgotten it */
        switch (purpose) {
        case CLIENT_FIRST:
                client_welcomed(client, answer);
                return;
        case CLIENT_LOGIN:
                client_session_answered(client, number, answer);
                return;
        case CLIENT_SNAPSHOT:
        case CLIENT_HEARTBEAT:
                if (session != NULL)
                        client_session_snapshot(client, session, answer);
                return;
        case CLIENT_PING:
                client->has_ping = false;
                return;
        case CLIENT_NAMING:
                client_contacts_named(client, answer);
                return;
        case CLIENT_LOGOUT:
                if (session != NULL && answer->kind == WIRE_RESULT &&
                    (wire_result_is_done(answer->result.code) ||
                     answer->result.code == ACD_NOT_LOGGED_IN))
                        client_session_end(client, session, ACDCLIENT_SESSION_OVER, NULL);
                return;
        case CLIENT_SUBSCRIBE:
        case CLIENT_UNFOLLOW:
        case CLIENT_USER:
                return;
        }
}

static void answered(struct acdclient *client, const struct wire_message *answer)
{
        struct client_request *request = client_request_find(client, answer->correlation);

        if (request == NULL)
                return;
        note_time(client, answer, /* is_push = */ false);
        client_contacts_answered(client, request, answer);
        if (request->purpose != CLIENT_LOGOUT && renew_session(client, request, answer))
                return;
        if (request->purpose != CLIENT_USER)
                own_answered(client, request, answer);
        else
                client_request_end(client, request, 0, answer);
        client_advance(client);
}

static void said_bye(struct acdclient *client, const struct wire_message *message)
{
        client_set_trouble(client, 0, message->bye.code, message->bye.text);
        client->trouble.retry_after_ms = message->bye.retry_after_ms;
        client->is_greeted = true;
}

static int pass_push(struct acdclient *client, const struct wire_frame *frame,
                     const struct wire_message *push, uint32_t subscription)
{
        const struct acdclient_listener *listener = &client->options.listener;

        client->is_eventful = true;
        if (listener->on_push == NULL)
                return client_keep(client, frame, push->session, subscription);
        listener->on_push(listener->context, client, client_public(push));
        return 0;
}

/* The daemon says that the agent is logged out: asked for after a contact, or by another session
 * of his. Logging in again would undo it. */
static void end_if_logged_out(struct acdclient *client, uint32_t number,
                              const struct wire_message *push)
{
        struct client_session *session = client_session_find(client, number);

        if (session != NULL && push->kind == WIRE_PRESENCE &&
            push->presence_push.presence == ACD_PRESENCE_LOGGED_OUT)
                client_session_end(client, session, ACDCLIENT_SESSION_OVER, NULL);
}

static int pushed(struct acdclient *client, const struct wire_frame *frame,
                  struct wire_message *push)
{
        struct client_session *session = client_session_by_wire(client, push->session);
        uint32_t subscription = 0;
        int r;

        note_time(client, push, /* is_push = */ true);
        client_contacts_pushed(client, push);
        if (push->kind == WIRE_EVENTS) {
                subscription = client_subscription_pushed(client, &push->events);
                if (subscription == 0)
                        return 0;
                push->events.subscription = subscription;
        }
        if (push->session != 0) {
                if (session == NULL)
                        return 0;
                client_session_pushed(client, session, push);
                push->session = session->number;
        }
        if (push->kind == WIRE_REPLACED && session != NULL) {
                client_session_end(client, session, ACDCLIENT_SESSION_REPLACED, push);
                return 0;
        }
        r = pass_push(client, frame, push, subscription);
        end_if_logged_out(client, push->session, push);
        return r;
}

int client_receive(struct acdclient *client, const struct wire_frame *frame)
{
        const struct wire_kind_info *info = wire_kind_info(frame->kind);
        struct wire_message message;
        struct wire_refusal refusal;

        client->last_received_ms = client->now_ms;
        client->frame = frame;
        if (info == NULL) /* from a newer daemon: a push that we cannot know */
                return frame->correlation == 0 ? 0 : -EPROTO;
        acd_arena_reset(&client->decode);
        if (wire_decode(frame, &client->decode, &message, &refusal) != ACD_OK)
                return -EPROTO;

        if (message.kind == WIRE_BYE) {
                said_bye(client, &message);
                client_lose(client, -ECONNRESET);
                return 0;
        }
        switch (info->direction) {
        case WIRE_ANSWER:
                answered(client, &message);
                return 0;
        case WIRE_PUSH:
                return pushed(client, frame, &message);
        case WIRE_REQUEST:
        case WIRE_BOTH:
                break;
        }
        return -EPROTO;
}

int client_receive_buffered(struct acdclient *client)
{
        while (!client->is_halted && client->phase >= CLIENT_HELLO && !client_is_full(client)) {
                struct wire_frame frame;
                enum wire_frame_status status =
                        wire_frame_next(&client->in, WIRE_BODY_MAX_EVENTS, &frame);
                int r;

                if (status == WIRE_FRAME_SHORT)
                        return 0;
                if (status != WIRE_FRAME_OK)
                        return -EPROTO;
                r = client_receive(client, &frame);
                if (r < 0)
                        return r;
        }
        return 0;
}
