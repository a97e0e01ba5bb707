/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HELLO and WELCOME.
 *
 * A connection has one tenant and one role for life. An operator may come
 * before its tenant exists, or no tenant could ever be made: its connection
 * finds the tenant as soon as APPLY has made it (operator.c).
 *
 * A gateway's HELLO is a command, because the core must know who owns contacts
 * and whether he is there. Its WELCOME leaves when that is on disk, as every
 * answer does.
 */

#include "daemon/hello.h"

#include <string.h>

#include "daemon/gateway.h"
#include "daemon/router.h"
#include "daemon/shard.h"
#include "daemon/version.h"

/* What a client may do without, by the name in HELLO. Both halve what is sent for a contact: for
 * desktops of many agents and for gateways whose medium nobody connects. */
static const struct feature {
        const char *name;
        enum wire_role role;
        enum conn_feature feature;
} features[] = {
        { "results-only", WIRE_ROLE_AGENT, CONN_RESULTS_ONLY },
        { "no-assignments", WIRE_ROLE_GATEWAY, CONN_NO_ASSIGNMENTS },
};

enum { FEATURE_COUNT = sizeof(features) / sizeof(features[0]) };

static bool is_wanted(const struct wire_hello *hello, const struct feature *feature)
{
        size_t size = strlen(feature->name);

        for (uint32_t i = 0; i < hello->features_count; i++)
                if (hello->features[i].size == size &&
                    memcmp(hello->features[i].at, feature->name, size) == 0)
                        return hello->role == feature->role;
        return false;
}

/* Names that are unknown, or another role's, are not granted. */
static uint8_t grant(const struct wire_hello *hello)
{
        uint8_t granted = 0;

        for (uint32_t i = 0; i < FEATURE_COUNT; i++)
                if (is_wanted(hello, &features[i]))
                        granted |= (uint8_t)features[i].feature;
        return granted;
}

static uint32_t granted_names(uint8_t granted, struct acd_text ret_names[FEATURE_COUNT])
{
        uint32_t count = 0;

        for (uint32_t i = 0; i < FEATURE_COUNT; i++)
                if (granted & features[i].feature)
                        ret_names[count++] = wire_text(features[i].name);
        return count;
}

static void refuse(const struct request *request, enum acd_result code, const char *field,
                   const char *text)
{
        answer_code(request, code, field, text);
        conn_close(request->shard, request->conn, code, "the first frame was refused", "");
}

static void copy_name(char into[ACD_NAME_MAX + 1], struct acd_text name)
{
        memcpy(into, name.at, name.size);
        into[name.size] = '\0';
}

/* Somebody from outside would take over the gateway of those who have only Redis, and be cut by
 * it. */
static bool is_name_taken(const struct request *request)
{
        const struct wire_hello *hello = &request->message->hello;

        return request->shard->inbox != NULL && hello->role == WIRE_ROLE_GATEWAY &&
               request->conn->socket < INNER_SOCKET_MIN && hello->client.size == 5 &&
               memcmp(hello->client.at, "redis", 5) == 0;
}

/* What can be checked without the core. */
static bool check_form(const struct request *request)
{
        const struct wire_hello *hello = &request->message->hello;

        if (hello->protocol_max < hello->protocol_min || hello->protocol_min > WIRE_PROTOCOL ||
            hello->protocol_max < WIRE_PROTOCOL) {
                refuse(request, ACD_UNSUPPORTED, "protocol", "this daemon speaks protocol 1");
                return false;
        }
        if (hello->role < WIRE_ROLE_GATEWAY || hello->role > WIRE_ROLE_READER) {
                refuse(request, ACD_INVALID, "role", "the role is 1 to 5");
                return false;
        }
        if (hello->client.size == 0 || hello->client.size > ACD_NAME_MAX) {
                refuse(request, ACD_MISSING, "client", "a client has a name");
                return false;
        }
        if ((hello->tenant.size == 0 && hello->role != WIRE_ROLE_OPERATOR) ||
            hello->tenant.size > ACD_NAME_MAX) {
                refuse(request, ACD_MISSING, "tenant", "only an operator comes without a tenant");
                return false;
        }
        if (is_name_taken(request)) {
                refuse(request, ACD_NOT_ALLOWED, "client",
                       "the gateway redis is the daemon's own: requests over Redis");
                return false;
        }
        return true;
}

static void fill_tenant(struct shard *shard, acd_tenant_id tenant, struct wire_welcome *welcome)
{
        struct acd_tenant_config config;
        uint64_t sequence = 0;

        welcome->result.id = tenant.value;
        if (tenant.value == 0 || !acd_view_tenant(shard->acd, tenant, &config, &sequence))
                return;
        welcome->key_retention_ms = config.key_retention_ms;
        welcome->agent_grace_ms = config.agent_grace_ms;
        welcome->gateway_grace_ms = config.gateway_grace_ms;
        welcome->event_last_sequence = tenants_last_sequence(&shard->tenants, tenant);
        welcome->event_first_sequence =
                tenants_first_sequence(&shard->tenants, tenant, shard->event_log);
}

static void welcome(const struct request *request)
{
        struct shard *shard = request->shard;
        const struct options *options = shard->options;
        struct wire_message message = answer_begin(request, WIRE_WELCOME);
        struct wire_welcome *body = &message.welcome;
        struct acd_text names[FEATURE_COUNT];

        body->result = result_ok(request, 0, 0);
        body->epoch = acd_epoch(shard->acd);
        body->run_id = shard->run_id;
        body->protocol = WIRE_PROTOCOL;
        body->frame_size_max = (uint32_t)options_number(options, OPTION_FRAME_SIZE_MAX);
        body->inflight_max = (uint32_t)options_number(options, OPTION_INFLIGHT_MAX);
        body->lease_ms = (uint32_t)options_number(options, OPTION_LEASE_MS);
        body->heartbeat_ms = body->lease_ms / 3;
        if (body->heartbeat_ms > options_number(options, OPTION_SILENCE_MS) / 3)
                body->heartbeat_ms = (uint32_t)options_number(options, OPTION_SILENCE_MS) / 3;
        body->wall_offset_ns = acd_wall_offset(shard->acd);
        body->clock_rate = (uint32_t)shard->clock.rate;
        body->build = wire_text(version_build);
        body->server = wire_text(options_text(options, OPTION_SERVER_NAME));
        body->gateway_id = request->conn->gateway.value;
        body->features_count = granted_names(request->conn->features, names);
        body->features = names;
        fill_tenant(shard, request->conn->tenant, body);
        answer(request, &message);
}

void hello_first(const struct request *request, const struct wire_refusal *refusal)
{
        struct shard *shard = request->shard;
        struct conn *conn = request->conn;
        const struct wire_hello *hello = &request->message->hello;

        if (refusal != NULL) {
                answer_refusal(request, refusal);
                conn_close(shard, conn, refusal->code, "the first frame was refused", "");
                return;
        }
        if (request->message->kind != WIRE_HELLO) {
                refuse(request, ACD_WRONG_STATE, "kind", "the first frame is HELLO");
                return;
        }
        if (!check_form(request))
                return;

        conn->tenant.value = hello->tenant.size == 0
                                     ? 0
                                     : acd_find(shard->acd, ACD_OBJECT_TENANT, (acd_tenant_id){ 0 },
                                                hello->tenant);
        if (conn->tenant.value == 0 && hello->role != WIRE_ROLE_OPERATOR) {
                refuse(request, ACD_UNKNOWN, "tenant", "there is no tenant of this name");
                return;
        }
        copy_name(conn->tenant_name, hello->tenant);
        copy_name(conn->client, hello->client);
        conn->role = hello->role;
        conn->features = grant(hello);
        conn->resume_sequence = hello->resume_sequence;
        conn->resume_epoch = hello->resume_epoch;
        if (conn->role == WIRE_ROLE_GATEWAY && !gateway_arrive(request)) {
                conn_close(shard, conn, ACD_RETRY_AFTER, "the first frame was refused", "");
                return;
        }

        lease_end(&conn->lease);
        lease_renew(&shard->conns.silence, &conn->lease, clock_real(&shard->clock));
        conn_move(shard, conn, CONN_OPEN);
        welcome(request);
        router_route(shard, NULL, 0);
}

void hello_again(const struct request *request)
{
        answer_code(request, ACD_WRONG_STATE, "kind", "HELLO is the first frame only");
}
