/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * output.h - bytes on their way to one peer, held back until they may be seen.
 *
 * Every answer and push is appended with the number of the last batch whose
 * state it saw. It leaves when that batch is durable. Numbers never decrease
 * along the stream, so what may leave is always a prefix:
 *
 *      0        sent          released             queued
 *      |---------|---------------|--------------------|
 *        gone       may be          waits for batch 7, then batch 8
 *                   written
 *
 *   Ownership  Blocks come from a pool that all connections share and go back
 *              as they are sent; a connection with nothing to say holds none.
 *   Failure    Appending is refused when the pool is empty. How much one peer
 *              may leave unread is the connection's business.
 *   Cost       O(bytes).
 *   Threads    The shard's.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/list.h"

enum {
        OUTPUT_BLOCK_SIZE = 16384,
        /* One batch syncs, one fills: no more than two numbers can be outstanding. */
        OUTPUT_MARK_COUNT = 2,
        OUTPUT_PART_MAX = 16,
};

struct output_block {
        struct acd_link link;
        uint32_t begin_size; /* bytes at the front that were sent */
        uint32_t end_size;
        uint8_t bytes[OUTPUT_BLOCK_SIZE - 32 - sizeof(struct acd_link)];
};

struct output_pool {
        struct acd_list free; /* used before */
        struct output_block *memory;
        uint32_t block_count;
        uint32_t top; /* blocks below were used before: the others are not touched */
};

/* Make @count blocks in @memory (count * sizeof(struct output_block), zeroed) free. */
void output_pool_init(struct output_pool *pool, struct output_block *memory, uint32_t count);
uint32_t output_pool_used(const struct output_pool *pool);

struct output_mark {
        uint64_t batch;
        uint64_t end_size; /* stream position up to which this batch gates */
        uint32_t answer_count;
};

struct output {
        struct acd_list blocks;
        uint64_t queued_size; /* positions in the stream since the connection began */
        uint64_t released_size;
        uint64_t sent_size;
        uint32_t block_count;
        uint32_t mark_count;
        uint32_t answer_count; /* of commands, not yet released */
        struct output_mark mark[OUTPUT_MARK_COUNT];
};

void output_init(struct output *output);

/* Give every block back. */
void output_fini(struct output *output, struct output_pool *pool);

/* Append bytes that may leave once batch @batch is durable; @durable is the last
 * one that is. @is_answer counts it against the in-flight window. False when the
 * pool is empty: then nothing was appended. */
bool output_append(struct output *output, struct output_pool *pool, const struct iovec *bytes,
                   uint64_t batch, uint64_t durable, bool is_answer)
        __attribute__((warn_unused_result));

/* Room for @size bytes in one piece, to write one message into; NULL when the pool is empty or
 * no block is so large: nothing has changed. What was written of it becomes the stream's by
 * output_commit(), as by output_append(). */
uint8_t *output_reserve(struct output *output, struct output_pool *pool, size_t size)
        __attribute__((warn_unused_result));
void output_commit(struct output *output, size_t size, uint64_t batch, uint64_t durable,
                   bool is_answer);

/* How many bytes the peer has not taken. */
uint64_t output_unread_size(const struct output *output);

/* Batches up to @durable are on disk. Returns whether there is something to write. */
bool output_release(struct output *output, uint64_t durable);

/* Some bytes wait for a batch. */
bool output_is_held(const struct output *output);

/* What may be written now, at most OUTPUT_PART_MAX parts; returns how many. */
int output_parts(const struct output *output, struct iovec ret_parts[OUTPUT_PART_MAX]);

/* @size bytes of it were written. */
void output_sent(struct output *output, struct output_pool *pool, uint64_t size);
