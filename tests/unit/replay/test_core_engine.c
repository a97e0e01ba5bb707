/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The core against the naive distributor, call by call.
 *
 * Both play the same plan through the same driver. Whatever lanes, pools, classes
 * and wheels do inside, every call must be answered by the same agent after the
 * same wait, or leave at the same moment.
 */

#include <criterion/criterion.h>
#include <stdlib.h>

#include "base/prng.h"
#include "clients/replay/core_engine.h"
#include "clients/replay/driver.h"
#include "clients/replay/generate.h"
#include "clients/replay/steady.h"
#include "tests/support/naive_queue.h"

static void play_naive(const struct plan *plan, struct driver_result *ret_result)
{
        struct naive_queue *naive = naive_queue_new(plan);
        struct engine engine = naive_queue_engine(naive);

        cr_assert_eq(driver_run(plan, &engine, NULL, ret_result), 0);
        naive_queue_free(naive);
}

static void play_core(const struct plan *plan, struct driver_result *ret_result)
{
        struct core_engine *core = core_engine_new(plan, 1);
        struct engine engine;

        cr_assert_not_null(core);
        engine = core_engine_face(core);
        cr_assert_eq(driver_run(plan, &engine, NULL, ret_result), 0);
        core_engine_free(core);
}

static void compare(const struct plan *plan, const char *what)
{
        struct driver_result naive;
        struct driver_result core;

        play_naive(plan, &naive);
        play_core(plan, &core);
        cr_assert(check_is_clean(&naive.findings), "%s: naive", what);
        cr_assert(check_is_clean(&core.findings), "%s: core", what);
        for (size_t i = 0; i < plan->call_count; i++) {
                cr_assert_eq(core.call[i].outcome, naive.call[i].outcome, "%s: call %zu", what, i);
                cr_assert_eq(core.call[i].wait_ns, naive.call[i].wait_ns, "%s: call %zu", what, i);
                cr_assert_eq(core.call[i].agent, naive.call[i].agent, "%s: call %zu", what, i);
        }
        cr_assert_eq(core.agent_busy_ns, naive.agent_busy_ns);
        cr_assert_eq(core.agent_there_ns, naive.agent_there_ns);
        driver_result_free(&naive);
        driver_result_free(&core);
}

/* Generated days, from quiet to hopeless. */
Test(core_engine, generated_days, .timeout = 120)
{
        for (uint64_t seed = 1; seed <= 20; seed++) {
                struct generate_settings settings = generate_settings_default();
                struct plan plan;

                settings.seed = seed;
                settings.call_count = 400 + (uint32_t)seed * 150;
                settings.wrap_up_mean_s = seed % 3 == 0 ? 0 : 20;
                cr_assert_eq(plan_generate(&plan, &settings), 0);
                compare(&plan, "a generated day");
                plan_free(&plan);
        }
}

/* Plans without rhyme or reason: whole seconds, so that much happens at one
 * instant, random skills, random spans, impatient callers, many credits. */
Test(core_engine, random_plans, .timeout = 240)
{
        enum { CALLS = 400, AGENTS = 6, SPANS = 5, QUEUES = 4 };

        for (uint64_t seed = 1; seed <= 150; seed++) {
                static struct plan_call call[CALLS];
                struct plan_agent agent[AGENTS] = { { .skills = 0 } };
                struct plan_span span[AGENTS * SPANS];
                struct plan plan = { .queue_count = QUEUES,
                                     .queue = { "a", "b", "c", "d" },
                                     .call_count = CALLS,
                                     .call = call,
                                     .agent_count = AGENTS,
                                     .agent = agent,
                                     .span_count = AGENTS * SPANS,
                                     .span = span };
                struct acd_prng prng;
                int64_t at = 0;

                acd_prng_init(&prng, seed);
                for (uint32_t i = 0; i < CALLS; i++) {
                        at += (int64_t)acd_prng_below(&prng, 12) * 1000;
                        call[i] = (struct plan_call){
                                .arrival_ms = at,
                                .patience_ms = (int64_t)acd_prng_below(&prng, 90) * 1000,
                                .service_ms = (uint32_t)acd_prng_below(&prng, 40) * 1000,
                                .wrap_up_ms = (uint32_t)acd_prng_below(&prng, 5) * 1000,
                                .credit_ms = (uint32_t)acd_prng_below(&prng, 12) * 10000,
                                .queue = (uint16_t)acd_prng_below(&prng, QUEUES),
                                .number = i,
                        };
                }
                for (uint32_t i = 0; i < AGENTS; i++) {
                        int64_t from = 0;

                        snprintf(agent[i].name, sizeof(agent[i].name), "agent%u", i);
                        agent[i].skills = i == 0 ? 15 : 1 + (uint32_t)acd_prng_below(&prng, 15);
                        agent[i].span_first = (size_t)i * SPANS;
                        agent[i].span_count = SPANS;
                        for (uint32_t j = 0; j < SPANS; j++) {
                                struct plan_span *one = &span[i * SPANS + j];

                                one->from_ms = from + (int64_t)acd_prng_below(&prng, 300) * 1000;
                                one->last_ms =
                                        one->from_ms + (int64_t)acd_prng_below(&prng, 500) * 1000;
                                one->to_ms =
                                        one->last_ms + (int64_t)acd_prng_below(&prng, 100) * 1000;
                                one->is_last_of_day = acd_prng_chance(&prng, 1, 3);
                                from = one->to_ms + 5000;
                        }
                }
                compare(&plan, "a random plan");
        }
}

/* Overload: nine of ten calls leave, thousands wait at once. */
Test(core_engine, overload, .timeout = 120)
{
        struct erlang_load load = { .arrival_rate = 0.5,
                                    .service_mean_s = 200,
                                    .patience_mean_s = 1500,
                                    .agent_count = 10 };
        struct plan plan;

        cr_assert_eq(plan_steady(&plan, &load, 4000, 3), 0);
        compare(&plan, "overload");
        plan_free(&plan);
}
