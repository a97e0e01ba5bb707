/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The percentile format of HdrHistogram, as its Java tool writes it: four
 * columns, then three comment lines. What reads such files skips lines that do not
 * begin with a number, and takes the first two columns.
 *
 * Percentiles are listed in halvings: five steps to 50, five to 75, and so on,
 * until a step would be about less than one value.
 */

#include "clients/bench/hgrm.h"

#include <math.h>

enum { TICKS_A_HALVING = 5 };

double hgrm_next(double percentile)
{
        double halvings = floor(log2(100 / (100 - percentile))) + 1;

        return percentile + 100 / (TICKS_A_HALVING * exp2(halvings));
}

/* The middle of a bucket, by the layout that histogram.h describes. */
static double middle(uint32_t precision, uint32_t bucket)
{
        uint32_t shift = bucket >> precision;

        if (shift <= 1)
                return bucket;
        shift--;
        return ((double)(bucket - (shift << precision)) + 0.5) * exp2(shift);
}

double hgrm_deviation(const struct histogram *histogram)
{
        double mean = histogram_mean(histogram);
        double sum = 0;

        if (histogram->count == 0)
                return 0;
        for (uint32_t i = 0; i < histogram->bucket_count; i++) {
                double off = middle(histogram->precision, i) - mean;

                sum += off * off * (double)histogram->bucket[i];
        }
        return sqrt(sum / (double)histogram->count);
}

static void print_line(const struct histogram *histogram, double percentile, FILE *out)
{
        uint64_t value = histogram_quantile(histogram, percentile / 100);
        uint64_t below = histogram_count_below(histogram, value);

        (void)fprintf(out, "%12.3f %2.12f %10llu", (double)value / 1e3, percentile / 100,
                      (unsigned long long)below);
        if (percentile < 100)
                (void)fprintf(out, " %14.2f", 100 / (100 - percentile));
        (void)fputc('\n', out);
}

void hgrm_print(const struct histogram *histogram, FILE *out)
{
        (void)fprintf(out, "%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount",
                      "1/(1-Percentile)");
        /* Above this less than one value is left. */
        for (double at = 0;
             histogram->count > 0 && (100 - at) / 100 * (double)histogram->count >= 1;
             at = hgrm_next(at))
                print_line(histogram, at, out);
        if (histogram->count > 0)
                print_line(histogram, 100, out);
        (void)fprintf(out, "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n",
                      histogram_mean(histogram) / 1e3, hgrm_deviation(histogram) / 1e3);
        (void)fprintf(out, "#[Max     = %12.3f, Total count    = %12llu]\n",
                      (double)histogram->max / 1e3, (unsigned long long)histogram->count);
        (void)fprintf(out, "#[Buckets = %12u, SubBuckets     = %12u]\n",
                      histogram->bucket_count >> histogram->precision, 2U << histogram->precision);
}
