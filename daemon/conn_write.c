/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections, outwards: messages become bytes, bytes leave when they may.
 *
 * One write a connection and turn is what makes this fast: everything that a
 * turn has for one peer goes out together, and the writes to all peers are handed
 * to the world as batches, which it may do with one system call. A connection is in the list of
 * unsent ones while it has bytes that wait for the disk or for the turn's end;
 * one whose socket is full is told to the world instead and comes back when it
 * drains.
 *
 * A peer that does not read first is not read any more (half of its allowance),
 * then cut (all of it): what it may leave unread is the bound on its memory. If
 * the memory of all together runs out, the one who holds the most of it goes,
 * and not the one who happens to ask.
 */

#include <errno.h>

#include "base/assert.h"
#include "daemon/conn.h"
#include "daemon/conn_put.h"
#include "daemon/shard.h"

void conn_watch(struct shard *shard, struct conn *conn, bool is_reading, bool is_writing)
{
        const struct world_sockets *sockets = shard->world.sockets;

        if (conn->is_watching_read == is_reading && conn->is_watching_write == is_writing)
                return;
        conn->is_watching_read = is_reading;
        conn->is_watching_write = is_writing;
        sockets->watch(sockets->self, conn->socket, conn->index, is_reading, is_writing);
}

void conn_balance(struct shard *shard, struct conn *conn)
{
        if (conn_is_balanced(shard, conn))
                return;
        if (!conn_is_live(conn)) {
                conn_watch(shard, conn, false, conn->is_watching_write);
                return;
        }
        conn->is_paused = !conn->is_paused;
        conn_watch(shard, conn, !conn->is_paused, conn->is_watching_write);
        if (conn->is_paused) {
                if (acd_link_is_linked(&conn->ready))
                        acd_list_remove(&conn->ready);
        } else if (!acd_link_is_linked(&conn->ready)) {
                acd_list_push_back(&shard->conns.ready, &conn->ready);
        }
}

/* All blocks are in use: who holds the most of them goes. */
static void cut_largest(struct shard *shard)
{
        struct conn *largest = NULL;

        for (uint32_t i = 0; i < shard->conns.count_max; i++) {
                struct conn *conn = &shard->conns.conn[i];

                if (largest == NULL || conn->out.block_count > largest->out.block_count)
                        largest = conn;
        }
        ACD_ASSERT(largest != NULL);
        ACD_ASSERT(largest->out.block_count > 0);
        shard->metrics.closed_unread_total++;
        log_event(&shard->log, LOG_WARNING, "output_full", "peer=\"%s\" client=%s unread=%llu",
                  largest->peer.text, largest->client,
                  (unsigned long long)output_unread_size(&largest->out));
        conn_die(shard, largest);
}

/* Append what is not in a block yet, cut into pieces. False: this connection is the one that was
 * cut off. */
static bool append_aside(struct shard *shard, struct conn *conn, size_t size, uint64_t tag,
                         bool is_answer)
{
        struct iovec bytes = { shard->frame, size };

        while (!output_append(&conn->out, &shard->conns.blocks, &bytes, tag, shard->commit.durable,
                              is_answer)) {
                cut_largest(shard);
                if (conn->state == CONN_DYING)
                        return false;
        }
        return true;
}

/* May @conn be sent @size bytes more? If not it is over. */
static bool may_send(struct shard *shard, struct conn *conn, size_t size)
{
        if (conn->state == CONN_FREE || conn->state == CONN_DYING)
                return false;
        if (output_unread_size(&conn->out) + size <= shard->conns.unread_size_max ||
            conn->state == CONN_CLOSING)
                return true;
        shard->metrics.closed_unread_total++;
        conn_close(shard, conn, ACD_TOO_LARGE, "too much was left unread", "closed_unread_total");
        return false;
}

uint8_t *conn_begin_slowly(struct shard *shard, struct conn *conn, size_t size)
{
        uint8_t *at;

        if (!may_send(shard, conn, size))
                return NULL;
        at = output_reserve(&conn->out, &shard->conns.blocks, size);
        if (at != NULL)
                return at;
        ACD_ASSERT(size <= shard->frame_size);
        return shard->frame;
}

void conn_end_slowly(struct shard *shard, struct conn *conn, const uint8_t *at, size_t size,
                     uint64_t tag, bool is_answer)
{
        if (at != shard->frame)
                output_commit(&conn->out, size, tag, shard->commit.durable, is_answer);
        else if (!append_aside(shard, conn, size, tag, is_answer))
                return;
        shard->metrics.frames_out_total++;
        if (!acd_link_is_linked(&conn->unsent))
                acd_list_push_back(&shard->conns.unsent, &conn->unsent);
        conn_balance(shard, conn);
}

/* Lists may be bounded by more than they take: whether they fit is seen when they are written. */
static void send_tagged(struct shard *shard, struct conn *conn, const struct wire_message *message,
                        uint64_t tag, bool is_answer)
{
        size_t bound = wire_bound(message);
        size_t size;
        uint8_t *at;

        if (bound <= shard->frame_size) {
                at = conn_begin(shard, conn, bound);
                if (at == NULL)
                        return;
                size = wire_put(message, at);
        } else {
                if (!may_send(shard, conn, bound))
                        return;
                at = shard->frame;
                acd_arena_reset(&shard->encode_arena);
                size = wire_encode(message, &shard->encode_arena, at, shard->frame_size);
                /* Lists and pages are cut to what fits; every other message does. */
                ACD_ASSERT(size > 0);
        }
        conn_end_slowly(shard, conn, at, size, tag, is_answer);
}

void conn_send(struct shard *shard, struct conn *conn, const struct wire_message *message)
{
        send_tagged(shard, conn, message, commit_tag(&shard->commit), false);
}

void conn_answer(struct shard *shard, struct conn *conn, const struct wire_message *message)
{
        send_tagged(shard, conn, message, commit_tag(&shard->commit), true);
}

void conn_send_committed(struct shard *shard, struct conn *conn, const struct wire_message *message)
{
        /* Behind something that is held it is held too: a stream has one order. */
        uint64_t tag =
                output_is_held(&conn->out) ? commit_tag(&shard->commit) : shard->commit.durable;

        send_tagged(shard, conn, message, tag, false);
}

enum { DISCARD_MAX = 16 }; /* reads */

/* What it said meanwhile is not answered. A socket that is closed over unread bytes resets its
 * connection, and the peer may lose the last words by that. */
static void discard_input(struct shard *shard, const struct conn *conn)
{
        const struct world_sockets *sockets = shard->world.sockets;
        int64_t size = CONN_READ_MAX;

        for (int i = 0; i < DISCARD_MAX && size == CONN_READ_MAX; i++)
                size = sockets->read(sockets->self, conn->socket, shard->conns.read_buffer,
                                     CONN_READ_MAX);
}

/* @conn was written to as far as it could be: what that means. */
static void settle(struct shard *shard, struct conn *conn)
{
        bool is_left = conn->out.released_size > conn->out.sent_size;

        if (conn->state == CONN_CLOSING && output_unread_size(&conn->out) == 0) {
                discard_input(shard, conn);
                conn_die(shard, conn);
                return;
        }
        conn_watch(shard, conn, conn->is_watching_read, is_left);
        if (is_left || !output_is_held(&conn->out))
                acd_list_remove(&conn->unsent);
        conn_balance(shard, conn);
}

static void take_result(struct shard *shard, struct conn *conn, int64_t written)
{
        shard->metrics.writes_total++;
        if (written == -EAGAIN || written == -EINTR)
                written = 0;
        if (written < 0) {
                shard->metrics.closed_by_peer_total++;
                conn_die(shard, conn);
                return;
        }
        shard->metrics.bytes_out_total += (uint64_t)written;
        output_sent(&conn->out, &shard->conns.blocks, (uint64_t)written);
        settle(shard, conn);
}

static void write_batch(struct shard *shard)
{
        const struct world_sockets *sockets = shard->world.sockets;
        struct conn_batch *batch = &shard->conns.batch;

        if (batch->count == 0)
                return;
        sockets->write_many(sockets->self, batch->write, batch->count);
        for (uint32_t i = 0; i < batch->count; i++)
                take_result(shard, batch->conn[i], batch->write[i].result);
        batch->count = 0;
        batch->part_count = 0;
}

/* Put what @conn may send to the batch. */
static void gather(struct shard *shard, struct conn *conn)
{
        struct conn_batch *batch = &shard->conns.batch;
        struct iovec *parts = &batch->part[batch->part_count];
        int part_count;

        (void)output_release(&conn->out, shard->commit.durable);
        part_count = output_parts(&conn->out, parts);
        if (part_count == 0) {
                settle(shard, conn);
                return;
        }
        batch->conn[batch->count] = conn;
        batch->write[batch->count++] = (struct world_write){
                .socket = conn->socket,
                .part_count = part_count,
                .parts = parts,
        };
        batch->part_count += (uint32_t)part_count;
        if (batch->count == CONN_WRITE_MAX || batch->part_count > CONN_PART_MAX - OUTPUT_PART_MAX)
                write_batch(shard);
}

void conn_write_unsent(struct shard *shard)
{
        struct acd_list *unsent = &shard->conns.unsent;
        uint32_t count = unsent->count;

        /* Each once: those that must wait for the disk stay in the list. Results only take
         * connections out that had their turn, so the first ones are those that did not. */
        for (uint32_t i = 0; i < count; i++) {
                struct acd_link *link = acd_list_pop_front(unsent);

                if (link == NULL)
                        break;
                if (!acd_list_is_empty(unsent))
                        conn_fetch(acd_container_of(acd_list_first(unsent), struct conn, unsent));
                acd_list_push_back(unsent, link);
                gather(shard, acd_container_of(link, struct conn, unsent));
        }
        write_batch(shard);
}

void conn_on_socket(struct shard *shard, uint32_t index, bool is_readable, bool is_writable)
{
        struct conn *conn;

        ACD_ASSERT(index < shard->conns.count_max);
        conn = &shard->conns.conn[index];
        if (conn->socket < 0)
                return;
        if (is_readable && !conn->is_paused && !acd_link_is_linked(&conn->ready) &&
            conn->state != CONN_CLOSING)
                acd_list_push_back(&shard->conns.ready, &conn->ready);
        if (is_writable && !acd_link_is_linked(&conn->unsent))
                acd_list_push_back(&shard->conns.unsent, &conn->unsent);
}
