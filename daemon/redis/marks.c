/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Marks: a ring.
 *
 * The spacing is the owner's: with a hundredth of the retention between two marks, all of it is
 * covered, and an entry stays at most that much longer than it must.
 */

#include "daemon/redis/marks.h"

static const struct wire_mark *at(const struct redis_marks *marks, uint32_t index)
{
        return &marks->mark[(marks->begin + index) % REDIS_MARK_COUNT];
}

void redis_marks_note(struct redis_marks *marks, const struct wire_mark *mark, uint64_t spacing_ns)
{
        const struct wire_mark *last = at(marks, marks->count - 1);

        if (marks->count > 0 && mark->time_ns < last->time_ns + spacing_ns)
                return;
        if (marks->count == REDIS_MARK_COUNT) {
                marks->begin = (marks->begin + 1) % REDIS_MARK_COUNT;
                marks->count--;
        }
        marks->mark[(marks->begin + marks->count++) % REDIS_MARK_COUNT] = *mark;
}

bool redis_marks_find(const struct redis_marks *marks, uint64_t time_ns, struct wire_mark *ret_mark)
{
        bool is_found = false;

        for (uint32_t i = 0; i < marks->count && at(marks, i)->time_ns <= time_ns; i++) {
                *ret_mark = *at(marks, i);
                is_found = true;
        }
        return is_found;
}

void redis_marks_drop(struct redis_marks *marks, const struct wire_mark *mark)
{
        while (marks->count > 0 && at(marks, 0)->time_ns < mark->time_ns) {
                marks->begin = (marks->begin + 1) % REDIS_MARK_COUNT;
                marks->count--;
        }
}

uint32_t redis_marks_copy(const struct redis_marks *marks, struct wire_mark *into)
{
        for (uint32_t i = 0; i < marks->count; i++)
                into[i] = *at(marks, i);
        return marks->count;
}
