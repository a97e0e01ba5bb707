/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Little-endian numbers in byte arrays. Everything we write to disk or wire
 * goes through these, so that no format depends on a machine or a compiler.
 * No alignment is needed. Each is one move: byte by byte, compilers do not always find that out.
 */

#include <stdint.h>
#include <string.h>

enum { ACD_IS_BIG_ENDIAN = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ };

static inline void acd_put_u16(uint8_t *at, uint16_t value)
{
        if (ACD_IS_BIG_ENDIAN)
                value = __builtin_bswap16(value);
        memcpy(at, &value, sizeof(value));
}

static inline void acd_put_u32(uint8_t *at, uint32_t value)
{
        if (ACD_IS_BIG_ENDIAN)
                value = __builtin_bswap32(value);
        memcpy(at, &value, sizeof(value));
}

static inline void acd_put_u64(uint8_t *at, uint64_t value)
{
        if (ACD_IS_BIG_ENDIAN)
                value = __builtin_bswap64(value);
        memcpy(at, &value, sizeof(value));
}

static inline uint16_t acd_get_u16(const uint8_t *at)
{
        uint16_t value;

        memcpy(&value, at, sizeof(value));
        return ACD_IS_BIG_ENDIAN ? __builtin_bswap16(value) : value;
}

static inline uint32_t acd_get_u32(const uint8_t *at)
{
        uint32_t value;

        memcpy(&value, at, sizeof(value));
        return ACD_IS_BIG_ENDIAN ? __builtin_bswap32(value) : value;
}

static inline uint64_t acd_get_u64(const uint8_t *at)
{
        uint64_t value;

        memcpy(&value, at, sizeof(value));
        return ACD_IS_BIG_ENDIAN ? __builtin_bswap64(value) : value;
}
