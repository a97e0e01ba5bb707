/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * loop.h - sockets, signals and waiting. Two ways: epoll by libevent, and io_uring.
 *
 * Events only mark what is ready; the owner takes a turn between two waits.
 *
 *   Ownership  The caller owns the struct, and the memory of its slots. Sockets
 *              it made are closed by loop_close() at the latest.
 *   Failure    Negative errno with a sentence for what an operator can mend.
 *   Cost       epoll: a wait and a call for the list of ready sockets a turn, one to look
 *              whether more came, and a call a read and write. io_uring: a call a turn
 *              for all writes, and a wait.
 *   Threads    One loop, one thread.
 */

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/world.h"

enum {
        LOOP_LISTENER_MAX = 8,
        LOOP_EVENT_MAX = 8, /* signals and wake-ups */
        LOOP_ERROR_SIZE = 400,
        LOOP_PATH_SIZE = 108,
};

struct loop_backend;
struct resolver;

/* How to talk to the system; the order of the words of --io. */
enum loop_io {
        LOOP_IO_AUTO, /* io_uring if it is there */
        LOOP_IO_EPOLL,
        LOOP_IO_URING,
};

/* Who is told. */
struct loop_owner {
        void (*on_socket)(void *self, uint32_t token, bool is_readable, bool is_writable);
        void (*on_accept)(void *self, uint32_t listener);
        void (*on_signal)(void *self, int number);
        void *self;
};

struct loop_listener {
        struct loop *loop;
        uint32_t index;
        int fd;
        bool is_unix;
        char path[LOOP_PATH_SIZE]; /* of a unix socket, removed at the end */
};

struct loop {
        const struct loop_backend *backend; /* NULL: not open */
        void *state;                        /* the backend's, in the caller's memory */
        uint32_t fd_max;
        int refusal; /* why there is no io_uring although it was wanted; 0: nothing refused */
        struct loop_owner owner;
        struct loop_listener listener[LOOP_LISTENER_MAX];
        uint32_t listener_count;
        struct resolver *resolver;    /* of names to connect to; NULL: only numbers are known */
        int spare_fd;                 /* given up for a moment when descriptors run out */
        uint64_t told_count;          /* readiness told, for look() */
        struct world_sockets sockets; /* the table of this loop */
};

struct loop_error {
        char text[LOOP_ERROR_SIZE];
};

struct loop_setup {
        void *memory;    /* loop_memory_size() zeroed bytes, aligned to a page */
        uint32_t fd_max; /* descriptors below it */
        enum loop_io io;
        /* Waits end to the microsecond and not to the millisecond, which costs epoll one more
         * system call each: for rehearsal clocks, on which a millisecond is long. */
        bool is_exact;
        struct loop_owner owner;
};

/* Bytes for descriptors below @fd_max. */
size_t loop_memory_size(uint32_t fd_max);

int loop_open(struct loop *loop, const struct loop_setup *setup, struct loop_error *ret_error)
        __attribute__((warn_unused_result));
void loop_close(struct loop *loop);

/* "epoll" or "io_uring". */
const char *loop_io_name(const struct loop *loop);

/* Listen on @address: "HOST:PORT" with a loopback host, or "unix:PATH", relative to @dir. */
int loop_listen(struct loop *loop, const char *address, const char *dir,
                struct loop_error *ret_error) __attribute__((warn_unused_result));

/* Be told of @number by on_signal(). */
int loop_watch_signal(struct loop *loop, int number) __attribute__((warn_unused_result));

/* Wake up when @fd is readable; on_socket() is not called. */
int loop_watch_wake(struct loop *loop, int fd) __attribute__((warn_unused_result));

/* Wait at most @wait_ns (UINT64_MAX: for ever) and tell what is ready. */
void loop_wait(struct loop *loop, uint64_t wait_ns);

/* In a forked copy: close all sockets, so that a peer sees its connection end with ours. */
void loop_close_in_copy(struct loop *loop);
