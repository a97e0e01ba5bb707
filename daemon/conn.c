/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pool of connections: from accept to burial.
 *
 * The end of a connection is two things: the socket, which goes at once, and
 * what it means (agents lost, gateway lost), which is commands that need room
 * in the journal. A dying connection is the second without the first.
 *
 * Whoever is cut is told why before: BYE is the last frame, behind everything
 * that was queued, and the socket stays open for some seconds so that it can be
 * read. Reading stops at once.
 */

#include "daemon/conn.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "daemon/agent.h"
#include "daemon/gateway.h"
#include "daemon/shard.h"
#include "daemon/subscribe.h"

enum { NS_PER_MS = 1000000 };

static struct conn *conn_of(struct acd_link *link)
{
        return acd_container_of(link, struct conn, link);
}

static struct conn *conn_of_lease(struct lease *lease)
{
        return (struct conn *)(void *)((char *)lease - offsetof(struct conn, lease));
}

void conn_pool_init(struct shard *shard, const struct conn_memory *memory)
{
        struct conn_pool *pool = &shard->conns;
        const struct options *options = shard->options;

        pool->conn = memory->conn;
        pool->count_max = memory->conn_count;
        for (uint32_t i = 0; i < CONN_STATE_COUNT; i++)
                acd_list_init(&pool->state[i]);
        acd_list_init(&pool->ready);
        acd_list_init(&pool->unsent);
        lease_list_init_exact(&pool->hello,
                              options_number(options, OPTION_HELLO_TIMEOUT_MS) * NS_PER_MS);
        lease_list_init(&pool->silence, options_number(options, OPTION_SILENCE_MS) * NS_PER_MS);
        lease_list_init_exact(&pool->linger, (uint64_t)CONN_LINGER_MS * NS_PER_MS);
        pool->buffers = memory->buffers;
        pool->read_buffer = memory->buffers + (size_t)memory->conn_count * CONN_READ_SIZE;
        output_pool_init(&pool->blocks, memory->blocks, memory->block_count);
        pool->inflight_max = options_number(options, OPTION_INFLIGHT_MAX);
        pool->unread_size_max = options_number(options, OPTION_UNREAD_SIZE_MAX);
        pool->body_size_max = (uint32_t)options_number(options, OPTION_FRAME_SIZE_MAX);

        for (uint32_t i = 0; i < pool->count_max; i++) {
                struct conn *conn = &pool->conn[i];

                conn->index = i;
                conn->socket = -1;
                acd_buffer_init(&conn->in, memory->buffers + (size_t)i * CONN_READ_SIZE,
                                CONN_READ_SIZE);
                output_init(&conn->out);
                acd_list_init(&conn->sessions);
                acd_list_init(&conn->subscriptions);
                acd_list_push_back(&pool->state[CONN_FREE], &conn->link);
        }
}

uint32_t conn_count(const struct conn_pool *pool)
{
        return pool->count_max - pool->state[CONN_FREE].count;
}

void conn_move(struct shard *shard, struct conn *conn, enum conn_state to)
{
        ACD_ASSERT(conn->link.list == &shard->conns.state[conn->state]);
        acd_list_remove(&conn->link);
        conn->state = to;
        acd_list_push_back(&shard->conns.state[to], &conn->link);
}

/* Begin @conn on @socket. */
static void begin(struct shard *shard, struct conn *conn, int socket, const struct world_peer *peer)
{
        const struct world_sockets *sockets = shard->world.sockets;

        conn->socket = socket;
        conn->peer = *peer;
        conn->role = WIRE_ROLE_NONE;
        conn->tenant = (acd_tenant_id){ 0 };
        conn->gateway = (acd_gateway_id){ 0 };
        conn->features = 0;
        conn->tenant_name[0] = '\0';
        conn->client[0] = '\0';
        conn->resume_sequence = 0;
        conn->resume_epoch = 0;
        conn->is_paused = false;
        conn->is_watching_read = true;
        conn->is_watching_write = false;
        acd_buffer_reset(&conn->in);
        output_init(&conn->out);
        conn_move(shard, conn, CONN_NEW);
        lease_renew(&shard->conns.hello, &conn->lease, clock_real(&shard->clock));
        sockets->watch(sockets->self, socket, conn->index, true, false);
}

/* Why a new connection is refused, and the counter of it; NULL when it is not. */
static const char *refusal_of(struct shard *shard, const struct world_peer *peer, uint32_t count,
                              const char **ret_metric)
{
        if (!peer->is_local) {
                shard->metrics.connections_refused_remote_total++;
                *ret_metric = "connections_refused_remote_total";
                return "not from this machine";
        }
        if (acd_list_is_empty(&shard->conns.state[CONN_FREE])) {
                shard->metrics.connections_refused_total++;
                *ret_metric = "connections_refused_total";
                return "too many connections";
        }
        if (count > options_number(shard->options, OPTION_CONNECTION_PER_ADDRESS_MAX)) {
                shard->metrics.connections_refused_address_total++;
                *ret_metric = "connections_refused_address_total";
                return "too many connections from one address";
        }
        return NULL;
}

/* A refused peer is told, as far as its socket takes a few bytes at once. */
static void refuse(struct shard *shard, int socket, const char *why, const char *metric)
{
        const struct world_sockets *sockets = shard->world.sockets;
        struct wire_message bye = {
                .kind = WIRE_BYE,
                .bye = { .server_time_ns = clock_now(&shard->clock),
                         .code = ACD_RETRY_AFTER,
                         .text = wire_text(why),
                         .metric = wire_text(metric),
                         .retry_after_ms = 1000 },
        };
        size_t size;

        acd_arena_reset(&shard->encode_arena);
        size = wire_encode(&bye, &shard->encode_arena, shard->frame, shard->frame_size);

        struct iovec part = { shard->frame, size };

        (void)world_write_one(sockets, socket, &part);
        sockets->close(sockets->self, socket);
}

void conn_accept(struct shard *shard, uint32_t listener)
{
        const struct world_sockets *sockets = shard->world.sockets;

        /* Connections come between two turns, after a wait of any length: measured by the
         * last turn's clock the time for the first frame could be over before it began. */
        clock_turn(&shard->clock);
        for (uint32_t i = 0; i < 64; i++) {
                struct world_peer peer = { 0 };
                int socket = sockets->accept(sockets->self, listener, &peer);
                const char *metric = "";
                const char *why;

                if (socket == -EMFILE || socket == -ENFILE) {
                        shard->metrics.accept_no_descriptor_total++;
                        log_event(&shard->log, LOG_ERROR, "accept_failed",
                                  "reason=\"no descriptors left\" remedy=\"raise LimitNOFILE\"");
                }
                if (socket < 0)
                        return;

                why = refusal_of(shard, &peer, addresses_add(&shard->addresses, peer.address),
                                 &metric);
                if (why != NULL) {
                        (void)addresses_remove(&shard->addresses, peer.address);
                        log_event(&shard->log, LOG_WARNING, "connection_refused",
                                  "peer=\"%s\" reason=\"%s\"", peer.text, why);
                        refuse(shard, socket, why, metric);
                        continue;
                }
                shard->metrics.connections_total++;
                begin(shard, conn_of(acd_list_first(&shard->conns.state[CONN_FREE])), socket,
                      &peer);
        }
}

struct conn *conn_adopt(struct shard *shard, int socket, const struct world_peer *peer)
{
        struct acd_link *link = acd_list_first(&shard->conns.state[CONN_FREE]);

        if (link == NULL)
                return NULL;
        (void)addresses_add(&shard->addresses, peer->address);
        shard->metrics.connections_total++;
        begin(shard, conn_of(link), socket, peer);
        return conn_of(link);
}

void conn_close(struct shard *shard, struct conn *conn, enum acd_result code, const char *text,
                const char *metric)
{
        struct wire_message bye = {
                .kind = WIRE_BYE,
                .bye = { .server_time_ns = commit_now(shard),
                         .code = code,
                         .text = wire_text(text),
                         .retry_after_ms = wire_result_is_later(code) ? 1000 : 0,
                         .metric = wire_text(metric) },
        };

        if (conn->state != CONN_NEW && conn->state != CONN_OPEN)
                return;
        log_event(&shard->log, LOG_INFO, "connection_closed",
                  "peer=\"%s\" client=%s code=%s reason=\"%s\"", conn->peer.text,
                  conn->client[0] == '\0' ? "-" : conn->client, wire_result_name(code), text);

        conn_move(shard, conn, CONN_CLOSING);
        lease_end(&conn->lease);
        lease_renew(&shard->conns.linger, &conn->lease, clock_real(&shard->clock));
        if (acd_link_is_linked(&conn->ready))
                acd_list_remove(&conn->ready);
        conn_send(shard, conn, &bye);
}

void conn_die(struct shard *shard, struct conn *conn)
{
        const struct world_sockets *sockets = shard->world.sockets;

        if (conn->state == CONN_FREE || conn->state == CONN_DYING)
                return;
        sockets->close(sockets->self, conn->socket);
        conn->socket = -1;
        (void)addresses_remove(&shard->addresses, conn->peer.address);
        lease_end(&conn->lease);
        if (acd_link_is_linked(&conn->ready))
                acd_list_remove(&conn->ready);
        if (acd_link_is_linked(&conn->unsent))
                acd_list_remove(&conn->unsent);
        output_fini(&conn->out, &shard->conns.blocks);
        conn_move(shard, conn, CONN_DYING);
}

void conn_bury(struct shard *shard)
{
        struct acd_list *dying = &shard->conns.state[CONN_DYING];
        struct acd_list *closing = &shard->conns.state[CONN_CLOSING];

        /* Whoever is told to leave has no say any more, although the last words are still read. */
        for (struct acd_link *link = acd_list_first(closing); link != NULL;
             link = acd_list_next(link)) {
                if (!agent_leave(shard, conn_of(link)) || !gateway_leave(shard, conn_of(link)))
                        return;
        }
        while (!acd_list_is_empty(dying)) {
                struct conn *conn = conn_of(acd_list_first(dying));

                if (!agent_leave(shard, conn) || !gateway_leave(shard, conn))
                        return;
                subscribe_leave(shard, conn);
                conn_move(shard, conn, CONN_FREE);
        }
}

static void expire(struct shard *shard, struct conn *conn)
{
        struct metrics *metrics = &shard->metrics;

        switch (conn->state) {
        case CONN_NEW:
                metrics->closed_hello_total++;
                conn_close(shard, conn, ACD_TIMED_OUT, "no first frame in time",
                           "closed_hello_total");
                return;
        case CONN_OPEN:
                if (conn->is_paused) {
                        metrics->closed_unread_total++;
                        conn_close(shard, conn, ACD_TOO_LARGE, "too much was left unread",
                                   "closed_unread_total");
                        return;
                }
                metrics->closed_silence_total++;
                conn_close(shard, conn, ACD_TIMED_OUT, "silent too long", "closed_silence_total");
                return;
        case CONN_CLOSING:
                conn_die(shard, conn);
                return;
        case CONN_FREE:
        case CONN_DYING:
        case CONN_STATE_COUNT:
                break;
        }
        acd_panic(__FILE__, __LINE__, __func__, "only connections with a socket have a lease");
}

void conn_expire(struct shard *shard)
{
        struct lease_list *lists[] = { &shard->conns.hello, &shard->conns.silence,
                                       &shard->conns.linger };
        struct lease *lease;

        for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
                while ((lease = lease_pop_expired(lists[i], clock_real(&shard->clock))) != NULL)
                        expire(shard, conn_of_lease(lease));
        }
}

uint64_t conn_next_expiry(struct conn_pool *pool)
{
        struct lease_list *lists[] = { &pool->hello, &pool->silence, &pool->linger };
        uint64_t next = 0;

        for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
                uint64_t this_ns = lease_next_ns(lists[i]);

                if (this_ns != 0 && (next == 0 || this_ns < next))
                        next = this_ns;
        }
        return next;
}
