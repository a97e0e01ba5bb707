/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * addresses.h - how many connections each address has.
 *
 *   Ownership  The rows are the caller's memory: a power of two, at least twice
 *              the addresses that can be known at once.
 *   Failure    None.
 *   Cost       O(1).
 *   Threads    The shard's.
 */

#include <stdint.h>

struct address_row {
        uint64_t address;
        uint32_t count; /* 0: the row is free */
};

struct addresses {
        struct address_row *row;
        uint32_t row_count;
};

/* @row: @row_count zeroed rows. */
void addresses_init(struct addresses *addresses, struct address_row *row, uint32_t row_count);

/* One more, one fewer; both return how many there are then. */
uint32_t addresses_add(struct addresses *addresses, uint64_t address);
uint32_t addresses_remove(struct addresses *addresses, uint64_t address);
