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

#include "stats/histogram.h"

enum { BOUND_MESSAGE_MAX = 4096 };

/* The next connection of @listener, or a negative number. */
int bound_accept(int listener);

/* Have @poll_fd tell of what can be read from @fd. */
void bound_watch(int poll_fd, int fd);

/* Read from @fd: how many messages of @size bytes are whole now. Negative: the peer is gone, and
 * who has its number next begins anew. */
int64_t bound_take(int fd, size_t size);

/* Serve as bound_floor.c says: @size bytes in, @answer out and @log to two files in @dir, which
 * stay there, for each message. */
struct bound_floor {
        const char *dir;
        size_t size, answer, log;
};

_Noreturn void bound_serve_floor(int listener, const struct bound_floor *floor);

/* Print how long writes of @size bytes to a file in @dir take, each synced; with a @rate, how long
 * contacts wait that come so many a second and take @size bytes each: bound_sync.c. */
struct bound_sync {
        const char *dir;
        uint32_t size;
        double seconds, rate;
};

void bound_measure_sync(const struct bound_sync *sync);

/* Times: ns of a monotonic clock, kept in a histogram that the caller frees, told in us. */
uint64_t bound_now_ns(void);
struct histogram *bound_histogram_new(void);
void bound_print_times(const struct histogram *histogram, uint32_t size);

/* The build and the kernel have io_uring. */
bool bound_has_uring(void);

/* Serve by io_uring at its best. */
_Noreturn void bound_serve_uring(int listener, size_t answer_size);
