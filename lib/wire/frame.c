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
