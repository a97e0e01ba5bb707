/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * types.h - the words of the core: ids, time, states, limits, results.
 *
 * Everything here is a fact that appears in the protocol, the journal or a
 * test as well; the tables (*.def) are the one place where each is written.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Ids are fixed 64-bit: shard 10 bits, slot 26, generation 28, never zero;
 * zero means "none". Distinct types, so that a contact can never be passed as
 * an agent. base/id.h makes, splits and prints them.
 */
typedef struct {
        uint64_t value;
} acd_tenant_id;
typedef struct {
        uint64_t value;
} acd_skill_id;
typedef struct {
        uint64_t value;
} acd_channel_id;
typedef struct {
        uint64_t value;
} acd_queue_id;
typedef struct {
        uint64_t value;
} acd_team_id;
typedef struct {
        uint64_t value;
} acd_profile_id;
typedef struct {
        uint64_t value;
} acd_agent_id;
typedef struct {
        uint64_t value;
} acd_gateway_id;
typedef struct {
        uint64_t value;
} acd_contact_id;
typedef struct {
        uint64_t value;
} acd_assignment_id;

/* Nanoseconds since the data directory was made. Zero means "never" where a
 * deadline is asked. Never decreases from one step to the next. */
typedef uint64_t acd_time;

/* Bytes that the core keeps but never reads. Borrowed for the call. */
struct acd_bytes {
        const uint8_t *at;
        uint32_t size;
};

/* Text, not terminated. Borrowed; who says where says how long it holds. */
struct acd_text {
        const char *at;
        uint32_t size;
};

/* Fixed bounds: they are part of the formats, not settings. */
enum {
        ACD_NAME_MAX = 63,          /* bytes of a name; charset [A-Za-z0-9._:-], base/name.h */
        ACD_BAND_COUNT = 32,        /* 0..31, higher first */
        ACD_LEVEL_MAX = 10,         /* skill levels 1..10 */
        ACD_TIER_COUNT = 8,         /* tiers 0..7, lower first */
        /* lanes a band has for distinct credits; a ninth uses the tree */
        ACD_CREDIT_LEVEL_COUNT = 8,
        ACD_TERM_MAX = 8,           /* terms of a requirement */
        ACD_AGENT_SKILL_MAX = 32,   /* own and inherited together */
        ACD_AGENT_TIER_MAX = 32,    /* queues for which an agent has a tier other than 0 */
        ACD_AGENT_CHANNEL_MAX = 16, /* channels of a profile or agent; also channels a tenant */
        ACD_TEAM_SUPERVISOR_MAX = 8,
        ACD_PAIR_MAX = 8,           /* rejection pairs a contact, and an agent */
        ACD_AGENT_PARKED_MAX = 8,   /* parked assignments an agent */
        /* k, ever; the limit in force is limits.class_per_agent_max */
        ACD_CLASS_PER_AGENT_MAX = 256,
        ACD_QUARANTINE_MAX = 8192,  /* free slots before one is used again, beyond a limit: as many
                                     * as a batch has commands, so that nobody is told of a
                                     * slot's next use before the end of the last one */
        ACD_CLIENT_KEY_MAX = 64,    /* bytes */
        ACD_CUSTOMER_KEY_MAX = 64,  /* bytes */
        ACD_ATTRIBUTES_MAX = 4096,  /* bytes */
        ACD_ADDRESS_MAX = 127,      /* bytes of an agent's address on a channel */
        ACD_LABEL_MAX = 31,         /* bytes of a pause reason or disposition; charset of names */
        ACD_EFFECT_MAX = 64,        /* effects of one step */
        ACD_LOGIC_VERSION = 1,
};

#define ACD_BAND_DEFAULT UINT8_C(255) /* "the queue's band" */
#define ACD_CREDIT_MS_MAX UINT32_C(86400000)

/* name, default, minimum, maximum, text: see limits.def. */
struct acd_limits {
#define LIMIT(name, preset, minimum, maximum, text) uint32_t name;
#include "acd/limits.def"
#undef LIMIT
};

/* Results. The numbers are those of the wire; never renumbered. */
enum acd_result {
#define RESULT(name, number, kind, text, remedy) ACD_##name = (number),
#include "acd/results.def"
#undef RESULT
};

/* The field at fault, by its name in the protocol. */
enum acd_field {
#define FIELD(name, text) ACD_FIELD_##name,
#include "acd/fields.def"
#undef FIELD
        ACD_FIELD_COUNT,
};

/* What an object is, where one number space covers all. Wire numbers. */
enum acd_object {
        ACD_OBJECT_NONE = 0,
        ACD_OBJECT_TENANT = 1,
        ACD_OBJECT_SKILL = 2,
        ACD_OBJECT_CHANNEL = 3,
        ACD_OBJECT_QUEUE = 4,
        ACD_OBJECT_TEAM = 5,
        ACD_OBJECT_PROFILE = 6,
        ACD_OBJECT_AGENT = 7,
        ACD_OBJECT_GATEWAY = 8,
        ACD_OBJECT_CONTACT = 9,
        ACD_OBJECT_ASSIGNMENT = 10,
};

/* Where a contact is. Each state is one place: a lane or tree, a crowd of its queue. */
enum acd_contact_state {
        ACD_CONTACT_FREE = 0,
        ACD_CONTACT_WAITING = 1,  /* in a lane or a tree of its class */
        /* waits, but its gateway is gone: offered to nobody until it is back */
        ACD_CONTACT_WITHHELD = 2,
        ACD_CONTACT_OFFERED = 3,
        ACD_CONTACT_CONNECTING = 4,
        ACD_CONTACT_ACTIVE = 5, /* the assignment says whether active, held or parked */
        ACD_CONTACT_ENDED = 6,  /* over for the customer; the agent wraps up */
};

enum acd_assignment_state {
        ACD_ASSIGNMENT_FREE = 0,
        ACD_ASSIGNMENT_OFFERED = 1,
        ACD_ASSIGNMENT_CONNECTING = 2,
        ACD_ASSIGNMENT_ACTIVE = 3,
        ACD_ASSIGNMENT_HELD = 4,
        ACD_ASSIGNMENT_PARKED = 5, /* does not use the agent's slot */
        ACD_ASSIGNMENT_WRAP_UP = 6,
        ACD_ASSIGNMENT_CLOSED = 7, /* only in events: a closed assignment's slot is free */
};

/* Presence only: offered, busy, wrap-up are read from the assignments. */
enum acd_presence {
        ACD_PRESENCE_LOGGED_OUT = 1,
        ACD_PRESENCE_READY = 2,
        ACD_PRESENCE_PAUSED = 3,
        ACD_PRESENCE_LOST = 4, /* its lease ran out; a grace timer runs */
};

enum acd_gateway_state {
        ACD_GATEWAY_PRESENT = 1,
        ACD_GATEWAY_LOST = 2, /* the grace runs */
        ACD_GATEWAY_GONE = 3, /* the grace ran out */
};

/* What happens to the contact of an agent whose grace ran out. */
enum acd_lost_rule {
        ACD_LOST_BY_CHANNEL = 0, /* keep where the channel is media, else requeue */
        ACD_LOST_KEEP = 1,       /* the gateway will report the end */
        ACD_LOST_REQUEUE = 2,    /* back to its place */
        ACD_LOST_CLOSE = 3,
};

/* Why something happened. Wire numbers; see reasons.def. */
enum acd_reason {
#define REASON(name, number, text) ACD_REASON_##name = (number),
#include "acd/reasons.def"
#undef REASON
};
