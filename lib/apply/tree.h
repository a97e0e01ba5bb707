/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * tree.h - one YAML document as a bounded tree of places and words.
 *
 * Knows YAML and nothing of what a configuration means. The one home of
 * libyaml.
 *
 *   Ownership  The tree owns its memory and copies all text; the bytes it was
 *              parsed from may go. apply_tree_fini() accepts a tree that was
 *              never parsed, or only in part.
 *   Failure    Parsing tells each problem to the report and returns false.
 *   Cost       O(bytes), and O(n log n) for the keys of one mapping.
 *   Bounds     APPLY_TREE_*: bytes, depth, nodes, and nodes with every alias
 *              written out, so that aliases of aliases cannot explode.
 *   Threads    One tree, one thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "apply/report.h"

enum {
        APPLY_TREE_BYTES_MAX = 16 * 1024 * 1024,
        APPLY_TREE_DEPTH_MAX = 16, /* ours needs 7 */
        APPLY_TREE_NODE_MAX = 2 * 1024 * 1024,
        APPLY_TREE_ANCHOR_MAX = 1024,
};

enum apply_node_kind {
        APPLY_NODE_NULL, /* an empty value, ~ or null */
        APPLY_NODE_SCALAR,
        APPLY_NODE_LIST,
        APPLY_NODE_MAP,
};

struct apply_node {
        enum apply_node_kind kind;
        bool is_quoted; /* a scalar in quotes: text whatever it looks like */
        struct apply_place place;
        const char *text; /* of a scalar; a zero byte follows */
        uint32_t text_size;
        uint32_t child_count;
        uint32_t first_index, last_index; /* entries of a list or map; 0 = none */
        uint32_t written_out_count;       /* nodes from here down, aliases written out */
};

/* An element of a list, or a key with its value. */
struct apply_entry {
        uint32_t key_index; /* node; 0 in lists */
        uint32_t value_index;
        uint32_t next_index; /* entry; 0 = the last */
};

struct apply_chunk;

struct apply_tree {
        struct apply_node *nodes; /* [0] is not used */
        struct apply_entry *entries;
        struct apply_chunk *text; /* where words are kept */
        uint32_t node_count, node_capacity;
        uint32_t entry_count, entry_capacity;
        uint32_t root_index; /* 0 = an empty document */
};

#define APPLY_TREE_NULL ((struct apply_tree){ 0 })

/* Parse @bytes, one YAML document in UTF-8. False: the report says what is
 * wrong, and @tree is to be given to apply_tree_fini() all the same. */
bool apply_tree_parse(struct apply_tree *tree, const char *bytes, size_t size,
                      struct apply_report *report) __attribute__((warn_unused_result));
void apply_tree_fini(struct apply_tree *tree);

/* The root, or NULL when the document is empty. */
const struct apply_node *apply_tree_root(const struct apply_tree *tree);

/* Walk a list or map: start with NULL; NULL is the end. */
const struct apply_entry *apply_tree_next(const struct apply_tree *tree,
                                          const struct apply_node *parent,
                                          const struct apply_entry *entry);
const struct apply_node *apply_tree_key(const struct apply_tree *tree,
                                        const struct apply_entry *entry);
const struct apply_node *apply_tree_value(const struct apply_tree *tree,
                                          const struct apply_entry *entry);

/* "a list", "a mapping", ...: what @node is, for people. */
const char *apply_node_kind_text(const struct apply_node *node);
