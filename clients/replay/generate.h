/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * generate.h - a day that no record is needed for, in the shape of a bank's.
 *
 * Calls come as a Poisson process whose rate follows a profile of half hours
 * from 07:00 to 24:00; talk is lognormal, patience exponential, wrap-up
 * exponential. Agents work one of three shifts with a meal and two short breaks,
 * and have one to five skills. The same settings give the same day.
 *
 *   Ownership  plan_generate() allocates, plan_free() releases.
 *   Failure    0, -ENOMEM, or -EINVAL for settings out of range.
 */

#include <stdio.h>

#include "clients/replay/plan.h"

struct generate_settings {
        uint32_t call_count;  /* expected; 1 .. 1,000,000 */
        uint32_t agent_count; /* 1 .. 1,000 */
        double service_mean_s;
        double service_variation; /* standard deviation over mean */
        double patience_mean_s;
        double wrap_up_mean_s;
        double priority_share; /* of calls that have the credit */
        uint64_t seed;
};

struct generate_settings generate_settings_default(void);

int plan_generate(struct plan *plan, const struct generate_settings *settings);

/* The settings, the profile and the shifts, as text. */
void generate_print(const struct generate_settings *settings, FILE *out);
