/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chance for test doubles.
 *
 * Exponential times are what calls and patience look like when nothing is known
 * about them, and what the formulas of queueing theory assume. Decisions come
 * from a seed, so that a run can be had again; what the daemon does in between
 * takes real time, and so the order of things may still differ.
 */

#include "clients/cli/chance.h"

#include <math.h>
#include <time.h>

void chance_init(struct chance *chance, uint64_t seed, bool is_fixed)
{
        acd_prng_init(&chance->prng, seed);
        chance->is_fixed = is_fixed;
}

/* More than 0 and less than 1, in steps of 2^-53. */
static double uniform(struct chance *chance)
{
        return ((double)(acd_prng_next(&chance->prng) >> 11) + 0.5) / 9007199254740992.0;
}

uint64_t chance_time_ms(struct chance *chance, double mean_ms)
{
        double ms = chance->is_fixed ? mean_ms : -mean_ms * log(uniform(chance));

        return ms < 1 ? 1 : (uint64_t)ms;
}

bool chance_is(struct chance *chance, double share)
{
        return uniform(chance) < share;
}

uint64_t chance_now_ms(void)
{
        struct timespec now;

        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
