/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal in good times: what goes in comes out, across rolls, restarts,
 * snapshots and truncation.
 */

#include <criterion/criterion.h>
#include <errno.h>

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
