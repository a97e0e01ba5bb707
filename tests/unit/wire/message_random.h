/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * message_random.h - messages made by chance, and whether two are the same.
 * Both come from messages.def, so that a new field is in every test that uses
 * them on the day it is added.
 */

#include "base/arena.h"
#include "base/prng.h"
#include "wire/message.h"

/* A message of @kind in which every field has some allowed value (often none). @arena is to have
 * room. EVENTS: not made here. */
void message_random(struct acd_prng *prng, struct acd_arena *arena, uint16_t kind,
                    struct wire_message *ret_message);

/* An event, likewise. */
void message_random_event(struct acd_prng *prng, struct acd_arena *arena,
                          struct wire_event *ret_event);

/* Equal in every field. */
bool message_is_equal(const struct wire_message *left, const struct wire_message *right);
bool message_is_equal_event(const struct wire_event *left, const struct wire_event *right);
