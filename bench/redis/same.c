/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is a stream in Redis the event log, byte for byte?
 *
 *   stream_same ADDRESS TENANT DATA_DIR [--trimmed]
 *
 * Walks both at once: each entry of the stream must be the next one that the log has
 * of this tenant, with its id and its bytes, and both must end together. So no event
 * is missing, none is there twice, none was changed. For a daemon that rests: entries that
 * come meanwhile are in the one and not in the other.
 *
 * --trimmed is for runs that are longer than what is kept: the stream may begin later than
 * the log, the log later than the stream, and after a "resync" entries may be missing.
 *
 * Prints one line of JSON: what was compared.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/redis/entries.h"
#include "journal/event_log.h"
#include "journal/journal_io.h"
#include "wire/events.h"

enum { PAGE = 64, WAIT_MS = 1, KEY_SIZE = 128, CURSOR_SIZE = 1024 * 1024 };

struct comparison {
        struct acd_text tenant;
        bool is_trimmed;
        bool may_skip; /* entries of the log, to the next one of the stream */
        bool is_begun; /* one was in both */
        uint64_t entry_count, event_count, byte_count, resync_count;
};

_Noreturn static void give_up(const struct journal_error *error)
{
        char text[1024];

        (void)journal_error_format(error, text, sizeof(text));
        entries_fail("event log: %s", text);
}

/* The next entry of the tenant in the log; false at its end. */
static bool next_logged(const struct comparison *comparison, struct event_cursor *cursor,
                        struct event_entry *ret_entry)
{
        struct journal_error error = { 0 };
        struct wire_batch_reader reader;
        int r;

        while ((r = event_cursor_next(cursor, ret_entry, &error)) == 1) {
                struct acd_bytes bytes = { ret_entry->bytes, ret_entry->size };

                entries_check(wire_batch_open(&reader, bytes), "the event log has no batch at %llu",
                              (unsigned long long)ret_entry->position);
                if (reader.head.tenant.size == comparison->tenant.size &&
                    memcmp(reader.head.tenant.at, comparison->tenant.at, comparison->tenant.size) ==
                            0)
                        return true;
        }
        if (r < 0)
                give_up(&error);
        return false;
}

static bool is_before(const struct event_entry *logged, const struct entry *entry)
{
        if (logged->tag.epoch != entry->epoch)
                return logged->tag.epoch < entry->epoch;
        return logged->tag.last_sequence < entry->sequence;
}

static bool is_same(const struct event_entry *logged, const struct entry *entry)
{
        return logged->tag.epoch == entry->epoch && logged->tag.last_sequence == entry->sequence &&
               logged->size == entry->bytes.size &&
               memcmp(logged->bytes, entry->bytes.at, logged->size) == 0;
}

/* @entry against the log, whose next one it should be. */
static void compare(struct comparison *comparison, struct event_cursor *cursor,
                    const struct entry *entry)
{
        struct event_entry logged = { .size = 0 };
        bool has_logged = next_logged(comparison, cursor, &logged);

        while (has_logged && comparison->may_skip && is_before(&logged, entry))
                has_logged = next_logged(comparison, cursor, &logged);
        if (has_logged && comparison->is_trimmed && !comparison->is_begun &&
            !is_before(&logged, entry) && !is_same(&logged, entry)) {
                event_cursor_unread(cursor, logged.position);
                return;
        }
        entries_check(has_logged && is_same(&logged, entry),
                      "entry %llu-%llu of the stream: the event log has %llu-%llu there, or "
                      "other bytes",
                      (unsigned long long)entry->epoch, (unsigned long long)entry->sequence,
                      (unsigned long long)logged.tag.epoch,
                      (unsigned long long)logged.tag.last_sequence);
        comparison->may_skip = false;
        comparison->is_begun = true;
        comparison->entry_count++;
        comparison->event_count += logged.tag.last_sequence - logged.tag.first_sequence + 1;
        comparison->byte_count += logged.size;
}

static void walk(struct comparison *comparison, struct event_cursor *cursor,
                 struct entries *entries)
{
        struct event_entry logged;
        struct entry entry;

        comparison->may_skip = comparison->is_trimmed;
        while (entries_next(entries, WAIT_MS, &entry)) {
                if (strcmp(entry.field, "batch") == 0) {
                        compare(comparison, cursor, &entry);
                        continue;
                }
                entries_check(comparison->is_trimmed && strcmp(entry.field, "resync") == 0,
                              "entry %llu-%llu of the stream is a %s",
                              (unsigned long long)entry.epoch, (unsigned long long)entry.sequence,
                              entry.field);
                comparison->resync_count++;
                comparison->may_skip = true;
        }
        entries_check(comparison->entry_count > 0, "the stream is empty");
        entries_check(!next_logged(comparison, cursor, &logged),
                      "the stream ends before event %llu of the event log",
                      (unsigned long long)logged.tag.last_sequence);
}

static void open_log(struct journal_dir *dir, const char *path, void **ret_memory,
                     struct event_log **ret_log)
{
        const struct event_log_options options = { .is_read_only = true };
        struct journal_error error = { 0 };

        *ret_memory = calloc(1, event_log_size(&options));
        entries_check(*ret_memory != NULL, "no memory");
        if (journal_dir_open(dir, &journal_io_os, path, JOURNAL_DIR_READ, &error) < 0 ||
            event_log_open(*ret_memory, &options, dir, ret_log, &error) < 0)
                give_up(&error);
}

int main(int argument_count, char **arguments)
{
        static uint8_t cursor_memory[CURSOR_SIZE];
        struct comparison comparison = { .is_trimmed = false };
        struct journal_dir dir;
        struct event_log *log;
        struct event_cursor cursor;
        struct entries entries;
        void *memory;
        char key[KEY_SIZE];

        entries_check(argument_count == 4 ||
                              (argument_count == 5 && strcmp(arguments[4], "--trimmed") == 0),
                      "usage: stream_same ADDRESS TENANT DATA_DIR [--trimmed]");
        comparison.tenant = wire_text(arguments[2]);
        comparison.is_trimmed = argument_count == 5;
        open_log(&dir, arguments[3], &memory, &log);
        event_cursor_init(&cursor, log, event_log_first(log), cursor_memory, CURSOR_SIZE);
        (void)snprintf(key, sizeof(key), "acd:{%s}:events", arguments[2]);
        entries_open(&entries, arguments[1], key, PAGE);
        walk(&comparison, &cursor, &entries);
        printf("{\"entries\": %llu, \"events\": %llu, \"bytes\": %llu, \"resyncs\": %llu}\n",
               (unsigned long long)comparison.entry_count,
               (unsigned long long)comparison.event_count,
               (unsigned long long)comparison.byte_count,
               (unsigned long long)comparison.resync_count);
        entries_close(&entries);
        event_cursor_fini(&cursor);
        event_log_close(log);
        journal_dir_close(&dir);
        free(memory);
        return 0;
}
