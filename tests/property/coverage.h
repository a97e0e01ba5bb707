/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * coverage.h - did the histories reach everything that there is to reach?
 *
 * A random test that never meets a case says nothing about it. Every result, event,
 * reason, refused field, cell of the rules' tables, timer and job must have been met.
 */

#include <stdbool.h>

#include "tests/support/model.h"

/* Print what was not reached; true when there is nothing to print. */
bool coverage_is_full(const struct model_coverage *coverage);
