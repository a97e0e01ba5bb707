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
 * Who can be asked is a list of peers, asked in turn, one at a time:
 *
 *             due              answered               (sentinel) the next is due
 *      IDLE -----> ASKING -----------------> LISTENING ----------,
 *       ^            |  ^                        |               |
 *       '------------'  '---------- lost --------+---------------'
 *        lost, silent, no use: the next one; after all of them a pause
 *
 *   Ownership  Part of the publisher; texts are home's own.
 *   Time       Real.
 *   Failure    Nobody to be asked is a state: the masters last known, or none, and why.
 *   Cost       A look-up is a hash of the name and an array.
 *   Threads    The shard's.
 */

#include <stdbool.h>
#include <stdint.h>

#include "acd/types.h"
#include "daemon/redis/link.h"
#include "daemon/redis/topology.h"

struct shard;

enum {
        REDIS_HOME_OUTPUT_SIZE = 4096,
        REDIS_HOME_REPLY_MAX = 4 * 1024 * 1024, /* every slot a range of its own, with replicas */
        REDIS_PEER_MAX = 16,
};

enum redis_mode { REDIS_MODE_SERVER, REDIS_MODE_SENTINEL, REDIS_MODE_CLUSTER };

enum redis_home_state { REDIS_HOME_IDLE, REDIS_HOME_ASKING, REDIS_HOME_LISTENING };

/* What a sentinel said, until all of it is there, and what is believed. */
struct redis_sentinel {
        uint64_t epoch;       /* of what is believed */
        uint32_t older_count; /* sentinels in a row that believe something older */
        uint32_t older_seeds; /* and which of --redis are among them, a bit each */
        bool is_found;
        char found[REDIS_ADDRESS_SIZE];
};

/* Which slot has which of home's masters. */
struct redis_cluster {
        uint8_t master[REDIS_SLOT_COUNT];
        uint64_t guest_real[REDIS_MASTER_MAX]; /* master of no slot, made for ASK: until when */
        struct redis_slots answer;             /* scratch */
};

struct redis_home {
        struct shard *shard;
        enum redis_mode mode;
        uint32_t version;
        uint32_t master_count;
        char master[REDIS_MASTER_MAX][REDIS_ADDRESS_SIZE]; /* "": none any more */
        char text[REDIS_TEXT_SIZE];                        /* why none is known, or "" */

        struct redis_link link; /* to the peer that is asked */
        enum redis_home_state state;
        bool is_over; /* nothing more is wanted of this peer; the link is closed at the next turn */
        char peer[REDIS_PEER_MAX][REDIS_ADDRESS_SIZE];
        uint32_t seed_count; /* peers of --redis; those behind them were learnt */
        uint32_t peer_count;
        uint32_t peer_index;
        uint32_t failure_count; /* peers of no use in a row */
        uint32_t doubt_count;   /* times it was asked in doubt, and nothing was new */
        uint64_t ask_real;      /* when to ask the next peer; 0: no plan */
        uint64_t asked_real;    /* when it was last asked */
        uint64_t give_up_real;  /* ASKING: when this peer is given up */
        struct redis_sentinel sentinel;
        struct redis_cluster cluster;
};

/* @memory: of the link that asks; 0 sizes where nobody is asked. */
void redis_home_init(struct redis_home *home, struct shard *shard, uint32_t token,
                     const struct redis_link_memory *memory);

/* Where keys of tenant @name live: an index of master[], REDIS_NO_MASTER when not known. */
uint8_t redis_home_of(const struct redis_home *home, struct acd_text name);

/* In a Cluster, commands of one transaction must be of one slot. */
static inline bool redis_home_is_one(const struct redis_home *home)
{
        return home->mode != REDIS_MODE_CLUSTER;
}

/* The index of the master at @place, as an ASK says it, made one if it is not; REDIS_NO_MASTER: no
 * room, or no place. */
uint8_t redis_home_add(struct redis_home *home, const char *place);

/* Somebody found that it is not as thought: look again, soon. */
void redis_home_doubt(struct redis_home *home);

void redis_home_turn(struct redis_home *home);
uint64_t redis_home_next_ns(const struct redis_home *home);
void redis_home_on_socket(struct redis_home *home, uint32_t index, bool is_readable,
                          bool is_writable);
void redis_home_close(struct redis_home *home);
