/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Which strings from outside we take: names, and free text.
 *
 * Names (tenants, queues, skills, agents, clients, keys that people type) end
 * up in logs, Redis keys, URLs and shell commands, so their alphabet is one
 * that needs quoting nowhere. Free text is UTF-8; where it is shown on a
 * terminal or written to a log it must be plain as well.
 *
 *   Failure    A bool; the caller owns the words of the refusal.
 *   Cost       O(size).
 *   Threads    Any: no state.
 */

#include <stdbool.h>
#include <stddef.h>

enum { ACD_NAME_SIZE_MAX = 63 };

/* 1 to 63 characters of A-Z a-z 0-9 . _ : - */
bool acd_name_is_valid(const char *name, size_t size);

/* Well-formed UTF-8: no overlong form, no surrogate, nothing above U+10FFFF.
 * Empty text is well formed. A zero byte is a character like any other. */
bool acd_utf8_is_valid(const void *text, size_t size);

/* Well-formed UTF-8 without control characters (U+0000 to U+001F, U+007F to
 * U+009F), tab and line feed excepted: it cannot steer a terminal. */
bool acd_text_is_plain(const void *text, size_t size);
