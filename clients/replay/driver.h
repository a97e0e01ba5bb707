/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * driver.h - plays a plan: makes callers call and hang up, agents come, answer,
 * talk, wrap up and go, on whatever engine there is.
 *
 *   Ownership  driver_run() allocates for itself and releases; the result's
 *              array is the caller's to free with driver_result_free(). Plan,
 *              engine and hook are borrowed for the call.
 *   Time       The engine's. A call's wait is the engine's time of connecting
 *              minus that of submitting.
 *   Failure    0, -ENOMEM, or what the engine failed with.
 *   Cost       O(log(calls + agents)) an event, apart from the engine's and the
 *              referee's.
 */

#include "clients/replay/check.h"
#include "clients/replay/engine.h"
#include "clients/replay/plan.h"

enum driver_outcome {
        DRIVER_OPEN = 0, /* not over when the run ended */
        DRIVER_ANSWERED,
        DRIVER_ABANDONED,
        DRIVER_REFUSED, /* the engine would not take it */
};

struct driver_call {
        int64_t wait_ns;
        uint32_t agent;  /* that answered, or ENGINE_NONE */
        uint8_t outcome; /* enum driver_outcome */
};

struct driver_result {
        size_t call_count;
        struct driver_call *call; /* as in the plan */
        struct check_findings findings;
        int64_t end_ms;         /* of the plan's time */
        int64_t agent_busy_ns;  /* talk and wrap-up, all agents */
        int64_t agent_there_ns; /* ready, or busy, all agents */
};

/* Called after every event, for screens and for tests that interfere. A negative
 * value ends the run and is returned. */
struct driver_hook {
        int (*on_event)(void *self, const struct engine_event *event, const struct check *check);
        void *self;
};

/* @hook may be NULL. */
int driver_run(const struct plan *plan, const struct engine *engine, const struct driver_hook *hook,
               struct driver_result *ret_result);

void driver_result_free(struct driver_result *result);
