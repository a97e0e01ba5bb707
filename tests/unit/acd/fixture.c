/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See fixture.h. Commands are made whole and zeroed: what a test does not say is
 * zero.
 */

#include "unit/acd/fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

struct acd_limits fixture_limits(void)
{
        struct acd_limits limits = acd_limits_default();

        limits.tenant_count_max = 4;
        limits.skill_count_max = 64;
        limits.channel_count_max = 64;
        limits.queue_count_max = 16;
        limits.team_count_max = 8;
        limits.profile_count_max = 8;
        limits.agent_count_max = 32;
        limits.gateway_count_max = 8;
        limits.contact_count_max = 200;
        limits.class_count_max = 32;
        limits.membership_count_max = 512;
        limits.lane_count_max = 64;
        limits.pair_count_max = 64;
        limits.key_count_max = 64;
        limits.payload_cell_count_max = 512;
        limits.job_count_max = 64;
        return limits;
}

struct acd *fixture_core(const struct acd_limits *limits)
{
        size_t size = acd_size(limits);
        void *memory = aligned_alloc(64, (size + 63) / 64 * 64);

        cr_assert_not_null(memory);
        memset(memory, 0, size);
        return acd_init(memory, limits, 3);
}

void fixture_init(struct fixture *fixture, const struct acd_limits *limits)
{
        struct acd_command command;

        memset(fixture, 0, sizeof(*fixture));
        fixture->limits = limits == NULL ? fixture_limits() : *limits;
        fixture->acd = fixture_core(&fixture->limits);
        fixture->now = 1000000000;
        command = fixture_command(fixture, ACD_COMMAND_START);
        command.start.epoch = fixture->epoch = 1;
        command.start.seed[0] = 17;
        command.start.limits = fixture->limits;
        command.start.logic_version = ACD_LOGIC_VERSION;
        cr_assert_eq(fixture_step(fixture, &command), ACD_OK);
        command = fixture_command(fixture, ACD_COMMAND_TENANT_UPSERT);
        command.tenant_config.name[0] = 't';
        command.tenant_config.agent_grace_ms = 30000;
        command.tenant_config.gateway_grace_ms = 10000;
        command.tenant_config.key_retention_ms = 60000;
        cr_assert_eq(fixture_step(fixture, &command), ACD_OK);
        fixture->tenant.value = fixture->reply.id;
        fixture_work(fixture);
}

void fixture_fini(struct fixture *fixture)
{
        free(fixture->acd);
        fixture->acd = NULL;
}

enum acd_result fixture_step(struct fixture *fixture, const struct acd_command *command)
{
        enum acd_result result =
                acd_step(fixture->acd, fixture->now, command, &fixture->reply, &fixture->effects);

        if (!fixture->is_unchecked)
                acd_check(fixture->acd);
        return result;
}

struct acd_command fixture_command(const struct fixture *fixture, enum acd_command_kind kind)
{
        struct acd_command command;

        memset(&command, 0, sizeof(command));
        command.kind = kind;
        command.tenant = fixture->tenant;
        return command;
}

static void must(struct fixture *fixture, const struct acd_command *command)
{
        enum acd_result result = fixture_step(fixture, command);

        cr_assert(result == ACD_OK || result == ACD_DUPLICATE, "command %d: result %d, field %d",
                  (int)command->kind, (int)result, (int)fixture->reply.field);
}

void fixture_work(struct fixture *fixture)
{
        struct acd_command command = fixture_command(fixture, ACD_COMMAND_WORK);

        command.work.unit_max = 4096;
        while (acd_agenda_units(fixture->acd) > 0)
                must(fixture, &command);
}

void fixture_run(struct fixture *fixture, acd_time now)
{
        struct acd_command command = fixture_command(fixture, ACD_COMMAND_TIME);

        fixture->now = now;
        while (acd_next_deadline(fixture->acd) != 0 && acd_next_deadline(fixture->acd) <= now) {
                must(fixture, &command);
                fixture_work(fixture);
        }
}

static void set_name(char *to, const char *name)
{
        memcpy(to, name, strlen(name) + 1);
}

acd_skill_id fixture_skill(struct fixture *fixture, const char *name)
{
        struct acd_command command = fixture_command(fixture, ACD_COMMAND_SKILL_UPSERT);

        set_name(command.skill.name, name);
        must(fixture, &command);
        return (acd_skill_id){ fixture->reply.id };
}

struct acd_queue_config fixture_queue_config(const char *name)
{
        struct acd_queue_config config;

        memset(&config, 0, sizeof(config));
        set_name(config.name, name);
        config.band = 8;
        config.offer_timeout_ms = 20000;
        config.wrap_up_ms = 10000;
        config.cool_down_ms = 5000;
        return config;
}

acd_queue_id fixture_queue(struct fixture *fixture, const struct acd_queue_config *config)
{
        struct acd_command command = fixture_command(fixture, ACD_COMMAND_QUEUE_UPSERT);

        command.queue = *config;
        must(fixture, &command);
        return (acd_queue_id){ fixture->reply.id };
}

acd_channel_id fixture_channel(const struct fixture *fixture, const char *name)
{
        struct acd_text text = { .at = name, .size = (uint32_t)strlen(name) };

        return (acd_channel_id){ acd_find(fixture->acd, ACD_OBJECT_CHANNEL, fixture->tenant,
                                          text) };
}

acd_gateway_id fixture_gateway(struct fixture *fixture, const char *name)
{
        struct acd_command command = fixture_command(fixture, ACD_COMMAND_GATEWAY_OPEN);

        set_name(command.gateway_open.name, name);
        must(fixture, &command);
        return (acd_gateway_id){ fixture->reply.id };
}

acd_agent_id fixture_agent(struct fixture *fixture, const char *name, acd_skill_id skill)
{
        struct acd_command command = fixture_command(fixture, ACD_COMMAND_AGENT_UPSERT);
        acd_agent_id agent;

        set_name(command.agent.name, name);
        command.agent.skill_count = skill.value != 0;
        command.agent.skill[0] = (struct acd_skill_level){ .skill = skill, .level = 5 };
        must(fixture, &command);
        agent.value = fixture->reply.id;
        fixture_work(fixture);
        return agent;
}

enum acd_result fixture_agent_do(struct fixture *fixture, enum acd_command_kind kind,
                                 acd_agent_id agent)
{
        struct acd_command command = fixture_command(fixture, kind);

        if (kind == ACD_COMMAND_AGENT_LOGIN)
                command.login.agent = agent;
        else if (kind == ACD_COMMAND_AGENT_NEXT)
                command.next.agent = agent;
        else
                command.agent_ref.agent = agent;
        return fixture_step(fixture, &command);
}

void fixture_login(struct fixture *fixture, acd_agent_id agent)
{
        cr_assert_eq(fixture_agent_do(fixture, ACD_COMMAND_AGENT_LOGIN, agent), ACD_OK);
}

void fixture_ready(struct fixture *fixture, acd_agent_id agent)
{
        cr_assert_eq(fixture_agent_do(fixture, ACD_COMMAND_AGENT_READY, agent), ACD_OK);
}

struct acd_command fixture_submit_command(const struct fixture *fixture, acd_queue_id queue,
                                          acd_channel_id channel, acd_gateway_id gateway)
{
        struct acd_command command = fixture_command(fixture, ACD_COMMAND_SUBMIT);

        command.submit.queue = queue;
        command.submit.channel = channel;
        command.submit.gateway = gateway;
        command.submit.band = ACD_BAND_DEFAULT;
        return command;
}

acd_contact_id fixture_submit(struct fixture *fixture, acd_queue_id queue, acd_channel_id channel,
                              acd_gateway_id gateway)
{
        struct acd_command command = fixture_submit_command(fixture, queue, channel, gateway);

        must(fixture, &command);
        return (acd_contact_id){ fixture->reply.id };
}

struct acd_assignment_view fixture_assignment(const struct fixture *fixture, acd_contact_id contact)
{
        struct acd_contact_view view;
        struct acd_assignment_view assignment;

        cr_assert(acd_view_contact(fixture->acd, contact, &view));
        cr_assert(acd_view_assignment(fixture->acd, view.assignment, &assignment));
        return assignment;
}

enum acd_result fixture_assignment_do(struct fixture *fixture, enum acd_command_kind kind,
                                      acd_assignment_id assignment, acd_agent_id agent)
{
        struct acd_command command = fixture_command(fixture, kind);

        command.assignment.assignment = assignment;
        command.assignment.agent = agent;
        return fixture_step(fixture, &command);
}

enum acd_result fixture_report(struct fixture *fixture, acd_contact_id contact,
                               enum acd_report_kind report)
{
        struct acd_command command = fixture_command(fixture, ACD_COMMAND_REPORT);
        struct acd_contact_view view;

        command.report.contact = contact;
        command.report.report = report;
        if (acd_view_contact(fixture->acd, contact, &view))
                command.report.assignment = view.assignment;
        if (report == ACD_REPORT_FAILED)
                command.report.reason = ACD_REASON_FAILED_BUSY;
        if (report == ACD_REPORT_ENDED)
                command.report.reason = ACD_REASON_ENDED_BY_CUSTOMER;
        return fixture_step(fixture, &command);
}

enum acd_contact_state fixture_state(const struct fixture *fixture, acd_contact_id contact)
{
        struct acd_contact_view view;

        return acd_view_contact(fixture->acd, contact, &view) ? view.state : ACD_CONTACT_FREE;
}

uint32_t fixture_event_count(const struct fixture *fixture, enum acd_event_kind kind)
{
        uint32_t count = 0;

        for (uint32_t i = 0; i < fixture->effects.count; i++)
                count += fixture->effects.item[i].kind == kind;
        return count;
}

struct acd_bytes fixture_bytes(const char *text)
{
        return (struct acd_bytes){ .at = (const uint8_t *)text, .size = (uint32_t)strlen(text) };
}
