/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * chance.h - random numbers of the kinds that calls and callers follow.
 *
 * All of it comes from a seeded generator (base/prng.h): the same seed, the same
 * day.
 */

#include "base/prng.h"

/* Above 0 and at most 1, in steps of 2^-53. */
double chance_uniform(struct acd_prng *prng);

/* Exponential with this mean. */
double chance_exponential(struct acd_prng *prng, double mean);

/* Lognormal with this mean and this ratio of standard deviation to mean. */
double chance_lognormal(struct acd_prng *prng, double mean, double variation);
