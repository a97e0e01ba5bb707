/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * home.h - who the master is: of everything, or in a Cluster of each slot.
 *
 *      mode       --redis lists   masters
 *      server     one server      that one
 *      sentinel   sentinels       the one they name; told anew when it changes
 *      cluster    some nodes      one a range of slots
 *
 * What is known has a version: it grows by each change, and who feeds a master
 * looks where its tenants live when it did.
 *
 *   Ownership  Part of the publisher; texts are home's own.
 *   Failure    Nobody to be asked is a state: no masters, and why.
 *   Cost       A look-up is a hash of the name and an array.
 *   Threads    The shard's.
 */

#include <stdbool.h>
#include <stdint.h>

#include "acd/types.h"
#include "daemon/redis/link.h"

struct shard;

enum {
        REDIS_MASTER_MAX = 16, /* masters of a Cluster that can be fed */
        REDIS_SLOT_COUNT = 16384,
        REDIS_NO_MASTER = 255,
};

enum redis_mode { REDIS_MODE_SERVER, REDIS_MODE_SENTINEL, REDIS_MODE_CLUSTER };

struct redis_home {
        struct shard *shard;
        enum redis_mode mode;
        uint32_t version;
        uint32_t master_count;
        char master[REDIS_MASTER_MAX][REDIS_ADDRESS_SIZE]; /* "": none any more */
        char text[REDIS_TEXT_SIZE];                        /* why none is known, or "" */
};

void redis_home_init(struct redis_home *home, struct shard *shard);

/* Where keys of tenant @name live: an index of master[], REDIS_NO_MASTER when not known. */
uint8_t redis_home_of(const struct redis_home *home, struct acd_text name);

/* In a Cluster, commands of one transaction must be of one slot. */
static inline bool redis_home_is_one(const struct redis_home *home)
{
        return home->mode != REDIS_MODE_CLUSTER;
}

/* The index of the master at @address, made one if it is not; REDIS_NO_MASTER: no place. For
 * ASK. */
uint8_t redis_home_add(struct redis_home *home, const char *address);

/* Somebody found that it is not as thought: look again, soon. */
void redis_home_doubt(struct redis_home *home);

void redis_home_turn(struct redis_home *home);
uint64_t redis_home_next_ns(const struct redis_home *home);
void redis_home_on_socket(struct redis_home *home, uint32_t index, bool is_readable,
                          bool is_writable);
void redis_home_close(struct redis_home *home);
