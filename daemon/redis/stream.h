/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * stream.h - one tenant's stream of events: what Redis has of it, and whether
 * that is ours.
 *
 *            asked            a pair of ours
 *   UNKNOWN ------> ASKED ---------------------> SOUND
 *      ^              |                            |
 *      |              | fenced, foreign,           | gone, changed, refused,
 *      |              v wrong type, no permission  | connection lost
 *      +---------- BARRED                          |
 *      '---------- (after a while) ----------------'
 *
 *   Ownership  A table by the tenant's slot, part of the publisher.
 *   Failure    A stream that is not ours is a state, with a reason as text.
 *   Cost       Judging reads the event log from the nearest point of its index.
 *   Threads    The shard's.
 */

#include <stdbool.h>
#include <stdint.h>

#include "daemon/redis/link.h"
#include "daemon/redis/marks.h"

struct shard;

enum {
        REDIS_STREAM_KEY_SIZE = ACD_NAME_MAX + 96,
        REDIS_STREAM_ID_SIZE = 48,
        REDIS_STREAM_BAR_MS = 10000,
};

enum redis_stream_state {
        REDIS_STREAM_UNKNOWN,
        REDIS_STREAM_ASKED,
        REDIS_STREAM_SOUND,
        REDIS_STREAM_BARRED,
};

/* Why readers of a stream must take the state anew: as in acd.v1.ResyncReason. */
enum redis_resync { REDIS_RESYNC_NONE, REDIS_RESYNC_EVENTS_GONE, REDIS_RESYNC_NEW_HISTORY };

struct redis_stream {
        acd_tenant_id tenant; /* whose row this is; none: nobody's yet */
        enum redis_stream_state state;
        uint8_t master;      /* home's index of who has it */
        bool is_redirected;  /* by ASK: that one wants ASKING first */
        bool is_there;       /* the key exists */
        bool is_fenced;      /* as far as is known */
        uint64_t epoch;      /* of the last id that Redis has; 0-0: of none */
        uint64_t sequence;
        uint64_t added_count; /* entries that were ever added to it, by all */
        bool is_counted;      /* that is known: from Redis 7 on */
        uint32_t unsure_count; /* and so many more when it ends with that: their answer was lost */
        uint64_t unsure_epoch;
        uint64_t unsure_sequence;
        uint64_t position;   /* in the log, of the first entry that it may lack */
        enum redis_resync resync; /* to be said before the next entry */
        bool is_hole;             /* because of entries behind which there are others */
        uint64_t retry_real;      /* BARRED: when it is asked again */
        uint64_t picture_sequence; /* of the last state in Redis */
        uint64_t picture_real;     /* no next one before */
        bool is_marked;            /* marks of former runs were read */
        struct redis_marks marks;
        char text[REDIS_TEXT_SIZE];
};

/* "acd:{NAME}:WHAT". */
void redis_stream_key(char into[REDIS_STREAM_KEY_SIZE], struct acd_text name, const char *what);

/* "12-345" as two numbers. */
bool redis_stream_parse_id(const char *text, uint64_t *ret_epoch, uint64_t *ret_sequence);

/* What XINFO STREAM says decides: SOUND or BARRED. */
void redis_stream_take(struct shard *shard, struct redis_stream *stream,
                       const struct redis_reply *info);

/* Does a look (XINFO STREAM again) find what it should? If not: UNKNOWN. */
void redis_stream_look(struct shard *shard, struct redis_stream *stream,
                       const struct redis_reply *info);

/* Nothing is published until it is asked again, because of @why. */
void redis_stream_bar(struct shard *shard, struct redis_stream *stream, const char *why);

/* The name of its tenant, or a size of 0. */
struct acd_text redis_stream_name(const struct shard *shard, const struct redis_stream *stream);

/* Committed events that Redis lacks. */
uint64_t redis_stream_lag(const struct shard *shard, const struct redis_stream *stream);
