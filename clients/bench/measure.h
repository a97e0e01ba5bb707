/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * measure.h - what a part of a run came to.
 *
 *   Ownership  measure_open() allocates, measure_close() releases.
 *   Time       From measure_begin() to measure_end(), monotonic ns.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "stats/histogram.h"

enum {
        MEASURE_INTERVAL_MAX = 86400, /* seconds whose rates are kept */
        MEASURE_PRECISION = 8,        /* of histograms: 0.4 % */
        MEASURE_QUANTILE_COUNT = 6,
};

/* Life cycles and traffic, counted since the beginning of a run. */
struct counts {
        uint64_t done, submitted, refused, missed;
        uint64_t byte_in, byte_out, frame_in, frame_out;
        uint64_t daemon_cpu_ns, own_cpu_ns;
};

struct measure {
        uint64_t begin_ns, end_ns;
        struct counts counts;    /* between the two */
        struct histogram *ack;   /* ns from due to the answer */
        struct histogram *offer; /* ns from due to the offer */
        double *interval_rate;   /* life cycles a second, second by second */
        uint32_t interval_count;
        uint64_t interval_begin_ns; /* of the one under way */
        uint64_t interval_done;
        bool is_open_loop;
        double rate_asked;    /* 0: none, or a record's */
        uint64_t late_max_ns; /* the latest that something due was sent */
        bool is_overloaded;   /* the daemon did not keep up with what was asked */
};

/* The quantiles that are told; the last is the maximum. */
extern const double measure_quantile[MEASURE_QUANTILE_COUNT];
extern const char *const measure_quantile_name[MEASURE_QUANTILE_COUNT];

bool measure_open(struct measure *measure);
void measure_close(struct measure *measure);

void measure_begin(struct measure *measure, const struct counts *counts, uint64_t now_ns);
/* Call it often: keeps the rates of whole seconds. True: one was just finished. */
bool measure_tick(struct measure *measure, uint64_t done, uint64_t now_ns);
void measure_end(struct measure *measure, const struct counts *counts, uint64_t now_ns);

double measure_seconds(const struct measure *measure);
/* Life cycles a second over all, and the median of whole seconds (over all, when there is none). */
double measure_rate(const struct measure *measure);
double measure_median_rate(const struct measure *measure);
/* Was clearly less done than was asked: by three in a hundred and five standard deviations of a
 * Poisson count? @burst: of arrivals, which may lie on either side of an end. */
bool measure_is_behind(const struct measure *measure, uint32_t burst);
/* Microseconds of processor time a life cycle; 0: not known. */
double measure_daemon_us(const struct measure *measure);
double measure_own_us(const struct measure *measure);
