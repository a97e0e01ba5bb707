/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * spread.h - how long an agent is busy with a contact.
 *
 *      0               none: COMPLETE leaves together with ACCEPT
 *      MS, fixed:MS    always so long, from the answer to ACCEPT
 *      exp:MS          exponential with this mean
 *      lognormal:MS,CV log-normal with this mean and coefficient of variation
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/prng.h"

enum spread_kind { SPREAD_NONE, SPREAD_FIXED, SPREAD_EXPONENTIAL, SPREAD_LOGNORMAL };

struct spread {
        enum spread_kind kind;
        double mean_ms;
        double variation; /* standard deviation over mean, log-normal */
};

bool spread_parse(struct spread *spread, const char *text);

/* A duration in ns. */
uint64_t spread_draw(const struct spread *spread, struct acd_prng *prng);
