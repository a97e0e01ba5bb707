/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading: names, lists by pages, the order of service, what a step has closed,
 * configuration as the command that makes it.
 */

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "unit/acd/fixture.h"

static struct fixture fixture;

static acd_queue_id setup(void)
{
        struct acd_queue_config config = fixture_queue_config("q");

        fixture_init(&fixture, NULL);
        fixture_agent(&fixture, "a", (acd_skill_id){ 0 });
        return fixture_queue(&fixture, &config);
}

Test(views, names_and_ids_are_each_others)
{
        acd_queue_id queue = setup();
        struct acd_text name = { "q", 1 };
        struct acd_text tenant = { "t", 1 };

        cr_assert_eq(acd_find(fixture.acd, ACD_OBJECT_QUEUE, fixture.tenant, name), queue.value);
        cr_assert_eq(acd_find(fixture.acd, ACD_OBJECT_TENANT, (acd_tenant_id){ 0 }, tenant),
                     fixture.tenant.value);
        cr_assert_eq(acd_find(fixture.acd, ACD_OBJECT_QUEUE, (acd_tenant_id){ 0 }, name), 0u);
        cr_assert_eq(acd_find(fixture.acd, ACD_OBJECT_AGENT, fixture.tenant, name), 0u);
        cr_assert_eq(acd_find(fixture.acd, ACD_OBJECT_CONTACT, fixture.tenant, name), 0u);
        name = acd_name(fixture.acd, ACD_OBJECT_QUEUE, queue.value);
        cr_assert_eq(name.size, 1u);
        cr_assert_eq(name.at[0], 'q');
        cr_assert_eq(acd_name(fixture.acd, ACD_OBJECT_QUEUE, queue.value + 1).size, 0u);
        cr_assert_eq(acd_name(fixture.acd, ACD_OBJECT_CONTACT, queue.value).size, 0u);
        fixture_fini(&fixture);
}

Test(views, lists_come_in_pages)
{
        acd_queue_id queue = setup();
        uint64_t cursor = 0;
        uint32_t found = 0, calls = 0;

        for (uint32_t i = 0; i < 50; i++)
                fixture_submit(&fixture, queue, fixture_channel(&fixture, "chat"),
                               (acd_gateway_id){ 0 });
        while (cursor != UINT64_MAX) {
                found += acd_list(fixture.acd, ACD_OBJECT_CONTACT, fixture.tenant, &cursor, 3) != 0;
                cr_assert_lt(calls++, 200u);
        }
        cr_assert_eq(found, 50u);
        cursor = 0;
        cr_assert_eq(acd_list(fixture.acd, ACD_OBJECT_CONTACT, (acd_tenant_id){ 7 }, &cursor, 1000),
                     0u);
        fixture_fini(&fixture);
}

static int compare_views(const void *left, const void *right)
{
        const struct acd_contact_view *a = left;
        const struct acd_contact_view *b = right;
        int64_t a_credited = (int64_t)a->submitted - (int64_t)a->credit_ms * 1000000;
        int64_t b_credited = (int64_t)b->submitted - (int64_t)b->credit_ms * 1000000;

        if (a->band != b->band)
                return a->band > b->band ? -1 : 1;
        if (a_credited != b_credited)
                return a_credited < b_credited ? -1 : 1;
        return a->sequence < b->sequence ? -1 : 1;
}

/*
 * Goal    The order of service of a queue, in pages of any size, is the comparator's.
 * Method  Contacts of several classes, bands and credits, some displaced; sorted by
 *         qsort. Pages go on after contacts that have gone as well.
 */
Test(views, the_order_of_a_queue_is_the_comparators)
{
        enum { COUNT = 150 };
        static struct acd_contact_view views[COUNT];
        static acd_contact_id page[COUNT];
        acd_queue_id queue = setup();
        acd_contact_id after = { 0 };
        struct acd_prng prng;
        uint32_t at = 0, count;

        acd_prng_init(&prng, 6);
        for (uint32_t i = 0; i < COUNT; i++) {
                static const char *const channels[] = { "chat", "email", "phone" };
                struct acd_command command = fixture_submit_command(
                        &fixture, queue, fixture_channel(&fixture, channels[i % 3]),
                        (acd_gateway_id){ 0 });

                fixture.now += acd_prng_below(&prng, 3) * 1000000000;
                command.submit.band = (uint8_t)acd_prng_below(&prng, 3);
                command.submit.credit_ms = (uint32_t)acd_prng_below(&prng, 12) * 1000;
                cr_assert_eq(fixture_step(&fixture, &command), ACD_OK);
                cr_assert(acd_view_contact(fixture.acd, (acd_contact_id){ fixture.reply.id },
                                           &views[i]));
                if (i % 4 == 1) {
                        command = fixture_command(&fixture, ACD_COMMAND_UPDATE);
                        command.update.contact = views[i / 2].contact;
                        command.update.has_band = true;
                        command.update.band = (uint8_t)acd_prng_below(&prng, 3);
                        fixture_step(&fixture, &command);
                        cr_assert(
                                acd_view_contact(fixture.acd, views[i / 2].contact, &views[i / 2]));
                }
        }
        qsort(views, COUNT, sizeof(views[0]), compare_views);
        for (uint32_t size = 1; at < COUNT; size = size % 13 + 1) {
                count = acd_queue_order(fixture.acd, queue, after, page, size);
                cr_assert_eq(count, size < COUNT - at ? size : COUNT - at);
                for (uint32_t i = 0; i < count; i++, at++)
                        cr_assert_eq(page[i].value, views[at].contact.value, "place %u", at);
                after = page[count - 1];
                /* It may be gone when the next page is asked for. */
                if (size % 2 == 0)
                        fixture_report(&fixture, after, ACD_REPORT_ENDED);
        }
        cr_assert_eq(acd_queue_order(fixture.acd, queue, after, page, 5), 0u);
        fixture_fini(&fixture);
}

/*
 * Goal    What a step has closed can be read until the next one, with its keys.
 */
Test(views, closed_contacts_are_readable_until_the_next_step)
{
        acd_queue_id queue = setup();
        struct acd_command command = fixture_submit_command(
                &fixture, queue, fixture_channel(&fixture, "chat"), (acd_gateway_id){ 0 });
        struct acd_contact_view view;
        acd_contact_id contact;
        uint8_t bytes[100];

        command.submit.client_key = fixture_bytes("client");
        command.submit.customer_key = fixture_bytes("customer");
        command.submit.attributes = fixture_bytes("attributes that do not fit into one cell of "
                                                  "the store, which has room for sixty bytes");
        cr_assert_eq(fixture_step(&fixture, &command), ACD_OK);
        contact.value = fixture.reply.id;
        cr_assert_eq(fixture_report(&fixture, contact, ACD_REPORT_ENDED), ACD_OK);
        cr_assert(acd_view_contact(fixture.acd, contact, &view));
        cr_assert_eq(view.state, ACD_CONTACT_FREE);
        cr_assert_eq(view.queue.value, queue.value);
        cr_assert_eq(acd_contact_payload(fixture.acd, contact, ACD_PAYLOAD_CLIENT_KEY, bytes, 100),
                     6u);
        cr_assert_eq(memcmp(bytes, "client", 6), 0);
        cr_assert_eq(acd_contact_payload(fixture.acd, contact, ACD_PAYLOAD_CUSTOMER_KEY, bytes, 3),
                     8u);
        cr_assert_eq(memcmp(bytes, "cus", 3), 0);
        cr_assert_eq(acd_contact_payload(fixture.acd, contact, ACD_PAYLOAD_ATTRIBUTES, bytes, 100),
                     command.submit.attributes.size);
        cr_assert_eq(memcmp(bytes, command.submit.attributes.at, command.submit.attributes.size),
                     0);
        /* The key outlives it. */
        cr_assert_eq(acd_find_key(fixture.acd, fixture.tenant, fixture_bytes("client")).value,
                     contact.value);
        fixture_run(&fixture, fixture.now);
        fixture_agent_do(&fixture, ACD_COMMAND_AGENT_READY, (acd_agent_id){ 1 });
        cr_assert_not(acd_view_contact(fixture.acd, contact, &view));
        cr_assert_eq(acd_contact_payload(fixture.acd, contact, ACD_PAYLOAD_CUSTOMER_KEY, bytes, 3),
                     0u);
        fixture_fini(&fixture);
}

/*
 * Goal    Configuration read back and applied changes nothing.
 */
static bool has_name(enum acd_object object, uint64_t id, const char *wanted)
{
        struct acd_text name = acd_name(fixture.acd, object, id);

        return name.size == strlen(wanted) &&
               (name.size == 0 || memcmp(name.at, wanted, name.size) == 0);
}

/* Goal    What is removed is told by its name, and its tenant's, which may be itself. */
Test(views, removed_objects_have_a_name_until_the_next_step)
{
        struct acd_command command;
        uint64_t skill, tenant;

        setup();
        skill = fixture_skill(&fixture, "old").value;
        command = fixture_command(&fixture, ACD_COMMAND_REMOVE);
        command.remove = (struct acd_remove){ .object = ACD_OBJECT_SKILL, .id = skill };
        cr_assert_eq(fixture_step(&fixture, &command), ACD_OK);
        cr_assert(has_name(ACD_OBJECT_SKILL, skill, "old"));
        cr_assert(has_name(ACD_OBJECT_TEAM, skill, ""));

        command = fixture_command(&fixture, ACD_COMMAND_TENANT_UPSERT);
        memcpy(command.tenant_config.name, "other", sizeof("other"));
        cr_assert_eq(fixture_step(&fixture, &command), ACD_OK);
        cr_assert(has_name(ACD_OBJECT_SKILL, skill, ""));
        tenant = fixture.reply.id;
        command = fixture_command(&fixture, ACD_COMMAND_REMOVE);
        command.remove = (struct acd_remove){ .object = ACD_OBJECT_TENANT, .id = tenant };
        cr_assert_eq(fixture_step(&fixture, &command), ACD_OK);
        cr_assert(has_name(ACD_OBJECT_TENANT, tenant, "other"));
        cr_assert_eq(fixture_step(&fixture, &command), ACD_UNKNOWN);
        cr_assert(has_name(ACD_OBJECT_TENANT, tenant, ""));
        fixture_fini(&fixture);
}

Test(views, configuration_is_the_command_that_makes_it)
{
        acd_tenant_id none = { 0 };

        fixture_init(&fixture, NULL);
        fixture_random_setup(&fixture);
        for (uint32_t object = ACD_OBJECT_TENANT; object <= ACD_OBJECT_AGENT; object++) {
                enum acd_object kind = (enum acd_object)object;
                uint64_t cursor = 0;
                uint32_t count = 0;

                while (cursor != UINT64_MAX) {
                        uint64_t id = acd_list(fixture.acd, kind,
                                               kind == ACD_OBJECT_TENANT ? none : fixture.tenant,
                                               &cursor, 100);
                        struct acd_command command;

                        if (id == 0)
                                continue;
                        cr_assert(acd_config(fixture.acd, kind, id, &command));
                        cr_assert_eq(fixture_step(&fixture, &command), ACD_DUPLICATE, "kind %u",
                                     object);
                        cr_assert_eq(fixture.reply.id, id);
                        count++;
                }
                cr_assert(count > 0 || kind == ACD_OBJECT_TEAM || kind == ACD_OBJECT_PROFILE);
                cr_assert_not(acd_config(fixture.acd, kind, 1, &(struct acd_command){ 0 }));
        }
        fixture_fini(&fixture);
}

/* Counts of a queue and of what is used. */
Test(views, counts_are_lengths)
{
        acd_queue_id queue = setup();
        acd_gateway_id gateway = fixture_gateway(&fixture, "g");
        struct acd_queue_view view;
        struct acd_gateway_view gateway_view;
        acd_time first = fixture.now;

        cr_assert(acd_view_queue(fixture.acd, queue, &view));
        cr_assert_eq(view.agent_eligible, 1u);
        cr_assert_eq(view.oldest, 0u);
        for (uint32_t i = 0; i < 5; i++) {
                fixture_submit(&fixture, queue, fixture_channel(&fixture, "chat"), gateway);
                fixture.now += 1000000000;
        }
        fixture_login(&fixture,
                      (acd_agent_id){ acd_find(fixture.acd, ACD_OBJECT_AGENT, fixture.tenant,
                                               (struct acd_text){ "a", 1 }) });
        fixture_ready(&fixture,
                      (acd_agent_id){ acd_find(fixture.acd, ACD_OBJECT_AGENT, fixture.tenant,
                                               (struct acd_text){ "a", 1 }) });
        cr_assert(acd_view_queue(fixture.acd, queue, &view));
        cr_assert_eq(view.waiting, 4u);
        cr_assert_eq(view.offered, 1u);
        cr_assert_eq(view.oldest, first + 1000000000);
        cr_assert_eq(view.agent_logged_in, 1u);
        cr_assert_eq(view.agent_ready, 0u);
        cr_assert_eq(view.submitted, 5u);
        cr_assert(acd_view_gateway(fixture.acd, gateway, &gateway_view));
        cr_assert_eq(gateway_view.contact_count, 5u);
        cr_assert_eq(acd_usage(fixture.acd).used.contact_count_max, 5u);
        fixture_fini(&fixture);
}

enum { LEVEL_MIN = 3, QUEUE_COUNT = 3 };

/* He has the skill at this level at least; none: any has. */
static bool has_level(uint64_t agent, acd_skill_id skill, uint8_t level_min)
{
        struct acd_command command;

        cr_assert(acd_config(fixture.acd, ACD_OBJECT_AGENT, agent, &command));
        for (uint32_t i = 0; i < command.agent.skill_count; i++)
                if (command.agent.skill[i].skill.value == skill.value)
                        return command.agent.skill[i].level >= level_min;
        return skill.value == 0;
}

/* What the views of agents who have one of two skills say, one after the other. */
struct counted {
        uint32_t eligible, logged_in, ready;
        uint32_t sum; /* of slots */
};

static struct counted count_agents(acd_tenant_id tenant, const acd_skill_id skill[2])
{
        struct counted counted = { 0 };
        uint64_t cursor = 0, id;

        while ((id = acd_list(fixture.acd, ACD_OBJECT_AGENT, tenant, &cursor, UINT32_MAX)) != 0) {
                struct acd_agent_view view;

                if (!has_level(id, skill[0], LEVEL_MIN) && !has_level(id, skill[1], LEVEL_MIN))
                        continue;
                cr_assert(acd_view_agent(fixture.acd, (acd_agent_id){ id }, &view));
                counted.eligible++;
                counted.logged_in += view.presence != ACD_PRESENCE_LOGGED_OUT;
                counted.ready += view.idle_since != 0;
                counted.sum += (uint32_t)cursor;
        }
        return counted;
}

/* The walk over a tenant's agents: each once, by presence. */
static void check_walk(acd_tenant_id tenant, struct counted expected)
{
        acd_agent_id agent = { 0 };
        uint32_t count = 0, sum = 0;
        enum acd_presence presence = ACD_PRESENCE_LOGGED_OUT;

        while ((agent = acd_agent_next(fixture.acd, tenant, agent)).value != 0) {
                struct acd_agent_view view;

                cr_assert(acd_view_agent(fixture.acd, agent, &view));
                cr_assert_eq(view.tenant.value, tenant.value);
                cr_assert_geq(view.presence, presence);
                presence = view.presence;
                sum += acd_id_split(agent.value).slot;
                cr_assert_leq(++count, expected.eligible);
        }
        cr_assert_eq(count, expected.eligible);
        cr_assert_eq(sum, expected.sum);
}

static uint32_t check_queue(acd_queue_id queue, struct counted expected)
{
        struct acd_queue_view view;

        cr_assert(acd_view_queue(fixture.acd, queue, &view));
        cr_assert_eq(view.agent_eligible, expected.eligible);
        cr_assert_eq(view.agent_logged_in, expected.logged_in);
        cr_assert_eq(view.agent_ready, expected.ready);
        return view.agent_ready;
}

/* A queue that the random traffic does not know. It asks for one of two skills, which may be the
 * same one, or none. */
static acd_queue_id unused_queue(const char *name, const acd_skill_id skill[2])
{
        struct acd_queue_config config = fixture_queue_config(name);
        bool has_choice = skill[0].value != skill[1].value;

        config.requirement.term_count = skill[0].value == 0 ? 0 : has_choice ? 2 : 1;
        for (uint32_t i = 0; i < config.requirement.term_count; i++) {
                config.requirement.term[i].skill = skill[i];
                config.requirement.term[i].level_min = LEVEL_MIN;
                config.requirement.term[i].group = has_choice ? 1 : 0;
        }
        return fixture_queue(&fixture, &config);
}

/* Random traffic in one tenant; the other one. */
static acd_tenant_id begin_with_two_tenants(void)
{
        struct acd_command command;
        acd_tenant_id first, other;

        fixture_init(&fixture, NULL);
        first = fixture.tenant;
        command = fixture_command(&fixture, ACD_COMMAND_TENANT_UPSERT);
        snprintf(command.tenant_config.name, sizeof(command.tenant_config.name), "other");
        cr_assert_eq(fixture_step(&fixture, &command), ACD_OK);
        other.value = fixture.reply.id;
        fixture.tenant = other;
        fixture_agent(&fixture, "b", (acd_skill_id){ 0 });
        fixture.tenant = first;
        fixture_random_setup(&fixture);
        return other;
}

/*
 * Goal    The agents of queues that no contact has used, and the walk over a tenant's agents,
 *         are what the agents' own views and configurations say.
 * Method  Random traffic in one tenant, another one beside it.
 */
Test(views, agents_of_a_tenant)
{
        static const char *const names[QUEUE_COUNT] = { "plain", "skilled", "either" };
        acd_tenant_id other = begin_with_two_tenants();
        acd_skill_id s0 = { acd_find(fixture.acd, ACD_OBJECT_SKILL, fixture.tenant,
                                     (struct acd_text){ "s0", 2 }) };
        acd_skill_id s1 = { acd_find(fixture.acd, ACD_OBJECT_SKILL, fixture.tenant,
                                     (struct acd_text){ "s1", 2 }) };
        const acd_skill_id skill[QUEUE_COUNT][2] = { { { 0 }, { 0 } }, { s0, s0 }, { s0, s1 } };
        uint32_t ready[QUEUE_COUNT] = { 0 };
        acd_queue_id queue[QUEUE_COUNT];
        struct acd_prng prng;

        for (uint32_t i = 0; i < QUEUE_COUNT; i++)
                queue[i] = unused_queue(names[i], skill[i]);
        acd_prng_init(&prng, 1);
        for (uint32_t round = 0; round < 3000; round++) {
                for (uint32_t i = 0; i < QUEUE_COUNT; i++) {
                        struct counted counted = count_agents(fixture.tenant, skill[i]);

                        ready[i] += check_queue(queue[i], counted);
                }
                check_walk(fixture.tenant, count_agents(fixture.tenant, skill[0]));
                check_walk(other, count_agents(other, skill[0]));
                fixture_random_step(&fixture, &prng);
        }
        cr_assert_gt(ready[1], 0, "nobody with the skill was ever idle: nothing is proven");
        cr_assert_gt(ready[2], ready[1]);
        cr_assert_gt(ready[0], ready[2]);
        cr_assert_eq(acd_agent_next(fixture.acd, (acd_tenant_id){ 0 }, (acd_agent_id){ 0 }).value,
                     0);
        fixture_fini(&fixture);
}
