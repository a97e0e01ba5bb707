/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Snapshots: a stream goes in and comes out, whole or not at all.
 */

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/prng.h"
#include "journal/snapshot.h"
#include "journal/snapshot_format.h"
#include "tests/support/simdisk.h"

static struct simdisk *disk;
static struct journal_dir dir;
static struct snapshot_writer writer;
static struct snapshot_reader reader;
static struct journal_error error;
static uint8_t contents[400000], back[400001];

static void set_up(void)
{
        struct acd_prng prng;

        disk = simdisk_new(1);
        cr_assert_eq(journal_dir_open(&dir, simdisk_io(disk), "d", JOURNAL_DIR_OWN, &error), 0);
        acd_prng_init(&prng, 5);
        for (size_t i = 0; i < sizeof(contents); i++)
                contents[i] = (uint8_t)acd_prng_next(&prng);
}

static void tear_down(void)
{
        snapshot_close(&reader);
        journal_dir_close(&dir);
        cr_assert_eq(simdisk_open_count(disk), 0u);
        simdisk_free(disk);
}

TestSuite(snapshot, .init = set_up, .fini = tear_down, .timeout = 120);

static struct snapshot_head head_of(uint64_t lsn)
{
        return (struct snapshot_head){
                .lsn = lsn,
                .now_ns = 2,
                .wall_ns = 3,
                .digest = 4,
                .running_digest = 5,
                .event_position = 6,
                .run_id = 7,
                .epoch = 8,
                .logic_version = 9,
                .slots = { 10, 11, 12, 13 },
        };
}

/* Write @size bytes in pieces of up to @piece_max. */
static int take(uint64_t lsn, size_t size, size_t piece_max)
{
        struct snapshot_head head = head_of(lsn);
        int r = snapshot_begin(&writer, &dir, &head, &error);

        for (size_t at = 0; r == 0 && at < size; at += piece_max)
                r = snapshot_write(&writer, contents + at,
                                   size - at < piece_max ? size - at : piece_max);
        if (r < 0) {
                snapshot_abandon(&writer);
                return r;
        }
        return snapshot_finish(&writer, &error);
}

/* Open the newest and compare it with the first @size bytes. */
static void check(uint64_t lsn, size_t size, size_t piece_max)
{
        size_t at = 0;
        int64_t count;

        cr_assert_eq(snapshot_open(&reader, &dir, UINT64_MAX, NULL, NULL, &error), 0);
        cr_assert_eq(reader.head.lsn, lsn);
        cr_assert_eq(reader.stream_size, size);
        while ((count = snapshot_read(&reader, back + at, piece_max)) > 0)
                at += (size_t)count;
        cr_assert_eq(count, 0);
        cr_assert_eq(at, size);
        cr_assert_eq(memcmp(back, contents, size), 0);
        cr_assert_eq(snapshot_read(&reader, back, 1), 0, "the end stays the end");
        snapshot_close(&reader);
}

/* Goal    Any size around the borders of blocks, in any pieces. */
Test(snapshot, streams_go_round)
{
        static const size_t sizes[] = { 0, 1, 65535, 65536, 65537, 131071, 131072, 131073, 400000 };
        uint64_t lsn = 1;

        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
                for (size_t piece = 100; piece < 200000; piece *= 7) {
                        cr_assert_eq(take(lsn, sizes[i], piece), 0);
                        check(lsn, sizes[i], 70000 / piece + 1000);
                        lsn++;
                }
        }
}

Test(snapshot, says_everything_about_itself)
{
        struct snapshot_head head = head_of(1);

        cr_assert_eq(take(1, 10, 10), 0);
        cr_assert_eq(snapshot_open(&reader, &dir, UINT64_MAX, NULL, NULL, &error), 0);
        cr_assert_eq(memcmp(&reader.head, &head, sizeof(head)), 0);
}

Test(snapshot, none_is_not_an_error_of_the_disk)
{
        uint64_t lsn;

        cr_assert_eq(snapshot_open(&reader, &dir, UINT64_MAX, NULL, NULL, &error), -ENOENT);
        cr_assert_eq(snapshot_oldest_lsn(&dir, &lsn, &error), -ENOENT);
}

/* Goal    Two are kept; the third oldest becomes room; an lsn can be asked for. */
Test(snapshot, two_are_kept)
{
        uint64_t lsn;

        for (uint64_t i = 1; i <= 4; i++)
                cr_assert_eq(take(i * 10, 5000 + i, 1000), 0);
        cr_assert_eq(snapshot_oldest_lsn(&dir, &lsn, &error), 0);
        cr_assert_eq(lsn, 30);
        cr_assert_lt(simdisk_file_size(disk, "d", "snapshot-0000000000000014"), 0);
        cr_assert_gt(simdisk_file_size(disk, "d", "snapshot.room"), 0);

        cr_assert_eq(snapshot_open(&reader, &dir, 39, NULL, NULL, &error), 0);
        cr_assert_eq(reader.head.lsn, 30);
        snapshot_close(&reader);
        cr_assert_eq(snapshot_open(&reader, &dir, 29, NULL, NULL, &error), -ENOENT);
        cr_assert_eq(snapshot_discard(&dir, 30, &error), 0);
        cr_assert_eq(snapshot_oldest_lsn(&dir, &lsn, &error), 0);
        cr_assert_eq(lsn, 40);

        /* The same lsn again replaces it. */
        cr_assert_eq(take(40, 100, 10), 0);
        check(40, 100, 100);
}

/* Goal    A directory full of snapshots that somebody put there: the newest is found, in
 *         whatever order they are listed, and an older one when it is asked for.
 * Method  Names of more snapshots than a list holds, by several orders; only the newest
 *         two are whole. */
Test(snapshot, the_newest_of_many_is_found)
{
        enum { NAME_COUNT = 100 };

        for (uint32_t round = 0; round < 3; round++) {
                simdisk_reseed(disk, round);
                for (uint32_t i = 0; i < NAME_COUNT; i++) {
                        uint32_t lsn = 1 + (round == 0   ? i
                                            : round == 1 ? NAME_COUNT - 1 - i
                                                         : i * 37 % NAME_COUNT);
                        char name[JOURNAL_NAME_SIZE];
                        struct journal_file file;

                        journal_name_format(name, SNAPSHOT_PREFIX, lsn);
                        cr_assert_eq(journal_file_open(&file, &dir, name, JOURNAL_IO_ANY, &error),
                                     0);
                        journal_file_close(&file);
                }
                cr_assert_eq(take(NAME_COUNT + 2 * round, 500, 100), 0);
                cr_assert_eq(take(NAME_COUNT + 1 + 2 * round, 600, 100), 0);
                check(NAME_COUNT + 1 + 2 * round, 600, 100);
                cr_assert_eq(
                        snapshot_open(&reader, &dir, NAME_COUNT + 2 * round, NULL, NULL, &error),
                        0);
                cr_assert_eq(reader.head.lsn, NAME_COUNT + 2 * round);
                snapshot_close(&reader);
        }
}

static int damaged_count;

static void on_damaged(void *context, const struct journal_error *damage)
{
        cr_assert_eq(context, &damaged_count);
        cr_assert_eq(damage->code, -EBADMSG);
        damaged_count++;
}

/* Goal    Every flipped bit and every truncation is seen before a byte is handed
 *         out; the older snapshot takes over, and somebody is told. */
Test(snapshot, damage_leads_to_the_older_one)
{
        static const char name[] = "snapshot-0000000000000002";
        uint64_t size;
        int expected = 0;

        cr_assert_eq(take(1, 3000, 1000), 0);
        cr_assert_eq(take(2, 1200, 1000), 0);
        size = (uint64_t)simdisk_file_size(disk, "d", name);
        for (uint64_t bit = 0; bit < size * 8; bit++) {
                simdisk_flip(disk, "d", name, bit / 8, (uint8_t)(1u << bit % 8));
                cr_assert_eq(snapshot_open(&reader, &dir, UINT64_MAX, on_damaged, &damaged_count,
                                           &error),
                             0, "bit %llu", (unsigned long long)bit);
                cr_assert_eq(reader.head.lsn, 1);
                cr_assert_eq(damaged_count, ++expected);
                snapshot_close(&reader);
                simdisk_flip(disk, "d", name, bit / 8, (uint8_t)(1u << bit % 8));
        }
        check(2, 1200, 100);

        for (uint64_t cut = 0; cut < size; cut++) {
                struct simdisk *clone;
                struct journal_dir other;

                journal_dir_close(&dir);
                clone = simdisk_clone(disk);
                simdisk_cut(clone, "d", name, cut);
                cr_assert_eq(
                        journal_dir_open(&other, simdisk_io(clone), "d", JOURNAL_DIR_READ, NULL),
                        0);
                cr_assert_eq(snapshot_open(&reader, &other, UINT64_MAX, NULL, NULL, &error), 0);
                cr_assert_eq(reader.head.lsn, 1);
                snapshot_close(&reader);
                journal_dir_close(&other);
                simdisk_free(clone);
                cr_assert_eq(journal_dir_open(&dir, simdisk_io(disk), "d", JOURNAL_DIR_OWN, NULL),
                             0);
        }
}

/* Goal    When all are damaged it is damage, not absence; a snapshot under another
 *         name is not believed; another version is not damage. */
Test(snapshot, all_damaged_is_an_error)
{
        cr_assert_eq(take(1, 3000, 1000), 0);
        cr_assert_eq(journal_dir_rename(&dir, "snapshot-0000000000000001",
                                        "snapshot-0000000000000005", &error),
                     0);
        cr_assert_eq(snapshot_open(&reader, &dir, UINT64_MAX, NULL, NULL, &error), -EBADMSG);
        cr_assert_eq(error.offset, 16);
}

/* Goal    A snapshot that fails at any operation does not exist, and the one before
 *         it does; the next one succeeds.
 * Method  Fail each operation with EIO, and kill at each, then lose power. */
Test(snapshot, exists_whole_or_not_at_all)
{
        for (uint64_t n = 1; n <= 12; n++) {
                for (int mode = 0; mode < 2; mode++) {
                        struct simdisk_fault fault = { SIMDISK_CHANGES, n, EIO, false };
                        int r;

                        tear_down();
                        set_up();
                        cr_assert_eq(take(1, 70000, 1000), 0);
                        cr_assert_eq(snapshot_keep_room(&dir, 100000, &error), 0);
                        if (mode == 0)
                                simdisk_set_fault(disk, &fault);
                        else
                                simdisk_kill_at(disk, SIMDISK_CHANGES, n);
                        r = take(2, 140000, 1000);
                        if (r < 0)
                                cr_assert_eq(r, -EIO);
                        journal_dir_close(&dir);
                        simdisk_crash(disk, SIMDISK_LOSE_SOME);

                        cr_assert_eq(journal_dir_open(&dir, simdisk_io(disk), "d", JOURNAL_DIR_OWN,
                                                      &error),
                                     0);
                        cr_assert_eq(snapshot_open(&reader, &dir, UINT64_MAX, NULL, NULL, &error),
                                     0);
                        if (r == 0)
                                cr_assert_eq(reader.head.lsn, 2);
                        snapshot_close(&reader);
                        cr_assert_eq(take(3, 65536, 1000), 0);
                        check(3, 65536, 1000);
                }
        }
}

/* Goal    With its room kept, a snapshot can be written on a full disk; without,
 *         it is refused and what was there stays. */
Test(snapshot, room_is_for_a_full_disk)
{
        cr_assert_eq(take(1, 1000, 1000), 0);
        cr_assert_eq(snapshot_keep_room(&dir, 150000, &error), 0);
        simdisk_set_space(disk, simdisk_used(disk), 0);
        cr_assert_eq(take(2, 140000, 1000), 0);
        check(2, 140000, 5000);

        cr_assert_eq(snapshot_keep_room(&dir, 150000, &error), -ENOSPC);
        cr_assert_eq(error.remedy, JOURNAL_REMEDY_SPACE);
        cr_assert_lt(simdisk_file_size(disk, "d", "snapshot.room"), 0);
        cr_assert_eq(take(3, 140000, 1000), -ENOSPC);
        check(2, 140000, 5000);
        cr_assert_eq(snapshot_keep_room(&dir, 0, &error), 0);
}

/* Goal    A file that changes after it was checked is noticed. */
Test(snapshot, is_checked_twice)
{
        cr_assert_eq(take(1, 140000, 1000), 0);
        cr_assert_eq(snapshot_open(&reader, &dir, UINT64_MAX, NULL, NULL, &error), 0);
        cr_assert_eq(snapshot_read(&reader, back, 1000), 1000);
        simdisk_flip(disk, "d", "snapshot-0000000000000001", 100000, 1);
        cr_assert_eq(snapshot_read(&reader, back, sizeof(back)), 64536);
        cr_assert_eq(snapshot_read(&reader, back, sizeof(back)), -EBADMSG);
        cr_assert_eq(reader.error.code, -EBADMSG);
}

/* ---- nonsense ---- */

static uint8_t forged[SNAPSHOT_HEADER_SIZE + 3 * (SNAPSHOT_BLOCK_HEAD_SIZE + SNAPSHOT_BLOCK_SIZE)];

/* Make every checksum of the forged snapshot right again; it has two blocks, the first
 * full, and ends with its footer. */
static void seal(size_t size)
{
        size_t at = SNAPSHOT_HEADER_SIZE, content_size = SNAPSHOT_BLOCK_SIZE;
        uint32_t chain = acd_crc32c(0, forged, SNAPSHOT_HEADER_CHAIN_OFFSET);

        acd_put_u32(forged + SNAPSHOT_HEADER_CHAIN_OFFSET, chain);
        for (uint32_t i = 0; i < 2; i++) {
                chain = acd_crc32c(chain, forged + at, SNAPSHOT_BLOCK_CHAIN_OFFSET);
                chain = acd_crc32c(chain, forged + at + SNAPSHOT_BLOCK_HEAD_SIZE, content_size);
                acd_put_u32(forged + at + SNAPSHOT_BLOCK_CHAIN_OFFSET, chain);
                at += SNAPSHOT_BLOCK_HEAD_SIZE + content_size;
                content_size = size - SNAPSHOT_FOOTER_SIZE - at - SNAPSHOT_BLOCK_HEAD_SIZE;
        }
        chain = acd_crc32c(chain, forged + at, SNAPSHOT_FOOTER_CHAIN_OFFSET);
        acd_put_u32(forged + at + SNAPSHOT_FOOTER_CHAIN_OFFSET, chain);
}

/*
 * Goal    A snapshot that says nonsense is refused though its checksums are right.
 * Method  One number at a time, in header, heads of blocks and footer.
 */
Test(snapshot, nonsense_with_a_checksum_is_refused)
{
        static const char name[] = "snapshot-0000000000000009";
        const size_t second = SNAPSHOT_HEADER_SIZE + SNAPSHOT_BLOCK_HEAD_SIZE + SNAPSHOT_BLOCK_SIZE;
        const size_t size = second + SNAPSHOT_BLOCK_HEAD_SIZE + 1000 + SNAPSHOT_FOOTER_SIZE;
        const size_t footer = size - SNAPSHOT_FOOTER_SIZE;
        const struct {
                size_t offset;
                uint32_t value;
                int result;
                size_t damage; /* where it is said to be */
        } cases[] = {
                { 8, SNAPSHOT_VERSION, 0, 0 },
                { 8, SNAPSHOT_VERSION + 1, -EPROTONOSUPPORT, 8 },
                { 12, SNAPSHOT_BLOCK_SIZE / 2, -EPROTONOSUPPORT, 8 },
                { 16, 8, -EBADMSG, 16 },
                { SNAPSHOT_HEADER_SIZE, 1, -EBADMSG, SNAPSHOT_HEADER_SIZE },
                { SNAPSHOT_HEADER_SIZE + 4, SNAPSHOT_BLOCK_SIZE - 1, -EBADMSG,
                  SNAPSHOT_HEADER_SIZE },
                { SNAPSHOT_HEADER_SIZE + 12, 1, -EBADMSG, SNAPSHOT_HEADER_SIZE },
                { second, 0, -EBADMSG, second },
                { second + 4, 999, -EBADMSG, second },
                { second + 4, UINT32_MAX, -EBADMSG, second },
                { second + 12, 1, -EBADMSG, second },
                { footer + 8, 3, -EBADMSG, footer },
                { footer + 16, SNAPSHOT_BLOCK_SIZE + 999, -EBADMSG, footer },
                { footer + 24, 8, -EBADMSG, footer },
                { footer + 36, 1, -EBADMSG, footer },
        };

        cr_assert_eq(take(9, SNAPSHOT_BLOCK_SIZE + 1000, 1000), 0);
        cr_assert_eq(simdisk_file_size(disk, "d", name), (int64_t)size);
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                uint8_t before[4];

                simdisk_peek(disk, "d", name, 0, forged, size);
                memcpy(before, forged + cases[i].offset, sizeof(before));
                acd_put_u32(forged + cases[i].offset, cases[i].value);
                seal(size);
                simdisk_poke(disk, "d", name, 0, forged, size);
                cr_assert_eq(snapshot_open(&reader, &dir, UINT64_MAX, NULL, NULL, &error),
                             cases[i].result, "case %zu: %s", i, error.what);
                if (cases[i].result != 0)
                        cr_assert_eq(error.offset, cases[i].damage, "case %zu", i);
                snapshot_close(&reader);
                memcpy(forged + cases[i].offset, before, sizeof(before));
                seal(size);
                simdisk_poke(disk, "d", name, 0, forged, size);
        }
        check(9, SNAPSHOT_BLOCK_SIZE + 1000, 500);
}
