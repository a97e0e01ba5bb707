/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A log-linear histogram, as HdrHistogram made common.
 *
 * With p bits of precision, a value's bucket is its p+1 leading bits and their
 * position. Let shift be how far they must be moved right to be p+1 bits:
 *
 *      value  1 0 1 1 0 1 0 0 1      p = 3: leading bits 1011, shift 5
 *             |-----| |-------|      bucket = shift * 2^p + 1011b
 *
 * For values below 2^(p+1) the shift is 0 and the bucket is the value. At each
 * further power of two the leading bit of the 1011 carries into the shift, so
 * the buckets follow each other without a gap and without a table.
 *
 * Why not exact samples: they need memory without bound and cannot be added up.
 * Why not the sketches that bound the error of the rank (t-digest, KLL): they
 * merge only roughly, and what a supervisor reads is the value, not the rank.
 */

#include "stats/histogram.h"

#include <math.h>
#include <string.h>

#include "base/assert.h"

static uint32_t bucket_of(uint32_t precision, uint64_t value)
{
        uint32_t bits = value == 0 ? 0 : 64 - (uint32_t)__builtin_clzll(value);
        uint32_t shift = bits > precision + 1 ? bits - precision - 1 : 0;

        return (shift << precision) + (uint32_t)(value >> shift);
}

/* The greatest value in the bucket. */
static uint64_t bucket_end(uint32_t precision, uint32_t bucket)
{
        uint32_t shift = bucket >> precision;

        if (shift <= 1)
                shift = 0;
        else
                shift--;

        uint64_t leading = bucket - (shift << precision);

        return (leading << shift) + ((UINT64_C(1) << shift) - 1);
}

size_t histogram_size(uint32_t precision, uint64_t value_max)
{
        ACD_ASSERT(precision >= 1);
        ACD_ASSERT(precision <= HISTOGRAM_PRECISION_MAX);

        size_t bucket_count = (size_t)bucket_of(precision, value_max) + 1;

        return sizeof(struct histogram) + bucket_count * sizeof(uint64_t);
}

struct histogram *histogram_init(void *memory, uint32_t precision, uint64_t value_max)
{
        ACD_ASSERT(precision >= 1);
        ACD_ASSERT(precision <= HISTOGRAM_PRECISION_MAX);

        struct histogram *histogram = memory;

        histogram->precision = precision;
        histogram->bucket_count = bucket_of(precision, value_max) + 1;
        histogram_reset(histogram);
        return histogram;
}

void histogram_reset(struct histogram *histogram)
{
        histogram->count = 0;
        histogram->sum = 0;
        histogram->min = UINT64_MAX;
        histogram->max = 0;
        memset(histogram->bucket, 0, histogram->bucket_count * sizeof(histogram->bucket[0]));
}

static uint64_t add_saturating(uint64_t a, uint64_t b)
{
        return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

void histogram_add(struct histogram *histogram, uint64_t value, uint64_t times)
{
        uint32_t bucket = bucket_of(histogram->precision, value);
        uint64_t sum;

        if (times == 0)
                return;
        if (bucket >= histogram->bucket_count)
                bucket = histogram->bucket_count - 1;
        if (__builtin_mul_overflow(value, times, &sum))
                sum = UINT64_MAX;

        histogram->bucket[bucket] += times;
        histogram->count += times;
        histogram->sum = add_saturating(histogram->sum, sum);
        if (value < histogram->min)
                histogram->min = value;
        if (value > histogram->max)
                histogram->max = value;
}

void histogram_merge(struct histogram *histogram, const struct histogram *from)
{
        ACD_ASSERT(histogram->precision == from->precision);
        ACD_ASSERT(histogram->bucket_count == from->bucket_count);

        for (uint32_t i = 0; i < from->bucket_count; i++)
                histogram->bucket[i] += from->bucket[i];

        histogram->count += from->count;
        histogram->sum = add_saturating(histogram->sum, from->sum);
        if (from->min < histogram->min)
                histogram->min = from->min;
        if (from->max > histogram->max)
                histogram->max = from->max;
}

/* How many values must be at or below the quantile: at least one. */
static uint64_t rank_of(uint64_t count, double quantile)
{
        double rank = ceil(quantile * (double)count);

        if (!(rank > 1))
                return 1;
        return rank >= (double)count ? count : (uint64_t)rank;
}

uint64_t histogram_quantile(const struct histogram *histogram, double quantile)
{
        uint64_t missing;
        uint32_t bucket = 0;

        ACD_ASSERT(quantile >= 0);
        ACD_ASSERT(quantile <= 1);

        if (histogram->count == 0)
                return 0;

        missing = rank_of(histogram->count, quantile);
        while (histogram->bucket[bucket] < missing) {
                missing -= histogram->bucket[bucket];
                bucket++;
                ACD_ASSERT(bucket < histogram->bucket_count);
        }

        uint64_t end = bucket_end(histogram->precision, bucket);

        /* The last bucket also holds what lies beyond the shape. */
        if (bucket == histogram->bucket_count - 1 || end > histogram->max)
                return histogram->max;
        return end < histogram->min ? histogram->min : end;
}

uint64_t histogram_count_below(const struct histogram *histogram, uint64_t value)
{
        uint32_t last = bucket_of(histogram->precision, value);
        uint64_t count = 0;

        for (uint32_t i = 0; i < histogram->bucket_count && i <= last; i++)
                count += histogram->bucket[i];
        return count;
}

double histogram_mean(const struct histogram *histogram)
{
        return histogram->count == 0 ? 0 : (double)histogram->sum / (double)histogram->count;
}
