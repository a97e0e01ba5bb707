/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CRC-32C on processors whose instruction we do not use: there is none.
 */

#include "base/crc32c.h"

#include "base/assert.h"

bool acd_crc32c_has_instruction(void)
{
        return false;
}

uint32_t acd_crc32c_by_instruction(uint32_t crc, const void *bytes, size_t size)
{
        (void)crc;
        (void)bytes;
        (void)size;
        acd_panic(__FILE__, __LINE__, __func__, "asked before use");
}
