/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One open file of the data directory, with errors that name it.
 *
 * Here, and only here, short counts and signals are dealt with: reads and
 * writes are complete or fail, and a signal that never stops coming is a
 * failure too. A sync is tried once: what a failed sync lost is lost, and a
 * second one would report success.
 *
 *   Ownership  The caller owns the struct; close gives the descriptor back.
 *   Failure    Negative errno and a filled journal_error.
 *   Threads    One file, one thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "journal/dir.h"

struct journal_file {
        const struct journal_dir *dir; /* NULL while closed */
        int fd;
        char name[JOURNAL_NAME_SIZE];
};

#define JOURNAL_FILE_NULL ((struct journal_file){ .fd = -1 })

int journal_file_open(struct journal_file *file, const struct journal_dir *dir, const char *name,
                      enum journal_io_mode mode, struct journal_error *error)
        __attribute__((warn_unused_result));

/* Closing a closed file does nothing. */
void journal_file_close(struct journal_file *file);

/* As many as there are, up to @size: fewer only at the end of the file. */
int64_t journal_file_read(const struct journal_file *file, void *into, size_t size, uint64_t offset,
                          struct journal_error *error) __attribute__((warn_unused_result));

/* All of @size, or an error. */
int journal_file_write(const struct journal_file *file, const void *bytes, size_t size,
                       uint64_t offset, struct journal_error *error)
        __attribute__((warn_unused_result));

int journal_file_sync(const struct journal_file *file, struct journal_error *error)
        __attribute__((warn_unused_result));

/* A hint, which nobody minds when it is not taken. */
void journal_file_write_back(const struct journal_file *file, uint64_t offset, uint64_t size);
int journal_file_truncate(const struct journal_file *file, uint64_t size,
                          struct journal_error *error) __attribute__((warn_unused_result));

int journal_file_allocate(const struct journal_file *file, uint64_t size,
                          struct journal_error *error) __attribute__((warn_unused_result));

int journal_file_size(const struct journal_file *file, uint64_t *ret_size,
                      struct journal_error *error) __attribute__((warn_unused_result));

/* -EBADMSG in @file at @offset, with a remedy. */
int journal_file_damaged(const struct journal_file *file, uint64_t offset,
                         struct journal_error *error, const char *format, ...)
        __attribute__((format(printf, 4, 5)));
