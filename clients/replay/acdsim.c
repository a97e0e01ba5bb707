/* SPDX-License-Identifier: Apache-2.0 */
/*
 * acdsim - a day or a month on the matching core alone, in virtual time.
 *
 * Three kinds of run: records of a file, a generated day, and steady loads that
 * are compared with Erlang's formulas. All make a plan, play it on the core
 * through the same driver, and are watched by the same referee.
 */

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/assert.h"
#include "clients/replay/bank_export.h"
#include "clients/replay/core_engine.h"
#include "clients/replay/driver.h"
#include "clients/replay/options.h"
#include "clients/replay/steady.h"
#include "clients/replay/summary.h"

enum {
        OWN_WRITE = OPTIONS_OWN,
        OWN_ERLANG_C,
        OWN_ERLANG_A,
        OWN_LOAD,
        OWN_HELP,
        OWN_VERSION,
        OWN_COUNT = OWN_VERSION - OPTIONS_OWN + 1,
};

static const struct option own_options[] = {
        { "write", required_argument, NULL, OWN_WRITE },
        { "erlang-c", no_argument, NULL, OWN_ERLANG_C },
        { "erlang-a", no_argument, NULL, OWN_ERLANG_A },
        { "load", required_argument, NULL, OWN_LOAD },
        { "help", no_argument, NULL, OWN_HELP },
        { "version", no_argument, NULL, OWN_VERSION },
};

struct arguments {
        struct options shared;
        const char *write_path;
        bool is_erlang_c;
        bool is_erlang_a;
        double load; /* 0 = the default three */
};

/* Steady loads: calls per agent's capacity, and how many calls a run needs so
 * that a batch is long beside the memory of the queue. */
static const struct {
        double load;
        uint32_t call_count;
} steady_c[] = { { 0.70, 200000 }, { 0.88, 300000 }, { 0.96, 800000 } },
  steady_a[] = { { 0.85, 200000 }, { 0.98, 200000 }, { 1.15, 200000 } };

enum { STEADY_LOAD_COUNT = 3, STEADY_AGENTS = 10, STEADY_SERVICE_S = 180, STEADY_PATIENCE_S = 240 };

_Noreturn void acd_panic(const char *file, int line, const char *function, const char *what)
{
        fprintf(stderr, "%s:%d: %s: %s\n", file, line, function, what);
        abort();
}

static void help(void)
{
        puts("acdsim [FILE] [options]   play call records, or without a file a generated day,\n"
             "                          on the matching core in virtual time\n"
             "acdsim --queue-log FILE   play what the queue_log of an Asterisk tells\n"
             "acdsim --erlang-c | --erlang-a   steady loads beside the formulas\n");
        options_help(stdout);
        puts("  --write FILE         what was simulated, as call records (.gz compresses)\n"
             "  --erlang-c           Poisson arrivals, exponential service, nobody leaves\n"
             "  --erlang-a           and exponential patience\n"
             "  --load X             of the agents' capacity, instead of three loads\n"
             "  --help, --version\n\n"
             "Exit code: 0 all good, 1 a check failed or a file could not be read, 2 usage.");
}

/* Play @plan on a core of its own. */
static int play(const struct plan *plan, uint64_t seed, struct driver_result *ret_result,
                uint64_t *ret_step_count)
{
        struct core_engine *core = core_engine_new(plan, seed);
        struct engine engine;
        int r;

        if (core == NULL)
                return -errno;
        engine = core_engine_face(core);
        r = driver_run(plan, &engine, NULL, ret_result);
        *ret_step_count = core_engine_step_count(core);
        core_engine_free(core);
        return r;
}

static double cpu_seconds(void)
{
        struct timespec now;

        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
        return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int run_plan(const struct arguments *arguments, const struct plan *plan)
{
        const struct options *options = &arguments->shared;
        struct driver_result result;
        struct summary summary;
        uint64_t step_count;
        double begin = cpu_seconds();
        int r = play(plan, options->day.seed, &result, &step_count);

        if (r < 0) {
                fprintf(stderr, "the run failed: %s\n", strerror(-r));
                return OPTIONS_EXIT_CHECK;
        }
        summary_make(&summary, plan, &result);
        if (options->is_json) {
                r = summary_print_json(&summary, plan, stdout);
        } else {
                summary_print(&summary, plan, stdout);
                printf("%" PRIu64 " steps of the core in %.2f s of processor time\n", step_count,
                       cpu_seconds() - begin);
        }
        if (r == 0 && arguments->write_path != NULL)
                r = bank_export(arguments->write_path, plan, &result);
        if (r < 0)
                fprintf(stderr, "writing: %s\n", strerror(-r));
        driver_result_free(&result);
        return r == 0 && check_is_clean(&summary.findings) ? OPTIONS_EXIT_DONE : OPTIONS_EXIT_CHECK;
}

static int run_day(const struct arguments *arguments)
{
        const struct options *options = &arguments->shared;
        struct plan plan;
        int r = options_make_plan(options, &plan, options->is_json ? NULL : stdout);

        if (r != OPTIONS_EXIT_DONE)
                return r;
        r = run_plan(arguments, &plan);
        plan_free(&plan);
        return r;
}

static void print_steady(const struct erlang_load *load, const struct steady_figure *figures)
{
        double offered = load->arrival_rate * load->service_mean_s / load->agent_count;

        for (int i = 0; i < STEADY_MEASURE_COUNT; i++) {
                if (i == STEADY_ABANDON_PROBABILITY && isinf(load->patience_mean_s))
                        continue;
                printf("%5.0f %% %-21s %12.5f %12.5f +- %-10.5f %s\n", 100 * offered,
                       steady_measure_name((enum steady_measure)i), figures[i].expected,
                       figures[i].simulated, figures[i].half_width,
                       figures[i].is_within ? "agrees" : "DISAGREES");
        }
}

/* One steady load. */
static int run_steady(const struct erlang_load *load, uint32_t call_count, uint64_t seed)
{
        struct steady_figure figures[STEADY_MEASURE_COUNT];
        struct driver_result result;
        struct plan plan;
        uint64_t step_count;
        bool agrees;
        int r = plan_steady(&plan, load, call_count, seed);

        if (r == 0) {
                r = play(&plan, seed, &result, &step_count);
                plan_free(&plan);
        }
        if (r < 0) {
                fprintf(stderr, "a steady load: %s\n", strerror(-r));
                return OPTIONS_EXIT_USAGE;
        }
        agrees = steady_evaluate(load, &result, figures);
        print_steady(load, figures);
        if (!check_is_clean(&result.findings)) {
                printf("the referee found something: order breaks %" PRIu64
                       ", idle agent while a call waits %" PRIu64 "\n",
                       result.findings.order_breaks, result.findings.idle_breaks);
                agrees = false;
        }
        driver_result_free(&result);
        return agrees ? OPTIONS_EXIT_DONE : OPTIONS_EXIT_CHECK;
}

static int run_erlang(const struct arguments *arguments, bool is_a)
{
        const struct generate_settings *given = &arguments->shared.day;
        struct erlang_load load = {
                .service_mean_s =
                        arguments->shared.has_service ? given->service_mean_s : STEADY_SERVICE_S,
                .patience_mean_s = (double)INFINITY,
                .agent_count = arguments->shared.has_agents ? given->agent_count : STEADY_AGENTS,
        };
        int worst = OPTIONS_EXIT_DONE;

        if (is_a)
                load.patience_mean_s =
                        arguments->shared.has_patience ? given->patience_mean_s : STEADY_PATIENCE_S;
        printf("%s, %" PRIu32 " agents, service %.0f s", is_a ? "Erlang A" : "Erlang C",
               load.agent_count, load.service_mean_s);
        if (is_a)
                printf(", patience %.0f s", load.patience_mean_s);
        printf("\n   load measure                    formula    simulated +- 99 %%\n");
        for (int i = 0; i < STEADY_LOAD_COUNT; i++) {
                double share = is_a ? steady_a[i].load : steady_c[i].load;
                uint32_t calls = is_a ? steady_a[i].call_count : steady_c[i].call_count;
                int r;

                if (arguments->load > 0)
                        share = arguments->load;
                if (arguments->shared.has_calls)
                        calls = given->call_count;
                load.arrival_rate = share * load.agent_count / load.service_mean_s;
                /* Each load its own calls, so that one unlucky draw does not show thrice. */
                r = run_steady(&load, calls, given->seed * 16 + (uint64_t)(is_a * 3 + i));
                worst = r > worst ? r : worst;
                if (arguments->load > 0)
                        break;
        }
        return worst;
}

static bool take_own(void *context, int value, const char *argument)
{
        struct arguments *arguments = context;

        switch (value) {
        case OWN_WRITE:
                arguments->write_path = argument;
                return true;
        case OWN_ERLANG_C:
                arguments->is_erlang_c = true;
                return true;
        case OWN_ERLANG_A:
                arguments->is_erlang_a = true;
                return true;
        case OWN_LOAD:
                return options_number("load", argument, 0.01, 10, &arguments->load);
        case OWN_HELP:
                help();
                exit(OPTIONS_EXIT_DONE);
        case OWN_VERSION:
                puts("acdsim " ACDD_VERSION);
                exit(OPTIONS_EXIT_DONE);
        default:
                return false;
        }
}

int main(int argc, char **argv)
{
        struct arguments arguments = { .shared = options_default() };
        struct options_own own = {
                .option = own_options, .count = OWN_COUNT, .take = take_own, .context = &arguments
        };
        int worst = OPTIONS_EXIT_DONE;

        if (!options_read(&arguments.shared, &own, argc, argv)) {
                fputs("try acdsim --help\n", stderr);
                return OPTIONS_EXIT_USAGE;
        }
        if (arguments.write_path != NULL && arguments.shared.queue_log != NULL) {
                fputs("--write: call records have no names as a queue_log has; not of one\n"
                      "try acdsim --help\n",
                      stderr);
                return OPTIONS_EXIT_USAGE;
        }
        if (!arguments.is_erlang_c && !arguments.is_erlang_a)
                return run_day(&arguments);
        for (int is_a = 0; is_a <= 1; is_a++) {
                if (is_a ? arguments.is_erlang_a : arguments.is_erlang_c) {
                        int r = run_erlang(&arguments, is_a);

                        worst = r > worst ? r : worst;
                }
        }
        return worst;
}
