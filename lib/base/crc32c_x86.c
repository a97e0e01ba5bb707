/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CRC-32C by the crc32 instruction of SSE 4.2.
 *
 * Only the one function is compiled for that extension, so the program starts
 * on a processor without it. The question is put to the processor itself: the
 * compiler's own helper would pull in its run-time library, and the base may
 * call nothing.
 *
 * One stream, not three interleaved ones: records are some hundred bytes, where
 * joining the streams would cost what it gains.
 */

#include "base/crc32c.h"

#include <cpuid.h>
#include <nmmintrin.h>

#include "base/bytes.h"

bool acd_crc32c_has_instruction(void)
{
        unsigned int a = 0;
        unsigned int b = 0;
        unsigned int c = 0;
        unsigned int d = 0;

        return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_SSE4_2) != 0;
}

__attribute__((target("sse4.2"))) uint32_t acd_crc32c_by_instruction(uint32_t crc,
                                                                     const void *bytes, size_t size)
{
        const uint8_t *at = bytes;
        uint64_t wide = ~crc;

        for (; size >= 8; size -= 8, at += 8)
                wide = _mm_crc32_u64(wide, acd_get_u64(at));
        crc = (uint32_t)wide;
        for (; size > 0; size--, at++)
                crc = _mm_crc32_u8(crc, *at);
        return ~crc;
}
