/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * panic.h - what the daemon says when it meets a bug of its own.
 *
 *   Threads    Any: writes with one call, and aborts.
 */

struct shard;

/* Whose last moments to tell; NULL: nobody's. */
void panic_know(const struct shard *shard);
