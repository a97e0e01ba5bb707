/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The core as an engine: the life cycle as the daemon would step it.
 *
 * What a step answers and says is read as the daemon must read it: the offer's
 * assignment is what the agent accepts. The second engine is the same with the
 * commands of a turn made first, so that acd_prefetch() sees them together.
 */

#include "bench/core/engine.h"

#include <stdlib.h>
#include <string.h>

#include "bench/core/world.h"

struct core {
        struct world *world;
        acd_time begin;          /* contact number n came n + 1 milliseconds later */
        acd_contact_id *contact; /* that the agent has */
        struct acd_command command[ENGINE_TURN];
        uint8_t key[ENGINE_TURN][ENGINE_KEY_SIZE + 3];
};

void engine_key(uint64_t number, uint8_t text[ENGINE_KEY_SIZE])
{
        static const char digits[] = "0123456789abcdef";

        memcpy(text, "call-", 5);
        for (uint32_t i = 0; i < 16; i++)
                text[5 + i] = (uint8_t)digits[number >> (60 - 4 * i) & 15];
}

static void *core_open(const struct engine_order *order)
{
        struct world_order world = {
                .waiting_count = order->waiting_count,
                .agent_count = order->agent_count,
                .queue_count = order->class_count,
                .classes_per_agent = order->class_count,
                .key_retention_ms = 1,
                .has_keys = order->has_keys,
                .seed = 1,
        };
        struct core *self = calloc(1, sizeof(*self));

        if (self == NULL)
                abort();
        self->world = world_open(&world);
        self->begin = self->world->now;
        self->contact = calloc(order->agent_count, sizeof(self->contact[0]));
        if (self->contact == NULL)
                abort();
        return self;
}

static void core_close(void *pointer)
{
        struct core *self = pointer;

        world_close(self->world);
        free(self->contact);
        free(self);
}

/* The next in line has been offered to him. */
static void take(struct core *self, uint32_t agent)
{
        struct world *world = self->world;

        for (uint32_t i = 0; i < world->effects.count; i++)
                if (world->effects.item[i].kind == ACD_EVENT_CONTACT_OFFERED) {
                        world->assignment[agent] = world->effects.item[i].assignment;
                        self->contact[agent] = world->effects.item[i].contact;
                }
}

static void step(struct core *self, const struct acd_command *command)
{
        struct world *world = self->world;

        if (acd_step(world->acd, world->now, command, &world->reply, &world->effects) != ACD_OK)
                abort();
}

static void make_submit(struct core *self, struct acd_command *command, uint64_t number,
                        uint8_t band, uint8_t *key)
{
        struct world *world = self->world;

        memset(command, 0, offsetof(struct acd_command, submit) + sizeof(command->submit));
        command->kind = ACD_COMMAND_SUBMIT;
        command->tenant = world->tenant;
        command->submit.queue = world->queue[number % world->order.queue_count];
        command->submit.channel = world->channel;
        command->submit.band = band;
        if (world->order.has_keys) {
                engine_key(number, key);
                command->submit.client_key = (struct acd_bytes){ key, ENGINE_KEY_SIZE };
        }
}

static void make_assignment(struct core *self, struct acd_command *command,
                            enum acd_command_kind kind, uint32_t agent)
{
        struct world *world = self->world;

        memset(command, 0, offsetof(struct acd_command, assignment) + sizeof(command->assignment));
        command->kind = kind;
        command->tenant = world->tenant;
        command->assignment.assignment = world->assignment[agent];
        command->assignment.agent = world->agent[agent];
}

static void core_submit(void *pointer, uint64_t number, uint8_t band)
{
        struct core *self = pointer;

        make_submit(self, &self->command[0], number, band, self->key[0]);
        self->world->now += 1000000;
        step(self, &self->command[0]);
}

static void core_begin(void *pointer, uint32_t agent)
{
        struct core *self = pointer;

        world_make_login(self->world, agent);
        world_do(self->world);
        world_make_agent(self->world, ACD_COMMAND_AGENT_READY, agent);
        step(self, &self->world->command);
        take(self, agent);
        make_assignment(self, &self->command[0], ACD_COMMAND_ACCEPT, agent);
        step(self, &self->command[0]);
}

/* Keys of closed contacts are forgotten as time goes on: a turn has one TIME. */
static void time_goes_on(struct core *self)
{
        if (!self->world->order.has_keys)
                return;
        self->command[0].kind = ACD_COMMAND_TIME;
        self->command[0].tenant.value = 0;
        step(self, &self->command[0]);
}

static void core_turn(void *pointer, const struct engine_cycle *cycles, uint64_t first_number)
{
        struct core *self = pointer;
        struct acd_command *command = &self->command[0];

        for (uint32_t i = 0; i < ENGINE_TURN; i++) {
                core_submit(self, first_number + i, cycles[i].band);
                make_assignment(self, command, ACD_COMMAND_COMPLETE, cycles[i].agent);
                step(self, command);
                take(self, cycles[i].agent);
                make_assignment(self, command, ACD_COMMAND_ACCEPT, cycles[i].agent);
                step(self, command);
        }
        time_goes_on(self);
}

static void prefetch(const struct core *self)
{
        for (uint32_t pass = 0; pass < 3; pass++)
                for (uint32_t i = 0; i < ENGINE_TURN; i++)
                        acd_prefetch(self->world->acd, &self->command[i], pass);
}

static void prefetch_turn(void *pointer, const struct engine_cycle *cycles, uint64_t first_number)
{
        struct core *self = pointer;

        for (uint32_t i = 0; i < ENGINE_TURN; i++)
                make_submit(self, &self->command[i], first_number + i, cycles[i].band,
                            self->key[i]);
        prefetch(self);
        for (uint32_t i = 0; i < ENGINE_TURN; i++) {
                self->world->now += 1000000;
                step(self, &self->command[i]);
        }
        for (uint32_t i = 0; i < ENGINE_TURN; i++)
                make_assignment(self, &self->command[i], ACD_COMMAND_COMPLETE, cycles[i].agent);
        prefetch(self);
        for (uint32_t i = 0; i < ENGINE_TURN; i++) {
                step(self, &self->command[i]);
                take(self, cycles[i].agent);
        }
        for (uint32_t i = 0; i < ENGINE_TURN; i++)
                make_assignment(self, &self->command[i], ACD_COMMAND_ACCEPT, cycles[i].agent);
        prefetch(self);
        for (uint32_t i = 0; i < ENGINE_TURN; i++)
                step(self, &self->command[i]);
        time_goes_on(self);
}

static uint64_t core_has(void *pointer, uint32_t agent)
{
        struct core *self = pointer;

        struct acd_contact_view view;

        if (!acd_view_contact(self->world->acd, self->contact[agent], &view))
                abort();
        return (view.submitted - self->begin) / 1000000 - 1;
}

const struct engine engine_core = {
        .name = "core",
        .open = core_open,
        .close = core_close,
        .submit = core_submit,
        .begin = core_begin,
        .turn = core_turn,
        .has = core_has,
};

const struct engine engine_core_prefetch = {
        .name = "core, prefetching",
        .open = core_open,
        .close = core_close,
        .submit = core_submit,
        .begin = core_begin,
        .turn = prefetch_turn,
        .has = core_has,
};
