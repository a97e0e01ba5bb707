/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * audit.h - the run once more, by the daemon's own events.
 *
 * Reads the events of the tenant from where the run began and holds them
 * against what must be true of any of them (order.h). What the event log does
 * not have any more cannot be checked; the report says how many were.
 *
 *   Failure    false, with a code and a sentence in the report. What is found
 *              wrong with the events is not a failure: it is counted.
 */

#include <signal.h>

#include "clients/bench/settings.h"

enum { AUDIT_TOLD_MAX = 8 };

struct audit_request {
        const char *address;
        const char *tenant;
        uint64_t from_sequence;
        double timeout_s;
        const volatile sig_atomic_t *is_interrupted;
};

struct audit_report {
        uint64_t event_count;
        uint64_t missing_count; /* of the run, but no more in the log */
        uint64_t submitted_count, closed_count, assignment_count;
        uint64_t violation_count;
        char violation[AUDIT_TOLD_MAX][160];
        double seconds;
        enum exit_code code;
        char trouble[320];
};

bool audit_run(const struct audit_request *request, struct audit_report *ret_report);
