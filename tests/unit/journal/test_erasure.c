/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Payloads are erased, and the journal stays what it is.
 */

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "journal/private.h"
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

TestSuite(erasure, .init = set_up, .fini = tear_down);

/* Goal    An erased payload is gone from the disk; all else is as it was. */
Test(erasure, erases_a_payload)
{
        static uint8_t file[16384];
        uint8_t secret_bytes[64];
        struct journal_stamp stamp = { .now_ns = 1 };
        struct journal_error error;

        memset(secret_bytes, 0xa7, sizeof(secret_bytes));
        cr_assert_eq(world_recover(&world), 0);
        cr_assert_eq(journal_reserve(world.journal, 8, 64), JOURNAL_ROOM);
        (void)journal_append(world.journal, (struct journal_bytes){ "commands", 8 },
                             (struct journal_bytes){ secret_bytes, sizeof(secret_bytes) });
        cr_assert_eq(journal_commit(world.journal, &stamp, JOURNAL_COMMIT_INLINE), 0);
        cr_assert_eq(journal_erase_payload(world.journal, 1, &error), -EAGAIN);
        cr_assert_eq(journal_reserve(world.journal, 8, 0), JOURNAL_ROOM);
        (void)journal_append(world.journal, (struct journal_bytes){ "the next", 8 },
                             (struct journal_bytes){ NULL, 0 });
        cr_assert_eq(journal_commit(world.journal, &stamp, JOURNAL_COMMIT_INLINE), 0);
        cr_assert_eq(journal_erase_payload(world.journal, 1, &error), 0);
        cr_assert_eq(journal_erase_payload(world.journal, 1, &error), 0, "again");
        cr_assert_eq(journal_erase_payload(world.journal, 2, &error), -EAGAIN);

        for (int is_crashed = 0; is_crashed < 2; is_crashed++) {
                simdisk_peek(disk, WORLD_PATH, "log-0000000000000001", 0, file, sizeof(file));
                cr_assert_eq(memmem(file, sizeof(file), secret_bytes, 8), NULL);
                cr_assert_neq(memmem(file, sizeof(file), "commands", 8), NULL);
                world_drop(&world);
                simdisk_crash(disk, SIMDISK_LOSE_ALL);
        }
}
