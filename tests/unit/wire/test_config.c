/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration there and back: an APPLY becomes an upsert, and the upsert told
 * again is that APPLY with its defaults filled in.
 */

#include <criterion/criterion.h>
#include <string.h>

#include "tests/unit/wire/fake_core.h"
#include "tests/unit/wire/message_random.h"
#include "wire/resolve.h"

static struct acd *core;
static struct wire_peer peer;
static struct acd_command command;
static struct wire_refusal refusal;

static uint8_t made_memory[1 << 20];
static struct acd_arena made;

static void setup(void)
{
        core = fake_core_reset();
        peer = (struct wire_peer){ .role = WIRE_ROLE_OPERATOR, .tenant = { FAKE_TENANT } };
        acd_arena_init(&made, made_memory, sizeof(made_memory));
}

static enum acd_result resolve(const struct wire_message *message)
{
        return wire_resolve(core, &peer, message, &command, &refusal);
}

/*
 * The oracle: docs/PROTOCOL.md's defaults, written into the message.
 */

static void fill_terms(const struct wire_term *terms, uint32_t count)
{
        for (uint32_t i = 0; i < count; i++) {
                struct wire_term *term = (struct wire_term *)(uintptr_t)&terms[i];

                if (term->level_min == 0)
                        term->level_min = 1;
        }
}

static void fill_channels(const struct wire_channel_slots *channels, uint32_t count)
{
        for (uint32_t i = 0; i < count; i++) {
                struct wire_channel_slots *slots =
                        (struct wire_channel_slots *)(uintptr_t)&channels[i];

                if (!slots->has_slots)
                        slots->slots = 1;
                if (!slots->has_weight)
                        slots->weight = 100;
                slots->has_slots = slots->has_weight = true;
        }
}

#define fill(message, field, value) \
        do { \
                if (!(message)->has_##field) \
                        (message)->field = (value); \
                (message)->has_##field = true; \
        } while (0)

static void fill_tier_waits(struct wire_queue_config *queue, uint32_t waits[7])
{
        for (uint32_t i = 0; i < 7; i++) {
                if (i < queue->tier_wait_ms_count)
                        waits[i] = queue->tier_wait_ms[i];
                else
                        waits[i] = i == 0 ? 0 : waits[i - 1];
        }
        queue->tier_wait_ms = waits;
        queue->tier_wait_ms_count = 7;
}

static void fill_in(struct wire_apply *apply, uint32_t waits[7])
{
        switch (apply->change) {
        case WIRE_CHANGE_TENANT:
                fill(&apply->tenant, agent_grace_ms, 30000);
                fill(&apply->tenant, gateway_grace_ms, 10000);
                fill(&apply->tenant, key_retention_ms, 86400000);
                break;
        case WIRE_CHANGE_CHANNEL:
                fill(&apply->channel, connecting_lease_ms, 30000);
                break;
        case WIRE_CHANGE_QUEUE:
                fill(&apply->queue, band, 8);
                fill(&apply->queue, offer_timeout_ms, 20000);
                fill(&apply->queue, cool_down_ms, 10000);
                fill_tier_waits(&apply->queue, waits);
                fill_terms(apply->queue.requirement, apply->queue.requirement_count);
                break;
        case WIRE_CHANGE_TEAM:
                if (apply->team.time_zone.size == 0)
                        apply->team.time_zone = wire_text("UTC");
                break;
        case WIRE_CHANGE_PROFILE:
                fill_channels(apply->profile.channels, apply->profile.channels_count);
                break;
        case WIRE_CHANGE_AGENT:
                fill_channels(apply->agent.channels, apply->agent.channels_count);
                break;
        case WIRE_CHANGE_SKILL:
        case WIRE_CHANGE_REMOVE:
        case WIRE_CHANGE_NONE:
                break;
        }
}

/* A handle made by chance names nothing, and configuration is told by names. */
static void take_handles_away(struct wire_queue_config *queue)
{
        for (uint32_t i = 0; i < queue->requirement_count; i++)
                ((struct wire_term *)(uintptr_t)&queue->requirement[i])->skill_id = 0;
}

/* Goal    config_of() is the inverse of resolve(), defaults filled in.
 * Method  Random changes; the oracle above fills in. Those with an empty name somewhere are
 *         refused, and for no other reason. */
Test(config, there_and_back, .init = setup)
{
        struct acd_prng prng;
        int done_count = 0;

        acd_prng_init(&prng, 9);
        for (int round = 0; round < 4000; round++) {
                struct wire_message message;
                struct wire_message back = { .kind = WIRE_APPLY };
                uint32_t waits[7];

                core = fake_core_reset();
                acd_arena_reset(&made);
                message_random(&prng, &made, WIRE_APPLY, &message);
                back.correlation = message.correlation;
                back.session = message.session;
                if (message.apply.change == WIRE_CHANGE_QUEUE)
                        take_handles_away(&message.apply.queue);
                if (resolve(&message) != ACD_OK) {
                        cr_assert(refusal.code == ACD_MISSING || refusal.code == ACD_INVALID);
                        continue;
                }
                if (message.apply.change == WIRE_CHANGE_REMOVE)
                        continue;
                fill_in(&message.apply, waits);
                cr_assert(wire_config_of(core, &command, &made, &back.apply), "change %d",
                          message.apply.change);
                cr_assert(message_is_equal(&message, &back), "round %d, change %d", round,
                          message.apply.change);
                done_count++;
        }
        cr_assert_gt(done_count, 500, "enough were not refused: %d", done_count);
}

/* Goal    An object with a reference to nothing, or one that does not fit the arena, is not told.
 * Method  Every arena that is too small; then every reference of a full agent broken in turn. */
Test(config, what_cannot_be_told, .init = setup)
{
        struct acd_command agent = {
                .kind = ACD_COMMAND_AGENT_UPSERT,
                .agent = { .name = "alice",
                           .team = { fake_id(ACD_OBJECT_TEAM, FAKE_TENANT, "t") },
                           .profile = { fake_id(ACD_OBJECT_PROFILE, FAKE_TENANT, "p") },
                           .channel_count = 1,
                           .channel = { { .channel = { fake_id(ACD_OBJECT_CHANNEL, FAKE_TENANT,
                                                               "c") } } },
                           .skill_count = 1,
                           .skill = { { .skill = { fake_id(ACD_OBJECT_SKILL, FAKE_TENANT,
                                                           "s") } } },
                           .tier_count = 1,
                           .tier = { { .queue = { fake_id(ACD_OBJECT_QUEUE, FAKE_TENANT,
                                                          "q") } } } },
        };
        uint64_t *references[] = { &agent.agent.team.value, &agent.agent.profile.value,
                                   &agent.agent.channel[0].channel.value,
                                   &agent.agent.skill[0].skill.value,
                                   &agent.agent.tier[0].queue.value };
        struct wire_apply apply;
        size_t need_size;

        cr_assert(wire_config_of(core, &agent, &made, &apply));
        need_size = made.used_size;
        for (size_t size = 0; size < need_size; size++) {
                struct acd_arena small;

                acd_arena_init(&small, made_memory, size);
                cr_assert_not(wire_config_of(core, &agent, &small, &apply), "size %zu", size);
        }
        for (size_t i = 0; i < sizeof(references) / sizeof(references[0]); i++) {
                uint64_t good = *references[i];

                *references[i] = 999999;
                cr_assert_not(wire_config_of(core, &agent, &made, &apply), "reference %zu", i);
                *references[i] = good;
        }
        agent.kind = ACD_COMMAND_REMOVE;
        cr_assert_not(wire_config_of(core, &agent, &made, &apply), "a removal is no object");
        agent.kind = ACD_COMMAND_SUBMIT;
        cr_assert_not(wire_config_of(core, &agent, &made, &apply));
}

/* Goal    Each upsert is the command of its kind, in its tenant; tenants in none. */
Test(config, kinds_of_commands, .init = setup)
{
        static const enum acd_command_kind kinds[] = {
                [WIRE_CHANGE_TENANT] = ACD_COMMAND_TENANT_UPSERT,
                [WIRE_CHANGE_SKILL] = ACD_COMMAND_SKILL_UPSERT,
                [WIRE_CHANGE_CHANNEL] = ACD_COMMAND_CHANNEL_UPSERT,
                [WIRE_CHANGE_QUEUE] = ACD_COMMAND_QUEUE_UPSERT,
                [WIRE_CHANGE_TEAM] = ACD_COMMAND_TEAM_UPSERT,
                [WIRE_CHANGE_PROFILE] = ACD_COMMAND_PROFILE_UPSERT,
                [WIRE_CHANGE_AGENT] = ACD_COMMAND_AGENT_UPSERT,
        };

        for (int change = WIRE_CHANGE_TENANT; change <= WIRE_CHANGE_AGENT; change++) {
                struct wire_message message = { .kind = WIRE_APPLY };

                message.apply.change = (enum wire_change)change;
                cr_assert_eq(resolve(&message), ACD_MISSING);
                cr_assert_str_eq(refusal.field, "name");
                /* The name is the first field of all of them. */
                message.apply.skill.name = wire_text("x");
                cr_assert_eq(resolve(&message), ACD_OK, "%d %s", change, refusal.field);
                cr_assert_eq(command.kind, kinds[change]);
                cr_assert_eq(command.tenant.value, change == WIRE_CHANGE_TENANT ? 0 : FAKE_TENANT);

                peer.tenant.value = 0;
                cr_assert_eq(resolve(&message),
                             change == WIRE_CHANGE_TENANT ? ACD_OK : ACD_MISSING);
                peer.tenant.value = FAKE_TENANT;
        }
}

static void ghost_is_refused(const struct wire_message *message, const char *field)
{
        cr_assert_eq(resolve(message), ACD_UNKNOWN, "%s", field);
        cr_assert_str_eq(refusal.field, field);
}

/* Goal    Every reference of a configuration that names nothing is refused, and named. */
Test(config, references_are_checked, .init = setup)
{
        struct acd_text x = wire_text("x");
        struct acd_text ghost = wire_text("ghost");
        struct wire_term term = { .skill = ghost };
        struct wire_skill_level skill = { .skill = ghost };
        struct wire_channel_slots channel = { .channel = ghost };
        struct wire_queue_tier tier = { .queue = ghost };
        struct wire_message message = { .kind = WIRE_APPLY };
        struct wire_apply *apply = &message.apply;

        *apply = (struct wire_apply){ .change = WIRE_CHANGE_QUEUE, .queue = { .name = x } };
        apply->queue.requirement = &term;
        apply->queue.requirement_count = 1;
        ghost_is_refused(&message, "requirement.skill");
        *apply = (struct wire_apply){ .change = WIRE_CHANGE_TEAM, .team = { .name = x } };
        apply->team.profile = ghost;
        ghost_is_refused(&message, "profile");
        apply->team.profile = x;
        apply->team.supervisors = &ghost;
        apply->team.supervisors_count = 1;
        ghost_is_refused(&message, "supervisors");
        *apply = (struct wire_apply){ .change = WIRE_CHANGE_PROFILE, .profile = { .name = x } };
        apply->profile.channels = &channel;
        apply->profile.channels_count = 1;
        ghost_is_refused(&message, "channels.channel");
        *apply = (struct wire_apply){ .change = WIRE_CHANGE_AGENT, .agent = { .name = x } };
        apply->agent.team = ghost;
        ghost_is_refused(&message, "team");
        apply->agent.team = x;
        apply->agent.profile = ghost;
        ghost_is_refused(&message, "profile");
        apply->agent.profile = x;
        apply->agent.skills = &skill;
        apply->agent.skills_count = 1;
        ghost_is_refused(&message, "skills.skill");
        apply->agent.skills_count = 0;
        apply->agent.tiers = &tier;
        apply->agent.tiers_count = 1;
        ghost_is_refused(&message, "tiers.queue");
        apply->agent.tiers_count = 0;
        cr_assert_eq(resolve(&message), ACD_OK);
}

/* Goal    A removal names something of a kind that is configured; what is not there is removed. */
Test(config, removals, .init = setup)
{
        struct wire_message message = { .kind = WIRE_APPLY,
                                        .apply = { .change = WIRE_CHANGE_REMOVE } };
        struct {
                enum acd_object object;
                const char *name;
                enum acd_result code;
                const char *field;
        } cases[] = {
                { ACD_OBJECT_QUEUE, "sales", ACD_OK, "" },
                { ACD_OBJECT_TENANT, "acme", ACD_OK, "" },
                { ACD_OBJECT_AGENT, "ghost", ACD_UNKNOWN, "name" },
                { ACD_OBJECT_QUEUE, "", ACD_MISSING, "name" },
                { ACD_OBJECT_NONE, "sales", ACD_MISSING, "object" },
                { ACD_OBJECT_GATEWAY, "sip", ACD_INVALID, "object" },
                { ACD_OBJECT_CONTACT, "c", ACD_INVALID, "object" },
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                message.apply.remove =
                        (struct wire_remove){ cases[i].object, wire_text(cases[i].name) };
                cr_assert_eq(resolve(&message), cases[i].code, "case %zu", i);
                if (cases[i].code != ACD_OK) {
                        cr_assert_str_eq(refusal.field, cases[i].field, "case %zu", i);
                        cr_assert_eq(wire_is_removed(&message, &refusal),
                                     cases[i].code == ACD_UNKNOWN, "case %zu", i);
                        continue;
                }
                cr_assert_eq(command.kind, ACD_COMMAND_REMOVE);
                cr_assert_eq(command.remove.object, cases[i].object);
                cr_assert_eq(command.remove.id,
                             fake_id(cases[i].object,
                                     cases[i].object == ACD_OBJECT_TENANT ? 0 : FAKE_TENANT,
                                     cases[i].name));
        }
        message.apply.change = WIRE_CHANGE_NONE;
        cr_assert_eq(resolve(&message), ACD_MISSING);
        cr_assert_str_eq(refusal.field, "change");
}

static bool has_changed(const struct wire_applied *applied, const char *name)
{
        for (uint32_t i = 0; i < applied->changed_count; i++)
                if (applied->changed[i].size == strlen(name) &&
                    memcmp(applied->changed[i].at, name, applied->changed[i].size) == 0)
                        return true;
        return false;
}

/* Goal    What changed is told by the names of the protocol, in the order of the core's bits. */
Test(config, changes_are_told, .init = setup)
{
        struct acd_command queue = { .kind = ACD_COMMAND_QUEUE_UPSERT };
        struct acd_command remove = { .kind = ACD_COMMAND_REMOVE,
                                      .remove = { .object = ACD_OBJECT_SKILL } };
        struct acd_reply reply = { .result = ACD_OK, .id = 5, .changed = 1u << 2 | 1u << 10 };
        struct wire_applied applied = wire_applied_of(&reply, &queue, 9, &made);

        cr_assert_eq(applied.result.id, 5);
        cr_assert_eq(applied.object, ACD_OBJECT_QUEUE);
        cr_assert_not(applied.created);
        cr_assert_eq(applied.changed_count, 2);
        cr_assert(has_changed(&applied, "band"));
        cr_assert(has_changed(&applied, "length_max"));

        reply.changed = 1u << 31;
        applied = wire_applied_of(&reply, &queue, 9, &made);
        cr_assert(applied.created);
        cr_assert_eq(applied.changed_count, 0);

        applied = wire_applied_of(&reply, &remove, 9, &made);
        cr_assert(applied.removed);
        cr_assert_not(applied.created);
        cr_assert_eq(applied.object, ACD_OBJECT_SKILL);

        reply = (struct acd_reply){ .result = ACD_DUPLICATE };
        applied = wire_applied_of(&reply, &queue, 9, &made);
        cr_assert_not(applied.created);
        cr_assert_eq(applied.changed_count, 0);
}
