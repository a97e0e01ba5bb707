/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The bytes of a snapshot file, shared by its writer and its reader.
 *
 *      +-----------+----------------+----------------+-- ... --+-----------+
 *      | header    | block 0: head  | block 1: head  |         | footer    |
 *      | 512       | 16 + content   | 16 + content   |         | 40        |
 *      +-----------+----------------+----------------+-- ... --+-----------+
 *
 *      header                        block head            footer
 *       0  magic "acdsnap\n"          0  u32 index          0  magic "acdsnend"
 *       8  u32 version                4  u32 content size   8  u32 blocks
 *      12  u32 block size             8  u32 chain         12  u32 zero
 *      16  u64 lsn                   12  u32 zero          16  u64 content size
 *      24  u64 core time                                   24  u64 lsn
 *      32  u64 wall clock                                  32  u32 chain
 *      40  u64 digest of the state                         36  u32 zero
 *      48  u64 running digest
 *      56  u64 event position
 *      64  u64 run id
 *      72  u32 epoch
 *      76  u32 logic version
 *      80  u64 the owner's slots, 4 of them
 *     508  u32 chain
 *
 * One chain of CRC-32C runs through header, blocks and footer. All blocks but the
 * last are full; there is at least one, if need be empty.
 */

#include <stdint.h>

enum {
        SNAPSHOT_VERSION = 1,
        SNAPSHOT_HEADER_SIZE = 512,
        SNAPSHOT_HEADER_CHAIN_OFFSET = 508,
        SNAPSHOT_BLOCK_CHAIN_OFFSET = 8,
        SNAPSHOT_FOOTER_SIZE = 40,
        SNAPSHOT_FOOTER_CHAIN_OFFSET = 32,
};

#define SNAPSHOT_PREFIX         "snapshot"
#define SNAPSHOT_NAME_TEMPORARY "snapshot.tmp"
#define SNAPSHOT_NAME_ROOM      "snapshot.room"

#define SNAPSHOT_MAGIC          "acdsnap\n"
#define SNAPSHOT_MAGIC_END      "acdsnend"
enum { SNAPSHOT_MAGIC_SIZE = 8 };

/* The snapshots in a directory, newest first. More than these are not looked at. */
enum { SNAPSHOT_LIST_COUNT_MAX = 64 };

struct journal_dir;
struct journal_error;

struct snapshot_list {
        uint64_t lsns[SNAPSHOT_LIST_COUNT_MAX];
        uint32_t count;
};

int snapshot_list_read(const struct journal_dir *dir, struct snapshot_list *ret_list,
                       struct journal_error *error) __attribute__((warn_unused_result));
