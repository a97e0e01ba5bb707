/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The half of the journal that touches the disk: the open segment, the spares,
 * the table of segments.
 *
 * It is told what to do by the other half (journal.c), which decides offsets,
 * numbers and checksums in memory and is never behind. Whoever calls in here
 * holds the journal's I/O lock; the fields marked atomic are read without it.
 *
 *   Ownership  Part of the journal. Files are closed by journal_writer_close().
 *   Failure    Negative errno is final for the journal, except that a full disk
 *              while preparing a spare is only remembered.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "journal/segment.h"

enum {
        JOURNAL_SPARE_COUNT_MAX = 16,
        JOURNAL_SLICE_SIZE = 64 * 1024, /* zeroed in one piece of work */
};

/* One segment that is kept. */
struct journal_kept {
        uint64_t number;
        uint64_t first_lsn;
        uint64_t size;
};

struct journal_writer {
        const struct journal_dir *dir;
        uint64_t segment_size;
        uint32_t block_size;
        uint32_t spare_count_wanted;
        bool has_zeroed_spares; /* written zeros; else reserved blocks, which read as such */
        uint8_t *zeros;         /* JOURNAL_SLICE_SIZE of them */

        struct journal_file segment; /* the open one */
        uint64_t written_size;       /* of it */
        bool is_unsynced;            /* it has writes that were not synced */

        /* Spares that are ready, and the one being zeroed. */
        uint64_t spare_numbers[JOURNAL_SPARE_COUNT_MAX];
        uint32_t spare_list_count;
        uint64_t spare_number_next;
        struct journal_file preparing;
        uint64_t prepared_size;
        bool is_written; /* the one being made gets written zeros */

        /* For the thread that writes back: the number of the file that fills without syncs and how
         * far it is, and what the thread has of it. The spare being zeroed; or, where
         * spares are not, the open segment, so that there is little to sync when it is full. */
        atomic_uint_fast64_t filled_number;
        atomic_uint_fast64_t filled_size;
        struct journal_file back_file;
        uint64_t back_number;
        uint64_t back_size;

        struct journal_kept *kept; /* by number, oldest first; the last is the open one */
        uint32_t kept_count;
        uint32_t kept_count_max;
        uint64_t needed_lsn; /* segments wholly below may go; 0 = keep all */

        /* Ready spares that no sealed batch has claimed yet. Lowered by the owner when a
         * batch will roll, raised when one is ready. */
        atomic_uint spare_count;
        atomic_bool is_spare_refused; /* the disk was full; cleared to try again */
        atomic_uint_fast64_t sync_count;
        atomic_uint_fast64_t roll_count;
        atomic_uint_fast64_t recycled_count;
        atomic_uint_fast64_t kept_size;
        atomic_uint segment_count;
};

/* Bring one batch to its place in the open segment. */
int journal_writer_write(struct journal_writer *writer, const uint8_t *bytes, size_t size,
                         uint64_t offset, struct journal_error *error)
        __attribute__((warn_unused_result));

/* Sync the open segment if it needs it. */
int journal_writer_sync(struct journal_writer *writer, struct journal_error *error)
        __attribute__((warn_unused_result));

/* Sync and leave the open segment, if any; make a ready spare into segment @next,
 * durably, and open it. There must be a spare. @block has next->block_size bytes. */
int journal_writer_roll(struct journal_writer *writer, const struct journal_segment *next,
                        uint8_t *block, struct journal_error *error)
        __attribute__((warn_unused_result));

/* Zero one slice of the next spare: 1, or 0 when nothing is to do or the disk is
 * full. */
int journal_writer_prepare(struct journal_writer *writer, struct journal_error *error)
        __attribute__((warn_unused_result));

/* Whether zeroing is behind writing: in step with it, the spare is there when the open segment
 * ends. */
bool journal_writer_is_behind(const struct journal_writer *writer);

/* Begin to bring what was zeroed to the disk. For a thread of its own: a file system may make who
 * asks wait until its own journal is written. True: there is more. */
enum { JOURNAL_PIECE_SIZE = 256 * 1024 };
bool journal_writer_write_back(struct journal_writer *writer);

/* Remove or recycle the oldest segment if it is not needed: 1, or 0 when it is. */
int journal_writer_remove(struct journal_writer *writer, struct journal_error *error)
        __attribute__((warn_unused_result));

/* A spare that was found ready. False when there are enough. */
bool journal_writer_adopt_spare(struct journal_writer *writer, uint64_t number);

/* Make a ready spare into file @name, durably. There must be one. */
int journal_writer_give_spare(struct journal_writer *writer, const char *name,
                              struct journal_error *error) __attribute__((warn_unused_result));

/* A segment that was found. The table has room. */
void journal_writer_add_kept(struct journal_writer *writer, const struct journal_segment *segment);

/* The newest segment was replaced by a file of @size bytes. */
void journal_writer_resize_last(struct journal_writer *writer, uint64_t size);

/* The segment that holds @lsn, or NULL when it is older than all. */
const struct journal_kept *journal_writer_find(const struct journal_writer *writer, uint64_t lsn);

void journal_writer_close(struct journal_writer *writer);
