/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop by epoll, through libevent. The only user of it.
 *
 * Plain events with our own buffers and not bufferevents: those read 4,096
 * bytes at a time with three system calls and measured half the rate of the
 * whole daemon. One persistent event for reading and one for writing a
 * descriptor, found by its number, so that nothing is allocated after start.
 *
 * Waiting uses a timer event of the loop itself. libevent's own cached clock is
 * used for that and for nothing else.
 */

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/assert.h"
#include "daemon/loop_backend.h"

struct slot {
        struct event read;
        struct event write;
        struct loop *loop;
        uint32_t token;
        bool is_reading;
        bool is_writing;
        bool is_made; /* events are assigned */
};

struct state {
        struct event_base *base;
        struct event *timer;                 /* ends a wait */
        struct event *event[LOOP_EVENT_MAX]; /* signals and wake-ups */
        uint32_t event_count;
        struct slot slot[]; /* by descriptor */
};

static struct state *state_of(const struct loop *loop)
{
        return loop->state;
}

/* ---- the table ---- */

static void on_ready(evutil_socket_t fd, short what, void *context)
{
        struct slot *slot = context;
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
        struct state *state = state_of(loop);
        struct slot *slot = &state->slot[socket];

        ACD_ASSERT(socket >= 0 && (uint32_t)socket < loop->fd_max);
        if (!slot->is_made) {
                slot->loop = loop;
                slot->is_made = true;
                ACD_ASSERT(event_assign(&slot->read, state->base, socket, EV_READ | EV_PERSIST,
                                        on_ready, slot) == 0);
                ACD_ASSERT(event_assign(&slot->write, state->base, socket, EV_WRITE | EV_PERSIST,
                                        on_ready, slot) == 0);
        }
        slot->token = token;
        set_event(&slot->read, &slot->is_reading, readable);
        set_event(&slot->write, &slot->is_writing, writable);
}

static void close_socket(void *self, int socket)
{
        struct loop *loop = self;
        struct slot *slot = &state_of(loop)->slot[socket];

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

static int64_t write_socket(const struct world_write *write)
{
        struct msghdr message = {
                .msg_iov = (struct iovec *)(uintptr_t)write->parts,
                .msg_iovlen = (size_t)write->part_count,
        };
        ssize_t r = sendmsg(write->socket, &message, MSG_NOSIGNAL);

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

        for (uint32_t i = 0; i < loop->listener_count; i++) {
                struct slot *slot = &state_of(loop)->slot[loop->listener[i].fd];

                set_event(&slot->read, &slot->is_reading, is_wanted);
        }
}

static bool look(void *self)
{
        struct loop *loop = self;
        uint64_t before = loop->told_count;

        (void)event_base_loop(state_of(loop)->base, EVLOOP_NONBLOCK | EVLOOP_ONCE);
        return loop->told_count != before;
}

/* ---- life ---- */

static size_t memory_size(uint32_t fd_max)
{
        return sizeof(struct state) + fd_max * sizeof(struct slot);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
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
        if (state->base != NULL)
                event_base_free(state->base);
        *state = (struct state){ .base = NULL };
}

static int open_state(struct loop *loop, const struct loop_setup *setup)
{
        struct state *state = state_of(loop);
        struct event_config *config = event_config_new();
        int flags = EVENT_BASE_FLAG_NOLOCK;

        if (config == NULL)
                return -ENOMEM;
        if (setup->is_exact)
                flags |= EVENT_BASE_FLAG_PRECISE_TIMER;
        if (event_config_set_flag(config, flags) == 0)
                state->base = event_base_new_with_config(config);
        event_config_free(config);
        if (state->base != NULL)
                state->timer = evtimer_new(state->base, on_timer, loop);
        if (state->timer != NULL)
                return 0;
        close_state(loop);
        return -ENOMEM;
}

static void on_acceptable(evutil_socket_t fd, short what, void *context)
{
        struct loop_listener *listener = context;

        (void)fd;
        (void)what;
        listener->loop->told_count++;
        listener->loop->owner.on_accept(listener->loop->owner.self, listener->index);
}

static void add_listener(struct loop *loop, struct loop_listener *listener)
{
        struct state *state = state_of(loop);
        struct slot *slot = &state->slot[listener->fd];

        slot->loop = loop;
        slot->is_made = true;
        ACD_ASSERT(event_assign(&slot->read, state->base, listener->fd, EV_READ | EV_PERSIST,
                                on_acceptable, listener) == 0);
        ACD_ASSERT(event_assign(&slot->write, state->base, listener->fd, EV_WRITE | EV_PERSIST,
                                on_acceptable, listener) == 0);
        set_event(&slot->read, &slot->is_reading, true);
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

static void on_wake(evutil_socket_t fd, short what, void *context)
{
        (void)fd;
        (void)what;
        (void)context;
}

static int add_wake(struct loop *loop, int fd)
{
        struct state *state = state_of(loop);

        return keep_event(state, event_new(state->base, fd, EV_READ | EV_PERSIST, on_wake, loop));
}

static void wait_for(struct loop *loop, uint64_t wait_ns)
{
        struct state *state = state_of(loop);
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

static void close_in_copy(struct loop *loop)
{
        for (uint32_t fd = 0; fd < loop->fd_max; fd++) {
                if (state_of(loop)->slot[fd].is_made)
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
