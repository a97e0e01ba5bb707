/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a small call center is configured: three skills, three queues, agents
 * who have all of them, so that whoever is free can take whatever is first.
 */

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "tests/process/support/floor.h"
#include "tests/process/support/process.h"

const char *const floor_queues[FLOOR_QUEUE_COUNT] = { "billing", "technical", "sales" };

static struct acdclient_text text(const char *string)
{
        return acdclient_text(string);
}

static void apply(struct acdclient *client, const struct acdclient_apply *change)
{
        struct acdclient_message request = { .kind = ACDCLIENT_APPLY, .apply = *change };
        const struct acdclient_message *answer = NULL;
        int r = acdclient_call(client, &request, 20000, &answer);

        check(r == 0, "apply: %s", strerror(-r));

        const struct acdclient_result *result = acdclient_answer_result(answer);

        check(acdclient_is_done(result->code), "apply refused: %s, field %.*s: %.*s",
              acdclient_result_name(result->code), (int)result->field.size, result->field.at,
              (int)result->text.size, result->text.at);
}

struct acdclient *floor_operator(const char *address, const char *tenant)
{
        struct acdclient_options operator_options = {
                .address = address,
                .tenant = tenant,
                .role = ACDCLIENT_ROLE_OPERATOR,
                .client = "setup",
                .reconnect_ms_min = 5,
                .reconnect_ms_max = 50,
        };
        struct acdclient *client = acdclient_new(&operator_options);

        check(client != NULL, "no operator: %s", strerror(errno));

        /* The daemon may still be starting: the time limit is the only clock. */
        uint64_t end = process_now_ms() + 60000;
        int r;

        while ((r = acdclient_connect(client, 60000)) < 0 && process_now_ms() < end) {
                acdclient_free(client);
                poll(NULL, 0, 5);
                client = acdclient_new(&operator_options);
                check(client != NULL, "no operator: %s", strerror(errno));
        }
        check(r == 0, "operator cannot connect: %s %s", strerror(-r),
              acdclient_trouble(client)->text);
        return client;
}

static void configure_floor(struct acdclient *client, const struct floor_options *options)
{
        struct acdclient_apply change = { .change = ACDCLIENT_CHANGE_SKILL };
        char name[16];

        for (int i = 0; i < FLOOR_QUEUE_COUNT; i++) {
                change = (struct acdclient_apply){ .change = ACDCLIENT_CHANGE_SKILL };
                change.skill.name = text(floor_queues[i]);
                apply(client, &change);

                struct acdclient_term term = { .skill = text(floor_queues[i]), .level_min = 1 };

                change = (struct acdclient_apply){ .change = ACDCLIENT_CHANGE_QUEUE };
                change.queue.name = text(floor_queues[i]);
                change.queue.requirement_count = 1;
                change.queue.requirement = &term;
                change.queue.has_cool_down_ms = true;
                change.queue.cool_down_ms = 50;
                apply(client, &change);
        }
        for (uint32_t i = 0; i < options->agent_count; i++) {
                struct acdclient_skill_level skills[FLOOR_QUEUE_COUNT];

                for (int s = 0; s < FLOOR_QUEUE_COUNT; s++)
                        skills[s] = (struct acdclient_skill_level){ text(floor_queues[s]), 5 };
                snprintf(name, sizeof(name), "agent%u", i + 1);
                change = (struct acdclient_apply){ .change = ACDCLIENT_CHANGE_AGENT };
                change.agent.name = text(name);
                change.agent.skills_count = FLOOR_QUEUE_COUNT;
                change.agent.skills = skills;
                apply(client, &change);
        }
}

void floor_configure(const struct floor_options *options)
{
        struct acdclient *client = floor_operator(options->address, "floor");
        struct acdclient_apply change = { .change = ACDCLIENT_CHANGE_TENANT };

        change.tenant.name = text("floor");
        apply(client, &change);
        acdclient_free(client);

        client = floor_operator(options->address, "floor");
        configure_floor(client, options);
        acdclient_free(client);
}
