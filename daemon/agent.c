/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Agents' sessions and what the core must know of them.
 *
 * The core knows presence; the daemon knows who was heard when. Heartbeats never
 * reach the core: it is told once that an agent is lost (his last session fell
 * silent or its connection ended) and once that he is back.
 *
 * After a start the core still has everybody logged in, and nobody has a
 * session. Whoever does not come back within one lease is lost like anybody
 * else; they are found by one slow walk over all agents (1,024 slots a turn),
 * because no list of them would be as cheap.
 */

#include "daemon/agent.h"

#include "base/assert.h"
#include "daemon/router.h"
#include "daemon/rows.h"
#include "daemon/shard.h"

enum { RETURN_SLOT_MAX = 1024 };

static struct session *of_agent(struct acd_link *link)
{
        return acd_container_of(link, struct session, of_agent);
}

static struct session *of_conn(struct acd_link *link)
{
        return acd_container_of(link, struct session, of_conn);
}

static bool step(struct shard *shard, enum acd_command_kind kind, acd_agent_id agent,
                 enum acd_reason reason)
{
        struct acd_agent_view view;
        struct acd_reply reply;
        struct acd_command command = {
                .kind = kind,
                .agent_ref = { .agent = agent, .reason = reason },
        };

        if (!acd_view_agent(shard->acd, agent, &view))
                return true;
        if (commit_room(shard) != COMMIT_ROOM)
                return false;
        command.tenant = view.tenant;
        if (commit_step(shard, &command, &reply) == ACD_OK)
                router_route(shard, NULL, 0);
        return true;
}

/* Lost, if the core thinks he is here. False: no room. */
static bool lose(struct shard *shard, acd_agent_id agent, enum acd_reason reason)
{
        struct acd_agent_view view;

        if (!acd_view_agent(shard->acd, agent, &view) ||
            (view.presence != ACD_PRESENCE_READY && view.presence != ACD_PRESENCE_PAUSED))
                return true;
        return step(shard, ACD_COMMAND_AGENT_LOST, agent, reason);
}

/* ---- requests ---- */

/* Older sessions of the agent go, unless all of them share. */
static void replace_older(struct shard *shard, struct conn *newer, acd_agent_id agent,
                          bool is_shared)
{
        struct acd_link *link = acd_list_first(session_of_agent(&shard->sessions, agent));

        while (link != NULL) {
                struct session *older = of_agent(link);

                link = acd_list_next(link);
                if (is_shared && older->is_shared)
                        continue;
                shard->metrics.sessions_replaced_total++;
                router_push_replaced(shard, older, newer->client);
                session_replace(&shard->sessions, older);
        }
}

static void answer_login(const struct request *request, const struct session *session,
                         const struct acd_reply *reply)
{
        struct shard *shard = request->shard;
        struct wire_message message = answer_begin(request, WIRE_LOGGED_IN);

        message.logged_in.result = wire_result_of(reply, commit_now(shard));
        message.logged_in.session = session->number;
        message.logged_in.has_snapshot = true;
        rows_snapshot(shard, session->agent, &message.logged_in.snapshot);
        answer(request, &message);
}

void agent_login(const struct request *request)
{
        struct shard *shard = request->shard;
        struct session_pool *pool = &shard->sessions;
        bool is_shared = request->message->agent_login.shared;
        struct wire_refusal refusal;
        struct acd_command command;
        struct acd_agent_view view = { 0 };
        struct acd_reply reply;
        struct session *session;

        if (wire_resolve(shard->acd, &request->peer, request->message, &command, &refusal) !=
            ACD_OK) {
                answer_refusal(request, &refusal);
                return;
        }
        /* A handle may be anything; the pool has a place for each agent that there is. */
        if (!acd_view_agent(shard->acd, command.login.agent, &view) ||
            view.tenant.value != request->peer.tenant.value) {
                answer_code(request, ACD_UNKNOWN, "agent", NULL);
                return;
        }
        /* Taken first, so that a login that the core has accepted cannot fail. */
        session = session_new(pool, request->conn, command.login.agent, is_shared,
                              clock_real(&shard->clock));
        if (session == NULL) {
                answer_code(request, ACD_FULL, "session", "all sessions are in use");
                return;
        }
        acd_list_remove(&session->of_agent);
        if (!request_step(request, &command, &reply)) {
                session_free(pool, session);
                return;
        }
        /* What this led to is for the older sessions; the new one has it in its snapshot. */
        router_route(shard, NULL, 0);
        replace_older(shard, request->conn, session->agent, is_shared);
        acd_list_push_back(session_of_agent(pool, session->agent), &session->of_agent);
        acd_list_push_back(&request->conn->sessions, &session->of_conn);
        shard->metrics.sessions_total++;
        answer_login(request, session, &reply);
}

void agent_logout(const struct request *request)
{
        struct shard *shard = request->shard;
        struct wire_refusal refusal;
        struct acd_command command;
        struct acd_reply reply;

        if (wire_resolve(shard->acd, &request->peer, request->message, &command, &refusal) !=
            ACD_OK) {
                answer_refusal(request, &refusal);
                return;
        }
        if (!request_step(request, &command, &reply))
                return;

        struct wire_result result = wire_result_of(&reply, commit_now(shard));

        answer_result(request, &result);
        router_route(shard, request->session, 0);
}

void agent_heartbeat(const struct request *request)
{
        struct acd_agent_view view = { 0 };
        struct wire_result result;

        if (request->session == NULL) {
                answer_code(request, ACD_NOT_LOGGED_IN, "session", NULL);
                return;
        }
        (void)acd_view_agent(request->shard->acd, request->session->agent, &view);
        result = result_ok(request, request->session->agent.value, view.presence);
        answer_result(request, &result);
}

void agent_snapshot(const struct request *request)
{
        struct wire_message message = answer_begin(request, WIRE_AGENT_SNAPSHOT);

        if (request->session == NULL) {
                answer_code(request, ACD_NOT_LOGGED_IN, "session", NULL);
                return;
        }
        message.snapshot_reply.result = result_ok(request, request->session->agent.value, 0);
        message.snapshot_reply.has_snapshot = true;
        rows_snapshot(request->shard, request->session->agent, &message.snapshot_reply.snapshot);
        message.snapshot_reply.snapshot.push = request->session->push;
        answer(request, &message);
}

/* ---- leases ---- */

bool agent_hear(const struct request *request)
{
        struct shard *shard = request->shard;

        session_renew(&shard->sessions, request->session, clock_real(&shard->clock));
        if (!acd_agent_is_lost(shard->acd, request->session->agent))
                return true;
        if (step(shard, ACD_COMMAND_AGENT_BACK, request->session->agent, ACD_REASON_NONE))
                return true;
        answer_code(request, ACD_DISK_LOW, "", NULL);
        return false;
}

bool agent_leave(struct shard *shard, struct conn *conn)
{
        while (!acd_list_is_empty(&conn->sessions)) {
                struct session *session = of_conn(acd_list_first(&conn->sessions));
                bool is_last;

                if (commit_room(shard) != COMMIT_ROOM)
                        return false;
                is_last = session->state == SESSION_PRESENT;
                acd_agent_id agent = session->agent;

                session_free(&shard->sessions, session);
                if (is_last && !session_is_present(&shard->sessions, agent))
                        (void)lose(shard, agent, ACD_REASON_DISCONNECTED);
        }
        return true;
}

/* Agents who were logged in when the run began and did not come back. */
static void expire_absent(struct shard *shard)
{
        struct acd *acd = shard->acd;
        uint64_t id;

        if (shard->return_deadline == 0 || clock_real(&shard->clock) < shard->return_deadline)
                return;
        while (commit_room(shard) == COMMIT_ROOM) {
                id = acd_list(acd, ACD_OBJECT_AGENT, (acd_tenant_id){ 0 }, &shard->return_cursor,
                              RETURN_SLOT_MAX);
                if (id == 0) {
                        if (shard->return_cursor == UINT64_MAX)
                                shard->return_deadline = 0;
                        return;
                }
                if (!session_is_present(&shard->sessions, (acd_agent_id){ id }))
                        (void)lose(shard, (acd_agent_id){ id }, ACD_REASON_LEASE_EXPIRED);
        }
}

void agent_expire(struct shard *shard)
{
        struct session_pool *pool = &shard->sessions;

        while (commit_room(shard) == COMMIT_ROOM) {
                struct lease *lease = lease_pop_expired(&pool->leases, clock_real(&shard->clock));
                struct session *session;

                if (lease == NULL)
                        break;
                session =
                        (struct session *)(void *)((char *)lease - offsetof(struct session, lease));
                shard->metrics.sessions_lost_total++;
                session_silence(pool, session);
                if (!session_is_present(pool, session->agent))
                        (void)lose(shard, session->agent, ACD_REASON_LEASE_EXPIRED);
        }
        expire_absent(shard);
}

uint64_t agent_next_expiry(struct shard *shard)
{
        uint64_t next = lease_next_ns(&shard->sessions.leases);

        if (shard->return_deadline != 0 && (next == 0 || shard->return_deadline < next))
                next = shard->return_deadline;
        return next;
}

void agent_end_sessions(struct shard *shard, acd_agent_id agent)
{
        struct acd_list *list = session_of_agent(&shard->sessions, agent);

        while (!acd_list_is_empty(list))
                session_free(&shard->sessions, of_agent(acd_list_first(list)));
}
