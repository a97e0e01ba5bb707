/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration told to people: what an APPLY changed, and an object as the
 * APPLY that would make it. The second is the inverse of resolve_config.c: its
 * result, resolved again, is the same command (a test holds them together).
 *
 * The core says what changed as bits in the order of its structs; the tables
 * here give each bit the name that the field has in the protocol.
 */

#include "wire/resolve.h"

#include <stdalign.h>
#include <string.h>

#include "base/assert.h"

enum { CHANGED_NEW_BIT = 31, CHANGED_FIELD_MAX = 12 };

/* Names by bit, per change; the order of the fields in acd/command.h. */
static const char *const changed_names[][CHANGED_FIELD_MAX] = {
        [WIRE_CHANGE_TENANT] = { "name", "agent_grace_ms", "gateway_grace_ms", "key_retention_ms" },
        [WIRE_CHANGE_SKILL] = { "name" },
        [WIRE_CHANGE_CHANNEL] = { "name", "media", "live", "connecting_lease_ms" },
        [WIRE_CHANGE_QUEUE] = { "name", "requirement", "band", "auto_accept", "missed_max",
                                "on_agent_lost", "offer_timeout_ms", "wrap_up_ms", "cool_down_ms",
                                "tier_wait_ms", "length_max" },
        [WIRE_CHANGE_TEAM] = { "name", "time_zone", "profile", "supervisors" },
        [WIRE_CHANGE_PROFILE] = { "name", "channels", "skills" },
        [WIRE_CHANGE_AGENT] = { "name", "team", "profile", "channels", "skills", "tiers" },
        [WIRE_CHANGE_REMOVE] = { NULL },
};

/* Which change a command is, and of what. */
static enum wire_change change_of(const struct acd_command *command, enum acd_object *ret_object)
{
        switch ((int)command->kind) {
        case ACD_COMMAND_TENANT_UPSERT:
                *ret_object = ACD_OBJECT_TENANT;
                return WIRE_CHANGE_TENANT;
        case ACD_COMMAND_SKILL_UPSERT:
                *ret_object = ACD_OBJECT_SKILL;
                return WIRE_CHANGE_SKILL;
        case ACD_COMMAND_CHANNEL_UPSERT:
                *ret_object = ACD_OBJECT_CHANNEL;
                return WIRE_CHANGE_CHANNEL;
        case ACD_COMMAND_QUEUE_UPSERT:
                *ret_object = ACD_OBJECT_QUEUE;
                return WIRE_CHANGE_QUEUE;
        case ACD_COMMAND_TEAM_UPSERT:
                *ret_object = ACD_OBJECT_TEAM;
                return WIRE_CHANGE_TEAM;
        case ACD_COMMAND_PROFILE_UPSERT:
                *ret_object = ACD_OBJECT_PROFILE;
                return WIRE_CHANGE_PROFILE;
        case ACD_COMMAND_AGENT_UPSERT:
                *ret_object = ACD_OBJECT_AGENT;
                return WIRE_CHANGE_AGENT;
        case ACD_COMMAND_REMOVE:
                *ret_object = command->remove.object;
                return WIRE_CHANGE_REMOVE;
        default:
                *ret_object = ACD_OBJECT_NONE;
                return WIRE_CHANGE_NONE;
        }
}

struct wire_applied wire_applied_of(const struct acd_reply *reply,
                                    const struct acd_command *command, acd_time now,
                                    struct acd_arena *arena)
{
        struct wire_applied applied = { .result = wire_result_of(reply, now) };
        enum wire_change change = change_of(command, &applied.object);
        struct acd_text *changed;

        ACD_ASSERT(change != WIRE_CHANGE_NONE);

        if (reply->result != ACD_OK)
                return applied;
        applied.removed = change == WIRE_CHANGE_REMOVE;
        applied.created = !applied.removed && (reply->changed >> CHANGED_NEW_BIT & 1u) != 0;

        changed = acd_arena_alloc_array(arena, CHANGED_FIELD_MAX, sizeof(*changed),
                                        alignof(struct acd_text));
        if (changed == NULL || applied.removed)
                return applied;
        for (uint32_t bit = 0; bit < CHANGED_FIELD_MAX; bit++)
                if ((reply->changed >> bit & 1u) != 0 && changed_names[change][bit] != NULL)
                        changed[applied.changed_count++] = wire_text(changed_names[change][bit]);
        applied.changed = changed;
        return applied;
}

/* One object that is being told. */
struct telling {
        const struct acd *acd;
        struct acd_arena *arena;
};

/* The name of @id, copied: names in the core hold only until the next step, what is told here
 * until the arena is reset. False: there is no such object. */
static bool tell_name(struct telling *at, enum acd_object object, uint64_t id,
                      struct acd_text *ret_name)
{
        struct acd_text name;
        char *copy;

        *ret_name = (struct acd_text){ 0 };
        if (id == 0)
                return true;
        name = acd_name(at->acd, object, id);
        if (name.size == 0)
                return false;
        copy = acd_arena_alloc(at->arena, name.size, 1);
        if (copy == NULL)
                return false;
        memcpy(copy, name.at, name.size);
        *ret_name = (struct acd_text){ copy, name.size };
        return true;
}

/* A string of the command, copied: the command is the caller's. */
static bool tell_text(struct telling *at, const char *string, struct acd_text *ret_text)
{
        size_t size = strlen(string);
        char *copy = acd_arena_alloc(at->arena, size, 1);

        if (copy == NULL)
                return false;
        memcpy(copy, string, size);
        *ret_text = (struct acd_text){ copy, (uint32_t)size };
        return true;
}

#define tell_array(at, count, type) \
        ((type *)acd_arena_alloc_array((at)->arena, (count), sizeof(type), alignof(type)))

static bool tell_requirement(struct telling *at, const struct acd_requirement *from,
                             uint32_t *ret_count, const struct wire_term **ret_terms)
{
        struct wire_term *terms = tell_array(at, from->term_count, struct wire_term);

        if (terms == NULL)
                return false;
        for (uint32_t i = 0; i < from->term_count; i++) {
                terms[i] = (struct wire_term){
                        .level_min = from->term[i].level_min,
                        .group = from->term[i].group,
                };
                if (!tell_name(at, ACD_OBJECT_SKILL, from->term[i].skill.value, &terms[i].skill))
                        return false;
        }
        *ret_count = from->term_count;
        *ret_terms = terms;
        return true;
}

static bool tell_channels(struct telling *at, const struct acd_channel_slots *from, uint32_t count,
                          const struct wire_channel_slots **ret_channels)
{
        struct wire_channel_slots *channels = tell_array(at, count, struct wire_channel_slots);

        if (channels == NULL)
                return false;
        for (uint32_t i = 0; i < count; i++) {
                channels[i] = (struct wire_channel_slots){
                        .has_slots = true,
                        .slots = from[i].slots,
                        .has_weight = true,
                        .weight = from[i].weight,
                };
                if (!tell_name(at, ACD_OBJECT_CHANNEL, from[i].channel.value, &channels[i].channel))
                        return false;
        }
        *ret_channels = channels;
        return true;
}

static bool tell_skills(struct telling *at, const struct acd_skill_level *from, uint32_t count,
                        const struct wire_skill_level **ret_skills)
{
        struct wire_skill_level *skills = tell_array(at, count, struct wire_skill_level);

        if (skills == NULL)
                return false;
        for (uint32_t i = 0; i < count; i++) {
                skills[i] = (struct wire_skill_level){ .level = from[i].level };
                if (!tell_name(at, ACD_OBJECT_SKILL, from[i].skill.value, &skills[i].skill))
                        return false;
        }
        *ret_skills = skills;
        return true;
}

static bool tell_tenant(struct telling *at, const struct acd_tenant_config *from,
                        struct wire_tenant_config *to)
{
        *to = (struct wire_tenant_config){
                .has_agent_grace_ms = true,
                .agent_grace_ms = from->agent_grace_ms,
                .has_gateway_grace_ms = true,
                .gateway_grace_ms = from->gateway_grace_ms,
                .has_key_retention_ms = true,
                .key_retention_ms = from->key_retention_ms,
        };
        return tell_text(at, from->name, &to->name);
}

static bool tell_channel(struct telling *at, const struct acd_channel_config *from,
                         struct wire_channel_config *to)
{
        *to = (struct wire_channel_config){
                .media = from->is_media,
                .live = from->is_live,
                .has_connecting_lease_ms = true,
                .connecting_lease_ms = from->connecting_lease_ms,
        };
        return tell_text(at, from->name, &to->name);
}

static bool tell_queue(struct telling *at, const struct acd_queue_config *from,
                       struct wire_queue_config *to)
{
        uint32_t *waits = tell_array(at, ACD_TIER_COUNT - 1, uint32_t);

        if (waits == NULL)
                return false;
        memcpy(waits, from->tier_wait_ms + 1, (ACD_TIER_COUNT - 1) * sizeof(*waits));
        *to = (struct wire_queue_config){
                .has_band = true,
                .band = from->band,
                .auto_accept = from->auto_accept,
                .missed_max = from->missed_max,
                .on_agent_lost = from->on_agent_lost,
                .has_offer_timeout_ms = true,
                .offer_timeout_ms = from->offer_timeout_ms,
                .wrap_up_ms = from->wrap_up_ms,
                .has_cool_down_ms = true,
                .cool_down_ms = from->cool_down_ms,
                .tier_wait_ms = waits,
                .tier_wait_ms_count = ACD_TIER_COUNT - 1,
                .length_max = from->length_max,
        };
        return tell_text(at, from->name, &to->name) &&
               tell_requirement(at, &from->requirement, &to->requirement_count, &to->requirement);
}

static bool tell_team(struct telling *at, const struct acd_team_config *from,
                      struct wire_team_config *to)
{
        struct acd_text *supervisors = tell_array(at, from->supervisor_count, struct acd_text);

        if (supervisors == NULL)
                return false;
        for (uint32_t i = 0; i < from->supervisor_count; i++)
                if (!tell_name(at, ACD_OBJECT_AGENT, from->supervisor[i].value, &supervisors[i]))
                        return false;
        *to = (struct wire_team_config){
                .supervisors = supervisors,
                .supervisors_count = from->supervisor_count,
        };
        return tell_text(at, from->name, &to->name) &&
               tell_text(at, from->time_zone, &to->time_zone) &&
               tell_name(at, ACD_OBJECT_PROFILE, from->profile.value, &to->profile);
}

static bool tell_profile(struct telling *at, const struct acd_profile_config *from,
                         struct wire_profile_config *to)
{
        *to = (struct wire_profile_config){
                .channels_count = from->channel_count,
                .skills_count = from->skill_count,
        };
        return tell_text(at, from->name, &to->name) &&
               tell_channels(at, from->channel, from->channel_count, &to->channels) &&
               tell_skills(at, from->skill, from->skill_count, &to->skills);
}

static bool tell_agent(struct telling *at, const struct acd_agent_config *from,
                       struct wire_agent_config *to)
{
        struct wire_queue_tier *tiers = tell_array(at, from->tier_count, struct wire_queue_tier);

        if (tiers == NULL)
                return false;
        for (uint32_t i = 0; i < from->tier_count; i++) {
                tiers[i] = (struct wire_queue_tier){ .tier = from->tier[i].tier };
                if (!tell_name(at, ACD_OBJECT_QUEUE, from->tier[i].queue.value, &tiers[i].queue))
                        return false;
        }
        *to = (struct wire_agent_config){
                .channels_count = from->channel_count,
                .skills_count = from->skill_count,
                .tiers = tiers,
                .tiers_count = from->tier_count,
        };
        return tell_text(at, from->name, &to->name) &&
               tell_name(at, ACD_OBJECT_TEAM, from->team.value, &to->team) &&
               tell_name(at, ACD_OBJECT_PROFILE, from->profile.value, &to->profile) &&
               tell_channels(at, from->channel, from->channel_count, &to->channels) &&
               tell_skills(at, from->skill, from->skill_count, &to->skills);
}

bool wire_config_of(const struct acd *acd, const struct acd_command *command,
                    struct acd_arena *arena, struct wire_apply *ret_apply)
{
        struct telling at = { acd, arena };
        enum acd_object object;

        ret_apply->change = change_of(command, &object);
        switch (ret_apply->change) {
        case WIRE_CHANGE_TENANT:
                return tell_tenant(&at, &command->tenant_config, &ret_apply->tenant);
        case WIRE_CHANGE_SKILL:
                return tell_text(&at, command->skill.name, &ret_apply->skill.name);
        case WIRE_CHANGE_CHANNEL:
                return tell_channel(&at, &command->channel, &ret_apply->channel);
        case WIRE_CHANGE_QUEUE:
                return tell_queue(&at, &command->queue, &ret_apply->queue);
        case WIRE_CHANGE_TEAM:
                return tell_team(&at, &command->team, &ret_apply->team);
        case WIRE_CHANGE_PROFILE:
                return tell_profile(&at, &command->profile, &ret_apply->profile);
        case WIRE_CHANGE_AGENT:
                return tell_agent(&at, &command->agent, &ret_apply->agent);
        case WIRE_CHANGE_REMOVE:
        case WIRE_CHANGE_NONE:
                break;
        }
        return false;
}
