/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of several parts: skills with levels, channels with slots, tiers,
 * requirements, lists of names.
 *
 * Each has a bound that is the protocol's. That no key appears twice was seen
 * to by the tree; lists are looked through for a name that appears twice here,
 * by comparing all pairs, for they have at most sixteen elements.
 */

#include <stdio.h>
#include <string.h>

#include "apply/read.h"
#include "base/assert.h"

enum { WHAT_SIZE = 128 };

static bool tell_full(const struct apply_reader *reader, const struct apply_key *key,
                      const struct apply_node *node, uint32_t count, uint32_t max)
{
        if (count < max)
                return false;
        apply_report_error(reader->report, node->place, "`%s` has more than %u elements", key->name,
                           max);
        return true;
}

/* "skill billing": names the number that follows in a refusal. */
static const char *what_of(const char *kind, const struct apply_word *word,
                           char ret_what[WHAT_SIZE])
{
        (void)snprintf(ret_what, WHAT_SIZE, "%s %.*s", kind, (int)word->size, word->at);
        return ret_what;
}

void apply_read_levels(const struct apply_reader *reader, const struct apply_key *key,
                       const struct apply_node *node, struct apply_levels *levels)
{
        uint64_t level_min = key->type == APPLY_TYPE_LEVELS_OR_NONE ? 0 : 1;
        const struct apply_entry *entry = NULL;
        char what[WHAT_SIZE];

        levels->count = 0;
        if (node->kind != APPLY_NODE_MAP) {
                apply_read_wrong_type(reader, key, node);
                return;
        }
        while ((entry = apply_tree_next(reader->tree, node, entry)) != NULL) {
                const struct apply_node *name = apply_tree_key(reader->tree, entry);
                struct apply_level level = { 0 };

                if (tell_full(reader, key, name, levels->count, APPLY_SKILL_MAX))
                        return;
                if (!apply_read_name(reader, name, &level.skill))
                        continue;
                if (apply_read_number(reader, apply_tree_value(reader->tree, entry),
                                      what_of("level of", &level.skill, what), level_min,
                                      APPLY_LEVEL_MAX, &level.level))
                        levels->item[levels->count++] = level;
        }
}

/* `phone: 2`, `phone: {slots: 2, weight: 30}` or `phone:` alone. */
static void read_slot(const struct apply_reader *reader, const struct apply_node *value,
                      struct apply_slot *slot)
{
        const struct apply_key *key = apply_schema_find(APPLY_SECTION_SLOTS, "slots", 5);
        union apply_target target;
        char what[WHAT_SIZE];

        ACD_ASSERT(key != NULL);
        apply_read_defaults(APPLY_SECTION_SLOTS, &target);
        if (value->kind == APPLY_NODE_SCALAR)
                (void)apply_read_number(reader, value, what_of("slots of", &slot->channel, what),
                                        key->minimum, key->maximum, &target.slots.slots);
        else
                apply_read_section(reader, APPLY_SECTION_SLOTS, value, &target);
        slot->slots = target.slots.slots;
        slot->weight = target.slots.weight;
}

/* `[phone, chat]`: one slot of each. */
static void read_slot_list(const struct apply_reader *reader, const struct apply_key *key,
                           const struct apply_node *node, struct apply_slots *slots)
{
        const struct apply_entry *entry = NULL;
        union apply_target target;

        apply_read_defaults(APPLY_SECTION_SLOTS, &target);
        while ((entry = apply_tree_next(reader->tree, node, entry)) != NULL) {
                const struct apply_node *name = apply_tree_value(reader->tree, entry);
                struct apply_slot slot = target.slots;

                if (tell_full(reader, key, name, slots->count, APPLY_CHANNEL_MAX))
                        return;
                if (!apply_read_name(reader, name, &slot.channel))
                        continue;
                for (uint32_t i = 0; i < slots->count; i++) {
                        const struct apply_word *other = &slots->item[i].channel;

                        if (other->size == slot.channel.size &&
                            memcmp(other->at, slot.channel.at, other->size) == 0)
                                apply_report_error(reader->report, name->place,
                                                   "`%.*s` is in this list twice", (int)other->size,
                                                   other->at);
                }
                slots->item[slots->count++] = slot;
        }
}

void apply_read_slots(const struct apply_reader *reader, const struct apply_key *key,
                      const struct apply_node *node, struct apply_slots *slots)
{
        const struct apply_entry *entry = NULL;

        slots->count = 0;
        if (node->kind == APPLY_NODE_LIST) {
                read_slot_list(reader, key, node, slots);
                return;
        }
        if (node->kind != APPLY_NODE_MAP) {
                apply_read_wrong_type(reader, key, node);
                return;
        }
        while ((entry = apply_tree_next(reader->tree, node, entry)) != NULL) {
                const struct apply_node *name = apply_tree_key(reader->tree, entry);
                struct apply_slot slot = { 0 };

                if (tell_full(reader, key, name, slots->count, APPLY_CHANNEL_MAX))
                        return;
                if (!apply_read_name(reader, name, &slot.channel))
                        continue;
                read_slot(reader, apply_tree_value(reader->tree, entry), &slot);
                slots->item[slots->count++] = slot;
        }
}

void apply_read_tiers(const struct apply_reader *reader, const struct apply_key *key,
                      const struct apply_node *node, struct apply_tiers *tiers)
{
        const struct apply_entry *entry = NULL;
        char what[WHAT_SIZE];

        tiers->count = 0;
        if (node->kind != APPLY_NODE_MAP) {
                apply_read_wrong_type(reader, key, node);
                return;
        }
        while ((entry = apply_tree_next(reader->tree, node, entry)) != NULL) {
                const struct apply_node *name = apply_tree_key(reader->tree, entry);
                struct apply_tier tier = { 0 };

                if (tell_full(reader, key, name, tiers->count, APPLY_TIER_MAX))
                        return;
                if (!apply_read_name(reader, name, &tier.queue))
                        continue;
                if (apply_read_number(reader, apply_tree_value(reader->tree, entry),
                                      what_of("tier in", &tier.queue, what), key->minimum,
                                      key->maximum, &tier.tier))
                        tiers->item[tiers->count++] = tier;
        }
}

/* Tiers that are not named open with the one before; no tier before a lower one. */
static void fill_waits(const struct apply_reader *reader, const struct apply_node *node,
                       const bool *is_named, uint32_t *waits)
{
        for (uint32_t tier = 1; tier < APPLY_TIER_COUNT; tier++) {
                if (!is_named[tier]) {
                        waits[tier] = waits[tier - 1];
                } else if (waits[tier] < waits[tier - 1]) {
                        apply_report_error(reader->report, node->place,
                                           "tier %u would open before tier %u; waits must not "
                                           "become shorter",
                                           tier, tier - 1);
                        return;
                }
        }
}

void apply_read_tier_waits(const struct apply_reader *reader, const struct apply_key *key,
                           const struct apply_node *node, uint32_t *waits)
{
        const struct apply_entry *entry = NULL;
        bool is_named[APPLY_TIER_COUNT] = { false };

        if (node->kind != APPLY_NODE_MAP) {
                apply_read_wrong_type(reader, key, node);
                return;
        }
        while ((entry = apply_tree_next(reader->tree, node, entry)) != NULL) {
                const struct apply_node *name = apply_tree_key(reader->tree, entry);
                uint32_t tier;
                uint64_t ms;

                if (!apply_read_number(reader, name, "tier", 1, APPLY_TIER_COUNT - 1, &tier))
                        continue;
                if (!apply_read_duration(reader, key, apply_tree_value(reader->tree, entry), &ms))
                        continue;
                waits[tier] = (uint32_t)ms;
                is_named[tier] = true;
        }
        fill_waits(reader, node, is_named, waits);
}

static void add_terms(const struct apply_reader *reader, const struct apply_key *key,
                      const struct apply_node *node, uint32_t group,
                      struct apply_requirement *requirement)
{
        struct apply_key levels_key = *key;
        struct apply_levels levels;

        levels_key.type = APPLY_TYPE_LEVELS;
        apply_read_levels(reader, &levels_key, node, &levels);
        for (uint32_t i = 0; i < levels.count; i++) {
                if (requirement->count == APPLY_TERM_MAX) {
                        apply_report_error(reader->report, levels.item[i].skill.place,
                                           "a requirement has at most %d skills in all",
                                           APPLY_TERM_MAX);
                        return;
                }
                levels.item[i].group = group;
                requirement->item[requirement->count++] = levels.item[i];
        }
}

static void add_choices(const struct apply_reader *reader, const struct apply_key *key,
                        const struct apply_node *node, struct apply_requirement *requirement)
{
        const struct apply_entry *entry = NULL;
        uint32_t group = 0;

        if (node->kind != APPLY_NODE_LIST) {
                apply_read_wrong_type(reader, key, node);
                return;
        }
        while ((entry = apply_tree_next(reader->tree, node, entry)) != NULL) {
                const struct apply_node *choice = apply_tree_value(reader->tree, entry);

                if (tell_full(reader, key, choice, group, APPLY_GROUP_MAX))
                        return;
                group++;
                if (choice->kind == APPLY_NODE_MAP && choice->child_count == 0)
                        apply_report_error(reader->report, choice->place,
                                           "an empty choice can be met by nobody");
                else
                        add_terms(reader, key, choice, group, requirement);
        }
}

struct requirement_reader {
        struct apply_reader reader;
        struct apply_requirement *requirement;
};

static void on_requirement_key(void *context, const struct apply_key *key,
                               const struct apply_node *value)
{
        struct requirement_reader *inner = context;

        if (key->type == APPLY_TYPE_CHOICES)
                add_choices(&inner->reader, key, value, inner->requirement);
        else
                add_terms(&inner->reader, key, value, /* group = */ 0, inner->requirement);
}

void apply_read_requirement(const struct apply_reader *reader, const struct apply_key *key,
                            const struct apply_node *node, struct apply_requirement *requirement)
{
        struct requirement_reader inner = { .reader = *reader, .requirement = requirement };
        union apply_target none;

        requirement->count = 0;
        if (node->kind != APPLY_NODE_MAP) {
                apply_read_wrong_type(reader, key, node);
                return;
        }
        inner.reader.on_section = on_requirement_key;
        inner.reader.context = &inner;
        apply_read_section(&inner.reader, APPLY_SECTION_REQUIREMENT, node, &none);
}

void apply_read_names(const struct apply_reader *reader, const struct apply_key *key,
                      const struct apply_node *node, struct apply_words *words)
{
        const struct apply_entry *entry = NULL;

        words->count = 0;
        if (node->kind != APPLY_NODE_LIST) {
                apply_read_wrong_type(reader, key, node);
                return;
        }
        while ((entry = apply_tree_next(reader->tree, node, entry)) != NULL) {
                const struct apply_node *name = apply_tree_value(reader->tree, entry);
                struct apply_word word;

                if (tell_full(reader, key, name, words->count, APPLY_SUPERVISOR_MAX))
                        return;
                if (!apply_read_name(reader, name, &word))
                        continue;
                for (uint32_t i = 0; i < words->count; i++)
                        if (words->item[i].size == word.size &&
                            memcmp(words->item[i].at, word.at, word.size) == 0)
                                apply_report_error(reader->report, word.place,
                                                   "`%.*s` is in this list twice", (int)word.size,
                                                   word.at);
                words->item[words->count++] = word;
        }
}
