/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * codec_hot.h - SUBMIT, the commands on assignments, RESULT and OFFER, read by
 * hand: the four bodies of a contact's life, and the reason why a life cycle
 * costs no allocation. Same refusals as the general way; tests compare the two.
 * Private to lib/wire and its tests.
 */

#include "base/arena.h"
#include "wire/field.h"
#include "wire/refusal.h"

/* Is this kind coded here? */
bool wire_hot_is(uint16_t kind);

/* Read @body into the body of @message, whose kind is set. Text and bytes point into @body; the
 * arena is asked for the terms of a SUBMIT only. */
bool wire_hot_decode(struct acd_bytes body, struct acd_arena *arena, struct wire_message *message,
                     struct wire_refusal *ret_refusal) __attribute__((warn_unused_result));
