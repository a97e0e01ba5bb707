/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A log on disk, damaged by recipe, then opened, replayed and salvaged.
 *
 * The input is read from its end as a list of changes to the files of a small,
 * well-formed data directory: bytes are changed, sectors zeroed, filled, copied
 * over each other, files cut or removed. Whatever was done: opening refuses with
 * a place, or replays records that are byte for byte what was written, in order,
 * from the first one; and salvage hands out nothing that was not written.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "journal/salvage.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/journal_world.h"
#include "tests/support/simdisk.h"

enum { LSN_MAX = 200, CHANGE_MAX = 16, NAME_MAX = 16, SECTOR = 512 };

/* The directory before any damage; made once. */
static struct simdisk *whole;
static struct world world;
static void *salvage_memory;

static void make_whole(void)
{
        whole = simdisk_new(1);
        world_init(&world, simdisk_io(whole), &(struct journal_options){ 0 }, 1, LSN_MAX);
        for (int life = 0; life < 2; life++) {
                ACD_ASSERT(world_recover(&world) == 0);
                for (uint32_t i = 0; i < 7; i++)
                        ACD_ASSERT(world_turn(&world, 1 + i % 4, JOURNAL_COMMIT_INLINE) == 0);
                world_drop(&world);
                simdisk_restart(whole);
        }
        salvage_memory = malloc(journal_salvage_size());
        ACD_ASSERT(salvage_memory != NULL);
}

/* The recipe, read from its end towards its beginning; zeros when it is used up. */
struct recipe {
        const uint8_t *bytes;
        size_t left_size;
};

static uint32_t next(struct recipe *recipe)
{
        return recipe->left_size == 0 ? 0 : recipe->bytes[--recipe->left_size];
}

static uint64_t next_below(struct recipe *recipe, uint64_t bound)
{
        uint64_t value = next(recipe);

        value = value << 8 | next(recipe);
        return bound == 0 ? 0 : value % bound;
}

/* One change to one file. */
static void damage(struct simdisk *disk, struct recipe *recipe)
{
        char names[NAME_MAX][SIMDISK_NAME_SIZE];
        uint32_t name_count = simdisk_names(disk, WORLD_PATH, names, NAME_MAX);
        const char *name;
        uint64_t size, offset;
        uint8_t sector[SECTOR];

        if (name_count == 0)
                return;
        name = names[next_below(recipe, name_count)];
        size = (uint64_t)simdisk_file_size(disk, WORLD_PATH, name);
        if (size < SECTOR)
                return;
        offset = next_below(recipe, size);

        switch (next(recipe) % 8) {
        case 0:
                simdisk_remove(disk, WORLD_PATH, name);
                return;
        case 1:
                simdisk_cut(disk, WORLD_PATH, name, offset);
                return;
        case 2:
                memset(sector, (int)next(recipe), sizeof(sector));
                break;
        case 3:
                simdisk_peek(disk, WORLD_PATH, name, next_below(recipe, size / SECTOR) * SECTOR,
                             sector, sizeof(sector));
                break;
        default:
                simdisk_flip(disk, WORLD_PATH, name, offset, (uint8_t)next(recipe));
                return;
        }
        simdisk_poke(disk, WORLD_PATH, name, offset / SECTOR * SECTOR, sector,
                     size - offset / SECTOR * SECTOR < SECTOR ? size % SECTOR : SECTOR);
}

static int on_record(void *self, const struct journal_salvaged *salvaged)
{
        uint64_t *last_lsn = self;
        uint64_t lsn = salvaged->record.lsn;

        ACD_ASSERT(salvaged->record.body_size >= 8);
        /* Without header and neighbours the number can be unknown, never wrong. */
        if (lsn == 0)
                lsn = acd_get_u64(salvaged->record.body);
        ACD_ASSERT(lsn == acd_get_u64(salvaged->record.body));
        ACD_ASSERT(lsn <= world.written_lsn);
        if (!salvaged->is_payload_damaged) {
                struct journal_record record = salvaged->record;

                record.lsn = lsn;
                ACD_ASSERT(world_is_record(&world, &record));
        }
        *last_lsn = lsn;
        return 0;
}

static int on_gap(void *self, const struct journal_gap *gap)
{
        (void)self;
        ACD_ASSERT(gap->name[0] != '\0');
        return 0;
}

static void salvage(struct simdisk *disk)
{
        uint64_t last_lsn = 0;
        struct journal_salvage_sink sink = { on_record, on_gap, &last_lsn };
        struct journal_salvage_report report;
        struct journal_error error;
        struct journal_dir dir;
        int r;

        r = journal_dir_open(&dir, simdisk_io(disk), WORLD_PATH, JOURNAL_DIR_READ, &error);
        ACD_ASSERT(r == 0);
        r = journal_salvage(salvage_memory, &dir, &sink, &report, &error);
        ACD_ASSERT(r == 0 || r == -EBADMSG);
        journal_dir_close(&dir);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct recipe recipe = { data, size };
        struct simdisk *disk;
        struct world saved;
        int r;

        if (whole == NULL)
                make_whole();
        disk = simdisk_clone(whole);
        for (uint32_t i = 1 + next(&recipe) % CHANGE_MAX; i > 0; i--)
                damage(disk, &recipe);

        salvage(disk);
        saved = world;
        world.io = world.options.io = simdisk_io(disk);
        world.promised_lsn = 0;
        r = world_open(&world);
        if (r < 0)
                ACD_ASSERT(world.error.path[0] != '\0');
        world_drop(&world);
        world = saved;
        simdisk_free(disk);
        return 0;
}
