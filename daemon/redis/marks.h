/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * marks.h - which event of a stream was the last at a time, over the retention.
 *
 * Ids say nothing about time, so what is to be trimmed by age is found here. Marks
 * are part of the state in Redis, and are read back from there at the next start.
 *
 *   Ownership  A small ring for each stream.
 *   Time       Core time.
 *   Failure    When it is full the oldest goes: what was before it is kept longer.
 *   Cost       Noting O(1), looking O(marks).
 *   Threads    The shard's.
 */

#include <stdbool.h>
#include <stdint.h>

#include "wire/message.h"

enum { REDIS_MARK_COUNT = 128, REDIS_MARK_SHARE = 100 /* marks over the retention */ };

struct redis_marks {
        uint32_t begin;
        uint32_t count;
        struct wire_mark mark[REDIS_MARK_COUNT]; /* ascending */
};

/* The last event up to @mark->time_ns is @mark's; kept if it is @spacing_ns after the newest. */
void redis_marks_note(struct redis_marks *marks, const struct wire_mark *mark,
                      uint64_t spacing_ns);

/* The newest mark that is not after @time_ns. False: there is none. */
bool redis_marks_find(const struct redis_marks *marks, uint64_t time_ns,
                      struct wire_mark *ret_mark);

/* Forget those before @mark. */
void redis_marks_drop(struct redis_marks *marks, const struct wire_mark *mark);

/* All of them in order into @into, of REDIS_MARK_COUNT. Returns how many. */
uint32_t redis_marks_copy(const struct redis_marks *marks, struct wire_mark *into);
