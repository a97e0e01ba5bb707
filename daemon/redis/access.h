/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * access.h - who we are to Redis: users, passwords, TLS.
 *
 * Read once by the process (daemon/access.c), handed in, and never logged or shown.
 *
 *   Ownership  The process's, until the shard is closed.
 */

#include <stdbool.h>

#include "daemon/redis/link.h"
#include "daemon/redis/tls.h"

enum { REDIS_PASSWORD_SIZE = 520 };

struct redis_access {
        const char *user; /* "": Redis's default user */
        const char *sentinel_user;
        char password[REDIS_PASSWORD_SIZE]; /* "": no AUTH */
        char sentinel_password[REDIS_PASSWORD_SIZE];
        struct redis_tls *tls; /* NULL: bytes go plain */
};

/* What a link says first to a server, or to a sentinel. @access may be NULL: nobody in
 * particular. */
struct redis_greeting redis_access_greeting(const struct redis_access *access, const char *name,
                                            bool is_sentinel);
