/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * rows.h - how things stand, as the protocol says it: rows made of views.
 *
 *   Ownership  Texts borrow the core; copies of payload are in the row arena.
 *              Both hold until the request is answered: no step in between.
 *   Failure    False: there is no such thing any more.
 *   Cost       O(1) a row, and the payload's size.
 *   Threads    The shard's.
 */

#include <stdbool.h>

#include "acd/view.h"
#include "wire/message.h"

struct shard;

struct acd_text rows_name(const struct shard *shard, enum acd_object object, uint64_t id);

/* A part of a contact's payload, copied to the arena; empty when the arena is full. */
struct acd_bytes rows_payload(struct shard *shard, acd_contact_id contact, enum acd_payload part);
struct acd_text rows_payload_text(struct shard *shard, acd_contact_id contact,
                                  enum acd_payload part);

/* Milliseconds from now to @deadline, rounded up; 0 for none or past. */
uint32_t rows_left_ms(const struct shard *shard, acd_time deadline);

bool rows_contact(struct shard *shard, acd_contact_id id, bool with_attributes,
                  struct wire_contact *ret_row);
bool rows_assignment(struct shard *shard, acd_assignment_id id, bool with_attributes,
                     struct wire_assignment *ret_row);
bool rows_agent(struct shard *shard, acd_agent_id id, struct wire_agent *ret_row);
bool rows_queue(struct shard *shard, acd_queue_id id, struct wire_queue *ret_row);
bool rows_gateway(struct shard *shard, acd_gateway_id id, struct wire_gateway *ret_row);

/* Everything an agent's desktop must know. */
void rows_snapshot(struct shard *shard, acd_agent_id agent, struct wire_agent_snapshot *ret_row);

/* The core has this tenant. */
bool rows_tenant_exists(const struct shard *shard, acd_tenant_id tenant);
