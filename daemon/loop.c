/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop: what does not depend on how it waits.
 *
 * io_uring is taken where the kernel gives it, and epoll where it does not: old
 * kernels, and containers that forbid it. Both tell the same things in the same
 * order of calls, so nothing above knows which it is.
 *
 * Until peers can prove who they are, only unix sockets and loopback addresses
 * are listened on, and a peer from elsewhere is refused even so: a rule of a
 * firewall must not be what stands between the world and a daemon without
 * passwords.
 */

#include "daemon/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/assert.h"
#include "daemon/loop_address.h"
#include "daemon/loop_backend.h"

/* ---- the table ---- */

/* No descriptor is left: take the peer with the spare one and let it go, or it would wait in
 * the backlog and wake the loop for ever. */
static int drop_one(struct loop *loop, int listener_fd)
{
        int fd;

        if (loop->spare_fd >= 0)
                (void)close(loop->spare_fd);
        fd = accept4(listener_fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0)
                (void)close(fd);
        loop->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        return -EMFILE;
}

static int accept_socket(void *self, uint32_t listener, struct world_peer *ret_peer)
{
        struct loop *loop = self;
        int listener_fd = loop->listener[listener].fd;
        struct sockaddr_storage address = { 0 };
        socklen_t size = sizeof(address);
        int fd = accept4(listener_fd, (struct sockaddr *)&address, &size,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd < 0 && (errno == EMFILE || errno == ENFILE))
                return drop_one(loop, listener_fd);
        if (fd < 0)
                return errno == EINTR || errno == ECONNABORTED ? -EAGAIN : -errno;
        if ((uint32_t)fd >= loop->fd_max) {
                (void)close(fd);
                return -EMFILE;
        }
        loop_describe_peer(fd, &address, ret_peer);
        return fd;
}

static int connect_socket(void *self, const char *address)
{
        struct loop *loop = self;
        int fd = loop_connect(address, loop->resolver);

        if (fd >= 0 && (uint32_t)fd >= loop->fd_max) {
                (void)close(fd);
                return -EMFILE;
        }
        return fd;
}

/* ---- life ---- */

size_t loop_memory_size(uint32_t fd_max)
{
        size_t event_size = loop_backend_event.memory_size(fd_max);
        size_t uring_size = loop_backend_uring.memory_size(fd_max);

        return event_size > uring_size ? event_size : uring_size;
}

static int fail(struct loop_error *error, int code, const char *what, const char *about)
{
        (void)snprintf(error->text, sizeof(error->text), "%s%s%s: %s", what,
                       about[0] == '\0' ? "" : " ", about, strerror(-code));
        return code;
}

static int use(struct loop *loop, const struct loop_backend *backend,
               const struct loop_setup *setup)
{
        loop->backend = backend;
        loop->sockets = (struct world_sockets){
                .accept = accept_socket,
                .connect = connect_socket,
                .read = backend->read,
                .write_many = backend->write_many,
                .watch = backend->watch,
                .close = backend->close_socket,
                .listen = backend->listen,
                .look = backend->look,
                .self = loop,
        };
        return backend->open(loop, setup);
}

int loop_open(struct loop *loop, const struct loop_setup *setup, struct loop_error *ret_error)
{
        int r = -ENOSYS;

        *loop = (struct loop){
                .state = setup->memory,
                .fd_max = setup->fd_max,
                .owner = setup->owner,
                .spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC),
        };
        if (loop->spare_fd < 0)
                return fail(ret_error, -errno, "opening", "/dev/null");
        if (setup->io != LOOP_IO_EPOLL) {
                r = use(loop, &loop_backend_uring, setup);
                loop->refusal = r;
        }
        if (r < 0)
                r = use(loop, &loop_backend_event, setup);
        return r < 0 ? fail(ret_error, r, "the event loop", "") : 0;
}

void loop_close(struct loop *loop)
{
        if (loop->backend == NULL)
                return;
        for (uint32_t i = 0; i < loop->listener_count; i++) {
                loop->backend->close_socket(loop, loop->listener[i].fd);
                if (loop->listener[i].is_unix)
                        (void)unlink(loop->listener[i].path);
        }
        loop->listener_count = 0;
        if (loop->spare_fd >= 0)
                (void)close(loop->spare_fd);
        loop->backend->close(loop);
        loop->backend = NULL;
}

const char *loop_io_name(const struct loop *loop)
{
        return loop->backend->name;
}

int loop_listen(struct loop *loop, const char *address, const char *dir,
                struct loop_error *ret_error)
{
        struct loop_listener *listener = &loop->listener[loop->listener_count];
        int fd;

        if (loop->listener_count == LOOP_LISTENER_MAX)
                return fail(ret_error, -E2BIG, "too many addresses to listen on at", address);
        listener->path[0] = '\0';
        fd = loop_bind(address, dir, listener->path, ret_error);
        if (fd < 0)
                return fd;
        ACD_ASSERT((uint32_t)fd < loop->fd_max);

        listener->loop = loop;
        listener->index = loop->listener_count;
        listener->fd = fd;
        listener->is_unix = listener->path[0] != '\0';
        loop->listener_count++;
        loop->backend->add_listener(loop, listener);
        return 0;
}

int loop_watch_signal(struct loop *loop, int number)
{
        return loop->backend->add_signal(loop, number);
}

int loop_watch_wake(struct loop *loop, int fd)
{
        return loop->backend->add_wake(loop, fd);
}

void loop_wait(struct loop *loop, uint64_t wait_ns)
{
        loop->backend->wait(loop, wait_ns);
}

void loop_close_in_copy(struct loop *loop)
{
        loop->backend->close_in_copy(loop);
}
