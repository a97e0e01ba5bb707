/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AVL trees over indexes.
 *
 * Why AVL and not a treap or a red-black tree: the bound of the height holds for
 * every sequence of operations, whoever chose the keys, without a random number
 * in the state; and one rule (heights of siblings differ by at most one) serves
 * insertion, removal and the check. Nodes know their parent, so that the next
 * element and the repair after a removal need no stack.
 *
 * Every change of a node's children ends in node_update(), which takes height
 * and least weight from the children; repair() walks up from the lowest node
 * that changed, rotating where the rule is broken, up to the root, since weights
 * may change all the way.
 */

#include "base/itree.h"

#include "base/assert.h"

struct acd_inode *acd_itree_node(const struct acd_itree_space *space, uint32_t index)
{
        ACD_ASSERT(index != 0);
        return (struct acd_inode *)(void *)((char *)space->nodes + (size_t)index * space->stride);
}

/* Of so many elements as there are indexes a tree has less than 40. */
enum { HEIGHT_MAX = (1 << (32 - ACD_INODE_INDEX_BITS)) - 1 };

static void set_parent(struct acd_inode *node, uint32_t parent)
{
        ACD_ASSERT(parent <= ACD_INODE_INDEX_MAX);
        node->parent = parent & ACD_INODE_INDEX_MAX;
}

static uint32_t height_of(const struct acd_itree_space *space, uint32_t index)
{
        return index == 0 ? 0 : acd_itree_node(space, index)->height;
}

static uint64_t least_of(const struct acd_itree_space *space, uint32_t index)
{
        return index == 0 ? UINT64_MAX : acd_itree_node(space, index)->least;
}

static void node_update(const struct acd_itree_space *space, uint32_t index)
{
        struct acd_inode *node = acd_itree_node(space, index);
        uint32_t left_height = height_of(space, node->left);
        uint32_t right_height = height_of(space, node->right);
        uint64_t left_least = least_of(space, node->left);
        uint64_t right_least = least_of(space, node->right);
        uint64_t least = space->weight(space->context, index);

        node->height = HEIGHT_MAX & (1 + (left_height > right_height ? left_height : right_height));
        if (left_least < least)
                least = left_least;
        node->least = right_least < least ? right_least : least;
}

/* Put @new_child where @old_child was below @parent, 0 being above the root. */
static void replace_child(const struct acd_itree_space *space, struct acd_itree *tree,
                          uint32_t parent, uint32_t old_child, uint32_t new_child)
{
        if (parent == 0) {
                ACD_ASSERT(tree->root == old_child);
                tree->root = new_child;
        } else if (acd_itree_node(space, parent)->left == old_child) {
                acd_itree_node(space, parent)->left = new_child;
        } else {
                ACD_ASSERT(acd_itree_node(space, parent)->right == old_child);
                acd_itree_node(space, parent)->right = new_child;
        }
        if (new_child != 0)
                set_parent(acd_itree_node(space, new_child), parent);
}

/* The right child of @index becomes its parent. */
static uint32_t rotate_left(const struct acd_itree_space *space, struct acd_itree *tree,
                            uint32_t index)
{
        struct acd_inode *node = acd_itree_node(space, index);
        uint32_t up = node->right;
        struct acd_inode *up_node = acd_itree_node(space, up);

        replace_child(space, tree, node->parent, index, up);
        node->right = up_node->left;
        if (node->right != 0)
                set_parent(acd_itree_node(space, node->right), index);
        up_node->left = index;
        set_parent(node, up);
        node_update(space, index);
        node_update(space, up);
        return up;
}

static uint32_t rotate_right(const struct acd_itree_space *space, struct acd_itree *tree,
                             uint32_t index)
{
        struct acd_inode *node = acd_itree_node(space, index);
        uint32_t up = node->left;
        struct acd_inode *up_node = acd_itree_node(space, up);

        replace_child(space, tree, node->parent, index, up);
        node->left = up_node->right;
        if (node->left != 0)
                set_parent(acd_itree_node(space, node->left), index);
        up_node->right = index;
        set_parent(node, up);
        node_update(space, index);
        node_update(space, up);
        return up;
}

/* Restore the rule at @index, whose children obey it; returns the node that now
 * stands there. */
static uint32_t rebalance(const struct acd_itree_space *space, struct acd_itree *tree,
                          uint32_t index)
{
        struct acd_inode *node = acd_itree_node(space, index);
        uint32_t left_height = height_of(space, node->left);
        uint32_t right_height = height_of(space, node->right);

        if (left_height > right_height + 1) {
                const struct acd_inode *left = acd_itree_node(space, node->left);

                if (height_of(space, left->left) < height_of(space, left->right))
                        rotate_left(space, tree, node->left);
                return rotate_right(space, tree, index);
        }
        if (right_height > left_height + 1) {
                const struct acd_inode *right = acd_itree_node(space, node->right);

                if (height_of(space, right->right) < height_of(space, right->left))
                        rotate_right(space, tree, node->right);
                return rotate_left(space, tree, index);
        }
        node_update(space, index);
        return index;
}

static void repair(const struct acd_itree_space *space, struct acd_itree *tree, uint32_t index)
{
        while (index != 0) {
                index = rebalance(space, tree, index);
                index = acd_itree_node(space, index)->parent;
        }
}

void acd_itree_insert(const struct acd_itree_space *space, struct acd_itree *tree, uint32_t index)
{
        struct acd_inode *node = acd_itree_node(space, index);
        uint32_t parent = 0;
        uint32_t at = tree->root;
        bool is_left = false;

        ACD_ASSERT(node->height == 0);
        while (at != 0) {
                parent = at;
                is_left = space->is_before(space->context, index, at);
                at = is_left ? acd_itree_node(space, at)->left : acd_itree_node(space, at)->right;
        }
        *node = (struct acd_inode){ .height = 1 };
        set_parent(node, parent);
        if (parent == 0)
                tree->root = index;
        else if (is_left)
                acd_itree_node(space, parent)->left = index;
        else
                acd_itree_node(space, parent)->right = index;
        tree->count++;
        repair(space, tree, index);
}

/* Take @index out, which has two children: the next in order takes its place. */
static uint32_t unlink_inner(const struct acd_itree_space *space, struct acd_itree *tree,
                             uint32_t index)
{
        struct acd_inode *node = acd_itree_node(space, index);
        uint32_t next = node->right;
        struct acd_inode *next_node;
        uint32_t lowest;

        while (acd_itree_node(space, next)->left != 0)
                next = acd_itree_node(space, next)->left;
        next_node = acd_itree_node(space, next);
        lowest = next_node->parent == index ? next : next_node->parent;

        replace_child(space, tree, next_node->parent, next, next_node->right);
        next_node->left = node->left;
        next_node->right = node->right;
        if (next_node->left != 0)
                set_parent(acd_itree_node(space, next_node->left), next);
        if (next_node->right != 0)
                set_parent(acd_itree_node(space, next_node->right), next);
        replace_child(space, tree, node->parent, index, next);
        return lowest;
}

void acd_itree_remove(const struct acd_itree_space *space, struct acd_itree *tree, uint32_t index)
{
        struct acd_inode *node = acd_itree_node(space, index);
        uint32_t lowest = node->parent;

        ACD_ASSERT(node->height != 0);
        ACD_ASSERT(tree->count > 0);
        if (node->left == 0)
                replace_child(space, tree, node->parent, index, node->right);
        else if (node->right == 0)
                replace_child(space, tree, node->parent, index, node->left);
        else
                lowest = unlink_inner(space, tree, index);
        *node = (struct acd_inode){ 0 };
        tree->count--;
        repair(space, tree, lowest);
}

static uint32_t leftmost(const struct acd_itree_space *space, uint32_t index)
{
        while (index != 0 && acd_itree_node(space, index)->left != 0)
                index = acd_itree_node(space, index)->left;
        return index;
}

uint32_t acd_itree_first(const struct acd_itree_space *space, const struct acd_itree *tree)
{
        return leftmost(space, tree->root);
}

/* The nearest ancestor that @index stands left of. */
static uint32_t ancestor_after(const struct acd_itree_space *space, uint32_t index)
{
        uint32_t parent = acd_itree_node(space, index)->parent;

        while (parent != 0 && acd_itree_node(space, parent)->right == index) {
                index = parent;
                parent = acd_itree_node(space, index)->parent;
        }
        return parent;
}

uint32_t acd_itree_next(const struct acd_itree_space *space, uint32_t index)
{
        uint32_t right = acd_itree_node(space, index)->right;

        return right != 0 ? leftmost(space, right) : ancestor_after(space, index);
}

/* The first light element of the tree below @index, or 0. */
static uint32_t light_below(const struct acd_itree_space *space, uint32_t index, uint64_t weight)
{
        while (index != 0 && acd_itree_node(space, index)->least <= weight) {
                const struct acd_inode *node = acd_itree_node(space, index);

                if (node->left != 0 && least_of(space, node->left) <= weight)
                        index = node->left;
                else if (space->weight(space->context, index) <= weight)
                        return index;
                else
                        index = node->right;
        }
        return 0;
}

uint32_t acd_itree_first_light(const struct acd_itree_space *space, const struct acd_itree *tree,
                               uint64_t weight)
{
        return light_below(space, tree->root, weight);
}

uint32_t acd_itree_next_light(const struct acd_itree_space *space, uint32_t after, uint64_t weight)
{
        uint32_t found = light_below(space, acd_itree_node(space, after)->right, weight);

        while (found == 0) {
                after = ancestor_after(space, after);
                if (after == 0)
                        return 0;
                if (space->weight(space->context, after) <= weight)
                        return after;
                found = light_below(space, acd_itree_node(space, after)->right, weight);
        }
        return found;
}

/* Trees whose least weight is above the bound answer at once; the others hold
 * one of the elements that the cost speaks of. Depth is the tree's height. */
static uint64_t above_below(const struct acd_itree_space *space, uint32_t index, uint64_t weight)
{
        const struct acd_inode *node;
        uint64_t best = UINT64_MAX;
        uint64_t other;

        if (index == 0)
                return best;
        node = acd_itree_node(space, index);
        if (node->least > weight)
                return node->least;
        other = space->weight(space->context, index);
        if (other > weight)
                best = other;
        other = above_below(space, node->left, weight);
        if (other < best)
                best = other;
        other = above_below(space, node->right, weight);
        return other < best ? other : best;
}

uint64_t acd_itree_least_above(const struct acd_itree_space *space, const struct acd_itree *tree,
                               uint64_t weight)
{
        return above_below(space, tree->root, weight);
}

/* One node against its children. */
static bool node_is_sane(const struct acd_itree_space *space, uint32_t index, uint32_t index_max)
{
        const struct acd_inode *node = acd_itree_node(space, index);
        uint32_t left_height, right_height;
        uint64_t least = space->weight(space->context, index);

        if (node->left > index_max || node->right > index_max)
                return false;
        if (node->left != 0 && acd_itree_node(space, node->left)->parent != index)
                return false;
        if (node->right != 0 && acd_itree_node(space, node->right)->parent != index)
                return false;
        left_height = height_of(space, node->left);
        right_height = height_of(space, node->right);
        if (left_height > right_height + 1 || right_height > left_height + 1)
                return false;
        if (node->height != 1 + (left_height > right_height ? left_height : right_height))
                return false;
        if (least_of(space, node->left) < least)
                least = least_of(space, node->left);
        if (least_of(space, node->right) < least)
                least = least_of(space, node->right);
        return node->least == least;
}

bool acd_itree_is_sane(const struct acd_itree_space *space, const struct acd_itree *tree,
                       uint32_t index_max)
{
        uint32_t count = 0;
        uint32_t before = 0;
        uint32_t at;

        if (tree->root > index_max)
                return false;
        if (tree->root == 0)
                return tree->count == 0;
        if (acd_itree_node(space, tree->root)->parent != 0)
                return false;
        /* Down first: a node is checked before its links are followed. */
        for (at = tree->root; at != 0; at = acd_itree_node(space, at)->left)
                if (!node_is_sane(space, at, index_max) || count++ > 64)
                        return false;
        count = 0;
        for (at = acd_itree_first(space, tree); at != 0; at = acd_itree_next(space, at)) {
                uint32_t below = acd_itree_node(space, at)->right;

                if (!node_is_sane(space, at, index_max) || count++ == tree->count)
                        return false;
                for (uint32_t depth = 0; below != 0; depth++) {
                        if (!node_is_sane(space, below, index_max) || depth > 64)
                                return false;
                        below = acd_itree_node(space, below)->left;
                }
                if (before != 0 && !space->is_before(space->context, before, at))
                        return false;
                before = at;
        }
        return count == tree->count;
}
