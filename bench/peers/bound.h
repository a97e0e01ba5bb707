/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * bound.h - what the two echo servers of bound.c share.
 *
 *   Failure    Whatever fails ends the program with a sentence.
 *   Threads    One.
 */

#include <stdbool.h>
#include <stddef.h>

enum { BOUND_MESSAGE_MAX = 4096 };

/* The next connection of @listener, or a negative number. */
int bound_accept(int listener);

/* The build and the kernel have io_uring. */
bool bound_has_uring(void);

/* Serve by io_uring at its best. */
_Noreturn void bound_serve_uring(int listener, size_t answer_size);
