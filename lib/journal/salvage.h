/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Reading what a damaged log still holds.
 *
 * Recovery stops at the first damage, because what follows may depend on what
 * is lost. Salvage goes on: it reports every record whose checksum holds,
 * wherever it is, and every stretch of bytes in between that it could not use.
 * Deciding what the records are worth is the owner's business.
 *
 *   Ownership  The caller owns the memory; records are views, good during the call.
 *   Failure    Only what keeps it from reading at all: damage is a report.
 *   Cost       A pass over all bytes; more inside damaged batches.
 *   Threads    One.
 */

#include <stdbool.h>
#include <stdint.h>

#include "journal/dir.h"
#include "journal/record.h"

struct journal_salvaged {
        struct journal_record record; /* lsn 0 when it cannot be told */
        uint64_t now_ns;              /* of its batch, or of the last batch before it that told */
        uint64_t wall_ns;
        uint32_t epoch;
        bool is_batch_whole;     /* every record of its batch is valid, and the trailer */
        bool is_payload_damaged; /* the body is good, the payload is not to be believed */
};

struct journal_gap {
        char name[JOURNAL_NAME_SIZE];
        uint64_t offset;
        uint64_t size;
        uint64_t expected_lsn; /* the first record that is missing, 0 when it cannot be told */
        enum journal_verdict verdict; /* of what stands at the offset */
        bool is_tail;                 /* nothing valid follows in the last segment */
};

/* A non-zero return of either stops the salvage and is passed on. */
struct journal_salvage_sink {
        int (*on_record)(void *self, const struct journal_salvaged *salvaged);
        int (*on_gap)(void *self, const struct journal_gap *gap);
        void *self;
};

struct journal_salvage_report {
        uint64_t segment_count;
        uint64_t batch_count; /* whole ones */
        uint64_t record_count;
        uint64_t gap_count;
        uint64_t gap_size;
        uint64_t first_lsn;
        uint64_t last_lsn;
        uint32_t epoch_max; /* a new history needs a higher one */
};

size_t journal_salvage_size(void);

/* Read every segment in @dir, which may be opened either way. */
int journal_salvage(void *memory, const struct journal_dir *dir,
                    const struct journal_salvage_sink *sink,
                    struct journal_salvage_report *ret_report, struct journal_error *error)
        __attribute__((warn_unused_result));
