/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Where the log ends, and whether it ended well.
 *
 * The last segment ends either in nothing, or in a write that a crash cut off,
 * or in damage. The first two are normal and repaired. The third means that
 * something acknowledged may be lost, and is refused with its place. The rule
 * that tells them apart is stated in tail.c and in docs/JOURNAL.md.
 *
 *   Failure    -EBADMSG for damage, with file and offset.
 *   Cost       One pass over the last segment.
 */

#include "journal/segment.h"

struct journal_tail {
        uint64_t end_offset; /* where the good part ends */
        uint64_t last_lsn;
        uint64_t torn_size; /* bytes of an unfinished write after it, or 0 */
        uint32_t chain;
};

/* Judge log-@number, the last segment, for the process that owns it. @window as for a scan. */
int journal_tail_find(const struct journal_dir *dir, uint64_t number, uint8_t *window,
                      struct journal_tail *ret_tail, struct journal_error *error)
        __attribute__((warn_unused_result));

/* The same for an onlooker: the log ends with its last valid batch, for now. */
int journal_tail_glance(const struct journal_dir *dir, uint64_t number, uint8_t *window,
                        struct journal_tail *ret_tail, struct journal_error *error)
        __attribute__((warn_unused_result));
