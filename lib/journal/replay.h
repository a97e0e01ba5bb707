/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Reading the log back: batches in order, each checked.
 *
 *   Ownership  The caller owns the memory of a reader. A batch and its records
 *              are views into it, good until the next call.
 *   Failure    -EBADMSG at the first damage, with file and offset: never skips.
 *              -ENODATA when the log does not reach back to what was asked for.
 *   Cost       One pass over the bytes, read in large pieces.
 *   Threads    A reader belongs to one thread. A reader of its own directory
 *              (JOURNAL_READ) may run beside the daemon that writes.
 */

#include "journal/journal.h"

struct journal_reader;

/* Bytes of memory a reader needs, whatever wrote the log. */
size_t journal_reader_size(void);

/* A reader of the records from @from_lsn on, which is the first record of a
 * batch: 1, or one more than the lsn of a snapshot. @journal is open, in either
 * mode, and outlives the reader. */
int journal_reader_open(void *memory, struct journal *journal, uint64_t from_lsn,
                        struct journal_reader **ret_reader, struct journal_error *error)
        __attribute__((warn_unused_result));

/* The next batch: 1, or 0 at the end of the good log, or a negative errno. At the end of a log
 * that another process writes, call again later for more. */
int journal_reader_next(struct journal_reader *reader, struct journal_batch *ret_batch,
                        struct journal_error *error) __attribute__((warn_unused_result));

void journal_reader_close(struct journal_reader *reader);

/* One past the last record that was read. */
uint64_t journal_reader_next_lsn(const struct journal_reader *reader);

/* The owner's side of a replay. A negative return stops it and is passed on. */
struct journal_replay_sink {
        int (*on_batch)(void *self, const struct journal_batch *batch);
        void *self;
};

/* Every batch from @from_lsn to the end that journal_open() found. @memory as
 * for a reader. A log that ends before or after that is damage. */
int journal_replay(struct journal *journal, void *memory, uint64_t from_lsn,
                   const struct journal_replay_sink *sink, struct journal_error *error)
        __attribute__((warn_unused_result));
