/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * session.h - agents' sessions: who is logged in where, and still there.
 *
 *              LOGIN                 lease runs out
 *      FREE ----------> PRESENT <--------------------> SILENT
 *        ^                 |      any of its frames      |
 *        |                 '------- newer login ---------'
 *        |                                  |
 *        '-- logout, logged out, connection '--> REPLACED (remembered, to say so)
 *
 * The core knows agents, not sessions: it is told LOST when the last session
 * of an agent fell silent or ended, and BACK when one speaks again.
 *
 *   Ownership  A pool of fixed size. A session belongs to a connection.
 *   Time       Real: peers live in real time.
 *   Cost       O(1); O(sessions of one agent) for what all of them see.
 *   Threads    The shard's.
 */

#include <stdbool.h>
#include <stdint.h>

#include "acd/types.h"
#include "base/assert.h"
#include "base/id.h"
#include "base/list.h"
#include "daemon/lease.h"

struct conn;
struct shard;

enum { SESSION_INDEX_BITS = 20, SESSION_INDEX_MASK = (1 << SESSION_INDEX_BITS) - 1 };

enum session_state {
        SESSION_FREE,
        SESSION_PRESENT,
        SESSION_SILENT,
        SESSION_REPLACED,
        SESSION_STATE_COUNT,
};

/* Every message touches the first line of the cache. */
struct session {
        _Alignas(64) struct acd_link of_agent; /* among those of its agent; not when replaced */
        struct conn *conn;
        acd_agent_id agent;
        enum session_state state;
        uint32_t number; /* in frame headers: index and generation, never 0 */
        uint32_t push;   /* of the last push */
        bool is_shared;
        struct lease lease;
        struct acd_link link;    /* in the list of its state */
        struct acd_link of_conn; /* among the sessions of its connection */
};

struct session_pool {
        struct session *session;
        uint32_t count_max;
        struct acd_list *of_agent; /* by the agent's slot */
        uint32_t agent_count_max;
        struct acd_list state[SESSION_STATE_COUNT];
        struct lease_list leases;
};

/* @session: @count_max; @of_agent: @agent_count_max. */
void session_pool_init(struct session_pool *pool, struct session *session, uint32_t count_max,
                       struct acd_list *of_agent, uint32_t agent_count_max);

/* Sessions that are there, silent ones too. */
uint32_t session_count(const struct session_pool *pool);

/* The session that @number names on @conn, replaced ones too; NULL when there is none. */
static inline struct session *session_find(struct session_pool *pool, const struct conn *conn,
                                           uint32_t number)
{
        uint32_t index = number & SESSION_INDEX_MASK;

        if (index >= pool->count_max || pool->session[index].number != number ||
            pool->session[index].state == SESSION_FREE || pool->session[index].conn != conn)
                return NULL;
        return &pool->session[index];
}

/* The agent of the session that @number names, or named until it ended and as long as nobody has
 * its place; none else. */
acd_agent_id session_agent(const struct session_pool *pool, uint32_t number);

/* The sessions of @agent, links of_agent. */
static inline struct acd_list *session_of_agent(struct session_pool *pool, acd_agent_id agent)
{
        uint32_t slot = acd_id_split(agent.value).slot;

        ACD_ASSERT(slot < pool->agent_count_max);
        return &pool->of_agent[slot];
}

/* A new one, or NULL when all are in use. */
struct session *session_new(struct session_pool *pool, struct conn *conn, acd_agent_id agent,
                            bool is_shared, uint64_t real_ns);

/* It spoke. */
void session_renew(struct session_pool *pool, struct session *session, uint64_t real_ns);

/* Its lease ran out. */
void session_silence(struct session_pool *pool, struct session *session);

/* A newer login took over: it stays known on its connection. */
void session_replace(struct session_pool *pool, struct session *session);

/* It is no more. */
void session_free(struct session_pool *pool, struct session *session);

/* Some session of @agent is present. */
bool session_is_present(struct session_pool *pool, acd_agent_id agent);
