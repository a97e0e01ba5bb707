/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Where the event log goes on after a start.
 *
 * The position is a snapshot's, and a snapshot is only finished when the log up
 * to its position is durable. So the segment that holds the position must read
 * well up to it; if it does not, the disk has lost something that it confirmed,
 * and an older snapshot is the way out.
 *
 * Everything after the position goes: whole segments newest first, then the rest
 * of the segment itself. The directory is synced before anything is appended, so
 * that a segment that was removed cannot come back between new ones.
 */

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "journal/event_private.h"

/* Remove segments from number @from on, newest first. */
static int remove_from(struct event_log *log, uint32_t from, struct journal_error *error)
{
        char name[JOURNAL_NAME_SIZE];
        int r;

        while (log->segment_count > from) {
                journal_name_format(name, EVENT_LOG_PREFIX,
                                    log->segments[log->segment_count - 1].base);
                r = journal_dir_unlink(log->dir, name, error);
                if (r < 0)
                        return r;
                log->segment_count--;
        }
        return journal_dir_sync(log->dir, error);
}

static void go_on_at(struct event_log *log, uint64_t position)
{
        ACD_ASSERT(log->file.dir != NULL);
        ACD_ASSERT(log->segment_count > 0);
        ACD_ASSERT(log->segments[log->segment_count - 1].base <= position);

        log->is_cut = true;
        log->has_new_names = true;
        event_log_empty_buffer(log, position);
        log->synced_position = position;
        atomic_store(&log->end, position);
        atomic_store(&log->written_base, log->segments[log->segment_count - 1].base);
}

int event_log_restart(struct event_log *log, uint64_t position, struct journal_error *error)
{
        int r;

        ACD_ASSERT(!log->options.is_read_only);

        event_log_empty_buffer(log, position);
        journal_file_close(&log->file);
        r = remove_from(log, 0, error);
        if (r < 0)
                return r;

        event_index_cut(&log->index, 0);
        log->index_left_count = 0;
        r = event_log_begin_segment(log, position, 0, log->options.segment_size, error);
        if (r < 0)
                return r;

        go_on_at(log, position);
        return 0;
}

/* Read segment @i up to @position, which must be where an entry ends; its
 * entries go into the index. */
static int verify(struct event_log *log, uint32_t i, uint64_t position, struct journal_error *error)
{
        const struct journal_place place = { log->dir->path, NULL, JOURNAL_NO_OFFSET };
        struct event_cursor cursor;
        struct event_entry entry;
        int r;

        event_cursor_init(&cursor, log, log->segments[i].base, log->scan_memory,
                          EVENT_SCAN_MEMORY_SIZE);
        do {
                r = event_cursor_read(&cursor, position, &entry, error);
                if (r > 0)
                        event_index_add(&log->index, entry.tag.tenant, entry.tag.first_sequence,
                                        entry.position);
        } while (r > 0);
        event_cursor_fini(&cursor);

        /* Whatever is not there or not whole: the log does not reach that far. */
        if (r == -EBADMSG || r == -ESTALE || r == -ENODATA)
                return journal_error_set(error, -ENODATA, JOURNAL_REMEDY_NONE, &place,
                                         "the event log ends at %llu, before position %llu",
                                         (unsigned long long)cursor.position,
                                         (unsigned long long)position);
        return r;
}

/* Cut segment @i, the last by now, at @position, and open it for writing. */
static int cut_segment(struct event_log *log, uint32_t i, uint64_t position,
                       struct journal_error *error)
{
        uint64_t offset = EVENT_SEGMENT_HEADER_SIZE + position - log->segments[i].base;
        uint64_t size = log->options.segment_size > offset ? log->options.segment_size : offset;
        char name[JOURNAL_NAME_SIZE];
        int r;

        journal_name_format(name, EVENT_LOG_PREFIX, log->segments[i].base);
        r = journal_file_open(&log->file, log->dir, name, JOURNAL_IO_WRITE, error);
        if (r < 0)
                return r;
        r = journal_file_truncate(&log->file, offset, error);
        if (r < 0)
                return r;

        /* Without the blocks the log still works, until the disk is really full. */
        r = journal_file_allocate(&log->file, size, error);
        return r == -ENOSPC || r == -EDQUOT ? 0 : r;
}

int event_log_cut(struct event_log *log, uint64_t position, struct journal_error *error)
{
        uint32_t i;
        int r;

        ACD_ASSERT(!log->options.is_read_only);

        if (log->segment_count == 0 || position < log->segments[0].base)
                return event_log_restart(log, position, error);

        /* The last segment that begins at or before the position. */
        for (i = log->segment_count - 1; log->segments[i].base > position; i--)
                ;
        event_log_empty_buffer(log, position);
        journal_file_close(&log->file);
        event_index_cut(&log->index, 0);
        r = verify(log, i, position, error);
        if (r < 0)
                return r;

        log->index_left_count = i;

        /* A segment that begins just there has nothing to keep, perhaps not even its header. */
        if (log->segments[i].base == position) {
                r = remove_from(log, i, error);
                if (r == 0)
                        r = event_log_begin_segment(log, position, 0, log->options.segment_size,
                                                    error);
        } else {
                r = remove_from(log, i + 1, error);
                if (r == 0)
                        r = cut_segment(log, i, position, error);
        }
        if (r < 0)
                return r;

        go_on_at(log, position);
        return 0;
}
