/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets that are memory.
 *
 * A pair is two buffers. The daemon's end has a number that no descriptor has,
 * and goes through the same table of functions as they; our end is called
 * directly. Nothing in the daemon knows the difference but the two lines where
 * the table is wrapped.
 *
 * Both ends are closed on their own. What the daemon wrote last (its BYE) can
 * still be read when it has closed, as from a socket; what we wrote last is still
 * read by it.
 *
 * A batch of writes is passed on in runs between those that are ours: they are
 * few, and the batch stays one where there are none.
 */

#include "daemon/inner.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "daemon/shard.h"

static bool is_inner(int socket)
{
        return socket >= INNER_SOCKET_MIN;
}

static struct inner_pair *pair_of(struct inner *inner, int index)
{
        ACD_ASSERT(index >= 0 && (uint32_t)index < inner->pair_count);
        return &inner->pair[index];
}

static struct inner_pair *pair_of_socket(struct inner *inner, int socket)
{
        struct inner_pair *pair = pair_of(inner, socket - INNER_SOCKET_MIN);

        ACD_ASSERT(pair->is_open);
        return pair;
}

static size_t unread_size(const struct acd_buffer *buffer)
{
        size_t size;

        (void)acd_buffer_unparsed(buffer, &size);
        return size;
}

/* ---- the daemon's end ---- */

static int64_t read_pair(struct inner_pair *pair, void *into, size_t size)
{
        size_t there = 0;
        const uint8_t *bytes = acd_buffer_unparsed(&pair->in, &there);

        if (there == 0)
                return pair->is_held ? -EAGAIN : 0;
        if (size > there)
                size = there;
        memcpy(into, bytes, size);
        acd_buffer_parse(&pair->in, size);
        acd_buffer_finish(&pair->in);
        return (int64_t)size;
}

static int64_t write_pair(struct inner_pair *pair, const struct iovec *parts, int part_count)
{
        int64_t written = 0;

        if (!pair->is_held)
                return -EPIPE;
        acd_buffer_compact(&pair->out);
        for (int i = 0; i < part_count; i++) {
                size_t space = 0;
                uint8_t *at = acd_buffer_space(&pair->out, &space);
                size_t size = parts[i].iov_len < space ? parts[i].iov_len : space;

                if (size == 0)
                        break;
                memcpy(at, parts[i].iov_base, size);
                acd_buffer_receive(&pair->out, size);
                written += (int64_t)size;
        }
        return written == 0 ? -EAGAIN : written;
}

/* ---- the table ---- */

static int on_accept(void *self, uint32_t listener, struct world_peer *ret_peer)
{
        const struct world_sockets *outer = ((struct inner *)self)->outer;

        return outer->accept(outer->self, listener, ret_peer);
}

static int on_connect(void *self, const char *address)
{
        const struct world_sockets *outer = ((struct inner *)self)->outer;

        return outer->connect(outer->self, address);
}

static int64_t on_read(void *self, int socket, void *into, size_t size)
{
        struct inner *inner = self;

        if (is_inner(socket))
                return read_pair(pair_of_socket(inner, socket), into, size);
        return inner->outer->read(inner->outer->self, socket, into, size);
}

static void on_write_many(void *self, struct world_write *writes, uint32_t count)
{
        struct inner *inner = self;
        uint32_t begin = 0;

        for (uint32_t i = 0; i <= count; i++) {
                if (i < count && !is_inner(writes[i].socket))
                        continue;
                if (i > begin)
                        inner->outer->write_many(inner->outer->self, writes + begin, i - begin);
                begin = i + 1;
                if (i < count)
                        writes[i].result = write_pair(pair_of_socket(inner, writes[i].socket),
                                                      writes[i].parts, writes[i].part_count);
        }
}

static void on_watch(void *self, int socket, uint32_t token, bool readable, bool writable)
{
        struct inner *inner = self;
        struct inner_pair *pair;

        if (!is_inner(socket)) {
                inner->outer->watch(inner->outer->self, socket, token, readable, writable);
                return;
        }
        pair = pair_of_socket(inner, socket);
        pair->token = token;
        pair->wants_read = readable;
        pair->wants_write = writable;
}

static void on_close(void *self, int socket)
{
        struct inner *inner = self;
        struct inner_pair *pair;

        if (!is_inner(socket)) {
                inner->outer->close(inner->outer->self, socket);
                return;
        }
        pair = pair_of_socket(inner, socket);
        pair->is_open = false;
        acd_buffer_reset(&pair->in);
}

static void on_listen(void *self, bool is_wanted)
{
        const struct world_sockets *outer = ((struct inner *)self)->outer;

        outer->listen(outer->self, is_wanted);
}

static bool on_look(void *self)
{
        struct inner *inner = self;
        bool is_more = inner->outer->look(inner->outer->self);

        return inner_tell(inner) || is_more;
}

void inner_init(struct inner *inner, struct shard *shard, struct inner_pair *pair, uint8_t *bytes,
                uint32_t pair_count)
{
        /* A second time, when recovery found that it needs larger limits. */
        const struct world_sockets *outer =
                inner->outer != NULL ? inner->outer : shard->world.sockets;

        *inner = (struct inner){
                .shard = shard,
                .outer = outer,
                .table = { on_accept, on_connect, on_read, on_write_many, on_watch, on_close,
                           on_listen, on_look, inner },
                .pair = pair,
                .pair_count = pair_count,
        };
        for (uint32_t i = 0; i < pair_count; i++) {
                uint8_t *rooms = bytes + (size_t)i * 2 * INNER_ROOM_SIZE;

                acd_buffer_init(&pair[i].in, rooms, INNER_ROOM_SIZE);
                acd_buffer_init(&pair[i].out, rooms + INNER_ROOM_SIZE, INNER_ROOM_SIZE);
        }
        shard->world.sockets = &inner->table;
}

/* ---- our end ---- */

int inner_open(struct inner *inner)
{
        for (uint32_t i = 0; i < inner->pair_count; i++) {
                struct inner_pair *pair = &inner->pair[i];

                if (pair->is_open || pair->is_held)
                        continue;
                pair->is_open = true;
                pair->is_held = true;
                pair->wants_read = false;
                pair->wants_write = false;
                acd_buffer_reset(&pair->in);
                acd_buffer_reset(&pair->out);
                return (int)i;
        }
        return -ENOBUFS;
}

bool inner_is_open(const struct inner *inner, int index)
{
        return inner->pair[index].is_open;
}

bool inner_send(struct inner *inner, int index, const struct iovec *parts, int part_count)
{
        struct inner_pair *pair = pair_of(inner, index);
        size_t size = 0;

        ACD_ASSERT(pair->is_held);
        for (int i = 0; i < part_count; i++)
                size += parts[i].iov_len;
        if (!pair->is_open || size > INNER_ROOM_SIZE - unread_size(&pair->in))
                return false;
        for (int i = 0; i < part_count; i++)
                ACD_ASSERT(acd_buffer_append(&pair->in, parts[i].iov_base, parts[i].iov_len));
        return true;
}

const uint8_t *inner_unread(const struct inner *inner, int index, size_t *ret_size)
{
        ACD_ASSERT(inner->pair[index].is_held);
        return acd_buffer_unparsed(&inner->pair[index].out, ret_size);
}

void inner_read(struct inner *inner, int index, size_t size)
{
        struct inner_pair *pair = pair_of(inner, index);

        acd_buffer_parse(&pair->out, size);
        acd_buffer_finish(&pair->out);
}

void inner_close(struct inner *inner, int index)
{
        struct inner_pair *pair = pair_of(inner, index);

        ACD_ASSERT(pair->is_held);
        pair->is_held = false;
        acd_buffer_reset(&pair->out);
}

/* ---- readiness ---- */

static bool is_readable(const struct inner_pair *pair)
{
        return pair->wants_read && (!pair->is_held || unread_size(&pair->in) > 0);
}

static bool is_writable(const struct inner_pair *pair)
{
        return pair->wants_write && (!pair->is_held || unread_size(&pair->out) < INNER_ROOM_SIZE);
}

bool inner_is_ready(const struct inner *inner)
{
        for (uint32_t i = 0; i < inner->pair_count; i++) {
                const struct inner_pair *pair = &inner->pair[i];

                if (pair->is_open && (is_readable(pair) || is_writable(pair)))
                        return true;
        }
        return false;
}

bool inner_tell(struct inner *inner)
{
        bool is_any = false;

        for (uint32_t i = 0; i < inner->pair_count; i++) {
                const struct inner_pair *pair = &inner->pair[i];

                if (!pair->is_open || (!is_readable(pair) && !is_writable(pair)))
                        continue;
                is_any = true;
                shard_on_socket(inner->shard, pair->token, is_readable(pair), is_writable(pair));
        }
        return is_any;
}
