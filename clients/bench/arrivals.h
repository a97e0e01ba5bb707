/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * arrivals.h - when contacts come: an open loop's schedule.
 *
 * A schedule is a function of its settings and a seed. It does not know what
 * became of what it scheduled; latency is counted from its times, so that a
 * stall of the daemon is seen by everything that should have been sent during
 * the stall.
 *
 *   Ownership  arrivals_open() may load a file; arrivals_close() releases it.
 *   Time       Nanoseconds from the beginning of the schedule, never decreasing.
 *   Failure    Opening: a negative errno and nothing to close.
 *   Cost       O(1) each.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/prng.h"

enum arrivals_kind {
        ARRIVALS_FIXED,
        ARRIVALS_POISSON,
        ARRIVALS_BURST, /* so many at a time, at the same mean rate */
        ARRIVALS_FILE,  /* seconds, one a line */
        ARRIVALS_BANK,  /* a day of call records, docs/REPLAY.md */
};

struct arrivals_settings {
        enum arrivals_kind kind;
        uint32_t burst;
        const char *path;
        uint32_t date; /* YYMMDD of call records; 0: the first day in the file */
        double speed;  /* recorded seconds a second */
};

struct arrivals {
        struct arrivals_settings settings;
        struct acd_prng prng;
        double period_ns; /* mean time between two */
        double at_ns;     /* of the last one, Poisson */
        uint64_t index;
        double *recorded_s; /* sorted, the first is 0 */
        size_t recorded_count;
};

/* "fixed", "poisson", "burst:N", "file:PATH", "bank:PATH" or "bank:PATH@YYMMDD". */
bool arrivals_parse(struct arrivals_settings *settings, char *text);

/* Do they come from a file, which has a rate of its own? */
bool arrivals_are_recorded(const struct arrivals_settings *settings);

int arrivals_open(struct arrivals *arrivals, const struct arrivals_settings *settings, double rate,
                  uint64_t seed) __attribute__((warn_unused_result));
void arrivals_close(struct arrivals *arrivals);

/* When the next one is due; UINT64_MAX: a record is over. */
uint64_t arrivals_next(struct arrivals *arrivals);
