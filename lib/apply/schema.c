/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of keys (schema.def) as data, and the questions asked of it.
 *
 * A table instead of code per key, because three others must agree with the
 * reader to the letter: the refusals, the suggestions and the manual.
 */

#include "apply/schema.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "apply/model.h"
#include "apply/value.h"
#include "base/assert.h"

static const struct apply_key keys[] = {
#define KEY(section_, key_, type_, target_, preset_, minimum_, maximum_, text_) \
        { .section = APPLY_SECTION_##section_, \
          .name = #key_, \
          .type = APPLY_TYPE_##type_, \
          .offset = offsetof(union apply_target, target_), \
          .preset = (preset_), \
          .minimum = UINT64_C(minimum_), \
          .maximum = UINT64_C(maximum_), \
          .text = (text_) },
#include "apply/schema.def"
#undef KEY
};

enum { KEY_COUNT = sizeof(keys) / sizeof(keys[0]) };

const struct apply_key *apply_schema(size_t *ret_count)
{
        *ret_count = KEY_COUNT;
        return keys;
}

/* The top level has the keys of a tenant beside its own. */
static bool has(enum apply_section section, const struct apply_key *key)
{
        if (key->section == section)
                return true;
        return section == APPLY_SECTION_ROOT && key->section == APPLY_SECTION_TENANT;
}

const struct apply_key *apply_schema_find(enum apply_section section, const char *name,
                                          size_t name_size)
{
        for (size_t i = 0; i < KEY_COUNT; i++) {
                if (!has(section, &keys[i]) || strlen(keys[i].name) != name_size)
                        continue;
                if (memcmp(keys[i].name, name, name_size) == 0)
                        return &keys[i];
        }
        return NULL;
}

void apply_schema_suggest(enum apply_section section, struct apply_suggest *suggest)
{
        for (size_t i = 0; i < KEY_COUNT; i++)
                if (has(section, &keys[i]))
                        apply_suggest_try(suggest, keys[i].name, strlen(keys[i].name));
}

const char *apply_schema_keys(enum apply_section section, char *ret_text, size_t size)
{
        size_t used = 0;

        ACD_ASSERT(size > 0);
        ret_text[0] = '\0';
        for (size_t i = 0; i < KEY_COUNT; i++) {
                int wanted;

                if (!has(section, &keys[i]))
                        continue;
                wanted = snprintf(ret_text + used, size - used, "%s%s", used == 0 ? "" : ", ",
                                  keys[i].name);
                if (wanted < 0 || (size_t)wanted >= size - used)
                        break;
                used += (size_t)wanted;
        }
        return ret_text;
}

const char *apply_type_text(enum apply_type type)
{
        static const char *const texts[APPLY_TYPE_COUNT] = {
                [APPLY_TYPE_BOOL] = "true or false",
                [APPLY_TYPE_INTEGER] = "a whole number",
                [APPLY_TYPE_DURATION] = "a duration like 20s or 1m30s",
                [APPLY_TYPE_DURATION_LONG] = "a duration like 20s or 1m30s",
                [APPLY_TYPE_NAME] = "a name",
                [APPLY_TYPE_ZONE] = "a time zone like Europe/Berlin",
                [APPLY_TYPE_LOST_RULE] = "by_channel, keep, requeue or close",
                [APPLY_TYPE_LEVELS] = "skills with levels like {billing: 5}",
                [APPLY_TYPE_LEVELS_OR_NONE] = "skills with levels like {billing: 5}",
                [APPLY_TYPE_CHOICES] = "a list of mappings like [{german: 1, english: 1}]",
                [APPLY_TYPE_SLOTS] = "channels like [phone] or {phone: 1, chat: {slots: 3}}",
                [APPLY_TYPE_TIERS] = "queues with tiers like {billing: 1}",
                [APPLY_TYPE_TIER_WAITS] = "tiers with durations like {1: 20s, 2: 1m}",
                [APPLY_TYPE_REQUIREMENT] = "a mapping like {all: {billing: 3}}",
                [APPLY_TYPE_NAMES] = "a list of names like [anna, bob]",
                [APPLY_TYPE_TENANTS] = "a mapping of tenants by name",
                [APPLY_TYPE_SKILLS] = "a list of names like [billing, german]",
                [APPLY_TYPE_CHANNELS] = "a mapping of channels by name",
                [APPLY_TYPE_PROFILES] = "a mapping of profiles by name",
                [APPLY_TYPE_TEAMS] = "a mapping of teams by name",
                [APPLY_TYPE_QUEUES] = "a mapping of queues by name",
                [APPLY_TYPE_AGENTS] = "a mapping of agents by name",
                [APPLY_TYPE_REMOVE] = "a mapping like {agents: [carl]}",
                [APPLY_TYPE_DAEMON] = "a mapping of settings",
        };

        ACD_ASSERT(type < APPLY_TYPE_COUNT);
        return texts[type];
}

const char *apply_key_range(const struct apply_key *key, char *ret_text, size_t size)
{
        char low[APPLY_DURATION_TEXT_SIZE];
        char high[APPLY_DURATION_TEXT_SIZE];

        ACD_ASSERT(size > 0);
        ret_text[0] = '\0';
        if (key->maximum == 0)
                return ret_text;
        if (key->type == APPLY_TYPE_DURATION || key->type == APPLY_TYPE_DURATION_LONG ||
            key->type == APPLY_TYPE_TIER_WAITS)
                (void)snprintf(ret_text, size, "%s to %s", apply_duration_format(key->minimum, low),
                               apply_duration_format(key->maximum, high));
        else if (key->type == APPLY_TYPE_INTEGER || key->type == APPLY_TYPE_TIERS)
                (void)snprintf(ret_text, size, "%" PRIu64 " to %" PRIu64, key->minimum,
                               key->maximum);
        return ret_text;
}
