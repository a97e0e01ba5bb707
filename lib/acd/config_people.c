/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profiles and teams: what agents inherit.
 *
 * A profile has channels and skills; a team has a profile and supervisors. A
 * change of what is inherited recomputes the memberships of all agents whom it
 * concerns, on the agenda.
 *
 * Abilities are kept with indexes for ids, sorted, each referring to its channel
 * or skill so that those cannot be removed under them.
 */

#include "acd/parts.h"

#include <string.h>

/* Insert @at into the sorted array of @count entries that begin with a u32. */
static uint32_t place_of(const uint32_t *first, size_t stride, uint32_t count, uint32_t value)
{
        uint32_t at = count;

        while (at > 0 &&
               *(const uint32_t *)(const void *)((const char *)first + (at - 1) * stride) > value)
                at--;
        return at;
}

static enum acd_field channels_of(const struct acd *acd, uint32_t tenant,
                                  const struct acd_channel_slots *from, uint32_t count,
                                  struct acd_abilities *to)
{
        for (uint32_t i = 0; i < count; i++) {
                uint32_t channel =
                        acd_index_in(acd, tenant, ACD_OBJECT_CHANNEL, from[i].channel.value);
                uint32_t at = place_of(&to->channel[0].channel, sizeof(to->channel[0]),
                                       to->channel_count, channel);

                if (channel == 0)
                        return ACD_FIELD_CHANNEL;
                memmove(&to->channel[at + 1], &to->channel[at],
                        (to->channel_count - at) * sizeof(to->channel[0]));
                to->channel[at] = (struct acd_channel_entry){ .channel = channel,
                                                              .slots = from[i].slots,
                                                              .weight = from[i].weight };
                to->channel_count++;
        }
        return ACD_FIELD_NONE;
}

static enum acd_field skills_of(const struct acd *acd, uint32_t tenant,
                                const struct acd_skill_level *from, uint32_t count,
                                struct acd_abilities *to)
{
        for (uint32_t i = 0; i < count; i++) {
                uint32_t skill = acd_index_in(acd, tenant, ACD_OBJECT_SKILL, from[i].skill.value);
                uint32_t at =
                        place_of(&to->skill[0].skill, sizeof(to->skill[0]), to->skill_count, skill);

                if (skill == 0)
                        return ACD_FIELD_SKILL;
                memmove(&to->skill[at + 1], &to->skill[at],
                        (to->skill_count - at) * sizeof(to->skill[0]));
                to->skill[at] = (struct acd_level_entry){ .skill = skill, .level = from[i].level };
                to->skill_count++;
        }
        return ACD_FIELD_NONE;
}

/* Abilities from lists of ids; the field whose reference is not there, if any. */
enum acd_field acd_abilities_of(const struct acd *acd, uint32_t tenant,
                                const struct acd_ability_lists *lists,
                                struct acd_abilities *ret_abilities)
{
        enum acd_field field;

        memset(ret_abilities, 0, sizeof(*ret_abilities));
        field = channels_of(acd, tenant, lists->channel, lists->channel_count, ret_abilities);
        if (field != ACD_FIELD_NONE)
                return field;
        return skills_of(acd, tenant, lists->skill, lists->skill_count, ret_abilities);
}

bool acd_channels_equal(const struct acd_abilities *left, const struct acd_abilities *right)
{
        if (left->channel_count != right->channel_count)
                return false;
        for (uint32_t i = 0; i < left->channel_count; i++)
                if (left->channel[i].channel != right->channel[i].channel ||
                    left->channel[i].slots != right->channel[i].slots ||
                    left->channel[i].weight != right->channel[i].weight)
                        return false;
        return true;
}

bool acd_skills_equal(const struct acd_abilities *left, const struct acd_abilities *right)
{
        if (left->skill_count != right->skill_count)
                return false;
        for (uint32_t i = 0; i < left->skill_count; i++)
                if (left->skill[i].skill != right->skill[i].skill ||
                    left->skill[i].level != right->skill[i].level)
                        return false;
        return true;
}

void acd_abilities_refer(struct acd *acd, const struct acd_abilities *abilities, bool is_added)
{
        uint32_t step = is_added ? 1 : UINT32_MAX; /* minus one, modulo 2^32 */

        for (uint32_t i = 0; i < abilities->channel_count; i++)
                acd->channel[abilities->channel[i].channel].reference_count += step;
        for (uint32_t i = 0; i < abilities->skill_count; i++)
                acd->skill[abilities->skill[i].skill].reference_count += step;
}

enum acd_result acd_do_profile_upsert(struct acd *acd, const struct acd_command *command)
{
        const struct acd_profile_config *to = &command->profile;
        struct acd_ability_lists lists = { to->channel, to->skill, to->channel_count,
                                           to->skill_count };
        uint32_t tenant = acd->step_tenant;
        struct acd_abilities abilities;
        uint32_t changed = ACD_CONFIG_NEW;
        struct acd_profile *profile;
        enum acd_field fault;
        uint32_t index;

        if (!acd_form_profile(acd, to))
                return acd->reply->result;
        fault = acd_abilities_of(acd, tenant, &lists, &abilities);
        if (fault != ACD_FIELD_NONE)
                return acd_refuse(acd, ACD_UNKNOWN, fault);
        index = acd_config_find(acd, ACD_OBJECT_PROFILE, tenant, to->name);
        if (index == 0) {
                if (!acd_config_has_room(acd, &acd->profiles, acd->limits.profile_count_max,
                                         ACD_FIELD_PROFILE))
                        return acd->reply->result;
                index = acd_slab_take_used(&acd->profiles);
                profile = &acd->profile[index];
                profile->tenant = tenant;
                profile->reference_count = 0;
                acd_text_set(profile->name, sizeof(profile->name), to->name);
                acd->tenant[tenant].object_count[ACD_OBJECT_PROFILE]++;
                acd_name_add(acd, ACD_OBJECT_PROFILE, index);
        } else {
                profile = &acd->profile[index];
                changed = !acd_channels_equal(&profile->abilities, &abilities) * 2u |
                          !acd_skills_equal(&profile->abilities, &abilities) * 4u;
                if (changed == 0)
                        return acd_config_same(acd, ACD_OBJECT_PROFILE, index);
                if (!acd_config_has_agenda(acd))
                        return acd->reply->result;
                acd_abilities_refer(acd, &profile->abilities, false);
                acd_job_add(acd, JOB_PROFILE, index);
        }
        profile->abilities = abilities;
        acd_abilities_refer(acd, &abilities, true);
        return acd_config_done(acd, tenant, ACD_OBJECT_PROFILE, index, changed);
}

void acd_profile_free(struct acd *acd, uint32_t index)
{
        struct acd_profile *profile = &acd->profile[index];

        acd_job_remove(acd, JOB_PROFILE, index);
        acd_abilities_refer(acd, &profile->abilities, false);
        acd->tenant[profile->tenant].object_count[ACD_OBJECT_PROFILE]--;
        acd_name_remove(acd, ACD_OBJECT_PROFILE, index);
        acd_slab_give_used(&acd->profiles, index);
}

/* The references of a team, looked up. */
struct team_parts {
        uint32_t profile;
        uint32_t supervisor_count;
        uint32_t supervisor[ACD_TEAM_SUPERVISOR_MAX];
};

static enum acd_field team_parts_of(const struct acd *acd, uint32_t tenant,
                                    const struct acd_team_config *config, struct team_parts *parts)
{
        memset(parts, 0, sizeof(*parts));
        parts->profile = acd_index_in(acd, tenant, ACD_OBJECT_PROFILE, config->profile.value);
        if (parts->profile == 0 && config->profile.value != 0)
                return ACD_FIELD_PROFILE;
        for (uint32_t i = 0; i < config->supervisor_count; i++) {
                uint32_t agent =
                        acd_index_in(acd, tenant, ACD_OBJECT_AGENT, config->supervisor[i].value);
                uint32_t at = place_of(parts->supervisor, sizeof(parts->supervisor[0]), i, agent);

                if (agent == 0)
                        return ACD_FIELD_SUPERVISOR;
                memmove(&parts->supervisor[at + 1], &parts->supervisor[at],
                        (i - at) * sizeof(parts->supervisor[0]));
                parts->supervisor[at] = agent;
        }
        parts->supervisor_count = config->supervisor_count;
        return ACD_FIELD_NONE;
}

static void team_refer(struct acd *acd, const struct acd_team *team, bool is_added)
{
        uint32_t step = is_added ? 1 : UINT32_MAX; /* minus one, modulo 2^32 */

        if (team->profile != 0)
                acd->profile[team->profile].reference_count += step;
        for (uint32_t i = 0; i < team->supervisor_count; i++)
                acd->agent_setup[team->supervisor[i]].supervisor_count += step;
}

static uint32_t team_changes(const struct acd_team *team, const struct acd_team_config *to,
                             const struct team_parts *parts)
{
        uint32_t changed = !acd_text_equal(team->time_zone, to->time_zone) * 2u |
                           (team->profile != parts->profile) * 4u;

        if (team->supervisor_count != parts->supervisor_count ||
            memcmp(team->supervisor, parts->supervisor, sizeof(team->supervisor)) != 0)
                changed |= 8;
        return changed;
}

static uint32_t team_make(struct acd *acd, uint32_t tenant, const char *name)
{
        uint32_t index = acd_slab_take_used(&acd->teams);
        struct acd_team *team = &acd->team[index];

        team->tenant = tenant;
        team->agent_count = 0;
        team->profile = 0;
        team->supervisor_count = 0;
        acd_text_set(team->name, sizeof(team->name), name);
        acd->tenant[tenant].object_count[ACD_OBJECT_TEAM]++;
        acd_name_add(acd, ACD_OBJECT_TEAM, index);
        return index;
}

enum acd_result acd_do_team_upsert(struct acd *acd, const struct acd_command *command)
{
        const struct acd_team_config *to = &command->team;
        uint32_t tenant = acd->step_tenant;
        uint32_t changed = ACD_CONFIG_NEW;
        struct team_parts parts;
        struct acd_team *team;
        enum acd_field fault;
        uint32_t index;

        if (!acd_form_team(acd, to))
                return acd->reply->result;
        fault = team_parts_of(acd, tenant, to, &parts);
        if (fault != ACD_FIELD_NONE)
                return acd_refuse(acd, ACD_UNKNOWN, fault);
        index = acd_config_find(acd, ACD_OBJECT_TEAM, tenant, to->name);
        if (index == 0) {
                if (!acd_config_has_room(acd, &acd->teams, acd->limits.team_count_max,
                                         ACD_FIELD_TEAM))
                        return acd->reply->result;
                index = team_make(acd, tenant, to->name);
        } else {
                changed = team_changes(&acd->team[index], to, &parts);
                if (changed == 0)
                        return acd_config_same(acd, ACD_OBJECT_TEAM, index);
                if ((changed & 4) != 0 && !acd_config_has_agenda(acd))
                        return acd->reply->result;
        }
        team = &acd->team[index];
        team_refer(acd, team, false);
        team->profile = parts.profile;
        team->supervisor_count = parts.supervisor_count;
        memcpy(team->supervisor, parts.supervisor, sizeof(team->supervisor));
        acd_text_set(team->time_zone, sizeof(team->time_zone), to->time_zone);
        team_refer(acd, team, true);
        if (changed != ACD_CONFIG_NEW && (changed & 4) != 0)
                acd_job_add(acd, JOB_TEAM, index);
        return acd_config_done(acd, tenant, ACD_OBJECT_TEAM, index, changed);
}

void acd_team_free(struct acd *acd, uint32_t index)
{
        struct acd_team *team = &acd->team[index];

        acd_job_remove(acd, JOB_TEAM, index);
        team_refer(acd, team, false);
        acd->tenant[team->tenant].object_count[ACD_OBJECT_TEAM]--;
        acd_name_remove(acd, ACD_OBJECT_TEAM, index);
        acd_slab_give_used(&acd->teams, index);
}
