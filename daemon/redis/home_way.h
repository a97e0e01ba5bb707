/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * home_way.h - how home is found in one mode, and what it tells home.c.
 *
 *   Threads    The shard's.
 */

#include "daemon/redis/home.h"

struct redis_home_way {
        /* Send the questions. False: there is no room for them. */
        bool (*ask)(struct redis_home *home);
        void (*on_reply)(struct redis_home *home, uint32_t tag, const struct redis_reply *reply);
        bool is_listening;   /* the link stays after the answer */
        uint32_t refresh_ms; /* until the next peer is asked without a doubt */
};

extern const struct redis_home_way redis_way_sentinel;
extern const struct redis_home_way redis_way_cluster;

/* The peer answered; @is_new: something is not as before. */
void redis_home_answered(struct redis_home *home, bool is_new);

/* The peer is of no use, because of @why. */
void redis_home_refused(struct redis_home *home, const char *why);

/* A peer to ask too, learnt. */
void redis_home_meet(struct redis_home *home, const char *address);

/* The masters changed: count and tell. */
void redis_home_changed(struct redis_home *home);

uint64_t redis_home_now(const struct redis_home *home);
