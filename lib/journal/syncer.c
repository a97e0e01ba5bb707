/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The helper thread.
 *
 * A loop around journal_work() and a place to sleep. It sleeps when a call found
 * nothing to do, until somebody says that there may be something; a wake-up that
 * comes while it works is kept, so none is lost.
 *
 * The mutex here is held for a few instructions only. What takes long is under
 * the journal's I/O lock, which the owner never takes in a turn that hands over.
 */

#include "journal/syncer.h"

#include <errno.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/assert.h"
#include "journal/private.h"

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
        const struct journal_chore *chore = &journal->thread.chore;
        int r;

        for (;;) {
                r = journal_work(journal);
                if (r < 0)
                        break;
                if (atomic_load(&journal->job_state) == JOURNAL_JOB_HANDED)
                        continue;
                if (is_stopping(&journal->thread))
                        break;
                if (chore->work != NULL && chore->work(chore->self))
                        continue;
                if (r == 0)
                        wait_for_work(&journal->thread);
        }

        /* A failure is news too. */
        journal_syncer_notify(journal);
        return NULL;
}

/* The thread with all signals blocked: they belong to the owner. */
static int start_thread(struct journal *journal)
{
        sigset_t all, before;
        int r;

        (void)sigfillset(&all);
        r = pthread_sigmask(SIG_SETMASK, &all, &before);
        if (r != 0)
                return -r;
        r = pthread_create(&journal->thread.thread, NULL, syncer_main, journal);
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
        return -r;
}

void journal_syncer_set_chore(struct journal *journal, const struct journal_chore *chore)
{
        ACD_ASSERT(!journal->thread.is_running);

        journal->thread.chore = *chore;
}

void journal_syncer_nudge(struct journal *journal)
{
        journal_syncer_wake(journal);
}

int journal_syncer_start(struct journal *journal)
{
        struct journal_thread *thread = &journal->thread;
        int r;

        ACD_ASSERT(journal->stage == JOURNAL_STAGE_STARTED);
        ACD_ASSERT(!thread->is_running);

        thread->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (thread->event_fd < 0)
                return -errno;
        pthread_mutex_init(&thread->lock, NULL);
        pthread_cond_init(&thread->woken, NULL);

        thread->is_running = true;
        r = start_thread(journal);
        if (r < 0) {
                thread->is_running = false;
                pthread_cond_destroy(&thread->woken);
                pthread_mutex_destroy(&thread->lock);
                (void)close(thread->event_fd);
                thread->event_fd = -1;
        }
        return r;
}

int journal_syncer_event_fd(const struct journal *journal)
{
        return journal->thread.event_fd;
}

void journal_syncer_stop(struct journal *journal)
{
        struct journal_thread *thread = &journal->thread;

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
        (void)close(thread->event_fd);
        thread->event_fd = -1;
}

void journal_syncer_wake(struct journal *journal)
{
        struct journal_thread *thread = &journal->thread;

        if (!thread->is_running)
                return;

        pthread_mutex_lock(&thread->lock);
        thread->is_woken = true;
        pthread_cond_signal(&thread->woken);
        pthread_mutex_unlock(&thread->lock);
}

void journal_syncer_notify(struct journal *journal)
{
        if (journal->thread.event_fd >= 0)
                (void)eventfd_write(journal->thread.event_fd, 1);
}

void journal_syncer_clear(struct journal *journal)
{
        eventfd_t value;

        if (journal->thread.event_fd >= 0)
                (void)eventfd_read(journal->thread.event_fd, &value);
}
