/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gate: no byte leaves before the batch it depends on is durable, and then
 * every byte does, in order.
 */

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/prng.h"
#include "daemon/output.h"

enum { BLOCK_COUNT = 8, STREAM_MAX = 1 << 22 };

/* Byte @i of the stream: each byte knows its place. */
static uint8_t byte_at(uint64_t i)
{
        return (uint8_t)(i * 31 % 251);
}

/* The naive model: which batch each byte needs. */
struct model {
        uint64_t queued, sent;
        uint64_t *need; /* by position, STREAM_MAX */
};

static uint64_t releasable(const struct model *model, uint64_t durable)
{
        uint64_t end = model->sent;

        while (end < model->queued && model->need[end] <= durable)
                end++;
        return end - model->sent;
}

static void append_some(struct output *output, struct output_pool *pool, struct model *model,
                        struct acd_prng *prng, uint64_t batch, uint64_t durable)
{
        uint8_t bytes[3000];
        struct iovec part = { bytes, 1 + acd_prng_below(prng, sizeof(bytes)) };

        if (model->queued + part.iov_len > STREAM_MAX)
                return;
        for (size_t i = 0; i < part.iov_len; i++)
                bytes[i] = byte_at(model->queued + i);
        if (!output_append(output, pool, &part, batch, durable, true))
                return;
        for (size_t i = 0; i < part.iov_len; i++)
                model->need[model->queued + i] = batch;
        model->queued += part.iov_len;
}

static void send_some(struct output *output, struct output_pool *pool, struct model *model,
                      struct acd_prng *prng, uint64_t durable)
{
        struct iovec parts[OUTPUT_PART_MAX];
        int part_count;
        uint64_t size = 0;
        uint64_t taken;
        uint64_t at = model->sent;

        (void)output_release(output, durable);
        part_count = output_parts(output, parts);
        for (int i = 0; i < part_count; i++) {
                const uint8_t *bytes = parts[i].iov_base;

                for (size_t j = 0; j < parts[i].iov_len; j++)
                        cr_assert_eq(bytes[j], byte_at(at++));
                size += parts[i].iov_len;
        }
        cr_assert_eq(size, releasable(model, durable));
        taken = size == 0 ? 0 : acd_prng_below(prng, size + 1);
        output_sent(output, pool, taken);
        model->sent += taken;
}

/* Goal    What may be written is exactly what the model says: the bytes up to
 *         the first one whose batch is not durable.
 * Method  Random appends, writes of random sizes, batches that fill, fly and
 *         become durable as in the daemon. */
Test(output, releases_what_is_durable_and_nothing_else)
{
        static struct output_block blocks[BLOCK_COUNT];
        struct model model = { .need = calloc(STREAM_MAX, sizeof(uint64_t)) };
        struct output_pool pool;
        struct output output;
        struct acd_prng prng;
        uint64_t durable = 0;
        uint64_t filling = 1;

        output_pool_init(&pool, blocks, BLOCK_COUNT);
        output_init(&output);
        acd_prng_init(&prng, 42);
        for (int i = 0; i < 20000; i++) {
                switch (acd_prng_below(&prng, 4)) {
                case 0:
                        append_some(&output, &pool, &model, &prng, filling, durable);
                        break;
                case 1: /* nothing was decided since: it saw the one before */
                        if (!output_is_held(&output) ||
                            output.mark[output.mark_count - 1].batch < filling)
                                append_some(&output, &pool, &model, &prng, filling - 1, durable);
                        break;
                case 2:
                        send_some(&output, &pool, &model, &prng, durable);
                        break;
                default: /* at most two are not durable */
                        if (filling - durable < 2)
                                filling++;
                        else
                                durable++;
                        break;
                }
                cr_assert_eq(output_unread_size(&output), model.queued - model.sent);
        }
        durable = filling;
        while (model.sent < model.queued)
                send_some(&output, &pool, &model, &prng, durable);
        cr_assert_eq(output_pool_used(&pool), 0);
        cr_assert_eq(output.answer_count, 0);
        free(model.need);
}

/* Goal    An empty pool refuses and changes nothing; blocks come back. */
Test(output, an_empty_pool_refuses)
{
        static struct output_block blocks[2];
        static uint8_t bytes[sizeof(blocks[0].bytes)];
        struct iovec whole = { bytes, sizeof(bytes) };
        struct iovec one = { bytes, 1 };
        struct output_pool pool;
        struct output a, b;

        output_pool_init(&pool, blocks, 2);
        output_init(&a);
        output_init(&b);
        cr_assert(output_append(&a, &pool, &whole, 0, 0, false));
        cr_assert(output_append(&b, &pool, &one, 0, 0, false));
        cr_assert_not(output_append(&a, &pool, &one, 0, 0, false));
        cr_assert_eq(output_unread_size(&a), sizeof(bytes));
        output_fini(&b, &pool);
        cr_assert(output_append(&a, &pool, &one, 0, 0, false));
        output_fini(&a, &pool);
        cr_assert_eq(output_pool_used(&pool), 0);
}

/* Goal    A message is written in one piece where there is room for it, or not at all; what was
 *         reserved and not written is nobody's; the stream is that of append.
 * Method  Pieces of growing size into two blocks, read back as they would be sent. */
Test(output, room_is_reserved_in_one_piece)
{
        static struct output_block blocks[2];
        const size_t block_size = sizeof(blocks[0].bytes);
        struct iovec parts[OUTPUT_PART_MAX];
        struct output_pool pool;
        struct output output;
        uint8_t *at;

        output_pool_init(&pool, blocks, 2);
        output_init(&output);
        cr_assert_null(output_reserve(&output, &pool, block_size + 1), "no block is so large");
        cr_assert_eq(output_pool_used(&pool), 0);

        at = output_reserve(&output, &pool, block_size - 10);
        cr_assert_not_null(at);
        memset(at, 'a', 100);
        output_commit(&output, 100, 1, 0, true);
        cr_assert_eq(output_unread_size(&output), 100);
        cr_assert_eq(output.answer_count, 1);
        cr_assert_eq(output_reserve(&output, &pool, block_size - 100), at + 100, "the rest of it");
        cr_assert_eq(output_reserve(&output, &pool, block_size - 100), at + 100, "and again");

        at = output_reserve(&output, &pool, block_size - 99);
        cr_assert_not_null(at, "the next block");
        memset(at, 'b', block_size - 99);
        output_commit(&output, block_size - 99, 1, 0, false);
        cr_assert_null(output_reserve(&output, &pool, 100), "the pool is empty");
        cr_assert_not_null(output_reserve(&output, &pool, 99));

        cr_assert(output_release(&output, 1));
        cr_assert_eq(output_parts(&output, parts), 2);
        cr_assert_eq(parts[0].iov_len, 100);
        cr_assert_eq(parts[1].iov_len, block_size - 99);
        cr_assert_eq(((uint8_t *)parts[0].iov_base)[99], 'a');
        cr_assert_eq(((uint8_t *)parts[1].iov_base)[0], 'b');
        output_sent(&output, &pool, block_size + 1);
        cr_assert_eq(output_pool_used(&pool), 0);
}

/* Goal    What nobody has used is not touched: an idle daemon takes no memory for it. */
Test(output, unused_blocks_are_not_touched)
{
        static struct output_block blocks[3];
        static struct output_block untouched[3];
        struct output_pool pool;
        struct output output;

        memset(blocks, 0xa5, sizeof(blocks));
        memset(untouched, 0xa5, sizeof(untouched));
        output_pool_init(&pool, blocks, 3);
        output_init(&output);
        cr_assert_not_null(output_reserve(&output, &pool, 1));
        output_commit(&output, 1, 0, 0, false);
        cr_assert_eq(output_pool_used(&pool), 1);
        cr_assert_arr_eq(&blocks[1], &untouched[1], 2 * sizeof(blocks[0]));
        output_fini(&output, &pool);
        cr_assert_not_null(output_reserve(&output, &pool, 1));
        output_commit(&output, 1, 0, 0, false);
        cr_assert_arr_eq(&blocks[1], &untouched[1], 2 * sizeof(blocks[0]), "the used one again");
        output_fini(&output, &pool);
}

/* Goal    Answers count against the window until they are released. */
Test(output, answers_in_flight_are_counted)
{
        static struct output_block blocks[2];
        char answer[] = "answer";
        struct iovec bytes = { answer, sizeof(answer) - 1 };
        struct output_pool pool;
        struct output output;

        output_pool_init(&pool, blocks, 2);
        output_init(&output);
        cr_assert(output_append(&output, &pool, &bytes, 5, 4, true));
        cr_assert(output_append(&output, &pool, &bytes, 5, 4, false));
        cr_assert(output_append(&output, &pool, &bytes, 6, 4, true));
        cr_assert_eq(output.answer_count, 2);
        cr_assert(output_release(&output, 5));
        cr_assert_eq(output.answer_count, 1);
        cr_assert(output_is_held(&output));
        cr_assert(output_release(&output, 6));
        cr_assert_eq(output.answer_count, 0);
        output_fini(&output, &pool);
}
