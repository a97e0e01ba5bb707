/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * gateway.h - a gateway comes, resumes what it holds, and goes.
 *
 *   Threads    The shard's.
 */

#include <stdbool.h>

#include "daemon/dispatch.h"

/* HELLO of a gateway: the core knows it, and this connection speaks for it. False: answered. */
bool gateway_arrive(const struct request *request);

/* RESUME. */
void gateway_resume(const struct request *request);

/* The connection is over: the core is told unless a newer one took over. False: no room now. */
bool gateway_leave(struct shard *shard, struct conn *conn);
