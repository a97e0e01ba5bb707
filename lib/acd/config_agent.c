/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Agents: their configuration, and how they come and go.
 *
 * An agent is made logged out. A change that can make him eligible for something
 * else is followed by a recomputation of his memberships on the agenda. Before it
 * is accepted his classes in use are counted as they would be then: too many are
 * refused (D9).
 */

#include "acd/parts.h"

#include <string.h>

enum {
        CHANGED_TEAM = 1 << 1,
        CHANGED_PROFILE = 1 << 2,
        CHANGED_CHANNELS = 1 << 3,
        CHANGED_SKILLS = 1 << 4,
        CHANGED_TIERS = 1 << 5,
};

/* Look the references up. The setup is as it will be but for what the command does
 * not say. */
static enum acd_field setup_of(const struct acd *acd, uint32_t tenant,
                               const struct acd_agent_config *config,
                               struct acd_agent_setup *ret_setup)
{
        struct acd_ability_lists lists = { config->channel, config->skill, config->channel_count,
                                           config->skill_count };
        enum acd_field fault;

        memset(ret_setup, 0, sizeof(*ret_setup));
        ret_setup->team = acd_index_in(acd, tenant, ACD_OBJECT_TEAM, config->team.value);
        if (ret_setup->team == 0 && config->team.value != 0)
                return ACD_FIELD_TEAM;
        ret_setup->profile = acd_index_in(acd, tenant, ACD_OBJECT_PROFILE, config->profile.value);
        if (ret_setup->profile == 0 && config->profile.value != 0)
                return ACD_FIELD_PROFILE;
        fault = acd_abilities_of(acd, tenant, &lists, &ret_setup->abilities);
        if (fault != ACD_FIELD_NONE)
                return fault;
        for (uint32_t i = 0; i < config->tier_count; i++) {
                uint32_t queue =
                        acd_index_in(acd, tenant, ACD_OBJECT_QUEUE, config->tier[i].queue.value);
                uint32_t at = i;

                if (queue == 0)
                        return ACD_FIELD_QUEUE;
                for (; at > 0 && ret_setup->tier[at - 1].queue > queue; at--)
                        ret_setup->tier[at] = ret_setup->tier[at - 1];
                ret_setup->tier[at] =
                        (struct acd_tier_entry){ .queue = queue, .tier = config->tier[i].tier };
        }
        ret_setup->tier_count = config->tier_count;
        return ACD_FIELD_NONE;
}

static bool tiers_equal(const struct acd_agent_setup *left, const struct acd_agent_setup *right)
{
        if (left->tier_count != right->tier_count)
                return false;
        for (uint32_t i = 0; i < left->tier_count; i++)
                if (left->tier[i].queue != right->tier[i].queue ||
                    left->tier[i].tier != right->tier[i].tier)
                        return false;
        return true;
}

static uint32_t changes(const struct acd_agent_setup *from, const struct acd_agent_setup *to)
{
        uint32_t changed = 0;

        if (from->team != to->team)
                changed |= CHANGED_TEAM;
        if (from->profile != to->profile)
                changed |= CHANGED_PROFILE;
        if (!acd_channels_equal(&from->abilities, &to->abilities))
                changed |= CHANGED_CHANNELS;
        if (!acd_skills_equal(&from->abilities, &to->abilities))
                changed |= CHANGED_SKILLS;
        if (!tiers_equal(from, to))
                changed |= CHANGED_TIERS;
        return changed;
}

static void refer(struct acd *acd, const struct acd_agent_setup *setup, bool is_added)
{
        uint32_t step = is_added ? 1 : UINT32_MAX; /* minus one, modulo 2^32 */

        acd_abilities_refer(acd, &setup->abilities, is_added);
        if (setup->team != 0)
                acd->team[setup->team].agent_count += step;
        if (setup->profile != 0)
                acd->profile[setup->profile].reference_count += step;
        for (uint32_t i = 0; i < setup->tier_count; i++)
                acd->queue[setup->tier[i].queue].tier_reference_count += step;
}

/* Own and inherited skills together, those taken away not counted. */
static uint32_t skill_count(const struct acd *acd, const struct acd_agent_setup *setup)
{
        const struct acd_abilities *own = &setup->abilities;
        const struct acd_abilities *inherited = NULL;
        uint32_t profile = setup->profile;
        uint32_t count = 0;

        if (profile == 0 && setup->team != 0)
                profile = acd->team[setup->team].profile;
        if (profile != 0)
                inherited = &acd->profile[profile].abilities;
        for (uint32_t i = 0; i < own->skill_count; i++)
                count += own->skill[i].level > 0;
        for (uint32_t i = 0; inherited != NULL && i < inherited->skill_count; i++) {
                bool is_own = false;

                for (uint32_t k = 0; k < own->skill_count; k++)
                        is_own |= own->skill[k].skill == inherited->skill[i].skill;
                count += !is_own;
        }
        return count;
}

/* Put the parts that the command says into the agent. */
static void set(struct acd *acd, uint32_t index, const struct acd_agent_setup *to)
{
        struct acd_agent_setup *setup = &acd->agent_setup[index];

        setup->team = to->team;
        setup->profile = to->profile;
        setup->abilities = to->abilities;
        setup->tier_count = to->tier_count;
        memcpy(setup->tier, to->tier, sizeof(to->tier));
        acd_brief_update(acd, index);
}

/* Classes in use that he would serve with the configuration that he has now. */
static uint32_t eligible_class_count(const struct acd *acd, uint32_t agent)
{
        uint32_t count = 0;

        for (uint32_t class = acd->used_classes.first; class != 0;
             class = acd->class[class].link.next) {
                struct acd_class_want want;
                struct acd_agent_brief brief;

                if (acd->class[class].tenant != acd->agent[agent].tenant)
                        continue;
                want = acd_class_want_of(acd, class);
                acd_want_of(acd, &want, &brief);
                count += acd_is_eligible(acd, agent, &want, &brief);
        }
        return count;
}

static uint32_t make(struct acd *acd, uint32_t tenant, const char *name)
{
        uint32_t index = acd_slab_take(&acd->agents);
        struct acd_agent *agent = &acd->agent[index];
        struct acd_slot slot = { agent->generation, agent->link };

        memset(agent, 0, sizeof(*agent));
        memset(&acd->agent_setup[index], 0, sizeof(acd->agent_setup[index]));
        agent->generation = slot.generation;
        agent->tenant = tenant;
        agent->presence = ACD_PRESENCE_LOGGED_OUT;
        agent->since = acd->step_now;
        acd_ilist_init(&agent->parked, acd_tag(LIST_PARKED, index));
        acd_ilist_init(&agent->members, acd_tag(LIST_OF, index));
        acd_ilist_init(&agent->rematch, acd_tag(LIST_REMATCH_AGENT, index));
        acd_ilist_push_back(acd_slab_space(&acd->agents),
                            &acd->tenant[tenant].presence[ACD_PRESENCE_LOGGED_OUT], index);
        acd_text_set(acd->agent_setup[index].name, ACD_NAME_MAX + 1, name);
        acd->tenant[tenant].object_count[ACD_OBJECT_AGENT]++;
        acd_name_add(acd, ACD_OBJECT_AGENT, index);
        return index;
}

static void unmake(struct acd *acd, uint32_t index)
{
        struct acd_agent *agent = &acd->agent[index];

        acd_brief_clear(acd, index);
        acd->tenant[agent->tenant].object_count[ACD_OBJECT_AGENT]--;
        acd_name_remove(acd, ACD_OBJECT_AGENT, index);
        acd_ilist_remove(acd_slab_space(&acd->agents),
                         &acd->tenant[agent->tenant].presence[ACD_PRESENCE_LOGGED_OUT], index);
        acd_slab_give(&acd->agents, index);
}

/* Try the change on. False: he would serve too many classes; all is as before. */
static bool try_on(struct acd *acd, uint32_t index, const struct acd_agent_setup *to)
{
        struct acd_agent_setup before = acd->agent_setup[index];

        set(acd, index, to);
        if (acd->used_classes.count <= acd->limits.class_per_agent_max ||
            eligible_class_count(acd, index) <= acd->limits.class_per_agent_max)
                return true;
        set(acd, index, &before);
        return false;
}

static enum acd_result too_many_classes(struct acd *acd, uint64_t id)
{
        acd->reply->id = id;
        return acd_refuse_limit(acd, ACD_LIMIT, ACD_FIELD_CLASS_PER_AGENT,
                                acd->limits.class_per_agent_max);
}

/* A new agent, tested in thought: the slot is not taken before all is well. */
static enum acd_result agent_new(struct acd *acd, uint32_t tenant, const char *name,
                                 const struct acd_agent_setup *to)
{
        struct acd_agent_brief brief;
        uint32_t count = 0;
        uint32_t index;

        if (!acd_config_has_room(acd, &acd->agents, acd->limits.agent_count_max, ACD_FIELD_AGENT) ||
            !acd_config_has_agenda(acd))
                return acd->reply->result;
        for (uint32_t class = acd->used_classes.first;
             class != 0 && acd->used_classes.count > acd->limits.class_per_agent_max;
             class = acd->class[class].link.next) {
                struct acd_class_want want = acd_class_want_of(acd, class);

                acd_want_of(acd, &want, &brief);
                count += acd_setup_is_eligible(acd, tenant, to, &want, &brief);
        }
        if (count > acd->limits.class_per_agent_max)
                return too_many_classes(acd, 0);
        index = make(acd, tenant, name);
        set(acd, index, to);
        refer(acd, to, true);
        acd_job_add(acd, JOB_AGENT, index);
        return acd_config_done(acd, tenant, ACD_OBJECT_AGENT, index, ACD_CONFIG_NEW);
}

enum acd_result acd_do_agent_upsert(struct acd *acd, const struct acd_command *command)
{
        const struct acd_agent_config *config = &command->agent;
        uint32_t tenant = acd->step_tenant;
        struct acd_agent_setup to, from;
        enum acd_field fault;
        uint32_t changed;
        uint32_t index;

        if (!acd_form_agent(acd, config))
                return acd->reply->result;
        fault = setup_of(acd, tenant, config, &to);
        if (fault != ACD_FIELD_NONE)
                return acd_refuse(acd, ACD_UNKNOWN, fault);
        if (skill_count(acd, &to) > ACD_AGENT_SKILL_MAX)
                return acd_refuse_limit(acd, ACD_LIMIT, ACD_FIELD_SKILL, ACD_AGENT_SKILL_MAX);
        index = acd_config_find(acd, ACD_OBJECT_AGENT, tenant, config->name);
        if (index == 0)
                return agent_new(acd, tenant, config->name, &to);

        from = acd->agent_setup[index];
        changed = changes(&from, &to);
        if (changed == 0)
                return acd_config_same(acd, ACD_OBJECT_AGENT, index);
        if (!acd_config_has_agenda(acd))
                return acd->reply->result;
        if (!try_on(acd, index, &to))
                return too_many_classes(acd, acd_id_of(acd, &acd->agents, index));
        refer(acd, &to, true);
        refer(acd, &from, false);
        acd_job_add(acd, JOB_AGENT, index);
        return acd_config_done(acd, tenant, ACD_OBJECT_AGENT, index, changed);
}

/* He is logged out, without assignments, and nothing in use refers to him. */
void acd_agent_free(struct acd *acd, uint32_t index)
{
        while (acd->agent[index].members.first != 0)
                acd_member_remove(acd, acd->agent[index].members.first);
        acd_pairs_drop_of_agent(acd, index);
        acd_rematch_hand_over(acd, index);
        acd_job_remove(acd, JOB_AGENT, index);
        acd_job_remove(acd, JOB_AGENT_MATCH, index);
        refer(acd, &acd->agent_setup[index], false);
        unmake(acd, index);
}
