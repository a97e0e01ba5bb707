/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections, inwards: bytes become frames, frames become decisions.
 *
 * At most one read and 1,024 frames a connection and turn, so that a peer with
 * much to say delays the others by no more than that. A connection that has
 * frames left, or filled what it was read into, stays in the list of ready ones,
 * behind all others.
 *
 * Connections are read one after the other, up to CONN_GATHER_MAX of them, and then
 * decided in the same order: to go back and forth between the system's code and ours
 * with each of a thousand connections took half as much again of our time, for the two
 * do not fit into the processor's cache for instructions together.
 *
 * When the batch is full and the one before it still flies, nothing can be
 * decided. Then ready connections are not watched either, or the loop would
 * spin on sockets that it may not read; what waits stays in the kernel, and the
 * peer's own buffer fills up in the end. That is the back-pressure.
 */

#include <errno.h>

#include "base/assert.h"
#include "base/uninitialized.h"
#include "daemon/conn.h"
#include "daemon/dispatch.h"
#include "daemon/shard.h"

/* The next command has no place now, but soon; or the daemon stops at once: then it is not
 * refused, but left for the next run. A full disk is no reason not to read: it is answered. */
static bool is_blocked(struct shard *shard)
{
        enum commit_room room = commit_room(shard);

        return room == COMMIT_FULL || room == COMMIT_WAIT || shard->is_stop_fast;
}

static bool is_reading(const struct conn *conn)
{
        return (conn->state == CONN_NEW || conn->state == CONN_OPEN) && !conn->is_paused;
}

static void reject(struct shard *shard, struct conn *conn, enum wire_frame_status status)
{
        if (status == WIRE_FRAME_LARGE) {
                shard->metrics.closed_too_large_total++;
                conn_close(shard, conn, wire_frame_result(status), wire_frame_text(status),
                           "closed_too_large_total");
                return;
        }
        shard->metrics.closed_malformed_total++;
        conn_close(shard, conn, wire_frame_result(status), wire_frame_text(status),
                   "closed_malformed_total");
}

/* Decide complete frames. True: all that were there. */
static bool decide_frames(struct shard *shard, struct conn *conn, uint32_t *budget)
{
        while (is_reading(conn)) {
                struct wire_frame frame;
                enum wire_frame_status status;

                if (*budget == 0 || is_blocked(shard))
                        return false;
                if (*budget % CONN_AHEAD_COUNT == 0)
                        conn_fetch_ahead(shard, conn);
                status = wire_frame_next(&conn->in, shard->conns.body_size_max, &frame);
                if (status == WIRE_FRAME_SHORT)
                        return true;
                if (status != WIRE_FRAME_OK) {
                        reject(shard, conn, status);
                        return true;
                }
                (*budget)--;
                shard->metrics.frames_in_total++;
                dispatch(shard, conn, &frame);
                acd_buffer_finish(&conn->in);
        }
        return true;
}

/* One read. False: the peer is gone. @ret_is_more: it filled the space, so there may be more. */
static bool read_once(struct shard *shard, struct conn *conn, bool *ret_is_more)
{
        const struct world_sockets *sockets = shard->world.sockets;
        size_t space = 0;
        uint8_t *into;
        int64_t size;

        *ret_is_more = false;
        acd_buffer_compact(&conn->in);
        into = acd_buffer_space(&conn->in, &space);
        if (space > CONN_READ_MAX)
                space = CONN_READ_MAX;
        if (space == 0)
                return true;

        size = sockets->read(sockets->self, conn->socket, into, space);
        shard->metrics.reads_total++;
        if (size == -EAGAIN || size == -EINTR)
                return true;
        if (size <= 0)
                return false;
        *ret_is_more = (size_t)size == space;
        acd_buffer_receive(&conn->in, (size_t)size);
        shard->metrics.bytes_in_total += (uint64_t)size;
        if (conn->state == CONN_OPEN)
                lease_renew(&shard->conns.silence, &conn->lease, clock_real(&shard->clock));
        return true;
}

/* Connections that were read one after the other, into one buffer, and are decided then. */
struct gathered {
        struct conn *conn[CONN_GATHER_MAX];
        bool is_more[CONN_GATHER_MAX];
        uint32_t count;
        size_t size; /* of the buffer, in use */
};

/* Let go of the buffer of all: what was not decided is the connection's to keep. */
static void give_back_buffer(struct shard *shard, struct conn *conn)
{
        uint8_t *own = shard->conns.buffers + (size_t)conn->index * CONN_READ_SIZE;

        if (conn->in.bytes != own)
                acd_buffer_move(&conn->in, own);
}

/* Into @into, if nothing is there yet. False: the peer is gone. */
static bool read_into(struct shard *shard, struct conn *conn, uint8_t *into, bool *ret_is_more)
{
        if (acd_buffer_is_empty(&conn->in))
                acd_buffer_move(&conn->in, into);
        if (read_once(shard, conn, ret_is_more))
                return true;
        give_back_buffer(shard, conn);
        shard->metrics.closed_by_peer_total++;
        conn_die(shard, conn);
        return false;
}

/* Decide what was read of @conn. */
static void decide(struct shard *shard, struct conn *conn, bool is_more, uint32_t budget)
{
        bool is_all = decide_frames(shard, conn, &budget);

        give_back_buffer(shard, conn);
        /* Who has much to say is read each turn. The world tells of a few hundred sockets at a
         * time in turn, and a gateway with a thousand agents beside it would be one of them. */
        if (!is_all || (is_more && is_reading(conn)))
                return;
        if (acd_link_is_linked(&conn->ready))
                acd_list_remove(&conn->ready);
        if (is_reading(conn))
                conn_watch(shard, conn, true, conn->is_watching_write);
}

static void decide_gathered(struct shard *shard, struct gathered *gathered)
{
        for (uint32_t i = 0; i < gathered->count; i++)
                decide(shard, gathered->conn[i], gathered->is_more[i], CONN_COMMAND_MAX);
        gathered->count = 0;
        gathered->size = 0;
}

/* Nothing of @conn is there: read it beside the others. */
static void gather(struct shard *shard, struct gathered *gathered, struct conn *conn)
{
        uint8_t *into = shard->conns.read_buffer + gathered->size;
        size_t size;

        ACD_ASSERT(gathered->count < CONN_GATHER_MAX && gathered->size <= CONN_READ_SIZE);
        if (!read_into(shard, conn, into, &gathered->is_more[gathered->count]))
                return;
        (void)acd_buffer_unparsed(&conn->in, &size);
        gathered->size += size;
        gathered->conn[gathered->count++] = conn;
        if (gathered->count == CONN_GATHER_MAX || gathered->size > CONN_READ_SIZE)
                decide_gathered(shard, gathered);
}

/* Something of @conn is left: decide that first. */
static void go_on(struct shard *shard, struct conn *conn)
{
        uint32_t budget = CONN_COMMAND_MAX;
        bool is_more;

        if (!decide_frames(shard, conn, &budget) || !is_reading(conn))
                return;
        if (read_into(shard, conn, shard->conns.read_buffer, &is_more))
                decide(shard, conn, is_more, budget);
}

void conn_read_ready(struct shard *shard)
{
        ACD_UNINITIALIZED struct gathered gathered;
        struct acd_list *ready = &shard->conns.ready;
        uint32_t count = ready->count;

        gathered.count = 0;
        gathered.size = 0;
        for (uint32_t i = 0; i < count && !acd_list_is_empty(ready) && !is_blocked(shard); i++) {
                struct acd_link *link = acd_list_first(ready);
                struct acd_link *next = acd_list_next(link);
                struct conn *conn = acd_container_of(link, struct conn, ready);

                if (next != NULL)
                        conn_fetch(acd_container_of(next, struct conn, ready));
                acd_list_remove(link);
                acd_list_push_back(ready, link);
                if (is_reading(conn) && acd_buffer_is_empty(&conn->in)) {
                        gather(shard, &gathered, conn);
                        continue;
                }
                decide_gathered(shard, &gathered);
                go_on(shard, conn);
        }
        decide_gathered(shard, &gathered);
}

bool conn_is_more_waiting(const struct conn_pool *pool)
{
        return !acd_list_is_empty(&pool->ready);
}

void conn_stop_watching(struct shard *shard)
{
        for (struct acd_link *link = acd_list_first(&shard->conns.ready); link != NULL;
             link = acd_list_next(link)) {
                struct conn *conn = acd_container_of(link, struct conn, ready);

                conn_watch(shard, conn, false, conn->is_watching_write);
        }
}
