/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * kaplan_meier.h - how long something lasts, learnt from cases seen only in part.
 *
 * Two things in a call record are known only up to a point: a caller's patience
 * (an answered one would have waited longer) and how soon an agent is ready
 * again (one who had nothing to do was ready before his next call). The product
 * limit estimator (Kaplan and Meier, 1958) takes both kinds of case.
 *
 *   Ownership  curve_fit() allocates, curve_free() releases.
 *   Time       Whole seconds, or any other unit.
 *   Failure    curve_fit(): 0 or -ENOMEM. An empty curve has nothing to say and
 *              samples UINT32_MAX.
 *   Cost       fit: O(n log n). sample: O(log n).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/prng.h"

/* It lasted @duration; or longer, when it is not @is_ended. */
struct observation {
        uint32_t duration;
        bool is_ended;
};

struct curve_step {
        uint32_t at;     /* an end was seen here */
        double survival; /* share that lasts longer than that */
};

struct curve {
        size_t step_count;
        struct curve_step *step;
        uint64_t observed_count;
        uint64_t ended_count;
        double tail_mean; /* beyond the last step; see curve_sample_above() */
};

/* Fit @curve to @count observations, which are sorted in place. */
int curve_fit(struct curve *curve, struct observation *observation, size_t count);

void curve_free(struct curve *curve);

/* Share that lasts longer than @duration; 1 for an empty curve. */
double curve_survival(const struct curve *curve, uint32_t duration);

/* A duration of the curve, given that it is longer than @above.
 *
 * The curve ends at the last end that was seen; what is longer than that has
 * never been seen to end. Its rest, counted from the later of that point and
 * @above, is drawn from an exponential whose mean is all time observed over all
 * ends seen, the estimate of a constant hazard. */
uint32_t curve_sample_above(const struct curve *curve, struct acd_prng *prng, uint32_t above);

/* A duration of the curve, given that it is at least @from and at most @to. When
 * the curve has no end there, @from. */
uint32_t curve_sample_between(const struct curve *curve, struct acd_prng *prng, uint32_t from,
                              uint32_t to);

/* Mean of the curve cut off at @until: the area below it. */
double curve_mean_until(const struct curve *curve, uint32_t until);
