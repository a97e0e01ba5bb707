/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan's world as the daemon's configuration.
 *
 * A skill and a queue per queue of the plan, the agents with their skills. All
 * times that the daemon would watch over are as long as it allows: a rehearsal
 * runs hundreds of times faster than the processes that take part, and a grace
 * of ten seconds would be over before a socket is.
 */

#include "clients/rehearse/setup.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "clients/rehearse/rehearse.h"

enum { DAY_MS = 86400000, CALL_MS = 20000, RETRY_MS = 2 };

struct acdclient *setup_operator(const char *address, const char *tenant, uint32_t timeout_ms)
{
        struct acdclient_options options = {
                .address = address,
                .tenant = tenant,
                .role = ACDCLIENT_ROLE_OPERATOR,
                .client = "rehearsal",
                .reconnect_ms_min = 1,
                .reconnect_ms_max = 20,
        };
        uint64_t end = rehearse_real_ns() + (uint64_t)timeout_ms * 1000000;

        for (;;) {
                struct acdclient *client = acdclient_new(&options);
                int r = client == NULL ? -ENOMEM : acdclient_connect(client, timeout_ms);

                if (r == 0)
                        return client;
                if (rehearse_real_ns() > end) {
                        fprintf(stderr, "the daemon does not answer at %s: %s\n", address,
                                strerror(-r));
                        acdclient_free(client);
                        return NULL;
                }
                acdclient_free(client);
                poll(NULL, 0, RETRY_MS);
        }
}

static bool apply(struct acdclient *client, const struct acdclient_apply *change)
{
        struct acdclient_message request = { .kind = ACDCLIENT_APPLY, .apply = *change };
        const struct acdclient_message *answer = NULL;
        const struct acdclient_result *result;
        int r = acdclient_call(client, &request, CALL_MS, &answer);

        if (r < 0) {
                fprintf(stderr, "the daemon did not answer a change: %s\n", strerror(-r));
                return false;
        }
        result = acdclient_answer_result(answer);
        if (acdclient_is_done(result->code))
                return true;
        fprintf(stderr, "a change was refused: %s (field %.*s): %.*s\n",
                acdclient_result_text(result->code), (int)result->field.size, result->field.at,
                (int)result->text.size, result->text.at);
        return false;
}

static bool apply_tenant(const char *address)
{
        struct acdclient *client = setup_operator(address, REHEARSE_TENANT, CALL_MS);
        struct acdclient_apply change = { .change = ACDCLIENT_CHANGE_TENANT };
        bool is_good;

        change.tenant.name = acdclient_text(REHEARSE_TENANT);
        change.tenant.has_agent_grace_ms = true;
        change.tenant.agent_grace_ms = DAY_MS;
        change.tenant.has_gateway_grace_ms = true;
        change.tenant.gateway_grace_ms = DAY_MS;
        is_good = client != NULL && apply(client, &change);
        acdclient_free(client);
        return is_good;
}

static bool apply_channel(struct acdclient *client)
{
        struct acdclient_apply change = { .change = ACDCLIENT_CHANGE_CHANNEL };

        change.channel.name = acdclient_text(REHEARSE_CHANNEL);
        change.channel.media = true;
        change.channel.live = true;
        change.channel.has_connecting_lease_ms = true;
        change.channel.connecting_lease_ms = DAY_MS;
        return apply(client, &change);
}

static bool apply_queue(struct acdclient *client, const char *name)
{
        struct acdclient_apply skill = { .change = ACDCLIENT_CHANGE_SKILL };
        struct acdclient_apply queue = { .change = ACDCLIENT_CHANGE_QUEUE };
        struct acdclient_term term = { .skill = acdclient_text(name), .level_min = 1 };

        skill.skill.name = acdclient_text(name);
        queue.queue.name = acdclient_text(name);
        queue.queue.requirement_count = 1;
        queue.queue.requirement = &term;
        queue.queue.has_offer_timeout_ms = true;
        queue.queue.offer_timeout_ms = DAY_MS;
        queue.queue.wrap_up_ms = DAY_MS;
        queue.queue.has_cool_down_ms = true;
        return apply(client, &skill) && apply(client, &queue);
}

static bool apply_agent(struct acdclient *client, const struct plan *plan, uint32_t agent)
{
        struct acdclient_apply change = { .change = ACDCLIENT_CHANGE_AGENT };
        struct acdclient_skill_level skills[PLAN_QUEUE_MAX];

        change.agent.name = acdclient_text(plan->agent[agent].name);
        change.agent.skills = skills;
        for (uint32_t i = 0; i < plan->queue_count; i++) {
                if (plan->agent[agent].skills & UINT32_C(1) << i)
                        skills[change.agent.skills_count++] =
                                (struct acdclient_skill_level){ acdclient_text(plan->queue[i]), 5 };
        }
        return apply(client, &change);
}

bool setup_apply(const char *address, const struct plan *plan)
{
        struct acdclient *client;
        bool is_good = apply_tenant(address);

        if (!is_good)
                return false;
        client = setup_operator(address, REHEARSE_TENANT, CALL_MS);
        is_good = client != NULL && apply_channel(client);
        for (uint32_t i = 0; is_good && i < plan->queue_count; i++)
                is_good = apply_queue(client, plan->queue[i]);
        for (uint32_t i = 0; is_good && i < plan->agent_count; i++)
                is_good = apply_agent(client, plan, i);
        acdclient_free(client);
        return is_good;
}
