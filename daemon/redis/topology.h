/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * topology.h - what sentinels and nodes of a Cluster answer, as addresses.
 *
 * Nothing is believed of an answer but its bytes: what is no host and port, or
 * beyond a bound, is not taken.
 *
 *   Failure    False: the answer is not of this kind, and what was to be written
 *              is not to be used.
 *   Cost       O(answer).
 *   Threads    Any.
 */

#include <stdbool.h>
#include <stdint.h>

#include "daemon/redis/address.h"
#include "daemon/redis/slot.h"
#include "daemon/redis/wire.h"

enum {
        REDIS_MASTER_MAX = 16, /* masters of a Cluster that can be fed */
        REDIS_NO_MASTER = 255,
};

/* Who has which slot. */
struct redis_slots {
        uint32_t count;
        bool is_more; /* there are more masters than have a place here */
        char address[REDIS_MASTER_MAX][REDIS_ADDRESS_SIZE];
        uint8_t master[REDIS_SLOT_COUNT]; /* index of address, REDIS_NO_MASTER: nobody known */
};

/* CLUSTER SLOTS. A node that does not know its own host is at that of @asked. */
bool redis_slots_read(struct redis_slots *ret_slots, const struct redis_reply *reply,
                      const char *asked) __attribute__((warn_unused_result));

/* SENTINEL GET-MASTER-ADDR-BY-NAME: host and port. */
bool redis_read_pair(const struct redis_reply *reply, char ret_address[REDIS_ADDRESS_SIZE])
        __attribute__((warn_unused_result));

/* A row of SENTINEL SENTINELS: names and values, "ip" and "port" among them. */
bool redis_read_row(const struct redis_reply *reply, char ret_address[REDIS_ADDRESS_SIZE])
        __attribute__((warn_unused_result));

/* SENTINEL MASTER: the epoch of its configuration. */
bool redis_read_epoch(const struct redis_reply *reply, uint64_t *ret_epoch)
        __attribute__((warn_unused_result));

/* A message of the channel +switch-master, "NAME IP PORT IP PORT": the second one, when it is
 * about @name. */
bool redis_read_switch(const struct redis_reply *reply, const char *name,
                       char ret_address[REDIS_ADDRESS_SIZE]) __attribute__((warn_unused_result));

/* "HOST:PORT" as Redis writes it in an error, where an IPv6 host has no brackets. */
bool redis_read_place(const char *text, char ret_address[REDIS_ADDRESS_SIZE])
        __attribute__((warn_unused_result));
