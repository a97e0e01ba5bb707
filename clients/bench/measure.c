/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counting over a stretch of time.
 *
 * Everything is a difference of running counts, taken twice: the hot path counts
 * once and does not know whether it is measured. Only histograms are filled as
 * things happen.
 *
 * Two rates: over all, which is what was done; and the median of its seconds,
 * which a single disturbance of the machine does not move.
 */

#include "clients/bench/measure.h"

#include <math.h>
#include <stdlib.h>

const double measure_quantile[MEASURE_QUANTILE_COUNT] = { 0.5, 0.9, 0.99, 0.999, 0.9999, 1 };
const char *const measure_quantile_name[MEASURE_QUANTILE_COUNT] = { "p50",   "p90",    "p99",
                                                                    "p99.9", "p99.99", "max" };

enum { SECOND_NS = 1000000000 };

/* Ten minutes: a latency beyond it is counted as it. */
#define LATENCY_MAX_NS (UINT64_C(600) * SECOND_NS)

static struct histogram *new_histogram(void)
{
        void *memory = calloc(1, histogram_size(MEASURE_PRECISION, LATENCY_MAX_NS));

        return memory == NULL ? NULL : histogram_init(memory, MEASURE_PRECISION, LATENCY_MAX_NS);
}

bool measure_open(struct measure *measure)
{
        *measure = (struct measure){ .ack = new_histogram(), .offer = new_histogram() };
        measure->interval_rate = calloc(MEASURE_INTERVAL_MAX, sizeof(measure->interval_rate[0]));
        return measure->ack != NULL && measure->offer != NULL && measure->interval_rate != NULL;
}

void measure_close(struct measure *measure)
{
        free(measure->ack);
        free(measure->offer);
        free(measure->interval_rate);
        *measure = (struct measure){ 0 };
}

void measure_begin(struct measure *measure, const struct counts *counts, uint64_t now_ns)
{
        measure->counts = *counts;
        measure->begin_ns = measure->interval_begin_ns = now_ns;
        measure->interval_done = counts->done;
        measure->interval_count = 0;
        histogram_reset(measure->ack);
        histogram_reset(measure->offer);
}

bool measure_tick(struct measure *measure, uint64_t done, uint64_t now_ns)
{
        uint64_t took_ns = now_ns - measure->interval_begin_ns;

        if (took_ns < SECOND_NS || measure->interval_count == MEASURE_INTERVAL_MAX)
                return false;
        measure->interval_rate[measure->interval_count++] =
                (double)(done - measure->interval_done) * 1e9 / (double)took_ns;
        measure->interval_begin_ns = now_ns;
        measure->interval_done = done;
        return true;
}

void measure_end(struct measure *measure, const struct counts *counts, uint64_t now_ns)
{
        struct counts *total = &measure->counts;

        measure->end_ns = now_ns;
        total->done = counts->done - total->done;
        total->submitted = counts->submitted - total->submitted;
        total->refused = counts->refused - total->refused;
        total->missed = counts->missed - total->missed;
        total->byte_in = counts->byte_in - total->byte_in;
        total->byte_out = counts->byte_out - total->byte_out;
        total->frame_in = counts->frame_in - total->frame_in;
        total->frame_out = counts->frame_out - total->frame_out;
        total->daemon_cpu_ns = counts->daemon_cpu_ns - total->daemon_cpu_ns;
        total->own_cpu_ns = counts->own_cpu_ns - total->own_cpu_ns;
}

double measure_seconds(const struct measure *measure)
{
        return (double)(measure->end_ns - measure->begin_ns) / 1e9;
}

double measure_rate(const struct measure *measure)
{
        double seconds = measure_seconds(measure);

        return seconds > 0 ? (double)measure->counts.done / seconds : 0;
}

static int compare(const void *left, const void *right)
{
        double a = *(const double *)left;
        double b = *(const double *)right;

        return a < b ? -1 : a > b;
}

double measure_median_rate(const struct measure *measure)
{
        uint32_t count = measure->interval_count;
        double *sorted;
        double median;

        if (count == 0)
                return measure_rate(measure);
        sorted = malloc(count * sizeof(sorted[0]));
        if (sorted == NULL)
                return measure_rate(measure);
        for (uint32_t i = 0; i < count; i++)
                sorted[i] = measure->interval_rate[i];
        qsort(sorted, count, sizeof(sorted[0]), compare);
        median = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
        free(sorted);
        return median;
}

bool measure_is_behind(const struct measure *measure, uint32_t burst)
{
        double asked = measure->rate_asked * measure_seconds(measure);
        double short_of = asked - (double)measure->counts.done;

        return short_of > 0.03 * asked + 5 * sqrt(asked) + burst;
}

double measure_daemon_us(const struct measure *measure)
{
        return measure->counts.done == 0
                       ? 0
                       : (double)measure->counts.daemon_cpu_ns / 1e3 / (double)measure->counts.done;
}

double measure_own_us(const struct measure *measure)
{
        return measure->counts.done == 0
                       ? 0
                       : (double)measure->counts.own_cpu_ns / 1e3 / (double)measure->counts.done;
}
