/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * commit.h - from a command to what the world may know of it.
 *
 * Batches have numbers. One fills: accepted commands go to the journal's buffer,
 * their events to the stage, and everything that saw the state since then is
 * tagged with the number. One may be on its way to the disk. All before are
 * durable, and what is tagged with them may leave:
 *
 *      ... 5 6 7 |   8    |    9
 *        durable | flying | filling
 *
 *   Ownership  Part of the shard.
 *   Time       All commands of a batch have one time: that of its first.
 *   Failure    A negative errno is the journal's or the event log's, and final: the
 *              process ends, and releases nothing more.
 *   Threads    The shard's; the journal's helper is inside the journal.
 */

#include <stdbool.h>
#include <stdint.h>

#include "acd/acd.h"
#include "base/hash64.h"
#include "daemon/stage.h"

struct shard;

enum {
        COMMIT_SYNC_SAMPLE_COUNT = 256,
        COMMIT_SLOW_US = 2000,      /* a sync for which waiting is not worth it */
        COMMIT_SLOW_TRY_COUNT = 16, /* batches of which one is waited for all the same, to know */
};

/* Who syncs; the words of the option sync-thread. */
enum commit_thread {
        COMMIT_THREAD_AUTO,
        COMMIT_THREAD_NEVER,
        COMMIT_THREAD_ALWAYS,
};

enum commit_room {
        COMMIT_ROOM,
        COMMIT_FULL,      /* this batch is full: commit it first */
        COMMIT_WAIT,      /* both batches are in use */
        COMMIT_DISK_FULL, /* the journal can take nothing more */
};

struct commit {
        uint64_t filling;        /* number of the batch that fills */
        uint64_t flying;         /* of the one on its way, or 0 */
        uint64_t durable;        /* of the last one on disk */
        uint64_t unlogged;       /* of the durable one whose events are not in the log yet, or 0 */
        bool has_content;        /* the filling one has a command */
        uint32_t sure_count;     /* steps for which the journal has room without being asked */
        acd_time now;            /* of the filling one, if it has content */
        uint64_t event_position; /* where the log ends after all sealed batches */
        struct acd_hash64 hash;  /* the running digest */
        struct stage stage[2];
        uint32_t filling_index; /* of the stage that fills: another one while a batch flies */
        uint32_t sealed_index;  /* of the one that flies or is not logged yet */
        acd_time sealed_now;
        uint32_t sealed_epoch;
        uint64_t flying_since; /* real time */
        uint64_t blocking_us;  /* what a sync that the owner waited for takes, of late */
        uint32_t sync_sample_count;
        uint32_t sync_us[COMMIT_SYNC_SAMPLE_COUNT]; /* the last ones, a ring */

        struct acd_effects effects; /* of the last step */
        uint8_t payload[ACD_COMMAND_PAYLOAD_MAX];
};

/* Is there room for one more step, whatever it is? */
enum commit_room commit_room(struct shard *shard);

/* Apply @command. OK: it is in the batch, and shard->commit.effects holds its
 * events, already staged; route them (router.h). Everything else changed nothing.
 * There must be room. */
enum acd_result commit_step(struct shard *shard, const struct acd_command *command,
                            struct acd_reply *ret_reply);

/* What the state of this moment depends on: tag for whatever is told about it. */
static inline uint64_t commit_tag(const struct commit *commit)
{
        if (commit->has_content)
                return commit->filling;
        return commit->flying != 0 ? commit->flying : commit->durable;
}

/* Collect a batch that was on its way. 1 when one became durable, 0 when not. */
int commit_collect(struct shard *shard) __attribute__((warn_unused_result));

/* Bring the filling batch on its way, if there is something in it and nothing
 * flies: by the helper thread when @is_handed_over, else at once. */
int commit_seal(struct shard *shard, bool is_handed_over) __attribute__((warn_unused_result));

/* Append the events of the last durable batch to the event log, if they are not there: before
 * the next one is decided. */
int commit_log(struct shard *shard) __attribute__((warn_unused_result));

/* Both for who decides outside of turns: the filling batch to disk, its events to the log. */
int commit_through(struct shard *shard) __attribute__((warn_unused_result));

/* Bring everything to disk before returning: at a stop. */
int commit_finish(struct shard *shard) __attribute__((warn_unused_result));

/* Do syncs take so long that the next batch should fill meanwhile? */
bool commit_is_slow(const struct commit *commit);

/* How long the disk took for @permille of the last batches at most, in microseconds; 0 when
 * there was none. */
uint32_t commit_sync_quantile(const struct commit *commit, uint32_t permille);

/* ---- for the recovery: the same steps, from the journal ---- */

/* Begin the batch that the journal says was decided at @now. */
void commit_replay_begin(struct shard *shard, acd_time now);

/* Step a command of it; the result it had before was OK. */
enum acd_result commit_replay_step(struct shard *shard, const struct acd_command *command,
                                   struct acd_reply *ret_reply);

/* End it: its events go to the log. The digest and the position that it came to. */
int commit_replay_end(struct shard *shard, uint64_t *ret_digest, uint64_t *ret_position)
        __attribute__((warn_unused_result));
