/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * sim.h - the whole daemon in a world that is made up.
 *
 * One thread, one seed, virtual time. The shard (turn, journal, wire, core) is the real
 * one; disk, sockets, clock, chance, forks and Redis are tables of functions that this
 * folder fills. Gateways, desktops, an operator, readers and vandals speak the protocol
 * over the simulated network; the process is killed, the power fails, connections break.
 *
 *   safety    while faults last: nothing that was acknowledged may be lost, and nothing
 *             that was told may turn out not to have happened
 *   liveness  then everything heals, and every contact must be served
 *
 *   Ownership  sim_new() and sim_free().
 *   Failure    sim_fail() prints why and ends the process with code 1.
 *   Threads    One.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/hash64.h"
#include "base/prng.h"
#include "daemon/shard.h"
#include "tests/support/simdisk.h"

enum {
        SIM_SHARD_BLOCK_MAX = 64,
        NS_PER_US = 1000,
        SIM_NS_PER_MS = 1000000,
};

#define SIM_SHOP "shop" /* the tenant that comes and goes */
#define SIM_SECOND UINT64_C(1000000000)

struct sim_net;
struct sim_redis;
struct sim_mailbox;
struct sim_clients;
struct sim_oracle;

/* What a seed is like. */
struct sim_shape {
        uint32_t gateways, desks, agents_per_desk, readers, vandals;
        uint64_t fault_ns;        /* length of the first phase */
        uint32_t crash_count;     /* about how many in it */
        uint32_t power_percent;   /* of crashes in which the power fails */
        uint32_t clean_percent;   /* of stops that are clean */
        uint64_t submit_gap_ns;   /* mean time between submits of a gateway */
        uint64_t handle_ns;       /* mean time an agent needs */
        uint32_t drop_permille;   /* chance a second that a connection breaks */
        uint32_t media_percent, stored_percent; /* of contacts */
        uint32_t abandon_percent;
        uint32_t reject_percent, ignore_percent;
        bool has_redis, has_commands, has_slow_disk, has_small_disk;
        uint32_t wrap_up_ms;
        bool hands_over; /* every batch is the helper's */
};

struct sim_block {
        void *memory;
        size_t size;
};

enum sim_phase { SIM_FAULTS, SIM_HEALED, SIM_OVER };

struct sim {
        uint64_t seed;
        struct acd_prng prng; /* of the world */
        struct sim_shape shape;
        enum sim_phase phase;
        bool is_loud;

        uint64_t now;        /* virtual nanoseconds since the simulation began */
        uint64_t boot_at;    /* when the machine was started */
        int64_t wall_offset; /* the wall clock minus virtual time */
        struct acd_hash64 trace;

        struct simdisk *disk;
        struct sim_net *net;
        struct sim_redis *redis;
        struct sim_mailbox *mailbox;
        struct sim_clients *clients;
        struct sim_oracle *oracle;

        struct options options;
        struct shard *shard;
        bool has_started; /* once, so that there is something to continue */
        bool is_up;
        bool is_stopping;
        uint64_t work_at; /* when the journal's helper does its next piece; 0 = nothing to do */
        uint64_t crash_at;
        uint64_t restart_at;
        uint32_t crash_done;
        uint64_t turn_count;
        uint32_t restless_count; /* turns in a row after which it did not wait */

        /* The memory that the shard took. */
        struct sim_block block[SIM_SHARD_BLOCK_MAX];
        uint32_t block_count;

        /* The copy that writes a snapshot. */
        enum world_fork_state fork_state;
        uint64_t fork_done_at;
        int fork_result;

        struct world_clock clock_table;
        struct world_system system_table;
        struct world_fork fork_table;
        int log_fd;
};

struct sim *sim_new(uint64_t seed, bool is_loud);
void sim_free(struct sim *sim);

/* Run to the end. Returns the hash of all that happened. */
uint64_t sim_run(struct sim *sim);

_Noreturn void sim_fail(const struct sim *sim, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
void sim_say(const struct sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Chance */
uint64_t sim_below(struct sim *sim, uint64_t bound);
bool sim_percent(struct sim *sim, uint32_t chance);
/* About @mean, from nearly nothing to four times as much. */
uint64_t sim_about(struct sim *sim, uint64_t mean);

/* A refusal of what may be asked again. */
static inline bool sim_is_later(enum acd_result code)
{
        return code == ACD_FULL || code == ACD_DISK_LOW || code == ACD_DRAINING ||
               code == ACD_RETRY_AFTER || code == ACD_STOPPING;
}

/* process.c: the daemon's process: start, turn, death */
void sim_process_tables(struct sim *sim);
void sim_process_start(struct sim *sim);
void sim_process_turn(struct sim *sim);
void sim_process_plan_crash(struct sim *sim);
void sim_process_stop(struct sim *sim, bool is_fast);
/* When the process wants its next turn; UINT64_MAX: not by itself. */
uint64_t sim_process_next(struct sim *sim);

/* shape.c */
void sim_shape_draw(struct sim *sim);
void sim_shape_options(struct sim *sim);
