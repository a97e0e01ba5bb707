/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * setup.h - the plan's world as the daemon's configuration, sent over the wire.
 *
 *   Failure    false, or NULL, after a sentence on stderr.
 */

#include <stdbool.h>
#include <stdint.h>

#include <acdclient.h>

#include "clients/replay/plan.h"

/* A connected operator of @tenant ("" = none yet); waits for the daemon to start, at most
 * @timeout_ms. Free it with acdclient_free(). */
struct acdclient *setup_operator(const char *address, const char *tenant, uint32_t timeout_ms);

/* Tenant, channel, skills, queues and agents of @plan. */
bool setup_apply(const char *address, const struct plan *plan);
