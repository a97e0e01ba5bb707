/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A count per address: linear probing, half empty, no tombstones.
 *
 * A row whose count falls to zero is filled by the next row that may stand
 * there, so that a search may stop at the first free row. Addresses are mixed
 * by a fixed function: whoever can choose addresses freely enough to make rows
 * collide has more machines than connections are allowed.
 */

#include "daemon/addresses.h"

#include "base/assert.h"
#include "base/hash64.h"

void addresses_init(struct addresses *addresses, struct address_row *row, uint32_t row_count)
{
        ACD_ASSERT(row_count > 0);
        ACD_ASSERT((row_count & (row_count - 1)) == 0);

        *addresses = (struct addresses){ .row = row, .row_count = row_count };
}

static uint32_t home_of(const struct addresses *addresses, uint64_t address)
{
        struct acd_hash64 hash;

        acd_hash64_init(&hash, 0);
        acd_hash64_add_u64(&hash, address);
        return (uint32_t)acd_hash64_value(&hash) & (addresses->row_count - 1);
}

/* The row of @address, or the free one where it would stand. */
static uint32_t find(const struct addresses *addresses, uint64_t address)
{
        uint32_t at = home_of(addresses, address);

        for (uint32_t tries = 0; tries < addresses->row_count; tries++) {
                if (addresses->row[at].count == 0 || addresses->row[at].address == address)
                        return at;
                at = (at + 1) & (addresses->row_count - 1);
        }
        acd_panic(__FILE__, __LINE__, __func__, "the table of addresses is half empty");
}

uint32_t addresses_add(struct addresses *addresses, uint64_t address)
{
        struct address_row *row = &addresses->row[find(addresses, address)];

        row->address = address;
        return ++row->count;
}

/* Let later rows of the same run move up, so that no search misses them. */
static void close_hole(struct addresses *addresses, uint32_t hole)
{
        uint32_t mask = addresses->row_count - 1;

        for (uint32_t at = (hole + 1) & mask; addresses->row[at].count > 0; at = (at + 1) & mask) {
                uint32_t home = home_of(addresses, addresses->row[at].address);

                /* Its home lies behind the hole: it may stay. */
                if (((at - home) & mask) < ((at - hole) & mask))
                        continue;
                addresses->row[hole] = addresses->row[at];
                addresses->row[at].count = 0;
                hole = at;
        }
}

uint32_t addresses_remove(struct addresses *addresses, uint64_t address)
{
        uint32_t at = find(addresses, address);

        ACD_ASSERT(addresses->row[at].count > 0);
        if (--addresses->row[at].count > 0)
                return addresses->row[at].count;
        close_hole(addresses, at);
        return 0;
}
