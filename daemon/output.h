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

#include "base/assert.h"
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

/* Batches up to @durable are on disk. Returns whether there is something to write. */
bool output_release(struct output *output, uint64_t durable);

/* What may be written now, at most OUTPUT_PART_MAX parts; returns how many. */
int output_parts(const struct output *output, struct iovec ret_parts[OUTPUT_PART_MAX]);

/* @size bytes of it were written. */
void output_sent(struct output *output, struct output_pool *pool, uint64_t size);

/* ---- what every frame does ---- */

static inline struct output_block *output_block_of(struct acd_link *link)
{
        return acd_container_of(link, struct output_block, link);
}

/* The block at the end, or NULL. */
static inline struct output_block *output_tail(const struct output *output)
{
        struct acd_link *last = acd_list_last(&output->blocks);

        return last == NULL ? NULL : output_block_of(last);
}

/* How many bytes the peer has not taken. */
static inline uint64_t output_unread_size(const struct output *output)
{
        return output->queued_size - output->sent_size;
}

/* Some bytes wait for a batch. */
static inline bool output_is_held(const struct output *output)
{
        return output->mark_count > 0;
}

/* The mark of @batch: the last one, or a new one behind it. */
static inline struct output_mark *output_mark_of(struct output *output, uint64_t batch)
{
        struct output_mark *mark;

        if (output->mark_count > 0) {
                mark = &output->mark[output->mark_count - 1];
                if (mark->batch == batch)
                        return mark;
                ACD_ASSERT(mark->batch < batch);
        }
        ACD_ASSERT(output->mark_count < OUTPUT_MARK_COUNT);
        mark = &output->mark[output->mark_count++];
        *mark = (struct output_mark){ .batch = batch };
        return mark;
}

/* @size bytes more are in the blocks. */
static inline void output_extend(struct output *output, size_t size, uint64_t batch,
                                 uint64_t durable, bool is_answer)
{
        output->queued_size += size;
        if (batch > durable) {
                struct output_mark *mark = output_mark_of(output, batch);

                mark->end_size = output->queued_size;
                mark->answer_count += is_answer;
                output->answer_count += is_answer;
                return;
        }
        /* Whatever was held saw no later state than this. */
        ACD_ASSERT(output->mark_count == 0);
        output->released_size = output->queued_size;
}

/* output_reserve() when the last block has no room. */
uint8_t *output_reserve_block(struct output *output, struct output_pool *pool, size_t size)
        __attribute__((warn_unused_result));

/* Room for @size bytes in one piece, to write one message into; NULL when the pool is empty or
 * no block is so large: nothing has changed. What was written of it becomes the stream's by
 * output_commit(), as by output_append(). */
static inline uint8_t *output_reserve(struct output *output, struct output_pool *pool, size_t size)
{
        struct output_block *tail = output_tail(output);

        if (tail == NULL || sizeof(tail->bytes) - tail->end_size < size)
                return output_reserve_block(output, pool, size);
        return tail->bytes + tail->end_size;
}

static inline void output_commit(struct output *output, size_t size, uint64_t batch,
                                 uint64_t durable, bool is_answer)
{
        struct output_block *tail = output_tail(output);

        ACD_ASSERT(size > 0 && size <= sizeof(tail->bytes) - tail->end_size);
        if (output->mark_count > 0 && output->mark[0].batch <= durable)
                (void)output_release(output, durable);
        tail->end_size += (uint32_t)size;
        output_extend(output, size, batch, durable, is_answer);
}
