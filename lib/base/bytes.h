/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Little-endian numbers in byte arrays. Everything we write to disk or wire
 * goes through these, so that no format depends on a machine or a compiler.
 * No alignment is needed. Each is one move: byte by byte, compilers do not always find that out.
 */

#include <stddef.h>
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

/* memcpy() of what is mostly short, names above all: up to 16 bytes are two moves that may
 * overlap, without a call. Reads and writes nothing beyond @size. */
static inline void acd_copy_short(void *to, const void *from, size_t size)
{
        uint8_t *at = to;
        const uint8_t *bytes = from;

        if (size > 2 * sizeof(uint64_t)) {
                memcpy(to, from, size);
        } else if (size >= sizeof(uint64_t)) {
                uint64_t first, last;

                memcpy(&first, bytes, sizeof(first));
                memcpy(&last, bytes + size - sizeof(last), sizeof(last));
                memcpy(at, &first, sizeof(first));
                memcpy(at + size - sizeof(last), &last, sizeof(last));
        } else if (size >= sizeof(uint32_t)) {
                uint32_t first, last;

                memcpy(&first, bytes, sizeof(first));
                memcpy(&last, bytes + size - sizeof(last), sizeof(last));
                memcpy(at, &first, sizeof(first));
                memcpy(at + size - sizeof(last), &last, sizeof(last));
        } else if (size > 0) {
                at[size / 2] = bytes[size / 2];
                at[size - 1] = bytes[size - 1];
                at[0] = bytes[0];
        }
}
