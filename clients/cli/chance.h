/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * chance.h - times and decisions of the test doubles, from a seed.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/prng.h"

struct chance {
        struct acd_prng prng;
        bool is_fixed; /* every time is its mean */
};

void chance_init(struct chance *chance, uint64_t seed, bool is_fixed);

/* A time with this mean: exponential, or the mean itself. */
uint64_t chance_time_ms(struct chance *chance, double mean_ms);

/* True with this share, 0 to 1. */
bool chance_is(struct chance *chance, double share);

/* Real milliseconds of a clock that never goes back. */
uint64_t chance_now_ms(void);
