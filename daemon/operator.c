/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What only operators may do.
 *
 * APPLY is one change of the configuration, a command like any other. DRAIN and
 * STOP are about the process and not in the journal: a daemon that is started
 * again takes contacts again.
 */

#include "daemon/operator.h"

#include "daemon/router.h"
#include "daemon/shard.h"

void operator_find_tenant(struct request *request)
{
        struct conn *conn = request->conn;

        if (conn->tenant_name[0] == '\0')
                return;
        conn->tenant.value = acd_find(request->shard->acd, ACD_OBJECT_TENANT, (acd_tenant_id){ 0 },
                                      wire_text(conn->tenant_name));
        request->peer.tenant = conn->tenant;
}

/* What was to be removed is not there: as for an upsert that changes nothing. */
static void answer_removed(const struct request *request)
{
        struct wire_message message = answer_begin(request, WIRE_APPLIED);

        message.applied.result = result_ok(request, 0, 0);
        message.applied.result.code = ACD_DUPLICATE;
        message.applied.object = request->message->apply.remove.object;
        request->shard->metrics.duplicates_total++;
        answer(request, &message);
}

void operator_apply(const struct request *request)
{
        struct shard *shard = request->shard;
        struct wire_message message = answer_begin(request, WIRE_APPLIED);
        struct wire_refusal refusal;
        struct acd_command command;
        struct acd_reply reply;

        if (wire_resolve(shard->acd, &request->peer, request->message, &command, &refusal) !=
            ACD_OK) {
                if (wire_is_removed(request->message, &refusal))
                        answer_removed(request);
                else
                        answer_refusal(request, &refusal);
                return;
        }
        if (!request_step(request, &command, &reply))
                return;
        message.applied = wire_applied_of(&reply, &command, commit_now(shard), &shard->row_arena);
        answer(request, &message);
        router_route(shard, NULL, 0);
}

void operator_drain(const struct request *request)
{
        struct wire_result result = result_ok(request, 0, 0);

        if (request->shard->run != SHARD_RUNNING && request->shard->run != SHARD_DRAINING) {
                answer_code(request, ACD_STOPPING, "", NULL);
                return;
        }
        shard_drain(request->shard, request->message->drain.resume);
        answer_result(request, &result);
}

void operator_stop(const struct request *request)
{
        struct wire_result result = result_ok(request, 0, 0);

        answer_result(request, &result);
        shard_stop(request->shard, request->message->stop.fast);
}
