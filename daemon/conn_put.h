/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * conn_put.h - a frame written straight into its connection's output, inline: what every answer
 * and push does.
 *
 *      at = conn_begin(shard, conn, size);        room for so many bytes, or NULL
 *      ... at most so many are written ...
 *      conn_end(shard, conn, at, written, ...);   a frame more
 *
 *   Ownership  The room is the connection's, or the shard's one frame aside: nothing
 *              may be sent to anybody in between.
 *   Failure    NULL: the connection has come to its end, and there is nobody to tell.
 *   Cost       A dozen instructions each, when nothing is unusual.
 *   Threads    The shard's.
 */

#include "daemon/conn.h"
#include "daemon/shard.h"

static inline bool conn_is_live(const struct conn *conn)
{
        return conn->state == CONN_NEW || conn->state == CONN_OPEN;
}

/* Too much is unanswered or unread: no more of its requests for now. */
static inline bool conn_must_pause(const struct shard *shard, const struct conn *conn)
{
        return conn->out.answer_count >= shard->conns.inflight_max ||
               output_unread_size(&conn->out) >= shard->conns.unread_size_max / 2;
}

/* It is read, or not, as its output allows. */
static inline bool conn_is_balanced(const struct shard *shard, const struct conn *conn)
{
        return conn_is_live(conn) && conn->is_paused == conn_must_pause(shard, conn);
}

/* The next two for what is unusual. */
uint8_t *conn_begin_slowly(struct shard *shard, struct conn *conn, size_t size);
void conn_end_slowly(struct shard *shard, struct conn *conn, const uint8_t *at, size_t size,
                     uint64_t tag, bool is_answer);

/* Room for @size bytes, one frame at most. */
static inline uint8_t *conn_begin(struct shard *shard, struct conn *conn, size_t size)
{
        struct output_block *tail = output_tail(&conn->out);

        if (conn_is_live(conn) && tail != NULL && sizeof(tail->bytes) - tail->end_size >= size &&
            output_unread_size(&conn->out) + size <= shard->conns.unread_size_max)
                return tail->bytes + tail->end_size;
        return conn_begin_slowly(shard, conn, size);
}

/* @size bytes at @at are a frame; it leaves when the state it tells of is durable. @is_answer: to a
 * request. */
static inline void conn_end(struct shard *shard, struct conn *conn, const uint8_t *at, size_t size,
                            bool is_answer)
{
        uint64_t tag = commit_tag(&shard->commit);

        if (at == shard->frame || !acd_link_is_linked(&conn->unsent)) {
                conn_end_slowly(shard, conn, at, size, tag, is_answer);
                return;
        }
        output_commit(&conn->out, size, tag, shard->commit.durable, is_answer);
        shard->metrics.frames_out_total++;
        if (!conn_is_balanced(shard, conn))
                conn_balance(shard, conn);
}
