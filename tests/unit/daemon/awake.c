/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Staying awake: a thread that is busy for a while after each touch, and not before or after.
 *
 * How long that takes depends on what else the machine does, as the thread has the lowest
 * priority; so what is asserted is what may never be, and the rest is waited for.
 *
 * A plain program, for the build with the thread sanitizer.
 */

#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/assert.h"
#include "base/prng.h"
#include "daemon/awake_thread.h"
#include "daemon/clock.h"

enum { DEADLINE_S = 60, SPAN_NS = 20000000 };

static struct awake *awake;

static uint64_t now_ns(void)
{
        return world_clock_os.boot_ns(world_clock_os.self);
}

static uint64_t used_ns(void)
{
        struct timespec used;

        ACD_ASSERT(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) == 0);
        return (uint64_t)used.tv_sec * 1000000000 + (uint64_t)used.tv_nsec;
}

/* Between two looks at the time it may say so for a moment. */
static bool is_at_rest(void)
{
        if (!awake_is_resting(awake))
                return false;
        poll(NULL, 0, 1);
        return awake_is_resting(awake);
}

static void wait_until_it_rests(void)
{
        uint64_t end = now_ns() + DEADLINE_S * UINT64_C(1000000000);

        while (!is_at_rest()) {
                ACD_ASSERT(now_ns() < end);
                poll(NULL, 0, 1);
        }
}

/* Touch it some times, and wait. The processor time that this took. */
static uint64_t touch_and_wait(void)
{
        uint64_t used, touched;

        wait_until_it_rests();
        used = used_ns();
        for (int i = 0; i < 3; i++) {
                touched = now_ns();
                awake_touch(awake);
                poll(NULL, 0, SPAN_NS / 2000000);
        }
        wait_until_it_rests();
        ACD_ASSERT(now_ns() >= touched + SPAN_NS);
        return used_ns() - used;
}

/* Goal    It is busy after a touch: it does not rest before the span is over, and takes processor
 *         time while nobody else here does. It rests when the span is over, however often it was
 *         touched. */
static void busy_for_a_span(void)
{
        uint64_t end = now_ns() + DEADLINE_S * UINT64_C(1000000000);

        ACD_ASSERT(awake_open(&awake, SPAN_NS / 1000) == 0);
        while (touch_and_wait() < SPAN_NS / 4)
                ACD_ASSERT(now_ns() < end);
        awake_touch(awake);
        awake_close(awake);
}

/* To the next of those that the process may use: the thread stays where it was touched. */
static void change_processor(void)
{
        static cpu_set_t all;
        static int processor;
        cpu_set_t one;

        if (CPU_COUNT(&all) == 0)
                ACD_ASSERT(sched_getaffinity(0, sizeof(all), &all) == 0);
        do
                processor = (processor + 1) % CPU_SETSIZE;
        while (!CPU_ISSET((size_t)processor, &all));
        CPU_ZERO(&one);
        CPU_SET((size_t)processor, &one);
        ACD_ASSERT(sched_setaffinity(0, sizeof(one), &one) == 0);
}

/* Goal    No touch is lost, at whatever moment it comes.
 * Method  Touches from another processor around the end of the last span, when it is about to rest.
 *         Who rests then, with most of the new span to come, has not seen it. One who does not get
 *         the processor does not rest. */
static void touched_when_about_to_rest(void)
{
        enum { TOUCH_COUNT = 400, SHORT_NS = 5000000, AROUND_NS = 400 };
        struct acd_prng prng;
        uint64_t touched = 0;

        acd_prng_init(&prng, 1);
        ACD_ASSERT(awake_open(&awake, SHORT_NS / 1000) == 0);
        for (int i = 0; i < TOUCH_COUNT; i++) {
                uint64_t when = touched + SHORT_NS - AROUND_NS / 2 +
                                acd_prng_below(&prng, AROUND_NS);
                bool is_lost;

                change_processor();
                while (now_ns() < when)
                        continue;
                touched = now_ns();
                awake_touch(awake);
                is_lost = is_at_rest();
                ACD_ASSERT(!is_lost || now_ns() >= touched + SHORT_NS);
        }
        wait_until_it_rests();
        awake_close(awake);
}

int main(void)
{
        busy_for_a_span();
        touched_when_about_to_rest();

        /* Nobody. */
        awake_touch(NULL);
        awake_close(NULL);
        return 0;
}
