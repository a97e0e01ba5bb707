/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * refusal.h - saying which field is at fault. Private to lib/wire.
 */

#include "wire/codec.h"

/* Where we are in a message: names from the inside out, on the stack. */
struct wire_path {
        const struct wire_path *parent; /* NULL at the top */
        const char *name;
};

/* Fill *ret_refusal for the field @name inside @parent (either may be NULL) and return false, so
 * that a caller can refuse in one line. Text NULL: the result's own sentence. */
bool wire_refuse_field(struct wire_refusal *ret_refusal, enum acd_result code,
                       const struct wire_path *parent, const char *name, const char *text);

/* The same, with the limit that was passed. */
bool wire_refuse_limit(struct wire_refusal *ret_refusal, enum acd_result code,
                       const struct wire_path *parent, const char *name, uint64_t limit);

/* Bytes that no text may be: not UTF-8, or with a zero in it. */
bool wire_is_text(struct acd_bytes bytes);
