/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * system.h - memory, chance and copies of the process, from the operating system.
 *
 *   Ownership  As world.h says.
 *   Threads    The shard's.
 */

#include <sys/types.h>

#include "daemon/world.h"

/* Memory by mmap(): zeroed, and taken from the machine only when touched. Chance by getrandom(). */
extern const struct world_system world_system_os;

/* Copies by fork(). The copy closes what @on_copy closes, and dies with its parent. */
struct system_fork {
        pid_t child; /* 0: none */
        void (*on_copy)(void *context);
        void *context;
        struct world_fork table;
};

void system_fork_init(struct system_fork *fork, void (*on_copy)(void *context), void *context);
