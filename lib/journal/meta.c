/* SPDX-License-Identifier: Apache-2.0 */

/*
 * META as bytes and as a file.
 *
 *       0  magic "acdmeta\n"
 *       8  u32 version
 *      12  u32 number of pairs
 *      16  pairs: u32 key, u32 zero, u64 value
 *       *  u32 CRC-32C over everything before
 *
 * Pairs rather than a struct, so that a fact can be added without a new version.
 * A key this build does not know was written by a newer one, which may have
 * meant something by it: that is refused and not dropped on the next write.
 */

#include "journal/meta.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/crc32c.h"
#include "journal/file.h"

#define META_NAME           "META"
#define META_NAME_TEMPORARY "META.tmp"

enum {
        HEAD_SIZE = 16,
        PAIR_SIZE = 16,
        CRC_SIZE = 4,
};

/* Never renumbered; a key that is dropped is never used again. */
enum meta_key {
        META_MADE_WALL_NS = 1,
        META_SECRET = 2,
        META_RUN_ID = 3,
        META_EPOCH = 4,
        META_IS_CLEAN = 5,
        META_END_CHAIN = 6,
        META_END_LSN = 7,
        META_SLOT_FIRST = 256, /* one key each */
};

enum { META_PAIR_COUNT = 7 + JOURNAL_META_SLOT_COUNT };

_Static_assert(HEAD_SIZE + META_PAIR_COUNT * PAIR_SIZE + CRC_SIZE <= JOURNAL_META_SIZE_MAX,
               "META fits its buffer");

static const uint8_t meta_magic[8] = { 'a', 'c', 'd', 'm', 'e', 't', 'a', '\n' };

static uint8_t *put_pair(uint8_t *at, uint32_t key, uint64_t value)
{
        acd_put_u32(at, key);
        acd_put_u32(at + 4, 0);
        acd_put_u64(at + 8, value);
        return at + PAIR_SIZE;
}

size_t journal_meta_encode(const struct journal_meta *meta, uint8_t into[JOURNAL_META_SIZE_MAX])
{
        uint8_t *at = into + HEAD_SIZE;

        memcpy(into, meta_magic, sizeof(meta_magic));
        acd_put_u32(into + 8, JOURNAL_META_VERSION);
        acd_put_u32(into + 12, META_PAIR_COUNT);

        at = put_pair(at, META_MADE_WALL_NS, meta->made_wall_ns);
        at = put_pair(at, META_SECRET, meta->secret);
        at = put_pair(at, META_RUN_ID, meta->run_id);
        at = put_pair(at, META_EPOCH, meta->epoch);
        at = put_pair(at, META_IS_CLEAN, meta->is_clean);
        at = put_pair(at, META_END_CHAIN, meta->end_chain);
        at = put_pair(at, META_END_LSN, meta->end_lsn);
        for (uint32_t i = 0; i < JOURNAL_META_SLOT_COUNT; i++)
                at = put_pair(at, META_SLOT_FIRST + i, meta->slots[i]);

        acd_put_u32(at, acd_crc32c(0, into, (size_t)(at - into)));
        at += CRC_SIZE;

        ACD_ASSERT(at - into <= JOURNAL_META_SIZE_MAX);
        return (size_t)(at - into);
}

/* Store one fact, or -EPROTONOSUPPORT for a key that is not ours. */
static int take_pair(struct journal_meta *meta, uint32_t key, uint64_t value)
{
        if (key >= META_SLOT_FIRST && key < META_SLOT_FIRST + JOURNAL_META_SLOT_COUNT) {
                meta->slots[key - META_SLOT_FIRST] = value;
                return 0;
        }

        switch ((enum meta_key)key) {
        case META_MADE_WALL_NS:
                meta->made_wall_ns = value;
                return 0;
        case META_SECRET:
                meta->secret = value;
                return 0;
        case META_RUN_ID:
                meta->run_id = value;
                return 0;
        case META_EPOCH:
                meta->epoch = (uint32_t)value;
                return 0;
        case META_IS_CLEAN:
                meta->is_clean = value != 0;
                return 0;
        case META_END_CHAIN:
                meta->end_chain = (uint32_t)value;
                return 0;
        case META_END_LSN:
                meta->end_lsn = value;
                return 0;
        case META_SLOT_FIRST:
                break;
        }
        return -EPROTONOSUPPORT;
}

int journal_meta_decode(const uint8_t *bytes, size_t size, struct journal_meta *ret_meta)
{
        struct journal_meta meta = { 0 };
        size_t pair_count;
        int r;

        if (size < HEAD_SIZE + CRC_SIZE || memcmp(bytes, meta_magic, sizeof(meta_magic)) != 0)
                return -EBADMSG;
        if (acd_crc32c(0, bytes, size - CRC_SIZE) != acd_get_u32(bytes + size - CRC_SIZE))
                return -EBADMSG;
        if (acd_get_u32(bytes + 8) != JOURNAL_META_VERSION)
                return -EPROTONOSUPPORT;

        pair_count = acd_get_u32(bytes + 12);
        if ((size - HEAD_SIZE - CRC_SIZE) / PAIR_SIZE != pair_count ||
            (size - HEAD_SIZE - CRC_SIZE) % PAIR_SIZE != 0)
                return -EBADMSG;

        for (size_t i = 0; i < pair_count; i++) {
                const uint8_t *pair = bytes + HEAD_SIZE + i * PAIR_SIZE;

                r = take_pair(&meta, acd_get_u32(pair), acd_get_u64(pair + 8));
                if (r < 0)
                        return r;
        }

        *ret_meta = meta;
        return 0;
}

int journal_meta_read(const struct journal_dir *dir, struct journal_meta *ret_meta,
                      struct journal_error *error)
{
        const struct journal_place place = { dir->path, META_NAME, JOURNAL_NO_OFFSET };
        uint8_t bytes[JOURNAL_META_SIZE_MAX + 1]; /* one more, to notice a longer file */
        struct journal_file file;
        int64_t size;
        int r;

        r = journal_file_open(&file, dir, META_NAME, JOURNAL_IO_READ, error);
        if (r < 0)
                return r;
        size = journal_file_read(&file, bytes, sizeof(bytes), 0, error);
        journal_file_close(&file);
        if (size < 0)
                return (int)size;

        r = journal_meta_decode(bytes, (size_t)size, ret_meta);
        if (r == -EPROTONOSUPPORT)
                return journal_error_set(error, r, JOURNAL_REMEDY_UPGRADE, &place,
                                         "META was written by another version of acdd");
        if (r < 0)
                return journal_error_set(error, r, JOURNAL_REMEDY_SALVAGE, &place,
                                         "META is damaged");
        return 0;
}

int journal_meta_write(const struct journal_dir *dir, const struct journal_meta *meta,
                       struct journal_error *error)
{
        uint8_t bytes[JOURNAL_META_SIZE_MAX];
        size_t size = journal_meta_encode(meta, bytes);
        struct journal_file file;
        int r;

        /* What an earlier attempt left may be longer. */
        r = journal_dir_unlink(dir, META_NAME_TEMPORARY, error);
        if (r < 0)
                return r;
        r = journal_file_open(&file, dir, META_NAME_TEMPORARY, JOURNAL_IO_CREATE, error);
        if (r < 0)
                return r;

        r = journal_file_write(&file, bytes, size, 0, error);
        if (r == 0)
                r = journal_file_sync(&file, error);
        journal_file_close(&file);
        if (r < 0)
                return r;

        r = journal_dir_rename(dir, META_NAME_TEMPORARY, META_NAME, error);
        if (r < 0)
                return r;

        return journal_dir_sync(dir, error);
}
