/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * codec_scan.h - is this a message of that type? Asked before protobuf-c may
 * allocate anything for it. Private to lib/wire.
 *
 *   Failure    A refusal that names the field.
 *   Cost       O(bytes).
 */

#include "wire/field.h"
#include "wire/refusal.h"

#include <protobuf-c/protobuf-c.h>

/* @is_strict: enum values that the schema does not have are refused (requests);
 * otherwise they pass (answers of a newer daemon). */
bool wire_scan(const ProtobufCMessageDescriptor *descriptor, struct acd_bytes bytes, bool is_strict,
               struct wire_refusal *ret_refusal) __attribute__((warn_unused_result));
