/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * output.h - bytes on their way to a server, some of which are others' and not copied.
 *
 *      own     |-- head --|-- head --|-- tail --|
 *                         ^          ^
 *      lent               | 60 KiB   | 60 KiB
 *
 * A large value that stays where it is until the socket was asked to take it needs no place
 * here. What the socket did not take of it is copied then, into room that was kept for it.
 *
 *   Ownership  The memory is the caller's; what is lent stays as it is until
 *              redis_output_settle().
 *   Cost       A part for the system on each side of what is lent.
 *   Threads    The shard's.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "acd/types.h"
#include "base/buffer.h"

enum {
        REDIS_LOAN_MAX = 32,
        REDIS_LOAN_SIZE_MIN = 4096, /* a copy of less is cheaper than two more parts */
        REDIS_OUTPUT_PART_MAX = 2 * REDIS_LOAN_MAX + 1,
};

struct redis_loan {
        uint64_t at; /* so many own bytes, since the beginning, come before it */
        struct acd_bytes bytes;
};

struct redis_output {
        struct acd_buffer own;
        uint64_t sent_count; /* own bytes, since the beginning */
        size_t lent_size;
        uint32_t loan_begin; /* the first one that is not sent */
        uint32_t loan_count;
        struct redis_loan loan[REDIS_LOAN_MAX];
};

void redis_output_init(struct redis_output *output, uint8_t *memory, size_t size);
void redis_output_reset(struct redis_output *output);

/* Bytes that are not sent, and for how many more there is room. */
size_t redis_output_size(const struct redis_output *output);
size_t redis_output_room(const struct redis_output *output);

/* Where @size bytes may be put, or NULL: there is no room. */
uint8_t *redis_output_space(struct redis_output *output, size_t size);
void redis_output_put(struct redis_output *output, size_t size);

/* @bytes come next, and may stay where they are. There must be room for them. */
void redis_output_lend(struct redis_output *output, struct acd_bytes bytes);

/* What is to be sent, in order. */
int redis_output_parts(const struct redis_output *output,
                       struct iovec ret_parts[REDIS_OUTPUT_PART_MAX]);
void redis_output_sent(struct redis_output *output, size_t size);

/* Nothing is lent any more. */
void redis_output_settle(struct redis_output *output);
