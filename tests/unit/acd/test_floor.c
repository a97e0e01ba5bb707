/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is big: many agents, many contacts of one gateway, ids that must not come
 * back soon, steps that must not say too much; and sizes that are promises.
 */

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "acd/core.h"
#include "unit/acd/fixture.h"

enum { MANY_AGENTS = 1500 };

/* 128 bytes a waiting contact; the brief of an agent is what a survey reads. */
Test(floor, sizes_are_kept)
{
        struct acd_limits limits = acd_limits_default();
        struct acd_limits more = limits;
        size_t step;

        cr_assert_eq(sizeof(struct acd_contact) + sizeof(struct acd_contact_cold), 128u);
        cr_assert_eq(sizeof(struct acd_agent_brief), 16u);
        cr_assert_eq(sizeof(struct acd_timer), 16u);
        /* Beyond the quarantine a contact costs its two lines and nothing else. */
        limits.contact_count_max = 1000000;
        more.contact_count_max = 2000000;
        step = acd_size(&more) - acd_size(&limits);
        cr_assert_eq(step, 128u * 1000000u);
        limits.lane_count_max = 0;
        cr_assert_eq(acd_size(&limits), 0u);
}

static void many(struct fixture *fixture, bool is_ready)
{
        struct acd_limits limits = fixture_limits();
        char name[16];

        limits.agent_count_max = MANY_AGENTS;
        limits.membership_count_max = 4 * MANY_AGENTS;
        limits.contact_count_max = 4000;
        fixture_init(fixture, &limits);
        fixture->is_unchecked = true;
        for (uint32_t i = 0; i < MANY_AGENTS; i++) {
                acd_agent_id agent;

                snprintf(name, sizeof(name), "agent%u", i);
                agent = fixture_agent(fixture, name, (acd_skill_id){ 0 });
                if (!is_ready)
                        continue;
                fixture_login(fixture, agent);
                fixture_ready(fixture, agent);
        }
        acd_check(fixture->acd);
}

/*
 * Goal    A class of more than 1,024 members is filled on the agenda, while its
 *         contact waits; then the longest idle agent gets it.
 */
Test(floor, large_classes_are_filled_on_the_agenda)
{
        static struct fixture fixture;
        struct acd_queue_config config = fixture_queue_config("q");
        struct acd_command work;
        struct acd_agent_view view;
        acd_queue_id queue;
        acd_contact_id contact;
        uint32_t unit_count = 0;

        many(&fixture, true);
        queue = fixture_queue(&fixture, &config);
        contact = fixture_submit(&fixture, queue, fixture_channel(&fixture, "chat"),
                                 (acd_gateway_id){ 0 });
        cr_assert_eq(fixture_state(&fixture, contact), ACD_CONTACT_WAITING);
        work = fixture_command(&fixture, ACD_COMMAND_WORK);
        work.work.unit_max = 1;
        while (acd_agenda_units(fixture.acd) > 0) {
                cr_assert_eq(fixture_step(&fixture, &work), ACD_OK);
                acd_check(fixture.acd);
                unit_count++;
        }
        cr_assert_geq(unit_count, 2u);
        cr_assert_leq(unit_count, 8u);
        cr_assert_eq(fixture_state(&fixture, contact), ACD_CONTACT_OFFERED);
        cr_assert(acd_view_agent(fixture.acd, fixture_assignment(&fixture, contact).agent, &view));
        cr_assert_eq(acd_name(fixture.acd, ACD_OBJECT_AGENT, view.agent.value).size, 6u,
                     "agent0 has been idle longest");
        fixture_fini(&fixture);
}

/* Agents who change presence while the class is filled are where they belong. */
Test(floor, filling_survives_what_happens_meanwhile)
{
        static struct fixture fixture;
        struct acd_queue_config config = fixture_queue_config("q");
        struct acd_command work;
        struct acd_prng prng;
        acd_queue_id queue;

        many(&fixture, true);
        queue = fixture_queue(&fixture, &config);
        acd_prng_init(&prng, 1);
        for (uint32_t i = 0; i < 20; i++)
                fixture_submit(&fixture, queue, fixture_channel(&fixture, "chat"),
                               (acd_gateway_id){ 0 });
        work = fixture_command(&fixture, ACD_COMMAND_WORK);
        work.work.unit_max = 1;
        while (acd_agenda_units(fixture.acd) > 0) {
                for (uint32_t i = 0; i < 200; i++) {
                        char name[16];
                        int size = snprintf(name, sizeof(name), "agent%u",
                                            (unsigned)acd_prng_below(&prng, MANY_AGENTS));
                        acd_agent_id agent = { acd_find(
                                fixture.acd, ACD_OBJECT_AGENT, fixture.tenant,
                                (struct acd_text){ name, (uint32_t)size }) };

                        fixture_agent_do(&fixture,
                                         acd_prng_chance(&prng, 1, 2) ? ACD_COMMAND_AGENT_PAUSE
                                                                      : ACD_COMMAND_AGENT_READY,
                                         agent);
                }
                acd_check(fixture.acd);
                fixture_step(&fixture, &work);
        }
        acd_check(fixture.acd);
        fixture_fini(&fixture);
}

/*
 * Goal    A gateway that goes takes all its live contacts along, on the agenda, no
 *         step with more than 64 events, nobody forgotten.
 */
Test(floor, a_gateway_goes_with_many_contacts)
{
        static struct fixture fixture;
        struct acd_queue_config config = fixture_queue_config("q");
        struct acd_command command;
        struct acd_gateway_view view;
        acd_gateway_id gateway;
        acd_queue_id queue;
        uint32_t closed = 0;

        many(&fixture, false);
        queue = fixture_queue(&fixture, &config);
        gateway = fixture_gateway(&fixture, "g");
        for (uint32_t i = 0; i < 3000; i++)
                fixture_submit(&fixture, queue, fixture_channel(&fixture, "chat"), gateway);
        command = fixture_command(&fixture, ACD_COMMAND_GATEWAY_LOST);
        command.gateway.gateway = gateway;
        cr_assert_eq(fixture_step(&fixture, &command), ACD_OK);
        fixture_work(&fixture);
        fixture.now += 10002000000;
        while (acd_next_deadline(fixture.acd) <= fixture.now &&
               acd_next_deadline(fixture.acd) != 0) {
                command = fixture_command(&fixture, ACD_COMMAND_TIME);
                cr_assert_eq(fixture_step(&fixture, &command), ACD_OK);
        }
        command = fixture_command(&fixture, ACD_COMMAND_WORK);
        command.work.unit_max = 4096;
        while (acd_agenda_units(fixture.acd) > 0) {
                cr_assert_eq(fixture_step(&fixture, &command), ACD_OK);
                cr_assert_leq(fixture.effects.count, (uint32_t)ACD_EFFECT_MAX);
                closed += fixture_event_count(&fixture, ACD_EVENT_CONTACT_CLOSED);
        }
        cr_assert_eq(closed, 3000u);
        cr_assert(acd_view_gateway(fixture.acd, gateway, &view));
        cr_assert_eq(view.contact_count, 0u);
        acd_check(fixture.acd);
        fixture_fini(&fixture);
}

/*
 * Goal    The id of a contact that is over is not given again before half as many
 *         contacts as the limit allows have gone; until then it is GONE.
 */
Test(floor, ids_come_back_late)
{
        static struct fixture fixture;
        struct acd_queue_config config = fixture_queue_config("q");
        acd_contact_id first, contact;
        acd_queue_id queue;
        uint32_t quarantine;

        fixture_init(&fixture, NULL);
        fixture.is_unchecked = true;
        quarantine = fixture.limits.contact_count_max / 2;
        fixture_agent(&fixture, "a", (acd_skill_id){ 0 });
        queue = fixture_queue(&fixture, &config);
        first = fixture_submit(&fixture, queue, fixture_channel(&fixture, "chat"),
                               (acd_gateway_id){ 0 });
        cr_assert_eq(fixture_report(&fixture, first, ACD_REPORT_ENDED), ACD_OK);
        for (uint32_t i = 0; i < 3 * quarantine; i++) {
                contact = fixture_submit(&fixture, queue, fixture_channel(&fixture, "chat"),
                                         (acd_gateway_id){ 0 });
                cr_assert_neq(contact.value, first.value);
                if (i + 1 < quarantine)
                        cr_assert_neq(contact.value >> 28, first.value >> 28, "after %u", i);
                cr_assert_eq(fixture_report(&fixture, contact, ACD_REPORT_ENDED), ACD_OK);
                cr_assert_eq(fixture_report(&fixture, first, ACD_REPORT_ENDED), ACD_GONE);
        }
        acd_check(fixture.acd);
        fixture_fini(&fixture);
}

/* All contacts that the limit allows, with all slots of the quarantine unused. */
Test(floor, the_limit_is_honoured_to_the_last)
{
        static struct fixture fixture;
        struct acd_queue_config config = fixture_queue_config("q");
        struct acd_command command;
        acd_queue_id queue;

        fixture_init(&fixture, NULL);
        fixture_agent(&fixture, "a", (acd_skill_id){ 0 });
        queue = fixture_queue(&fixture, &config);
        command = fixture_submit_command(&fixture, queue, fixture_channel(&fixture, "chat"),
                                         (acd_gateway_id){ 0 });
        for (uint32_t round = 0; round < 3; round++) {
                uint64_t cursor = 0;
                acd_contact_id contact;

                while (fixture_step(&fixture, &command) == ACD_OK)
                        ;
                cr_assert_eq(fixture.reply.result, ACD_FULL);
                cr_assert_eq(acd_usage(fixture.acd).used.contact_count_max,
                             fixture.limits.contact_count_max);
                while (cursor != UINT64_MAX) {
                        contact.value = acd_list(fixture.acd, ACD_OBJECT_CONTACT, fixture.tenant,
                                                 &cursor, 10);
                        if (contact.value != 0)
                                fixture_report(&fixture, contact, ACD_REPORT_ENDED);
                }
                cr_assert_eq(acd_usage(fixture.acd).used.contact_count_max, 0u);
        }
        fixture_fini(&fixture);
}

/*
 * Goal    No timer early, none later than the first TIME at which it is due, and
 *         the next deadline never told too late.
 */
Test(floor, timers_are_exact)
{
        static struct fixture fixture;
        struct acd_queue_config config = fixture_queue_config("q");
        acd_contact_id contact;
        acd_agent_id agent;
        acd_queue_id queue;
        acd_time deadline;

        fixture_init(&fixture, NULL);
        agent = fixture_agent(&fixture, "a", (acd_skill_id){ 0 });
        queue = fixture_queue(&fixture, &config);
        contact = fixture_submit(&fixture, queue, fixture_channel(&fixture, "chat"),
                                 (acd_gateway_id){ 0 });
        fixture_login(&fixture, agent);
        fixture_ready(&fixture, agent);
        deadline = fixture_assignment(&fixture, contact).deadline;
        cr_assert_eq(deadline, fixture.now + 20000000000);
        cr_assert_leq(acd_next_deadline(fixture.acd), deadline + (1 << 20));
        fixture_run(&fixture, deadline - 1);
        cr_assert_eq(fixture_state(&fixture, contact), ACD_CONTACT_OFFERED);
        fixture_run(&fixture, deadline + (1 << 20));
        cr_assert_eq(fixture_state(&fixture, contact), ACD_CONTACT_WAITING);
        fixture_fini(&fixture);
}
