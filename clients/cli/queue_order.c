/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A treap with sizes: all queues in one tree, so that there is nothing to keep
 * per queue. Where a contact stands is its rank less that of its queue's front.
 *
 * A treap because two functions, cut and join, are all of it; its height does not
 * depend on the keys, which come from outside, but on numbers drawn here. The
 * recursion is as deep as the tree, some forty levels for a million contacts.
 */

#include "clients/cli/queue_order.h"

#include <errno.h>
#include <stdlib.h>

#include "base/assert.h"

struct queue_order_node {
        struct queue_order_key key;
        uint32_t left, right; /* 0 = none */
        uint32_t size;        /* of the subtree */
        uint32_t priority;    /* a parent's is not below */
};

void queue_order_init(struct queue_order *order)
{
        *order = (struct queue_order){ .root = 0 };
        acd_prng_init(&order->prng, 1);
}

void queue_order_fini(struct queue_order *order)
{
        free(order->node);
        *order = (struct queue_order){ .root = 0 };
}

int queue_order_reserve(struct queue_order *order, uint32_t capacity)
{
        struct queue_order_node *node =
                realloc(order->node, ((size_t)capacity + 1) * sizeof(*node));

        if (node == NULL)
                return -ENOMEM;
        order->node = node;
        node[0] = (struct queue_order_node){ .size = 0 };
        return 0;
}

void queue_order_clear(struct queue_order *order)
{
        order->root = 0;
}

static bool is_before(const struct queue_order_key *a, const struct queue_order_key *b)
{
        if (a->queue != b->queue)
                return a->queue < b->queue;
        if (a->band != b->band)
                return a->band > b->band;
        if (a->arrival_ns != b->arrival_ns)
                return a->arrival_ns < b->arrival_ns;
        return a->turn < b->turn;
}

static void count(struct queue_order *order, uint32_t at)
{
        struct queue_order_node *node = &order->node[at];

        node->size = order->node[node->left].size + order->node[node->right].size + 1;
}

/* @at into what is before @key and what is not. */
static void cut(struct queue_order *order, uint32_t at, const struct queue_order_key *key,
                uint32_t *ret_before, uint32_t *ret_rest)
{
        if (at == 0) {
                *ret_before = 0;
                *ret_rest = 0;
        } else if (is_before(&order->node[at].key, key)) {
                *ret_before = at;
                cut(order, order->node[at].right, key, &order->node[at].right, ret_rest);
                count(order, at);
        } else {
                *ret_rest = at;
                cut(order, order->node[at].left, key, ret_before, &order->node[at].left);
                count(order, at);
        }
}

/* All of @left is before all of @right. */
static uint32_t join(struct queue_order *order, uint32_t left, uint32_t right)
{
        struct queue_order_node *node = order->node;

        if (left == 0 || right == 0)
                return left + right;
        if (node[left].priority >= node[right].priority) {
                node[left].right = join(order, node[left].right, right);
                count(order, left);
                return left;
        }
        node[right].left = join(order, left, node[right].left);
        count(order, right);
        return right;
}

void queue_order_add(struct queue_order *order, uint32_t place, struct queue_order_key key)
{
        uint32_t at = place + 1;
        uint32_t before;
        uint32_t rest;

        order->node[at] = (struct queue_order_node){
                .key = key,
                .size = 1,
                .priority = (uint32_t)acd_prng_next(&order->prng),
        };
        cut(order, order->root, &key, &before, &rest);
        order->root = join(order, join(order, before, at), rest);
}

void queue_order_remove(struct queue_order *order, uint32_t place)
{
        uint32_t at = place + 1;
        uint32_t *link = &order->root;

        while (*link != at) {
                struct queue_order_node *node = &order->node[*link];

                ACD_ASSERT(*link != 0);
                node->size--;
                link = is_before(&order->node[at].key, &node->key) ? &node->left : &node->right;
        }
        *link = join(order, order->node[at].left, order->node[at].right);
}

/* How many are before @key. */
static uint32_t rank(const struct queue_order *order, const struct queue_order_key *key)
{
        uint32_t at = order->root;
        uint32_t before = 0;

        while (at != 0) {
                const struct queue_order_node *node = &order->node[at];

                if (is_before(&node->key, key)) {
                        before += order->node[node->left].size + 1;
                        at = node->right;
                } else {
                        at = node->left;
                }
        }
        return before;
}

uint32_t queue_order_before(const struct queue_order *order, uint32_t place)
{
        const struct queue_order_key *key = &order->node[place + 1].key;
        const struct queue_order_key front = {
                .queue = key->queue,
                .band = UINT8_MAX,
                .arrival_ns = INT64_MIN,
        };

        return rank(order, key) - rank(order, &front);
}
