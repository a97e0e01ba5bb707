/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ids: parts, text, and that there is exactly one text for each.
 */

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

#include "base/id.h"
#include "base/prng.h"

static uint64_t random_id(struct acd_prng *prng)
{
        return acd_id_make((struct acd_id_parts){
                .shard = (uint32_t)acd_prng_below(prng, ACD_ID_SHARD_MAX + 1),
                .slot = (uint32_t)acd_prng_below(prng, ACD_ID_SLOT_MAX + 1),
                .generation = (uint32_t)acd_prng_below(prng, ACD_ID_GENERATION_MAX) + 1,
        });
}

/* Goal    The bits are where the header says. */
Test(id, layout)
{
        cr_assert_eq(acd_id_make((struct acd_id_parts){ 0, 0, 1 }), 1);
        cr_assert_eq(acd_id_make((struct acd_id_parts){ 0, 1, 1 }), 0x10000001);
        cr_assert_eq(acd_id_make((struct acd_id_parts){ 1, 0, 1 }), 0x0040000000000001);
        cr_assert_eq(acd_id_make((struct acd_id_parts){ ACD_ID_SHARD_MAX, ACD_ID_SLOT_MAX,
                                                        ACD_ID_GENERATION_MAX }),
                     UINT64_MAX);
}

/* Goal    Parts survive the trip into a number, and the number into text. */
Test(id, round_trips)
{
        struct acd_prng prng;

        acd_prng_init(&prng, 12);
        for (int i = 0; i < 100000; i++) {
                uint64_t id = random_id(&prng);
                uint64_t back = 0;
                char text[ACD_ID_TEXT_SIZE];

                cr_assert(acd_id_is_valid(id));
                cr_assert_eq(acd_id_make(acd_id_split(id)), id);
                acd_id_format(id, text);
                cr_assert_eq(strlen(text), ACD_ID_TEXT_LENGTH);
                cr_assert(acd_id_parse(text, ACD_ID_TEXT_LENGTH, &back));
                cr_assert_eq(back, id);
        }
}

static void check_text(uint64_t id, const char *expected)
{
        char text[ACD_ID_TEXT_SIZE];

        acd_id_format(id, text);
        cr_assert_str_eq(text, expected);
}

/* Goal    Known spellings; every digit of the alphabet in its place. */
Test(id, spelling)
{
        check_text(0, "0000000000000");
        check_text(1, "0000000000001");
        check_text(31, "000000000000z");
        check_text(32, "0000000000010");
        check_text(UINT64_MAX, "fzzzzzzzzzzzz");
        /* Between them, every digit of the alphabet. */
        check_text(0x008864298e84a96c, "0123456789abc");
        check_text(0xf6b9f08ca74adaf8, "fdefghjkmnpqr");
        check_text(0x0be33adf3befa96c, "0qrstvwxyzabc");
}

/* Goal    Text sorts as numbers do. */
Test(id, text_sorts_like_numbers)
{
        struct acd_prng prng;

        acd_prng_init(&prng, 13);
        for (int i = 0; i < 10000; i++) {
                uint64_t left = random_id(&prng);
                uint64_t right = random_id(&prng);
                char left_text[ACD_ID_TEXT_SIZE];
                char right_text[ACD_ID_TEXT_SIZE];

                acd_id_format(left, left_text);
                acd_id_format(right, right_text);
                cr_assert_eq(strcmp(left_text, right_text) < 0, left < right);
        }
}

static void check_refused(const char *text, size_t size)
{
        uint64_t id = 77;

        cr_assert_not(acd_id_parse(text, size, &id), "\"%s\" was taken", text);
        cr_assert_eq(id, 77);
}

/* Goal    One id has one spelling: whatever else is refused, and what was asked
 *         for stays untouched. */
Test(id, parsing_is_strict)
{
        check_refused("", 0);
        check_refused("000000000001", 12);
        check_refused("00000000000001", 14);
        check_refused("000000000000A", 13); /* upper case */
        check_refused("000000000000o", 13); /* look-alikes */
        check_refused("000000000000i", 13);
        check_refused("000000000000l", 13);
        check_refused("000000000000u", 13);
        check_refused("g000000000001", 13); /* 65 bits */
        check_refused("zzzzzzzzzzzzz", 13);
        check_refused(" 00000000001 ", 13);
        check_refused("000000-000001", 13);
        check_refused("0000000000000", 13); /* generation zero */
        check_refused("0400000000000", 13);
        check_refused("00000000000\0001", 13);
        check_refused("00000000000\xc3\xa9", 13);
}

/* Goal    Of all one-character changes of an id, exactly those are taken that make
 *         another id. */
Test(id, every_character_in_every_place)
{
        static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";

        for (size_t place = 0; place < ACD_ID_TEXT_LENGTH; place++) {
                for (int c = 0; c < 256; c++) {
                        char text[] = "1111111111111";
                        char again[ACD_ID_TEXT_SIZE];
                        const char *digit = c == 0 ? NULL : strchr(digits, c);
                        bool is_good = digit != NULL && (place > 0 || digit - digits < 16);
                        uint64_t id = 0;

                        text[place] = (char)c;
                        cr_assert_eq(acd_id_parse(text, 13, &id), is_good);
                        if (!is_good)
                                continue;
                        acd_id_format(id, again);
                        cr_assert_str_eq(again, text);
                }
        }
}

/* Goal    Generations go round without ever being zero. */
Test(id, generations_skip_zero)
{
        cr_assert_eq(acd_id_next_generation(0), 1);
        cr_assert_eq(acd_id_next_generation(1), 2);
        cr_assert_eq(acd_id_next_generation(ACD_ID_GENERATION_MAX - 1), ACD_ID_GENERATION_MAX);
        cr_assert_eq(acd_id_next_generation(ACD_ID_GENERATION_MAX), 1);
}

/* Goal    An id is valid exactly when its generation is not zero. */
Test(id, validity)
{
        cr_assert_not(acd_id_is_valid(0));
        cr_assert_not(acd_id_is_valid((uint64_t)5 << ACD_ID_GENERATION_BITS));
        cr_assert(acd_id_is_valid(1));
        cr_assert(acd_id_is_valid(ACD_ID_GENERATION_MAX));
}

Test(id, generation_zero_aborts, .signal = SIGABRT)
{
        acd_id_make((struct acd_id_parts){ 1, 1, 0 });
}

Test(id, wide_generation_aborts, .signal = SIGABRT)
{
        acd_id_make((struct acd_id_parts){ 1, 1, ACD_ID_GENERATION_MAX + 1 });
}

Test(id, wide_slot_aborts, .signal = SIGABRT)
{
        acd_id_make((struct acd_id_parts){ 1, ACD_ID_SLOT_MAX + 1, 1 });
}

Test(id, wide_shard_aborts, .signal = SIGABRT)
{
        acd_id_make((struct acd_id_parts){ ACD_ID_SHARD_MAX + 1, 1, 1 });
}

Test(id, next_of_a_wide_generation_aborts, .signal = SIGABRT)
{
        acd_id_next_generation(ACD_ID_GENERATION_MAX + 1);
}
