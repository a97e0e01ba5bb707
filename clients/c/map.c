/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash map by open addressing, with linear probing.
 *
 * Removal moves later cells of the chain back instead of leaving tombstones: a
 * gateway takes up and drops contacts all day, and the table must not fill with
 * graves. The table grows to keep at least half of it empty, up to its bound.
 */

#include "clients/c/map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

enum { FIRST_CAPACITY = 64 };

/* Ids differ mostly in a few bits; a multiplication spreads them. */
static uint32_t home_of(const struct client_map *map, uint64_t key)
{
        uint64_t mixed = key * UINT64_C(0x9e3779b97f4a7c15);

        return (uint32_t)(mixed >> 32) & (map->capacity - 1);
}

void client_map_init(struct client_map *map, uint32_t count_max)
{
        *map = (struct client_map){ .count_max = count_max };
}

void client_map_fini(struct client_map *map)
{
        free(map->cells);
        *map = (struct client_map){ 0 };
}

/* The cell of @key, or the empty one where it would go. */
static uint32_t probe(const struct client_map *map, uint64_t key)
{
        uint32_t index = home_of(map, key);

        while (map->cells[index].key != 0 && map->cells[index].key != key)
                index = (index + 1) & (map->capacity - 1);
        return index;
}

static int grow(struct client_map *map)
{
        struct client_map larger = *map;

        larger.capacity = map->capacity == 0 ? FIRST_CAPACITY : map->capacity * 2;
        larger.cells = calloc(larger.capacity, sizeof(*larger.cells));
        if (larger.cells == NULL)
                return -ENOMEM;
        for (uint32_t i = 0; i < map->capacity; i++)
                if (map->cells[i].key != 0)
                        larger.cells[probe(&larger, map->cells[i].key)] = map->cells[i];
        free(map->cells);
        *map = larger;
        return 0;
}

int client_map_put(struct client_map *map, uint64_t key, uint32_t value)
{
        uint32_t index;

        ACD_ASSERT(key != 0);
        if (client_map_get(map, key, NULL)) {
                map->cells[probe(map, key)].value = value;
                return 0;
        }
        if (map->count >= map->count_max)
                return -ENOBUFS;
        if (map->count >= map->capacity / 2) {
                int r = grow(map);

                if (r < 0)
                        return r;
        }
        index = probe(map, key);
        map->cells[index] = (struct client_map_cell){ .key = key, .value = value };
        map->count++;
        return 0;
}

bool client_map_get(const struct client_map *map, uint64_t key, uint32_t *ret_value)
{
        uint32_t index;

        if (map->capacity == 0 || key == 0)
                return false;
        index = probe(map, key);
        if (map->cells[index].key == 0)
                return false;
        if (ret_value != NULL)
                *ret_value = map->cells[index].value;
        return true;
}

void client_map_remove(struct client_map *map, uint64_t key)
{
        uint32_t mask = map->capacity - 1;
        uint32_t hole;
        uint32_t next;

        if (!client_map_get(map, key, NULL))
                return;
        hole = probe(map, key);
        map->count--;
        for (next = (hole + 1) & mask; map->cells[next].key != 0; next = (next + 1) & mask) {
                uint32_t home = home_of(map, map->cells[next].key);

                /* May the cell stay: is its home after the hole, up to itself? */
                if (((next - home) & mask) < ((next - hole) & mask))
                        continue;
                map->cells[hole] = map->cells[next];
                hole = next;
        }
        map->cells[hole] = (struct client_map_cell){ 0 };
}

void client_map_clear(struct client_map *map)
{
        if (map->capacity > 0)
                memset(map->cells, 0, map->capacity * sizeof(*map->cells));
        map->count = 0;
}
