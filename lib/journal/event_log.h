/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The event log: what the commands led to, for whoever wants to know.
 *
 * Derived data. After each commit the owner appends the encoded events, without
 * a sync; after a crash it cuts the log back to the snapshot's position and the
 * replay appends the same bytes at the same positions again. Subscriptions,
 * publishers, statistics and exports are cursors on this log.
 *
 * A position is a count of bytes of entries since the directory was made. It
 * does not depend on segment sizes, so it repeats exactly in a replay.
 *
 *   Ownership  The caller owns log, cursors and their memory. The journal_dir
 *              outlives them.
 *   Time       Core time, given with each entry, for retention by age.
 *   Failure    Negative errno and a filled journal_error. On a full disk the
 *              log gives up its oldest segments before it refuses.
 *   Cost       Append: a copy and a checksum. Flush: one write. An entry that the owner reads
 *              at once: nothing; later, a share of a read, and a checksum. Seek: a search in
 *              a small index, then reading.
 *   Threads    One owner. Cursors may be used from other threads, each by one; they
 *              share nothing with the owner but how far the log reaches. And one
 *              that writes back.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "journal/file.h"

struct event_log;

enum {
        EVENT_LOG_ENTRY_HEADER_SIZE = 48,
        EVENT_LOG_ENTRY_SIZE_MAX = 262144, /* of the bytes of one entry */
};

/* Zero means the default. */
struct event_log_options {
        uint64_t segment_size;      /* default 64 MiB; a longer entry gets a longer one */
        uint64_t retention_size;    /* default 4 GiB */
        uint64_t retention_age_ns;  /* default 0: by size alone */
        uint32_t segment_count_max; /* default 4,096 */
        uint32_t index_count_max;   /* points in the index; default 65,536 of 24 bytes */
        uint32_t buffer_size;       /* appends gathered for one write; default 1 MiB */
        bool is_read_only;          /* for tools beside a running daemon: cursors only */
};

/* Whose events an entry holds; opaque here, given back by cursors and used by seek. */
struct event_tag {
        uint32_t tenant;
        uint32_t epoch;
        uint64_t first_sequence;
        uint64_t last_sequence;
};

struct event_entry {
        struct event_tag tag;
        uint64_t position; /* where it begins */
        uint64_t next_position;
        uint64_t now_ns;
        const uint8_t *bytes;
        uint32_t size;
        bool is_in_log; /* the bytes are the log's own: good until the next append */
};

size_t event_log_size(const struct event_log_options *options);

/* Open the log in @dir. Nothing is changed yet: the owner goes on with
 * event_log_cut() or event_log_restart(), before anything else. */
int event_log_open(void *memory, const struct event_log_options *options,
                   const struct journal_dir *dir, struct event_log **ret_log,
                   struct journal_error *error) __attribute__((warn_unused_result));

void event_log_close(struct event_log *log);

/* Go on at @position, that of the snapshot, forgetting everything after it; zero for
 * a replay from the first record. A log that begins later is begun anew there:
 * the replay writes it all again. -ENODATA when the log ends before @position, or
 * is damaged near it: take an older snapshot, or event_log_restart(). */
int event_log_cut(struct event_log *log, uint64_t position, struct journal_error *error)
        __attribute__((warn_unused_result));

/* Forget all entries and go on at @position: older cursors learn that they are
 * older than the log. */
int event_log_restart(struct event_log *log, uint64_t position, struct journal_error *error)
        __attribute__((warn_unused_result));

/* Add an entry of at most EVENT_LOG_ENTRY_SIZE_MAX bytes. It is seen by cursors after the flush. */
int event_log_append(struct event_log *log, const struct event_tag *tag, uint64_t now_ns,
                     const void *bytes, size_t size) __attribute__((warn_unused_result));
int event_log_flush(struct event_log *log) __attribute__((warn_unused_result));

/* Begin to bring a piece of what was flushed to the disk. Left to the system, it would go in
 * bursts of half a minute's events, and every sync meanwhile would wait behind them. For a
 * thread of its own: the one function for another than the owner's. True: there is
 * more. Nothing is to do before another EVENT_LOG_PIECE_SIZE is flushed. */
enum { EVENT_LOG_PIECE_SIZE = 256 * 1024 };
bool event_log_write_back(struct event_log *log);

/* By how much an entry of @size bytes moves the position. For a batch's
 * event position, which is sealed before its events are appended. */
uint64_t event_log_entry_span(size_t size);

/* Oldest position kept; end of what cursors see; end including what is not flushed. */
uint64_t event_log_first(const struct event_log *log);
uint64_t event_log_end(const struct event_log *log);
uint64_t event_log_position(const struct event_log *log);

/* Flush, and make everything up to the end durable: before a snapshot with that
 * position is finished. A forked child may call it if the parent flushed before the fork. */
int event_log_sync(struct event_log *log, struct journal_error *error)
        __attribute__((warn_unused_result));

/* Drop the oldest segments as retention says. Call now and then. */
int event_log_trim(struct event_log *log, uint64_t now_ns) __attribute__((warn_unused_result));

/* What made a function without an error argument fail. */
const struct journal_error *event_log_failure(const struct event_log *log);

/* A position from which a cursor finds the first entry of @tenant whose last
 * sequence is at least @sequence without passing many others. */
uint64_t event_log_seek(struct event_log *log, uint32_t tenant, uint64_t sequence);

/* Index one older segment that the last run left, newest first: 1 when one was
 * done, 0 when all are. For idle turns after a start; until then, seeks into
 * those segments start earlier than they need to. */
int event_log_index_step(struct event_log *log) __attribute__((warn_unused_result));

/* ---- cursors ---- */

enum { EVENT_CURSOR_MEMORY_MIN = EVENT_LOG_ENTRY_SIZE_MAX + EVENT_LOG_ENTRY_HEADER_SIZE + 8 };

struct event_cursor {
        const struct event_log *log;
        struct journal_file file; /* the segment that was read last */
        uint64_t base;            /* position of its first entry */
        bool is_owners;
        uint64_t position;        /* of the next entry */
        uint64_t window_position; /* of the first byte in memory */
        size_t window_size;
        uint8_t *memory;
        size_t memory_size;
};

/* A cursor that will read from @position, which must be where an entry begins.
 * @memory of at least EVENT_CURSOR_MEMORY_MIN bytes; more means fewer reads. */
void event_cursor_init(struct event_cursor *cursor, const struct event_log *log, uint64_t position,
                       void *memory, size_t memory_size);

/* The owner of the log uses it: what was appended last comes from the log's memory, unchecked and
 * without a read. Views are then good until the next append, if that is before the next call. */
static inline void event_cursor_own(struct event_cursor *cursor)
{
        cursor->is_owners = true;
}

/* The next entry, a view good until the next call: 1, or 0 when the end is
 * reached (call again when the log has grown), -ESTALE when the position is
 * older than the log, -ENODATA when it is beyond the end, -EBADMSG for damage. */
int event_cursor_next(struct event_cursor *cursor, struct event_entry *ret_entry,
                      struct journal_error *error) __attribute__((warn_unused_result));

/* Back to @position, where the entry that was read last begins. */
static inline void event_cursor_unread(struct event_cursor *cursor, uint64_t position)
{
        cursor->position = position;
}

void event_cursor_fini(struct event_cursor *cursor);
