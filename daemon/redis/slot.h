/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * slot.h - in which of a Cluster's slots a key is.
 *
 *   Cost       Two look-ups a byte.
 *   Threads    Any.
 */

#include <stdint.h>

#include "acd/types.h"

enum { REDIS_SLOT_COUNT = 16384 };

/* CRC-16 as the Cluster specification has it (XMODEM). */
uint16_t redis_crc16(struct acd_bytes bytes);

/* The slot of @key: of what is between its first '{' and the next '}', when that is something,
 * else of all of it. */
uint16_t redis_slot_of(struct acd_bytes key);
