/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instructions for a life cycle: does the cost depend on how many wait or work?
 *
 * Hardware counters are not to be had in virtual machines, so this program runs
 * itself under callgrind, which counts only inside measured_turns(). The count is
 * exact and repeats. Within a column the least and the most may differ by a tenth;
 * else the answer is 1.
 */

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/core/bench.h"

enum { COUNTED_TURNS = 100, SPREAD_PERCENT_MAX = 10 };

__attribute__((noinline)) static void measured_turns(struct bench_load *load, uint32_t turn_count)
{
        bench_run(load, turn_count);
}

void bench_counted(const struct engine_order *order, uint32_t turn_count)
{
        struct bench_load load;

        bench_fill(&load, &engine_core, order);
        measured_turns(&load, turn_count);
        bench_empty(&load);
}

/* This program again, under callgrind, saying what it has to say into @output. */
static void exec_callgrind(const char *program, const struct engine_order *order, int output)
{
        char waiting[16], agents[16], classes[16], keys[2];

        snprintf(waiting, sizeof(waiting), "%u", order->waiting_count);
        snprintf(agents, sizeof(agents), "%u", order->agent_count);
        snprintf(classes, sizeof(classes), "%u", order->class_count);
        snprintf(keys, sizeof(keys), "%d", order->has_keys ? 1 : 0);
        dup2(output, STDOUT_FILENO);
        dup2(output, STDERR_FILENO);
        execlp("valgrind", "valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
               "--toggle-collect=measured_turns*", program, "--counted", waiting, agents, classes,
               keys, (char *)NULL);
        _exit(127);
}

/* Instructions for a life cycle; 0: valgrind did not run. */
static double count(const struct bench_options *options, const struct engine_order *order)
{
        char line[512];
        unsigned long long instructions = 0;
        int ends[2];
        FILE *said;
        pid_t child;

        if (pipe(ends) != 0)
                return 0;
        fflush(NULL);
        child = fork();
        if (child == 0)
                exec_callgrind(options->program, order, ends[1]);
        close(ends[1]);
        said = fdopen(ends[0], "r");
        while (said != NULL && fgets(line, sizeof(line), said) != NULL) {
                char *at = strstr(line, "Collected :");

                if (at != NULL)
                        instructions = strtoull(at + strlen("Collected :"), NULL, 10);
        }
        if (said != NULL)
                fclose(said);
        waitpid(child, NULL, 0);
        return (double)instructions / (COUNTED_TURNS * ENGINE_TURN);
}

static int count_row(const struct bench_options *options, const struct engine_order *order,
                     double *least, double *most)
{
        double instructions = count(options, order);

        if (instructions <= 0) {
                fprintf(stderr, "core_step: valgrind did not run\n");
                return 1;
        }
        printf("%9u waiting %8u agents %3u classes %-4s %8.1f instructions\n", order->waiting_count,
               order->agent_count, order->class_count, order->has_keys ? "keys" : "", instructions);
        bench_json(options,
                   "\"engine\": \"core\", \"waiting\": %u, \"agents\": %u, \"classes\": %u, "
                   "\"keys\": %s, \"instructions\": %.1f",
                   order->waiting_count, order->agent_count, order->class_count,
                   order->has_keys ? "true" : "false", instructions);
        fflush(stdout);
        if (*least > instructions || *least <= 0)
                *least = instructions;
        if (*most < instructions)
                *most = instructions;
        return 0;
}

/* Flat: the most is at most a tenth above the least. */
static int judge(const char *what, double least, double most)
{
        double percent = (most / least - 1) * 100;

        printf("%s: %.1f %% between least and most, at most %d\n", what, percent,
               SPREAD_PERCENT_MAX);
        return percent <= SPREAD_PERCENT_MAX ? 0 : 1;
}

int bench_count(const struct bench_options *options)
{
        static const uint32_t sizes[] = { 100, 1000, 10000, 100000, 1000000, 10000000 };
        uint32_t last = options->is_long ? 5 : 3;
        double least = 0, most = 0, unused = 0;
        int failed = 0;

        for (uint32_t keys = 0; keys < 2; keys++) {
                least = most = 0;
                for (uint32_t i = 1; i <= last; i++) {
                        struct engine_order order = { sizes[i], 100, 1, keys == 1 };

                        failed |= count_row(options, &order, &least, &most);
                }
                failed |= judge(keys == 0 ? "by waiting" : "by waiting, with keys", least, most);
        }
        least = most = 0;
        for (uint32_t i = 0; i < last && i < 5; i++) {
                struct engine_order order = { 1000, sizes[i], 1, false };

                failed |= count_row(options, &order, &least, &most);
        }
        failed |= judge("by agents", least, most);
        for (uint32_t classes = 1; classes <= 64; classes *= 2) {
                struct engine_order order = { 1000, 100, classes, false };

                failed |= count_row(options, &order, &unused, &unused);
        }
        return failed;
}
