/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * lines.h - the lines of a text file, plain or compressed with gzip.
 *
 *   Ownership  Nothing outlives the call. A line is borrowed.
 *   Failure    0, what @take gave, or negative errno: the open's, -EIO for a
 *              damaged or cut archive, -ENOMEM.
 *   Cost       O(file), LINES_SIZE_MAX bytes for a line whatever the file claims.
 */

#include <stddef.h>
#include <stdint.h>

enum { LINES_SIZE_MAX = 2048 };

/* Line @line, counted from 1, without its newline and a carriage return before it.
 * A line that is longer than LINES_SIZE_MAX has one byte more than that, and no
 * more. Negative ends the reading. */
typedef int lines_take(void *context, uint64_t line, const char *text, size_t size);

int lines_read(const char *path, lines_take *take, void *context);
