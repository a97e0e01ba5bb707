/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Output that is held back until its cause is on disk.
 *
 * Why blocks and not one ring a connection: four megabytes for each of some
 * thousand peers, of which nearly all have read everything, is memory for
 * nothing. Why copies and not references: messages are small, and gathering
 * small pieces with writev() measured slower than copying them together.
 *
 * Why a top beside the list: a list of all blocks would touch a page of each, 64 MiB
 * of the default 256, at start.
 *
 * Why at most two marks: a batch fills while one syncs. An answer that saw a
 * third batch cannot exist, because decisions stop when both buffers are in
 * use. The assertion in output_mark_of() is that sentence.
 *
 * Invariants: sent <= released <= queued; marks ascend in batch and position;
 * the last mark ends at queued, if there is one.
 */

#include "daemon/output.h"

#include <string.h>

#include "base/assert.h"

_Static_assert(sizeof(struct output_block) <= OUTPUT_BLOCK_SIZE, "a block is what it says");

void output_pool_init(struct output_pool *pool, struct output_block *memory, uint32_t count)
{
        acd_list_init(&pool->free);
        pool->memory = memory;
        pool->block_count = count;
        pool->top = 0;
}

static uint32_t free_count(const struct output_pool *pool)
{
        return pool->free.count + (pool->block_count - pool->top);
}

uint32_t output_pool_used(const struct output_pool *pool)
{
        return pool->block_count - free_count(pool);
}

void output_init(struct output *output)
{
        *output = (struct output){ 0 };
        acd_list_init(&output->blocks);
}

/* The last one given back is the first taken again: it is still in the cache. */
static void give_back(struct output *output, struct output_pool *pool, struct output_block *block)
{
        acd_list_remove(&block->link);
        acd_list_push_front(&pool->free, &block->link);
        output->block_count--;
}

void output_fini(struct output *output, struct output_pool *pool)
{
        while (!acd_list_is_empty(&output->blocks))
                give_back(output, pool, output_block_of(acd_list_first(&output->blocks)));
        output_init(output);
}

static bool has_room(const struct output *output, const struct output_pool *pool, size_t size)
{
        size_t room = 0;

        if (!acd_list_is_empty(&output->blocks)) {
                const struct output_block *tail = output_block_of(acd_list_last(&output->blocks));

                room = sizeof(tail->bytes) - tail->end_size;
        }
        return size <= room + free_count(pool) * sizeof(((struct output_block *)0)->bytes);
}

/* Another block at the end; the pool has one. */
static struct output_block *push_block(struct output *output, struct output_pool *pool)
{
        struct output_block *block;

        if (acd_list_is_empty(&pool->free)) {
                ACD_ASSERT(pool->top < pool->block_count);
                block = &pool->memory[pool->top++];
                block->link = (struct acd_link){ 0 };
        } else {
                block = output_block_of(acd_list_pop_front(&pool->free));
        }
        block->begin_size = 0;
        block->end_size = 0;
        acd_list_push_back(&output->blocks, &block->link);
        output->block_count++;
        return block;
}

bool output_append(struct output *output, struct output_pool *pool, const struct iovec *bytes,
                   uint64_t batch, uint64_t durable, bool is_answer)
{
        const uint8_t *from = bytes->iov_base;
        size_t left = bytes->iov_len;

        if (!has_room(output, pool, left))
                return false;

        (void)output_release(output, durable);
        while (left > 0) {
                struct output_block *tail = output_tail(output);
                size_t part;

                if (tail == NULL || tail->end_size == sizeof(tail->bytes))
                        tail = push_block(output, pool);
                part = sizeof(tail->bytes) - tail->end_size;
                if (part > left)
                        part = left;
                memcpy(tail->bytes + tail->end_size, from, part);
                tail->end_size += (uint32_t)part;
                from += part;
                left -= part;
        }
        output_extend(output, bytes->iov_len, batch, durable, is_answer);
        return true;
}

uint8_t *output_reserve_block(struct output *output, struct output_pool *pool, size_t size)
{
        if (size > sizeof(((struct output_block *)0)->bytes) || free_count(pool) == 0)
                return NULL;
        return push_block(output, pool)->bytes;
}

bool output_release(struct output *output, uint64_t durable)
{
        uint32_t gone = 0;

        while (gone < output->mark_count && output->mark[gone].batch <= durable) {
                output->released_size = output->mark[gone].end_size;
                output->answer_count -= output->mark[gone].answer_count;
                gone++;
        }
        if (gone > 0) {
                output->mark_count -= gone;
                memmove(output->mark, output->mark + gone,
                        output->mark_count * sizeof(output->mark[0]));
        }

        return output->released_size > output->sent_size;
}

int output_parts(const struct output *output, struct iovec ret_parts[OUTPUT_PART_MAX])
{
        uint64_t left = output->released_size - output->sent_size;
        struct acd_link *link = acd_list_first(&output->blocks);
        int count = 0;

        while (left > 0 && count < OUTPUT_PART_MAX) {
                struct output_block *block = output_block_of(link);
                uint64_t part = block->end_size - block->begin_size;

                if (part > left)
                        part = left;
                ret_parts[count++] = (struct iovec){ block->bytes + block->begin_size, part };
                left -= part;
                link = acd_list_next(link);
        }
        return count;
}

void output_sent(struct output *output, struct output_pool *pool, uint64_t size)
{
        ACD_ASSERT(size <= output->released_size - output->sent_size);

        output->sent_size += size;
        while (size > 0) {
                struct output_block *block = output_block_of(acd_list_first(&output->blocks));
                uint64_t part = block->end_size - block->begin_size;

                if (part > size)
                        part = size;
                block->begin_size += (uint32_t)part;
                size -= part;
                if (block->begin_size == block->end_size)
                        give_back(output, pool, block);
        }
        ACD_ASSERT((output->queued_size == output->sent_size) ==
                   acd_list_is_empty(&output->blocks));
}
