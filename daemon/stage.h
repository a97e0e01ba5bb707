/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * stage.h - the events of one batch, encoded, until the batch is durable.
 *
 * One entry per tenant of the batch, cut at 64 KiB: an entry is what one
 * EventBatch holds, here, in the event log and in the Redis stream alike.
 * Entries are in the order of their first events, so that the same commands
 * give the same bytes at the same positions.
 *
 *   Ownership  The slots' memory is the caller's.
 *   Failure    Adding cannot fail after stage_has_room() for the step.
 *   Cost       Encoding, once. Slots that are not used are not touched.
 *   Threads    The shard's.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/hash64.h"
#include "journal/event_log.h"
#include "wire/events.h"

enum {
        /* 8,192 commands of some 400 bytes of events each, and room for one step whose
         * events are all of different tenants. */
        STAGE_SLOT_COUNT = 64 + ACD_EFFECT_MAX,
};

struct stage_slot {
        struct wire_batch batch;
        acd_tenant_id tenant;
};

struct stage {
        uint8_t *bytes;    /* STAGE_SLOT_COUNT times WIRE_BATCH_MEMORY */
        uint16_t *slot_of; /* by the tenant's slot: its open one plus 1, 0 = none */
        uint32_t tenant_count_max;
        uint32_t slot_count; /* in use */
        struct stage_slot *recent; /* the one that was added to last, or NULL */
        struct stage_slot slot[STAGE_SLOT_COUNT];
};

/* @bytes: STAGE_SLOT_COUNT * WIRE_BATCH_MEMORY; @slot_of: @tenant_count_max zeros. */
void stage_init(struct stage *stage, uint8_t *bytes, uint16_t *slot_of, uint32_t tenant_count_max);

/* All events of one more step fit, whatever they are. */
static inline bool stage_has_room(const struct stage *stage)
{
        return stage->slot_count + ACD_EFFECT_MAX <= STAGE_SLOT_COUNT;
}

/* Add the events of a step; @acd is as the step left it. */
void stage_add(struct stage *stage, const struct acd *acd, const struct acd_effects *effects);

/* Fold all entries into @hash; the position after them in a log that ends at @position. */
void stage_hash(const struct stage *stage, struct acd_hash64 *hash);
uint64_t stage_end(const struct stage *stage, uint64_t position);

/* Append all entries to @log and make them seen. 0 or the log's error. */
int stage_write(const struct stage *stage, struct event_log *log, uint32_t epoch, acd_time now)
        __attribute__((warn_unused_result));

/* Empty again. */
void stage_reset(struct stage *stage);
