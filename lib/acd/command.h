/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * command.h - everything that can be done to the core.
 *
 * The sequence of accepted commands is the journal. A command that is refused
 * changed nothing and is not recorded. Names are resolved to ids before a
 * command is made (acd/view.h), except where an upsert creates them.
 *
 *   Ownership  A command and the bytes it points to are borrowed for the call.
 *   Failure    acd_command_decode() refuses what it does not fully understand.
 */

#include "acd/types.h"

enum acd_command_kind {
#define COMMAND(name, number, member, text) ACD_COMMAND_##name = (number),
#include "acd/commands.def"
#undef COMMAND
};

/* One term of a requirement: all terms of group 0, and one of each other group. */
struct acd_term {
        acd_skill_id skill;
        uint8_t level_min; /* 1..ACD_LEVEL_MAX */
        uint8_t group;     /* 0 = must, 1..7 = one of those with the same number */
};

struct acd_requirement {
        uint32_t term_count;
        struct acd_term term[ACD_TERM_MAX];
};

/* A START whose epoch is above the last one by this or more begins a new history: the runs
 * before it are not all that somebody was told of. */
enum { ACD_HISTORY_STEP = 1 << 20 };

/* The first command of each run. Voids open offers, restarts leases. */
struct acd_start {
        uint64_t epoch;
        uint64_t run_id;
        uint64_t seed[2];     /* key of the hash tables, seed of the generator */
        uint64_t downtime_ns; /* already added to now by the caller; told to events */
        struct acd_limits limits;
        uint32_t logic_version;
        char build[ACD_NAME_MAX + 1];
};

struct acd_tenant_config {
        char name[ACD_NAME_MAX + 1];
        uint32_t agent_grace_ms;   /* lost to dealt with; default 30,000 */
        uint32_t gateway_grace_ms; /* lost to withdrawn; default 10,000 */
        uint64_t key_retention_ms; /* closed contact to forgotten client key; default 24 h */
};

struct acd_skill_config {
        char name[ACD_NAME_MAX + 1];
};

/* Every tenant is made with: phone chat web self_service (live), phone and
 * outbound (media), email social sms visit callback outbound (stored). */
struct acd_channel_config {
        char name[ACD_NAME_MAX + 1];
        bool is_media;                /* active only when the gateway reports connected */
        bool is_live;                 /* withdrawn when its gateway is gone */
        uint32_t connecting_lease_ms; /* accept to connected; default 30,000 */
};

struct acd_queue_config {
        char name[ACD_NAME_MAX + 1];
        struct acd_requirement requirement;
        uint8_t band;                           /* default 8 */
        bool auto_accept;                       /* an offer is accepted at once */
        /* missed offers in a row that pause an agent; 0 = never */
        uint8_t missed_max;
        enum acd_lost_rule on_agent_lost;
        uint32_t offer_timeout_ms;              /* default 20,000 */
        uint32_t wrap_up_ms;                    /* 0 = none */
        uint32_t cool_down_ms;                  /* of a rejection pair; default 10,000 */
        /* wait that opens tier i; [0] is 0; never decreasing */
        uint32_t tier_wait_ms[ACD_TIER_COUNT];
        uint32_t length_max;                    /* waiting contacts; 0 = no own limit */
};

struct acd_skill_level {
        acd_skill_id skill;
        uint8_t level;
};

struct acd_channel_slots {
        acd_channel_id channel;
        uint8_t slots;  /* 1..; capacity is one in all for the present logic version */
        uint8_t weight; /* 1..100 */
};

struct acd_queue_tier {
        acd_queue_id queue;
        uint8_t tier;
};

struct acd_team_config {
        char name[ACD_NAME_MAX + 1];
        char time_zone[ACD_NAME_MAX + 1]; /* IANA name; charset of names and '/' */
        acd_profile_id profile;           /* none allowed */
        uint32_t supervisor_count;
        acd_agent_id supervisor[ACD_TEAM_SUPERVISOR_MAX];
};

/* A profile with no channels allows all of the tenant's. */
struct acd_profile_config {
        char name[ACD_NAME_MAX + 1];
        uint32_t channel_count;
        struct acd_channel_slots channel[ACD_AGENT_CHANNEL_MAX];
        uint32_t skill_count;
        struct acd_skill_level skill[ACD_AGENT_SKILL_MAX];
};

/* What is not given is inherited: profile from the team, channels and skills
 * from the profile. A skill given here overrides the profile's level of it;
 * level 0 takes it away. */
struct acd_agent_config {
        char name[ACD_NAME_MAX + 1];
        acd_team_id team;       /* none allowed */
        acd_profile_id profile; /* none = the team's */
        uint32_t channel_count; /* 0 = the profile's */
        struct acd_channel_slots channel[ACD_AGENT_CHANNEL_MAX];
        uint32_t skill_count;
        struct acd_skill_level skill[ACD_AGENT_SKILL_MAX];
        uint32_t tier_count;
        struct acd_queue_tier tier[ACD_AGENT_TIER_MAX];
};

struct acd_remove {
        enum acd_object object; /* TENANT..AGENT */
        uint64_t id;
};

struct acd_submit {
        acd_queue_id queue;
        acd_channel_id channel;
        acd_gateway_id gateway; /* owner; none = nobody's, never withdrawn, never "connecting" */
        acd_agent_id excluded;  /* never this agent; part of the class */
        uint8_t band;           /* or ACD_BAND_DEFAULT */
        uint32_t credit_ms;     /* 0..ACD_CREDIT_MS_MAX */
        struct acd_requirement extra; /* beside the queue's */
        struct acd_bytes client_key;  /* empty = not idempotent */
        struct acd_bytes customer_key;
        struct acd_bytes attributes;
};

/* Abandon (the customer left) or cancel (the gateway or operator withdrew). */
struct acd_cancel {
        acd_contact_id contact;
        enum acd_reason reason; /* ABANDONED, CANCELLED, OPERATOR */
};

struct acd_update {
        acd_contact_id contact;
        bool has_band, has_credit, has_customer_key, has_attributes;
        uint8_t band;
        uint32_t credit_ms;
        struct acd_bytes customer_key;
        struct acd_bytes attributes;
};

enum acd_report_kind {
        ACD_REPORT_RINGING = 1,
        ACD_REPORT_CONNECTED = 2,
        ACD_REPORT_FAILED = 3, /* reason says the cause, FAILED_* */
        ACD_REPORT_HELD = 4,
        ACD_REPORT_RESUMED = 5,
        ACD_REPORT_FIRST_REPLY = 6,
        ACD_REPORT_CUSTOMER_MESSAGE = 7,
        ACD_REPORT_ENDED = 8, /* reason says by whom: ENDED_BY_*, or ABANDONED */
};

/* What the medium did, told by the gateway that owns the contact. */
struct acd_report {
        acd_contact_id contact;
        acd_assignment_id assignment; /* needed for RINGING, CONNECTED, FAILED: which attempt */
        enum acd_report_kind report;
        enum acd_reason reason;
};

struct acd_gateway_open {
        char name[ACD_NAME_MAX + 1]; /* the stable client name */
};

struct acd_gateway_ref {
        acd_gateway_id gateway;
};

/* RESUME names what the gateway still holds, in as many commands as needed; the
 * last one closes or releases what was not named on live channels. */
enum { ACD_RESUME_MAX = 1024 };
struct acd_resume {
        acd_gateway_id gateway;
        bool is_first, is_last;
        uint32_t contact_count;
        const acd_contact_id *contact; /* borrowed */
};

struct acd_agent_login {
        acd_agent_id agent;
        uint32_t address_count;
        struct {
                acd_channel_id channel;
                struct acd_bytes address;
        } address[ACD_AGENT_CHANNEL_MAX];
};

struct acd_agent_ref {
        acd_agent_id agent;
        char label[ACD_LABEL_MAX + 1]; /* PAUSE: the reason; else empty */
        enum acd_reason reason;        /* LOST, LOGOUT: why */
};

struct acd_agent_next {
        acd_agent_id agent;
        enum acd_presence next;        /* READY, PAUSED or LOGGED_OUT when the contact is over */
        char label[ACD_LABEL_MAX + 1];
};

/* The agent is named too: an assignment of another agent is refused. */
struct acd_assignment_ref {
        acd_assignment_id assignment;
        acd_agent_id agent;
        uint64_t epoch;                /* of the offer; 0 = not checked */
        char label[ACD_LABEL_MAX + 1]; /* REJECT: reason; COMPLETE: disposition */
        uint32_t extend_ms;            /* WRAP_UP: 0 = end it now, else time from now */
};

struct acd_logic {
        uint32_t version;
};

struct acd_wall {
        int64_t offset_ns; /* wall clock (UNIX, ns) minus core time */
};

struct acd_work {
        uint32_t unit_max; /* 1..4096 */
};

struct acd_command {
        enum acd_command_kind kind;
        /* of tenant-scoped commands; none for START, TIME, WORK, LOGIC, WALL, tenants */
        acd_tenant_id tenant;
        union {
                struct acd_start start;
                struct acd_work work;
                struct acd_logic logic;
                struct acd_wall wall;
                struct acd_tenant_config tenant_config;
                struct acd_skill_config skill;
                struct acd_channel_config channel;
                struct acd_queue_config queue;
                struct acd_team_config team;
                struct acd_profile_config profile;
                struct acd_agent_config agent;
                struct acd_remove remove;
                struct acd_gateway_open gateway_open;
                struct acd_gateway_ref gateway;
                struct acd_resume resume;
                struct acd_submit submit;
                struct acd_cancel cancel;
                struct acd_update update;
                struct acd_report report;
                struct acd_agent_login login;
                struct acd_agent_ref agent_ref;
                struct acd_agent_next next;
                struct acd_assignment_ref assignment;
        };
};

/*
 * Commands as bytes, for the journal. The body is a kind and its fields; what
 * customers told us (keys, attributes, addresses) goes to the payload, which
 * can be erased without breaking the journal's chain (docs/JOURNAL.md).
 */
enum { ACD_COMMAND_BODY_MAX = 16384, ACD_COMMAND_PAYLOAD_MAX = 8192 };

/* Sizes written to @ret_body_size, @ret_payload_size. Buffers hold the maxima. */
void acd_command_encode(const struct acd_command *command, uint8_t *body, uint32_t *ret_body_size,
                        uint8_t *payload, uint32_t *ret_payload_size);

/* @ret_command points into @body and @payload. False: not a command of this
 * logic version, and @ret_command is unspecified. @scratch holds the ids of a
 * RESUME: ACD_RESUME_MAX entries. */
bool acd_command_decode(struct acd_bytes body, struct acd_bytes payload, acd_contact_id *scratch,
                        struct acd_command *ret_command);
