/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Distributions by inversion and by Box and Muller: exact, without tables, and
 * with a fixed number of draws each, so that one caller's draws never shift
 * another's.
 */

#include "clients/replay/chance.h"

#include <math.h>

double chance_uniform(struct acd_prng *prng)
{
        return ldexp((double)((acd_prng_next(prng) >> 11) + 1), -53);
}

double chance_exponential(struct acd_prng *prng, double mean)
{
        return -log(chance_uniform(prng)) * mean;
}

double chance_lognormal(struct acd_prng *prng, double mean, double variation)
{
        double radius = sqrt(-2 * log(chance_uniform(prng)));
        double normal = radius * cos(2 * M_PI * chance_uniform(prng));
        double variance = log1p(variation * variation);

        return mean * exp(sqrt(variance) * normal - variance / 2);
}
