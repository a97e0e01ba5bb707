/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Salvage: every record whose checksum holds, wherever it is.
 *
 * Segments are walked sector by sector. Where a header is valid the batch is
 * taken: whole if it is whole, else record by record. Where none is, but the batch
 * before ended just here, the records behind the missing header can still be
 * told: the chain is known. Anything else is stepped over and reported as a gap.
 *
 * Inside a damaged batch a record counts if it continues the chain. What the chain
 * is behind a damaged record, that record still says itself, wherever the next
 * one is found; and if it was the chain that was damaged, the next one continues
 * what follows from the record's bytes, and proves them. Behind a longer stretch
 * a record is taken up if the one after it confirms its frame. So one flipped bit
 * costs one record at most.
 *
 * The secret that seeds the headers is in META and in each segment's header, so
 * it takes a lot to lose it. Without it no header can be told from a forgery,
 * and nothing is salvaged.
 */

#include "journal/salvage.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "journal/meta.h"
#include "journal/segment.h"

enum { NUMBER_COUNT_MAX = 1024, SALVAGE_HEAD_SIZE = 16384 };

struct salvage {
        const struct journal_dir *dir;
        const struct journal_salvage_sink *sink;
        struct journal_salvage_report report;
        struct journal_error *error;

        /* Some segments of the directory, by number. */
        uint64_t numbers[NUMBER_COUNT_MAX];
        uint32_t number_count;

        /* The segment that is walked. */
        struct journal_scan scan;
        bool is_last_segment;
        bool is_chain_known; /* the batch at the scan's offset continues scan.chain */

        uint64_t secret;
        uint64_t expected_lsn; /* 0 when unknown */
        uint64_t now_ns;       /* of the last header that was read */
        uint64_t wall_ns;
        uint32_t epoch; /* of the last header of either kind */

        struct journal_gap gap; /* size 0 while there is none */
        bool is_gap_blank;
};

_Static_assert(sizeof(struct salvage) <= SALVAGE_HEAD_SIZE, "salvage fits its memory");

size_t journal_salvage_size(void)
{
        return SALVAGE_HEAD_SIZE + JOURNAL_WINDOW_SIZE;
}

/* ---- gaps ---- */

/* The sectors from the scan's offset on, @size bytes, could not be used. */
static void extend_gap(struct salvage *salvage, uint64_t size, enum journal_verdict verdict)
{
        struct journal_gap *gap = &salvage->gap;

        if (gap->size == 0) {
                memcpy(gap->name, salvage->scan.file.name, sizeof(gap->name));
                gap->offset = salvage->scan.offset;
                gap->expected_lsn = salvage->expected_lsn;
                gap->verdict = verdict;
                gap->is_tail = false;
                salvage->is_gap_blank = true;
        }
        if (verdict != JOURNAL_BLANK)
                salvage->is_gap_blank = false;
        gap->size += size;
}

static int report_gap(struct salvage *salvage)
{
        struct journal_gap gap = salvage->gap;

        salvage->gap.size = 0;
        salvage->report.gap_count++;
        salvage->report.gap_size += gap.size;
        return salvage->sink->on_gap(salvage->sink->self, &gap);
}

/* Records before @lsn are missing and there are no bytes that they could be in. */
static int report_missing(struct salvage *salvage, uint64_t lsn)
{
        bool is_continued = salvage->expected_lsn == 0 || salvage->expected_lsn == lsn;

        /* Zeros between two batches that follow each other are padding. */
        if (salvage->gap.size > 0 && salvage->is_gap_blank && is_continued)
                salvage->gap.size = 0;
        if (salvage->gap.size > 0)
                return report_gap(salvage);
        if (is_continued)
                return 0;

        extend_gap(salvage, 0, JOURNAL_BLANK);
        return report_gap(salvage);
}

/* ---- records ---- */

struct batch_walk {
        const uint8_t *bytes; /* of the batch */
        size_t end;           /* where records may end */
        uint64_t first_lsn;
        uint32_t epoch;
        bool is_whole;
        bool is_headless; /* where the records end is not known: stop at what is none */

        /* Records are numbered by their index if the chain ties them to the header, or
         * to a trailer that fits it: before the first break, from the last on. */
        size_t first_break;
        size_t last_break;
};

/* What salvage makes of the bytes at an offset where a record may be. */
struct guess {
        size_t size;        /* of its frame, 0 when there is none */
        uint32_t chain;     /* behind it */
        bool is_good;       /* hand it out */
        bool is_frame_good; /* the next one is right behind it */
};

/* Where a walk stands. */
struct place {
        size_t offset;
        uint32_t chain;
        bool is_expected; /* a record should begin here */
};

static bool is_valid(enum journal_verdict verdict)
{
        return verdict == JOURNAL_VALID || verdict == JOURNAL_BAD_PAYLOAD;
}

/* Whether the record behind the one at @offset, which has a frame of @size
 * bytes, continues @chain. */
static bool is_continued(const struct batch_walk *walk, size_t offset, size_t size, uint32_t chain)
{
        uint32_t index = acd_get_u16(walk->bytes + offset + 2) + 1u;
        size_t next = offset + size, next_size;

        return is_valid(journal_record_check(walk->bytes + next, walk->end - next, index, chain,
                                             &next_size));
}

static struct guess guess_at(const struct batch_walk *walk, const struct place *place)
{
        const uint8_t *at = walk->bytes + place->offset;
        struct guess guess = { .chain = journal_record_chain(at) };
        enum journal_verdict verdict;
        uint32_t chain;

        /* The index is taken from the record: it is part of what the chain covers. */
        verdict = journal_record_check(at, walk->end - place->offset, acd_get_u16(at + 2),
                                       place->chain, &guess.size);
        guess.is_good = is_valid(verdict);
        guess.is_frame_good = guess.is_good;
        if (guess.is_good || guess.size == 0)
                return guess;

        chain = journal_record_continue(at, place->chain);
        if (is_continued(walk, place->offset, guess.size, chain)) {
                guess.chain = chain;
                guess.is_good = true;
                guess.is_frame_good = true;
        } else {
                guess.is_frame_good = is_continued(walk, place->offset, guess.size, guess.chain);
        }
        return guess;
}

static bool is_over(const struct batch_walk *walk, const struct place *place)
{
        return place->offset + JOURNAL_RECORD_HEADER_SIZE > walk->end;
}

/* Past what was guessed. A damaged record still says what the chain is behind it. */
static void pass(struct place *place, const struct guess *guess)
{
        if (guess->is_frame_good || place->is_expected)
                place->chain = guess->chain;
        place->is_expected = guess->is_frame_good;
        place->offset += guess->is_frame_good ? guess->size : 8;
}

/* Find the breaks of a batch with a valid header, without handing anything out. */
static void find_breaks(struct batch_walk *walk, struct journal_batch *batch)
{
        struct place place = { JOURNAL_BATCH_HEADER_SIZE, batch->chain_before, true };
        bool is_complete = walk->end == batch->size - JOURNAL_BATCH_TRAILER_SIZE;

        walk->first_break = SIZE_MAX;
        walk->last_break = SIZE_MAX;
        while (!is_over(walk, &place)) {
                struct guess guess = guess_at(walk, &place);

                if (!guess.is_good || !place.is_expected) {
                        if (walk->first_break == SIZE_MAX)
                                walk->first_break = place.offset;
                        walk->last_break = place.offset;
                }
                pass(&place, &guess);
        }

        if (!is_complete || place.offset != walk->end ||
            !journal_trailer_check(walk->bytes + walk->end, place.chain, batch))
                walk->last_break = SIZE_MAX;
}

static int emit(struct salvage *salvage, const struct batch_walk *walk, size_t offset)
{
        const uint8_t *at = walk->bytes + offset;
        bool is_numbered = offset < walk->first_break || offset >= walk->last_break;
        struct journal_salvaged salvaged = {
                .now_ns = salvage->now_ns,
                .wall_ns = salvage->wall_ns,
                .epoch = walk->epoch,
                .is_batch_whole = walk->is_whole,
                .is_payload_damaged = !journal_record_has_payload(at),
        };
        uint64_t lsn = is_numbered ? walk->first_lsn + acd_get_u16(at + 2) : 0;
        struct journal_salvage_report *report = &salvage->report;

        journal_record_view(at, lsn, &salvaged.record);
        report->record_count++;
        if (lsn != 0) {
                if (report->first_lsn == 0)
                        report->first_lsn = lsn;
                report->last_lsn = lsn;
        }
        return salvage->sink->on_record(salvage->sink->self, &salvaged);
}

/* The records of a batch, from the first, which continues @chain. Returns what the
 * sink returned, and in @ret_count how many there were. */
static int walk_records(struct salvage *salvage, const struct batch_walk *walk, uint32_t chain,
                        uint32_t *ret_count)
{
        struct place place = { JOURNAL_BATCH_HEADER_SIZE, chain, true };
        uint32_t count = 0;
        int r = 0;

        while (r == 0 && !is_over(walk, &place)) {
                struct guess guess = guess_at(walk, &place);

                if (walk->is_headless && !guess.is_good)
                        break;
                if (guess.is_good) {
                        r = emit(salvage, walk, place.offset);
                        count++;
                }
                pass(&place, &guess);
        }

        *ret_count = count;
        return r;
}

/* All records of a valid batch. */
static int emit_batch(struct salvage *salvage, const struct journal_batch *batch)
{
        struct batch_walk walk = {
                .bytes = batch->bytes,
                .end = batch->size - JOURNAL_BATCH_TRAILER_SIZE,
                .first_lsn = batch->first_lsn,
                .epoch = batch->epoch,
                .is_whole = true,
                .first_break = SIZE_MAX,
        };
        uint32_t count;
        int r;

        r = walk_records(salvage, &walk, batch->chain_before, &count);
        if (r != 0)
                return r;

        salvage->report.batch_count++;
        salvage->expected_lsn = batch->first_lsn + batch->record_count;
        salvage->is_chain_known = true;
        salvage->scan.chain = batch->chain_after;
        return 0;
}

/* What is left of a batch whose header is valid; @size bytes of it are there. */
static int emit_damaged(struct salvage *salvage, const struct journal_batch *batch, size_t size)
{
        struct journal_batch copy = *batch;
        size_t records_end = batch->size - JOURNAL_BATCH_TRAILER_SIZE;
        struct batch_walk walk = {
                .bytes = batch->bytes,
                .end = batch->size <= size ? records_end : size,
                .first_lsn = batch->first_lsn,
                .epoch = batch->epoch,
        };
        uint32_t count;
        int r;

        find_breaks(&walk, &copy);
        r = walk_records(salvage, &walk, batch->chain_before, &count);
        salvage->expected_lsn = batch->first_lsn + batch->record_count;
        salvage->is_chain_known = false;
        return r;
}

/* Records behind a header that is not one, if the chain before it is known. */
static int emit_headless(struct salvage *salvage, const uint8_t *bytes, size_t size)
{
        struct batch_walk walk = {
                .bytes = bytes,
                .end = size < JOURNAL_BATCH_SIZE_MAX ? size : JOURNAL_BATCH_SIZE_MAX,
                .first_lsn = salvage->expected_lsn,
                .epoch = salvage->epoch,
                .is_headless = true,
                .first_break = SIZE_MAX,
        };
        uint32_t count;
        int r;

        r = walk_records(salvage, &walk, salvage->scan.chain, &count);
        salvage->expected_lsn += count;
        salvage->is_chain_known = false;
        return r;
}

/* ---- walking a segment ---- */

/* What stands at the scan's offset, with as many bytes of it as there are. */
static int judge(struct salvage *salvage, enum journal_verdict *ret_verdict,
                 struct journal_batch *ret_batch, size_t *ret_size)
{
        struct journal_scan *scan = &salvage->scan;
        struct journal_identity identity = journal_identity_of(&scan->segment);
        const uint8_t *bytes;
        size_t offset;
        int r;

        r = journal_scan_bytes(scan, scan->offset, JOURNAL_BATCH_SIZE_MAX, &bytes, ret_size,
                               salvage->error);
        if (r < 0)
                return r;

        /* The segment's header, which would say the epoch, may be lost. The
         * checksum covers it here as well. */
        if (*ret_size >= JOURNAL_BATCH_HEADER_SIZE)
                identity.epoch = acd_get_u32(bytes + 24);
        *ret_batch = (struct journal_batch){ .bytes = bytes };
        *ret_verdict = journal_batch_decode(bytes, *ret_size, &identity, ret_batch, &offset);
        return 0;
}

/* A batch with a valid header: take what is good of it, and go past it. */
static int take_batch(struct salvage *salvage, enum journal_verdict verdict,
                      const struct journal_batch *batch, size_t size)
{
        struct journal_scan *scan = &salvage->scan;
        uint64_t span = journal_blocks_size(batch->size, scan->segment.block_size);
        int r;

        salvage->now_ns = batch->now_ns;
        salvage->wall_ns = batch->wall_ns;
        salvage->epoch = batch->epoch;
        if (batch->epoch > salvage->report.epoch_max)
                salvage->report.epoch_max = batch->epoch;

        r = report_missing(salvage, batch->first_lsn);
        if (r != 0)
                return r;
        if (verdict == JOURNAL_VALID) {
                r = emit_batch(salvage, batch);
        } else {
                salvage->expected_lsn = batch->first_lsn;
                extend_gap(salvage, span, verdict);
                r = emit_damaged(salvage, batch, size);
        }
        scan->offset += span;
        return r;
}

/* No header here: try the records behind it, and go one sector on. */
static int step_over(struct salvage *salvage, enum journal_verdict verdict, const uint8_t *bytes,
                     size_t size)
{
        int r = 0;

        extend_gap(salvage, JOURNAL_SECTOR_SIZE, verdict);
        if (salvage->is_chain_known && size > JOURNAL_BATCH_HEADER_SIZE)
                r = emit_headless(salvage, bytes, size);
        salvage->scan.offset += JOURNAL_SECTOR_SIZE;
        return r;
}

static int walk_segment(struct salvage *salvage)
{
        struct journal_scan *scan = &salvage->scan;
        enum journal_verdict verdict;
        struct journal_batch batch;
        size_t size;
        int r;

        while (scan->offset < scan->segment.size) {
                r = judge(salvage, &verdict, &batch, &size);
                if (r < 0)
                        return r;
                if (batch.record_count > 0)
                        r = take_batch(salvage, verdict, &batch, size);
                else
                        r = step_over(salvage, verdict, batch.bytes, size);
                if (r != 0)
                        return r;
        }

        /* Zeros to the end are how every segment ends. */
        if (salvage->is_gap_blank)
                salvage->gap.size = 0;
        if (salvage->gap.size == 0)
                return 0;
        salvage->gap.is_tail = salvage->is_last_segment;
        return report_gap(salvage);
}

/* ---- the segments ---- */

/* Open log-@number with what its header says, or with the little that is known. */
static int open_segment(struct salvage *salvage, uint64_t number)
{
        struct journal_scan *scan = &salvage->scan;
        uint8_t header[JOURNAL_BLOCK_SIZE_MAX];
        struct journal_segment segment;
        char name[JOURNAL_NAME_SIZE];
        uint64_t file_size;
        int64_t size;
        int r;

        journal_name_format(name, JOURNAL_LOG_PREFIX, number);
        r = journal_file_open(&scan->file, salvage->dir, name, JOURNAL_IO_READ, salvage->error);
        if (r < 0)
                return r;
        r = journal_file_size(&scan->file, &file_size, salvage->error);
        if (r < 0)
                return r;
        size = journal_file_read(&scan->file, header, sizeof(header), 0, salvage->error);
        if (size < 0)
                return (int)size;

        if (journal_segment_decode(header, (size_t)size, &segment) < 0)
                segment = (struct journal_segment){ .block_size = JOURNAL_BLOCK_SIZE_MIN };
        segment.number = number;
        segment.secret = salvage->secret;
        segment.size = file_size;
        if (segment.epoch > 0)
                salvage->epoch = segment.epoch;
        if (segment.epoch > salvage->report.epoch_max)
                salvage->report.epoch_max = segment.epoch;

        /* If it begins where the walk stands, its first batch continues the chain. */
        salvage->is_chain_known =
                segment.first_lsn != 0 &&
                (salvage->expected_lsn == 0 || salvage->expected_lsn == segment.first_lsn);
        if (salvage->is_chain_known) {
                salvage->expected_lsn = segment.first_lsn;
                scan->chain = segment.chain_before;
        }
        scan->segment = segment;
        scan->offset = segment.block_size;
        scan->window_size = 0;
        return 0;
}

static int salvage_segment(struct salvage *salvage, uint64_t number)
{
        int r;

        salvage->report.segment_count++;
        salvage->gap.size = 0;
        r = open_segment(salvage, number);
        if (r == 0)
                r = walk_segment(salvage);
        journal_scan_close(&salvage->scan);
        return r;
}

/* The smallest numbers above @after, ascending. */
struct number_search {
        struct salvage *salvage;
        uint64_t after;
};

static int on_name(void *context, const char *name)
{
        struct number_search *search = context;
        struct salvage *salvage = search->salvage;
        uint64_t number;
        uint32_t i;

        if (!journal_name_parse(name, JOURNAL_LOG_PREFIX, &number) || number <= search->after)
                return 0;
        if (salvage->number_count < NUMBER_COUNT_MAX)
                salvage->number_count++;
        else if (number > salvage->numbers[NUMBER_COUNT_MAX - 1])
                return 0;

        for (i = salvage->number_count - 1; i > 0 && salvage->numbers[i - 1] > number; i--)
                salvage->numbers[i] = salvage->numbers[i - 1];
        salvage->numbers[i] = number;
        return 0;
}

static int list_numbers(struct salvage *salvage, uint64_t after)
{
        struct number_search search = { .salvage = salvage, .after = after };

        salvage->number_count = 0;
        return journal_dir_list(salvage->dir, on_name, &search, salvage->error);
}

/* The secret, from META or else from the first segment that has a header. */
static int find_secret(struct salvage *salvage)
{
        const struct journal_place place = { salvage->dir->path, NULL, JOURNAL_NO_OFFSET };
        struct journal_segment segment;
        struct journal_meta meta;
        char name[JOURNAL_NAME_SIZE];
        struct journal_file file;
        uint8_t header[JOURNAL_BLOCK_SIZE_MAX];

        if (journal_meta_read(salvage->dir, &meta, salvage->error) == 0) {
                salvage->secret = meta.secret;
                salvage->report.epoch_max = meta.epoch;
                return 0;
        }

        for (uint32_t i = 0; i < salvage->number_count; i++) {
                int64_t size;

                journal_name_format(name, JOURNAL_LOG_PREFIX, salvage->numbers[i]);
                if (journal_file_open(&file, salvage->dir, name, JOURNAL_IO_READ, salvage->error) <
                    0)
                        continue;
                size = journal_file_read(&file, header, sizeof(header), 0, salvage->error);
                journal_file_close(&file);
                if (size < 0 || journal_segment_decode(header, (size_t)size, &segment) < 0)
                        continue;
                salvage->secret = segment.secret;
                return 0;
        }

        return journal_error_set(salvage->error, -EBADMSG, JOURNAL_REMEDY_NONE, &place,
                                 "neither META nor any segment has a header that is whole");
}

static int salvage_all(struct salvage *salvage)
{
        uint64_t after = 0;
        int r;

        r = list_numbers(salvage, 0);
        if (r == 0)
                r = find_secret(salvage);
        if (r < 0)
                return r;

        while (salvage->number_count > 0) {
                /* The last of a full list is walked with the next one, which knows what is
                 * behind it. */
                uint32_t count = salvage->number_count < NUMBER_COUNT_MAX ? salvage->number_count
                                                                          : NUMBER_COUNT_MAX - 1;

                for (uint32_t i = 0; i < count; i++) {
                        salvage->is_last_segment = i + 1 == salvage->number_count;
                        r = salvage_segment(salvage, salvage->numbers[i]);
                        if (r != 0)
                                return r;
                }
                after = salvage->numbers[count - 1];
                r = list_numbers(salvage, after);
                if (r < 0)
                        return r;
        }
        return 0;
}

int journal_salvage(void *memory, const struct journal_dir *dir,
                    const struct journal_salvage_sink *sink,
                    struct journal_salvage_report *ret_report, struct journal_error *error)
{
        struct salvage *salvage = memory;
        struct journal_error ignored;
        int r;

        memset(salvage, 0, sizeof(*salvage));
        salvage->dir = dir;
        salvage->sink = sink;
        salvage->error = error != NULL ? error : &ignored;
        salvage->scan.file = JOURNAL_FILE_NULL;
        salvage->scan.window = (uint8_t *)memory + SALVAGE_HEAD_SIZE;

        r = salvage_all(salvage);
        *ret_report = salvage->report;
        return r;
}
