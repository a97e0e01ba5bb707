/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The property test of the core: random commands, the naive model beside it.
 *
 *      property --seed 8117 --steps 400            one history, shrunk if it fails
 *      property --seed 1 --seeds 100000            a campaign
 *      property --seed 1 --seeds 300 --coverage    and everything must be reached
 *      property --seed 8117 --loud                 print the lines as they are done
 *      property --failures 1 --no-shrink           is there one? (the mutation run)
 *
 * After every step: the invariants hold (acd_check), answer and events are the model's,
 * refusals change nothing; now and then the state goes through save and load; at the end
 * everything accepted is replayed and gives the same digest. Exit code 0: nothing found.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/property/coverage.h"
#include "tests/property/run.h"
#include "tests/property/shrink.h"

struct options {
        uint64_t seed, seeds;
        uint32_t steps, failure_count_max;
        bool is_loud, has_coverage, is_shrinking;
};

static bool number_of(const char *text, uint64_t *ret_number)
{
        char *end;

        if (text == NULL)
                return false;
        *ret_number = strtoull(text, &end, 10);
        return *text != 0 && *end == 0;
}

static bool parse(struct options *options, char **argv)
{
        for (argv++; *argv != NULL; argv++) {
                uint64_t number = 0;

                if (strcmp(*argv, "--loud") == 0) {
                        options->is_loud = true;
                } else if (strcmp(*argv, "--coverage") == 0) {
                        options->has_coverage = true;
                } else if (strcmp(*argv, "--no-shrink") == 0) {
                        options->is_shrinking = false;
                } else if (!number_of(argv[1], &number)) {
                        return false;
                } else if (strcmp(*argv, "--seed") == 0) {
                        options->seed = number;
                        argv++;
                } else if (strcmp(*argv, "--seeds") == 0) {
                        options->seeds = number;
                        argv++;
                } else if (strcmp(*argv, "--steps") == 0 && number <= UINT32_MAX) {
                        options->steps = (uint32_t)number;
                        argv++;
                } else if (strcmp(*argv, "--failures") == 0 && number <= UINT32_MAX) {
                        options->failure_count_max = (uint32_t)number;
                        argv++;
                } else {
                        return false;
                }
        }
        return true;
}

static void report_failure(struct run *run, const struct options *options, uint64_t seed)
{
        printf("seed %llu, step %u: %s\n", (unsigned long long)seed, run->step_count + 1,
               run->message);
        printf("again: property --seed %llu --steps %u\n", (unsigned long long)seed,
               options->steps);
        if (options->is_shrinking)
                shrink(run, seed);
        fflush(stdout);
}

int main(int argc, char **argv)
{
        struct options options = { .seed = 1, .seeds = 1, .steps = 400, .failure_count_max = 5,
                                   .is_shrinking = true };
        struct run *run = run_new();
        uint64_t steps = 0, ambiguous = 0, failures = 0;

        (void)argc;
        if (!parse(&options, argv)) {
                fprintf(stderr, "property [--seed S] [--seeds COUNT] [--steps N] [--coverage]"
                                " [--loud] [--failures COUNT] [--no-shrink]\n");
                return 2;
        }
        for (uint64_t seed = options.seed; seed < options.seed + options.seeds; seed++) {
                enum run_end end = run_seed(run, seed, options.steps, options.is_loud);

                steps += run->step_count;
                ambiguous += end == RUN_AMBIGUOUS;
                if (end != RUN_FAILED)
                        continue;
                failures++;
                report_failure(run, &options, seed);
                if (failures == options.failure_count_max)
                        break;
        }
        printf("%llu seeds, %llu steps, %llu given up as ambiguous, %llu failed\n",
               (unsigned long long)options.seeds, (unsigned long long)steps,
               (unsigned long long)ambiguous, (unsigned long long)failures);
        if (options.has_coverage && !coverage_is_full(&run->coverage))
                failures++;
        run_free(run);
        return failures == 0 ? 0 : 1;
}
