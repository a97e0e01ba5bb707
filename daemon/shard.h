/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * shard.h - a core with its journal, its peers and its turn.
 *
 * Everything that belongs together and to one thread, without a global: a
 * process may run several. It reaches the world only through tables, so the
 * simulator runs the same code in a world of its own. This is how it is driven:
 *
 *      shard_open()          recovers, begins the run
 *      loop:
 *        shard_on_socket()   the world marks what is ready
 *        shard_turn()        gather, decide, commit, release, bury
 *        shard_wait_ns()     how long the world may wait before the next turn
 *      shard_close()         releases what the system holds; nothing is lost by it
 *
 *   Ownership  The caller owns the struct and the tables.
 *   Failure    shard_open(): a negative errno and a sentence with a remedy.
 *              shard_turn(): a negative errno is final; exit without another
 *              word to any peer.
 *   Threads    One.
 */

#include <stdbool.h>
#include <stdint.h>

#include "acd/acd.h"
#include "base/arena.h"
#include "daemon/addresses.h"
#include "daemon/carve.h"
#include "daemon/clock.h"
#include "daemon/commit.h"
#include "daemon/conn.h"
#include "daemon/gateways.h"
#include "daemon/inner.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "daemon/options.h"
#include "daemon/redis/publisher.h"
#include "daemon/session.h"
#include "daemon/snapshotter.h"
#include "daemon/subscribe.h"
#include "daemon/tenants.h"
#include "daemon/world.h"
#include "journal/event_log.h"
#include "journal/journal.h"

struct inbox;

enum { SHARD_ERROR_SIZE = 1024 };

struct shard_error {
        char text[SHARD_ERROR_SIZE];
};

struct shard_world {
        const struct world_clock *clock;
        const struct world_sockets *sockets;
        const char *io_name; /* how the sockets are served, for STATUS */
        const struct world_system *system;
        const struct world_fork *fork;
        const struct journal_io *disk;
        const struct redis_access *redis; /* who we are to Redis; NULL: nobody in particular */
        int log_fd;
        bool has_thread; /* the journal's helper thread; else the owner calls journal_work() */
};

/* How the run goes on. */
enum shard_run {
        SHARD_RUNNING,
        SHARD_DRAINING, /* no new contacts; until resumed or stopped */
        SHARD_STOPPING, /* draining, and stops when empty or at stop_deadline */
        SHARD_STOPPED,  /* clean; nothing more to do but to close */
};

/* What recovery did, for the log and for STATUS. */
struct shard_recovery {
        uint64_t snapshot_lsn;   /* of the last snapshot, 0 = none */
        uint64_t replayed_count; /* commands */
        uint64_t replay_ns;      /* real time it took */
        uint64_t load_ns;        /* of which loading the snapshot */
        uint64_t downtime_ns;    /* core time */
};

struct shard {
        struct shard_world world;
        const struct options *options;
        struct log log;
        struct metrics metrics;
        struct clock clock;
        uint64_t run_id;
        uint64_t started_real; /* real time */

        /* Memory: what the system lent. */
        void *block;
        size_t block_size;
        void *journal_block;
        size_t journal_block_size;
        void *event_block;
        size_t event_block_size;

        struct acd *acd;
        struct journal *journal;
        struct event_log *event_log;
        struct commit commit;
        struct tenants tenants;

        struct conn_pool conns;
        struct addresses addresses;
        struct session_pool sessions;
        struct gateways gateways;
        struct subscription_pool subscriptions;
        struct snapshotter snapshotter;
        struct publisher publisher;
        struct inner inner;  /* not in use without an inbox */
        struct inbox *inbox; /* NULL: requests over Redis are not read */

        enum shard_run run;
        uint64_t stop_deadline; /* real time; 0 = none */
        bool is_stop_fast;
        bool is_leaving;      /* peers were told; only last words are written */
        bool is_serving_more; /* readers of events could be given more at once */
        bool is_blocked;      /* both batches are in use */
        enum journal_space_level space;
        struct journal_space_report space_report;
        uint64_t space_asked; /* real time; housekeeping once a second */
        struct shard_recovery recovery;
        uint64_t wall_told;       /* real time of the last WALL command */
        uint64_t return_deadline; /* agents of the last run are back by then (real); 0 = over */
        uint64_t return_cursor;

        struct acd_arena decode_arena; /* reset per request */
        struct acd_arena row_arena;    /* rows and copies of payload, for one answer or push */
        struct acd_arena encode_arena;
        uint8_t *frame; /* one encoded frame */
        size_t frame_size;
        uint8_t *reader_memory;     /* of the replay */
        acd_contact_id *resume_ids; /* scratch of the replay */
};

/* The time at which a command would be decided now. */
static inline acd_time commit_now(const struct shard *shard)
{
        return shard->commit.has_content ? shard->commit.now : clock_now(&shard->clock);
}

/* Recover the data directory and begin a run. */
int shard_open(struct shard *shard, const struct shard_world *world, const struct options *options,
               struct shard_error *ret_error) __attribute__((warn_unused_result));

/* Whatever state it is in. */
void shard_close(struct shard *shard);

/* Socket @token is ready: a connection's index; from SHARD_TOKEN_REDIS on, the publisher's and
 * the inbox's. */
enum { SHARD_TOKEN_REDIS = 0x40000000 };
void shard_on_socket(struct shard *shard, uint32_t token, bool is_readable, bool is_writable);

/* Listener @listener has connections. */
void shard_on_accept(struct shard *shard, uint32_t listener);

/* One turn. 0, or a negative errno: final. */
int shard_turn(struct shard *shard) __attribute__((warn_unused_result));

/* Real nanoseconds until the next turn is due although nothing happens; 0: at once;
 * UINT64_MAX: never. */
uint64_t shard_wait_ns(struct shard *shard);

/* Take no new contacts, or take them again. */
void shard_drain(struct shard *shard, bool is_resume);

/* Stop: when the open contacts are over or the drain time is, or at once. SHARD_STOPPED follows. */
void shard_stop(struct shard *shard, bool is_fast);

/* Go on with a stop, if there is one. 0, or a negative errno: final. */
int shard_run_on(struct shard *shard) __attribute__((warn_unused_result));

/* Hand out all memory (carve.h); the core's limits are @limits. */
void shard_carve(struct shard *shard, struct carve *carve, const struct options *options,
                 const struct acd_limits *limits);
