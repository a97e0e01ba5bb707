/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * histogram.h - counts of values by size, exact enough for any quantile.
 *
 * Buckets are as wide as the value's leading bits allow: values below
 * 2^(precision + 1) have a bucket each, above that every power of two is cut
 * into 2^precision equal buckets. So a quantile read from it is off by less
 * than 1/2^precision of itself, at any size, and two histograms of one shape
 * add up to the histogram of both.
 *
 *   Ownership  The caller gives the memory (histogram_size()) and may drop it.
 *              It holds no pointers: it can be copied with memcpy.
 *   Failure    Nothing fails. Values above the shape's maximum are counted in
 *              the last bucket; the largest value seen is kept exactly.
 *   Cost       add: O(1), about two nanoseconds. quantile, merge: O(buckets).
 *   Threads    One histogram, one thread.
 */

#include <stddef.h>
#include <stdint.h>

enum { HISTOGRAM_PRECISION_MAX = 14 };

struct histogram {
        uint32_t precision; /* bits; relative error below 2^-precision */
        uint32_t bucket_count;
        uint64_t count; /* values added */
        uint64_t sum;   /* of the values; stays at UINT64_MAX once there */
        uint64_t min;   /* UINT64_MAX while empty */
        uint64_t max;   /* 0 while empty */
        uint64_t bucket[];
};

/* Bytes for values up to @value_max at @precision (1..HISTOGRAM_PRECISION_MAX). */
size_t histogram_size(uint32_t precision, uint64_t value_max);

/* An empty histogram in @memory: histogram_size() bytes, aligned to 8. */
struct histogram *histogram_init(void *memory, uint32_t precision, uint64_t value_max);

/* Forget all values. */
void histogram_reset(struct histogram *histogram);

/* Count @value, @times times. */
void histogram_add(struct histogram *histogram, uint64_t value, uint64_t times);

/* Add the counts of @from, which must have the same shape. */
void histogram_merge(struct histogram *histogram, const struct histogram *from);

/* The smallest value with at least the share @quantile (0..1) of all values at
 * or below it, rounded up to the end of its bucket, but never above max nor
 * below min; 0 while empty. */
uint64_t histogram_quantile(const struct histogram *histogram, double quantile);

/* Values at or below @value; exact when @value is below 2^(precision + 1) or the
 * last of its bucket, else it counts the whole bucket of @value. */
uint64_t histogram_count_below(const struct histogram *histogram, uint64_t value);

/* Mean of all values; 0 while empty. */
double histogram_mean(const struct histogram *histogram);
