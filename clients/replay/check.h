/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * check.h - a referee who sees every event and knows the rules.
 *
 *   - every call ends exactly once;
 *   - an agent gets, of the waiting calls that he can take, the one that is
 *     first by credited arrival, then by sequence (all calls have one band);
 *   - no call waits while an agent is ready who could take it. Within one
 *     instant the engine may still be at it; this is asked when time moves on.
 *
 * It keeps its own books from the events alone and shares nothing with what it
 * checks. Offers that come to nothing close a gate between call and agent that
 * the referee does not know; queues under test have no cool-down.
 *
 *   Ownership  check_init() allocates, check_fini() releases. The plan must
 *              outlive it.
 *   Failure    check_init(): 0 or -ENOMEM.
 *   Cost       O(waiting calls) an offer, O(agents) an instant.
 */

#include "clients/replay/engine.h"
#include "clients/replay/plan.h"

/* What was found. All but ended_count must be zero. */
struct check_findings {
        uint64_t ended_count;
        uint64_t lost;         /* calls that never ended */
        uint64_t doubled;      /* calls that ended, or were with an agent, twice */
        uint64_t order_breaks; /* an agent got a call though another came first */
        uint64_t idle_breaks;  /* instants at which a ready agent and his call both waited */
        uint64_t stray;        /* events that make no sense where they came */
        uint64_t refused;      /* things that the engine refused to do */
};

struct check_call;
struct check_agent;

struct check {
        const struct plan *plan;
        struct check_call *call;
        struct check_agent *agent;
        uint32_t *waiting; /* indexes of calls */
        uint32_t waiting_count;
        uint32_t waiting_in[PLAN_QUEUE_MAX];
        uint32_t waiting_queues; /* a bit per queue in which a call waits */
        int64_t now_ns;
        struct check_findings findings;
};

int check_init(struct check *check, const struct plan *plan);
void check_fini(struct check *check);

/* Every event, in order. */
void check_event(struct check *check, const struct engine_event *event);

/* After the last event: what was found. */
struct check_findings check_finish(struct check *check);

bool check_is_clean(const struct check_findings *findings);
