/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a connection, and its clockwork.
 *
 *   DOWN --> DIALING --> HELLO --> RECOVER --> RESUME --> READY
 *     ^         |          |     (gateways: SUBMITs again, then names)  |
 *     '- pause -'----------'---------- lost, at any time --------------'
 *
 * The happy path is: the socket connects, HELLO is answered by WELCOME, what was
 * there is put back, requests flow. It can fail because nobody listens, because
 * the daemon refuses (then a refusal that may pass is tried again, any other is
 * the end), because time runs out on the way, because the daemon says BYE, or
 * because it falls silent. All end in client_lose(), which puts everything in
 * order for the next attempt before it tells the caller.
 *
 * The pause doubles from attempt to attempt and is drawn from its upper half, so
 * that a thousand desktops do not come back in the same instant.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "clients/c/client.h"

void client_read_clock(struct acdclient *client)
{
        const struct acdclient_listener *listener = &client->options.listener;
        struct timespec now;
        uint64_t ms;

        if (listener->now_ms != NULL) {
                ms = listener->now_ms(listener->context);
        } else {
                (void)clock_gettime(CLOCK_MONOTONIC, &now);
                ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
        }
        /* Zero means "never" elsewhere. */
        if (ms > client->now_ms)
                client->now_ms = ms;
}

void client_set_trouble(struct acdclient *client, int error, enum acd_result code,
                        struct acd_text text)
{
        client->trouble = (struct acdclient_trouble){
                .error = error,
                .code = (enum acdclient_result_code)code,
        };
        if (text.size > 0)
                (void)snprintf(client->trouble.text, sizeof(client->trouble.text), "%.*s",
                               (int)(text.size < INT16_MAX ? text.size : INT16_MAX), text.at);
}

static void tell_connection(struct acdclient *client, enum acdclient_connection connection)
{
        const struct acdclient_listener *listener = &client->options.listener;
        bool has_trouble = connection == ACDCLIENT_PAUSING || connection == ACDCLIENT_CLOSED;

        client->connection = connection;
        client->is_eventful = true;
        if (listener->on_connection != NULL)
                listener->on_connection(listener->context, client, connection,
                                        has_trouble ? &client->trouble : NULL);
}

void client_begin(struct acdclient *client)
{
        const struct acdclient_listener *listener = &client->options.listener;
        int fd;

        acd_buffer_reset(&client->in);
        acd_buffer_reset(&client->out);
        client->phase = CLIENT_DIALING;
        client->is_greeted = false;
        client->connect_deadline_ms = client->now_ms + client->options.connect_timeout_ms;
        tell_connection(client, ACDCLIENT_CONNECTING);

        fd = listener->dial != NULL ? listener->dial(listener->context)
                                    : client_address_dial(&client->address);
        if (fd < 0) {
                client_lose(client, fd);
                return;
        }
        client->fd = fd;
}

void client_connected(struct acdclient *client)
{
        struct client_about about = { .purpose = CLIENT_FIRST };
        struct wire_message message = { .kind = WIRE_HELLO };
        struct wire_hello *hello = &message.hello;

        hello->tenant = wire_text(client->tenant);
        hello->role = (enum wire_role)client->options.role;
        hello->client = wire_text(client->name);
        hello->credential =
                (struct acd_bytes){ .at = client->credential, .size = client->credential_size };
        hello->protocol_min = WIRE_PROTOCOL;
        hello->protocol_max = WIRE_PROTOCOL;
        hello->software = wire_text(client->software);

        client->phase = CLIENT_HELLO;
        client->last_received_ms = client->now_ms;
        client->last_sent_ms = client->now_ms;
        client->has_ping = false;
        if (client_request_add(client, &message, &about) < 0)
                client_lose(client, -ENOBUFS);
        else
                client_pump(client);
}

static void keep_text(struct acdclient_text *text, char kept[ACD_NAME_MAX + 1])
{
        uint32_t size = text->size < ACD_NAME_MAX ? text->size : ACD_NAME_MAX;

        if (size > 0)
                memcpy(kept, text->at, size);
        kept[size] = '\0';
        *text = (struct acdclient_text){ .at = kept, .size = size };
}

void client_welcomed(struct acdclient *client, const struct wire_message *message)
{
        if (message->kind != WIRE_WELCOME) {
                enum acd_result code =
                        message->kind == WIRE_RESULT ? message->result.code : ACD_MALFORMED;
                struct acd_text text = message->kind == WIRE_RESULT ? message->result.text
                                                                    : (struct acd_text){ 0 };

                client_set_trouble(client, 0, code, text);
                if (message->kind == WIRE_RESULT)
                        client->trouble.retry_after_ms = message->result.retry_after_ms;
                client_lose(client, 0);
                return;
        }

        client->terms = client_public(message)->welcome;
        keep_text(&client->terms.build, client->terms_text[0]);
        keep_text(&client->terms.server, client->terms_text[1]);
        client->terms.result.field = (struct acdclient_text){ 0 };
        client->terms.result.text = (struct acdclient_text){ 0 };
        client->terms.features_count = 0;
        client->terms.features = NULL;
        client->has_terms = true;
        client->connect_count++;
        client->phase = CLIENT_RECOVER;
        client_advance(client);
}

void client_advance(struct acdclient *client)
{
        if (client->phase == CLIENT_RECOVER) {
                if (!acd_list_is_empty(&client->recover) || client->recover_count > 0)
                        return;
                client->phase = CLIENT_RESUME;
                if (client_contacts_name(client))
                        return;
                client->phase = CLIENT_READY;
        }
        if (client->phase != CLIENT_READY || client->connection == ACDCLIENT_UP)
                return;
        client->pause_ms = 0;
        client_subscriptions_establish(client);
        client_sessions_establish(client);
        if (client->phase == CLIENT_READY)
                tell_connection(client, ACDCLIENT_UP);
}

/* Is there a point in coming back? */
static bool is_final(const struct acdclient *client)
{
        enum acd_result code = (enum acd_result)client->trouble.code;

        if (client->options.no_reconnect)
                return true;
        if (client->trouble.error != 0)
                return false;
        /* A refused HELLO will be refused again, and a protocol error of ours is one again.
         * Too much output unread, or too many connections, are matters of the moment. */
        return !wire_result_is_later(code) && code != ACD_TOO_LARGE && code != ACD_LIMIT;
}

static void pause_then_retry(struct acdclient *client)
{
        uint32_t most = client->options.reconnect_ms_max;
        uint32_t pause =
                client->pause_ms == 0 ? client->options.reconnect_ms_min : client->pause_ms * 2;

        client->pause_ms = pause < most ? pause : most;
        pause = client->pause_ms / 2 +
                (uint32_t)acd_prng_below(&client->prng, client->pause_ms / 2 + 1);
        if (pause < client->trouble.retry_after_ms)
                pause = client->trouble.retry_after_ms;
        client->retry_at_ms = client->now_ms + pause;
        tell_connection(client, ACDCLIENT_PAUSING);
}

void client_lose(struct acdclient *client, int error)
{
        if (client->phase == CLIENT_DOWN)
                return;
        client->phase = CLIENT_DOWN;
        client_socket_close(client);
        if (error != 0 && !client->is_greeted)
                client_set_trouble(client, error, (enum acd_result)0, wire_text(strerror(-error)));

        client_sessions_lose(client);
        client_subscriptions_lose(client);
        client_requests_lose(client);
        if (is_final(client)) {
                client_requests_fail(client, NULL, -ENOTCONN);
                for (uint32_t i = 0; i < client->options.session_count_max; i++)
                        if (client->sessions[i] != NULL)
                                client_requests_fail(client, &client->sessions[i]->waiting,
                                                     -ENOTCONN);
                tell_connection(client, ACDCLIENT_CLOSED);
        } else {
                pause_then_retry(client);
        }
}

/* Nothing came for so long that the daemon, or the way to it, must be gone. */
static uint64_t silence_at_ms(const struct acdclient *client)
{
        uint64_t most = client->terms.lease_ms;

        if (most < (uint64_t)client->terms.heartbeat_ms * 2)
                most = (uint64_t)client->terms.heartbeat_ms * 2;
        return most == 0 ? UINT64_MAX : client->last_received_ms + most;
}

static uint64_t ping_at_ms(const struct acdclient *client)
{
        if (client->terms.heartbeat_ms == 0 || client->has_ping)
                return UINT64_MAX;
        return client->last_sent_ms + (uint64_t)client->terms.heartbeat_ms * 3 / 4 + 1;
}

static uint64_t least(uint64_t a, uint64_t b)
{
        return a < b ? a : b;
}

uint64_t client_next_ms(const struct acdclient *client)
{
        uint64_t next = UINT64_MAX;

        if (client->deadline_first_ms != 0)
                next = client->deadline_first_ms;
        if (client->connection == ACDCLIENT_PAUSING)
                next = least(next, client->retry_at_ms);
        if (client->phase != CLIENT_DOWN && client->phase != CLIENT_READY)
                next = least(next, client->connect_deadline_ms);
        if (client->phase == CLIENT_READY) {
                next = least(next, silence_at_ms(client));
                next = least(next, ping_at_ms(client));
                next = least(next, client_sessions_next_ms(client));
        }
        return next;
}

static void tick_ready(struct acdclient *client)
{
        struct client_about about = { .purpose = CLIENT_PING };
        struct wire_message message = { .kind = WIRE_PING };

        if (silence_at_ms(client) <= client->now_ms) {
                client_lose(client, -ETIMEDOUT);
                return;
        }
        client_sessions_tick(client);
        client_pump(client); /* a heartbeat is a sign of life of the connection too */
        if (ping_at_ms(client) <= client->now_ms) {
                message.ping.client_time_ns = client->now_ms * 1000000;
                if (client_request_add(client, &message, &about) == 0)
                        client->has_ping = true;
        }
        client_pump(client);
}

void client_tick(struct acdclient *client)
{
        client_requests_tick(client);
        if (client->connection == ACDCLIENT_PAUSING && client->retry_at_ms <= client->now_ms)
                client_begin(client);
        else if (client->phase == CLIENT_READY)
                tick_ready(client);
        else if (client->phase != CLIENT_DOWN && client->connect_deadline_ms <= client->now_ms)
                client_lose(client, -ETIMEDOUT);
}
