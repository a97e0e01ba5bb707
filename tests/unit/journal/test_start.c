/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a start asks of a directory: that it is there, and an epoch of its choice.
 */

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "journal/journal.h"
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

TestSuite(start, .init = set_up, .fini = tear_down);

/* Goal    The epoch rises by what is asked for; one that does not fit is refused before
 *         anything is changed, and what fits exactly is taken. */
Test(start, the_epoch_rises_as_asked)
{
        struct journal_meta meta;
        struct journal_error error;

        cr_assert_eq(world_open(&world), 0);
        cr_assert_eq(journal_start(world.journal, 1, 1 << 20, &error), 0);
        cr_assert_eq(journal_epoch(world.journal), 1u << 20);
        world_drop(&world);

        cr_assert_eq(world_open(&world), 0);
        cr_assert_eq(journal_start(world.journal, 2, UINT32_MAX - (1 << 20) + 1, &error),
                     -EOVERFLOW);
        cr_assert_not_null(strstr(error.what, "1048576"));
        world_drop(&world);
        cr_assert_eq(world_open(&world), 0);
        cr_assert_eq(journal_meta(world.journal)->epoch, 1u << 20);
        meta = *journal_meta(world.journal);
        meta.epoch = UINT32_MAX - 7;
        cr_assert_eq(journal_meta_write(journal_directory(world.journal), &meta, &error), 0);
        world_drop(&world);

        cr_assert_eq(world_open(&world), 0);
        cr_assert_eq(journal_start(world.journal, 3, 8, &error), -EOVERFLOW);
        world_drop(&world);
        cr_assert_eq(world_open(&world), 0);
        cr_assert_eq(journal_start(world.journal, 4, 7, &error), 0);
        cr_assert_eq(journal_epoch(world.journal), UINT32_MAX);
        world_drop(&world);
        cr_assert_eq(world_open(&world), 0);
        cr_assert_eq(journal_start(world.journal, 5, 1, &error), -EOVERFLOW);
}

/* What must exist and does not is not made either. */
Test(start, a_directory_may_have_to_exist)
{
        const struct journal_io *io = simdisk_io(disk);
        struct journal_options options = world.options;
        struct journal *journal;
        void *memory;
        int fd;

        options.must_exist = true;
        memory = malloc(journal_size(&options));
        for (int i = 0; i < 2; i++)
                cr_assert_eq(journal_open(memory, &options, "nowhere", &journal, NULL), -ENOENT);

        fd = io->open_dir(io->self, "hollow", true);
        cr_assert_geq(fd, 0);
        cr_assert_eq(io->close(io->self, fd), 0);
        cr_assert_eq(journal_open(memory, &options, "hollow", &journal, NULL), -ENOENT);
        cr_assert_lt(simdisk_file_size(disk, "hollow", "META"), 0);

        cr_assert_eq(world_recover(&world), 0);
        world_drop(&world);
        cr_assert_eq(journal_open(memory, &options, WORLD_PATH, &journal, NULL), 0);
        journal_close(journal);
        free(memory);
}
