/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections from within: bytes come out as they went in, ends end as those of sockets,
 * readiness is level, and real sockets are passed on.
 */

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/prng.h"
#include "daemon/inner.h"
#include "daemon/shard.h"

enum { PAIR_COUNT = 3, OUTER_SOCKET = 7, STEP_COUNT = 20000 };

/* ---- the world outside ---- */

struct outside {
        struct world_sockets table;
        uint32_t batch_count;
        uint32_t written_count;
        int closed;
};

static void outer_write(void *self, struct world_write *writes, uint32_t count)
{
        struct outside *outside = self;

        outside->batch_count++;
        for (uint32_t i = 0; i < count; i++) {
                cr_assert_lt(writes[i].socket, INNER_SOCKET_MIN);
                writes[i].result = writes[i].socket;
                outside->written_count++;
        }
}

static int64_t outer_read(void *self, int socket, void *into, size_t size)
{
        (void)self;
        (void)into;
        (void)size;
        return socket;
}

static void outer_close(void *self, int socket)
{
        ((struct outside *)self)->closed = socket;
}

struct bench {
        struct shard *shard;
        struct outside outside;
        struct inner *inner;
        struct conn conn[PAIR_COUNT];
};

static void begin(struct bench *bench)
{
        /* A test is a process. */
        static struct inner_pair pair[PAIR_COUNT];
        static uint8_t bytes[PAIR_COUNT * 2 * INNER_ROOM_SIZE];
        static struct shard shard;

        memset(bench, 0, sizeof(*bench));
        bench->shard = &shard;
        bench->outside.table = (struct world_sockets){ .read = outer_read,
                                                       .write_many = outer_write,
                                                       .close = outer_close,
                                                       .self = &bench->outside };
        bench->shard->world.sockets = &bench->outside.table;
        bench->shard->conns.conn = bench->conn;
        bench->shard->conns.count_max = PAIR_COUNT;
        acd_list_init(&bench->shard->conns.ready);
        acd_list_init(&bench->shard->conns.unsent);
        bench->inner = &bench->shard->inner;
        inner_init(bench->inner, bench->shard, pair, bytes, PAIR_COUNT);
        for (uint32_t i = 0; i < PAIR_COUNT; i++)
                bench->conn[i] = (struct conn){ .index = i, .socket = -1, .state = CONN_OPEN };
}

static const struct world_sockets *sockets_of(const struct bench *bench)
{
        return bench->shard->world.sockets;
}

static int64_t read_inner(const struct bench *bench, int index, void *into, size_t size)
{
        const struct world_sockets *sockets = sockets_of(bench);

        return sockets->read(sockets->self, inner_socket(index), into, size);
}

static void watch(const struct bench *bench, int index, bool is_reading, bool is_writing)
{
        const struct world_sockets *sockets = sockets_of(bench);

        sockets->watch(sockets->self, inner_socket(index), (uint32_t)index, is_reading, is_writing);
}

static void close_inner(const struct bench *bench, int index)
{
        const struct world_sockets *sockets = sockets_of(bench);

        sockets->close(sockets->self, inner_socket(index));
}

/* Byte @at of a stream. */
static uint8_t byte_at(uint64_t at)
{
        return (uint8_t)(at * 131 % 251);
}

static void fill(uint8_t *bytes, uint64_t at, size_t size)
{
        for (size_t i = 0; i < size; i++)
                bytes[i] = byte_at(at + i);
}

static void compare(const uint8_t *bytes, uint64_t at, size_t size)
{
        for (size_t i = 0; i < size; i++)
                cr_assert_eq(bytes[i], byte_at(at + i));
}

/* Goal    Both streams are streams: every byte once, in order, none refused while there is room.
 * Method  Random sends, reads and writes of random sizes; positions are the model. */
Test(inner, bytes_come_out_as_they_went_in)
{
        static uint8_t bytes[INNER_ROOM_SIZE];
        struct bench bench;
        struct acd_prng prng;
        uint64_t sent = 0, read = 0, written = 0, taken = 0;
        int index;

        begin(&bench);
        acd_prng_init(&prng, 7);
        index = inner_open(bench.inner);
        cr_assert_geq(index, 0);
        for (int i = 0; i < STEP_COUNT; i++) {
                size_t size = 1 + acd_prng_below(&prng, 40000);
                struct iovec part = { bytes, size };
                size_t there = 0;
                int64_t r;

                switch (acd_prng_below(&prng, 4)) {
                case 0:
                        fill(bytes, sent, size);
                        if (inner_send(bench.inner, index, &part, 1))
                                sent += size;
                        else
                                cr_assert_gt(sent - read + size, INNER_ROOM_SIZE);
                        break;
                case 1:
                        r = read_inner(&bench, index, bytes, size);
                        cr_assert_eq(r < 0, sent == read);
                        cr_assert(r > 0 || r == -EAGAIN);
                        compare(bytes, read, r > 0 ? (size_t)r : 0);
                        read += r > 0 ? (uint64_t)r : 0;
                        break;
                case 2:
                        fill(bytes, written, size);
                        r = world_write_one(sockets_of(&bench), inner_socket(index), &part);
                        cr_assert(r > 0 || (r == -EAGAIN && written - taken == INNER_ROOM_SIZE));
                        written += r > 0 ? (uint64_t)r : 0;
                        break;
                default:
                        compare(inner_unread(bench.inner, index, &there), taken, 0);
                        cr_assert_eq(there, written - taken);
                        compare(inner_unread(bench.inner, index, &there), taken, there);
                        size = there == 0 ? 0 : acd_prng_below(&prng, there + 1);
                        inner_read(bench.inner, index, size);
                        taken += size;
                        break;
                }
        }
        cr_assert_gt(read, INNER_ROOM_SIZE);
        cr_assert_gt(taken, INNER_ROOM_SIZE);
}

/* Goal    The two ends end apart, and a pair is free only when both did. */
Test(inner, ends_are_read_to_the_end)
{
        struct bench bench;
        uint8_t bytes[16];
        struct iovec part = { (void *)(uintptr_t) "last", 4 };
        size_t size = 0;
        int one, two;

        begin(&bench);
        one = inner_open(bench.inner);
        two = inner_open(bench.inner);
        cr_assert_neq(one, two);

        /* Ours first: what we said is still read, then the stream ends. */
        cr_assert(inner_send(bench.inner, one, &part, 1));
        inner_close(bench.inner, one);
        cr_assert_eq(read_inner(&bench, one, bytes, sizeof(bytes)), 4);
        cr_assert_eq(read_inner(&bench, one, bytes, sizeof(bytes)), 0);
        cr_assert_eq(world_write_one(sockets_of(&bench), inner_socket(one), &part), -EPIPE);
        cr_assert_eq(inner_open(bench.inner), 2);
        cr_assert_eq(inner_open(bench.inner), -ENOBUFS);
        close_inner(&bench, one);
        cr_assert_eq(inner_open(bench.inner), one);

        /* The daemon's first: its last words are still there. */
        cr_assert_eq(world_write_one(sockets_of(&bench), inner_socket(two), &part), 4);
        close_inner(&bench, two);
        cr_assert_not(inner_is_open(bench.inner, two));
        cr_assert_not(inner_send(bench.inner, two, &part, 1));
        (void)inner_unread(bench.inner, two, &size);
        cr_assert_eq(size, 4);
        inner_close(bench.inner, two);
        cr_assert_eq(inner_open(bench.inner), two);
        (void)inner_unread(bench.inner, two, &size);
        cr_assert_eq(size, 0, "a new pair has bytes of the one before");
}

/* Goal    Readiness is what the state says, again and again, for what is watched alone. */
Test(inner, readiness_is_level)
{
        struct bench bench;
        struct iovec part = { (void *)(uintptr_t) "x", 1 };
        uint8_t byte;
        int index;

        begin(&bench);
        index = inner_open(bench.inner);
        bench.conn[index].socket = inner_socket(index);
        cr_assert_not(inner_tell(bench.inner));
        cr_assert(inner_send(bench.inner, index, &part, 1));
        cr_assert_not(inner_is_ready(bench.inner), "nobody watches it");
        watch(&bench, index, true, false);
        for (int i = 0; i < 2; i++) {
                cr_assert(inner_is_ready(bench.inner));
                cr_assert(inner_tell(bench.inner));
                cr_assert_eq(bench.shard->conns.ready.count, 1);
                acd_list_remove(&bench.conn[index].ready);
        }
        cr_assert_eq(read_inner(&bench, index, &byte, 1), 1);
        cr_assert_not(inner_tell(bench.inner));
        watch(&bench, index, true, true);
        cr_assert(inner_tell(bench.inner));
        cr_assert_eq(bench.shard->conns.unsent.count, 1);
        watch(&bench, index, true, false);
        inner_close(bench.inner, index);
        cr_assert(inner_tell(bench.inner), "the end of the stream is something to read");
}

/* Goal    Real sockets are the world's: their writes stay in batches, cut only by ours. */
Test(inner, other_sockets_are_passed_on)
{
        struct bench bench;
        struct iovec part = { (void *)(uintptr_t) "x", 1 };
        struct world_write writes[5];
        const struct world_sockets *sockets;
        int index;

        begin(&bench);
        index = inner_open(bench.inner);
        sockets = sockets_of(&bench);
        for (int i = 0; i < 5; i++)
                writes[i] = (struct world_write){ i == 2 ? inner_socket(index) : OUTER_SOCKET + i,
                                                  1, &part, -1 };
        sockets->write_many(sockets->self, writes, 5);
        cr_assert_eq(bench.outside.batch_count, 2);
        cr_assert_eq(bench.outside.written_count, 4);
        for (int i = 0; i < 5; i++)
                cr_assert_eq(writes[i].result, i == 2 ? 1 : OUTER_SOCKET + i);
        cr_assert_eq(sockets->read(sockets->self, OUTER_SOCKET, NULL, 0), OUTER_SOCKET);
        sockets->close(sockets->self, OUTER_SOCKET);
        cr_assert_eq(bench.outside.closed, OUTER_SOCKET);
}
