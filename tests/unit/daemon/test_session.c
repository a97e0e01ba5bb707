/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions of agents: numbers, leases, replacement.
 */

#include <criterion/criterion.h>

#include "base/id.h"
#include "daemon/conn.h"
#include "daemon/session.h"

enum { SESSION_COUNT = 3, AGENT_COUNT = 4, LEASE_NS = 100, SLACK_NS = LEASE_NS / 8 };

static struct session memory[SESSION_COUNT];
static struct acd_list of_agent[AGENT_COUNT];
static struct session_pool pool;
static struct conn here, there;

static void begin(void)
{
        session_pool_init(&pool, memory, SESSION_COUNT, of_agent, AGENT_COUNT);
        lease_list_init(&pool.leases, LEASE_NS);
}

static acd_agent_id agent(uint32_t slot)
{
        return (acd_agent_id){ acd_id_make((struct acd_id_parts){ 0, slot, 1 }) };
}

TestSuite(session, .init = begin);

/* Goal    A number is good on its own connection, and only while its session is. */
Test(session, a_number_names_one_session_of_one_connection)
{
        struct session *session = session_new(&pool, &here, agent(1), false, 0);
        uint32_t number = session->number;

        cr_assert_neq(number, 0);
        cr_assert_eq(session_find(&pool, &here, number), session);
        cr_assert_null(session_find(&pool, &there, number));
        session_free(&pool, session);
        cr_assert_null(session_find(&pool, &here, number));
        for (int i = 0; i < SESSION_COUNT; i++)
                cr_assert_neq(session_new(&pool, &here, agent(1), false, 0)->number, number);
}

/* Goal    The pool is a bound; a replaced session gives its place when it is needed,
 *         and is known as replaced until then. */
Test(session, replaced_ones_give_way)
{
        struct session *first = session_new(&pool, &here, agent(1), false, 0);
        uint32_t number = first->number;

        cr_assert_not_null(session_new(&pool, &here, agent(2), false, 0));
        cr_assert_not_null(session_new(&pool, &here, agent(3), false, 0));
        cr_assert_null(session_new(&pool, &here, agent(1), false, 0));
        session_replace(&pool, first);
        cr_assert_eq(session_find(&pool, &here, number)->state, SESSION_REPLACED);
        cr_assert_eq(session_count(&pool), 2);
        cr_assert_not_null(session_new(&pool, &here, agent(1), false, 0));
        cr_assert_null(session_find(&pool, &here, number));
}

/* Goal    Leases run out in the order of the last sign of life. */
Test(session, leases_expire_in_order)
{
        struct session *a = session_new(&pool, &here, agent(1), false, 0);
        struct session *b = session_new(&pool, &here, agent(2), false, 10);

        session_renew(&pool, a, 20);
        cr_assert_eq(lease_next_ns(&pool.leases), 10 + LEASE_NS + SLACK_NS);
        cr_assert_null(lease_pop_expired(&pool.leases, 9 + LEASE_NS + SLACK_NS));
        cr_assert_eq(lease_pop_expired(&pool.leases, 10 + LEASE_NS + SLACK_NS), &b->lease);
        session_silence(&pool, b);
        cr_assert(session_is_present(&pool, agent(1)));
        cr_assert_not(session_is_present(&pool, agent(2)));
        session_renew(&pool, b, 300);
        cr_assert(session_is_present(&pool, agent(2)));
        cr_assert_eq(lease_pop_expired(&pool.leases, 300), &a->lease);
}

/* Goal    Who is heard often is not moved each time, and yet never counts as silent too early:
 *         his lease ends one duration after his last word, at the latest an eighth later. */
Test(session, a_lease_is_never_too_short)
{
        for (uint64_t heard_ns = 1; heard_ns < 3 * LEASE_NS; heard_ns++) {
                struct session *session = session_new(&pool, &here, agent(1), false, 0);
                uint64_t now_ns, ended_ns;

                for (now_ns = 1; now_ns <= heard_ns; now_ns++)
                        session_renew(&pool, session, now_ns);
                for (ended_ns = now_ns; lease_pop_expired(&pool.leases, ended_ns) == NULL;)
                        ended_ns++;
                cr_assert_geq(ended_ns, heard_ns + LEASE_NS);
                cr_assert_leq(ended_ns, heard_ns + LEASE_NS + SLACK_NS);
                session_free(&pool, session);
        }
}

/* Goal    A push that was sent before a session ended is still known to be its agent's, and nobody
 *         else's when the place was taken again. */
Test(session, an_ended_session_was_somebodys)
{
        struct session *session = session_new(&pool, &here, agent(2), false, 0);
        uint32_t number = session->number;

        cr_assert_eq(session_agent(&pool, number).value, agent(2).value);
        session_free(&pool, session);
        cr_assert_eq(session_agent(&pool, number).value, agent(2).value);
        cr_assert_eq(session_agent(&pool, session->number).value, 0);
        for (int i = 0; i < SESSION_COUNT; i++)
                (void)session_new(&pool, &here, agent(3), false, 0);
        cr_assert_eq(session_agent(&pool, number).value, 0);
        cr_assert_eq(session_agent(&pool, session->number).value, agent(3).value);
        cr_assert_eq(session_agent(&pool, SESSION_COUNT | 1U << SESSION_INDEX_BITS).value, 0);
}
