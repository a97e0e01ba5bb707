/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * model.h - the objects of a configuration file, as the file says them.
 *
 * References are words with the place where they stand. What the file does not
 * say has the default of the schema (schema.def); an absent word has size 0.
 *
 *   Ownership  Words point into the tree (tree.h).
 */

#include <stdbool.h>
#include <stdint.h>

#include "apply/report.h"

enum apply_kind {
        APPLY_TENANT,
        APPLY_SKILL,
        APPLY_CHANNEL,
        APPLY_PROFILE,
        APPLY_TEAM,
        APPLY_QUEUE,
        APPLY_AGENT,
        APPLY_KIND_COUNT,
};

/* Bounds of the protocol, proven equal to the core's by a test. */
enum {
        APPLY_LEVEL_MAX = 10,
        APPLY_SKILL_MAX = 32,
        APPLY_CHANNEL_MAX = 16,
        APPLY_TIER_MAX = 32,
        APPLY_TERM_MAX = 8,
        APPLY_GROUP_MAX = 7,
        APPLY_SUPERVISOR_MAX = 8,
        APPLY_TIER_COUNT = 8,
};

enum apply_lost_rule {
        APPLY_LOST_BY_CHANNEL,
        APPLY_LOST_KEEP,
        APPLY_LOST_REQUEUE,
        APPLY_LOST_CLOSE,
};

struct apply_word {
        const char *at;
        uint32_t size;
        struct apply_place place;
};

struct apply_level {
        struct apply_word skill;
        uint32_t level;
        uint32_t group; /* of a requirement's term: 0 = must, 1.. = one of these */
};

struct apply_levels {
        uint32_t count;
        struct apply_level item[APPLY_SKILL_MAX];
};

struct apply_slot {
        struct apply_word channel;
        uint32_t slots;
        uint32_t weight;
};

struct apply_slots {
        uint32_t count;
        struct apply_slot item[APPLY_CHANNEL_MAX];
};

struct apply_tier {
        struct apply_word queue;
        uint32_t tier;
};

struct apply_tiers {
        uint32_t count;
        struct apply_tier item[APPLY_TIER_MAX];
};

struct apply_words {
        uint32_t count;
        struct apply_word item[APPLY_SUPERVISOR_MAX];
};

struct apply_requirement {
        uint32_t count;
        struct apply_level item[APPLY_TERM_MAX];
};

struct apply_tenant {
        uint32_t agent_grace_ms;
        uint32_t gateway_grace_ms;
        uint64_t key_retention_ms;
};

/* The top level has the keys of its tenant as well: both are read at once, so
 * the name must not lie over them. */
struct apply_root {
        struct apply_tenant settings;
        struct apply_word tenant;
};

struct apply_channel {
        bool is_media;
        bool is_live;
        uint32_t connecting_lease_ms;
};

struct apply_profile {
        struct apply_slots slots;
        struct apply_levels levels;
};

struct apply_team {
        struct apply_word time_zone;
        struct apply_word profile;
        struct apply_words supervisors;
};

struct apply_queue {
        struct apply_requirement requirement;
        uint32_t band;
        bool auto_accept;
        uint32_t offer_timeout_ms;
        uint32_t missed_max;
        uint32_t cool_down_ms;
        uint32_t wrap_up_ms;
        uint32_t tier_wait_ms[APPLY_TIER_COUNT]; /* [0] is 0; never decreasing */
        uint32_t on_agent_lost;                  /* enum apply_lost_rule */
        uint32_t length_max;
};

struct apply_agent {
        struct apply_word team;
        struct apply_word profile;
        struct apply_slots slots;
        struct apply_levels levels;
        struct apply_tiers tiers;
};

/* Whatever a section is read into; the schema's offsets are into this. */
union apply_target {
        char none;
        struct apply_root root;
        struct apply_tenant tenant;
        struct apply_channel channel;
        struct apply_profile profile;
        struct apply_slot slots;
        struct apply_team team;
        struct apply_queue queue;
        struct apply_agent agent;
};

/* "skill", "queue", ...: one word per kind, for people. */
const char *apply_kind_text(enum apply_kind kind);
