/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeping a processor awake.
 *
 * The thread looks at the clock until the time is over, then waits to be touched. No pause
 * instruction: a machine that is a guest would be taken off its processor for a loop of them.
 *
 * Whoever touches says first until when, then looks whether the thread rests; the thread says
 * first that it rests, then looks until when. So one of them sees what the other said. There is no
 * lock: a thread of the lowest priority that held one could be kept from letting go of it.
 */

#include "daemon/awake_thread.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "daemon/clock.h"
#include "daemon/system.h"
#include "journal/quiet_thread.h"

enum { NS_PER_US = 1000 };

struct awake {
        pthread_t thread;
        sem_t touched; /* posted when it rested */
        uint64_t span_ns;
        atomic_uint_fast64_t until_ns;
        atomic_int processor; /* where it was touched */
        atomic_bool is_resting, is_closing;
};

static uint64_t now_ns(void)
{
        return world_clock_os.boot_ns(world_clock_os.self);
}

static bool is_time(struct awake *awake)
{
        return now_ns() < atomic_load(&awake->until_ns);
}

/* Be where @processor is, if that may be. */
static void follow(int processor)
{
        cpu_set_t set;

        CPU_ZERO(&set);
        if (processor < 0 || processor >= CPU_SETSIZE)
                return;
        CPU_SET((size_t)processor, &set);
        (void)sched_setaffinity(0, sizeof(set), &set);
}

static void rest(struct awake *awake)
{
        atomic_store(&awake->is_resting, true);
        /* Touched or closed just now, by somebody who did not see it. */
        if ((is_time(awake) || atomic_load(&awake->is_closing)) &&
            atomic_exchange(&awake->is_resting, false))
                return;
        while (sem_wait(&awake->touched) < 0)
                continue;
}

static void wake(struct awake *awake)
{
        if (atomic_exchange(&awake->is_resting, false))
                (void)sem_post(&awake->touched);
}

static void *stay_awake(void *context)
{
        struct awake *awake = context;
        int processor = -1;

        while (!atomic_load(&awake->is_closing)) {
                int now = atomic_load(&awake->processor);

                if (now != processor)
                        follow(processor = now);
                if (!is_time(awake))
                        rest(awake);
        }
        return NULL;
}

int awake_open(struct awake **ret_awake, uint64_t span_us)
{
        const struct sched_param lowest = { .sched_priority = 0 };
        struct awake *awake = world_system_os.reserve(NULL, sizeof(*awake));
        int r;

        if (awake == NULL)
                return -ENOMEM;
        awake->span_ns = span_us * NS_PER_US;
        atomic_store(&awake->processor, -1);
        (void)sem_init(&awake->touched, 0, 0);
        r = quiet_thread_start(&awake->thread, stay_awake, awake);
        if (r < 0) {
                (void)sem_destroy(&awake->touched);
                world_system_os.release(NULL, awake, sizeof(*awake));
                return r;
        }
        /* Before it is ever touched: with any other priority it would be in everybody's way. */
        r = pthread_setschedparam(awake->thread, SCHED_IDLE, &lowest);
        if (r != 0) {
                awake_close(awake);
                return -r;
        }
        *ret_awake = awake;
        return 0;
}

void awake_close(struct awake *awake)
{
        if (awake == NULL)
                return;
        atomic_store(&awake->is_closing, true);
        wake(awake);
        (void)pthread_detach(awake->thread);
}

void awake_touch(struct awake *awake)
{
        if (awake == NULL)
                return;
        atomic_store(&awake->processor, sched_getcpu());
        atomic_store(&awake->until_ns, now_ns() + awake->span_ns);
        wake(awake);
}

bool awake_is_resting(struct awake *awake)
{
        return atomic_load(&awake->is_resting);
}
