/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A snapshot: one stream of bytes that stands for every record up to an lsn.
 *
 * Written to the reserved room, block by block with a checksum each, then a
 * footer, sync, rename, directory sync. The newest two are kept: if the newest
 * is damaged the older one and a longer replay lead to the same state.
 *
 * The writer needs nothing but a journal_dir and its own memory: it may run in
 * a forked child or inline. Afterwards the parent calls journal_truncate(), which
 * also keeps room for the next one; it must not do so while a child writes.
 *
 *   Ownership  The caller owns writer and reader (about 64 KiB each).
 *   Failure    Negative errno and a filled journal_error. A snapshot that was
 *              not finished does not exist.
 *   Threads    One at a time per directory.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "journal/file.h"

enum {
        SNAPSHOT_BLOCK_SIZE = 65536,
        SNAPSHOT_BLOCK_HEAD_SIZE = 16,
        SNAPSHOT_KEPT_COUNT = 2,
        SNAPSHOT_SLOT_COUNT = 4,
};

/* What a snapshot says about itself. */
struct snapshot_head {
        uint64_t lsn;            /* the last record it contains */
        uint64_t now_ns;         /* core time */
        uint64_t wall_ns;        /* wall clock at that moment */
        uint64_t digest;         /* of the whole state */
        uint64_t running_digest; /* of the batches up to it, as in their trailers */
        uint64_t event_position; /* the event log must be synced up to here */
        uint64_t run_id;
        uint32_t epoch;
        uint32_t logic_version;
        uint64_t slots[SNAPSHOT_SLOT_COUNT]; /* the owner's own */
};

/* ---- writing ---- */

struct snapshot_writer {
        struct journal_file file;
        struct journal_error error; /* the first of snapshot_write(), told by snapshot_finish() */
        uint64_t lsn;
        uint64_t offset;      /* of the block that fills */
        uint64_t stream_size; /* bytes of content in the blocks before it */
        uint32_t block_count;
        uint32_t chain;
        uint32_t filled_size; /* bytes of content in it */
        uint8_t block[SNAPSHOT_BLOCK_HEAD_SIZE + SNAPSHOT_BLOCK_SIZE];
};

int snapshot_begin(struct snapshot_writer *writer, const struct journal_dir *dir,
                   const struct snapshot_head *head, struct journal_error *error)
        __attribute__((warn_unused_result));

/* Append @size bytes; @self is the writer. Has the shape of a sink, so that what
 * encodes the state needs to know nothing of files. Returns 0 or a negative
 * errno; after an error further calls return the same. */
int snapshot_write(void *self, const void *bytes, size_t size) __attribute__((warn_unused_result));

/* Make it durable under its name, then let older ones go. The journal up to
 * head.lsn (journal_sync(), where the policy does not do it) and the event log up
 * to head.event_position must have been synced before. Closes the writer. */
int snapshot_finish(struct snapshot_writer *writer, struct journal_error *error)
        __attribute__((warn_unused_result));

/* Give up. A closed writer is fine. */
void snapshot_abandon(struct snapshot_writer *writer);

/* Keep @size bytes of disk for the next snapshot. -ENOSPC when they are not
 * there; what was kept before stays. */
int snapshot_keep_room(const struct journal_dir *dir, uint64_t size, struct journal_error *error)
        __attribute__((warn_unused_result));

/* ---- reading ---- */

struct snapshot_reader {
        struct journal_file file;
        struct snapshot_head head;
        struct journal_error error; /* of snapshot_read() */
        uint64_t stream_size;       /* bytes of content in all */
        uint64_t read_size;         /* of which were read */
        uint64_t offset;            /* of the next block */
        uint32_t block_count;       /* read so far */
        uint32_t chain;
        uint32_t filled_size; /* bytes of content in the block */
        uint32_t taken_size;  /* of which handed out */
        uint8_t block[SNAPSHOT_BLOCK_HEAD_SIZE + SNAPSHOT_BLOCK_SIZE];
};

/* Open the newest snapshot of which every byte has been checked, with lsn at most
 * @lsn_max (UINT64_MAX: any). Damaged newer ones are passed over; @on_damaged,
 * which may be NULL, is told each. -ENOENT when there is none at all, -EBADMSG when all
 * there are are damaged. */
int snapshot_open(struct snapshot_reader *reader, const struct journal_dir *dir, uint64_t lsn_max,
                  void (*on_damaged)(void *context, const struct journal_error *error),
                  void *context, struct journal_error *error) __attribute__((warn_unused_result));

/* The next at most @size bytes of the stream, @self is the reader: the count, 0 at the end, or
 * a negative errno (the file changed since it was checked). */
int64_t snapshot_read(void *self, void *into, size_t size) __attribute__((warn_unused_result));

void snapshot_close(struct snapshot_reader *reader);

/* Remove snapshot @lsn, a damaged one, so that it does not count as one of those kept. */
int snapshot_discard(const struct journal_dir *dir, uint64_t lsn, struct journal_error *error)
        __attribute__((warn_unused_result));

/* The oldest snapshot that is kept, or -ENOENT. */
int snapshot_oldest_lsn(const struct journal_dir *dir, uint64_t *ret_lsn,
                        struct journal_error *error) __attribute__((warn_unused_result));
