/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Intrusive balanced trees (AVL) of array elements, linked by index.
 *
 * Ordered by the caller's comparison, which must be a strict order without ties.
 * Every element also has a weight, and every node knows the least weight below
 * it, so that "the first in order whose weight is at most w" needs no walk.
 *
 * Index 0 is "none", the greatest is ACD_INODE_INDEX_MAX. A zeroed node is valid and means "in no
 * tree".
 *
 *   Ownership  The tree owns nothing. Nodes live in the caller's elements.
 *   Failure    Misuse is a bug and aborts. Nothing here can run out.
 *   Cost       O(log count); the height is below 1.45 log2(count + 2).
 *   Threads    None: a tree belongs to one thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ACD_INODE_INDEX_BITS = 26, ACD_INODE_INDEX_MAX = (1 << ACD_INODE_INDEX_BITS) - 1 };

/* 20 bytes, for there is one in each of millions of elements. */
struct acd_inode {
        uint32_t left;
        uint32_t right;
        uint32_t parent : ACD_INODE_INDEX_BITS;
        uint32_t height : 32 - ACD_INODE_INDEX_BITS; /* 0 = in no tree, 1 = leaf */
        uint64_t least;                              /* weight in the tree of this node */
} __attribute__((packed, aligned(4)));

struct acd_itree {
        uint32_t root;
        uint32_t count;
};

/* Where the nodes are, and what the caller knows of the elements. */
struct acd_itree_space {
        void *nodes; /* that of element 0 */
        size_t stride;
        const void *context;
        bool (*is_before)(const void *context, uint32_t left, uint32_t right);
        uint64_t (*weight)(const void *context, uint32_t index);
};

struct acd_inode *acd_itree_node(const struct acd_itree_space *space, uint32_t index);

void acd_itree_insert(const struct acd_itree_space *space, struct acd_itree *tree, uint32_t index);
void acd_itree_remove(const struct acd_itree_space *space, struct acd_itree *tree, uint32_t index);

/* In order; 0 at the end. */
uint32_t acd_itree_first(const struct acd_itree_space *space, const struct acd_itree *tree);
uint32_t acd_itree_next(const struct acd_itree_space *space, uint32_t index);

/* The first in order, or the first after @after, whose weight is at most @weight;
 * 0 when there is none. */
uint32_t acd_itree_first_light(const struct acd_itree_space *space, const struct acd_itree *tree,
                               uint64_t weight);
uint32_t acd_itree_next_light(const struct acd_itree_space *space, uint32_t after, uint64_t weight);

/* The least weight above @weight, or UINT64_MAX when there is none.
 * O((1 + elements whose weight is at most @weight) x log count). */
uint64_t acd_itree_least_above(const struct acd_itree_space *space, const struct acd_itree *tree,
                               uint64_t weight);

/* Order, balance, links and weights are what they should be; visits at most
 * @index_max elements, all indexes below which are the caller's. */
bool acd_itree_is_sane(const struct acd_itree_space *space, const struct acd_itree *tree,
                       uint32_t index_max);
