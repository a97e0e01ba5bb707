/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Salvage: everything that is valid comes out, and nothing that is not.
 *
 * A log of several segments is damaged in many ways; after each, salvage must
 * hand out only records that were written, byte for byte, each once, in order;
 * it must hand out all whose bytes were not touched (but at most two that stand
 * beside the damage); and it must report a gap where something is missing.
 */

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/prng.h"
#include "journal/salvage.h"
#include "journal/segment.h"
#include "tests/support/journal_world.h"
#include "tests/support/simdisk.h"

enum { LSN_MAX = 400, GAP_MAX = 8, BATCH_MAX = 64 };

static struct simdisk *disk;
static struct world world;
static void *salvage_memory;

/* What came out. */
static struct {
        uint8_t seen[LSN_MAX + 1]; /* by lsn: times it came out */
        uint32_t record_count;
        uint32_t gap_count;
        uint32_t tail_count;
        uint32_t damaged_payload_count;
        uint64_t last_lsn;
        uint64_t first_gap_lsn;
        struct journal_gap gaps[GAP_MAX];
        struct journal_salvaged salvaged[LSN_MAX + 1]; /* by lsn; its views are gone */
} found;

/* The batches of log-1 as they were written. */
static struct {
        struct journal_batch batch;
        uint64_t offset, span;
} batches[BATCH_MAX];
static uint32_t batch_count;

static void set_up(void)
{
        disk = simdisk_new(1);
        world_init(&world, simdisk_io(disk), &(struct journal_options){ 0 }, 1, LSN_MAX);
        cr_assert_eq(world_recover(&world), 0);
        for (int i = 0; i < 20; i++)
                cr_assert_eq(world_turn(&world, 1 + (uint32_t)i % 6, JOURNAL_COMMIT_INLINE), 0);
        world_drop(&world);
        simdisk_restart(disk);
        salvage_memory = malloc(journal_salvage_size());
}

static void tear_down(void)
{
        world_free(&world);
        simdisk_free(disk);
        free(salvage_memory);
}

TestSuite(salvage, .init = set_up, .fini = tear_down, .timeout = 300);

static int on_record(void *self, const struct journal_salvaged *salvaged)
{
        const struct journal_record *record = &salvaged->record;

        cr_assert_eq(self, &found);
        cr_assert_geq(record->body_size, 12);
        cr_assert_gt(record->lsn, 0);
        cr_assert_leq(record->lsn, world.written_lsn);
        cr_assert_eq(acd_get_u64(record->body), record->lsn, "the lsn is the record's own");
        cr_assert_gt(record->lsn, found.last_lsn, "in order, each once");
        cr_assert_eq(salvaged->epoch, 1);
        if (salvaged->is_payload_damaged)
                found.damaged_payload_count++;
        else
                cr_assert(world_is_record(&world, record));
        found.last_lsn = record->lsn;
        found.seen[record->lsn]++;
        found.salvaged[record->lsn] = *salvaged;
        found.record_count++;
        return 0;
}

static int on_gap(void *self, const struct journal_gap *gap)
{
        cr_assert_eq(self, &found);
        if (found.gap_count == 0)
                found.first_gap_lsn = gap->expected_lsn;
        if (found.gap_count < GAP_MAX)
                found.gaps[found.gap_count] = *gap;
        found.gap_count++;
        found.tail_count += gap->is_tail;
        return 0;
}

/* Stops at the third record. */
static int on_stop(void *self, const struct journal_salvaged *salvaged)
{
        (void)self;
        (void)salvaged;
        found.record_count++;
        return found.record_count == 3 ? 5 : 0;
}

/* Takes what comes. */
static int on_any_record(void *self, const struct journal_salvaged *salvaged)
{
        (void)self;
        (void)salvaged;
        found.record_count++;
        return 0;
}

static const struct journal_salvage_sink sink = { on_record, on_gap, &found };

static struct journal_salvage_report salvage(struct simdisk *damaged)
{
        struct journal_salvage_report report;
        struct journal_error error;
        struct journal_dir dir;

        memset(&found, 0, sizeof(found));
        cr_assert_eq(
                journal_dir_open(&dir, simdisk_io(damaged), WORLD_PATH, JOURNAL_DIR_READ, &error),
                0);
        cr_assert_eq(journal_salvage(salvage_memory, &dir, &sink, &report, &error), 0);
        journal_dir_close(&dir);
        cr_assert_eq(report.record_count, found.record_count);
        cr_assert_eq(report.gap_count, found.gap_count);
        return report;
}

static uint64_t size_of_log(uint64_t number)
{
        char name[JOURNAL_NAME_SIZE];

        journal_name_format(name, "log", number);
        return (uint64_t)simdisk_file_size(disk, WORLD_PATH, name);
}

/* Read log-1 as the journal reads it. */
static void map_batches(void)
{
        static uint8_t window[JOURNAL_WINDOW_SIZE];
        enum journal_verdict verdict;
        struct journal_scan scan;
        struct journal_dir dir;
        uint64_t offset;

        batch_count = 0;
        cr_assert_eq(journal_dir_open(&dir, simdisk_io(disk), WORLD_PATH, JOURNAL_DIR_READ, NULL),
                     0);
        cr_assert_eq(journal_scan_open(&scan, &dir, 1, window, NULL), 0);
        while (journal_scan_look(&scan, &verdict, &batches[batch_count].batch, &offset, NULL) ==
                       0 &&
               verdict == JOURNAL_VALID) {
                batches[batch_count].offset = scan.offset;
                journal_scan_pass(&scan, &batches[batch_count].batch);
                batches[batch_count].span = scan.offset - batches[batch_count].offset;
                batch_count++;
                cr_assert_lt(batch_count, (uint32_t)BATCH_MAX);
        }
        journal_scan_close(&scan);
        journal_dir_close(&dir);
        cr_assert_gt(batch_count, 3);
}

/* The batch of log-1 in which byte @at is, or the count of them. */
static uint32_t batch_of(uint64_t at)
{
        uint32_t i = 0;

        while (i < batch_count &&
               (at < batches[i].offset || at >= batches[i].offset + batches[i].span))
                i++;
        return i;
}

/* What is said of records and gaps when byte @at of log-1 is damaged and nothing else. */
static void check_what_is_said(uint64_t at, const struct journal_salvage_report *report)
{
        uint32_t hit = batch_of(at);
        uint64_t gap_size = 0;

        for (uint32_t i = 0; i < batch_count; i++) {
                const struct journal_batch *batch = &batches[i].batch;

                for (uint32_t k = 0; k < batch->record_count; k++) {
                        const struct journal_salvaged *salvaged =
                                &found.salvaged[batch->first_lsn + k];

                        if (found.seen[batch->first_lsn + k] == 0 || i == hit)
                                continue;
                        cr_assert(salvaged->is_batch_whole);
                        cr_assert_eq(salvaged->now_ns, batch->now_ns);
                        cr_assert_eq(salvaged->wall_ns, batch->wall_ns);
                }
                if (i != hit)
                        continue;
                cr_assert_leq(found.gap_count, 1u);
                /* The bytes behind a batch that fill its block are nobody's. */
                if (found.gap_count == 0) {
                        cr_assert_geq(at, batches[i].offset + batch->size);
                        continue;
                }
                cr_assert_eq(found.gaps[0].offset, batches[i].offset);
                /* Behind the last batch nothing ends the gap but the file. */
                cr_assert_eq(found.gaps[0].size,
                             (i + 1 < batch_count ? batches[i + 1].offset : size_of_log(1)) -
                                     batches[i].offset);
                cr_assert_eq(found.gaps[0].expected_lsn, batch->first_lsn);
                cr_assert_neq(found.gaps[0].verdict, JOURNAL_VALID);
                cr_assert(!found.gaps[0].is_tail);
                cr_assert_str_eq(found.gaps[0].name, "log-0000000000000001");
        }
        for (uint32_t i = 0; i < found.gap_count; i++)
                gap_size += found.gaps[i].size;
        cr_assert_eq(report->gap_size, gap_size);
        cr_assert_eq(report->batch_count, 20u - found.gap_count * (hit < batch_count));
        cr_assert_eq(report->epoch_max, 1u);
        cr_assert_eq(report->last_lsn, world.written_lsn);
}

static uint32_t missing_count(void)
{
        uint32_t count = 0;

        for (uint64_t lsn = 1; lsn <= world.written_lsn; lsn++)
                count += found.seen[lsn] == 0;
        return count;
}

/* Goal    From a whole log everything comes out and no gap is seen. */
Test(salvage, a_whole_log_has_no_gaps)
{
        struct journal_salvage_report report = salvage(disk);

        cr_assert_eq(missing_count(), 0);
        cr_assert_eq(found.gap_count, 0);
        cr_assert_eq(report.batch_count, 20);
        cr_assert_eq(report.first_lsn, 1);
        cr_assert_eq(report.last_lsn, world.written_lsn);
        cr_assert_eq(report.epoch_max, 1);
        cr_assert_gt(report.segment_count, 1);
}

/* Goal    A flipped bit costs at most one record, whichever it hits.
 *         What is beside it is told as it was; what is lost is named.
 * Method  Every bit of the first segment in strides of a prime, one at a time; the
 *         batches of the whole log are the oracle. */
Test(salvage, a_flipped_bit_costs_one_record)
{
        uint64_t bit_count = size_of_log(1) * 8;

        map_batches();
        for (uint64_t bit = 0; bit < bit_count; bit += 97) {
                struct simdisk *damaged = simdisk_clone(disk);
                struct journal_salvage_report report;

                simdisk_flip(damaged, WORLD_PATH, "log-0000000000000001", bit / 8,
                             (uint8_t)(1u << bit % 8));
                report = salvage(damaged);
                if (bit / 8 >= JOURNAL_SECTOR_SIZE)
                        check_what_is_said(bit / 8, &report);
                cr_assert_leq(missing_count() + found.damaged_payload_count, 1, "bit %llu",
                              (unsigned long long)bit);
                if (missing_count() > 0)
                        cr_assert_gt(found.gap_count, 0);
                simdisk_free(damaged);
        }
}

/* Goal    A lost sector costs what was in it and at most two records beside it.
 * Method  Zero or fill each sector; count the records that touch it naively by
 *         comparing with what is still valid. A sector holds at most 12 of the
 *         smallest records here. */
Test(salvage, a_lost_sector_costs_what_was_in_it)
{
        uint8_t junk[JOURNAL_SECTOR_SIZE];
        struct acd_prng prng;

        acd_prng_init(&prng, 3);
        for (uint64_t at = 512; at < size_of_log(1); at += JOURNAL_SECTOR_SIZE) {
                for (int fill = 0; fill < 3; fill++) {
                        struct simdisk *damaged = simdisk_clone(disk);
                        uint8_t before[JOURNAL_SECTOR_SIZE];

                        simdisk_peek(disk, WORLD_PATH, "log-0000000000000001", at, before,
                                     sizeof(before));
                        for (size_t i = 0; i < sizeof(junk); i++)
                                junk[i] = fill == 0   ? 0
                                          : fill == 1 ? 0xff
                                                      : (uint8_t)acd_prng_next(&prng);
                        simdisk_poke(damaged, WORLD_PATH, "log-0000000000000001", at, junk,
                                     sizeof(junk));
                        (void)salvage(damaged);
                        cr_assert_leq(missing_count(), 6, "at %llu", (unsigned long long)at);
                        simdisk_free(damaged);
                }
        }
}

/* Goal    Without META, or with the header of a segment gone, all records come out. */
Test(salvage, headers_may_be_lost)
{
        static const uint8_t zeros[JOURNAL_SECTOR_SIZE];
        struct simdisk *damaged = simdisk_clone(disk);

        simdisk_remove(damaged, WORLD_PATH, "META");
        (void)salvage(damaged);
        cr_assert_eq(missing_count(), 0);
        simdisk_poke(damaged, WORLD_PATH, "log-0000000000000001", 0, zeros, sizeof(zeros));
        (void)salvage(damaged);
        cr_assert_eq(missing_count(), 0, "another segment knows the secret");
        simdisk_free(damaged);
}

/* Goal    The highest epoch is told, also when a segment's header is all there is of it. */
Test(salvage, an_epoch_without_records_counts)
{
        cr_assert_eq(world_recover(&world), 0);
        world_drop(&world);
        simdisk_restart(disk);
        simdisk_remove(disk, WORLD_PATH, "META");
        cr_assert_eq(salvage(disk).epoch_max, 2u);
}

/* Goal    A missing segment is a gap; the rest comes out. */
Test(salvage, a_missing_segment_is_a_gap)
{
        struct simdisk *damaged = simdisk_clone(disk);
        struct journal_segment second, third;
        struct journal_dir dir;

        cr_assert_eq(journal_dir_open(&dir, simdisk_io(disk), WORLD_PATH, JOURNAL_DIR_READ, NULL),
                     0);
        cr_assert_eq(journal_segment_read(&dir, 2, &second, NULL), 0);
        cr_assert_eq(journal_segment_read(&dir, 3, &third, NULL), 0);
        journal_dir_close(&dir);
        simdisk_remove(damaged, WORLD_PATH, "log-0000000000000002");
        (void)salvage(damaged);
        cr_assert_eq(missing_count(), third.first_lsn - second.first_lsn);
        cr_assert_eq(found.gap_count, 1);
        cr_assert_eq(found.gaps[0].size, 0u, "there are no bytes that they could be in");
        cr_assert_eq(found.first_gap_lsn, second.first_lsn);
        simdisk_free(damaged);
}

/* Goal    A cut file gives what is before the cut. */
Test(salvage, a_cut_file_gives_its_beginning)
{
        uint32_t intact_count = (uint32_t)world.written_lsn;

        for (uint64_t size = 0; size < size_of_log(1); size += 61) {
                struct simdisk *damaged = simdisk_clone(disk);

                simdisk_cut(damaged, WORLD_PATH, "log-0000000000000001", size);
                (void)salvage(damaged);
                cr_assert_leq(missing_count(), intact_count, "a longer file gives no less");
                intact_count = missing_count();
                cr_assert_eq(found.seen[world.written_lsn], 1);
                simdisk_free(damaged);
        }
}

/* Goal    A torn tail is a gap that says so. */
Test(salvage, a_torn_tail_is_told_apart)
{
        const struct journal_salvage_sink any = { on_any_record, on_gap, &found };
        struct journal_salvage_report report;
        char name[JOURNAL_NAME_SIZE];
        struct journal_dir dir;
        struct journal_segment segment;
        uint64_t number = 1;

        cr_assert_eq(world_recover(&world), 0);
        cr_assert_eq(world_turn(&world, 3, JOURNAL_COMMIT_INLINE), 0);
        world_drop(&world);
        simdisk_restart(disk);
        cr_assert_eq(journal_dir_open(&dir, simdisk_io(disk), WORLD_PATH, JOURNAL_DIR_READ, NULL),
                     0);
        while (journal_segment_read(&dir, number + 1, &segment, NULL) == 0)
                number++;
        journal_dir_close(&dir);
        journal_name_format(name, "log", number);
        simdisk_flip(disk, WORLD_PATH, name, 512 + 20, 1);

        memset(&found, 0, sizeof(found));
        cr_assert_eq(world.epoch, 2);
        cr_assert_eq(journal_dir_open(&dir, simdisk_io(disk), WORLD_PATH, JOURNAL_DIR_READ, NULL),
                     0);
        cr_assert_eq(journal_salvage(salvage_memory, &dir, &any, &report, NULL), 0);
        journal_dir_close(&dir);
        cr_assert_eq(report.epoch_max, 2);
        cr_assert_eq(found.gap_count, 1);
        cr_assert_eq(found.tail_count, 1);
}

/* Goal    The owner may stop; an empty directory gives nothing. */
Test(salvage, the_owner_may_stop)
{
        struct journal_salvage_sink stopping = { on_stop, on_gap, &found };
        struct journal_salvage_report report;
        struct journal_dir dir;

        memset(&found, 0, sizeof(found));
        cr_assert_eq(journal_dir_open(&dir, simdisk_io(disk), WORLD_PATH, JOURNAL_DIR_READ, NULL),
                     0);
        cr_assert_eq(journal_salvage(salvage_memory, &dir, &stopping, &report, NULL), 5);
        cr_assert_eq(found.record_count, 3);
        journal_dir_close(&dir);

        cr_assert_eq(journal_dir_open(&dir, simdisk_io(disk), "empty", JOURNAL_DIR_OWN, NULL), 0);
        cr_assert_eq(journal_salvage(salvage_memory, &dir, &sink, &report, NULL), -EBADMSG);
        journal_dir_close(&dir);
}

/* Stops at the gap. */
static int on_stopping_gap(void *self, const struct journal_gap *gap)
{
        (void)on_gap(self, gap);
        return 6;
}

/* Salvage the directory of @damaged with @stopping; what it returns. */
static int try_salvage(struct simdisk *damaged, const struct journal_salvage_sink *stopping)
{
        struct journal_salvage_report report;
        struct journal_error error;
        struct journal_dir dir;
        int r;

        memset(&found, 0, sizeof(found));
        r = journal_dir_open(&dir, simdisk_io(damaged), WORLD_PATH, JOURNAL_DIR_READ, &error);
        if (r < 0)
                return r;
        r = journal_salvage(salvage_memory, &dir, stopping, &report, &error);
        journal_dir_close(&dir);
        cr_assert_eq(simdisk_open_count(damaged), 0u);
        return r;
}

/* Goal    Who stops at a gap gets his answer, and nothing after it. */
Test(salvage, the_owner_may_stop_at_a_gap)
{
        const struct journal_salvage_sink stopping = { on_record, on_stopping_gap, &found };

        map_batches();
        for (uint32_t i = 0; i < batch_count; i++) {
                struct simdisk *damaged = simdisk_clone(disk);

                simdisk_flip(damaged, WORLD_PATH, "log-0000000000000001", batches[i].offset + 2, 1);
                cr_assert_eq(try_salvage(damaged, &stopping), 6);
                cr_assert_eq(found.gap_count, 1);
                cr_assert_eq(found.gaps[0].offset, batches[i].offset);
                simdisk_free(damaged);
        }
}

/*
 * Goal    What keeps it from reading is told; only META and the headers that would tell
 *         the secret have a second chance.
 * Method  Each operation of each kind fails in turn; META is there, or is not.
 */
Test(salvage, every_failure_is_told)
{
        for (int has_meta = 0; has_meta < 2; has_meta++) {
                struct simdisk *whole = simdisk_clone(disk);
                uint64_t before, count, tolerated = 0;

                if (!has_meta)
                        simdisk_remove(whole, WORLD_PATH, "META");
                before = simdisk_op_count(whole, SIMDISK_ALL_OPS);
                cr_assert_eq(try_salvage(whole, &sink), 0);
                count = simdisk_op_count(whole, SIMDISK_ALL_OPS) - before;
                cr_assert_eq(missing_count(), 0);
                for (uint64_t n = 1; n <= count; n++) {
                        const struct simdisk_fault fault = { SIMDISK_ALL_OPS, n, EIO, false };
                        int r;

                        simdisk_set_fault(whole, &fault);
                        r = try_salvage(whole, &sink);
                        cr_assert(simdisk_was_faulty(whole));
                        simdisk_restart(whole);
                        if (r == -EIO)
                                continue;
                        cr_assert_eq(r, 0, "operation %llu", (unsigned long long)n);
                        cr_assert_eq(missing_count(), 0);
                        tolerated++;
                }
                /* META is opened and read, or looked for; then a header is. */
                cr_assert_leq(tolerated, 3u);
                simdisk_free(whole);
        }
}

/* A header and one batch of one record, as segment @number of a log that has one record
 * each; the record is the number's. Returns the chain behind it. */
static uint32_t put_segment(const struct journal_dir *dir, uint64_t number, uint32_t chain)
{
        enum { SIZE = 1024 };
        struct journal_segment segment = {
                .number = number,
                .size = SIZE,
                .secret = 4,
                .run_id = 1,
                .first_lsn = number,
                .chain_before = chain,
                .epoch = 1,
                .block_size = 512,
        };
        struct journal_identity identity = journal_identity_of(&segment);
        struct journal_batch batch = {
                .epoch = 1,
                .record_count = 1,
                .first_lsn = number,
                .synced_lsn = number - 1,
                .chain_before = chain,
        };
        uint8_t bytes[SIZE] = { 0 }, body[12] = { 0 };
        char name[JOURNAL_NAME_SIZE];
        struct journal_file file;

        acd_put_u64(body, number);
        journal_segment_encode(&segment, bytes);
        chain = journal_record_encode(bytes + 512 + JOURNAL_BATCH_HEADER_SIZE, 0, chain,
                                      (struct journal_bytes){ body, sizeof(body) },
                                      (struct journal_bytes){ 0 });
        batch.size = JOURNAL_BATCH_HEADER_SIZE + JOURNAL_BATCH_TRAILER_SIZE +
                     (uint32_t)journal_record_size(sizeof(body), 0);
        journal_batch_seal(bytes + 512, &identity, chain, &batch);
        journal_name_format(name, "log", number);
        cr_assert_eq(journal_file_open(&file, dir, name, JOURNAL_IO_ANY, NULL), 0);
        cr_assert_eq(journal_file_write(&file, bytes, sizeof(bytes), 0, NULL), 0);
        journal_file_close(&file);
        return batch.chain_after;
}

static uint64_t next_lsn;

static int on_next_record(void *self, const struct journal_salvaged *salvaged)
{
        (void)self;
        cr_assert_eq(salvaged->record.lsn, next_lsn);
        cr_assert_eq(acd_get_u64(salvaged->record.body), next_lsn);
        next_lsn++;
        return 0;
}

/*
 * Goal    However many segments there are, all come out, in order, and damage behind the
 *         last record is the tail.
 * Method  About as many as one look at the directory remembers.
 */
Test(salvage, more_segments_than_are_remembered)
{
        static const uint64_t counts[] = { 1, 2, 1023, 1024, 1025 };
        const struct journal_salvage_sink in_order = { on_next_record, on_gap, &found };

        for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
                struct simdisk *many = simdisk_new(i + 1);
                struct journal_dir dir;
                char name[JOURNAL_NAME_SIZE];
                uint32_t chain = 7;

                cr_assert_eq(
                        journal_dir_open(&dir, simdisk_io(many), WORLD_PATH, JOURNAL_DIR_OWN, NULL),
                        0);
                /* The names come in the order in which a directory has them: the other one. */
                for (uint64_t number = counts[i]; number > 0; number--) {
                        struct journal_file file;

                        journal_name_format(name, "log", number);
                        cr_assert_eq(journal_file_open(&file, &dir, name, JOURNAL_IO_CREATE, NULL),
                                     0);
                        journal_file_close(&file);
                }
                for (uint64_t number = 1; number <= counts[i]; number++)
                        chain = put_segment(&dir, number, chain);
                journal_dir_close(&dir);
                next_lsn = 1;
                cr_assert_eq(try_salvage(many, &in_order), 0);
                cr_assert_eq(next_lsn, counts[i] + 1);
                cr_assert_eq(found.gap_count, 0);

                journal_name_format(name, "log", counts[i]);
                simdisk_flip(many, WORLD_PATH, name, 512 + 20, 1);
                next_lsn = 1;
                cr_assert_eq(try_salvage(many, &in_order), 0);
                cr_assert_eq(found.gap_count, 1);
                cr_assert_eq(found.gaps[0].expected_lsn, counts[i]);
                cr_assert_eq(found.tail_count, 1, "of %llu", (unsigned long long)counts[i]);
                simdisk_free(many);
        }
}
