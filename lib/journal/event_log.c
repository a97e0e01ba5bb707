/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The event log: appending, retention, and what makes it durable.
 *
 * Appends are gathered in a buffer and written by one call a turn, after the
 * journal's commit. Nothing is synced: whatever a crash takes is written again by the
 * replay. Only a snapshot needs more, since what lies before it is never
 * replayed; event_log_sync() is for that.
 *
 * The buffer goes round: what was written stays in it until it is overwritten, for readers
 * that are nearly at the end.
 *
 * A segment gets its blocks when it is begun. If the disk has none left, the
 * oldest segment goes, as retention would have it go later: events are worth less
 * than the journal that they can be derived from, and consumers that were that
 * far behind are told to start from the state.
 *
 * The table of segments has no lock. Cursors do not look at it: they read two numbers
 * and the directory.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "journal/event_private.h"

enum {
        SEGMENT_COUNT_DEFAULT = 4096,
        INDEX_COUNT_DEFAULT = 65536,
        BUFFER_SIZE_DEFAULT = 1024 * 1024,
};

#define SEGMENT_SIZE_DEFAULT   (UINT64_C(64) << 20)
#define RETENTION_SIZE_DEFAULT (UINT64_C(4) << 30)
#define ENTRY_SPAN_MAX         (EVENT_LOG_ENTRY_HEADER_SIZE + EVENT_LOG_ENTRY_SIZE_MAX)

static struct event_log_options resolve(const struct event_log_options *options)
{
        struct event_log_options resolved = *options;

        if (resolved.segment_size == 0)
                resolved.segment_size = SEGMENT_SIZE_DEFAULT;
        if (resolved.retention_size == 0)
                resolved.retention_size = RETENTION_SIZE_DEFAULT;
        if (resolved.segment_count_max < 4)
                resolved.segment_count_max = SEGMENT_COUNT_DEFAULT;
        if (resolved.index_count_max == 0)
                resolved.index_count_max = INDEX_COUNT_DEFAULT;
        if (resolved.buffer_size == 0)
                resolved.buffer_size = BUFFER_SIZE_DEFAULT;
        if (resolved.buffer_size < ENTRY_SPAN_MAX)
                resolved.buffer_size = ENTRY_SPAN_MAX;
        return resolved;
}

/* @size, so that what follows is aligned for any object. */
static size_t aligned(size_t size)
{
        return (size + 63) & ~(size_t)63;
}

size_t event_log_size(const struct event_log_options *options)
{
        struct event_log_options resolved = resolve(options);

        return aligned(sizeof(struct event_log)) +
               aligned(resolved.segment_count_max * sizeof(struct event_segment)) +
               aligned(event_index_size(resolved.index_count_max)) + aligned(resolved.buffer_size) +
               EVENT_SCAN_MEMORY_SIZE;
}

static struct event_log *lay_out(void *memory, const struct event_log_options *options)
{
        struct event_log *log = memory;
        uint8_t *at = memory;

        memset(log, 0, sizeof(*log));
        log->options = *options;
        log->file = JOURNAL_FILE_NULL;
        log->back_file = JOURNAL_FILE_NULL;

        at += aligned(sizeof(*log));
        log->segments = (struct event_segment *)(void *)at;
        at += aligned(options->segment_count_max * sizeof(struct event_segment));
        event_index_init(&log->index, at, options->index_count_max);
        at += aligned(event_index_size(options->index_count_max));
        log->buffer = at;
        at += aligned(options->buffer_size);
        log->scan_memory = at;
        return log;
}

/* ---- the segments in the directory ---- */

struct listing {
        struct event_log *log;
        bool is_too_many;
};

static int on_name(void *context, const char *name)
{
        struct listing *listing = context;
        struct event_log *log = listing->log;
        uint64_t base;

        if (!journal_name_parse(name, EVENT_LOG_PREFIX, &base))
                return 0;
        if (log->segment_count == log->options.segment_count_max) {
                listing->is_too_many = true;
                return 0;
        }
        log->segments[log->segment_count] = (struct event_segment){ .base = base };
        log->segment_count++;
        return 0;
}

static int by_base(const void *left, const void *right)
{
        uint64_t left_base = ((const struct event_segment *)left)->base;
        uint64_t right_base = ((const struct event_segment *)right)->base;

        return (left_base > right_base) - (left_base < right_base);
}

/* When the segment was begun; 0 when its header does not tell, which only makes
 * it look old. */
static uint64_t begun_of(const struct event_log *log, uint64_t base)
{
        uint8_t header[EVENT_SEGMENT_HEADER_SIZE];
        char name[JOURNAL_NAME_SIZE];
        struct event_segment segment;
        struct journal_file file;
        int64_t size;

        journal_name_format(name, EVENT_LOG_PREFIX, base);
        if (journal_file_open(&file, log->dir, name, JOURNAL_IO_READ, NULL) < 0)
                return 0;
        size = journal_file_read(&file, header, sizeof(header), 0, NULL);
        journal_file_close(&file);

        if (size < 0 || event_segment_decode(header, (size_t)size, &segment) < 0)
                return 0;
        return segment.begun_ns;
}

int event_log_list(struct event_log *log, struct journal_error *error)
{
        const struct journal_place place = { log->dir->path, NULL, JOURNAL_NO_OFFSET };
        struct listing listing = { .log = log };
        int r;

        log->segment_count = 0;
        r = journal_dir_list(log->dir, on_name, &listing, error);
        if (r < 0)
                return r;
        if (listing.is_too_many)
                return journal_error_set(error, -EOVERFLOW, JOURNAL_REMEDY_SETTINGS, &place,
                                         "more than %u event segments: raise segment_count_max",
                                         log->options.segment_count_max);

        qsort(log->segments, log->segment_count, sizeof(*log->segments), by_base);
        for (uint32_t i = 0; i < log->segment_count; i++)
                log->segments[i].begun_ns = begun_of(log, log->segments[i].base);
        if (log->segment_count > 0)
                atomic_store(&log->first, log->segments[0].base);
        return 0;
}

int event_log_open(void *memory, const struct event_log_options *options,
                   const struct journal_dir *dir, struct event_log **ret_log,
                   struct journal_error *error)
{
        struct event_log_options resolved = resolve(options);
        struct event_log *log = lay_out(memory, &resolved);
        int r;

        log->dir = dir;
        r = event_log_list(log, error);
        if (r < 0)
                return r;

        *ret_log = log;
        return 0;
}

void event_log_close(struct event_log *log)
{
        if (log == NULL)
                return;
        journal_file_close(&log->file);
        journal_file_close(&log->back_file);
}

/* ---- beginning and dropping segments ---- */

/* Remove the oldest segment, which is not the one written. */
static int drop_oldest(struct event_log *log, struct journal_error *error)
{
        char name[JOURNAL_NAME_SIZE];
        int r;

        ACD_ASSERT(log->segment_count > 1);

        journal_name_format(name, EVENT_LOG_PREFIX, log->segments[0].base);
        r = journal_dir_unlink(log->dir, name, error);
        if (r < 0)
                return r;
        /* Before the next one goes: a crash must not bring back only the older of two. */
        r = journal_dir_sync(log->dir, error);
        if (r < 0)
                return r;

        log->segment_count--;
        memmove(log->segments, log->segments + 1, log->segment_count * sizeof(*log->segments));
        if (log->index_left_count > 0)
                log->index_left_count--;
        atomic_store(&log->first, log->segments[0].base);
        return 0;
}

/* A file with blocks for @size bytes and a header, or an error and no file. */
static int make_file(struct event_log *log, const struct event_segment *segment, uint64_t size,
                     struct journal_error *error)
{
        uint8_t header[EVENT_SEGMENT_HEADER_SIZE];
        char name[JOURNAL_NAME_SIZE];
        int r;

        journal_name_format(name, EVENT_LOG_PREFIX, segment->base);
        r = journal_file_open(&log->file, log->dir, name, JOURNAL_IO_ANY, error);
        if (r < 0)
                return r;

        /* Whatever an earlier life left in it is gone before the blocks come back. */
        event_segment_encode(segment, header);
        r = journal_file_truncate(&log->file, 0, error);
        if (r == 0)
                r = journal_file_allocate(&log->file, size, error);
        if (r == 0)
                r = journal_file_write(&log->file, header, sizeof(header), 0, error);
        if (r < 0) {
                journal_file_close(&log->file);
                journal_dir_discard(log->dir, name);
        }
        return r;
}

static bool is_out_of_space(int code)
{
        return code == -ENOSPC || code == -EDQUOT;
}

int event_log_begin_segment(struct event_log *log, uint64_t base, uint64_t now_ns, uint64_t size,
                            struct journal_error *error)
{
        struct event_segment segment = { .base = base, .begun_ns = now_ns };
        int r;

        ACD_ASSERT(log->lap.size == 0 || log->position == atomic_load(&log->end));
        ACD_ASSERT(log->segment_count == 0 || log->segments[log->segment_count - 1].base < base);

        journal_file_close(&log->file);
        if (log->segment_count == log->options.segment_count_max) {
                r = drop_oldest(log, error);
                if (r < 0)
                        return r;
        }

        for (;;) {
                r = make_file(log, &segment, size, error);
                if (!is_out_of_space(r) || log->segment_count < 2)
                        break;
                r = drop_oldest(log, error);
                if (r < 0)
                        break;
        }
        if (r < 0)
                return r;

        log->segments[log->segment_count] = segment;
        log->segment_count++;
        log->has_new_names = true;
        atomic_store(&log->written_base, base);
        if (log->segment_count == 1)
                atomic_store(&log->first, base);
        return 0;
}

int event_log_trim(struct event_log *log, uint64_t now_ns)
{
        uint64_t end = atomic_load(&log->end);
        uint64_t age_ns = log->options.retention_age_ns;

        while (log->segment_count > 1) {
                /* All of a segment's entries are older than the next one's beginning. */
                const struct event_segment *next = &log->segments[1];
                bool is_too_much = end - next->base >= log->options.retention_size;
                bool is_too_old = age_ns != 0 && next->begun_ns + age_ns <= now_ns;
                int r;

                if (!is_too_much && !is_too_old)
                        break;
                r = drop_oldest(log, &log->failure);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* ---- appending ---- */

static struct event_segment *written_segment(struct event_log *log)
{
        ACD_ASSERT(log->is_cut);
        ACD_ASSERT(log->segment_count > 0);

        return &log->segments[log->segment_count - 1];
}

int event_log_flush(struct event_log *log)
{
        uint64_t end = atomic_load(&log->end);
        uint64_t offset = EVENT_SEGMENT_HEADER_SIZE + end - written_segment(log)->base;
        size_t size = (size_t)(log->position - end);
        int r;

        if (size == 0)
                return 0;
        ACD_ASSERT(end >= log->lap.base && size <= log->lap.size);

        r = journal_file_write(&log->file, log->buffer + (end - log->lap.base), size, offset,
                               &log->failure);
        if (r < 0)
                return r;

        atomic_store(&log->end, log->position);
        return 0;
}

void event_log_empty_buffer(struct event_log *log, uint64_t position)
{
        log->position = position;
        log->lap = (struct event_lap){ .base = position };
        log->former = log->lap;
}

const uint8_t *event_log_recent(const struct event_log *log, uint64_t position, size_t *ret_size)
{
        const struct event_lap *lap = &log->lap;
        uint64_t begin = 0;

        if (position < lap->base) {
                begin = lap->size;
                lap = &log->former;
        }
        if (position < lap->base + begin || position >= lap->base + lap->size)
                return NULL;
        *ret_size = (size_t)(lap->base + lap->size - position);
        return log->buffer + (position - lap->base);
}

/* Have room for @span bytes in the segment and in the buffer. */
static int make_room(struct event_log *log, uint64_t span, uint64_t now_ns)
{
        const struct event_segment *segment = written_segment(log);
        uint64_t used_size = EVENT_SEGMENT_HEADER_SIZE + log->position - segment->base;
        uint64_t size = log->options.segment_size;
        bool is_full = log->position > segment->base && used_size + span > size;

        bool is_over = log->lap.size + span > log->options.buffer_size;
        int r;

        if (!is_full && !is_over)
                return 0;

        r = event_log_flush(log);
        if (r < 0)
                return r;
        if (is_over) {
                log->former = log->lap;
                log->lap = (struct event_lap){ .base = log->position };
        }
        if (!is_full)
                return 0;

        if (size < EVENT_SEGMENT_HEADER_SIZE + span)
                size = EVENT_SEGMENT_HEADER_SIZE + span;
        return event_log_begin_segment(log, log->position, now_ns, size, &log->failure);
}

int event_log_append(struct event_log *log, const struct event_tag *tag, uint64_t now_ns,
                     const void *bytes, size_t size)
{
        uint64_t span = event_log_entry_span(size);
        struct event_entry entry = {
                .tag = *tag,
                .now_ns = now_ns,
                .bytes = bytes,
                .size = (uint32_t)size,
        };
        int r;

        ACD_ASSERT(size <= EVENT_LOG_ENTRY_SIZE_MAX);

        r = make_room(log, span, now_ns);
        if (r < 0)
                return r;

        ACD_ASSERT(log->lap.size + span <= log->options.buffer_size);
        entry.position = log->position;
        event_entry_encode(log->buffer + log->lap.size, &entry);
        event_index_add(&log->index, tag->tenant, tag->first_sequence, log->position);
        log->lap.size += (size_t)span;
        log->position += span;
        return 0;
}

uint64_t event_log_first(const struct event_log *log)
{
        return atomic_load(&log->first);
}

uint64_t event_log_end(const struct event_log *log)
{
        return atomic_load(&log->end);
}

uint64_t event_log_position(const struct event_log *log)
{
        return log->position;
}

const struct journal_error *event_log_failure(const struct event_log *log)
{
        return &log->failure;
}

/* ---- durability ---- */

static int sync_segment(const struct event_log *log, uint64_t base, struct journal_error *error)
{
        char name[JOURNAL_NAME_SIZE];
        struct journal_file file;
        int r;

        journal_name_format(name, EVENT_LOG_PREFIX, base);
        r = journal_file_open(&file, log->dir, name, JOURNAL_IO_WRITE, error);
        if (r < 0)
                return r;
        r = journal_file_sync(&file, error);
        journal_file_close(&file);
        return r;
}

int event_log_sync(struct event_log *log, struct journal_error *error)
{
        uint64_t end;
        int r;

        r = event_log_flush(log);
        if (r < 0) {
                if (error != NULL)
                        *error = log->failure;
                return r;
        }

        /* Segments that end before what is synced already need nothing. */
        end = atomic_load(&log->end);
        for (uint32_t i = 0; i < log->segment_count; i++) {
                bool is_last = i + 1 == log->segment_count;

                if (!is_last && log->segments[i + 1].base <= log->synced_position)
                        continue;
                r = sync_segment(log, log->segments[i].base, error);
                if (r < 0)
                        return r;
        }
        if (log->has_new_names) {
                r = journal_dir_sync(log->dir, error);
                if (r < 0)
                        return r;
        }

        log->has_new_names = false;
        log->synced_position = end;
        return 0;
}

/* ---- seeking ---- */

bool event_log_segment_of(const struct event_log *log, uint64_t position, uint64_t *ret_base)
{
        for (uint32_t i = log->segment_count; i > 0; i--)
                if (log->segments[i - 1].base <= position) {
                        *ret_base = log->segments[i - 1].base;
                        return true;
                }
        return false;
}

uint64_t event_log_seek(struct event_log *log, uint32_t tenant, uint64_t sequence)
{
        return event_index_find(&log->index, tenant, sequence, atomic_load(&log->first));
}

int event_log_index_step(struct event_log *log)
{
        struct event_cursor cursor;
        struct event_entry entry;
        uint32_t i;
        int r;

        if (log->index_left_count == 0)
                return 0;

        log->index_left_count--;
        i = log->index_left_count;
        event_cursor_init(&cursor, log, log->segments[i].base, log->scan_memory,
                          EVENT_SCAN_MEMORY_SIZE);
        do {
                r = event_cursor_read(&cursor, log->segments[i + 1].base, &entry, &log->failure);
                ACD_ASSERT(r <= 0 || entry.next_position <= log->segments[i + 1].base);
                if (r > 0)
                        event_index_add(&log->index, entry.tag.tenant, entry.tag.first_sequence,
                                        entry.position);
        } while (r > 0);
        event_cursor_fini(&cursor);

        return r < 0 ? r : 1;
}
