/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Little-endian numbers: the bytes themselves, and both ways back.
 */

#include <criterion/criterion.h>

#include "base/bytes.h"
#include "base/prng.h"

/* Goal    The byte order is the documented one, at odd addresses too. */
Test(bytes, lowest_byte_first)
{
        uint8_t at[9] = { 0 };

        acd_put_u16(at + 1, 0x0102);
        cr_assert_arr_eq(at + 1, ((uint8_t[]){ 2, 1 }), 2);
        acd_put_u32(at + 1, 0x01020304);
        cr_assert_arr_eq(at + 1, ((uint8_t[]){ 4, 3, 2, 1 }), 4);
        acd_put_u64(at + 1, 0x0102030405060708);
        cr_assert_arr_eq(at + 1, ((uint8_t[]){ 8, 7, 6, 5, 4, 3, 2, 1 }), 8);
        cr_assert_eq(at[0], 0);
}

/* Goal    Reading gives what was written, the top bit included. */
Test(bytes, round_trip)
{
        struct acd_prng prng;
        uint8_t at[8];

        acd_prng_init(&prng, 3);
        for (int i = 0; i < 10000; i++) {
                uint64_t value = acd_prng_next(&prng);

                acd_put_u64(at, value);
                cr_assert_eq(acd_get_u64(at), value);
                cr_assert_eq(acd_get_u32(at), (uint32_t)value);
                cr_assert_eq(acd_get_u16(at), (uint16_t)value);
                acd_put_u32(at, (uint32_t)~value);
                cr_assert_eq(acd_get_u32(at), (uint32_t)~value);
                cr_assert_eq(acd_get_u32(at + 4), (uint32_t)(value >> 32));
        }
}
