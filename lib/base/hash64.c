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

uint64_t acd_hash64_value(const struct acd_hash64 *hash)
{
        struct acd_hash64 end = *hash;

        /* The last word added went through one step only, which leaves its top
         * bits weakly spread; two more steps spread them over all 64. */
        acd_hash64_add_u64(&end, 0);
        acd_hash64_add_u64(&end, 0);
        return end.state;
}
