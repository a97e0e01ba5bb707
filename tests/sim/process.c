/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The daemon's process in the simulation: how it starts, takes its turns, and dies.
 *
 * A process is killed before its n-th operation on disk or sockets: from there on the disk
 * refuses everything and nothing leaves, so that what the shard does until its turn ends
 * has no effect. Then its memory is dropped and its connections end. If the power fails
 * too, the disk forgets what was not synced, and the peers are told nothing.
 */

#include "tests/sim/sim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/assert.h"
#include "daemon/redis/inbox.h"
#include "tests/sim/net.h"
#include "tests/sim/oracle.h"

enum {
        OPS_TO_DEATH = 400,   /* a planned death comes within so many operations */
        WORK_PIECE_MAX = 8,   /* of the journal's helper between two turns */
        CHECK_EVERY = 128,    /* turns between two looks at the whole core */
        RESTLESS_MAX = 20000, /* turns in a row without a wait, which there is never a reason for */
        HELPER_IDLE_MS = 200, /* between two looks of the helper for work */
};

/* Clocks */

static uint64_t boot_ns(void *self)
{
        const struct sim *sim = self;

        return sim->now - sim->boot_at;
}

static int64_t wall_ns(void *self)
{
        const struct sim *sim = self;

        return (int64_t)sim->now + sim->wall_offset;
}

/* Memory and chance */

static void *reserve(void *self, size_t size)
{
        struct sim *sim = self;
        void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

        if (memory == MAP_FAILED)
                return NULL;
        ACD_ASSERT(sim->block_count < SIM_SHARD_BLOCK_MAX);
        sim->block[sim->block_count++] = (struct sim_block){ memory, size };
        return memory;
}

static void release(void *self, void *memory, size_t size)
{
        struct sim *sim = self;

        for (uint32_t i = 0; i < sim->block_count; i++) {
                if (sim->block[i].memory != memory)
                        continue;
                ACD_ASSERT(sim->block[i].size == size);
                munmap(memory, size);
                sim->block[i] = sim->block[--sim->block_count];
                return;
        }
        sim_fail(sim, "memory is released that was never reserved");
}

static uint64_t randomness(void *self)
{
        struct sim *sim = self;

        return acd_prng_next(&sim->prng);
}

/* The copy that writes snapshots: it does its work at once, and says so later. What it
 * changes in its memory is not the process's. */

static int64_t fork_begin(void *self, int (*work)(void *context), void *context)
{
        struct sim *sim = self;
        struct shard *before = malloc(sizeof(*before));

        ACD_ASSERT(before != NULL);
        ACD_ASSERT(sim->fork_state != WORLD_FORK_RUNNING);
        *before = *sim->shard;
        sim->fork_result = work(context);
        *sim->shard = *before;
        free(before);
        sim->fork_state = WORLD_FORK_RUNNING;
        sim->fork_done_at = sim->now + sim_about(sim, 300 * (uint64_t)SIM_NS_PER_MS);
        return (int64_t)sim_below(sim, 2 * (uint64_t)SIM_NS_PER_MS);
}

static enum world_fork_state fork_poll(void *self, int *ret_error)
{
        struct sim *sim = self;
        enum world_fork_state state = sim->fork_state;

        if (state == WORLD_FORK_RUNNING && sim->now < sim->fork_done_at)
                return WORLD_FORK_RUNNING;
        if (state == WORLD_FORK_NONE)
                return WORLD_FORK_NONE;
        sim->fork_state = WORLD_FORK_NONE;
        *ret_error = sim->fork_result;
        return sim->fork_result < 0 ? WORLD_FORK_FAILED : WORLD_FORK_DONE;
}

static void fork_cancel(void *self)
{
        struct sim *sim = self;

        sim->fork_state = WORLD_FORK_NONE;
}

void sim_process_tables(struct sim *sim)
{
        sim->clock_table = (struct world_clock){ boot_ns, wall_ns, sim };
        sim->system_table = (struct world_system){ reserve, release, randomness, sim };
        sim->fork_table = (struct world_fork){ fork_begin, fork_poll, fork_cancel, sim };
}

/* Death */

static void drop_memory(struct sim *sim)
{
        for (uint32_t i = 0; i < sim->block_count; i++)
                munmap(sim->block[i].memory, sim->block[i].size);
        sim->block_count = 0;
        free(sim->shard);
        sim->shard = NULL;
        sim->fork_state = WORLD_FORK_NONE;
        sim->is_up = false;
        sim->is_stopping = false;
        sim->work_at = 0;
}

static void lose_power(struct sim *sim)
{
        static const enum simdisk_loss losses[] = { SIMDISK_LOSE_SOME, SIMDISK_LOSE_SOME,
                                                    SIMDISK_LOSE_ALL, SIMDISK_LOSE_NOTHING };

        simdisk_crash(sim->disk, losses[sim_below(sim, 4)]);
        /* The machine starts again: its clock begins anew, the wall clock is a bit off. */
        sim->boot_at = sim->now;
        sim->wall_offset += (int64_t)sim_below(sim, 2 * SIM_SECOND) - (int64_t)SIM_SECOND;
}

static void die(struct sim *sim, bool is_power)
{
        sim_say(sim, "the process dies%s", is_power ? ", the power fails" : "");
        /* hiredis allocates for itself; give that back, as the end of a process would. */
        if (sim->shard->block != NULL) {
                if (sim->shard->inbox != NULL)
                        inbox_close(sim->shard->inbox);
                publisher_close(sim->shard);
        }
        net_daemon_died(sim->net, is_power);
        drop_memory(sim);
        if (is_power)
                lose_power(sim);
        else
                simdisk_restart(sim->disk);
        sim->crash_done++;
        sim->restart_at = sim->now + sim_about(sim, SIM_SECOND);
        if (sim_percent(sim, 10))
                sim->restart_at += sim_about(sim, 15 * SIM_SECOND);
}

/* A stop that was asked for has come to its end. */
static void stopped(struct sim *sim)
{
        sim_say(sim, "the process stopped cleanly");
        shard_close(sim->shard);
        net_daemon_died(sim->net, false);
        drop_memory(sim);
        simdisk_restart(sim->disk);
        sim->restart_at = sim->now + sim_about(sim, SIM_SECOND);
}

void sim_process_plan_crash(struct sim *sim)
{
        sim_say(sim, "a death is planned");
        if (sim_percent(sim, 50))
                simdisk_kill_at(sim->disk, sim_percent(sim, 50) ? SIMDISK_CHANGES :
                                                                  SIMDISK_ALL_OPS,
                                1 + sim_below(sim, OPS_TO_DEATH));
        else
                net_kill_at(sim->net, 1 + sim_below(sim, OPS_TO_DEATH));
}

/* Start */

void sim_process_start(struct sim *sim)
{
        struct shard_error error = { .text = "" };
        struct shard_world world = {
                .clock = &sim->clock_table,
                .sockets = net_sockets(sim->net),
                .io_name = "simulated",
                .system = &sim->system_table,
                .fork = &sim->fork_table,
                .disk = simdisk_io(sim->disk),
                .log_fd = sim->log_fd,
                .has_thread = false,
        };
        int r;

        sim->shard = calloc(1, sizeof(*sim->shard));
        ACD_ASSERT(sim->shard != NULL);
        if (sim->phase == SIM_FAULTS && sim->crash_done > 0 && sim_percent(sim, 20))
                simdisk_kill_at(sim->disk, SIMDISK_CHANGES, 1 + sim_below(sim, OPS_TO_DEATH));
        /* Nothing was lost, and nothing may be different but epochs and ids. */
        sim->options.is_new_history = sim->has_started && sim_percent(sim, 10);
        r = shard_open(sim->shard, &world, &sim->options, &error);
        if (simdisk_is_dead(sim->disk)) {
                /* Died while it recovered; whatever open returned, nobody heard it. */
                die(sim, sim_percent(sim, sim->shape.power_percent));
                return;
        }
        if (r < 0)
                sim_fail(sim, "the daemon does not start: %s", error.text);
        sim->has_started = true;
        if (sim->options.is_new_history &&
            acd_history_epoch(sim->shard->acd) != acd_epoch(sim->shard->acd))
                sim_fail(sim, "a new history was asked for and did not begin");
        sim_say(sim, "the process starts: epoch %llu, %llu replayed",
                (unsigned long long)acd_epoch(sim->shard->acd),
                (unsigned long long)sim->shard->recovery.replayed_count);
        acd_check(sim->shard->acd);
        oracle_started(sim->oracle);
        sim->is_up = true;
        net_set_up(sim->net, true);
}

void sim_process_stop(struct sim *sim, bool is_fast)
{
        sim_say(sim, "asked to stop%s", is_fast ? " fast" : "");
        sim->is_stopping = true;
        shard_stop(sim->shard, is_fast);
}

/* Turns */

static void work(struct sim *sim)
{
        if (sim->work_at == 0 || sim->now < sim->work_at)
                return;
        sim->work_at = 0;
        for (int i = 0; i < WORK_PIECE_MAX; i++) {
                int r = journal_work(sim->shard->journal);

                if (r <= 0)
                        return;
                if (sim_percent(sim, 30))
                        break;
        }
        sim->work_at = sim->now + sim_below(sim, 2 * (uint64_t)SIM_NS_PER_MS);
}

/* The helper takes a handed batch soon, and looks for other work now and then. */
static void plan_work(struct sim *sim)
{
        uint64_t late_ms = sim->shape.has_slow_disk ? 30 : 2;
        uint64_t at;

        if (!journal_is_busy(sim->shard->journal))
                late_ms = HELPER_IDLE_MS;
        at = sim->now + 1 + sim_below(sim, late_ms * SIM_NS_PER_MS);
        if (sim->work_at == 0 || at < sim->work_at)
                sim->work_at = at;
}

void sim_process_turn(struct sim *sim)
{
        int r;

        (void)net_tell(sim->net);
        work(sim);
        r = shard_turn(sim->shard);
        sim->turn_count++;
        if (simdisk_is_dead(sim->disk)) {
                die(sim, sim_percent(sim, sim->shape.power_percent));
                return;
        }
        if (r < 0) {
                const struct journal_error *failure = journal_failure(sim->shard->journal);

                sim_fail(sim, "the turn fails without a cause: %s, %s", failure->what,
                         strerror(-r));
        }
        if (sim->shard->run == SHARD_STOPPED) {
                stopped(sim);
                return;
        }
        if (sim->turn_count % CHECK_EVERY == 0)
                acd_check(sim->shard->acd);
        plan_work(sim);
}

uint64_t sim_process_next(struct sim *sim)
{
        uint64_t wait = shard_wait_ns(sim->shard);
        uint64_t next = wait == UINT64_MAX ? UINT64_MAX : sim->now + wait;

        sim->restless_count = wait == 0 ? sim->restless_count + 1 : 0;
        if (sim->restless_count > RESTLESS_MAX)
                sim_fail(sim, "the daemon turns and turns and does not wait");
        if (sim->work_at != 0 && sim->work_at < next)
                next = sim->work_at;
        return next;
}
