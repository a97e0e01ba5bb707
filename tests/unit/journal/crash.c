/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Crash images: many lives of a journal on a disk that tears, loses and forgets.
 *
 *      crash --seeds N          seeds 1 to N (default 1,000; a night: 1,000,000)
 *      crash --seed S           this one, saying what it does
 *
 * A seed draws the settings and then some lives. In a life the journal recovers,
 * works for a while (turns, inline and handed, snapshots, truncation, erasure,
 * idle work), and ends: by a kill before its n-th change of the disk, during
 * recovery too, by a failing disk, or cleanly. Between lives the power
 * fails or it does not. The world checks every recovery against its model; a
 * recovery that refuses although nothing damaged the disk is a failure as well.
 *
 * A failure prints the line that repeats it.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "tests/support/journal_world.h"
#include "tests/support/simdisk.h"

enum { LSN_MAX = 4000, LIFE_COUNT_MAX = 5, STEP_COUNT_MAX = 60 };

struct run {
        struct simdisk *disk;
        struct world world;
        struct acd_prng prng;
        uint64_t seed;
        bool is_talkative;
        uint64_t image_count;
};

static uint64_t current_seed;

_Noreturn static void give_up(const char *what)
{
        fprintf(stderr, "%s\nrepeat with: crash --seed %llu\n", what,
                (unsigned long long)current_seed);
        exit(1);
}

_Noreturn void acd_panic(const char *file, int line, const char *function, const char *what)
{
        fprintf(stderr, "%s:%d: %s: assertion failed: %s\n", file, line, function, what);
        give_up("a promise was broken");
}

static uint64_t draw(struct run *run, uint64_t below)
{
        return acd_prng_below(&run->prng, below);
}

static struct journal_options draw_options(struct run *run)
{
        static const uint32_t block_sizes[] = { 512, 512, 1024, 4096 };
        static const uint32_t batch_sizes[] = { 4096, 4096, 8192, 20000 };
        static const enum journal_sync_policy policies[] = {
                JOURNAL_SYNC_ALWAYS,   JOURNAL_SYNC_ALWAYS, JOURNAL_SYNC_ALWAYS,
                JOURNAL_SYNC_INTERVAL, JOURNAL_SYNC_NEVER,
        };
        struct journal_options options = {
                .block_size = block_sizes[draw(run, 4)],
                .batch_size_max = batch_sizes[draw(run, 4)],
                .sync_policy = policies[draw(run, 5)],
                .sync_interval_ns = 5000000,
                .spare_count = 2 + (uint32_t)draw(run, 2),
                .snapshot_room_size = draw(run, 2) * 8192,
        };

        options.segment_size = 2 * (options.batch_size_max + 4096) + 4096 + draw(run, 20000);
        return options;
}

static void say(const struct run *run, const char *what, int r)
{
        char text[1024];

        if (!run->is_talkative)
                return;
        if (r < 0)
                (void)journal_error_format(&run->world.error, text, sizeof(text));
        printf("%-10s lsn %llu promised %llu%s%s\n", what,
               (unsigned long long)run->world.written_lsn,
               (unsigned long long)run->world.promised_lsn, r < 0 ? ": " : "", r < 0 ? text : "");
}

/* A failure is explained if we caused it. */
static void check_explained(struct run *run, int r)
{
        char text[1024];

        if (r >= 0 || simdisk_is_dead(run->disk) || simdisk_was_faulty(run->disk))
                return;
        (void)journal_error_format(&run->world.error, text, sizeof(text));
        fprintf(stderr, "%s\n", text);
        give_up("the journal failed though nothing was wrong");
}

static void plan_trouble(struct run *run, uint64_t op_count)
{
        static const int errors[] = { EIO, EIO, ENOSPC, EINTR, 0 };

        if (draw(run, 3) == 0) {
                struct simdisk_fault fault = {
                        .ops = SIMDISK_CHANGES,
                        .at = 1 + draw(run, op_count),
                        .error = errors[draw(run, 5)],
                        .is_forever = draw(run, 2) == 0,
                };

                if (fault.error == 0 || fault.error == EINTR)
                        fault.ops = 1 << SIMDISK_WRITE | 1 << SIMDISK_READ;
                simdisk_set_fault(run->disk, &fault);
        }
        if (draw(run, 4) != 0)
                simdisk_kill_at(run->disk, SIMDISK_CHANGES, 1 + draw(run, op_count));
}

/* One thing an owner does. */
static int step(struct run *run)
{
        struct world *world = &run->world;
        uint32_t record_count = 1 + (uint32_t)draw(run, draw(run, 8) == 0 ? 40 : 4);

        switch (draw(run, 16)) {
        case 0:
                return world_snapshot(world);
        case 1:
                return world_erase(world);
        case 2:
        case 3:
                return world_settle(world);
        case 4:
                return journal_work(world->journal) < 0 ? -EIO : 0;
        case 5:
        case 6:
        case 7:
        case 8:
                return world_turn(world, record_count, JOURNAL_COMMIT_HANDED);
        default:
                return world_turn(world, record_count, JOURNAL_COMMIT_INLINE);
        }
}

static int work(struct run *run)
{
        struct world *world = &run->world;
        int r = 0;

        for (uint64_t i = draw(run, STEP_COUNT_MAX); r == 0 && i > 0; i--) {
                if (journal_last_lsn(world->journal) + 50 > world->lsn_max)
                        break;
                r = step(run);
                say(run, "step", r);
                if (r < 0 && journal_failure(world->journal)->code < 0)
                        world->error = *journal_failure(world->journal);
        }
        if (r == 0)
                r = world_settle(world);
        return r;
}

static void end_life(struct run *run)
{
        static const enum simdisk_loss losses[] = { SIMDISK_LOSE_SOME, SIMDISK_LOSE_SOME,
                                                    SIMDISK_LOSE_ALL, SIMDISK_LOSE_NOTHING };

        world_drop(&run->world);
        if (draw(run, 4) == 0) {
                simdisk_restart(run->disk);
        } else {
                simdisk_crash(run->disk, losses[draw(run, 4)]);
                run->image_count++;
        }
}

static void live(struct run *run)
{
        struct world *world = &run->world;
        int r;

        /* Trouble during the recovery, in some lives. */
        if (draw(run, 3) == 0)
                plan_trouble(run, 30);
        r = world_recover(world);
        say(run, "recover", r);
        check_explained(run, r);
        if (r == 0) {
                simdisk_set_fault(run->disk, NULL);
                simdisk_kill_at(run->disk, 0, 0);
                plan_trouble(run, 200);
                r = work(run);
                check_explained(run, r);
                if (r == 0 && draw(run, 3) == 0)
                        r = world_stop(world);
                check_explained(run, r);
                say(run, "end", r);
        }
        end_life(run);
}

/* The last recovery has nothing in its way, and what it finds is all there. */
static void live_happily(struct run *run)
{
        struct world *world = &run->world;
        int r;

        simdisk_set_fault(run->disk, NULL);
        simdisk_kill_at(run->disk, 0, 0);
        r = world_recover(world);
        say(run, "recover", r);
        check_explained(run, r);
        world_check_events(world);
        for (int i = 0; r == 0 && i < 5; i++)
                r = world_turn(world, 3, JOURNAL_COMMIT_INLINE);
        check_explained(run, r);
        world_check_events(world);
        r = world_stop(world);
        check_explained(run, r);

        r = world_recover(world);
        check_explained(run, r);
        ACD_ASSERT(journal_found(world->journal)->is_clean);
        world_check_events(world);
        world_drop(world);
}

static uint64_t run_seed(uint64_t seed, bool is_talkative)
{
        struct run run = { .seed = seed, .is_talkative = is_talkative };
        struct journal_options options;
        uint64_t life_count;

        current_seed = seed;
        acd_prng_init(&run.prng, seed);
        run.disk = simdisk_new(seed);
        options = draw_options(&run);
        world_init(&run.world, simdisk_io(run.disk), &options, seed, LSN_MAX);

        life_count = 1 + draw(&run, LIFE_COUNT_MAX);
        for (uint64_t i = 0; i < life_count; i++)
                live(&run);
        live_happily(&run);

        world_free(&run.world);
        simdisk_free(run.disk);
        return run.image_count;
}

int main(int argc, char **argv)
{
        uint64_t seed_count = 1000, image_count = 0;

        if (argc == 3 && strcmp(argv[1], "--seed") == 0) {
                (void)run_seed(strtoull(argv[2], NULL, 10), true);
                return 0;
        }
        if (argc == 3 && strcmp(argv[1], "--seeds") == 0)
                seed_count = strtoull(argv[2], NULL, 10);
        else if (argc != 1) {
                fprintf(stderr, "usage: crash [--seeds N | --seed S]\n");
                return 2;
        }

        for (uint64_t seed = 1; seed <= seed_count; seed++)
                image_count += run_seed(seed, false);
        printf("%llu seeds, %llu crash images: all promises kept\n", (unsigned long long)seed_count,
               (unsigned long long)image_count);
        return 0;
}
