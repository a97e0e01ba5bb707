/* SPDX-License-Identifier: Apache-2.0 */
/*
 * I1: every index of a live object names a live object, of the same tenant, and
 * every state is one of its kind. What follows in the other parts believes this.
 */

#include "acd/check.h"
#include "base/name.h"

static bool is_live(const struct acd_slab *slab, uint32_t index)
{
        return acd_slab_is_live(slab, index);
}

static bool is_of(const struct acd *acd, enum acd_object object, uint32_t index, uint32_t tenant)
{
        return is_live(acd_slab_of(acd, object), index) &&
               acd_tenant_of(acd, object, index) == tenant;
}

static bool is_of_or_none(const struct acd *acd, enum acd_object object, uint32_t index,
                          uint32_t tenant)
{
        return index == 0 || is_of(acd, object, index, tenant);
}

static bool name_is_good(const char *name)
{
        return acd_name_is_valid(name, acd_text_size(name));
}

static uint64_t id_of_skill(const struct acd *acd, uint32_t skill)
{
        return acd_id_of(acd, &acd->skills, skill);
}

/* Sorted as acd_requirement_sort() does. */
static bool terms_are_good(const struct acd *acd, const struct acd_terms *terms, uint32_t tenant)
{
        for (uint32_t i = 0; i < terms->count; i++) {
                if (!is_of(acd, ACD_OBJECT_SKILL, terms->term[i].skill, tenant) ||
                    terms->term[i].level_min == 0)
                        return false;
                if (i > 0 && (terms->term[i - 1].group > terms->term[i].group ||
                              (terms->term[i - 1].group == terms->term[i].group &&
                               id_of_skill(acd, terms->term[i - 1].skill) >=
                                       id_of_skill(acd, terms->term[i].skill))))
                        return false;
        }
        return true;
}

static bool abilities_are_good(const struct acd *acd, const struct acd_abilities *abilities,
                               uint32_t tenant)
{
        for (uint32_t i = 0; i < abilities->channel_count; i++)
                if (!is_of(acd, ACD_OBJECT_CHANNEL, abilities->channel[i].channel, tenant) ||
                    (i > 0 && abilities->channel[i - 1].channel >= abilities->channel[i].channel))
                        return false;
        for (uint32_t i = 0; i < abilities->skill_count; i++)
                if (!is_of(acd, ACD_OBJECT_SKILL, abilities->skill[i].skill, tenant) ||
                    (i > 0 && abilities->skill[i - 1].skill >= abilities->skill[i].skill))
                        return false;
        return true;
}

/* What is live has an id, and what is given out from now on has another. */
static const char *check_generations(const struct acd *acd)
{
        for (uint32_t object = ACD_OBJECT_TENANT; object <= ACD_OBJECT_ASSIGNMENT; object++) {
                const struct acd_slab *slab = acd_slab_of(acd, (enum acd_object)object);

                HOLDS(slab->floor <= slab->peak);
                HOLDS((slab->floor == 0) == (acd->history_epoch == 0));
                for (uint32_t i = 1; i <= slab->top; i++) {
                        HOLDS(acd_slab_slot(slab, i)->generation > 0);
                        HOLDS(acd_slab_slot(slab, i)->generation <= slab->peak);
                }
        }
        HOLDS(acd->history_epoch <= acd->epoch);
        return NULL;
}

static const char *check_small(const struct acd *acd)
{
        for (uint32_t i = 1; i <= acd->tenants.top; i++) {
                if (!is_live(&acd->tenants, i))
                        continue;
                HOLDS(name_is_good(acd->tenant[i].config.name));
                for (uint32_t k = 0; k < ACD_AGENT_CHANNEL_MAX; k++) {
                        uint32_t channel = acd->tenant[i].channel[k];

                        HOLDS(is_of_or_none(acd, ACD_OBJECT_CHANNEL, channel, i));
                        HOLDS(channel == 0 || acd->channel[channel].ordinal == k);
                }
        }
        for (uint32_t i = 1; i <= acd->skills.top; i++) {
                if (!is_live(&acd->skills, i))
                        continue;
                HOLDS(is_live(&acd->tenants, acd->skill[i].tenant));
                HOLDS(name_is_good(acd->skill[i].config.name));
        }
        for (uint32_t i = 1; i <= acd->channels.top; i++) {
                if (!is_live(&acd->channels, i))
                        continue;
                HOLDS(is_live(&acd->tenants, acd->channel[i].tenant));
                HOLDS(acd->tenant[acd->channel[i].tenant].channel[acd->channel[i].ordinal] == i);
                HOLDS(name_is_good(acd->channel[i].config.name));
        }
        for (uint32_t i = 1; i <= acd->gateways.top; i++) {
                if (!is_live(&acd->gateways, i))
                        continue;
                HOLDS(is_live(&acd->tenants, acd->gateway[i].tenant));
                HOLDS(acd->gateway[i].state >= ACD_GATEWAY_PRESENT);
                HOLDS(acd->gateway[i].link.list ==
                      acd_tag(LIST_GATEWAY + acd->gateway[i].state, 0));
                HOLDS(name_is_good(acd->gateway[i].name));
        }
        return NULL;
}

static const char *check_queues(const struct acd *acd)
{
        for (uint32_t i = 1; i <= acd->queues.top; i++) {
                const struct acd_queue *queue = &acd->queue[i];

                if (!is_live(&acd->queues, i))
                        continue;
                HOLDS(is_live(&acd->tenants, queue->tenant));
                HOLDS(name_is_good(queue->name));
                HOLDS(terms_are_good(acd, &queue->terms, queue->tenant));
                HOLDS(queue->config.tier_wait_ms[0] == 0);
                for (uint32_t tier = 1; tier < ACD_TIER_COUNT; tier++)
                        HOLDS(queue->config.tier_wait_ms[tier] >=
                              queue->config.tier_wait_ms[tier - 1]);
        }
        return NULL;
}

static const char *check_people(const struct acd *acd)
{
        for (uint32_t i = 1; i <= acd->teams.top; i++) {
                const struct acd_team *team = &acd->team[i];

                if (!is_live(&acd->teams, i))
                        continue;
                HOLDS(is_live(&acd->tenants, team->tenant));
                HOLDS(name_is_good(team->name));
                HOLDS(is_of_or_none(acd, ACD_OBJECT_PROFILE, team->profile, team->tenant));
                for (uint32_t k = 0; k < team->supervisor_count; k++)
                        HOLDS(is_of(acd, ACD_OBJECT_AGENT, team->supervisor[k], team->tenant));
        }
        for (uint32_t i = 1; i <= acd->profiles.top; i++) {
                const struct acd_profile *profile = &acd->profile[i];

                if (!is_live(&acd->profiles, i))
                        continue;
                HOLDS(is_live(&acd->tenants, profile->tenant));
                HOLDS(name_is_good(profile->name));
                HOLDS(abilities_are_good(acd, &profile->abilities, profile->tenant));
        }
        return NULL;
}

static const char *check_setup(const struct acd *acd, uint32_t index)
{
        const struct acd_agent_setup *setup = &acd->agent_setup[index];
        uint32_t tenant = acd->agent[index].tenant;

        HOLDS(name_is_good(setup->name));
        HOLDS(is_of_or_none(acd, ACD_OBJECT_TEAM, setup->team, tenant));
        HOLDS(is_of_or_none(acd, ACD_OBJECT_PROFILE, setup->profile, tenant));
        HOLDS(abilities_are_good(acd, &setup->abilities, tenant));
        for (uint32_t i = 0; i < setup->tier_count; i++) {
                HOLDS(is_of(acd, ACD_OBJECT_QUEUE, setup->tier[i].queue, tenant));
                HOLDS(i == 0 || setup->tier[i - 1].queue < setup->tier[i].queue);
        }
        return NULL;
}

static const char *check_agents(const struct acd *acd)
{
        for (uint32_t i = 1; i <= acd->agents.top; i++) {
                const struct acd_agent *agent = &acd->agent[i];
                const char *broken;

                if (!is_live(&acd->agents, i))
                        continue;
                HOLDS(is_live(&acd->tenants, agent->tenant));
                HOLDS(agent->presence >= ACD_PRESENCE_LOGGED_OUT);
                HOLDS(agent->busy == 0 || is_live(&acd->assignments, agent->busy));
                HOLDS(agent->pair == 0 || is_live(&acd->pairs, agent->pair));
                broken = check_setup(acd, i);
                if (broken != NULL)
                        return broken;
        }
        return NULL;
}

static const char *check_classes(const struct acd *acd)
{
        for (uint32_t i = 1; i <= acd->classes.top; i++) {
                const struct acd_class *class = &acd->class[i];

                if (!is_live(&acd->classes, i))
                        continue;
                HOLDS(is_live(&acd->tenants, class->tenant));
                HOLDS(is_of(acd, ACD_OBJECT_QUEUE, class->queue, class->tenant));
                HOLDS(is_of(acd, ACD_OBJECT_CHANNEL, class->channel, class->tenant));
                HOLDS(is_of_or_none(acd, ACD_OBJECT_AGENT, class->excluded, class->tenant));
                HOLDS(terms_are_good(acd, &class->terms, class->tenant));
                for (uint32_t band = 0; band < ACD_BAND_COUNT; band++)
                        HOLDS(class->lane[band] == 0 || is_live(&acd->lanes, class->lane[band]));
        }
        for (uint32_t i = 1; i <= acd->lanes.top; i++) {
                if (!is_live(&acd->lanes, i))
                        continue;
                HOLDS(is_live(&acd->classes, acd->lane[i].class));
                HOLDS(acd->lane[i].next == 0 || is_live(&acd->lanes, acd->lane[i].next));
        }
        for (uint32_t i = 1; i <= acd->memberships.top; i++) {
                const struct acd_membership *member = &acd->membership[i];

                if (!is_live(&acd->memberships, i))
                        continue;
                HOLDS(is_live(&acd->classes, member->class));
                HOLDS(is_of(acd, ACD_OBJECT_AGENT, member->agent,
                            acd->class[member->class].tenant));
        }
        return NULL;
}

static const char *check_contacts(const struct acd *acd)
{
        for (uint32_t i = 1; i <= acd->contacts.top; i++) {
                const struct acd_contact *contact = &acd->contact[i];

                if (!is_live(&acd->contacts, i))
                        continue;
                HOLDS(contact->state >= ACD_CONTACT_WAITING);
                HOLDS(is_live(&acd->classes, contact->class));
                HOLDS(is_of_or_none(acd, ACD_OBJECT_GATEWAY, contact->gateway,
                                    acd->class[contact->class].tenant));
                HOLDS(contact->assignment == 0 || is_live(&acd->assignments, contact->assignment));
                HOLDS(contact->pair == 0 || is_live(&acd->pairs, contact->pair));
                HOLDS(contact->key == 0 || contact->state == ACD_CONTACT_ENDED ||
                      is_live(&acd->keys, contact->key));
        }
        for (uint32_t i = 1; i <= acd->assignments.top; i++) {
                const struct acd_assignment *assignment = &acd->assignment[i];

                if (!is_live(&acd->assignments, i))
                        continue;
                HOLDS(assignment->state >= ACD_ASSIGNMENT_OFFERED);
                HOLDS(is_live(&acd->contacts, assignment->contact));
                HOLDS(is_live(&acd->agents, assignment->agent));
                HOLDS(acd->agent[assignment->agent].tenant ==
                      acd_tenant_of(acd, ACD_OBJECT_CONTACT, assignment->contact));
        }
        for (uint32_t i = 1; i <= acd->pairs.top; i++) {
                const struct acd_pair *pair = &acd->pair[i];

                if (!is_live(&acd->pairs, i))
                        continue;
                HOLDS(is_live(&acd->contacts, pair->contact));
                HOLDS(is_live(&acd->agents, pair->agent));
                HOLDS(pair->next_of_contact == 0 || is_live(&acd->pairs, pair->next_of_contact));
                HOLDS(pair->next_of_agent == 0 || is_live(&acd->pairs, pair->next_of_agent));
        }
        return NULL;
}

#undef HOLDS

const char *acd_check_references(const struct acd *acd)
{
        const char *(*const parts[])(const struct acd *) = {
                check_generations, check_small,   check_queues,   check_people,
                check_agents,      check_classes, check_contacts,
        };

        for (uint32_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
                const char *broken = parts[i](acd);

                if (broken != NULL)
                        return broken;
        }
        return NULL;
}
