/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * link.h - a connection to a server under load, with its buffers.
 *
 * Output is collected and leaves with one write a turn; input is read in large
 * pieces and taken answer by answer. What was asked and is not answered yet is
 * a queue of words, since all these servers answer in the order of asking.
 *
 *   Ownership  link_open() to link_close(); buffers grow as needed.
 *   Failure    Whatever the system or the server refuses ends the program with a
 *              sentence: a measurement that went on would be a wrong number.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Ends the program with the sentence and exit code 1. */
_Noreturn void link_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define link_check(expression, ...) ((expression) ? (void)0 : link_fail(__VA_ARGS__))

struct link_buffer {
        char *at;
        size_t begin, end, room;
};

struct link {
        int fd;
        struct link_buffer in, out;
        uint64_t *asked; /* a ring; room is a power of two */
        uint32_t asked_first, asked_count, asked_room;
        uint32_t credit;    /* life cycles that may begin on this link */
        bool is_write_full; /* the last write did not take all */
};

/* @address is unix:PATH or HOST:PORT with a numeric host. */
void link_open(struct link *link, const char *address);
void link_close(struct link *link);

/* Append to what the next write takes. */
void link_put(struct link *link, const void *bytes, size_t size);
void link_print(struct link *link, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* One write of all there is, as far as the socket takes it. */
void link_flush(struct link *link);
/* Read what there is; false if there was nothing. */
bool link_read(struct link *link);

/* Remember that an answer to @word is due; the oldest one due; and take it off. */
void link_ask(struct link *link, uint64_t word);
uint64_t link_due(const struct link *link);
void link_answered(struct link *link);
