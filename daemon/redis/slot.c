/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slots of a Cluster: CRC-16 with polynomial 0x1021, four bits at a time.
 *
 * A table of 256 rows would be twice as fast at something that is done once a
 * tenant and change; this one can be checked by eye.
 */

#include "daemon/redis/slot.h"

#include <string.h>

/* Row i is what the four bits i leave behind when they are shifted out at the top. */
static const uint16_t steps[16] = {
        0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50a5, 0x60c6, 0x70e7,
        0x8108, 0x9129, 0xa14a, 0xb16b, 0xc18c, 0xd1ad, 0xe1ce, 0xf1ef,
};

uint16_t redis_crc16(struct acd_bytes bytes)
{
        uint32_t crc = 0;

        for (uint32_t i = 0; i < bytes.size; i++) {
                crc = (crc << 4 & 0xffff) ^ steps[crc >> 12 ^ bytes.at[i] >> 4];
                crc = (crc << 4 & 0xffff) ^ steps[crc >> 12 ^ (bytes.at[i] & 15)];
        }
        return (uint16_t)crc;
}

uint16_t redis_slot_of(struct acd_bytes key)
{
        const uint8_t *open = key.size == 0 ? NULL : memchr(key.at, '{', key.size);

        if (open != NULL) {
                uint32_t left = key.size - (uint32_t)(open + 1 - key.at);
                const uint8_t *close = memchr(open + 1, '}', left);

                if (close != NULL && close > open + 1)
                        key = (struct acd_bytes){ open + 1, (uint32_t)(close - open - 1) };
        }
        return redis_crc16(key) % REDIS_SLOT_COUNT;
}
