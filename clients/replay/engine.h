/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * engine.h - the distributor that a plan is played on, behind a small table.
 *
 * acdsim plays on the core itself in virtual time, acdreplay on a daemon over
 * sockets, a test on a naive model. The driver (driver.h) does not know which:
 * it tells the engine what callers and agents do, and hears what happened.
 *
 *   Ownership  The engine owns what its functions hide behind self.
 *   Time       Milliseconds of the plan for what the driver says; nanoseconds of
 *              the plan for what the engine says.
 *   Failure    0, or negative errno when the engine is broken and the run over.
 *              A refusal is not a failure: it comes as an event.
 *   Threads    One engine, one thread.
 */

#include <stdbool.h>
#include <stdint.h>

#include "clients/replay/plan.h"

#define ENGINE_NONE UINT32_MAX

/* What happens. Calls and agents by their index in the plan. */
enum engine_event_kind {
        ENGINE_SUBMITTED,   /* the call is in; value: its sequence */
        ENGINE_QUEUED,      /* it waits, for the first time or again */
        ENGINE_OFFERED,     /* to this agent; value: the offer */
        ENGINE_OFFER_ENDED, /* it came to nothing */
        ENGINE_CONNECTED,   /* call and agent talk; value: the assignment */
        ENGINE_CLOSED,      /* over for the caller */
        ENGINE_WRAP_UP,     /* the agent works on without the caller; value: the assignment */
        ENGINE_FREED,       /* the agent is done with the call */
        ENGINE_READY,       /* the agent is ready */
        ENGINE_AWAY,        /* the agent is paused, or lost */
        ENGINE_OUT,         /* the agent is logged out */
        ENGINE_REFUSED,     /* what was asked for call or agent was not done; value: result */
};

/* Who says so. An engine in one piece says each thing once, as both. */
enum {
        ENGINE_TOLD = 1,   /* those concerned: who is told may act on it */
        ENGINE_LOGGED = 2, /* the record of what happened, complete and in order */
        ENGINE_BOTH = 3,
};

struct engine_event {
        enum engine_event_kind kind;
        uint32_t source; /* ENGINE_TOLD, ENGINE_LOGGED or both */
        uint32_t call;   /* or ENGINE_NONE */
        uint32_t agent;  /* or ENGINE_NONE */
        int64_t time_ns;
        uint64_t value;
};

struct engine {
        void *self;

        /* Let time pass to @until_ms, or only until something happened. -ETIME when
         * that is INT64_MAX, for ever, and nothing will happen. */
        int (*wait)(void *self, int64_t until_ms);

        /* The time now. */
        int64_t (*now_ms)(void *self);

        /* The next thing that happened, in order. False: nothing more yet. */
        bool (*next_event)(void *self, struct engine_event *ret_event);

        /* What callers do. */
        int (*submit)(void *self, uint32_t call);
        int (*abandon)(void *self, uint32_t call);

        /* What agents do. log_in leaves the agent paused. */
        int (*log_in)(void *self, uint32_t agent);
        int (*log_out)(void *self, uint32_t agent);
        int (*ready)(void *self, uint32_t agent);
        int (*pause)(void *self, uint32_t agent);
        int (*after_this)(void *self, uint32_t agent, enum engine_event_kind state);
        int (*accept)(void *self, uint32_t agent, uint64_t offer);
        int (*complete)(void *self, uint32_t agent, uint64_t assignment);
        int (*end_wrap_up)(void *self, uint32_t agent, uint64_t assignment);
};
