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
