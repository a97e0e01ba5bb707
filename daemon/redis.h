/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * redis.h - one connection to Redis: commands out, replies in. The only user of
 * hiredis, of which it takes the parser of replies and nothing else.
 *
 *   Ownership  Buffers are the caller's. A reply belongs to the caller until
 *              redis_reply_free().
 *   Failure    Negative errno: the connection is of no more use; close it.
 *   Cost       Commands are formatted straight into the output.
 *   Threads    The shard's.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "acd/types.h"
#include "base/buffer.h"
#include "daemon/world.h"

enum {
        REDIS_OUTPUT_SIZE = 1024 * 1024 + 128 * 1024,
        REDIS_INPUT_SIZE = 65536,
        REDIS_ARGUMENT_MAX = 8,
        REDIS_TEXT_SIZE = 160,
};

struct redis_reader; /* hiredis's */

struct redis {
        const struct world_sockets *sockets;
        uint32_t token;
        int socket; /* -1: closed */
        bool is_connected;
        bool is_watching_write;
        struct redis_reader *reader;
        struct acd_buffer out;
        uint8_t *input;
};

void redis_init(struct redis *redis, const struct world_sockets *sockets, uint32_t token,
                uint8_t *output, uint8_t *input);

/* Begin to connect. 0 or negative errno. */
int redis_connect(struct redis *redis, const char *address) __attribute__((warn_unused_result));
void redis_close(struct redis *redis);

/* Append a command. False: it does not fit now, and nothing was appended. */
bool redis_command(struct redis *redis, const struct acd_bytes *argument, uint32_t argument_count)
        __attribute__((warn_unused_result));
struct acd_bytes redis_text(const char *text);

/* Write what can be written, in one piece. */
int redis_write(struct redis *redis) __attribute__((warn_unused_result));

/* Read what is there. -EPIPE: the end of the stream. */
int redis_read(struct redis *redis) __attribute__((warn_unused_result));

/* Give the socket's buffer room to the world: watch for what is wanted. */
void redis_watch(struct redis *redis);

enum redis_kind { REDIS_NIL, REDIS_TEXT, REDIS_NUMBER, REDIS_ARRAY, REDIS_ERROR };

struct redis_reply {
        enum redis_kind kind;
        char text[REDIS_TEXT_SIZE]; /* of TEXT and ERROR, cut; of the first element of an ARRAY */
        void *whole;                /* hiredis's; NULL when there is nothing to free */
};

/* The next complete reply: 1, 0 when there is none yet, -EPROTO for bytes that are none. */
int redis_next(struct redis *redis, struct redis_reply *ret_reply)
        __attribute__((warn_unused_result));
void redis_reply_free(struct redis_reply *reply);

/* The text after @name in an ARRAY of names and values; false when it is not there. */
bool redis_reply_find(const struct redis_reply *reply, const char *name,
                      char ret_text[REDIS_TEXT_SIZE]);
