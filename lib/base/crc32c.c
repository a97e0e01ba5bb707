/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CRC-32C by tables, and the choice between tables and instruction.
 *
 * The tables take eight bytes at a time ("slicing by 8"): table k holds the
 * remainder of a byte that k more bytes follow, so eight look-ups that do not
 * wait for one another do the work of eight that do.
 *
 * The remainder is linear: that of a byte is the exclusive or of those of its
 * bits. So the source holds 8 x 8 numbers instead of 8 x 256, and the compiler
 * makes the rest. tests/unit/test_crc32c.c compares with the definition, bit by
 * bit.
 *
 * Asking the processor is slow, in a virtual machine a microsecond and more, so
 * the answer is kept. It is the one variable in lib/: it caches a fact that
 * cannot change, and whoever races for it stores the same.
 */

#include "base/crc32c.h"

#include <stdatomic.h>

#include "base/bytes.h"

#define BIT(i, bit, value) (((i) >> (bit)&1u) * UINT32_C(value))
#define BY_BIT(i, b0, b1, b2, b3, b4, b5, b6, b7) \
        (BIT(i, 0, b0) ^ BIT(i, 1, b1) ^ BIT(i, 2, b2) ^ BIT(i, 3, b3) ^ BIT(i, 4, b4) ^ \
         BIT(i, 5, b5) ^ BIT(i, 6, b6) ^ BIT(i, 7, b7))

/* clang-format off */
#define TABLE_0(i) BY_BIT(i, \
                          0xf26b8303, 0xe13b70f7, 0xc79a971f, 0x8ad958cf, \
                          0x105ec76f, 0x20bd8ede, 0x417b1dbc, 0x82f63b78)
#define TABLE_1(i) BY_BIT(i, \
                          0x13a29877, 0x274530ee, 0x4e8a61dc, 0x9d14c3b8, \
                          0x3fc5f181, 0x7f8be302, 0xff17c604, 0xfbc3faf9)
#define TABLE_2(i) BY_BIT(i, \
                          0xa541927e, 0x4f6f520d, 0x9edea41a, 0x38513ec5, \
                          0x70a27d8a, 0xe144fb14, 0xc76580d9, 0x8b277743)
#define TABLE_3(i) BY_BIT(i, \
                          0xdd45aab8, 0xbf672381, 0x7b2231f3, 0xf64463e6, \
                          0xe964b13d, 0xd725148b, 0xaba65fe7, 0x52a0c93f)
#define TABLE_4(i) BY_BIT(i, \
                          0x38116fac, 0x7022df58, 0xe045beb0, 0xc5670b91, \
                          0x8f2261d3, 0x1ba8b557, 0x37516aae, 0x6ea2d55c)
#define TABLE_5(i) BY_BIT(i, \
                          0xef306b19, 0xdb8ca0c3, 0xb2f53777, 0x6006181f, \
                          0xc00c303e, 0x85f4168d, 0x0e045beb, 0x1c08b7d6)
#define TABLE_6(i) BY_BIT(i, \
                          0x68032cc8, 0xd0065990, 0xa5e0c5d1, 0x4e2dfd53, \
                          0x9c5bfaa6, 0x3d5b83bd, 0x7ab7077a, 0xf56e0ef4)
#define TABLE_7(i) BY_BIT(i, \
                          0x493c7d27, 0x9278fa4e, 0x211d826d, 0x423b04da, \
                          0x847609b4, 0x0d006599, 0x1a00cb32, 0x34019664)

#define FOUR(table, i) table(i), table((i) + 1u), table((i) + 2u), table((i) + 3u)
#define SIXTEEN(table, i) \
        FOUR(table, i), FOUR(table, (i) + 4u), FOUR(table, (i) + 8u), FOUR(table, (i) + 12u)
#define SIXTY_FOUR(table, i) \
        SIXTEEN(table, i), SIXTEEN(table, (i) + 16u), \
        SIXTEEN(table, (i) + 32u), SIXTEEN(table, (i) + 48u)
#define ALL(table) \
        { SIXTY_FOUR(table, 0u), SIXTY_FOUR(table, 64u), \
          SIXTY_FOUR(table, 128u), SIXTY_FOUR(table, 192u) }

static const uint32_t tables[8][256] = {
        ALL(TABLE_0), ALL(TABLE_1), ALL(TABLE_2), ALL(TABLE_3),
        ALL(TABLE_4), ALL(TABLE_5), ALL(TABLE_6), ALL(TABLE_7),
};
/* clang-format on */

enum {
        WAY_UNKNOWN,
        WAY_TABLE,
        WAY_INSTRUCTION,
};

static atomic_int way_known = WAY_UNKNOWN;

static inline uint32_t table_word(uint32_t crc, const uint8_t *at)
{
        uint64_t word = acd_get_u64(at) ^ crc;

        return tables[7][word & 255] ^ tables[6][word >> 8 & 255] ^ tables[5][word >> 16 & 255] ^
               tables[4][word >> 24 & 255] ^ tables[3][word >> 32 & 255] ^
               tables[2][word >> 40 & 255] ^ tables[1][word >> 48 & 255] ^ tables[0][word >> 56];
}

uint32_t acd_crc32c_by_table(uint32_t crc, const void *bytes, size_t size)
{
        const uint8_t *at = bytes;

        crc = ~crc;
        for (; size >= 8; size -= 8, at += 8)
                crc = table_word(crc, at);
        for (; size > 0; size--, at++)
                crc = crc >> 8 ^ tables[0][(crc ^ *at) & 255];
        return ~crc;
}

static int way_ask(void)
{
        int way = acd_crc32c_has_instruction() ? WAY_INSTRUCTION : WAY_TABLE;

        atomic_store_explicit(&way_known, way, memory_order_relaxed);
        return way;
}

uint32_t acd_crc32c(uint32_t crc, const void *bytes, size_t size)
{
        int way = atomic_load_explicit(&way_known, memory_order_relaxed);

        if (way == WAY_UNKNOWN)
                way = way_ask();
        return way == WAY_INSTRUCTION ? acd_crc32c_by_instruction(crc, bytes, size)
                                      : acd_crc32c_by_table(crc, bytes, size);
}
