/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * codec_check.h - are the values of a request allowed? Sizes, alphabets, ranges
 * and counts as messages.def gives them. Private to lib/wire and its tests.
 */

#include "wire/refusal.h"

/* Whether something needed is missing, or names nothing, is for wire_resolve(). */
bool wire_check(const struct wire_message *message, struct wire_refusal *ret_refusal)
        __attribute__((warn_unused_result));
