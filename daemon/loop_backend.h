/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * loop_backend.h - what a way to wait for sockets must offer to the loop.
 *
 * The loop keeps what is the same for all: addresses, accepting, connecting, the
 * spare descriptor. A backend knows how readiness and bytes come.
 *
 *   Ownership  A backend's state is at loop->state, in the memory that open() got.
 *   Failure    Negative errno. open(): whatever the kernel refuses; the memory is
 *              zeroed as before then, and another backend may be tried.
 *   Threads    The loop's.
 */

#include "daemon/loop.h"

struct loop_backend {
        const char *name;
        size_t (*memory_size)(uint32_t fd_max);
        int (*open)(struct loop *loop, const struct loop_setup *setup);
        /* Accepts a state that open() left half made. */
        void (*close)(struct loop *loop);

        /* world_sockets, with the loop as self. */
        int64_t (*read)(void *self, int socket, void *into, size_t size);
        void (*write_many)(void *self, struct world_write *writes, uint32_t count);
        void (*watch)(void *self, int socket, uint32_t token, bool readable, bool writable);
        void (*close_socket)(void *self, int socket);
        void (*listen)(void *self, bool is_wanted);
        bool (*look)(void *self);

        /* Tell of connections of a new listener. */
        void (*add_listener)(struct loop *loop, struct loop_listener *listener);
        int (*add_signal)(struct loop *loop, int number);
        int (*add_wake)(struct loop *loop, int fd);
        void (*wait)(struct loop *loop, uint64_t wait_ns);
        void (*close_in_copy)(struct loop *loop);
};

/* epoll by libevent: always there. */
extern const struct loop_backend loop_backend_event;

/* io_uring; where the build has none, open() is refused with -ENOSYS. */
extern const struct loop_backend loop_backend_uring;
