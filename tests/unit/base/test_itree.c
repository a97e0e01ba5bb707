/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Balanced trees by index, against a naive model: a sorted array.
 */

#include <criterion/criterion.h>

#include "base/itree.h"
#include "base/prng.h"

enum { ITEM_COUNT = 300 };

struct item {
        uint64_t key;
        uint64_t weight;
        struct acd_inode node;
        bool is_in;
};

static bool is_before(const void *context, uint32_t left, uint32_t right)
{
        const struct item *items = context;

        return items[left].key < items[right].key;
}

static uint64_t weight_of(const void *context, uint32_t index)
{
        const struct item *items = context;

        return items[index].weight;
}

static struct acd_itree_space space_of(struct item *items)
{
        return (struct acd_itree_space){ .nodes = &items[0].node,
                                         .stride = sizeof(items[0]),
                                         .context = items,
                                         .is_before = is_before,
                                         .weight = weight_of };
}

/* The first element with a key above @key and a weight of at most @weight. */
static uint32_t naive_light(const struct item *items, uint64_t key, uint64_t weight)
{
        uint32_t best = 0;

        for (uint32_t i = 1; i <= ITEM_COUNT; i++)
                if (items[i].is_in && items[i].key > key && items[i].weight <= weight &&
                    (best == 0 || items[i].key < items[best].key))
                        best = i;
        return best;
}

static uint64_t naive_above(const struct item *items, uint64_t weight)
{
        uint64_t best = UINT64_MAX;

        for (uint32_t i = 1; i <= ITEM_COUNT; i++)
                if (items[i].is_in && items[i].weight > weight && items[i].weight < best)
                        best = items[i].weight;
        return best;
}

static void check_questions(struct item *items, const struct acd_itree *tree, uint64_t weight)
{
        struct acd_itree_space space = space_of(items);
        uint32_t at = acd_itree_first_light(&space, tree, weight);

        cr_assert_eq(at, naive_light(items, 0, weight));
        for (; at != 0; at = acd_itree_next_light(&space, at, weight))
                cr_assert_eq(acd_itree_next_light(&space, at, weight),
                             naive_light(items, items[at].key, weight));
        cr_assert_eq(acd_itree_least_above(&space, tree, weight), naive_above(items, weight));
}

/*
 * Goal    Order, balance and weights hold after every change.
 * Method  Random changes, keys rising, falling and scattered; the tree's own check
 *         after each, every question compared with a scan now and then.
 */
Test(itree, random_operations_agree_with_scans)
{
        static struct item items[ITEM_COUNT + 1];
        struct acd_itree_space space = space_of(items);
        struct acd_itree tree = { 0 };
        struct acd_prng prng;

        acd_prng_init(&prng, 3);
        for (uint32_t round = 0; round < 30000; round++) {
                uint32_t index = 1 + (uint32_t)acd_prng_below(&prng, ITEM_COUNT);
                struct item *item = &items[index];

                if (item->is_in) {
                        acd_itree_remove(&space, &tree, index);
                        cr_assert_eq(item->node.height, 0u);
                } else {
                        uint64_t at = round % 3 == 0   ? round
                                      : round % 3 == 1 ? 1000000 - round
                                                       : acd_prng_below(&prng, 1000000);

                        item->key = (at << 10) + index;
                        item->weight = acd_prng_below(&prng, 100);
                        acd_itree_insert(&space, &tree, index);
                }
                item->is_in = !item->is_in;
                cr_assert(acd_itree_is_sane(&space, &tree, ITEM_COUNT));
                if (round % 50 == 0)
                        check_questions(items, &tree,
                                        round % 100 == 0 ? UINT64_MAX : acd_prng_below(&prng, 101));
        }
}

static uint32_t field_of(const struct acd_inode *node, uint32_t field)
{
        const uint32_t values[] = { node->left, node->right, node->parent, node->height };

        return values[field];
}

/* As much of @value as the field takes. */
static void set_field(struct acd_inode *node, uint32_t field, uint32_t value)
{
        if (field == 0)
                node->left = value;
        else if (field == 1)
                node->right = value;
        else if (field == 2)
                node->parent = value & ACD_INODE_INDEX_MAX;
        else
                node->height = value % (1u << (32 - ACD_INODE_INDEX_BITS));
}

/*
 * Goal    The check sees what is wrong, without following a wild link.
 * Method  Spoil each field of each node of a small tree in turn.
 */
Test(itree, the_check_sees_spoiled_nodes)
{
        static struct item items[ITEM_COUNT + 1];
        struct acd_itree_space space = space_of(items);
        struct acd_itree tree = { 0 };

        for (uint32_t i = 1; i <= 20; i++) {
                items[i].key = items[i].weight = i;
                acd_itree_insert(&space, &tree, i);
        }
        for (uint32_t i = 1; i <= 20; i++) {
                struct acd_inode saved = items[i].node;

                for (uint32_t f = 0; f < 4; f++) {
                        for (uint32_t value = 0; value < 30; value++) {
                                if (field_of(&saved, f) == value)
                                        continue;
                                set_field(&items[i].node, f, value);
                                cr_assert_not(acd_itree_is_sane(&space, &tree, 20));
                                items[i].node = saved;
                        }
                        set_field(&items[i].node, f, UINT32_MAX);
                        cr_assert_not(acd_itree_is_sane(&space, &tree, 20));
                        items[i].node = saved;
                }
                items[i].node.least++;
                cr_assert_not(acd_itree_is_sane(&space, &tree, 20));
                items[i].node = saved;
        }
        cr_assert(acd_itree_is_sane(&space, &tree, 20));
}
