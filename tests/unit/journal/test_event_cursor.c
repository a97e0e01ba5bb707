/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cursors of the event log's owner, which read what is in its memory.
 *
 * The model is that of the event log's tests.
 */

#include <criterion/criterion.h>
#include <string.h>

#include "base/prng.h"
#include "tests/unit/journal/event_fixture.h"

TestSuite(event_cursor, .init = set_up, .fini = tear_down, .timeout = 120);

/* Read at most @count entries with @cursor, which is at entry @i; where it then is. */
static uint32_t read_some(struct event_cursor *cursor, uint32_t i, uint32_t count,
                          uint32_t *from_log)
{
        struct event_entry entry;
        int r = 1;

        for (; count > 0 && (r = event_cursor_next(cursor, &entry, &error)) > 0; count--) {
                check_entry(&entry, i);
                *from_log += entry.is_in_log;
                i++;
        }
        cr_assert_geq(r, 0, "%s", error.what);
        return i;
}

/* Goal    An owner's cursor gives the same entries, wherever it is: it keeps up, falls behind
 *         what is in memory, or catches up; over ends of laps and segments.
 * Oracle  The model; where it keeps up, nothing is read from the disk. */
Test(event_cursor, the_owner_reads_what_it_appended)
{
        enum { SLOW = 2 };
        static uint8_t memories[3][EVENT_CURSOR_MEMORY_MIN];
        struct event_cursor cursors[3];
        uint32_t at[3] = { 0 }, from_log[3] = { 0 };
        struct acd_prng prng;

        acd_prng_init(&prng, 9);
        size_max = 3000;
        options.segment_size = 100000;
        options.buffer_size = 1; /* the least: one entry of the largest size */
        event_log_close(events);
        open_log();
        cr_assert_eq(event_log_cut(events, 0, &error), 0);
        for (uint32_t i = 0; i < 3; i++) {
                event_cursor_init(&cursors[i], events, 0, memories[i], EVENT_CURSOR_MEMORY_MIN);
                event_cursor_own(&cursors[i]);
        }
        while (entry_count + 60 < ENTRY_MAX) {
                uint64_t reads;

                append((uint32_t)acd_prng_below(&prng, 60));
                /* What is not flushed is not seen. */
                at[1] = read_some(&cursors[1], at[1], (uint32_t)acd_prng_below(&prng, 60),
                                  &from_log[1]);
                cr_assert_leq(positions[at[1]], event_log_end(events));
                flush();
                reads = simdisk_op_count(disk, SIMDISK_ALL_OPS);
                at[0] = read_some(&cursors[0], at[0], UINT32_MAX, &from_log[0]);
                cr_assert_eq(simdisk_op_count(disk, SIMDISK_ALL_OPS), reads);
                /* In bursts: now and then it is at the end, or nearly. */
                at[SLOW] = read_some(&cursors[SLOW], at[SLOW],
                                     acd_prng_below(&prng, 20) == 0 ? 600 : 1, &from_log[SLOW]);
        }
        cr_assert_eq(at[0], entry_count);
        cr_assert_eq(from_log[0], entry_count);
        cr_assert_gt(segment_count(), 10);
        cr_assert_gt(from_log[SLOW], 0);
        cr_assert_lt(from_log[SLOW], at[SLOW]);
        for (uint32_t i = 0; i < 3; i++)
                event_cursor_fini(&cursors[i]);
}

/* Goal    After a cut nothing of what was after it comes from memory. */
Test(event_cursor, the_owner_forgets_what_is_cut)
{
        struct event_cursor cursor;
        uint32_t from_log = 0;

        append(100);
        flush();
        cr_assert_eq(event_log_cut(events, positions[40], &error), 0);
        entry_count = 41; /* other entries than before */
        append(59);
        positions[40] = positions[41];
        flush();
        event_cursor_init(&cursor, events, positions[41], cursor_memory, EVENT_CURSOR_MEMORY_MIN);
        event_cursor_own(&cursor);
        cr_assert_eq(read_some(&cursor, 41, 59, &from_log), 100);
        cr_assert_eq(from_log, 59);
        event_cursor_fini(&cursor);
        event_cursor_init(&cursor, events, 0, cursor_memory, EVENT_CURSOR_MEMORY_MIN);
        event_cursor_own(&cursor);
        from_log = 0;
        cr_assert_eq(read_some(&cursor, 0, 40, &from_log), 40);
        cr_assert_eq(from_log, 0);
        event_cursor_fini(&cursor);
}
