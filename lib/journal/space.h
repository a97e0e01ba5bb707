/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The two marks on the disk. Pure.
 *
 *      free   ------------------- first mark ------- second mark ---- 0
 *              plenty            | low              | critical
 *              everything        | no new submits   | only what finishes work
 *
 * A mark is a share of the volume or a number of bytes, whichever is more.
 * Coming back needs an eighth more than the mark, so that the level does not
 * flutter. What the disk refused counts as much as the marks: no room for the
 * next snapshot or for one of the spare segments is low, and only the one left
 * that is kept for a recovery, so that the current segment is the last, is
 * critical.
 */

#include <stdbool.h>
#include <stdint.h>

#include "journal/journal_io.h"

enum journal_space_level {
        JOURNAL_SPACE_PLENTY,
        JOURNAL_SPACE_LOW,
        JOURNAL_SPACE_CRITICAL,
};

/* Zero means the default: 5 % or 256 MiB, and 2 % or 64 MiB. */
struct journal_marks {
        uint32_t low_permille;
        uint32_t critical_permille;
        uint64_t low_size;
        uint64_t critical_size;
};

struct journal_space_report {
        uint64_t total_size;
        uint64_t free_size;
        uint64_t low_size;      /* the first mark of this volume, in bytes */
        uint64_t critical_size; /* the second */
        uint32_t spare_count;
        bool is_spare_refused; /* the disk had no room for a spare segment */
        bool is_room_refused;  /* nor for the next snapshot */
};

/* The marks in bytes for a volume of @total_size. */
void journal_marks_resolve(const struct journal_marks *marks, uint64_t total_size,
                           uint64_t *ret_low_size, uint64_t *ret_critical_size);

/* The level, given the last one. */
enum journal_space_level journal_space_level(const struct journal_space_report *report,
                                             enum journal_space_level last);
