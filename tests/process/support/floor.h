/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * floor.h - a small call center in one process: a gateway, agents, a watcher.
 *
 * Real clients on real sockets, driven by one poll loop: the gateway keeps
 * contacts of several channels open and reports what the media do; the agents
 * accept or reject, work a moment and complete; the watcher reads every event
 * from the first. All of them live through restarts of the daemon by what
 * libacdclient does, and tell the history what they were told.
 *
 *   Ownership  floor_new() to floor_free(); the history is the caller's.
 *   Time       floor_run() returns after its time; nothing runs in between.
 */

#include <stdbool.h>
#include <stdint.h>

#include "tests/process/support/history.h"

struct floor;

enum { FLOOR_QUEUE_COUNT = 3 };
extern const char *const floor_queues[FLOOR_QUEUE_COUNT];

struct floor_options {
        const char *address;
        uint32_t agent_count;
        uint32_t open_max;     /* contacts that the gateway keeps open at once */
        uint32_t submit_max;   /* in all */
        uint32_t reject_share; /* of 100 offers */
        uint64_t seed;
};

/* Tenant, skills, queues and agents that floors use; the daemon must run. Safe to repeat. */
void floor_configure(const struct floor_options *options);

/* A connected operator; waits for the daemon to start. Free it with acdclient_free(). */
struct acdclient *floor_operator(const char *address, const char *tenant);

struct floor *floor_new(const struct floor_options *options, struct history *history);
void floor_free(struct floor *floor);

/* Let everybody work for @duration_ms. */
void floor_run(struct floor *floor, uint32_t duration_ms);
/* Is every client connected? */
bool floor_is_up(const struct floor *floor);
/* No new submits from now on. */
void floor_close_door(struct floor *floor);
/* Run until no acknowledged contact is open and every event was seen; false: not in time. */
bool floor_finish(struct floor *floor, uint32_t timeout_ms);
