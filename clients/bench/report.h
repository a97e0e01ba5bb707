/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * report.h - a run for people and for programs.
 *
 * The keys of the JSON document are in the manual, acdbench(1); they stay.
 */

#include <stdio.h>

#include "clients/bench/run.h"

void report_text(const struct run *run, FILE *out);
void report_json(const struct run *run, FILE *out);
