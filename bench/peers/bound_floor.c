/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor: what the bytes of a life cycle cost, with nobody who decides anything.
 *
 * The server reads as many bytes a life cycle as the daemon does, over as many
 * connections, answers as many, and writes as many to two files in between, without
 * a sync, as the journal and the event log are. It does so in turns: whatever is there is
 * read, one write a file, one write a connection. Whoever moves these bytes through
 * these files and sockets cannot be faster, whatever he decides meanwhile.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/peers/bound.h"
#include "bench/peers/link.h"

enum {
        EVENT_MAX = 64,
        TURN_MAX = 4 << 20,       /* bytes out and to the files of one turn */
        FILE_SIZE_MAX = 64 << 20, /* then a new one, as segments are */
        FILE_COUNT = 2,
};

struct file {
        char path[512];
        int fd;
        size_t size;
};

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

_Noreturn void bound_serve_floor(int listener, const struct bound_floor *floor)
{
        static char bytes[TURN_MAX];
        struct epoll_event events[EVENT_MAX];
        struct file files[FILE_COUNT] = { { .fd = -1 }, { .fd = -1 } };
        int poll_fd = epoll_create1(EPOLL_CLOEXEC);

        link_check(floor->answer > 0, "serve-floor needs --answer");
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
                                if (fd >= 0)
                                        bound_watch(poll_fd, fd);
                                continue;
                        }
                        taken = bound_take(fd, floor->size);
                        if (taken < 0) {
                                close(fd);
                                continue;
                        }
                        fds[answered_count] = fd;
                        answer_size[answered_count++] = (size_t)taken * floor->answer;
                        turn_count += (size_t)taken;
                }
                link_check(turn_count * (floor->answer + floor->log) <= TURN_MAX,
                           "more than %d bytes are under way", TURN_MAX);
                for (int i = 0; i < FILE_COUNT; i++)
                        append(&files[i], bytes, turn_count * floor->log / FILE_COUNT);
                for (int i = 0; i < answered_count; i++)
                        link_check(send(fds[i], bytes, answer_size[i], MSG_NOSIGNAL) ==
                                           (ssize_t)answer_size[i],
                                   "send: %s", strerror(errno));
        }
}
