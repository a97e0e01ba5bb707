/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * awake_thread.h - a processor that does not go to sleep between two messages.
 *
 * One that has nothing to do sleeps, and to wake it takes longer than everything that
 * acdd does for a contact: for a message, and for a sync that ends. So a thread of the
 * lowest priority there is (SCHED_IDLE) keeps it busy, for a while after something was done
 * and on the processor where it was. The process's other threads take its place at once.
 * It costs what a busy processor costs, so it is only there when it is asked for.
 *
 *   Ownership  Who opens, closes. NULL is nobody, and nothing is done.
 *   Failure    A negative errno where there is no thread, or none of that priority.
 *   Cost       awake_touch(): the time and the processor's number; a wake-up when the thread
 *              rested.
 *   Threads    One touches, one thread here. It blocks all signals.
 */

#include <stdbool.h>
#include <stdint.h>

struct awake;

/* Start the thread, which rests at first; @span_us after a touch it will again. */
int awake_open(struct awake **ret_awake, uint64_t span_us) __attribute__((warn_unused_result));
/* It ends when it gets the processor, which may take long; so nobody waits for it, and its memory
 * is left to the end of the process. */
void awake_close(struct awake *awake);

/* Something was done, here. */
void awake_touch(struct awake *awake);

/* It rests until the next touch. */
bool awake_is_resting(struct awake *awake);
