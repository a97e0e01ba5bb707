/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The torn-tail rule: what a crash can leave is repaired, anything else is
 * refused with its place, and nothing is ever accepted silently.
 *
 * The tests write a small log, take a copy of the disk for each damage, and ask the
 * journal what it thinks. Two answers are allowed: -EBADMSG with the right file
 * and an offset at or before the damage, or a log that ends earlier, at a batch's end. In no
 * case may the replay hand out other bytes than were written; the world checks it.
 */

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "journal/segment.h"
#include "tests/support/journal_world.h"
#include "tests/support/simdisk.h"

enum { BATCH_COUNT = 8, SEGMENT_SIZE = 65536, LSN_MAX = 1000 };

/* A log of BATCH_COUNT batches in one segment, and where they are. */
static struct simdisk *disk;
static struct world world;
static struct world blank_world; /* as it was when the log had been written */
static struct world_record *saved_records;
static struct world_batch *saved_batches;
static char name[JOURNAL_NAME_SIZE];
static uint64_t begins[BATCH_COUNT + 1];    /* of the batches; the last is the end */
static uint64_t sizes[BATCH_COUNT];         /* without padding */
static uint64_t last_lsns[BATCH_COUNT + 1]; /* before each batch; the last is the end */

static const struct journal_options options = {
        .segment_size = SEGMENT_SIZE,
        .batch_size_max = 8192,
};

/* Where the batches are, read from the file itself. */
static void survey(void)
{
        static uint8_t window[JOURNAL_WINDOW_SIZE];
        struct journal_dir dir;
        struct journal_scan scan;
        enum journal_verdict verdict;
        struct journal_batch batch;
        uint64_t offset;

        journal_name_format(name, JOURNAL_LOG_PREFIX, 1);
        cr_assert_eq(journal_dir_open(&dir, simdisk_io(disk), WORLD_PATH, JOURNAL_DIR_READ, NULL),
                     0);
        cr_assert_eq(journal_scan_open(&scan, &dir, 1, window, NULL), 0);
        for (int i = 0; i < BATCH_COUNT; i++) {
                cr_assert_eq(journal_scan_look(&scan, &verdict, &batch, &offset, NULL), 0);
                cr_assert_eq(verdict, JOURNAL_VALID);
                begins[i] = scan.offset;
                sizes[i] = batch.size;
                last_lsns[i] = batch.first_lsn - 1;
                journal_scan_pass(&scan, &batch);
        }
        begins[BATCH_COUNT] = scan.offset;
        last_lsns[BATCH_COUNT] = scan.next_lsn - 1;
        journal_scan_close(&scan);
        journal_dir_close(&dir);
}

static void save_world(void)
{
        blank_world = world;
        saved_records = saved_records ? saved_records : calloc(LSN_MAX, sizeof(*saved_records));
        saved_batches = saved_batches ? saved_batches : calloc(LSN_MAX, sizeof(*saved_batches));
        memcpy(saved_records, world.records, LSN_MAX * sizeof(*saved_records));
        memcpy(saved_batches, world.batches, LSN_MAX * sizeof(*saved_batches));
}

static void set_up(void)
{
        disk = simdisk_new(1);
        world_init(&world, simdisk_io(disk), &options, 1, LSN_MAX);
        cr_assert_eq(world_recover(&world), 0);
        for (int i = 0; i < BATCH_COUNT; i++)
                cr_assert_eq(world_turn(&world, i + 1 < BATCH_COUNT ? 1 + (uint32_t)i % 3 : 8,
                                        JOURNAL_COMMIT_INLINE),
                             0);
        world_drop(&world);
        simdisk_restart(disk);
        survey();
        save_world();
}

static void tear_down(void)
{
        world_free(&world);
        free(saved_records);
        free(saved_batches);
        simdisk_free(disk);
}

TestSuite(tail, .init = set_up, .fini = tear_down, .timeout = 300);

/* Put the model back to before the recovery. */
static void rewind_world(struct simdisk *damaged)
{
        world = blank_world;
        memcpy(world.records, saved_records, LSN_MAX * sizeof(*saved_records));
        memcpy(world.batches, saved_batches, LSN_MAX * sizeof(*saved_batches));
        world.io = simdisk_io(damaged);
        world.options.io = world.io;
        /* Whether the end may be lost is what the test decides. */
        world.promised_lsn = 0;
}

/* Open @damaged. Returns -EBADMSG, or the index of the batch at which the log ends. */
static int judge(struct simdisk *damaged)
{
        int r, i;

        rewind_world(damaged);
        r = world_open(&world);
        if (r < 0) {
                cr_assert_eq(r, -EBADMSG);
                cr_assert_gt(strlen(world.error.path), 0);
                cr_assert_eq(world.error.remedy, JOURNAL_REMEDY_SALVAGE);
                return r;
        }

        for (i = 0; last_lsns[i] != journal_found(world.journal)->last_lsn; i++)
                cr_assert_lt(i, BATCH_COUNT, "the log ends inside a batch");
        /* It goes on, and what is written then is read back. */
        cr_assert_eq(world_start(&world), 0);
        cr_assert_eq(world_turn(&world, 2, JOURNAL_COMMIT_INLINE), 0);
        world_drop(&world);
        cr_assert_eq(world_recover(&world), 0);
        world_drop(&world);
        return i;
}

static int batch_of(uint64_t offset)
{
        int i = 0;

        while (i + 1 < BATCH_COUNT && begins[i + 1] <= offset)
                i++;
        return i;
}

/* Goal    No flipped bit is accepted: not in batches, not in their padding, not in
 *         the headers of the segment, and none in the zeros behind makes the
 *         log end early or differently.
 * Method  Each bit of the last two batches, every 13th before them. A flip in a synced batch
 *         leaves no sector missing, so the answer is refusal, with an offset in
 *         that batch. */
Test(tail, flipped_bits_are_refused)
{
        uint64_t from = begins[BATCH_COUNT - 2] * 8;

        for (uint64_t bit = 0; bit < begins[BATCH_COUNT] * 8; bit += bit < from ? 13 : 1) {
                struct simdisk *damaged = simdisk_clone(disk);
                uint64_t at = bit / 8;

                simdisk_flip(damaged, WORLD_PATH, name, at, (uint8_t)(1u << bit % 8));
                cr_assert_eq(judge(damaged), -EBADMSG, "bit %llu", (unsigned long long)bit);
                cr_assert_neq(strstr(world.error.path, name), NULL);
                if (at >= begins[0]) {
                        cr_assert_geq(world.error.offset, begins[batch_of(at)]);
                        cr_assert_lt(world.error.offset, begins[batch_of(at) + 1]);
                }
                simdisk_free(damaged);
        }
}

/* Goal    A sector that is gone from the last batch is a torn write: the log ends
 *         before it. Gone from any other, it is damage, since the batch after
 *         says that it was synced.
 * Method  Zero each sector of the log. */
Test(tail, lost_sectors_are_torn_only_at_the_end)
{
        static const uint8_t zeros[JOURNAL_SECTOR_SIZE];

        for (uint64_t at = begins[0]; at < begins[BATCH_COUNT]; at += JOURNAL_SECTOR_SIZE) {
                struct simdisk *damaged = simdisk_clone(disk);
                uint8_t before[JOURNAL_SECTOR_SIZE];
                int verdict;

                simdisk_peek(damaged, WORLD_PATH, name, at, before, sizeof(before));
                simdisk_poke(damaged, WORLD_PATH, name, at, zeros, sizeof(zeros));
                verdict = judge(damaged);
                if (memcmp(before, zeros, sizeof(zeros)) == 0)
                        cr_assert_eq(verdict, BATCH_COUNT, "nothing was changed");
                else if (batch_of(at) == BATCH_COUNT - 1)
                        cr_assert_eq(verdict, BATCH_COUNT - 1);
                else
                        cr_assert_eq(verdict, -EBADMSG);
                simdisk_free(damaged);
        }
}

/* Goal    Any set of sectors may be missing of the batch that was being written.
 * Method  Every subset of the sectors of the last batch, up to 2^12. */
Test(tail, any_subset_of_the_last_batch_may_be_lost)
{
        static const uint8_t zeros[JOURNAL_SECTOR_SIZE];
        const uint64_t begin = begins[BATCH_COUNT - 1];
        uint64_t size = sizes[BATCH_COUNT - 1];
        uint32_t sector_count = (uint32_t)((size + JOURNAL_SECTOR_SIZE - 1) / JOURNAL_SECTOR_SIZE);
        uint32_t set_count = sector_count > 12 ? 1u << 12 : 1u << sector_count;

        cr_assert_geq(sector_count, 2);
        for (uint32_t set = 1; set < set_count; set++) {
                struct simdisk *damaged = simdisk_clone(disk);

                bool is_changed = false;

                for (uint32_t i = 0; i < sector_count; i++) {
                        uint64_t at = begin + (uint64_t)i * JOURNAL_SECTOR_SIZE;
                        uint8_t before[JOURNAL_SECTOR_SIZE];

                        if ((set & 1u << i) == 0)
                                continue;
                        simdisk_peek(damaged, WORLD_PATH, name, at, before, sizeof(before));
                        is_changed |= memcmp(before, zeros, sizeof(zeros)) != 0;
                        simdisk_poke(damaged, WORLD_PATH, name, at, zeros, sizeof(zeros));
                }
                cr_assert_eq(judge(damaged), is_changed ? BATCH_COUNT - 1 : BATCH_COUNT, "set %x",
                             set);
                simdisk_free(damaged);
        }
}

/* Goal    A file that was cut is refused, wherever it was cut: its header says how
 *         long it is.
 * Method  Each length through the last two batches, some before and behind. */
Test(tail, cut_files_are_refused)
{
        uint64_t from = begins[BATCH_COUNT - 2], to = begins[BATCH_COUNT];

        for (uint64_t size = 0; size < SEGMENT_SIZE; size += size >= from && size < to ? 1 : 509) {
                struct simdisk *damaged = simdisk_clone(disk);

                simdisk_cut(damaged, WORLD_PATH, name, size);
                cr_assert_eq(judge(damaged), -EBADMSG, "cut at %llu", (unsigned long long)size);
                simdisk_free(damaged);
        }
}

/* Goal    A write that stopped short is a torn write, wherever it stopped behind
 *         the header.
 * Method  Zero the last batch from each byte on. */
Test(tail, short_writes_are_torn)
{
        static const uint8_t zeros[16384];
        const uint64_t begin = begins[BATCH_COUNT - 1], size = sizes[BATCH_COUNT - 1];

        for (uint64_t kept = JOURNAL_BATCH_HEADER_SIZE; kept < size; kept++) {
                struct simdisk *damaged = simdisk_clone(disk);

                simdisk_poke(damaged, WORLD_PATH, name, begin + kept, zeros, size - kept);
                cr_assert_eq(judge(damaged), BATCH_COUNT - 1, "%llu", (unsigned long long)kept);
                simdisk_free(damaged);
        }
}

/* Goal    A clean stop knows where the log ends: what would be a torn tail
 *         otherwise is damage then. */
Test(tail, after_a_clean_stop_nothing_may_be_missing)
{
        static const uint8_t zeros[JOURNAL_SECTOR_SIZE];
        struct simdisk *damaged;

        rewind_world(disk);
        cr_assert_eq(world_recover(&world), 0);
        cr_assert_eq(world_turn(&world, 2, JOURNAL_COMMIT_INLINE), 0);
        cr_assert_eq(world_stop(&world), 0);
        journal_name_format(name, JOURNAL_LOG_PREFIX, 2);

        damaged = simdisk_clone(disk);
        simdisk_poke(damaged, WORLD_PATH, name, 512, zeros, sizeof(zeros));
        world.io = world.options.io = simdisk_io(damaged);
        cr_assert_eq(world_open(&world), -EBADMSG);
        cr_assert_neq(strstr(world.error.what, "stopped cleanly"), NULL, "%s", world.error.what);
        simdisk_free(damaged);
        world.io = world.options.io = simdisk_io(disk);
}

/* Goal    The older segments have no tail: every flaw is damage, found by the replay.
 * Method  After a recovery, which seals the segment, lose a sector of its last
 *         batch, flip a bit, remove the file. */
Test(tail, sealed_segments_have_no_tail)
{
        static const uint8_t zeros[JOURNAL_SECTOR_SIZE];
        struct simdisk *damaged;

        rewind_world(disk);
        cr_assert_eq(world_recover(&world), 0);
        world_drop(&world);
        save_world();
        cr_assert_eq(simdisk_file_size(disk, WORLD_PATH, name), begins[BATCH_COUNT]);

        damaged = simdisk_clone(disk);
        simdisk_poke(damaged, WORLD_PATH, name, begins[BATCH_COUNT - 1], zeros, sizeof(zeros));
        rewind_world(damaged);
        cr_assert_eq(world_open(&world), -EBADMSG);
        cr_assert_eq(world.error.offset, begins[BATCH_COUNT - 1]);
        simdisk_free(damaged);

        damaged = simdisk_clone(disk);
        simdisk_flip(damaged, WORLD_PATH, name, begins[3] + 100, 1);
        rewind_world(damaged);
        cr_assert_eq(world_open(&world), -EBADMSG);
        simdisk_free(damaged);

        /* The newest segment alone: the log begins later than what is wanted. */
        damaged = simdisk_clone(disk);
        simdisk_remove(damaged, WORLD_PATH, name);
        rewind_world(damaged);
        cr_assert_eq(world_open(&world), -ENODATA);
        simdisk_free(damaged);

        rewind_world(disk);
}

/* Goal    A crash between the repair and the new segment leaves a sealed last
 *         segment; it opens again, and any flaw in it is damage. */
Test(tail, a_sealed_last_segment_must_be_whole)
{
        static const uint8_t zeros[JOURNAL_SECTOR_SIZE];
        struct simdisk *damaged;
        char second[JOURNAL_NAME_SIZE];

        rewind_world(disk);
        cr_assert_eq(world_recover(&world), 0);
        world_drop(&world);
        save_world();
        journal_name_format(second, JOURNAL_LOG_PREFIX, 2);
        simdisk_remove(disk, WORLD_PATH, second);

        damaged = simdisk_clone(disk);
        cr_assert_eq(judge(damaged), BATCH_COUNT);
        simdisk_free(damaged);

        damaged = simdisk_clone(disk);
        simdisk_poke(damaged, WORLD_PATH, name, begins[BATCH_COUNT - 1], zeros, sizeof(zeros));
        cr_assert_eq(judge(damaged), -EBADMSG);
        cr_assert_neq(strstr(world.error.what, "sealed"), NULL);
        simdisk_free(damaged);

        rewind_world(disk);
}

/* Goal    Lost sectors that held nothing but payload look like an erased payload,
 *         and are not taken for one; a payload that really was erased is not
 *         taken for torn.
 * Method  A record whose payload covers whole sectors. Zero them in the last
 *         batch: torn. Erase it properly, after the batch behind it: kept. */
Test(tail, a_lost_payload_is_not_an_erased_one)
{
        struct journal_stamp stamp = { .now_ns = 1 };
        static uint8_t payload[4096];
        struct journal_bytes body = { "xxxxxxxx", 8 }, bytes = { payload, sizeof(payload) };
        static const uint8_t zeros[sizeof(payload)];
        struct simdisk *fresh = simdisk_new(5), *damaged;
        struct journal_error error;
        struct journal *journal;
        void *memory;

        struct journal_options own = options;

        own.io = simdisk_io(fresh);
        memory = malloc(journal_size(&own));
        memset(payload, 0x77, sizeof(payload));
        cr_assert_eq(journal_open(memory, &own, "d", &journal, &error), 0);
        cr_assert_eq(journal_start(journal, 1, 1, &error), 0);

        /* A record first that makes the payload begin at a sector. */
        cr_assert_eq(journal_reserve(journal, 8, 376), JOURNAL_ROOM);
        (void)journal_append(journal, body, (struct journal_bytes){ payload, 376 });
        cr_assert_eq(journal_reserve(journal, 8, sizeof(payload)), JOURNAL_ROOM);
        (void)journal_append(journal, body, bytes);
        cr_assert_eq(journal_commit(journal, &stamp, JOURNAL_COMMIT_INLINE), 0);
        cr_assert_eq(journal_erase_payload(journal, 2, &error), -EAGAIN);
        journal_close(journal);
        simdisk_restart(fresh);

        /* 512 + 72 + (16 + 8 + 8 + 376) + 16 + 8 + 8 = 1024: the payload is sectors 2 to 9. */
        damaged = simdisk_clone(fresh);
        own.io = simdisk_io(damaged);
        simdisk_poke(damaged, "d", "log-0000000000000001", 1024, zeros, sizeof(zeros));
        cr_assert_eq(journal_open(memory, &own, "d", &journal, &error), 0);
        cr_assert_eq(journal_found(journal)->last_lsn, 0);
        cr_assert(journal_found(journal)->is_torn);
        journal_close(journal);
        simdisk_free(damaged);

        own.io = simdisk_io(fresh);
        cr_assert_eq(journal_open(memory, &own, "d", &journal, &error), 0);
        cr_assert_eq(journal_start(journal, 2, 1, &error), 0);
        cr_assert_eq(journal_erase_payload(journal, 2, &error), 0);
        journal_close(journal);
        simdisk_crash(fresh, SIMDISK_LOSE_ALL);
        cr_assert_eq(journal_open(memory, &own, "d", &journal, &error), 0);
        cr_assert_eq(journal_found(journal)->last_lsn, 2);
        journal_close(journal);

        free(memory);
        simdisk_free(fresh);
}

/* Goal    A payload of zeros that a customer sent is not mistaken for lost
 *         sectors, and hides none.
 * Method  Flip a bit in a batch full of natural zeros: no sector is missing, so it
 *         is refused. */
Test(tail, natural_zeros_do_not_excuse_damage)
{
        struct journal_stamp stamp = { .now_ns = 1 };
        static const uint8_t zeros[5000];
        struct simdisk *fresh = simdisk_new(5);
        struct journal_options own = options;
        struct journal_error error;
        struct journal *journal;
        void *memory;

        own.io = simdisk_io(fresh);
        memory = malloc(journal_size(&own));
        cr_assert_eq(journal_open(memory, &own, "d", &journal, &error), 0);
        cr_assert_eq(journal_start(journal, 1, 1, &error), 0);
        cr_assert_eq(journal_reserve(journal, 8, sizeof(zeros)), JOURNAL_ROOM);
        (void)journal_append(journal, (struct journal_bytes){ "xxxxxxxx", 8 },
                             (struct journal_bytes){ zeros, sizeof(zeros) });
        cr_assert_eq(journal_commit(journal, &stamp, JOURNAL_COMMIT_INLINE), 0);
        journal_close(journal);
        simdisk_restart(fresh);

        cr_assert_eq(journal_open(memory, &own, "d", &journal, &error), 0);
        cr_assert_eq(journal_found(journal)->last_lsn, 1);
        journal_close(journal);
        simdisk_restart(fresh);
        simdisk_flip(fresh, "d", "log-0000000000000001", 512 + 72 + 16 + 3, 4);
        cr_assert_eq(journal_open(memory, &own, "d", &journal, &error), -EBADMSG);

        free(memory);
        simdisk_free(fresh);
}

/* Goal    Unsynced batches may be torn in any order; the log ends before the
 *         first that is.
 * Method  Policy "never": lose the middle one of three. */
Test(tail, without_syncs_a_later_batch_proves_nothing)
{
        static const uint8_t zeros[JOURNAL_SECTOR_SIZE];
        struct simdisk *fresh = simdisk_new(6);
        struct journal_options own = options;
        uint64_t begin = 512, offset;
        struct world other;
        uint32_t size = 0;
        uint8_t bytes[4];

        own.sync_policy = JOURNAL_SYNC_NEVER;
        world_init(&other, simdisk_io(fresh), &own, 6, 1000);
        cr_assert_eq(world_recover(&other), 0);
        for (int i = 0; i < 3; i++)
                cr_assert_eq(world_turn(&other, 2, JOURNAL_COMMIT_INLINE), 0);
        cr_assert_eq(other.promised_lsn, 0);
        world_drop(&other);
        simdisk_crash(fresh, SIMDISK_LOSE_NOTHING);

        simdisk_peek(fresh, WORLD_PATH, "log-0000000000000001", begin + 8, bytes, sizeof(bytes));
        memcpy(&size, bytes, sizeof(size));
        offset = begin + journal_blocks_size(size, 512);
        simdisk_poke(fresh, WORLD_PATH, "log-0000000000000001", offset, zeros, sizeof(zeros));
        cr_assert_eq(world_open(&other), 0);
        cr_assert_eq(journal_found(other.journal)->last_lsn, 2);
        cr_assert(journal_found(other.journal)->is_torn);
        cr_assert_eq(journal_found(other.journal)->torn_offset, offset);
        cr_assert_eq(world_start(&other), 0);
        cr_assert_eq(world_turn(&other, 2, JOURNAL_COMMIT_INLINE), 0);

        world_free(&other);
        simdisk_free(fresh);
}

/* Goal    Bytes that an earlier life left in a recycled file, even whole batches,
 *         are not taken for a continuation.
 * Method  Copy a valid batch of the log behind the end of another segment. */
Test(tail, stale_batches_are_not_a_continuation)
{
        static uint8_t batch[16384];
        uint64_t size = begins[1] - begins[0];
        struct simdisk *damaged;
        char second[JOURNAL_NAME_SIZE];

        rewind_world(disk);
        cr_assert_eq(world_recover(&world), 0);
        cr_assert_eq(world_turn(&world, 1, JOURNAL_COMMIT_INLINE), 0);
        world_drop(&world);
        simdisk_restart(disk);
        save_world();

        /* A batch of segment 1 at the place of the next batch of segment 2: its
         * sectors are not missing, so it is damage, and it is not replayed. */
        journal_name_format(second, JOURNAL_LOG_PREFIX, 2);
        simdisk_peek(disk, WORLD_PATH, name, begins[0], batch, size);
        damaged = simdisk_clone(disk);
        simdisk_poke(damaged, WORLD_PATH, second, 8192, batch, size);
        rewind_world(damaged);
        cr_assert_eq(world_open(&world), 0, "behind the end: a torn write whose header is lost");
        cr_assert_eq(journal_found(world.journal)->last_lsn, blank_world.written_lsn);
        world_drop(&world);
        simdisk_free(damaged);

        damaged = simdisk_clone(disk);
        simdisk_poke(damaged, WORLD_PATH, second, 512, batch, size);
        rewind_world(damaged);
        cr_assert_eq(world_open(&world), -EBADMSG);
        simdisk_free(damaged);

        rewind_world(disk);
}
