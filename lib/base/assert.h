/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Assertions that stay on in production.
 *
 * A failed assertion is a bug of ours, never of a peer: the program's own
 * acd_panic() says what it can (last commands, digest, build) and aborts, and
 * the journal brings everything acknowledged back. lib/base and lib/acd only
 * declare acd_panic(); each program defines it.
 */

_Noreturn void acd_panic(const char *file, int line, const char *function, const char *what);

#define ACD_ASSERT(expression) \
        ((expression) ? (void)0 : acd_panic(__FILE__, __LINE__, __func__, #expression))
