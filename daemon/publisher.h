/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * publisher.h - committed events to Redis, in order, once, and never in the way.
 *
 *              connected        last ids of all streams        refused
 *      AWAY -------------> ASKING ----------------------> FED ---------> REFUSED
 *        ^                    |                            |
 *        '---- lost, error ---+----------------------------'
 *
 * One stream per tenant, acd:{tenant}:events. An entry is one entry of the event
 * log: the same bytes, with the id <epoch>-<last sequence>, so that Redis itself
 * refuses what it has already and what an old run would write. What is not yet
 * published is a position in the log, never a queue in memory.
 *
 *   Ownership  Part of the shard.
 *   Time       Real.
 *   Failure    None for the shard: Redis away or refusing is a state, shown in
 *              STATUS.
 *   Threads    The shard's.
 */

#include <stdbool.h>
#include <stdint.h>

#include "daemon/redis.h"
#include "journal/event_log.h"
#include "wire/message.h"

struct shard;

enum {
        PUBLISHER_WINDOW_COUNT = 256, /* commands without an answer */
        PUBLISHER_ID_SIZE = 48,
        PUBLISHER_TEXT_SIZE = 320,
};

enum publisher_state {
        PUBLISHER_OFF,  /* none configured */
        PUBLISHER_AWAY, /* not connected; tries again at retry_real */
        PUBLISHER_CONNECTING,
        PUBLISHER_ASKING,  /* for the last id of each stream */
        PUBLISHER_FED,     /* publishes */
        PUBLISHER_REFUSED, /* a stream has a history that is not ours */
};

/* What Redis has of one tenant's stream. */
struct publisher_tenant {
        uint64_t epoch; /* of its last id */
        uint64_t sequence;
        bool is_asked;
};

/* An XADD on its way. */
struct publisher_flight {
        uint64_t next_position;
        uint64_t epoch;
        uint64_t sequence;
        uint32_t tenant_slot;
        bool is_former; /* its tenant was removed since */
};

struct publisher {
        enum publisher_state state;
        struct redis redis;
        struct publisher_tenant *tenant; /* by the tenant's slot */
        uint32_t tenant_count_max;
        struct event_cursor cursor;
        uint8_t *cursor_memory;
        uint64_t acknowledged; /* position in the log up to which Redis has everything */
        uint64_t ask_cursor;   /* over tenants */
        uint32_t ask_count;    /* 0 until the role is known */
        struct publisher_flight flight[PUBLISHER_WINDOW_COUNT]; /* a ring */
        uint32_t flight_begin;
        uint32_t flight_count;
        uint64_t retry_real;
        uint32_t failure_count; /* in a row */
        uint64_t published_count;
        uint64_t last_epoch; /* of the last id that Redis acknowledged */
        uint64_t last_sequence;
        char last_id[PUBLISHER_ID_SIZE];
        char text[PUBLISHER_TEXT_SIZE]; /* what is wrong, or "" */
};

/* @tenant: @tenant_count_max zeros; @cursor_memory: EVENT_CURSOR_MEMORY_MIN; @output and @input
 * for the connection. */
struct publisher_memory {
        struct publisher_tenant *tenant;
        uint8_t *cursor_memory;
        uint8_t *output; /* REDIS_OUTPUT_SIZE */
        uint8_t *input;  /* REDIS_INPUT_SIZE */
        uint32_t tenant_count_max;
};
void publisher_init(struct shard *shard, const struct publisher_memory *memory);

/* Go on as far as Redis takes it. True: there is more to do at once. */
bool publisher_turn(struct shard *shard);

/* The socket is ready. */
void publisher_on_socket(struct shard *shard, bool is_readable, bool is_writable);

/* When publisher_turn() has something to do next (real time), or 0. */
uint64_t publisher_next_ns(const struct publisher *publisher);

void publisher_close(struct shard *shard);

/* For STATUS. Texts borrow the publisher. */
void publisher_status(struct shard *shard, struct wire_redis_status *ret_status);
