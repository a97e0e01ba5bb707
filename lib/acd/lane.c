/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Places of waiting contacts: lanes and trees.
 *
 * Order is one comparator (rule O1): band, credited arrival, sequence. A lane
 * holds contacts of one class, band and credit: new ones come in order, so the
 * lane is a list and always sorted. A contact that comes back from a detour goes
 * to its lane's front or end when that keeps the lane sorted, and else to the
 * balanced tree of its class and band. So arrival, service and abandonment cost
 * O(1), detours O(log d) in the displaced contacts of one class and band, and a
 * place is never lost.
 *
 * A band has at most eight lanes, for eight credits; a ninth credit uses the
 * tree, as everything does when no lane is left: lanes cannot run out.
 *
 * The class's head is its first contact with its key, so that an agent who
 * becomes ready compares one half cache line a class. A walk visits the contacts
 * of a class in order, those that came before a bound of time only: within a
 * lane they are its front, in a tree the least weights tell where they are.
 */

#include "acd/parts.h"

static bool tree_is_before(const void *context, uint32_t left, uint32_t right)
{
        return acd_contact_is_before(context, left, right);
}

static uint64_t tree_weight(const void *context, uint32_t index)
{
        const struct acd *acd = context;

        return acd->contact[index].submitted;
}

struct acd_itree_space acd_tree_space(const struct acd *acd)
{
        return (struct acd_itree_space){
                .nodes = &acd->contact_cold[0].node,
                .stride = sizeof(acd->contact_cold[0]),
                .context = acd,
                .is_before = tree_is_before,
                .weight = tree_weight,
        };
}

static inline uint32_t lane_find(const struct acd *acd, const struct acd_contact *contact,
                                 uint32_t *ret_count)
{
        uint32_t lane = acd->class[contact->class].lane[contact->band];

        *ret_count = 0;
        for (; lane != 0; lane = acd->lane[lane].next) {
                if (acd->lane[lane].credit_ms == contact->credit_ms)
                        return lane;
                (*ret_count)++;
        }
        return 0;
}

static uint32_t lane_make(struct acd *acd, const struct acd_contact *contact)
{
        uint32_t index = acd_slab_take_used(&acd->lanes);
        struct acd_lane *lane = &acd->lane[index];
        struct acd_class *class = &acd->class[contact->class];

        lane->class = contact->class;
        lane->band = contact->band;
        lane->credit_ms = contact->credit_ms;
        lane->next = class->lane[contact->band];
        class->lane[contact->band] = index;
        acd_ilist_init(&lane->contacts, acd_tag(LIST_LANE, index));
        return index;
}

static void lane_free(struct acd *acd, uint32_t index)
{
        uint32_t *at = &acd->class[acd->lane[index].class].lane[acd->lane[index].band];

        while (*at != index)
                at = &acd->lane[*at].next;
        *at = acd->lane[index].next;
        acd_slab_give_used(&acd->lanes, index);
}

static void tree_insert(struct acd *acd, uint32_t index)
{
        struct acd_contact *contact = &acd->contact[index];
        struct acd_itree_space space = acd_tree_space(acd);

        ACD_ASSERT(contact->link.list == 0);
        contact->link.list = acd_tag(LIST_TREE, contact->class);
        acd_itree_insert(&space, &acd->class[contact->class].tree[contact->band], index);
}

/* Of two contacts of one lane, which have band and credit in common. */
static inline bool lane_is_before(const struct acd_contact *left, const struct acd_contact *right)
{
        if (left->submitted != right->submitted)
                return left->submitted < right->submitted;
        return left->sequence < right->sequence;
}

/* Put the contact, which is in no list, where its key says. */
static inline void place(struct acd *acd, uint32_t index)
{
        const struct acd_contact *contact = &acd->contact[index];
        uint32_t lane_count;
        uint32_t lane_index = lane_find(acd, contact, &lane_count);
        struct acd_ilist *lane;

        if (lane_index == 0) {
                if (lane_count == ACD_CREDIT_LEVEL_COUNT ||
                    acd->lanes.live >= acd->limits.lane_count_max) {
                        tree_insert(acd, index);
                        return;
                }
                lane_index = lane_make(acd, contact);
        }
        lane = &acd->lane[lane_index].contacts;
        if (lane->count == 0 || lane_is_before(&acd->contact[lane->last], contact))
                acd_ilist_push_back(acd_contact_space(acd), lane, index);
        else if (lane_is_before(contact, &acd->contact[lane->first]))
                acd_ilist_push_front(acd_contact_space(acd), lane, index);
        else
                tree_insert(acd, index);
}

/* The first waiting contact of the class, or 0: of the first of each lane of the
 * highest band, and of its tree. */
static uint32_t first_of(const struct acd *acd, const struct acd_class *class)
{
        uint32_t band, lane, first;

        if (class->band_bits == 0)
                return 0;
        band = 31 - (uint32_t)__builtin_clz(class->band_bits);
        lane = class->lane[band];
        first = lane == 0 ? 0 : acd->lane[lane].contacts.first;
        if (class->tree[band].count > 0) {
                struct acd_itree_space space = acd_tree_space(acd);
                uint32_t in_tree = acd_itree_first(&space, &class->tree[band]);

                if (first == 0 || acd_contact_is_before(acd, in_tree, first))
                        first = in_tree;
        }
        while (lane != 0 && (lane = acd->lane[lane].next) != 0)
                if (acd_contact_is_before(acd, acd->lane[lane].contacts.first, first))
                        first = acd->lane[lane].contacts.first;
        return first;
}

/* The same where there is one lane and no more, as nearly always. */
static inline uint32_t first_of_lane(const struct acd *acd, const struct acd_class *class)
{
        uint32_t band = 31 - (uint32_t)__builtin_clz(class->band_bits | 1);
        uint32_t lane = class->lane[band];

        if (lane == 0 || acd->lane[lane].next != 0 || class->tree[band].count != 0)
                return first_of(acd, class);
        return acd->lane[lane].contacts.first;
}

/* Read the first contact of the class into its head. */
static inline void head_update(struct acd *acd, uint32_t class_index)
{
        uint32_t first = first_of_lane(acd, &acd->class[class_index]);

        if (first == 0)
                acd->class_head[class_index].contact = 0;
        else
                acd->class_head[class_index] = acd_head_of(acd, first);
        /* When it leaves, it is read and whoever is behind it becomes the first. */
        __builtin_prefetch(&acd->contact_cold[first], 1);
        __builtin_prefetch(&acd->contact[acd->contact[first].link.next], 1);
}

void acd_class_head_update(struct acd *acd, uint32_t class_index)
{
        head_update(acd, class_index);
}

void acd_lane_insert(struct acd *acd, uint32_t index)
{
        const struct acd_contact *contact = &acd->contact[index];
        struct acd_class *class = &acd->class[contact->class];
        struct acd_class_head *head = &acd->class_head[contact->class];
        struct acd_class_head own;

        place(acd, index);
        class->band_bits |= UINT32_C(1) << contact->band;
        class->waiting_count++;
        acd->queue[class->queue].waiting_count++;
        /* Who is behind another of his lane is not the first of the class. */
        if (contact->link.prev != 0)
                return;
        own = acd_head_of(acd, index);
        if (head->contact == 0 || acd_head_is_before(&own, head))
                *head = own;
}

/* The band of the class has lost a lane or a contact of its tree. */
static inline void band_update(struct acd_class *class, uint32_t band)
{
        if (class->lane[band] == 0 && class->tree[band].count == 0)
                class->band_bits &= ~(UINT32_C(1) << band);
}

void acd_lane_remove(struct acd *acd, uint32_t index)
{
        struct acd_contact *contact = &acd->contact[index];
        struct acd_class *class = &acd->class[contact->class];

        if (acd_contact_is_displaced(acd, index)) {
                struct acd_itree_space space = acd_tree_space(acd);

                acd_itree_remove(&space, &class->tree[contact->band], index);
                contact->link.list = 0;
                band_update(class, contact->band);
        } else {
                uint32_t lane = acd_tag_owner(contact->link.list);

                acd_ilist_remove(acd_contact_space(acd), &acd->lane[lane].contacts, index);
                if (acd->lane[lane].contacts.count == 0) {
                        lane_free(acd, lane);
                        band_update(class, contact->band);
                }
        }
        class->waiting_count--;
        acd->queue[class->queue].waiting_count--;
        if (acd->class_head[contact->class].contact == index)
                head_update(acd, contact->class);
}

/* Put cursors on the first contacts of the highest band that is left. */
static void walk_enter_band(const struct acd *acd, struct acd_class_walk *walk)
{
        const struct acd_class *class = &acd->class[walk->class];
        uint32_t lane;

        walk->lane_count = 0;
        walk->tree = 0;
        if (walk->band_bits == 0)
                return;
        walk->band = 31 - (uint32_t)__builtin_clz(walk->band_bits);
        walk->band_bits &= ~(UINT32_C(1) << walk->band);
        for (lane = class->lane[walk->band]; lane != 0; lane = acd->lane[lane].next)
                walk->lane[walk->lane_count++] = acd->lane[lane].contacts.first;
        if (class->tree[walk->band].count > 0) {
                struct acd_itree_space space = acd_tree_space(acd);

                walk->tree = acd_itree_first_light(&space, &class->tree[walk->band], walk->latest);
        }
}

/* Walk the waiting contacts of the class in order: those that entered the queue at
 * @latest or before. The class must not change meanwhile. */
void acd_walk_begin(const struct acd *acd, struct acd_class_walk *walk, uint32_t class_index,
                    acd_time latest)
{
        walk->class = class_index;
        walk->latest = latest;
        walk->band_bits = acd->class[class_index].band_bits;
        walk_enter_band(acd, walk);
}

/* The lane cursor whose contact comes first, or lane_count. A lane whose front is
 * too late has nothing to offer. */
static uint32_t walk_best_lane(const struct acd *acd, const struct acd_class_walk *walk)
{
        uint32_t best = walk->lane_count;

        for (uint32_t i = 0; i < walk->lane_count; i++) {
                uint32_t contact = walk->lane[i];

                if (contact == 0 || acd->contact[contact].submitted > walk->latest)
                        continue;
                if (best == walk->lane_count ||
                    acd_contact_is_before(acd, contact, walk->lane[best]))
                        best = i;
        }
        return best;
}

/* The next contact, or 0. */
uint32_t acd_walk_next(const struct acd *acd, struct acd_class_walk *walk)
{
        for (;;) {
                uint32_t best = walk_best_lane(acd, walk);
                uint32_t contact = best == walk->lane_count ? 0 : walk->lane[best];

                if (walk->tree != 0 &&
                    (contact == 0 || acd_contact_is_before(acd, walk->tree, contact))) {
                        struct acd_itree_space space = acd_tree_space(acd);

                        contact = walk->tree;
                        walk->tree = acd_itree_next_light(&space, contact, walk->latest);
                        return contact;
                }
                if (contact != 0) {
                        walk->lane[best] = acd->contact[contact].link.next;
                        return contact;
                }
                if (walk->band_bits == 0)
                        return 0;
                walk_enter_band(acd, walk);
        }
}

/* The earliest entry into the queue after @after, of the class's waiting contacts;
 * UINT64_MAX when there is none. Those at or before it are few, or the answer is
 * @after + 1, which is early but never late. */
acd_time acd_class_next_entry(const struct acd *acd, uint32_t class_index, acd_time after)
{
        enum { STEP_MAX = 64 };
        const struct acd_class *class = &acd->class[class_index];
        struct acd_itree_space space = acd_tree_space(acd);
        acd_time next = UINT64_MAX;
        uint32_t step_count = 0;

        for (uint32_t bits = class->band_bits; bits != 0; bits &= bits - 1) {
                uint32_t band = (uint32_t)__builtin_ctz(bits);
                uint64_t in_tree = acd_itree_least_above(&space, &class->tree[band], after);

                if (in_tree < next)
                        next = in_tree;
                for (uint32_t lane = class->lane[band]; lane != 0; lane = acd->lane[lane].next) {
                        uint32_t contact = acd->lane[lane].contacts.first;

                        while (contact != 0 && acd->contact[contact].submitted <= after) {
                                if (step_count++ == STEP_MAX)
                                        return after + 1;
                                contact = acd->contact[contact].link.next;
                        }
                        if (contact != 0 && acd->contact[contact].submitted < next)
                                next = acd->contact[contact].submitted;
                }
        }
        return next;
}
