/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random traffic for the tests of saving, loading and replaying: a small floor
 * where everything happens often. Not an oracle and not judged by one; the naive
 * model's generator (tests/property) is for that.
 */

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "unit/acd/fixture.h"

enum { SKILL_COUNT = 3, QUEUE_COUNT = 4, AGENT_COUNT = 10, GATEWAY_COUNT = 3 };

static uint64_t below(struct acd_prng *prng, uint64_t bound)
{
        return acd_prng_below(prng, bound);
}

/* A random object of a kind, or 0: the names are numbered. */
static uint64_t pick(const struct fixture *fixture, enum acd_object object, char letter,
                     uint64_t number)
{
        char name[16];
        int size = snprintf(name, sizeof(name), "%c%u", letter, (unsigned)number);

        return acd_find(fixture->acd, object, fixture->tenant,
                        (struct acd_text){ name, (uint32_t)size });
}

static uint64_t pick_agent(const struct fixture *fixture, struct acd_prng *prng)
{
        return pick(fixture, ACD_OBJECT_AGENT, 'a', below(prng, AGENT_COUNT));
}

/* A contact or assignment from a random place of the list, or 0. */
static uint64_t pick_listed(const struct fixture *fixture, struct acd_prng *prng,
                            enum acd_object object)
{
        uint64_t cursor = below(prng, 40);
        uint64_t id = acd_list(fixture->acd, object, fixture->tenant, &cursor, 1000);

        if (id == 0) {
                cursor = 0;
                id = acd_list(fixture->acd, object, fixture->tenant, &cursor, 1000);
        }
        return id;
}

static void make_queue(struct fixture *fixture, struct acd_prng *prng, uint64_t number)
{
        struct acd_command command = fixture_command(fixture, ACD_COMMAND_QUEUE_UPSERT);
        struct acd_queue_config *queue = &command.queue;
        uint32_t wait_ms = 0;

        snprintf(queue->name, sizeof(queue->name), "q%u", (unsigned)number);
        if (below(prng, 2) == 0) {
                queue->requirement.term_count = 1;
                queue->requirement.term[0].skill.value =
                        pick(fixture, ACD_OBJECT_SKILL, 's', below(prng, SKILL_COUNT));
                queue->requirement.term[0].level_min = (uint8_t)(1 + below(prng, 5));
        }
        queue->band = (uint8_t)below(prng, 4);
        queue->auto_accept = below(prng, 5) == 0;
        queue->missed_max = (uint8_t)below(prng, 3);
        queue->on_agent_lost = (enum acd_lost_rule)below(prng, 4);
        queue->offer_timeout_ms = (uint32_t)(1 + below(prng, 5000));
        queue->wrap_up_ms = (uint32_t)(below(prng, 2) * below(prng, 3000));
        queue->cool_down_ms = (uint32_t)(below(prng, 2) * below(prng, 9000));
        for (uint32_t tier = 1; tier < ACD_TIER_COUNT; tier++) {
                wait_ms += (uint32_t)(below(prng, 2) * below(prng, 2000));
                queue->tier_wait_ms[tier] = wait_ms;
        }
        fixture_step(fixture, &command);
}

static void make_agent(struct fixture *fixture, struct acd_prng *prng, uint64_t number)
{
        struct acd_command command = fixture_command(fixture, ACD_COMMAND_AGENT_UPSERT);
        struct acd_agent_config *agent = &command.agent;

        snprintf(agent->name, sizeof(agent->name), "a%u", (unsigned)number);
        agent->skill_count = (uint32_t)below(prng, SKILL_COUNT + 1);
        for (uint32_t i = 0; i < agent->skill_count; i++) {
                agent->skill[i].skill.value = pick(fixture, ACD_OBJECT_SKILL, 's', i);
                agent->skill[i].level = (uint8_t)below(prng, 11);
        }
        agent->tier_count = (uint32_t)below(prng, 2);
        agent->tier[0].queue.value = pick(fixture, ACD_OBJECT_QUEUE, 'q', below(prng, QUEUE_COUNT));
        agent->tier[0].tier = (uint8_t)below(prng, 3);
        fixture_step(fixture, &command);
}

void fixture_random_setup(struct fixture *fixture)
{
        struct acd_prng prng;
        char name[16];

        acd_prng_init(&prng, 99);
        for (uint32_t i = 0; i < SKILL_COUNT; i++) {
                snprintf(name, sizeof(name), "s%u", i);
                fixture_skill(fixture, name);
        }
        for (uint32_t i = 0; i < QUEUE_COUNT; i++)
                make_queue(fixture, &prng, i);
        for (uint32_t i = 0; i < AGENT_COUNT; i++)
                make_agent(fixture, &prng, i);
        for (uint32_t i = 0; i < GATEWAY_COUNT; i++) {
                snprintf(name, sizeof(name), "g%u", i);
                fixture_gateway(fixture, name);
        }
        fixture_work(fixture);
}

static void submit(struct fixture *fixture, struct acd_prng *prng)
{
        static const char *const channels[] = { "phone", "chat", "email" };
        static const uint8_t bytes[300];
        struct acd_command command = fixture_command(fixture, ACD_COMMAND_SUBMIT);
        struct acd_submit *submit = &command.submit;
        char key[16];

        submit->queue.value = pick(fixture, ACD_OBJECT_QUEUE, 'q', below(prng, QUEUE_COUNT));
        submit->channel = fixture_channel(fixture, channels[below(prng, 3)]);
        if (below(prng, 2) == 0)
                submit->gateway.value =
                        pick(fixture, ACD_OBJECT_GATEWAY, 'g', below(prng, GATEWAY_COUNT));
        submit->band = below(prng, 2) == 0 ? ACD_BAND_DEFAULT : (uint8_t)below(prng, 6);
        submit->credit_ms = (uint32_t)(below(prng, 3) == 0 ? below(prng, 12) * 1000 : 0);
        if (below(prng, 4) == 0) {
                submit->extra.term_count = 1;
                submit->extra.term[0].skill.value =
                        pick(fixture, ACD_OBJECT_SKILL, 's', below(prng, SKILL_COUNT));
                submit->extra.term[0].level_min = 1;
        }
        if (below(prng, 6) == 0)
                submit->excluded.value = pick_agent(fixture, prng);
        if (below(prng, 2) == 0) {
                snprintf(key, sizeof(key), "key%u", (unsigned)below(prng, 100));
                submit->client_key = fixture_bytes(key);
        }
        submit->customer_key = (struct acd_bytes){ bytes, (uint32_t)below(prng, 64) };
        submit->attributes = (struct acd_bytes){ bytes, (uint32_t)below(prng, 300) };
        fixture_step(fixture, &command);
}

static void assignment(struct fixture *fixture, struct acd_prng *prng)
{
        static const enum acd_command_kind kinds[] = {
                ACD_COMMAND_ACCEPT,   ACD_COMMAND_ACCEPT,   ACD_COMMAND_ACCEPT,  ACD_COMMAND_REJECT,
                ACD_COMMAND_COMPLETE, ACD_COMMAND_COMPLETE, ACD_COMMAND_HOLD,    ACD_COMMAND_UNHOLD,
                ACD_COMMAND_PARK,     ACD_COMMAND_UNPARK,   ACD_COMMAND_WRAP_UP,
        };
        acd_assignment_id id = { pick_listed(fixture, prng, ACD_OBJECT_ASSIGNMENT) };
        struct acd_assignment_view view;

        if (acd_view_assignment(fixture->acd, id, &view))
                fixture_assignment_do(fixture, kinds[below(prng, 11)], id, view.agent);
}

static void presence(struct fixture *fixture, struct acd_prng *prng)
{
        static const enum acd_command_kind kinds[] = {
                ACD_COMMAND_AGENT_LOGIN,  ACD_COMMAND_AGENT_READY, ACD_COMMAND_AGENT_READY,
                ACD_COMMAND_AGENT_READY,  ACD_COMMAND_AGENT_READY, ACD_COMMAND_AGENT_PAUSE,
                ACD_COMMAND_AGENT_LOGIN,  ACD_COMMAND_AGENT_LOST,  ACD_COMMAND_AGENT_BACK,
                ACD_COMMAND_AGENT_LOGOUT,
        };

        fixture_agent_do(fixture, kinds[below(prng, 10)],
                         (acd_agent_id){ pick_agent(fixture, prng) });
}

static void next(struct fixture *fixture, struct acd_prng *prng)
{
        struct acd_command command = fixture_command(fixture, ACD_COMMAND_AGENT_NEXT);

        command.next.agent.value = pick_agent(fixture, prng);
        command.next.next = (enum acd_presence)(1 + below(prng, 3));
        fixture_step(fixture, &command);
}

static void contact(struct fixture *fixture, struct acd_prng *prng)
{
        acd_contact_id id = { pick_listed(fixture, prng, ACD_OBJECT_CONTACT) };
        struct acd_command command = fixture_command(fixture, ACD_COMMAND_CANCEL);
        uint64_t what = below(prng, 8);

        if (what < 5) {
                fixture_report(fixture, id, (enum acd_report_kind)(1 + below(prng, 8)));
                return;
        }
        if (what < 6) {
                command.cancel.contact = id;
                command.cancel.reason = ACD_REASON_ABANDONED;
        } else {
                command = fixture_command(fixture, ACD_COMMAND_UPDATE);
                command.update.contact = id;
                command.update.has_band = command.update.has_credit = true;
                command.update.band = (uint8_t)below(prng, 5);
                command.update.credit_ms = (uint32_t)below(prng, 9) * 1000;
        }
        fixture_step(fixture, &command);
}

static void gateway(struct fixture *fixture, struct acd_prng *prng)
{
        static acd_contact_id named[2];
        acd_gateway_id id = { pick(fixture, ACD_OBJECT_GATEWAY, 'g', below(prng, GATEWAY_COUNT)) };
        struct acd_command command = fixture_command(fixture, ACD_COMMAND_GATEWAY_LOST);
        uint64_t what = below(prng, 4);

        if (what == 0) {
                command.gateway.gateway = id;
        } else if (what == 1) {
                named[0].value = pick_listed(fixture, prng, ACD_OBJECT_CONTACT);
                command = fixture_command(fixture, ACD_COMMAND_GATEWAY_RESUME);
                command.resume.gateway = id;
                command.resume.is_first = below(prng, 2) == 0;
                command.resume.is_last = below(prng, 2) == 0;
                command.resume.contact_count = 2;
                command.resume.contact = named;
        } else {
                command = fixture_command(fixture, ACD_COMMAND_GATEWAY_OPEN);
                snprintf(command.gateway_open.name, sizeof(command.gateway_open.name), "g%u",
                         (unsigned)below(prng, GATEWAY_COUNT));
        }
        fixture_step(fixture, &command);
}

static void start(struct fixture *fixture)
{
        struct acd_command command = fixture_command(fixture, ACD_COMMAND_START);

        command.start.epoch = acd_epoch(fixture->acd) + 1;
        if (fixture->has_histories && command.start.epoch % 3 == 0)
                command.start.epoch += ACD_HISTORY_STEP;
        command.start.limits = acd_usage(fixture->acd).limit;
        command.start.logic_version = ACD_LOGIC_VERSION;
        fixture_step(fixture, &command);
}

void fixture_random_step(struct fixture *fixture, struct acd_prng *prng)
{
        uint64_t what = below(prng, 40);

        fixture->now += below(prng, 4) == 0 ? below(prng, 3000) * 1000000 : below(prng, 1000000);
        if (below(prng, 3) == 0)
                fixture_run(fixture, fixture->now);
        else if (below(prng, 2) == 0)
                fixture_work(fixture);
        if (what < 12)
                submit(fixture, prng);
        else if (what < 22)
                assignment(fixture, prng);
        else if (what < 30)
                presence(fixture, prng);
        else if (what < 35)
                contact(fixture, prng);
        else if (what < 36)
                gateway(fixture, prng);
        else if (what < 37)
                next(fixture, prng);
        else if (what < 38)
                make_queue(fixture, prng, below(prng, QUEUE_COUNT));
        else if (what < 39)
                make_agent(fixture, prng, below(prng, AGENT_COUNT));
        else if (below(prng, 8) == 0)
                start(fixture);
}
