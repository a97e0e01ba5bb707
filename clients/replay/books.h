/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * books.h - what became of every call and of the agents' time, from the log.
 *
 *   Ownership  books_init() allocates, books_fini() releases all but the result,
 *              which is the caller's. The plan must outlive the books.
 *   Time       The engine's. A call's wait is the time of connecting minus that
 *              of submitting.
 *   Failure    books_init(): 0 or -ENOMEM.
 *   Cost       O(1) an event, apart from the referee's.
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

struct books_agent;

struct books {
        const struct plan *plan;
        struct check check;
        struct driver_result *result;
        struct books_agent *agent;
        int64_t *submitted_ns; /* per call; -1 = not yet */
        size_t open_count;     /* calls that are not over */
};

/* Books that fill @result, which is emptied. */
int books_init(struct books *books, const struct plan *plan, struct driver_result *result);

void books_fini(struct books *books);

/* Every logged event, in order. */
void books_event(struct books *books, const struct engine_event *event);

/* After the last one, at @now_ms. */
void books_finish(struct books *books, int64_t now_ms);
