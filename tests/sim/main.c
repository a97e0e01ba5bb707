/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The simulator of the whole daemon.
 *
 *      sim --seed 8117                one seed
 *      sim --seed 8117 --loud         and what happens in it
 *      sim --seed 1 --seeds 300       many, each in a process of its own
 *      sim --seed 1 --seeds 50 --twice   each twice: the same, bit by bit, or a finding
 *
 * Exit code 0: nothing was found. A seed that fails prints why and how to repeat it.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/assert.h"
#include "tests/sim/sim.h"

struct options_of_main {
        uint64_t seed, seeds;
        bool is_loud, is_twice;
};

/* Run one seed in a child. True: nothing was found; its hash. */
static bool run(uint64_t seed, bool is_loud, uint64_t *shared)
{
        pid_t child;
        int status;

        *shared = 0;
        fflush(NULL);
        child = fork();
        ACD_ASSERT(child >= 0);
        if (child == 0) {
                struct sim *sim = sim_new(seed, is_loud);

                *shared = sim_run(sim);
                sim_free(sim);
                fflush(NULL);
                exit(0);
        }
        ACD_ASSERT(waitpid(child, &status, 0) == child);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
                return true;
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 1)
                fprintf(stderr, "seed %llu: the process died, status %d\nagain: sim --seed %llu "
                                "--loud\n",
                        (unsigned long long)seed, status, (unsigned long long)seed);
        return false;
}

static bool run_seed(const struct options_of_main *options, uint64_t seed, uint64_t *shared)
{
        uint64_t first;

        if (!run(seed, options->is_loud, shared))
                return false;
        first = *shared;
        if (!options->is_twice)
                return true;
        if (!run(seed, false, shared))
                return false;
        if (*shared == first)
                return true;
        fprintf(stderr, "seed %llu: the second time is not as the first\n",
                (unsigned long long)seed);
        return false;
}

static bool number_of(const char *text, uint64_t *ret_number)
{
        char *end;

        if (text == NULL)
                return false;
        *ret_number = strtoull(text, &end, 10);
        return *text != 0 && *end == 0;
}

static bool parse(struct options_of_main *options, char **argv)
{
        for (argv++; *argv != NULL; argv++) {
                if (strcmp(*argv, "--loud") == 0)
                        options->is_loud = true;
                else if (strcmp(*argv, "--twice") == 0)
                        options->is_twice = true;
                else if (strcmp(*argv, "--seed") == 0 && number_of(argv[1], &options->seed))
                        argv++;
                else if (strcmp(*argv, "--seeds") == 0 && number_of(argv[1], &options->seeds))
                        argv++;
                else
                        return false;
        }
        return true;
}

int main(int argc, char **argv)
{
        struct options_of_main options = { .seed = 1, .seeds = 1 };
        uint64_t *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
                                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        uint64_t failures = 0;

        (void)argc;
        ACD_ASSERT(shared != MAP_FAILED);
        if (!parse(&options, argv)) {
                fprintf(stderr, "sim [--seed S] [--seeds COUNT] [--twice] [--loud]\n");
                return 2;
        }
        for (uint64_t seed = options.seed; seed < options.seed + options.seeds; seed++)
                failures += !run_seed(&options, seed, shared);
        printf("%llu seeds, %llu failed\n", (unsigned long long)options.seeds,
               (unsigned long long)failures);
        return failures == 0 ? 0 : 1;
}
