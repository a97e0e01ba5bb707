/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * recovery.h - from a data directory to a core that stands where the last run
 * stood.
 *
 * The newest snapshot that is whole (else an older one, else nothing), then
 * every batch of the journal after it, each compared with the digest that it
 * had. The event log is cut back to the snapshot and written again.
 *
 *   Failure    Damage, or a replay that says anything else than the run did,
 *              refuses to start: with the place, what was found, and what to do.
 *   Cost       Loading the snapshot and about a microsecond a command.
 *   Threads    The shard's.
 */

#include "daemon/shard.h"
#include "journal/snapshot.h"

struct recovery {
        struct shard *shard;
        struct snapshot_reader snapshot;
        bool has_snapshot;
        struct acd_limits limits; /* of the memory */
        struct acd_limits needed; /* more than that, found on the way */
        bool is_more_needed;
        uint64_t last_wall_ns; /* wall clock at the last batch, 0 = there was none */
        acd_time last_now;
        uint64_t from_lsn; /* first record to be replayed */
        uint32_t epoch_rise; /* from the last run to the next one */
        struct shard_error *error;
};

/* Open the newest snapshot and raise recovery->limits to what the directory has. */
int recovery_open(struct recovery *recovery) __attribute__((warn_unused_result));

/* Load and replay into the empty core of recovery->limits. -E2BIG: the journal has
 * larger limits; begin anew with recovery->needed. */
int recovery_run(struct recovery *recovery) __attribute__((warn_unused_result));

void recovery_close(struct recovery *recovery);
