/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree of one YAML document: storage and walking.
 *
 * Nodes and entries are two arrays that name each other by index, so that they
 * may move while they grow and an alias is simply a second entry with the same
 * value. That makes the tree as small as the file whatever its aliases say;
 * written_out_count keeps what a reader that follows them would meet, and is
 * bounded like the rest (tree_parse.c).
 *
 * Words are kept in chunks that do not move: nodes point at them.
 */

#include "apply/tree.h"

#include <stdlib.h>
#include <string.h>

#include "apply/tree_internal.h"
#include "base/assert.h"

enum { CHUNK_SIZE = 64 * 1024, GROW_FIRST = 256 };

struct apply_chunk {
        struct apply_chunk *next;
        size_t used_size;
        size_t size;
        char bytes[];
};

/* Room for one more of @size bytes each in @array, or NULL. */
static void *grown(void *array, uint32_t count, uint32_t *capacity, size_t size)
{
        uint32_t capacity_new = *capacity == 0 ? GROW_FIRST : *capacity * 2;
        void *array_new;

        if (count < *capacity)
                return array;

        array_new = reallocarray(array, capacity_new, size);
        if (array_new != NULL)
                *capacity = capacity_new;
        return array_new;
}

uint32_t apply_tree_add_node(struct apply_tree *tree, enum apply_node_kind kind,
                             struct apply_place place)
{
        struct apply_node *nodes =
                grown(tree->nodes, tree->node_count, &tree->node_capacity, sizeof(*nodes));
        uint32_t index;

        if (nodes == NULL)
                return 0;
        tree->nodes = nodes;
        if (tree->node_count == 0)
                nodes[tree->node_count++] = (struct apply_node){ 0 };

        index = tree->node_count++;
        nodes[index] = (struct apply_node){ .kind = kind, .place = place, .written_out_count = 1 };
        return index;
}

bool apply_tree_add_entry(struct apply_tree *tree, uint32_t parent_index, uint32_t key_index,
                          uint32_t value_index)
{
        struct apply_entry *entries =
                grown(tree->entries, tree->entry_count, &tree->entry_capacity, sizeof(*entries));
        struct apply_node *parent = &tree->nodes[parent_index];
        uint32_t index;

        if (entries == NULL)
                return false;
        tree->entries = entries;
        if (tree->entry_count == 0)
                entries[tree->entry_count++] = (struct apply_entry){ 0 };

        index = tree->entry_count++;
        entries[index] = (struct apply_entry){ .key_index = key_index, .value_index = value_index };
        if (parent->last_index != 0)
                entries[parent->last_index].next_index = index;
        else
                parent->first_index = index;
        parent->last_index = index;
        parent->child_count++;
        return true;
}

const char *apply_tree_add_text(struct apply_tree *tree, const char *text, size_t size)
{
        struct apply_chunk *chunk = tree->text;
        char *copy;

        if (chunk == NULL || chunk->size - chunk->used_size < size + 1) {
                size_t chunk_size = size + 1 > CHUNK_SIZE ? size + 1 : CHUNK_SIZE;

                chunk = malloc(sizeof(*chunk) + chunk_size);
                if (chunk == NULL)
                        return NULL;
                *chunk = (struct apply_chunk){ .next = tree->text, .size = chunk_size };
                tree->text = chunk;
        }

        copy = chunk->bytes + chunk->used_size;
        memcpy(copy, text, size);
        copy[size] = '\0';
        chunk->used_size += size + 1;
        return copy;
}

void apply_tree_fini(struct apply_tree *tree)
{
        while (tree->text != NULL) {
                struct apply_chunk *next = tree->text->next;

                free(tree->text);
                tree->text = next;
        }
        free(tree->nodes);
        free(tree->entries);
        *tree = APPLY_TREE_NULL;
}

const struct apply_node *apply_tree_root(const struct apply_tree *tree)
{
        return tree->root_index == 0 ? NULL : &tree->nodes[tree->root_index];
}

const struct apply_entry *apply_tree_next(const struct apply_tree *tree,
                                          const struct apply_node *parent,
                                          const struct apply_entry *entry)
{
        uint32_t index = entry == NULL ? parent->first_index : entry->next_index;

        return index == 0 ? NULL : &tree->entries[index];
}

const struct apply_node *apply_tree_key(const struct apply_tree *tree,
                                        const struct apply_entry *entry)
{
        ACD_ASSERT(entry->key_index != 0);
        return &tree->nodes[entry->key_index];
}

const struct apply_node *apply_tree_value(const struct apply_tree *tree,
                                          const struct apply_entry *entry)
{
        ACD_ASSERT(entry->value_index != 0);
        return &tree->nodes[entry->value_index];
}

const char *apply_node_kind_text(const struct apply_node *node)
{
        switch (node->kind) {
        case APPLY_NODE_NULL:
                return "nothing";
        case APPLY_NODE_SCALAR:
                return "a single value";
        case APPLY_NODE_LIST:
                return "a list";
        case APPLY_NODE_MAP:
                return "a mapping";
        }
        acd_panic(__FILE__, __LINE__, __func__, "a node has a kind");
}
