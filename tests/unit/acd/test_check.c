/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The watchman is watched: what acd_verify() and acd_check() say is sound is believed
 * by every other test and by whoever loads a snapshot, so each of their conditions is
 * broken here, one at a time, in states that have something of everything.
 *
 * The answer is compared in words, without operators and numbers: a condition that has
 * become weaker must give itself away by what it lets through, not by its text.
 */

#include <criterion/criterion.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acd/check.h"
#include "unit/acd/fixture.h"

enum {
        STATE_COUNT = 40,
        STEPS_BETWEEN = 100,
        DEAD = 0x7fffff,
        TEXT_SIZE = 65536,
};

#define SPACE(array, link) ((struct acd_ispace){ &(array)[0].link, sizeof((array)[0]) })
#define WHEN(condition) \
        if (!(condition)) \
                return false;
/* What must be there for this way to apply. */
#define NEED(expression) \
        ({ \
                uint32_t needed = (expression); \
                if (needed == 0) \
                        return false; \
                needed; \
        })

static uint32_t find_live(const struct acd_slab *slab)
{
        for (uint32_t i = 1; i <= slab->top; i++)
                if (acd_slab_is_live(slab, i))
                        return i;
        return 0;
}
#define live_slot(slab) NEED(find_live(slab))

static uint32_t dead_slot(const struct acd_slab *slab)
{
        return slab->free.first;
}

static uint32_t find_skill_of(const struct acd *acd, uint32_t tenant)
{
        for (uint32_t i = 1; i <= acd->skills.top; i++)
                if (acd_slab_is_live(&acd->skills, i) && acd->skill[i].tenant == tenant)
                        return i;
        return 0;
}
#define first_skill_of(acd, tenant) NEED(find_skill_of(acd, tenant))

static uint32_t find_agent(const struct acd *acd, uint32_t tenant, uint32_t but)
{
        for (uint32_t i = 1; i <= acd->agents.top; i++)
                if (acd_slab_is_live(&acd->agents, i) && acd->agent[i].tenant == tenant && i != but)
                        return i;
        return 0;
}
#define agent_of_other_tenant(acd, i) NEED(find_agent(acd, 3 - (acd)->agent[i].tenant, 0))
#define sibling_of_agent(acd, i)      NEED(find_agent(acd, (acd)->agent[i].tenant, i))

static uint32_t find_class(const struct acd *acd, uint32_t but)
{
        for (uint32_t i = 1; i <= acd->classes.top; i++)
                if (acd_slab_is_live(&acd->classes, i) && i != but &&
                    acd->class[i].tenant == acd->class[but].tenant)
                        return i;
        return 0;
}
#define sibling_of_class(acd, i)       NEED(find_class(acd, i))
#define sibling_class(acd, lane_index) NEED(find_class(acd, (acd)->lane[lane_index].class))

static uint32_t find_gateway(const struct acd *acd, uint32_t but)
{
        for (uint32_t i = 1; i <= acd->gateways.top; i++)
                if (acd_slab_is_live(&acd->gateways, i) && i != but &&
                    acd->gateway[i].tenant == acd->gateway[but].tenant)
                        return i;
        return 0;
}
#define sibling_gateway(acd, i) NEED(find_gateway(acd, i))

static uint32_t find_contact_of_no_gateway(const struct acd *acd)
{
        for (uint32_t i = 1; i <= acd->contacts.top; i++)
                if (acd_slab_is_live(&acd->contacts, i) && acd->contact[i].gateway == 0)
                        return i;
        return 0;
}
#define contact_of_no_gateway(acd) NEED(find_contact_of_no_gateway(acd))

static void forget_profile(struct acd *acd, uint32_t profile)
{
        for (uint32_t i = 1; i <= acd->teams.top; i++)
                if (acd->team[i].profile == profile)
                        acd->team[i].profile = 0;
}

static bool is_in_tree(const struct acd *acd, uint32_t contact)
{
        return acd->contact[contact].link.list == acd_tag(LIST_TREE, acd->contact[contact].class);
}

static struct acd_queue *queue_of(struct acd *acd, uint32_t contact)
{
        return &acd->queue[acd->class[acd->contact[contact].class].queue];
}

static void move_assignment(struct acd *acd, uint32_t i, uint8_t state)
{
        acd->assignment[i].state = state;
}

static void move_agent(struct acd *acd, uint32_t i, uint8_t presence)
{
        struct acd_tenant *tenant = &acd->tenant[acd->agent[i].tenant];
        struct acd_ispace space = SPACE(acd->agent, link);

        acd_ilist_remove(space, &tenant->presence[acd->agent[i].presence], i);
        acd_ilist_push_back(space, &tenant->presence[presence], i);
        acd->agent[i].presence = presence;
}

static void move_gateway(struct acd *acd, uint32_t i, uint8_t state)
{
        struct acd_ispace space = SPACE(acd->gateway, link);

        acd_ilist_remove(space, &acd->gateway_list[acd->gateway[i].state], i);
        acd_ilist_push_back(space, &acd->gateway_list[state], i);
        acd->gateway[i].state = state;
}

static void move_member(struct acd *acd, uint32_t i, uint32_t class)
{
        struct acd_ispace space = SPACE(acd->membership, link);

        acd_ilist_remove(space, &acd->class[acd->membership[i].class].members, i);
        acd_ilist_push_back(space, &acd->class[class].members, i);
        acd->membership[i].class = class;
}

static void leave_idle(struct acd *acd, uint32_t i)
{
        acd_ilist_remove(SPACE(acd->agent, idle_link), &acd->tenant[acd->agent[i].tenant].idle, i);
}

/* From its lane to where those wait whose gateway is gone. */
static void withhold(struct acd *acd, uint32_t contact)
{
        struct acd_ispace space = SPACE(acd->contact, link);
        uint32_t lane = acd_tag_owner(acd->contact[contact].link.list);

        acd_ilist_remove(space, &acd->lane[lane].contacts, contact);
        acd_icrowd_enter(&queue_of(acd, contact)->contacts[ACD_CONTACT_WITHHELD],
                         &acd->contact[contact].link);
        acd->contact[contact].state = ACD_CONTACT_WITHHELD;
}

static uint32_t *first_lane(struct acd *acd, uint32_t lane)
{
        return &acd->class[acd->lane[lane].class].lane[acd->lane[lane].band];
}

static void set_credit(struct acd *acd, uint32_t lane, uint32_t credit_ms)
{
        acd->lane[lane].credit_ms = credit_ms;
        for (uint32_t at = acd->lane[lane].contacts.first; at != 0; at = acd->contact[at].link.next)
                acd->contact[at].credit_ms = credit_ms;
}

/* The first two of a list have come the other way round. */
static void swap_arrivals(struct acd *acd, const struct acd_ilist *list)
{
        uint32_t first = list->first;
        uint32_t second = acd->contact[first].link.next;
        struct acd_contact was = acd->contact[first];

        acd->contact[first].sequence = acd->contact[second].sequence;
        acd->contact[first].submitted = acd->contact[second].submitted;
        acd->contact[second].sequence = was.sequence;
        acd->contact[second].submitted = was.submitted;
}

static uint32_t tree_band(const struct acd *acd, uint32_t class)
{
        for (uint32_t band = 0; band < ACD_BAND_COUNT; band++)
                if (acd->class[class].tree[band].count > 0)
                        return band;
        return 0;
}

static void move_tree(struct acd *acd, uint32_t from, uint32_t from_band, uint32_t to,
                      uint32_t to_band)
{
        struct acd_itree tree = acd->class[from].tree[from_band];

        acd->class[from].tree[from_band] = acd->class[to].tree[to_band];
        acd->class[to].tree[to_band] = tree;
}

static uint32_t last_of_contact(const struct acd *acd, uint32_t pair)
{
        while (acd->pair[pair].next_of_contact != 0)
                pair = acd->pair[pair].next_of_contact;
        return pair;
}

static uint32_t last_of_agent(const struct acd *acd, uint32_t pair)
{
        while (acd->pair[pair].next_of_agent != 0)
                pair = acd->pair[pair].next_of_agent;
        return pair;
}

static bool key_is_open(const struct acd *acd, uint32_t key)
{
        return acd->key[key].link.list == acd_tag(LIST_USED, 0);
}

/* The list that a key is in, or the other one; asked for in this order. */
static struct acd_ilist *key_list(struct acd *acd, uint32_t key, bool is_its_own)
{
        static bool was_open;

        if (is_its_own)
                was_open = key_is_open(acd, key);
        return was_open == is_its_own ? &acd->open_keys : &acd->closed_keys;
}

static struct acd_job *job_of(struct acd *acd, enum core_job_kind kind, uint32_t index)
{
        acd_job_add(acd, kind, index);
        return &acd->job[acd_job_number(acd, kind, index)];
}

static uint32_t most_members(const struct acd *acd)
{
        uint32_t most = 1;

        for (uint32_t i = 1; i <= acd->agents.top; i++)
                if (acd_slab_is_live(&acd->agents, i) && acd->agent[i].members.count > most)
                        most = acd->agent[i].members.count;
        return most;
}

/* Is he a member of a class of the queue that his first tier names? */
static bool serves_tier_zero(const struct acd *acd, uint32_t agent)
{
        if (acd->agent_setup[agent].tier_count == 0)
                return false;
        for (uint32_t at = acd->agent[agent].members.first; at != 0;
             at = acd->membership[at].agent_link.next)
                if (acd->class[acd->membership[at].class].queue ==
                    acd->agent_setup[agent].tier[0].queue)
                        return true;
        return false;
}

/* The ways */

/* Break the state in way @number at object @i, if that can be; with @i 0 only tell
 * the slab and the condition. False: it cannot, and nothing is changed. */
static bool spoil(struct acd *acd, uint32_t number, uint32_t i, const struct acd_slab **ret_slab,
                  const char **ret_condition)
{
        uint32_t at = 0;

#define SPOIL(slab, condition, ...) \
        if (at++ == number) { \
                *ret_slab = &acd->slab; \
                *ret_condition = (condition); \
                if (i == 0) \
                        return true; \
                __VA_ARGS__ \
                return true; \
        }
#include "unit/acd/spoil.def"
#undef SPOIL
        return false;
}

/* Letters of @text only. */
static void words_of(char *words, size_t size, const char *text)
{
        size_t used = 0;

        for (; *text != 0 && used + 1 < size; text++)
                if (isalpha((unsigned char)*text) || *text == '_')
                        words[used++] = *text;
        words[used] = 0;
}

static bool has_words_of(const char *text, const char *condition)
{
        char left[512], right[512];

        words_of(left, sizeof(left), text);
        words_of(right, sizeof(right), condition);
        return strcmp(left, right) == 0;
}

/* The states */

struct state {
        void *memory;
        struct acd *acd; /* where it has to be to mean something */
        size_t size;
};

static acd_agent_id make_agent(struct fixture *fixture, const char *name, acd_team_id team,
                               acd_profile_id profile, acd_skill_id skill)
{
        struct acd_command command = fixture_command(fixture, ACD_COMMAND_AGENT_UPSERT);

        snprintf(command.agent.name, sizeof(command.agent.name), "%s", name);
        command.agent.team = team;
        command.agent.profile = profile;
        command.agent.skill_count = 1;
        command.agent.skill[0].skill = skill;
        command.agent.skill[0].level = 7;
        command.agent.tier_count = 2;
        for (uint32_t i = 0; i < 2; i++) {
                command.agent.tier[i].queue.value =
                        acd_find(fixture->acd, ACD_OBJECT_QUEUE, fixture->tenant,
                                 (struct acd_text){ i == 0 ? "q0" : "q1", 2 });
                command.agent.tier[i].tier = (uint8_t)(1 + i);
        }
        cr_assert_eq(fixture_step(fixture, &command), ACD_OK);
        return (acd_agent_id){ fixture->reply.id };
}

static acd_profile_id make_profile(struct fixture *fixture, const char *name,
                                   const acd_skill_id skill[2])
{
        struct acd_command command = fixture_command(fixture, ACD_COMMAND_PROFILE_UPSERT);

        snprintf(command.profile.name, sizeof(command.profile.name), "%s", name);
        command.profile.channel_count = command.profile.skill_count = 2;
        for (uint32_t i = 0; i < 2; i++) {
                command.profile.channel[i].channel =
                        fixture_channel(fixture, i == 0 ? "chat" : "phone");
                command.profile.channel[i].slots = command.profile.channel[i].weight = 1;
                command.profile.skill[i].skill = skill[i];
                command.profile.skill[i].level = 5;
        }
        cr_assert_eq(fixture_step(fixture, &command), ACD_OK);
        return (acd_profile_id){ fixture->reply.id };
}

/* A contact that came and went leaves its class behind. */
static void visit(struct fixture *fixture, acd_queue_id queue, const char *channel)
{
        struct acd_command command = fixture_command(fixture, ACD_COMMAND_CANCEL);

        command.cancel.contact = fixture_submit(fixture, queue, fixture_channel(fixture, channel),
                                                (acd_gateway_id){ 0 });
        command.cancel.reason = ACD_REASON_CANCELLED;
        cr_assert_eq(fixture_step(fixture, &command), ACD_OK);
        fixture_work(fixture);
}

static void take_out(struct fixture *fixture, enum acd_object object, uint64_t id)
{
        struct acd_command command = fixture_command(fixture, ACD_COMMAND_REMOVE);

        command.remove.object = object;
        command.remove.id = id;
        cr_assert_eq(fixture_step(fixture, &command), ACD_OK);
        fixture_work(fixture);
}

/* What random traffic has not: a profile, a team with supervisors, agents who inherit
 * and have tiers and addresses, a queue with two terms and growing waits. */
static void make_people(struct fixture *fixture)
{
        struct acd_command command = fixture_command(fixture, ACD_COMMAND_TEAM_UPSERT);
        acd_skill_id skill[2] = { fixture_skill(fixture, "x"), fixture_skill(fixture, "y") };
        struct acd_queue_config queue = fixture_queue_config("both");
        acd_profile_id profile = make_profile(fixture, "p", skill);
        acd_agent_id ann = make_agent(fixture, "ann", (acd_team_id){ 0 }, profile, skill[0]);
        acd_agent_id ben = make_agent(fixture, "ben", (acd_team_id){ 0 }, profile, skill[1]);
        acd_team_id team;

        command.team.name[0] = 'm';
        command.team.profile = profile;
        command.team.supervisor_count = 2;
        command.team.supervisor[0] = ann;
        command.team.supervisor[1] = ben;
        cr_assert_eq(fixture_step(fixture, &command), ACD_OK);
        team.value = fixture->reply.id;
        make_agent(fixture, "cat", team, (acd_profile_id){ 0 }, skill[0]);

        queue.requirement.term_count = 2;
        for (uint32_t i = 0; i < 2; i++) {
                queue.requirement.term[i].skill = skill[i];
                queue.requirement.term[i].level_min = 1;
        }
        for (uint32_t tier = 1; tier < ACD_TIER_COUNT; tier++)
                queue.tier_wait_ms[tier] = 1000 * tier;
        /* Two who idle in a class, longest first. */
        visit(fixture, fixture_queue(fixture, &queue), "chat");
        command = fixture_command(fixture, ACD_COMMAND_AGENT_LOGIN);
        command.login.agent = ann;
        command.login.address_count = 1;
        command.login.address[0].channel = fixture_channel(fixture, "chat");
        command.login.address[0].address = fixture_bytes("sip:ann");
        cr_assert_eq(fixture_step(fixture, &command), ACD_OK);
        fixture_ready(fixture, ann);
        fixture_login(fixture, ben);
        fixture_ready(fixture, ben);
}

static void add_tenant(struct fixture *fixture, acd_tenant_id *ret_tenant)
{
        struct acd_command command = fixture_command(fixture, ACD_COMMAND_TENANT_UPSERT);

        command.tenant.value = 0;
        command.tenant_config.name[0] = 'u';
        command.tenant_config.agent_grace_ms = 30000;
        command.tenant_config.gateway_grace_ms = 10000;
        command.tenant_config.key_retention_ms = 60000;
        cr_assert_eq(fixture_step(fixture, &command), ACD_OK);
        ret_tenant->value = fixture->reply.id;
}

/* One of each kind was there and is gone: its slot is free. */
static void make_gone(struct fixture *fixture)
{
        acd_skill_id skills[2] = { fixture_skill(fixture, "k"), fixture_skill(fixture, "l") };
        struct acd_queue_config config = fixture_queue_config("gone");
        struct acd_command command = fixture_command(fixture, ACD_COMMAND_TEAM_UPSERT);
        acd_agent_id agent = fixture_agent(fixture, "gone", skills[0]);
        acd_profile_id profile = make_profile(fixture, "gone", skills);
        acd_queue_id queue = fixture_queue(fixture, &config);

        fixture_login(fixture, agent);
        fixture_work(fixture);
        visit(fixture, queue, "chat");
        visit(fixture, queue, "email");
        take_out(fixture, ACD_OBJECT_QUEUE, queue.value);
        cr_assert_eq(fixture_agent_do(fixture, ACD_COMMAND_AGENT_LOGOUT, agent), ACD_OK);
        take_out(fixture, ACD_OBJECT_AGENT, agent.value);
        command.team.name[0] = 'g';
        cr_assert_eq(fixture_step(fixture, &command), ACD_OK);
        take_out(fixture, ACD_OBJECT_TEAM, fixture->reply.id);
        take_out(fixture, ACD_OBJECT_PROFILE, profile.value);
        take_out(fixture, ACD_OBJECT_SKILL, skills[1].value);
}

static void keep_state(const struct fixture *fixture, struct state *state)
{
        state->acd = fixture->acd;
        state->size = acd_size(&fixture->limits);
        state->memory = malloc(state->size);
        cr_assert_not_null(state->memory);
        memcpy(state->memory, fixture->acd, state->size);
}

/* Two tenants, random traffic, looked at now and then; every second time all is done
 * that can be. */
static void make_states(struct fixture *fixture, struct state states[STATE_COUNT])
{
        acd_tenant_id tenants[2];
        struct acd_prng prng;

        fixture_init(fixture, NULL);
        fixture->has_histories = true;
        tenants[0] = fixture->tenant;
        add_tenant(fixture, &tenants[1]);
        for (uint32_t i = 0; i < 2; i++) {
                fixture->tenant = tenants[i];
                make_gone(fixture);
                fixture_random_setup(fixture);
                make_people(fixture);
        }
        keep_state(fixture, &states[0]);
        acd_prng_init(&prng, 21);
        for (uint32_t i = 1; i < STATE_COUNT; i++) {
                for (uint32_t k = 0; k < STEPS_BETWEEN; k++) {
                        fixture->tenant = tenants[k % 2];
                        fixture_random_step(fixture, &prng);
                }
                if (i % 2 == 0)
                        fixture_run(fixture, fixture->now);
                keep_state(fixture, &states[i]);
        }
}

static void restore(const struct state *state)
{
        memcpy(state->acd, state->memory, state->size);
}

static const char *broken_of(const struct acd *acd)
{
        const char *broken = acd_verify(acd);

        return broken != NULL ? broken : acd_check_work(acd);
}

/* Try one way at the objects of a state, from the first or from the last on, until it
 * applies. False: it does not. */
static bool try_way(const struct state *state, uint32_t number, bool is_from_last)
{
        const struct acd_slab *slab;
        const char *condition;
        uint32_t top;

        restore(state);
        cr_assert(spoil(state->acd, number, 0, &slab, &condition));
        top = slab->top;
        for (uint32_t k = 1; k <= top; k++) {
                uint32_t i = is_from_last ? top + 1 - k : k;
                const char *broken;

                if (!acd_slab_is_live(slab, i) || !spoil(state->acd, number, i, &slab, &condition))
                        continue;
                broken = broken_of(state->acd);
                cr_expect(broken != NULL && has_words_of(broken, condition),
                          "way %u, object %u: \"%s\" instead of \"%s\"", number, i,
                          broken == NULL ? "nothing" : broken, condition);
                return true;
        }
        return false;
}

/*
 * Goal    Whatever is wrong with a state is found, and by the condition that is for it.
 * Method  Break it in every way of spoil.def, at the first and last object it applies to,
 *         in two states at least; each way must apply somewhere.
 */
Test(check, every_broken_invariant_is_found, .timeout = 120)
{
        static struct fixture fixture;
        static struct state states[STATE_COUNT];
        const struct acd_slab *slab;
        const char *condition;
        uint32_t number = 0;

        make_states(&fixture, states);
        for (; spoil(fixture.acd, number, 0, &slab, &condition); number++) {
                uint32_t tried_count = 0;

                for (uint32_t i = 0; i < STATE_COUNT && tried_count < 2; i++)
                        if (try_way(&states[i], number, false)) {
                                try_way(&states[i], number, true);
                                tried_count++;
                        }
                cr_expect_gt(tried_count, 0u, "way %u (%s) applies nowhere", number, condition);
        }
        for (uint32_t i = 0; i < STATE_COUNT; i++) {
                restore(&states[i]);
                cr_expect_null(broken_of(fixture.acd));
                free(states[i].memory);
        }
        fixture_fini(&fixture);
}

/* Conditions that follow from others, so that nothing can break them alone. */
static const char *const implied[] = {
        /* Each contact with an assignment is its contact, so no other can name it. */
        "contact->assignment == index",
        /* Trees hold what links to them, and those links have been counted. */
        "acd_slab_is_live(&acd->contacts, at)",
        "acd->contact[at].state == ACD_CONTACT_WAITING",
        /* Each agent has one at work and eight parked. */
        "acd->assignments.live <= acd_assignment_count_max(limits)",
        /* The core's own promise: the property test sees to it. */
        "!could_take(acd, agent, contact, settled)",
};

static bool is_spoilt(struct acd *acd, const char *text)
{
        const struct acd_slab *slab;
        const char *condition;

        for (uint32_t i = 0; i < sizeof(implied) / sizeof(implied[0]); i++)
                if (has_words_of(text, implied[i]))
                        return true;
        for (uint32_t number = 0; spoil(acd, number, 0, &slab, &condition); number++)
                if (has_words_of(text, condition))
                        return true;
        return false;
}

/* Every HOLDS() of a file is broken by one way at least. */
static uint32_t look_through(struct acd *acd, const char *name)
{
        static char text[TEXT_SIZE];
        char path[512];
        uint32_t count = 0;
        FILE *file;

        snprintf(path, sizeof(path), "%s/%s", CORE_FOLDER, name);
        file = fopen(path, "r");
        cr_assert_not_null(file, "%s", path);
        text[fread(text, 1, sizeof(text) - 1, file)] = 0;
        fclose(file);
        for (char *at = strstr(text, "HOLDS("); at != NULL; at = strstr(at, "HOLDS(")) {
                char *begin = at += strlen("HOLDS(");
                uint32_t depth = 1;
                char kept;

                for (; *at != 0 && depth > 0; at++)
                        depth += *at == '(' ? 1u : *at == ')' ? UINT32_MAX : 0;
                kept = at[-1];
                at[-1] = 0;
                cr_expect(is_spoilt(acd, begin), "%s: nothing breaks \"%s\"", name, begin);
                at[-1] = kept;
                count++;
        }
        return count;
}

/* A new invariant comes with a way to break it. */
Test(check, every_condition_is_broken)
{
        static const char *const names[] = { "check_references.c", "check_lists.c",
                                             "check_config.c",     "check_traffic.c",
                                             "check_order.c",      "check_rest.c",
                                             "check_work.c" };
        static struct fixture fixture;
        uint32_t count = 0;

        fixture_init(&fixture, NULL);
        for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                count += look_through(fixture.acd, names[i]);
        cr_expect_gt(count, 150u);
        fixture_fini(&fixture);
}
