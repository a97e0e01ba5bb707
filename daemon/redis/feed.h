/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * feed.h - from the event log to one master, in rounds.
 *
 *            greeted         all streams known        round over
 *    AWAY ------------> ASKING --------------> FED ----.
 *      ^                   ^                    |  ^   |
 *      |                   '--- a stream is not ---'---'
 *      '---- lost ----------    as thought
 *
 * A round is what is sent before any answer is waited for: entries of the log in
 * order, as one transaction (in a Cluster one for each run of entries of one
 * tenant, each tenant at most once). The next one begins when all answers are there.
 *
 *   Ownership  Part of the publisher.
 *   Time       Real.
 *   Failure    None for the shard; states and texts.
 *   Cost       A turn makes at most one round of about REDIS_ROUND_SIZE bytes.
 *   Threads    The shard's.
 */

#include <stdbool.h>
#include <stdint.h>

#include "daemon/redis/link.h"
#include "daemon/redis/stream.h"
#include "journal/event_log.h"

struct shard;

enum {
        REDIS_ROUND_SIZE = 1024 * 1024,
        REDIS_ROUND_ENTRY_MAX = 512,
        REDIS_ASK_MAX = 16, /* XINFO on their way: an answer may be as large as two entries */
        REDIS_LOOK_MS = 1000,
        REDIS_LOOK_COUNT = 16, /* streams that are looked at then */
        REDIS_CURSOR_SIZE = 1024 * 1024,
};

enum redis_feed_state { REDIS_FEED_AWAY, REDIS_FEED_ASKING, REDIS_FEED_FED };

/* An XADD of the round. */
struct redis_feed_entry {
        uint64_t epoch;
        uint64_t sequence;
        uint64_t next_position; /* in the log, behind it */
        uint64_t time_ns;       /* core time of its events */
        uint32_t slot;          /* of its tenant */
        acd_tenant_id tenant;   /* none: it was removed since */
        bool is_resync;
};

struct redis_feed {
        struct shard *shard;
        uint8_t index; /* home's of the master */
        enum redis_feed_state state;
        struct redis_link link;
        struct event_cursor cursor;
        uint8_t *cursor_memory;
        uint64_t acknowledged; /* log position up to which all was offered, 0 = not known */

        uint32_t ask_slot;  /* ASKING: the next one to look at */
        uint32_t ask_count; /* on their way */
        bool is_skipping_former; /* until the next connection: it may not write some */
        bool is_doubtful;   /* something is not as thought: ask when the round is over */
        uint64_t wait_real; /* it takes nothing until then */
        uint32_t wait_count;

        struct redis_feed_entry entry[REDIS_ROUND_ENTRY_MAX];
        uint32_t entry_count;
        uint32_t unit_begin;   /* first entry of the transaction that is being written */
        uint32_t exec_count;   /* transactions without an answer */
        uint32_t answered;     /* entries of transactions that were answered */
        uint64_t round_end;    /* log position behind the round */
        bool is_setting;       /* a state is on its way */
        uint32_t look_slot;
        uint64_t look_real; /* when somebody is looked at next */
};

void redis_feed_init(struct redis_feed *feed, struct shard *shard, uint8_t index,
                     const struct redis_link_memory *memory, uint8_t *cursor_memory,
                     const struct redis_greeting *greeting);

/* The master is at @address from now on; "": there is none. */
void redis_feed_aim(struct redis_feed *feed, const char *address);

/* Its streams are not the same any more, or not where they were: ask again. */
void redis_feed_doubt(struct redis_feed *feed);

/* Go on. True: there is more to do at once. */
bool redis_feed_turn(struct redis_feed *feed);

/* When redis_feed_turn() has something to do (real time), or 0. */
uint64_t redis_feed_next_ns(const struct redis_feed *feed);

void redis_feed_close(struct redis_feed *feed);
