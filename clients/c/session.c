/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions of agents: logged in once by the caller, and again by us after every loss.
 *
 *      login --> DOWN --> LOGGING_IN --> UP --> over: logged out, replaced, refused
 *                 ^            |          |
 *                 '--- lost ---'----------'
 *
 * A session has a number of ours that never changes, and one of the daemon's for
 * as long as it is up; requests and pushes are translated. Its LOGIN is kept
 * encoded. A push that does not follow the last one means that some were
 * missed: the state is asked for anew, and replaces what the caller knows.
 *
 * A session that was replaced stays over. Logging in again would take the agent
 * back from whoever took it, who would do the same.
 *
 * Signs of life: sessions that are up stand in a list, the longest silent first, so
 * the next heartbeat is the first one's, however many there are.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clients/c/client.h"

enum {
        INDEX_BITS = 16,
        GENERATION_MAX = (1 << (31 - INDEX_BITS)) - 1,
        LOGIN_PAUSE_MS = 1000, /* at least, before a refused login is repeated */
};

int client_sessions_init(struct acdclient *client)
{
        acd_list_init(&client->beats);
        client_map_init(&client->by_wire_session, client->options.session_count_max);
        client->session_generation = 0;
        client->sessions = calloc(client->options.session_count_max, sizeof(*client->sessions));
        return client->sessions == NULL ? -ENOMEM : 0;
}

void client_sessions_fini(struct acdclient *client)
{
        for (uint32_t i = 0; client->sessions != NULL && i < client->options.session_count_max;
             i++) {
                if (client->sessions[i] != NULL)
                        free(client->sessions[i]->frame);
                free(client->sessions[i]);
        }
        free(client->sessions);
        client->sessions = NULL;
        client_map_fini(&client->by_wire_session);
}

struct client_session *client_session_find(const struct acdclient *client, uint32_t number)
{
        uint32_t index = number & ((UINT32_C(1) << INDEX_BITS) - 1);

        if (number == 0 || index >= client->options.session_count_max)
                return NULL;
        if (client->sessions[index] == NULL || client->sessions[index]->number != number)
                return NULL;
        return client->sessions[index];
}

struct client_session *client_session_by_wire(const struct acdclient *client, uint32_t wire_session)
{
        uint32_t index;

        if (!client_map_get(&client->by_wire_session, wire_session, &index))
                return NULL;
        return client->sessions[index];
}

static uint32_t index_of(const struct client_session *session)
{
        return session->number & ((UINT32_C(1) << INDEX_BITS) - 1);
}

/* Send the kept LOGIN. */
static void send_login(struct acdclient *client, struct client_session *session)
{
        struct client_about about = { .purpose = CLIENT_LOGIN,
                                      .session = session->number,
                                      .timeout_ms = 0 };

        if (client_request_add_frame(client, session->frame, session->frame_size, WIRE_LOGIN,
                                     &about) < 0)
                client_lose(client, -ENOMEM);
        else
                session->state = CLIENT_SESSION_LOGGING_IN;
}

void client_sessions_establish(struct acdclient *client)
{
        for (uint32_t i = 0; i < client->options.session_count_max; i++)
                if (client->sessions[i] != NULL &&
                    client->sessions[i]->state == CLIENT_SESSION_DOWN)
                        send_login(client, client->sessions[i]);
}

static void tell(struct acdclient *client, uint32_t number, enum acdclient_session_change change,
                 const struct wire_message *message)
{
        const struct acdclient_listener *listener = &client->options.listener;

        client->is_eventful = true;
        if (listener->on_session != NULL)
                listener->on_session(listener->context, client, number, change,
                                     message != NULL ? client_public(message) : NULL);
        client_session_message(client, number, message);
}

static void take_down(struct acdclient *client, struct client_session *session)
{
        if (acd_link_is_linked(&session->beat_link))
                acd_list_remove(&session->beat_link);
        if (session->wire_session != 0)
                client_map_remove(&client->by_wire_session, session->wire_session);
        session->wire_session = 0;
        session->is_busy = false;
        session->state = CLIENT_SESSION_DOWN;
}

void client_sessions_lose(struct acdclient *client)
{
        for (uint32_t i = 0; i < client->options.session_count_max; i++) {
                struct client_session *session = client->sessions[i];
                bool was_up;

                if (session == NULL)
                        continue;
                was_up = session->state == CLIENT_SESSION_UP;
                take_down(client, session);
                if (was_up)
                        tell(client, session->number, ACDCLIENT_SESSION_DOWN, NULL);
        }
}

void client_session_end(struct acdclient *client, struct client_session *session,
                        enum acdclient_session_change change, const struct wire_message *message)
{
        uint32_t number = session->number;

        take_down(client, session);
        client->sessions[index_of(session)] = NULL;
        client->session_count--;
        client_requests_fail(client, &session->waiting, -ENOTCONN);
        free(session->frame);
        free(session);
        tell(client, number, change, message);
}

/* A session that was up before comes back when what hinders it has passed; a
 * first login is the caller's to repeat. */
static void refused(struct acdclient *client, struct client_session *session,
                    const struct wire_message *answer)
{
        uint32_t pause_ms = LOGIN_PAUSE_MS;

        if (!session->was_up || answer->kind != WIRE_RESULT ||
            !wire_result_is_later(answer->result.code)) {
                client_session_end(client, session, ACDCLIENT_SESSION_REFUSED, answer);
                return;
        }
        if (answer->result.retry_after_ms > pause_ms)
                pause_ms = answer->result.retry_after_ms;
        session->state = CLIENT_SESSION_DOWN;
        client->login_at_ms = client->now_ms + pause_ms;
}

void client_session_answered(struct acdclient *client, uint32_t number,
                             const struct wire_message *answer)
{
        struct client_session *session = client_session_find(client, number);

        if (session == NULL) /* forgotten meanwhile */
                return;
        if (answer->kind != WIRE_LOGGED_IN) {
                refused(client, session, answer);
                return;
        }

        session->wire_session = answer->logged_in.session;
        session->push_last = answer->logged_in.snapshot.push;
        if (session->wire_session == 0 ||
            client_map_put(&client->by_wire_session, session->wire_session, index_of(session)) <
                    0) {
                session->wire_session = 0;
                client_lose(client, -EPROTO);
                return;
        }
        session->state = CLIENT_SESSION_UP;
        session->was_up = true;
        session->last_sent_ms = client->now_ms;
        acd_list_push_back(&client->beats, &session->beat_link);
        client_requests_release(client, session);
        tell(client, number, ACDCLIENT_SESSION_UP, answer);
}

/* One of the library's own requests of a session that is up. */
static void send_own(struct acdclient *client, struct client_session *session, uint16_t kind,
                     enum client_purpose purpose)
{
        struct client_about about = { .purpose = purpose, .session = session->number };
        struct wire_message message = { .kind = kind };

        if (session->is_busy)
                return;
        if (client_request_add(client, &message, &about) == 0)
                session->is_busy = true;
}

void client_session_snapshot(struct acdclient *client, struct client_session *session,
                             const struct wire_message *answer)
{
        session->is_busy = false;
        if (answer->kind != WIRE_AGENT_SNAPSHOT)
                return;
        session->push_last = answer->snapshot_reply.snapshot.push;
        tell(client, session->number, ACDCLIENT_SESSION_SNAPSHOT, answer);
}

static uint32_t push_number(const struct wire_message *push)
{
        switch (push->kind) {
        case WIRE_OFFER:
                return push->offer.push;
        case WIRE_OFFER_ENDED:
                return push->offer_ended.push;
        case WIRE_ASSIGNMENT_STATE:
                return push->assignment_state_push.push;
        case WIRE_PRESENCE:
                return push->presence_push.push;
        case WIRE_REPLACED:
                return push->replaced.push;
        case WIRE_TAKEN:
                return push->taken.push;
        default:
                return 0;
        }
}

void client_session_pushed(struct acdclient *client, struct client_session *session,
                           const struct wire_message *push)
{
        uint32_t number = push_number(push);

        if (number == 0)
                return;
        if (number != session->push_last + 1)
                send_own(client, session, WIRE_SNAPSHOT, CLIENT_SNAPSHOT);
        session->push_last = number;
}

void client_session_renew(struct acdclient *client, struct client_session *session)
{
        if (session->state != CLIENT_SESSION_UP)
                return;
        take_down(client, session);
        tell(client, session->number, ACDCLIENT_SESSION_DOWN, NULL);
        send_login(client, session);
}

void client_session_was_sent(struct acdclient *client, uint32_t number)
{
        struct client_session *session = client_session_find(client, number);

        session->last_sent_ms = client->now_ms;
        if (!acd_link_is_linked(&session->beat_link))
                return;
        acd_list_remove(&session->beat_link);
        acd_list_push_back(&client->beats, &session->beat_link);
}

/* Three quarters of what the daemon allows: room for a busy network. */
static uint64_t beat_ms(const struct acdclient *client)
{
        return (uint64_t)client->terms.heartbeat_ms * 3 / 4 + 1;
}

static struct client_session *first_beat(const struct acdclient *client)
{
        struct acd_link *link = acd_list_first(&client->beats);

        return link == NULL ? NULL : acd_container_of(link, struct client_session, beat_link);
}

static uint64_t next_beat_ms(const struct acdclient *client)
{
        const struct client_session *session = first_beat(client);

        if (session == NULL || client->terms.heartbeat_ms == 0)
                return UINT64_MAX;
        return session->last_sent_ms + beat_ms(client);
}

uint64_t client_sessions_next_ms(const struct acdclient *client)
{
        uint64_t beat = next_beat_ms(client);

        return client->login_at_ms != 0 && client->login_at_ms < beat ? client->login_at_ms : beat;
}

void client_sessions_tick(struct acdclient *client)
{
        uint32_t count = client->beats.count;

        if (client->login_at_ms != 0 && client->login_at_ms <= client->now_ms) {
                client->login_at_ms = 0;
                client_sessions_establish(client);
        }
        while (count-- > 0 && next_beat_ms(client) <= client->now_ms) {
                struct client_session *session = first_beat(client);

                send_own(client, session, WIRE_HEARTBEAT, CLIENT_HEARTBEAT);
                /* Also when one is still without an answer: the list keeps its order. */
                client_session_was_sent(client, session->number);
        }
}

static int add_session(struct acdclient *client, struct client_session **ret_session)
{
        struct client_session *session;
        uint32_t index = 0;

        while (index < client->options.session_count_max && client->sessions[index] != NULL)
                index++;
        if (index == client->options.session_count_max)
                return -ENOBUFS;
        session = calloc(1, sizeof(*session));
        if (session == NULL)
                return -ENOMEM;
        client->session_generation =
                client->session_generation == GENERATION_MAX ? 1 : client->session_generation + 1;
        session->number = client->session_generation << INDEX_BITS | index;
        session->state = CLIENT_SESSION_DOWN;
        acd_list_init(&session->waiting);
        client->sessions[index] = session;
        client->session_count++;
        *ret_session = session;
        return 0;
}

int acdclient_login(struct acdclient *client, const struct acdclient_agent_login *login)
{
        struct wire_message message = { .kind = WIRE_LOGIN };
        struct client_session *session;
        size_t size;
        int r;

        if (client->options.role != ACDCLIENT_ROLE_AGENT)
                return -EINVAL;
        if (client->connection == ACDCLIENT_CLOSED)
                return -ENOTCONN;
        client_read_clock(client);
        message.agent_login = *(const struct wire_agent_login *)(const void *)login;
        acd_arena_reset(&client->encode);
        size = wire_encode(&message, &client->encode, client->scratch, CLIENT_FRAME_MAX);
        if (size == 0)
                return -EMSGSIZE;
        r = add_session(client, &session);
        if (r < 0)
                return r;
        session->frame = malloc(size);
        if (session->frame == NULL) {
                client->sessions[index_of(session)] = NULL;
                client->session_count--;
                free(session);
                return -ENOMEM;
        }
        memcpy(session->frame, client->scratch, size);
        session->frame_size = (uint32_t)size;
        r = (int)session->number;
        if (client->phase == CLIENT_READY) {
                send_login(client, session);
                client_pump(client);
        }
        return r;
}

int acdclient_logout(struct acdclient *client, uint32_t session, acdclient_on_answer *on_answer,
                     void *context)
{
        struct wire_message message = { .kind = WIRE_LOGOUT };
        struct client_about about = { .purpose = CLIENT_LOGOUT,
                                      .session = session,
                                      .timeout_ms = client->options.request_timeout_ms,
                                      .on_answer = on_answer,
                                      .context = context };
        int r;

        if (client_session_find(client, session) == NULL)
                return -ENOTCONN;
        client_read_clock(client);
        r = client_request_add(client, &message, &about);
        client_pump(client);
        return r;
}

bool acdclient_session_is_up(const struct acdclient *client, uint32_t session)
{
        const struct client_session *found = client_session_find(client, session);

        return found != NULL && found->state == CLIENT_SESSION_UP;
}

void acdclient_session_forget(struct acdclient *client, uint32_t session)
{
        struct client_session *found = client_session_find(client, session);

        if (found != NULL)
                client_session_end(client, found, ACDCLIENT_SESSION_OVER, NULL);
}
