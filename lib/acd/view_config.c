/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the configuration: an object as the command that would make it.
 *
 * Applied to the core that it was read from, the command changes nothing. Lists
 * come in the core's own order, which means nothing.
 */

#include "acd/parts.h"

#include <string.h>

static void set_name(char *to, const char *from)
{
        acd_text_set(to, ACD_NAME_MAX + 1, from);
}

static void channels_of(const struct acd *acd, const struct acd_abilities *abilities,
                        struct acd_channel_slots *channel)
{
        for (uint32_t i = 0; i < abilities->channel_count; i++) {
                channel[i].channel.value =
                        acd_id_of(acd, &acd->channels, abilities->channel[i].channel);
                channel[i].slots = abilities->channel[i].slots;
                channel[i].weight = abilities->channel[i].weight;
        }
}

static void skills_of(const struct acd *acd, const struct acd_abilities *abilities,
                      struct acd_skill_level *skill)
{
        for (uint32_t i = 0; i < abilities->skill_count; i++) {
                skill[i].skill.value = acd_id_of(acd, &acd->skills, abilities->skill[i].skill);
                skill[i].level = abilities->skill[i].level;
        }
}

static void queue_of(const struct acd *acd, uint32_t index, struct acd_queue_config *config)
{
        const struct acd_queue *queue = &acd->queue[index];

        *config = queue->config;
        set_name(config->name, queue->name);
        acd_requirement_of(acd, &queue->terms, &config->requirement);
}

static void team_of(const struct acd *acd, uint32_t index, struct acd_team_config *config)
{
        const struct acd_team *team = &acd->team[index];

        set_name(config->name, team->name);
        set_name(config->time_zone, team->time_zone);
        config->profile.value = acd_id_of(acd, &acd->profiles, team->profile);
        config->supervisor_count = team->supervisor_count;
        for (uint32_t i = 0; i < team->supervisor_count; i++)
                config->supervisor[i].value = acd_id_of(acd, &acd->agents, team->supervisor[i]);
}

static void profile_of(const struct acd *acd, uint32_t index, struct acd_profile_config *config)
{
        const struct acd_profile *profile = &acd->profile[index];

        set_name(config->name, profile->name);
        config->channel_count = profile->abilities.channel_count;
        channels_of(acd, &profile->abilities, config->channel);
        config->skill_count = profile->abilities.skill_count;
        skills_of(acd, &profile->abilities, config->skill);
}

static void agent_of(const struct acd *acd, uint32_t index, struct acd_agent_config *config)
{
        const struct acd_agent_setup *setup = &acd->agent_setup[index];

        set_name(config->name, setup->name);
        config->team.value = acd_id_of(acd, &acd->teams, setup->team);
        config->profile.value = acd_id_of(acd, &acd->profiles, setup->profile);
        config->channel_count = setup->abilities.channel_count;
        channels_of(acd, &setup->abilities, config->channel);
        config->skill_count = setup->abilities.skill_count;
        skills_of(acd, &setup->abilities, config->skill);
        config->tier_count = setup->tier_count;
        for (uint32_t i = 0; i < setup->tier_count; i++) {
                config->tier[i].queue.value = acd_id_of(acd, &acd->queues, setup->tier[i].queue);
                config->tier[i].tier = setup->tier[i].tier;
        }
}

static enum acd_command_kind kind_of(enum acd_object object)
{
        static const enum acd_command_kind kinds[] = {
                [ACD_OBJECT_TENANT] = ACD_COMMAND_TENANT_UPSERT,
                [ACD_OBJECT_SKILL] = ACD_COMMAND_SKILL_UPSERT,
                [ACD_OBJECT_CHANNEL] = ACD_COMMAND_CHANNEL_UPSERT,
                [ACD_OBJECT_QUEUE] = ACD_COMMAND_QUEUE_UPSERT,
                [ACD_OBJECT_TEAM] = ACD_COMMAND_TEAM_UPSERT,
                [ACD_OBJECT_PROFILE] = ACD_COMMAND_PROFILE_UPSERT,
                [ACD_OBJECT_AGENT] = ACD_COMMAND_AGENT_UPSERT,
        };

        return kinds[object];
}

bool acd_config(const struct acd *acd, enum acd_object object, uint64_t id,
                struct acd_command *ret_command)
{
        uint32_t index = object > ACD_OBJECT_AGENT ? 0 : acd_index_of(acd, object, id);

        if (index == 0)
                return false;
        memset(ret_command, 0, sizeof(*ret_command));
        ret_command->kind = kind_of(object);
        if (object != ACD_OBJECT_TENANT)
                ret_command->tenant.value =
                        acd_id_of(acd, &acd->tenants, acd_tenant_of(acd, object, index));
        if (object == ACD_OBJECT_TENANT)
                ret_command->tenant_config = acd->tenant[index].config;
        else if (object == ACD_OBJECT_SKILL)
                ret_command->skill = acd->skill[index].config;
        else if (object == ACD_OBJECT_CHANNEL)
                ret_command->channel = acd->channel[index].config;
        else if (object == ACD_OBJECT_QUEUE)
                queue_of(acd, index, &ret_command->queue);
        else if (object == ACD_OBJECT_TEAM)
                team_of(acd, index, &ret_command->team);
        else if (object == ACD_OBJECT_PROFILE)
                profile_of(acd, index, &ret_command->profile);
        else
                agent_of(acd, index, &ret_command->agent);
        return true;
}
