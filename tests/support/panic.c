/* SPDX-License-Identifier: Apache-2.0 */
/*
 * acd_panic() for test programs: say where, and abort.
 *
 * Each program defines its own, because each knows other things worth saying.
 * A test's knowledge is on the screen already. It writes with one call and
 * without stdio, so that it works from a signal handler and a full heap alike.
 */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/assert.h"

void acd_panic(const char *file, int line, const char *function, const char *what)
{
        char text[512];
        int size = snprintf(text, sizeof(text), "%s:%d: %s: assertion failed: %s\n", file, line,
                            function, what);

        if (size > (int)sizeof(text))
                size = (int)sizeof(text);
        if (size > 0 && write(STDERR_FILENO, text, (size_t)size) < 0)
                abort();
        abort();
}
