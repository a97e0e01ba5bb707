/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * feed_answer.h - what the answers of a round mean.
 *
 *   Threads    The shard's.
 */

#include "daemon/redis/feed.h"

/* Tags of commands: what it was, and of which entry or tenant. */
enum redis_tag {
        REDIS_TAG_IGNORED = 1 << 24,
        REDIS_TAG_MULTI = 2 << 24,
        REDIS_TAG_QUEUED = 3 << 24, /* and the entry's index */
        REDIS_TAG_EXEC = 4 << 24,   /* and the number of its entries */
        REDIS_TAG_ASK = 5 << 24,    /* and the tenant's slot */
        REDIS_TAG_LOOK = 6 << 24,   /* and the tenant's slot */
        REDIS_TAG_STATE = 7 << 24, /* SET, and the tenant's slot */
        REDIS_TAG_MARKS = 8 << 24, /* GET of the state, and the tenant's slot */
        REDIS_TAG_TRIM = 9 << 24,  /* and the tenant's slot */
        REDIS_TAG_MASK = 0x7f << 24,
};

/* The link is lost: what is not answered was done, or not; of each tenant all or nothing. */
void redis_feed_note_unsure(struct redis_feed *feed);

/* The link's on_reply(). */
void redis_feed_on_reply(void *self, struct redis_link *link, uint32_t tag,
                         const struct redis_reply *reply);
