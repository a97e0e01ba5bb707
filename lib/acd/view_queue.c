/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading queues: their counts, and who waits in which order.
 *
 * Counts are lengths of lists. How many agents could serve a queue is asked of
 * the class with the most members, where there is one, and of all agents where no
 * contact has made one yet.
 *
 * The order of service is a merge of walks, one for each class of the queue, each
 * in order. A page goes on after a contact, waiting or not: its key is still in
 * its slot as long as nothing newer is.
 */

#include "acd/parts.h"

/* The queue's class that tells most about its agents, or 0. */
static uint32_t largest_class(const struct acd *acd, const struct acd_queue *queue)
{
        const uint32_t firsts[2] = { queue->used_classes.first, queue->idle_classes.first };
        uint32_t best = 0;

        for (uint32_t list = 0; list < 2; list++)
                for (uint32_t class = firsts[list]; class != 0;
                     class = acd->class[class].queue_link.next)
                        if (best == 0 ||
                            acd->class[class].members.count > acd->class[best].members.count)
                                best = class;
        return best;
}

static void count_agents_of_class(const struct acd *acd, uint32_t index,
                                  struct acd_queue_view *view)
{
        const struct acd_class *class = &acd->class[index];

        view->agent_eligible = class->members.count;
        for (uint32_t tier = 0; tier < ACD_TIER_COUNT; tier++) {
                view->agent_logged_in += class->logged_in[tier];
                view->agent_ready += class->pool[tier].count;
        }
}

/* What the brief of an agent has at least who satisfies @terms. */
static uint64_t skills_of(const struct acd_terms *terms)
{
        uint64_t skills = 0;

        for (uint32_t i = 0; i < terms->count; i++)
                if (terms->term[i].group == 0)
                        skills |= UINT64_C(1) << (terms->term[i].skill % 64);
        return skills;
}

/* Every agent who satisfies the queue's own requirement, whatever his channels: all of the tenant
 * when there is none. */
static void count_agents(const struct acd *acd, uint32_t queue, struct acd_queue_view *view)
{
        const struct acd_terms *terms = &acd->queue[queue].terms;
        const struct acd_tenant *tenant = &acd->tenant[acd->queue[queue].tenant];
        uint64_t skills = skills_of(terms);

        if (terms->count == 0) {
                for (uint32_t i = ACD_PRESENCE_LOGGED_OUT; i <= ACD_PRESENCE_LOST; i++)
                        view->agent_eligible += tenant->presence[i].count;
                view->agent_logged_in =
                        view->agent_eligible - tenant->presence[ACD_PRESENCE_LOGGED_OUT].count;
                view->agent_ready = tenant->idle.count;
                return;
        }
        for (uint32_t agent = 1; agent <= acd->agents.top; agent++) {
                const struct acd_agent_brief *brief = &acd->agent_brief[agent];

                if (brief->tenant != acd->queue[queue].tenant ||
                    (brief->skills & skills) != skills || !acd_agent_satisfies(acd, agent, terms))
                        continue;
                view->agent_eligible++;
                view->agent_logged_in += acd->agent[agent].presence != ACD_PRESENCE_LOGGED_OUT;
                view->agent_ready += acd_agent_is_idle(acd, agent);
        }
}

static acd_time oldest_of_class(const struct acd *acd, uint32_t class)
{
        return acd->class[class].waiting_count == 0 ? UINT64_MAX
                                                    : acd_class_next_entry(acd, class, 0);
}

bool acd_view_queue(const struct acd *acd, acd_queue_id id, struct acd_queue_view *ret_view)
{
        uint32_t index = acd_index_of(acd, ACD_OBJECT_QUEUE, id.value);
        const struct acd_queue *queue = &acd->queue[index];
        acd_time oldest = UINT64_MAX;
        uint32_t class;

        if (index == 0)
                return false;
        *ret_view = (struct acd_queue_view){
                .queue = id,
                .tenant.value = acd_id_of(acd, &acd->tenants, queue->tenant),
                .waiting = queue->waiting_count,
                .withheld = queue->contacts[ACD_CONTACT_WITHHELD].count,
                .offered = queue->contacts[ACD_CONTACT_OFFERED].count,
                .connecting = queue->contacts[ACD_CONTACT_CONNECTING].count,
                .active = queue->contacts[ACD_CONTACT_ACTIVE].count,
                .wrap_up = queue->contacts[ACD_CONTACT_ENDED].count,
                .submitted = queue->submitted,
                .answered = queue->answered,
                .abandoned = queue->abandoned,
                .closed = queue->closed,
        };
        for (class = queue->used_classes.first; class != 0;
             class = acd->class[class].queue_link.next)
                if (oldest_of_class(acd, class) < oldest)
                        oldest = oldest_of_class(acd, class);
        ret_view->oldest = oldest == UINT64_MAX ? 0 : oldest;
        class = largest_class(acd, queue);
        if (class != 0)
                count_agents_of_class(acd, class, ret_view);
        else
                count_agents(acd, index, ret_view);
        return true;
}

/* The contact that a page goes on after; 0: from the beginning; false: no such. */
static bool find_after(const struct acd *acd, uint64_t id, uint32_t *ret_after)
{
        *ret_after = 0;
        if (id == 0)
                return true;
        *ret_after = acd_index_of(acd, ACD_OBJECT_CONTACT, id);
        if (*ret_after == 0)
                *ret_after = acd_ghost_of(acd, ACD_OBJECT_CONTACT, id);
        return *ret_after != 0;
}

/* Begin a walk of the class; the first contact after @after, 0 being before all. */
static uint32_t walk_from(const struct acd *acd, struct acd_class_walk *walk, uint32_t class,
                          uint32_t after)
{
        uint32_t contact;

        acd_walk_begin(acd, walk, class, UINT64_MAX);
        do
                contact = acd_walk_next(acd, walk);
        while (contact != 0 && after != 0 && !acd_contact_is_before(acd, after, contact));
        return contact;
}

/* Which of @contact comes first; @count when all are 0. */
static uint32_t first_of(const struct acd *acd, const uint32_t *contact, uint32_t count)
{
        uint32_t best = count;

        for (uint32_t i = 0; i < count; i++)
                if (contact[i] != 0 &&
                    (best == count || acd_contact_is_before(acd, contact[i], contact[best])))
                        best = i;
        return best;
}

/* A merge of one walk a class: as many as fit on the stack. */
enum { WALK_MAX = 128 };

struct merge {
        uint32_t count;
        uint32_t next[WALK_MAX];
        struct acd_class_walk walk[WALK_MAX];
};

static void merge_begin(const struct acd *acd, struct merge *merge, uint32_t queue, uint32_t after)
{
        merge->count = 0;
        for (uint32_t class = acd->queue[queue].used_classes.first; class != 0;
             class = acd->class[class].queue_link.next) {
                if (acd->class[class].waiting_count == 0)
                        continue;
                ACD_ASSERT(merge->count < WALK_MAX);
                merge->next[merge->count] =
                        walk_from(acd, &merge->walk[merge->count], class, after);
                merge->count++;
        }
}

static uint32_t merge_next(const struct acd *acd, struct merge *merge)
{
        uint32_t best = first_of(acd, merge->next, merge->count);
        uint32_t contact;

        if (best == merge->count)
                return 0;
        contact = merge->next[best];
        merge->next[best] = acd_walk_next(acd, &merge->walk[best]);
        return contact;
}

/* The same for a queue of more classes, which only an unusual limit allows: every
 * class is walked anew for every contact. */
static uint32_t search_next(const struct acd *acd, uint32_t queue, uint32_t after)
{
        struct acd_class_walk walk;
        uint32_t best = 0;

        for (uint32_t class = acd->queue[queue].used_classes.first; class != 0;
             class = acd->class[class].queue_link.next) {
                uint32_t contact = walk_from(acd, &walk, class, after);

                if (contact != 0 && (best == 0 || acd_contact_is_before(acd, contact, best)))
                        best = contact;
        }
        return best;
}

uint32_t acd_queue_order(const struct acd *acd, acd_queue_id queue, acd_contact_id after,
                         acd_contact_id *ret_ids, uint32_t max)
{
        uint32_t index = acd_index_of(acd, ACD_OBJECT_QUEUE, queue.value);
        bool is_small = acd->limits.class_per_queue_max <= WALK_MAX;
        struct merge merge;
        uint32_t at, count = 0;

        if (index == 0 || !find_after(acd, after.value, &at))
                return 0;
        if (is_small)
                merge_begin(acd, &merge, index, at);
        while (count < max) {
                at = is_small ? merge_next(acd, &merge) : search_next(acd, index, at);
                if (at == 0)
                        break;
                ret_ids[count++].value = acd_id_of(acd, &acd->contacts, at);
        }
        return count;
}
