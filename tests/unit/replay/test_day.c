/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Days played: the driver on the naive distributor, the referee, the generator,
 * the way to a file and back, and the naive distributor against the formulas.
 */

#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients/replay/bank_export.h"
#include "clients/replay/driver.h"
#include "clients/replay/generate.h"
#include "clients/replay/steady.h"
#include "clients/replay/summary.h"
#include "tests/support/naive_queue.h"

static void play(const struct plan *plan, struct driver_result *ret_result)
{
        struct naive_queue *naive = naive_queue_new(plan);
        struct engine engine = naive_queue_engine(naive);

        cr_assert_eq(driver_run(plan, &engine, NULL, ret_result), 0);
        naive_queue_free(naive);
}

/* Two agents, four calls, worked out by hand. */
Test(day, by_hand)
{
        struct plan_call calls[] = {
                /* arrival, patience, service, wrap-up, credit */
                { .arrival_ms = 10000,
                  .patience_ms = 9000,
                  .service_ms = 60000,
                  .wrap_up_ms = 5000 },
                { .arrival_ms = 20000, .patience_ms = 90000, .service_ms = 30000 },
                { .arrival_ms = 30000,
                  .patience_ms = 99000,
                  .service_ms = 30000,
                  .credit_ms = 90000 },
                { .arrival_ms = 31000, .patience_ms = 10000, .service_ms = 30000 },
        };
        struct plan_agent agents[] = {
                { .name = "a", .skills = 1, .span_first = 0, .span_count = 1 },
                { .name = "b", .skills = 1, .span_first = 1, .span_count = 1 },
        };
        /* a: takes nothing after 70 s. b: comes at 80 s. */
        struct plan_span spans[] = { { 0, 70000, 90000, true }, { 80000, 200000, 200000, true } };
        struct plan plan = { .queue_count = 1,
                             .queue = { "q" },
                             .call_count = 4,
                             .call = calls,
                             .agent_count = 2,
                             .agent = agents,
                             .span_count = 2,
                             .span = spans };
        struct driver_result result;

        play(&plan, &result);
        cr_assert(check_is_clean(&result.findings));
        /* a has the first at once until 70 s, wraps up until 75 s; the third passes the
         * second by its credit and is a's last, as 70.5 s came while a was at work... */
        cr_assert_eq(result.call[0].wait_ns, 0);
        cr_assert_eq(result.call[0].agent, 0);
        /* ...so a leaves at 75 s, and b takes both: the third at 80, the second at 110. */
        cr_assert_eq(result.call[2].wait_ns, 50 * INT64_C(1000000000));
        cr_assert_eq(result.call[2].agent, 1);
        cr_assert_eq(result.call[1].wait_ns, 90 * INT64_C(1000000000));
        cr_assert_eq(result.call[3].outcome, DRIVER_ABANDONED);
        cr_assert_eq(result.call[3].wait_ns, 10 * INT64_C(1000000000));
        driver_result_free(&result);
}

/* An idle agent after "last" takes one more call, and no second. */
Test(day, one_more_after_last)
{
        struct plan_call calls[] = {
                { .arrival_ms = 50000, .patience_ms = 9000, .service_ms = 5000 },
                { .arrival_ms = 60000, .patience_ms = 9000, .service_ms = 5000 },
        };
        struct plan_agent agents[] = { { .name = "a", .skills = 1, .span_count = 1 } };
        struct plan_span spans[] = { { 0, 40000, 100000, true } };
        struct plan plan = { .queue_count = 1,
                             .queue = { "q" },
                             .call_count = 2,
                             .call = calls,
                             .agent_count = 1,
                             .agent = agents,
                             .span_count = 1,
                             .span = spans };
        struct driver_result result;

        play(&plan, &result);
        cr_assert(check_is_clean(&result.findings));
        cr_assert_eq(result.call[0].outcome, DRIVER_ANSWERED);
        cr_assert_eq(result.call[1].outcome, DRIVER_ABANDONED);
        driver_result_free(&result);
}

/* Goal    The referee finds what is planted, and only that.
 * Method  Events by hand: each rule broken once. */
Test(day, referee)
{
        struct plan_call calls[3] = { { .credit_ms = 0 } };
        struct plan_agent agents[2] = { { .skills = 1 }, { .skills = 1 } };
        struct plan plan = {
                .queue_count = 1, .call_count = 3, .call = calls, .agent_count = 2, .agent = agents
        };
        static const struct engine_event story[] = {
                { ENGINE_SUBMITTED, ENGINE_BOTH, 0, ENGINE_NONE, 1, 0 },
                { ENGINE_QUEUED, ENGINE_BOTH, 0, ENGINE_NONE, 1, 0 },
                { ENGINE_SUBMITTED, ENGINE_BOTH, 1, ENGINE_NONE, 2, 1 },
                { ENGINE_QUEUED, ENGINE_BOTH, 1, ENGINE_NONE, 2, 0 },
                { ENGINE_READY, ENGINE_BOTH, ENGINE_NONE, 0, 3, 0 },
                { ENGINE_OFFERED, ENGINE_BOTH, 1, 0, 3, 9 }, /* order: 0 came first */
                { ENGINE_CONNECTED, ENGINE_BOTH, 1, 0, 4, 9 },
                { ENGINE_READY, ENGINE_BOTH, ENGINE_NONE, 1, 5,
                  0 },                                      /* idle: 1 is ready, 0 waits... */
                { ENGINE_CLOSED, ENGINE_BOTH, 1, 0, 6, 0 }, /* ...when time moves on to here */
                { ENGINE_FREED, ENGINE_BOTH, 1, 0, 6, 0 },
                { ENGINE_OFFERED, ENGINE_BOTH, 0, 1, 6, 10 },
                { ENGINE_CLOSED, ENGINE_BOTH, 1, 0, 7, 0 },    /* doubled */
                { ENGINE_CONNECTED, ENGINE_BOTH, 2, 0, 8, 0 }, /* stray: call 2 is nowhere */
                { ENGINE_REFUSED, ENGINE_BOTH, ENGINE_NONE, 0, 8, 14 }, /* refused */
                { ENGINE_CLOSED, ENGINE_BOTH, 0, 1, 9, 0 },
        };
        struct check check;
        struct check_findings found;

        cr_assert_eq(check_init(&check, &plan), 0);
        for (size_t i = 0; i < sizeof(story) / sizeof(story[0]); i++)
                check_event(&check, &story[i]);
        found = check_finish(&check);
        cr_assert_eq(found.order_breaks, 1);
        cr_assert_eq(found.idle_breaks, 1);
        cr_assert_eq(found.doubled, 1);
        cr_assert_eq(found.stray, 1);
        cr_assert_eq(found.refused, 1);
        cr_assert_eq(found.lost, 1);
        cr_assert_eq(found.ended_count, 2);
        cr_assert(!check_is_clean(&found));
        check_fini(&check);
}

/* Goal    The generated day has the calls, talk times and patience that were
 *         asked for, repeats with its seed, and plays without a fault. */
Test(day, generated)
{
        struct generate_settings settings = generate_settings_default();
        struct driver_result result;
        struct plan plan;
        struct plan again;
        double service = 0;
        double patience = 0;

        settings.call_count = 40000;
        settings.agent_count = 400;
        cr_assert_eq(plan_generate(&plan, &settings), 0);
        cr_assert_eq(plan_generate(&again, &settings), 0);
        cr_assert_lt(fabs((double)plan.call_count - 40000), 5 * 200);
        cr_assert_eq(plan.call_count, again.call_count);
        cr_assert_arr_eq(plan.call, again.call, plan.call_count * sizeof(plan.call[0]));
        for (size_t i = 0; i < plan.call_count; i++) {
                service += plan.call[i].service_ms / 1e3 / (double)plan.call_count;
                patience += (double)plan.call[i].patience_ms / 1e3 / (double)plan.call_count;
                cr_assert(i == 0 || plan.call[i - 1].arrival_ms <= plan.call[i].arrival_ms);
        }
        cr_assert_float_eq(service, settings.service_mean_s, 5);
        cr_assert_float_eq(patience, settings.patience_mean_s, 9);
        play(&plan, &result);
        cr_assert(check_is_clean(&result.findings));
        cr_assert_eq(result.findings.ended_count, plan.call_count);
        driver_result_free(&result);
        plan_free(&plan);
        plan_free(&again);

        settings.call_count = 0;
        cr_assert_eq(plan_generate(&plan, &settings), -EINVAL);
}

/* A handful of agents still has everybody's skill. */
Test(day, generated_with_few_agents)
{
        for (uint32_t agents = 1; agents < 6; agents++) {
                struct generate_settings settings = generate_settings_default();
                struct plan plan;
                uint32_t skills = 0;

                settings.agent_count = agents;
                cr_assert_eq(plan_generate(&plan, &settings), 0);
                for (uint32_t i = 0; i < agents; i++)
                        skills |= plan.agent[i].skills;
                cr_assert_eq(skills, (1U << plan.queue_count) - 1);
                plan_free(&plan);
        }
}

/* Goal    What a known world did, written as records and read back as a plan,
 *         does again about what it did: the reading of absences, spans, skills
 *         and patience has no great bias of its own.
 * Method  Twelve generated days; the mean wait of all within 15 %, abandonment
 *         within 15 %; calls and recorded outcomes exactly. */
Test(day, to_a_file_and_back, .timeout = 120)
{
        static struct bank bank;
        struct summary_line was = { 0 };
        struct summary_line is = { 0 };

        for (uint64_t seed = 1; seed <= 12; seed++) {
                struct generate_settings settings = generate_settings_default();
                struct plan_settings records = plan_settings_default();
                struct driver_result result;
                struct summary first;
                struct summary second;
                struct plan plan;
                char path[64];

                settings.seed = seed;
                settings.call_count = 1600;
                snprintf(path, sizeof(path), "/tmp/test_day_%d.tsv.gz", (int)getpid());
                cr_assert_eq(plan_generate(&plan, &settings), 0);
                play(&plan, &result);
                summary_make(&first, &plan, &result);
                cr_assert_eq(bank_export(path, &plan, &result), 0);
                driver_result_free(&result);
                plan_free(&plan);

                cr_assert_eq(bank_load(&bank, path), 0);
                unlink(path);
                cr_assert_eq(bank.report.flawed_count, 0);
                cr_assert_eq(plan_from_bank(&plan, &bank, &records), 0);
                play(&plan, &result);
                cr_assert(check_is_clean(&result.findings));
                summary_make(&second, &plan, &result);
                cr_assert_eq(second.recorded_total.calls, first.simulated_total.calls);
                cr_assert_eq(second.recorded_total.answered, first.simulated_total.answered);
                cr_assert_lt(fabs(summary_mean_wait_s(&second.recorded_total) -
                                  summary_mean_wait_s(&first.simulated_total)),
                             1);
                was.wait_sum_s += first.simulated_total.wait_sum_s;
                was.answered += first.simulated_total.answered;
                was.abandoned += first.simulated_total.abandoned;
                is.wait_sum_s += second.simulated_total.wait_sum_s;
                is.answered += second.simulated_total.answered;
                is.abandoned += second.simulated_total.abandoned;
                driver_result_free(&result);
                plan_free(&plan);
                bank_free(&bank);
        }
        cr_assert_float_eq(summary_mean_wait_s(&is) / summary_mean_wait_s(&was), 1, 0.15);
        cr_assert_float_eq((double)is.abandoned / (double)was.abandoned, 1, 0.15);
}

/* Goal    The naive distributor, driver and batch means agree with theory, so
 *         that a disagreement of the core is the core's. */
Test(day, steady_naive, .timeout = 120)
{
        static const double loads[] = { 0.7, 0.9, 1.15 };

        for (int i = 0; i < 3; i++) {
                struct erlang_load load = {
                        .arrival_rate = loads[i] * 5 / 180,
                        .service_mean_s = 180,
                        .patience_mean_s = i == 0 ? (double)INFINITY : 200,
                        .agent_count = 5,
                };
                struct steady_figure figures[STEADY_MEASURE_COUNT];
                struct driver_result result;
                struct plan plan;

                cr_assert_eq(plan_steady(&plan, &load, 120000, 7), 0);
                play(&plan, &result);
                cr_assert(check_is_clean(&result.findings));
                cr_assert(steady_evaluate(&load, &result, figures));
                for (int m = 0; m < STEADY_MEASURE_COUNT; m++)
                        cr_assert_lt(figures[m].half_width, 0.1 * fmax(figures[m].expected, 0.1));
                driver_result_free(&result);
                plan_free(&plan);
        }
}

/* An endless queue has no formula. */
Test(day, steady_refuses_what_never_settles)
{
        struct erlang_load load = { 1, 100, (double)INFINITY, 100 };
        struct plan plan;

        cr_assert_eq(plan_steady(&plan, &load, 10000, 1), -EINVAL);
}

/* The JSON has the objects and members that programs rely on. */
Test(day, json)
{
        struct generate_settings settings = generate_settings_default();
        struct driver_result result;
        struct summary summary;
        struct plan plan;
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);
        json_t *root;

        cr_assert_eq(plan_generate(&plan, &settings), 0);
        for (size_t i = 0; i < plan.call_count; i++) {
                plan.call[i].is_recorded = true;
                plan.call[i].was_answered = i % 4 != 0;
                plan.call[i].recorded_wait_s = i % 2 == 0 ? 10 : 30;
        }
        play(&plan, &result);
        summary_make(&summary, &plan, &result);
        cr_assert_eq(summary_print_json(&summary, &plan, out), 0);
        fclose(out);
        root = json_loads(text, 0, NULL);
        cr_assert_not_null(root);

        static const char *const sides[] = { "simulated", "recorded" };

        for (int i = 0; i < 2; i++) {
                json_t *side = json_object_get(root, sides[i]);

                cr_assert_eq(json_integer_value(json_object_get(side, "calls")),
                             (json_int_t)plan.call_count);
                cr_assert_eq(json_integer_value(json_object_get(side, "answered")) +
                                     json_integer_value(json_object_get(side, "abandoned")),
                             (json_int_t)plan.call_count);
                cr_assert(json_is_real(json_object_get(side, "mean_wait_s")));
                cr_assert(json_is_real(json_object_get(side, "within_20s")));
        }
        cr_assert(json_is_integer(
                json_object_get(json_object_get(root, "simulated"), "order_breaks")));
        /* Recorded: of the answered, odd ones waited 30 s and number 2 of 4 waited 10. */
        cr_assert_float_eq(
                json_real_value(json_object_get(json_object_get(root, "recorded"), "within_20s")),
                1.0 / 3, 0.01);
        json_decref(root);
        free(text);
        driver_result_free(&result);
        plan_free(&plan);
}
