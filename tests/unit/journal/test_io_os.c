/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The real disk: that the table of functions does what it says, and that the
 * journal lives on it. Everything else is tested on the simulated one.
 */

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/journal_world.h"

static char path[] = "/tmp/acd-journal-XXXXXX";
static const struct journal_io *const io = &journal_io_os;

static void set_up(void)
{
        cr_assert_neq(mkdtemp(path), NULL);
}

static int remove_one(void *context, const char *name)
{
        cr_assert_eq(io->unlink(NULL, *(int *)context, name), 0);
        return 0;
}

static void tear_down(void)
{
        int dir = io->open_dir(NULL, path, false);

        (void)io->list(NULL, dir, remove_one, &dir);
        (void)io->close(NULL, dir);
        (void)rmdir(path);
}

TestSuite(io_os, .init = set_up, .fini = tear_down, .timeout = 120);

static int count_one(void *context, const char *name)
{
        cr_assert_neq(name[0], '.');
        ++*(int *)context;
        return 0;
}

static int stop_at_once(void *context, const char *name)
{
        (void)context;
        (void)name;
        return 7;
}

Test(io_os, files_are_written_and_read)
{
        char text[8] = { 0 };
        int dir = io->open_dir(NULL, path, true), file, count = 0;

        cr_assert_geq(dir, 0);
        cr_assert_eq(io->open(NULL, dir, "f", JOURNAL_IO_READ), -ENOENT);
        cr_assert_eq(io->open(NULL, dir, "f", JOURNAL_IO_WRITE), -ENOENT);
        file = io->open(NULL, dir, "f", JOURNAL_IO_CREATE);
        cr_assert_geq(file, 0);
        cr_assert_neq(fcntl(file, F_GETFD) & FD_CLOEXEC, 0);
        cr_assert_eq(io->open(NULL, dir, "f", JOURNAL_IO_CREATE), -EEXIST);

        cr_assert_eq(io->write(NULL, file, "hello", 5, 10), 5);
        cr_assert_eq(io->size(NULL, file), 15);
        cr_assert_eq(io->read(NULL, file, text, sizeof(text), 10), 5);
        cr_assert_str_eq(text, "hello");
        cr_assert_eq(io->read(NULL, file, text, sizeof(text), 15), 0);
        cr_assert_eq(io->sync(NULL, file), 0);
        cr_assert_eq(io->truncate(NULL, file, 12), 0);
        cr_assert_eq(io->size(NULL, file), 12);
        cr_assert_eq(io->allocate(NULL, file, 5000), 0);
        cr_assert_eq(io->size(NULL, file), 5000);
        cr_assert_eq(io->allocate(NULL, file, 0), 0);
        cr_assert_eq(io->read(NULL, file, text, 4, 10), 4);
        cr_assert_eq(memcmp(text, "he\0\0", 4), 0);
        cr_assert_eq(io->close(NULL, file), 0);

        cr_assert_eq(io->rename(NULL, dir, "f", "g"), 0);
        cr_assert_eq(io->rename(NULL, dir, "f", "g"), -ENOENT);
        file = io->open(NULL, dir, "h", JOURNAL_IO_ANY);
        cr_assert_eq(io->close(NULL, file), 0);
        cr_assert_eq(io->sync_dir(NULL, dir), 0);
        cr_assert_eq(io->list(NULL, dir, count_one, &count), 0);
        cr_assert_eq(count, 2);
        cr_assert_eq(io->list(NULL, dir, stop_at_once, NULL), 7);
        cr_assert_eq(io->unlink(NULL, dir, "g"), 0);
        cr_assert_eq(io->unlink(NULL, dir, "g"), -ENOENT);
        cr_assert_eq(io->close(NULL, dir), 0);
        cr_assert_eq(io->close(NULL, dir), -EBADF);
}

Test(io_os, directories_are_made_and_locked)
{
        struct journal_io_space space;
        char sub[64];
        int first, second;

        (void)snprintf(sub, sizeof(sub), "%s/sub", path);
        cr_assert_eq(io->open_dir(NULL, sub, false), -ENOENT);
        first = io->open_dir(NULL, sub, true);
        cr_assert_geq(first, 0);
        second = io->open_dir(NULL, sub, true);
        cr_assert_geq(second, 0);
        cr_assert_eq(io->lock(NULL, first), 0);
        cr_assert_eq(io->lock(NULL, second), -EWOULDBLOCK);
        cr_assert_eq(io->close(NULL, first), 0);
        cr_assert_eq(io->lock(NULL, second), 0);
        cr_assert_eq(io->space(NULL, second, &space), 0);
        cr_assert_gt(space.total_size, 0);
        cr_assert_leq(space.free_size, space.total_size);
        cr_assert_eq(io->close(NULL, second), 0);
        cr_assert_eq(rmdir(sub), 0);
}

/* Goal    A name that is a link is not followed: the directory may be writable for
 *         others than the daemon. */
Test(io_os, links_are_not_followed)
{
        char target[64], link[64];
        int dir = io->open_dir(NULL, path, false);

        (void)snprintf(target, sizeof(target), "%s/target", path);
        (void)snprintf(link, sizeof(link), "%s/link", path);
        cr_assert_eq(symlink(target, link), 0);
        cr_assert_eq(io->open(NULL, dir, "link", JOURNAL_IO_ANY), -ELOOP);
        cr_assert_eq(io->close(NULL, dir), 0);
}

/* Goal    The journal, its snapshots and the event log live on a real file system:
 *         rolls, recycling, clean and unclean ends. */
Test(io_os, a_journal_lives_here)
{
        char old[200];
        struct world world;

        /* The world's directory has a fixed name: stand in ours. */
        cr_assert_neq(getcwd(old, sizeof(old)), NULL);
        cr_assert_eq(chdir(path), 0);
        world_init(&world, io, &(struct journal_options){ .snapshot_room_size = 65536 }, 1, 5000);
        for (int life = 0; life < 4; life++) {
                cr_assert_eq(world_recover(&world), 0);
                for (int i = 0; i < 60; i++) {
                        cr_assert_eq(
                                world_turn(&world, 3,
                                           i % 2 ? JOURNAL_COMMIT_HANDED : JOURNAL_COMMIT_INLINE),
                                0);
                        if (i % 20 == 10)
                                cr_assert_eq(world_snapshot(&world), 0);
                }
                cr_assert_eq(world_settle(&world), 0);
                world_check_events(&world);
                if (life % 2 == 0)
                        cr_assert_eq(world_stop(&world), 0);
                else
                        world_drop(&world);
        }
        cr_assert_eq(world_recover(&world), 0);
        world_free(&world);

        {
                int dir = io->open_dir(NULL, WORLD_PATH, false);

                cr_assert_eq(io->list(NULL, dir, remove_one, &dir), 0);
                cr_assert_eq(io->close(NULL, dir), 0);
                cr_assert_eq(rmdir(WORLD_PATH), 0);
        }
        cr_assert_eq(chdir(old), 0);
}
