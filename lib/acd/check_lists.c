/* SPDX-License-Identifier: Apache-2.0 */
/*
 * I2: every list is sound: links are mutual, carry the list's tag, and are as many
 * as the list says.
 * I3: everything is in exactly one place: the lists of a space together hold as
 * many elements as have a tag.
 *
 * A walk that follows mutual links and ends after as many steps as the list says
 * cannot have met an element twice; an element is in one list at most, since it
 * has one tag. So equal sums mean that nothing is missing and nothing invented.
 */

#include <string.h>

#include "acd/check.h"

/* One space of links: how many elements its lists hold so far. */
struct census {
        struct acd_ispace space;
        uint32_t top;
        uint64_t listed;
};

static bool count_list(struct census *census, const struct acd_ilist *list)
{
        uint32_t before = 0;
        uint32_t at = list->first;

        for (uint32_t count = 0; count < list->count; count++) {
                const struct acd_ilink *link;

                if (at == 0 || at > census->top)
                        return false;
                link = acd_ilink_at(census->space, at);
                if (link->list != list->tag || link->prev != before)
                        return false;
                before = at;
                at = link->next;
        }
        census->listed += list->count;
        return at == 0 && list->last == before;
}

/* As many elements have a tag as the lists hold. */
static bool is_complete(const struct census *census)
{
        uint64_t tagged = 0;

        for (uint32_t i = 1; i <= census->top; i++)
                tagged += acd_ilink_at(census->space, i)->list != 0;
        return tagged == census->listed;
}

static struct census slab_census(const struct acd_slab *slab)
{
        return (struct census){ .space = acd_slab_space(slab), .top = slab->top };
}

/* Every slot is in a list, and the free ones are those that are not live. */
static bool slab_is_complete(const struct census *census, const struct acd_slab *slab)
{
        return census->listed == slab->top && slab->live == slab->top - slab->free.count;
}

static const char *check_simple(const struct acd *acd)
{
        const struct acd_slab *slabs[] = { &acd->tenants, &acd->skills, &acd->channels,
                                           &acd->queues,  &acd->teams,  &acd->profiles,
                                           &acd->lanes,   &acd->pairs };

        for (uint32_t i = 0; i < sizeof(slabs) / sizeof(slabs[0]); i++) {
                struct census census = slab_census(slabs[i]);

                HOLDS(count_list(&census, &slabs[i]->free));
                HOLDS(count_list(&census, &slabs[i]->used));
                HOLDS(slab_is_complete(&census, slabs[i]));
        }
        return NULL;
}

/* Of all queues, the contacts in state @state: a crowd has as many as carry its tag. */
static bool count_crowds(struct census *census, const struct acd *acd, uint32_t state)
{
        uint32_t *counts = acd->scratch;

        memset(counts, 0, acd->scratch_count * sizeof(counts[0]));
        for (uint32_t i = 1; i <= census->top; i++) {
                const struct acd_ilink *link = &acd->contact[i].link;
                uint32_t queue = acd_tag_owner(link->list);

                if (link->list != acd_tag(LIST_WITHHELD + state - ACD_CONTACT_WITHHELD, queue))
                        continue;
                if (queue > acd->queues.top || link->prev != 0 || link->next != 0)
                        return false;
                counts[queue]++;
                census->listed++;
        }
        for (uint32_t i = 1; i <= acd->queues.top; i++)
                if (acd_slab_is_live(&acd->queues, i) &&
                    acd->queue[i].contacts[state].count != counts[i])
                        return false;
        return true;
}

static const char *check_contacts(const struct acd *acd)
{
        struct census contacts = slab_census(&acd->contacts);
        struct census assignments = slab_census(&acd->assignments);

        HOLDS(count_list(&contacts, &acd->contacts.free));
        HOLDS(count_list(&assignments, &acd->assignments.free));
        assignments.listed += acd->assignments.live;
        for (uint32_t s = ACD_CONTACT_WITHHELD; s <= ACD_CONTACT_ENDED; s++)
                HOLDS(count_crowds(&contacts, acd, s));
        for (uint32_t i = 1; i <= acd->lanes.top; i++)
                if (acd_slab_is_live(&acd->lanes, i))
                        HOLDS(count_list(&contacts, &acd->lane[i].contacts));
        /* Trees are looked into by I7; here their counts must add up. */
        for (uint32_t i = 1; i <= acd->classes.top; i++)
                for (uint32_t b = 0; acd_slab_is_live(&acd->classes, i) && b < ACD_BAND_COUNT; b++)
                        contacts.listed += acd->class[i].tree[b].count;
        HOLDS(is_complete(&contacts));
        HOLDS(slab_is_complete(&contacts, &acd->contacts));
        HOLDS(slab_is_complete(&assignments, &acd->assignments));
        return NULL;
}

static const char *check_agents(const struct acd *acd)
{
        struct census agents = slab_census(&acd->agents);
        struct census idle = { .space = { &acd->agent[0].idle_link, sizeof(acd->agent[0]) },
                               .top = acd->agents.top };
        struct census parked = { .space = { &acd->assignment[0].agent_link,
                                            sizeof(acd->assignment[0]) },
                                 .top = acd->assignments.top };

        HOLDS(count_list(&agents, &acd->agents.free));
        for (uint32_t i = 1; i <= acd->tenants.top; i++) {
                if (!acd_slab_is_live(&acd->tenants, i))
                        continue;
                for (uint32_t p = ACD_PRESENCE_LOGGED_OUT; p <= ACD_PRESENCE_LOST; p++)
                        HOLDS(count_list(&agents, &acd->tenant[i].presence[p]));
                HOLDS(count_list(&idle, &acd->tenant[i].idle));
        }
        for (uint32_t i = 1; i <= acd->agents.top; i++) {
                if (!acd_slab_is_live(&acd->agents, i))
                        continue;
                HOLDS(acd->agent[i].parked.count <= ACD_AGENT_PARKED_MAX);
                HOLDS(count_list(&parked, &acd->agent[i].parked));
        }
        HOLDS(slab_is_complete(&agents, &acd->agents));
        HOLDS(is_complete(&idle));
        HOLDS(is_complete(&parked));
        return NULL;
}

static const char *check_gateways(const struct acd *acd)
{
        struct census gateways = slab_census(&acd->gateways);
        struct census contacts = { .space = { &acd->contact_cold[0].gateway_link,
                                              sizeof(acd->contact_cold[0]) },
                                   .top = acd->contacts.top };

        HOLDS(count_list(&gateways, &acd->gateways.free));
        for (uint32_t s = ACD_GATEWAY_PRESENT; s <= ACD_GATEWAY_GONE; s++)
                HOLDS(count_list(&gateways, &acd->gateway_list[s]));
        for (uint32_t i = 1; i <= acd->gateways.top; i++)
                if (acd_slab_is_live(&acd->gateways, i))
                        HOLDS(count_list(&contacts, &acd->gateway[i].contacts));
        HOLDS(slab_is_complete(&gateways, &acd->gateways));
        HOLDS(is_complete(&contacts));
        return NULL;
}

static const char *check_memberships(const struct acd *acd)
{
        size_t stride = sizeof(acd->membership[0]);
        struct census of_class = slab_census(&acd->memberships);
        struct census of_agent = { .space = { &acd->membership[0].agent_link, stride },
                                   .top = acd->memberships.top };
        struct census of_pool = { .space = { &acd->membership[0].pool_link, stride },
                                  .top = acd->memberships.top };

        HOLDS(count_list(&of_class, &acd->memberships.free));
        for (uint32_t i = 1; i <= acd->classes.top; i++) {
                if (!acd_slab_is_live(&acd->classes, i))
                        continue;
                HOLDS(count_list(&of_class, &acd->class[i].members));
                for (uint32_t tier = 0; tier < ACD_TIER_COUNT; tier++)
                        HOLDS(count_list(&of_pool, &acd->class[i].pool[tier]));
        }
        for (uint32_t i = 1; i <= acd->agents.top; i++)
                if (acd_slab_is_live(&acd->agents, i))
                        HOLDS(count_list(&of_agent, &acd->agent[i].members));
        HOLDS(slab_is_complete(&of_class, &acd->memberships));
        HOLDS(is_complete(&of_agent));
        HOLDS(is_complete(&of_pool));
        return NULL;
}

static const char *check_classes(const struct acd *acd)
{
        size_t stride = sizeof(acd->class[0]);
        struct census classes = slab_census(&acd->classes);
        struct census of_queue = { .space = { &acd->class[0].queue_link, stride },
                                   .top = acd->classes.top };
        struct census of_set = { .space = { &acd->class[0].rematch_link, stride },
                                 .top = acd->classes.top };

        HOLDS(count_list(&classes, &acd->classes.free));
        HOLDS(count_list(&classes, &acd->used_classes));
        HOLDS(count_list(&classes, &acd->idle_classes));
        for (uint32_t i = 1; i <= acd->queues.top; i++) {
                if (!acd_slab_is_live(&acd->queues, i))
                        continue;
                HOLDS(count_list(&of_queue, &acd->queue[i].used_classes));
                HOLDS(count_list(&of_queue, &acd->queue[i].idle_classes));
                HOLDS(count_list(&of_set, &acd->queue[i].rematch));
        }
        for (uint32_t i = 1; i <= acd->agents.top; i++)
                if (acd_slab_is_live(&acd->agents, i))
                        HOLDS(count_list(&of_set, &acd->agent[i].rematch));
        HOLDS(slab_is_complete(&classes, &acd->classes));
        HOLDS(is_complete(&of_queue));
        HOLDS(of_queue.listed == acd->classes.live);
        HOLDS(is_complete(&of_set));
        return NULL;
}

static const char *check_keys(const struct acd *acd)
{
        struct census keys = slab_census(&acd->keys);

        HOLDS(count_list(&keys, &acd->keys.free));
        HOLDS(count_list(&keys, &acd->open_keys));
        HOLDS(count_list(&keys, &acd->closed_keys));
        HOLDS(slab_is_complete(&keys, &acd->keys));
        return NULL;
}

#undef HOLDS

const char *acd_check_lists(const struct acd *acd)
{
        const char *(*const parts[])(const struct acd *) = {
                check_simple,      check_contacts, check_agents, check_gateways,
                check_memberships, check_classes,  check_keys,
        };

        for (uint32_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
                const char *broken = parts[i](acd);

                if (broken != NULL)
                        return broken;
        }
        return NULL;
}
