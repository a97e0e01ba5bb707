/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The torn-tail rule.
 *
 * What a crash can leave behind. Segments are zeros, synced, before the first
 * batch is written into them, and a batch is the first and only write to its
 * sectors. So after a crash each sector of a batch that was not synced is either
 * as written or all zero, and every batch that was synced is as written. Any
 * other picture is not the work of a crash.
 *
 * Let P be the offset of the first batch of the last segment that is not valid.
 *
 *   1. If any later header in the segment is valid and says that the record
 *      expected at P was synced, P is damaged. (With a sync for each batch every
 *      later header says so. Without, unsynced batches may be torn in any order.)
 *   2. Else, if P's first sector is blank, the log ends at P: nothing was
 *      written there, or an unfinished write whose header was lost.
 *   3. Else, if P's header is valid and its batch has more blank sectors than the
 *      header says it was written with, the write was cut off: the log ends at P.
 *   4. Else P is damaged. No sector is missing, and yet the bytes are wrong.
 *
 * A batch can also be valid and torn: when what was lost are sectors that hold
 * nothing but payload, it looks like one whose payload was erased. The count of
 * blank sectors tells this too. It is asked only of batches that no later
 * header proves synced; erasure waits for that proof (journal.c), so
 * an erased payload is never mistaken for a torn one.
 *
 * A segment that is sealed, or whose size is not the one in its header, was
 * never torn by a crash: there every flaw is damage.
 *
 * What this cannot see: a last batch that was acknowledged and of which then
 * whole sectors were lost by the disk. After a clean stop META knows better.
 */

#include "journal/tail.h"

#include "base/assert.h"

/* What one pass over a segment's good part tells. */
struct pass {
        enum journal_verdict verdict; /* of what is at scan->offset */
        struct journal_batch batch;   /* as far as it could be decoded */
        uint64_t damage_offset;
        uint64_t proven_lsn; /* everything up to here was synced */
        bool has_suspect;    /* some batch has more blank sectors than it was written with */
};

static bool has_lost_sectors(const struct journal_batch *batch)
{
        return journal_blank_count(batch->bytes, batch->size) > batch->blank_count;
}

/* Read batches until one is not valid, or has lost sectors and is not proven
 * to have been synced by @proven_lsn. */
static int pass_good_part(struct journal_scan *scan, uint64_t proven_lsn, bool stop_at_suspect,
                          struct pass *ret_pass, struct journal_error *error)
{
        struct pass pass = { .proven_lsn = proven_lsn };
        int r;

        for (;;) {
                r = journal_scan_look(scan, &pass.verdict, &pass.batch, &pass.damage_offset, error);
                if (r < 0)
                        return r;
                if (pass.verdict != JOURNAL_VALID)
                        break;
                if (has_lost_sectors(&pass.batch)) {
                        pass.has_suspect = true;
                        if (stop_at_suspect && pass.batch.first_lsn > proven_lsn)
                                break;
                }
                if (pass.batch.synced_lsn > pass.proven_lsn)
                        pass.proven_lsn = pass.batch.synced_lsn;
                journal_scan_pass(scan, &pass.batch);
        }

        *ret_pass = pass;
        return 0;
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

/* Rules 2 to 4: is what stands at the end of the good part a torn write? */
static bool is_torn_or_blank(struct journal_scan *scan, const struct pass *pass)
{
        const struct journal_batch *batch = &pass->batch;

        switch (pass->verdict) {
        case JOURNAL_BLANK:
                return true;
        case JOURNAL_VALID: /* the pass stopped at a suspect */
        case JOURNAL_BAD_RECORD:
        case JOURNAL_BAD_PAYLOAD:
        case JOURNAL_BAD_TRAILER:
                return scan->offset + batch->size <= scan->segment.size && has_lost_sectors(batch);
        case JOURNAL_BAD_HEADER:
        case JOURNAL_BAD_SIZE:
        case JOURNAL_BAD_PADDING:
        case JOURNAL_VERDICT_COUNT:
                break;
        }
        return false;
}

/* The whole rule, on an open scan that stands before the first batch. */
static int find_end(struct journal_scan *scan, struct journal_tail *ret_tail,
                    struct journal_error *error)
{
        const uint64_t first_offset = scan->offset;
        struct remains remains;
        struct pass pass;
        bool is_torn;
        int r;

        r = pass_good_part(scan, scan->segment.first_lsn - 1, false, &pass, error);
        if (r < 0)
                return r;
        is_torn = is_torn_or_blank(scan, &pass);

        if (scan->segment.is_sealed && scan->offset != scan->segment.size)
                return journal_file_damaged(&scan->file, pass.damage_offset, error,
                                            "record %llu in a sealed segment: %s",
                                            (unsigned long long)scan->next_lsn,
                                            journal_verdict_name(pass.verdict));

        r = survey_remains(scan, &remains, error);
        if (r < 0)
                return r;
        if (remains.synced_lsn >= scan->next_lsn)
                return journal_file_damaged(&scan->file, pass.damage_offset, error,
                                            "record %llu was synced, and now: %s",
                                            (unsigned long long)scan->next_lsn,
                                            journal_verdict_name(pass.verdict));
        if (!is_torn)
                return journal_file_damaged(&scan->file, pass.damage_offset, error,
                                            "record %llu, and no sector is missing: %s",
                                            (unsigned long long)scan->next_lsn,
                                            journal_verdict_name(pass.verdict));

        /* A second pass, now that it is known how far everything was synced. */
        if (pass.has_suspect) {
                if (remains.synced_lsn > pass.proven_lsn)
                        pass.proven_lsn = remains.synced_lsn;
                scan->offset = first_offset;
                scan->next_lsn = scan->segment.first_lsn;
                scan->chain = scan->segment.chain_before;
                r = pass_good_part(scan, pass.proven_lsn, true, &pass, error);
                if (r < 0)
                        return r;
        }

        *ret_tail = (struct journal_tail){
                .end_offset = scan->offset,
                .last_lsn = scan->next_lsn - 1,
                .torn_size = remains.end_offset > scan->offset ? remains.end_offset - scan->offset
                                                               : 0,
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
        struct pass pass;
        int r;

        r = journal_scan_open(&scan, dir, number, window, error);
        if (r < 0)
                return r;

        r = pass_good_part(&scan, 0, false, &pass, error);
        if (r == 0)
                *ret_tail = (struct journal_tail){
                        .end_offset = scan.offset,
                        .last_lsn = scan.next_lsn - 1,
                        .chain = scan.chain,
                };
        journal_scan_close(&scan);
        return r;
}
