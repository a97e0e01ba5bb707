/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop by epoll: libevent's for the process, and a set of our own for sockets.
 *
 * libevent waits, and knows timers, signals and wake-ups. What it waits for, besides,
 * is one descriptor: the set of all sockets. A thousand sockets that are ready would be
 * a thousand of its events, each with a queue, a call and two structs that no cache has
 * kept; with a connection for each agent that was a tenth of the processor time.
 *
 * At most READY_MAX are told at a time; what is ready besides is told next time, and
 * the kernel goes round. Fewer would keep more of a socket in the cache between its
 * read and its write, but wake the peers more often: measured, 16 and 64 cost more than
 * 256. As long as more are ready than are told nobody has to wait, and libevent
 * is asked only now and then, so that a signal gets its turn.
 *
 * Plain reads and writes with our own buffers and not bufferevents: those read 4,096
 * bytes at a time with three system calls and measured half the rate of the whole
 * daemon.
 *
 * Waiting uses a timer event of the loop itself. libevent's own cached clock is
 * used for that and for nothing else.
 */

#include <errno.h>
#include <event2/event.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/assert.h"
#include "daemon/loop_backend.h"

enum {
        READY_MAX = 256,    /* sockets told at once */
        FULL_TURN_MAX = 64, /* so often in a row without asking libevent */
};

enum slot_kind { SLOT_NONE, SLOT_SOCKET, SLOT_LISTENER };

struct slot {
        enum slot_kind kind;
        uint32_t token; /* listener: its index */
        bool is_reading;
        bool is_writing;
};

struct state {
        struct event_base *base;
        struct event *timer;                 /* ends a wait */
        struct event *sockets;               /* the set has something */
        struct event *event[LOOP_EVENT_MAX]; /* signals and wake-ups */
        uint32_t event_count;
        int poller;             /* the set of sockets */
        bool is_full;           /* more were ready than were told */
        uint32_t skipped_count; /* how often in a row libevent was not asked for that */
        struct slot slot[];     /* by descriptor */
};

static struct state *state_of(const struct loop *loop)
{
        return loop->state;
}

/* ---- the table ---- */

static uint32_t interest(const struct slot *slot)
{
        return (slot->is_reading ? EPOLLIN : 0) | (slot->is_writing ? EPOLLOUT : 0);
}

/* From now on @socket is read and written as said. */
static void watch_slot(struct loop *loop, int socket, bool readable, bool writable)
{
        struct state *state = state_of(loop);
        struct slot *slot = &state->slot[socket];
        uint32_t before = interest(slot);
        struct epoll_event event = { .data.fd = socket };

        ACD_ASSERT(socket >= 0 && (uint32_t)socket < loop->fd_max);
        slot->is_reading = readable;
        slot->is_writing = writable;
        event.events = interest(slot);
        if (event.events == before)
                return;
        /* One without an interest would still be told of its end. */
        ACD_ASSERT(epoll_ctl(state->poller,
                             event.events == 0 ? EPOLL_CTL_DEL
                             : before == 0     ? EPOLL_CTL_ADD
                                               : EPOLL_CTL_MOD,
                             socket, &event) == 0);
}

static void watch(void *self, int socket, uint32_t token, bool readable, bool writable)
{
        struct loop *loop = self;
        struct slot *slot = &state_of(loop)->slot[socket];

        slot->kind = SLOT_SOCKET;
        slot->token = token;
        watch_slot(loop, socket, readable, writable);
}

static void close_socket(void *self, int socket)
{
        struct loop *loop = self;

        watch_slot(loop, socket, false, false);
        state_of(loop)->slot[socket].kind = SLOT_NONE;
        (void)close(socket);
}

static int64_t read_socket(void *self, int socket, void *into, size_t size)
{
        ssize_t r = recv(socket, into, size, 0);

        (void)self;
        return r < 0 ? -errno : r;
}

static int64_t write_socket(const struct world_write *write)
{
        struct msghdr message = {
                .msg_iov = (struct iovec *)(uintptr_t)write->parts,
                .msg_iovlen = (size_t)write->part_count,
        };
        ssize_t r;

        if (write->part_count == 1)
                r = send(write->socket, write->parts->iov_base, write->parts->iov_len,
                         MSG_NOSIGNAL);
        else
                r = sendmsg(write->socket, &message, MSG_NOSIGNAL);
        return r < 0 ? -errno : r;
}

static void write_many(void *self, struct world_write *writes, uint32_t count)
{
        (void)self;
        for (uint32_t i = 0; i < count; i++)
                writes[i].result = write_socket(&writes[i]);
}

static void set_listening(void *self, bool is_wanted)
{
        struct loop *loop = self;

        for (uint32_t i = 0; i < loop->listener_count; i++)
                watch_slot(loop, loop->listener[i].fd, is_wanted, false);
}

static void tell(struct loop *loop, int socket, uint32_t events)
{
        const struct slot *slot = &state_of(loop)->slot[socket];
        bool is_over = (events & (EPOLLERR | EPOLLHUP)) != 0;

        /* Closed by what was told before. */
        if (slot->kind == SLOT_NONE)
                return;
        loop->told_count++;
        if (slot->kind == SLOT_LISTENER)
                loop->owner.on_accept(loop->owner.self, slot->token);
        else
                loop->owner.on_socket(loop->owner.self, slot->token,
                                      slot->is_reading && (is_over || (events & EPOLLIN) != 0),
                                      slot->is_writing && (is_over || (events & EPOLLOUT) != 0));
}

/* Tell some of the sockets that are ready. */
static void tell_sockets(struct loop *loop)
{
        struct state *state = state_of(loop);
        struct epoll_event event[READY_MAX];
        int count = epoll_wait(state->poller, event, READY_MAX, 0);

        state->is_full = count == READY_MAX;
        for (int i = 0; i < count; i++)
                tell(loop, event[i].data.fd, event[i].events);
}

static bool look(void *self)
{
        struct loop *loop = self;
        uint64_t before = loop->told_count;

        tell_sockets(loop);
        return loop->told_count != before;
}

/* ---- life ---- */

static size_t memory_size(uint32_t fd_max)
{
        return sizeof(struct state) + fd_max * sizeof(struct slot);
}

/* Waiting is over; what for is found out by whoever waited. */
static void on_wake(evutil_socket_t fd, short what, void *context)
{
        (void)fd;
        (void)what;
        (void)context;
}

static void close_state(struct loop *loop)
{
        struct state *state = state_of(loop);

        for (uint32_t i = 0; i < state->event_count; i++)
                event_free(state->event[i]);
        if (state->timer != NULL)
                event_free(state->timer);
        if (state->sockets != NULL)
                event_free(state->sockets);
        if (state->base != NULL)
                event_base_free(state->base);
        if (state->poller >= 0)
                (void)close(state->poller);
        *state = (struct state){ .poller = -1 };
}

static struct event_base *base_new(bool is_exact)
{
        struct event_config *config = event_config_new();
        struct event_base *base = NULL;
        int flags = EVENT_BASE_FLAG_NOLOCK;

        if (config == NULL)
                return NULL;
        if (is_exact)
                flags |= EVENT_BASE_FLAG_PRECISE_TIMER;
        if (event_config_set_flag(config, flags) == 0)
                base = event_base_new_with_config(config);
        event_config_free(config);
        return base;
}

static int open_state(struct loop *loop, const struct loop_setup *setup)
{
        struct state *state = state_of(loop);

        state->poller = epoll_create1(EPOLL_CLOEXEC);
        if (state->poller < 0)
                return -errno;
        state->base = base_new(setup->is_exact);
        if (state->base != NULL)
                state->timer = evtimer_new(state->base, on_wake, loop);
        if (state->timer != NULL)
                state->sockets =
                        event_new(state->base, state->poller, EV_READ | EV_PERSIST, on_wake, loop);
        if (state->sockets != NULL && event_add(state->sockets, NULL) == 0)
                return 0;
        close_state(loop);
        return -ENOMEM;
}

static void add_listener(struct loop *loop, struct loop_listener *listener)
{
        struct slot *slot = &state_of(loop)->slot[listener->fd];

        slot->kind = SLOT_LISTENER;
        slot->token = listener->index;
        watch_slot(loop, listener->fd, true, false);
}

static void on_signal(evutil_socket_t number, short what, void *context)
{
        struct loop *loop = context;

        (void)what;
        loop->owner.on_signal(loop->owner.self, (int)number);
}

/* Begin @event, and keep it for the end. */
static int keep_event(struct state *state, struct event *event)
{
        ACD_ASSERT(state->event_count < LOOP_EVENT_MAX);
        if (event == NULL)
                return -ENOMEM;
        state->event[state->event_count++] = event;
        return event_add(event, NULL) != 0 ? -ENOMEM : 0;
}

static int add_signal(struct loop *loop, int number)
{
        struct state *state = state_of(loop);

        return keep_event(state, evsignal_new(state->base, number, on_signal, loop));
}

static int add_wake(struct loop *loop, int fd)
{
        struct state *state = state_of(loop);

        return keep_event(state, event_new(state->base, fd, EV_READ | EV_PERSIST, on_wake, loop));
}

static void wait_in_base(struct state *state, uint64_t wait_ns)
{
        struct timeval wait = {
                .tv_sec = (time_t)(wait_ns / 1000000000),
                .tv_usec = (suseconds_t)(wait_ns % 1000000000 / 1000),
        };

        if (wait_ns == 0) {
                (void)event_base_loop(state->base, EVLOOP_NONBLOCK | EVLOOP_ONCE);
                return;
        }
        /* One timer, set anew each time: what is left of the last wait is forgotten. */
        if (wait_ns != UINT64_MAX)
                ACD_ASSERT(evtimer_add(state->timer, &wait) == 0);
        (void)event_base_loop(state->base, EVLOOP_ONCE);
}

static void wait_for(struct loop *loop, uint64_t wait_ns)
{
        struct state *state = state_of(loop);

        /* More were ready than were told: no need to ask whether. But signals come by libevent. */
        if (state->is_full && ++state->skipped_count < FULL_TURN_MAX) {
                tell_sockets(loop);
                return;
        }
        state->skipped_count = 0;
        wait_in_base(state, wait_ns);
        tell_sockets(loop);
}

static void close_in_copy(struct loop *loop)
{
        for (uint32_t fd = 0; fd < loop->fd_max; fd++) {
                if (state_of(loop)->slot[fd].kind != SLOT_NONE)
                        (void)close((int)fd);
        }
}

const struct loop_backend loop_backend_event = {
        .name = "epoll",
        .memory_size = memory_size,
        .open = open_state,
        .close = close_state,
        .read = read_socket,
        .write_many = write_many,
        .watch = watch,
        .close_socket = close_socket,
        .listen = set_listening,
        .look = look,
        .add_listener = add_listener,
        .add_signal = add_signal,
        .add_wake = add_wake,
        .wait = wait_for,
        .close_in_copy = close_in_copy,
};
