/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * tree_internal.h - building the tree: for tree_parse.c alone.
 *
 *   Failure    Index 0, false or NULL when there is no memory; the tree is as
 *              it was.
 */

#include "apply/tree.h"

uint32_t apply_tree_add_node(struct apply_tree *tree, enum apply_node_kind kind,
                             struct apply_place place);

/* Append to the list or map at @parent_index; @key_index is 0 in a list. */
bool apply_tree_add_entry(struct apply_tree *tree, uint32_t parent_index, uint32_t key_index,
                          uint32_t value_index);

/* A copy of @text with a closing zero that stays where it is. */
const char *apply_tree_add_text(struct apply_tree *tree, const char *text, size_t size);
