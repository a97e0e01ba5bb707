/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * map.h - numbers to numbers, bounded: which contacts are held, whose a session is.
 *
 *   Ownership  The map owns its memory; client_map_fini() accepts a zeroed map.
 *   Failure    -ENOBUFS at the limit, -ENOMEM; then nothing has changed.
 *   Cost       O(1) on average; the keys come from the daemon and are hashed.
 */

#include <stdbool.h>
#include <stdint.h>

struct client_map_cell {
        uint64_t key; /* 0 = empty */
        uint32_t value;
};

struct client_map {
        struct client_map_cell *cells;
        uint32_t capacity; /* a power of two, or 0 */
        uint32_t count;
        uint32_t count_max;
};

void client_map_init(struct client_map *map, uint32_t count_max);
void client_map_fini(struct client_map *map);

/* @key is not 0. An old value is replaced. */
int client_map_put(struct client_map *map, uint64_t key, uint32_t value)
        __attribute__((warn_unused_result));
bool client_map_get(const struct client_map *map, uint64_t key, uint32_t *ret_value);
void client_map_remove(struct client_map *map, uint64_t key);
void client_map_clear(struct client_map *map);
