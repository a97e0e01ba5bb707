/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What acdbench writes for other programs.
 */

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/bench/hgrm.h"
#include "clients/bench/measure.h"
#include "clients/bench/svg.h"

static struct histogram *made(void)
{
        void *memory = calloc(1, histogram_size(MEASURE_PRECISION, UINT64_MAX));

        cr_assert_not_null(memory);
        return histogram_init(memory, MEASURE_PRECISION, UINT64_MAX);
}

static char *printed(void (*print)(const void *what, FILE *out), const void *what)
{
        static char *text;
        static size_t size;
        FILE *out = open_memstream(&text, &size);

        cr_assert_not_null(out);
        print(what, out);
        cr_assert_eq(fclose(out), 0);
        return text;
}

static void print_hgrm(const void *what, FILE *out)
{
        hgrm_print(what, out);
}

/* Goal    The text of HdrHistogram's Java tool for the values 1 to 10 us.
 * Method  Its outputPercentileDistribution() with 5 ticks a halving and a scale of
 *         1000, worked out by hand: value (the end of its bucket: 2, 4, 8, 16 ns wide),
 *         percentile, count at or below, 1/(1-p). */
Test(hgrm, ten_values)
{
        static const char *const lines[] = {
                "       Value     Percentile TotalCount 1/(1-Percentile)\n",
                "\n",
                "       1.001 0.000000000000          1           1.00\n",
                "       1.001 0.100000000000          1           1.11\n",
                "       2.003 0.200000000000          2           1.25\n",
                "       3.007 0.300000000000          3           1.43\n",
                "       4.007 0.400000000000          4           1.67\n",
                "       5.007 0.500000000000          5           2.00\n",
                "       6.015 0.550000000000          6           2.22\n",
                "       6.015 0.600000000000          6           2.50\n",
        };
        struct histogram *histogram = made();
        char *text, *at;

        for (uint64_t us = 1; us <= 10; us++)
                histogram_add(histogram, us * 1000, 1);
        text = at = printed(print_hgrm, histogram);
        for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
                cr_assert_eq(strncmp(at, lines[i], strlen(lines[i])), 0, "line %zu: %.60s", i, at);
                at += strlen(lines[i]);
        }
        cr_assert_not_null(strstr(text, "\n      10.000 1.000000000000         10\n"), "%s", text);
        cr_assert_not_null(strstr(text, "#[Mean    =        5.500, StdDeviation   =        2.87"),
                           "%s", text);
        cr_assert_not_null(strstr(text, "#[Max     =       10.000, Total count    =           10]"),
                           "%s", text);
        free(text);
        free(histogram);
}

/* Goal    Five steps to each half of what is left, none beyond the last value. */
Test(hgrm, steps)
{
        double at = 0;
        double left = 100;

        for (int halving = 0; halving < 20; halving++) {
                for (int tick = 0; tick < 5; tick++)
                        at = hgrm_next(at);
                left /= 2;
                cr_assert_lt(fabs(100 - at - left), 1e-9, "%g", at);
        }
}

/* Goal    The deviation of the buckets is that of the values, as far as buckets allow. */
Test(hgrm, deviation)
{
        struct histogram *histogram = made();
        double sum = 0, square = 0;
        enum { COUNT = 5000 };

        for (uint64_t i = 0; i < COUNT; i++) {
                uint64_t value = 1000 + i * i;

                histogram_add(histogram, value, 1);
                sum += (double)value;
                square += (double)value * (double)value;
        }

        double mean = sum / COUNT;
        double exact = sqrt(square / COUNT - mean * mean);

        cr_assert_lt(fabs(hgrm_deviation(histogram) - exact), exact / 256);
        free(histogram);
}

static void print_svg(const void *what, FILE *out)
{
        svg_print(what, out);
}

/* Goal    Points are where the axes say: a tenth is as far at each place of the
 *         vertical axis, and a nine at each place of a percentile axis.
 * Method  Read the coordinates of the drawn line back. */
Test(svg, points_are_where_they_belong)
{
        static const struct svg_point point[] = { { 90, 10 }, { 99, 100 }, { 99.9, 1000 } };
        struct svg_plot plot = { .title = "a < b & c",
                                 .subtitle = "",
                                 .x_name = "x",
                                 .y_name = "y",
                                 .is_percentiles = true,
                                 .series_count = 1,
                                 .series = { { .name = "s", .point = point, .count = 3 } } };
        char *text = printed(print_svg, &plot);
        char *line = strstr(text, "class=\"line\"");
        double at[6];

        cr_assert_not_null(line);
        line = strstr(line, " d=\"M") + 5;
        for (int i = 0; i < 6; i++) {
                at[i] = strtod(line, &line);
                line += *line == 'L' || *line == ' ';
        }
        cr_assert_lt(fabs((at[2] - at[0]) - (at[4] - at[2])), 0.2, "%g %g %g", at[0], at[2], at[4]);
        cr_assert_lt(fabs((at[3] - at[1]) - (at[5] - at[3])), 0.2, "%g %g %g", at[1], at[3], at[5]);
        cr_assert_lt(at[5], at[3]);
        cr_assert_not_null(strstr(text, "a &lt; b &amp; c"));
        cr_assert_not_null(strstr(text, "</svg>"));
        free(text);
}

/* Goal    Rates and times a life cycle are differences over their time; the median
 *         is that of whole seconds. */
Test(measure, differences)
{
        struct measure measure;
        struct counts counts = { .done = 100, .daemon_cpu_ns = 5000, .own_cpu_ns = 7000 };
        static const uint64_t done[] = { 1100, 1300, 4300 };
        uint64_t now_ns = UINT64_C(5000000000);

        cr_assert(measure_open(&measure));
        measure_begin(&measure, &counts, now_ns);
        cr_assert_not(measure_tick(&measure, 200, now_ns + 999999999));
        for (int i = 0; i < 3; i++) {
                now_ns += 1000000000;
                cr_assert(measure_tick(&measure, done[i], now_ns));
        }
        counts = (struct counts){ .done = 4300, .daemon_cpu_ns = 4205000, .own_cpu_ns = 847000 };
        measure_end(&measure, &counts, now_ns + 1000000000);
        cr_assert_eq(measure.counts.done, 4200);
        cr_assert_float_eq(measure_rate(&measure), 1050, 1e-9);
        cr_assert_float_eq(measure_median_rate(&measure), 1000, 1e-9);
        cr_assert_float_eq(measure_daemon_us(&measure), 1, 1e-9);
        cr_assert_float_eq(measure_own_us(&measure), 0.2, 1e-9);
        measure_close(&measure);
}

/* Goal    A daemon that keeps up is not taken for one that does not, however few the
 *         contacts; one that stays a tenth behind is.
 * Method  Poisson's own scatter at the least and the greatest of counts. */
Test(measure, behind)
{
        static const struct {
                double rate;
                uint64_t done;
                bool is_behind;
        } row[] = { { 100, 100, false },      { 100, 70, false },      { 100, 40, true },
                    { 100000, 99000, false }, { 100000, 90000, true }, { 1e6, 970000, false },
                    { 1e6, 964000, true } };

        for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
                struct measure measure = { .end_ns = 1000000000, .rate_asked = row[i].rate };

                measure.counts.done = row[i].done;
                cr_assert_eq(measure_is_behind(&measure, 0), row[i].is_behind, "%g: %lu",
                             row[i].rate, (unsigned long)row[i].done);
        }
        cr_assert_not(measure_is_behind(
                &(struct measure){ .end_ns = 1000000000, .rate_asked = 100 }, 100));
}
