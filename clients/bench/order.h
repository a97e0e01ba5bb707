/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * order.h - what must be true of the events of any run, held against them.
 *
 *   - numbers have no gap
 *   - a contact is submitted once, closed once, and with one agent at a time
 *   - an assignment connects once
 *   - who is offered is the first of his lane, and no other lane of his queue and
 *     channel has somebody before him: by band, credited arrival, then sequence
 *     (docs/CORE.md O1)
 *   - at the end nobody is open
 *
 * Contacts that took a detour (an offer that came to nothing, a gateway that was
 * away, an update) are not held to the order any more, nor anybody against
 * them. Contacts that were submitted before the first event are not known, and left out.
 *
 *   Ownership  order_init() allocates nothing, order_fini() releases what came to be.
 *   Failure    order_event() is false when there is no memory. What is wrong is
 *              counted, and the first few are kept as sentences.
 *   Cost       O(lanes of a queue and channel) an offer, else O(1).
 */

#include <stdbool.h>
#include <stdint.h>

#include "wire/message.h"

enum { ORDER_TOLD_MAX = 8, ORDER_TEXT_SIZE = 160, ORDER_LANE_MAX = 65536 };

struct order_entry;
struct order_lane;

struct order {
        struct order_entry *entry; /* by the slot in the contact's id */
        uint32_t entry_count;
        struct order_lane *lane;
        uint32_t lane_count, lane_capacity;
        uint32_t last_lane; /* most events are about the lane of the one before */
        uint64_t last_sequence;
        uint64_t event_count;
        uint64_t submitted_count, closed_count, assignment_count, unknown_count;
        uint64_t violation_count;
        char violation[ORDER_TOLD_MAX][ORDER_TEXT_SIZE];
};

void order_init(struct order *order);
void order_fini(struct order *order);

bool order_event(struct order *order, const struct wire_event *event)
        __attribute__((warn_unused_result));

/* There are no more events. */
void order_end(struct order *order);
