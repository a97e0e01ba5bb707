/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration: an APPLY becomes an upsert or a removal, and an upsert can be
 * told again as the APPLY that would make it.
 *
 * An upsert is the whole object. What the message leaves out gets its default
 * here, in the one place that knows the defaults; the core knows none. So the
 * same APPLY always means the same object, whatever was there before, and
 * sending it twice changes nothing.
 */

#include "wire/resolve.h"

#include <stdalign.h>
#include <string.h>

#include "base/assert.h"
#include "wire/resolve_internal.h"

/* A reference by name alone. */
static bool named(struct wire_resolving *at, const struct wire_path *parent, struct acd_text name,
                  struct wire_reference reference, uint64_t *ret_id)
{
        reference.name = name;
        return wire_resolve_reference(at, parent, &reference, ret_id);
}

static const struct wire_reference by_skill = { .object = ACD_OBJECT_SKILL, .field = "skill" };
static const struct wire_reference by_channel = { .object = ACD_OBJECT_CHANNEL,
                                                  .field = "channel" };
static const struct wire_reference by_queue = { .object = ACD_OBJECT_QUEUE, .field = "queue" };
static const struct wire_reference by_team = { .object = ACD_OBJECT_TEAM, .field = "team" };
static const struct wire_reference by_profile = { .object = ACD_OBJECT_PROFILE,
                                                  .field = "profile" };
static const struct wire_reference by_supervisor = { .object = ACD_OBJECT_AGENT,
                                                     .field = "supervisors" };

/* Inside a list a reference is what the entry is about: it is needed. */
static bool needed(struct wire_resolving *at, const struct wire_path *parent, struct acd_text name,
                   struct wire_reference reference, uint64_t *ret_id)
{
        reference.name = name;
        return wire_resolve_needed(at, parent, &reference, ret_id);
}

static bool make_tenant(const struct wire_tenant_config *from, struct acd_command *to)
{
        struct acd_tenant_config *config = &to->tenant_config;

        to->kind = ACD_COMMAND_TENANT_UPSERT;
        to->tenant = (acd_tenant_id){ 0 };
        *config = (struct acd_tenant_config){
                .agent_grace_ms = from->has_agent_grace_ms ? from->agent_grace_ms
                                                           : WIRE_DEFAULT_AGENT_GRACE_MS,
                .gateway_grace_ms = from->has_gateway_grace_ms ? from->gateway_grace_ms
                                                               : WIRE_DEFAULT_GATEWAY_GRACE_MS,
                .key_retention_ms = from->has_key_retention_ms ? from->key_retention_ms
                                                               : WIRE_DEFAULT_KEY_RETENTION_MS,
        };
        wire_copy_text(from->name, config->name);
        return true;
}

static bool make_skill(const struct wire_skill_config *from, struct acd_command *to)
{
        to->kind = ACD_COMMAND_SKILL_UPSERT;
        to->skill = (struct acd_skill_config){ 0 };
        wire_copy_text(from->name, to->skill.name);
        return true;
}

static bool make_channel(const struct wire_channel_config *from, struct acd_command *to)
{
        to->kind = ACD_COMMAND_CHANNEL_UPSERT;
        to->channel = (struct acd_channel_config){
                .is_media = from->media,
                .is_live = from->live,
                .connecting_lease_ms = from->has_connecting_lease_ms
                                               ? from->connecting_lease_ms
                                               : WIRE_DEFAULT_CONNECTING_LEASE_MS,
        };
        wire_copy_text(from->name, to->channel.name);
        return true;
}

/* Tier 0 is always open; the last wait given holds for the tiers after it. */
static void copy_tier_waits(const struct wire_queue_config *from, struct acd_queue_config *to)
{
        to->tier_wait_ms[0] = 0;
        for (uint32_t i = 1; i < ACD_TIER_COUNT; i++)
                to->tier_wait_ms[i] = i <= from->tier_wait_ms_count ? from->tier_wait_ms[i - 1]
                                                                    : to->tier_wait_ms[i - 1];
}

static bool make_queue(struct wire_resolving *at, const struct wire_queue_config *from,
                       struct acd_command *to)
{
        struct acd_queue_config *queue = &to->queue;

        to->kind = ACD_COMMAND_QUEUE_UPSERT;
        *queue = (struct acd_queue_config){
                .band = from->has_band ? (uint8_t)from->band : WIRE_DEFAULT_BAND,
                .auto_accept = from->auto_accept,
                .missed_max = (uint8_t)from->missed_max,
                .on_agent_lost = from->on_agent_lost,
                .offer_timeout_ms = from->has_offer_timeout_ms ? from->offer_timeout_ms
                                                               : WIRE_DEFAULT_OFFER_TIMEOUT_MS,
                .wrap_up_ms = from->wrap_up_ms,
                .cool_down_ms =
                        from->has_cool_down_ms ? from->cool_down_ms : WIRE_DEFAULT_COOL_DOWN_MS,
                .length_max = from->length_max,
        };
        wire_copy_text(from->name, queue->name);
        copy_tier_waits(from, queue);
        return wire_resolve_requirement(at, from->requirement, from->requirement_count,
                                        &queue->requirement);
}

static bool make_team(struct wire_resolving *at, const struct wire_team_config *from,
                      struct acd_command *to)
{
        struct acd_team_config *team = &to->team;

        to->kind = ACD_COMMAND_TEAM_UPSERT;
        *team = (struct acd_team_config){ .supervisor_count = from->supervisors_count };
        wire_copy_text(from->name, team->name);
        wire_copy_text(from->time_zone.size > 0 ? from->time_zone : wire_text("UTC"),
                       team->time_zone);
        if (!named(at, NULL, from->profile, by_profile, &team->profile.value))
                return false;
        for (uint32_t i = 0; i < from->supervisors_count; i++)
                if (!needed(at, NULL, from->supervisors[i], by_supervisor,
                            &team->supervisor[i].value))
                        return false;
        return true;
}

/* Lists that profiles and agents share. */

static bool copy_channels(struct wire_resolving *at, const struct wire_channel_slots *from,
                          uint32_t count, struct acd_channel_slots *to)
{
        static const struct wire_path path = { NULL, "channels" };

        for (uint32_t i = 0; i < count; i++) {
                if (!needed(at, &path, from[i].channel, by_channel, &to[i].channel.value))
                        return false;
                to[i].slots = from[i].has_slots ? (uint8_t)from[i].slots : WIRE_DEFAULT_SLOTS;
                to[i].weight = from[i].has_weight ? (uint8_t)from[i].weight : WIRE_DEFAULT_WEIGHT;
        }
        return true;
}

static bool copy_skills(struct wire_resolving *at, const struct wire_skill_level *from,
                        uint32_t count, struct acd_skill_level *to)
{
        static const struct wire_path path = { NULL, "skills" };

        for (uint32_t i = 0; i < count; i++) {
                if (!needed(at, &path, from[i].skill, by_skill, &to[i].skill.value))
                        return false;
                to[i].level = (uint8_t)from[i].level;
        }
        return true;
}

static bool make_profile(struct wire_resolving *at, const struct wire_profile_config *from,
                         struct acd_command *to)
{
        struct acd_profile_config *profile = &to->profile;

        to->kind = ACD_COMMAND_PROFILE_UPSERT;
        *profile = (struct acd_profile_config){
                .channel_count = from->channels_count,
                .skill_count = from->skills_count,
        };
        wire_copy_text(from->name, profile->name);
        return copy_channels(at, from->channels, from->channels_count, profile->channel) &&
               copy_skills(at, from->skills, from->skills_count, profile->skill);
}

static bool copy_tiers(struct wire_resolving *at, const struct wire_queue_tier *from,
                       uint32_t count, struct acd_queue_tier *to)
{
        static const struct wire_path path = { NULL, "tiers" };

        for (uint32_t i = 0; i < count; i++) {
                if (!needed(at, &path, from[i].queue, by_queue, &to[i].queue.value))
                        return false;
                to[i].tier = (uint8_t)from[i].tier;
        }
        return true;
}

static bool make_agent(struct wire_resolving *at, const struct wire_agent_config *from,
                       struct acd_command *to)
{
        struct acd_agent_config *agent = &to->agent;

        to->kind = ACD_COMMAND_AGENT_UPSERT;
        *agent = (struct acd_agent_config){
                .channel_count = from->channels_count,
                .skill_count = from->skills_count,
                .tier_count = from->tiers_count,
        };
        wire_copy_text(from->name, agent->name);
        return named(at, NULL, from->team, by_team, &agent->team.value) &&
               named(at, NULL, from->profile, by_profile, &agent->profile.value) &&
               copy_channels(at, from->channels, from->channels_count, agent->channel) &&
               copy_skills(at, from->skills, from->skills_count, agent->skill) &&
               copy_tiers(at, from->tiers, from->tiers_count, agent->tier);
}

static bool make_remove(struct wire_resolving *at, const struct wire_remove *from,
                        struct acd_command *to)
{
        struct wire_reference reference = { .object = from->object,
                                            .name = from->name,
                                            .field = "name" };

        if (from->object == ACD_OBJECT_NONE)
                return wire_refuse_field(at->refusal, ACD_MISSING, NULL, "object", NULL);
        if (from->object > ACD_OBJECT_AGENT)
                return wire_refuse_field(at->refusal, ACD_INVALID, NULL, "object",
                                         "this is nothing that is configured");
        to->kind = ACD_COMMAND_REMOVE;
        if (from->object == ACD_OBJECT_TENANT)
                to->tenant = (acd_tenant_id){ 0 };
        to->remove = (struct acd_remove){ .object = from->object };
        return wire_resolve_needed(at, NULL, &reference, &to->remove.id);
}

/* The name of what is made, for all changes but a removal. */
static struct acd_text name_of(const struct wire_apply *apply)
{
        switch (apply->change) {
        case WIRE_CHANGE_TENANT:
                return apply->tenant.name;
        case WIRE_CHANGE_SKILL:
                return apply->skill.name;
        case WIRE_CHANGE_CHANNEL:
                return apply->channel.name;
        case WIRE_CHANGE_QUEUE:
                return apply->queue.name;
        case WIRE_CHANGE_TEAM:
                return apply->team.name;
        case WIRE_CHANGE_PROFILE:
                return apply->profile.name;
        case WIRE_CHANGE_AGENT:
                return apply->agent.name;
        case WIRE_CHANGE_REMOVE:
                return apply->remove.name;
        case WIRE_CHANGE_NONE:
                break;
        }
        return (struct acd_text){ 0 };
}

/* Everything but tenants is made in the tenant of the connection. */
static bool needs_tenant(const struct wire_apply *apply)
{
        if (apply->change == WIRE_CHANGE_REMOVE)
                return apply->remove.object != ACD_OBJECT_TENANT;
        return apply->change != WIRE_CHANGE_TENANT;
}

bool wire_resolve_apply(struct wire_resolving *at, const struct wire_apply *from,
                        struct acd_command *to)
{
        if (from->change == WIRE_CHANGE_NONE)
                return wire_refuse_field(at->refusal, ACD_MISSING, NULL, "change", NULL);
        if (name_of(from).size == 0)
                return wire_refuse_field(at->refusal, ACD_MISSING, NULL, "name", NULL);
        if (needs_tenant(from) && at->tenant.value == 0)
                return wire_refuse_field(at->refusal, ACD_MISSING, NULL, "tenant",
                                         "this connection has no tenant");

        switch (from->change) {
        case WIRE_CHANGE_TENANT:
                return make_tenant(&from->tenant, to);
        case WIRE_CHANGE_SKILL:
                return make_skill(&from->skill, to);
        case WIRE_CHANGE_CHANNEL:
                return make_channel(&from->channel, to);
        case WIRE_CHANGE_QUEUE:
                return make_queue(at, &from->queue, to);
        case WIRE_CHANGE_TEAM:
                return make_team(at, &from->team, to);
        case WIRE_CHANGE_PROFILE:
                return make_profile(at, &from->profile, to);
        case WIRE_CHANGE_AGENT:
                return make_agent(at, &from->agent, to);
        case WIRE_CHANGE_REMOVE:
                return make_remove(at, &from->remove, to);
        case WIRE_CHANGE_NONE:
                break;
        }
        return false;
}
