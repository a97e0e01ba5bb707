/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * value.h - durations and numbers as people write them.
 *
 *   Failure    Parsing takes the whole text or returns false, and leaves what
 *              it should have set as it was.
 *   Cost       O(size).
 *   Threads    Any: no state.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { APPLY_DURATION_TEXT_SIZE = 48 };

/* Whole units from large to small, each at most once: 1d2h3m4s500ms, 20s, 0.
 * A number without a unit is not a duration, zero excepted. */
bool apply_duration_parse(const char *text, size_t size, uint64_t *ret_ms)
        __attribute__((warn_unused_result));

/* The same in its shortest exact form: 90000 is 1m30s, 0 is 0s. Returns @ret_text. */
const char *apply_duration_format(uint64_t ms, char ret_text[APPLY_DURATION_TEXT_SIZE]);

/* Decimal digits, no sign, no leading zero, up to UINT64_MAX. */
bool apply_number_parse(const char *text, size_t size, uint64_t *ret_number)
        __attribute__((warn_unused_result));
