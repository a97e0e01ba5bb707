/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Greetings, of what the process read.
 *
 * Sentinels may have users of their own. With none set they are greeted without a
 * password and not with the server's: whoever plays a sentinel shall not be told it.
 */

#include "daemon/redis/access.h"

#include <stddef.h>

struct redis_greeting redis_access_greeting(const struct redis_access *access, const char *name,
                                            bool is_sentinel)
{
        struct redis_greeting greeting = {
                .user = "",
                .password = "",
                .name = name,
                .is_master_wanted = !is_sentinel,
        };

        if (access == NULL)
                return greeting;
        greeting.user = is_sentinel ? access->sentinel_user : access->user;
        greeting.password = is_sentinel ? access->sentinel_password : access->password;
        return greeting;
}
