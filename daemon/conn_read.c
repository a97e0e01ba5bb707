/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections, inwards: bytes become frames, frames become decisions.
 *
 * At most one read and 1,024 frames a connection and turn, so that a peer with
 * much to say delays the others by no more than that. A connection that has
 * frames left, or filled what it was read into, stays in the list of ready ones,
 * behind all others.
 *
 * When the batch is full and the one before it still flies, nothing can be
 * decided. Then ready connections are not watched either, or the loop would
 * spin on sockets that it may not read; what waits stays in the kernel, and the
 * peer's own buffer fills up in the end. That is the back-pressure.
 */

#include <errno.h>

#include "base/assert.h"
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

/* Read into the buffer of all, unless half a frame is there already. */
static void borrow_buffer(struct shard *shard, struct conn *conn)
{
        if (acd_buffer_is_empty(&conn->in))
                acd_buffer_move(&conn->in, shard->conns.read_buffer);
}

/* What was not decided is the connection's to keep. */
static void give_back_buffer(struct shard *shard, struct conn *conn)
{
        if (conn->in.bytes == shard->conns.read_buffer)
                acd_buffer_move(&conn->in,
                                shard->conns.buffers + (size_t)conn->index * CONN_READ_SIZE);
}

/* Decide what is there, read and decide that. False: it need not be asked again. */
static bool read_and_decide(struct shard *shard, struct conn *conn)
{
        uint32_t budget = CONN_COMMAND_MAX;
        bool is_more;

        if (!decide_frames(shard, conn, &budget) || !is_reading(conn))
                return true;
        borrow_buffer(shard, conn);
        if (!read_once(shard, conn, &is_more)) {
                shard->metrics.closed_by_peer_total++;
                conn_die(shard, conn);
                return true;
        }
        /* Who has much to say is read each turn. The world tells of a few hundred sockets at a
         * time in turn, and a gateway with a thousand agents beside it would be one of them. */
        return !decide_frames(shard, conn, &budget) || (is_more && is_reading(conn));
}

static void read_conn(struct shard *shard, struct conn *conn)
{
        bool is_asked_again = read_and_decide(shard, conn);

        give_back_buffer(shard, conn);
        if (is_asked_again)
                return;
        if (acd_link_is_linked(&conn->ready))
                acd_list_remove(&conn->ready);
        if (is_reading(conn))
                conn_watch(shard, conn, true, conn->is_watching_write);
}

void conn_read_ready(struct shard *shard)
{
        struct acd_list *ready = &shard->conns.ready;
        uint32_t count = ready->count;

        for (uint32_t i = 0; i < count && !acd_list_is_empty(ready); i++) {
                struct acd_link *link = acd_list_first(ready);
                struct acd_link *next = acd_list_next(link);

                if (is_blocked(shard))
                        return;
                if (next != NULL)
                        conn_fetch(acd_container_of(next, struct conn, ready));
                acd_list_remove(link);
                acd_list_push_back(ready, link);
                read_conn(shard, acd_container_of(link, struct conn, ready));
        }
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
