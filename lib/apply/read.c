/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sections, by the schema.
 *
 * Reading a mapping is a walk over what the file says, not over what the schema
 * knows: so every key is met once, and one that is not known is told with the
 * nearest one that is. Defaults were put into the target before, from the same
 * table and by the same parsers as the file's values.
 */

#include "apply/read.h"

#include <string.h>

#include "apply/value.h"
#include "base/assert.h"

enum { KEYS_TEXT_SIZE = 256 };

void apply_read_wrong_type(const struct apply_reader *reader, const struct apply_key *key,
                           const struct apply_node *node)
{
        if (node->kind == APPLY_NODE_NULL)
                apply_report_error(reader->report, node->place,
                                   "`%s` has no value; it is %s, or leave the key out", key->name,
                                   apply_type_text(key->type));
        else
                apply_report_error(reader->report, node->place, "`%s` must be %s, this is %s",
                                   key->name, apply_type_text(key->type),
                                   apply_node_kind_text(node));
}

/* Put the default of a single value where its type wants it. The table is ours:
 * a default that does not parse is a bug. */
static void set_preset(const struct apply_key *key, char *at)
{
        size_t size = strlen(key->preset);
        uint64_t number = 0;
        bool is_good = true;

        if (strcmp(key->preset, "-") == 0)
                return;
        if (key->type == APPLY_TYPE_INTEGER) {
                is_good = apply_number_parse(key->preset, size, &number);
                *(uint32_t *)(void *)at = (uint32_t)number;
        } else if (key->type == APPLY_TYPE_DURATION) {
                is_good = apply_duration_parse(key->preset, size, &number);
                *(uint32_t *)(void *)at = (uint32_t)number;
        } else if (key->type == APPLY_TYPE_DURATION_LONG) {
                is_good = apply_duration_parse(key->preset, size, (uint64_t *)(void *)at);
        } else if (key->type == APPLY_TYPE_BOOL) {
                *(bool *)(void *)at = strcmp(key->preset, "true") == 0;
        } else if (key->type == APPLY_TYPE_NAME || key->type == APPLY_TYPE_ZONE) {
                *(struct apply_word *)(void *)at =
                        (struct apply_word){ .at = key->preset, .size = (uint32_t)size };
        } else {
                ACD_ASSERT(key->type == APPLY_TYPE_LOST_RULE);
                *(uint32_t *)(void *)at = APPLY_LOST_BY_CHANNEL;
        }
        ACD_ASSERT(is_good);
}

void apply_read_defaults(enum apply_section section, union apply_target *target)
{
        size_t count;
        const struct apply_key *keys = apply_schema(&count);

        memset(target, 0, sizeof(*target));
        for (size_t i = 0; i < count; i++)
                if (keys[i].section == section)
                        set_preset(&keys[i], (char *)target + keys[i].offset);
}

static void read_duration(const struct apply_reader *reader, const struct apply_key *key,
                          const struct apply_node *node, void *at)
{
        uint64_t ms;

        if (!apply_read_duration(reader, key, node, &ms))
                return;
        if (key->type == APPLY_TYPE_DURATION_LONG)
                *(uint64_t *)at = ms;
        else
                *(uint32_t *)at = (uint32_t)ms;
}

static void read_integer(const struct apply_reader *reader, const struct apply_key *key,
                         const struct apply_node *node, uint32_t *at)
{
        if (node->kind != APPLY_NODE_SCALAR)
                apply_read_wrong_type(reader, key, node);
        else
                (void)apply_read_number(reader, node, key->name, key->minimum, key->maximum, at);
}

static void read_word(const struct apply_reader *reader, const struct apply_key *key,
                      const struct apply_node *node, struct apply_word *at)
{
        if (node->kind != APPLY_NODE_SCALAR)
                apply_read_wrong_type(reader, key, node);
        else if (key->type == APPLY_TYPE_ZONE)
                (void)apply_read_zone(reader, node, at);
        else
                (void)apply_read_name(reader, node, at);
}

static void read_value(const struct apply_reader *reader, const struct apply_key *key,
                       const struct apply_node *node, void *at)
{
        switch (key->type) {
        case APPLY_TYPE_BOOL:
                (void)apply_read_bool(reader, key, node, at);
                return;
        case APPLY_TYPE_INTEGER:
                read_integer(reader, key, node, at);
                return;
        case APPLY_TYPE_DURATION:
        case APPLY_TYPE_DURATION_LONG:
                read_duration(reader, key, node, at);
                return;
        case APPLY_TYPE_NAME:
        case APPLY_TYPE_ZONE:
                read_word(reader, key, node, at);
                return;
        case APPLY_TYPE_LOST_RULE:
                (void)apply_read_lost_rule(reader, key, node, at);
                return;
        case APPLY_TYPE_LEVELS:
        case APPLY_TYPE_LEVELS_OR_NONE:
                apply_read_levels(reader, key, node, at);
                return;
        case APPLY_TYPE_SLOTS:
                apply_read_slots(reader, key, node, at);
                return;
        case APPLY_TYPE_TIERS:
                apply_read_tiers(reader, key, node, at);
                return;
        case APPLY_TYPE_TIER_WAITS:
                apply_read_tier_waits(reader, key, node, at);
                return;
        case APPLY_TYPE_REQUIREMENT:
                apply_read_requirement(reader, key, node, at);
                return;
        case APPLY_TYPE_NAMES:
                apply_read_names(reader, key, node, at);
                return;
        case APPLY_TYPE_CHOICES:
        case APPLY_TYPE_TENANTS:
        case APPLY_TYPE_SKILLS:
        case APPLY_TYPE_CHANNELS:
        case APPLY_TYPE_PROFILES:
        case APPLY_TYPE_TEAMS:
        case APPLY_TYPE_QUEUES:
        case APPLY_TYPE_AGENTS:
        case APPLY_TYPE_REMOVE:
        case APPLY_TYPE_DAEMON:
        case APPLY_TYPE_COUNT:
                break;
        }
        acd_panic(__FILE__, __LINE__, __func__, "a value of this type is read elsewhere");
}

static bool is_section_of_its_own(const struct apply_key *key)
{
        return key->type >= APPLY_TYPE_TENANTS || key->section == APPLY_SECTION_REMOVE ||
               key->section == APPLY_SECTION_REQUIREMENT;
}

static void tell_unknown(const struct apply_reader *reader, enum apply_section section,
                         const struct apply_node *key)
{
        char quote[APPLY_QUOTE_SIZE];
        char keys[KEYS_TEXT_SIZE];
        struct apply_suggest suggest;

        apply_suggest_init(&suggest, key->text, key->text_size);
        apply_schema_suggest(section, &suggest);
        (void)apply_quote(key->text, key->text_size, quote);
        if (suggest.best != NULL)
                apply_report_error(reader->report, key->place,
                                   "unknown key `%s`; did you mean `%s`?", quote, suggest.best);
        else
                apply_report_error(reader->report, key->place, "unknown key `%s`; keys here: %s",
                                   quote, apply_schema_keys(section, keys, sizeof(keys)));
}

void apply_read_section(const struct apply_reader *reader, enum apply_section section,
                        const struct apply_node *node, union apply_target *target)
{
        const struct apply_entry *entry = NULL;
        char keys[KEYS_TEXT_SIZE];

        if (node->kind == APPLY_NODE_NULL)
                return;
        if (node->kind != APPLY_NODE_MAP) {
                apply_report_error(reader->report, node->place,
                                   "a mapping is needed here, this is %s; keys: %s",
                                   apply_node_kind_text(node),
                                   apply_schema_keys(section, keys, sizeof(keys)));
                return;
        }
        while ((entry = apply_tree_next(reader->tree, node, entry)) != NULL) {
                const struct apply_node *name = apply_tree_key(reader->tree, entry);
                const struct apply_node *value = apply_tree_value(reader->tree, entry);
                const struct apply_key *key =
                        apply_schema_find(section, name->text, name->text_size);

                if (key == NULL)
                        tell_unknown(reader, section, name);
                else if (!is_section_of_its_own(key))
                        read_value(reader, key, value, (char *)target + key->offset);
                else if (reader->on_section != NULL)
                        reader->on_section(reader->context, key, value);
        }
}
