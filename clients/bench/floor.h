/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * floor.h - the configuration that a run needs, made over an operator's connection.
 *
 *      skills  s1 ... sK      queues  q1 ... qN, each asks for one skill, in turn
 *      agents  a1 ... aM, each with so many skills in a row, beginning one further
 *              than his neighbour
 *
 * Contacts that are to wait throughout an open loop are in a queue whose one
 * agent never comes: they make the state large and nothing else.
 *
 *   Failure    An exit code, after a sentence in the talk.
 */

#include "clients/bench/talk.h"

#define FLOOR_STANDING_QUEUE "standing"
#define FLOOR_AGENT_PREFIX   "a"

bool floor_has_standing(const struct settings *settings);

/* Queues q1 ... with equal weights, where no mix was asked for. */
void floor_name_queues(struct settings *settings);

/* Configure everything. */
bool floor_setup(struct talk *talk, const struct settings *settings, const char *address);

/* The number of the tenant's last event. */
bool floor_sequence(struct talk *talk, const struct settings *settings, const char *address,
                    uint64_t *ret_sequence);
