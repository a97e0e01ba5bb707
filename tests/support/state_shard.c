/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts are set up by their own functions, with tables that are large enough for
 * every slot that an object may rest in.
 */

#include "tests/support/state_shard.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

enum { ROW_ARENA_SIZE = 4096, SESSION_COUNT = 64 };

struct state_shard {
        struct shard shard;
        struct options options;
        struct session session[SESSION_COUNT];
        struct acd_list *of_agent;
        struct conn **conn;
        uint8_t *rows;
        uint8_t *into;
        size_t capacity;
};

static void *zeros(size_t count, size_t size)
{
        void *memory = calloc(count, size);

        ACD_ASSERT(memory != NULL);
        return memory;
}

struct state_shard *state_shard_new(const struct acd_limits *limits)
{
        struct state_shard *state = aligned_alloc(_Alignof(struct state_shard), sizeof(*state));
        struct shard *shard = &state->shard;
        uint32_t agent_slots = limits->agent_count_max * 2 + 2;
        uint32_t gateway_slots = limits->gateway_count_max * 2 + 2;

        ACD_ASSERT(state != NULL);
        memset(state, 0, sizeof(*state));
        state->of_agent = zeros(agent_slots, sizeof(*state->of_agent));
        state->conn = zeros(gateway_slots, sizeof(*state->conn));
        state->rows = zeros(1, ROW_ARENA_SIZE);
        state->capacity = tenant_state_bound(limits);
        state->into = malloc(state->capacity);
        ACD_ASSERT(state->into != NULL);
        options_init(&state->options);
        shard->options = &state->options;
        shard->clock.rate = 1;
        session_pool_init(&shard->sessions, state->session, SESSION_COUNT, state->of_agent,
                          agent_slots);
        lease_list_init(&shard->sessions.leases, 1);
        gateways_init(&shard->gateways, state->conn, gateway_slots);
        acd_arena_init(&shard->row_arena, state->rows, ROW_ARENA_SIZE);
        return state;
}

void state_shard_free(struct state_shard *state)
{
        free(state->of_agent);
        free(state->conn);
        free(state->rows);
        free(state->into);
        free(state);
}

struct shard *state_shard_at(struct state_shard *state, struct acd *core, acd_time now)
{
        state->shard.acd = core;
        state->shard.commit.has_content = true;
        state->shard.commit.now = now;
        return &state->shard;
}

struct tenant_state_written state_shard_write(struct state_shard *state, acd_tenant_id tenant,
                                              const struct tenant_state_marks *marks)
{
        static const struct tenant_state_marks none;
        struct tenant_state_written written = { 0 };

        if (!tenant_state_write(&state->shard, tenant, marks == NULL ? &none : marks, state->into,
                                state->capacity, &written))
                return (struct tenant_state_written){ 0 };
        return written;
}
