/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * state_shard.h - as much of a shard as rows and states are made of, around a core of a test.
 *
 *   Ownership  state_shard_new() and state_shard_free(); the core stays the caller's.
 */

#include <stdint.h>

#include "daemon/redis/state.h"
#include "daemon/shard.h"

struct state_shard;

/* For cores whose memory is made for @limits. */
struct state_shard *state_shard_new(const struct acd_limits *limits);
void state_shard_free(struct state_shard *state);

/* The shard, with @core in it, at @now. */
struct shard *state_shard_at(struct state_shard *state, struct acd *core, acd_time now);

/* The state of @tenant at that time, in memory that holds until the next one. Without bytes when
 * it could not be written. */
struct tenant_state_written state_shard_write(struct state_shard *state, acd_tenant_id tenant,
                                              const struct tenant_state_marks *marks);
