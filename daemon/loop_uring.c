/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop by io_uring. The only user of liburing.
 *
 * A socket that is read has one receive in the kernel, into a page of its own.
 * When bytes come the kernel puts them there, and read() is a copy: a turn over
 * a thousand sockets asks nothing. All writes of a turn are one system call, in
 * which the next receives travel too; waiting is the other one.
 *
 *      watch()          bytes came            read() took the last of them
 *        |  ARMED ----------------> TELL ------------------------------.
 *        '--^                        | told again until it is read     |
 *           '----------- ARM <-------+---------------------------------'
 *                 with the next call into the kernel
 *
 * One receive and not a multishot one with a ring of buffers: that saves a
 * request per message, a tenth of what an exchange costs here, but the kernel
 * then takes in for as long as the peer sends. Paused peers would hold the
 * buffers of those that are not, and each needs a bound and a cancellation of
 * its own. Here what waits is a page a socket, the rest stays in the kernel's
 * buffer and pushes back, and pausing is not to ask.
 *
 * A page is enough for what agents say in a turn. Where it was full there is
 * more, and read() fetches that with a call, up to what its caller takes: who
 * sends much pays one call for 64 KiB, as with epoll.
 *
 * Nothing is cancelled. A socket that is closed is shut down first, which ends
 * its requests, and their answers are fetched before the descriptor goes: the
 * next socket with that number has the same page. An answer that is late all the
 * same is known by its generation.
 *
 * Listeners, signals and wake-ups are polls that are asked anew after each
 * answer, which makes them level-triggered.
 *
 * Tasks are deferred to our own calls: nothing interrupts a turn, and the
 * kernel does its part for all sockets in one go.
 */

#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/list.h"
#include "daemon/loop_backend.h"

enum {
        SUBMIT_COUNT = 1024,    /* requests a call; what is more needs another */
        ANSWER_COUNT = 16384,   /* two a socket of 4,096, and the writes; more are kept aside */
        PAGE_SIZE_BYTES = 4096, /* untouched ones cost nothing */
        GENERATION_MASK = 0xffffff,
};

/* What a request was, in the top byte of its name; then generation and descriptor. */
enum request_kind {
        REQUEST_READ = 1, /* receive, or poll for something to read */
        REQUEST_ROOM,     /* poll for room to write */
        REQUEST_WRITE,    /* low bits: which of the batch */
};

enum slot_kind { SLOT_NONE, SLOT_SOCKET, SLOT_LISTENER, SLOT_SIGNAL, SLOT_WAKE };

struct slot {
        struct acd_link tell; /* the owner must be told */
        struct acd_link arm;  /* the kernel must be asked */
        enum slot_kind kind;
        uint32_t token; /* listener: its index */
        uint32_t generation;
        uint32_t begin_size; /* of the page: what came and was not read yet */
        uint32_t end_size;
        int32_t end_code; /* with is_over: what read() says behind the bytes */
        bool is_over;
        bool is_full; /* the page was filled: there is more */
        bool wants_read, wants_write;
        bool is_read_asked, is_room_asked;
        bool is_readable; /* not for sockets: they have bytes */
        bool is_writable;
};

struct state {
        struct io_uring ring;
        struct acd_list tell;
        struct acd_list arm;
        struct world_write *writes; /* the batch under way */
        uint32_t write_left;
        sigset_t signals;
        int signal_fd;
        uint8_t *pages;     /* one a descriptor */
        struct slot slot[]; /* by descriptor */
};

static struct state *state_of(const struct loop *loop)
{
        return loop->state;
}

static int fd_of(const struct state *state, const struct slot *slot)
{
        return (int)(slot - state->slot);
}

static uint64_t name_of(enum request_kind kind, uint32_t generation, int fd)
{
        return (uint64_t)kind << 56 | (uint64_t)generation << 32 | (uint32_t)fd;
}

/* ---- lists ---- */

static void put(struct acd_list *list, struct acd_link *link)
{
        if (!acd_link_is_linked(link))
                acd_list_push_back(list, link);
}

static void take_out(struct acd_link *link)
{
        if (acd_link_is_linked(link))
                acd_list_remove(link);
}

static bool has_input(const struct slot *slot)
{
        return slot->end_size > slot->begin_size || slot->is_over || slot->is_readable;
}

/* Put @slot into the lists where it belongs, after anything about it changed. */
static void place(struct state *state, struct slot *slot)
{
        bool reads = slot->wants_read && has_input(slot);
        bool writes = slot->wants_write && slot->is_writable;
        bool asks_read = slot->wants_read && !has_input(slot) && !slot->is_read_asked;
        bool asks_room = slot->wants_write && !slot->is_writable && !slot->is_room_asked;

        if (reads || writes)
                put(&state->tell, &slot->tell);
        else
                take_out(&slot->tell);
        if (asks_read || asks_room)
                put(&state->arm, &slot->arm);
        else
                take_out(&slot->arm);
}

/* ---- answers ---- */

static void take_read(struct state *state, struct slot *slot, int32_t result)
{
        slot->is_read_asked = false;
        if (result == -EAGAIN || result == -EINTR) {
                place(state, slot);
                return;
        }
        if (slot->kind != SLOT_SOCKET) {
                slot->is_readable = true;
        } else if (result > 0) {
                slot->begin_size = 0;
                slot->end_size = (uint32_t)result;
                slot->is_full = result == PAGE_SIZE_BYTES;
        } else {
                slot->is_over = true;
                slot->end_code = result;
        }
        place(state, slot);
}

static void take_answer(struct state *state, const struct io_uring_cqe *answer)
{
        enum request_kind kind = (enum request_kind)(answer->user_data >> 56);
        uint32_t generation = (uint32_t)(answer->user_data >> 32) & GENERATION_MASK;
        uint32_t low = (uint32_t)answer->user_data;
        struct slot *slot = &state->slot[low];

        if (kind == REQUEST_WRITE) {
                state->writes[low].result = answer->res;
                state->write_left--;
                return;
        }
        /* Of a descriptor that was closed since. */
        if (slot->generation != generation)
                return;
        if (kind == REQUEST_READ) {
                take_read(state, slot, answer->res);
                return;
        }
        slot->is_room_asked = false;
        slot->is_writable = true;
        place(state, slot);
}

static void take_answers(struct state *state)
{
        struct io_uring_cqe *answer;
        unsigned head;
        unsigned count = 0;

        io_uring_for_each_cqe(&state->ring, head, answer)
        {
                take_answer(state, answer);
                count++;
        }
        io_uring_cq_advance(&state->ring, count);
}

/* ---- requests ---- */

/* Room for a request: what is there already goes to the kernel when there is none. */
static struct io_uring_sqe *request_new(struct state *state)
{
        struct io_uring_sqe *request;

        while ((request = io_uring_get_sqe(&state->ring)) == NULL) {
                (void)io_uring_submit(&state->ring);
                take_answers(state);
        }
        return request;
}

static void ask_read(struct state *state, struct slot *slot)
{
        struct io_uring_sqe *request = request_new(state);
        int fd = fd_of(state, slot);

        if (slot->kind == SLOT_SOCKET) {
                io_uring_prep_recv(request, fd, state->pages + (size_t)fd * PAGE_SIZE_BYTES,
                                   PAGE_SIZE_BYTES, 0);
                /* It has just been read empty: do not try before something came. */
                request->ioprio |= IORING_RECVSEND_POLL_FIRST;
        } else {
                io_uring_prep_poll_add(request, fd, POLLIN);
        }
        request->user_data = name_of(REQUEST_READ, slot->generation, fd);
        slot->is_read_asked = true;
}

static void ask_room(struct state *state, struct slot *slot)
{
        struct io_uring_sqe *request = request_new(state);

        io_uring_prep_poll_add(request, fd_of(state, slot), POLLOUT);
        request->user_data = name_of(REQUEST_ROOM, slot->generation, fd_of(state, slot));
        slot->is_room_asked = true;
}

/* Make the requests that are due; they go with the next call. */
static void ask_all(struct state *state)
{
        while (!acd_list_is_empty(&state->arm)) {
                struct slot *slot =
                        acd_container_of(acd_list_pop_front(&state->arm), struct slot, arm);

                if (slot->wants_read && !has_input(slot) && !slot->is_read_asked)
                        ask_read(state, slot);
                if (slot->wants_write && !slot->is_writable && !slot->is_room_asked)
                        ask_room(state, slot);
        }
}

static void tell_signals(struct loop *loop)
{
        struct signalfd_siginfo info;

        while (read(state_of(loop)->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
                loop->owner.on_signal(loop->owner.self, (int)info.ssi_signo);
}

static void tell_slot(struct loop *loop, struct slot *slot)
{
        bool reads = slot->wants_read && has_input(slot);
        bool writes = slot->wants_write && slot->is_writable;

        /* Asked again with the next call, and so told again if it still is. */
        slot->is_readable = false;
        slot->is_writable = false;
        place(state_of(loop), slot);
        if (slot->kind == SLOT_SIGNAL)
                tell_signals(loop);
        if (slot->kind == SLOT_SIGNAL || slot->kind == SLOT_WAKE)
                return;
        loop->told_count++;
        if (slot->kind == SLOT_LISTENER)
                loop->owner.on_accept(loop->owner.self, slot->token);
        else
                loop->owner.on_socket(loop->owner.self, slot->token, reads, writes);
}

/* Each once: one that is not read at once stays in the list, behind the others. */
static void tell_all(struct loop *loop)
{
        struct state *state = state_of(loop);
        uint32_t count = state->tell.count;

        for (uint32_t i = 0; i < count && !acd_list_is_empty(&state->tell); i++) {
                struct slot *slot =
                        acd_container_of(acd_list_pop_front(&state->tell), struct slot, tell);

                tell_slot(loop, slot);
        }
}

/* ---- the table ---- */

/* More of what filled the page: straight from the socket. What is not bytes is for later. */
static uint32_t read_more(struct slot *slot, int socket, uint8_t *into, size_t size)
{
        ssize_t r = recv(socket, into, size, MSG_DONTWAIT);

        if (r > 0)
                return (uint32_t)r;
        if (r < 0 && (errno == EAGAIN || errno == EINTR))
                return 0;
        slot->is_over = true;
        slot->end_code = r < 0 ? -errno : 0;
        return 0;
}

static int64_t read_socket(void *self, int socket, void *into, size_t size)
{
        struct state *state = state_of(self);
        struct slot *slot = &state->slot[socket];
        uint32_t there = slot->end_size - slot->begin_size;
        uint32_t moved = there < size ? there : (uint32_t)size;

        if (there == 0)
                return slot->is_over ? slot->end_code : -EAGAIN;
        memcpy(into, state->pages + (size_t)socket * PAGE_SIZE_BYTES + slot->begin_size, moved);
        slot->begin_size += moved;
        if (slot->begin_size == slot->end_size && slot->is_full && moved < size) {
                slot->is_full = false;
                moved += read_more(slot, socket, (uint8_t *)into + moved, size - moved);
        }
        place(state, slot);
        return moved;
}

static void prepare_write(struct state *state, const struct world_write *write, uint32_t index,
                          struct msghdr *message)
{
        struct io_uring_sqe *request = request_new(state);

        /* Not to wait: what a socket does not take at once is told and comes again. */
        if (write->part_count == 1) {
                io_uring_prep_send(request, write->socket, write->parts->iov_base,
                                   write->parts->iov_len, MSG_NOSIGNAL | MSG_DONTWAIT);
        } else {
                *message = (struct msghdr){
                        .msg_iov = (struct iovec *)(uintptr_t)write->parts,
                        .msg_iovlen = (size_t)write->part_count,
                };
                io_uring_prep_sendmsg(request, write->socket, message, MSG_NOSIGNAL | MSG_DONTWAIT);
        }
        request->user_data = name_of(REQUEST_WRITE, 0, (int)index);
}

enum { GROUP_MAX = 64 }; /* writes whose headers fit on the stack: 3.5 KiB */

static void write_many(void *self, struct world_write *writes, uint32_t count)
{
        struct state *state = state_of(self);

        ask_all(state);
        for (uint32_t done = 0; done < count; done += GROUP_MAX) {
                uint32_t group = count - done < GROUP_MAX ? count - done : GROUP_MAX;
                struct msghdr messages[GROUP_MAX];

                state->writes = writes + done;
                state->write_left = group;
                for (uint32_t i = 0; i < group; i++)
                        prepare_write(state, &writes[done + i], i, &messages[i]);
                (void)io_uring_submit(&state->ring);
                take_answers(state);
                while (state->write_left > 0) {
                        (void)io_uring_submit_and_wait(&state->ring, 1);
                        take_answers(state);
                }
        }
        state->writes = NULL;
}

static void watch(void *self, int socket, uint32_t token, bool readable, bool writable)
{
        struct state *state = state_of(self);
        struct slot *slot = &state->slot[socket];

        slot->kind = SLOT_SOCKET;
        slot->token = token;
        slot->wants_read = readable;
        slot->wants_write = writable;
        place(state, slot);
}

static void close_socket(void *self, int socket)
{
        struct state *state = state_of(self);
        struct slot *slot = &state->slot[socket];
        uint32_t generation = (slot->generation + 1) & GENERATION_MASK;

        if (slot->is_read_asked || slot->is_room_asked) {
                (void)shutdown(socket, SHUT_RDWR);
                (void)io_uring_submit_and_get_events(&state->ring);
                take_answers(state);
        }
        take_out(&slot->tell);
        take_out(&slot->arm);
        *slot = (struct slot){ .generation = generation };
        (void)close(socket);
}

static void set_listening(void *self, bool is_wanted)
{
        struct loop *loop = self;
        struct state *state = state_of(loop);

        for (uint32_t i = 0; i < loop->listener_count; i++) {
                struct slot *slot = &state->slot[loop->listener[i].fd];

                slot->wants_read = is_wanted;
                place(state, slot);
        }
}

static bool look(void *self)
{
        struct loop *loop = self;
        struct state *state = state_of(loop);
        uint64_t before = loop->told_count;

        ask_all(state);
        (void)io_uring_submit_and_get_events(&state->ring);
        take_answers(state);
        tell_all(loop);
        return loop->told_count != before;
}

/* ---- life ---- */

static size_t head_size(uint32_t fd_max)
{
        size_t size = sizeof(struct state) + fd_max * sizeof(struct slot);

        return (size + PAGE_SIZE_BYTES - 1) / PAGE_SIZE_BYTES * PAGE_SIZE_BYTES;
}

static size_t memory_size(uint32_t fd_max)
{
        return head_size(fd_max) + (size_t)fd_max * PAGE_SIZE_BYTES;
}

static int open_state(struct loop *loop, const struct loop_setup *setup)
{
        struct state *state = state_of(loop);
        struct io_uring_params parameters = {
                .flags = IORING_SETUP_CQSIZE | IORING_SETUP_SINGLE_ISSUER |
                         IORING_SETUP_DEFER_TASKRUN,
                .cq_entries = ANSWER_COUNT,
        };
        int r = io_uring_queue_init_params(SUBMIT_COUNT, &state->ring, &parameters);

        if (r < 0) {
                *state = (struct state){ .writes = NULL };
                return r;
        }
        /* A copy of the process must not keep our requests alive. Spares a look-up a call. */
        (void)io_uring_ring_dontfork(&state->ring);
        (void)io_uring_register_ring_fd(&state->ring);
        acd_list_init(&state->tell);
        acd_list_init(&state->arm);
        (void)sigemptyset(&state->signals);
        state->signal_fd = -1;
        state->pages = (uint8_t *)setup->memory + head_size(setup->fd_max);
        return 0;
}

static void close_state(struct loop *loop)
{
        struct state *state = state_of(loop);

        if (state->signal_fd >= 0)
                (void)close(state->signal_fd);
        io_uring_queue_exit(&state->ring);
}

static void add_slot(struct loop *loop, int fd, enum slot_kind kind, uint32_t token)
{
        struct state *state = state_of(loop);
        struct slot *slot = &state->slot[fd];

        ACD_ASSERT(fd >= 0 && (uint32_t)fd < loop->fd_max);
        slot->kind = kind;
        slot->token = token;
        slot->wants_read = true;
        place(state, slot);
}

static void add_listener(struct loop *loop, struct loop_listener *listener)
{
        add_slot(loop, listener->fd, SLOT_LISTENER, listener->index);
}

/* A descriptor that is read instead of a handler: the signal is blocked, and so it is in the
 * journal's thread, which takes none. */
static int add_signal(struct loop *loop, int number)
{
        struct state *state = state_of(loop);
        int fd;

        (void)sigaddset(&state->signals, number);
        if (sigprocmask(SIG_BLOCK, &state->signals, NULL) < 0)
                return -errno;
        fd = signalfd(state->signal_fd, &state->signals, SFD_NONBLOCK | SFD_CLOEXEC);
        if (fd < 0)
                return -errno;
        state->signal_fd = fd;
        add_slot(loop, fd, SLOT_SIGNAL, 0);
        return 0;
}

static int add_wake(struct loop *loop, int fd)
{
        add_slot(loop, fd, SLOT_WAKE, 0);
        return 0;
}

static void wait_for(struct loop *loop, uint64_t wait_ns)
{
        struct state *state = state_of(loop);
        struct io_uring_cqe *answer = NULL;
        struct __kernel_timespec limit = {
                .tv_sec = (int64_t)(wait_ns / 1000000000),
                .tv_nsec = (long long)(wait_ns % 1000000000),
        };

        ask_all(state);
        if (wait_ns == 0 || !acd_list_is_empty(&state->tell))
                (void)io_uring_submit_and_get_events(&state->ring);
        else
                (void)io_uring_submit_and_wait_timeout(&state->ring, &answer, 1,
                                                       wait_ns == UINT64_MAX ? NULL : &limit, NULL);
        take_answers(state);
        tell_all(loop);
}

static void close_in_copy(struct loop *loop)
{
        struct state *state = state_of(loop);

        for (uint32_t fd = 0; fd < loop->fd_max; fd++) {
                if (state->slot[fd].kind == SLOT_SOCKET || state->slot[fd].kind == SLOT_LISTENER)
                        (void)close((int)fd);
        }
        (void)close(state->ring.ring_fd);
}

const struct loop_backend loop_backend_uring = {
        .name = "io_uring",
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
