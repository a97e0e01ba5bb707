/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The event log from inside, for event_log.c, event_cut.c and event_cursor.c.
 */

#include <stdatomic.h>

#include "journal/event_format.h"
#include "journal/event_index.h"
#include "journal/event_log.h"

enum { EVENT_SCAN_MEMORY_SIZE = 2 * EVENT_CURSOR_MEMORY_MIN };

/* Entries in the buffer, from its beginning on. */
struct event_lap {
        uint64_t base; /* position of the first one */
        size_t size;
};

struct event_log {
        struct event_log_options options; /* defaults filled in */
        const struct journal_dir *dir;
        struct journal_error failure;

        struct event_segment *segments; /* oldest first; the last is the one written */
        uint32_t segment_count;
        uint32_t index_left_count; /* older segments that are not in the index yet */
        bool is_cut;               /* event_log_cut() or _restart() was called */
        bool has_new_names;        /* since the directory was synced */

        struct journal_file file; /* of the last segment */
        uint8_t *buffer;          /* entries as appended, in laps from its beginning to its end */
        struct event_lap lap;     /* this one */
        struct event_lap former;  /* the one before, as far as this one has not come */
        uint64_t position;        /* after the last entry appended; not flushed: from end on */
        uint64_t synced_position;

        /* For cursors: they see positions in [first, end). */
        atomic_uint_fast64_t first;
        atomic_uint_fast64_t end;

        /* For the thread that writes back: the segment that is written, and what it has of it. */
        atomic_uint_fast64_t written_base;
        struct journal_file back_file;
        uint64_t back_base;
        uint64_t back_position;

        struct event_index index;
        uint8_t *scan_memory; /* for a cursor of its own */
};

/* The next entry before @limit, as event_cursor_next(). */
int event_cursor_read(struct event_cursor *cursor, uint64_t limit, struct event_entry *ret_entry,
                      struct journal_error *error) __attribute__((warn_unused_result));

/* The entry at @position as it was appended, if it is still in the buffer: for the owner. NULL:
 * it is not. Good until the next append. */
const uint8_t *event_log_recent(const struct event_log *log, uint64_t position, size_t *ret_size);

/* The owner's knowledge of where the segment of @position begins. False: it is gone. */
bool event_log_segment_of(const struct event_log *log, uint64_t position, uint64_t *ret_base);

/* Go on at @position with nothing in the buffer. */
void event_log_empty_buffer(struct event_log *log, uint64_t position);

/* Make an empty segment at @base and the one that is written. */
int event_log_begin_segment(struct event_log *log, uint64_t base, uint64_t now_ns, uint64_t size,
                            struct journal_error *error) __attribute__((warn_unused_result));

/* Read the list of segments from the directory. */
int event_log_list(struct event_log *log, struct journal_error *error)
        __attribute__((warn_unused_result));
