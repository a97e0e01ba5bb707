/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon's configuration for a plan, sent as an operator would: one change at
 * a time, each answered, each safe to repeat.
 *
 * Limits that are meant in real time are multiplied by the rehearsal clock's
 * rate: half a second of a gateway's absence is minutes of core time, and must
 * not cost its contacts.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "clients/replay/daemon_parts.h"

enum {
        TIMEOUT_MS = 10000,
        AGENT_GRACE_MS = 30000,
        GATEWAY_GRACE_MS = 10000,
        OFFER_TIMEOUT_MS = 20000,
        CONNECTING_LEASE_MS = 30000,
        DAY_MS = 86400000,
};

struct setup {
        const struct plan *plan;
        struct acdclient *client;
        uint32_t rate;
};

/* @ms of real time, in core time, at most a day. */
static uint32_t core_ms(const struct setup *setup, uint32_t ms)
{
        uint64_t scaled = (uint64_t)ms * setup->rate;

        return scaled < DAY_MS ? (uint32_t)scaled : DAY_MS;
}

static int apply(struct setup *setup, const struct acdclient_apply *change)
{
        struct acdclient_message request = { .kind = ACDCLIENT_APPLY };
        const struct acdclient_message *answer;
        const struct acdclient_result *result;
        int r;

        request.apply = *change;
        r = acdclient_call(setup->client, &request, TIMEOUT_MS, &answer);
        if (r < 0) {
                fprintf(stderr, "configuration: %s\n", strerror(-r));
                return r;
        }
        result = acdclient_answer_result(answer);
        if (acdclient_is_done(result->code))
                return 0;
        fprintf(stderr, "configuration refused: %s %.*s %.*s\n",
                acdclient_result_name(result->code), (int)result->field.size, result->field.at,
                (int)result->text.size, result->text.at);
        return -EINVAL;
}

static int apply_tenant(struct setup *setup, const char *name)
{
        struct acdclient_apply change = { .change = ACDCLIENT_CHANGE_TENANT };

        change.tenant = (struct acdclient_tenant_config){
                .name = acdclient_text(name),
                .has_agent_grace_ms = true,
                .agent_grace_ms = core_ms(setup, AGENT_GRACE_MS),
                .has_gateway_grace_ms = true,
                .gateway_grace_ms = core_ms(setup, GATEWAY_GRACE_MS),
        };
        return apply(setup, &change);
}

static int apply_channel(struct setup *setup)
{
        struct acdclient_apply change = { .change = ACDCLIENT_CHANGE_CHANNEL };

        change.channel = (struct acdclient_channel_config){
                .name = acdclient_text("phone"),
                .media = true,
                .live = true,
                .has_connecting_lease_ms = true,
                .connecting_lease_ms = core_ms(setup, CONNECTING_LEASE_MS),
        };
        return apply(setup, &change);
}

static int apply_queue(struct setup *setup, const char *name)
{
        struct acdclient_apply change = { .change = ACDCLIENT_CHANGE_SKILL };
        struct acdclient_term term = { .skill = acdclient_text(name) };
        uint32_t wrap_up_ms = plan_wrap_up_max_ms(setup->plan);
        int r;

        change.skill.name = acdclient_text(name);
        r = apply(setup, &change);
        if (r < 0)
                return r;
        change = (struct acdclient_apply){ .change = ACDCLIENT_CHANGE_QUEUE };
        change.queue = (struct acdclient_queue_config){
                .name = acdclient_text(name),
                .requirement_count = 1,
                .requirement = &term,
                .has_offer_timeout_ms = true,
                .offer_timeout_ms = core_ms(setup, OFFER_TIMEOUT_MS),
                /* Ended by the desktop when the plan says; this is the stop. */
                .wrap_up_ms = wrap_up_ms == 0 ? 0 : wrap_up_ms + core_ms(setup, 10000),
                .has_cool_down_ms = true,
        };
        return apply(setup, &change);
}

static int apply_agent(struct setup *setup, const struct plan_agent *planned)
{
        struct acdclient_apply change = { .change = ACDCLIENT_CHANGE_AGENT };
        struct acdclient_skill_level skills[PLAN_QUEUE_MAX];
        uint32_t count = 0;

        for (uint32_t i = 0; i < setup->plan->queue_count; i++)
                if ((planned->skills >> i & 1) != 0)
                        skills[count++] = (struct acdclient_skill_level){
                                .skill = acdclient_text(setup->plan->queue[i]),
                                .level = 1,
                        };
        change.agent = (struct acdclient_agent_config){
                .name = acdclient_text(planned->name),
                .skills_count = count,
                .skills = skills,
        };
        return apply(setup, &change);
}

static struct acdclient *connect(const struct daemon_settings *settings, const char *tenant)
{
        struct acdclient_options options = {
                .address = settings->address,
                .tenant = tenant,
                .role = ACDCLIENT_ROLE_OPERATOR,
                .client = "replay-setup",
                .software = "acdreplay",
        };
        struct acdclient *client = acdclient_new(&options);
        int r = client == NULL ? -errno : acdclient_connect(client, TIMEOUT_MS);

        if (r == 0)
                return client;
        fprintf(stderr, "no daemon to configure: %s %s\n", strerror(-r),
                client == NULL ? "" : acdclient_trouble(client)->text);
        acdclient_free(client);
        return NULL;
}

static int apply_all(struct setup *setup)
{
        int r = apply_channel(setup);

        for (uint32_t i = 0; r == 0 && i < setup->plan->queue_count; i++)
                r = apply_queue(setup, setup->plan->queue[i]);
        for (uint32_t i = 0; r == 0 && i < setup->plan->agent_count; i++)
                r = apply_agent(setup, &setup->plan->agent[i]);
        return r;
}

int daemon_engine_setup(const struct plan *plan, const struct daemon_settings *settings)
{
        struct setup setup = { .plan = plan };
        int r;

        /* A tenant is made from outside of all. */
        setup.client = connect(settings, "");
        if (setup.client == NULL)
                return -ENOTCONN;
        setup.rate = acdclient_terms(setup.client)->clock_rate;
        if (setup.rate == 0)
                setup.rate = 1;
        r = apply_tenant(&setup, settings->tenant);
        acdclient_free(setup.client);
        if (r < 0)
                return r;

        setup.client = connect(settings, settings->tenant);
        if (setup.client == NULL)
                return -ENOTCONN;
        r = apply_all(&setup);
        acdclient_free(setup.client);
        return r;
}
