/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * codec_convert.h - protobuf-c's structs to plain ones, from messages.def.
 * Private to lib/wire and its tests.
 *
 *   Ownership  Results live in the arena and borrow what the source borrows.
 *   Failure    False or NULL: the arena is full.
 */

#include "base/arena.h"
#include "wire/message.h"

#include <protobuf-c/protobuf-c.h>

/* One kind of body. */
struct wire_body {
        const ProtobufCMessageDescriptor *descriptor;
        bool (*from)(const void *from, void *to, struct acd_arena *arena);
};

/* That of @kind; NULL when there is none, or it is EVENTS. */
const struct wire_body *wire_body_of(uint16_t kind);
