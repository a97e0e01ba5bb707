/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memberships: which agents may serve which classes.
 *
 * Who is eligible is computed when skills, queues or classes change, never while
 * matching. A membership links an agent with a class for good: it is in a list of
 * each, and in the class's pool of its tier while the agent is idle.
 *
 * When a class is new all agents must be looked at. A brief of 16 bytes each, with
 * a bit per skill (modulo 64) and channel, rules out nearly all who are not
 * eligible, so that looking at ten thousand takes microseconds; the others are
 * asked in full.
 */

#include "acd/parts.h"

static struct acd_ispace agent_space(const struct acd *acd)
{
        return (struct acd_ispace){ &acd->membership[0].agent_link, sizeof(acd->membership[0]) };
}

/* The profile in force for an agent: his own, else his team's; 0: none. */
static uint32_t setup_profile(const struct acd *acd, const struct acd_agent_setup *setup)
{
        if (setup->profile != 0 || setup->team == 0)
                return setup->profile;
        return acd->team[setup->team].profile;
}

uint32_t acd_agent_profile(const struct acd *acd, uint32_t agent)
{
        return setup_profile(acd, &acd->agent_setup[agent]);
}

static const struct acd_level_entry *find_level(const struct acd_abilities *abilities,
                                                uint32_t skill)
{
        uint32_t low = 0, high = abilities->skill_count;

        while (low < high) {
                uint32_t middle = (low + high) / 2;

                if (abilities->skill[middle].skill < skill)
                        low = middle + 1;
                else
                        high = middle;
        }
        if (low < abilities->skill_count && abilities->skill[low].skill == skill)
                return &abilities->skill[low];
        return NULL;
}

/* His level of a skill, inherited or own; 0: he does not have it. */
static uint8_t level_of(const struct acd *acd, const struct acd_agent_setup *setup, uint32_t skill)
{
        uint32_t profile = setup_profile(acd, setup);
        const struct acd_level_entry *entry = find_level(&setup->abilities, skill);

        if (entry == NULL && profile != 0)
                entry = find_level(&acd->profile[profile].abilities, skill);
        return entry == NULL ? 0 : entry->level;
}

static uint64_t skill_bits(const struct acd_abilities *abilities)
{
        uint64_t bits = 0;

        for (uint32_t i = 0; i < abilities->skill_count; i++)
                bits |= UINT64_C(1) << (abilities->skill[i].skill % 64);
        return bits;
}

static uint32_t channel_bits(const struct acd *acd, const struct acd_abilities *abilities)
{
        uint32_t bits = 0;

        for (uint32_t i = 0; i < abilities->channel_count; i++)
                bits |= 1u << acd->channel[abilities->channel[i].channel].ordinal;
        return bits;
}

/* A superset of his skills will do. */
static struct acd_agent_brief brief_of(const struct acd *acd, uint32_t tenant,
                                       const struct acd_agent_setup *setup)
{
        const struct acd_abilities *own = &setup->abilities;
        uint32_t profile = setup_profile(acd, setup);
        struct acd_agent_brief brief = { .tenant = tenant,
                                         .skills = skill_bits(own),
                                         .channels = UINT32_MAX };

        if (profile != 0)
                brief.skills |= skill_bits(&acd->profile[profile].abilities);
        if (own->channel_count > 0)
                brief.channels = channel_bits(acd, own);
        else if (profile != 0 && acd->profile[profile].abilities.channel_count > 0)
                brief.channels = channel_bits(acd, &acd->profile[profile].abilities);
        return brief;
}

/* Compute the brief of an agent anew. */
void acd_brief_update(struct acd *acd, uint32_t agent)
{
        acd->agent_brief[agent] = brief_of(acd, acd->agent[agent].tenant, &acd->agent_setup[agent]);
}

void acd_brief_clear(struct acd *acd, uint32_t agent)
{
        acd->agent_brief[agent] = (struct acd_agent_brief){ 0 };
}

/* What a brief must have: the skills of group 0, and the channel. */
void acd_want_of(const struct acd *acd, const struct acd_class_want *want,
                 struct acd_agent_brief *ret_brief)
{
        const struct acd_terms *terms[2] = { &acd->queue[want->queue].terms, want->terms };

        *ret_brief = (struct acd_agent_brief){
                .tenant = acd->queue[want->queue].tenant,
                .channels = 1u << acd->channel[want->channel].ordinal,
        };
        for (uint32_t t = 0; t < 2; t++)
                for (uint32_t i = 0; i < terms[t]->count; i++)
                        if (terms[t]->term[i].group == 0)
                                ret_brief->skills |= UINT64_C(1) << (terms[t]->term[i].skill % 64);
}

static bool brief_has(const struct acd_agent_brief *brief, const struct acd_agent_brief *wanted)
{
        return brief->tenant == wanted->tenant &&
               (brief->skills & wanted->skills) == wanted->skills &&
               (brief->channels & wanted->channels) == wanted->channels;
}

/* All terms of group 0, and one of each other group. */
static bool satisfies(const struct acd *acd, const struct acd_agent_setup *setup,
                      const struct acd_terms *terms)
{
        uint32_t groups_wanted = 0, groups_met = 0;

        for (uint32_t i = 0; i < terms->count; i++) {
                bool is_met =
                        level_of(acd, setup, terms->term[i].skill) >= terms->term[i].level_min;

                if (terms->term[i].group == 0 && !is_met)
                        return false;
                groups_wanted |= 1u << terms->term[i].group;
                if (is_met)
                        groups_met |= 1u << terms->term[i].group;
        }
        return (groups_wanted & ~groups_met & ~1u) == 0;
}

bool acd_agent_satisfies(const struct acd *acd, uint32_t agent, const struct acd_terms *terms)
{
        return satisfies(acd, &acd->agent_setup[agent], terms);
}

/* Is @agent eligible (E2)? @brief is what acd_want_of() said. */
bool acd_is_eligible(const struct acd *acd, uint32_t agent, const struct acd_class_want *want,
                     const struct acd_agent_brief *brief)
{
        const struct acd_agent_setup *setup = &acd->agent_setup[agent];

        return brief_has(&acd->agent_brief[agent], brief) && agent != want->excluded &&
               satisfies(acd, setup, &acd->queue[want->queue].terms) &&
               satisfies(acd, setup, want->terms);
}

/* Would an agent of @tenant with this setup be? */
bool acd_setup_is_eligible(const struct acd *acd, uint32_t tenant,
                           const struct acd_agent_setup *setup, const struct acd_class_want *want,
                           const struct acd_agent_brief *wanted)
{
        struct acd_agent_brief brief = brief_of(acd, tenant, setup);

        return brief_has(&brief, wanted) && satisfies(acd, setup, &acd->queue[want->queue].terms) &&
               satisfies(acd, setup, want->terms);
}

uint32_t acd_agent_tier(const struct acd *acd, uint32_t agent, uint32_t queue)
{
        const struct acd_agent_setup *setup = &acd->agent_setup[agent];

        for (uint32_t i = 0; i < setup->tier_count; i++)
                if (setup->tier[i].queue == queue)
                        return setup->tier[i].tier;
        return 0;
}

/* The membership of an agent in a class, or 0. */
uint32_t acd_member_find(const struct acd *acd, uint32_t agent, uint32_t class)
{
        uint32_t member = acd->agent[agent].members.first;

        while (member != 0 && acd->membership[member].class != class)
                member = acd->membership[member].agent_link.next;
        return member;
}

/* Count its agent as logged in at its tier, or no longer. */
void acd_member_count_login(struct acd *acd, uint32_t index, bool is_login)
{
        const struct acd_membership *member = &acd->membership[index];
        uint32_t *count = &acd->class[member->class].logged_in[member->tier];

        if (is_login) {
                (*count)++;
        } else {
                ACD_ASSERT(*count > 0);
                (*count)--;
        }
        /* A tier that closes again needs its timer. */
        if (is_login && *count == 1)
                acd_tier_timer_arm(acd, member->class);
}

/* Into the pool and the count of its tier, or out of them. */
static void enter_tier(struct acd *acd, uint32_t index)
{
        uint32_t agent = acd->membership[index].agent;

        if (acd->agent[agent].presence != ACD_PRESENCE_LOGGED_OUT)
                acd_member_count_login(acd, index, true);
        if (acd_agent_is_idle(acd, agent))
                acd_pool_join(acd, index);
}

static void leave_tier(struct acd *acd, uint32_t index)
{
        uint32_t agent = acd->membership[index].agent;

        if (acd_agent_is_idle(acd, agent))
                acd_pool_leave(acd, index);
        if (acd->agent[agent].presence != ACD_PRESENCE_LOGGED_OUT)
                acd_member_count_login(acd, index, false);
}

void acd_member_add(struct acd *acd, uint32_t agent, uint32_t class_index)
{
        struct acd_class *class = &acd->class[class_index];
        uint32_t index = acd_slab_take(&acd->memberships);
        struct acd_membership *member = &acd->membership[index];

        member->agent = agent;
        member->class = class_index;
        member->tier = acd_agent_tier(acd, agent, class->queue);
        acd_ilist_push_back(acd_slab_space(&acd->memberships), &class->members, index);
        acd_ilist_push_back(agent_space(acd), &acd->agent[agent].members, index);
        if (class->contact_count > 0)
                acd->used_membership_count++;
        enter_tier(acd, index);
}

void acd_member_remove(struct acd *acd, uint32_t index)
{
        const struct acd_membership *member = &acd->membership[index];
        struct acd_class *class = &acd->class[member->class];

        leave_tier(acd, index);
        if (class->contact_count > 0)
                acd->used_membership_count--;
        acd_ilist_remove(agent_space(acd), &acd->agent[member->agent].members, index);
        acd_ilist_remove(acd_slab_space(&acd->memberships), &class->members, index);
        acd_slab_give(&acd->memberships, index);
}

/* His tier has changed by configuration. */
void acd_member_set_tier(struct acd *acd, uint32_t index, uint32_t tier)
{
        leave_tier(acd, index);
        acd->membership[index].tier = tier;
        enter_tier(acd, index);
}

/* Classes in use that an agent serves. */
uint32_t acd_agent_used_class_count(const struct acd *acd, uint32_t agent)
{
        uint32_t count = 0;

        for (uint32_t member = acd->agent[agent].members.first; member != 0;
             member = acd->membership[member].agent_link.next)
                count += acd->class[acd->membership[member].class].contact_count > 0;
        return count;
}
