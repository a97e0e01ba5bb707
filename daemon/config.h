/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * config.h - the configuration file at start.
 *
 * Its mapping "daemon" sets parameters. Everything else is changes of the
 * configuration, made by the same commands and the same code as a change that
 * acdctl sends: there is no second way.
 *
 *   Failure    Told on standard error with file, line and column.
 *   Cost       O(file), at start only; lib/apply allocates for itself.
 *   Threads    The main one.
 */

#include <stdbool.h>

#include "daemon/options.h"

struct shard;

/* Set parameters from the file that --config names, and check the whole file. Without one, true. */
bool config_read_options(struct options *options, struct options_error *ret_error)
        __attribute__((warn_unused_result));

/* Make the file's changes. 0, or negative when one was refused or the disk failed. */
int config_apply(struct shard *shard) __attribute__((warn_unused_result));
