/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The sparse index of the event log.
 *
 * A map from every sequence would be the size of the log; a tree by tenant would
 * have to be cut and trimmed. A ring that is searched whole needs neither: a
 * search over 65,536 points costs some tens of microseconds, and only a consumer that
 * connects makes one.
 *
 * What keeps a busy tenant from crowding the others out is the stride, counted
 * per tenant. The last point of each tenant is remembered in a small table by
 * tenant number; tenants that share a place there get more points than they
 * need, which is harmless.
 */

#include "journal/event_index.h"

#include <string.h>

#include "base/assert.h"

size_t event_index_size(uint32_t point_count_max)
{
        return (size_t)point_count_max * sizeof(struct event_point);
}

void event_index_init(struct event_index *index, void *memory, uint32_t point_count_max)
{
        ACD_ASSERT(point_count_max > 0);

        memset(index, 0, sizeof(*index));
        memset(memory, 0, event_index_size(point_count_max));
        index->points = memory;
        index->point_count_max = point_count_max;
}

void event_index_add(struct event_index *index, uint32_t tenant, uint64_t first_sequence,
                     uint64_t position)
{
        struct event_point *recent = &index->recent[tenant % EVENT_INDEX_RECENT_COUNT];

        if (recent->is_set && recent->tenant == tenant && position >= recent->position &&
            position - recent->position < EVENT_INDEX_STRIDE)
                return;

        *recent = (struct event_point){
                .tenant = tenant,
                .is_set = 1,
                .first_sequence = first_sequence,
                .position = position,
        };
        index->points[index->point_next] = *recent;
        index->point_next = (index->point_next + 1) % index->point_count_max;
}

void event_index_cut(struct event_index *index, uint64_t position)
{
        for (uint32_t i = 0; i < index->point_count_max; i++)
                if (index->points[i].position >= position)
                        index->points[i].is_set = 0;
        memset(index->recent, 0, sizeof(index->recent));
}

uint64_t event_index_find(const struct event_index *index, uint32_t tenant, uint64_t sequence,
                          uint64_t first)
{
        uint64_t best = first;

        for (uint32_t i = 0; i < index->point_count_max; i++) {
                const struct event_point *point = &index->points[i];

                if (point->is_set && point->tenant == tenant && point->first_sequence <= sequence &&
                    point->position > best)
                        best = point->position;
        }
        return best;
}
