/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SipHash-1-3 after Aumasson and Bernstein, "SipHash: a fast short-input PRF"
 * (2012), with c = 1 and d = 3.
 *
 * The message is cut into little-endian words; the last word carries what is
 * left over and, in its top byte, the size modulo 256. Each word goes into v3
 * before and into v0 after a round.
 */

#include "base/siphash.h"

#include "base/bytes.h"

struct sip {
        uint64_t v0;
        uint64_t v1;
        uint64_t v2;
        uint64_t v3;
};

static inline uint64_t rotate_left(uint64_t value, uint32_t bit_count)
{
        return value << bit_count | value >> (64 - bit_count);
}

static inline void sip_round(struct sip *sip)
{
        sip->v0 += sip->v1;
        sip->v1 = rotate_left(sip->v1, 13) ^ sip->v0;
        sip->v0 = rotate_left(sip->v0, 32);
        sip->v2 += sip->v3;
        sip->v3 = rotate_left(sip->v3, 16) ^ sip->v2;
        sip->v0 += sip->v3;
        sip->v3 = rotate_left(sip->v3, 21) ^ sip->v0;
        sip->v2 += sip->v1;
        sip->v1 = rotate_left(sip->v1, 17) ^ sip->v2;
        sip->v2 = rotate_left(sip->v2, 32);
}

static inline void sip_word(struct sip *sip, uint64_t word)
{
        sip->v3 ^= word;
        sip_round(sip);
        sip->v0 ^= word;
}

/* The four constants spell "somepseudorandomlygeneratedbytes". */
static inline struct sip sip_start(const struct acd_siphash_key *key)
{
        return (struct sip){
                .v0 = key->low ^ 0x736f6d6570736575,
                .v1 = key->high ^ 0x646f72616e646f6d,
                .v2 = key->low ^ 0x6c7967656e657261,
                .v3 = key->high ^ 0x7465646279746573,
        };
}

static inline uint64_t sip_end(struct sip *sip)
{
        sip->v2 ^= 0xff;
        sip_round(sip);
        sip_round(sip);
        sip_round(sip);
        return sip->v0 ^ sip->v1 ^ sip->v2 ^ sip->v3;
}

uint64_t acd_siphash(const struct acd_siphash_key *key, const void *bytes, size_t size)
{
        const uint8_t *at = bytes;
        uint64_t last = (uint64_t)size << 56;
        struct sip sip = sip_start(key);

        for (size_t i = 0; i < size / 8; i++, at += 8)
                sip_word(&sip, acd_get_u64(at));
        for (uint32_t i = 0; i < size % 8; i++)
                last |= (uint64_t)at[i] << (8 * i);
        sip_word(&sip, last);
        return sip_end(&sip);
}

uint64_t acd_siphash_u64(const struct acd_siphash_key *key, uint64_t value)
{
        struct sip sip = sip_start(key);

        sip_word(&sip, value);
        sip_word(&sip, (uint64_t)8 << 56);
        return sip_end(&sip);
}
