/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A build without io_uring: asked for it, the loop is refused and takes epoll.
 */

#include <errno.h>

#include "daemon/loop_backend.h"

static size_t memory_size(uint32_t fd_max)
{
        (void)fd_max;
        return 0;
}

static int open_state(struct loop *loop, const struct loop_setup *setup)
{
        (void)loop;
        (void)setup;
        return -ENOSYS;
}

const struct loop_backend loop_backend_uring = {
        .name = "io_uring",
        .memory_size = memory_size,
        .open = open_state,
};
