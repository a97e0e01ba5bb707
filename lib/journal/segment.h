/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The header of a segment file, and reading a segment batch by batch.
 *
 *      +---------------+---------+---------+-- ... --+------------------------+
 *      | header, rest  | batch   | batch   |         | zeros, to the size the |
 *      | of its block 0|         |         |         | header says            |
 *      +---------------+---------+---------+-- ... --+------------------------+
 *
 * Batches begin at multiples of the block size and share no sector, so that no
 * sector that holds acknowledged bytes is ever written again.
 *
 *   Ownership  A scan owns its open file; its window belongs to the caller.
 *   Failure    Negative errno and a filled journal_error; damage is a verdict.
 *   Threads    One scan, one thread.
 */

#include <stdbool.h>
#include <stdint.h>

#include "journal/file.h"
#include "journal/record.h"

enum {
        JOURNAL_FORMAT_VERSION = 1,
        JOURNAL_BLOCK_SIZE_MIN = JOURNAL_SECTOR_SIZE,
        JOURNAL_BLOCK_SIZE_MAX = 4096,

        /* The largest batch with its padding, and the beginning of the next. */
        JOURNAL_WINDOW_SIZE = JOURNAL_BATCH_SIZE_MAX + 2 * JOURNAL_BLOCK_SIZE_MAX,
};

#define JOURNAL_LOG_PREFIX   "log"
#define JOURNAL_SPARE_PREFIX "spare"

struct journal_segment {
        uint64_t number; /* 1, 2, 3 ... */
        uint64_t size;   /* of the file */
        uint64_t secret;
        uint64_t run_id;
        uint64_t first_lsn;    /* of its first batch, whether there is one yet or not */
        uint32_t chain_before; /* what its first batch continues */
        uint32_t epoch;
        uint32_t block_size;
        bool is_sealed; /* a synced copy that ends exactly with its last batch */
};

/* The header as a whole block of @segment->block_size bytes. */
void journal_segment_encode(const struct journal_segment *segment, uint8_t *into);

/* From at least a sector. 0, -EBADMSG, or -EPROTONOSUPPORT. */
int journal_segment_decode(const uint8_t *bytes, size_t size, struct journal_segment *ret_segment);

/* The header of file log-@number. -EBADMSG also when the file has another size
 * or number than its header says. */
int journal_segment_read(const struct journal_dir *dir, uint64_t number,
                         struct journal_segment *ret_segment, struct journal_error *error)
        __attribute__((warn_unused_result));

/* @size rounded up to whole blocks. */
static inline uint64_t journal_blocks_size(uint64_t size, uint32_t block_size)
{
        return (size + block_size - 1) / block_size * block_size;
}

static inline struct journal_identity journal_identity_of(const struct journal_segment *segment)
{
        return (struct journal_identity){ segment->secret, segment->number, segment->epoch };
}

/* ---- scanning ---- */

struct journal_scan {
        struct journal_segment segment;
        struct journal_file file;
        uint64_t offset;   /* of the next batch */
        uint64_t next_lsn; /* which it should begin with */
        uint32_t chain;    /* and continue */

        uint8_t *window; /* JOURNAL_WINDOW_SIZE bytes */
        uint64_t window_offset;
        size_t window_size;
};

/* Stand before the first batch of log-@number. @window has JOURNAL_WINDOW_SIZE bytes. */
int journal_scan_open(struct journal_scan *scan, const struct journal_dir *dir, uint64_t number,
                      uint8_t *window, struct journal_error *error)
        __attribute__((warn_unused_result));

/* Closing a closed scan does nothing. */
void journal_scan_close(struct journal_scan *scan);

/* Judge what is at the scan's offset. On JOURNAL_VALID @ret_batch is a view into
 * the window, and journal_scan_pass() goes on. Otherwise @ret_offset is where in
 * the file the damage was seen. A batch that is valid by itself but does not
 * continue the one before is JOURNAL_BAD_HEADER. */
int journal_scan_look(struct journal_scan *scan, enum journal_verdict *ret_verdict,
                      struct journal_batch *ret_batch, uint64_t *ret_offset,
                      struct journal_error *error) __attribute__((warn_unused_result));

/* Go past @batch, which journal_scan_look() found valid. */
void journal_scan_pass(struct journal_scan *scan, const struct journal_batch *batch);

/* Bytes of the file at @offset, at least @size of them unless the file ends
 * before: views into the window, good until the next call. */
int journal_scan_bytes(struct journal_scan *scan, uint64_t offset, size_t size,
                       const uint8_t **ret_bytes, size_t *ret_size, struct journal_error *error)
        __attribute__((warn_unused_result));
