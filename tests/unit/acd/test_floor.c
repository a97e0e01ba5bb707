/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is big: many agents, many contacts of one gateway, ids that must not come
 * back soon, steps that must not say too much; and sizes that are promises.
 */

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acd/core.h"
#include "unit/acd/fixture.h"

enum { MANY_AGENTS = 1500 };

/* 112 bytes a waiting contact; the brief of an agent is what a survey reads. */
Test(floor, sizes_are_kept)
{
        struct acd_limits limits = acd_limits_default();
        struct acd_limits more = limits;
        size_t step;

        cr_assert_eq(sizeof(struct acd_contact) + sizeof(struct acd_contact_cold), 112u);
        cr_assert_eq(sizeof(struct acd_agent_brief), 16u);
        cr_assert_eq(sizeof(struct acd_timer), 16u);
        /* Beyond the quarantine a contact costs its two parts and nothing else. */
        limits.contact_count_max = 1000000;
        more.contact_count_max = 2000000;
        step = acd_size(&more) - acd_size(&limits);
        cr_assert_eq(step, 112u * 1000000u);
        limits.lane_count_max = 0;
        cr_assert_eq(acd_size(&limits), 0u);
}

struct range {
        const char *begin, *end;
};

static int by_begin(const void *left, const void *right)
{
        const struct range *l = left, *r = right;

        return l->begin < r->begin ? -1 : l->begin > r->begin;
}

static struct range range_of(const void *base, uint64_t count, size_t size)
{
        const char *begin = base;

        return (struct range){ begin, begin + count * size };
}

/* Goal    No array of the core ends in another one, and all are in the memory asked for;
 *         element 0 is there beside the capacity. */
Test(floor, arrays_do_not_overlap)
{
        struct acd_limits limits = fixture_limits();
        struct acd *acd = fixture_core(&limits);
        const struct acd_slab *slabs[] = {
                &acd->tenants,  &acd->skills,      &acd->channels, &acd->queues,
                &acd->teams,    &acd->profiles,    &acd->agents,   &acd->gateways,
                &acd->contacts, &acd->assignments, &acd->classes,  &acd->memberships,
                &acd->lanes,    &acd->pairs,       &acd->keys,
        };
        const struct acd_itable *tables[] = { &acd->name_table, &acd->key_table,
                                              &acd->class_table };
        struct range ranges[32] = { range_of(acd, 1, sizeof(*acd)) };
        uint32_t count = 1;

        for (uint32_t i = 0; i < sizeof(slabs) / sizeof(slabs[0]); i++) {
                ranges[count++] = range_of(slabs[i]->base, (uint64_t)slabs[i]->capacity + 1,
                                           slabs[i]->stride);
                cr_assert_eq(slabs[i]->top, 0u);
                if (slabs[i] != &acd->contacts && slabs[i] != &acd->assignments &&
                    slabs[i] != &acd->memberships && slabs[i] != &acd->pairs &&
                    slabs[i] != &acd->keys && slabs[i] != &acd->lanes)
                        cr_assert_gt(acd->scratch_count, slabs[i]->capacity);
        }
        for (uint32_t i = 0; i < 3; i++) {
                ranges[count++] = range_of(tables[i]->slots, (uint64_t)tables[i]->mask + 1,
                                           sizeof(tables[i]->slots[0]));
                cr_assert_lt(tables[i]->capacity, tables[i]->mask);
        }
        ranges[count++] = range_of(acd->agent_setup, (uint64_t)acd->agents.capacity + 1,
                                   sizeof(acd->agent_setup[0]));
        ranges[count++] = range_of(acd->agent_brief, (uint64_t)acd->agents.capacity + 1,
                                   sizeof(acd->agent_brief[0]));
        ranges[count++] = range_of(acd->contact_cold, (uint64_t)acd->contacts.capacity + 1,
                                   sizeof(acd->contact_cold[0]));
        ranges[count++] = range_of(acd->class_head, (uint64_t)acd->classes.capacity + 1,
                                   sizeof(acd->class_head[0]));
        ranges[count++] = range_of(acd->payload.cells, (uint64_t)acd->payload.capacity + 1,
                                   sizeof(acd->payload.cells[0]));
        ranges[count++] =
                range_of(acd->wheel.timers, (uint64_t)acd->timer_base[TIMER_KIND_COUNT] + 1,
                         sizeof(acd->wheel.timers[0]));
        ranges[count++] = range_of(acd->job, (uint64_t)acd->job_base[JOB_KIND_COUNT] + 1,
                                   sizeof(acd->job[0]));
        ranges[count++] = range_of(acd->scratch, acd->scratch_count, sizeof(acd->scratch[0]));
        qsort(ranges, count, sizeof(ranges[0]), by_begin);
        for (uint32_t i = 1; i < count; i++)
                cr_assert_leq(ranges[i - 1].end, ranges[i].begin, "%u", i);
        cr_assert_leq(ranges[count - 1].end, (const char *)acd + acd_size(&limits));
        free(acd);
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
