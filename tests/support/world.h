/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * world.h - a core, the naive model beside it, and everything that must hold after
 * each step.
 *
 * After every step: acd_check(); the answer and the events are those of the model; event
 * numbers run without a gap; what is refused changes neither the digest nor the agenda;
 * nobody is offered a contact of a gateway that is gone. Accepted commands are kept as
 * the journal would: encoded, decoded again, ready to be replayed.
 *
 *   Ownership  world_init() and world_fini(). Commands are borrowed for the call.
 *   Failure    False, with the reason in world.failure; the world is then of no use.
 *              A broken invariant of the core panics.
 *   Cost       O(state) a step.
 */

#include <stdbool.h>
#include <stdint.h>

#include "acd/acd.h"
#include "tests/support/model.h"
#include "tests/support/scenario_names.h"

enum { WORLD_SHARD = 3, WORLD_FAILURE_SIZE = 2048 };

/* An accepted command, as the journal has it. */
struct world_record {
        acd_time now;
        uint32_t body_size, payload_size;
        uint8_t *bytes;
};

/* What the world itself remembers of a gateway. */
struct world_gateway {
        uint64_t id;
        bool is_gone;
};

enum { WORLD_GATEWAY_MAX = 256, WORLD_TENANT_MAX = 64 };

struct world {
        struct acd_limits memory; /* what the core's memory was made for */
        struct acd *core;
        void *core_memory;
        struct model *model; /* NULL: the core alone */
        struct scenario_names names;
        const char *subject; /* name of what the next command makes; NULL when it has none */

        /* Of the last step. */
        bool is_ambiguous; /* the order of its events is the core's own (D23) */
        struct acd_reply reply;
        struct model_log ours;        /* the model's events */
        struct acd_event *event;      /* the core's */
        uint32_t event_count, event_capacity;

        struct world_record *record;
        uint32_t record_count, record_capacity;
        uint64_t tenant_sequence[WORLD_TENANT_MAX][2]; /* tenant, last event number */
        struct world_gateway gateway[WORLD_GATEWAY_MAX];
        acd_time last_now; /* of the last accepted command */
        char failure[WORLD_FAILURE_SIZE];
};

void world_init(struct world *world, const struct acd_limits *memory, bool has_model);
void world_fini(struct world *world);

/* One command, once. Not for a world with a model when it is TIME or WORK. */
bool world_step(struct world *world, acd_time now, const struct acd_command *command);

/* The same, TIME repeated until nothing is due, WORK until the agenda is empty. */
bool world_do(struct world *world, acd_time now, const struct acd_command *command);

/* @command, then the agenda; the events of both together are those of the step. */
bool world_do_and_work(struct world *world, acd_time now, const struct acd_command *command);

/* Save, load into a fresh core of at least the same limits, compare, go on with it. */
bool world_reload(struct world *world, const struct acd_limits *memory);

/* Replay all that was accepted into a fresh core and compare the digests. */
bool world_replay(struct world *world);

/* Ids of a kind and a tenant, at most @max;
 * returns how many. From the model when there is one, else from the core. */
uint32_t world_ids(const struct world *world, enum acd_object object, uint64_t tenant,
                   uint64_t *ret_ids, uint32_t max);
bool world_view_contact(const struct world *world, uint64_t id, struct acd_contact_view *ret_view);
bool world_view_assignment(const struct world *world, uint64_t id,
                           struct acd_assignment_view *ret_view);
bool world_view_agent(const struct world *world, uint64_t id, struct acd_agent_view *ret_view);
bool world_view_gateway(const struct world *world, uint64_t id, struct acd_gateway_view *ret_view);
acd_time world_next_deadline(const struct world *world);

/* Compare what acd/view.h shows with the model. */
bool world_compare_views(struct world *world);
