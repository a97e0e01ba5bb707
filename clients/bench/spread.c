/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Durations of handling.
 *
 * A log-normal with mean m and coefficient of variation c is exp(mu + s z) with
 * s^2 = ln(1 + c^2) and mu = ln m - s^2 / 2; z is a standard normal number by
 * Box and Muller's formula, of which one half is used: a draw then depends on
 * nothing but the generator.
 */

#include "clients/bench/spread.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool parse_ms(const char *text, char until, double *ret_ms, const char **ret_end)
{
        char *end;

        if (*text < '0' || *text > '9')
                return false;
        *ret_ms = strtod(text, &end);
        *ret_end = end;
        return *end == until && *ret_ms >= 0 && *ret_ms <= 86400000;
}

bool spread_parse(struct spread *spread, const char *text)
{
        const char *end;

        *spread = (struct spread){ .kind = SPREAD_FIXED };
        if (strcmp(text, "0") == 0) {
                spread->kind = SPREAD_NONE;
                return true;
        }
        if (strncmp(text, "lognormal:", 10) == 0) {
                spread->kind = SPREAD_LOGNORMAL;
                return parse_ms(text + 10, ',', &spread->mean_ms, &end) && spread->mean_ms > 0 &&
                       parse_ms(end + 1, 0, &spread->variation, &end) && spread->variation <= 100;
        }
        if (strncmp(text, "exp:", 4) == 0) {
                spread->kind = SPREAD_EXPONENTIAL;
                return parse_ms(text + 4, 0, &spread->mean_ms, &end);
        }
        if (strncmp(text, "fixed:", 6) == 0)
                text += 6;
        return parse_ms(text, 0, &spread->mean_ms, &end);
}

static double uniform(struct acd_prng *prng)
{
        return ((double)(acd_prng_next(prng) >> 11) + 1) * 0x1p-53;
}

static double lognormal(const struct spread *spread, struct acd_prng *prng)
{
        double square = log1p(spread->variation * spread->variation);
        double normal = sqrt(-2 * log(uniform(prng))) * cos(2 * M_PI * uniform(prng));

        return exp(log(spread->mean_ms) - square / 2 + sqrt(square) * normal);
}

uint64_t spread_draw(const struct spread *spread, struct acd_prng *prng)
{
        switch (spread->kind) {
        case SPREAD_NONE:
                return 0;
        case SPREAD_FIXED:
                return (uint64_t)(spread->mean_ms * 1e6);
        case SPREAD_EXPONENTIAL:
                return (uint64_t)(-log(uniform(prng)) * spread->mean_ms * 1e6);
        case SPREAD_LOGNORMAL:
                return (uint64_t)(lognormal(spread, prng) * 1e6);
        }
        return 0;
}
