/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * progress.h - how far a run is, on stderr: one line that changes on a terminal,
 * a line a second elsewhere, nothing when it is asked to be quiet.
 */

#include "clients/bench/load.h"

void progress_say(const struct load *load, const char *verb, uint64_t done, uint64_t total);
void progress_interval(const struct load *load, const struct measure *measure);
/* The line is done with. */
void progress_end(const struct load *load);
