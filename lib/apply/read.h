/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * read.h - from nodes of the tree to objects, by the schema.
 *
 * A reader goes on after a problem with the next key, so one run shows all.
 *
 *   Failure    Problems are told to the report; the target then has the
 *              default in that place.
 *   Cost       O(nodes below).
 *   Threads    One reader, one thread.
 */

#include "apply/model.h"
#include "apply/schema.h"
#include "apply/tree.h"

struct apply_reader {
        const struct apply_tree *tree;
        struct apply_report *report;
        /* Meets a key that is a section of its own; NULL: such keys are passed over. */
        void (*on_section)(void *context, const struct apply_key *key,
                           const struct apply_node *value);
        void *context;
};

/* What an empty @section means: every default. */
void apply_read_defaults(enum apply_section section, union apply_target *target);

/* Read the mapping @node into @target, which has the defaults already. A null
 * node is an empty mapping. */
void apply_read_section(const struct apply_reader *reader, enum apply_section section,
                        const struct apply_node *node, union apply_target *target);

/* @node as a name; false (and told) when it is none. */
bool apply_read_name(const struct apply_reader *reader, const struct apply_node *node,
                     struct apply_word *ret_word);

/* Composite values (read_composite.c). */
void apply_read_levels(const struct apply_reader *reader, const struct apply_key *key,
                       const struct apply_node *node, struct apply_levels *levels);
void apply_read_slots(const struct apply_reader *reader, const struct apply_key *key,
                      const struct apply_node *node, struct apply_slots *slots);
void apply_read_tiers(const struct apply_reader *reader, const struct apply_key *key,
                      const struct apply_node *node, struct apply_tiers *tiers);
void apply_read_tier_waits(const struct apply_reader *reader, const struct apply_key *key,
                           const struct apply_node *node, uint32_t *waits);
void apply_read_requirement(const struct apply_reader *reader, const struct apply_key *key,
                            const struct apply_node *node, struct apply_requirement *requirement);
void apply_read_names(const struct apply_reader *reader, const struct apply_key *key,
                      const struct apply_node *node, struct apply_words *words);

/* Single values (read_scalar.c). False: told. */
bool apply_read_number(const struct apply_reader *reader, const struct apply_node *node,
                       const char *what, uint64_t minimum, uint64_t maximum, uint32_t *ret_number);
bool apply_read_duration(const struct apply_reader *reader, const struct apply_key *key,
                         const struct apply_node *node, uint64_t *ret_ms);
bool apply_read_bool(const struct apply_reader *reader, const struct apply_key *key,
                     const struct apply_node *node, bool *ret_value);
bool apply_read_zone(const struct apply_reader *reader, const struct apply_node *node,
                     struct apply_word *ret_word);
bool apply_read_lost_rule(const struct apply_reader *reader, const struct apply_key *key,
                          const struct apply_node *node, uint32_t *ret_rule);

/* "`band` must be a whole number, this is a list". */
void apply_read_wrong_type(const struct apply_reader *reader, const struct apply_key *key,
                           const struct apply_node *node);
