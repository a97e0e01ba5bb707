/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * server.h - the process: one shard in the world of the operating system.
 *
 *   Failure    An exit code; why is on standard error.
 *   Threads    The main one.
 */

#include "daemon/options.h"

enum {
        SERVER_EXIT_OK = 0,
        SERVER_EXIT_FAILED = 1, /* while running: the disk, or a bug */
        SERVER_EXIT_USAGE = 2,  /* a parameter, or the configuration */
        SERVER_EXIT_START = 3,  /* the directory, memory or an address is not to be had */
};

/* Serve until told to stop. Returns the exit code. */
int server_run(const struct options *options) __attribute__((warn_unused_result));

/* Look at the files that @options name, and say that all is good, or what is not. */
int server_check(const struct options *options) __attribute__((warn_unused_result));

/* Print what the limits of @options take. */
int server_print_memory(const struct options *options);
