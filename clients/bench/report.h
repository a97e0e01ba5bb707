/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * report.h - a run for people and for programs.
 *
 * The keys of the JSON document are in the manual, acdbench(1); they stay.
 */

#include <stdbool.h>
#include <stdio.h>

#include "clients/bench/run.h"

void report_text(const struct run *run, FILE *out);
void report_json(const struct run *run, FILE *out);

/* What --hgrm and --svg ask for. False: could not be written, a sentence is on stderr. */
bool report_files(const struct run *run);
