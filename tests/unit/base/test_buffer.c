/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The three-position buffer, against a naive model: a queue of bytes.
 */

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

#include "base/buffer.h"
#include "base/prng.h"

enum { CAPACITY = 64 };

static uint8_t memory[CAPACITY];

static struct acd_buffer buffer_with(const char *text)
{
        struct acd_buffer buffer;

        acd_buffer_init(&buffer, memory, CAPACITY);
        cr_assert(acd_buffer_append(&buffer, text, strlen(text)));
        return buffer;
}

/* Goal    Bytes come out in the order in which they went in, none lost, none
 *         twice, whatever mixture of calls is made; the positions stay in order.
 * Method  The byte at stream position i is i modulo 251, so each byte knows its
 *         place. 100,000 random operations. */
Test(buffer, is_a_queue_of_bytes)
{
        struct acd_buffer buffer;
        struct acd_prng prng;
        uint64_t in = 0;
        uint64_t out = 0;

        acd_buffer_init(&buffer, memory, CAPACITY);
        acd_prng_init(&prng, 7);
        for (int i = 0; i < 100000; i++) {
                size_t size;

                switch (acd_prng_below(&prng, 5)) {
                case 0: {
                        uint8_t *space = acd_buffer_space(&buffer, &size);
                        size_t part = acd_prng_below(&prng, size + 1);

                        for (size_t j = 0; j < part; j++)
                                space[j] = (uint8_t)(in++ % 251);
                        acd_buffer_receive(&buffer, part);
                        break;
                }
                case 1: {
                        const uint8_t *unparsed = acd_buffer_unparsed(&buffer, &size);
                        size_t part = acd_prng_below(&prng, size + 1);

                        for (size_t j = 0; j < part; j++)
                                cr_assert_eq(unparsed[j], out++ % 251);
                        acd_buffer_parse(&buffer, part);
                        break;
                }
                case 2:
                        acd_buffer_finish(&buffer);
                        cr_assert_eq(buffer.done_size, buffer.parsed_size);
                        break;
                case 3:
                        size = buffer.parsed_size - buffer.done_size;
                        acd_buffer_finish_part(&buffer, acd_prng_below(&prng, size + 1));
                        break;
                default:
                        acd_buffer_compact(&buffer);
                        cr_assert_eq(buffer.done_size, 0);
                }
                cr_assert(acd_buffer_is_sane(&buffer));
                cr_assert_eq(in - out, buffer.received_size - buffer.parsed_size);
        }
        cr_assert_gt(out, 100000);
}

/* Goal    Parsed bytes stay where they are until they are finished. */
Test(buffer, views_stay_good_until_finished)
{
        struct acd_buffer buffer = buffer_with("abcdef");
        size_t size;
        const uint8_t *view = acd_buffer_unparsed(&buffer, &size);

        cr_assert_eq(size, 6);
        acd_buffer_parse(&buffer, 3);
        cr_assert(acd_buffer_append(&buffer, "ghi", 3));
        cr_assert_arr_eq(view, "abcdefghi", 9);
        acd_buffer_compact(&buffer);
        cr_assert_arr_eq(view, "abcdefghi", 9);
        cr_assert_eq(buffer.parsed_size, 3);
}

/* Goal    A buffer in which everything is done starts at its beginning again,
 *         without moving a byte; one with an unparsed rest does not. */
Test(buffer, done_means_empty_means_start)
{
        struct acd_buffer buffer = buffer_with("abcdef");

        acd_buffer_parse(&buffer, 4);
        acd_buffer_finish(&buffer);
        cr_assert_eq(buffer.done_size, 4);
        cr_assert_not(acd_buffer_is_empty(&buffer));
        acd_buffer_parse(&buffer, 2);
        cr_assert_not(acd_buffer_is_empty(&buffer));
        acd_buffer_finish(&buffer);
        cr_assert(acd_buffer_is_empty(&buffer));
        cr_assert_eq(buffer.received_size, 0);
}

/* Goal    Append compacts when it must, and refuses only what truly does not fit,
 *         changing nothing. */
Test(buffer, append_uses_all_there_is)
{
        struct acd_buffer buffer = buffer_with("0123456789");
        uint8_t fill[CAPACITY];
        size_t size;

        memset(fill, 'x', sizeof(fill));
        acd_buffer_parse(&buffer, 8);
        acd_buffer_finish(&buffer);
        struct acd_buffer before = buffer;

        cr_assert_not(acd_buffer_append(&buffer, fill, CAPACITY - 1));
        cr_assert_arr_eq(&buffer, &before, sizeof(buffer));
        cr_assert(acd_buffer_append(&buffer, fill, CAPACITY - 2));
        const uint8_t *unparsed = acd_buffer_unparsed(&buffer, &size);

        cr_assert_eq(size, CAPACITY);
        cr_assert_arr_eq(unparsed, "89x", 3);
        cr_assert_not(acd_buffer_append(&buffer, "y", 1));
        cr_assert(acd_buffer_append(&buffer, NULL, 0));
}

Test(buffer, append_without_need_does_not_move)
{
        struct acd_buffer buffer = buffer_with("abc");

        acd_buffer_parse(&buffer, 2);
        acd_buffer_finish(&buffer);
        cr_assert(acd_buffer_append(&buffer, "d", 1));
        cr_assert_eq(buffer.done_size, 2);
        cr_assert_eq(buffer.received_size, 4);
}

Test(buffer, reset_forgets)
{
        struct acd_buffer buffer = buffer_with("abc");
        size_t size;

        acd_buffer_parse(&buffer, 1);
        acd_buffer_reset(&buffer);
        cr_assert(acd_buffer_is_empty(&buffer));
        cr_assert_eq(acd_buffer_space(&buffer, &size), memory);
        cr_assert_eq(size, CAPACITY);
}

/* Goal    The predicate sees each of the three ways of being wrong. */
Test(buffer, sanity_sees_disorder)
{
        struct acd_buffer good = buffer_with("abcdef");
        struct acd_buffer bad;

        acd_buffer_parse(&good, 4);
        cr_assert(acd_buffer_is_sane(&good));
        bad = good;
        bad.done_size = 5;
        cr_assert_not(acd_buffer_is_sane(&bad));
        bad = good;
        bad.parsed_size = 7;
        cr_assert_not(acd_buffer_is_sane(&bad));
        bad = good;
        bad.received_size = CAPACITY + 1;
        cr_assert_not(acd_buffer_is_sane(&bad));
}

Test(buffer, parsing_what_did_not_arrive_aborts, .signal = SIGABRT)
{
        struct acd_buffer buffer = buffer_with("abc");

        acd_buffer_parse(&buffer, 4);
}

Test(buffer, receiving_more_than_the_space_aborts, .signal = SIGABRT)
{
        struct acd_buffer buffer = buffer_with("abc");

        acd_buffer_receive(&buffer, CAPACITY - 2);
}

Test(buffer, finishing_what_was_not_parsed_aborts, .signal = SIGABRT)
{
        struct acd_buffer buffer = buffer_with("abc");

        acd_buffer_parse(&buffer, 1);
        acd_buffer_finish_part(&buffer, 2);
}
