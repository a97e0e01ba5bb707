/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times of the engines, side by side.
 *
 * All engines of a row are filled first and stay; then each runs in turn, five times
 * over, and medians are compared: what the machine does meanwhile hits all alike.
 * Times are the thread's own processor time. A row is a process, so that each begins
 * with fresh memory. Only ratios of one row mean anything.
 */

#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/core/bench.h"

enum { ROUND_COUNT = 5, ENGINE_MAX = 4, TURN_COUNT = 3000 };

struct row {
        struct engine_order order;
        const struct engine *engine[ENGINE_MAX];
};

static uint64_t now_ns(void)
{
        struct timespec time;

        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static int compare(const void *left, const void *right)
{
        double difference = *(const double *)left - *(const double *)right;

        return (difference > 0) - (difference < 0);
}

static void print_row(const struct bench_options *options, const struct row *row,
                      const double median[ENGINE_MAX])
{
        const struct engine_order *order = &row->order;

        printf("%9u %8u %3u %-4s", order->waiting_count, order->agent_count, order->class_count,
               order->has_keys ? "keys" : "");
        for (uint32_t i = 0; i < ENGINE_MAX; i++) {
                if (row->engine[i] == NULL) {
                        printf("%20s", "");
                        continue;
                }
                printf("  %7.0f ns (%5.2f x)", median[i], median[i] / median[0]);
                bench_json(options,
                           "\"engine\": \"%s\", \"waiting\": %u, \"agents\": %u, "
                           "\"classes\": %u, \"keys\": %s, \"ns\": %.1f, \"ratio\": %.3f",
                           row->engine[i]->name, order->waiting_count, order->agent_count,
                           order->class_count, order->has_keys ? "true" : "false", median[i],
                           median[i] / median[0]);
        }
        printf("\n");
        fflush(stdout);
        if (options->json != NULL)
                fflush(options->json);
}

static void measure(const struct bench_options *options, const struct row *row)
{
        struct bench_load load[ENGINE_MAX];
        double ns[ENGINE_MAX][ROUND_COUNT];
        double median[ENGINE_MAX];

        for (uint32_t i = 0; i < ENGINE_MAX; i++)
                if (row->engine[i] != NULL)
                        bench_fill(&load[i], row->engine[i], &row->order);
        for (uint32_t round = 0; round <= ROUND_COUNT; round++)
                for (uint32_t i = 0; i < ENGINE_MAX; i++) {
                        uint64_t begin = now_ns();

                        if (row->engine[i] == NULL)
                                continue;
                        bench_run(&load[i], TURN_COUNT);
                        /* The first round warms up. */
                        if (round > 0)
                                ns[i][round - 1] = (double)(now_ns() - begin) /
                                                   (double)(TURN_COUNT * ENGINE_TURN);
                }
        for (uint32_t i = 0; i < ENGINE_MAX; i++) {
                if (row->engine[i] == NULL)
                        continue;
                qsort(ns[i], ROUND_COUNT, sizeof(ns[i][0]), compare);
                median[i] = ns[i][ROUND_COUNT / 2];
                bench_empty(&load[i]);
        }
        print_row(options, row, median);
}

static int measure_apart(const struct bench_options *options, const struct row *row)
{
        pid_t child;
        int status = 1;

        fflush(NULL);
        child = fork();
        if (child == 0) {
                measure(options, row);
                fflush(NULL);
                _exit(0);
        }
        if (child < 0 || waitpid(child, &status, 0) < 0)
                return 1;
        return status == 0 ? 0 : 1;
}

/* All engines in one row. */
static int size(const struct bench_options *options, const struct engine_order *order)
{
        struct row row = {
                .order = *order,
                .engine = { &engine_prototype, &engine_core, &engine_core_prefetch, &engine_glib },
        };

        if (engine_glib.name == NULL)
                row.engine[3] = NULL;
        return measure_apart(options, &row);
}

static int sizes(const struct bench_options *options, bool has_keys)
{
        static const struct {
                uint32_t waiting, agents;
                bool is_long;
        } grid[] = {
                { 1000, 1000, false },     { 100000, 100, false },    { 100000, 10000, false },
                { 1000000, 10000, false }, { 10000000, 10000, true }, { 1000000, 1000000, true },
        };
        int failed = 0;

        for (uint32_t i = 0; i < sizeof(grid) / sizeof(grid[0]); i++) {
                struct engine_order order = { grid[i].waiting, grid[i].agents, 1, has_keys };

                if (!grid[i].is_long || options->is_long)
                        failed |= size(options, &order);
        }
        return failed;
}

int bench_compare(const struct bench_options *options)
{
        int failed = 0;

        printf("processor time of a life cycle: submit, complete, offer, accept\n"
               "%9s %8s %3s %-4s  %-19s  %-19s  %-19s  %-19s\n",
               "waiting", "agents", "k", "", "prototype", "core", "core, prefetching",
               engine_glib.name == NULL ? "(built without GLib)" : "GLib heap");
        if (options->one.agent_count > 0)
                return size(options, &options->one);
        for (uint32_t keys = 0; keys < 2; keys++)
                failed |= sizes(options, keys == 1);
        printf("by classes an agent serves\n");
        for (uint32_t classes = 1; classes <= 64; classes *= 2) {
                struct row row = {
                        .order = { 100000, 1000, classes, false },
                        .engine = { &engine_prototype, &engine_core },
                };

                failed |= measure_apart(options, &row);
        }
        return failed;
}

int bench_agree(void)
{
        const struct engine_order order = { 500, 100, 1, true };
        const struct engine *engines[] = { &engine_prototype, &engine_core, &engine_core_prefetch,
                                           &engine_glib };
        struct bench_load load[2];
        int failed = 0;

        for (uint32_t i = 1; i < sizeof(engines) / sizeof(engines[0]); i++) {
                if (engines[i]->name == NULL)
                        continue;
                bench_fill(&load[0], engines[0], &order);
                bench_fill(&load[1], engines[i], &order);
                /* To the letter only where turns are taken alike: prefetching submits a
                 * whole turn before anybody is done, so the first in line may differ. */
                for (uint32_t turn = 0; turn < 40 && engines[i] != &engine_core_prefetch; turn++) {
                        bench_run(&load[0], 1);
                        bench_run(&load[1], 1);
                        for (uint32_t agent = 0; agent < order.agent_count; agent++)
                                if (engines[0]->has(load[0].self, agent) !=
                                    engines[i]->has(load[1].self, agent))
                                        failed = 1;
                }
                if (engines[i] == &engine_core_prefetch)
                        bench_run(&load[1], 40);
                printf("%-18s %s\n", engines[i]->name,
                       failed != 0 ? "DIFFERS from the prototype" : "agrees");
                bench_empty(&load[0]);
                bench_empty(&load[1]);
        }
        return failed;
}
