/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fake daemon: the shortest server that a client can live with.
 *
 * It answers everything with OK unless a test decides otherwise, and writes down
 * what came. It uses the real codec: what is tested is the client's behaviour,
 * not its bytes.
 */

#include "tests/unit/client/fake.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER_SIZE = 1024 * 1024 };

/* Whose time passes when the client waits. One test, one process, one fake. */
static struct fake *current;

int __real_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms);

/* The client waits: let the fake work; if there is still nothing, time passes. */
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
        int ready;

        fake_step(current);
        ready = __real_poll(fds, count, 0);
        if (ready == 0 && timeout_ms != 0) {
                cr_assert_gt(timeout_ms, 0, "a wait without an end");
                current->now_ms += (uint64_t)timeout_ms;
        }
        return ready;
}

void fake_init(struct fake *fake)
{
        *fake = (struct fake){ .fd = -1, .now_ms = 1000 };
        current = fake;
        acd_buffer_init(&fake->in, malloc(BUFFER_SIZE), BUFFER_SIZE);
        acd_arena_init(&fake->decode, malloc(WIRE_ARENA_SIZE), WIRE_ARENA_SIZE);
        acd_arena_init(&fake->encode, malloc(WIRE_ARENA_SIZE), WIRE_ARENA_SIZE);
        fake->welcome = (struct wire_welcome){ .epoch = 7,
                                               .protocol = 1,
                                               .frame_size_max = 65536,
                                               .inflight_max = 64,
                                               .heartbeat_ms = 10000,
                                               .lease_ms = 30000,
                                               .clock_rate = 1,
                                               .event_last_sequence = 100 };
}

void fake_fini(struct fake *fake)
{
        fake_hang_up(fake);
        free(fake->in.bytes);
        free(fake->decode.memory);
        free(fake->encode.memory);
}

void fake_hang_up(struct fake *fake)
{
        if (fake->fd >= 0)
                cr_assert_eq(close(fake->fd), 0);
        fake->fd = -1;
        acd_buffer_reset(&fake->in);
}

static void connect_tcp(int pair[2])
{
        struct sockaddr_in address = { .sin_family = AF_INET,
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t size = sizeof(address);
        int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        cr_assert_eq(bind(listener, (struct sockaddr *)&address, size), 0);
        cr_assert_eq(listen(listener, 1), 0);
        cr_assert_eq(getsockname(listener, (struct sockaddr *)&address, &size), 0);
        pair[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        cr_assert_eq(connect(pair[0], (struct sockaddr *)&address, size), 0);
        pair[1] = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        cr_assert_geq(pair[1], 0);
        cr_assert_eq(fcntl(pair[0], F_SETFL, O_NONBLOCK), 0);
        cr_assert_eq(close(listener), 0);
}

static int on_dial(void *context)
{
        struct fake *fake = context;
        int pair[2];

        fake->dial_count++;
        if (fake->is_refusing)
                return -ECONNREFUSED;
        fake_hang_up(fake);
        if (fake->is_tcp)
                connect_tcp(pair);
        else
                cr_assert_eq(
                        socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair),
                        0);
        fake->fd = pair[1];
        return pair[0];
}

static uint64_t on_now(void *context)
{
        struct fake *fake = context;

        return fake->now_ms;
}

void fake_serve(struct fake *fake, struct acdclient_options *options)
{
        options->listener.context = fake;
        options->listener.dial = on_dial;
        options->listener.now_ms = on_now;
}

void fake_send(struct fake *fake, const struct wire_message *request,
               const struct wire_message *message)
{
        static uint8_t bytes[WIRE_HEADER_SIZE + WIRE_BODY_MAX_EVENTS];
        struct wire_message copy = *message;
        size_t size;

        if (request != NULL) {
                copy.correlation = request->correlation;
                copy.session = request->session;
        }
        acd_arena_reset(&fake->encode);
        size = wire_encode(&copy, &fake->encode, bytes, sizeof(bytes));
        cr_assert_neq(size, 0);
        if (fake->fd >= 0)
                cr_assert_eq(send(fake->fd, bytes, size, MSG_NOSIGNAL), (ssize_t)size);
}

void fake_answer(struct fake *fake, const struct wire_message *request, enum acd_result code,
                 uint64_t id)
{
        struct wire_message answer = { .kind = WIRE_RESULT };

        answer.result.code = code;
        answer.result.id = id;
        answer.result.server_time_ns = fake->now_ms * 1000000;
        answer.result.text = wire_text("as the test says");
        fake_send(fake, request, &answer);
}

static void answer_resume(struct fake *fake, const struct wire_message *request)
{
        static uint8_t kept[ACD_RESUME_MAX];
        struct wire_message answer = { .kind = WIRE_RESUMED };

        memset(kept, ACDCLIENT_RESUMED_KEPT, sizeof(kept));
        answer.resumed.result.code = ACD_OK;
        answer.resumed.outcomes_count = request->resume.contacts_count;
        answer.resumed.outcomes = kept;
        fake_send(fake, request, &answer);
}

static void answer_by_kind(struct fake *fake, const struct wire_message *request)
{
        struct wire_message answer = { .kind = WIRE_NONE };

        if (request->kind == WIRE_HELLO && fake->hello_code == 0) {
                answer.kind = WIRE_WELCOME;
                answer.welcome = fake->welcome;
                answer.welcome.result.code = ACD_OK;
                fake_send(fake, request, &answer);
        } else if (request->kind == WIRE_HELLO) {
                fake_answer(fake, request, fake->hello_code, 0);
        } else if (request->kind == WIRE_PING) {
                answer.kind = WIRE_PONG;
                answer.pong.result.code = ACD_OK;
                fake_send(fake, request, &answer);
        } else if (request->kind == WIRE_RESUME) {
                answer_resume(fake, request);
        } else if (request->kind == WIRE_LOGIN) {
                answer.kind = WIRE_LOGGED_IN;
                answer.logged_in.result.code = ACD_OK;
                answer.logged_in.session = ++fake->session_last;
                answer.logged_in.has_snapshot = true;
                fake_send(fake, request, &answer);
        } else if (request->kind == WIRE_SNAPSHOT) {
                answer.kind = WIRE_AGENT_SNAPSHOT;
                answer.snapshot_reply.result.code = ACD_OK;
                answer.snapshot_reply.has_snapshot = true;
                answer.snapshot_reply.snapshot.push = 50;
                fake_send(fake, request, &answer);
        } else if (request->kind != WIRE_BYE) {
                fake_answer(fake, request, ACD_OK, ++fake->id_last);
        }
}

static void note(struct fake *fake, const struct wire_message *request)
{
        size_t used = strlen(fake->log);

        (void)snprintf(fake->log + used, sizeof(fake->log) - used, "%s ",
                       wire_kind_info(request->kind)->name);
}

void fake_step(struct fake *fake)
{
        struct wire_message request;
        struct wire_refusal refusal;
        struct wire_frame frame;
        size_t size;
        uint8_t *space;
        ssize_t taken;

        if (fake->fd < 0)
                return;
        acd_buffer_compact(&fake->in);
        space = acd_buffer_space(&fake->in, &size);
        taken = recv(fake->fd, space, size, 0);
        if (taken > 0)
                acd_buffer_receive(&fake->in, (size_t)taken);
        while (fake->fd >= 0 &&
               wire_frame_next(&fake->in, WIRE_BODY_MAX, &frame) == WIRE_FRAME_OK) {
                acd_arena_reset(&fake->decode);
                cr_assert_eq(wire_decode(&frame, &fake->decode, &request, &refusal), ACD_OK,
                             "kind %d: %s %s", frame.kind, refusal.field, refusal.text);
                note(fake, &request);
                if (fake->is_silent)
                        continue;
                if (fake->on_request == NULL || !fake->on_request(fake, &request))
                        answer_by_kind(fake, &request);
        }
        acd_buffer_finish(&fake->in);
}

void fake_turn(struct acdclient *client, struct fake *fake)
{
        for (int i = 0; i < 20; i++) {
                struct pollfd watched = { .fd = acdclient_fd(client), .events = POLLIN };

                if (acdclient_wants_write(client))
                        acdclient_on_writable(client);
                fake_step(fake);
                watched.fd = acdclient_fd(client);
                if (watched.fd >= 0 && __real_poll(&watched, 1, 0) > 0)
                        acdclient_on_readable(client);
                acdclient_on_timeout(client);
        }
}
