/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All memory of a shard, in one walk that is done twice: to count and to hand
 * out (carve.h). What is not touched is not taken from the machine, so the sizes
 * here are bounds, not needs.
 *
 * Tables by an object's slot are larger than the object's limit: slots of things
 * that are gone rest for a while before they are used again, so that an old id
 * stays recognisable (the core's quarantine).
 */

#include "daemon/redis/inbox.h"
#include "daemon/shard.h"
#include "journal/replay.h"

enum {
        ROW_ARENA_SIZE = 2 * 1024 * 1024,
        FRAME_SIZE = WIRE_HEADER_SIZE + WIRE_BODY_MAX_EVENTS,
        NS_PER_MS = 1000000,
};

/* Slots that objects of @limit can be in, slot 0 included, which is none's. */
static uint32_t slot_count(uint32_t limit)
{
        uint32_t quarantine = limit / 2 + 1;

        return limit + (quarantine < ACD_QUARANTINE_MAX ? quarantine : ACD_QUARANTINE_MAX) + 1;
}

static void carve_conns(struct shard *shard, struct carve *block, const struct options *options)
{
        struct conn_memory memory;
        struct address_row *rows;
        uint32_t row_count = 1;

        memory.conn_count = (uint32_t)options_number(options, OPTION_CONNECTION_COUNT_MAX);
        memory.block_count =
                (uint32_t)(options_number(options, OPTION_OUTPUT_SIZE_MAX) / OUTPUT_BLOCK_SIZE);
        memory.conn = carve(block, "connections", memory.conn_count * sizeof(*memory.conn));
        memory.buffers =
                carve(block, "read buffers", ((size_t)memory.conn_count + 2) * CONN_READ_SIZE);
        memory.blocks =
                carve(block, "unread output", (size_t)memory.block_count * sizeof(*memory.blocks));
        while (row_count < 2 * memory.conn_count + 2)
                row_count *= 2;
        rows = carve(block, "addresses", row_count * sizeof(*rows));
        if (block->block == NULL)
                return;
        conn_pool_init(shard, &memory);
        addresses_init(&shard->addresses, rows, row_count);
}

static void carve_sessions(struct shard *shard, struct carve *block, const struct options *options,
                           const struct acd_limits *limits)
{
        uint32_t count = (uint32_t)options_number(options, OPTION_SESSION_COUNT_MAX);
        struct session *session = carve(block, "sessions of agents", count * sizeof(*session));
        struct acd_list *of_agent = carve(block, "sessions by agent",
                                          slot_count(limits->agent_count_max) * sizeof(*of_agent));
        struct conn **conn =
                carve(block, "gateways", slot_count(limits->gateway_count_max) * sizeof(*conn));
        struct subscription *subscription;
        uint8_t *cursors;
        uint8_t *cut;

        if (block->block != NULL) {
                session_pool_init(&shard->sessions, session, count, of_agent,
                                  slot_count(limits->agent_count_max));
                lease_list_init(&shard->sessions.leases,
                                options_number(options, OPTION_LEASE_MS) * NS_PER_MS);
                gateways_init(&shard->gateways, conn, slot_count(limits->gateway_count_max));
        }
        count = (uint32_t)options_number(options, OPTION_SUBSCRIPTION_COUNT_MAX);
        subscription = carve(block, "subscriptions", count * sizeof(*subscription));
        cursors = carve(block, "cursors of subscriptions", (size_t)count * EVENT_CURSOR_MEMORY_MIN);
        cut = carve(block, "cutting of batches", WIRE_BATCH_MEMORY);
        if (block->block != NULL)
                subscribe_init(&shard->subscriptions, subscription, count, cursors, cut);
}

static void carve_commit(struct shard *shard, struct carve *block, const struct acd_limits *limits)
{
        struct tenant *tenant =
                carve(block, "tenants", slot_count(limits->tenant_count_max) * sizeof(*tenant));
        uint8_t *cursor = carve(block, "looking up events", EVENT_CURSOR_MEMORY_MIN);

        if (block->block != NULL)
                tenants_init(&shard->tenants, tenant, slot_count(limits->tenant_count_max), cursor);
        for (uint32_t i = 0; i < 2; i++) {
                uint8_t *bytes = carve(block, "events of a batch",
                                       (size_t)STAGE_SLOT_COUNT * WIRE_BATCH_MEMORY);
                uint16_t *slot_of = carve(block, "entries by tenant",
                                          slot_count(limits->tenant_count_max) * sizeof(*slot_of));

                if (block->block != NULL)
                        stage_init(&shard->commit.stage[i], bytes, slot_of,
                                   slot_count(limits->tenant_count_max));
        }
}

static void carve_publisher(struct shard *shard, struct carve *block,
                            const struct options *options, const struct acd_limits *limits)
{
        struct publisher_memory memory = {
                .stream_count = slot_count(limits->tenant_count_max),
                .feed_count = publisher_feed_count(options),
                .picture_size = publisher_picture_size(options, limits),
        };
        size_t count = memory.feed_count;

        memory.output_size = PUBLISHER_OUTPUT_SIZE + memory.picture_size;
        memory.stream = carve(block, "streams", memory.stream_count * sizeof(*memory.stream));
        memory.feed = carve(block, "feeds", count * sizeof(*memory.feed));
        memory.cursors = carve(block, "cursors of feeds", count * REDIS_CURSOR_SIZE);
        memory.outputs = carve(block, "output of feeds", count * memory.output_size);
        memory.inputs = carve(block, "input of feeds", count * REDIS_LINK_INPUT_SIZE);
        memory.picture = carve(block, "states for Redis", memory.picture_size);
        if (publisher_asks(options))
                memory.home = (struct redis_link_memory){
                        .output = carve(block, "questions for masters", REDIS_HOME_OUTPUT_SIZE),
                        .output_size = REDIS_HOME_OUTPUT_SIZE,
                        .input = carve(block, "who the masters are", REDIS_LINK_INPUT_SIZE),
                        .reply_size_max = REDIS_HOME_REPLY_MAX,
                };
        if (block->block != NULL)
                publisher_init(shard, &memory);
}

void shard_carve(struct shard *shard, struct carve *block, const struct options *options,
                 const struct acd_limits *limits)
{
        size_t core_size = acd_size(limits);
        void *core = carve(block, "core", core_size);
        void *decode = carve(block, "decoding", WIRE_ARENA_SIZE);
        void *encode = carve(block, "encoding", WIRE_ARENA_SIZE);
        void *rows = carve(block, "rows", ROW_ARENA_SIZE);
        void *frame = carve(block, "frame", FRAME_SIZE);
        void *reader = carve(block, "replay", journal_reader_size());
        void *ids = carve(block, "replay of RESUME", ACD_RESUME_MAX * sizeof(acd_contact_id));

        carve_commit(shard, block, limits);
        carve_conns(shard, block, options);
        carve_sessions(shard, block, options, limits);
        carve_publisher(shard, block, options, limits);
        inbox_carve(shard, block, options);
        if (block->block == NULL)
                return;
        shard->acd = acd_init(core, limits, 0);
        acd_arena_init(&shard->decode_arena, decode, WIRE_ARENA_SIZE);
        acd_arena_init(&shard->encode_arena, encode, WIRE_ARENA_SIZE);
        acd_arena_init(&shard->row_arena, rows, ROW_ARENA_SIZE);
        shard->frame = frame;
        shard->frame_size = FRAME_SIZE;
        shard->reader_memory = reader;
        shard->resume_ids = ids;
}
