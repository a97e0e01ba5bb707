/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * naive_queue.h - a distributor as one would write it in an afternoon.
 *
 * Waiting calls and idle agents are arrays, searched from end to end each time.
 * It obeys the same rules as the core (docs/CORE.md: order O1, matching M1 and
 * M2, longest idle agent first) for plans of clients/replay, and nothing else.
 * What the core does with a plan must be, call for call, what this does.
 *
 *   Ownership  naive_queue_new() allocates, naive_queue_free() releases. The
 *              plan must outlive it.
 *   Time       Virtual: waiting takes no time.
 */

#include "clients/replay/engine.h"

struct naive_queue;

struct naive_queue *naive_queue_new(const struct plan *plan);
void naive_queue_free(struct naive_queue *naive);

/* The engine that it is. */
struct engine naive_queue_engine(struct naive_queue *naive);
