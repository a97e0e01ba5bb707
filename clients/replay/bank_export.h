/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * bank_export.h - what a run made of a plan, as call records.
 *
 * So a generated day becomes a file like a recorded one, for this tool and any
 * other that reads the format; and a plan can be read back from what a known
 * world did, which is how the reading is tested.
 */

#include "clients/replay/driver.h"
#include "clients/replay/plan.h"

/* The day of a plan that has none: a Sunday. */
enum { BANK_EXPORT_DATE = 990103 };

/* 0 or negative errno. Times are cut to whole seconds. */
int bank_export(const char *path, const struct plan *plan, const struct driver_result *result);
