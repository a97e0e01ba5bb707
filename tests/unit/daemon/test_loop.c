/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop, by epoll and by io_uring: both must tell and move the same. Where the
 * kernel refuses io_uring the second half repeats the first.
 */

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/loop.h"

enum { FD_MAX = 1024, TOKEN_BASE = 1000, WAIT_NS = 20000000, PAIR_COUNT = 100 };
enum { CROWD_COUNT = 400 }; /* more than are told at once */

struct told {
        uint32_t readable[TOKEN_BASE + FD_MAX];
        uint32_t writable[TOKEN_BASE + FD_MAX];
        uint32_t accept_count;
        int signal;
};

struct world {
        struct loop loop;
        struct told told;
};

static void on_socket(void *self, uint32_t token, bool is_readable, bool is_writable)
{
        struct told *told = self;

        told->readable[token] += is_readable;
        told->writable[token] += is_writable;
}

static void on_accept(void *self, uint32_t listener)
{
        struct told *told = self;

        cr_assert_eq(listener, 0);
        told->accept_count++;
}

static void on_signal(void *self, int number)
{
        struct told *told = self;

        told->signal = number;
}

static struct world *open_world(enum loop_io io)
{
        struct world *world = calloc(1, sizeof(*world));
        struct loop_error error = { .text = "" };
        struct loop_setup setup = {
                .memory = mmap(NULL, loop_memory_size(FD_MAX), PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
                .fd_max = FD_MAX,
                .io = io,
                .is_exact = true,
                .owner = { on_socket, on_accept, on_signal, &world->told },
        };

        cr_assert_eq(loop_open(&world->loop, &setup, &error), 0, "%s", error.text);
        return world;
}

static void close_world(struct world *world)
{
        loop_close(&world->loop);
        free(world);
}

static void watch(struct world *world, int fd, bool readable, bool writable)
{
        const struct world_sockets *sockets = &world->loop.sockets;

        sockets->watch(sockets->self, fd, (uint32_t)(TOKEN_BASE + fd), readable, writable);
}

/* Wait until @count told more, but not for ever. */
static bool is_told(struct world *world, const uint32_t *counter)
{
        uint32_t before = *counter;

        for (int i = 0; i < 20 && *counter == before; i++)
                loop_wait(&world->loop, WAIT_NS);
        return *counter != before;
}

static uint32_t *readable(struct world *world, int fd)
{
        return &world->told.readable[TOKEN_BASE + fd];
}

static uint32_t *writable(struct world *world, int fd)
{
        return &world->told.writable[TOKEN_BASE + fd];
}

static int64_t read_some(struct world *world, int fd, void *into, size_t size)
{
        return world->loop.sockets.read(world->loop.sockets.self, fd, into, size);
}

static void close_fd(struct world *world, int fd)
{
        world->loop.sockets.close(world->loop.sockets.self, fd);
}

/* A pair; ours is [0] and watched for reading. */
static void open_pair(struct world *world, int pair[2])
{
        cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
        watch(world, pair[0], true, false);
}

static void send_all(int fd, const char *bytes)
{
        cr_assert_eq(send(fd, bytes, strlen(bytes), 0), (ssize_t)strlen(bytes));
}

/* ---- what both must do ---- */

static void reads_in_order(enum loop_io io)
{
        struct world *world = open_world(io);
        static uint8_t sent[60000], got[60000];
        size_t at = 0;
        int pair[2];

        for (size_t i = 0; i < sizeof(sent); i++)
                sent[i] = (uint8_t)(i * 7 + i / 251);
        open_pair(world, pair);
        cr_assert_eq(send(pair[1], sent, sizeof(sent), 0), (ssize_t)sizeof(sent));
        for (size_t size = 1; at < sizeof(got); size = size * 3 % 9973) {
                int64_t r;

                cr_assert(is_told(world, readable(world, pair[0])), "at %zu", at);
                if (size > sizeof(got) - at)
                        size = sizeof(got) - at;
                r = read_some(world, pair[0], got + at, size);
                cr_assert_gt(r, 0);
                at += (size_t)r;
        }
        cr_assert_arr_eq(sent, got, sizeof(sent));
        cr_assert_eq(read_some(world, pair[0], got, 1), -EAGAIN);
        close_world(world);
}

static void reads_much_at_once(enum loop_io io)
{
        struct world *world = open_world(io);
        static uint8_t bytes[65536];
        int pair[2];

        open_pair(world, pair);
        cr_assert_eq(send(pair[1], bytes, sizeof(bytes), 0), (ssize_t)sizeof(bytes));
        cr_assert(is_told(world, readable(world, pair[0])));
        cr_assert_eq(read_some(world, pair[0], bytes, sizeof(bytes)), (int64_t)sizeof(bytes));
        close_world(world);
}

static void tells_the_level(enum loop_io io)
{
        struct world *world = open_world(io);
        char got[16];
        int pair[2];

        open_pair(world, pair);
        loop_wait(&world->loop, WAIT_NS);
        cr_assert_eq(*readable(world, pair[0]), 0);
        send_all(pair[1], "abc");
        cr_assert(is_told(world, readable(world, pair[0])));
        /* What is not read is told again; what is not wanted is not told. */
        cr_assert(is_told(world, readable(world, pair[0])));
        watch(world, pair[0], false, false);
        cr_assert_not(is_told(world, readable(world, pair[0])));
        watch(world, pair[0], true, false);
        cr_assert(is_told(world, readable(world, pair[0])));
        cr_assert_eq(read_some(world, pair[0], got, 2), 2);
        cr_assert(is_told(world, readable(world, pair[0])));
        cr_assert_eq(read_some(world, pair[0], got, 2), 1);
        cr_assert_not(is_told(world, readable(world, pair[0])));
        close_world(world);
}

static void looks_without_waiting(enum loop_io io)
{
        struct world *world = open_world(io);
        const struct world_sockets *sockets = &world->loop.sockets;
        char got[16];
        int pair[2];

        open_pair(world, pair);
        cr_assert_not(sockets->look(sockets->self));
        send_all(pair[1], "abc");
        cr_assert(sockets->look(sockets->self));
        cr_assert_eq(read_some(world, pair[0], got, sizeof(got)), 3);
        cr_assert_not(sockets->look(sockets->self));
        close_world(world);
}

static void tells_the_end_behind_the_bytes(enum loop_io io)
{
        struct world *world = open_world(io);
        char got[16];
        int pair[2];

        open_pair(world, pair);
        send_all(pair[1], "abc");
        close(pair[1]);
        cr_assert(is_told(world, readable(world, pair[0])));
        cr_assert_eq(read_some(world, pair[0], got, sizeof(got)), 3);
        cr_assert(is_told(world, readable(world, pair[0])));
        cr_assert_eq(read_some(world, pair[0], got, sizeof(got)), 0);
        close_world(world);
}

/* Much that fills the page exactly, and the end. */
static void tells_the_end_behind_a_page(enum loop_io io)
{
        struct world *world = open_world(io);
        char bytes[8192] = { 0 };
        int pair[2];

        open_pair(world, pair);
        cr_assert_eq(send(pair[1], bytes, 4096, 0), 4096);
        close(pair[1]);
        cr_assert(is_told(world, readable(world, pair[0])));
        cr_assert_eq(read_some(world, pair[0], bytes, sizeof(bytes)), 4096);
        cr_assert(is_told(world, readable(world, pair[0])));
        cr_assert_eq(read_some(world, pair[0], bytes, sizeof(bytes)), 0);
        close_world(world);
}

static void writes_a_batch(enum loop_io io)
{
        struct world *world = open_world(io);
        const struct world_sockets *sockets = &world->loop.sockets;
        struct iovec parts[2] = { { (void *)(uintptr_t) "one", 3 },
                                  { (void *)(uintptr_t) "two", 3 } };
        struct world_write writes[PAIR_COUNT];
        int pair[PAIR_COUNT][2];
        char got[16];

        for (int i = 0; i < PAIR_COUNT; i++) {
                open_pair(world, pair[i]);
                writes[i] = (struct world_write){ pair[i][0], 1 + i % 2, parts, 77 };
        }
        close(pair[7][1]);
        sockets->write_many(sockets->self, writes, PAIR_COUNT);
        for (int i = 0; i < PAIR_COUNT; i++) {
                if (i == 7) {
                        cr_assert_eq(writes[i].result, -EPIPE);
                        continue;
                }
                cr_assert_eq(writes[i].result, 3 + i % 2 * 3);
                cr_assert_eq(recv(pair[i][1], got, sizeof(got), 0), 3 + i % 2 * 3);
                cr_assert_eq(memcmp(got, "onetwo", 3 + (size_t)(i % 2) * 3), 0);
        }
        close_world(world);
}

static void tells_room(enum loop_io io)
{
        struct world *world = open_world(io);
        const struct world_sockets *sockets = &world->loop.sockets;
        static uint8_t bytes[65536];
        struct iovec part = { bytes, sizeof(bytes) };
        int64_t moved = 0;
        int64_t r;
        int pair[2];

        open_pair(world, pair);
        while ((r = world_write_one(sockets, pair[0], &part)) > 0)
                moved += r;
        cr_assert_eq(r, -EAGAIN);
        watch(world, pair[0], true, true);
        loop_wait(&world->loop, WAIT_NS);
        cr_assert_eq(*writable(world, pair[0]), 0);
        while (moved > 0) {
                r = recv(pair[1], bytes, sizeof(bytes), 0);
                cr_assert_gt(r, 0);
                moved -= r;
        }
        cr_assert(is_told(world, writable(world, pair[0])));
        cr_assert(is_told(world, writable(world, pair[0])));
        watch(world, pair[0], true, false);
        cr_assert_not(is_told(world, writable(world, pair[0])));
        close_world(world);
}

/* Nobody takes in what nobody wants: the sender is stopped by its own buffer. */
static void pauses(enum loop_io io)
{
        struct world *world = open_world(io);
        static uint8_t bytes[65536];
        int64_t sent = 0;
        int64_t got = 0;
        int64_t r;
        int pair[2];

        open_pair(world, pair);
        loop_wait(&world->loop, 0);
        watch(world, pair[0], false, false);
        for (int quiet = 0; quiet < 3;) {
                r = send(pair[1], bytes, sizeof(bytes), 0);
                sent += r > 0 ? r : 0;
                quiet = r > 0 ? 0 : quiet + 1;
                loop_wait(&world->loop, 1000000);
        }
        cr_assert_lt(sent, 2000000);
        watch(world, pair[0], true, false);
        while (got < sent) {
                cr_assert(is_told(world, readable(world, pair[0])));
                r = read_some(world, pair[0], bytes, sizeof(bytes));
                cr_assert_gt(r, 0);
                got += r;
        }
        close_world(world);
}

/* More are ready, and stay so, than are told at once: everybody is told, again and again, and so
 * is a signal. */
static void goes_round(enum loop_io io)
{
        struct world *world = open_world(io);
        int pair[CROWD_COUNT][2];
        uint32_t least = 0;

        cr_assert_eq(loop_watch_signal(&world->loop, SIGUSR1), 0);
        for (int i = 0; i < CROWD_COUNT; i++) {
                open_pair(world, pair[i]);
                send_all(pair[i][1], "abc");
        }
        cr_assert_eq(kill(getpid(), SIGUSR1), 0);
        for (int turn = 0; turn < 200 && (least < 3 || world->told.signal == 0); turn++) {
                loop_wait(&world->loop, WAIT_NS);
                least = UINT32_MAX;
                for (int i = 0; i < CROWD_COUNT; i++) {
                        uint32_t count = *readable(world, pair[i][0]);

                        least = count < least ? count : least;
                }
        }
        cr_assert_geq(least, 3);
        cr_assert_eq(world->told.signal, SIGUSR1);
        for (int i = 0; i < CROWD_COUNT; i++)
                close(pair[i][1]);
        close_world(world);
}

/* A descriptor that comes again has nothing of the one before. */
static void forgets_what_was_closed(enum loop_io io)
{
        struct world *world = open_world(io);
        char got[16];
        int pair[2], next[2];

        for (int i = 0; i < 200; i++) {
                open_pair(world, pair);
                loop_wait(&world->loop, 0);
                send_all(pair[1], "old bytes");
                if (i % 2 == 0)
                        loop_wait(&world->loop, 0);
                close_fd(world, pair[0]);
                open_pair(world, next);
                cr_assert_eq(next[0], pair[0]);
                send_all(next[1], "new");
                cr_assert(is_told(world, readable(world, next[0])));
                cr_assert_eq(read_some(world, next[0], got, sizeof(got)), 3);
                cr_assert_eq(memcmp(got, "new", 3), 0);
                cr_assert_eq(read_some(world, next[0], got, sizeof(got)), -EAGAIN);
                close_fd(world, next[0]);
                close(next[1]);
                close(pair[1]);
        }
        close_world(world);
}

/* The last words are read, and the peer sees the end at once, not when the loop waits next. */
static void closes_at_once(enum loop_io io)
{
        struct world *world = open_world(io);
        const struct world_sockets *sockets = &world->loop.sockets;
        struct iovec part = { (void *)(uintptr_t) "bye", 3 };
        char got[16];
        int pair[2];

        open_pair(world, pair);
        loop_wait(&world->loop, 0);
        cr_assert_eq(world_write_one(sockets, pair[0], &part), 3);
        close_fd(world, pair[0]);
        cr_assert_eq(recv(pair[1], got, sizeof(got), 0), 3);
        cr_assert_eq(recv(pair[1], got, sizeof(got), 0), 0);
        close_world(world);
}

static void accepts(enum loop_io io)
{
        struct world *world = open_world(io);
        const struct world_sockets *sockets = &world->loop.sockets;
        char dir[] = "/tmp/loop-XXXXXX";
        char address[64];
        struct world_peer peer;
        struct loop_error error;
        int client, served;

        cr_assert_not_null(mkdtemp(dir));
        snprintf(address, sizeof(address), "unix:%s/s", dir);
        cr_assert_eq(loop_listen(&world->loop, address, dir, &error), 0);
        client = sockets->connect(sockets->self, address);
        cr_assert_geq(client, 0);
        cr_assert(is_told(world, &world->told.accept_count));
        cr_assert(is_told(world, &world->told.accept_count));
        sockets->listen(sockets->self, false);
        loop_wait(&world->loop, 0);
        cr_assert_not(is_told(world, &world->told.accept_count));
        sockets->listen(sockets->self, true);
        cr_assert(is_told(world, &world->told.accept_count));
        served = sockets->accept(sockets->self, 0, &peer);
        cr_assert_geq(served, 0);
        cr_assert(peer.is_local);
        cr_assert_eq(sockets->accept(sockets->self, 0, &peer), -EAGAIN);
        cr_assert_not(is_told(world, &world->told.accept_count));
        watch(world, served, true, false);
        send_all(client, "abc");
        cr_assert(is_told(world, readable(world, served)));
        close_world(world);
        rmdir(dir);
}

static void wakes(enum loop_io io)
{
        struct world *world = open_world(io);
        int fd = eventfd(0, EFD_NONBLOCK);
        uint64_t value = 1;

        cr_assert_eq(loop_watch_wake(&world->loop, fd), 0);
        cr_assert_eq(loop_watch_signal(&world->loop, SIGTERM), 0);
        cr_assert_eq(loop_watch_signal(&world->loop, SIGUSR1), 0);
        loop_wait(&world->loop, 1000);
        /* For ever, if it did not wake. */
        cr_assert_eq(write(fd, &value, sizeof(value)), (ssize_t)sizeof(value));
        loop_wait(&world->loop, UINT64_MAX);
        loop_wait(&world->loop, UINT64_MAX);
        cr_assert_eq(read(fd, &value, sizeof(value)), (ssize_t)sizeof(value));
        cr_assert_eq(kill(getpid(), SIGUSR1), 0);
        for (int i = 0; i < 20 && world->told.signal == 0; i++)
                loop_wait(&world->loop, WAIT_NS);
        cr_assert_eq(world->told.signal, SIGUSR1);
        close(fd);
        close_world(world);
}

/* Goal    The table holds whichever way sockets are served.
 * Method  Each statement by each backend. */
#define BOTH(name) \
        Test(loop, epoll_##name) \
        { \
                name(LOOP_IO_EPOLL); \
        } \
        Test(loop, io_uring_##name) \
        { \
                name(LOOP_IO_URING); \
        }

BOTH(reads_in_order)
BOTH(reads_much_at_once)
BOTH(tells_the_level)
BOTH(looks_without_waiting)
BOTH(tells_the_end_behind_the_bytes)
BOTH(tells_the_end_behind_a_page)
BOTH(writes_a_batch)
BOTH(tells_room)
BOTH(pauses)
BOTH(goes_round)
BOTH(forgets_what_was_closed)
BOTH(closes_at_once)
BOTH(accepts)
BOTH(wakes)

/* Goal    What was asked for is what is used, or it says why not.
 * Method  The name and the refusal. */
Test(loop, says_what_it_uses)
{
        struct world *world = open_world(LOOP_IO_EPOLL);

        cr_assert_str_eq(loop_io_name(&world->loop), "epoll");
        cr_assert_eq(world->loop.refusal, 0);
        close_world(world);
        world = open_world(LOOP_IO_URING);
        cr_assert_eq(strcmp(loop_io_name(&world->loop), "io_uring") == 0, world->loop.refusal == 0);
        close_world(world);
}
