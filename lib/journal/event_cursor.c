/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Cursors: reading the event log from any position.
 *
 * A cursor knows a position and nothing of the log's table of segments, so that it
 * may live in another thread. It finds the segment of its first position by
 * the names in the directory; after that, a segment that has no entry at the
 * cursor's position is over, and the next one's name is that position.
 *
 * The owner's own cursors need neither while they keep up: the log still has in memory what
 * was appended last. Such a one may be segments ahead of the file that it has open.
 *
 * A segment that was removed under a cursor stays readable as long as the cursor
 * has it open. Only the next one is missing then, and the answer is -ESTALE.
 */

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "journal/event_private.h"

void event_cursor_init(struct event_cursor *cursor, const struct event_log *log, uint64_t position,
                       void *memory, size_t memory_size)
{
        ACD_ASSERT(memory_size >= EVENT_CURSOR_MEMORY_MIN);

        *cursor = (struct event_cursor){
                .log = log,
                .file = JOURNAL_FILE_NULL,
                .position = position,
                .memory = memory,
                .memory_size = memory_size,
        };
}

void event_cursor_fini(struct event_cursor *cursor)
{
        journal_file_close(&cursor->file);
}

static int report(const struct event_cursor *cursor, int code, struct journal_error *error,
                  const char *what)
{
        const char *name = cursor->file.dir != NULL ? cursor->file.name : NULL;
        const struct journal_place place = { cursor->log->dir->path, name, JOURNAL_NO_OFFSET };

        return journal_error_set(error, code, JOURNAL_REMEDY_NONE, &place, "position %llu %s",
                                 (unsigned long long)cursor->position, what);
}

/* ---- finding the segment ---- */

struct base_search {
        uint64_t position;
        uint64_t base;
        bool is_found;
};

static int on_name(void *context, const char *name)
{
        struct base_search *search = context;
        uint64_t base;

        if (journal_name_parse(name, EVENT_LOG_PREFIX, &base) && base <= search->position &&
            (!search->is_found || base > search->base)) {
                search->base = base;
                search->is_found = true;
        }
        return 0;
}

/* Open the segment that begins at @base; -ESTALE when it is gone. */
static int open_segment(struct event_cursor *cursor, uint64_t base, struct journal_error *error)
{
        char name[JOURNAL_NAME_SIZE];
        int r;

        journal_file_close(&cursor->file);
        cursor->window_size = 0;
        journal_name_format(name, EVENT_LOG_PREFIX, base);
        r = journal_file_open(&cursor->file, cursor->log->dir, name, JOURNAL_IO_READ, error);
        if (r == -ENOENT)
                return report(cursor, -ESTALE, error, "is older than the event log");
        if (r < 0)
                return r;

        cursor->base = base;
        return 0;
}

static int find_segment(struct event_cursor *cursor, struct journal_error *error)
{
        struct base_search search = { .position = cursor->position };
        int r;

        if (cursor->is_owners &&
            event_log_segment_of(cursor->log, cursor->position, &search.base))
                return open_segment(cursor, search.base, error);
        r = journal_dir_list(cursor->log->dir, on_name, &search, error);
        if (r < 0)
                return r;
        if (!search.is_found)
                return report(cursor, -ESTALE, error, "is older than the event log");

        return open_segment(cursor, search.base, error);
}

/* ---- reading ---- */

/* Have at least @size bytes from the cursor's position in memory, if there are
 * as many before @limit. @ret_size is how many there are. */
static int fill(struct event_cursor *cursor, size_t size, uint64_t limit, const uint8_t **ret_bytes,
                size_t *ret_size, struct journal_error *error)
{
        uint64_t window_end = cursor->window_position + cursor->window_size;
        uint64_t wanted = limit - cursor->position;
        int64_t count;

        if (cursor->window_size == 0 || cursor->position < cursor->window_position ||
            cursor->position + size > window_end) {
                if (wanted > cursor->memory_size)
                        wanted = cursor->memory_size;
                cursor->window_position = cursor->position;
                cursor->window_size = 0;
                count = journal_file_read(
                        &cursor->file, cursor->memory, (size_t)wanted,
                        EVENT_SEGMENT_HEADER_SIZE + cursor->position - cursor->base, error);
                if (count < 0)
                        return (int)count;
                cursor->window_size = (size_t)count;
                window_end = cursor->window_position + cursor->window_size;
        }

        *ret_bytes = cursor->memory + (cursor->position - cursor->window_position);
        *ret_size = (size_t)(window_end - cursor->position);
        return 0;
}

/* The entry at the cursor's position in the open segment: 1, 0 when the segment
 * has none there. */
static int read_here(struct event_cursor *cursor, uint64_t limit, struct event_entry *ret_entry,
                     struct journal_error *error)
{
        size_t need = EVENT_LOG_ENTRY_HEADER_SIZE, size = 0;
        const uint8_t *bytes = NULL;
        int r;

        for (int i = 0; i < 2; i++) {
                r = fill(cursor, need, limit, &bytes, &size, error);
                if (r < 0)
                        return r;
                r = event_entry_decode(bytes, size, cursor->position, ret_entry);
                if (r != 0)
                        return r > 0 ? 1 : 0;
                need = (size_t)(ret_entry->next_position - cursor->position);
        }
        return 0;
}

/* The open segment has no entry at the cursor's position. 1: now the next one is
 * open. 0: there is none yet, for an onlooker. */
static int next_segment(struct event_cursor *cursor, struct journal_error *error)
{
        uint64_t base = cursor->base;
        int r;

        r = open_segment(cursor, cursor->position, error);
        if (r == 0)
                return 1;
        if (r != -ESTALE)
                return r;
        if (cursor->log->options.is_read_only)
                return open_segment(cursor, base, error);
        if (cursor->position < atomic_load(&cursor->log->first))
                return r;
        return report(cursor, -EBADMSG, error, "does not hold an entry");
}

/* The entry at the cursor's position, of the open segment or the one behind it: as
 * event_cursor_next(). */
static int read_file(struct event_cursor *cursor, uint64_t limit, struct event_entry *ret_entry,
                     struct journal_error *error)
{
        bool is_onlooker = cursor->log->options.is_read_only;
        int r;

        if (cursor->file.dir == NULL) {
                r = find_segment(cursor, error);
                if (r < 0)
                        return r;
        }

        r = read_here(cursor, limit, ret_entry, error);
        if (r == 0 && cursor->base != cursor->position) {
                r = next_segment(cursor, error);
                if (r <= 0)
                        return r;
                r = read_here(cursor, limit, ret_entry, error);
        }
        if (r != 0)
                return r;
        cursor->window_size = 0;
        return is_onlooker ? 0 : report(cursor, -EBADMSG, error, "does not hold an entry");
}

/* The entry at the cursor's position, if the log has it in memory. */
static bool read_recent(struct event_cursor *cursor, struct event_entry *ret_entry)
{
        const uint8_t *bytes;
        size_t size;

        if (!cursor->is_owners)
                return false;
        bytes = event_log_recent(cursor->log, cursor->position, &size);
        if (bytes == NULL)
                return false;
        event_entry_view(bytes, ret_entry);
        ret_entry->is_in_log = true;
        ACD_ASSERT(ret_entry->position == cursor->position &&
                   ret_entry->next_position - cursor->position <= size);
        /* The file falls behind. */
        if (cursor->file.dir != NULL)
                event_cursor_fini(cursor);
        return true;
}

int event_cursor_read(struct event_cursor *cursor, uint64_t limit, struct event_entry *ret_entry,
                      struct journal_error *error)
{
        struct event_entry entry;

        if (cursor->position == limit)
                return 0;
        if (cursor->position > limit)
                return report(cursor, -ENODATA, error, "is beyond the end of the event log");

        if (!read_recent(cursor, &entry)) {
                int r = read_file(cursor, limit, &entry, error);

                if (r <= 0)
                        return r;
        }
        cursor->position = entry.next_position;
        *ret_entry = entry;
        return 1;
}

int event_cursor_next(struct event_cursor *cursor, struct event_entry *ret_entry,
                      struct journal_error *error)
{
        uint64_t limit =
                cursor->log->options.is_read_only ? UINT64_MAX : atomic_load(&cursor->log->end);

        return event_cursor_read(cursor, limit, ret_entry, error);
}
