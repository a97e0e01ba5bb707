/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * core_engine.h - the matching core alone, in virtual time, as an engine.
 *
 *   Ownership  core_engine_new() allocates everything, core_engine_free()
 *              releases. The plan must outlive it.
 *   Time       Virtual: waiting takes no time; the core's timers run when due.
 *   Failure    NULL and errno: ENOMEM, or EINVAL when the core refuses the plan's
 *              configuration.
 */

#include "clients/replay/engine.h"

struct core_engine;

struct core_engine *core_engine_new(const struct plan *plan, uint64_t seed);
void core_engine_free(struct core_engine *core);

struct engine core_engine_face(struct core_engine *core);

/* Commands the core has taken. */
uint64_t core_engine_step_count(const struct core_engine *core);
