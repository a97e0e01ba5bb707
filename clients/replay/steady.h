/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * steady.h - a load that never changes, to compare with queueing theory.
 *
 * One queue, equal agents who never leave, Poisson arrivals, exponential
 * service, exponential patience or none: the model of Erlang C and A
 * (stats/erlang.h). Figures come with a confidence interval by batch means: the
 * run is cut into stretches that are long beside the memory of the queue, and
 * their means are taken as independent.
 *
 *   Ownership  plan_steady() allocates, plan_free() releases.
 *   Failure    0, -ENOMEM, or -EINVAL for a load out of range.
 */

#include "clients/replay/driver.h"
#include "clients/replay/plan.h"
#include "stats/erlang.h"

enum { STEADY_BATCH_COUNT = 32 };

/* What is compared. */
enum steady_measure {
        STEADY_WAIT_PROBABILITY,
        STEADY_WAIT_MEAN_S,     /* of all */
        STEADY_ANSWERED_WITHIN, /* SUMMARY_WITHIN_S, share of all */
        STEADY_ABANDON_PROBABILITY,
        STEADY_MEASURE_COUNT,
};

struct steady_figure {
        double expected; /* by the formula */
        double simulated;
        double half_width; /* of the 99 % interval */
        bool is_within;
};

int plan_steady(struct plan *plan, const struct erlang_load *load, uint32_t call_count,
                uint64_t seed);

/* The first tenth of the calls is warm-up and does not count. */
bool steady_evaluate(const struct erlang_load *load, const struct driver_result *result,
                     struct steady_figure ret_figures[STEADY_MEASURE_COUNT]);

const char *steady_measure_name(enum steady_measure measure);
