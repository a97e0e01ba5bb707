/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * scenario_effects.h - events and answers as text, and whether they are the expected
 * ones.
 *
 *      -> offered c1 ann deadline=25s, offer-accepted c1 ann
 *      -> refused full length-max
 *      -> duplicate
 *      -> nothing
 *      -> closed c1 abandoned, ...      (and whatever follows)
 *
 * An effect is an event's word, then any of its names and its reason, then key=value of
 * what else is to be looked at: now deadline since value count band tier state label.
 *
 *   Failure    Formatting cuts off what does not fit.
 */

#include <stdbool.h>
#include <stddef.h>

#include "acd/acd.h"
#include "tests/support/scenario_names.h"

/* What a line came to. */
struct scenario_outcome {
        const struct acd_reply *reply;
        const struct acd_event *event;
        uint32_t event_count;
};

void scenario_format_event(const struct acd_event *event, const struct scenario_names *names,
                           char *text, size_t size);

/* All of it, between commas. */
void scenario_format(const struct scenario_outcome *outcome, const struct scenario_names *names,
                     char *text, size_t size);

/* True when @expected (the text after the arrow) describes the outcome; otherwise
 * @ret_error says the first difference. */
bool scenario_match(const char *expected, const struct scenario_outcome *outcome,
                    const struct scenario_names *names, char *ret_error, size_t error_size);
