/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * world.h - a contact centre for the benchmarks of the core: queues that each
 * want a skill of their own, agents with a run of these skills, contacts.
 *
 *   Ownership  world_open() gives memory that world_close() takes back.
 *   Failure    A command that is refused ends the program with its number.
 *   Chance     From the seed of the order, so equal orders are equal worlds.
 */

#include "acd/acd.h"
#include "acd/view.h"
#include "base/prng.h"

enum { WORLD_QUEUE_MAX = 64, WORLD_KEY_SIZE = 21 };

struct world_order {
        uint32_t waiting_count; /* at most this many wait at once */
        uint32_t agent_count;
        uint32_t queue_count;
        uint32_t classes_per_agent; /* skills of an agent, one of each queue he serves */
        uint32_t cool_down_ms;      /* of a rejection */
        uint64_t key_retention_ms;  /* of a closed contact's key */
        bool has_keys;              /* contacts are submitted under a client key */
        bool has_gateway;           /* and by a gateway, on a media channel */
        uint64_t seed;
};

struct world {
        struct world_order order;
        struct acd *acd;
        acd_time now;
        struct acd_prng prng;
        acd_tenant_id tenant;
        acd_channel_id channel;
        acd_gateway_id gateway;
        acd_queue_id queue[WORLD_QUEUE_MAX];
        acd_agent_id *agent;
        acd_assignment_id *assignment; /* that the agent had last */
        uint32_t offered;              /* number of the agent offered to last */
        uint64_t key_number;
        uint64_t step_count;
        const char *last_step; /* what it is called */
        uint8_t key[WORLD_KEY_SIZE + 3];
        struct acd_command command;
        struct acd_reply reply;
        struct acd_effects effects;
};

/* Everybody configured, nobody logged in, nothing submitted. */
struct world *world_open(const struct world_order *order);
void world_close(struct world *world);

/* Do world->command and insist on its result; the offer that it made is noted. */
void world_do(struct world *world);
void world_note_offer(struct world *world);

/* Make world->command, ready to be done. */
void world_make_submit(struct world *world);
void world_make_cancel(struct world *world, acd_contact_id contact);
void world_make_login(struct world *world, uint32_t agent);
void world_make_agent(struct world *world, enum acd_command_kind kind, uint32_t agent);
void world_make_assignment(struct world *world, enum acd_command_kind kind, uint32_t agent);
void world_make_report(struct world *world, enum acd_report_kind kind, acd_contact_id contact,
                       uint32_t agent);

/* The next client key: world->key_number, in hexadecimal. */
void world_next_key(struct world *world);

/* Log everybody in and let him be ready; whoever is offered something accepts. */
void world_ready_all(struct world *world);
