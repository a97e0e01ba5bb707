/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * subscribe.h - events for those who asked: cursors on the event log.
 *
 * A subscription is a position in the log, never a queue in memory: a slow
 * reader lags, and one that lags behind the beginning of the log is told
 * "resync" and goes on from there.
 *
 *   Ownership  A pool of fixed size. A subscription belongs to a connection.
 *   Failure    Damage in the log ends the subscription's connection, with a
 *              line in the log of the daemon.
 *   Cost       Of the bytes read; nothing for what is not read.
 *   Threads    The shard's.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "daemon/dispatch.h"
#include "journal/event_log.h"

enum subscription_filter {
        SUBSCRIPTION_ALL,     /* of the tenant */
        SUBSCRIPTION_GATEWAY, /* contacts of one gateway */
        SUBSCRIPTION_CONTACT, /* one contact */
};

struct subscription {
        struct acd_link link; /* in the pool: free or open */
        struct acd_link of_conn;
        uint32_t number;
        struct conn *conn;
        enum subscription_filter filter;
        uint64_t subject; /* of the filter: gateway or contact */
        uint32_t tenant_slot;
        uint64_t next_sequence; /* first event not sent yet */
        uint64_t epoch;         /* of the event before it, to be compared; 0: no more */
        bool must_resync;       /* said with the next push */
        struct event_cursor cursor;
};

struct subscription_pool {
        struct subscription *subscription;
        uint32_t count_max;
        struct acd_list free, open;
        uint8_t *cut; /* one batch, for those who get parts */
};

/* @cursors: @count_max times EVENT_CURSOR_MEMORY_MIN, @cut: WIRE_BATCH_MEMORY. */
void subscribe_init(struct subscription_pool *pool, struct subscription *subscription,
                    uint32_t count_max, uint8_t *cursors, uint8_t *cut);

void subscribe_all(const struct request *request);
void subscribe_follow(const struct request *request);
void subscribe_unfollow(const struct request *request);

/* The connection is over. */
void subscribe_leave(struct shard *shard, struct conn *conn);

/* Send what became committed, as far as readers take it. True: there is more to send at once. */
bool subscribe_serve(struct shard *shard);
