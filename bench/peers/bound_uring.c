/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The echo server by io_uring: what batching the calls can save at most.
 *
 * It does all that the kernel offers for it: one receive a connection that lasts
 * (multishot), into buffers that are given back as soon as they were answered and so
 * are in the cache; registered descriptors; all answers of a turn, and the wait for
 * the next, in one call; tasks deferred to that call. What it still costs is the
 * network stack, which is the same whoever calls it.
 */

#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "bench/peers/bound.h"
#include "bench/peers/link.h"

enum {
        SUBMIT_COUNT = 4096,
        ANSWER_COUNT = 16384,
        BUFFER_COUNT = 4096,
        BUFFER_SIZE = 1024,
        FILE_MAX = 8192,
};

enum kind { KIND_ACCEPT, KIND_READ, KIND_WRITE };

struct state {
        struct io_uring ring;
        struct io_uring_buf_ring *buffers;
        char *memory;
        int listener;
        int given_back; /* buffers, in this turn */
        size_t answer_size;
};

/* What a request was: its kind, the buffer it holds, the descriptor. */
static uint64_t name_of(enum kind kind, unsigned buffer, int fd)
{
        return (uint64_t)kind << 56 | (uint64_t)buffer << 32 | (uint32_t)fd;
}

static struct io_uring_sqe *request_new(struct state *state)
{
        struct io_uring_sqe *request;

        while ((request = io_uring_get_sqe(&state->ring)) == NULL)
                io_uring_submit(&state->ring);
        return request;
}

static void ask_accept(struct state *state)
{
        struct io_uring_sqe *request = request_new(state);

        io_uring_prep_poll_add(request, state->listener, POLLIN);
        request->user_data = name_of(KIND_ACCEPT, 0, state->listener);
}

static void ask_read(struct state *state, int fd)
{
        struct io_uring_sqe *request = request_new(state);

        io_uring_prep_recv_multishot(request, fd, NULL, 0, 0);
        request->flags |= IOSQE_BUFFER_SELECT | IOSQE_FIXED_FILE;
        request->ioprio |= IORING_RECVSEND_POLL_FIRST;
        request->user_data = name_of(KIND_READ, 0, fd);
}

static char *buffer_at(const struct state *state, unsigned buffer)
{
        return state->memory + (size_t)buffer * BUFFER_SIZE;
}

static void give_back(struct state *state, unsigned buffer)
{
        io_uring_buf_ring_add(state->buffers, buffer_at(state, buffer), BUFFER_SIZE,
                              (unsigned short)buffer, BUFFER_COUNT - 1, state->given_back++);
}

static void take_connection(struct state *state)
{
        int fd = bound_accept(state->listener);

        ask_accept(state);
        if (fd < 0)
                return;
        link_check(fd < FILE_MAX &&
                           io_uring_register_files_update(&state->ring, (unsigned)fd, &fd, 1) == 1,
                   "too many connections");
        ask_read(state, fd);
}

static void answer(struct state *state, int fd, unsigned buffer, size_t size)
{
        struct io_uring_sqe *request = request_new(state);

        io_uring_prep_send(request, fd, buffer_at(state, buffer),
                           state->answer_size > 0 ? state->answer_size : size,
                           MSG_NOSIGNAL | MSG_DONTWAIT);
        request->flags |= IOSQE_FIXED_FILE;
        request->user_data = name_of(KIND_WRITE, buffer, fd);
}

static void take(struct state *state, const struct io_uring_cqe *done)
{
        enum kind kind = (enum kind)(done->user_data >> 56);
        unsigned buffer = (unsigned)(done->user_data >> 32) & 0xffff;
        int fd = (int)(uint32_t)done->user_data;

        if (kind == KIND_ACCEPT) {
                take_connection(state);
        } else if (kind == KIND_WRITE) {
                give_back(state, buffer);
        } else if (done->res > 0) {
                answer(state, fd, done->flags >> IORING_CQE_BUFFER_SHIFT, (size_t)done->res);
                if ((done->flags & IORING_CQE_F_MORE) == 0)
                        ask_read(state, fd);
        } else if (done->res == -ENOBUFS) {
                ask_read(state, fd);
        }
}

static int open_ring(struct io_uring *ring)
{
        struct io_uring_params parameters = {
                .flags = IORING_SETUP_CQSIZE | IORING_SETUP_SINGLE_ISSUER |
                         IORING_SETUP_DEFER_TASKRUN,
                .cq_entries = ANSWER_COUNT,
        };

        return io_uring_queue_init_params(SUBMIT_COUNT, ring, &parameters);
}

bool bound_has_uring(void)
{
        struct io_uring ring;

        if (open_ring(&ring) < 0)
                return false;
        io_uring_queue_exit(&ring);
        return true;
}

static void prepare(struct state *state)
{
        struct io_uring_buf_reg buffers = { .ring_entries = BUFFER_COUNT };
        void *ring = NULL;
        int r = open_ring(&state->ring);

        link_check(r >= 0, "io_uring: %s", strerror(-r));
        io_uring_register_ring_fd(&state->ring);
        state->memory = calloc(BUFFER_COUNT, BUFFER_SIZE);
        link_check(posix_memalign(&ring, 4096, BUFFER_COUNT * sizeof(struct io_uring_buf)) == 0 &&
                           state->memory != NULL,
                   "no memory");
        state->buffers = ring;
        buffers.ring_addr = (uintptr_t)ring;
        r = io_uring_register_buf_ring(&state->ring, &buffers, 0);
        if (r >= 0)
                r = io_uring_register_files_sparse(&state->ring, FILE_MAX);
        link_check(r >= 0, "io_uring: %s", strerror(-r));
        io_uring_buf_ring_init(state->buffers);
        for (unsigned i = 0; i < BUFFER_COUNT; i++)
                give_back(state, i);
}

_Noreturn void bound_serve_uring(int listener, size_t answer_size)
{
        struct state state = { .listener = listener, .answer_size = answer_size };

        link_check(answer_size <= BUFFER_SIZE, "--answer 1..%d by io_uring", BUFFER_SIZE);
        prepare(&state);
        ask_accept(&state);
        for (;;) {
                struct io_uring_cqe *done;
                unsigned head, count = 0;

                if (state.given_back > 0)
                        io_uring_buf_ring_advance(state.buffers, state.given_back);
                state.given_back = 0;
                io_uring_submit_and_wait(&state.ring, 1);
                io_uring_for_each_cqe(&state.ring, head, done)
                {
                        take(&state, done);
                        count++;
                }
                io_uring_cq_advance(&state.ring, count);
        }
}
