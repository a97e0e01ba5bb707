/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * scenario.h - run scenarios: what a supervisor could read, checked line by line.
 *
 *      0s   tenant bank
 *      0s   queue  sales offer=20s
 *      0s   agent  ann
 *      1s   login  ann                    -> agent-logged-in ann paused
 *      2s   ready  ann                    -> agent-ready ann
 *      3s   submit c1 sales chat          -> submitted c1, queued c1, offered c1 ann
 *      23s  time                          -> offer-ended c1 ann offer-timeout, ...
 *
 * A line that begins with a space goes on with the one before. A run begins with START
 * of epoch 1 unless the first line is a start. Effects are those of the command and of
 * the agenda behind it. A line without an arrow may have any
 * effects but must not be refused. Timers that are due between two lines are an error,
 * so that nothing happens unseen, unless the file says "by-hand" in its first line:
 * then timers run at time lines only.
 *
 *   Failure    False; the first difference is printed to @errors with its line number.
 *   Threads    One at a time.
 */

#include <stdbool.h>
#include <stdio.h>

#include "tests/support/scenario_parse.h"
#include "tests/support/world.h"

/* Limits that fit the model and make small cores. */
struct acd_limits scenario_limits(void);

/* Run @text, all of a scenario; @name is for messages. */
bool scenario_run(const char *text, const char *name, FILE *errors);

/* Run one parsed line: its command, then the agenda. False: world->failure. */
bool scenario_do(struct world *world, const struct scenario_line *line);
