/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contact centre of the core's benchmarks.
 *
 * Agent i has skills i, i + 1, ... modulo the number of skills, so that all queues
 * have as many agents and neighbours overlap. Ids are not decoded: an agent's slot
 * is his number plus one, since agents were made in order in an empty core.
 */

#include "bench/core/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/id.h"

_Noreturn void acd_panic(const char *file, int line, const char *function, const char *what)
{
        fprintf(stderr, "%s:%d: %s: assertion failed: %s\n", file, line, function, what);
        abort();
}

static _Noreturn void no_memory(size_t size)
{
        fprintf(stderr, "no memory for %zu bytes\n", size);
        exit(1);
}

void world_note_offer(struct world *world)
{
        for (uint32_t i = 0; i < world->effects.count; i++) {
                const struct acd_event *event = &world->effects.item[i];

                if (event->kind != ACD_EVENT_CONTACT_OFFERED)
                        continue;
                world->offered = acd_id_split(event->agent.value).slot - 1;
                world->assignment[world->offered] = event->assignment;
        }
}

void world_do(struct world *world)
{
        enum acd_result result =
                acd_step(world->acd, world->now, &world->command, &world->reply, &world->effects);

        world->step_count++;
        if (result != ACD_OK) {
                fprintf(stderr, "command %d was refused with %d, field %d\n",
                        (int)world->command.kind, (int)result, (int)world->reply.field);
                exit(1);
        }
        world_note_offer(world);
}

/* Only the member that the command has: the whole is kilobytes. */
#define MAKE(world, kind_of, member) \
        do { \
                memset(&(world)->command, 0, \
                       offsetof(struct acd_command, member) + sizeof((world)->command.member)); \
                (world)->command.kind = ACD_COMMAND_##kind_of; \
                (world)->command.tenant = (world)->tenant; \
        } while (0)

void world_next_key(struct world *world)
{
        static const char digits[] = "0123456789abcdef";
        uint64_t number = world->key_number++;

        memcpy(world->key, "call-", 5);
        for (uint32_t i = 0; i < 16; i++)
                world->key[5 + i] = (uint8_t)digits[number >> (60 - 4 * i) & 15];
}

void world_make_submit(struct world *world)
{
        struct acd_submit *submit = &world->command.submit;

        MAKE(world, SUBMIT, submit);
        submit->queue = world->queue[acd_prng_below(&world->prng, world->order.queue_count)];
        submit->channel = world->channel;
        submit->gateway = world->gateway;
        submit->band = ACD_BAND_DEFAULT;
        submit->credit_ms = acd_prng_chance(&world->prng, 1, 8) ? 90000 : 0;
        if (world->order.has_keys) {
                world_next_key(world);
                submit->client_key = (struct acd_bytes){ world->key, WORLD_KEY_SIZE };
        }
        world->now += 1000000;
}

void world_make_cancel(struct world *world, acd_contact_id contact)
{
        MAKE(world, CANCEL, cancel);
        world->command.cancel.contact = contact;
        world->command.cancel.reason = ACD_REASON_ABANDONED;
}

void world_make_agent(struct world *world, enum acd_command_kind kind, uint32_t agent)
{
        MAKE(world, AGENT_READY, agent_ref);
        world->command.kind = kind;
        world->command.agent_ref.agent = world->agent[agent];
}

void world_make_login(struct world *world, uint32_t agent)
{
        MAKE(world, AGENT_LOGIN, login);
        world->command.login.agent = world->agent[agent];
}

void world_make_assignment(struct world *world, enum acd_command_kind kind, uint32_t agent)
{
        MAKE(world, ACCEPT, assignment);
        world->command.kind = kind;
        world->command.assignment.assignment = world->assignment[agent];
        world->command.assignment.agent = world->agent[agent];
}

void world_make_report(struct world *world, enum acd_report_kind kind, acd_contact_id contact,
                       uint32_t agent)
{
        MAKE(world, REPORT, report);
        world->command.report.contact = contact;
        world->command.report.assignment = world->assignment[agent];
        world->command.report.report = kind;
        world->command.report.reason =
                kind == ACD_REPORT_ENDED ? ACD_REASON_ENDED_BY_CUSTOMER : ACD_REASON_NONE;
}

static struct acd_limits limits_of(const struct world_order *order)
{
        struct acd_limits limits = acd_limits_default();
        uint64_t memberships = (uint64_t)order->agent_count * order->classes_per_agent;

        limits.contact_count_max = order->waiting_count + 2 * order->agent_count + 100;
        limits.agent_count_max = order->agent_count;
        if (memberships > limits.membership_count_max)
                limits.membership_count_max = (uint32_t)memberships;
        limits.key_count_max = order->has_keys ? limits.contact_count_max + 1000000 : 1;
        limits.payload_cell_count_max = order->has_keys ? limits.key_count_max : 1000;
        return limits;
}

static void make_tenant(struct world *world)
{
        MAKE(world, TENANT_UPSERT, tenant_config);
        snprintf(world->command.tenant_config.name, ACD_NAME_MAX + 1, "bench");
        world->command.tenant.value = 0;
        world->command.tenant_config.key_retention_ms = world->order.key_retention_ms;
        world_do(world);
        world->tenant.value = world->reply.id;
}

static void start(struct world *world)
{
        struct acd_limits limits = limits_of(&world->order);
        size_t size = (acd_size(&limits) + 63) / 64 * 64;
        void *memory = aligned_alloc(64, size);

        if (memory == NULL)
                no_memory(size);
        memset(memory, 0, size);
        world->acd = acd_init(memory, &limits, 1);
        world->now = 1000000000;
        memset(&world->command, 0, sizeof(world->command));
        world->command.kind = ACD_COMMAND_START;
        world->command.start.epoch = 1;
        world->command.start.seed[0] = 7;
        world->command.start.limits = limits;
        world->command.start.logic_version = ACD_LOGIC_VERSION;
        world_do(world);
}

/* With more queues than an agent may have skills, two queues want the same one. */
static uint32_t skill_count_of(const struct world *world)
{
        return world->order.queue_count < ACD_AGENT_SKILL_MAX ? world->order.queue_count
                                                              : ACD_AGENT_SKILL_MAX;
}

static void make_queues(struct world *world, acd_skill_id skill[ACD_AGENT_SKILL_MAX])
{
        uint32_t skill_count = skill_count_of(world);

        for (uint32_t i = 0; i < skill_count; i++) {
                MAKE(world, SKILL_UPSERT, skill);
                snprintf(world->command.skill.name, ACD_NAME_MAX + 1, "skill-%u", i);
                world_do(world);
                skill[i].value = world->reply.id;
        }
        for (uint32_t i = 0; i < world->order.queue_count; i++) {
                struct acd_queue_config *queue = &world->command.queue;

                MAKE(world, QUEUE_UPSERT, queue);
                snprintf(queue->name, ACD_NAME_MAX + 1, "queue-%u", i);
                queue->requirement.term_count = 1;
                queue->requirement.term[0] =
                        (struct acd_term){ .skill = skill[i % skill_count], .level_min = 1 };
                queue->band = 8;
                queue->offer_timeout_ms = 20000;
                queue->cool_down_ms = world->order.cool_down_ms;
                world_do(world);
                world->queue[i].value = world->reply.id;
        }
}

static void make_agents(struct world *world, const acd_skill_id skill[ACD_AGENT_SKILL_MAX])
{
        uint32_t skill_count = skill_count_of(world);

        for (uint32_t i = 0; i < world->order.agent_count; i++) {
                struct acd_agent_config *agent = &world->command.agent;

                MAKE(world, AGENT_UPSERT, agent);
                snprintf(agent->name, ACD_NAME_MAX + 1, "agent-%u", i);
                agent->skill_count = world->order.classes_per_agent < skill_count
                                             ? world->order.classes_per_agent
                                             : skill_count;
                for (uint32_t k = 0; k < agent->skill_count; k++)
                        agent->skill[k] =
                                (struct acd_skill_level){ .skill = skill[(i + k) % skill_count],
                                                          .level = 5 };
                world_do(world);
                world->agent[i].value = world->reply.id;
        }
}

static void work(struct world *world)
{
        while (acd_agenda_units(world->acd) > 0) {
                MAKE(world, WORK, work);
                world->command.tenant.value = 0;
                world->command.work.unit_max = 4096;
                world_do(world);
        }
}

static void make_gateway(struct world *world)
{
        const char *channel = world->order.has_gateway ? "phone" : "chat";

        world->channel.value = acd_find(world->acd, ACD_OBJECT_CHANNEL, world->tenant,
                                        (struct acd_text){ channel, (uint32_t)strlen(channel) });
        if (!world->order.has_gateway)
                return;
        MAKE(world, GATEWAY_OPEN, gateway_open);
        snprintf(world->command.gateway_open.name, ACD_NAME_MAX + 1, "gateway");
        world_do(world);
        world->gateway.value = world->reply.id;
}

/* One contact each, gone at once: the first of a class pays for making it. */
static void make_classes(struct world *world)
{
        acd_contact_id contact;

        for (uint32_t i = 0; i < world->order.queue_count; i++) {
                world_make_submit(world);
                world->command.submit.queue = world->queue[i];
                world_do(world);
                contact.value = world->reply.id;
                work(world);
                world_make_cancel(world, contact);
                world_do(world);
        }
}

struct world *world_open(const struct world_order *order)
{
        struct world *world = calloc(1, sizeof(*world));
        acd_skill_id skill[ACD_AGENT_SKILL_MAX];

        if (world == NULL)
                no_memory(sizeof(*world));
        world->order = *order;
        world->agent = calloc(order->agent_count, sizeof(world->agent[0]));
        world->assignment = calloc(order->agent_count, sizeof(world->assignment[0]));
        if (world->agent == NULL || world->assignment == NULL)
                no_memory(order->agent_count * sizeof(world->agent[0]));
        acd_prng_init(&world->prng, order->seed);
        world->key_number = UINT64_C(1) << 63; /* the engines count from 0 */
        start(world);
        work(world); /* START's own: it takes open gateways for lost */
        make_tenant(world);
        make_gateway(world);
        make_queues(world, skill);
        make_agents(world, skill);
        make_classes(world);
        return world;
}

void world_close(struct world *world)
{
        free(world->acd);
        free(world->agent);
        free(world->assignment);
        free(world);
}

void world_ready_all(struct world *world)
{
        work(world);
        for (uint32_t i = 0; i < world->order.agent_count; i++) {
                world_make_login(world, i);
                world_do(world);
                world_make_agent(world, ACD_COMMAND_AGENT_READY, i);
                world->offered = UINT32_MAX;
                world_do(world);
                if (world->offered == UINT32_MAX)
                        continue;
                world_make_assignment(world, ACD_COMMAND_ACCEPT, i);
                world_do(world);
        }
}

#undef MAKE
