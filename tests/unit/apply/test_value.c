/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Durations, numbers, and the word that was meant.
 */

#include <criterion/criterion.h>
#include <string.h>

#include "apply/report.h"
#include "apply/suggest.h"
#include "apply/value.h"

struct duration_case {
        const char *text;
        uint64_t ms;
};

/*
 * Goal    Durations mean what people mean by them.
 * Method  A table of texts and milliseconds, written by hand.
 */
Test(value, durations)
{
        static const struct duration_case cases[] = {
                { "0", 0 },         { "0s", 0 },         { "500ms", 500 },
                { "20s", 20000 },   { "1m", 60000 },     { "1m30s", 90000 },
                { "1h", 3600000 },  { "24h", 86400000 }, { "1d2h3m4s5ms", 93784005 },
                { "1m5ms", 60005 }, { "90s", 90000 },
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                uint64_t ms = 77;

                cr_assert(apply_duration_parse(cases[i].text, strlen(cases[i].text), &ms), "%s",
                          cases[i].text);
                cr_assert_eq(ms, cases[i].ms, "%s is %lu", cases[i].text, (unsigned long)ms);
        }
}

Test(value, what_is_no_duration_is_refused_and_changes_nothing)
{
        static const char *const texts[] = {
                "",     "20",   "s",    "1.5s", "-1s",  "+1s",   "1s1m",
                "1s1s", "1 s",  "1S",   "01s",  "1x",   "1ms1s", "s20",
                "20s ", " 20s", "1m30", "00",   "1sms", "0x10s", "213503982335d"
        };

        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
                uint64_t ms = 77;

                cr_assert_not(apply_duration_parse(texts[i], strlen(texts[i]), &ms), "`%s`",
                              texts[i]);
                cr_assert_eq(ms, 77);
        }
}

/*
 * Goal    format and parse are inverse.
 * Method  Many numbers around the units' borders, both ways.
 */
Test(value, every_duration_is_read_as_it_was_written)
{
        static const uint64_t around[] = {
                0, 1000, 60000, 3600000, 86400000, 90061001, UINT64_C(1) << 62
        };

        for (size_t i = 0; i < sizeof(around) / sizeof(around[0]); i++) {
                for (uint64_t offset = 0; offset < 2000; offset += 7) {
                        char text[APPLY_DURATION_TEXT_SIZE];
                        uint64_t back = 0;

                        apply_duration_format(around[i] + offset, text);
                        cr_assert(apply_duration_parse(text, strlen(text), &back), "%s", text);
                        cr_assert_eq(back, around[i] + offset, "%s", text);
                }
        }
}

Test(value, numbers)
{
        uint64_t number = 77;

        cr_assert(apply_number_parse("0", 1, &number));
        cr_assert_eq(number, 0);
        cr_assert(apply_number_parse("18446744073709551615", 20, &number));
        cr_assert_eq(number, UINT64_MAX);
        number = 77;
        cr_assert_not(apply_number_parse("18446744073709551616", 20, &number));
        cr_assert_not(apply_number_parse("", 0, &number));
        cr_assert_not(apply_number_parse("007", 3, &number));
        cr_assert_not(apply_number_parse("1e3", 3, &number));
        cr_assert_not(apply_number_parse("-1", 2, &number));
        cr_assert_eq(number, 77);
}

static size_t distance(const char *a, const char *b)
{
        return apply_distance(a, strlen(a), b, strlen(b));
}

Test(suggest, distance_counts_slips_of_fingers)
{
        char long_word[APPLY_WORD_SIZE_MAX + 1];

        memset(long_word, 'a', sizeof(long_word));
        cr_assert_eq(distance("", ""), 0);
        cr_assert_eq(distance("", "abc"), 3);
        cr_assert_eq(distance("billing", "billing"), 0);
        cr_assert_eq(distance("biling", "billing"), 1);
        cr_assert_eq(distance("bililng", "billing"), 1);
        cr_assert_eq(distance("Billing", "billing"), 0);
        cr_assert_eq(distance("kitten", "sitting"), 3);
        cr_assert_eq(apply_distance(long_word, sizeof(long_word), "a", 1), SIZE_MAX);
}

static const char *suggest(const char *word, const char *const *candidates, size_t count)
{
        struct apply_suggest search;

        apply_suggest_init(&search, word, strlen(word));
        for (size_t i = 0; i < count; i++)
                apply_suggest_try(&search, candidates[i], strlen(candidates[i]));
        return search.best;
}

Test(suggest, the_nearest_is_meant_or_none)
{
        static const char *const words[] = { "offer_timeout", "wrap_up", "band", "x" };

        cr_assert_str_eq(suggest("offer_timout", words, 4), "offer_timeout");
        cr_assert_str_eq(suggest("wrapup", words, 4), "wrap_up");
        cr_assert_str_eq(suggest("off", words, 4), "offer_timeout");
        cr_assert_null(suggest("colour", words, 4));
        cr_assert_null(suggest("y", words, 4));
}

Test(report, quotes_cannot_steer_a_terminal_or_fill_it)
{
        char quote[APPLY_QUOTE_SIZE];
        char long_text[200];

        cr_assert_str_eq(apply_quote("a\033[31mb", 7, quote), "a?[31mb");
        cr_assert_str_eq(apply_quote("gr\303\274n", 5, quote), "gr\303\274n");
        cr_assert_str_eq(apply_quote("\377\376", 2, quote), "??");
        memset(long_text, 'a', sizeof(long_text));
        long_text[63] = '\303';
        long_text[64] = '\274';
        apply_quote(long_text, sizeof(long_text), quote);
        cr_assert_eq(strlen(quote), 66);
        cr_assert_str_eq(quote + 63, "...");
}
