/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames: the header's bytes, and what a reader makes of every cut and every
 * flipped bit.
 */

#include <criterion/criterion.h>
#include <string.h>

#include "base/prng.h"
#include "wire/frame.h"

enum { BODY_SIZE = 5, FRAME_SIZE = WIRE_HEADER_SIZE + BODY_SIZE, BODY_MAX = 64 };

/* Written by hand from docs/PROTOCOL.md, not by the encoder. */
static const uint8_t example[FRAME_SIZE] = {
        5,    0,    0,    0,    /* body length */
        16,   0,                /* kind SUBMIT */
        0,    1,                /* flags, version */
        0x78, 0x56, 0x34, 0x12, /* correlation */
        7,    0,    0,    0,    /* session */
        'h',  'e',  'l',  'l',  'o',
};

/* Goal    The bytes are those of the document.
 * Method  One frame written by hand. */
Test(frame, header_is_as_documented)
{
        struct wire_frame frame;
        uint8_t header[WIRE_HEADER_SIZE];

        cr_assert_eq(wire_frame_decode(example, sizeof(example), BODY_MAX, &frame), WIRE_FRAME_OK);
        cr_assert_eq(frame.kind, 16);
        cr_assert_eq(frame.correlation, 0x12345678);
        cr_assert_eq(frame.session, 7);
        cr_assert_eq(frame.body_size, BODY_SIZE);
        cr_assert_eq(frame.body, example + WIRE_HEADER_SIZE);

        wire_frame_encode(&frame, header);
        cr_assert_arr_eq(header, example, WIRE_HEADER_SIZE);
}

/* Goal    Every prefix of a frame asks for more, and nothing else. */
Test(frame, every_cut_is_short)
{
        for (size_t size = 0; size < FRAME_SIZE; size++) {
                struct wire_frame frame = { .kind = 99 };

                cr_assert_eq(wire_frame_decode(example, size, BODY_MAX, &frame), WIRE_FRAME_SHORT);
                cr_assert_eq(frame.kind, 99, "untouched");
        }
}

/* What the document says of a header with one bit flipped. */
static enum wire_frame_status expected(const uint8_t *bytes)
{
        uint32_t body_size = bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
                             (uint32_t)bytes[3] << 24;

        if (bytes[7] != 1)
                return WIRE_FRAME_VERSION;
        if (bytes[6] != 0)
                return WIRE_FRAME_FLAGS;
        if (bytes[4] == 0 && bytes[5] == 0)
                return WIRE_FRAME_KIND;
        if (body_size > BODY_MAX)
                return WIRE_FRAME_LARGE;
        if (body_size > BODY_SIZE)
                return WIRE_FRAME_SHORT;
        return WIRE_FRAME_OK;
}

/* Goal    A flipped bit is seen, or makes another good frame; never a read past the end.
 * Method  All bits, one and two at a time, against the document's rules. */
Test(frame, every_flip_is_judged_by_the_header)
{
        for (unsigned first = 0; first < FRAME_SIZE * 8; first++) {
                for (unsigned second = first; second < FRAME_SIZE * 8; second++) {
                        uint8_t bytes[FRAME_SIZE];
                        struct wire_frame frame;

                        memcpy(bytes, example, sizeof(bytes));
                        bytes[first / 8] ^= (uint8_t)(1u << first % 8);
                        if (second != first)
                                bytes[second / 8] ^= (uint8_t)(1u << second % 8);
                        cr_assert_eq(wire_frame_decode(bytes, sizeof(bytes), BODY_MAX, &frame),
                                     expected(bytes));
                }
        }
}

/* Goal    A body of the largest size passes, one byte more does not, and that is known before the
 *         body has come. */
Test(frame, size_limit_is_exact_and_early)
{
        uint8_t bytes[WIRE_HEADER_SIZE + BODY_MAX + 1] = { BODY_MAX, 0, 0, 0, 16, 0, 0, 1 };
        struct wire_frame frame;

        cr_assert_eq(wire_frame_decode(bytes, WIRE_HEADER_SIZE + BODY_MAX, BODY_MAX, &frame),
                     WIRE_FRAME_OK);
        bytes[0]++;
        cr_assert_eq(wire_frame_decode(bytes, WIRE_HEADER_SIZE, BODY_MAX, &frame),
                     WIRE_FRAME_LARGE);
        memset(bytes, 0xff, 4);
        cr_assert_eq(wire_frame_decode(bytes, WIRE_HEADER_SIZE, BODY_MAX, &frame),
                     WIRE_FRAME_LARGE);
}

/* Goal    Frames that arrive in pieces come out whole and in order.
 * Method  Frames with their number as correlation, poured into a small buffer in random
 *         pieces. */
Test(frame, pieces_make_frames)
{
        static uint8_t stream[100 * (WIRE_HEADER_SIZE + 40)];
        uint8_t memory[128];
        struct acd_buffer buffer;
        struct acd_prng prng;
        size_t stream_size = 0;
        size_t poured_size = 0;
        uint32_t seen_count = 0;

        acd_prng_init(&prng, 11);
        for (uint32_t i = 0; i < 100; i++) {
                struct wire_frame frame = { .kind = (uint16_t)(i + 1),
                                            .correlation = i,
                                            .body_size = (uint32_t)acd_prng_below(&prng, 41) };

                wire_frame_encode(&frame, stream + stream_size);
                memset(stream + stream_size + WIRE_HEADER_SIZE, (int)i, frame.body_size);
                stream_size += WIRE_HEADER_SIZE + frame.body_size;
        }

        acd_buffer_init(&buffer, memory, sizeof(memory));
        while (seen_count < 100) {
                size_t size = acd_prng_below(&prng, 30);
                struct wire_frame frame;

                if (size > stream_size - poured_size)
                        size = stream_size - poured_size;
                if (acd_buffer_append(&buffer, stream + poured_size, size))
                        poured_size += size;
                while (wire_frame_next(&buffer, 40, &frame) == WIRE_FRAME_OK) {
                        cr_assert_eq(frame.correlation, seen_count);
                        for (uint32_t i = 0; i < frame.body_size; i++)
                                cr_assert_eq(frame.body[i], seen_count);
                        seen_count++;
                }
                acd_buffer_finish(&buffer);
        }
        cr_assert_eq(poured_size, stream_size);
}

/* Goal    Each status that ends a connection has words for its BYE. */
Test(frame, statuses_have_words)
{
        cr_assert_eq(wire_frame_result(WIRE_FRAME_OK), ACD_OK);
        cr_assert_eq(wire_frame_result(WIRE_FRAME_SHORT), ACD_OK);
        cr_assert_eq(wire_frame_result(WIRE_FRAME_LARGE), ACD_TOO_LARGE);
        cr_assert_eq(wire_frame_result(WIRE_FRAME_VERSION), ACD_UNSUPPORTED);
        cr_assert_eq(wire_frame_result(WIRE_FRAME_FLAGS), ACD_UNSUPPORTED);
        cr_assert_eq(wire_frame_result(WIRE_FRAME_KIND), ACD_MALFORMED);
        for (int status = WIRE_FRAME_OK; status <= WIRE_FRAME_KIND; status++)
                cr_assert_gt(strlen(wire_frame_text((enum wire_frame_status)status)), 5);
}
