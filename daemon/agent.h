/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * agent.h - agents log in, are heard, fall silent, and go.
 *
 *   Threads    The shard's.
 */

#include <stdbool.h>

#include "daemon/dispatch.h"

void agent_login(const struct request *request);
void agent_logout(const struct request *request);
void agent_heartbeat(const struct request *request);
void agent_snapshot(const struct request *request);

/* The session of @request spoke: its lease is renewed, and the agent is back if he was lost.
 * False: answered. */
bool agent_hear(const struct request *request);

/* The connection is over: its sessions end. False: no room for what that means. */
bool agent_leave(struct shard *shard, struct conn *conn);

/* Sessions whose lease ran out, and, once after a start, agents who did not come back. As far as
 * there is room. */
void agent_expire(struct shard *shard);

/* When agent_expire() has something to do next (real time), or 0. */
uint64_t agent_next_expiry(struct shard *shard);

/* The core logged the agent out: his sessions are over. */
void agent_end_sessions(struct shard *shard, acd_agent_id agent);
