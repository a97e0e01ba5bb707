/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CRC-32C by the crc32 instruction of SSE 4.2, with PCLMULQDQ.
 *
 * Only these functions are compiled for those extensions, so the program starts
 * on a processor without it. The question is put to the processor itself: the
 * compiler's own helper would pull in its run-time library, and the base may
 * call nothing.
 *
 * The instruction answers after three cycles and can begin every cycle. So what
 * is long is taken in three streams side by side, STREAM bytes each, which are
 * then joined: a checksum that STREAM more bytes follow is the product of it and
 * a constant, modulo the polynomial, which is a carry-less multiplication and one
 * more checksum. Records of some hundred bytes are one stream: joining would cost
 * what it gains.
 */

#include "base/crc32c.h"

#include <cpuid.h>
#include <nmmintrin.h>
#include <wmmintrin.h>

#include "base/bytes.h"

bool acd_crc32c_has_instruction(void)
{
        unsigned int a = 0;
        unsigned int b = 0;
        unsigned int c = 0;
        unsigned int d = 0;

        return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_SSE4_2) != 0 &&
               (c & bit_PCLMUL) != 0;
}

#define WITH_INSTRUCTION __attribute__((target("sse4.2,pclmul")))

enum { STREAM_SIZE = 256 };

/* x^(8 * STREAM_SIZE - 33) and x^(16 * STREAM_SIZE - 33) modulo the polynomial, reflected: what
 * a checksum is multiplied with when one or two streams follow it. */
static const uint32_t one_stream_on = 0xb9e02b86;
static const uint32_t two_streams_on = 0xdd7e3b0c;

/* The checksum @crc, when bytes follow whose own checksum is to be added. The product of two
 * reflected numbers is reflected but for one place, and the instruction multiplies with x^32 before
 * it divides by the polynomial: the constant is less by both. */
WITH_INSTRUCTION static inline uint64_t shift(uint64_t crc, uint32_t constant)
{
        __m128i product = _mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)crc),
                                               _mm_cvtsi64_si128((long long)constant), 0);

        return _mm_crc32_u64(0, (uint64_t)_mm_cvtsi128_si64(product));
}

/* Three streams from @at on. */
WITH_INSTRUCTION static inline uint64_t add_streams(uint64_t crc, const uint8_t *at)
{
        uint64_t second = 0;
        uint64_t third = 0;

        for (const uint8_t *end = at + STREAM_SIZE; at < end; at += 8) {
                crc = _mm_crc32_u64(crc, acd_get_u64(at));
                second = _mm_crc32_u64(second, acd_get_u64(at + STREAM_SIZE));
                third = _mm_crc32_u64(third, acd_get_u64(at + 2 * (size_t)STREAM_SIZE));
        }
        return shift(crc, two_streams_on) ^ shift(second, one_stream_on) ^ third;
}

WITH_INSTRUCTION uint32_t acd_crc32c_by_instruction(uint32_t crc, const void *bytes, size_t size)
{
        const uint8_t *at = bytes;
        uint64_t wide = ~crc;

        for (; size >= 3 * (size_t)STREAM_SIZE;
             size -= 3 * (size_t)STREAM_SIZE, at += 3 * (size_t)STREAM_SIZE)
                wide = add_streams(wide, at);
        for (; size >= 32; size -= 32, at += 32) {
                wide = _mm_crc32_u64(wide, acd_get_u64(at));
                wide = _mm_crc32_u64(wide, acd_get_u64(at + 8));
                wide = _mm_crc32_u64(wide, acd_get_u64(at + 16));
                wide = _mm_crc32_u64(wide, acd_get_u64(at + 24));
        }
        for (; size >= 8; size -= 8, at += 8)
                wide = _mm_crc32_u64(wide, acd_get_u64(at));
        crc = (uint32_t)wide;
        if (size >= 4) {
                crc = _mm_crc32_u32(crc, acd_get_u32(at));
                size -= 4;
                at += 4;
        }
        for (; size > 0; size--, at++)
                crc = _mm_crc32_u8(crc, *at);
        return ~crc;
}
