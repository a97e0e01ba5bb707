/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration files: any bytes give a tree within its bounds, or a report.
 *
 * A tree that was taken is walked from the root: kinds, texts and counts must
 * agree with each other, however aliases point.
 */

#include <stdbool.h>

#include "apply/tree.h"
#include "base/assert.h"
#include "tests/fuzz/fuzz.h"

/* Aliases make trees larger on a walk than in memory; this many nodes will do. */
enum { WALK_MAX = 20000 };

static void walk(const struct apply_tree *tree, const struct apply_node *node, uint32_t *budget)
{
        const struct apply_entry *entry = NULL;
        uint32_t count = 0;

        if (*budget == 0)
                return;
        --*budget;
        ACD_ASSERT(apply_node_kind_text(node) != NULL);
        if (node->kind == APPLY_NODE_SCALAR)
                ACD_ASSERT(node->text[node->text_size] == '\0');
        if (node->kind != APPLY_NODE_LIST && node->kind != APPLY_NODE_MAP)
                return;
        while ((entry = apply_tree_next(tree, node, entry)) != NULL) {
                if (node->kind == APPLY_NODE_MAP)
                        walk(tree, apply_tree_key(tree, entry), budget);
                walk(tree, apply_tree_value(tree, entry), budget);
                count++;
        }
        ACD_ASSERT(count == node->child_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct apply_report report = { 0 };
        struct apply_tree tree = APPLY_TREE_NULL;
        uint32_t budget = WALK_MAX;
        bool is_good;

        is_good = apply_tree_parse(&tree, (const char *)data, size, &report);
        ACD_ASSERT(is_good == (report.error_count == 0));
        if (is_good && apply_tree_root(&tree) != NULL)
                walk(&tree, apply_tree_root(&tree), &budget);
        apply_tree_fini(&tree);
        return 0;
}
