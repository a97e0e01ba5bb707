/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop.
 *
 * Plain events with our own buffers and not bufferevents: those read 4,096
 * bytes at a time with three system calls and measured half the rate of the
 * whole daemon. One persistent event for reading and one for writing a
 * descriptor, found by its number, so that nothing is allocated after start.
 *
 * Waiting uses a timer event of the loop itself. libevent's own cached clock is
 * used for that and for nothing else.
 *
 * Until peers can prove who they are, only unix sockets and loopback addresses
 * are listened on, and a peer from elsewhere is refused even so: a rule of a
 * firewall must not be what stands between the world and a daemon without
 * passwords.
 */

#include "daemon/loop.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/assert.h"
#include "daemon/loop_address.h"

struct loop_slot {
        struct event read;
        struct event write;
        struct loop *loop;
        uint32_t token;
        bool is_reading;
        bool is_writing;
        bool is_made; /* events are assigned */
};

static struct event_base *base_of(struct loop *loop)
{
        return loop->base;
}

/* ---- the table ---- */

static void on_ready(evutil_socket_t fd, short what, void *context)
{
        struct loop_slot *slot = context;
        struct loop *loop = slot->loop;

        (void)fd;
        loop->told_count++;
        loop->owner.on_socket(loop->owner.self, slot->token, (what & EV_READ) != 0,
                              (what & EV_WRITE) != 0);
}

static void set_event(struct event *event, bool *is_on, bool is_wanted)
{
        if (*is_on == is_wanted)
                return;
        *is_on = is_wanted;
        if (is_wanted)
                ACD_ASSERT(event_add(event, NULL) == 0);
        else
                ACD_ASSERT(event_del(event) == 0);
}

static void watch(void *self, int socket, uint32_t token, bool readable, bool writable)
{
        struct loop *loop = self;
        struct loop_slot *slot = &loop->slot[socket];

        ACD_ASSERT(socket >= 0 && (uint32_t)socket < loop->slot_count);
        if (!slot->is_made) {
                slot->loop = loop;
                slot->is_made = true;
                ACD_ASSERT(event_assign(&slot->read, base_of(loop), socket, EV_READ | EV_PERSIST,
                                        on_ready, slot) == 0);
                ACD_ASSERT(event_assign(&slot->write, base_of(loop), socket, EV_WRITE | EV_PERSIST,
                                        on_ready, slot) == 0);
        }
        slot->token = token;
        set_event(&slot->read, &slot->is_reading, readable);
        set_event(&slot->write, &slot->is_writing, writable);
}

static void close_socket(void *self, int socket)
{
        struct loop *loop = self;
        struct loop_slot *slot = &loop->slot[socket];

        if (slot->is_made) {
                set_event(&slot->read, &slot->is_reading, false);
                set_event(&slot->write, &slot->is_writing, false);
                slot->is_made = false;
        }
        (void)close(socket);
}

static int64_t read_socket(void *self, int socket, void *into, size_t size)
{
        ssize_t r = read(socket, into, size);

        (void)self;
        return r < 0 ? -errno : r;
}

static int64_t write_socket(void *self, int socket, const struct iovec *parts, int part_count)
{
        struct msghdr message = {
                .msg_iov = (struct iovec *)(uintptr_t)parts,
                .msg_iovlen = (size_t)part_count,
        };
        ssize_t r = sendmsg(socket, &message, MSG_NOSIGNAL);

        (void)self;
        return r < 0 ? -errno : r;
}

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
        if ((uint32_t)fd >= loop->slot_count) {
                (void)close(fd);
                return -EMFILE;
        }
        loop_describe_peer(fd, &address, ret_peer);
        return fd;
}

static int connect_socket(void *self, const char *address)
{
        struct loop *loop = self;
        int fd = loop_connect(address);

        if (fd >= 0 && (uint32_t)fd >= loop->slot_count) {
                (void)close(fd);
                return -EMFILE;
        }
        return fd;
}

static void set_listening(void *self, bool is_wanted)
{
        struct loop *loop = self;

        for (uint32_t i = 0; i < loop->listener_count; i++)
                set_event(&loop->listener[i].slot->read, &loop->listener[i].slot->is_reading,
                          is_wanted);
}

static bool look(void *self)
{
        struct loop *loop = self;
        uint64_t before = loop->told_count;

        (void)event_base_loop(base_of(loop), EVLOOP_NONBLOCK | EVLOOP_ONCE);
        return loop->told_count != before;
}

/* ---- life ---- */

size_t loop_memory_size(uint32_t fd_max)
{
        return fd_max * sizeof(struct loop_slot);
}

static int fail(struct loop_error *error, int code, const char *what, const char *about)
{
        (void)snprintf(error->text, sizeof(error->text), "%s%s%s: %s", what,
                       about[0] == '\0' ? "" : " ", about, strerror(-code));
        return code;
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
        (void)fd;
        (void)what;
        (void)context;
}

int loop_open(struct loop *loop, void *memory, uint32_t fd_max, bool is_exact,
              const struct loop_owner *owner, struct loop_error *ret_error)
{
        struct event_config *config = event_config_new();
        int flags = EVENT_BASE_FLAG_NOLOCK;

        *loop = (struct loop){
                .slot = memory,
                .slot_count = fd_max,
                .owner = *owner,
                .spare_fd = -1,
                .sockets = { accept_socket, connect_socket, read_socket, write_socket, watch,
                             close_socket, set_listening, look, loop },
        };
        if (config == NULL)
                return fail(ret_error, -ENOMEM, "the event loop", "");
        if (is_exact)
                flags |= EVENT_BASE_FLAG_PRECISE_TIMER;
        if (event_config_set_flag(config, flags) == 0)
                loop->base = event_base_new_with_config(config);
        event_config_free(config);
        if (loop->base == NULL)
                return fail(ret_error, -ENOMEM, "the event loop", "");
        loop->timer = evtimer_new(base_of(loop), on_timer, loop);
        if (loop->timer == NULL)
                return fail(ret_error, -ENOMEM, "the event loop", "");
        loop->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        return loop->spare_fd < 0 ? fail(ret_error, -errno, "opening", "/dev/null") : 0;
}

void loop_close(struct loop *loop)
{
        if (loop->base == NULL)
                return;
        for (uint32_t i = 0; i < loop->listener_count; i++) {
                close_socket(loop, loop->listener[i].fd);
                if (loop->listener[i].is_unix)
                        (void)unlink(loop->listener[i].path);
        }
        loop->listener_count = 0;
        if (loop->spare_fd >= 0)
                (void)close(loop->spare_fd);
        for (uint32_t i = 0; i < loop->event_count; i++)
                event_free(loop->event[i]);
        loop->event_count = 0;
        if (loop->timer != NULL)
                event_free(loop->timer);
        event_base_free(base_of(loop));
        loop->base = NULL;
}

static void on_acceptable(evutil_socket_t fd, short what, void *context)
{
        struct loop_listener *listener = context;

        (void)fd;
        (void)what;
        listener->loop->told_count++;
        listener->loop->owner.on_accept(listener->loop->owner.self, listener->index);
}

int loop_listen(struct loop *loop, const char *address, const char *dir,
                struct loop_error *ret_error)
{
        struct loop_listener *listener = &loop->listener[loop->listener_count];
        struct loop_slot *slot;
        int fd;

        if (loop->listener_count == LOOP_LISTENER_MAX)
                return fail(ret_error, -E2BIG, "too many addresses to listen on at", address);
        listener->path[0] = '\0';
        fd = loop_bind(address, dir, listener->path, ret_error);
        if (fd < 0)
                return fd;
        ACD_ASSERT((uint32_t)fd < loop->slot_count);

        slot = &loop->slot[fd];
        slot->loop = loop;
        slot->is_made = true;
        listener->loop = loop;
        listener->slot = slot;
        listener->index = loop->listener_count;
        listener->fd = fd;
        listener->is_unix = listener->path[0] != '\0';
        ACD_ASSERT(event_assign(&slot->read, base_of(loop), fd, EV_READ | EV_PERSIST, on_acceptable,
                                listener) == 0);
        ACD_ASSERT(event_assign(&slot->write, base_of(loop), fd, EV_WRITE | EV_PERSIST,
                                on_acceptable, listener) == 0);
        set_event(&slot->read, &slot->is_reading, true);
        loop->listener_count++;
        return 0;
}

static void on_signal(evutil_socket_t number, short what, void *context)
{
        struct loop *loop = context;

        (void)what;
        loop->owner.on_signal(loop->owner.self, (int)number);
}

/* Begin @event, and keep it for the end. */
static int keep_event(struct loop *loop, struct event *event)
{
        ACD_ASSERT(loop->event_count < LOOP_EVENT_MAX);
        if (event == NULL)
                return -ENOMEM;
        loop->event[loop->event_count++] = event;
        return event_add(event, NULL) != 0 ? -ENOMEM : 0;
}

int loop_watch_signal(struct loop *loop, int number)
{
        return keep_event(loop, evsignal_new(base_of(loop), number, on_signal, loop));
}

static void on_wake(evutil_socket_t fd, short what, void *context)
{
        struct loop *loop = context;

        (void)fd;
        (void)what;
        (void)loop;
}

int loop_watch_wake(struct loop *loop, int fd)
{
        return keep_event(loop, event_new(base_of(loop), fd, EV_READ | EV_PERSIST, on_wake, loop));
}

void loop_wait(struct loop *loop, uint64_t wait_ns)
{
        struct timeval wait = {
                .tv_sec = (time_t)(wait_ns / 1000000000),
                .tv_usec = (suseconds_t)(wait_ns % 1000000000 / 1000),
        };

        if (wait_ns == 0) {
                (void)event_base_loop(base_of(loop), EVLOOP_NONBLOCK | EVLOOP_ONCE);
                return;
        }
        /* One timer, set anew each time: what is left of the last wait is forgotten. */
        if (wait_ns != UINT64_MAX)
                ACD_ASSERT(evtimer_add((struct event *)loop->timer, &wait) == 0);
        (void)event_base_loop(base_of(loop), EVLOOP_ONCE);
}

void loop_close_in_copy(struct loop *loop)
{
        for (uint32_t fd = 0; fd < loop->slot_count; fd++) {
                if (loop->slot[fd].is_made)
                        (void)close((int)fd);
        }
}
