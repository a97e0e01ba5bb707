/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * world.h - the outside as the daemon sees it: clock, sockets, processes.
 *
 * Everything the daemon does to the world goes through these tables (and
 * journal_io for the disk). The process passes the operating system's
 * (clock.c, loop.c, system.c); the simulator passes a world of its own and runs
 * the same turn, connections, sessions and publisher in virtual time.
 *
 *   Ownership  A table must outlive everything that was given it. A socket
 *              belongs to the shard from accept() or connect() to close().
 *   Time       Two clocks: one that never goes back, for everything that is
 *              measured, and the wall clock, for calendars and for the time
 *              between two runs.
 *   Failure    A value >= 0, or a negative errno.
 *   Threads    The shard's own thread only.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct world_clock {
        uint64_t (*boot_ns)(void *self); /* never decreasing; counts suspended time */
        int64_t (*wall_ns)(void *self);  /* since 1970; may jump */
        void *self;
};

/* Where a connection comes from. */
struct world_peer {
        uint64_t address; /* equal for connections that share one allowance */
        bool is_local;    /* a unix socket or a loopback address */
        char text[56];    /* for log and status */
};

/* One socket's part of a batch of writes. */
struct world_write {
        int socket;
        int part_count;
        const struct iovec *parts;
        int64_t result; /* bytes moved, or a negative errno; -EAGAIN: not now */
};

/* Readiness is told by shard_on_socket() with the @token of watch(). */
struct world_sockets {
        /* The next connection of listener @listener; -EAGAIN when there is none. */
        int (*accept)(void *self, uint32_t listener, struct world_peer *ret_peer);
        /* Begin to connect to @address, "HOST:PORT" or "unix:PATH"; the socket becomes writable
         * when it is decided, and write_many() then says how. -EINPROGRESS: the host is a name
         * that is looked up; ask again, in each turn. -ENODATA: there is no such host;
         * -EREMOTEIO: nobody could say. */
        int (*connect)(void *self, const char *address);
        /* Bytes moved; 0 from read() is the end of the stream; -EAGAIN: not now. */
        int64_t (*read)(void *self, int socket, void *into, size_t size);
        /* A turn's writes, each socket at most once: a world that has a way to do them all
         * at once does so. All are done, or refused, when it returns. */
        void (*write_many)(void *self, struct world_write *writes, uint32_t count);
        /* From now on tell when @socket is readable (level, not edge) or writable. */
        void (*watch)(void *self, int socket, uint32_t token, bool readable, bool writable);
        void (*close)(void *self, int socket);
        /* Take new connections, or leave them in the backlog for a while. */
        void (*listen)(void *self, bool is_wanted);
        /* Look, without waiting, for what has become readable or writable since, and tell
         * it. Returns whether there was anything. */
        bool (*look)(void *self);
        void *self;
};

/* A batch of one. */
static inline int64_t world_write_parts(const struct world_sockets *sockets, int socket,
                                        const struct iovec *parts, int part_count)
{
        struct world_write write = { .socket = socket, .part_count = part_count, .parts = parts };

        sockets->write_many(sockets->self, &write, 1);
        return write.result;
}

static inline int64_t world_write_one(const struct world_sockets *sockets, int socket,
                                      const struct iovec *part)
{
        return world_write_parts(sockets, socket, part, 1);
}

/* Memory and chance. */
struct world_system {
        /* @size zeroed bytes aligned to a page, or NULL: at start only. */
        void *(*reserve)(void *self, size_t size);
        void (*release)(void *self, void *memory, size_t size);
        uint64_t (*random)(void *self);
        void *self;
};

/* Work beside the shard in a copy of its memory: a snapshot. At most one at a time. */
enum world_fork_state {
        WORLD_FORK_NONE, /* none was begun since the last answer */
        WORLD_FORK_RUNNING,
        WORLD_FORK_DONE,   /* said once */
        WORLD_FORK_FAILED, /* said once */
};

struct world_fork {
        /* Run @work(@context) in a copy; its 0 or negative errno becomes DONE or FAILED. Returns
         * the nanoseconds for which the caller stood still, or a negative errno. */
        int64_t (*begin)(void *self, int (*work)(void *context), void *context);
        enum world_fork_state (*poll)(void *self, int *ret_error);
        /* End a copy that runs. */
        void (*cancel)(void *self);
        void *self;
};
