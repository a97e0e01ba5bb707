/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor: what the bytes of a life cycle cost, with nobody who decides anything.
 *
 * The server reads as many bytes a life cycle as the daemon does, over as many
 * connections, answers as many, and writes as many to two files in between, without
 * a sync, as the journal and the event log are. It does so in turns: whatever is there is
 * read, one write a file, one write a connection. Whoever moves these bytes through
 * these files and sockets cannot be faster, whatever he decides meanwhile.
 *
 * The load keeps a number of life cycles under way.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/peers/bound.h"
#include "bench/peers/link.h"
#include "bench/peers/server.h"

enum {
        EVENT_MAX = 64,
        FD_MAX = 1024,
        READ_SIZE = 65536,
        TURN_MAX = EVENT_MAX * READ_SIZE,
        FILE_SIZE_MAX = 64 << 20, /* then a new one, as segments are */
        FILE_COUNT = 2,
};

struct file {
        char path[512];
        int fd;
        size_t size;
};

/* What a connection has sent of its next message, or been sent. */
static size_t part_size[FD_MAX];

static void begin_file(struct file *file)
{
        if (file->fd >= 0)
                close(file->fd);
        unlink(file->path);
        file->fd = open(file->path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
        link_check(file->fd >= 0, "%s: %s", file->path, strerror(errno));
        file->size = 0;
}

static void append(struct file *file, const char *bytes, size_t size)
{
        if (size == 0)
                return;
        if (file->size + size > FILE_SIZE_MAX)
                begin_file(file);
        link_check(pwrite(file->fd, bytes, size, (off_t)file->size) == (ssize_t)size, "%s: %s",
                   file->path, strerror(errno));
        file->size += size;
}

/* How many messages of @size bytes are whole now; negative: the peer is gone. */
static int64_t take(int fd, size_t size)
{
        static char bytes[READ_SIZE];
        ssize_t count = recv(fd, bytes, sizeof(bytes), 0);
        size_t all;

        if (count <= 0)
                return -1;
        all = part_size[fd] + (size_t)count;
        part_size[fd] = all % size;
        return (int64_t)(all / size);
}

_Noreturn void bound_serve_floor(int listener, const struct bound_floor *floor)
{
        static char bytes[TURN_MAX];
        struct epoll_event events[EVENT_MAX];
        struct file files[FILE_COUNT] = { { .fd = -1 }, { .fd = -1 } };
        int poll_fd = epoll_create1(EPOLL_CLOEXEC);

        link_check(poll_fd >= 0, "epoll: %s", strerror(errno));
        for (int i = 0; i < FILE_COUNT; i++) {
                snprintf(files[i].path, sizeof(files[i].path), "%s/floor.%d.%d", floor->dir,
                         getpid(), i);
                begin_file(&files[i]);
        }
        memset(bytes, 1, sizeof(bytes));
        bound_watch(poll_fd, listener);
        for (;;) {
                int count = epoll_wait(poll_fd, events, EVENT_MAX, -1), answered_count = 0;
                size_t answer_size[EVENT_MAX], turn_count = 0;
                int fds[EVENT_MAX];

                for (int i = 0; i < count; i++) {
                        int fd = events[i].data.fd;
                        int64_t taken;

                        if (fd == listener) {
                                fd = bound_accept(listener);
                                link_check(fd < FD_MAX, "too many connections");
                                if (fd < 0)
                                        continue;
                                part_size[fd] = 0;
                                bound_watch(poll_fd, fd);
                                continue;
                        }
                        taken = take(fd, floor->size);
                        if (taken < 0) {
                                close(fd);
                                continue;
                        }
                        fds[answered_count] = fd;
                        answer_size[answered_count++] = (size_t)taken * floor->answer;
                        turn_count += (size_t)taken;
                }
                for (int i = 0; i < FILE_COUNT; i++)
                        append(&files[i], bytes, turn_count * floor->log / FILE_COUNT);
                for (int i = 0; i < answered_count; i++)
                        link_check(send(fds[i], bytes, answer_size[i], MSG_NOSIGNAL) ==
                                           (ssize_t)answer_size[i],
                                   "send: %s", strerror(errno));
        }
}

static uint64_t turn(int poll_fd, const struct bound_floor *floor)
{
        static char bytes[TURN_MAX];
        struct epoll_event events[EVENT_MAX];
        int count = epoll_wait(poll_fd, events, EVENT_MAX, 10000);
        uint64_t done = 0;

        link_check(count > 0, "the server is silent");
        for (int i = 0; i < count; i++) {
                int64_t taken = take(events[i].data.fd, floor->answer);
                size_t size = (size_t)(taken < 0 ? 0 : taken) * floor->size;

                link_check(taken >= 0 && send(events[i].data.fd, bytes, size, MSG_NOSIGNAL) ==
                                                 (ssize_t)size,
                           "the server is gone");
                done += (uint64_t)taken;
        }
        return done;
}

static uint64_t run(int poll_fd, const struct bound_floor *floor, double seconds)
{
        uint64_t end = bound_now_ns() + (uint64_t)(seconds * 1e9), done = 0;

        while (bound_now_ns() < end)
                done += turn(poll_fd, floor);
        return done;
}

void bound_load_floor(const char *address, const struct bound_floor *floor)
{
        struct link *link = calloc(floor->connections, sizeof(*link));
        char *message = calloc(1, floor->size);
        int poll_fd = epoll_create1(EPOLL_CLOEXEC);
        uint64_t begin, done;
        double cpu, seconds;

        link_check(link != NULL && message != NULL && poll_fd >= 0, "no memory");
        link_check(floor->in_flight >= floor->connections &&
                           floor->in_flight * (floor->size + floor->answer + floor->log) <=
                                   TURN_MAX,
                   "--in-flight: one a connection at least, and at most %d bytes in all", TURN_MAX);
        for (uint32_t i = 0; i < floor->connections; i++) {
                link_open(&link[i], address);
                link_check(link[i].fd < FD_MAX, "too many connections");
                bound_watch(poll_fd, link[i].fd);
                for (uint32_t j = 0; j < floor->in_flight / floor->connections; j++)
                        link_put(&link[i], message, floor->size);
                link_flush(&link[i]);
        }
        (void)run(poll_fd, floor, floor->seconds / 4);
        cpu = server_cpu_us(floor->pid);
        begin = bound_now_ns();
        done = run(poll_fd, floor, floor->seconds);
        seconds = (double)(bound_now_ns() - begin) / 1e9;
        printf("{\"connections\": %u, \"in_flight\": %u, \"rate\": %.1f, \"server_cpu_us\": "
               "%.4f}\n",
               floor->connections, floor->in_flight, (double)done / seconds,
               (server_cpu_us(floor->pid) - cpu) / (double)done);
        for (uint32_t i = 0; i < floor->connections; i++)
                link_close(&link[i]);
        free(message);
        free(link);
}
