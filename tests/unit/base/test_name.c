/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names and text from outside, against definitions written the long way.
 */

#include <criterion/criterion.h>
#include <string.h>

#include "base/name.h"
#include "base/prng.h"

/* Goal    Exactly the documented characters are taken, alone and inside. */
Test(name, alphabet)
{
        static const char good[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-";

        for (int c = 0; c < 256; c++) {
                char name[3] = { 'a', (char)c, 'z' };
                bool is_good = c != 0 && strchr(good, c) != NULL;

                cr_assert_eq(acd_name_is_valid(name + 1, 1), is_good, "character %d", c);
                cr_assert_eq(acd_name_is_valid(name, 3), is_good, "character %d", c);
        }
}

/* Goal    1 to 63 characters; the last one counts. */
Test(name, length)
{
        char name[65];

        memset(name, 'n', sizeof(name));
        cr_assert_not(acd_name_is_valid(name, 0));
        cr_assert(acd_name_is_valid(name, 1));
        cr_assert(acd_name_is_valid(name, 63));
        cr_assert_not(acd_name_is_valid(name, 64));
        name[62] = ' ';
        cr_assert_not(acd_name_is_valid(name, 63));
        cr_assert(acd_name_is_valid(name, 62));
}

/* The straightforward encoder: what a code point looks like in UTF-8. */
static size_t encode(uint32_t point, uint8_t *bytes)
{
        if (point < 0x80) {
                bytes[0] = (uint8_t)point;
                return 1;
        }
        if (point < 0x800) {
                bytes[0] = (uint8_t)(0xc0 | point >> 6);
                bytes[1] = (uint8_t)(0x80 | (point & 63));
                return 2;
        }
        if (point < 0x10000) {
                bytes[0] = (uint8_t)(0xe0 | point >> 12);
                bytes[1] = (uint8_t)(0x80 | (point >> 6 & 63));
                bytes[2] = (uint8_t)(0x80 | (point & 63));
                return 3;
        }
        bytes[0] = (uint8_t)(0xf0 | point >> 18);
        bytes[1] = (uint8_t)(0x80 | (point >> 12 & 63));
        bytes[2] = (uint8_t)(0x80 | (point >> 6 & 63));
        bytes[3] = (uint8_t)(0x80 | (point & 63));
        return 4;
}

/* Goal    Every code point but the surrogates is taken, nothing above the last,
 *         and plain are those that do not steer a terminal. */
Test(name, every_code_point)
{
        for (uint32_t point = 0; point < 0x200000; point++) {
                uint8_t bytes[4];
                size_t size = encode(point, bytes);
                bool is_good = point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
                bool is_control = (point < 0x20 && point != '\t' && point != '\n') ||
                                  (point >= 0x7f && point <= 0x9f);

                if (acd_utf8_is_valid(bytes, size) != is_good)
                        cr_assert_fail("U+%04x", point);
                if (acd_text_is_plain(bytes, size) != (is_good && !is_control))
                        cr_assert_fail("U+%04x plain", point);
                if (size > 1 && acd_utf8_is_valid(bytes, size - 1))
                        cr_assert_fail("U+%04x cut short", point);
        }
}

/* Well-formed by the standard's words: decodes to a code point whose encoding is
 * the very same bytes. */
static bool is_valid_the_long_way(const uint8_t *bytes, size_t size)
{
        for (size_t at = 0; at < size;) {
                uint8_t first = bytes[at];
                size_t step = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
                uint32_t point = step == 1 ? first : first & (0x7fu >> step);
                uint8_t again[4];

                if (step > size - at || first >= 0xf8 || (first >= 0x80 && first < 0xc0))
                        return false;
                for (size_t i = 1; i < step; i++)
                        point = point << 6 | (bytes[at + i] & 63);
                if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
                        return false;
                if (encode(point, again) != step || memcmp(again, bytes + at, step) != 0)
                        return false;
                at += step;
        }
        return true;
}

/* Goal    Any bytes get the same answer from the table and from the definition.
 * Method  Random bytes from the edges of the table's ranges, where errors live. */
Test(name, random_bytes)
{
        static const uint8_t edges[] = { 0x00, 0x09, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0,
                                         0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed,
                                         0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf8, 0xff };
        struct acd_prng prng;
        int good_count = 0;

        acd_prng_init(&prng, 21);
        for (int i = 0; i < 1000000; i++) {
                uint8_t bytes[5];
                size_t size = acd_prng_below(&prng, 6);

                for (size_t j = 0; j < size; j++)
                        bytes[j] = edges[acd_prng_below(&prng, sizeof(edges))];
                bool is_good = is_valid_the_long_way(bytes, size);

                good_count += is_good;
                if (acd_utf8_is_valid(bytes, size) != is_good)
                        cr_assert_fail("round %d", i);
        }
        cr_assert_gt(good_count, 10000);
}

Test(name, text_as_people_write_it)
{
        cr_assert(acd_text_is_plain("", 0));
        cr_assert(acd_text_is_plain("caf\xc3\xa9\t\xe2\x82\xac 5\nline two", 20));
        cr_assert_not(acd_text_is_plain("red \x1b[31m", 9));
        cr_assert_not(acd_text_is_plain("zero\0", 5));
        cr_assert(acd_utf8_is_valid("zero\0", 5));
}
