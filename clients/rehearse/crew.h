/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * crew.h - the processes of a rehearsal: redis-server, the daemon, gateway, desktops.
 *
 *   Ownership  Everything started here is ended by crew_end(), and dies with the
 *              parent whatever happens; when is_kept, daemon and Redis live on.
 *              Directory and logs lie in crew.directory.
 *   Failure    false, after a sentence on stderr that names the log to read.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "clients/rehearse/rehearse.h"

enum { CREW_PATH_MAX = 256, CREW_DESKTOP_MAX = 256 };

struct crew {
        const char *acdd_path;
        const char *redis_path; /* NULL = no Redis */
        char directory[CREW_PATH_MAX];
        char address[CREW_PATH_MAX + 16]; /* of the daemon */
        char redis_address[32];           /* "" = none */
        uint32_t rate;
        uint32_t contact_count_max;
        bool is_kept; /* set before anything is started */
        pid_t redis, daemon, gateway;
        pid_t desktop[CREW_DESKTOP_MAX];
        uint32_t desktop_count;
        bool has_failed; /* a gateway or desktop ended with a failure */
};

/* A fresh directory. */
bool crew_begin(struct crew *crew);
bool crew_start_redis(struct crew *crew);
bool crew_start_daemon(struct crew *crew);
void crew_kill_daemon(struct crew *crew);
/* Gateway and desktops, forked from this process. */
bool crew_start_callers(struct crew *crew, const struct rehearse *rehearse);
/* Stop them where they are, and let them go on. */
void crew_freeze(const struct crew *crew, bool is_frozen);
/* Collect who has ended. False: the daemon or Redis has, by itself. */
bool crew_reap(struct crew *crew);
/* End everything, politely first; what is kept, only when @is_over. */
void crew_end(struct crew *crew, bool is_over);
/* Remove the directory. */
void crew_remove(const struct crew *crew);
