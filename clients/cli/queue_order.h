/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * queue_order.h - who stands where in which queue.
 *
 *   Ownership  The order owns its memory; queue_order_fini() accepts a zeroed one.
 *              Places are numbers that the caller gives out.
 *   Failure    queue_order_reserve(): -ENOMEM, nothing has changed.
 *   Cost       O(log n) expected.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/prng.h"

/* A smaller one is served first: by band, credited arrival, turn. */
struct queue_order_key {
        uint64_t queue;
        uint8_t band; /* the higher, the earlier */
        int64_t arrival_ns;
        uint64_t turn;
};

struct queue_order_node;

struct queue_order {
        struct queue_order_node *node; /* by place, from 1 */
        uint32_t root;
        struct acd_prng prng;
};

void queue_order_init(struct queue_order *order);
void queue_order_fini(struct queue_order *order);

/* Room for places 0 to @capacity - 1. */
int queue_order_reserve(struct queue_order *order, uint32_t capacity)
        __attribute__((warn_unused_result));

/* Nobody stands anywhere. */
void queue_order_clear(struct queue_order *order);

void queue_order_add(struct queue_order *order, uint32_t place, struct queue_order_key key);
/* @place must stand there. */
void queue_order_remove(struct queue_order *order, uint32_t place);
/* How many of its queue are before @place, which stands there. */
uint32_t queue_order_before(const struct queue_order *order, uint32_t place);
