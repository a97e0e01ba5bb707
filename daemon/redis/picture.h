/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * picture.h - the state of one tenant on its way to Redis: acd:{T}:state, or the
 * resync in its stream.
 *
 * It is taken at the end of a batch and waits until that batch is durable, so one
 * is held at a time. A picture is due when something happened since the last one
 * and half a second is over; when it took long, a hundred times as long.
 *
 *   Ownership  Part of the publisher; the memory is lent at its start.
 *   Time       Real.
 *   Failure    One that does not fit is not sent, and the log says so.
 *   Cost       That of writing it (state.h), in the shard's own thread. Who is due is looked for
 *              among all tenants, now and then.
 *   Threads    The shard's.
 */

#include <stdbool.h>
#include <stdint.h>

#include "daemon/redis/state.h"
#include "daemon/redis/stream.h"

struct redis_feed;

enum {
        PICTURE_PAUSE_MS = 500, /* between two of a tenant */
        PICTURE_SHARE = 100,    /* of the time, at most one part */
        PICTURE_LOOK_MS = 20,   /* between two looks at all tenants */
};

struct picture {
        uint8_t *memory;
        size_t memory_size;
        acd_tenant_id tenant; /* whose it is; none: nothing is held */
        enum redis_resync resync;
        uint64_t next_sequence; /* of a resync */
        struct tenant_state_written written;
        uint32_t slot;        /* the tenant to look at next */
        uint64_t next_real;   /* nobody is looked for before */
        uint64_t seen;        /* end of the log when nobody was found to be due */
        uint64_t wanted_real; /* when somebody will be, as of then; 0: nobody */
};

void picture_init(struct picture *picture, uint8_t *memory, size_t memory_size);

/* The resync of @stream, before its event @next_sequence. False: not yet, ask again next turn. */
bool picture_resync(struct picture *picture, struct shard *shard, struct redis_stream *stream,
                    uint64_t next_sequence, struct acd_bytes *ret_bytes);

/* The resync was sent: it is not needed any more. */
void picture_drop(struct picture *picture);

/* Somebody may want one although nothing happened. */
void picture_rouse(struct picture *picture);

/* Take the picture that is due, send the one that may leave. */
void picture_turn(struct picture *picture, struct shard *shard);

/* When picture_turn() has something to do (real time), or 0. */
uint64_t picture_next_ns(const struct picture *picture, struct shard *shard);
