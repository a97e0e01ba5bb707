/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * core_clock.h - what core time it is, seen from outside the daemon.
 *
 *   Time       Reads CLOCK_BOOTTIME, which core time follows at rate 1.
 *   Failure    Ends the program with a sentence and exit code 1.
 */

#include <stdint.h>

uint64_t core_clock_boot_ns(void);

/* CLOCK_BOOTTIME less core time, of the daemon at @address, which has nothing else to do.
 * It is off by @ret_error_ns at most. */
int64_t core_clock_offset(const char *address, uint64_t *ret_error_ns);
