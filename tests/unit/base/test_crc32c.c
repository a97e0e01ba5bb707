/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CRC-32C: the published values, the definition bit by bit, and both ways of
 * computing it against each other.
 */

#include <criterion/criterion.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/prng.h"

/* The definition: one bit at a time, the polynomial 0x1edc6f41 reflected. */
static uint32_t by_definition(uint32_t crc, const uint8_t *bytes, size_t size)
{
        crc = ~crc;
        for (size_t i = 0; i < size; i++) {
                crc ^= bytes[i];
                for (int bit = 0; bit < 8; bit++)
                        crc = (crc & 1) != 0 ? crc >> 1 ^ 0x82f63b78 : crc >> 1;
        }
        return ~crc;
}

static void check(const void *bytes, size_t size, uint32_t expected)
{
        cr_assert_eq(acd_crc32c(0, bytes, size), expected);
        cr_assert_eq(acd_crc32c_by_table(0, bytes, size), expected);
        if (acd_crc32c_has_instruction())
                cr_assert_eq(acd_crc32c_by_instruction(0, bytes, size), expected);
}

/* Goal    The values of RFC 3720, appendix B.4, and the usual check value. */
Test(crc32c, published_values)
{
        static const uint8_t read_command[48] = {
                0x01, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,    0, 0, 0, 0,
                0x14, 0,    0, 0, 0, 0, 4, 0, 0, 0, 0, 0x14, 0, 0, 0, 0x18,
                0x28, 0,    0, 0, 0, 0, 0, 0, 2, 0, 0, 0,    0, 0, 0, 0,
        };
        uint8_t bytes[32];

        memset(bytes, 0, sizeof(bytes));
        check(bytes, sizeof(bytes), 0x8a9136aa);
        memset(bytes, 0xff, sizeof(bytes));
        check(bytes, sizeof(bytes), 0x62a8ab43);
        for (uint8_t i = 0; i < 32; i++)
                bytes[i] = i;
        check(bytes, sizeof(bytes), 0x46dd794e);
        for (uint8_t i = 0; i < 32; i++)
                bytes[i] = (uint8_t)(31 - i);
        check(bytes, sizeof(bytes), 0x113fdb5c);
        check(read_command, sizeof(read_command), 0xd9963a56);
        check("123456789", 9, 0xe3069283);
        check("", 0, 0);
}

/* Goal    All ways agree with the definition for every size and alignment near
 *         the block size, and for single bits, which each pick one table entry. */
Test(crc32c, all_ways_agree_with_the_definition)
{
        uint8_t bytes[96];
        struct acd_prng prng;

        acd_prng_init(&prng, 5);
        for (size_t i = 0; i < sizeof(bytes); i++)
                bytes[i] = (uint8_t)acd_prng_next(&prng);
        for (size_t start = 0; start < 9; start++)
                for (size_t size = 0; size + start <= sizeof(bytes); size++)
                        check(bytes + start, size, by_definition(0, bytes + start, size));
        for (size_t bit = 0; bit < 128; bit++) {
                uint8_t one[16] = { 0 };

                one[bit / 8] = (uint8_t)(1 << bit % 8);
                check(one, sizeof(one), by_definition(0, one, sizeof(one)));
        }
}

/* Goal    What is long is joined from streams as if it were one.
 * Method  Sizes around each multiple of what is taken at once, against the tables. */
Test(crc32c, long_ones_are_joined)
{
        static uint8_t bytes[4 * 768 + 64];
        struct acd_prng prng;

        acd_prng_init(&prng, 6);
        for (size_t i = 0; i < sizeof(bytes); i++)
                bytes[i] = (uint8_t)acd_prng_next(&prng);
        for (size_t size = 600; size <= sizeof(bytes) - 8; size++) {
                uint32_t seed = (uint32_t)acd_prng_next(&prng);
                const uint8_t *at = bytes + size % 8;
                uint32_t expected = acd_crc32c_by_table(seed, at, size);

                if (acd_crc32c_has_instruction())
                        cr_assert_eq(acd_crc32c_by_instruction(seed, at, size), expected);
                if (size % 100 == 0)
                        cr_assert_eq(by_definition(seed, at, size), expected);
        }
}

/* Goal    In pieces it gives what it gives in one, however it is cut. */
Test(crc32c, can_be_continued)
{
        uint8_t bytes[40];

        for (size_t i = 0; i < sizeof(bytes); i++)
                bytes[i] = (uint8_t)(i * 37);
        uint32_t whole = by_definition(0, bytes, sizeof(bytes));

        for (size_t cut = 0; cut <= sizeof(bytes); cut++) {
                uint32_t first = acd_crc32c(0, bytes, cut);
                uint32_t table = acd_crc32c_by_table(0, bytes, cut);

                cr_assert_eq(acd_crc32c(first, bytes + cut, sizeof(bytes) - cut), whole);
                cr_assert_eq(acd_crc32c_by_table(table, bytes + cut, sizeof(bytes) - cut), whole);
        }
}
