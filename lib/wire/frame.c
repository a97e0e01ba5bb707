/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A frame is judged by its header alone, before its body has arrived: a peer
 * that promises 4 GiB is cut at byte 16, not after we waited for them. The body
 * length stands first so that the simplest reader in any language is "read
 * four, then twelve, then that many".
 *
 * Flags and header version are refused when unknown, not ignored: they change
 * what the bytes after them mean (compression, say). Kinds are not judged
 * here: an unknown kind is a request that gets an answer, because the stream is
 * still in step.
 */

#include "wire/frame.h"

#include "base/assert.h"
#include "base/bytes.h"

/* Offsets in the header; the picture is in frame.h. */
enum {
        AT_BODY_SIZE = 0,
        AT_KIND = 4,
        AT_FLAGS = 6,
        AT_VERSION = 7,
        AT_CORRELATION = 8,
        AT_SESSION = 12,
};

_Static_assert(AT_SESSION + sizeof(uint32_t) == WIRE_HEADER_SIZE, "the header is 16 bytes");

enum wire_frame_status wire_frame_decode(const uint8_t *bytes, size_t size, uint32_t body_max,
                                         struct wire_frame *ret_frame)
{
        struct wire_frame frame;

        if (size < WIRE_HEADER_SIZE)
                return WIRE_FRAME_SHORT;

        frame = (struct wire_frame){
                .kind = acd_get_u16(bytes + AT_KIND),
                .flags = bytes[AT_FLAGS],
                .version = bytes[AT_VERSION],
                .correlation = acd_get_u32(bytes + AT_CORRELATION),
                .session = acd_get_u32(bytes + AT_SESSION),
                .body_size = acd_get_u32(bytes + AT_BODY_SIZE),
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

enum wire_frame_status wire_frame_next(struct acd_buffer *buffer, uint32_t body_max,
                                       struct wire_frame *ret_frame)
{
        size_t size;
        const uint8_t *bytes = acd_buffer_unparsed(buffer, &size);
        enum wire_frame_status status = wire_frame_decode(bytes, size, body_max, ret_frame);

        if (status == WIRE_FRAME_OK)
                acd_buffer_parse(buffer, WIRE_HEADER_SIZE + (size_t)ret_frame->body_size);
        return status;
}

void wire_frame_encode(const struct wire_frame *frame, uint8_t ret_header[WIRE_HEADER_SIZE])
{
        ACD_ASSERT(frame->kind != 0);
        ACD_ASSERT(frame->flags == 0);

        acd_put_u32(ret_header + AT_BODY_SIZE, frame->body_size);
        acd_put_u16(ret_header + AT_KIND, frame->kind);
        ret_header[AT_FLAGS] = frame->flags;
        ret_header[AT_VERSION] = WIRE_HEADER_VERSION;
        acd_put_u32(ret_header + AT_CORRELATION, frame->correlation);
        acd_put_u32(ret_header + AT_SESSION, frame->session);
}

enum acd_result wire_frame_result(enum wire_frame_status status)
{
        switch (status) {
        case WIRE_FRAME_OK:
        case WIRE_FRAME_SHORT:
                return ACD_OK;
        case WIRE_FRAME_LARGE:
                return ACD_TOO_LARGE;
        case WIRE_FRAME_VERSION:
        case WIRE_FRAME_FLAGS:
                return ACD_UNSUPPORTED;
        case WIRE_FRAME_KIND:
                return ACD_MALFORMED;
        }
        acd_panic(__FILE__, __LINE__, __func__, "a frame has a status");
}

const char *wire_frame_text(enum wire_frame_status status)
{
        switch (status) {
        case WIRE_FRAME_OK:
                return "a whole frame";
        case WIRE_FRAME_SHORT:
                return "more bytes must come";
        case WIRE_FRAME_LARGE:
                return "the frame is larger than this connection allows";
        case WIRE_FRAME_VERSION:
                return "the frame header has a version that this build does not know";
        case WIRE_FRAME_FLAGS:
                return "the frame header has a flag that this build does not know";
        case WIRE_FRAME_KIND:
                return "a frame has a kind; zero is none";
        }
        acd_panic(__FILE__, __LINE__, __func__, "a frame has a status");
}
