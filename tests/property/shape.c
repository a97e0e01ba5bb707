/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Drawing a shape.
 *
 * Limits are drawn from lists with a tight value, a middling one and one that is never
 * met, so that about a third of the seeds runs into each. Where the rules leave it to
 * the core who goes without (memberships beyond a limit after a change of the
 * configuration, D9), the seed does not change what decides eligibility after setup.
 */

#include "tests/property/shape.h"

#include <string.h>

#include "tests/support/scenario.h"

static uint32_t one_of(struct acd_prng *prng, const uint32_t *values, uint32_t count)
{
        return values[acd_prng_below(prng, count)];
}

#define ONE_OF(prng, ...) \
        one_of(prng, (const uint32_t[]){ __VA_ARGS__ }, \
               sizeof((const uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))

static uint32_t below(struct acd_prng *prng, uint32_t bound)
{
        return (uint32_t)acd_prng_below(prng, bound);
}

/* Usual weights; a seed scales or removes them. */
static const uint32_t usual[SHAPE_VERB_COUNT] = {
        [SHAPE_SUBMIT] = 60, [SHAPE_CANCEL] = 8,  [SHAPE_UPDATE] = 8,   [SHAPE_REPORT] = 40,
        [SHAPE_LOGIN] = 12,  [SHAPE_LOGOUT] = 5,  [SHAPE_READY] = 25,   [SHAPE_PAUSE] = 8,
        [SHAPE_NEXT] = 6,    [SHAPE_LOST] = 5,    [SHAPE_BACK] = 5,     [SHAPE_ACCEPT] = 40,
        [SHAPE_REJECT] = 12, [SHAPE_COMPLETE] = 20, [SHAPE_HOLD] = 8,   [SHAPE_PARK] = 8,
        [SHAPE_UNPARK] = 6,  [SHAPE_WRAP_UP] = 10, [SHAPE_OPEN] = 6,    [SHAPE_LOSE] = 4,
        [SHAPE_RESUME] = 4,  [SHAPE_SKILL] = 1,   [SHAPE_CHANNEL] = 1,  [SHAPE_QUEUE] = 3,
        [SHAPE_TEAM] = 2,    [SHAPE_PROFILE] = 2, [SHAPE_AGENT] = 4,    [SHAPE_TENANT] = 1,
        [SHAPE_REMOVE] = 4,  [SHAPE_START] = 1,   [SHAPE_ODD] = 1,      [SHAPE_RELOAD] = 2,
};

static void draw_weights(struct shape *shape, struct acd_prng *prng)
{
        for (int verb = 0; verb < SHAPE_VERB_COUNT; verb++) {
                uint32_t weight = usual[verb] * 4;

                if (verb > SHAPE_SUBMIT && acd_prng_chance(prng, 1, 5))
                        weight = 0;
                else if (acd_prng_chance(prng, 1, 4))
                        weight *= 4;
                else if (acd_prng_chance(prng, 1, 4))
                        weight = (weight + 3) / 4;
                shape->weight[verb] = weight;
                shape->weight_sum += weight;
        }
}

static void draw_limits(struct shape *shape, struct acd_prng *prng)
{
        struct acd_limits *limits = &shape->limits;

        *limits = scenario_limits();
        limits->tenant_count_max = shape->tenants + below(prng, 2);
        limits->skill_count_max = ONE_OF(prng, 2, 6, 64);
        limits->channel_count_max = ONE_OF(prng, 16, 32, 128);
        limits->queue_count_max = ONE_OF(prng, 2, 8, 64);
        limits->team_count_max = ONE_OF(prng, 1, 4, 32);
        limits->profile_count_max = ONE_OF(prng, 1, 4, 32);
        limits->agent_count_max = shape->agents * shape->tenants + ONE_OF(prng, 0, 2, 20);
        limits->gateway_count_max = ONE_OF(prng, 1, 3, 16);
        limits->contact_count_max = ONE_OF(prng, 2, 8, 40, 200);
        limits->class_count_max = ONE_OF(prng, 2, 8, 64);
        limits->class_per_queue_max = ONE_OF(prng, 1, 3, 64);
        limits->class_per_agent_max = ONE_OF(prng, 1, 3, 64, 64);
        limits->membership_count_max = ONE_OF(prng, 8, 64, 16384, 16384);
        limits->lane_count_max = ONE_OF(prng, 1, 4, 1024);
        limits->pair_count_max = ONE_OF(prng, 1, 4, 512, 512);
        limits->key_count_max = ONE_OF(prng, 1, 4, 256);
        limits->payload_cell_count_max = ONE_OF(prng, 4, 100, 4096, 4096);
        shape->memory = *limits;
        if (acd_prng_chance(prng, 1, 3)) {
                /* Room for a later START to raise them. */
                shape->memory.contact_count_max += 20;
                shape->memory.key_count_max += 7;
                shape->memory.agent_count_max += 3;
                shape->memory.payload_cell_count_max += 1000;
                shape->memory.pair_count_max += 16;
                shape->memory.lane_count_max += 16;
                shape->memory.class_count_max += 5;
                shape->memory.gateway_count_max += 2;
        }
        shape->is_frozen = limits->class_per_agent_max < 64 ||
                           limits->membership_count_max < 16384;
}

void shape_draw(struct shape *shape, struct acd_prng *prng, uint64_t seed)
{
        memset(shape, 0, sizeof(*shape));
        shape->tenants = acd_prng_chance(prng, 1, 4) ? 2 : 1;
        shape->skills = below(prng, 5);
        shape->queues = 1 + below(prng, 4);
        shape->teams = below(prng, 3);
        shape->profiles = below(prng, 3);
        shape->agents = ONE_OF(prng, 1, 2, 3, 5, 8, 20);
        if (seed % 211 == 7)
                shape->agents = 1100; /* classes are filled on the agenda */
        shape->gateways = 1 + below(prng, 3);
        draw_limits(shape, prng);
        draw_weights(shape, prng);
        shape->hostile_percent = ONE_OF(prng, 0, 1, 3, 10);
        shape->keyed_percent = ONE_OF(prng, 0, 30, 90);
        shape->key_count = ONE_OF(prng, 2, 10, 1000);
        shape->gateway_percent = ONE_OF(prng, 0, 50, 100);
        shape->punctual_percent = ONE_OF(prng, 100, 100, 80, 20);
        shape->tempo_bits = ONE_OF(prng, 24, 30, 33, 35);
        shape->is_media = acd_prng_chance(prng, 2, 3);
        shape->has_tiers = acd_prng_chance(prng, 1, 2);
        shape->skilled_percent = ONE_OF(prng, 0, 30, 80);
        shape->auto_accept_percent = ONE_OF(prng, 0, 0, 50);
        shape->wrap_up_percent = ONE_OF(prng, 0, 50, 100);
        shape->is_dirty = seed % 5 == 4;
        if (shape->agents > 1000) {
                shape->memory.agent_count_max = 1200;
                shape->limits.agent_count_max = 1200;
                shape->memory.membership_count_max = 65536;
                shape->limits.membership_count_max = 65536;
                shape->tenants = 1;
        }
}
