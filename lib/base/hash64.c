/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of the running hash that are not worth inlining.
 *
 * Why our own small function and not a known long one: a digest here is fed
 * mostly single words (ids, codes, times), where the block hashes spend their
 * effort on a buffer, and it must be stored and continued, which their states
 * of 64 and more bytes make awkward. What we need is order, every bit counting,
 * and equal values on every machine; this has all three in eight bytes.
 */

#include "base/hash64.h"

#include "base/bytes.h"

void acd_hash64_add_bytes(struct acd_hash64 *hash, const void *bytes, size_t size)
{
        const uint8_t *at = bytes;
        uint8_t rest[8] = { 0 };

        acd_hash64_add_u64(hash, size);
        for (size_t i = 0; i < size / 8; i++, at += 8)
                acd_hash64_add_u64(hash, acd_get_u64(at));
        if (size % 8 == 0)
                return;
        memcpy(rest, at, size % 8);
        acd_hash64_add_u64(hash, acd_get_u64(rest));
}

/* One step of a lane: a bijection of (lane ^ word), as acd_hash64_add_u64() is, but with one
 * multiplication, whose upper half, the well mixed one, becomes the lower for the next one. */
static inline uint64_t lane_step(uint64_t lane, uint64_t word)
{
        lane = (lane ^ word) * 0x9e3779b97f4a7c15;
        return lane << 32 | lane >> 32;
}

void acd_hash64_add_block(struct acd_hash64 *hash, const void *bytes, size_t size)
{
        /* Lanes differ, or two of them could swap what they were given; digits of pi. */
        uint64_t a = 0x243f6a8885a308d3, b = 0x13198a2e03707344;
        uint64_t c = 0xa4093822299f31d0, d = 0x082efa98ec4e6c89;
        const uint8_t *at = bytes;
        size_t left = size;

        for (; left >= 32; left -= 32, at += 32) {
                a = lane_step(a, acd_get_u64(at));
                b = lane_step(b, acd_get_u64(at + 8));
                c = lane_step(c, acd_get_u64(at + 16));
                d = lane_step(d, acd_get_u64(at + 24));
        }
        acd_hash64_add_u64(hash, a);
        acd_hash64_add_u64(hash, b);
        acd_hash64_add_u64(hash, c);
        acd_hash64_add_u64(hash, d);
        acd_hash64_add_u64(hash, size);
        acd_hash64_add_bytes(hash, at, left);
}

uint64_t acd_hash64_value(const struct acd_hash64 *hash)
{
        struct acd_hash64 end = *hash;

        /* The last word added went through one step only, which leaves its top
         * bits weakly spread; two more steps spread them over all 64. */
        acd_hash64_add_u64(&end, 0);
        acd_hash64_add_u64(&end, 0);
        return end.state;
}
