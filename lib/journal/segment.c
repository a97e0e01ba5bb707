/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Segment files.
 *
 *       0  magic "acd log\n"               40  u64 run id
 *       8  u32 version                     48  u32 epoch
 *      12  u32 block size                  52  u32 chain before the first batch
 *      16  u64 number                      56  u64 lsn of the first record
 *      24  u64 size of the file            64  u32 flags: 1 = sealed
 *      32  u64 secret                      68  u32 CRC-32C of everything before
 *
 * The header is written and synced under the name of a spare, and only then
 * gets the name of a segment. So a log file always has a whole header, and one
 * that has not is damaged, never merely new.
 *
 * It says how long the file is. A file of another length was cut, and then
 * whatever the last batch looks like says nothing about what was acknowledged.
 *
 * The window holds one batch of the largest size and is refilled from the first
 * byte still wanted, so that a pass over a segment reads each byte about once.
 */

#include "journal/segment.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/crc32c.h"

enum {
        HEADER_SIZE = 72,
        HEADER_CRC_OFFSET = 68,
        FLAG_SEALED = 1,
};

static const uint8_t segment_magic[8] = { 'a', 'c', 'd', ' ', 'l', 'o', 'g', '\n' };

void journal_segment_encode(const struct journal_segment *segment, uint8_t *into)
{
        ACD_ASSERT(segment->block_size >= JOURNAL_BLOCK_SIZE_MIN);
        ACD_ASSERT(segment->block_size <= JOURNAL_BLOCK_SIZE_MAX);
        ACD_ASSERT(segment->size >= segment->block_size);
        ACD_ASSERT(segment->size % segment->block_size == 0);
        ACD_ASSERT(segment->number > 0);
        ACD_ASSERT(segment->first_lsn > 0);
        ACD_ASSERT(segment->epoch > 0);

        memset(into, 0, segment->block_size);
        memcpy(into, segment_magic, sizeof(segment_magic));
        acd_put_u32(into + 8, JOURNAL_FORMAT_VERSION);
        acd_put_u32(into + 12, segment->block_size);
        acd_put_u64(into + 16, segment->number);
        acd_put_u64(into + 24, segment->size);
        acd_put_u64(into + 32, segment->secret);
        acd_put_u64(into + 40, segment->run_id);
        acd_put_u32(into + 48, segment->epoch);
        acd_put_u32(into + 52, segment->chain_before);
        acd_put_u64(into + 56, segment->first_lsn);
        acd_put_u32(into + 64, segment->is_sealed ? FLAG_SEALED : 0);
        acd_put_u32(into + HEADER_CRC_OFFSET, acd_crc32c(0, into, HEADER_CRC_OFFSET));
}

static bool is_segment_sane(const struct journal_segment *segment)
{
        return segment->number > 0 && segment->first_lsn > 0 && segment->epoch > 0 &&
               segment->block_size >= JOURNAL_BLOCK_SIZE_MIN &&
               segment->block_size <= JOURNAL_BLOCK_SIZE_MAX &&
               segment->block_size % JOURNAL_SECTOR_SIZE == 0 &&
               segment->size >= segment->block_size && segment->size % JOURNAL_SECTOR_SIZE == 0;
}

int journal_segment_decode(const uint8_t *bytes, size_t size, struct journal_segment *ret_segment)
{
        struct journal_segment segment = { 0 };

        if (size < JOURNAL_SECTOR_SIZE || memcmp(bytes, segment_magic, sizeof(segment_magic)) != 0)
                return -EBADMSG;
        if (acd_crc32c(0, bytes, HEADER_CRC_OFFSET) != acd_get_u32(bytes + HEADER_CRC_OFFSET))
                return -EBADMSG;
        if (acd_get_u32(bytes + 8) != JOURNAL_FORMAT_VERSION)
                return -EPROTONOSUPPORT;

        segment.block_size = acd_get_u32(bytes + 12);
        segment.number = acd_get_u64(bytes + 16);
        segment.size = acd_get_u64(bytes + 24);
        segment.secret = acd_get_u64(bytes + 32);
        segment.run_id = acd_get_u64(bytes + 40);
        segment.epoch = acd_get_u32(bytes + 48);
        segment.chain_before = acd_get_u32(bytes + 52);
        segment.first_lsn = acd_get_u64(bytes + 56);
        segment.is_sealed = (acd_get_u32(bytes + 64) & FLAG_SEALED) != 0;

        if (!is_segment_sane(&segment))
                return -EBADMSG;
        if (!journal_is_zero(bytes + HEADER_SIZE,
                             (size < segment.block_size ? size : segment.block_size) - HEADER_SIZE))
                return -EBADMSG;

        *ret_segment = segment;
        return 0;
}

/* The header of the open file @file, which should be number @number. */
static int read_header(const struct journal_file *file, uint64_t number,
                       struct journal_segment *ret_segment, struct journal_error *error)
{
        const struct journal_place place = { file->dir->path, file->name, 0 };
        uint8_t bytes[JOURNAL_BLOCK_SIZE_MAX];
        struct journal_segment segment;
        uint64_t file_size;
        int64_t size;
        int r;

        size = journal_file_read(file, bytes, sizeof(bytes), 0, error);
        if (size < 0)
                return (int)size;
        r = journal_file_size(file, &file_size, error);
        if (r < 0)
                return r;

        r = journal_segment_decode(bytes, (size_t)size, &segment);
        if (r == -EPROTONOSUPPORT)
                return journal_error_set(error, r, JOURNAL_REMEDY_UPGRADE, &place,
                                         "the segment has a format version that is not %d",
                                         JOURNAL_FORMAT_VERSION);
        if (r < 0)
                return journal_file_damaged(file, 0, error, "the header of the segment is damaged");
        if (segment.number != number)
                return journal_file_damaged(file, 16, error, "the segment says it is number %llu",
                                            (unsigned long long)segment.number);
        if (segment.size != file_size)
                return journal_file_damaged(
                        file, file_size < segment.size ? file_size : segment.size, error,
                        "the file has %llu bytes instead of %llu", (unsigned long long)file_size,
                        (unsigned long long)segment.size);

        *ret_segment = segment;
        return 0;
}

int journal_segment_read(const struct journal_dir *dir, uint64_t number,
                         struct journal_segment *ret_segment, struct journal_error *error)
{
        char name[JOURNAL_NAME_SIZE];
        struct journal_file file;
        int r;

        journal_name_format(name, JOURNAL_LOG_PREFIX, number);
        r = journal_file_open(&file, dir, name, JOURNAL_IO_READ, error);
        if (r < 0)
                return r;

        r = read_header(&file, number, ret_segment, error);
        journal_file_close(&file);
        return r;
}

/* ---- scanning ---- */

int journal_scan_open(struct journal_scan *scan, const struct journal_dir *dir, uint64_t number,
                      uint8_t *window, struct journal_error *error)
{
        char name[JOURNAL_NAME_SIZE];
        int r;

        *scan = (struct journal_scan){ .file = JOURNAL_FILE_NULL, .window = window };

        journal_name_format(name, JOURNAL_LOG_PREFIX, number);
        r = journal_file_open(&scan->file, dir, name, JOURNAL_IO_READ, error);
        if (r < 0)
                return r;
        r = read_header(&scan->file, number, &scan->segment, error);
        if (r < 0) {
                journal_scan_close(scan);
                return r;
        }

        scan->offset = scan->segment.block_size;
        scan->next_lsn = scan->segment.first_lsn;
        scan->chain = scan->segment.chain_before;
        return 0;
}

void journal_scan_close(struct journal_scan *scan)
{
        journal_file_close(&scan->file);
}

int journal_scan_bytes(struct journal_scan *scan, uint64_t offset, size_t size,
                       const uint8_t **ret_bytes, size_t *ret_size, struct journal_error *error)
{
        uint64_t window_end = scan->window_offset + scan->window_size;
        size_t kept_size = 0;
        int64_t count;

        ACD_ASSERT(size <= JOURNAL_WINDOW_SIZE);

        if (offset < scan->window_offset || offset + size > window_end) {
                if (offset >= scan->window_offset && offset < window_end) {
                        kept_size = (size_t)(window_end - offset);
                        memmove(scan->window, scan->window + (offset - scan->window_offset),
                                kept_size);
                }
                scan->window_offset = offset;
                scan->window_size = kept_size;
                count = journal_file_read(&scan->file, scan->window + kept_size,
                                          JOURNAL_WINDOW_SIZE - kept_size, offset + kept_size,
                                          error);
                if (count < 0)
                        return (int)count;
                scan->window_size += (size_t)count;
        }

        *ret_bytes = scan->window + (offset - scan->window_offset);
        *ret_size = (size_t)(scan->window_offset + scan->window_size - offset);
        return 0;
}

/* The batch at @bytes with its padding, and whether it continues the log. */
static enum journal_verdict judge(const struct journal_scan *scan, const uint8_t *bytes,
                                  size_t size, struct journal_batch *ret_batch, size_t *ret_offset)
{
        struct journal_identity identity = journal_identity_of(&scan->segment);
        enum journal_verdict verdict;
        uint64_t padded_size;

        verdict = journal_batch_decode(bytes, size, &identity, ret_batch, ret_offset);
        if (verdict != JOURNAL_VALID)
                return verdict;

        padded_size = journal_blocks_size(ret_batch->size, scan->segment.block_size);
        *ret_offset = ret_batch->size;
        if (padded_size > size)
                return JOURNAL_BAD_SIZE;
        if (!journal_is_zero(bytes + ret_batch->size, (size_t)padded_size - ret_batch->size))
                return JOURNAL_BAD_PADDING;

        *ret_offset = 0;
        if (ret_batch->first_lsn != scan->next_lsn || ret_batch->chain_before != scan->chain)
                return JOURNAL_BAD_HEADER;

        return JOURNAL_VALID;
}

int journal_scan_look(struct journal_scan *scan, enum journal_verdict *ret_verdict,
                      struct journal_batch *ret_batch, uint64_t *ret_offset,
                      struct journal_error *error)
{
        struct journal_identity identity = journal_identity_of(&scan->segment);
        const uint8_t *bytes;
        size_t size, damage_offset = 0;
        int r;

        r = journal_scan_bytes(scan, scan->offset, JOURNAL_SECTOR_SIZE, &bytes, &size, error);
        if (r < 0)
                return r;
        if (size == 0) {
                *ret_verdict = JOURNAL_BLANK;
                *ret_offset = scan->offset;
                return 0;
        }

        /* The header says how much has to be in the window. */
        *ret_verdict = journal_batch_decode_header(bytes, size, &identity, ret_batch);
        if (*ret_verdict == JOURNAL_VALID) {
                r = journal_scan_bytes(
                        scan, scan->offset,
                        journal_blocks_size(ret_batch->size, scan->segment.block_size), &bytes,
                        &size, error);
                if (r < 0)
                        return r;
                *ret_verdict = judge(scan, bytes, size, ret_batch, &damage_offset);
        }

        *ret_offset = scan->offset + damage_offset;
        return 0;
}

void journal_scan_pass(struct journal_scan *scan, const struct journal_batch *batch)
{
        ACD_ASSERT(batch->first_lsn == scan->next_lsn);
        ACD_ASSERT(batch->chain_before == scan->chain);
        ACD_ASSERT(scan->offset % scan->segment.block_size == 0);
        ACD_ASSERT(scan->offset + batch->size <= scan->segment.size);

        scan->offset += journal_blocks_size(batch->size, scan->segment.block_size);
        scan->next_lsn += batch->record_count;
        scan->chain = batch->chain_after;
}
