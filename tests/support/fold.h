/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * fold.h - a naive reader of Redis: takes a TenantState, then entries of the stream, and keeps
 * the counts. The oracle of the promise that who joins late misses nothing and counts nothing
 * double: two readers who began at different moments must agree.
 *
 * It follows the rules of docs/REDIS.md, "Following the counts", and knows nothing else: bytes
 * are read by protobuf-c, names and numbers are those of the schema.
 *
 *   Ownership  fold_new() and fold_free(). Bytes are borrowed for the call.
 *   Failure    False, with the reason in fold_failure(): bytes that are no message, events that
 *              are missing, an event that the rules cannot apply.
 *   Cost       O(rows) an event.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "acd/types.h"

struct fold_queue {
        uint64_t id;
        uint32_t waiting; /* withheld ones too */
        uint32_t offered, connecting, active, wrap_up;
        uint64_t submitted, abandoned, closed;
};

struct fold_agent {
        uint64_t id;
        uint32_t presence;
};

struct fold_assignment {
        uint64_t id;
        uint64_t contact, agent, queue;
        uint32_t state;
        bool is_contact_over; /* gone from the counts of its queue */
};

struct fold_gateway {
        uint64_t id;
        uint32_t state;
};

struct fold;

struct fold *fold_new(void);
void fold_free(struct fold *fold);

/* Forget everything, take the TenantState in @bytes. */
bool fold_take_state(struct fold *fold, struct acd_bytes bytes);

/* The events of an EventBatch that come after what is known. */
bool fold_take_batch(struct fold *fold, struct acd_bytes bytes);

/* All that both keep is the same. @truth is one that took a state just now; what it cannot know
 * of is left out: gateways that are gone and were forgotten. */
bool fold_is_true(struct fold *fold, const struct fold *truth);

uint64_t fold_sequence(const struct fold *fold);
const char *fold_failure(const struct fold *fold);

/* For who compares with something else: NULL when there is none. */
const struct fold_queue *fold_queue_find(const struct fold *fold, uint64_t id);
const struct fold_agent *fold_agent_find(const struct fold *fold, uint64_t id);
const struct fold_assignment *fold_assignment_find(const struct fold *fold, uint64_t id);
