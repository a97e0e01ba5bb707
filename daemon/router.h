/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * router.h - from what happened to who must be told.
 *
 * Agents see their offers, assignments and presence; a gateway sees the
 * assignments of its contacts. Everything else is events, read from the log.
 *
 *   Ownership  Reads the effects of the last step and the core's views.
 *   Failure    A peer that does not read is cut (conn.h); the others see nothing of it.
 *   Cost       O(events of the step x sessions of the agents in them).
 *   Threads    The shard's.
 */

#include "acd/event.h"

struct conn;
struct session;
struct shard;

/* Push what the last step led to. @actor is the session that asked for it, or NULL; its RESULT
 * says how the assignment @told stands, 0: none. */
void router_route(struct shard *shard, const struct session *actor, uint64_t told);

/* Tell the gateway at @conn, which was away, who serves its contact @id, if anybody does. */
void router_push_assignment(struct shard *shard, struct conn *conn, acd_contact_id id);

/* Tell @session that the login of client @newer took over. */
void router_push_replaced(struct shard *shard, struct session *session, const char *newer);
