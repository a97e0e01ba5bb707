/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * driver.h - plays a plan: makes callers call and hang up, agents come, answer,
 * talk, wrap up and go, on whatever engine there is.
 *
 *   Ownership  driver_run() allocates for itself and releases; the result's
 *              array is the caller's to free with driver_result_free(). Plan,
 *              engine and hook are borrowed for the call.
 *   Time       The engine's.
 *   Failure    0, -ENOMEM, or what the engine failed with.
 *   Cost       O(log(calls + agents)) an event, apart from the engine's and the
 *              referee's.
 */

#include "clients/replay/books.h"
#include "clients/replay/engine.h"
#include "clients/replay/plan.h"

/* Called after every logged event, for screens and for tests that interfere. A
 * negative value ends the run and is returned. */
struct driver_hook {
        int (*on_event)(void *self, const struct engine_event *event, const struct books *books);
        void *self;
};

/* Play @plan. @hook may be NULL. */
int driver_run(const struct plan *plan, const struct engine *engine, const struct driver_hook *hook,
               struct driver_result *ret_result);

void driver_result_free(struct driver_result *result);
