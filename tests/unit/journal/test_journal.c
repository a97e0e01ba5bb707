/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal in good times: what goes in comes out, across rolls, restarts,
 * snapshots and truncation.
 */

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "journal/private.h"
#include "tests/support/journal_world.h"
#include "tests/support/simdisk.h"

static struct simdisk *disk;
static struct world world;

static void set_up(void)
{
        disk = simdisk_new(1);
        world_init(&world, simdisk_io(disk), &(struct journal_options){ 0 }, 1, 20000);
}

static void tear_down(void)
{
        world_free(&world);
        cr_assert_eq(simdisk_open_count(disk), 0u);
        simdisk_free(disk);
}

TestSuite(journal, .init = set_up, .fini = tear_down);

/* Goal    What was committed is replayed, byte for byte, after a clean stop.
 * Method  300 turns over many segments, stop, recover; the world checks. */
Test(journal, gives_back_what_was_committed)
{
        cr_assert_eq(world_recover(&world), 0);
        for (int i = 0; i < 300; i++)
                cr_assert_eq(world_turn(&world, 1 + (uint32_t)i % 7, JOURNAL_COMMIT_INLINE), 0);
        world_check_events(&world);
        cr_assert_eq(world_stop(&world), 0);

        cr_assert_eq(world_recover(&world), 0);
        cr_assert(journal_found(world.journal)->is_clean);
        cr_assert_eq(world.promised_lsn, world.written_lsn);
        world_check_events(&world);
}

static void turns(int count)
{
        for (int i = 0; i < count; i++)
                cr_assert_eq(world_turn(&world, 3, JOURNAL_COMMIT_INLINE), 0);
}

static void do_all_work(void)
{
        int r;

        do {
                r = journal_work(world.journal);
        } while (r > 0);
        cr_assert_eq(r, 0);
}

static bool has_file(const char *prefix, uint64_t number)
{
        char name[JOURNAL_NAME_SIZE];

        journal_name_format(name, prefix, number);
        return simdisk_file_size(disk, WORLD_PATH, name) >= 0;
}

/* ---- opening ---- */

Test(journal, begins_empty)
{
        const struct journal_found *found;

        world.options.slots[2] = 77;
        cr_assert_eq(world_open(&world), 0);
        found = journal_found(world.journal);
        cr_assert(found->is_new);
        cr_assert(!found->is_torn);
        cr_assert_eq(found->first_lsn, 1);
        cr_assert_eq(found->last_lsn, 0);
        cr_assert_eq(journal_meta(world.journal)->slots[2], 77);
        cr_assert_eq(journal_meta(world.journal)->made_wall_ns, world.options.made_wall_ns);
        cr_assert_eq(world_start(&world), 0);
        cr_assert_eq(journal_epoch(world.journal), 1);
        world_drop(&world);

        /* What META got at birth stays, whatever the options say later. */
        world.options.slots[2] = 78;
        world.options.made_wall_ns = 5;
        cr_assert_eq(world_recover(&world), 0);
        cr_assert(!journal_found(world.journal)->is_new);
        cr_assert_eq(journal_meta(world.journal)->slots[2], 77);
        cr_assert_neq(journal_meta(world.journal)->made_wall_ns, 5);
        cr_assert_eq(journal_epoch(world.journal), 2);
        cr_assert_eq(journal_meta(world.journal)->run_id, world.run);
}

Test(journal, slots_are_durable)
{
        cr_assert_eq(world_recover(&world), 0);
        cr_assert_eq(journal_set_slot(world.journal, 7, 1234, NULL), 0);
        world_drop(&world);
        simdisk_crash(disk, SIMDISK_LOSE_ALL);
        cr_assert_eq(world_recover(&world), 0);
        cr_assert_eq(journal_meta(world.journal)->slots[7], 1234);
}

Test(journal, has_one_owner)
{
        void *memory = malloc(journal_size(&world.options));
        struct journal *second = NULL;
        struct journal_error error;

        cr_assert_eq(world_recover(&world), 0);
        cr_assert_eq(journal_open(memory, &world.options, WORLD_PATH, &second, &error),
                     -EWOULDBLOCK);
        cr_assert_eq(second, NULL);
        cr_assert_eq(error.remedy, JOURNAL_REMEDY_OWNER);
        free(memory);
}

/* Goal    A directory that lost an essential file is refused, by name. */
Test(journal, missing_files_are_refused)
{
        struct simdisk *damaged;

        cr_assert_eq(world_recover(&world), 0);
        turns(30);
        world_drop(&world);
        simdisk_restart(disk);

        damaged = simdisk_clone(disk);
        simdisk_remove(damaged, WORLD_PATH, "META");
        world.io = world.options.io = simdisk_io(damaged);
        cr_assert_eq(world_open(&world), -EBADMSG);
        cr_assert_str_eq(world.error.path, WORLD_PATH "/META");
        simdisk_free(damaged);

        damaged = simdisk_clone(disk);
        simdisk_remove(damaged, WORLD_PATH, "log-0000000000000002");
        world.io = world.options.io = simdisk_io(damaged);
        cr_assert_eq(world_open(&world), -EBADMSG);
        cr_assert_str_eq(world.error.path, WORLD_PATH "/log-0000000000000002");
        cr_assert_str_eq(world.error.what, "the segment is missing");
        simdisk_free(damaged);

        damaged = simdisk_clone(disk);
        for (uint64_t i = 1; i < 20; i++) {
                char name[JOURNAL_NAME_SIZE];

                journal_name_format(name, "log", i);
                if (simdisk_file_size(damaged, WORLD_PATH, name) >= 0)
                        simdisk_remove(damaged, WORLD_PATH, name);
        }
        world.io = world.options.io = simdisk_io(damaged);
        cr_assert_eq(world_open(&world), -EBADMSG);
        simdisk_free(damaged);
        world.io = world.options.io = simdisk_io(disk);
}

/* Goal    Another format version is refused as such, with the way out. */
Test(journal, other_versions_are_refused_as_such)
{
        uint8_t header[JOURNAL_SECTOR_SIZE];

        cr_assert_eq(world_recover(&world), 0);
        turns(1);
        world_drop(&world);
        simdisk_peek(disk, WORLD_PATH, "log-0000000000000001", 0, header, sizeof(header));
        acd_put_u32(header + 8, 77);
        acd_put_u32(header + 68, acd_crc32c(0, header, 68));
        simdisk_poke(disk, WORLD_PATH, "log-0000000000000001", 0, header, sizeof(header));
        cr_assert_eq(world_open(&world), -EPROTONOSUPPORT);
        cr_assert_str_eq(world.error.path, WORLD_PATH "/log-0000000000000001");
        cr_assert_eq(world.error.remedy, JOURNAL_REMEDY_UPGRADE);
}

/* Goal    A segment of another directory is not accepted. */
Test(journal, foreign_segments_are_refused)
{
        struct simdisk *other = simdisk_new(9);
        struct world foreign;
        uint8_t *bytes;
        size_t size;

        world_init(&foreign, simdisk_io(other), &(struct journal_options){ 0 }, 99, 1000);
        cr_assert_eq(world_recover(&foreign), 0);
        cr_assert_eq(world_turn(&foreign, 3, JOURNAL_COMMIT_INLINE), 0);
        world_drop(&foreign);
        cr_assert_eq(world_recover(&world), 0);
        turns(1);
        world_drop(&world);

        size = (size_t)simdisk_file_size(other, WORLD_PATH, "log-0000000000000001");
        bytes = malloc(size);
        simdisk_peek(other, WORLD_PATH, "log-0000000000000001", 0, bytes, size);
        simdisk_poke(disk, WORLD_PATH, "log-0000000000000001", 0, bytes, size);
        cr_assert_eq(world_open(&world), -EBADMSG);
        cr_assert_str_eq(world.error.what, "the segment belongs to another directory");

        free(bytes);
        world_free(&foreign);
        simdisk_free(other);
}

/* Open the directory with another header in log-1, and put the right one back. */
static void open_forged(const struct journal_segment *forged, const char *what)
{
        static const char name[] = "log-0000000000000001";
        uint8_t before[512], after[512];

        simdisk_peek(disk, WORLD_PATH, name, 0, before, sizeof(before));
        journal_segment_encode(forged, after);
        simdisk_poke(disk, WORLD_PATH, name, 0, after, sizeof(after));
        cr_assert_eq(world_open(&world), -EBADMSG);
        cr_assert_str_eq(world.error.what, what);
        simdisk_poke(disk, WORLD_PATH, name, 0, before, sizeof(before));
}

/* Goal    More segments than there is memory for are refused, and it is said what to do. */
Test(journal, too_many_segments_are_named)
{
        struct journal_options options = world.options;
        struct journal_error few;
        struct journal *journal;
        void *memory;

        cr_assert_eq(world_recover(&world), 0);
        turns(60);
        world_drop(&world);
        simdisk_restart(disk);
        cr_assert_gt(simdisk_file_size(disk, WORLD_PATH, "log-0000000000000005"), 0);
        options.io = simdisk_io(disk);
        options.segment_count_max = 4;
        memory = malloc(journal_size(&options));
        cr_assert_eq(journal_open(memory, &options, WORLD_PATH, &journal, &few), -EOVERFLOW);
        cr_assert_eq(few.remedy, JOURNAL_REMEDY_SETTINGS);
        cr_assert_neq(strstr(few.what, "segment_count_max"), NULL);
        free(memory);
}

/* Goal    Segments are one log: each follows the one before it, and is what its name says. */
Test(journal, segments_follow_each_other)
{
        uint8_t bytes[512];
        struct journal_segment segment, forged;

        cr_assert_eq(world_recover(&world), 0);
        turns(30);
        world_drop(&world);
        simdisk_restart(disk);
        simdisk_peek(disk, WORLD_PATH, "log-0000000000000001", 0, bytes, sizeof(bytes));
        cr_assert_eq(journal_segment_decode(bytes, sizeof(bytes), &segment), 0);
        cr_assert_gt(simdisk_file_size(disk, WORLD_PATH, "log-0000000000000002"), 0);

        forged = segment;
        forged.first_lsn = 1000000;
        open_forged(&forged, "the segment does not follow the one before it");
        forged = segment;
        forged.epoch++;
        open_forged(&forged, "the segment does not follow the one before it");
        forged = segment;
        forged.number = 9;
        open_forged(&forged, "the segment says it is number 9");
        cr_assert_eq(world.error.offset, 16u);
        cr_assert_eq(world_open(&world), 0);
}

/* Goal    Settings that make no sense are refused by name; defaults are not. */
Test(journal, nonsense_settings_are_named)
{
        static const struct {
                struct journal_options options;
                const char *what;
        } cases[] = {
                { { .block_size = 100 }, "block_size" },
                { { .block_size = 8192 }, "block_size" },
                { { .block_size = 768 }, "block_size" },
                { { .batch_size_max = 4095 }, "batch_size_max" },
                { { .batch_size_max = JOURNAL_BATCH_SIZE_MAX + 1 }, "batch_size_max" },
                { { .batch_record_count_max = 65536 }, "batch_record_count_max" },
                { { .spare_count = 1 }, "spare_count" },
                { { .spare_count = 17 }, "spare_count" },
                { { .segment_count_max = 3 }, "segment_count_max" },
                { { .marks = { .low_permille = 1001 } }, "marks" },
                { { .marks = { .critical_permille = 1001 } }, "marks" },
                { { .segment_size = 1 << 20 }, "segment_size" },
                { { .segment_size = (UINT64_C(1) << 36) + 1 }, "segment_size" },
        };
        struct journal_error error;
        struct journal *journal;

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                void *memory = malloc(journal_size(&cases[i].options));

                cr_assert_eq(journal_open(memory, &cases[i].options, "x", &journal, &error),
                             -EINVAL);
                cr_assert_neq(strstr(error.what, cases[i].what), NULL, "%s", error.what);
                cr_assert_eq(error.remedy, JOURNAL_REMEDY_SETTINGS);
                free(memory);
        }
}

/* Goal    What is said of settings holds to the last: these are in range. */
Test(journal, sane_settings_are_taken)
{
        static const struct journal_options cases[] = {
                { .block_size = 512 },
                { .block_size = 1024 },
                { .block_size = 4096 },
                { .batch_size_max = 4096 },
                { .batch_size_max = JOURNAL_BATCH_SIZE_MAX },
                { .batch_record_count_max = 65535 },
                { .batch_record_count_max = 1 },
                { .spare_count = 2 },
                { .spare_count = 16 },
                { .segment_count_max = 4 },
                { .marks = { .low_permille = 1000, .critical_permille = 1000 } },
                { .segment_size = UINT64_C(1) << 36 },
                { .batch_size_max = 4096, .segment_size = 2 * 4096 + 512 },
        };
        const struct journal_options tight = { .batch_size_max = 4096,
                                               .segment_size = 2 * 4096 + 511 };
        struct journal_options resolved;

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
                cr_assert_eq(journal_options_resolve(&cases[i], &resolved, NULL), 0, "%zu", i);
        cr_assert_eq(journal_options_resolve(&tight, &resolved, NULL), -EINVAL);
}

/* Zero means the default, and those are the header's. */
Test(journal, defaults_are_as_documented)
{
        const struct journal_options zero = { 0 };
        struct journal_options resolved;

        cr_assert_eq(journal_options_resolve(&zero, &resolved, NULL), 0);
        cr_assert_eq(resolved.io, &journal_io_os);
        cr_assert_eq(resolved.sync_interval_ns, 1000000000u);
        cr_assert_eq(resolved.segment_size, 64u << 20);
        cr_assert_eq(resolved.batch_size_max, 1280u << 10);
        cr_assert_eq(resolved.batch_record_count_max, 8192u);
        cr_assert_eq(resolved.block_size, 512u);
        cr_assert_eq(resolved.spare_count, 2u);
        cr_assert_eq(resolved.segment_count_max, 16384u);
}

/* ---- batches ---- */

static uint64_t append(size_t body_size, size_t payload_size)
{
        static uint8_t bytes[JOURNAL_BODY_SIZE_MAX];

        return journal_append(world.journal, (struct journal_bytes){ bytes, body_size },
                              (struct journal_bytes){ bytes, payload_size });
}

/* Goal    A sync that was asked for and failed is told, and final. */
Test(journal, a_failed_sync_by_hand_is_told)
{
        const struct simdisk_fault fault = { 1 << SIMDISK_SYNC, 1, EIO, false };
        struct journal_stamp stamp = { .now_ns = 1 };

        world.options.sync_policy = JOURNAL_SYNC_INTERVAL;
        cr_assert_eq(world_recover(&world), 0);
        cr_assert_eq(journal_reserve(world.journal, 8, 0), JOURNAL_ROOM);
        (void)append(8, 0);
        cr_assert_eq(journal_commit(world.journal, &stamp, JOURNAL_COMMIT_INLINE), 0);
        simdisk_set_fault(disk, &fault);
        cr_assert_eq(journal_sync(world.journal, 2), -EIO);
        cr_assert_eq(journal_failure(world.journal)->code, -EIO);
        cr_assert_eq(journal_sync(world.journal, 3), -EIO, "it is final");
}

/* Goal    Reserve says when a batch is full, by size and by count, and to wait when
 *         the other is still on its way. */
Test(journal, says_when_a_batch_is_full)
{
        struct journal_stamp stamp = { .now_ns = 1 };
        uint32_t count = 0;

        world.options.batch_record_count_max = 5;
        cr_assert_eq(world_recover(&world), 0);
        while (journal_reserve(world.journal, 8, 0) == JOURNAL_ROOM) {
                cr_assert_eq(append(8, 0), ++count);
                cr_assert_eq(journal_pending_count(world.journal), count);
                cr_assert_eq(journal_pending_size(world.journal), 72 + 40 + count * 24);
        }
        cr_assert_eq(count, 5);
        cr_assert_eq(journal_reserve(world.journal, 8, 0), JOURNAL_ROOM_BATCH_FULL);
        cr_assert_eq(journal_commit(world.journal, &stamp, JOURNAL_COMMIT_HANDED), 0);
        cr_assert(journal_is_busy(world.journal));
        cr_assert_eq(journal_committed_lsn(world.journal), 0);

        /* 3,900 bytes fit once, not twice. */
        cr_assert_eq(journal_reserve(world.journal, 100, 3800), JOURNAL_ROOM);
        (void)append(100, 3800);
        cr_assert_eq(journal_reserve(world.journal, 100, 3800), JOURNAL_ROOM_WAIT);
        cr_assert_eq(journal_poll(world.journal), 0);
        cr_assert_eq(journal_work(world.journal), 1);
        cr_assert_eq(journal_committed_lsn(world.journal), 0, "not before it is collected");
        cr_assert_eq(journal_poll(world.journal), 1);
        cr_assert_eq(journal_poll(world.journal), 0);
        cr_assert_eq(journal_committed_lsn(world.journal), 5);
        cr_assert_eq(journal_reserve(world.journal, 100, 3800), JOURNAL_ROOM_BATCH_FULL);
        cr_assert_eq(journal_last_lsn(world.journal), 6);
}

/* Goal    The default limits: 8,192 records, or a batch of 1.25 MiB of the largest
 *         records; both come back. */
Test(journal, the_largest_batches_come_back)
{
        struct journal_options options = { .io = simdisk_io(disk),
                                           .segment_size = 4 << 20,
                                           .secret = 1 };
        struct journal_stamp stamp = { .now_ns = 1 };
        static uint8_t bytes[JOURNAL_BODY_SIZE_MAX];
        void *memory = malloc(journal_size(&options));
        void *reader_memory = malloc(journal_reader_size());
        struct journal_bytes large = { bytes, sizeof(bytes) };
        struct journal_reader *reader;
        struct journal_batch batch;
        struct journal *journal;

        memset(bytes, 1, sizeof(bytes));
        cr_assert_eq(journal_open(memory, &options, "big", &journal, NULL), 0);
        cr_assert_eq(journal_start(journal, 1, 1, &(struct journal_error){ 0 }), 0);
        while (journal_reserve(journal, 40, 60) == JOURNAL_ROOM)
                (void)journal_append(journal, (struct journal_bytes){ bytes, 40 },
                                     (struct journal_bytes){ bytes, 60 });
        cr_assert_eq(journal_pending_count(journal), 8192);
        cr_assert_eq(journal_commit(journal, &stamp, JOURNAL_COMMIT_INLINE), 0);
        while (journal_reserve(journal, sizeof(bytes), sizeof(bytes)) == JOURNAL_ROOM)
                (void)journal_append(journal, large, large);
        cr_assert_eq(journal_pending_count(journal), 9);
        cr_assert_eq(journal_commit(journal, &stamp, JOURNAL_COMMIT_INLINE), 0);
        journal_close(journal);

        cr_assert_eq(journal_open(memory, &options, "big", &journal, NULL), 0);
        cr_assert_eq(journal_found(journal)->last_lsn, 8201);
        cr_assert_eq(journal_reader_open(reader_memory, journal, 1, &reader, NULL), 0);
        cr_assert_eq(journal_reader_next(reader, &batch, NULL), 1);
        cr_assert_eq(batch.record_count, 8192);
        cr_assert_eq(journal_reader_next(reader, &batch, NULL), 1);
        cr_assert_eq(batch.record_count, 9);
        cr_assert_eq(journal_reader_next(reader, &batch, NULL), 0);
        journal_reader_close(reader);
        journal_close(journal);
        free(reader_memory);
        free(memory);
}

/* Goal    Batches begin at blocks and never share a sector, for each block size. */
Test(journal, batches_share_no_sector)
{
        static const uint32_t block_sizes[] = { 512, 1024, 1536, 4096 };

        for (size_t i = 0; i < sizeof(block_sizes) / sizeof(block_sizes[0]); i++) {
                struct journal_counts counts;

                world_free(&world);
                simdisk_free(disk);
                disk = simdisk_new(i);
                world_init(&world, simdisk_io(disk),
                           &(struct journal_options){ .block_size = block_sizes[i],
                                                      .segment_size = 40000 },
                           1, 1000);
                cr_assert_eq(world_recover(&world), 0);
                for (int j = 0; j < 10; j++) {
                        journal_get_counts(world.journal, &counts);
                        cr_assert_eq(counts.byte_count % block_sizes[i], 0);
                        turns(1);
                }
                cr_assert_eq(world_stop(&world), 0);
                cr_assert_eq(world_recover(&world), 0);
        }
}

/* ---- what is kept ---- */

/* Goal    Nothing is deleted that the older snapshot, or the owner's floor, needs.
 * Method  Two snapshots with turns between; look at the files. The truncation with
 *         a floor of 1 keeps all. */
Test(journal, deletes_only_below_snapshot_and_floor)
{
        struct journal_counts counts;
        uint64_t first_snapshot_lsn;

        cr_assert_eq(world_recover(&world), 0);
        turns(40);
        cr_assert_eq(journal_truncate(world.journal, UINT64_MAX, &world.error), 0);
        do_all_work();
        cr_assert(has_file("log", 1), "there is no snapshot");

        /* The world draws its own floors; this test wants none. */
        cr_assert_eq(world_snapshot(&world), 0);
        first_snapshot_lsn = journal_last_lsn(world.journal);
        cr_assert_eq(journal_truncate(world.journal, 1, &world.error), 0);
        do_all_work();
        cr_assert(has_file("log", 1), "the floor is record 1");

        turns(40);
        cr_assert_eq(world_snapshot(&world), 0);
        cr_assert_eq(journal_truncate(world.journal, UINT64_MAX, &world.error), 0);
        do_all_work();
        cr_assert(!has_file("log", 1));
        world_drop(&world);

        /* The older snapshot still has its log. */
        simdisk_restart(disk);
        cr_assert_eq(world_open(&world), 0);
        cr_assert_leq(journal_found(world.journal)->first_lsn, first_snapshot_lsn + 1);
        journal_get_counts(world.journal, &counts);
        cr_assert_eq(counts.kept_size, counts.segment_count * 16384u);
}

/* Goal    A segment that goes when a spare is missing becomes one, zeroed again, and
 *         what is later written into it is read back. */
Test(journal, segments_are_recycled)
{
        struct journal_space_report report;
        struct journal_counts counts;
        int r;

        cr_assert_eq(world_recover(&world), 0);
        do_all_work();
        turns(10);
        simdisk_set_space(disk, simdisk_used(disk), 0);
        do {
                r = world_turn(&world, 3, JOURNAL_COMMIT_INLINE);
        } while (r == 0);
        cr_assert_eq(r, -EAGAIN);
        simdisk_set_space(disk, UINT64_C(1) << 30, 0);
        cr_assert_eq(world_snapshot(&world), 0);
        cr_assert_eq(journal_truncate(world.journal, UINT64_MAX, &world.error), 0);
        do_all_work();
        journal_get_counts(world.journal, &counts);
        cr_assert_gt(counts.recycled_count, 0);
        (void)journal_space(world.journal, &report);
        turns(60);
        cr_assert_eq(world_stop(&world), 0);
        cr_assert_eq(world_recover(&world), 0);
}

Test(journal, reports_what_it_does)
{
        struct journal_counts counts;

        cr_assert_eq(world_recover(&world), 0);
        do_all_work();
        turns(30);
        do_all_work();
        journal_get_counts(world.journal, &counts);
        cr_assert_eq(counts.batch_count, 30);
        cr_assert_eq(counts.record_count, journal_last_lsn(world.journal));
        cr_assert_geq(counts.sync_count, 30);
        cr_assert_eq(counts.roll_count + 0u, counts.segment_count);
        cr_assert_eq(counts.spare_count, 2);
}

/* Goal    What the disk says about its space, and what it will not say. */
Test(journal, watches_the_disk)
{
        struct simdisk_fault fault = { .ops = 1 << SIMDISK_SPACE, .at = 1, .error = EIO };
        struct journal_space_report report;

        world.options.marks = (struct journal_marks){ .low_size = 600 << 10,
                                                      .critical_size = 300 << 10,
                                                      .low_permille = 1,
                                                      .critical_permille = 1 };
        cr_assert_eq(world_recover(&world), 0);
        do_all_work();
        simdisk_set_space(disk, simdisk_used(disk) + (1 << 20), 0);
        cr_assert_eq(journal_space(world.journal, &report), JOURNAL_SPACE_PLENTY);
        cr_assert_eq(report.free_size, 1 << 20);
        cr_assert_eq(report.low_size, 600 << 10);
        cr_assert_eq(report.critical_size, 300 << 10);
        cr_assert_eq(report.spare_count, 2);
        simdisk_set_space(disk, simdisk_used(disk) + (500 << 10), 0);
        cr_assert_eq(journal_space(world.journal, &report), JOURNAL_SPACE_LOW);
        simdisk_set_space(disk, simdisk_used(disk) + (200 << 10), 0);
        cr_assert_eq(journal_space(world.journal, &report), JOURNAL_SPACE_CRITICAL);
        simdisk_set_space(disk, simdisk_used(disk) + (1 << 20), 0);
        cr_assert_eq(journal_space(world.journal, &report), JOURNAL_SPACE_PLENTY);
        simdisk_set_fault(disk, &fault);
        cr_assert_eq(journal_space(world.journal, &report), JOURNAL_SPACE_CRITICAL);
        cr_assert_eq(journal_space(world.journal, &report), JOURNAL_SPACE_PLENTY);
}

/* ---- policies ---- */

/* Goal    Policy "interval": committed when written, synced when the interval has
 *         passed, and due at a time that the owner can wait for. */
Test(journal, interval_syncs_when_due)
{
        struct journal_stamp stamp = { .now_ns = 1000 };

        world.options.sync_policy = JOURNAL_SYNC_INTERVAL;
        world.options.sync_interval_ns = 10000000;
        cr_assert_eq(world_recover(&world), 0);
        cr_assert_eq(journal_sync_due(world.journal), 0);
        cr_assert_eq(journal_reserve(world.journal, 8, 0), JOURNAL_ROOM);
        (void)append(8, 0);
        cr_assert_eq(journal_commit(world.journal, &stamp, JOURNAL_COMMIT_INLINE), 0);
        cr_assert_eq(journal_committed_lsn(world.journal), 1);
        cr_assert_eq(journal_synced_lsn(world.journal), 0);
        cr_assert_eq(journal_sync_due(world.journal), 10001000);

        /* A batch before it is due is not synced, one after it is. */
        stamp.now_ns = 10000999;
        cr_assert_eq(journal_reserve(world.journal, 8, 0), JOURNAL_ROOM);
        (void)append(8, 0);
        cr_assert_eq(journal_commit(world.journal, &stamp, JOURNAL_COMMIT_INLINE), 0);
        cr_assert_eq(journal_synced_lsn(world.journal), 0);
        stamp.now_ns = 10001000;
        cr_assert_eq(journal_reserve(world.journal, 8, 0), JOURNAL_ROOM);
        (void)append(8, 0);
        cr_assert_eq(journal_commit(world.journal, &stamp, JOURNAL_COMMIT_INLINE), 0);
        cr_assert_eq(journal_synced_lsn(world.journal), 3);
        cr_assert_eq(journal_sync_due(world.journal), 0);

        /* Idle: the owner's timer asks. */
        cr_assert_eq(journal_reserve(world.journal, 8, 0), JOURNAL_ROOM);
        (void)append(8, 0);
        cr_assert_eq(journal_commit(world.journal, &stamp, JOURNAL_COMMIT_INLINE), 0);
        cr_assert_eq(journal_sync(world.journal, journal_sync_due(world.journal)), 0);
        cr_assert_eq(journal_synced_lsn(world.journal), 4);
        cr_assert_eq(journal_sync_due(world.journal), 0);
}

/* Goal    Policy "never": a sync happens at a roll and at a stop only. */
Test(journal, never_syncs_at_rolls_only)
{
        uint64_t sync_count;

        world.options.sync_policy = JOURNAL_SYNC_NEVER;
        cr_assert_eq(world_recover(&world), 0);
        do_all_work();
        sync_count = simdisk_op_count(disk, 1 << SIMDISK_SYNC);
        turns(1);
        cr_assert_eq(simdisk_op_count(disk, 1 << SIMDISK_SYNC), sync_count);
        cr_assert_eq(journal_synced_lsn(world.journal), 0);
        cr_assert_eq(journal_committed_lsn(world.journal), 3);
        turns(30);
        cr_assert_gt(journal_synced_lsn(world.journal), 0);
        cr_assert_lt(journal_synced_lsn(world.journal), journal_committed_lsn(world.journal));
        cr_assert_eq(world_stop(&world), 0);
        simdisk_crash(disk, SIMDISK_LOSE_ALL);
        cr_assert_eq(world_recover(&world), 0);
        cr_assert(journal_found(world.journal)->is_clean);
}

/* ---- onlookers ---- */

/* Goal    A tool reads beside the daemon: what is there, then what comes, over
 *         rolls, without a lock and without writing.
 * Method  One reader follows while the world makes turns. */
Test(journal, an_onlooker_follows)
{
        struct journal_options options = world.options;
        void *memory, *reader_memory = malloc(journal_reader_size());
        struct journal_reader *reader;
        struct journal_batch batch;
        struct journal *onlooker;
        struct journal_error error;
        uint64_t lsn = 0;
        int r;

        cr_assert_eq(world_recover(&world), 0);
        turns(5);
        options.mode = JOURNAL_READ;
        memory = malloc(journal_size(&options));
        cr_assert_eq(journal_open(memory, &options, WORLD_PATH, &onlooker, &error), 0);
        cr_assert_eq(journal_found(onlooker)->last_lsn, 15);
        cr_assert_eq(journal_reader_open(reader_memory, onlooker, 1, &reader, &error), 0);
        for (int i = 0; i < 50; i++) {
                while ((r = journal_reader_next(reader, &batch, &error)) > 0) {
                        cr_assert_eq(batch.first_lsn, lsn + 1);
                        lsn += batch.record_count;
                }
                cr_assert_eq(r, 0);
                cr_assert_eq(lsn, journal_last_lsn(world.journal));
                turns(1);
        }
        journal_reader_close(reader);
        journal_close(onlooker);
        free(memory);
        free(reader_memory);
}

/* Goal    A segment that vanishes while an onlooker opens the log makes it look again;
 *         for the owner, who alone removes segments, it is an error.
 * Method  The open of the second file, and of each after it, finds nothing, once. */
Test(journal, an_onlooker_looks_again)
{
        struct simdisk_fault fault = { .ops = 1 << SIMDISK_OPEN, .error = ENOENT };
        struct journal_options options = world.options;
        struct journal_error error;
        struct journal *journal;
        void *memory = malloc(journal_size(&options));

        cr_assert_eq(world_recover(&world), 0);
        turns(10);
        world_drop(&world);
        for (fault.at = 2; fault.at <= 4; fault.at++) {
                options.mode = JOURNAL_READ;
                simdisk_set_fault(disk, &fault);
                cr_assert_eq(journal_open(memory, &options, WORLD_PATH, &journal, &error), 0);
                cr_assert(simdisk_was_faulty(disk));
                cr_assert_eq(journal_found(journal)->last_lsn, 30);
                journal_close(journal);
                options.mode = JOURNAL_OWN;
                simdisk_set_fault(disk, &fault);
                cr_assert_eq(journal_open(memory, &options, WORLD_PATH, &journal, &error), -ENOENT);
        }
        fault.at = 2;
        fault.is_forever = true;
        options.mode = JOURNAL_READ;
        simdisk_set_fault(disk, &fault);
        cr_assert_eq(journal_open(memory, &options, WORLD_PATH, &journal, &error), -EBADMSG,
                     "then META is missing too");
        free(memory);
}

Test(journal, an_onlooker_needs_a_directory)
{
        struct journal_options options = world.options;
        struct journal_error error;
        struct journal *journal;
        void *memory;

        options.mode = JOURNAL_READ;
        memory = malloc(journal_size(&options));
        cr_assert_eq(journal_open(memory, &options, "nowhere", &journal, &error), -ENOENT);
        free(memory);
}

/* ---- readers ---- */

/* Goal    A reader begins at any batch and nowhere else; asked for what is not
 *         there, it says which end. */
Test(journal, readers_begin_at_batches)
{
        void *memory = malloc(journal_reader_size());
        struct journal_reader *reader;
        struct journal_batch batch;
        struct journal_error error;

        cr_assert_eq(world_recover(&world), 0);
        turns(20);
        for (uint64_t lsn = 1; lsn <= 61; lsn += 3) {
                cr_assert_eq(journal_reader_open(memory, world.journal, lsn, &reader, &error), 0);
                cr_assert_eq(journal_reader_next(reader, &batch, &error), lsn <= 60);
                if (lsn <= 60)
                        cr_assert_eq(batch.first_lsn, lsn);
                cr_assert_eq(journal_reader_next_lsn(reader), lsn <= 60 ? lsn + 3 : 61);
                journal_reader_close(reader);
        }
        cr_assert_eq(journal_reader_open(memory, world.journal, 2, &reader, &error), 0);
        cr_assert_eq(journal_reader_next(reader, &batch, &error), -ENODATA);
        journal_reader_close(reader);
        cr_assert_eq(journal_reader_open(memory, world.journal, 62, &reader, &error), -ENODATA);
        cr_assert_neq(strstr(error.what, "ends"), NULL);
        free(memory);
}
