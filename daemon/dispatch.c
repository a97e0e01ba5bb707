/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a frame to the one who answers it.
 *
 * A table by kind: decode once, check what holds for every request (known kind,
 * role, session, room on the disk), then one function. Requests that are a
 * command of the core and nothing else share one function; wire/resolve.h makes
 * the command.
 *
 * The order at the end of a command is: answer, then what it led to for others.
 * So a client that is both sees its answer first.
 */

#include "daemon/dispatch.h"

#include <string.h>

#include "base/assert.h"
#include "base/uninitialized.h"
#include "daemon/agent.h"
#include "daemon/conn_put.h"
#include "daemon/gateway.h"
#include "daemon/hello.h"
#include "daemon/list.h"
#include "daemon/operator.h"
#include "daemon/query.h"
#include "daemon/router.h"
#include "daemon/shard.h"
#include "daemon/status.h"
#include "daemon/subscribe.h"
#include "wire/write_put.h"

/* Which requests are still taken when the disk is nearly full. */
enum need {
        NEED_NOTHING, /* read only, or about the connection */
        NEED_LITTLE,  /* finishes work: always while the journal can take it */
        NEED_SPACE,   /* not below the second mark */
        NEED_PLENTY,  /* not below the first */
};

struct handler {
        void (*handle)(const struct request *request);
        enum need need;
};

static void handle_command(const struct request *request);
static void handle_submit(const struct request *request);
static void handle_ping(const struct request *request);
static void handle_bye(const struct request *request);

static const struct handler handlers[WIRE_KIND_MAX + 1] = {
        [WIRE_HELLO] = { hello_again, NEED_NOTHING },
        [WIRE_PING] = { handle_ping, NEED_NOTHING },
        [WIRE_BYE] = { handle_bye, NEED_NOTHING },
        [WIRE_RESOLVE] = { query_resolve, NEED_NOTHING },

        [WIRE_SUBMIT] = { handle_submit, NEED_PLENTY },
        [WIRE_CANCEL] = { handle_command, NEED_LITTLE },
        [WIRE_UPDATE] = { handle_command, NEED_SPACE },
        [WIRE_QUERY] = { query_contact, NEED_NOTHING },
        [WIRE_FOLLOW] = { subscribe_follow, NEED_NOTHING },
        [WIRE_UNFOLLOW] = { subscribe_unfollow, NEED_NOTHING },
        [WIRE_REPORT] = { handle_command, NEED_LITTLE },
        [WIRE_RESUME] = { gateway_resume, NEED_LITTLE },

        [WIRE_LOGIN] = { agent_login, NEED_SPACE },
        [WIRE_LOGOUT] = { agent_logout, NEED_LITTLE },
        [WIRE_READY] = { handle_command, NEED_SPACE },
        [WIRE_PAUSE] = { handle_command, NEED_LITTLE },
        [WIRE_NEXT_STATE] = { handle_command, NEED_LITTLE },
        [WIRE_ACCEPT] = { handle_command, NEED_LITTLE },
        [WIRE_REJECT] = { handle_command, NEED_LITTLE },
        [WIRE_COMPLETE] = { handle_command, NEED_LITTLE },
        [WIRE_HOLD] = { handle_command, NEED_LITTLE },
        [WIRE_UNHOLD] = { handle_command, NEED_LITTLE },
        [WIRE_PARK] = { handle_command, NEED_LITTLE },
        [WIRE_UNPARK] = { handle_command, NEED_LITTLE },
        [WIRE_WRAP_UP] = { handle_command, NEED_LITTLE },
        [WIRE_HEARTBEAT] = { agent_heartbeat, NEED_NOTHING },
        [WIRE_SNAPSHOT] = { agent_snapshot, NEED_NOTHING },

        [WIRE_APPLY] = { operator_apply, NEED_SPACE },
        [WIRE_STATUS] = { status_answer, NEED_NOTHING },
        [WIRE_LIST] = { list_answer, NEED_NOTHING },
        [WIRE_SUBSCRIBE] = { subscribe_all, NEED_NOTHING },
        [WIRE_DRAIN] = { operator_drain, NEED_NOTHING },
        [WIRE_STOP] = { operator_stop, NEED_NOTHING },
};

/* ---- answers ---- */

struct wire_message answer_begin(const struct request *request, enum wire_kind kind)
{
        return (struct wire_message){
                .kind = (uint16_t)kind,
                .correlation = request->message->correlation,
                .session = request->message->session,
        };
}

void answer(const struct request *request, const struct wire_message *message)
{
        conn_answer(request->shard, request->conn, message);
}

/* The hottest answer is written where it goes; of a result that says no more than OK the rest costs
 * nothing. */
WIRE_INLINE void put_result(const struct request *request, const struct wire_result *result)
{
        uint8_t *at = conn_begin(request->shard, request->conn,
                                 WIRE_HEADER_SIZE + wire_bound_result(result));
        struct wire_frame frame = {
                .kind = WIRE_RESULT,
                .correlation = request->message->correlation,
                .session = request->message->session,
        };
        const uint8_t *end;

        if (at == NULL)
                return;
        end = wire_write_result(result, at + WIRE_HEADER_SIZE);
        conn_end(request->shard, request->conn, at, wire_put_header(at, end, frame), true);
}

void answer_result(const struct request *request, const struct wire_result *result)
{
        put_result(request, result);
}

/* What the core said to a command that it took, or had taken. */
static void answer_reply(const struct request *request, const struct acd_reply *reply)
{
        struct wire_result result;

        if (reply->result == ACD_OK && reply->field == ACD_FIELD_NONE && reply->limit == 0 &&
            reply->retry_after_ms == 0) {
                const struct wire_result done = {
                        .code = ACD_OK,
                        .server_time_ns = commit_now(request->shard),
                        .id = reply->id,
                        .state = reply->state,
                };

                put_result(request, &done);
                return;
        }
        result = wire_result_of(reply, commit_now(request->shard));
        answer_result(request, &result);
}

void answer_refusal(const struct request *request, const struct wire_refusal *refusal)
{
        struct wire_message message =
                wire_refuse(request->message, refusal, commit_now(request->shard));

        request->shard->metrics.refusals_total++;
        if (wire_result_is_later(refusal->code) && message.result.retry_after_ms == 0)
                message.result.retry_after_ms = 1000;
        answer(request, &message);
}

void answer_code(const struct request *request, enum acd_result code, const char *field,
                 const char *text)
{
        struct wire_refusal refusal = {
                .code = code,
                .text = text == NULL ? wire_result_text(code) : text,
        };

        ACD_ASSERT(strlen(field) <= WIRE_PATH_MAX);
        memcpy(refusal.field, field, strlen(field) + 1);
        answer_refusal(request, &refusal);
}

struct wire_result result_ok(const struct request *request, uint64_t id, uint32_t state)
{
        return (struct wire_result){
                .code = ACD_OK,
                .server_time_ns = commit_now(request->shard),
                .id = id,
                .state = state,
        };
}

/* ---- commands ---- */

bool request_step(const struct request *request, const struct acd_command *command,
                  struct acd_reply *ret_reply)
{
        struct shard *shard = request->shard;
        enum commit_room room = commit_room(shard);
        enum acd_result result;

        /* An earlier step for this request (the agent is back) may have taken the last room. */
        if (room != COMMIT_ROOM) {
                answer_code(request, room == COMMIT_DISK_FULL ? ACD_DISK_LOW : ACD_RETRY_AFTER, "",
                            NULL);
                return false;
        }
        result = commit_step(shard, command, ret_reply);
        if (result == ACD_OK || result == ACD_DUPLICATE)
                return true;

        struct wire_result refusal = wire_result_of(ret_reply, commit_now(shard));

        shard->metrics.refusals_total++;
        if (wire_result_is_later(result) && refusal.retry_after_ms == 0)
                refusal.retry_after_ms = 1000;
        answer_result(request, &refusal);
        return false;
}

/* Does the answer to @command say how an assignment stands? Ids of two kinds may be the same
 * number. */
static bool is_of_assignment(const struct acd_command *command)
{
        return command->kind >= ACD_COMMAND_ACCEPT && command->kind <= ACD_COMMAND_WRAP_UP;
}

static void handle_command(const struct request *request)
{
        struct shard *shard = request->shard;
        ACD_UNINITIALIZED struct wire_refusal refusal;
        ACD_UNINITIALIZED struct acd_command command;
        ACD_UNINITIALIZED struct acd_reply reply;

        if (wire_resolve(shard->acd, &request->peer, request->message, &command, &refusal) !=
            ACD_OK) {
                answer_refusal(request, &refusal);
                return;
        }
        if (!request_step(request, &command, &reply))
                return;

        answer_reply(request, &reply);
        router_route(shard, request->session, is_of_assignment(&command) ? reply.id : 0);
}

/* A repeated submit is answered as before even when no new ones are taken. */
static bool is_known_submit(const struct request *request)
{
        struct acd_text key = request->message->submit.client_key;
        struct acd_bytes bytes = { (const uint8_t *)key.at, key.size };

        return key.size > 0 &&
               acd_find_key(request->shard->acd, request->peer.tenant, bytes).value != 0;
}

static void handle_submit(const struct request *request)
{
        struct shard *shard = request->shard;

        if (shard->run != SHARD_RUNNING && !is_known_submit(request)) {
                answer_code(request, ACD_DRAINING, "", NULL);
                return;
        }
        handle_command(request);
}

static void handle_ping(const struct request *request)
{
        struct wire_message message = answer_begin(request, WIRE_PONG);

        message.pong.result = result_ok(request, 0, 0);
        message.pong.client_time_ns = request->message->ping.client_time_ns;
        answer(request, &message);
}

/* The peer leaves on purpose: at once. */
static void handle_bye(const struct request *request)
{
        request->shard->metrics.closed_by_peer_total++;
        conn_die(request->shard, request->conn);
}

/* ---- checks that hold for every request ---- */

static bool has_space(struct shard *shard, enum need need)
{
        if (need == NEED_NOTHING)
                return true;
        switch (shard->space) {
        case JOURNAL_SPACE_PLENTY:
                return true;
        case JOURNAL_SPACE_LOW:
                return need != NEED_PLENTY;
        case JOURNAL_SPACE_CRITICAL:
                return need == NEED_LITTLE;
        }
        acd_panic(__FILE__, __LINE__, __func__, "the disk has one of three levels");
}

/* The session that the header names, there and heard again. False: answered. */
static bool find_session(struct request *request)
{
        uint32_t number = request->message->session;

        if (number == 0)
                return true;
        request->session = session_find(&request->shard->sessions, request->conn, number);
        if (request->session == NULL) {
                answer_code(request, ACD_NOT_LOGGED_IN, "session", NULL);
                return false;
        }
        if (request->session->state == SESSION_REPLACED) {
                answer_code(request, ACD_REPLACED, "session", NULL);
                return false;
        }
        request->peer.agent = request->session->agent;
        return agent_hear(request);
}

/* Is a request of this kind about what is in a tenant? Operators may come before it is made. */
static bool needs_tenant(uint16_t kind)
{
        return (wire_is_command(kind) && kind != WIRE_APPLY) || kind == WIRE_RESOLVE ||
               kind == WIRE_QUERY || kind == WIRE_FOLLOW || kind == WIRE_LIST ||
               kind == WIRE_SUBSCRIBE;
}

static void dispatch_request(struct request *request)
{
        const struct wire_kind_info *info = wire_kind_info(request->message->kind);
        const struct handler *handler;

        if (info == NULL || !wire_kind_is_request(info)) {
                answer_code(request, ACD_UNSUPPORTED, "kind", NULL);
                return;
        }
        if (!wire_kind_is_allowed(request->message->kind, request->peer.role)) {
                answer_code(request, ACD_NOT_ALLOWED, "kind", NULL);
                return;
        }
        handler = &handlers[request->message->kind];
        ACD_ASSERT(handler->handle != NULL);
        if (request->peer.tenant.value == 0)
                operator_find_tenant(request);
        if (request->peer.tenant.value == 0 && needs_tenant(request->message->kind)) {
                answer_code(request, ACD_UNKNOWN, "tenant", "there is no tenant of this name");
                return;
        }
        if (!find_session(request))
                return;
        if (!has_space(request->shard, handler->need) &&
            !(request->message->kind == WIRE_SUBMIT && is_known_submit(request))) {
                answer_code(request, ACD_DISK_LOW, "", NULL);
                return;
        }
        handler->handle(request);
}

void dispatch(struct shard *shard, struct conn *conn, const struct wire_frame *frame)
{
        ACD_UNINITIALIZED struct wire_message message;
        ACD_UNINITIALIZED struct wire_refusal refusal;
        struct request request = {
                .shard = shard,
                .conn = conn,
                .message = &message,
                .peer = { .role = conn->role, .tenant = conn->tenant, .gateway = conn->gateway },
        };
        enum acd_result result;

        acd_arena_reset(&shard->decode_arena);
        acd_arena_reset(&shard->row_arena);
        result = wire_decode(frame, &shard->decode_arena, &message, &refusal);
        if (conn->state == CONN_NEW) {
                hello_first(&request, result == ACD_OK ? NULL : &refusal);
                return;
        }
        if (result != ACD_OK) {
                answer_refusal(&request, &refusal);
                return;
        }
        dispatch_request(&request);
}
