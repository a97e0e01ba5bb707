/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The payload store: attributes, keys and addresses, which the core keeps and
 * never reads.
 *
 *      payload --> | next | 52 bytes | --> | next | 52 bytes | --> | LAST + n | n bytes ... |
 *
 * One block of 56-byte cells, in chains; the last cell says how many of its
 * bytes are in use. An empty string is payload 0 and takes no cell. Whoever puts
 * something in has asked acd_payload_fits() before, so putting cannot fail.
 *
 * What a step closes stays readable until the next one, so that its last event
 * can be written with its keys: acd_payload_bury() counts the cells as free at
 * once and links them as free when the next step begins. Which cells a string
 * has is nobody's business and not state.
 */

#include "acd/parts.h"

#include <string.h>

#define CELL_LAST UINT32_C(0x80000000)

static uint32_t take_cell(struct acd_payload_store *store)
{
        uint32_t cell = store->free;

        if (cell != 0) {
                store->free = store->cells[cell].next;
        } else {
                ACD_ASSERT(store->top < store->capacity);
                cell = ++store->top;
        }
        return cell;
}

uint32_t acd_payload_put(struct acd *acd, struct acd_bytes bytes)
{
        struct acd_payload_store *store = &acd->payload;
        uint32_t first = 0, last = 0;

        for (uint32_t at = 0; at < bytes.size; at += CORE_CELL_SIZE) {
                uint32_t size = bytes.size - at;
                uint32_t cell = take_cell(store);

                if (size > CORE_CELL_SIZE)
                        size = CORE_CELL_SIZE;
                memcpy(store->cells[cell].bytes, bytes.at + at, size);
                store->cells[cell].next = CELL_LAST | size;
                if (last == 0)
                        first = cell;
                else
                        store->cells[last].next = cell;
                last = cell;
                store->used++;
        }
        return first;
}

/* Link a chain as free. */
static void link_free(struct acd_payload_store *store, uint32_t payload)
{
        uint32_t cell = payload;

        while ((store->cells[cell].next & CELL_LAST) == 0)
                cell = store->cells[cell].next;
        store->cells[cell].next = store->free;
        store->free = payload;
}

static uint32_t chain_length(const struct acd_payload_store *store, uint32_t payload)
{
        uint32_t count = payload == 0 ? 0 : 1;

        for (uint32_t cell = payload; cell != 0 && (store->cells[cell].next & CELL_LAST) == 0;
             cell = store->cells[cell].next)
                count++;
        return count;
}

void acd_payload_free(struct acd *acd, uint32_t payload)
{
        if (payload == 0)
                return;
        acd->payload.used -= chain_length(&acd->payload, payload);
        link_free(&acd->payload, payload);
}

void acd_payload_bury(struct acd *acd, uint32_t payload)
{
        struct acd_payload_store *store = &acd->payload;

        if (payload == 0)
                return;
        if (store->grave_count == CORE_GRAVE_MAX) {
                acd_payload_free(acd, payload);
                return;
        }
        store->used -= chain_length(store, payload);
        store->grave[store->grave_count++] = payload;
}

/* A step begins: nobody reads any more what the last one closed. */
void acd_payload_dig(struct acd *acd)
{
        struct acd_payload_store *store = &acd->payload;

        while (store->grave_count > 0)
                link_free(store, store->grave[--store->grave_count]);
}

uint32_t acd_payload_size(const struct acd *acd, uint32_t payload)
{
        const struct acd_cell *cells = acd->payload.cells;
        uint32_t size = 0;

        if (payload == 0)
                return 0;
        while ((cells[payload].next & CELL_LAST) == 0) {
                size += CORE_CELL_SIZE;
                payload = cells[payload].next;
        }
        return size + (cells[payload].next & ~CELL_LAST);
}

/* Copy at most @size_max bytes out; returns the size of the whole. */
uint32_t acd_payload_get(const struct acd *acd, uint32_t payload, uint8_t *bytes, uint32_t size_max)
{
        uint32_t size = acd_payload_size(acd, payload);
        uint32_t left = size < size_max ? size : size_max;

        while (left > 0) {
                const struct acd_cell *cell = &acd->payload.cells[payload];
                uint32_t part = left < CORE_CELL_SIZE ? left : CORE_CELL_SIZE;

                memcpy(bytes, cell->bytes, part);
                bytes += part;
                left -= part;
                payload = cell->next;
        }
        return size;
}

bool acd_payload_equal(const struct acd *acd, uint32_t payload, struct acd_bytes bytes)
{
        uint32_t at = 0;

        if (acd_payload_size(acd, payload) != bytes.size)
                return false;
        while (at < bytes.size) {
                const struct acd_cell *cell = &acd->payload.cells[payload];
                uint32_t part = bytes.size - at < CORE_CELL_SIZE ? bytes.size - at : CORE_CELL_SIZE;

                if (memcmp(cell->bytes, bytes.at + at, part) != 0)
                        return false;
                at += part;
                payload = cell->next;
        }
        return true;
}
