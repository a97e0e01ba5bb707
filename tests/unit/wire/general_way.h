/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * general_way.h - a hot message read the general way, scan, protobuf-c, checks,
 * to compare the hand-written way with.
 */

#include "base/arena.h"
#include "wire/codec.h"

/* As wire_decode() would, were @frame's kind not hot. Everything in *ret_message is in @arena or
 * in the frame. */
enum acd_result general_decode(const struct wire_frame *frame, struct acd_arena *arena,
                               struct wire_message *ret_message, struct wire_refusal *ret_refusal);

/* NULL when both ways say the same of @frame, whose kind is hot; else what differs. */
const char *general_compare(const struct wire_frame *frame, struct acd_arena *arena);
