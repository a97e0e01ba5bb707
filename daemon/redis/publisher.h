/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * publisher.h - what happened, and how things stand, to Redis: in order, once,
 * and never in the way. docs/REDIS.md is the description.
 *
 *      event log ──→ feeds (one a master) ──→ links ──→ Redis
 *      core ──→ picture ──────────↗         ↖ home: who the masters are
 *
 *   Ownership  Part of the shard.
 *   Time       Real.
 *   Failure    None for the shard: Redis away or refusing is a state, shown in
 *              STATUS.
 *   Cost       A turn makes at most one round a feed, and one picture.
 *   Threads    The shard's.
 */

#include <stdbool.h>
#include <stdint.h>

#include "daemon/redis/feed.h"
#include "daemon/redis/home.h"
#include "daemon/redis/picture.h"
#include "daemon/redis/stream.h"
#include "wire/message.h"

struct options;
struct shard;

enum {
        PUBLISHER_TEXT_SIZE = 320,
        PUBLISHER_OUTPUT_SIZE = 2 * 1024 * 1024, /* of a feed, and room for a picture */
        PUBLISHER_PICTURE_MAX = 64 * 1024 * 1024,
        PUBLISHER_REPLY_MAX = 256 * 1024 * 1024,
        /* Tokens of sockets, from SHARD_TOKEN_REDIS on: those of feeds are home's indexes. */
        PUBLISHER_TOKEN_HOME = REDIS_MASTER_MAX,
        PUBLISHER_TOKEN_INBOX = PUBLISHER_TOKEN_HOME + 16,
};

struct publisher {
        bool is_on; /* one is configured */
        struct redis_home home;
        uint32_t home_version; /* as of which streams know their masters */
        struct redis_stream *stream; /* by the tenant's slot */
        uint32_t stream_count;
        struct redis_feed *feed; /* by home's index of the master */
        uint32_t feed_count;
        struct picture picture;
        uint64_t published_count;
        uint64_t last_epoch; /* of the last id that Redis acknowledged */
        uint64_t last_sequence;
        char last_id[REDIS_STREAM_ID_SIZE];
        char text[PUBLISHER_TEXT_SIZE]; /* what is wrong, or "" */
};

/* Memory: @stream of @stream_count zeros; for each of @feed_count feeds REDIS_CURSOR_SIZE of
 * @cursors, @output_size of @outputs and REDIS_LINK_INPUT_SIZE of @inputs. */
struct publisher_memory {
        struct redis_stream *stream;
        struct redis_feed *feed;
        uint8_t *cursors;
        uint8_t *outputs;
        uint8_t *inputs;
        uint8_t *picture;
        struct redis_link_memory home; /* empty where nobody is asked who the master is */
        uint32_t stream_count;
        uint32_t feed_count;
        size_t output_size;
        size_t picture_size;
};

/* Is somebody asked who the master is? */
bool publisher_asks(const struct options *options);

/* How many feeds there are to be, and how large a picture may be. */
uint32_t publisher_feed_count(const struct options *options);
size_t publisher_picture_size(const struct options *options, const struct acd_limits *limits);

void publisher_init(struct shard *shard, const struct publisher_memory *memory);

/* The tenant at @slot is one that is there now: its row is its own. */
void publisher_know(struct shard *shard, uint32_t slot);
void publisher_know_all(struct shard *shard);

/* Go on as far as Redis takes it. True: there is more to do at once. */
bool publisher_turn(struct shard *shard);

/* The socket is ready; @index counts from SHARD_TOKEN_REDIS. */
void publisher_on_socket(struct shard *shard, uint32_t index, bool is_readable, bool is_writable);

/* When publisher_turn() has something to do next (real time), or 0. */
uint64_t publisher_next_ns(struct shard *shard);

void publisher_close(struct shard *shard);

/* For STATUS. Texts borrow the publisher. */
void publisher_status(struct shard *shard, struct wire_redis_status *ret_status);
