/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The data directory and its file names.
 *
 *      META                       facts about the directory (meta.h)
 *      log-<number>               a segment of the journal (segment.h)
 *      spare-<number>             a zeroed segment, ready to become one
 *      spare-<number>.tmp         the same, being zeroed
 *      snapshot-<lsn>             state after that record (snapshot.h)
 *      snapshot.room              blocks kept for the next snapshot
 *      events-<position>          a segment of the event log (event_log.h)
 *      *.tmp                      unfinished, worthless after a crash
 *
 * Numbers are 16 hexadecimal digits, so that names sort as numbers do.
 *
 *   Ownership  The caller owns the struct; journal_dir_close() gives back what
 *              the system holds. It must outlive every file opened in it.
 *   Failure    Negative errno and a filled journal_error.
 *   Threads    Read only after opening: shared freely.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "journal/error.h"
#include "journal/journal_io.h"

enum { JOURNAL_DIR_PATH_SIZE = 256, JOURNAL_NAME_SIZE = 32 };

enum journal_dir_mode {
        JOURNAL_DIR_READ, /* must exist; not locked: for tools beside a running daemon */
        JOURNAL_DIR_OWN,  /* made when absent; locked */
        JOURNAL_DIR_KEPT, /* must exist; locked */
};

struct journal_dir {
        const struct journal_io *io; /* NULL while closed */
        int fd;
        char path[JOURNAL_DIR_PATH_SIZE];
};

int journal_dir_open(struct journal_dir *dir, const struct journal_io *io, const char *path,
                     enum journal_dir_mode mode, struct journal_error *error)
        __attribute__((warn_unused_result));

/* Closing a closed directory does nothing. Releases the lock. */
void journal_dir_close(struct journal_dir *dir);

/* Names become durable. */
int journal_dir_sync(const struct journal_dir *dir, struct journal_error *error)
        __attribute__((warn_unused_result));

int journal_dir_rename(const struct journal_dir *dir, const char *from, const char *to,
                       struct journal_error *error) __attribute__((warn_unused_result));

/* Removing what does not exist succeeds. */
int journal_dir_unlink(const struct journal_dir *dir, const char *name, struct journal_error *error)
        __attribute__((warn_unused_result));

/* Remove @name if possible, on the way out of a failure that is already being told. */
void journal_dir_discard(const struct journal_dir *dir, const char *name);

/* Returns what stopped the listing, or 0. */
int journal_dir_list(const struct journal_dir *dir, journal_io_on_name *on_name, void *context,
                     struct journal_error *error) __attribute__((warn_unused_result));

/* "PREFIX-0123456789abcdef". */
void journal_name_format(char into[JOURNAL_NAME_SIZE], const char *prefix, uint64_t number);

/* The same with ".tmp" after it. */
void journal_name_format_temporary(char into[JOURNAL_NAME_SIZE], const char *prefix,
                                   uint64_t number);

/* Whether @name is @prefix, a dash and 16 hexadecimal digits, and nothing else. */
bool journal_name_parse(const char *name, const char *prefix, uint64_t *ret_number);

/* Whether @name ends in ".tmp". */
bool journal_name_is_temporary(const char *name);
