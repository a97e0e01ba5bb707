/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * inbox_store.h - bytes of requests and answers that wait, in pieces.
 *
 * What waits comes and goes in any order and any size up to a frame, so it is kept
 * in chains of pieces: nothing has to be moved, and a large one needs no hole of
 * its size.
 *
 *   Ownership  Pieces are the caller's memory. A chain belongs to who put it.
 *   Failure    Putting is refused when there are too few pieces that nobody has reserved.
 *   Cost       O(bytes).
 *   Threads    The shard's.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

enum { INBOX_PIECE_SIZE = 1024, INBOX_PIECE_NONE = 0x7fffffff };

struct inbox_piece {
        uint8_t bytes[INBOX_PIECE_SIZE];
};

struct inbox_chain {
        uint32_t first; /* of no meaning when size is 0 */
        uint32_t size;  /* bytes */
};

struct inbox_store {
        struct inbox_piece *piece;
        uint32_t *next; /* by piece */
        uint32_t count;
        uint32_t free_first;
        uint32_t free_count;
        uint32_t reserved_count; /* of the free ones */
};

void inbox_store_init(struct inbox_store *store, struct inbox_piece *piece, uint32_t *next,
                      uint32_t count);

/* Pieces that @size bytes take. */
static inline uint32_t inbox_store_pieces(size_t size)
{
        return (uint32_t)((size + INBOX_PIECE_SIZE - 1) / INBOX_PIECE_SIZE);
}

/* Keep @piece_count for somebody, or say that there are not so many. */
bool inbox_store_reserve(struct inbox_store *store, uint32_t piece_count)
        __attribute__((warn_unused_result));
void inbox_store_release(struct inbox_store *store, uint32_t piece_count);

/* Put all of @parts, or nothing. */
bool inbox_store_put(struct inbox_store *store, const struct iovec *parts, int part_count,
                     struct inbox_chain *ret_chain) __attribute__((warn_unused_result));

/* Copy all of @chain to @into. */
void inbox_store_get(const struct inbox_store *store, const struct inbox_chain *chain,
                     uint8_t *into);

/* Give its pieces back; it is empty then. */
void inbox_store_drop(struct inbox_store *store, struct inbox_chain *chain);
