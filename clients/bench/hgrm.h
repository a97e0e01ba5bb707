/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * hgrm.h - a histogram as HdrHistogram's tools print and plot it: one line a
 * percentile, five a halving of what is above, values in microseconds.
 */

#include <stdio.h>

#include "stats/histogram.h"

void hgrm_print(const struct histogram *histogram, FILE *out);

/* The percentile (0..100) that follows @percentile in such a list. */
double hgrm_next(double percentile);

/* Standard deviation, from the middles of the buckets. */
double hgrm_deviation(const struct histogram *histogram);
