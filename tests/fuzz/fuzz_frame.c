/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stream of bytes as frames: every frame lies inside what arrived, writing
 * its header again gives the bytes it came from, pouring the stream in two
 * pieces makes no difference, and a broken stream stays broken.
 */

#include <string.h>

#include "base/assert.h"
#include "tests/fuzz/fuzz.h"
#include "wire/frame.h"

enum { BODY_MAX = 256, STREAM_MAX = 4096 };

static void check_frame(const uint8_t *at, size_t size, const struct wire_frame *frame)
{
        uint8_t header[WIRE_HEADER_SIZE];

        ACD_ASSERT(frame->body_size <= BODY_MAX);
        ACD_ASSERT(frame->body == at + WIRE_HEADER_SIZE);
        ACD_ASSERT(frame->body_size <= size - WIRE_HEADER_SIZE);
        wire_frame_encode(frame, header);
        ACD_ASSERT(memcmp(header, at, WIRE_HEADER_SIZE) == 0);
}

/* How many frames @data holds, and what comes after them. */
static size_t count_frames(const uint8_t *data, size_t size, enum wire_frame_status *ret_status)
{
        size_t count = 0;
        size_t at_size = 0;

        for (;;) {
                struct wire_frame frame;

                *ret_status = wire_frame_decode(data + at_size, size - at_size, BODY_MAX, &frame);
                if (*ret_status != WIRE_FRAME_OK)
                        return count;
                check_frame(data + at_size, size - at_size, &frame);
                at_size += WIRE_HEADER_SIZE + frame.body_size;
                count++;
        }
}

static size_t count_poured(const uint8_t *data, size_t size, size_t cut,
                           enum wire_frame_status *ret_status)
{
        static uint8_t memory[STREAM_MAX];
        struct acd_buffer buffer;
        size_t count = 0;

        acd_buffer_init(&buffer, memory, sizeof(memory));
        for (int piece = 0; piece < 2; piece++) {
                const uint8_t *from = piece == 0 ? data : data + cut;
                size_t piece_size = piece == 0 ? cut : size - cut;
                struct wire_frame frame;

                if (!acd_buffer_append(&buffer, from, piece_size))
                        acd_panic(__FILE__, __LINE__, __func__, "the buffer has room");
                while ((*ret_status = wire_frame_next(&buffer, BODY_MAX, &frame)) == WIRE_FRAME_OK)
                        count++;
                acd_buffer_finish(&buffer);
        }
        return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        enum wire_frame_status whole;
        enum wire_frame_status poured;
        size_t count;

        if (size > STREAM_MAX)
                size = STREAM_MAX;
        count = count_frames(data, size, &whole);
        ACD_ASSERT(wire_frame_text(whole) != NULL);
        ACD_ASSERT((wire_frame_result(whole) == ACD_OK) == (whole == WIRE_FRAME_SHORT));
        for (size_t cut = 0; cut <= size; cut += size / 7 + 1) {
                ACD_ASSERT(count_poured(data, size, cut, &poured) == count);
                ACD_ASSERT(poured == whole);
        }
        return 0;
}
