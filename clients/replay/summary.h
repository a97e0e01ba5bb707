/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * summary.h - what happened beside what was recorded, by queue.
 *
 * Words: calls are those that reached a queue or an agent; answered and
 * abandoned divide them. The mean wait is that of the answered, and "within
 * 20 s" is the share of the answered who waited at most 20 s: so count the
 * publishers of the data, and so can every reader check.
 *
 *   Ownership  Everything is borrowed for the call; sums are copied out.
 *   Cost       O(calls).
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "clients/replay/driver.h"
#include "clients/replay/plan.h"

enum { SUMMARY_WITHIN_S = 20 };

struct summary_line {
        uint64_t calls;
        uint64_t answered;
        uint64_t abandoned;
        uint64_t refused;
        uint64_t answered_within;
        double wait_sum_s; /* of the answered */
};

struct summary {
        bool is_recorded; /* the recorded columns mean something */
        uint32_t queue_count;
        struct summary_line simulated[PLAN_QUEUE_MAX];
        struct summary_line recorded[PLAN_QUEUE_MAX];
        struct summary_line simulated_total;
        struct summary_line recorded_total;
        struct check_findings findings;
        double occupancy; /* share of agents' time there that they were busy */
};

void summary_make(struct summary *summary, const struct plan *plan,
                  const struct driver_result *result);

/* 0 when nobody was answered. */
double summary_mean_wait_s(const struct summary_line *line);
double summary_within(const struct summary_line *line);

/* The table as text, and with the checks below it. */
void summary_print_table(const struct summary *summary, const struct plan *plan, FILE *out);
void summary_print(const struct summary *summary, const struct plan *plan, FILE *out);

/* The same as one JSON object: "simulated", "recorded" (when there is a record),
 * "queues", "checks", "plan". 0, or negative errno. */
int summary_print_json(const struct summary *summary, const struct plan *plan, FILE *out);
