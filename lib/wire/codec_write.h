/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * codec_write.h - bodies of messages as bytes, straight from our plain structs.
 * The same bytes as protobuf-c packs; tests compare. Private to lib/wire and its
 * tests.
 *
 *   Failure    Nothing fails: the caller has asked for room first.
 *   Cost       O(bytes); the bound is O(fields).
 */

#include <stddef.h>
#include <stdint.h>

#include "wire/message.h"

/* Bytes that the body of @message may take at most. EVENTS is not written here. */
size_t wire_write_bound(const struct wire_message *message);

/* Write the body to @at, which has room for the bound. Returns the end. */
uint8_t *wire_write(const struct wire_message *message, uint8_t *at);
