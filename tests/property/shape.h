/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * shape.h - what the world of one seed is like: its size, its limits, its people's
 * habits, and which commands exist at all.
 *
 * Swarm testing: a seed that draws everything at once meets nothing often. Each seed
 * draws small or tight sizes, leaves out about a quarter of the commands, and makes some
 * of the rest frequent.
 */

#include <stdbool.h>
#include <stdint.h>

#include "acd/acd.h"
#include "base/prng.h"

/* What the generator can do. */
enum shape_verb {
        SHAPE_SUBMIT,
        SHAPE_CANCEL,
        SHAPE_UPDATE,
        SHAPE_REPORT,
        SHAPE_LOGIN,
        SHAPE_LOGOUT,
        SHAPE_READY,
        SHAPE_PAUSE,
        SHAPE_NEXT,
        SHAPE_LOST,
        SHAPE_BACK,
        SHAPE_ACCEPT,
        SHAPE_REJECT,
        SHAPE_COMPLETE,
        SHAPE_HOLD,
        SHAPE_PARK,
        SHAPE_UNPARK,
        SHAPE_WRAP_UP,
        SHAPE_OPEN,
        SHAPE_LOSE,
        SHAPE_RESUME,
        SHAPE_SKILL,
        SHAPE_CHANNEL,
        SHAPE_QUEUE,
        SHAPE_TEAM,
        SHAPE_PROFILE,
        SHAPE_AGENT,
        SHAPE_TENANT,
        SHAPE_REMOVE,
        SHAPE_START,
        SHAPE_ODD, /* LOGIC, WALL, WORK with wrong numbers */
        SHAPE_RELOAD,
        SHAPE_VERB_COUNT,
};

struct shape {
        uint32_t tenants, skills, queues, teams, profiles, agents, gateways;
        struct acd_limits limits, memory;
        uint32_t weight[SHAPE_VERB_COUNT];
        uint32_t weight_sum;
        uint32_t hostile_percent;  /* of arguments that are made wrong */
        uint32_t keyed_percent;    /* of submits with a client key */
        uint32_t gateway_percent;  /* of submits with an owner */
        uint32_t punctual_percent; /* of due timers that are run before the next command */
        uint32_t key_count;        /* different client keys */
        uint32_t tempo_bits;       /* longest usual pause is 2^this ns */
        bool is_media, has_tiers, is_frozen; /* frozen: eligibility does not change after setup */
        bool is_dirty; /* commands come while the agenda is not empty; no model */
        uint32_t skilled_percent; /* of agents and submits that have skills at all */
        uint32_t auto_accept_percent, wrap_up_percent;
};

void shape_draw(struct shape *shape, struct acd_prng *prng, uint64_t seed);
