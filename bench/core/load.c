/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The load of all engines: the same contacts and agents in the same order.
 *
 * Agents are done in an order that has nothing to do with that in which they were
 * busy: by steps of a prime, so that a turn names each at most once and a large crew
 * is not in the cache.
 */

#include <stdarg.h>

#include "bench/core/bench.h"

enum { AGENT_STEP = 7919 };

static uint64_t draw(struct bench_load *load)
{
        load->chance = load->chance * 6364136223846793005u + 1442695040888963407u;
        return load->chance >> 33;
}

void bench_fill(struct bench_load *load, const struct engine *engine,
                const struct engine_order *order)
{
        *load = (struct bench_load){ .engine = engine, .order = *order, .chance = 1 };
        load->self = engine->open(order);
        for (uint32_t i = 0; i < order->waiting_count + order->agent_count; i++)
                engine->submit(load->self, load->number++,
                               (uint8_t)(draw(load) % ENGINE_BAND_COUNT));
        for (uint32_t i = 0; i < order->agent_count; i++)
                engine->begin(load->self, i);
}

void bench_run(struct bench_load *load, uint32_t turn_count)
{
        struct engine_cycle cycles[ENGINE_TURN];

        for (uint32_t turn = 0; turn < turn_count; turn++) {
                for (uint32_t i = 0; i < ENGINE_TURN; i++) {
                        load->agent = (load->agent + AGENT_STEP) % load->order.agent_count;
                        cycles[i].agent = load->agent;
                        cycles[i].band = (uint8_t)(draw(load) % ENGINE_BAND_COUNT);
                }
                load->engine->turn(load->self, cycles, load->number);
                load->number += ENGINE_TURN;
        }
}

void bench_empty(struct bench_load *load)
{
        load->engine->close(load->self);
}

void bench_json(const struct bench_options *options, const char *fields, ...)
{
        va_list arguments;

        if (options->json == NULL)
                return;
        va_start(arguments, fields);
        fputs("{", options->json);
        vfprintf(options->json, fields, arguments);
        fputs("}\n", options->json);
        va_end(arguments);
}
