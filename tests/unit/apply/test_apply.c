/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a file to changes: what is refused and where, in which order changes
 * come, and what they say.
 */

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "apply/apply.h"
#include "apply/to_wire.h"
#include "base/prng.h"

struct heard {
        char text[APPLY_PROBLEM_TEXT_SIZE];
        struct apply_place place;
        enum apply_severity severity;
        uint32_t count;
};

static void on_problem(void *context, const struct apply_problem *problem)
{
        struct heard *heard = context;

        if (heard->count++ == 0) {
                heard->place = problem->place;
                heard->severity = problem->severity;
                (void)snprintf(heard->text, sizeof(heard->text), "%s", problem->text);
        }
}

static struct heard first_problem(const char *yaml)
{
        struct heard heard = { 0 };
        struct apply_report report = { .on_problem = on_problem, .context = &heard };
        struct apply apply = APPLY_NULL;
        bool is_good = apply_open(&apply, yaml, strlen(yaml), NULL, &report);

        cr_assert_eq(is_good, report.error_count == 0);
        apply_close(&apply);
        return heard;
}

struct refusal_case {
        const char *yaml;
        uint32_t line, column;
        const char *text;
};

static const struct refusal_case refusals[] = {
        { "[a]", 1, 1, "a mapping is needed here, this is a list" },
        { "ques:\n  x: 1\n", 1, 1, "unknown key `ques`; did you mean `queues`?" },
        { "colour: 1\n", 1, 1, "unknown key `colour`; keys here: tenant, tenants, daemon" },
        { "queues:\n  q: {offer_timout: 20s}\n", 2, 7, "did you mean `offer_timeout`?" },
        { "queues:\n  q: {offer_timeout: 20}\n", 2, 22, "needs a unit: `20s` for seconds" },
        { "queues:\n  q: {offer_timeout: soon}\n", 2, 22, "must be a duration like 20s" },
        { "queues:\n  q: {offer_timeout: 0s}\n", 2, 22, "must be from 1s to 1h" },
        { "queues:\n  q: {offer_timeout: [20s]}\n", 2, 22, "this is a list" },
        { "queues:\n  q: {band: 32}\n", 2, 13, "`band` must be from 0 to 31, this is 32" },
        { "queues:\n  q: {band: \"8\"}\n", 2, 13, "must be a whole number from 0 to 31" },
        { "queues:\n  q: {band: -1}\n", 2, 13, "must be a whole number from 0 to 31" },
        { "queues:\n  q: {band: }\n", 2, 13, "has no value" },
        { "queues:\n  q: {auto_accept: yes}\n", 2, 20, "this is `yes`; write true" },
        { "queues:\n  q: {auto_accept: 3}\n", 2, 20, "must be true or false" },
        { "queues:\n  q: {on_agent_lost: requeu}\n", 2, 22, "did you mean `requeue`?" },
        { "queues: [q]\n", 1, 9, "`queues` must be a mapping of queues by name, this is a list" },
        { "queues:\n  a b: {}\n", 2, 3, "`a b` is not a name" },
        { "queues:\n  q: {tier_wait: {1: 20s, 2: 10s}}\n", 2, 18, "tier 2 would open before" },
        { "queues:\n  q: {tier_wait: {0: 20s}}\n", 2, 19, "`tier` must be from 1 to 7" },
        { "queues:\n  q: {requirement: {al: {x: 1}}}\n", 2, 21, "did you mean `all`?" },
        { "queues:\n  q: {requirement: {all: {x: 11}}}\n", 2, 30, "must be from 1 to 10" },
        { "queues:\n  q: {requirement: {all: {x: 0}}}\n", 2, 30, "must be from 1 to 10" },
        { "queues:\n  q: {requirement: {any: [{}]}}\n", 2, 27, "can be met by nobody" },
        { "queues:\n  q: {requirement: {any: {x: 1}}}\n", 2, 26, "must be a list of mappings" },
        { "skills: {a: 1}\n", 1, 9, "`skills` must be a list of names" },
        { "skills: [a, b, a]\n", 1, 16, "`a` is in this list twice" },
        { "agents:\n  anna: {skills: {x: high}}\n", 2, 22, "level of x" },
        { "agents:\n  anna: {channels: {phone: 0}}\n", 2, 28, "must be from 1 to 255" },
        { "agents:\n  anna: {channels: [phone, phone]}\n", 2, 28, "twice" },
        { "agents:\n  anna: {tiers: {q: 8}}\n", 2, 21, "must be from 0 to 7" },
        { "agents:\n  anna: {team: [a]}\n", 2, 16, "`team` must be a name, this is a list" },
        { "teams:\n  a: {supervisors: [b, b]}\n", 2, 24, "twice" },
        { "teams:\n  a: {time_zone: \"Mars/ Base\"}\n", 2, 18, "is not a time zone" },
        { "teams:\n  a: {supervisors: [a,b,c,d,e,f,g,h,i]}\n", 2, 37, "more than 8" },
        { "remove: {agent: [x]}\n", 1, 10, "did you mean `agents`?" },
        { "remove: {agents: x}\n", 1, 18, "must be a list of names" },
        { "queues: {q: }\nremove: {queues: [q]}\n", 2, 19, "described in line 1 and removed" },
        { "tenants:\n  default: {}\n", 2, 3, "is the one of the top level already" },
        { "tenants:\n  a: {remove: {tenants: [b]}}\n", 2, 25, "removed at the top level" },
        { "tenants:\n  a: {daemon: {x: 1}}\n", 2, 7, "unknown key `daemon`" },
        { "daemon: [x]\n", 1, 9, "`daemon` must be a mapping of settings" },
        { "daemon: {x: {y: 1}}\n", 1, 13, "a value or a list of values" },
        { "agent_grace: 2d\n", 1, 14, "must be from 0s to 1d" },
};

/*
 * Goal    Each refusal says where and what is allowed.
 */
Test(apply, refuses_with_place_and_words)
{
        for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
                const struct refusal_case *one = &refusals[i];
                struct heard heard = first_problem(one->yaml);

                cr_assert_neq(heard.count, 0, "not refused: %s", one->yaml);
                cr_assert_not_null(strstr(heard.text, one->text), "%s: %s", one->yaml, heard.text);
                cr_assert_eq(heard.place.line, one->line, "%s: %u:%u", one->yaml, heard.place.line,
                             heard.place.column);
                cr_assert_eq(heard.place.column, one->column, "%s: %u:%u", one->yaml,
                             heard.place.line, heard.place.column);
        }
}

Test(apply, a_near_miss_is_a_note_and_a_stranger_is_not)
{
        struct heard heard = first_problem("skills: [billing]\n"
                                           "queues: {q: {requirement: {all: {bilinng: 1}}}}\n");

        cr_assert_eq(heard.severity, APPLY_NOTE);
        cr_assert_eq(heard.place.line, 2);
        cr_assert_not_null(strstr(heard.text, "did you mean `billing`?"));
        heard = first_problem("skills: [billing]\n"
                              "queues: {q: {requirement: {all: {english: 1}}}}\n");
        cr_assert_eq(heard.count, 0);
}

static const char floor_yaml[] =
        "agents:\n"
        "  anna: {team: north}\n"
        "  bob: {team: north, skills: {german: 7, billing: 0}, tiers: {billing: 1},\n"
        "        channels: {phone: 1, chat: {slots: 3, weight: 30}}}\n"
        "teams:\n"
        "  north: {time_zone: Europe/Berlin, profile: generalist, supervisors: [anna]}\n"
        "profiles:\n"
        "  generalist: {channels: [phone], skills: {billing: 5}}\n"
        "queues:\n"
        "  billing:\n"
        "    requirement: {all: {billing: 3}, any: [{german: 1, english: 2}]}\n"
        "    tier_wait: {1: 20s, 3: 1m}\n"
        "    wrap_up: 30s\n"
        "skills: [billing, german, english]\n"
        "channels: {fax: {live: false, media: true, connecting_lease: 5s}}\n"
        "remove: {skills: [old], agents: [carl], queues: [old]}\n"
        "daemon: {listen: [\"unix:/x\", \"tcp:127.0.0.1:1\"], sync: always}\n";

/* All changes as "+skill:billing", in the order in which they come. Every change is answered with
 * @outcome_of(change). */
static void run(struct apply *apply, enum apply_outcome (*outcome_of)(const struct apply_change *),
                char *ret_text, size_t size)
{
        struct apply_change change;
        size_t used = 0;

        ret_text[0] = '\0';
        while (apply_next(apply, &change)) {
                used += (size_t)snprintf(ret_text + used, size - used, "%s%s:%.*s%s ",
                                         change.is_remove ? "-" : "+", apply_kind_text(change.kind),
                                         (int)change.name.size, change.name.at,
                                         change.is_if_missing    ? "?"
                                         : change.is_provisional ? "~"
                                                                 : "");
                cr_assert_lt(used, size);
                (void)apply_answer(apply, change.ticket, outcome_of(&change));
        }
}

static enum apply_outcome always_done(const struct apply_change *change)
{
        (void)change;
        return APPLY_DONE;
}

static enum apply_outcome supervisor_is_missing(const struct apply_change *change)
{
        static bool is_agent_there;

        if (change->kind == APPLY_AGENT)
                is_agent_there = true;
        if (change->kind == APPLY_TEAM && change->target.team.supervisors.count > 0)
                return is_agent_there ? APPLY_DONE : APPLY_REFUSED_SUPERVISOR;
        return APPLY_DONE;
}

static enum apply_outcome queue_is_refused(const struct apply_change *change)
{
        return change->kind == APPLY_QUEUE ? APPLY_REFUSED : APPLY_DONE;
}

static void check_order(const char *yaml,
                        enum apply_outcome (*outcome_of)(const struct apply_change *),
                        const char *expected, uint32_t left_count)
{
        struct apply_report report = { 0 };
        struct apply apply = APPLY_NULL;
        char text[1024];

        cr_assert(apply_open(&apply, yaml, strlen(yaml), NULL, &report));
        run(&apply, outcome_of, text, sizeof(text));
        cr_assert_str_eq(text, expected);
        cr_assert(apply_is_over(&apply));
        cr_assert_eq(apply_left_count(&apply), left_count);
        apply_close(&apply);
}

/*
 * Goal    Whatever the order of the file, nothing is used before it is made.
 */
Test(apply, changes_come_in_the_order_of_their_references)
{
        check_order(floor_yaml, always_done,
                    "+tenant:default? +skill:billing +skill:german +skill:english +channel:fax "
                    "+profile:generalist +team:north +queue:billing +agent:anna +agent:bob "
                    "-agent:carl -queue:old -skill:old ",
                    0);
}

Test(apply, a_team_whose_supervisor_is_not_there_yet_is_made_twice)
{
        check_order(floor_yaml, supervisor_is_missing,
                    "+tenant:default? +skill:billing +skill:german +skill:english +channel:fax "
                    "+profile:generalist +team:north +team:north~ +queue:billing +agent:anna "
                    "+agent:bob +team:north -agent:carl -queue:old -skill:old ",
                    0);
}

Test(apply, nothing_follows_a_refused_stage)
{
        check_order(floor_yaml, queue_is_refused,
                    "+tenant:default? +skill:billing +skill:german +skill:english +channel:fax "
                    "+profile:generalist +team:north +queue:billing ",
                    5);
}

Test(apply, a_stage_may_be_on_its_way_at_once_but_not_two)
{
        struct apply_report report = { 0 };
        struct apply apply = APPLY_NULL;
        struct apply_change changes[3];

        cr_assert(apply_open(&apply, floor_yaml, strlen(floor_yaml), NULL, &report));
        cr_assert(apply_next(&apply, &changes[0]));
        cr_assert_not(apply_next(&apply, &changes[1]));
        cr_assert(apply_answer(&apply, changes[0].ticket, APPLY_DONE));
        for (int i = 0; i < 3; i++)
                cr_assert(apply_next(&apply, &changes[i]));
        cr_assert_not(apply_next(&apply, &changes[0]));
        cr_assert_not(apply_is_over(&apply));
        apply_close(&apply);
}

Test(apply, tenants_of_one_file)
{
        check_order("tenant: acme\nagent_grace: 5s\nskills: [a]\n"
                    "tenants:\n  beta: {skills: [b]}\n  gamma: {key_retention: 48h}\n"
                    "remove: {tenants: [delta]}\n",
                    always_done,
                    "+tenant:acme +tenant:beta? +tenant:gamma +skill:a +skill:b -tenant:delta ", 0);
}

/* The change of @kind with @name; fails when there is none. */
static struct apply_change find(struct apply *apply, enum apply_kind kind, const char *name)
{
        struct apply_change change;

        while (apply_next(apply, &change)) {
                (void)apply_answer(apply, change.ticket, APPLY_DONE);
                if (change.kind == kind && strncmp(change.name.at, name, change.name.size) == 0)
                        return change;
        }
        cr_assert_fail("no %s %s", apply_kind_text(kind), name);
        return change;
}

static bool is(struct acd_text text, const char *string)
{
        return text.size == strlen(string) && memcmp(text.at, string, text.size) == 0;
}

Test(apply, a_queue_becomes_a_request)
{
        struct apply_report report = { 0 };
        struct apply apply = APPLY_NULL;
        struct apply_change change;
        struct apply_room room;
        struct wire_apply request;

        cr_assert(apply_open(&apply, floor_yaml, strlen(floor_yaml), NULL, &report));
        change = find(&apply, APPLY_QUEUE, "billing");
        apply_to_wire(&change, &room, &request);
        cr_assert_eq(request.change, WIRE_CHANGE_QUEUE);
        cr_assert(is(request.queue.name, "billing"));
        cr_assert_eq(request.queue.requirement_count, 3);
        cr_assert_eq(request.queue.requirement[0].group, 0);
        cr_assert_eq(request.queue.requirement[0].level_min, 3);
        cr_assert_eq(request.queue.requirement[2].group, 1);
        cr_assert_eq(request.queue.requirement[2].level_min, 2);
        cr_assert(is(request.queue.requirement[2].skill, "english"));
        cr_assert_eq(request.queue.tier_wait_ms_count, 7);
        cr_assert_eq(request.queue.tier_wait_ms[0], 20000);
        cr_assert_eq(request.queue.tier_wait_ms[1], 20000);
        cr_assert_eq(request.queue.tier_wait_ms[2], 60000);
        cr_assert_eq(request.queue.tier_wait_ms[6], 60000);
        cr_assert_eq(request.queue.wrap_up_ms, 30000);
        cr_assert_eq(request.queue.offer_timeout_ms, 20000);
        cr_assert_eq(request.queue.band, 8);
        cr_assert_eq(request.queue.missed_max, 3);
        apply_close(&apply);
}

Test(apply, agents_and_teams_become_requests)
{
        struct apply_report report = { 0 };
        struct apply apply = APPLY_NULL;
        struct apply_change change;
        struct apply_room room;
        struct wire_apply request;

        cr_assert(apply_open(&apply, floor_yaml, strlen(floor_yaml), NULL, &report));
        change = find(&apply, APPLY_TEAM, "north");
        apply_to_wire(&change, &room, &request);
        cr_assert(is(request.team.time_zone, "Europe/Berlin"));
        cr_assert_eq(request.team.supervisors_count, 1);
        change = find(&apply, APPLY_AGENT, "bob");
        apply_to_wire(&change, &room, &request);
        cr_assert(is(request.agent.team, "north"));
        cr_assert_eq(request.agent.profile.size, 0);
        cr_assert_eq(request.agent.channels_count, 2);
        cr_assert_eq(request.agent.channels[0].weight, 100);
        cr_assert_eq(request.agent.channels[1].slots, 3);
        cr_assert_eq(request.agent.channels[1].weight, 30);
        cr_assert_eq(request.agent.skills_count, 2);
        cr_assert_eq(request.agent.skills[1].level, 0);
        cr_assert_eq(request.agent.tiers[0].tier, 1);
        change = find(&apply, APPLY_SKILL, "old");
        apply_to_wire(&change, &room, &request);
        cr_assert_eq(request.change, WIRE_CHANGE_REMOVE);
        cr_assert_eq(request.remove.object, ACD_OBJECT_SKILL);
        apply_close(&apply);
}

/*
 * Goal    A refusal of the daemon can be shown where the file says it.
 */
Test(apply, fields_of_the_protocol_are_found_in_the_file)
{
        struct apply_report report = { 0 };
        struct apply apply = APPLY_NULL;
        struct apply_change change;

        cr_assert(apply_open(&apply, floor_yaml, strlen(floor_yaml), NULL, &report));
        change = find(&apply, APPLY_QUEUE, "billing");
        cr_assert_eq(apply_field_place(&apply, change.ticket, "wrap_up_ms").line, 13);
        cr_assert_eq(apply_field_place(&apply, change.ticket, "requirement[1].skill").line, 11);
        cr_assert_eq(apply_field_place(&apply, change.ticket, "length_max").line, 10);
        change = find(&apply, APPLY_AGENT, "bob");
        cr_assert_eq(apply_field_place(&apply, change.ticket, "skill").line, 3);
        apply_close(&apply);
}

Test(apply, the_daemons_settings_are_handed_over)
{
        struct apply_report report = { 0 };
        struct apply apply = APPLY_NULL;
        struct apply_setting setting;
        char text[256] = "";
        uint64_t cursor = 0;

        cr_assert(apply_open(&apply, floor_yaml, strlen(floor_yaml), NULL, &report));
        while (apply_daemon_next(&apply, &cursor, &setting))
                (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%.*s=%.*s ",
                               (int)setting.name.size, setting.name.at, (int)setting.value.size,
                               setting.value.at);
        cr_assert_str_eq(text, "listen=unix:/x listen=tcp:127.0.0.1:1 sync=always ");
        apply_close(&apply);
}

Test(apply, an_empty_file_changes_nothing)
{
        check_order("", always_done, "", 0);
        check_order("# nothing\n", always_done, "", 0);
}

Test(apply, a_file_that_is_not_there_is_told)
{
        struct heard heard = { 0 };
        struct apply_report report = { .on_problem = on_problem, .context = &heard };
        struct apply apply;

        cr_assert_not(apply_open_file(&apply, "/nowhere/at/all.yaml", NULL, &report));
        cr_assert_not_null(strstr(heard.text, "No such file"));
        apply_close(&apply);
}

/*
 * Goal    No damage to a file does more than have it refused: each change that is
 *         still handed out is one that can be sent.
 * Method  Bytes of a good file changed, dropped and doubled, seeded, under the
 *         sanitizers.
 */
Test(apply, damaged_files_are_refused_or_make_sense)
{
        enum { ROUNDS = 4000 };
        static const char letters[] = "{}[]:,&*!|>-'\"#% \n\t~0a\\\x80";
        struct acd_prng prng;
        uint32_t good_count = 0;

        acd_prng_init(&prng, 20);
        for (int round = 0; round < ROUNDS; round++) {
                char yaml[sizeof(floor_yaml)];
                size_t size = sizeof(floor_yaml) - 1;
                struct apply_report report = { 0 };
                struct apply apply = APPLY_NULL;
                struct apply_change change;

                memcpy(yaml, floor_yaml, sizeof(yaml));
                for (uint64_t n = 1 + acd_prng_below(&prng, 3); n > 0; n--)
                        yaml[acd_prng_below(&prng, size)] =
                                letters[acd_prng_below(&prng, sizeof(letters) - 1)];
                size -= acd_prng_below(&prng, 4) == 0 ? acd_prng_below(&prng, size) : 0;
                if (apply_open(&apply, yaml, size, NULL, &report)) {
                        good_count++;
                        while (apply_next(&apply, &change)) {
                                struct apply_room room;
                                struct wire_apply request;

                                apply_to_wire(&change, &room, &request);
                                cr_assert_neq(request.change, WIRE_CHANGE_NONE);
                                cr_assert_neq(change.name.size, 0);
                                (void)apply_answer(&apply, change.ticket, APPLY_DONE);
                        }
                        cr_assert(apply_is_over(&apply));
                } else {
                        cr_assert_neq(report.error_count, 0);
                }
                apply_close(&apply);
        }
        cr_assert_gt(good_count, 50, "%u", good_count);
        cr_assert_lt(good_count, ROUNDS);
}
