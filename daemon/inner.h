/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * inner.h - connections from within: pairs of byte streams in memory, among the sockets.
 *
 *      inbox                                    the daemon
 *        inner_send()  ----- in (bytes) ----->  read()        sockets from INNER_SOCKET_MIN on
 *        inner_unread() <--- out (bytes) -----  write_many()  in the wrapped world_sockets
 *
 * Whoever has requests for the daemon that did not come on a socket gives them to it as frames of
 * an ordinary connection. So every check, limit, lease and window is that of all clients, and there
 * is no second way in. The table of sockets is wrapped: numbers above every real descriptor are
 * ours, everything else is passed on.
 *
 *   Ownership  Pairs and their bytes are the caller's memory.
 *   Failure    -EAGAIN, 0 and -EPIPE as sockets have them.
 *   Time       Readiness is told by inner_tell(), between a turn's beginning and its reading:
 *              level-triggered, the same with every loop and in the simulator.
 *   Cost       A copy of the bytes each way; nothing for other sockets but a comparison.
 *   Threads    The shard's.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "daemon/world.h"
#include "wire/frame.h"

struct shard;

enum {
        INNER_SOCKET_MIN = 1 << 28, /* descriptors are below, and the simulator's links */
        /* Each way: a frame that is taken apart, and one that comes. */
        INNER_ROOM_SIZE = 2 * (WIRE_HEADER_SIZE + WIRE_BODY_MAX_EVENTS),
};

struct inner_pair {
        bool is_open; /* the daemon has its end */
        bool is_held; /* the other end, ours */
        bool wants_read;
        bool wants_write;
        uint32_t token;
        struct acd_buffer in;  /* to the daemon */
        struct acd_buffer out; /* from it */
};

struct inner {
        struct shard *shard;
        const struct world_sockets *outer; /* NULL: not in use */
        struct world_sockets table;        /* what the shard uses instead */
        struct inner_pair *pair;
        uint32_t pair_count;
};

/* Wrap @shard's sockets. @pair: @pair_count zeros; @bytes: two rooms each. */
void inner_init(struct inner *inner, struct shard *shard, struct inner_pair *pair, uint8_t *bytes,
                uint32_t pair_count);

/* A new pair, which is in use until both ends are closed: its index, or -ENOBUFS. */
int inner_open(struct inner *inner) __attribute__((warn_unused_result));

/* The daemon's end as a socket. */
static inline int inner_socket(int index)
{
        return INNER_SOCKET_MIN + index;
}

/* The daemon has not closed its end. */
bool inner_is_open(const struct inner *inner, int index);

/* All of @parts to the daemon, or false and nothing. */
bool inner_send(struct inner *inner, int index, const struct iovec *parts, int part_count)
        __attribute__((warn_unused_result));

/* What came from the daemon, in one piece: valid until the next call for this pair. */
const uint8_t *inner_unread(const struct inner *inner, int index, size_t *ret_size);
void inner_read(struct inner *inner, int index, size_t size);

/* Close our end: the daemon reads what is there, then the end of the stream. */
void inner_close(struct inner *inner, int index);

/* Tell the shard what is ready. True: something is. */
bool inner_tell(struct inner *inner);

/* Something is: the next turn is due. */
bool inner_is_ready(const struct inner *inner);
