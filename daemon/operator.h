/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * operator.h - configure, drain, stop.
 *
 *   Threads    The shard's.
 */

#include "daemon/dispatch.h"

void operator_apply(const struct request *request);
void operator_drain(const struct request *request);
void operator_stop(const struct request *request);

/* An operator's tenant that did not exist at HELLO may do so by now. */
void operator_find_tenant(struct request *request);
