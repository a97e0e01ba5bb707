/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * line.h - one connection: a socket, what was not yet sent, and the torn end of
 * what was read.
 *
 * Reading goes through one large buffer that all lines share: whole frames are
 * walked where they lie, and only a frame that is cut at the end is kept by the
 * line. Writing appends to the line's own buffer; one write a line and turn.
 *
 * How bytes pass is a transport: plain sockets now. One that encrypts is
 * another table of two functions.
 *
 *   Ownership  A line owns its socket and buffers.
 *   Failure    Negative errno; -ECONNRESET also for an orderly end.
 *   Cost       A system call for line_receive() and for line_flush().
 */

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "clients/c/address.h"
#include "wire/frame.h"

enum {
        LINE_SCRATCH_SIZE = 1 << 19,
        /* The most that a line may have unsent. Beyond it the load waits. */
        LINE_OUT_MAX = 8 << 20,
};

struct line;

struct line_transport {
        ssize_t (*receive)(struct line *line, void *at, size_t size); /* as read(2) */
        ssize_t (*send)(struct line *line, const void *at, size_t size);
};

extern const struct line_transport line_plain;

struct line {
        const struct line_transport *transport;
        int fd; /* -1: closed */
        uint32_t index;
        bool is_gateway;
        bool is_dirty;   /* has something to send; in the load's list of such */
        bool is_blocked; /* the socket is full: waits until it is writable */
        uint8_t *out;
        size_t out_size, out_capacity, out_sent;
        uint8_t *rest; /* of a frame, of which more must come */
        size_t rest_size, rest_capacity;
        uint64_t byte_in_count, byte_out_count, frame_in_count, frame_out_count;
        uint64_t sent_ns; /* when something was last sent */
};

/* Connect, waiting at most @timeout_ms. */
int line_open(struct line *line, const struct client_address *address, int timeout_ms)
        __attribute__((warn_unused_result));
void line_close(struct line *line);

/* Room for @size bytes at the end of what is to be sent, or NULL: too much is unsent.
 * line_put() says that they are there. */
uint8_t *line_room(struct line *line, size_t size);
static inline void line_put(struct line *line, size_t size)
{
        line->out_size += size;
        line->frame_out_count++;
}

/* Send what there is: 0, or 1 when the socket is full. */
int line_flush(struct line *line) __attribute__((warn_unused_result));

/* What has come, after the kept rest, in @scratch (LINE_SCRATCH_SIZE). Returns the size,
 * @ret_is_all: nothing more can be read at the moment. */
ssize_t line_receive(struct line *line, uint8_t *scratch, bool *ret_is_all)
        __attribute__((warn_unused_result));

/* Keep the torn frame at the end of what was received. */
int line_keep(struct line *line, const uint8_t *at, size_t size)
        __attribute__((warn_unused_result));

/* The next whole frame in [*at, end): 1; 0: none; negative errno: not frames. */
static inline int line_frame(const uint8_t **at, const uint8_t *end, struct wire_frame *ret_frame)
{
        size_t left = (size_t)(end - *at);
        uint32_t size;

        if (left < WIRE_HEADER_SIZE)
                return 0;
        size = acd_get_u32(*at);
        if (size > WIRE_BODY_MAX_EVENTS || (*at)[7] != WIRE_HEADER_VERSION)
                return -EPROTO;
        if (left - WIRE_HEADER_SIZE < size)
                return 0;
        *ret_frame = (struct wire_frame){
                .kind = acd_get_u16(*at + 4),
                .version = WIRE_HEADER_VERSION,
                .correlation = acd_get_u32(*at + 8),
                .session = acd_get_u32(*at + 12),
                .body_size = size,
                .body = *at + WIRE_HEADER_SIZE,
        };
        *at += WIRE_HEADER_SIZE + size;
        return 1;
}
