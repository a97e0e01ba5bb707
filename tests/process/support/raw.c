/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A peer that does as it likes. It uses the codec to say what it wants to say
 * and nothing of the client library, which would not let it.
 */

#include "tests/process/support/raw.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/process/support/process.h"

enum { PATIENCE_MS = 20000, MEANWHILE_MS = 200 };

static void (*meanwhile)(void);

void raw_meanwhile(void (*call)(void))
{
        meanwhile = call;
}

struct raw *raw_connect(const char *path)
{
        struct raw *raw = calloc(1, sizeof(*raw));
        struct sockaddr_un address = { .sun_family = AF_UNIX };

        check(raw != NULL, "no memory");
        check(strlen(path) < sizeof(address.sun_path), "path too long: %s", path);
        memcpy(address.sun_path, path, strlen(path) + 1);
        acd_arena_init(&raw->arena, raw->memory, sizeof(raw->memory));
        raw->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        check(raw->fd >= 0, "socket: %s", strerror(errno));
        check(connect(raw->fd, (struct sockaddr *)&address, sizeof(address)) == 0, "connect %s: %s",
              path, strerror(errno));
        return raw;
}

void raw_close(struct raw *raw)
{
        close(raw->fd);
        free(raw);
}

void raw_send_bytes(struct raw *raw, const void *bytes, size_t size)
{
        const uint8_t *at = bytes;

        while (size > 0) {
                struct pollfd ready = { .fd = raw->fd, .events = POLLOUT };
                ssize_t count = send(raw->fd, at, size, MSG_NOSIGNAL | MSG_DONTWAIT);

                if (count < 0 && (errno == EPIPE || errno == ECONNRESET))
                        return; /* the daemon has closed: the reader will see it */
                if (count < 0 && errno == EAGAIN) {
                        if (poll(&ready, 1, MEANWHILE_MS) == 0 && meanwhile != NULL)
                                meanwhile();
                        continue;
                }
                check(count > 0, "send: %s", strerror(errno));
                at += count;
                size -= (size_t)count;
        }
}

void raw_send_frame(struct raw *raw, const struct wire_frame *frame, const void *body, size_t size)
{
        uint8_t header[WIRE_HEADER_SIZE];

        wire_frame_encode(frame, header);
        raw_send_bytes(raw, header, sizeof(header));
        raw_send_bytes(raw, body, size);
}

void raw_send(struct raw *raw, const struct wire_message *message)
{
        static uint8_t bytes[WIRE_HEADER_SIZE + WIRE_BODY_MAX];
        size_t size;

        acd_arena_reset(&raw->arena);
        size = wire_encode(message, &raw->arena, bytes, sizeof(bytes));
        check(size > 0, "a message that does not fit");
        raw_send_bytes(raw, bytes, size);
}

/* Read once more, waiting until @end. False: the end of the stream, or of patience. */
static bool read_more(struct raw *raw, uint64_t end)
{
        struct pollfd ready = { .fd = raw->fd, .events = POLLIN };
        ssize_t count;

        if (raw->is_over)
                return false;
        for (;;) {
                uint64_t now = process_now_ms();
                uint64_t wait = now < end ? end - now : 0;

                if (poll(&ready, 1, (int)(wait < MEANWHILE_MS ? wait : MEANWHILE_MS)) == 1)
                        break;
                if (now >= end)
                        return false;
                if (meanwhile != NULL)
                        meanwhile();
        }
        check(raw->size < sizeof(raw->bytes), "a frame that does not fit");
        count = recv(raw->fd, raw->bytes + raw->size, sizeof(raw->bytes) - raw->size, 0);
        raw->is_over = count <= 0;
        if (count > 0)
                raw->size += (size_t)count;
        return count > 0;
}

bool raw_next(struct raw *raw, uint32_t timeout_ms, struct wire_message *ret_message)
{
        uint64_t end = process_now_ms() + timeout_ms;
        struct wire_frame frame;
        struct wire_refusal refusal;
        enum wire_frame_status status;

        memmove(raw->bytes, raw->bytes + raw->used, raw->size - raw->used);
        raw->size -= raw->used;
        raw->used = 0;
        for (;;) {
                status = wire_frame_decode(raw->bytes, raw->size, WIRE_BODY_MAX_EVENTS, &frame);
                if (status != WIRE_FRAME_SHORT)
                        break;
                if (!read_more(raw, end))
                        return false;
        }
        check(status == WIRE_FRAME_OK, "a bad frame from the daemon: %s", wire_frame_text(status));
        raw->used = WIRE_HEADER_SIZE + frame.body_size;
        acd_arena_reset(&raw->arena);
        check(wire_decode(&frame, &raw->arena, ret_message, &refusal) == ACD_OK,
              "a bad message from the daemon, kind %u: %s", frame.kind, refusal.field);
        return true;
}

void raw_hello(struct raw *raw, enum wire_role role, const char *tenant, const char *client)
{
        struct wire_message message = { .kind = WIRE_HELLO, .correlation = 1 };

        message.hello.tenant = wire_text(tenant);
        message.hello.client = wire_text(client);
        message.hello.role = role;
        message.hello.protocol_min = 1;
        message.hello.protocol_max = 1;
        raw_send(raw, &message);
        check(raw_next(raw, PATIENCE_MS, &message), "no answer to HELLO");
        check(message.kind == WIRE_WELCOME, "HELLO of %s answered by kind %u: %.*s", client,
              message.kind, (int)message.result.text.size, message.result.text.at);
}

void raw_expect_result(struct raw *raw, enum acd_result code, const char *field)
{
        struct wire_message message;

        check(raw_next(raw, PATIENCE_MS, &message), "no answer, result %d expected", (int)code);
        check(message.kind == WIRE_RESULT, "answered by kind %u", message.kind);
        check(message.result.code == code, "result %d instead of %d: %.*s",
              (int)message.result.code, (int)code, (int)message.result.text.size,
              message.result.text.at);
        check(message.result.text.size > 0, "a refusal without a sentence");
        check(strlen(field) == message.result.field.size &&
                      (field[0] == 0 || memcmp(field, message.result.field.at, strlen(field)) == 0),
              "field %.*s instead of %s", (int)message.result.field.size, message.result.field.at,
              field);
}

void raw_expect_bye(struct raw *raw, enum acd_result code, const char *metric)
{
        struct wire_message message = { 0 };

        while (message.kind != WIRE_BYE)
                check(raw_next(raw, PATIENCE_MS, &message), "closed without BYE (%s)", metric);
        check(message.bye.code == code, "BYE with %d instead of %d: %.*s", (int)message.bye.code,
              (int)code, (int)message.bye.text.size, message.bye.text.at);
        check(message.bye.text.size > 0, "BYE without a sentence");
        check(message.bye.metric.size == strlen(metric) &&
                      memcmp(message.bye.metric.at, metric, strlen(metric)) == 0,
              "BYE names metric %.*s instead of %s", (int)message.bye.metric.size,
              message.bye.metric.at, metric);
        raw_expect_end(raw, PATIENCE_MS);
}

void raw_expect_end(struct raw *raw, uint32_t timeout_ms)
{
        struct wire_message message;

        while (raw_next(raw, timeout_ms, &message))
                ;
        check(raw->is_over, "the daemon did not close the connection");
}
