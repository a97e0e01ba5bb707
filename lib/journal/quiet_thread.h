/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * quiet_thread.h - how every thread of the process begins: with all signals blocked, for they
 * belong to the loop.
 *
 *   Ownership  The thread is the caller's to join or to detach.
 *   Failure    0, or a negative errno: then there is no thread.
 */

#include <pthread.h>
#include <signal.h>

static inline int quiet_thread_start(pthread_t *ret_thread, void *(*main)(void *), void *context)
{
        sigset_t all, before;
        int r;

        (void)sigfillset(&all);
        r = pthread_sigmask(SIG_SETMASK, &all, &before);
        if (r != 0)
                return -r;
        r = pthread_create(ret_thread, NULL, main, context);
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
        return -r;
}
