/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * query.h - questions about one thing.
 *
 *   Threads    The shard's.
 */

#include "daemon/dispatch.h"

void query_resolve(const struct request *request);
void query_contact(const struct request *request);
