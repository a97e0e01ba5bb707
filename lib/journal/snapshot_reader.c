/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Reading a snapshot.
 *
 * Twice: the first pass checks every byte and hands out nothing, the second
 * hands out and checks again. A state half restored from a damaged file would
 * have to be thrown away, and at that moment it may be too late to turn to the
 * older snapshot; a second pass over a file in the page cache costs little.
 */

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/crc32c.h"
#include "journal/snapshot.h"
#include "journal/snapshot_format.h"

static void decode_head(const uint8_t *header, struct snapshot_head *ret_head)
{
        *ret_head = (struct snapshot_head){
                .lsn = acd_get_u64(header + 16),
                .now_ns = acd_get_u64(header + 24),
                .wall_ns = acd_get_u64(header + 32),
                .digest = acd_get_u64(header + 40),
                .running_digest = acd_get_u64(header + 48),
                .event_position = acd_get_u64(header + 56),
                .run_id = acd_get_u64(header + 64),
                .epoch = acd_get_u32(header + 72),
                .logic_version = acd_get_u32(header + 76),
        };
        for (uint32_t i = 0; i < SNAPSHOT_SLOT_COUNT; i++)
                ret_head->slots[i] = acd_get_u64(header + 80 + (size_t)i * 8);
}

/* Read and check the header; stand before the first block. */
static int read_header(struct snapshot_reader *reader, uint64_t lsn, struct journal_error *error)
{
        const struct journal_place place = { reader->file.dir->path, reader->file.name, 8 };
        uint8_t header[SNAPSHOT_HEADER_SIZE];
        int64_t size;

        size = journal_file_read(&reader->file, header, sizeof(header), 0, error);
        if (size < 0)
                return (int)size;

        reader->chain = acd_crc32c(0, header, SNAPSHOT_HEADER_CHAIN_OFFSET);
        if ((size_t)size != sizeof(header) ||
            memcmp(header, SNAPSHOT_MAGIC, SNAPSHOT_MAGIC_SIZE) != 0 ||
            acd_get_u32(header + SNAPSHOT_HEADER_CHAIN_OFFSET) != reader->chain)
                return journal_file_damaged(&reader->file, 0, error,
                                            "the header of the snapshot is damaged");
        if (acd_get_u32(header + 8) != SNAPSHOT_VERSION ||
            acd_get_u32(header + 12) != SNAPSHOT_BLOCK_SIZE)
                return journal_error_set(error, -EPROTONOSUPPORT, JOURNAL_REMEDY_UPGRADE, &place,
                                         "the snapshot has a format version that is not %d",
                                         SNAPSHOT_VERSION);

        decode_head(header, &reader->head);
        if (reader->head.lsn != lsn)
                return journal_file_damaged(&reader->file, 16, error,
                                            "the snapshot says it is of record %llu",
                                            (unsigned long long)reader->head.lsn);

        reader->offset = SNAPSHOT_HEADER_SIZE;
        reader->read_size = 0;
        reader->block_count = 0;
        reader->filled_size = 0;
        reader->taken_size = 0;
        return 0;
}

/* The bytes at the reader's offset are a footer that fits what was read. */
static int check_footer(struct snapshot_reader *reader, size_t size, struct journal_error *error)
{
        const uint8_t *footer = reader->block;
        uint32_t chain = acd_crc32c(reader->chain, footer, SNAPSHOT_FOOTER_CHAIN_OFFSET);

        if (size != SNAPSHOT_FOOTER_SIZE ||
            acd_get_u32(footer + SNAPSHOT_FOOTER_CHAIN_OFFSET) != chain ||
            acd_get_u32(footer + 8) != reader->block_count ||
            acd_get_u64(footer + 16) != reader->read_size ||
            acd_get_u64(footer + 24) != reader->head.lsn ||
            acd_get_u32(footer + SNAPSHOT_FOOTER_CHAIN_OFFSET + 4) != 0)
                return journal_file_damaged(&reader->file, reader->offset, error,
                                            "the end of the snapshot is damaged");
        return 0;
}

/* The bytes at the reader's offset are the next block; take its content over. */
static int check_block(struct snapshot_reader *reader, size_t size, struct journal_error *error)
{
        const uint8_t *block = reader->block;
        uint32_t content_size = acd_get_u32(block + 4);
        uint32_t chain;

        if (size < SNAPSHOT_BLOCK_HEAD_SIZE || content_size > SNAPSHOT_BLOCK_SIZE ||
            content_size > size - SNAPSHOT_BLOCK_HEAD_SIZE ||
            acd_get_u32(block) != reader->block_count || acd_get_u32(block + 12) != 0)
                return journal_file_damaged(&reader->file, reader->offset, error,
                                            "block %u is damaged", reader->block_count);

        chain = acd_crc32c(reader->chain, block, SNAPSHOT_BLOCK_CHAIN_OFFSET);
        chain = acd_crc32c(chain, block + SNAPSHOT_BLOCK_HEAD_SIZE, content_size);
        if (acd_get_u32(block + SNAPSHOT_BLOCK_CHAIN_OFFSET) != chain)
                return journal_file_damaged(&reader->file, reader->offset, error,
                                            "block %u does not match its checksum",
                                            reader->block_count);

        reader->chain = chain;
        reader->offset += SNAPSHOT_BLOCK_HEAD_SIZE + content_size;
        reader->read_size += content_size;
        reader->block_count++;
        reader->filled_size = content_size;
        reader->taken_size = 0;
        return 0;
}

/* The next block: 1, or 0 when the footer ends the stream. */
static int next_block(struct snapshot_reader *reader, struct journal_error *error)
{
        int64_t size = journal_file_read(&reader->file, reader->block, sizeof(reader->block),
                                         reader->offset, error);
        int r;

        if (size < 0)
                return (int)size;

        if (size >= SNAPSHOT_MAGIC_SIZE && reader->block_count > 0 &&
            memcmp(reader->block, SNAPSHOT_MAGIC_END, SNAPSHOT_MAGIC_SIZE) == 0) {
                reader->filled_size = 0;
                reader->taken_size = 0;
                return check_footer(reader, (size_t)size, error);
        }

        r = check_block(reader, (size_t)size, error);
        return r < 0 ? r : 1;
}

/* Open snapshot @lsn, check all of it, and stand before its first byte. */
static int open_checked(struct snapshot_reader *reader, const struct journal_dir *dir, uint64_t lsn,
                        struct journal_error *error)
{
        char name[JOURNAL_NAME_SIZE];
        int r;

        journal_name_format(name, SNAPSHOT_PREFIX, lsn);
        r = journal_file_open(&reader->file, dir, name, JOURNAL_IO_READ, error);
        if (r < 0)
                return r;
        r = read_header(reader, lsn, error);
        if (r < 0)
                return r;

        do {
                r = next_block(reader, error);
        } while (r > 0);
        if (r < 0)
                return r;

        reader->stream_size = reader->read_size;
        return read_header(reader, lsn, error);
}

int snapshot_open(struct snapshot_reader *reader, const struct journal_dir *dir, uint64_t lsn_max,
                  void (*on_damaged)(void *context, const struct journal_error *error),
                  void *context, struct journal_error *error)
{
        const struct journal_place place = { dir->path, NULL, JOURNAL_NO_OFFSET };
        struct journal_error damage = { 0 };
        struct snapshot_list list;
        int r;

        memset(reader, 0, sizeof(*reader));
        reader->file = JOURNAL_FILE_NULL;
        r = snapshot_list_read(dir, &list, error);
        if (r < 0)
                return r;

        for (uint32_t i = 0; i < list.count; i++) {
                if (list.lsns[i] > lsn_max)
                        continue;
                r = open_checked(reader, dir, list.lsns[i], &damage);
                if (r == 0)
                        return 0;
                snapshot_close(reader);
                /* Only damage sends us to an older one. A version we do not know is
                 * not damage, and a disk that cannot be read is not either. */
                if (r != -EBADMSG) {
                        if (error != NULL)
                                *error = damage;
                        return r;
                }
                if (on_damaged != NULL)
                        on_damaged(context, &damage);
        }

        if (damage.code < 0) {
                if (error != NULL)
                        *error = damage;
                return -EBADMSG;
        }
        return journal_error_set(error, -ENOENT, JOURNAL_REMEDY_NONE, &place,
                                 "there is no snapshot");
}

int64_t snapshot_read(void *self, void *into, size_t size)
{
        struct snapshot_reader *reader = self;
        size_t left, take;
        int r;

        ACD_ASSERT(reader->file.dir != NULL);

        if (reader->taken_size == reader->filled_size) {
                r = next_block(reader, &reader->error);
                if (r <= 0)
                        return r;
        }

        ACD_ASSERT(reader->taken_size <= reader->filled_size);
        left = reader->filled_size - reader->taken_size;
        take = size < left ? size : left;
        memcpy(into, reader->block + SNAPSHOT_BLOCK_HEAD_SIZE + reader->taken_size, take);
        reader->taken_size += (uint32_t)take;
        return (int64_t)take;
}

void snapshot_close(struct snapshot_reader *reader)
{
        journal_file_close(&reader->file);
}
