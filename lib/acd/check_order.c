/* SPDX-License-Identifier: Apache-2.0 */
/*
 * I7: waiting contacts are in order: lanes sorted, trees sorted and balanced, the
 * head of a class its first contact, the bits of its bands true.
 * I8: pools hold the memberships of idle agents, longest idle first; counts of who
 * is logged in are true; classes count their contacts, queues theirs.
 */

#include <string.h>

#include "acd/check.h"

static const char *check_lane(const struct acd *acd, uint32_t index)
{
        const struct acd_lane *lane = &acd->lane[index];
        uint32_t at = acd->class[lane->class].lane[lane->band];
        uint32_t before = 0;

        HOLDS(lane->contacts.count > 0);
        for (uint32_t count = 0; at != index; count++) {
                HOLDS(at != 0 && count < ACD_CREDIT_LEVEL_COUNT);
                HOLDS(acd->lane[at].credit_ms != lane->credit_ms);
                at = acd->lane[at].next;
        }
        for (at = lane->contacts.first; at != 0; at = acd->contact[at].link.next) {
                HOLDS(before == 0 || acd_contact_is_before(acd, before, at));
                before = at;
        }
        return NULL;
}

/* The tree is sound and its contacts are the class's and band's. */
static const char *check_tree(const struct acd *acd, uint32_t class, uint32_t band)
{
        struct acd_itree_space space = acd_tree_space(acd);
        const struct acd_itree *tree = &acd->class[class].tree[band];

        HOLDS(acd_itree_is_sane(&space, tree, acd->contacts.top));
        for (uint32_t at = acd_itree_first(&space, tree); at != 0;
             at = acd_itree_next(&space, at)) {
                HOLDS(acd_slab_is_live(&acd->contacts, at));
                HOLDS(acd->contact[at].link.list == acd_tag(LIST_TREE, class));
                HOLDS(acd->contact[at].state == ACD_CONTACT_WAITING);
                HOLDS(acd->contact[at].class == class && acd->contact[at].band == band);
        }
        return NULL;
}

static const char *check_band(const struct acd *acd, uint32_t index, uint32_t band,
                              uint64_t *waiting_count)
{
        const struct acd_class *class = &acd->class[index];
        uint32_t lane_count = 0;
        const char *broken = check_tree(acd, index, band);

        if (broken != NULL)
                return broken;
        *waiting_count += class->tree[band].count;
        for (uint32_t lane = class->lane[band]; lane != 0; lane = acd->lane[lane].next) {
                HOLDS(lane_count++ < ACD_CREDIT_LEVEL_COUNT);
                HOLDS(acd->lane[lane].class == index && acd->lane[lane].band == band);
                *waiting_count += acd->lane[lane].contacts.count;
        }
        HOLDS((class->band_bits >> band & 1) == (lane_count > 0 || class->tree[band].count > 0));
        return NULL;
}

/* The head is the contact that a walk meets first. */
static const char *check_head(const struct acd *acd, uint32_t index)
{
        struct acd_class_walk walk;
        uint32_t first;

        acd_walk_begin(acd, &walk, index, UINT64_MAX);
        first = acd_walk_next(acd, &walk);
        HOLDS(acd->class_head[index].contact == first);
        if (first != 0) {
                HOLDS(acd->class_head[index].band == acd->contact[first].band);
                HOLDS(acd->class_head[index].sequence == acd->contact[first].sequence);
        }
        return NULL;
}

/* Everything of I7 but the heads, which a loaded state does not have yet. */
const char *acd_check_waiting(const struct acd *acd)
{
        const char *broken = NULL;

        for (uint32_t i = 1; i <= acd->lanes.top && broken == NULL; i++)
                if (acd_slab_is_live(&acd->lanes, i))
                        broken = check_lane(acd, i);
        for (uint32_t i = 1; i <= acd->classes.top && broken == NULL; i++) {
                uint64_t waiting_count = 0;

                if (!acd_slab_is_live(&acd->classes, i))
                        continue;
                for (uint32_t band = 0; band < ACD_BAND_COUNT && broken == NULL; band++)
                        broken = check_band(acd, i, band, &waiting_count);
                if (broken == NULL)
                        HOLDS(acd->class[i].waiting_count == waiting_count);
        }
        return broken;
}

static const char *check_ids(const struct acd *acd, const struct acd_class *class)
{
        HOLDS(class->tenant_id.value == acd_id_of(acd, &acd->tenants, class->tenant));
        HOLDS(class->queue_id.value == acd_id_of(acd, &acd->queues, class->queue));
        HOLDS(class->channel_id.value == acd_id_of(acd, &acd->channels, class->channel));
        return NULL;
}

/* The class at hand of a queue, if it has one, asks for nothing beside it. */
static const char *check_plain(const struct acd *acd, uint32_t index)
{
        uint32_t plain = acd->queue[index].plain_class;

        if (plain == 0)
                return NULL;
        HOLDS(acd_slab_is_live(&acd->classes, plain) && acd->class[plain].queue == index);
        HOLDS(acd->class[plain].terms.count == 0 && acd->class[plain].excluded == 0);
        return NULL;
}

/* What classes and queues have beside the state. */
static const char *check_heads(const struct acd *acd)
{
        const char *broken = NULL;

        for (uint32_t i = 1; i <= acd->classes.top && broken == NULL; i++)
                if (acd_slab_is_live(&acd->classes, i)) {
                        broken = check_head(acd, i);
                        if (broken == NULL)
                                broken = check_ids(acd, &acd->class[i]);
                }
        for (uint32_t i = 1; i <= acd->queues.top && broken == NULL; i++)
                if (acd_slab_is_live(&acd->queues, i))
                        broken = check_plain(acd, i);
        return broken;
}

static const char *check_member(const struct acd *acd, uint32_t index)
{
        const struct acd_membership *member = &acd->membership[index];
        uint32_t other = acd->agent[member->agent].members.first;
        uint32_t count = 0;

        HOLDS(member->link.list == acd_tag(LIST_OF, member->class));
        HOLDS(member->agent_link.list == acd_tag(LIST_OF, member->agent));
        if (acd_agent_is_idle(acd, member->agent))
                HOLDS(member->pool_link.list == acd_tag(LIST_POOL + member->tier, member->class));
        else
                HOLDS(member->pool_link.list == 0);
        for (; other != 0; other = acd->membership[other].agent_link.next)
                count += acd->membership[other].class == member->class;
        HOLDS(count == 1);
        return NULL;
}

static const char *check_pool(const struct acd *acd, uint32_t index, uint32_t tier)
{
        const struct acd_class *class = &acd->class[index];
        uint64_t sequence = 0;
        uint32_t logged_in = 0;

        for (uint32_t at = class->pool[tier].first; at != 0;
             at = acd->membership[at].pool_link.next) {
                uint32_t agent = acd->membership[at].agent;

                HOLDS(acd->agent[agent].idle_sequence > sequence);
                sequence = acd->agent[agent].idle_sequence;
        }
        for (uint32_t at = class->members.first; at != 0; at = acd->membership[at].link.next)
                logged_in +=
                        acd->membership[at].tier == tier &&
                        acd->agent[acd->membership[at].agent].presence != ACD_PRESENCE_LOGGED_OUT;
        HOLDS(class->logged_in[tier] == logged_in);
        HOLDS((class->pool_bits >> tier & 1) == (class->pool[tier].count > 0));
        return NULL;
}

static const char *check_idle(const struct acd *acd)
{
        for (uint32_t i = 1; i <= acd->tenants.top; i++) {
                uint64_t sequence = 0;

                if (!acd_slab_is_live(&acd->tenants, i))
                        continue;
                for (uint32_t at = acd->tenant[i].idle.first; at != 0;
                     at = acd->agent[at].idle_link.next) {
                        HOLDS(acd->agent[at].idle_sequence > sequence);
                        sequence = acd->agent[at].idle_sequence;
                }
        }
        return NULL;
}

static const char *check_pools(const struct acd *acd)
{
        const char *broken = check_idle(acd);

        for (uint32_t i = 1; i <= acd->memberships.top && broken == NULL; i++)
                if (acd_slab_is_live(&acd->memberships, i))
                        broken = check_member(acd, i);
        for (uint32_t i = 1; i <= acd->classes.top && broken == NULL; i++) {
                if (!acd_slab_is_live(&acd->classes, i))
                        continue;
                for (uint32_t tier = 0; tier < ACD_TIER_COUNT && broken == NULL; tier++)
                        broken = check_pool(acd, i, tier);
        }
        return broken;
}

/* Contacts of a class, classes in use, waiting contacts of a queue. */
static const char *check_counts(const struct acd *acd)
{
        uint32_t *count = acd->scratch;
        uint64_t used = 0, expected = 0;

        memset(count, 0, acd->scratch_count * sizeof(count[0]));
        for (uint32_t i = 1; i <= acd->contacts.top; i++)
                if (acd_slab_is_live(&acd->contacts, i))
                        count[acd->contact[i].class]++;
        for (uint32_t i = 1; i <= acd->classes.top; i++) {
                const struct acd_class *class = &acd->class[i];
                bool is_used = class->contact_count > 0;
                uint32_t list = is_used ? LIST_USED : LIST_IDLE;

                if (!acd_slab_is_live(&acd->classes, i))
                        continue;
                HOLDS(class->contact_count == count[i]);
                HOLDS(class->link.list == acd_tag(list, 0));
                HOLDS(class->queue_link.list == acd_tag(list, class->queue));
                HOLDS(is_used || (!class->is_partial && !class->is_filling));
                HOLDS(class->is_filling || class->expected_count == 0);
                HOLDS(class->is_filling == acd_job_is_pending(acd, JOB_CLASS_FILL, i));
                expected += class->expected_count;
                used += is_used ? class->members.count : 0;
        }
        HOLDS(used == acd->used_membership_count);
        HOLDS(expected == acd->expected_membership_count);

        memset(count, 0, acd->scratch_count * sizeof(count[0]));
        for (uint32_t i = 1; i <= acd->classes.top; i++)
                if (acd_slab_is_live(&acd->classes, i))
                        count[acd->class[i].queue] += acd->class[i].waiting_count;
        for (uint32_t i = 1; i <= acd->queues.top; i++)
                if (acd_slab_is_live(&acd->queues, i))
                        HOLDS(acd->queue[i].waiting_count == count[i]);
        return NULL;
}

#undef HOLDS

const char *acd_check_order(const struct acd *acd)
{
        const char *(*const parts[])(const struct acd *) = { acd_check_waiting, check_heads,
                                                             check_pools, check_counts };

        for (uint32_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
                const char *broken = parts[i](acd);

                if (broken != NULL)
                        return broken;
        }
        return NULL;
}
