/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * readiness.h - when agents were there and ready, read from what they served.
 *
 * A record shows when an agent served, not when he was ready. What can be known
 * follows from one law: an agent who is ready does not leave a call waiting that
 * he could take. The top of readiness.c has the reasoning.
 *
 *   Ownership  readiness_read() allocates, readiness_free() releases. The bank
 *              is borrowed for the call.
 *   Time       Seconds, as in bank.h.
 *   Failure    0 or -ENOMEM.
 */

#include "clients/replay/bank.h"
#include "clients/replay/kaplan_meier.h"

/* One service, and what is known of its agent's return to readiness. */
struct service {
        int64_t start_s;
        int64_t end_s;       /* cut at the agent's next service */
        size_t record;       /* index in the bank */
        bool has_next;       /* the agent served again */
        uint32_t away_min_s; /* a call waited that long after the end: he was not ready */
        uint32_t away_max_s; /* by then he was: he took the next call */
};

struct readiness {
        size_t service_count;
        struct service *service;           /* by server, then start */
        size_t first[BANK_SERVER_MAX + 1]; /* a server's services: first[i]..first[i+1]-1 */
        struct curve away;                 /* time to be ready again after a service */
        uint64_t shortened_count;
};

/* @skills: a bit per type, for each server. */
int readiness_read(struct readiness *readiness, const struct bank *bank, const uint32_t *skills);

void readiness_free(struct readiness *readiness);
