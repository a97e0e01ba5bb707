/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * shrink.h - the shortest history found that still fails.
 */

#include "tests/property/run.h"

/* Take the lines of the failed @run, drop what can be dropped, and print the rest as a
 * scenario. The run is used up. */
void shrink(struct run *run, uint64_t seed);
