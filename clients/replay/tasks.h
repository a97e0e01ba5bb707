/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * tasks.h - things to do, in the order in which they are due.
 *
 *   Ownership  A zeroed struct tasks is empty; tasks_free() releases.
 *   Failure    tasks_push(): 0 or -ENOMEM.
 *   Cost       O(log tasks).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In the order in which they are done at one instant. */
enum task_kind {
        TASK_WRAPPED_UP,
        TASK_FINISHED,
        TASK_SPAN_FROM,
        TASK_ARRIVAL,
        TASK_IMPATIENT,
        TASK_SPAN_LAST,
        TASK_SPAN_TO,
};

struct task {
        int64_t due_ms;
        enum task_kind kind;
        uint32_t index;     /* of a call, or of a span */
        uint64_t reference; /* the assignment, or the agent of a span */
};

struct tasks {
        struct task *item; /* a binary heap: the first is due first */
        size_t count;
        size_t capacity;
        size_t patience_count; /* of TASK_IMPATIENT: they may be left undone */
};

int tasks_push(struct tasks *tasks, struct task task);

/* The task that is due first; there must be one. */
struct task tasks_pop(struct tasks *tasks);

/* When that is; INT64_MAX when there is none. */
int64_t tasks_due_ms(const struct tasks *tasks);

void tasks_free(struct tasks *tasks);
