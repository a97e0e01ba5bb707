/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The small parts: errors, the two marks, META, names, segment headers, files.
 */

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/prng.h"
#include "journal/file.h"
#include "journal/meta.h"
#include "journal/segment.h"
#include "journal/space.h"
#include "tests/support/simdisk.h"

#define GIB (UINT64_C(1) << 30)
#define MIB (UINT64_C(1) << 20)

/* ---- errors ---- */

Test(error, says_where_what_and_what_to_do)
{
        const struct journal_place place = { "/var/lib/acdd", "log-0000000000000003", 4711 };
        struct journal_error error;
        char text[512];

        cr_assert_eq(journal_error_set(&error, -EBADMSG, JOURNAL_REMEDY_SALVAGE, &place,
                                       "record %d is damaged", 12),
                     -EBADMSG);
        cr_assert_gt(journal_error_format(&error, text, sizeof(text)), 0);
        cr_assert_str_eq(text, "/var/lib/acdd/log-0000000000000003 at byte 4711: record 12 is "
                               "damaged (Bad message); restore the directory from a copy, or run "
                               "acdd --salvage DIR");
}

Test(error, leaves_out_what_is_not_known)
{
        const struct journal_place place = { "/data", NULL, JOURNAL_NO_OFFSET };
        struct journal_error error;
        char text[20];

        (void)journal_error_set(&error, -EIO, JOURNAL_REMEDY_NONE, &place, "no");
        cr_assert_eq(journal_error_format(&error, text, sizeof(text)),
                     strlen("/data: no (Input/output error)"));
        cr_assert_str_eq(text, "/data: no (Input/ou");
        cr_assert_eq(journal_error_set(NULL, -EIO, JOURNAL_REMEDY_NONE, &place, "no"), -EIO);
}

/* Goal    Every remedy has a sentence. */
Test(error, every_remedy_has_words)
{
        cr_assert_str_eq(journal_remedy_text(JOURNAL_REMEDY_NONE), "");
        for (int i = 1; i < JOURNAL_REMEDY_COUNT; i++)
                cr_assert_gt(strlen(journal_remedy_text((enum journal_remedy)i)), 10);
}

/* ---- the two marks ---- */

/* Goal    A mark is the larger of a share and a size; defaults as documented. */
Test(space, marks_are_the_larger_of_share_and_size)
{
        struct journal_marks marks = { 0 };
        uint64_t low, critical;

        journal_marks_resolve(&marks, 100 * GIB, &low, &critical);
        cr_assert_eq(low, 5 * GIB);
        cr_assert_eq(critical, 2 * GIB);
        journal_marks_resolve(&marks, 1 * GIB, &low, &critical);
        cr_assert_eq(low, 256 * MIB);
        cr_assert_eq(critical, 64 * MIB);

        marks = (struct journal_marks){ .low_permille = 100, .critical_size = 500 * MIB };
        journal_marks_resolve(&marks, 4000 * MIB, &low, &critical);
        cr_assert_eq(critical, 500 * MIB);
        cr_assert_eq(low, 500 * MIB, "the first mark is never below the second");
        journal_marks_resolve(&marks, UINT64_C(1) << 60, &low, &critical);
        cr_assert_eq(low, ((UINT64_C(1) << 60) / 1000) * 100 +
                                  ((UINT64_C(1) << 60) % 1000) * 100 / 1000);
}

/* Goal    Each boundary, both sides, from each last level. */
Test(space, levels_change_at_the_marks_and_do_not_flutter)
{
        struct journal_space_report report = { .low_size = 800,
                                               .critical_size = 400,
                                               .spare_count = 2 };
        static const struct {
                uint64_t free_size;
                enum journal_space_level from_plenty, from_low, from_critical;
        } cases[] = {
                { 1000, JOURNAL_SPACE_PLENTY, JOURNAL_SPACE_PLENTY, JOURNAL_SPACE_PLENTY },
                { 900, JOURNAL_SPACE_PLENTY, JOURNAL_SPACE_PLENTY, JOURNAL_SPACE_PLENTY },
                { 899, JOURNAL_SPACE_PLENTY, JOURNAL_SPACE_LOW, JOURNAL_SPACE_LOW },
                { 800, JOURNAL_SPACE_PLENTY, JOURNAL_SPACE_LOW, JOURNAL_SPACE_LOW },
                { 799, JOURNAL_SPACE_LOW, JOURNAL_SPACE_LOW, JOURNAL_SPACE_LOW },
                { 450, JOURNAL_SPACE_LOW, JOURNAL_SPACE_LOW, JOURNAL_SPACE_LOW },
                { 449, JOURNAL_SPACE_LOW, JOURNAL_SPACE_LOW, JOURNAL_SPACE_CRITICAL },
                { 400, JOURNAL_SPACE_LOW, JOURNAL_SPACE_LOW, JOURNAL_SPACE_CRITICAL },
                { 399, JOURNAL_SPACE_CRITICAL, JOURNAL_SPACE_CRITICAL, JOURNAL_SPACE_CRITICAL },
                { 0, JOURNAL_SPACE_CRITICAL, JOURNAL_SPACE_CRITICAL, JOURNAL_SPACE_CRITICAL },
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                report.free_size = cases[i].free_size;
                cr_assert_eq(journal_space_level(&report, JOURNAL_SPACE_PLENTY),
                             cases[i].from_plenty, "%zu", i);
                cr_assert_eq(journal_space_level(&report, JOURNAL_SPACE_LOW), cases[i].from_low,
                             "%zu", i);
                cr_assert_eq(journal_space_level(&report, JOURNAL_SPACE_CRITICAL),
                             cases[i].from_critical, "%zu", i);
        }
}

/* Goal    What the disk refused counts as much as a mark. */
Test(space, refusals_count)
{
        struct journal_space_report report = { .low_size = 800,
                                               .critical_size = 400,
                                               .free_size = 10000 };

        cr_assert_eq(journal_space_level(&report, JOURNAL_SPACE_PLENTY), JOURNAL_SPACE_PLENTY,
                     "no spare yet, but none refused");
        report.is_spare_refused = true;
        cr_assert_eq(journal_space_level(&report, JOURNAL_SPACE_PLENTY), JOURNAL_SPACE_CRITICAL);
        report.spare_count = 1;
        cr_assert_eq(journal_space_level(&report, JOURNAL_SPACE_PLENTY), JOURNAL_SPACE_CRITICAL,
                     "the last is for a recovery");
        report.spare_count = 2;
        cr_assert_eq(journal_space_level(&report, JOURNAL_SPACE_PLENTY), JOURNAL_SPACE_LOW);
        report.is_spare_refused = false;
        report.is_room_refused = true;
        cr_assert_eq(journal_space_level(&report, JOURNAL_SPACE_PLENTY), JOURNAL_SPACE_LOW);
}

/* ---- META ---- */

static const struct journal_meta meta_sample = {
        .made_wall_ns = 1,
        .secret = 2,
        .run_id = 3,
        .epoch = 4,
        .is_clean = true,
        .end_chain = 5,
        .end_lsn = 6,
        .slots = { 7, 8, 9, 10, 11, 12, 13, 14 },
};

Test(meta, survives_the_round_trip)
{
        uint8_t bytes[JOURNAL_META_SIZE_MAX];
        size_t size = journal_meta_encode(&meta_sample, bytes);
        struct journal_meta meta;

        cr_assert_eq(journal_meta_decode(bytes, size, &meta), 0);
        cr_assert_eq(memcmp(&meta, &meta_sample, sizeof(meta)), 0);
}

/* Goal    The bytes are those that docs/JOURNAL.md promises, spare ones zero.
 * Method  By hand: head, sixteen bytes a key, checksum. */
Test(meta, bytes_are_as_written)
{
        static const uint32_t keys[] = {
                1, 2, 3, 4, 5, 6, 7, 256, 257, 258, 259, 260, 261, 262, 263
        };
        static const uint64_t values[] = { 1, 2, 3, 4, 1, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14 };
        uint8_t bytes[JOURNAL_META_SIZE_MAX];
        size_t size = journal_meta_encode(&meta_sample, bytes);

        cr_assert_eq(size, 16 + 15 * 16 + 4u);
        cr_assert_eq(memcmp(bytes, "acdmeta\n", 8), 0);
        cr_assert_eq(acd_get_u32(bytes + 8), 1u);
        cr_assert_eq(acd_get_u32(bytes + 12), 15u);
        for (uint32_t i = 0; i < 15; i++) {
                cr_assert_eq(acd_get_u32(bytes + 16 + 16 * i), keys[i]);
                cr_assert_eq(acd_get_u32(bytes + 20 + 16 * i), 0u);
                cr_assert_eq(acd_get_u64(bytes + 24 + 16 * i), values[i]);
        }
        cr_assert_eq(acd_get_u32(bytes + size - 4), acd_crc32c(0, bytes, size - 4));
}

/* Goal    Every truncation and every flipped bit is refused; the result untouched. */
Test(meta, damage_is_refused)
{
        uint8_t bytes[JOURNAL_META_SIZE_MAX + 1] = { 0 };
        size_t size = journal_meta_encode(&meta_sample, bytes);
        struct journal_meta meta = { .run_id = 99 };

        for (size_t cut = 0; cut < size; cut++)
                cr_assert_lt(journal_meta_decode(bytes, cut, &meta), 0);
        cr_assert_lt(journal_meta_decode(bytes, size + 1, &meta), 0);
        for (size_t bit = 0; bit < size * 8; bit++) {
                bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
                cr_assert_lt(journal_meta_decode(bytes, size, &meta), 0, "bit %zu", bit);
                bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        cr_assert_eq(meta.run_id, 99);
}

/* Change four bytes at @offset and make the checksum right again. */
static void forge(uint8_t *bytes, size_t size, size_t offset, uint32_t value)
{
        acd_put_u32(bytes + offset, value);
        acd_put_u32(bytes + size - 4, acd_crc32c(0, bytes, size - 4));
}

/* Goal    Another version, or a key that we do not know, is refused as such and
 *         not as damage. */
Test(meta, other_versions_are_refused_by_name)
{
        struct simdisk *disk = simdisk_new(1);
        uint8_t bytes[JOURNAL_META_SIZE_MAX];
        size_t size = journal_meta_encode(&meta_sample, bytes);
        struct journal_error error = { 0 };
        struct journal_dir dir;
        struct journal_meta meta;

        forge(bytes, size, 16, 99);
        cr_assert_eq(journal_meta_decode(bytes, size, &meta), -EPROTONOSUPPORT);
        size = journal_meta_encode(&meta_sample, bytes);
        forge(bytes, size, 12, 3);
        cr_assert_eq(journal_meta_decode(bytes, size, &meta), -EBADMSG, "a wrong count");

        size = journal_meta_encode(&meta_sample, bytes);
        forge(bytes, size, 8, 2);
        cr_assert_eq(journal_dir_open(&dir, simdisk_io(disk), "d", JOURNAL_DIR_OWN, &error), 0);
        cr_assert_eq(journal_meta_read(&dir, &meta, &error), -ENOENT);
        cr_assert_eq(journal_meta_write(&dir, &meta_sample, &error), 0);
        simdisk_poke(disk, "d", "META", 0, bytes, size);
        cr_assert_eq(journal_meta_read(&dir, &meta, &error), -EPROTONOSUPPORT);
        cr_assert_eq(error.remedy, JOURNAL_REMEDY_UPGRADE);
        journal_dir_close(&dir);
        simdisk_free(disk);
}

/* Goal    A crash at any operation of a write leaves the old META or the new one.
 * Method  Kill at each operation, then lose what was not synced, by 20 seeds. */
Test(meta, is_replaced_whole)
{
        for (uint64_t at = 1; at <= 6; at++) {
                for (uint64_t seed = 1; seed <= 20; seed++) {
                        struct simdisk *disk = simdisk_new(seed);
                        struct journal_meta meta = meta_sample;
                        struct journal_dir dir;
                        int r;

                        cr_assert_eq(journal_dir_open(&dir, simdisk_io(disk), "d", JOURNAL_DIR_OWN,
                                                      NULL),
                                     0);
                        cr_assert_eq(journal_meta_write(&dir, &meta, NULL), 0);
                        simdisk_kill_at(disk, SIMDISK_CHANGES, at);
                        meta.epoch++;
                        r = journal_meta_write(&dir, &meta, NULL);
                        simdisk_crash(disk, SIMDISK_LOSE_SOME);

                        cr_assert_eq(journal_dir_open(&dir, simdisk_io(disk), "d", JOURNAL_DIR_OWN,
                                                      NULL),
                                     0);
                        cr_assert_eq(journal_meta_read(&dir, &meta, NULL), 0);
                        if (r == 0)
                                cr_assert_eq(meta.epoch, meta_sample.epoch + 1);
                        cr_assert(meta.epoch == meta_sample.epoch ||
                                  meta.epoch == meta_sample.epoch + 1);
                        journal_dir_close(&dir);
                        simdisk_free(disk);
                }
        }
}

/* ---- names ---- */

Test(dir, names_go_round)
{
        static const uint64_t numbers[] = { 0, 1, 0xdeadbeef, UINT64_MAX };
        char name[JOURNAL_NAME_SIZE];
        uint64_t number;

        for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
                journal_name_format(name, "snapshot", numbers[i]);
                cr_assert(journal_name_parse(name, "snapshot", &number));
                cr_assert_eq(number, numbers[i]);
                cr_assert(!journal_name_is_temporary(name));
                journal_name_format_temporary(name, "snapshot", numbers[i]);
                cr_assert(journal_name_is_temporary(name));
                cr_assert(!journal_name_parse(name, "snapshot", &number));
        }
}

Test(dir, other_names_are_not_ours)
{
        static const char *const names[] = {
                "",
                "log",
                "log-",
                "log-000000000000000",
                "log-00000000000000001",
                "log-000000000000000g",
                "log-000000000000000A",
                "lag-0000000000000001",
                "log_0000000000000001",
                "log-0000000000000001 ",
                "xlog-0000000000000001",
        };
        uint64_t number = 5;

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                cr_assert(!journal_name_parse(names[i], "log", &number), "%s", names[i]);
        cr_assert_eq(number, 5);
        cr_assert(!journal_name_is_temporary(".tmp"));
}

/* Goal    What the disk refuses comes with what helps. */
Test(dir, failures_come_with_a_remedy)
{
        static const struct {
                int code;
                enum journal_remedy remedy;
        } cases[] = {
                { ENOSPC, JOURNAL_REMEDY_SPACE }, { EDQUOT, JOURNAL_REMEDY_SPACE },
                { EIO, JOURNAL_REMEDY_DISK },     { EROFS, JOURNAL_REMEDY_DISK },
                { EACCES, JOURNAL_REMEDY_NONE },
        };
        struct simdisk *disk = simdisk_new(1);
        struct journal_dir dir;

        cr_assert_eq(journal_dir_open(&dir, simdisk_io(disk), "d", JOURNAL_DIR_OWN, NULL), 0);
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                const struct simdisk_fault fault = { 1 << SIMDISK_SYNC_DIR, 1, cases[i].code,
                                                     false };
                struct journal_error error = { 0 };

                simdisk_set_fault(disk, &fault);
                cr_assert_eq(journal_dir_sync(&dir, &error), -cases[i].code);
                cr_assert_eq(error.code, -cases[i].code);
                cr_assert_eq(error.remedy, cases[i].remedy, "%d", cases[i].code);
        }
        journal_dir_close(&dir);
        simdisk_free(disk);
}

Test(dir, belongs_to_one_owner)
{
        struct simdisk *disk = simdisk_new(1);
        struct journal_error error = { 0 };
        struct journal_dir first, second;
        char path[JOURNAL_DIR_PATH_SIZE + 8];

        cr_assert_eq(journal_dir_open(&first, simdisk_io(disk), "d", JOURNAL_DIR_READ, &error),
                     -ENOENT);
        cr_assert_eq(journal_dir_open(&first, simdisk_io(disk), "d", JOURNAL_DIR_OWN, &error), 0);
        cr_assert_eq(journal_dir_open(&second, simdisk_io(disk), "d", JOURNAL_DIR_OWN, &error),
                     -EWOULDBLOCK);
        cr_assert_eq(error.remedy, JOURNAL_REMEDY_OWNER);
        cr_assert_eq(journal_dir_open(&second, simdisk_io(disk), "d", JOURNAL_DIR_READ, &error), 0);
        journal_dir_close(&second);
        journal_dir_close(&first);
        journal_dir_close(&first);
        cr_assert_eq(journal_dir_open(&second, simdisk_io(disk), "d", JOURNAL_DIR_OWN, &error), 0);
        journal_dir_close(&second);

        memset(path, 'x', sizeof(path) - 1);
        path[sizeof(path) - 1] = '\0';
        cr_assert_eq(journal_dir_open(&first, simdisk_io(disk), path, JOURNAL_DIR_OWN, &error),
                     -ENAMETOOLONG);
        simdisk_free(disk);
}

/* ---- segment headers ---- */

static const struct journal_segment segment_sample = {
        .number = 3,
        .size = 65536,
        .secret = 4,
        .run_id = 5,
        .first_lsn = 6,
        .chain_before = 7,
        .epoch = 8,
        .block_size = 4096,
};

Test(segment, header_survives_the_round_trip)
{
        uint8_t block[JOURNAL_BLOCK_SIZE_MAX];
        struct journal_segment segment;

        journal_segment_encode(&segment_sample, block);
        cr_assert_eq(journal_segment_decode(block, sizeof(block), &segment), 0);
        cr_assert_eq(segment.number, 3);
        cr_assert_eq(segment.size, 65536);
        cr_assert_eq(segment.secret, 4);
        cr_assert_eq(segment.run_id, 5);
        cr_assert_eq(segment.first_lsn, 6);
        cr_assert_eq(segment.chain_before, 7);
        cr_assert_eq(segment.epoch, 8);
        cr_assert_eq(segment.block_size, 4096);
        cr_assert(!segment.is_sealed);
}

/* Goal    Every flipped bit of the header's block is seen, the zeros too. */
Test(segment, every_flipped_bit_is_seen)
{
        uint8_t block[JOURNAL_BLOCK_SIZE_MAX];
        struct journal_segment segment;

        journal_segment_encode(&segment_sample, block);
        for (size_t bit = 0; bit < sizeof(block) * 8; bit++) {
                block[bit / 8] ^= (uint8_t)(1u << bit % 8);
                cr_assert_eq(journal_segment_decode(block, sizeof(block), &segment), -EBADMSG,
                             "bit %zu", bit);
                block[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        cr_assert_eq(journal_segment_decode(block, 511, &segment), -EBADMSG);
}

Test(segment, another_version_is_refused_as_such)
{
        uint8_t block[JOURNAL_BLOCK_SIZE_MAX];
        struct journal_segment segment;

        journal_segment_encode(&segment_sample, block);
        acd_put_u32(block + 8, JOURNAL_FORMAT_VERSION + 1);
        acd_put_u32(block + 68, acd_crc32c(0, block, 68));
        cr_assert_eq(journal_segment_decode(block, sizeof(block), &segment), -EPROTONOSUPPORT);
}

/* Goal    A header that was made right but says nonsense is not believed. */
Test(segment, nonsense_with_a_checksum_is_refused)
{
        static const struct {
                size_t offset;
                uint32_t value;
        } cases[] = {
                { 12, 0 },   { 12, 511 },  { 12, 8192 }, { 16, 0 },
                { 24, 511 }, { 24, 1000 }, { 48, 0 },    { 56, 0 },
        };
        uint8_t block[JOURNAL_BLOCK_SIZE_MAX];
        struct journal_segment segment;

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                journal_segment_encode(&segment_sample, block);
                acd_put_u32(block + cases[i].offset, cases[i].value);
                acd_put_u32(block + 68, acd_crc32c(0, block, 68));
                cr_assert_eq(journal_segment_decode(block, sizeof(block), &segment), -EBADMSG,
                             "%zu", i);
        }
}

/* Goal    A scan hands out the bytes of the file, wherever it is asked to look next.
 * Method  A segment of three windows; random offsets and sizes, forth, back and beyond. */
Test(segment, a_scan_looks_anywhere)
{
        enum { FILE_SIZE = 3 * JOURNAL_WINDOW_SIZE + 4096 };
        static uint8_t contents[FILE_SIZE], window[JOURNAL_WINDOW_SIZE];
        struct simdisk *disk = simdisk_new(1);
        struct journal_segment segment = segment_sample;
        struct journal_file file;
        struct journal_scan scan;
        struct journal_dir dir;
        struct acd_prng prng;

        acd_prng_init(&prng, 4);
        for (size_t i = 0; i < sizeof(contents); i++)
                contents[i] = (uint8_t)acd_prng_next(&prng);
        segment.number = 1;
        segment.size = sizeof(contents);
        journal_segment_encode(&segment, contents);
        cr_assert_eq(journal_dir_open(&dir, simdisk_io(disk), "d", JOURNAL_DIR_OWN, NULL), 0);
        cr_assert_eq(
                journal_file_open(&file, &dir, "log-0000000000000001", JOURNAL_IO_CREATE, NULL), 0);
        cr_assert_eq(journal_file_write(&file, contents, sizeof(contents), 0, NULL), 0);
        journal_file_close(&file);

        cr_assert_eq(journal_scan_open(&scan, &dir, 1, window, NULL), 0);
        for (uint32_t i = 0; i < 2000; i++) {
                uint64_t offset = acd_prng_below(&prng, sizeof(contents));
                size_t size = acd_prng_below(&prng, JOURNAL_WINDOW_SIZE + 1);
                size_t left = sizeof(contents) - offset, got;
                const uint8_t *bytes;

                if (i % 3 == 0)
                        size /= 1000;
                cr_assert_eq(journal_scan_bytes(&scan, offset, size, &bytes, &got, NULL), 0);
                cr_assert_geq(got, size < left ? size : left);
                cr_assert_leq(got, left);
                cr_assert_eq(memcmp(bytes, contents + offset, got), 0);
        }
        journal_scan_close(&scan);
        journal_dir_close(&dir);
        simdisk_free(disk);
}

/* ---- files ---- */

/* Goal    Short writes and interruptions are completed; an endless stream of
 *         interruptions, or a disk that takes nothing, is an error. */
Test(file, writes_and_reads_are_complete_or_fail)
{
        struct simdisk *disk = simdisk_new(1);
        const uint32_t ops = 1 << SIMDISK_WRITE | 1 << SIMDISK_READ;
        struct simdisk_fault fault = { .ops = ops, .at = 1, .is_forever = true };
        struct journal_error error = { 0 };
        uint8_t bytes[1000], back[1001];
        struct journal_dir dir;
        struct journal_file file;

        memset(bytes, 7, sizeof(bytes));
        cr_assert_eq(journal_dir_open(&dir, simdisk_io(disk), "d", JOURNAL_DIR_OWN, &error), 0);
        cr_assert_eq(journal_file_open(&file, &dir, "f", JOURNAL_IO_CREATE, &error), 0);

        simdisk_set_fault(disk, &fault); /* every one stops half way */
        cr_assert_eq(journal_file_write(&file, bytes, sizeof(bytes), 0, &error), 0);
        cr_assert_eq(journal_file_read(&file, back, sizeof(back), 0, &error), 1000);
        cr_assert_eq(memcmp(bytes, back, sizeof(bytes)), 0);

        fault.error = EINTR;
        simdisk_set_fault(disk, &fault);
        cr_assert_eq(journal_file_write(&file, bytes, sizeof(bytes), 0, &error), -EINTR);
        cr_assert_eq(journal_file_read(&file, back, 10, 0, &error), -EINTR);
        fault.is_forever = false;
        simdisk_set_fault(disk, &fault);
        cr_assert_eq(journal_file_write(&file, bytes, sizeof(bytes), 0, &error), 0);

        fault.error = EIO;
        simdisk_set_fault(disk, &fault);
        cr_assert_eq(journal_file_write(&file, bytes, sizeof(bytes), 77, &error), -EIO);
        cr_assert_str_eq(error.path, "d/f");
        cr_assert_eq(error.offset, 77);
        cr_assert_eq(error.remedy, JOURNAL_REMEDY_DISK);

        journal_file_close(&file);
        journal_file_close(&file);
        journal_dir_close(&dir);
        simdisk_free(disk);
}

/* Goal    A sync is tried once, whatever it fails with. */
Test(file, a_failed_sync_is_not_tried_again)
{
        struct simdisk *disk = simdisk_new(1);
        struct simdisk_fault fault = { .ops = 1 << SIMDISK_SYNC, .at = 1, .error = EINTR };
        struct journal_error error = { 0 };
        struct journal_dir dir;
        struct journal_file file;

        cr_assert_eq(journal_dir_open(&dir, simdisk_io(disk), "d", JOURNAL_DIR_OWN, &error), 0);
        cr_assert_eq(journal_file_open(&file, &dir, "f", JOURNAL_IO_CREATE, &error), 0);
        simdisk_set_fault(disk, &fault);
        cr_assert_eq(journal_file_sync(&file, &error), -EINTR);
        cr_assert_eq(simdisk_op_count(disk, 1 << SIMDISK_SYNC), 1);
        journal_file_close(&file);
        journal_dir_close(&dir);
        simdisk_free(disk);
}
