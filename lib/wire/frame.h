/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * frame.h - a message as bytes: a header of 16 bytes and a body.
 *
 *       0               4       6   7   8              12              16
 *       | body length   | kind  | f | v | correlation   | session       | body ...
 *         u32             u16    u8  u8   u32             u32
 *
 * All numbers little-endian. f: flags, zero for now, others are refused. v:
 * header version, 1. Pure functions over bytes: no socket, no protobuf.
 *
 *   Ownership  A decoded frame points into the bytes it was read from.
 *   Failure    A status. After anything but OK and SHORT the stream cannot be
 *              read any further: answer BYE and close.
 *   Cost       O(1).
 *   Threads    Any: no state.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "acd/types.h"
#include "base/assert.h"
#include "base/buffer.h"
#include "base/bytes.h"

enum {
        WIRE_HEADER_SIZE = 16,
        WIRE_HEADER_VERSION = 1,
        WIRE_BODY_MAX = 65536,        /* what settings may allow at most, pushes of events apart */
        WIRE_BODY_MAX_EVENTS = 65600, /* a batch of 64 KiB and the fields around it */
};

struct wire_frame {
        uint16_t kind; /* any number: an unknown kind is answered, not cut */
        uint8_t flags;
        uint8_t version;
        uint32_t correlation;
        uint32_t session;
        uint32_t body_size;
        const uint8_t *body;
};

enum wire_frame_status {
        WIRE_FRAME_OK,
        WIRE_FRAME_SHORT,   /* more bytes must come */
        WIRE_FRAME_LARGE,   /* the body is longer than allowed */
        WIRE_FRAME_VERSION, /* the header has a version that we do not know */
        WIRE_FRAME_FLAGS,   /* a flag that we do not know */
        WIRE_FRAME_KIND,    /* kind 0 */
};

/* Offsets in the header; see the picture. */
enum {
        WIRE_AT_BODY_SIZE = 0,
        WIRE_AT_KIND = 4,
        WIRE_AT_FLAGS = 6,
        WIRE_AT_VERSION = 7,
        WIRE_AT_CORRELATION = 8,
        WIRE_AT_SESSION = 12,
};

_Static_assert(WIRE_AT_SESSION + sizeof(uint32_t) == WIRE_HEADER_SIZE, "the header is 16 bytes");

/* Read the frame at @bytes. Decides from the header alone whether the frame is
 * allowed, before its body has come: LARGE, VERSION, FLAGS and KIND need 16 bytes only.
 * On OK *ret_frame is filled and the frame takes WIRE_HEADER_SIZE + body_size bytes. */
static inline enum wire_frame_status wire_frame_decode(const uint8_t *bytes, size_t size,
                                                       uint32_t body_max,
                                                       struct wire_frame *ret_frame)
{
        struct wire_frame frame;

        if (size < WIRE_HEADER_SIZE)
                return WIRE_FRAME_SHORT;

        frame = (struct wire_frame){
                .kind = acd_get_u16(bytes + WIRE_AT_KIND),
                .flags = bytes[WIRE_AT_FLAGS],
                .version = bytes[WIRE_AT_VERSION],
                .correlation = acd_get_u32(bytes + WIRE_AT_CORRELATION),
                .session = acd_get_u32(bytes + WIRE_AT_SESSION),
                .body_size = acd_get_u32(bytes + WIRE_AT_BODY_SIZE),
                .body = bytes + WIRE_HEADER_SIZE,
        };

        /* The version first: it says whether the rest means anything. */
        if (frame.version != WIRE_HEADER_VERSION)
                return WIRE_FRAME_VERSION;
        if (frame.flags != 0)
                return WIRE_FRAME_FLAGS;
        if (frame.kind == 0)
                return WIRE_FRAME_KIND;
        if (frame.body_size > body_max)
                return WIRE_FRAME_LARGE;
        if (frame.body_size > size - WIRE_HEADER_SIZE)
                return WIRE_FRAME_SHORT;

        *ret_frame = frame;
        return WIRE_FRAME_OK;
}

/* The same for the unparsed bytes of @buffer; on OK the frame is parsed. */
static inline enum wire_frame_status wire_frame_next(struct acd_buffer *buffer, uint32_t body_max,
                                                     struct wire_frame *ret_frame)
{
        size_t size;
        const uint8_t *bytes = acd_buffer_unparsed(buffer, &size);
        enum wire_frame_status status = wire_frame_decode(bytes, size, body_max, ret_frame);

        if (status == WIRE_FRAME_OK)
                acd_buffer_parse(buffer, WIRE_HEADER_SIZE + (size_t)ret_frame->body_size);
        return status;
}

/* Write the header of @frame (its body is not looked at). Inline: every frame has one. */
static inline void wire_frame_encode(const struct wire_frame *frame,
                                     uint8_t ret_header[WIRE_HEADER_SIZE])
{
        ACD_ASSERT(frame->kind != 0);
        ACD_ASSERT(frame->flags == 0);

        acd_put_u32(ret_header + WIRE_AT_BODY_SIZE, frame->body_size);
        acd_put_u16(ret_header + WIRE_AT_KIND, frame->kind);
        ret_header[WIRE_AT_FLAGS] = frame->flags;
        ret_header[WIRE_AT_VERSION] = WIRE_HEADER_VERSION;
        acd_put_u32(ret_header + WIRE_AT_CORRELATION, frame->correlation);
        acd_put_u32(ret_header + WIRE_AT_SESSION, frame->session);
}

/* What to say to the peer: a result for BYE and a sentence. */
enum acd_result wire_frame_result(enum wire_frame_status status);
const char *wire_frame_text(enum wire_frame_status status);
