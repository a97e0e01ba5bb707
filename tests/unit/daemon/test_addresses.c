/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections per address, against a naive model: a count per address in an
 * array that is as large as there are addresses.
 */

#include <criterion/criterion.h>

#include "base/prng.h"
#include "daemon/addresses.h"

enum { ROW_COUNT = 64, ADDRESS_COUNT = 32 };

/* Goal    The table counts as the array does, whatever order they come and go in.
 * Method  Few rows and many collisions: half the rows are ever in use. */
Test(addresses, counts_as_an_array_does)
{
        static struct address_row rows[ROW_COUNT];
        uint32_t count[ADDRESS_COUNT] = { 0 };
        struct addresses addresses;
        struct acd_prng prng;

        addresses_init(&addresses, rows, ROW_COUNT);
        acd_prng_init(&prng, 3);
        for (int i = 0; i < 200000; i++) {
                uint64_t address = acd_prng_below(&prng, ADDRESS_COUNT);

                if (count[address] > 0 && acd_prng_chance(&prng, 1, 2))
                        cr_assert_eq(addresses_remove(&addresses, address << 32), --count[address]);
                else
                        cr_assert_eq(addresses_add(&addresses, address << 32), ++count[address]);
        }
        for (uint64_t address = 0; address < ADDRESS_COUNT; address++) {
                while (count[address] > 0)
                        cr_assert_eq(addresses_remove(&addresses, address << 32), --count[address]);
        }
        for (int i = 0; i < ROW_COUNT; i++)
                cr_assert_eq(rows[i].count, 0);
}
