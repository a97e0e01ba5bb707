/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The echo server by io_uring, in a build without liburing.
 */

#include "bench/peers/bound.h"
#include "bench/peers/link.h"

bool bound_has_uring(void)
{
        return false;
}

_Noreturn void bound_serve_uring(int listener, size_t answer_size)
{
        (void)listener;
        (void)answer_size;
        link_fail("this build has no io_uring");
}
