/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every result that the core can give is given, with the field that it names.
 */

#include <criterion/criterion.h>
#include <string.h>

#include "unit/acd/fixture.h"

struct floor {
        struct fixture fixture;
        acd_skill_id skill;
        acd_queue_id queue;
        acd_agent_id agent, other;
        acd_channel_id chat;
        acd_gateway_id gateway, none;
};

static struct floor floor_;

static struct fixture *fixture_of(const struct acd_limits *limits)
{
        struct acd_queue_config config = fixture_queue_config("q");
        struct fixture *fixture = &floor_.fixture;

        fixture_init(fixture, limits);
        floor_.skill = fixture_skill(fixture, "s");
        config.requirement.term_count = 1;
        config.requirement.term[0] = (struct acd_term){ .skill = floor_.skill, .level_min = 3 };
        floor_.queue = fixture_queue(fixture, &config);
        floor_.agent = fixture_agent(fixture, "a", floor_.skill);
        floor_.other = fixture_agent(fixture, "b", floor_.skill);
        floor_.chat = fixture_channel(fixture, "chat");
        floor_.gateway = fixture_gateway(fixture, "g");
        return fixture;
}

static struct acd_command submit(void)
{
        return fixture_submit_command(&floor_.fixture, floor_.queue, floor_.chat, floor_.none);
}

/* The command is refused so, changes nothing and says nothing. */
static void refused(const struct acd_command *command, enum acd_result result, enum acd_field field)
{
        struct fixture *fixture = &floor_.fixture;
        uint64_t digest = acd_digest(fixture->acd);

        cr_assert_eq(fixture_step(fixture, command), result, "got %d, field %d",
                     (int)fixture->reply.result, (int)fixture->reply.field);
        cr_assert_eq(fixture->reply.field, field, "field %d", (int)fixture->reply.field);
        cr_assert_eq(fixture->effects.count, 0u);
        cr_assert_eq(acd_digest(fixture->acd), digest);
        cr_assert_eq(fixture->reply.retry_after_ms, result == ACD_FULL ? 1000u : 0u);
}

Test(results, of_submit)
{
        struct fixture *fixture = fixture_of(NULL);
        struct acd_command command = submit();

        command.tenant.value = 0;
        refused(&command, ACD_MISSING, ACD_FIELD_TENANT);
        command.tenant.value = 5;
        refused(&command, ACD_UNKNOWN, ACD_FIELD_TENANT);
        command = submit();
        command.submit.queue.value = 0;
        refused(&command, ACD_MISSING, ACD_FIELD_QUEUE);
        command.submit.queue.value = 12345;
        refused(&command, ACD_UNKNOWN, ACD_FIELD_QUEUE);
        command = submit();
        command.submit.band = 32;
        refused(&command, ACD_INVALID, ACD_FIELD_BAND);
        command = submit();
        command.submit.client_key = (struct acd_bytes){ (const uint8_t *)&command, 65 };
        refused(&command, ACD_TOO_LARGE, ACD_FIELD_CLIENT_KEY);
        cr_assert_eq(fixture->reply.limit, 64u);
        command = submit();
        command.submit.extra.term_count = 1;
        command.submit.extra.term[0] = (struct acd_term){ .skill = floor_.skill, .level_min = 9 };
        refused(&command, ACD_DEAD_QUEUE, ACD_FIELD_QUEUE);
        fixture_fini(fixture);
}

Test(results, of_client_keys)
{
        struct fixture *fixture = fixture_of(NULL);
        struct acd_command command = submit();
        uint64_t id;

        command.submit.client_key = fixture_bytes("key");
        cr_assert_eq(fixture_step(fixture, &command), ACD_OK);
        id = fixture->reply.id;
        refused(&command, ACD_DUPLICATE, ACD_FIELD_NONE);
        cr_assert_eq(fixture->reply.id, id);
        command.submit.channel = fixture_channel(fixture, "email");
        refused(&command, ACD_CONFLICT, ACD_FIELD_CHANNEL);
        command = submit();
        command.submit.client_key = fixture_bytes("key");
        command.submit.attributes = fixture_bytes("x");
        refused(&command, ACD_CONFLICT, ACD_FIELD_ATTRIBUTES);
        fixture_fini(fixture);
}

Test(results, of_assignments)
{
        struct fixture *fixture = fixture_of(NULL);
        acd_contact_id contact = fixture_submit(fixture, floor_.queue, floor_.chat, floor_.none);
        struct acd_command command = fixture_command(fixture, ACD_COMMAND_ACCEPT);

        fixture_login(fixture, floor_.agent);
        fixture_login(fixture, floor_.other);
        fixture_ready(fixture, floor_.agent);
        command.assignment.assignment = fixture_assignment(fixture, contact).assignment;
        command.assignment.agent = floor_.other;
        refused(&command, ACD_NOT_ALLOWED, ACD_FIELD_AGENT);
        command.assignment.agent = floor_.agent;
        command.assignment.epoch = 9;
        refused(&command, ACD_FENCED, ACD_FIELD_EPOCH);
        cr_assert_eq(fixture->reply.limit, 1u);
        command.assignment.epoch = 0;
        command.kind = ACD_COMMAND_HOLD;
        refused(&command, ACD_WRONG_STATE, ACD_FIELD_ASSIGNMENT);
        cr_assert_eq(fixture->reply.state, ACD_ASSIGNMENT_OFFERED);
        command.kind = ACD_COMMAND_REJECT;
        cr_assert_eq(fixture_step(fixture, &command), ACD_OK);
        refused(&command, ACD_GONE, ACD_FIELD_ASSIGNMENT);
        fixture_agent_do(fixture, ACD_COMMAND_AGENT_LOGOUT, floor_.agent);
        fixture_ready(fixture, floor_.other);
        command.kind = ACD_COMMAND_ACCEPT;
        command.assignment.assignment = fixture_assignment(fixture, contact).assignment;
        refused(&command, ACD_NOT_LOGGED_IN, ACD_FIELD_AGENT);
        fixture_fini(fixture);
}

Test(results, of_configuration)
{
        struct fixture *fixture = fixture_of(NULL);
        struct acd_command command = fixture_command(fixture, ACD_COMMAND_REMOVE);

        command.remove.object = ACD_OBJECT_SKILL;
        command.remove.id = floor_.skill.value;
        refused(&command, ACD_IN_USE, ACD_FIELD_SKILL);
        command.remove.object = ACD_OBJECT_CONTACT;
        refused(&command, ACD_INVALID, ACD_FIELD_KIND);
        command = fixture_command(fixture, (enum acd_command_kind)99);
        refused(&command, ACD_UNSUPPORTED, ACD_FIELD_KIND);
        command = fixture_command(fixture, ACD_COMMAND_LOGIC);
        command.logic.version = 2;
        refused(&command, ACD_UNSUPPORTED, ACD_FIELD_KIND);
        command = fixture_command(fixture, ACD_COMMAND_SKILL_UPSERT);
        memset(command.skill.name, 'x', sizeof(command.skill.name));
        refused(&command, ACD_TOO_LARGE, ACD_FIELD_NAME);
        command.skill.name[ACD_NAME_MAX] = 0;
        cr_assert_eq(fixture_step(fixture, &command), ACD_OK);
        command = fixture_command(fixture, ACD_COMMAND_START);
        command.start.epoch = 1;
        command.start.limits = fixture->limits;
        command.start.logic_version = ACD_LOGIC_VERSION;
        refused(&command, ACD_FENCED, ACD_FIELD_EPOCH);
        command.start.epoch = 2;
        command.start.limits.lane_count_max--;
        refused(&command, ACD_INVALID, ACD_FIELD_LIMITS);
        fixture_fini(fixture);
}

/* A core before its first START takes nothing else. */
Test(results, before_the_first_start)
{
        struct acd_limits limits = fixture_limits();
        struct acd_command command = { .kind = ACD_COMMAND_TIME };
        static struct acd_effects effects;
        static struct acd_reply reply;
        struct acd *acd = fixture_core(&limits);

        cr_assert_eq(acd_step(acd, 1, &command, &reply, &effects), ACD_WRONG_STATE);
        cr_assert_eq(reply.field, ACD_FIELD_KIND);
        acd_check(acd);
        free(acd);
}

/* Limits of traffic: FULL, and one of each when something ends. */
Test(results, of_limits)
{
        struct acd_limits limits = fixture_limits();
        struct acd_command command;
        struct fixture *fixture;
        acd_contact_id contact;

        limits.contact_count_max = 1;
        limits.payload_cell_count_max = 2;
        limits.agent_count_max = 2;
        fixture = fixture_of(&limits);
        command = submit();
        command.submit.attributes = (struct acd_bytes){ (const uint8_t *)&command, 105 };
        refused(&command, ACD_FULL, ACD_FIELD_ATTRIBUTES);
        command.submit.attributes.size = 104;
        cr_assert_eq(fixture_step(fixture, &command), ACD_OK);
        contact.value = fixture->reply.id;
        refused(&command, ACD_FULL, ACD_FIELD_CONTACT);
        fixture_report(fixture, contact, ACD_REPORT_ENDED);
        cr_assert_eq(fixture_step(fixture, &command), ACD_OK);
        command = fixture_command(fixture, ACD_COMMAND_AGENT_UPSERT);
        command.agent.name[0] = 'c';
        refused(&command, ACD_LIMIT, ACD_FIELD_AGENT);
        fixture_fini(fixture);
}

/* No agent may get more classes than the limit; an unused class never stands in
 * the way. */
Test(results, of_class_limits)
{
        struct acd_limits limits = fixture_limits();
        struct acd_queue_config config = fixture_queue_config("q2");
        struct acd_command command;
        struct fixture *fixture;
        acd_contact_id contact;
        acd_queue_id second;

        limits.class_per_agent_max = 1;
        fixture = fixture_of(&limits);
        second = fixture_queue(fixture, &config);
        contact = fixture_submit(fixture, floor_.queue, floor_.chat, floor_.none);
        command = fixture_submit_command(fixture, second, floor_.chat, floor_.none);
        refused(&command, ACD_LIMIT, ACD_FIELD_CLASS_PER_AGENT);
        fixture_report(fixture, contact, ACD_REPORT_ENDED);
        cr_assert_eq(fixture_step(fixture, &command), ACD_OK);
        fixture_fini(fixture);
}
