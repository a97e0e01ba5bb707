/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Classes: one queue with one interned requirement, channel and excluded agent.
 *
 * A class is made when the first contact needs it, and kept when the last one has
 * gone: "in use" is a state, "idle" the other, each a list. Idle classes are a
 * cache. They are dropped, longest unused first, when a limit needs the room, and
 * never cause a refusal: limits speak of classes in use. Since the totals, idle
 * ones included, always keep the limits as well, taking an idle class into use
 * needs no test and costs O(1).
 *
 * Making a class looks at every agent's brief once; so does DEAD_QUEUE. That is
 * the one cost in the core that grows with configured agents, and it is paid when
 * a requirement is seen for the first time, not by contact. Memberships are made
 * at once for small tenants and on the agenda for others (class_fill.c).
 */

#include "acd/parts.h"

#include <string.h>

#include "base/bytes.h"

static struct acd_ispace queue_space(const struct acd *acd)
{
        return (struct acd_ispace){ &acd->class[0].queue_link, sizeof(acd->class[0]) };
}

/* The table's hash: kept in the class, so that its form is nobody else's affair. */
static uint32_t hash_of(const struct acd *acd, const struct acd_class_want *want)
{
        uint8_t bytes[16 + ACD_TERM_MAX * 8];
        uint32_t size = 12;

        acd_put_u32(bytes, want->queue);
        acd_put_u32(bytes + 4, want->channel);
        acd_put_u32(bytes + 8, want->excluded);
        for (uint32_t i = 0; i < want->terms->count; i++) {
                acd_put_u32(bytes + size, want->terms->term[i].skill);
                bytes[size + 4] = want->terms->term[i].level_min;
                bytes[size + 5] = want->terms->term[i].group;
                size += 6;
        }
        return (uint32_t)acd_siphash(&acd->secret, bytes, size);
}

bool acd_terms_equal(const struct acd_terms *left, const struct acd_terms *right)
{
        if (left->count != right->count)
                return false;
        for (uint32_t i = 0; i < left->count; i++)
                if (left->term[i].skill != right->term[i].skill ||
                    left->term[i].level_min != right->term[i].level_min ||
                    left->term[i].group != right->term[i].group)
                        return false;
        return true;
}

static bool is_wanted(const void *context, uint32_t value, const void *key)
{
        const struct acd *acd = context;
        const struct acd_class *class = &acd->class[value];
        const struct acd_class_want *want = key;

        return class->queue == want->queue && class->channel == want->channel &&
               class->excluded == want->excluded && acd_terms_equal(&class->terms, want->terms);
}

/* The class, or 0. A queue remembers the last class found that asks for nothing
 * beside it, which is what nearly every contact wants: submit.c has no need to ask then. */
uint32_t acd_class_find(struct acd *acd, const struct acd_class_want *want)
{
        uint32_t class =
                acd_itable_find(&acd->class_table, hash_of(acd, want), is_wanted, acd, want);

        if (want->terms->count == 0 && want->excluded == 0)
                acd->queue[want->queue].plain_class = class;
        return class;
}

struct acd_class_want acd_class_want_of(const struct acd *acd, uint32_t index)
{
        const struct acd_class *class = &acd->class[index];

        return (struct acd_class_want){ .queue = class->queue,
                                        .channel = class->channel,
                                        .excluded = class->excluded,
                                        .terms = &class->terms };
}

/* Look at every agent: how many are eligible, and would one of them get too many
 * classes in use? */
void acd_class_survey(const struct acd *acd, const struct acd_class_want *want,
                      struct acd_class_survey *ret_survey)
{
        struct acd_agent_brief brief;

        *ret_survey = (struct acd_class_survey){ 0 };
        acd_want_of(acd, want, &brief);
        for (uint32_t agent = 1; agent <= acd->agents.top; agent++) {
                if (!acd_is_eligible(acd, agent, want, &brief))
                        continue;
                ret_survey->member_count++;
                if (ret_survey->full_agent == 0 &&
                    acd->agent[agent].members.count >= acd->limits.class_per_agent_max &&
                    acd_agent_used_class_count(acd, agent) >= acd->limits.class_per_agent_max)
                        ret_survey->full_agent = agent;
        }
}

/* Into the table, as after making and loading, and what else is not state. */
void acd_class_index(struct acd *acd, uint32_t index)
{
        struct acd_class *class = &acd->class[index];
        struct acd_class_want want = acd_class_want_of(acd, index);

        class->tenant_id.value = acd_id_of(acd, &acd->tenants, class->tenant);
        class->queue_id.value = acd_id_of(acd, &acd->queues, class->queue);
        class->channel_id.value = acd_id_of(acd, &acd->channels, class->channel);
        class->hash = hash_of(acd, &want);
        acd_itable_insert(&acd->class_table, class->hash, index);
}

/* The same for a class that was loaded. False: there is one like it. */
bool acd_class_restore(struct acd *acd, uint32_t index)
{
        struct acd_class_want want = acd_class_want_of(acd, index);

        if (acd_class_find(acd, &want) != 0)
                return false;
        acd_class_index(acd, index);
        return true;
}

/* Drop idle classes until one more with @member_count members fits. */
static void make_room(struct acd *acd, uint32_t queue_index, uint32_t member_count)
{
        const struct acd_queue *queue = &acd->queue[queue_index];
        const struct acd_limits *limits = &acd->limits;

        while (queue->used_classes.count + queue->idle_classes.count >= limits->class_per_queue_max)
                acd_class_drop(acd, queue->idle_classes.first);
        while (acd->classes.live >= limits->class_count_max)
                acd_class_drop(acd, acd->idle_classes.first);
        while ((uint64_t)acd->memberships.live + acd->expected_membership_count + member_count >
               limits->membership_count_max)
                acd_class_drop(acd, acd->idle_classes.first);
}

/* A class for @want, in the idle list; what the limits say has been tested. */
uint32_t acd_class_make(struct acd *acd, const struct acd_class_want *want, uint32_t member_count)
{
        uint32_t index;
        struct acd_class *class;
        uint32_t generation;

        make_room(acd, want->queue, member_count);
        index = acd_slab_take(&acd->classes);
        class = &acd->class[index];
        generation = class->generation;
        memset(class, 0, sizeof(*class));
        class->generation = generation;
        class->tenant = acd->queue[want->queue].tenant;
        class->queue = want->queue;
        class->channel = want->channel;
        class->excluded = want->excluded;
        class->terms = *want->terms;
        class->expected_count = member_count;
        acd->expected_membership_count += member_count;
        acd_ilist_init(&class->members, acd_tag(LIST_OF, index));
        for (uint32_t tier = 0; tier < ACD_TIER_COUNT; tier++)
                acd_ilist_init(&class->pool[tier], acd_tag(LIST_POOL + tier, index));
        acd_ilist_push_back(acd_slab_space(&acd->classes), &acd->idle_classes, index);
        acd_ilist_push_back(queue_space(acd), &acd->queue[want->queue].idle_classes, index);
        acd->class_head[index] = (struct acd_class_head){ 0 };
        acd_class_index(acd, index);
        return index;
}

/* From one pair of lists, used or idle, to the other. */
static void class_move(struct acd *acd, uint32_t index, bool is_used)
{
        struct acd_class *class = &acd->class[index];
        struct acd_queue *queue = &acd->queue[class->queue];

        acd_ilist_remove(acd_slab_space(&acd->classes),
                         is_used ? &acd->idle_classes : &acd->used_classes, index);
        acd_ilist_push_back(acd_slab_space(&acd->classes),
                            is_used ? &acd->used_classes : &acd->idle_classes, index);
        acd_ilist_remove(queue_space(acd), is_used ? &queue->idle_classes : &queue->used_classes,
                         index);
        acd_ilist_push_back(queue_space(acd), is_used ? &queue->used_classes : &queue->idle_classes,
                            index);
}

/* It has its first contact. */
void acd_class_begin(struct acd *acd, uint32_t index)
{
        class_move(acd, index, true);
        acd->used_membership_count += acd->class[index].members.count;
}

/* It has no contact any more. */
void acd_class_end(struct acd *acd, uint32_t index)
{
        struct acd_class *class = &acd->class[index];

        class_move(acd, index, false);
        acd->used_membership_count -= class->members.count;
        /* What is not what it should be must not come into use again as it is. */
        if (class->is_partial || class->is_filling ||
            acd_job_is_pending(acd, JOB_QUEUE, class->queue))
                acd_class_drop(acd, index);
}

/* Drop an idle class with all its memberships. */
void acd_class_drop(struct acd *acd, uint32_t index)
{
        struct acd_class *class = &acd->class[index];

        ACD_ASSERT(index != 0);
        ACD_ASSERT(class->contact_count == 0);
        acd_timer_stop(acd, TIMER_CLASS, index);
        acd_job_remove(acd, JOB_CLASS_FILL, index);
        acd_job_remove(acd, JOB_CLASS_REMATCH, index);
        acd_rematch_forget(acd, index);
        while (class->members.first != 0)
                acd_member_remove(acd, class->members.first);
        acd->expected_membership_count -= class->expected_count;
        acd_itable_remove(&acd->class_table, class->hash, index);
        if (acd->queue[class->queue].plain_class == index)
                acd->queue[class->queue].plain_class = 0;
        acd_ilist_remove(acd_slab_space(&acd->classes), &acd->idle_classes, index);
        acd_ilist_remove(queue_space(acd), &acd->queue[class->queue].idle_classes, index);
        acd_slab_give(&acd->classes, index);
}

/* One of an agent's classes that are not in use, or 0. */
static uint32_t idle_class_of(const struct acd *acd, uint32_t agent)
{
        uint32_t member = acd->agent[agent].members.first;

        while (member != 0 && acd->class[acd->membership[member].class].contact_count > 0)
                member = acd->membership[member].agent_link.next;
        return member == 0 ? 0 : acd->membership[member].class;
}

/* An eligible agent finds no room in the class. In use, it goes on without him;
 * idle, it is dropped, since it would pass for complete when it is used again. */
static void turn_away(struct acd *acd, uint32_t index)
{
        if (acd->class[index].contact_count > 0)
                acd->class[index].is_partial = true;
        else
                acd_class_drop(acd, index);
}

/* Make an eligible agent a member, if that can be: an idle class of his makes room
 * if he has too many, any idle one if there are too many memberships. An idle class
 * may be gone afterwards. */
void acd_class_admit(struct acd *acd, uint32_t agent, uint32_t class_index)
{
        uint32_t victim = 0;

        if (acd->agent[agent].members.count >= acd->limits.class_per_agent_max) {
                victim = idle_class_of(acd, agent);
                if (victim == 0) {
                        turn_away(acd, class_index);
                        return;
                }
        } else if (acd->memberships.live >= acd->limits.membership_count_max) {
                victim = acd->idle_classes.first;
                if (victim == 0 || victim == class_index) {
                        turn_away(acd, class_index);
                        return;
                }
        }
        if (victim != 0)
                acd_class_drop(acd, victim);
        acd_member_add(acd, agent, class_index);
}
