/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The helper thread: brings handed batches to disk and keeps spares ready.
 *
 * It only calls journal_work() whenever there may be some, and a chore that the
 * owner may give it, so that everything it does can also be done, and tested,
 * without a thread. When a batch is done
 * it makes an eventfd readable; the owner then calls journal_poll().
 *
 *   Ownership  The thread lives inside the journal: started after
 *              journal_start(), ended by journal_close() at the latest.
 *   Failure    A failed journal makes the eventfd readable too; journal_poll()
 *              returns the error.
 *   Threads    Start and stop from the owner thread. The thread blocks all
 *              signals.
 */

#include "journal/journal.h"

/* What the thread does besides, whenever no batch waits: @work, until it says false. */
struct journal_chore {
        bool (*work)(void *self);
        void *self;
};

/* Before the start. */
void journal_syncer_set_chore(struct journal *journal, const struct journal_chore *chore);

/* There may be something to do for the chore. */
void journal_syncer_nudge(struct journal *journal);

/* Start the thread. Only once, after journal_start(). */
int journal_syncer_start(struct journal *journal) __attribute__((warn_unused_result));

/* A descriptor that is readable when journal_poll() has news, -1 without a
 * thread. journal_poll() empties it. */
int journal_syncer_event_fd(const struct journal *journal);

/* Finish what is on its way and end the thread. Without one, nothing. */
void journal_syncer_stop(struct journal *journal);
