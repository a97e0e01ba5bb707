/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * loop.h - sockets, signals and waiting, by libevent. The only user of it.
 *
 * Events only mark what is ready; the owner takes a turn between two waits.
 *
 *   Ownership  The caller owns the struct, and the memory of its slots. Sockets
 *              it made are closed by loop_close() at the latest.
 *   Failure    Negative errno with a sentence for what an operator can mend.
 *   Cost       One epoll_wait() a turn, and one to look whether more came.
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

struct loop_slot;

/* Who is told. */
struct loop_owner {
        void (*on_socket)(void *self, uint32_t token, bool is_readable, bool is_writable);
        void (*on_accept)(void *self, uint32_t listener);
        void (*on_signal)(void *self, int number);
        void *self;
};

struct loop_listener {
        struct loop *loop;
        struct loop_slot *slot;
        uint32_t index;
        int fd;
        bool is_unix;
        char path[LOOP_PATH_SIZE]; /* of a unix socket, removed at the end */
};

struct loop {
        void *base;             /* struct event_base */
        struct loop_slot *slot; /* by descriptor */
        uint32_t slot_count;
        struct loop_owner owner;
        struct loop_listener listener[LOOP_LISTENER_MAX];
        uint32_t listener_count;
        int spare_fd;                 /* given up for a moment when descriptors run out */
        uint64_t told_count;          /* readiness told, for look() */
        void *timer;                  /* struct event: ends a wait */
        void *event[LOOP_EVENT_MAX];  /* struct event: signals and wake-ups */
        uint32_t event_count;
        struct world_sockets sockets; /* the table of this loop */
};

struct loop_error {
        char text[LOOP_ERROR_SIZE];
};

/* Bytes for descriptors below @fd_max. */
size_t loop_memory_size(uint32_t fd_max);

/* @is_exact: waits end to the microsecond and not to the millisecond, for one more system call
 * each; for rehearsal clocks, on which a millisecond is long. */
int loop_open(struct loop *loop, void *memory, uint32_t fd_max, bool is_exact,
              const struct loop_owner *owner, struct loop_error *ret_error)
        __attribute__((warn_unused_result));
void loop_close(struct loop *loop);

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
