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
#include <stdint.h>
#include <time.h>

#include "base/assert.h"
#include "daemon/awake_thread.h"
#include "daemon/clock.h"

enum { DEADLINE_S = 60, SPAN_NS = 20000000, TOUCH_COUNT = 20000 };

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

static void wait_until_it_rests(void)
{
        uint64_t end = now_ns() + DEADLINE_S * UINT64_C(1000000000);

        while (!awake_is_resting(awake)) {
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
                ACD_ASSERT(!awake_is_resting(awake) || now_ns() >= touched + SPAN_NS);
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

        while (touch_and_wait() < SPAN_NS)
                ACD_ASSERT(now_ns() < end);
}

/* Goal    No touch is lost, whenever it comes: after each one it is awake, and in the end it rests.
 * Method  Spans of nothing, so that it is always about to rest. */
static void touched_at_any_moment(void)
{
        ACD_ASSERT(awake_open(&awake, 0) == 0);
        for (int i = 0; i < TOUCH_COUNT; i++)
                awake_touch(awake);
        wait_until_it_rests();
        awake_touch(awake);
        wait_until_it_rests();
        awake_close(awake);
}

int main(void)
{
        ACD_ASSERT(awake_open(&awake, SPAN_NS / 1000) == 0);
        busy_for_a_span();
        awake_touch(awake);
        awake_close(awake);

        touched_at_any_moment();

        /* Nobody. */
        awake_touch(NULL);
        awake_close(NULL);
        return 0;
}
