/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * daemon_engine.h - a running daemon as an engine, over libacdclient.
 *
 * A gateway connection for the callers, a desktop connection with a session per
 * agent, and a reader of all events. What gateway and desktops are told is acted
 * on at once; what the reader reads is the log (engine.h).
 *
 *   Ownership  daemon_engine_open() allocates, daemon_engine_close() releases and
 *              says goodbye. Plan and settings must outlive it.
 *   Time       The daemon's core time, shifted: the plan begins a second after the
 *              engine opens. On a rehearsal clock core time runs faster than real
 *              time, and every real latency counts that many times over.
 *   Failure    Negative errno, after a sentence on stderr. A daemon that goes
 *              away is waited for; the client reconnects by itself.
 *   Threads    One.
 */

#include "clients/replay/driver.h"
#include "clients/replay/engine.h"
#include "stats/histogram.h"

struct daemon_settings {
        const char *address; /* as acdclient takes it; NULL = its default */
        const char *tenant;
        uint64_t away_ms_max; /* real time without a daemon after which the run fails */
};

struct daemon_engine;

/* What was seen on the way. */
struct daemon_facts {
        uint32_t clock_rate;
        uint64_t start_ns;      /* as set, or as found */
        uint64_t event_count;   /* read */
        uint64_t event_gaps;    /* sequence numbers that never came */
        uint64_t event_repeats; /* that came twice */
        uint64_t races;         /* commands that came too late: GONE, WRONG_STATE, FENCED */
        uint64_t retries;       /* submits repeated because the daemon said LATER */
        uint32_t reconnects;
        struct histogram *offer_us; /* real time from submit to the offer, no wait between */
};

/* Configure the daemon for @plan: tenant, skills, queues, agents. Repeating it
 * changes nothing. */
int daemon_engine_setup(const struct plan *plan, const struct daemon_settings *settings);

/* NULL: it failed, and why is on stderr. */
struct daemon_engine *daemon_engine_open(const struct plan *plan,
                                         const struct daemon_settings *settings);
void daemon_engine_close(struct daemon_engine *daemon);

struct engine daemon_engine_face(struct daemon_engine *daemon);

/* Borrowed until the engine closes. */
const struct daemon_facts *daemon_engine_facts(struct daemon_engine *daemon);
