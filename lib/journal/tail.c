/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The torn-tail rule.
 *
 * What a crash can leave behind. Segments are zeros, synced, before the first
 * batch is written into them, and a batch is the first and only write to its
 * sectors. So after a loss of power each sector of a batch that was not synced is
 * either as written or all zero, and every batch that was synced is as written. A
 * process that dies between the parts of a short write leaves a batch as written
 * up to some byte, and zeros from there on. Any other picture is not the work of
 * a crash.
 *
 * Let P be the offset of the first batch of the last segment that is not valid.
 *
 *   1. If any later header in the segment is valid and says that the record
 *      expected at P was synced, P is damaged. (With a sync for each batch every
 *      later header says so. Without, unsynced batches may be torn in any order.)
 *   2. Else, if P's first sector is blank, the log ends at P: nothing was
 *      written there, or an unfinished write whose header was lost.
 *   3. Else, if P's header is valid and its batch has more blank sectors than the
 *      header says it was written with, or less than its end magic and zeros behind
 *      it, the write was cut off: the log ends at P.
 *   4. Else P is damaged. No sector is missing, and yet the bytes are wrong.
 *
 * Erasing a payload makes blank sectors too. So erasure waits until a later header
 * proves the batch synced (housekeeping.c): in a batch to which rule 3 can
 * apply, nothing has been erased.
 *
 * A segment that is sealed, or whose size is not the one in its header, was
 * never torn by a crash: there every flaw is damage.
 *
 * What this cannot see: a last batch that was acknowledged and of which then
 * whole sectors were lost by the disk. After a clean stop META knows better.
 */

#include "journal/tail.h"

static bool has_lost_sectors(const struct journal_batch *batch)
{
        return journal_blank_count(batch->bytes, batch->size) > batch->blank_count;
}

/* Every batch ends in a magic, whose last byte alone has six bits to flip. */
static bool is_cut_short(const struct journal_batch *batch)
{
        return !journal_is_ended(batch->bytes, batch->size);
}

/* What stands at the end of a segment's good part. */
struct end {
        enum journal_verdict verdict;
        struct journal_batch batch; /* as far as it could be decoded */
        uint64_t damage_offset;
};

/* Read batches until one is not valid. */
static int pass_good_part(struct journal_scan *scan, struct end *ret_end,
                          struct journal_error *error)
{
        int r;

        for (;;) {
                r = journal_scan_look(scan, &ret_end->verdict, &ret_end->batch,
                                      &ret_end->damage_offset, error);
                if (r < 0 || ret_end->verdict != JOURNAL_VALID)
                        return r;
                journal_scan_pass(scan, &ret_end->batch);
        }
}

/* What lies behind the good part. */
struct remains {
        uint64_t synced_lsn; /* the most that any header there claims was synced */
        uint64_t end_offset; /* after the last sector that is not blank */
};

/* The one block at @offset: add what it says to @remains. */
static int survey_block(struct journal_scan *scan, uint64_t offset, struct remains *remains,
                        struct journal_error *error)
{
        struct journal_identity identity = journal_identity_of(&scan->segment);
        struct journal_batch batch;
        const uint8_t *bytes;
        size_t size;
        int r;

        r = journal_scan_bytes(scan, offset, scan->segment.block_size, &bytes, &size, error);
        if (r < 0)
                return r;
        if (size > scan->segment.block_size)
                size = scan->segment.block_size;
        if (journal_is_zero(bytes, size))
                return 0;

        remains->end_offset = offset + size;
        if (journal_batch_decode_header(bytes, size, &identity, &batch) == JOURNAL_VALID &&
            batch.synced_lsn > remains->synced_lsn)
                remains->synced_lsn = batch.synced_lsn;
        return 0;
}

static int survey_remains(struct journal_scan *scan, struct remains *ret_remains,
                          struct journal_error *error)
{
        struct remains remains = { .end_offset = scan->offset };
        int r;

        for (uint64_t offset = scan->offset; offset < scan->segment.size;
             offset += scan->segment.block_size) {
                r = survey_block(scan, offset, &remains, error);
                if (r < 0)
                        return r;
        }

        *ret_remains = remains;
        return 0;
}

/* Rules 2 to 4: is what stands at the end of the good part a torn write, or nothing? */
static bool is_torn_or_blank(const struct journal_scan *scan, const struct end *end)
{
        switch (end->verdict) {
        case JOURNAL_BLANK:
                return true;
        case JOURNAL_BAD_RECORD:
        case JOURNAL_BAD_PAYLOAD:
        case JOURNAL_BAD_TRAILER:
                return scan->offset + end->batch.size <= scan->segment.size &&
                       (has_lost_sectors(&end->batch) || is_cut_short(&end->batch));
        case JOURNAL_VALID:
        case JOURNAL_BAD_HEADER:
        case JOURNAL_BAD_SIZE:
        case JOURNAL_BAD_PADDING:
        case JOURNAL_VERDICT_COUNT:
                break;
        }
        return false;
}

static int damaged(const struct journal_scan *scan, const struct end *end, const char *what,
                   struct journal_error *error)
{
        return journal_file_damaged(&scan->file, end->damage_offset, error, "record %llu%s: %s",
                                    (unsigned long long)scan->next_lsn, what,
                                    journal_verdict_name(end->verdict));
}

/* The whole rule, on an open scan that stands before the first batch. */
static int find_end(struct journal_scan *scan, struct journal_tail *ret_tail,
                    struct journal_error *error)
{
        struct remains remains;
        struct end end;
        bool is_torn;
        int r;

        r = pass_good_part(scan, &end, error);
        if (r < 0)
                return r;
        if (scan->segment.is_sealed && scan->offset != scan->segment.size)
                return damaged(scan, &end, " in a sealed segment", error);

        /* Before the survey, which needs the window. */
        is_torn = is_torn_or_blank(scan, &end);
        r = survey_remains(scan, &remains, error);
        if (r < 0)
                return r;
        if (remains.synced_lsn >= scan->next_lsn)
                return damaged(scan, &end, " was synced, and now", error);
        if (!is_torn)
                return damaged(scan, &end, ", and no sector is missing", error);

        *ret_tail = (struct journal_tail){
                .end_offset = scan->offset,
                .last_lsn = scan->next_lsn - 1,
                .torn_size = remains.end_offset - scan->offset,
                .chain = scan->chain,
        };
        return 0;
}

int journal_tail_find(const struct journal_dir *dir, uint64_t number, uint8_t *window,
                      struct journal_tail *ret_tail, struct journal_error *error)
{
        struct journal_scan scan;
        int r;

        r = journal_scan_open(&scan, dir, number, window, error);
        if (r < 0)
                return r;

        r = find_end(&scan, ret_tail, error);
        journal_scan_close(&scan);
        return r;
}

int journal_tail_glance(const struct journal_dir *dir, uint64_t number, uint8_t *window,
                        struct journal_tail *ret_tail, struct journal_error *error)
{
        struct journal_scan scan;
        struct end end;
        int r;

        r = journal_scan_open(&scan, dir, number, window, error);
        if (r < 0)
                return r;

        r = pass_good_part(&scan, &end, error);
        if (r == 0)
                *ret_tail = (struct journal_tail){
                        .end_offset = scan.offset,
                        .last_lsn = scan.next_lsn - 1,
                        .chain = scan.chain,
                };
        journal_scan_close(&scan);
        return r;
}
