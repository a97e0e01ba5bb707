/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * redis.h - a Redis of streams, as much of one as the publisher speaks to.
 *
 * It answers ROLE, XINFO STREAM and XADD, slowly at times; it breaks connections, goes
 * away, and may come back without the last entries, as one without appendfsync does. It
 * loses streams and ends of streams while it is there, is full, and takes rights away.
 *
 *   Failure    Bytes that are no command end the simulation.
 */

#include <stdbool.h>
#include <stdint.h>

struct sim;
struct sim_redis;

/* What a stream has: entries in order. */
struct redis_entry {
        uint64_t epoch, sequence;
        uint64_t writer; /* the epoch of the process that added it */
        bool is_resync;
        uint8_t *bytes;
        uint32_t size;
};

struct sim_redis *redis_new(struct sim *sim);
void redis_free(struct sim_redis *redis);

/* Read, answer, misbehave as the phase allows. */
void redis_step(struct sim_redis *redis);
uint64_t redis_next_step(const struct sim_redis *redis);

/* Did it lose newest entries of the bank's while connections lived? Then there may be holes. */
bool redis_has_reloaded(const struct sim_redis *redis);

/* Of the stream of @tenant. */
const struct redis_entry *redis_entries(const struct sim_redis *redis, const char *tenant,
                                        uint32_t *ret_count);
