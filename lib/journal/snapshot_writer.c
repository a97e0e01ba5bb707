/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Writing a snapshot.
 *
 *      snapshot.room --renamed--> snapshot.tmp --filled, cut, synced, renamed--> snapshot-<lsn>
 *           ^                                                                         |
 *           '----------- the oldest, when more are there than are kept ---------------'
 *
 * The room is a file that only holds blocks. A snapshot is written over it, so
 * that a full disk cannot refuse the one thing that makes room again; and the
 * snapshot that is no longer needed becomes the next room.
 *
 * A crash before the last rename leaves a snapshot.tmp, which the next start removes.
 */

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/crc32c.h"
#include "journal/snapshot.h"
#include "journal/snapshot_format.h"

/* ---- the directory ---- */

/* Insert @name's number, keeping the newest first. */
static int on_name(void *context, const char *name)
{
        struct snapshot_list *list = context;
        uint64_t lsn;
        uint32_t i;

        if (!journal_name_parse(name, SNAPSHOT_PREFIX, &lsn))
                return 0;
        if (list->count < SNAPSHOT_LIST_COUNT_MAX)
                list->count++;
        else if (lsn < list->lsns[list->count - 1])
                return 0;

        for (i = list->count - 1; i > 0 && list->lsns[i - 1] < lsn; i--)
                list->lsns[i] = list->lsns[i - 1];
        list->lsns[i] = lsn;
        return 0;
}

int snapshot_list_read(const struct journal_dir *dir, struct snapshot_list *ret_list,
                       struct journal_error *error)
{
        struct snapshot_list list = { 0 };
        int r = journal_dir_list(dir, on_name, &list, error);

        if (r == 0)
                *ret_list = list;
        return r;
}

int snapshot_oldest_lsn(const struct journal_dir *dir, uint64_t *ret_lsn,
                        struct journal_error *error)
{
        const struct journal_place place = { dir->path, NULL, JOURNAL_NO_OFFSET };
        struct snapshot_list list;
        int r;

        r = snapshot_list_read(dir, &list, error);
        if (r < 0)
                return r;
        if (list.count == 0)
                return journal_error_set(error, -ENOENT, JOURNAL_REMEDY_NONE, &place,
                                         "there is no snapshot");

        *ret_lsn = list.lsns[list.count - 1];
        return 0;
}

int snapshot_discard(const struct journal_dir *dir, uint64_t lsn, struct journal_error *error)
{
        char name[JOURNAL_NAME_SIZE];
        int r;

        journal_name_format(name, SNAPSHOT_PREFIX, lsn);
        r = journal_dir_unlink(dir, name, error);
        return r < 0 ? r : journal_dir_sync(dir, error);
}

static bool is_out_of_space(int code)
{
        return code == -ENOSPC || code == -EDQUOT;
}

int snapshot_keep_room(const struct journal_dir *dir, uint64_t size, struct journal_error *error)
{
        struct journal_file file;
        uint64_t size_before;
        int r;

        if (size == 0)
                return 0;

        r = journal_file_open(&file, dir, SNAPSHOT_NAME_ROOM, JOURNAL_IO_ANY, error);
        if (r < 0)
                return r;
        r = journal_file_size(&file, &size_before, error);
        if (r == 0)
                r = journal_file_allocate(&file, size, error);
        journal_file_close(&file);

        /* An empty room is none. */
        if (is_out_of_space(r) && size_before == 0)
                journal_dir_discard(dir, SNAPSHOT_NAME_ROOM);
        return r;
}

/* ---- writing ---- */

static void encode_header(const struct snapshot_head *head, uint8_t into[SNAPSHOT_HEADER_SIZE])
{
        memset(into, 0, SNAPSHOT_HEADER_SIZE);
        memcpy(into, SNAPSHOT_MAGIC, SNAPSHOT_MAGIC_SIZE);
        acd_put_u32(into + 8, SNAPSHOT_VERSION);
        acd_put_u32(into + 12, SNAPSHOT_BLOCK_SIZE);
        acd_put_u64(into + 16, head->lsn);
        acd_put_u64(into + 24, head->now_ns);
        acd_put_u64(into + 32, head->wall_ns);
        acd_put_u64(into + 40, head->digest);
        acd_put_u64(into + 48, head->running_digest);
        acd_put_u64(into + 56, head->event_position);
        acd_put_u64(into + 64, head->run_id);
        acd_put_u32(into + 72, head->epoch);
        acd_put_u32(into + 76, head->logic_version);
        for (uint32_t i = 0; i < SNAPSHOT_SLOT_COUNT; i++)
                acd_put_u64(into + 80 + (size_t)i * 8, head->slots[i]);
        acd_put_u32(into + SNAPSHOT_HEADER_CHAIN_OFFSET,
                    acd_crc32c(0, into, SNAPSHOT_HEADER_CHAIN_OFFSET));
}

int snapshot_begin(struct snapshot_writer *writer, const struct journal_dir *dir,
                   const struct snapshot_head *head, struct journal_error *error)
{
        uint8_t header[SNAPSHOT_HEADER_SIZE];
        int r;

        memset(writer, 0, sizeof(*writer));
        writer->file = JOURNAL_FILE_NULL;
        writer->lsn = head->lsn;
        writer->offset = SNAPSHOT_HEADER_SIZE;

        r = journal_dir_rename(dir, SNAPSHOT_NAME_ROOM, SNAPSHOT_NAME_TEMPORARY, error);
        if (r < 0 && r != -ENOENT)
                return r;
        /* The room has one name, also after a crash: as a second name of a snapshot it
         * would be written over. */
        if (r == 0)
                r = journal_dir_sync(dir, error);
        if (r < 0 && r != -ENOENT)
                return r;
        r = journal_file_open(&writer->file, dir, SNAPSHOT_NAME_TEMPORARY, JOURNAL_IO_ANY, error);
        if (r < 0)
                return r;

        encode_header(head, header);
        writer->chain = acd_get_u32(header + SNAPSHOT_HEADER_CHAIN_OFFSET);
        r = journal_file_write(&writer->file, header, sizeof(header), 0, error);
        if (r < 0)
                snapshot_abandon(writer);
        return r;
}

/* Write the block that fills, whatever is in it, and begin the next. */
static int write_block(struct snapshot_writer *writer)
{
        uint8_t *block = writer->block;
        size_t size = SNAPSHOT_BLOCK_HEAD_SIZE + writer->filled_size;
        int r;

        ACD_ASSERT(writer->filled_size <= SNAPSHOT_BLOCK_SIZE);
        ACD_ASSERT(writer->filled_size > 0 || writer->block_count == 0);

        acd_put_u32(block, writer->block_count);
        acd_put_u32(block + 4, writer->filled_size);
        acd_put_u32(block + 12, 0);
        writer->chain = acd_crc32c(writer->chain, block, SNAPSHOT_BLOCK_CHAIN_OFFSET);
        writer->chain =
                acd_crc32c(writer->chain, block + SNAPSHOT_BLOCK_HEAD_SIZE, writer->filled_size);
        acd_put_u32(block + SNAPSHOT_BLOCK_CHAIN_OFFSET, writer->chain);

        r = journal_file_write(&writer->file, block, size, writer->offset, &writer->error);
        if (r < 0)
                return r;

        writer->offset += size;
        writer->stream_size += writer->filled_size;
        writer->block_count++;
        writer->filled_size = 0;
        return 0;
}

int snapshot_write(void *self, const void *bytes, size_t size)
{
        struct snapshot_writer *writer = self;
        const uint8_t *at = bytes;

        ACD_ASSERT(writer->file.dir != NULL);

        if (writer->error.code < 0)
                return writer->error.code;

        while (size > 0) {
                size_t room = SNAPSHOT_BLOCK_SIZE - writer->filled_size;
                size_t take = size < room ? size : room;
                int r;

                /* A full block is written when more comes, so that the last is never empty
                 * unless it is the only one. */
                if (room == 0) {
                        r = write_block(writer);
                        if (r < 0)
                                return r;
                        continue;
                }
                memcpy(writer->block + SNAPSHOT_BLOCK_HEAD_SIZE + writer->filled_size, at, take);
                writer->filled_size += (uint32_t)take;
                at += take;
                size -= take;
        }
        return 0;
}

static int write_footer(struct snapshot_writer *writer, struct journal_error *error)
{
        uint8_t footer[SNAPSHOT_FOOTER_SIZE] = { 0 };
        uint64_t end_offset = writer->offset + SNAPSHOT_FOOTER_SIZE;
        int r;

        memcpy(footer, SNAPSHOT_MAGIC_END, SNAPSHOT_MAGIC_SIZE);
        acd_put_u32(footer + 8, writer->block_count);
        acd_put_u64(footer + 16, writer->stream_size);
        acd_put_u64(footer + 24, writer->lsn);
        writer->chain = acd_crc32c(writer->chain, footer, SNAPSHOT_FOOTER_CHAIN_OFFSET);
        acd_put_u32(footer + SNAPSHOT_FOOTER_CHAIN_OFFSET, writer->chain);

        r = journal_file_write(&writer->file, footer, sizeof(footer), writer->offset, error);
        if (r < 0)
                return r;
        r = journal_file_truncate(&writer->file, end_offset, error);
        if (r < 0)
                return r;
        return journal_file_sync(&writer->file, error);
}

/* Let go of what is older than the kept ones; the first of them becomes the room. */
static int prune(const struct journal_dir *dir, struct journal_error *error)
{
        struct snapshot_list list;
        char name[JOURNAL_NAME_SIZE];
        int r;

        r = snapshot_list_read(dir, &list, error);
        if (r < 0)
                return r;

        for (uint32_t i = SNAPSHOT_KEPT_COUNT; i < list.count; i++) {
                journal_name_format(name, SNAPSHOT_PREFIX, list.lsns[i]);
                if (i == SNAPSHOT_KEPT_COUNT)
                        r = journal_dir_rename(dir, name, SNAPSHOT_NAME_ROOM, error);
                else
                        r = journal_dir_unlink(dir, name, error);
                if (r < 0)
                        return r;
        }
        return list.count > SNAPSHOT_KEPT_COUNT ? journal_dir_sync(dir, error) : 0;
}

int snapshot_finish(struct snapshot_writer *writer, struct journal_error *error)
{
        const struct journal_dir *dir = writer->file.dir;
        char name[JOURNAL_NAME_SIZE];
        int r;

        ACD_ASSERT(dir != NULL);

        r = writer->error.code;
        if (r == 0)
                r = write_block(writer);
        if (r < 0 && error != NULL)
                *error = writer->error;
        if (r == 0)
                r = write_footer(writer, error);
        if (r < 0) {
                snapshot_abandon(writer);
                return r;
        }

        journal_file_close(&writer->file);
        journal_name_format(name, SNAPSHOT_PREFIX, writer->lsn);
        r = journal_dir_rename(dir, SNAPSHOT_NAME_TEMPORARY, name, error);
        if (r < 0)
                return r;
        r = journal_dir_sync(dir, error);
        if (r < 0)
                return r;
        return prune(dir, error);
}

void snapshot_abandon(struct snapshot_writer *writer)
{
        const struct journal_dir *dir = writer->file.dir;

        if (dir == NULL)
                return;

        /* Its blocks are worth keeping: they are room again. */
        journal_file_close(&writer->file);
        if (journal_dir_rename(dir, SNAPSHOT_NAME_TEMPORARY, SNAPSHOT_NAME_ROOM, NULL) < 0)
                journal_dir_discard(dir, SNAPSHOT_NAME_TEMPORARY);
}
