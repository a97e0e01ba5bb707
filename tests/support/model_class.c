/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Classes and memberships of the naive model: rules E1 to E6 and D9.
 *
 * A class exists here while a contact of it has its slot, and not longer: unused
 * classes that a core keeps must not make a difference. Memberships are kept, not
 * looked up, since a change of the configuration reaches them only when its job
 * on the agenda runs.
 */

#include "tests/support/model_state.h"

#include <string.h>

#include "base/assert.h"

static const struct model_profile *profile_of(const struct model *m,
                                              const struct model_agent *agent)
{
        uint64_t id = agent->config.profile.value;
        int32_t index;

        if (id == 0 && agent->config.team.value != 0) {
                index = model_index_of(m, ACD_OBJECT_TEAM, agent->config.team.value);
                ACD_ASSERT(index >= 0);
                id = m->team[index].config.profile.value;
        }
        if (id == 0)
                return NULL;
        index = model_index_of(m, ACD_OBJECT_PROFILE, id);
        ACD_ASSERT(index >= 0);
        return &m->profile[index];
}

bool model_is_using_profile(const struct model *m, const struct model_agent *agent, uint64_t id)
{
        const struct model_profile *profile = profile_of(m, agent);

        return profile != NULL && profile->head.id == id;
}

/* The agent's level in a skill, 0 for none: rule E1. */
int model_own_level(const struct model *m, const struct model_agent *agent, uint64_t skill)
{
        const struct model_profile *profile = profile_of(m, agent);

        for (uint32_t i = 0; i < agent->config.skill_count; i++)
                if (agent->config.skill[i].skill.value == skill)
                        return agent->config.skill[i].level;
        for (uint32_t i = 0; profile != NULL && i < profile->config.skill_count; i++)
                if (profile->config.skill[i].skill.value == skill)
                        return profile->config.skill[i].level;
        return 0;
}

static bool has_channel(const struct model *m, const struct model_agent *agent, uint64_t channel)
{
        const struct model_profile *profile = profile_of(m, agent);
        const struct acd_channel_slots *slots = agent->config.channel;
        uint32_t count = agent->config.channel_count;

        if (count == 0 && profile != NULL) {
                slots = profile->config.channel;
                count = profile->config.channel_count;
        }
        for (uint32_t i = 0; i < count; i++)
                if (slots[i].channel.value == channel)
                        return true;
        return count == 0;
}

/* All of group 0, one of each other group that there is. */
static bool satisfies(const struct model *m, const struct model_agent *agent,
                      const struct acd_requirement *requirement)
{
        bool is_there[8] = { false }, is_met[8] = { false };

        for (uint32_t i = 0; i < requirement->term_count; i++) {
                const struct acd_term *term = &requirement->term[i];
                bool is_able = model_own_level(m, agent, term->skill.value) >= term->level_min;

                if (term->group == 0 && !is_able)
                        return false;
                is_there[term->group] = true;
                is_met[term->group] = is_met[term->group] || is_able;
        }
        for (int group = 1; group < 8; group++)
                if (is_there[group] && !is_met[group])
                        return false;
        return true;
}

/* The agent's tier in the class, MODEL_NONE when he is not a member. */
int model_member_tier(const struct model *m, const struct model_agent *agent,
                      const struct model_class *class)
{
        int32_t queue = model_index_of(m, ACD_OBJECT_QUEUE, class->queue);

        ACD_ASSERT(queue >= 0);
        if (!agent->head.is_used || agent->head.tenant != class->tenant ||
            agent->head.id == class->excluded || !has_channel(m, agent, class->channel) ||
            !satisfies(m, agent, &m->queue[queue].config.requirement) ||
            !satisfies(m, agent, &class->extra))
                return MODEL_NONE;
        for (uint32_t i = 0; i < agent->config.tier_count; i++)
                if (agent->config.tier[i].queue.value == class->queue)
                        return agent->config.tier[i].tier;
        return 0;
}

int32_t model_class_find(const struct model *m, const struct model_class *wanted)
{
        for (uint32_t i = 0; i < m->class_top; i++) {
                const struct model_class *class = &m->class[i];

                if (class->is_used && class->tenant == wanted->tenant &&
                    class->queue == wanted->queue && class->channel == wanted->channel &&
                    class->excluded == wanted->excluded &&
                    model_requirement_equal(&class->extra, &wanted->extra))
                        return (int32_t)i;
        }
        return MODEL_NONE;
}

/* No configured agent is a member. */
bool model_is_dead(const struct model *m, const struct model_class *class)
{
        int32_t known = model_class_find(m, class);

        for (uint32_t i = 0; i < m->top[ACD_OBJECT_AGENT]; i++) {
                int tier = known >= 0 ? m->class[known].tier[i] :
                                        model_member_tier(m, &m->agent[i], class);

                if (tier >= 0)
                        return false;
        }
        return true;
}

uint32_t model_classes_of(const struct model *m, uint32_t agent_index)
{
        uint32_t count = 0;

        for (uint32_t i = 0; i < m->class_top; i++)
                count += m->class[i].is_used && m->class[i].tier[agent_index] >= 0;
        return count;
}

/* How many classes in use an agent with @agent's configuration would serve. */
uint32_t model_classes_of_config(struct model *m, const struct model_agent *agent)
{
        uint32_t count = 0;

        for (uint32_t i = 0; i < m->class_top; i++)
                count += m->class[i].is_used && model_member_tier(m, agent, &m->class[i]) >= 0;
        return count;
}

static uint64_t memberships(const struct model *m)
{
        uint64_t count = 0;

        for (uint32_t i = 0; i < m->top[ACD_OBJECT_AGENT]; i++)
                if (m->agent[i].head.is_used)
                        count += model_classes_of(m, i);
        return count;
}

static uint32_t classes_of_queue(const struct model *m, uint64_t queue)
{
        uint32_t count = 0;

        for (uint32_t i = 0; i < m->class_top; i++)
                count += m->class[i].is_used && (queue == 0 || m->class[i].queue == queue);
        return count;
}

/* Limits of E5 in the order of D7; refuses when a new class would pass one. */
bool model_class_fits(struct model *m, const struct model_class *wanted)
{
        uint64_t after = 0;
        uint64_t member_count = 0;
        int32_t index;

        if (classes_of_queue(m, wanted->queue) >= m->limits.class_per_queue_max)
                return model_refuse(m, ACD_LIMIT, ACD_FIELD_CLASS_PER_QUEUE,
                                    m->limits.class_per_queue_max);
        if (classes_of_queue(m, 0) >= m->limits.class_count_max)
                return model_refuse(m, ACD_FULL, ACD_FIELD_LIMITS, m->limits.class_count_max);

        while ((index = model_next_in_slot_order(m, ACD_OBJECT_AGENT, after)) >= 0) {
                const struct model_agent *agent = &m->agent[index];

                after = agent->head.id;
                if (model_member_tier(m, agent, wanted) < 0)
                        continue;
                member_count++;
                if (model_classes_of(m, (uint32_t)index) >= m->limits.class_per_agent_max) {
                        m->reply->id = agent->head.id;
                        return model_refuse(m, ACD_LIMIT, ACD_FIELD_CLASS_PER_AGENT,
                                            m->limits.class_per_agent_max);
                }
        }
        if (memberships(m) + member_count > m->limits.membership_count_max)
                return model_refuse(m, ACD_FULL, ACD_FIELD_LIMITS, m->limits.membership_count_max);
        return true;
}

uint32_t model_class_add(struct model *m, const struct model_class *wanted)
{
        uint32_t index = 0;

        while (index < m->class_top && m->class[index].is_used)
                index++;
        if (index == m->class_top)
                m->class_top++;
        ACD_ASSERT(index < MODEL_CLASS_MAX);

        m->class[index] = *wanted;
        m->class[index].is_used = true;
        m->class[index].contact_count = 0;
        for (uint32_t i = 0; i < MODEL_AGENT_MAX; i++)
                m->class[index].tier[i] = MODEL_NONE;
        for (uint32_t i = 0; i < m->top[ACD_OBJECT_AGENT]; i++)
                m->class[index].tier[i] = (int8_t)model_member_tier(m, &m->agent[i], wanted);
        return index;
}

/* One contact less. */
void model_class_drop(struct model *m, int32_t class_index)
{
        struct model_class *class = &m->class[class_index];

        ACD_ASSERT(class->is_used);
        ACD_ASSERT(class->contact_count > 0);
        class->contact_count--;
        class->is_used = class->contact_count > 0;
}

/* The configuration behind an agent's memberships has changed: E6, D21. */
void model_recompute(struct model *m, uint32_t agent_index)
{
        struct model_agent *agent = &m->agent[agent_index];
        bool classes[MODEL_CLASS_MAX] = { false };
        bool has_left = false;

        for (uint32_t i = 0; i < m->class_top; i++) {
                int8_t old = m->class[i].tier[agent_index];

                if (!m->class[i].is_used)
                        continue;
                m->class[i].tier[agent_index] = (int8_t)model_member_tier(m, agent, &m->class[i]);
                if (old >= 0 && old != m->class[i].tier[agent_index]) {
                        classes[i] = true;
                        has_left = true;
                }
        }
        if (agent->is_idle)
                model_match_agent(m, agent_index);
        if (has_left)
                memcpy(model_job_add(m, MODEL_JOB_REMATCH)->classes, classes, sizeof(classes));
}
