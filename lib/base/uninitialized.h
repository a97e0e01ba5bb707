/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Variables begin as zeros (-ftrivial-auto-var-init in meson.build), so that one
 * forgotten is no leak of the stack. For a large one on a hot path that costs
 * more than what is done with it. Such a one is marked, if it is plainly written before it is
 * read; compilers without the flag do not know the attribute and need none.
 */

#if __has_attribute(uninitialized)
#define ACD_UNINITIALIZED __attribute__((uninitialized))
#else
#define ACD_UNINITIALIZED
#endif
