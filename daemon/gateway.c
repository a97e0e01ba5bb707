/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gateways and their connections.
 *
 * Contacts belong to a gateway by its stable client name, not to a connection.
 * A second connection of the same name takes over and the first is told
 * REPLACED; the core sees nothing of that. When the last one is gone the core
 * is told LOST, and what becomes of its contacts after the grace is the core's
 * business.
 */

#include "daemon/gateway.h"

#include <string.h>

#include "base/assert.h"
#include "daemon/router.h"
#include "daemon/shard.h"

/* The gateway's connection before this one is told and cut. */
static void replace(struct shard *shard, acd_gateway_id gateway)
{
        struct conn *older = gateways_find(&shard->gateways, gateway);

        if (older == NULL)
                return;
        gateways_set(&shard->gateways, gateway, NULL);
        shard->metrics.closed_replaced_total++;
        conn_close(shard, older, ACD_REPLACED, "a newer connection of this client took over",
                   "closed_replaced_total");
}

bool gateway_arrive(const struct request *request)
{
        struct shard *shard = request->shard;
        struct conn *conn = request->conn;
        struct acd_command command = { .kind = ACD_COMMAND_GATEWAY_OPEN, .tenant = conn->tenant };
        struct acd_reply reply;

        memcpy(command.gateway_open.name, conn->client, sizeof(conn->client));
        if (!request_step(request, &command, &reply))
                return false;

        conn->gateway.value = reply.id;
        replace(shard, conn->gateway);
        gateways_set(&shard->gateways, conn->gateway, conn);
        return true;
}

void gateway_resume(const struct request *request)
{
        struct shard *shard = request->shard;
        struct wire_message message = answer_begin(request, WIRE_RESUMED);
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
        message.resumed.result = wire_result_of(&reply, commit_now(shard));
        message.resumed.outcomes_count = reply.resume_count;
        message.resumed.outcomes = reply.resume;
        answer(request, &message);
        router_route(shard, NULL, 0);

        /* Offers went on while it was away: whom to connect it has not heard. */
        for (uint32_t i = 0; i < reply.resume_count; i++)
                if (reply.resume[i] == ACD_RESUMED_KEPT)
                        router_push_assignment(shard, request->conn, command.resume.contact[i]);
}

bool gateway_leave(struct shard *shard, struct conn *conn)
{
        struct acd_command command = {
                .kind = ACD_COMMAND_GATEWAY_LOST,
                .tenant = conn->tenant,
                .gateway = { .gateway = conn->gateway },
        };
        struct acd_reply reply;

        if (conn->gateway.value == 0)
                return true;
        if (gateways_find(&shard->gateways, conn->gateway) == conn) {
                if (commit_room(shard) != COMMIT_ROOM)
                        return false;
                gateways_set(&shard->gateways, conn->gateway, NULL);
                shard->metrics.gateways_lost_total++;
                if (commit_step(shard, &command, &reply) == ACD_OK)
                        router_route(shard, NULL, 0);
        }
        conn->gateway = (acd_gateway_id){ 0 };
        return true;
}
