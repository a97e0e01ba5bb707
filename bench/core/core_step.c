/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast the core is, and whether that depends on how many contacts wait.
 *
 *      core_step                    times, beside a prototype of bare lists and GLib
 *      core_step --callgrind        instructions, and that they stay the same
 *      core_step --memory           bytes of a contact
 *      core_step --all              the three
 *      core_step --smoke            a moment; that the engines agree
 *
 *      core_step --one WAITING AGENTS [--keys]       one line of the first
 *
 * With --long up to 10^7 waiting and 10^6 agents (minutes, 4 GiB); with --json FILE
 * each result is also a line there.
 */

#include <stdlib.h>
#include <string.h>

#include "bench/core/bench.h"

static int usage(void)
{
        fprintf(stderr, "usage: core_step [--callgrind | --memory | --all | --smoke | "
                        "--one WAITING AGENTS [--keys]]\n"
                        "                 [--long] [--json FILE]\n");
        return 2;
}

static int counted(char **arguments)
{
        struct engine_order order = {
                .waiting_count = (uint32_t)strtoul(arguments[2], NULL, 10),
                .agent_count = (uint32_t)strtoul(arguments[3], NULL, 10),
                .class_count = (uint32_t)strtoul(arguments[4], NULL, 10),
                .has_keys = strcmp(arguments[5], "1") == 0,
        };

        bench_counted(&order, 100);
        return 0;
}

int main(int count, char **arguments)
{
        struct bench_options options = { .program = arguments[0] };
        const char *what = "--times";
        int failed = 0;
        bool is_all;

        if (count == 6 && strcmp(arguments[1], "--counted") == 0)
                return counted(arguments);
        for (int i = 1; i < count; i++) {
                if (strcmp(arguments[i], "--long") == 0) {
                        options.is_long = true;
                } else if (strcmp(arguments[i], "--json") == 0 && i + 1 < count) {
                        options.json = fopen(arguments[++i], "w");
                        if (options.json == NULL)
                                return usage();
                } else if (strcmp(arguments[i], "--one") == 0 && i + 2 < count) {
                        options.one.waiting_count = (uint32_t)strtoul(arguments[++i], NULL, 10);
                        options.one.agent_count = (uint32_t)strtoul(arguments[++i], NULL, 10);
                        options.one.class_count = 1;
                } else if (strcmp(arguments[i], "--keys") == 0) {
                        options.one.has_keys = true;
                } else if (strncmp(arguments[i], "--", 2) == 0) {
                        what = arguments[i];
                } else {
                        return usage();
                }
        }
        is_all = strcmp(what, "--all") == 0;
        if (strcmp(what, "--smoke") == 0)
                return bench_agree() | bench_memory(&options);
        if (!is_all && strcmp(what, "--times") != 0 && strcmp(what, "--callgrind") != 0 &&
            strcmp(what, "--memory") != 0)
                return usage();
        if (is_all || strcmp(what, "--times") == 0)
                failed |= bench_compare(&options);
        if (is_all || strcmp(what, "--callgrind") == 0)
                failed |= bench_count(&options);
        if (is_all || strcmp(what, "--memory") == 0)
                failed |= bench_memory(&options);
        if (options.json != NULL)
                fclose(options.json);
        return failed;
}
