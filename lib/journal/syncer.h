/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The helper thread: brings handed batches to disk and keeps spares ready. And a
 * second one, which begins to write what would otherwise wait until it is much.
 *
 * The first only calls journal_work() whenever there may be some, so that everything
 * it does can also be done, and tested, without a thread. When a batch is done
 * it makes an eventfd readable; the owner then calls journal_poll().
 *
 *   Ownership  The threads live inside the journal: started after
 *              journal_start(), ended by journal_close() at the latest.
 *   Failure    A failed journal makes the eventfd readable too; journal_poll()
 *              returns the error.
 *   Threads    Start and stop from the owner thread. The threads block all
 *              signals.
 */

#include "journal/journal.h"

/* What the second thread does beside the journal's own: @work, until it says false. */
struct journal_chore {
        bool (*work)(void *self);
        void *self;
};

/* Before the start. */
void journal_syncer_set_chore(struct journal *journal, const struct journal_chore *chore);

/* A file that the second thread begins to write has grown from @before to @after bytes. It
 * is woken when that is beyond a piece or a few; @before UINT64_MAX: it is another file. */
void journal_syncer_nudge(struct journal *journal, uint64_t before, uint64_t after);

/* Start the threads. Only once, after journal_start(). */
int journal_syncer_start(struct journal *journal) __attribute__((warn_unused_result));

/* A descriptor that is readable when journal_poll() has news, -1 without a
 * thread. journal_poll() empties it. */
int journal_syncer_event_fd(const struct journal *journal);

/* Finish what is on its way and end the threads. Without one, nothing. */
void journal_syncer_stop(struct journal *journal);
