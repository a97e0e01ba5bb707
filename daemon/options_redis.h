/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * options_redis.h - what parameters of Redis may not say together.
 *
 *   Threads    Any.
 */

#include "daemon/options.h"

/* A sentence with a remedy, or NULL when they are good. */
const char *options_redis_fault(const struct options *options);
