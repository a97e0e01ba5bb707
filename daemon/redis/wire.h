/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * wire.h - Redis's protocol as bytes: commands out, replies in.
 *
 * The only user of hiredis, of which it takes the parser of replies and nothing
 * else.
 *
 *   Ownership  The output buffer is the caller's. A reply that redis_wire_next()
 *              gave lives until redis_reply_free(); views into it as long.
 *   Failure    -EPROTO: the bytes are no replies, or one is larger than allowed;
 *              the connection is of no more use.
 *   Cost       Commands are formatted straight into the output; a reply is what
 *              hiredis allocates for it.
 *   Threads    The shard's.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "acd/types.h"
#include "daemon/redis/output.h"

struct redis_reader; /* hiredis's */

struct redis_wire {
        struct redis_reader *reader; /* NULL: closed */
        struct redis_output out;
        size_t reply_size_max;
        size_t fed_size; /* bytes since the last whole reply */
};

/* Commands are gathered in @output. */
void redis_wire_init(struct redis_wire *wire, uint8_t *output, size_t output_size,
                     size_t reply_size_max);

/* Forget all bytes, and be ready for those of a new connection. 0 or -ENOMEM. */
int redis_wire_open(struct redis_wire *wire) __attribute__((warn_unused_result));
void redis_wire_close(struct redis_wire *wire);

/* Append a command. False: it does not fit now, and nothing was appended. */
bool redis_wire_command(struct redis_wire *wire, const struct acd_bytes *argument,
                        uint32_t argument_count) __attribute__((warn_unused_result));

/* The same, and the last argument is lent to the output: see output.h. */
bool redis_wire_command_lending(struct redis_wire *wire, const struct acd_bytes *argument,
                                uint32_t argument_count) __attribute__((warn_unused_result));
struct acd_bytes redis_text(const char *text);

/* Bytes of a command on the line, for arguments of @size bytes in all. */
size_t redis_wire_bound(size_t size, uint32_t argument_count);

/* Received bytes. 0 or -EPROTO. */
int redis_wire_feed(struct redis_wire *wire, const uint8_t *bytes, size_t size)
        __attribute__((warn_unused_result));

enum redis_kind { REDIS_NIL, REDIS_TEXT, REDIS_NUMBER, REDIS_ARRAY, REDIS_ERROR };

struct redis_reply {
        enum redis_kind kind;
        const char *text; /* of TEXT and ERROR; ends with a zero byte; else "" */
        size_t size;      /* of text */
        int64_t number;
        uint32_t count;   /* elements of an ARRAY */
        const void *node; /* hiredis's */
        bool is_whole;    /* to be freed; else part of one that is */
};

/* The next complete reply: 1, 0 when there is none yet, -EPROTO for bytes that are none. */
int redis_wire_next(struct redis_wire *wire, struct redis_reply *ret_reply)
        __attribute__((warn_unused_result));
void redis_reply_free(struct redis_reply *reply);

/* Element @index of an ARRAY; NIL beyond its end and of what is none. */
struct redis_reply redis_reply_at(const struct redis_reply *reply, uint32_t index);

/* What follows @name in an ARRAY of names and values; NIL when it is not there. */
struct redis_reply redis_reply_find(const struct redis_reply *reply, const char *name);

static inline struct acd_bytes redis_reply_bytes(const struct redis_reply *reply)
{
        return (struct acd_bytes){ (const uint8_t *)reply->text, (uint32_t)reply->size };
}
