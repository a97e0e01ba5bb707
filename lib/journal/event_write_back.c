/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Events on their way to the disk, a piece at a time.
 *
 * The owner appends without a sync, for the log is derived. But the bytes are the
 * journal's neighbours on the disk: a sync waits for what the device has been given
 * before, and the system gives it half a minute's events at once; or all since the
 * last snapshot, when the next one syncs them. Begun early and evenly, they are
 * never many.
 *
 * This is a thread's own: it has a descriptor of its own and learns from two
 * atomics where the owner is. What it misses (a segment that came and went between
 * two calls) the system writes.
 */

#include "journal/event_private.h"

/* Leave the segment that is not written any more, and open the one that is. */
static void go_to(struct event_log *log, uint64_t base)
{
        char name[JOURNAL_NAME_SIZE];

        if (log->back_file.dir != NULL)
                journal_file_write_back(
                        &log->back_file,
                        EVENT_SEGMENT_HEADER_SIZE + log->back_position - log->back_base,
                        log->options.segment_size);
        journal_file_close(&log->back_file);
        journal_name_format(name, EVENT_LOG_PREFIX, base);
        if (journal_file_open(&log->back_file, log->dir, name, JOURNAL_IO_WRITE, NULL) < 0)
                return;
        log->back_base = base;
        log->back_position = base;
}

bool event_log_write_back(struct event_log *log)
{
        uint64_t base = atomic_load(&log->written_base);
        uint64_t end = atomic_load(&log->end);

        if (log->back_file.dir == NULL || log->back_base != base)
                go_to(log, base);
        if (log->back_file.dir == NULL || end < log->back_position + EVENT_LOG_PIECE_SIZE)
                return false;
        journal_file_write_back(&log->back_file,
                                EVENT_SEGMENT_HEADER_SIZE + log->back_position - base,
                                EVENT_LOG_PIECE_SIZE);
        log->back_position += EVENT_LOG_PIECE_SIZE;
        return end >= log->back_position + EVENT_LOG_PIECE_SIZE;
}
