/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * access.h - reads who we are to Redis: passwords and certificates, from files.
 *
 *   Ownership  The caller's struct, which borrows texts of @options.
 *   Failure    A negative errno and a sentence that names the parameter.
 *   Threads    Before the run.
 */

#include "daemon/options.h"
#include "daemon/redis/access.h"

enum { ACCESS_ERROR_SIZE = 512 };

int access_open(struct redis_access *access, const struct options *options,
                char ret_text[ACCESS_ERROR_SIZE]) __attribute__((warn_unused_result));

/* Overwrite what was secret. */
void access_close(struct redis_access *access);
