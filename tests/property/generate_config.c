/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Generated lines about the configuration, START and the odd commands.
 */

#include "tests/property/generate_private.h"

/* Configuration. Of a frozen shape, what decides eligibility is a function of the
 * number, not of chance. */

static void queue_requirement(struct generator *g, uint32_t number)
{
        bool is_frozen = g->shape.is_frozen;

        if (g->shape.skills == 0)
                return;
        if (is_frozen && number % 2 == 1)
                words_put(g, " requires=s%u:%u", number % g->shape.skills, 1 + number % 3);
        else if (!is_frozen && words_percent(g, g->shape.skilled_percent))
                words_put_requirement(g);
}

static void tier_waits(struct generator *g)
{
        uint32_t wait = 0;

        words_put(g, " tier_wait=%s", words_wrong(g) ? "1s" : "0");
        for (uint32_t i = 1; i < 1 + words_below(g, 7); i++) {
                wait += ONE_OF(g, 0, 1733, 5119, 30341);
                words_put(g, ",%ums", words_wrong(g) ? 0 : wait);
        }
}

void generate_queue(struct generator *g, uint32_t number)
{
        words_head(g, "queue");
        words_put(g, "q%u", number);
        queue_requirement(g, number);
        if (words_percent(g, 50))
                words_put(g, " band=%u",
                          words_wrong(g) ? 32 : words_below(g, words_percent(g, 50) ? 3 : 32));
        if (words_percent(g, g->shape.auto_accept_percent))
                words_put(g, " auto_accept=yes");
        if (words_percent(g, 40))
                words_put(g, " missed_max=%u", words_below(g, 4));
        if (words_percent(g, 70))
                words_put(g, " lost=%u", words_wrong(g) ? 4 : words_below(g, 4));
        if (words_percent(g, 80))
                words_put_duration(g, "offer", ONE_OF(g, 1, 701, 5003, 20011));
        if (words_percent(g, g->shape.wrap_up_percent))
                words_put_duration(g, "wrap_up", ONE_OF(g, 1, 997, 10007, 30011));
        if (words_percent(g, 70))
                words_put_duration(g, "cool_down", ONE_OF(g, 0, 1, 2003, 10037, 600011));
        if (g->shape.has_tiers)
                tier_waits(g);
        if (words_percent(g, 20))
                words_put(g, " length_max=%u", words_below(g, 6));
}

void generate_profile(struct generator *g, uint32_t number)
{
        words_head(g, "profile");
        words_put(g, "p%u", number);
        if (words_percent(g, 50))
                words_put_channels(g);
        if (words_percent(g, g->shape.skilled_percent))
                words_put_skills(g, words_wrong(g));
}

void generate_team(struct generator *g, uint32_t number)
{
        words_head(g, "team");
        words_put(g, "m%u", number);
        if (words_percent(g, 30))
                words_put(g, " zone=%s", words_wrong(g) ? "Europe;Berlin" : "Europe/Berlin");
        if (words_percent(g, 60)) {
                words_put(g, " profile=");
                words_put_name(g, 'p', g->shape.profiles);
        }
        if (words_percent(g, 30)) {
                words_put(g, " supervisors=");
                words_put_agent(g);
                for (uint32_t i = 0; words_wrong(g) && i < 9; i++) {
                        words_put(g, ",");
                        words_put_agent(g);
                }
        }
}

static void agent_tiers(struct generator *g)
{
        words_put(g, " tiers=");
        for (uint32_t i = 0; i < g->shape.queues; i++)
                words_put(g, "%sq%u:%u", i == 0 ? "" : ",", i,
                          words_wrong(g) ? 8 : words_below(g, 4));
}

void generate_agent(struct generator *g, uint32_t number)
{
        words_head(g, "agent");
        words_put(g, "a%u", number);
        if (words_percent(g, 30) && g->shape.teams > 0) {
                words_put(g, " team=");
                words_put_name(g, 'm', g->shape.teams);
        }
        if (words_percent(g, 30) && g->shape.profiles > 0) {
                words_put(g, " profile=");
                words_put_name(g, 'p', g->shape.profiles);
        }
        if (words_percent(g, 20))
                words_put_channels(g);
        if (words_percent(g, g->shape.skilled_percent))
                words_put_skills(g, true);
        if (g->shape.has_tiers && words_percent(g, 70))
                agent_tiers(g);
}

void generate_tenant(struct generator *g)
{
        words_head(g, "tenant");
        if (words_wrong(g))
                words_put(g, "%s", words_percent(g, 50) ? "\"\"" : "not/a/name");
        else
                words_put(g, "t%u", g->tenant);
        words_put_duration(g, "agent_grace", ONE_OF(g, 0, 1, 5009, 30013));
        words_put_duration(g, "gateway_grace", ONE_OF(g, 0, 1, 3001, 10009, 40009));
        words_put(g, " key_retention=%s",
                  words_wrong(g)         ? "31d"
                  : words_percent(g, 50) ? "24h"
                                         : "9001ms");
}

void generate_channel(struct generator *g)
{
        words_head(g, "channel");
        words_put(g, "x%u media=%s live=%s", words_below(g, 3), words_percent(g, 50) ? "yes" : "no",
                  words_percent(g, 50) ? "yes" : "no");
        words_put_duration(g, "lease", words_wrong(g) ? 0 : ONE_OF(g, 1, 4001, 30029));
}

void generate_skill(struct generator *g, uint32_t number)
{
        static const char *const names[] = {
                "\"\"",
                "not/a/name",
                "not,a,name",
                "a-name-of-more-than-sixty-three-characters-that-no-name-may-ever-have",
        };

        words_head(g, "skill");
        if (words_wrong(g))
                words_put(g, "%s", names[words_below(g, 4)]);
        else
                words_put(g, "s%u", number);
}

void generate_start(struct generator *g)
{
        const struct acd_limits *limits = &g->shape.limits;
        bool is_raising = g->epoch > 0 && words_percent(g, 50);

        /* From 2^20 on it is a new history. */
        uint64_t rise = words_wrong(g)         ? 0
                        : words_percent(g, 60) ? 1
                                               : ONE_OF(g, (1 << 20) - 1, 1 << 20, 3 << 20);

        words_head(g, "start");
        words_put(g, "epoch=%llu seed=%u", (unsigned long long)(g->epoch + rise),
                  words_below(g, 1000));
        if (words_wrong(g))
                words_put(g, " logic=2");
        if (words_wrong(g) && words_percent(g, 30)) {
                words_put(g, " contact_count_max=%u", ONE_OF(g, 0, 1, 100000));
                return;
        }
#define LIMIT(name, preset, minimum, maximum, text) \
        words_put(g, " " #name "=%u", is_raising ? g->shape.memory.name : limits->name);
#include "acd/limits.def"
#undef LIMIT
        if (is_raising)
                g->shape.limits = g->shape.memory;
}

void generate_odd(struct generator *g)
{
        switch (words_below(g, 3)) {
        case 0:
                words_head(g, "logic");
                words_put(g, "version=%u", 1 + words_below(g, 2));
                break;
        case 1:
                words_head(g, "wall");
                words_put(g, "offset=%u", words_below(g, 1000));
                break;
        default:
                words_head(g, "work");
                words_put(g, "units=%u", ONE_OF(g, 0, 4097));
                break;
        }
}

void generate_remove(struct generator *g)
{
        static const char *const kinds[] = { "tenant", "skill",   "channel", "queue",
                                             "team",   "profile", "agent" };
        static const char letters[] = "tsxqmpa";
        uint32_t kind = words_below(g, 20) == 0 ? 0 : 1 + words_below(g, 6);

        words_head(g, "remove");
        if (words_wrong(g)) {
                words_put(g, "%u g0", ONE_OF(g, 0, 8, 9, 77));
                return;
        }
        words_put(g, "%s ", kinds[kind]);
        if (kind == 2 && words_percent(g, 30))
                words_put(g, "%s", words_channel_name(g));
        else
                words_put_name(g, letters[kind], kind == 6 ? g->shape.agents + 1 : 4);
}
