/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * theory.h - what Erlang A gives for the load of a plan.
 *
 * Half hour by half hour: the calls that came in it, the agents who were there,
 * the mean talk and wrap-up and the mean patience of the whole plan, each half
 * hour as if it lasted for ever (pointwise stationary), all agents able to take
 * all calls. It is a yardstick, not a forecast: skills make waits longer, and a
 * rush that spills into the next half hour is not seen.
 *
 *   Cost  O(calls + agents x half hours).
 */

#include "clients/replay/plan.h"

struct theory {
        double calls, answered, abandoned;
        double wait_mean_s; /* of the answered */
        double within;      /* share of the answered who waited at most 20 s */
};

struct theory theory_of(const struct plan *plan);
