/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * META: the few facts about a data directory, in one small file.
 *
 * Pairs of a key and a 64-bit value, written whole to a temporary file, synced,
 * renamed over the old one, and the directory synced: a reader finds the old
 * facts or the new ones, never a mixture.
 *
 *   Ownership  The caller owns the struct.
 *   Failure    -EBADMSG for damage, -EPROTONOSUPPORT for another version,
 *              -ENOENT when there is no META, otherwise as the system says.
 *   Threads    The thread that owns the directory.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "journal/dir.h"

enum {
        JOURNAL_META_VERSION = 1,
        JOURNAL_META_SLOT_COUNT = 8,
};

struct journal_meta {
        uint64_t made_wall_ns; /* wall clock when the directory was made: core time zero */
        uint64_t secret;       /* seeds every checksum, so that no peer can forge a record */
        uint64_t run_id;       /* of the newest run */
        uint32_t epoch;        /* raised by each start; the first run has 1, 0 = never started */

        /* The newest run stopped cleanly, and where its log ended. A log that ends
         * earlier has lost something; without this only a torn tail can be told. */
        bool is_clean;
        uint32_t end_chain;
        uint64_t end_lsn;

        /* The owner's own values, by index: for example the rate of a rehearsal clock. Zero
         * until set. */
        uint64_t slots[JOURNAL_META_SLOT_COUNT];
};

int journal_meta_read(const struct journal_dir *dir, struct journal_meta *ret_meta,
                      struct journal_error *error) __attribute__((warn_unused_result));

/* Durable when it returns 0. */
int journal_meta_write(const struct journal_dir *dir, const struct journal_meta *meta,
                       struct journal_error *error) __attribute__((warn_unused_result));

/* The bytes of META; pure. Encoding returns the size, at most
 * JOURNAL_META_SIZE_MAX. Decoding returns 0, -EBADMSG or -EPROTONOSUPPORT. */
enum { JOURNAL_META_SIZE_MAX = 512 };
size_t journal_meta_encode(const struct journal_meta *meta, uint8_t into[JOURNAL_META_SIZE_MAX]);
int journal_meta_decode(const uint8_t *bytes, size_t size, struct journal_meta *ret_meta);
