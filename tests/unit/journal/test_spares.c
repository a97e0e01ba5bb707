/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Spares are made ahead, and not all at once.
 */

#include <criterion/criterion.h>

#include "journal/private.h"
#include "tests/support/journal_world.h"
#include "tests/support/simdisk.h"

static struct simdisk *disk;
static struct world world;

static void do_all_work(void)
{
        int r;

        do {
                r = journal_work(world.journal);
        } while (r > 0);
        cr_assert_eq(r, 0);
}

/* Goal    Zeroing keeps in step with writing: never a mass of zeros at once, and the spare is
 *         there when the segment ends.
 * Method  A large segment: what is prepared against what is written, batch after batch, up to the
 *         roll, which has never to wait. */
Test(spares, zeroing_is_in_step_with_writing)
{
        enum { SEGMENT_SIZE = 8 << 20, AHEAD_SIZE = 1 << 20 };
        const struct journal_options large = { .segment_size = SEGMENT_SIZE,
                                               .batch_size_max = 65536 };
        struct journal_counts counts;

        disk = simdisk_new(1);
        world_init(&world, simdisk_io(disk), &large, 1, 20000);
        world.payload_size_max = 4096;
        cr_assert_eq(world_recover(&world), 0);
        do_all_work();
        journal_get_counts(world.journal, &counts);
        cr_assert_eq(counts.spare_count, 1, "the first at once");
        do {
                const struct journal_writer *writer = &world.journal->writer;
                uint64_t prepared_size = writer->prepared_size;
                uint64_t written_size = writer->written_size;

                if (atomic_load(&writer->spare_count) < 2) {
                        cr_assert_geq(prepared_size, written_size + written_size / 4);
                        cr_assert_leq(prepared_size, written_size + written_size / 4 + AHEAD_SIZE +
                                                             JOURNAL_SLICE_SIZE);
                }
                cr_assert_eq(world_turn(&world, 20, JOURNAL_COMMIT_INLINE), 0);
                do_all_work();
                journal_get_counts(world.journal, &counts);
                cr_assert(counts.roll_count > 1 || counts.spare_count > 0);
        } while (counts.roll_count == 1);
        cr_assert_eq(counts.spare_count, 1, "one was ready, and one is kept for a recovery");
        world_free(&world);
        simdisk_free(disk);
}

static uint64_t back_size;

static int count_write_back(void *self, int file, uint64_t offset, uint64_t size)
{
        (void)self;
        (void)file;

        cr_assert_eq(offset, back_size);
        back_size += size;
        return 0;
}

/* Goal    What is zeroed is begun to be brought to the disk, in pieces, once. */
Test(spares, zeros_are_written_back)
{
        const struct journal_options large = { .segment_size = 8 << 20, .batch_size_max = 65536 };
        struct journal_io io;
        int r;

        disk = simdisk_new(1);
        io = *simdisk_io(disk);
        io.write_back = count_write_back;
        world_init(&world, &io, &large, 1, 20000);
        cr_assert_eq(world_recover(&world), 0);
        back_size = 0;
        do {
                struct journal_writer *writer = &world.journal->writer;

                r = journal_work(world.journal);
                cr_assert_geq(r, 0);
                while (journal_writer_write_back(writer))
                        ;
                cr_assert_gt(back_size + JOURNAL_PIECE_SIZE, writer->prepared_size);
        } while (atomic_load(&world.journal->writer.spare_count) == 0);
        world_free(&world);
        simdisk_free(disk);
}
