/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * run.h - a run from its beginning to its end: floor, prefill, warm-up, measured
 * parts, end, audit.
 */

#include "clients/bench/audit.h"
#include "clients/bench/host.h"
#include "clients/bench/load.h"

struct run {
        const struct settings *settings;
        struct host host;
        struct load load;
        struct measure measure[SETTINGS_SWEEP_MAX + 1];
        uint32_t measure_count;
        uint64_t first_sequence; /* of the tenant's events, before the run */
        struct audit_report audit;
        bool has_audit;
        bool has_ended; /* everything that was submitted was seen to its end */
        enum exit_code code;
        char trouble[400];
};

/* Returns the exit code; the run can be reported in any case, and is to be closed. */
enum exit_code run_all(struct run *run, const struct settings *settings);
void run_close(struct run *run);

/* What of the live checks failed, in all. */
uint64_t run_violation_count(const struct run *run);
