/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * state.h - how things stand in a tenant, for who comes late: acd.v1.TenantState,
 * the Resync that carries one, and AgentPush.
 *
 *      Resync's head | tenant, epoch, sequence, times | queues | agents | ... | marks
 *        put last      |            rows are those of LIST, from the same functions
 *
 * A state is a picture of one moment between two steps. It says the number of the tenant's last
 * event, and a reader who has it goes on with the event after that one. Which may be in the
 * middle of an entry of the stream, if the picture is taken while a batch fills; readers skip
 * what they know (docs/REDIS.md, "Following the counts").
 *
 *   Ownership  What is written is in the caller's memory. The row arena is reset:
 *              not while an answer is made.
 *   Time       Core time, as a command would have it now.
 *   Failure    False: it does not fit, or there is no such tenant; what is in the
 *              memory then is of no use. Reading: false for bytes that are not a state of ours.
 *   Cost       O(rows of the tenant), and a look at each slot of queues and gateways. On a
 *              virtual machine, caches warm (tests/unit/daemon/test_redis_state.c prints it):
 *
 *                 1,000 agents, 10 queues                          42 KB   0.05 ms   50 ns a row
 *                 1,000 agents with contacts, 10 queues           178 KB   0.16 ms   80 ns a row
 *                10,000 agents, 100 queues                        432 KB   0.5  ms   50 ns a row
 *                10,000 agents with contacts, 20 queues          1.8  MB   1.8  ms   90 ns a row
 *                10,000 agents, 100 queues of skills, not used    432 KB   1.5  ms  150 ns a row
 *
 *              The last: who could serve a queue that asks for skills and that no contact has
 *              used yet is asked of every agent. That is 1 ns for who has not the skills and 14 ns
 *              for who may have them, a queue; LIST has the same to ask.
 *   Threads    The shard's; reading: any.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "acd/types.h"
#include "wire/message.h"

struct shard;

enum {
        TENANT_STATE_MARK_MAX = 1024,      /* marks in a state */
        TENANT_STATE_SIZE_MAX = 512 << 20, /* bytes; no string of Redis may be longer */
};

/* Which event of a tenant was the last at a time. */
struct tenant_state_marks {
        const struct wire_mark *mark; /* ascending */
        uint32_t count;               /* at most TENANT_STATE_MARK_MAX */
};

/* What was written. */
struct tenant_state_written {
        struct acd_bytes bytes;
        uint64_t epoch;
        uint64_t sequence; /* of the tenant's last event, which it reflects */
        uint64_t tag;      /* it may leave when this batch is durable: commit.h */
};

/* Bytes that the state of one tenant, or a Resync with it, may take when it has all that @limits
 * allow, but never more than TENANT_STATE_SIZE_MAX. To be reserved; what is not written is not
 * touched. */
size_t tenant_state_bound(const struct acd_limits *limits);

/* Write a TenantState to @into. */
bool tenant_state_write(struct shard *shard, acd_tenant_id tenant,
                        const struct tenant_state_marks *marks, uint8_t *into, size_t capacity,
                        struct tenant_state_written *ret_written)
        __attribute__((warn_unused_result));

/* Why a stream is not complete, and where it goes on. */
struct tenant_state_resync {
        enum wire_resync_reason reason;
        uint64_t next_sequence; /* of the first event that follows in the stream */
        struct tenant_state_marks marks;
};

/* Write a Resync with the state of this moment; it begins somewhere behind @into. */
bool tenant_state_write_resync(struct shard *shard, acd_tenant_id tenant,
                               const struct tenant_state_resync *resync, uint8_t *into,
                               size_t capacity, struct tenant_state_written *ret_written)
        __attribute__((warn_unused_result));

/* Write an AgentPush. */
bool agent_push_write(const struct wire_agent_push *push, uint8_t *into, size_t capacity,
                      struct acd_bytes *ret_bytes) __attribute__((warn_unused_result));

/* The marks of a TenantState that comes from outside: the newest @max of them. They ascend, in
 * time and as ids, or it is not one of ours. O(bytes). */
bool tenant_state_read_marks(struct acd_bytes state, struct wire_mark *marks, uint32_t max,
                             uint32_t *ret_count) __attribute__((warn_unused_result));
