/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pool of agents' sessions.
 *
 * A number in a frame header is an index of 20 bits and a generation of 12, so
 * that a request of a session that is over does not reach the one that has its
 * place now. It is valid on the connection of its login only.
 *
 * A replaced session is remembered as long as there is room, so that its late
 * requests are told REPLACED and not the less helpful NOT_LOGGED_IN. When the
 * pool is empty the oldest of those gives its place.
 */

#include "daemon/session.h"

#include "base/assert.h"

enum { GENERATION_MAX = (1 << 12) - 1 };

static struct session *session_at(struct acd_link *link)
{
        return acd_container_of(link, struct session, link);
}

void session_pool_init(struct session_pool *pool, struct session *session, uint32_t count_max,
                       struct acd_list *of_agent, uint32_t agent_count_max)
{
        ACD_ASSERT(count_max <= 1U << SESSION_INDEX_BITS);

        pool->session = session;
        pool->count_max = count_max;
        pool->of_agent = of_agent;
        pool->agent_count_max = agent_count_max;
        for (uint32_t i = 0; i < SESSION_STATE_COUNT; i++)
                acd_list_init(&pool->state[i]);
        for (uint32_t i = 0; i < agent_count_max; i++)
                acd_list_init(&of_agent[i]);
        for (uint32_t i = 0; i < count_max; i++) {
                session[i].number = i | 1U << SESSION_INDEX_BITS;
                acd_list_push_back(&pool->state[SESSION_FREE], &session[i].link);
        }
}

static void move(struct session_pool *pool, struct session *session, enum session_state to)
{
        ACD_ASSERT(session->link.list == &pool->state[session->state]);
        acd_list_remove(&session->link);
        session->state = to;
        acd_list_push_back(&pool->state[to], &session->link);
}

uint32_t session_count(const struct session_pool *pool)
{
        return pool->state[SESSION_PRESENT].count + pool->state[SESSION_SILENT].count;
}

struct session *session_new(struct session_pool *pool, struct conn *conn, acd_agent_id agent,
                            bool is_shared, uint64_t real_ns)
{
        struct acd_link *link = acd_list_first(&pool->state[SESSION_FREE]);
        struct session *session;

        if (link == NULL && !acd_list_is_empty(&pool->state[SESSION_REPLACED])) {
                session_free(pool, session_at(acd_list_first(&pool->state[SESSION_REPLACED])));
                link = acd_list_first(&pool->state[SESSION_FREE]);
        }
        if (link == NULL)
                return NULL;

        session = session_at(link);
        session->push = 0;
        session->is_shared = is_shared;
        session->conn = conn;
        session->agent = agent;
        move(pool, session, SESSION_PRESENT);
        acd_list_push_back(session_of_agent(pool, agent), &session->of_agent);
        lease_renew(&pool->leases, &session->lease, real_ns);
        return session;
}

void session_renew(struct session_pool *pool, struct session *session, uint64_t real_ns)
{
        if (session->state == SESSION_SILENT)
                move(pool, session, SESSION_PRESENT);
        ACD_ASSERT(session->state == SESSION_PRESENT);
        lease_renew(&pool->leases, &session->lease, real_ns);
}

void session_silence(struct session_pool *pool, struct session *session)
{
        ACD_ASSERT(session->state == SESSION_PRESENT);
        lease_end(&session->lease);
        move(pool, session, SESSION_SILENT);
}

void session_replace(struct session_pool *pool, struct session *session)
{
        lease_end(&session->lease);
        acd_list_remove(&session->of_agent);
        move(pool, session, SESSION_REPLACED);
}

/* The number of the session that has the place of the one with @number after it. */
static uint32_t next_number(uint32_t number)
{
        uint32_t generation = number >> SESSION_INDEX_BITS;

        generation = generation >= GENERATION_MAX ? 1 : generation + 1;
        return (number & SESSION_INDEX_MASK) | generation << SESSION_INDEX_BITS;
}

acd_agent_id session_agent(const struct session_pool *pool, uint32_t number)
{
        uint32_t index = number & SESSION_INDEX_MASK;
        const struct session *session = &pool->session[index];

        if (index >= pool->count_max)
                return (acd_agent_id){ 0 };
        if (session->state == SESSION_FREE ? session->number == next_number(number)
                                           : session->number == number)
                return session->agent;
        return (acd_agent_id){ 0 };
}

void session_free(struct session_pool *pool, struct session *session)
{

        lease_end(&session->lease);
        if (acd_link_is_linked(&session->of_agent))
                acd_list_remove(&session->of_agent);
        if (acd_link_is_linked(&session->of_conn))
                acd_list_remove(&session->of_conn);
        session->conn = NULL;
        session->number = next_number(session->number);
        move(pool, session, SESSION_FREE);
}

bool session_is_present(struct session_pool *pool, acd_agent_id agent)
{
        struct acd_list *list = session_of_agent(pool, agent);

        for (struct acd_link *link = acd_list_first(list); link != NULL;
             link = acd_list_next(link)) {
                if (acd_container_of(link, struct session, of_agent)->state == SESSION_PRESENT)
                        return true;
        }
        return false;
}
