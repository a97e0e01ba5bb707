/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * CRC-32C (Castagnoli), the checksum of everything on disk.
 *
 * The same value as iSCSI (RFC 3720, appendix B.4) and ext4 use. The processor's
 * instruction is taken where there is one, tables elsewhere.
 *
 *   Ownership  None.
 *   Failure    None.
 *   Cost       O(size): about 8 bytes in 3 cycles with the instruction, in one
 *              from 768 bytes on; 8 bytes in 10 with tables.
 *   Threads    Any.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The checksum of what @crc is the checksum of, followed by @bytes. Zero is the
 * checksum of nothing: start with it. */
uint32_t acd_crc32c(uint32_t crc, const void *bytes, size_t size);

/* The two ways of computing it, for tests that compare them. The instruction
 * must not be used where acd_crc32c_has_instruction() says no. */
uint32_t acd_crc32c_by_table(uint32_t crc, const void *bytes, size_t size);
uint32_t acd_crc32c_by_instruction(uint32_t crc, const void *bytes, size_t size);
bool acd_crc32c_has_instruction(void);
