/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * raw.h - a peer that does as it likes: frames by hand over a plain socket.
 *
 *   Ownership  raw_connect() to raw_close(). A frame handed out is borrowed until
 *              the next raw_next().
 *   Time       Time limits are milliseconds; what does not come in time ends the
 *              test unless the function says otherwise.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "wire/codec.h"

struct raw {
        int fd;
        size_t size; /* bytes in @bytes */
        size_t used; /* of the frame handed out last */
        bool is_over;
        uint8_t bytes[1 << 18];
        struct acd_arena arena;
        uint8_t memory[WIRE_ARENA_SIZE];
};

/* @path: a unix socket. */
struct raw *raw_connect(const char *path);
void raw_close(struct raw *raw);

void raw_send_bytes(struct raw *raw, const void *bytes, size_t size);
/* A frame with this header, whatever it says, and @size bytes of body. */
void raw_send_frame(struct raw *raw, const struct wire_frame *frame, const void *body, size_t size);
void raw_send(struct raw *raw, const struct wire_message *message);

/* Called now and then while raw peers wait, so that others are not silent meanwhile. */
void raw_meanwhile(void (*call)(void));

/* The next frame, decoded; false when the stream ended or nothing came in time. */
bool raw_next(struct raw *raw, uint32_t timeout_ms, struct wire_message *ret_message);

/* HELLO in @role as @client of @tenant, and a WELCOME. */
void raw_hello(struct raw *raw, enum wire_role role, const char *tenant, const char *client);

/* The next answer must be RESULT with @code. */
void raw_expect_result(struct raw *raw, enum acd_result code, const char *field);
/* The daemon says BYE with @code and @metric, and closes. */
void raw_expect_bye(struct raw *raw, enum acd_result code, const char *metric);
/* The daemon closes; whatever it says before. */
void raw_expect_end(struct raw *raw, uint32_t timeout_ms);
