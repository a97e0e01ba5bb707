/* SPDX-License-Identifier: Apache-2.0 */
/*
 * acd_panic() for a library in somebody else's program: say where, and abort.
 *
 * A program that has its own takes precedence in a static link; in the shared
 * library this one is used, and hidden.
 */

#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"

void acd_panic(const char *file, int line, const char *function, const char *what)
{
        (void)fprintf(stderr, "libacdclient: %s:%d: %s: assertion failed: %s\n", file, line,
                      function, what);
        abort();
}
