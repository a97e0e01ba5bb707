/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Where to begin reading for a tenant's sequence: a sparse index in memory.
 *
 * A ring of points (tenant, first sequence, position), one for each tenant and
 * EVENT_INDEX_STRIDE bytes of log. The answer to a search is a hint that is never
 * too late: the newest point at or before what is wanted, or the log's beginning.
 *
 *   Ownership  The caller owns the memory.
 *   Failure    None. A full ring forgets its oldest points; searches for them
 *              begin earlier.
 *   Cost       Add O(1). Search O(points), for a consumer that connects.
 *   Threads    The owner of the log.
 */

#include <stddef.h>
#include <stdint.h>

enum {
        EVENT_INDEX_STRIDE = 65536,
        EVENT_INDEX_RECENT_COUNT = 1024, /* tenants whose last point is remembered */
};

struct event_point {
        uint32_t tenant;
        uint32_t is_set;
        uint64_t first_sequence;
        uint64_t position;
};

struct event_index {
        struct event_point *points;
        uint32_t point_count_max;
        uint32_t point_next;
        struct event_point recent[EVENT_INDEX_RECENT_COUNT]; /* by tenant modulo count */
};

size_t event_index_size(uint32_t point_count_max);

void event_index_init(struct event_index *index, void *memory, uint32_t point_count_max);

/* An entry of @tenant begins at @position with @first_sequence. */
void event_index_add(struct event_index *index, uint32_t tenant, uint64_t first_sequence,
                     uint64_t position);

/* Forget what is at or after @position. */
void event_index_cut(struct event_index *index, uint64_t position);

/* A position at or before the entry of @tenant with @sequence, at least @first. */
uint64_t event_index_find(const struct event_index *index, uint32_t tenant, uint64_t sequence,
                          uint64_t first);
