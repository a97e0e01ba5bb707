/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A binary heap in an array. Ties are broken by kind and index, so that the same
 * plan is always played in the same order.
 */

#include "clients/replay/tasks.h"

#include <errno.h>
#include <stdlib.h>

#include "base/assert.h"

static bool is_before(const struct task *a, const struct task *b)
{
        if (a->due_ms != b->due_ms)
                return a->due_ms < b->due_ms;
        if (a->kind != b->kind)
                return a->kind < b->kind;
        return a->index < b->index;
}

int tasks_push(struct tasks *tasks, struct task task)
{
        size_t at = tasks->count;

        if (tasks->count == tasks->capacity) {
                size_t capacity = tasks->capacity == 0 ? 256 : tasks->capacity * 2;
                struct task *grown = reallocarray(tasks->item, capacity, sizeof(*grown));

                if (grown == NULL)
                        return -ENOMEM;
                tasks->item = grown;
                tasks->capacity = capacity;
        }
        tasks->count++;
        tasks->patience_count += task.kind == TASK_IMPATIENT;
        while (at > 0 && is_before(&task, &tasks->item[(at - 1) / 2])) {
                tasks->item[at] = tasks->item[(at - 1) / 2];
                at = (at - 1) / 2;
        }
        tasks->item[at] = task;
        return 0;
}

struct task tasks_pop(struct tasks *tasks)
{
        struct task first;
        struct task last;
        size_t at = 0;

        ACD_ASSERT(tasks->count > 0);

        first = tasks->item[0];
        last = tasks->item[--tasks->count];
        tasks->patience_count -= first.kind == TASK_IMPATIENT;
        for (;;) {
                size_t child = 2 * at + 1;

                if (child + 1 < tasks->count &&
                    is_before(&tasks->item[child + 1], &tasks->item[child]))
                        child++;
                if (child >= tasks->count || !is_before(&tasks->item[child], &last))
                        break;
                tasks->item[at] = tasks->item[child];
                at = child;
        }
        if (tasks->count > 0)
                tasks->item[at] = last;
        return first;
}

int64_t tasks_due_ms(const struct tasks *tasks)
{
        return tasks->count > 0 ? tasks->item[0].due_ms : INT64_MAX;
}

void tasks_free(struct tasks *tasks)
{
        free(tasks->item);
        *tasks = (struct tasks){ .count = 0 };
}
