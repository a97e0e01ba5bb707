/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The blocking face: the event-driven one with a loop of its own.
 *
 * A call waits until its answer has come, and handles everything else that comes
 * meanwhile. What is handed out stays where it is, in the input buffer and the
 * arena; so nothing further is looked at (is_halted) until the caller comes
 * back. Pushes that come while something else is waited for are kept, up to a
 * bound; beyond it reading stops, and calls fail with -ENOBUFS until
 * pushes are taken.
 */

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "clients/c/client.h"

/* The caller is back: what was handed out is void. */
static void take_back(struct acdclient *client)
{
        free(client->handed);
        client->handed = NULL;
        client->is_halted = false;
}

static void hand_out(struct acdclient *client, const struct wire_message *message)
{
        client->handed_message = *message;
        client->is_halted = true;
}

int client_keep(struct acdclient *client, const struct wire_frame *frame, uint32_t session,
                uint32_t subscription)
{
        size_t size = sizeof(struct client_kept) + WIRE_HEADER_SIZE + frame->body_size;
        struct client_kept *kept = malloc(size);

        if (kept == NULL)
                return -ENOMEM;
        *kept = (struct client_kept){ .session = session,
                                      .subscription = subscription,
                                      .size = WIRE_HEADER_SIZE + frame->body_size };
        wire_frame_encode(frame, kept->bytes);
        if (frame->body_size > 0)
                memcpy(kept->bytes + WIRE_HEADER_SIZE, frame->body, frame->body_size);
        if (client->kept_last != NULL)
                client->kept_last->next = kept;
        else
                client->kept_first = kept;
        client->kept_last = kept;
        client->kept_bytes += kept->size;
        return 0;
}

void client_kept_fini(struct acdclient *client)
{
        take_back(client);
        while (client->kept_first != NULL) {
                struct client_kept *next = client->kept_first->next;

                free(client->kept_first);
                client->kept_first = next;
        }
        client->kept_last = NULL;
        client->kept_bytes = 0;
}

void client_session_message(struct acdclient *client, uint32_t number,
                            const struct wire_message *message)
{
        const struct acdclient_listener *listener = &client->options.listener;

        if (number == client->awaited_session) {
                client->awaited_session = 0;
                if (message != NULL)
                        hand_out(client, message);
        } else if (message != NULL && listener->on_session == NULL && listener->on_push == NULL) {
                (void)client_keep(client, client->frame, number, 0);
        }
}

static bool is_over(const struct acdclient *client)
{
        return client->connection == ACDCLIENT_CLOSED || client->connection == ACDCLIENT_IDLE;
}

bool client_is_full(const struct acdclient *client)
{
        return client->kept_bytes > client->options.push_bytes_max;
}

/* How long to wait: the library's next deadline, and the caller's. */
static int wait_ms(const struct acdclient *client, uint64_t until_ms)
{
        int own = acdclient_next_timeout_ms(client);
        uint64_t left = until_ms > client->now_ms ? until_ms - client->now_ms : 0;
        int theirs = left < INT_MAX ? (int)left : INT_MAX;

        return own >= 0 && own < theirs ? own : theirs;
}

/* One round of the loop. */
static void turn(struct acdclient *client, uint64_t until_ms)
{
        struct pollfd watched = { .fd = acdclient_fd(client) };
        int count;

        if (!client_is_full(client))
                watched.events |= POLLIN;
        if (acdclient_wants_write(client))
                watched.events |= POLLOUT;
        count = poll(&watched, 1, wait_ms(client, until_ms));
        if (count > 0 && (watched.revents & POLLOUT) != 0)
                acdclient_on_writable(client);
        if (count > 0 && (watched.revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
                if (client->phase == CLIENT_DIALING)
                        acdclient_on_writable(client);
                else
                        acdclient_on_readable(client);
        }
        acdclient_on_timeout(client);
        if (acdclient_wants_write(client) && client->phase != CLIENT_DIALING)
                acdclient_on_writable(client);
}

/* What came with earlier bytes and was not looked at yet. */
static void catch_up(struct acdclient *client)
{
        int r = client_receive_buffered(client);

        if (r < 0)
                client_lose(client, r);
        client_pump(client);
}

static uint64_t until(struct acdclient *client, uint32_t timeout_ms, uint32_t preset_ms)
{
        client_read_clock(client);
        return client->now_ms + (timeout_ms > 0 ? timeout_ms : preset_ms);
}

static int trouble_error(const struct acdclient *client)
{
        return client->trouble.error != 0 ? client->trouble.error : -EACCES;
}

int acdclient_connect(struct acdclient *client, uint32_t timeout_ms)
{
        uint64_t until_ms = until(client, timeout_ms, client->options.connect_timeout_ms);

        take_back(client);
        if (client->connection == ACDCLIENT_IDLE)
                client_begin(client);
        while (client->connection != ACDCLIENT_UP) {
                if (is_over(client))
                        return trouble_error(client);
                if (client->now_ms >= until_ms)
                        return client->connection == ACDCLIENT_PAUSING ? trouble_error(client)
                                                                       : -ETIMEDOUT;
                turn(client, until_ms);
        }
        return 0;
}

/* A call that is waited for. */
struct waited {
        bool is_over;
        int error;
};

static void on_answer(void *context, struct acdclient *client, int error,
                      const struct acdclient_message *answer)
{
        struct waited *waited = context;

        waited->is_over = true;
        waited->error = error;
        if (answer != NULL)
                hand_out(client, client_wire(answer));
}

int acdclient_call(struct acdclient *client, const struct acdclient_message *request,
                   uint32_t timeout_ms, const struct acdclient_message **ret_answer)
{
        struct waited waited = { 0 };
        int r;

        take_back(client);
        if (client_is_full(client))
                return -ENOBUFS;
        r = acdclient_send(client, request, timeout_ms, on_answer, &waited);
        if (r < 0)
                return r;
        catch_up(client);
        while (!waited.is_over) {
                /* The answer is behind pushes that nobody takes: give the call up. */
                if (client_is_full(client)) {
                        client_requests_disown(client, &waited);
                        return -ENOBUFS;
                }
                turn(client, UINT64_MAX);
        }
        if (waited.error < 0)
                return waited.error;
        *ret_answer = client_public(&client->handed_message);
        return 0;
}

/* Hand out the first push that was kept. -EAGAIN: there is none. */
static int take_kept(struct acdclient *client, const struct acdclient_message **ret_push)
{
        struct client_kept *kept = client->kept_first;
        struct wire_refusal refusal;
        struct wire_frame frame;

        if (kept == NULL)
                return -EAGAIN;
        client->kept_first = kept->next;
        if (client->kept_first == NULL)
                client->kept_last = NULL;
        client->kept_bytes -= kept->size;
        client->handed = kept;

        acd_arena_reset(&client->decode);
        if (wire_frame_decode(kept->bytes, kept->size, WIRE_BODY_MAX_EVENTS, &frame) !=
                    WIRE_FRAME_OK ||
            wire_decode(&frame, &client->decode, &client->handed_message, &refusal) != ACD_OK)
                return -EPROTO;
        client->handed_message.session = kept->session;
        if (frame.kind == WIRE_EVENTS)
                client->handed_message.events.subscription = kept->subscription;
        *ret_push = client_public(&client->handed_message);
        return 1;
}

int acdclient_next_push(struct acdclient *client, uint32_t timeout_ms,
                        const struct acdclient_message **ret_push)
{
        uint64_t until_ms;

        take_back(client);
        client_read_clock(client);
        until_ms = client->now_ms + timeout_ms;
        for (;;) {
                int r;

                if (client->kept_first == NULL)
                        catch_up(client);
                r = take_kept(client, ret_push);
                if (r != -EAGAIN)
                        return r;
                if (is_over(client))
                        return -ENOTCONN;
                turn(client, until_ms);
                if (client->kept_first == NULL && client->now_ms >= until_ms)
                        return 0;
        }
}

int acdclient_run(struct acdclient *client, uint32_t timeout_ms)
{
        uint64_t until_ms;

        take_back(client);
        client_read_clock(client);
        until_ms = client->now_ms + timeout_ms;
        client->is_eventful = client->kept_first != NULL;
        catch_up(client);
        do {
                if (client->is_eventful)
                        return 1;
                if (is_over(client))
                        return -ENOTCONN;
                turn(client, until_ms);
        } while (client->is_eventful || client->now_ms < until_ms);
        return client->is_eventful;
}

int acdclient_login_wait(struct acdclient *client, const struct acdclient_agent_login *login,
                         uint32_t timeout_ms, const struct acdclient_message **ret_answer)
{
        uint64_t until_ms = until(client, timeout_ms, client->options.request_timeout_ms);
        int session;

        take_back(client);
        session = acdclient_login(client, login);
        if (session < 0)
                return session;
        client->awaited_session = (uint32_t)session;
        catch_up(client);
        while (client->awaited_session != 0) {
                if (is_over(client) || client->now_ms >= until_ms) {
                        client->awaited_session = 0;
                        acdclient_session_forget(client, (uint32_t)session);
                        return is_over(client) ? -ENOTCONN : -ETIMEDOUT;
                }
                turn(client, until_ms);
        }
        if (ret_answer != NULL)
                *ret_answer = client_public(&client->handed_message);
        return client->handed_message.kind == WIRE_LOGGED_IN ? session : -EACCES;
}
