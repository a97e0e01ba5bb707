/* SPDX-License-Identifier: Apache-2.0 */
/*
 * I4: every reference of the configuration is counted where it points to, every
 * name is found, every tenant counts what it has.
 *
 * References are counted anew in the scratch counters and compared.
 */

#include <string.h>

#include "acd/check.h"

static uint32_t *clear(const struct acd *acd)
{
        memset(acd->scratch, 0, acd->scratch_count * sizeof(acd->scratch[0]));
        return acd->scratch;
}

static const char *check_skills(const struct acd *acd)
{
        uint32_t *count = clear(acd);

        for (uint32_t i = 1; i <= acd->queues.top; i++)
                for (uint32_t k = 0;
                     acd_slab_is_live(&acd->queues, i) && k < acd->queue[i].terms.count; k++)
                        count[acd->queue[i].terms.term[k].skill]++;
        for (uint32_t i = 1; i <= acd->profiles.top; i++)
                for (uint32_t k = 0; acd_slab_is_live(&acd->profiles, i) &&
                                     k < acd->profile[i].abilities.skill_count;
                     k++)
                        count[acd->profile[i].abilities.skill[k].skill]++;
        for (uint32_t i = 1; i <= acd->agents.top; i++)
                for (uint32_t k = 0; acd_slab_is_live(&acd->agents, i) &&
                                     k < acd->agent_setup[i].abilities.skill_count;
                     k++)
                        count[acd->agent_setup[i].abilities.skill[k].skill]++;
        for (uint32_t i = 1; i <= acd->skills.top; i++)
                if (acd_slab_is_live(&acd->skills, i))
                        HOLDS(acd->skill[i].reference_count == count[i]);
        return NULL;
}

static const char *check_channels(const struct acd *acd)
{
        uint32_t *count = clear(acd);

        for (uint32_t i = 1; i <= acd->profiles.top; i++)
                for (uint32_t k = 0; acd_slab_is_live(&acd->profiles, i) &&
                                     k < acd->profile[i].abilities.channel_count;
                     k++)
                        count[acd->profile[i].abilities.channel[k].channel]++;
        for (uint32_t i = 1; i <= acd->agents.top; i++)
                for (uint32_t k = 0; acd_slab_is_live(&acd->agents, i) &&
                                     k < acd->agent_setup[i].abilities.channel_count;
                     k++)
                        count[acd->agent_setup[i].abilities.channel[k].channel]++;
        for (uint32_t i = 1; i <= acd->channels.top; i++)
                if (acd_slab_is_live(&acd->channels, i))
                        HOLDS(acd->channel[i].reference_count == count[i]);
        return NULL;
}

static const char *check_queues_and_teams(const struct acd *acd)
{
        uint32_t *count = clear(acd);

        for (uint32_t i = 1; i <= acd->agents.top; i++)
                for (uint32_t k = 0;
                     acd_slab_is_live(&acd->agents, i) && k < acd->agent_setup[i].tier_count; k++)
                        count[acd->agent_setup[i].tier[k].queue]++;
        for (uint32_t i = 1; i <= acd->queues.top; i++)
                if (acd_slab_is_live(&acd->queues, i))
                        HOLDS(acd->queue[i].tier_reference_count == count[i]);
        count = clear(acd);
        for (uint32_t i = 1; i <= acd->agents.top; i++)
                if (acd_slab_is_live(&acd->agents, i))
                        count[acd->agent_setup[i].team]++;
        for (uint32_t i = 1; i <= acd->teams.top; i++)
                if (acd_slab_is_live(&acd->teams, i))
                        HOLDS(acd->team[i].agent_count == count[i]);
        return NULL;
}

static const char *check_profiles_and_supervisors(const struct acd *acd)
{
        uint32_t *count = clear(acd);

        for (uint32_t i = 1; i <= acd->agents.top; i++)
                if (acd_slab_is_live(&acd->agents, i))
                        count[acd->agent_setup[i].profile]++;
        for (uint32_t i = 1; i <= acd->teams.top; i++)
                if (acd_slab_is_live(&acd->teams, i))
                        count[acd->team[i].profile]++;
        for (uint32_t i = 1; i <= acd->profiles.top; i++)
                if (acd_slab_is_live(&acd->profiles, i))
                        HOLDS(acd->profile[i].reference_count == count[i]);
        count = clear(acd);
        for (uint32_t i = 1; i <= acd->teams.top; i++)
                for (uint32_t k = 0;
                     acd_slab_is_live(&acd->teams, i) && k < acd->team[i].supervisor_count; k++)
                        count[acd->team[i].supervisor[k]]++;
        for (uint32_t i = 1; i <= acd->agents.top; i++)
                if (acd_slab_is_live(&acd->agents, i))
                        HOLDS(acd->agent_setup[i].supervisor_count == count[i]);
        return NULL;
}

/* Kinds that have names are counted by their tenants and found by name. */
static const char *check_names(const struct acd *acd)
{
        for (uint32_t object = ACD_OBJECT_TENANT; object <= ACD_OBJECT_GATEWAY; object++) {
                enum acd_object kind = (enum acd_object)object;
                const struct acd_slab *slab = acd_slab_of(acd, kind);
                uint32_t *count = clear(acd);

                for (uint32_t i = 1; i <= slab->top; i++) {
                        struct acd_text name;
                        uint32_t tenant;

                        if (!acd_slab_is_live(slab, i))
                                continue;
                        name.at = acd_name_of(acd, kind, i);
                        name.size = acd_text_size(name.at);
                        tenant = acd_tenant_of(acd, kind, i);
                        HOLDS(acd_name_find(acd, kind, tenant, name) == i);
                        if (kind != ACD_OBJECT_TENANT)
                                count[tenant]++;
                }
                for (uint32_t i = 1; i <= acd->tenants.top; i++)
                        if (acd_slab_is_live(&acd->tenants, i))
                                HOLDS(acd->tenant[i].object_count[object] == count[i]);
        }
        return NULL;
}

#undef HOLDS

const char *acd_check_config(const struct acd *acd)
{
        const char *(*const parts[])(const struct acd *) = {
                check_skills,
                check_channels,
                check_queues_and_teams,
                check_profiles_and_supervisors,
                check_names,
        };

        for (uint32_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
                const char *broken = parts[i](acd);

                if (broken != NULL)
                        return broken;
        }
        return NULL;
}
