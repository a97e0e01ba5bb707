/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * host.h - the daemon under load: one that runs, or one of our own; and what it
 * costs.
 *
 *   Ownership  host_start() makes a directory and a process, host_stop() ends both.
 *   Failure    false, after a sentence on stderr.
 */

#include "clients/bench/settings.h"

enum { HOST_PATH_MAX = 200 };

struct host {
        pid_t pid;       /* of the daemon; 0: not known */
        bool is_own;     /* started here */
        bool is_removed; /* the directory goes with it */
        char directory[HOST_PATH_MAX];
        char address[HOST_PATH_MAX + 32];
};

/* Start the daemon that @settings ask for, or take the one that runs. Waits until it answers. */
bool host_start(struct host *host, const struct settings *settings);
/* Stop it, if it is ours. False: it had to be killed, or had died. */
bool host_stop(struct host *host);

/* Has our daemon ended by itself, or does it within @wait_ms? */
bool host_is_gone(const struct host *host, int wait_ms);

/* Processor time that the daemon has used, ns; 0: not known. */
uint64_t host_cpu_ns(pid_t pid);
uint64_t host_own_cpu_ns(void);

/* Run on this processor only. */
void host_pin(uint32_t cpu);
