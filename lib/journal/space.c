/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The two marks on the disk.
 *
 * A disk that fills up is noticed while there is still room to finish what was
 * begun: first no new work is taken, then nothing but the end of work. The level
 * is a pure function of what was measured and of the last level, so that every
 * boundary can be tested without filling a disk.
 */

#include "journal/space.h"

#include "base/assert.h"

enum {
        LOW_PERMILLE_DEFAULT = 50,
        CRITICAL_PERMILLE_DEFAULT = 20,
};

#define LOW_SIZE_DEFAULT      (UINT64_C(256) << 20)
#define CRITICAL_SIZE_DEFAULT (UINT64_C(64) << 20)

/* The larger of a share of @total and @size. Multiplying first would overflow
 * for volumes of more than 2^54 bytes. */
static uint64_t mark_of(uint64_t total, uint32_t permille, uint64_t size)
{
        uint64_t share = total / 1000 * permille + total % 1000 * permille / 1000;

        return share > size ? share : size;
}

void journal_marks_resolve(const struct journal_marks *marks, uint64_t total_size,
                           uint64_t *ret_low_size, uint64_t *ret_critical_size)
{
        uint32_t low_permille = marks->low_permille ? marks->low_permille : LOW_PERMILLE_DEFAULT;
        uint32_t critical_permille =
                marks->critical_permille ? marks->critical_permille : CRITICAL_PERMILLE_DEFAULT;
        uint64_t low_size = marks->low_size ? marks->low_size : LOW_SIZE_DEFAULT;
        uint64_t critical_size =
                marks->critical_size ? marks->critical_size : CRITICAL_SIZE_DEFAULT;
        uint64_t low = mark_of(total_size, low_permille, low_size);
        uint64_t critical = mark_of(total_size, critical_permille, critical_size);

        ACD_ASSERT(low_permille <= 1000);
        ACD_ASSERT(critical_permille <= 1000);

        *ret_critical_size = critical;
        *ret_low_size = low > critical ? low : critical;
}

/* Whether @free_size is below @mark, or not yet an eighth above it again. */
static bool is_below(uint64_t free_size, uint64_t mark, bool was_below)
{
        return free_size < (was_below ? mark + mark / 8 : mark);
}

enum journal_space_level journal_space_level(const struct journal_space_report *report,
                                             enum journal_space_level last)
{
        bool was_critical = last == JOURNAL_SPACE_CRITICAL;
        bool was_low = last != JOURNAL_SPACE_PLENTY;

        if (report->is_spare_refused && report->spare_count < 2)
                return JOURNAL_SPACE_CRITICAL;
        if (is_below(report->free_size, report->critical_size, was_critical))
                return JOURNAL_SPACE_CRITICAL;
        if (report->is_spare_refused || report->is_room_refused)
                return JOURNAL_SPACE_LOW;
        if (is_below(report->free_size, report->low_size, was_low))
                return JOURNAL_SPACE_LOW;

        return JOURNAL_SPACE_PLENTY;
}
