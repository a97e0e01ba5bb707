/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * snapshotter.h - when the state is written down, and how it is read back.
 *
 * The stream of a snapshot is a few words of ours (the limits, so that memory
 * can be sized before the core is made) and then the core's own records.
 *
 *   Ownership  Part of the shard.
 *   Failure    A snapshot that fails is logged and tried again later; only a
 *              daemon that stops tells its caller.
 *   Cost       The shard stands still for the fork, which is measured; the
 *              writing is done in the copy.
 *   Threads    The shard's.
 */

#include <stdbool.h>
#include <stdint.h>

#include "acd/acd.h"
#include "journal/snapshot.h"

struct shard;

struct snapshotter {
        uint64_t lsn;        /* of the newest one, 0 = none */
        uint64_t digest;     /* of the state in it; 0 = not computed in this run */
        uint64_t log_size;   /* bytes the journal had taken when it was begun */
        uint64_t begun_real; /* when the last attempt was begun */
        uint64_t begun_lsn;
        bool is_running;
        struct journal_dir dir; /* the writer's own view of the directory */
        struct snapshot_head head;
        struct snapshot_writer writer;
};

/* One should be taken now: the turn then lets nothing fly. */
bool snapshotter_is_due(const struct shard *shard);

/* Begin one in a copy of the process. The state must be durable: nothing fills, nothing flies. */
void snapshotter_begin(struct shard *shard);

/* See what became of it, and let the journal forget what it covers. */
void snapshotter_collect(struct shard *shard);

/* Take one here and now: at a clean stop. */
int snapshotter_take(struct shard *shard, struct journal_error *error)
        __attribute__((warn_unused_result));

/* End one that runs: before a stop takes its own. */
void snapshotter_cancel(struct shard *shard);

/* Write the stream of a snapshot: our words, and the state of @acd. */
int snapshotter_write_state(const struct acd *acd, struct snapshot_writer *writer)
        __attribute__((warn_unused_result));

/* Read our words at the beginning of the stream of @reader. -EBADMSG: not one of ours. */
int snapshotter_read_limits(struct snapshot_reader *reader, struct acd_limits *ret_limits)
        __attribute__((warn_unused_result));
