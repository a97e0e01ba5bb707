/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * bound.h - what the servers of bound.c share.
 *
 *   Failure    Whatever fails ends the program with a sentence.
 *   Threads    One.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BOUND_MESSAGE_MAX = 4096 };

/* The next connection of @listener, or a negative number. */
int bound_accept(int listener);

/* Have @poll_fd tell of what can be read from @fd. */
void bound_watch(int poll_fd, int fd);

uint64_t bound_now_ns(void);

/* The bytes of a life cycle, and nothing else of it (bound_floor.c). */
struct bound_floor {
        const char *dir;          /* for two files; they stay there */
        size_t size, answer, log; /* bytes in, out, and to the files, a life cycle */
        uint32_t connections;     /* of the load */
        uint32_t in_flight;       /* life cycles, over all of them */
        double seconds;
        int pid; /* of the server */
};

_Noreturn void bound_serve_floor(int listener, const struct bound_floor *floor);
void bound_load_floor(const char *address, const struct bound_floor *floor);

/* The build and the kernel have io_uring. */
bool bound_has_uring(void);

/* Serve by io_uring at its best. */
_Noreturn void bound_serve_uring(int listener, size_t answer_size);
