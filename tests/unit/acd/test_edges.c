/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens once in a million, made to happen: hashes that collide, deadlines that
 * fall on a tick, memberships that lag behind the configuration, a restart with more to
 * say than one step may.
 */

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acd/parts.h"
#include "base/bytes.h"
#include "unit/acd/fixture.h"

/* Among so many 32-bit hashes two are equal, but for one chance in ten thousand. */
enum { CANDIDATE_COUNT = 300000, TICK_NS = 1 << CORE_TICK_BITS };

struct candidate {
        uint32_t hash;
        uint32_t number;
};

static int by_hash(const void *left, const void *right)
{
        const struct candidate *l = left, *r = right;

        return l->hash < r->hash ? -1 : l->hash > r->hash;
}

static uint32_t candidate_text(char text[16], uint32_t number)
{
        return (uint32_t)snprintf(text, 16, "n%06u", (unsigned)number);
}

typedef uint32_t hash_function(const struct acd *acd, const char *text, uint32_t size);

/* Two texts of one length, of which @left_hash and @right_hash are the same. The
 * functions are the core's own, told again; the caller asks the table whether that is
 * still so. */
static void find_colliding(const struct acd *acd, hash_function *left_hash,
                           hash_function *right_hash, char left[16], char right[16])
{
        struct candidate *all = calloc(CANDIDATE_COUNT, sizeof(*all));

        cr_assert_not_null(all);
        for (uint32_t i = 0; i < CANDIDATE_COUNT; i++) {
                char text[16];
                uint32_t size = candidate_text(text, i);

                all[i].number = i;
                all[i].hash = i % 2 == 0 ? left_hash(acd, text, size) : right_hash(acd, text, size);
        }
        qsort(all, CANDIDATE_COUNT, sizeof(*all), by_hash);
        for (uint32_t i = 1;; i++) {
                cr_assert_lt(i, (uint32_t)CANDIDATE_COUNT);
                if (all[i - 1].hash != all[i].hash || all[i - 1].number % 2 == all[i].number % 2)
                        continue;
                candidate_text(all[i].number % 2 == 0 ? right : left, all[i - 1].number);
                candidate_text(all[i].number % 2 == 0 ? left : right, all[i].number);
                break;
        }
        free(all);
}

static bool has_equal_hashes(const struct acd_itable *table)
{
        for (uint32_t i = 0; i <= table->mask; i++)
                for (uint32_t k = 0; k < i; k++)
                        if (table->slots[i].value != 0 && table->slots[k].value != 0 &&
                            table->slots[i].hash == table->slots[k].hash)
                                return true;
        return false;
}

static uint32_t hash_of_name(const struct acd *acd, uint32_t tenant, enum acd_object object,
                             const char *text, uint32_t size)
{
        uint8_t bytes[8 + 16];

        acd_put_u32(bytes, tenant);
        acd_put_u32(bytes + 4, (uint32_t)object);
        memcpy(bytes + 8, text, size);
        return (uint32_t)acd_siphash(&acd->secret, bytes, 8 + size);
}

static uint32_t hash_of_skill(const struct acd *acd, const char *text, uint32_t size)
{
        return hash_of_name(acd, 1, ACD_OBJECT_SKILL, text, size);
}

static uint32_t hash_of_queue(const struct acd *acd, const char *text, uint32_t size)
{
        return hash_of_name(acd, 1, ACD_OBJECT_QUEUE, text, size);
}

static uint32_t hash_of_other_skill(const struct acd *acd, const char *text, uint32_t size)
{
        return hash_of_name(acd, 2, ACD_OBJECT_SKILL, text, size);
}

static acd_tenant_id add_tenant(struct fixture *fixture)
{
        struct acd_command command = fixture_command(fixture, ACD_COMMAND_TENANT_UPSERT);

        command.tenant.value = 0;
        command.tenant_config.name[0] = 'u';
        cr_assert_eq(fixture_step(fixture, &command), ACD_OK);
        return (acd_tenant_id){ fixture->reply.id };
}

static uint64_t find(const struct fixture *fixture, enum acd_object object, acd_tenant_id tenant,
                     const char *name)
{
        return acd_find(fixture->acd, object, tenant,
                        (struct acd_text){ name, (uint32_t)strlen(name) });
}

/* A name is not found in another kind or with another tenant, whatever its hash. */
Test(edges, names_of_others_with_the_same_hash_are_others)
{
        static struct fixture fixture;
        char left[16], right[16];
        acd_tenant_id other;

        fixture_init(&fixture, NULL);
        other = add_tenant(&fixture);
        find_colliding(fixture.acd, hash_of_skill, hash_of_queue, left, right);
        fixture_skill(&fixture, left);
        cr_assert_eq(find(&fixture, ACD_OBJECT_QUEUE, fixture.tenant, right), 0u);
        find_colliding(fixture.acd, hash_of_skill, hash_of_other_skill, left, right);
        fixture_skill(&fixture, left);
        cr_assert_eq(find(&fixture, ACD_OBJECT_SKILL, other, right), 0u);
        fixture_fini(&fixture);
}

/* Two names whose hashes are equal are two names. */
Test(edges, names_with_the_same_hash_are_told_apart)
{
        static struct fixture fixture;
        char left[16], right[16];
        acd_skill_id skill, other;

        fixture_init(&fixture, NULL);
        find_colliding(fixture.acd, hash_of_skill, hash_of_skill, left, right);
        skill = fixture_skill(&fixture, left);
        cr_assert_eq(acd_find(fixture.acd, ACD_OBJECT_SKILL, fixture.tenant,
                              (struct acd_text){ right, (uint32_t)strlen(right) }),
                     0u);
        other = fixture_skill(&fixture, right);
        cr_assert(has_equal_hashes(&fixture.acd->name_table), "the hash is made another way now");
        cr_assert_neq(skill.value, other.value);
        cr_assert_eq(acd_find(fixture.acd, ACD_OBJECT_SKILL, fixture.tenant,
                              (struct acd_text){ left, (uint32_t)strlen(left) }),
                     skill.value);
        cr_assert_eq(acd_find(fixture.acd, ACD_OBJECT_SKILL, fixture.tenant,
                              (struct acd_text){ right, (uint32_t)strlen(right) }),
                     other.value);
        fixture_fini(&fixture);
}

static uint32_t hash_of_key(const struct acd *acd, const char *text, uint32_t size)
{
        uint64_t tenant = acd_id_of(acd, &acd->tenants, 1);

        return (uint32_t)((acd_siphash(&acd->secret, text, size) ^
                           tenant * UINT64_C(0x9e3779b97f4a7c15)) >>
                          32);
}

/* Two client keys whose hashes are equal are two contacts. */
Test(edges, client_keys_with_the_same_hash_are_told_apart)
{
        static struct fixture fixture;
        struct acd_queue_config config = fixture_queue_config("q");
        char left[16], right[16];
        struct acd_command command;

        fixture_init(&fixture, NULL);
        find_colliding(fixture.acd, hash_of_key, hash_of_key, left, right);
        fixture_agent(&fixture, "a", (acd_skill_id){ 0 });
        command = fixture_submit_command(&fixture, fixture_queue(&fixture, &config),
                                         fixture_channel(&fixture, "chat"), (acd_gateway_id){ 0 });
        command.submit.client_key = fixture_bytes(left);
        cr_assert_eq(fixture_step(&fixture, &command), ACD_OK);
        command.submit.client_key = fixture_bytes(right);
        cr_assert_eq(fixture_step(&fixture, &command), ACD_OK);
        cr_assert(has_equal_hashes(&fixture.acd->key_table), "the hash is made another way now");
        cr_assert_eq(fixture_step(&fixture, &command), ACD_DUPLICATE);
        fixture_fini(&fixture);
}

/* A deadline that is a tick's own moment is not a tick late. */
Test(edges, a_deadline_on_a_tick_is_kept)
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
        fixture_login(&fixture, agent);
        fixture_ready(&fixture, agent);
        deadline = (fixture.now + 20000000000 + TICK_NS) / TICK_NS * TICK_NS;
        fixture.now = deadline - 20000000000;
        contact = fixture_submit(&fixture, queue, fixture_channel(&fixture, "chat"),
                                 (acd_gateway_id){ 0 });
        cr_assert_eq(fixture_assignment(&fixture, contact).deadline, deadline);
        cr_assert_leq(acd_next_deadline(fixture.acd), deadline);
        fixture_run(&fixture, deadline - 1);
        cr_assert_eq(fixture_state(&fixture, contact), ACD_CONTACT_OFFERED);
        fixture_run(&fixture, deadline);
        cr_assert_eq(fixture_state(&fixture, contact), ACD_CONTACT_WAITING);
        fixture_fini(&fixture);
}

static void give_skill(struct fixture *fixture, const char *name, acd_skill_id skill)
{
        struct acd_command command = fixture_command(fixture, ACD_COMMAND_AGENT_UPSERT);

        snprintf(command.agent.name, sizeof(command.agent.name), "%s", name);
        command.agent.skill_count = skill.value != 0;
        command.agent.skill[0].skill = skill;
        command.agent.skill[0].level = 5;
        cr_assert_eq(fixture_step(fixture, &command), ACD_OK);
}

/*
 * Goal    A queue is dead when nobody could serve it, as the configuration says now,
 *         not as the memberships that are made from it on the agenda.
 */
Test(edges, a_queue_is_alive_before_its_memberships_are)
{
        static struct fixture fixture;
        struct acd_queue_config config = fixture_queue_config("q");
        acd_skill_id skill;
        struct acd_command command;

        fixture_init(&fixture, NULL);
        skill = fixture_skill(&fixture, "s");
        config.requirement.term_count = 1;
        config.requirement.term[0] = (struct acd_term){ .skill = skill, .level_min = 3 };
        fixture_agent(&fixture, "a", skill);
        command = fixture_submit_command(&fixture, fixture_queue(&fixture, &config),
                                         fixture_channel(&fixture, "chat"), (acd_gateway_id){ 0 });
        cr_assert_eq(fixture_step(&fixture, &command), ACD_OK);
        give_skill(&fixture, "a", (acd_skill_id){ 0 });
        fixture_work(&fixture);
        cr_assert_eq(fixture_step(&fixture, &command), ACD_DEAD_QUEUE);
        give_skill(&fixture, "a", skill);
        cr_assert_gt(acd_agenda_units(fixture.acd), 0u);
        cr_assert_eq(fixture_step(&fixture, &command), ACD_OK);
        fixture_work(&fixture);
        fixture_fini(&fixture);
}

/*
 * Goal    Whatever a restart has to say, it says one object a unit.
 * Method  Gateways and offers in plenty; START, then WORK by single units.
 */
Test(edges, a_restart_speaks_of_one_object_a_unit)
{
        static struct fixture fixture;
        struct acd_queue_config config = fixture_queue_config("q");
        struct acd_command command;
        acd_queue_id queue;
        uint32_t started_count = 0, lost_count = 0, returned_count = 0;

        fixture_init(&fixture, NULL);
        add_tenant(&fixture);
        queue = fixture_queue(&fixture, &config);
        for (uint32_t i = 0; i < 20; i++) {
                char name[] = { (char)('a' + i), 0 };
                acd_agent_id agent = fixture_agent(&fixture, name, (acd_skill_id){ 0 });

                if (i < 5)
                        fixture_gateway(&fixture, name);
                fixture_login(&fixture, agent);
                fixture_ready(&fixture, agent);
                fixture_submit(&fixture, queue, fixture_channel(&fixture, "chat"),
                               (acd_gateway_id){ 0 });
        }
        command = fixture_command(&fixture, ACD_COMMAND_START);
        command.start.epoch = 2;
        command.start.limits = fixture.limits;
        command.start.logic_version = ACD_LOGIC_VERSION;
        cr_assert_eq(fixture_step(&fixture, &command), ACD_OK);
        command = fixture_command(&fixture, ACD_COMMAND_WORK);
        command.work.unit_max = 1;
        while (acd_agenda_units(fixture.acd) > 0) {
                uint32_t started, lost, returned;

                cr_assert_eq(fixture_step(&fixture, &command), ACD_OK);
                started = fixture_event_count(&fixture, ACD_EVENT_RUN_STARTED);
                lost = fixture_event_count(&fixture, ACD_EVENT_GATEWAY_LOST);
                returned = fixture_event_count(&fixture, ACD_EVENT_OFFER_ENDED);
                cr_assert_leq(started + lost + returned, 1u);
                started_count += started;
                lost_count += lost;
                returned_count += returned;
        }
        cr_assert_eq(started_count, 2u);
        cr_assert_eq(lost_count, 5u);
        cr_assert_eq(returned_count, 20u);
        fixture_fini(&fixture);
}

/* What the last run left on the agenda waits until the restart has been told. */
Test(edges, a_restart_speaks_first)
{
        static struct fixture fixture;
        acd_skill_id skill;
        struct acd_command command;

        fixture_init(&fixture, NULL);
        skill = fixture_skill(&fixture, "s");
        fixture_agent(&fixture, "a", skill);
        give_skill(&fixture, "a", (acd_skill_id){ 0 });
        cr_assert_gt(acd_agenda_units(fixture.acd), 0u);
        command = fixture_command(&fixture, ACD_COMMAND_START);
        command.start.epoch = 2;
        command.start.limits = fixture.limits;
        command.start.logic_version = ACD_LOGIC_VERSION;
        cr_assert_eq(fixture_step(&fixture, &command), ACD_OK);
        command = fixture_command(&fixture, ACD_COMMAND_WORK);
        command.work.unit_max = 1;
        cr_assert_eq(fixture_step(&fixture, &command), ACD_OK);
        cr_assert_eq(fixture_event_count(&fixture, ACD_EVENT_RUN_STARTED), 1u);
        fixture_fini(&fixture);
}

static void lose(struct fixture *fixture, acd_gateway_id gateway)
{
        struct acd_command command = fixture_command(fixture, ACD_COMMAND_GATEWAY_LOST);

        command.gateway.gateway = gateway;
        cr_assert_eq(fixture_step(fixture, &command), ACD_OK);
}

static void let_time_pass(struct fixture *fixture, uint64_t ms)
{
        struct acd_command command = fixture_command(fixture, ACD_COMMAND_TIME);

        fixture->now += ms * 1000000;
        cr_assert_eq(fixture_step(fixture, &command), ACD_OK);
}

/*
 * Goal    An agent who meets more contacts of gone gateways than one step deals with, and
 *         then more again, still gets the one behind them.
 * Method  Two gateways go, the second while he is on the agenda because of the first.
 */
Test(edges, an_agent_gets_past_many_who_are_gone)
{
        static struct fixture fixture;
        struct acd_queue_config config = fixture_queue_config("q");
        acd_gateway_id gateways[2];
        acd_channel_id chat;
        acd_contact_id last;
        acd_agent_id agent;
        acd_queue_id queue;

        fixture_init(&fixture, NULL);
        agent = fixture_agent(&fixture, "a", (acd_skill_id){ 0 });
        queue = fixture_queue(&fixture, &config);
        chat = fixture_channel(&fixture, "chat");
        gateways[0] = fixture_gateway(&fixture, "g");
        gateways[1] = fixture_gateway(&fixture, "h");
        for (uint32_t i = 0; i < 60; i++)
                fixture_submit(&fixture, queue, chat, gateways[i / 30]);
        last = fixture_submit(&fixture, queue, chat, (acd_gateway_id){ 0 });
        fixture_work(&fixture);
        fixture_login(&fixture, agent);
        lose(&fixture, gateways[0]);
        let_time_pass(&fixture, 1000);
        lose(&fixture, gateways[1]);
        let_time_pass(&fixture, 9002);
        fixture_ready(&fixture, agent);
        cr_assert_eq(fixture_state(&fixture, last), ACD_CONTACT_WAITING);
        let_time_pass(&fixture, 1000);
        fixture_work(&fixture);
        cr_assert_eq(fixture_state(&fixture, last), ACD_CONTACT_OFFERED);
        fixture_fini(&fixture);
}

static enum acd_result take_out(struct fixture *fixture, enum acd_object object, uint64_t id)
{
        struct acd_command command = fixture_command(fixture, ACD_COMMAND_REMOVE);

        command.remove.object = object;
        command.remove.id = id;
        return fixture_step(fixture, &command);
}

static void remove_agent(struct fixture *fixture, acd_agent_id agent)
{
        cr_assert_eq(take_out(fixture, ACD_OBJECT_AGENT, agent.value), ACD_OK);
        fixture_work(fixture);
}

/* An agent with a skill, whose contact waits for a higher tier or, of gone gateways, in
 * his way; then he is removed with the job that this makes still on the agenda. */
Test(edges, a_removed_agent_leaves_no_jobs)
{
        static struct fixture fixture;
        struct acd_queue_config config = fixture_queue_config("q");
        acd_agent_id agent, other;
        acd_gateway_id gateway;
        acd_contact_id contact;
        struct acd_command command;

        fixture_init(&fixture, NULL);
        for (uint32_t tier = 1; tier < ACD_TIER_COUNT; tier++)
                config.tier_wait_ms[tier] = 3600000;
        command = fixture_command(&fixture, ACD_COMMAND_AGENT_UPSERT);
        command.agent.name[0] = 'b';
        command.agent.tier_count = 1;
        command.agent.tier[0].queue = fixture_queue(&fixture, &config);
        command.agent.tier[0].tier = 1;
        cr_assert_eq(fixture_step(&fixture, &command), ACD_OK);
        other.value = fixture.reply.id;
        fixture_login(&fixture, other);

        /* His memberships. */
        agent = fixture_agent(&fixture, "a", (acd_skill_id){ 0 });
        give_skill(&fixture, "a", fixture_skill(&fixture, "s"));
        remove_agent(&fixture, agent);

        /* The search that met too many of a gone gateway. */
        agent = fixture_agent(&fixture, "a", (acd_skill_id){ 0 });
        fixture_work(&fixture);
        gateway = fixture_gateway(&fixture, "g");
        for (uint32_t i = 0; i < 30; i++)
                fixture_submit(&fixture, command.agent.tier[0].queue,
                               fixture_channel(&fixture, "chat"), gateway);
        fixture_login(&fixture, agent);
        lose(&fixture, gateway);
        let_time_pass(&fixture, 10002);
        fixture_ready(&fixture, agent);
        cr_assert_eq(fixture_agent_do(&fixture, ACD_COMMAND_AGENT_LOGOUT, agent), ACD_OK);
        remove_agent(&fixture, agent);

        /* The tiers that opened when he logged out: somebody else is matched all the same. */
        agent = fixture_agent(&fixture, "a", (acd_skill_id){ 0 });
        fixture_work(&fixture);
        fixture_login(&fixture, agent);
        fixture_ready(&fixture, other);
        contact = fixture_submit(&fixture, command.agent.tier[0].queue,
                                 fixture_channel(&fixture, "chat"), (acd_gateway_id){ 0 });
        fixture_work(&fixture);
        cr_assert_eq(fixture_state(&fixture, contact), ACD_CONTACT_WAITING);
        cr_assert_eq(fixture_agent_do(&fixture, ACD_COMMAND_AGENT_LOGOUT, agent), ACD_OK);
        cr_assert_eq(fixture_state(&fixture, contact), ACD_CONTACT_WAITING);
        remove_agent(&fixture, agent);
        cr_assert_eq(fixture_state(&fixture, contact), ACD_CONTACT_OFFERED);
        fixture_fini(&fixture);
}

/* Who rejected a contact and is removed before the cool-down is over leaves no pair. */
Test(edges, a_removed_agent_leaves_no_pairs)
{
        static struct fixture fixture;
        struct acd_queue_config config = fixture_queue_config("q");
        acd_agent_id agent;
        acd_contact_id contact;

        fixture_init(&fixture, NULL);
        fixture_agent(&fixture, "b", (acd_skill_id){ 0 });
        agent = fixture_agent(&fixture, "a", (acd_skill_id){ 0 });
        fixture_login(&fixture, agent);
        fixture_ready(&fixture, agent);
        contact = fixture_submit(&fixture, fixture_queue(&fixture, &config),
                                 fixture_channel(&fixture, "chat"), (acd_gateway_id){ 0 });
        cr_assert_eq(fixture_assignment_do(&fixture, ACD_COMMAND_REJECT,
                                           fixture_assignment(&fixture, contact).assignment, agent),
                     ACD_OK);
        cr_assert_eq(acd_usage(fixture.acd).used.pair_count_max, 1u);
        cr_assert_eq(fixture_agent_do(&fixture, ACD_COMMAND_AGENT_LOGOUT, agent), ACD_OK);
        fixture_work(&fixture);
        remove_agent(&fixture, agent);
        cr_assert_eq(acd_usage(fixture.acd).used.pair_count_max, 0u);
        fixture_fini(&fixture);
}

static uint32_t offer_count(const struct fixture *fixture, acd_contact_id contact)
{
        struct acd_contact_view view;

        cr_assert(acd_view_contact(fixture->acd, contact, &view));
        return view.offer_count;
}

/* Goal    The count of a contact's offers stays at the greatest that it can be. */
Test(edges, offers_are_counted_up_to_a_bound)
{
        static struct fixture fixture;
        struct acd_queue_config config = fixture_queue_config("q");
        const char *const names[] = { "a", "b", "c" };
        acd_agent_id agent[3];
        acd_contact_id contact;

        fixture_init(&fixture, NULL);
        for (uint32_t i = 0; i < 3; i++) {
                agent[i] = fixture_agent(&fixture, names[i], (acd_skill_id){ 0 });
                fixture_login(&fixture, agent[i]);
        }
        contact = fixture_submit(&fixture, fixture_queue(&fixture, &config),
                                 fixture_channel(&fixture, "chat"), (acd_gateway_id){ 0 });
        fixture.acd->contact[acd_id_split(contact.value).slot].offer_count = UINT16_MAX - 1;
        for (uint32_t i = 0; i < 3; i++) {
                fixture_ready(&fixture, agent[i]);
                cr_assert_eq(fixture_state(&fixture, contact), ACD_CONTACT_OFFERED);
                cr_assert_eq(offer_count(&fixture, contact), UINT16_MAX);
                cr_assert_eq(fixture_assignment_do(&fixture, ACD_COMMAND_REJECT,
                                                   fixture_assignment(&fixture, contact).assignment,
                                                   agent[i]),
                             ACD_OK);
        }
        fixture_fini(&fixture);
}

/* Goal    An agent who could serve one class more than he may is refused, new or not. */
Test(edges, classes_of_an_agent_are_counted_before)
{
        static struct fixture fixture;
        struct acd_limits limits = fixture_limits();
        struct acd_command command;
        acd_skill_id none, other;

        limits.class_per_agent_max = 2;
        fixture_init(&fixture, &limits);
        none = fixture_skill(&fixture, "none");
        other = fixture_skill(&fixture, "other");
        for (uint32_t i = 0; i < 3; i++) {
                char name[] = { 'q', (char)('0' + i), 0 };
                struct acd_queue_config config = fixture_queue_config(name);

                config.requirement.term_count = i > 0;
                config.requirement.term[0].skill = i == 1 ? none : other;
                config.requirement.term[0].level_min = 1;
                fixture_agent(&fixture, name, i == 1 ? none : other);
                fixture_submit(&fixture, fixture_queue(&fixture, &config),
                               fixture_channel(&fixture, "chat"), (acd_gateway_id){ 0 });
        }
        command = fixture_command(&fixture, ACD_COMMAND_AGENT_UPSERT);
        command.agent.name[0] = 'a';
        command.agent.skill_count = 2;
        command.agent.skill[0].skill = none;
        command.agent.skill[1].skill = other;
        command.agent.skill[0].level = command.agent.skill[1].level = 1;
        cr_assert_eq(fixture_step(&fixture, &command), ACD_LIMIT);
        cr_assert_eq(fixture.reply.field, ACD_FIELD_CLASS_PER_AGENT);
        command.agent.skill_count = 1;
        cr_assert_eq(fixture_step(&fixture, &command), ACD_OK);
        fixture_work(&fixture);
        command.agent.skill_count = 2;
        cr_assert_eq(fixture_step(&fixture, &command), ACD_LIMIT);
        fixture_fini(&fixture);
}

static enum acd_result upsert_queue(struct fixture *fixture, const struct acd_queue_config *config)
{
        struct acd_command command = fixture_command(fixture, ACD_COMMAND_QUEUE_UPSERT);

        command.queue = *config;
        return fixture_step(fixture, &command);
}

/*
 * Goal    A change of a queue that makes work is refused while the agenda is full; one
 *         that makes none is not, and leaves the agenda alone.
 */
Test(edges, changes_of_queues_need_the_agenda_for_work_only)
{
        static struct fixture fixture;
        struct acd_limits limits = fixture_limits();
        struct acd_queue_config config = fixture_queue_config("q");
        acd_skill_id skill;
        uint64_t units;

        limits.job_count_max = 16;
        fixture_init(&fixture, &limits);
        skill = fixture_skill(&fixture, "s");
        fixture_queue(&fixture, &config);
        fixture_work(&fixture);
        config.offer_timeout_ms++;
        cr_assert_eq(upsert_queue(&fixture, &config), ACD_OK);
        cr_assert_eq(acd_agenda_units(fixture.acd), 0u);

        for (uint32_t i = 0; acd_agenda_units(fixture.acd) < 16; i++) {
                struct acd_command command = fixture_command(&fixture, ACD_COMMAND_AGENT_UPSERT);

                snprintf(command.agent.name, sizeof(command.agent.name), "a%u", (unsigned)i);
                cr_assert_eq(fixture_step(&fixture, &command), ACD_OK);
        }
        units = acd_agenda_units(fixture.acd);
        config.offer_timeout_ms++;
        cr_assert_eq(upsert_queue(&fixture, &config), ACD_OK);
        cr_assert_eq(acd_agenda_units(fixture.acd), units);
        config.tier_wait_ms[ACD_TIER_COUNT - 1]++;
        cr_assert_eq(upsert_queue(&fixture, &config), ACD_FULL);
        config.tier_wait_ms[ACD_TIER_COUNT - 1]--;
        config.requirement.term_count = 1;
        config.requirement.term[0] = (struct acd_term){ .skill = skill, .level_min = 3 };
        cr_assert_eq(upsert_queue(&fixture, &config), ACD_FULL);
        fixture_work(&fixture);
        cr_assert_eq(upsert_queue(&fixture, &config), ACD_OK);
        fixture_work(&fixture);
        fixture_fini(&fixture);
}

/* A requirement of as many terms as there may be is one class, however often. */
Test(edges, the_longest_requirement_is_one_class)
{
        static struct fixture fixture;
        struct acd_queue_config config = fixture_queue_config("q");
        struct acd_command agent, command;

        fixture_init(&fixture, NULL);
        agent = fixture_command(&fixture, ACD_COMMAND_AGENT_UPSERT);
        agent.agent.name[0] = 'a';
        command = fixture_submit_command(&fixture, fixture_queue(&fixture, &config),
                                         fixture_channel(&fixture, "chat"), (acd_gateway_id){ 0 });
        for (uint32_t i = 0; i < ACD_TERM_MAX; i++) {
                char name[] = { 's', (char)('0' + i), 0 };

                agent.agent.skill[i].skill = fixture_skill(&fixture, name);
                agent.agent.skill[i].level = 5;
                command.submit.extra.term[i].skill = agent.agent.skill[i].skill;
                command.submit.extra.term[i].level_min = 1;
        }
        agent.agent.skill_count = command.submit.extra.term_count = ACD_TERM_MAX;
        cr_assert_eq(fixture_step(&fixture, &agent), ACD_OK);
        fixture_work(&fixture);
        for (uint32_t i = 0; i < 3; i++)
                cr_assert_eq(fixture_step(&fixture, &command), ACD_OK);
        cr_assert_eq(acd_usage(fixture.acd).used.class_count_max, 1u);
        command.submit.extra.term[ACD_TERM_MAX - 1].level_min = 2;
        cr_assert_eq(fixture_step(&fixture, &command), ACD_OK);
        cr_assert_eq(acd_usage(fixture.acd).used.class_count_max, 2u);
        fixture_fini(&fixture);
}

/* What a waiting contact's class names stays; when the contact has gone, it may go, and
 * the class goes with it. */
Test(edges, what_a_class_names_is_in_use)
{
        static struct fixture fixture;
        struct acd_queue_config config = fixture_queue_config("q");
        struct acd_command command;
        acd_contact_id contact;
        acd_agent_id excluded;
        uint64_t channel;

        fixture_init(&fixture, NULL);
        command = fixture_command(&fixture, ACD_COMMAND_CHANNEL_UPSERT);
        snprintf(command.channel.name, sizeof(command.channel.name), "fax");
        command.channel.connecting_lease_ms = 1000;
        cr_assert_eq(fixture_step(&fixture, &command), ACD_OK);
        channel = fixture.reply.id;
        fixture_agent(&fixture, "a", (acd_skill_id){ 0 });
        excluded = fixture_agent(&fixture, "b", (acd_skill_id){ 0 });
        command = fixture_submit_command(&fixture, fixture_queue(&fixture, &config),
                                         (acd_channel_id){ channel }, (acd_gateway_id){ 0 });
        command.submit.excluded = excluded;
        cr_assert_eq(fixture_step(&fixture, &command), ACD_OK);
        contact.value = fixture.reply.id;
        fixture_work(&fixture);
        cr_assert_eq(take_out(&fixture, ACD_OBJECT_AGENT, excluded.value), ACD_IN_USE);
        cr_assert_eq(take_out(&fixture, ACD_OBJECT_CHANNEL, channel), ACD_IN_USE);
        cr_assert_eq(fixture_report(&fixture, contact, ACD_REPORT_ENDED), ACD_OK);
        cr_assert_eq(acd_usage(fixture.acd).used.class_count_max, 1u);
        cr_assert_eq(take_out(&fixture, ACD_OBJECT_CHANNEL, channel), ACD_OK);
        cr_assert_eq(acd_usage(fixture.acd).used.class_count_max, 0u);
        cr_assert_eq(take_out(&fixture, ACD_OBJECT_AGENT, excluded.value), ACD_OK);
        fixture_fini(&fixture);
}

/* A text in a fixed array has zeros behind it, whatever was behind it where it came from. */
Test(edges, texts_end_with_zeros)
{
        char text[8];

        memset(text, 'x', sizeof(text));
        acd_text_set(text, sizeof(text), "ab\0cd");
        cr_assert_eq(memcmp(text, "ab\0\0\0\0\0", sizeof(text)), 0);
        acd_text_set(text, sizeof(text), "abcdefghij");
        cr_assert_eq(memcmp(text, "abcdefg", sizeof(text)), 0);
}

/* Whatever has a name can be asked for it. */
Test(edges, names_of_all_kinds)
{
        static struct fixture fixture;
        acd_gateway_id gateway;

        fixture_init(&fixture, NULL);
        gateway = fixture_gateway(&fixture, "sip");
        cr_assert_eq(acd_name(fixture.acd, ACD_OBJECT_GATEWAY, gateway.value).size, 3u);
        cr_assert_eq(acd_name(fixture.acd, ACD_OBJECT_TENANT, fixture.tenant.value).size, 1u);
        cr_assert_eq(acd_name(fixture.acd, ACD_OBJECT_CONTACT, gateway.value).size, 0u);
        fixture_fini(&fixture);
}

/* Hashes are keyed with what the first START brought, not with nothing. */
Test(edges, the_first_start_brings_the_secret)
{
        static const struct acd_siphash_key none;
        static struct fixture fixture;

        fixture_init(&fixture, NULL);
        cr_assert_neq(memcmp(&fixture.acd->secret, &none, sizeof(none)), 0);
        fixture_fini(&fixture);
}

/* The longest name is kept to its last letter, and so is a channel of one's own. */
Test(edges, the_longest_name_and_a_channel_come_back)
{
        static struct fixture fixture;
        struct acd_command command, back;

        fixture_init(&fixture, NULL);
        command = fixture_command(&fixture, ACD_COMMAND_AGENT_UPSERT);
        memset(command.agent.name, 'n', ACD_NAME_MAX);
        command.agent.channel_count = 1;
        command.agent.channel[0] = (struct acd_channel_slots){
                .channel = fixture_channel(&fixture, "chat"), .slots = 1, .weight = 100
        };
        cr_assert_eq(fixture_step(&fixture, &command), ACD_OK);
        cr_assert(acd_config(fixture.acd, ACD_OBJECT_AGENT, fixture.reply.id, &back));
        cr_assert_str_eq(back.agent.name, command.agent.name);
        cr_assert_eq(back.agent.channel_count, 1);
        cr_assert_eq(back.agent.channel[0].channel.value, command.agent.channel[0].channel.value);
        cr_assert_eq(fixture_step(&fixture, &back), ACD_DUPLICATE);
        fixture_fini(&fixture);
}
