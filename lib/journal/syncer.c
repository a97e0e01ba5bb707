/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The helper threads.
 *
 * Each is a loop and a place to sleep. It sleeps when a round found nothing to do,
 * until somebody says that there may be something; a wake-up that comes while it
 * works is kept, so none is lost.
 *
 *      syncer       journal_work(): handed batches, spares, what is not kept
 *      write back   begins to bring zeros and events to the disk
 *
 * Two, because to begin a write is to wait at times: the file system may have to
 * end its own journal's transaction first, some milliseconds. Batches must not
 * wait behind what no batch needs.
 *
 * The mutexes here are held for a few instructions only. What takes long is under
 * the journal's I/O lock, which the owner never takes in a turn that hands over.
 */

#include "journal/syncer.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/assert.h"
#include "journal/private.h"
#include "journal/quiet_thread.h"

/* Pieces that gather for the thread that writes back where no batch waits for a sync: there
 * nothing is behind them, and to wake it costs half of what a piece does. */
enum { PATIENCE = 4 };

/* Wait for a reason to work, or to end. */
static void wait_for_work(struct journal_thread *thread)
{
        pthread_mutex_lock(&thread->lock);
        while (!thread->is_woken && !thread->is_stopping)
                pthread_cond_wait(&thread->woken, &thread->lock);
        thread->is_woken = false;
        pthread_mutex_unlock(&thread->lock);
}

static bool is_stopping(struct journal_thread *thread)
{
        bool stopping;

        pthread_mutex_lock(&thread->lock);
        stopping = thread->is_stopping;
        pthread_mutex_unlock(&thread->lock);
        return stopping;
}

/* A batch that was handed over is done even when the thread is to end; zeroing
 * and removing can wait for the next run. */
static void *syncer_main(void *context)
{
        struct journal *journal = context;
        int r;

        for (;;) {
                r = journal_work(journal);
                if (r < 0)
                        break;
                if (atomic_load(&journal->job_state) == JOURNAL_JOB_HANDED)
                        continue;
                if (is_stopping(&journal->syncer))
                        break;
                if (r == 0)
                        wait_for_work(&journal->syncer);
        }

        /* A failure is news too. */
        journal_syncer_notify(journal);
        return NULL;
}

static void *write_back_main(void *context)
{
        struct journal *journal = context;
        const struct journal_chore *chore = &journal->chore;

        while (!is_stopping(&journal->write_back)) {
                bool is_more = journal_writer_write_back(&journal->writer);

                is_more |= chore->work != NULL && chore->work(chore->self);
                if (!is_more)
                        wait_for_work(&journal->write_back);
        }
        return NULL;
}

static int start(struct journal_thread *thread, void *(*main)(void *), struct journal *journal)
{
        int r;

        pthread_mutex_init(&thread->lock, NULL);
        pthread_cond_init(&thread->woken, NULL);
        thread->is_running = true;
        r = quiet_thread_start(&thread->thread, main, journal);
        if (r < 0) {
                thread->is_running = false;
                pthread_cond_destroy(&thread->woken);
                pthread_mutex_destroy(&thread->lock);
        }
        return r;
}

static void stop(struct journal_thread *thread)
{
        if (!thread->is_running)
                return;

        pthread_mutex_lock(&thread->lock);
        thread->is_stopping = true;
        pthread_cond_signal(&thread->woken);
        pthread_mutex_unlock(&thread->lock);
        (void)pthread_join(thread->thread, NULL);

        thread->is_running = false;
        pthread_cond_destroy(&thread->woken);
        pthread_mutex_destroy(&thread->lock);
}

static void wake(struct journal_thread *thread)
{
        if (!thread->is_running)
                return;

        pthread_mutex_lock(&thread->lock);
        thread->is_woken = true;
        pthread_mutex_unlock(&thread->lock);
        /* After the lock: on one processor who is woken runs at once, and would wait for it. */
        pthread_cond_signal(&thread->woken);
}

void journal_syncer_set_chore(struct journal *journal, const struct journal_chore *chore)
{
        ACD_ASSERT(!journal->write_back.is_running);

        journal->chore = *chore;
}

int journal_syncer_start(struct journal *journal)
{
        int r;

        ACD_ASSERT(journal->stage == JOURNAL_STAGE_STARTED);
        ACD_ASSERT(!journal->syncer.is_running);

        journal->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (journal->event_fd < 0)
                return -errno;
        /* The syncer wakes the other, so it comes second. */
        r = start(&journal->write_back, write_back_main, journal);
        if (r == 0)
                r = start(&journal->syncer, syncer_main, journal);
        if (r < 0)
                journal_syncer_stop(journal);
        return r;
}

int journal_syncer_event_fd(const struct journal *journal)
{
        return journal->event_fd;
}

void journal_syncer_stop(struct journal *journal)
{
        stop(&journal->syncer);
        stop(&journal->write_back);
        if (journal->event_fd >= 0)
                (void)close(journal->event_fd);
        journal->event_fd = -1;
}

void journal_syncer_wake(struct journal *journal)
{
        wake(&journal->syncer);
}

void journal_syncer_nudge(struct journal *journal, uint64_t before, uint64_t after)
{
        uint64_t size = journal->writer.has_zeroed_spares ? JOURNAL_PIECE_SIZE
                                                          : PATIENCE * JOURNAL_PIECE_SIZE;

        if (before / size != after / size)
                wake(&journal->write_back);
}

void journal_syncer_notify(struct journal *journal)
{
        if (journal->event_fd >= 0)
                (void)eventfd_write(journal->event_fd, 1);
}

void journal_syncer_clear(struct journal *journal)
{
        eventfd_t value;

        if (journal->event_fd >= 0)
                (void)eventfd_read(journal->event_fd, &value);
}
