/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schedules and handle times against what their names promise.
 */

#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients/bench/arrivals.h"
#include "clients/bench/spread.h"
#include "clients/replay/bank.h"

enum { DRAW_COUNT = 200000 };

static struct arrivals_settings parsed(const char *text)
{
        struct arrivals_settings settings = { .speed = 1 };
        static char copy[300];

        snprintf(copy, sizeof(copy), "%s", text);
        cr_assert(arrivals_parse(&settings, copy), "%s", text);
        return settings;
}

static struct arrivals opened(const char *text, double rate)
{
        struct arrivals_settings settings = parsed(text);
        struct arrivals arrivals;

        cr_assert_eq(arrivals_open(&arrivals, &settings, rate, 7), 0);
        return arrivals;
}

/* Goal    The millionth fixed arrival is as exact as the first.
 * Method  Periods that a sum of doubles or of whole ns would drift from. */
Test(arrivals, fixed_do_not_drift)
{
        static const double rate[] = { 3, 7000, 300000, 1e6 / 3 };

        for (size_t r = 0; r < sizeof(rate) / sizeof(rate[0]); r++) {
                struct arrivals arrivals = opened("fixed", rate[r]);

                for (uint64_t i = 0; i < 1000000; i++) {
                        double exact = (double)i * 1e9 / rate[r];
                        double error = (double)arrivals_next(&arrivals) - exact;

                        cr_assert(error <= 1e-3 && error > -1.001, "rate %g, arrival %lu: %g",
                                  rate[r], (unsigned long)i, error);
                }
                arrivals_close(&arrivals);
        }
}

/* Goal    Gaps are exponential: their mean is the period, so is their standard
 *         deviation, and e^-1 of them are longer than it.
 * Method  200,000 of them; five standard errors. */
Test(arrivals, poisson_gaps_are_exponential)
{
        struct arrivals arrivals = opened("poisson", 1000);
        double sum = 0, square = 0, last = 0;
        uint32_t longer = 0;

        for (int i = 0; i < DRAW_COUNT; i++) {
                double at = (double)arrivals_next(&arrivals);
                double gap = (at - last) / 1e6;

                cr_assert_geq(gap, 0);
                sum += gap;
                square += gap * gap;
                longer += gap > 1;
                last = at;
        }

        double mean = sum / DRAW_COUNT;
        double deviation = sqrt(square / DRAW_COUNT - mean * mean);
        double share = (double)longer / DRAW_COUNT;

        cr_assert_lt(fabs(mean - 1), 5 / sqrt(DRAW_COUNT), "mean %g", mean);
        cr_assert_lt(fabs(deviation - 1), 5 * sqrt(2.0 / DRAW_COUNT), "deviation %g", deviation);
        cr_assert_lt(fabs(share - exp(-1)), 5 * 0.5 / sqrt(DRAW_COUNT), "share %g", share);
        arrivals_close(&arrivals);
}

/* Goal    A burst is so many at once, and the mean rate is kept. */
Test(arrivals, bursts)
{
        struct arrivals arrivals = opened("burst:50", 10000);

        for (uint64_t i = 0; i < 5000; i++)
                cr_assert_eq(arrivals_next(&arrivals), i / 50 * 5000000);
        arrivals_close(&arrivals);
}

static const char *made_file(char path[64], const char *text)
{
        int fd;

        snprintf(path, 64, "/tmp/arrivals-XXXXXX");
        fd = mkstemp(path);
        cr_assert(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
        close(fd);
        return path;
}

/* Goal    Seconds of a file are sorted, begin at zero and are divided by the speed. */
Test(arrivals, of_a_file)
{
        char path[64], text[80];
        struct arrivals_settings settings;
        struct arrivals arrivals;

        snprintf(text, sizeof(text), "file:%s", made_file(path, "# a day\n12.5\n10\n\n40\n"));
        settings = parsed(text);
        settings.speed = 10;
        cr_assert(arrivals_are_recorded(&settings));
        cr_assert_eq(arrivals_open(&arrivals, &settings, 0, 1), 0);
        cr_assert_eq(arrivals_next(&arrivals), 0);
        cr_assert_eq(arrivals_next(&arrivals), 250000000);
        cr_assert_eq(arrivals_next(&arrivals), 3000000000);
        cr_assert_eq(arrivals_next(&arrivals), UINT64_MAX);
        arrivals_close(&arrivals);
        unlink(path);
}

Test(arrivals, files_that_are_none)
{
        static const struct {
                const char *text;
                int error;
        } row[] = { { "", -ENODATA },
                    { "1\ntwo\n", -EINVAL },
                    { "-1\n", -EINVAL },
                    { "1 2\n", -EINVAL },
                    { "nan\n", -EINVAL } };
        char path[64], text[80];

        for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
                struct arrivals_settings settings;
                struct arrivals arrivals;

                snprintf(text, sizeof(text), "file:%s", made_file(path, row[i].text));
                settings = parsed(text);
                cr_assert_eq(arrivals_open(&arrivals, &settings, 0, 1), row[i].error, "%s",
                             row[i].text);
                unlink(path);
        }
}

/* Goal    Only the day asked for, and the calls of one second are spread over it.
 * Method  Four calls on one day, three of them in one second, and one on the next. */
Test(arrivals, of_call_records)
{
        char path[64], text[90];
        struct bank *bank = calloc(1, sizeof(*bank));
        struct bank_writer *writer;
        struct arrivals arrivals;
        int64_t day = bank_midnight(990105);
        static const int64_t second[] = { 36000, 36010, 36010, 36010, 86400 + 100 };
        static const uint64_t expected_ms[] = { 0, 10000, 10333, 10666 };

        cr_assert_not_null(bank);
        snprintf(path, sizeof(path), "/tmp/arrivals-%d.tsv", (int)getpid());
        memcpy(bank->type[0], "PS", 3);
        bank->type_count = 1;
        writer = bank_writer_open(path);
        cr_assert_not_null(writer);
        for (uint32_t i = 0; i < 5; i++) {
                struct bank_record record = {
                        .entry_s = day + second[i] - 5,
                        .arrival_s = day + second[i],
                        .service_start_s = day + second[i] + 1,
                        .wait_s = 1,
                        .service_s = 60,
                        .date = bank_date(day + second[i]),
                        .server = BANK_NO_SERVER,
                        .outcome = BANK_AGENT,
                        .is_queued = true,
                };

                bank_writer_add(writer, bank, &record, i + 1);
        }
        cr_assert_eq(bank_writer_close(writer), 0);
        snprintf(text, sizeof(text), "bank:%s@990105", path);
        arrivals = opened(text, 0);
        for (uint32_t i = 0; i < 4; i++)
                cr_assert_eq(arrivals_next(&arrivals) / 1000000, expected_ms[i], "call %u", i);
        cr_assert_eq(arrivals_next(&arrivals), UINT64_MAX);
        arrivals_close(&arrivals);
        unlink(path);
        free(bank);
}

Test(arrivals, words_that_are_none)
{
        static const char *const row[] = { "",      "poison", "burst:",  "burst:0", "burst:x",
                                           "file:", "bank:",  "fixed:1", "burst:-1" };

        for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
                struct arrivals_settings settings = { .speed = 1 };
                char text[32];

                snprintf(text, sizeof(text), "%s", row[i]);
                cr_assert_not(arrivals_parse(&settings, text), "%s", row[i]);
        }
}

/* Goal    Mean and coefficient of variation are those asked for.
 * Method  200,000 draws; the standard error of a mean, five of them; the
 *         variation within 2 %. */
Test(spread, mean_and_variation)
{
        static const struct {
                const char *text;
                double mean_ms, variation;
        } row[] = { { "0", 0, 0 },
                    { "12", 12, 0 },
                    { "fixed:1.5", 1.5, 0 },
                    { "exp:20", 20, 1 },
                    { "lognormal:180,0.8", 180, 0.8 } };
        struct acd_prng prng;

        acd_prng_init(&prng, 3);
        for (size_t r = 0; r < sizeof(row) / sizeof(row[0]); r++) {
                struct spread spread;
                double sum = 0, square = 0;

                cr_assert(spread_parse(&spread, row[r].text), "%s", row[r].text);
                for (int i = 0; i < DRAW_COUNT; i++) {
                        double ms = (double)spread_draw(&spread, &prng) / 1e6;

                        sum += ms;
                        square += ms * ms;
                }

                double mean = sum / DRAW_COUNT;
                double deviation = sqrt(fmax(square / DRAW_COUNT - mean * mean, 0));
                double error = 5 * row[r].variation * row[r].mean_ms / sqrt(DRAW_COUNT) + 1e-6;

                cr_assert_lt(fabs(mean - row[r].mean_ms), error, "%s: mean %g", row[r].text, mean);
                cr_assert_lt(fabs(deviation - row[r].variation * row[r].mean_ms),
                             0.02 * row[r].mean_ms + 1e-6, "%s: deviation %g", row[r].text,
                             deviation);
        }
}

Test(spread, words_that_are_none)
{
        static const char *const row[] = {
                "",   "x",     "-1",           "fixed:",       "exp:", "lognormal:5",
                "5s", "exp:x", "lognormal:5,", "lognormal:0,1"
        };
        struct spread spread;

        for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
                cr_assert_not(spread_parse(&spread, row[i]), "%s", row[i]);
}
