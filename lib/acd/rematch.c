/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rematching a set of classes (D21): a gate has opened that concerns many.
 *
 * The first contact by key, over all classes of the set, that M1 can place is
 * placed, one a unit, until there is none. The set is a list of classes that hangs
 * on the agent or queue whose change opened the gate; a class that is in a set
 * already is matched with that one, which comes first. A class where nobody waits
 * or nobody is available has nothing to place and stays out.
 */

#include "acd/parts.h"

static struct acd_ispace class_space(const struct acd *acd)
{
        return (struct acd_ispace){ &acd->class[0].rematch_link, sizeof(acd->class[0]) };
}

static bool is_worth(const struct acd *acd, uint32_t class)
{
        return acd_slab_is_live(&acd->classes, class) && acd->class[class].waiting_count > 0 &&
               acd->class[class].pool_bits != 0 && acd->class[class].rematch_link.list == 0;
}

void acd_rematch_for_agent(struct acd *acd, uint32_t agent, uint32_t class)
{
        if (!is_worth(acd, class))
                return;
        acd_ilist_push_back(class_space(acd), &acd->agent[agent].rematch, class);
        acd_job_add(acd, JOB_AGENT_REMATCH, agent);
}

void acd_rematch_for_queue(struct acd *acd, uint32_t queue)
{
        for (uint32_t class = acd->queue[queue].used_classes.first; class != 0;
             class = acd->class[class].queue_link.next) {
                acd_tier_timer_arm(acd, class);
                if (!is_worth(acd, class))
                        continue;
                acd_ilist_push_back(class_space(acd), &acd->queue[queue].rematch, class);
                acd_job_add(acd, JOB_QUEUE_REMATCH, queue);
        }
}

static struct acd_ilist *set_of(struct acd *acd, uint32_t tag)
{
        uint32_t owner = acd_tag_owner(tag);

        return tag == acd_tag(LIST_REMATCH_AGENT, owner) ? &acd->agent[owner].rematch
                                                         : &acd->queue[owner].rematch;
}

/* The class is dropped. */
void acd_rematch_forget(struct acd *acd, uint32_t class)
{
        uint32_t tag = acd->class[class].rematch_link.list;

        if (tag != 0)
                acd_ilist_remove(class_space(acd), set_of(acd, tag), class);
}

/* The agent is removed: his classes are matched each for itself. */
void acd_rematch_hand_over(struct acd *acd, uint32_t agent)
{
        uint32_t class;

        while ((class = acd_ilist_pop_front(class_space(acd), &acd->agent[agent].rematch)) != 0)
                acd_job_add(acd, JOB_CLASS_REMATCH, class);
        acd_job_remove(acd, JOB_AGENT_REMATCH, agent);
}

/* One unit over a set. False: nothing is left to place. */
static bool work(struct acd *acd, struct acd_ilist *set)
{
        uint32_t best = 0;

        for (uint32_t class = set->first; class != 0; class = acd->class[class].rematch_link.next) {
                uint32_t contact = acd_class_placeable(acd, class);

                if (contact != 0 && (best == 0 || acd_contact_is_before(acd, contact, best)))
                        best = contact;
        }
        if (best != 0) {
                acd_match_contact(acd, best);
                return true;
        }
        while (set->first != 0) {
                acd_tier_timer_arm(acd, set->first);
                acd_ilist_pop_front(class_space(acd), set);
        }
        return false;
}

bool acd_agent_rematch_work(struct acd *acd, struct acd_job *job, uint32_t agent)
{
        (void)job;
        return work(acd, &acd->agent[agent].rematch);
}

bool acd_queue_rematch_work(struct acd *acd, struct acd_job *job, uint32_t queue)
{
        (void)job;
        return work(acd, &acd->queue[queue].rematch);
}

bool acd_class_rematch_work(struct acd *acd, struct acd_job *job, uint32_t class)
{
        uint32_t contact = acd_class_placeable(acd, class);

        (void)job;
        if (contact == 0) {
                acd_tier_timer_arm(acd, class);
                return false;
        }
        acd_match_contact(acd, contact);
        return true;
}
