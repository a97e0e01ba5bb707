/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * core.h - the inside of the core: its objects. Only lib/acd may include it.
 *
 * All memory is one block, laid out by layout.c from the limits. Objects live in
 * arrays ("slabs") and name each other by index; index 0 is none. Every object
 * begins with its generation and the link of the list that is its state.
 *
 * A list's tag says what it is and whose: kind in the upper four bits, the index
 * of its owner below. So a link knows its list, and acd_check() knows from a link
 * alone where an object claims to be.
 *
 * What is state is saved, loaded and digested by stream_*.c; what is marked
 * "not state" can be made again from the rest, or lives for one step only.
 */

#include "acd/acd.h"
#include "acd/view.h"
#include "base/ilist.h"
#include "base/itable.h"
#include "base/itree.h"
#include "base/prng.h"
#include "base/siphash.h"
#include "base/wheel.h"

enum {
        CORE_TICK_BITS = 20,        /* a timer tick is 2^20 ns */
        CORE_OWNER_BITS = 28,       /* of a list's tag */
        CORE_CELL_SIZE = 52,        /* payload bytes of a cell */
        CORE_RETRY_AFTER_MS = 1000, /* said when something is full */
        CORE_FILL_MAX = 1024,       /* agents a class is filled with in one step or unit */
        CORE_SCAN_MAX = 1024,       /* slots looked at in one unit of the agenda */
        CORE_GONE_MET_MAX = 8,      /* contacts of a gone gateway that a search deals with */
        CORE_EVENTS_PER_UNIT = 24,  /* room that a timer or unit needs before it begins */
        CORE_EVENTS_PER_GRACE = 48, /* the same for an agent's grace: nine assignments */
        CORE_WORK_UNIT_MAX = 4096,  /* units of WORK, pieces of TIME */
        CORE_GRAVE_MAX = 256,       /* payloads kept readable until the next step */
        CORE_BUILT_IN_CHANNEL_COUNT = 10,
};

#define CORE_NS_PER_MS UINT64_C(1000000)

/* Kinds of lists, for tags. A space of links has its own kinds; FREE is in all. */
enum core_list_kind {
        LIST_FREE = 1,
        /* contacts, by state: the owner is a lane, a class, a queue; from WITHHELD on, crowds */
        LIST_LANE = 2,
        LIST_TREE = 3,
        LIST_WITHHELD = 4,
        LIST_OFFERED = 5,
        LIST_CONNECTING = 6,
        LIST_ACTIVE = 7,
        LIST_ENDED = 8,
        /* agents by presence: LIST_PRESENCE + presence; the owner is a tenant */
        LIST_PRESENCE = 2,
        /* gateways by state: LIST_GATEWAY + state */
        LIST_GATEWAY = 2,
        /* assignments in use; classes, client keys: in use or not */
        LIST_USED = 2,
        LIST_IDLE = 3,
        /* pools: LIST_POOL + tier; the owner is a class */
        LIST_POOL = 2,
        /* where a list needs no kind but an owner */
        LIST_OF = 2,
        LIST_PARKED = 3,
        /* classes of a rematch job: the owner is an agent or a queue */
        LIST_REMATCH_AGENT = 2,
        LIST_REMATCH_QUEUE = 3,
};

/* An array of objects, some of them free. See slab.c. */
struct acd_slab {
        void *base;
        size_t stride;
        uint32_t capacity;   /* of the memory; not state */
        uint32_t quarantine; /* free slots before one is used again */
        uint32_t top;        /* slots that were ever used: 1..top */
        uint32_t live;
        uint32_t floor;        /* generations up to here are not given out (any more) */
        uint32_t peak;         /* the highest generation that a slot has or had */
        struct acd_ilist free; /* in the order in which they are used again */
        struct acd_ilist used; /* the others, of kinds that have no other state */
};

/* First members of every object. */
struct acd_slot {
        uint32_t generation;
        struct acd_ilink link;
};

struct acd_tenant {
        uint32_t generation;
        struct acd_ilink link;
        struct acd_tenant_config config;
        uint64_t event_sequence;
        uint64_t submit_sequence;
        uint32_t object_count[ACD_OBJECT_ASSIGNMENT + 1]; /* by enum acd_object */
        uint32_t channel[ACD_AGENT_CHANNEL_MAX];
        struct acd_ilist presence[ACD_PRESENCE_LOST + 1]; /* agents */
        struct acd_ilist idle;                            /* available agents, longest first */
};

struct acd_skill {
        uint32_t generation;
        struct acd_ilink link;
        uint32_t tenant;
        uint32_t reference_count; /* terms of queues, levels of profiles and agents */
        struct acd_skill_config config;
};

struct acd_channel {
        uint32_t generation;
        struct acd_ilink link;
        uint32_t tenant;
        uint32_t reference_count; /* of profiles and agents */
        uint32_t ordinal;         /* place among the tenant's channels */
        struct acd_channel_config config;
};

/* A requirement with indexes for ids. Sorted: order means nothing. */
struct acd_terms {
        uint32_t count;
        struct {
                uint32_t skill;
                uint8_t level_min;
                uint8_t group;
        } term[ACD_TERM_MAX];
};

struct acd_queue {
        uint32_t generation;
        struct acd_ilink link;
        uint32_t tenant;
        char name[ACD_NAME_MAX + 1];
        struct acd_terms terms;
        struct acd_queue_config config; /* but name and requirement */
        uint32_t tier_reference_count;  /* agents that name it in their tiers */
        uint32_t waiting_count;         /* in lanes and trees */
        uint32_t plain_class;           /* one that asks for nothing beside it, or 0; not state */
        struct acd_icrowd contacts[ACD_CONTACT_ENDED + 1]; /* WITHHELD and later */
        struct acd_ilist used_classes;
        struct acd_ilist idle_classes; /* longest unused first */
        struct acd_ilist rematch;      /* classes of its rematch job */
        uint64_t submitted, answered, abandoned, closed;
};

struct acd_team {
        uint32_t generation;
        struct acd_ilink link;
        uint32_t tenant;
        uint32_t agent_count;
        uint32_t profile;
        uint32_t supervisor_count;
        uint32_t supervisor[ACD_TEAM_SUPERVISOR_MAX]; /* sorted */
        char name[ACD_NAME_MAX + 1];
        char time_zone[ACD_NAME_MAX + 1];
};

struct acd_channel_entry {
        uint32_t channel;
        uint8_t slots;
        uint8_t weight;
};

struct acd_level_entry {
        uint32_t skill;
        uint8_t level;
};

struct acd_tier_entry {
        uint32_t queue;
        uint8_t tier;
};

/* Channels and skills of a profile, or an agent's own. Sorted by index. */
struct acd_abilities {
        uint32_t channel_count;
        uint32_t skill_count;
        struct acd_channel_entry channel[ACD_AGENT_CHANNEL_MAX];
        struct acd_level_entry skill[ACD_AGENT_SKILL_MAX];
};

struct acd_profile {
        uint32_t generation;
        struct acd_ilink link;
        uint32_t tenant;
        uint32_t reference_count; /* teams and agents */
        char name[ACD_NAME_MAX + 1];
        struct acd_abilities abilities;
};

/* What an agent needs while contacts are matched. */
struct acd_agent {
        uint32_t generation;
        struct acd_ilink link; /* by presence */
        struct acd_ilink idle_link;
        uint32_t tenant;
        uint8_t presence;
        uint8_t before_lost; /* presence that BACK brings again */
        uint8_t next;        /* asked for after the contact, or 0 */
        uint8_t pair_count;
        uint32_t busy; /* the assignment that uses the slot */
        uint32_t missed_count;
        uint32_t contact_count;   /* since login */
        struct acd_ilist members; /* the end of the line that every contact touches */
        struct acd_ilist parked;
        struct acd_ilist rematch; /* classes of his rematch job */
        uint32_t pair;            /* first of his pairs */
        uint64_t idle_sequence;
        acd_time idle_since;
        acd_time since;
        acd_time login_at;
        acd_time grace_deadline;
        char label[ACD_LABEL_MAX + 1];
        char next_label[ACD_LABEL_MAX + 1];
        uint64_t unused[6]; /* to the end of the fourth line */
};

_Static_assert(offsetof(struct acd_agent, parked) == 64, "what a contact needs of him is one line");
_Static_assert(sizeof(struct acd_agent) == 256, "an agent is four cache lines");

/* What only configuration and reading need of him. */
struct acd_agent_setup {
        char name[ACD_NAME_MAX + 1];
        uint32_t team;
        uint32_t profile;          /* his own */
        uint32_t supervisor_count; /* teams that name him */
        uint32_t tier_count;
        struct acd_abilities abilities;
        struct acd_tier_entry tier[ACD_AGENT_TIER_MAX]; /* sorted by queue */
        uint32_t address_count;
        struct {
                uint64_t channel; /* id: may outlive the channel */
                uint32_t payload;
        } address[ACD_AGENT_CHANNEL_MAX];
};

/* 16 bytes an agent, scanned when a class is new: who can be ruled out at once.
 * Not state. */
struct acd_agent_brief {
        uint64_t skills;   /* bit (skill mod 64) for each effective skill */
        uint32_t tenant;   /* 0 = no agent here */
        uint32_t channels; /* bit per ordinal of the effective channels */
};

struct acd_gateway {
        uint32_t generation;
        struct acd_ilink link; /* by state, in the order of entering it */
        uint32_t tenant;
        uint8_t state;
        bool is_round_open;
        bool is_releasing;    /* the round is over, its unnamed contacts close */
        uint32_t round;       /* of RESUME */
        uint32_t ended_count; /* contacts in ENDED, no longer in the list */
        struct acd_ilist contacts;
        acd_time deadline;
        char name[ACD_NAME_MAX + 1];
};

enum {
        CONTACT_WAS_ACTIVE = 1 << 0,
        CONTACT_HAS_REPLY = 1 << 1,
};

/* The hot line of a contact: what matching touches. */
struct acd_contact {
        uint32_t generation;
        struct acd_ilink link; /* by state; in a tree only the tag */
        uint8_t state;
        uint8_t band;
        uint8_t pair_count;
        uint8_t flags;
        uint32_t credit_ms;
        uint64_t sequence;
        acd_time submitted; /* and queued: what comes back keeps its place */
        uint32_t class;
        uint32_t gateway;
        uint32_t assignment;
        uint16_t offer_count; /* stays at its greatest */
        uint16_t round;       /* of RESUME in which it was named last, or made: its last bits */
        uint32_t pair;        /* oldest of its pairs; of a free slot: its gateway's generation */
        uint32_t key;
};

/* The cold part: what detours, gateways and readers touch. */
struct acd_contact_cold {
        uint64_t active_ns;    /* of a free slot: the step that freed it, not state */
        uint32_t customer_key; /* payloads */
        uint32_t attributes;
        struct acd_ilink gateway_link;
        struct acd_inode node; /* in the tree of its class and band */
};

_Static_assert(sizeof(struct acd_contact) == 64, "what matching touches is one cache line");
_Static_assert(sizeof(struct acd_contact_cold) == 48, "112 bytes a contact, held back slots too");

struct acd_assignment {
        uint32_t generation;
        struct acd_ilink link;       /* by queue and state */
        struct acd_ilink agent_link; /* in the agent's parked ones */
        uint32_t contact;
        uint32_t agent;
        uint8_t state;
        uint8_t tier;
        uint32_t hold_count;
        uint64_t order; /* of the offer among all */
        uint64_t epoch;
        acd_time offered, accepted, connected, deadline;
        acd_time state_since; /* begin of a hold or parking */
        uint64_t held_ns;
        uint64_t closed_step;  /* the step that freed it; not state */
        acd_agent_id agent_id; /* not state */
};

_Static_assert(sizeof(struct acd_assignment) == 128, "an assignment is two cache lines");

struct acd_pair {
        uint32_t generation;
        struct acd_ilink link;
        uint32_t contact;
        uint32_t agent;
        uint32_t next_of_contact;
        uint32_t next_of_agent;
        acd_time until;
};

struct acd_membership {
        uint32_t generation;
        struct acd_ilink link; /* of the class */
        struct acd_ilink agent_link;
        struct acd_ilink pool_link;
        uint32_t agent;
        uint32_t class;
        uint32_t tier;
};

/* One queue with one requirement: owns lanes and pools. */
struct acd_class {
        uint32_t generation;
        struct acd_ilink link;       /* of all classes, used or idle */
        struct acd_ilink queue_link; /* of its queue's, used or idle */
        struct acd_ilink rematch_link;
        uint32_t tenant;
        uint32_t queue;
        uint32_t channel;
        uint32_t excluded;       /* agent */
        acd_tenant_id tenant_id; /* those of the indexes, for events; not state */
        acd_queue_id queue_id;
        acd_channel_id channel_id;
        uint32_t hash;
        uint32_t contact_count; /* that have their slot, ENDED too */
        uint32_t waiting_count;
        uint32_t expected_count; /* members that filling may add */
        bool is_filling;
        bool is_partial;        /* a membership was not made for want of room */
        uint8_t pool_bits;      /* tiers whose pool is not empty */
        uint32_t band_bits;     /* bands with waiting contacts */
        struct acd_terms terms; /* beside the queue's */
        struct acd_ilist members;
        uint32_t logged_in[ACD_TIER_COUNT];
        struct acd_ilist pool[ACD_TIER_COUNT]; /* longest idle first */
        uint32_t lane[ACD_BAND_COUNT];         /* first of the band's lanes */
        struct acd_itree tree[ACD_BAND_COUNT]; /* displaced contacts */
};

/* The first waiting contact of a class, with its key: what an agent who becomes
 * ready compares. Not state. */
struct acd_class_head {
        int64_t credited;
        uint64_t sequence;
        uint32_t contact;
        uint32_t band;
};

struct acd_lane {
        uint32_t generation;
        struct acd_ilink link;
        uint32_t class;
        uint32_t band;
        uint32_t credit_ms;
        uint32_t next; /* lane of the same class and band */
        struct acd_ilist contacts;
};

/* What was submitted under a client key. */
struct acd_key_body {
        uint64_t queue, channel, excluded;
        uint64_t extra_hash, customer_hash, attributes_hash;
        uint32_t credit_ms;
        uint8_t band;
};

struct acd_key {
        uint32_t generation;
        struct acd_ilink link; /* open, or closed in the order of closing */
        uint32_t hash;         /* not state */
        uint32_t payload;
        uint64_t tenant;  /* id: a key may outlive its tenant */
        uint64_t contact; /* id */
        struct acd_key_body body;
};

struct acd_cell {
        uint32_t next; /* of the last one: CELL_LAST and its bytes in use */
        uint8_t bytes[CORE_CELL_SIZE];
};

/* One block of chains of cells. Which cells is not state, only their bytes. */
struct acd_payload_store {
        struct acd_cell *cells;
        uint32_t capacity;
        uint32_t top;
        uint32_t free;
        uint32_t used;
        uint32_t grave_count;
        uint32_t grave[CORE_GRAVE_MAX];
};

/* Timers of all kinds are one array: the kinds are ranges of it. */
enum core_timer_kind {
        TIMER_ASSIGNMENT,
        TIMER_AGENT,
        TIMER_GATEWAY,
        TIMER_PAIR,
        TIMER_CLASS, /* a tier opens */
        TIMER_KEY,   /* it is forgotten */
        TIMER_KIND_COUNT,
};

/* Jobs too. Each object has one job of each of its kinds: the agenda cannot
 * overflow. */
enum core_job_kind {
        JOB_START,
        JOB_AGENT,   /* recompute memberships of an agent */
        JOB_PROFILE, /* of all its agents */
        JOB_TEAM,
        JOB_QUEUE,       /* of its classes */
        JOB_CLASS_FILL,  /* a new class of many agents */
        JOB_AGENT_MATCH, /* M2 goes on */
        JOB_AGENT_REMATCH,
        JOB_QUEUE_REMATCH,
        JOB_CLASS_REMATCH,
        JOB_GATEWAY,         /* its state has changed: withhold, close or bring back */
        JOB_GATEWAY_RELEASE, /* contacts not named in RESUME */
        JOB_KIND_COUNT,
};

struct acd_job {
        struct acd_ilink link;
        uint32_t cursor;
        uint32_t detail;
        uint32_t phase;
};

struct acd {
        struct acd_limits capacity; /* of the memory; not state */
        struct acd_limits limits;   /* in force */
        uint32_t shard;
        uint64_t id_base; /* what all ids have in common: the shard in its place; not state */

        uint64_t epoch;         /* 0 = no START yet */
        uint64_t history_epoch; /* at which the present history began; 0: with the directory */
        uint64_t run_id;
        acd_time now; /* of the last accepted command */
        acd_time start_now;
        int64_t wall_offset;
        uint32_t logic_version;
        char build[ACD_NAME_MAX + 1];
        struct acd_siphash_key secret; /* of the first START */
        struct acd_prng prng;

        uint64_t idle_sequence;
        uint64_t offer_sequence;
        uint64_t past_event_sequence;       /* the highest of tenants that are gone */
        uint32_t used_membership_count;     /* in classes in use */
        uint32_t expected_membership_count; /* that filling may still make */
        uint32_t fill_cursor;               /* the idle agent whom filling looks at next, or 0 */

        struct acd_slab tenants, skills, channels, queues, teams, profiles, agents, gateways;
        struct acd_slab contacts, assignments, classes, memberships, lanes, pairs, keys;
        struct acd_tenant *tenant;
        struct acd_skill *skill;
        struct acd_channel *channel;
        struct acd_queue *queue;
        struct acd_team *team;
        struct acd_profile *profile;
        struct acd_agent *agent;
        struct acd_agent_setup *agent_setup;
        struct acd_agent_brief *agent_brief;
        struct acd_gateway *gateway;
        struct acd_contact *contact;
        struct acd_contact_cold *contact_cold;
        struct acd_assignment *assignment;
        struct acd_class *class;
        struct acd_class_head *class_head;
        struct acd_membership *membership;
        struct acd_lane *lane;
        struct acd_pair *pair;
        struct acd_key *key;

        struct acd_ilist gateway_list[ACD_GATEWAY_GONE + 1];
        struct acd_ilist used_classes, idle_classes;
        struct acd_ilist open_keys, closed_keys;

        struct acd_itable name_table, key_table, class_table; /* not state */
        struct acd_payload_store payload;

        struct acd_wheel wheel;
        uint32_t timer_base[TIMER_KIND_COUNT + 1]; /* not state */
        struct acd_job *job;
        uint32_t job_base[JOB_KIND_COUNT + 1]; /* not state */
        struct acd_ilist agenda;

        /* Counters of acd_verify(), one for each slot of the largest slab but those of
         * contacts and assignments; not state. */
        uint32_t *scratch;
        uint32_t scratch_count;

        /* Of the step at work; not state. */
        uint64_t step;
        acd_time step_now;
        uint32_t step_tenant;  /* that the command names, or 0 */
        uint64_t removed_step; /* the step that removed the object here; its name can be read */
        uint64_t removed_id;
        enum acd_object removed_object;
        struct acd_terms step_terms;     /* of a SUBMIT's extra requirement */
        struct acd_class_head step_head; /* the best one of a search that is not a class's */
        struct acd_effects *effects;
        struct acd_reply *reply;
};
