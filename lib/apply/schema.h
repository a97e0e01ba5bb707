/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * schema.h - which keys a configuration file has, as a table.
 *
 *   Ownership  All constant.
 *   Cost       Finding a key is a walk over the table: tens of rows.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "apply/suggest.h"

enum apply_section {
        APPLY_SECTION_ROOT, /* the top level, which has the keys of a tenant too */
        APPLY_SECTION_TENANT,
        APPLY_SECTION_CHANNEL,
        APPLY_SECTION_PROFILE,
        APPLY_SECTION_SLOTS,
        APPLY_SECTION_TEAM,
        APPLY_SECTION_QUEUE,
        APPLY_SECTION_REQUIREMENT,
        APPLY_SECTION_AGENT,
        APPLY_SECTION_REMOVE,
        APPLY_SECTION_COUNT,
};

enum apply_type {
        /* Read into the target: what stands there afterwards. */
        APPLY_TYPE_BOOL,           /* bool */
        APPLY_TYPE_INTEGER,        /* uint32_t */
        APPLY_TYPE_DURATION,       /* uint32_t, ms */
        APPLY_TYPE_DURATION_LONG,  /* uint64_t, ms */
        APPLY_TYPE_NAME,           /* struct apply_word */
        APPLY_TYPE_ZONE,           /* struct apply_word */
        APPLY_TYPE_LOST_RULE,      /* uint32_t, enum apply_lost_rule */
        APPLY_TYPE_LEVELS,         /* struct apply_levels */
        APPLY_TYPE_LEVELS_OR_NONE, /* struct apply_levels, level 0 allowed */
        APPLY_TYPE_CHOICES,        /* struct apply_requirement, with REQUIREMENT */
        APPLY_TYPE_SLOTS,          /* struct apply_slots */
        APPLY_TYPE_TIERS,          /* struct apply_tiers */
        APPLY_TYPE_TIER_WAITS,     /* uint32_t[APPLY_TIER_COUNT], ms */
        APPLY_TYPE_REQUIREMENT,    /* struct apply_requirement */
        APPLY_TYPE_NAMES,          /* struct apply_words */
        /* Sections of their own: become steps (collect.c). */
        APPLY_TYPE_TENANTS,
        APPLY_TYPE_SKILLS,
        APPLY_TYPE_CHANNELS,
        APPLY_TYPE_PROFILES,
        APPLY_TYPE_TEAMS,
        APPLY_TYPE_QUEUES,
        APPLY_TYPE_AGENTS,
        APPLY_TYPE_REMOVE,
        APPLY_TYPE_DAEMON,
        APPLY_TYPE_COUNT,
};

struct apply_key {
        enum apply_section section;
        const char *name;
        enum apply_type type;
        size_t offset;      /* in union apply_target */
        const char *preset; /* as it would stand in the file; "-" = none */
        uint64_t minimum;
        uint64_t maximum;
        const char *text;
};

/* All rows, in the order of the table. */
const struct apply_key *apply_schema(size_t *ret_count);

/* The row of @name in @section, or NULL. */
const struct apply_key *apply_schema_find(enum apply_section section, const char *name,
                                          size_t name_size);

/* Offer all keys of @section to @suggest. */
void apply_schema_suggest(enum apply_section section, struct apply_suggest *suggest);

/* The keys of @section with commas, cut at @size. Returns @ret_text. */
const char *apply_schema_keys(enum apply_section section, char *ret_text, size_t size);

/* What a value of @type looks like, for people: "a duration like 20s". */
const char *apply_type_text(enum apply_type type);

/* "0s to 1h", "0 to 31", or "" where @key has no range. Returns @ret_text. */
const char *apply_key_range(const struct apply_key *key, char *ret_text, size_t size);
