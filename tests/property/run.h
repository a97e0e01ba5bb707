/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * run.h - one history, in a process of its own, so that a panic is a finding and not
 * the end.
 *
 *   Ownership  run_new() and run_free(). The lines of a history are kept in memory that
 *              the child shares, so that they are known even when it panics.
 *   Failure    enum run_end; the reason is in the history's message.
 */

#include <stdbool.h>
#include <stdint.h>

#include "tests/support/model.h"

enum { RUN_TEXT_SIZE = 64 << 20, RUN_MESSAGE_SIZE = 4096 };

enum run_end {
        RUN_FINE,
        RUN_AMBIGUOUS, /* the rules leave it to the core how to go on (D23) */
        RUN_FAILED,
};

/* Shared between parent and child. */
struct run {
        enum run_end end;
        bool is_dirty; /* of the seed's shape */
        uint32_t step_count;
        uint64_t text_size;
        struct model_coverage coverage; /* added up over all runs */
        char message[RUN_MESSAGE_SIZE];
        char text[RUN_TEXT_SIZE]; /* lines, one a command */
};

struct run *run_new(void);
void run_free(struct run *run);

/* A history of @steps commands drawn from @seed. */
enum run_end run_seed(struct run *run, uint64_t seed, uint32_t steps, bool is_loud);

/* The history that @lines are, for a world as that of @seed. */
enum run_end run_lines(struct run *run, uint64_t seed, char *const *lines, uint32_t line_count);
