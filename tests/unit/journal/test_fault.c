/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every disk operation fails once, with every error; every one is once the last.
 *
 * A scenario is run without faults first, to count its operations. Then it is
 * run again for n = 1, 2, ...: the n-th operation fails with each error, once
 * and for ever, or is the one before which the process is killed. After each:
 * power fails or only the process ended, the journal recovers without help, and
 * the world finds what was promised. The recovery is a scenario itself, killed
 * at each operation, and killed again at each of the second attempt.
 */

#include <criterion/criterion.h>
#include <errno.h>

#include "tests/support/journal_world.h"
#include "tests/support/simdisk.h"

enum { LSN_MAX = 600 };

/* Small segments, so that a few turns roll often. */
static const struct journal_options options = {
        .segment_size = 12288,
        .batch_size_max = 4096,
        .snapshot_room_size = 4096,
};

/* ---- scenarios ---- */

/* A short life with everything in it. 0 or the first error. */
static int live(struct world *world)
{
        int r = world_recover(world);

        for (int i = 0; r == 0 && i < 8; i++)
                r = world_turn(world, 3, i % 2 ? JOURNAL_COMMIT_HANDED : JOURNAL_COMMIT_INLINE);
        if (r == 0)
                r = world_snapshot(world);
        for (int i = 0; r == 0 && i < 4; i++)
                r = world_turn(world, 2, JOURNAL_COMMIT_INLINE);
        if (r == 0)
                r = world_erase(world);
        if (r == 0)
                r = world_snapshot(world);
        while (r == 0 && (r = journal_work(world->journal)) > 0)
                r = 0;
        if (r == 0)
                r = world_turn(world, 1, JOURNAL_COMMIT_INLINE);
        if (r == 0)
                r = world_snapshot(world);
        return r == 0 ? world_stop(world) : r;
}

/* What a life leaves that did not end well: a torn tail, spares, a snapshot. */
static void leave_a_mess(struct world *world, struct simdisk *disk)
{
        cr_assert_eq(world_recover(world), 0);
        for (int i = 0; i < 6; i++)
                cr_assert_eq(world_turn(world, 3, JOURNAL_COMMIT_INLINE), 0);
        cr_assert_eq(world_snapshot(world), 0);
        for (int i = 0; i < 3; i++)
                cr_assert_eq(world_turn(world, 3, JOURNAL_COMMIT_INLINE), 0);
        simdisk_kill_at(disk, 1 << SIMDISK_SYNC, 1);
        cr_assert_lt(world_turn(world, 8, JOURNAL_COMMIT_INLINE), 0);
        world_drop(world);
        simdisk_crash(disk, SIMDISK_LOSE_SOME);
}

/* The journal is closed, however it ended: nothing may be left open. */
static void drop(struct world *world, const struct simdisk *disk)
{
        world_drop(world);
        cr_assert_eq(simdisk_open_count(disk), 0u);
}

static void check_recovery(struct world *world, const char *what, uint64_t n)
{
        char text[700];
        int r = world_recover(world);

        if (r < 0)
                (void)journal_error_format(&world->error, text, sizeof(text));
        cr_assert_eq(r, 0, "%s %llu: %s", what, (unsigned long long)n, text);
        world_check_events(world);
        cr_assert_eq(world_turn(world, 2, JOURNAL_COMMIT_INLINE), 0);
        world_drop(world);
}

/* ---- sweeps ---- */

struct trial {
        struct simdisk *disk;
        struct world world;
};

static void begin_trial_with(struct trial *trial, uint64_t seed, enum journal_sync_policy policy)
{
        struct journal_options own = options;

        own.sync_policy = policy;
        trial->disk = simdisk_new(seed);
        world_init(&trial->world, simdisk_io(trial->disk), &own, 1, LSN_MAX);
}

static void begin_trial(struct trial *trial, uint64_t seed)
{
        begin_trial_with(trial, seed, JOURNAL_SYNC_ALWAYS);
}

static void end_trial(struct trial *trial)
{
        world_free(&trial->world);
        simdisk_free(trial->disk);
}

static uint64_t count_ops(uint32_t ops)
{
        struct trial trial;
        uint64_t count;

        begin_trial(&trial, 1);
        cr_assert_eq(live(&trial.world), 0);
        count = simdisk_op_count(trial.disk, ops);
        end_trial(&trial);
        cr_assert_gt(count, 20);
        return count;
}

/* Fail the n-th operation of @ops, for every n. */
static void sweep(uint32_t ops, int error, bool is_forever)
{
        uint64_t op_count = count_ops(ops);

        for (uint64_t n = 1; n <= op_count; n++) {
                struct simdisk_fault fault = { ops, n, error, is_forever };
                struct trial trial;
                int r;

                begin_trial(&trial, n);
                simdisk_set_fault(trial.disk, &fault);
                r = live(&trial.world);
                /* What is completed by trying again is no failure; the rest is typed. */
                if (error == 0 || (error == EINTR && !is_forever))
                        cr_assert_eq(r, 0, "%d at %llu: %d", error, (unsigned long long)n, r);
                else if (r < 0 || error == EIO) /* what is not for want of space is told */
                        cr_assert(r == -error || r == -EAGAIN || (r == -ENOSPC && error == EDQUOT),
                                  "%d at %llu: %d", error, (unsigned long long)n, r);
                drop(&trial.world, trial.disk);
                if (n % 2)
                        simdisk_restart(trial.disk);
                else
                        simdisk_crash(trial.disk, SIMDISK_LOSE_SOME);
                check_recovery(&trial.world, "fault at", n);
                end_trial(&trial);
        }
}

TestSuite(fault, .timeout = 280);

Test(fault, eio_once)
{
        sweep(SIMDISK_ALL_OPS, EIO, false);
}

Test(fault, eio_for_ever)
{
        sweep(SIMDISK_ALL_OPS, EIO, true);
}

Test(fault, enospc_once)
{
        sweep(SIMDISK_CHANGES, ENOSPC, false);
}

Test(fault, enospc_for_ever)
{
        sweep(SIMDISK_CHANGES, ENOSPC, true);
}

Test(fault, edquot_once)
{
        sweep(SIMDISK_CHANGES, EDQUOT, false);
}

Test(fault, eintr_once)
{
        sweep(1 << SIMDISK_READ | 1 << SIMDISK_WRITE, EINTR, false);
}

Test(fault, eintr_for_ever)
{
        sweep(1 << SIMDISK_READ | 1 << SIMDISK_WRITE, EINTR, true);
}

Test(fault, short_once)
{
        sweep(1 << SIMDISK_READ | 1 << SIMDISK_WRITE, 0, false);
}

Test(fault, short_for_ever)
{
        sweep(1 << SIMDISK_READ | 1 << SIMDISK_WRITE, 0, true);
}

/* Goal    A kill before any operation of a life loses nothing that was promised. */
Test(fault, killed_at_every_operation)
{
        uint64_t op_count = count_ops(SIMDISK_CHANGES);

        for (uint64_t n = 1; n <= op_count; n++) {
                for (int loss = SIMDISK_LOSE_SOME; loss <= SIMDISK_LOSE_NOTHING; loss++) {
                        struct trial trial;

                        begin_trial(&trial, n * 7 + (uint64_t)loss);
                        simdisk_kill_at(trial.disk, SIMDISK_CHANGES, n);
                        cr_assert_lt(live(&trial.world), 0);
                        drop(&trial.world, trial.disk);
                        simdisk_crash(trial.disk, (enum simdisk_loss)loss);
                        check_recovery(&trial.world, "killed at", n);
                        end_trial(&trial);
                }
        }
}

/* Goal    A kill before any operation of a recovery, and then of the recovery after
 *         it, loses nothing either. */
Test(fault, killed_twice_during_recovery)
{
        bool is_over = false;

        for (uint64_t first = 1; !is_over; first++) {
                for (uint64_t second = 1;; second++) {
                        struct trial trial;
                        int r;

                        begin_trial(&trial, first * 1000 + second);
                        leave_a_mess(&trial.world, trial.disk);
                        simdisk_kill_at(trial.disk, SIMDISK_CHANGES, first);
                        r = world_recover(&trial.world);
                        is_over = r == 0;
                        drop(&trial.world, trial.disk);
                        simdisk_crash(trial.disk, SIMDISK_LOSE_SOME);

                        simdisk_kill_at(trial.disk, SIMDISK_CHANGES, second);
                        r = world_recover(&trial.world);
                        drop(&trial.world, trial.disk);
                        simdisk_crash(trial.disk, SIMDISK_LOSE_SOME);
                        check_recovery(&trial.world, "killed again at", first);
                        end_trial(&trial);
                        if (r == 0)
                                break;
                }
        }
}

/* ---- the sync that fails once ---- */

/* Goal    A failed sync is final, though the next one would succeed: the batch is
 *         not acknowledged, nothing more is written, and the next start finds
 *         the log without it when the page cache is lost.
 * Method  Fail one sync; try to go on; lose power. */
Test(fault, a_failed_sync_is_final)
{
        struct simdisk_fault fault = { .ops = 1 << SIMDISK_SYNC, .at = 1, .error = EIO };
        struct journal_stamp stamp = { .now_ns = UINT64_MAX };
        struct trial trial;
        struct world *world = &trial.world;
        uint64_t promised_lsn, write_count;

        begin_trial(&trial, 1);
        cr_assert_eq(world_recover(world), 0);
        cr_assert_eq(world_turn(world, 3, JOURNAL_COMMIT_INLINE), 0);
        promised_lsn = world->promised_lsn;

        simdisk_set_fault(trial.disk, &fault);
        cr_assert_eq(world_turn(world, 1, JOURNAL_COMMIT_INLINE), -EIO);
        cr_assert_eq(journal_committed_lsn(world->journal), promised_lsn);
        cr_assert_eq(journal_failure(world->journal)->code, -EIO);

        write_count = simdisk_op_count(trial.disk, SIMDISK_CHANGES);
        cr_assert_eq(journal_reserve(world->journal, 1, 1), JOURNAL_ROOM);
        (void)journal_append(world->journal, (struct journal_bytes){ "x", 1 },
                             (struct journal_bytes){ 0 });
        cr_assert_eq(journal_commit(world->journal, &stamp, JOURNAL_COMMIT_INLINE), -EIO);
        cr_assert_eq(journal_sync(world->journal, UINT64_MAX), -EIO);
        cr_assert_eq(journal_work(world->journal), -EIO);
        cr_assert_eq(journal_poll(world->journal), -EIO);
        cr_assert_eq(simdisk_op_count(trial.disk, SIMDISK_CHANGES), write_count);

        world_drop(world);
        simdisk_crash(trial.disk, SIMDISK_LOSE_SOME);
        cr_assert_eq(world_recover(world), 0);
        cr_assert_eq(world->promised_lsn, promised_lsn);
        end_trial(&trial);
}

/* Goal    What the page cache shows after a failed sync is made durable by the next
 *         start before anything is answered.
 * Method  Fail a sync; the process ends, the machine goes on. The recovery finds
 *         the batch in the cache. Then the power fails. */
Test(fault, what_only_the_cache_has_is_copied)
{
        struct simdisk_fault fault = { .ops = 1 << SIMDISK_SYNC, .at = 1, .error = EIO };
        struct trial trial;
        struct world *world = &trial.world;
        uint64_t written_lsn;

        begin_trial(&trial, 1);
        cr_assert_eq(world_recover(world), 0);
        simdisk_set_fault(trial.disk, &fault);
        cr_assert_eq(world_turn(world, 3, JOURNAL_COMMIT_INLINE), -EIO);
        written_lsn = world->written_lsn;
        world_drop(world);
        simdisk_restart(trial.disk);

        cr_assert_eq(world_recover(world), 0);
        cr_assert_eq(world->promised_lsn, written_lsn, "the cache still had it");
        world_drop(world);
        simdisk_crash(trial.disk, SIMDISK_LOSE_ALL);
        cr_assert_eq(world_recover(world), 0);
        end_trial(&trial);
}

/* ---- a full disk ---- */

/* Goal    On a disk that fills up: refused before anything is accepted, committed
 *         work stays, and a snapshot makes room again.
 * Method  Take all free space away; write until the journal says that the disk is
 *         full; snapshot (its room was kept) and truncate; go on. Under every policy, for what
 *         the journal has it keeps. */
static void fill_and_recover(enum journal_sync_policy policy)
{
        struct journal_space_report report;
        struct trial trial;
        struct world *world = &trial.world;
        int r, turn_count = 0;

        begin_trial_with(&trial, 1, policy);
        cr_assert_eq(world_recover(world), 0);
        cr_assert_eq(world_turn(world, 3, JOURNAL_COMMIT_INLINE), 0);
        while (journal_work(world->journal) > 0)
                ;
        simdisk_set_space(trial.disk, simdisk_used(trial.disk), 0);
        cr_assert_eq(journal_space(world->journal, &report), JOURNAL_SPACE_CRITICAL);

        do {
                r = world_turn(world, 3, JOURNAL_COMMIT_INLINE);
                turn_count++;
        } while (r == 0);
        cr_assert_eq(r, -EAGAIN);
        cr_assert_gt(turn_count, 3, "the spare was used up first");
        cr_assert_eq(journal_pending_count(world->journal), 0);
        cr_assert_eq(journal_failure(world->journal)->code, 0);
        cr_assert_eq(journal_space(world->journal, &report), JOURNAL_SPACE_CRITICAL);
        cr_assert(report.is_spare_refused);

        cr_assert_eq(world_snapshot(world), 0, "its room was kept");
        while (journal_work(world->journal) > 0)
                ;
        cr_assert_eq(world_turn(world, 3, JOURNAL_COMMIT_INLINE), 0);
        cr_assert_eq(world_turn(world, 3, JOURNAL_COMMIT_INLINE), 0);
        world_drop(world);
        simdisk_restart(trial.disk);
        cr_assert_eq(world_recover(world), 0);
        end_trial(&trial);
}

Test(fault, full_disk_refuses_and_recovers)
{
        fill_and_recover(JOURNAL_SYNC_ALWAYS);
        fill_and_recover(JOURNAL_SYNC_INTERVAL);
        fill_and_recover(JOURNAL_SYNC_NEVER);
}

/* Goal    A new directory on a full disk refuses to start, and says so. */
Test(fault, full_disk_refuses_to_start)
{
        struct trial trial;

        begin_trial(&trial, 1);
        simdisk_set_space(trial.disk, 10000, 0);
        cr_assert_eq(world_recover(&trial.world), -ENOSPC);
        cr_assert_eq(trial.world.error.remedy, JOURNAL_REMEDY_SPACE);
        simdisk_set_space(trial.disk, 1 << 20, 0);
        cr_assert_eq(world_recover(&trial.world), 0);
        end_trial(&trial);
}

/*
 * Goal    What the disk refuses to a recovery is told, and nothing is worse for it.
 * Method  A log that did not end well; each operation of its recovery fails in turn,
 *         then it is tried again.
 */
Test(fault, eio_during_recovery)
{
        uint32_t forgiven_count = 0;

        for (uint64_t n = 1;; n++) {
                const struct simdisk_fault fault = { SIMDISK_ALL_OPS, n, EIO, false };
                struct trial trial;
                bool was_faulty;
                int r;

                begin_trial(&trial, 5);
                leave_a_mess(&trial.world, trial.disk);
                simdisk_set_fault(trial.disk, &fault);
                r = world_recover(&trial.world);
                was_faulty = simdisk_was_faulty(trial.disk);
                if (was_faulty && r != -EIO) {
                        cr_assert_eq(r, 0, "fault at %llu: %d", (unsigned long long)n, r);
                        forgiven_count++;
                }
                drop(&trial.world, trial.disk);
                simdisk_restart(trial.disk);
                check_recovery(&trial.world, "fault at", n);
                end_trial(&trial);
                if (!was_faulty)
                        break;
        }
        /* The one segment of events, opened and read for its age alone. */
        cr_assert_eq(forgiven_count, 2u);
}
