/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The histogram against the sorted values themselves.
 */

#include <criterion/criterion.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/prng.h"
#include "stats/histogram.h"

enum { VALUE_COUNT = 20000 };

static struct histogram *histogram_make(uint32_t precision, uint64_t value_max)
{
        void *memory = malloc(histogram_size(precision, value_max));

        cr_assert_not_null(memory);
        return histogram_init(memory, precision, value_max);
}

static int compare(const void *a, const void *b)
{
        uint64_t x = *(const uint64_t *)a;
        uint64_t y = *(const uint64_t *)b;

        return (x > y) - (x < y);
}

/* Values of every size: a random number of random bits. */
static void draw(uint64_t *values, uint64_t seed, uint32_t bit_max)
{
        struct acd_prng prng;

        acd_prng_init(&prng, seed);
        for (size_t i = 0; i < VALUE_COUNT; i++) {
                uint64_t bits = 1 + acd_prng_below(&prng, bit_max);

                values[i] = acd_prng_next(&prng) >> (64 - bits);
        }
}

/* Goal    Any quantile is at or above the exact one, by less than 2^-precision.
 * Method  Sort the values; compare at a thousand quantiles and both ends. */
Test(histogram, quantiles_of_sorted_values)
{
        static uint64_t values[VALUE_COUNT];

        for (uint32_t precision = 1; precision <= HISTOGRAM_PRECISION_MAX; precision++) {
                struct histogram *histogram = histogram_make(precision, UINT64_MAX);
                double error_max = 0;

                draw(values, precision, 64);
                for (size_t i = 0; i < VALUE_COUNT; i++)
                        histogram_add(histogram, values[i], 1);
                qsort(values, VALUE_COUNT, sizeof(values[0]), compare);

                for (int q = 0; q <= 1000; q++) {
                        double rank = ceil(q / 1000.0 * VALUE_COUNT);
                        uint64_t exact = values[rank < 1 ? 0 : (size_t)rank - 1];
                        uint64_t value = histogram_quantile(histogram, q / 1000.0);

                        cr_assert_geq(value, exact);
                        if (exact > 0)
                                error_max =
                                        fmax(error_max, (double)(value - exact) / (double)exact);
                }
                cr_assert_lt(error_max, ldexp(1, -(int)precision));
                cr_assert_eq(histogram->min, values[0]);
                cr_assert_eq(histogram_quantile(histogram, 1), values[VALUE_COUNT - 1]);
                free(histogram);
        }
}

/* Goal    Buckets tile the numbers: small values are exact, and where one bucket
 *         ends the next begins.
 * Method  A histogram of one value gives the value back; around each power of
 *         two, count_below counts a value exactly from its bucket's end on. */
Test(histogram, buckets_have_no_gap)
{
        struct histogram *histogram = histogram_make(3, UINT64_MAX);

        for (uint64_t value = 0; value < 16; value++) {
                histogram_reset(histogram);
                histogram_add(histogram, value, 1);
                histogram_add(histogram, UINT64_MAX, 1);
                cr_assert_eq(histogram_quantile(histogram, 0.5), value);
        }
        for (uint32_t bit = 4; bit < 64; bit++) {
                uint64_t start = UINT64_C(1) << bit;
                uint64_t width = start / 8;

                histogram_reset(histogram);
                histogram_add(histogram, start - 1, 1);
                histogram_add(histogram, start, 1);
                histogram_add(histogram, start + width, 1);
                cr_assert_eq(histogram_count_below(histogram, start - 1), 1);
                cr_assert_eq(histogram_count_below(histogram, start + width - 1), 2);
                cr_assert_eq(histogram_count_below(histogram, start + width), 3);
                cr_assert_eq(histogram_quantile(histogram, 0.5), start + width - 1);
        }
        free(histogram);
}

/* Goal    Two halves merged are the whole. */
Test(histogram, merge_is_addition)
{
        static uint64_t values[VALUE_COUNT];
        struct histogram *whole = histogram_make(7, 1 << 20);
        struct histogram *part = histogram_make(7, 1 << 20);
        struct histogram *other = histogram_make(7, 1 << 20);

        draw(values, 99, 22);
        for (size_t i = 0; i < VALUE_COUNT; i++) {
                histogram_add(whole, values[i], 1 + i % 3);
                histogram_add(i % 2 == 0 ? part : other, values[i], 1 + i % 3);
        }
        histogram_merge(part, other);
        cr_assert_arr_eq(part, whole, histogram_size(7, 1 << 20));
        free(whole);
        free(part);
        free(other);
}

/* Goal    What is beyond the shape is counted and shows as the maximum. */
Test(histogram, values_beyond_the_shape)
{
        struct histogram *histogram = histogram_make(5, 1000);

        histogram_add(histogram, 10, 98);
        histogram_add(histogram, 5000, 1);
        histogram_add(histogram, UINT64_MAX, 1);
        cr_assert_eq(histogram->count, 100);
        cr_assert_eq(histogram_quantile(histogram, 0.98), 10);
        cr_assert_eq(histogram_quantile(histogram, 0.99), UINT64_MAX);
        cr_assert_eq(histogram->sum, UINT64_MAX);
        free(histogram);
}

Test(histogram, empty_and_mean)
{
        struct histogram *histogram = histogram_make(5, 1000);

        cr_assert_eq(histogram_quantile(histogram, 0.5), 0);
        cr_assert_eq(histogram_mean(histogram), 0);
        histogram_add(histogram, 7, 0);
        cr_assert_eq(histogram->count, 0);
        histogram_add(histogram, 10, 3);
        histogram_add(histogram, 50, 1);
        cr_assert_eq(histogram_mean(histogram), 20);
        cr_assert_eq(histogram_count_below(histogram, 49), 3);
        free(histogram);
}

/* Histograms of different shapes do not add up; that is a bug of the caller. */
Test(histogram, merge_of_shapes_aborts, .signal = SIGABRT)
{
        histogram_merge(histogram_make(5, 1000), histogram_make(6, 1000));
}
