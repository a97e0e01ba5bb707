/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * loop_address.h - "HOST:PORT" and "unix:PATH": binding, connecting, describing.
 *
 *   Failure    Negative errno; binding says in words what to mend.
 *   Cost       Nothing here waits: hosts are numeric, or "localhost", or looked up by
 *              a resolver, which says -EINPROGRESS until it knows.
 *   Threads    Any.
 */

#include <sys/socket.h>

#include "daemon/loop.h"
#include "daemon/world.h"

/* A listening socket. A unix socket's path is written to @ret_path. */
int loop_bind(const char *address, const char *dir, char ret_path[LOOP_PATH_SIZE],
              struct loop_error *ret_error) __attribute__((warn_unused_result));

/* A socket that connects, not blocking. @resolver may be NULL. Failures as in resolver_thread.h,
 * too. */
int loop_connect(const char *address, struct resolver *resolver)
        __attribute__((warn_unused_result));

/* Who is at the other end of @fd; also sets what its kind of socket needs. */
void loop_describe_peer(int fd, const struct sockaddr_storage *address,
                        struct world_peer *ret_peer);
