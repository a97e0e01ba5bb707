/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pieces: a list of free ones, and chains.
 *
 * A reservation is a number only: it says how many of the free pieces are spoken for, so
 * that an answer to what was asked has room for certain, whatever is read meanwhile.
 */

#include "daemon/redis/inbox_store.h"

#include <string.h>

#include "base/assert.h"

void inbox_store_init(struct inbox_store *store, struct inbox_piece *piece, uint32_t *next,
                      uint32_t count)
{
        *store = (struct inbox_store){
                .piece = piece,
                .next = next,
                .count = count,
                .free_count = count,
        };
        for (uint32_t i = 0; i < count; i++)
                next[i] = i + 1 < count ? i + 1 : INBOX_PIECE_NONE;
}

bool inbox_store_reserve(struct inbox_store *store, uint32_t piece_count)
{
        if (piece_count > store->free_count - store->reserved_count)
                return false;
        store->reserved_count += piece_count;
        return true;
}

void inbox_store_release(struct inbox_store *store, uint32_t piece_count)
{
        ACD_ASSERT(piece_count <= store->reserved_count);
        store->reserved_count -= piece_count;
}

static uint32_t take_piece(struct inbox_store *store)
{
        uint32_t piece = store->free_first;

        ACD_ASSERT(store->free_count > 0 && piece < store->count);
        store->free_first = store->next[piece];
        store->free_count--;
        store->next[piece] = INBOX_PIECE_NONE;
        return piece;
}

/* Append @size bytes to the chain that ends in @last and has @used bytes. Returns its last piece.
 * */
static uint32_t append(struct inbox_store *store, struct inbox_chain *chain, uint32_t last,
                       const struct iovec *part)
{
        const uint8_t *from = part->iov_base;
        size_t left = part->iov_len;

        while (left > 0) {
                size_t at = chain->size % INBOX_PIECE_SIZE;
                size_t size = INBOX_PIECE_SIZE - at < left ? INBOX_PIECE_SIZE - at : left;

                if (at == 0) {
                        uint32_t piece = take_piece(store);

                        if (chain->size == 0)
                                chain->first = piece;
                        else
                                store->next[last] = piece;
                        last = piece;
                }
                memcpy(store->piece[last].bytes + at, from, size);
                chain->size += (uint32_t)size;
                from += size;
                left -= size;
        }
        return last;
}

bool inbox_store_put(struct inbox_store *store, const struct iovec *parts, int part_count,
                     struct inbox_chain *ret_chain)
{
        struct inbox_chain chain = { .first = INBOX_PIECE_NONE };
        uint32_t last = INBOX_PIECE_NONE;
        size_t size = 0;

        for (int i = 0; i < part_count; i++)
                size += parts[i].iov_len;
        if (inbox_store_pieces(size) > store->free_count - store->reserved_count)
                return false;
        for (int i = 0; i < part_count; i++)
                last = append(store, &chain, last, &parts[i]);
        *ret_chain = chain;
        return true;
}

void inbox_store_get(const struct inbox_store *store, const struct inbox_chain *chain,
                     uint8_t *into)
{
        uint32_t piece = chain->first;

        for (size_t left = chain->size; left > 0;) {
                size_t size = left < INBOX_PIECE_SIZE ? left : INBOX_PIECE_SIZE;

                ACD_ASSERT(piece < store->count);
                memcpy(into, store->piece[piece].bytes, size);
                into += size;
                left -= size;
                piece = store->next[piece];
        }
}

void inbox_store_drop(struct inbox_store *store, struct inbox_chain *chain)
{
        uint32_t count = inbox_store_pieces(chain->size);

        for (uint32_t piece = chain->first; count > 0; count--) {
                uint32_t next = store->next[piece];

                store->next[piece] = store->free_first;
                store->free_first = piece;
                store->free_count++;
                piece = next;
        }
        *chain = (struct inbox_chain){ .first = INBOX_PIECE_NONE };
}
