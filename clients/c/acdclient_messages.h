/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * acdclient_messages.h - messages as plain structs: configuration, watching, any.
 *
 * Made by clients/c/protocol_header.py from proto/acd/v1 and lib/wire; do not
 * edit. docs/PROTOCOL.md tells the same for people. Included by acdclient.h.
 */

#include <stdbool.h>
#include <stdint.h>

#include <acdclient_parts.h>

/* A tenant is made with the channels phone, outbound (media); chat, web, self_service (live, as
 * is phone); email, social, sms, visit, callback, outbound (stored). Upserting another tenant is
 * for operators. */
struct acdclient_tenant_config {
        struct acdclient_text name; /* 1 to 63 characters */
        bool has_agent_grace_ms;
        uint32_t agent_grace_ms; /* lost to dealt with; default 30,000 */
        bool has_gateway_grace_ms;
        uint32_t gateway_grace_ms; /* lost to withdrawn; default 10,000 */
        bool has_key_retention_ms;
        uint64_t key_retention_ms; /* closed contact to forgotten client key; default 86,400,000 */
};

/* What an agent can do. */
struct acdclient_skill_config {
        struct acdclient_text name; /* 1 to 63 characters */
};

/* A kind of contact. Upserting one of the built-in channels changes it. */
struct acdclient_channel_config {
        struct acdclient_text name; /* 1 to 63 characters */
        bool media; /* a contact is active only when the gateway reports connected */
        bool live; /* withdrawn when its gateway is gone */
        bool has_connecting_lease_ms;
        uint32_t connecting_lease_ms; /* accept to connected; default 30,000 */
};

/* A named place where contacts wait. */
struct acdclient_queue_config {
        struct acdclient_text name; /* 1 to 63 characters */
        uint32_t requirement_count;
        const struct acdclient_term *requirement; /* up to 8 terms */
        bool has_band;
        uint32_t band; /* 0 to 31, higher first; default 8 */
        bool auto_accept; /* an offer is accepted at once */
        uint32_t missed_max; /* missed offers in a row that pause an agent; 0 = never; up to 255 */
        enum acdclient_lost_rule on_agent_lost; /* what becomes of a contact whose agent is lost */
        bool has_offer_timeout_ms;
        uint32_t offer_timeout_ms; /* default 20,000 */
        uint32_t wrap_up_ms; /* 0 = none */
        bool has_cool_down_ms;
        uint32_t cool_down_ms; /* of a rejection pair; default 10,000; 0 = no pair */
        uint32_t tier_wait_ms_count;
        /* wait that opens tier 1, 2, ... 7; never decreasing; the last one given holds for the
         * tiers after it */
        const uint32_t *tier_wait_ms;
        uint32_t length_max; /* waiting contacts; 0 = no limit of its own */
};

/* A skill, and how well. */
struct acdclient_skill_level {
        struct acdclient_text skill; /* name */
        uint32_t level; /* 1 to 10; in an agent 0 takes the profile's away */
};

/* What an agent takes of a channel. */
struct acdclient_channel_slots {
        struct acdclient_text channel; /* name */
        bool has_slots;
        uint32_t slots; /* default 1 */
        bool has_weight;
        uint32_t weight; /* 1 to 100; default 100 */
};

/* How near an agent is to a queue. */
struct acdclient_queue_tier {
        struct acdclient_text queue; /* name */
        uint32_t tier; /* 0 to 7, lower first */
};

/* Agents with supervisors and a time zone. */
struct acdclient_team_config {
        struct acdclient_text name; /* 1 to 63 characters */
        struct acdclient_text time_zone; /* IANA name; default UTC */
        struct acdclient_text profile; /* that its agents inherit; empty = none */
        uint32_t supervisors_count;
        const struct acdclient_text *supervisors; /* agents, up to 8 */
};

/* A profile without channels allows all of the tenant's. */
struct acdclient_profile_config {
        struct acdclient_text name; /* 1 to 63 characters */
        uint32_t channels_count;
        const struct acdclient_channel_slots *channels; /* up to 16 */
        uint32_t skills_count;
        const struct acdclient_skill_level *skills; /* up to 32 */
};

/* What is not given is inherited: the profile from the team, channels and skills from the
 * profile; a skill given here overrides the profile's level of it. */
struct acdclient_agent_config {
        struct acdclient_text name; /* 1 to 63 characters */
        struct acdclient_text team; /* name; empty: none */
        struct acdclient_text profile; /* name; empty: none */
        uint32_t channels_count;
        const struct acdclient_channel_slots *channels; /* up to 16; none = the profile's */
        uint32_t skills_count;
        const struct acdclient_skill_level *skills; /* up to 32 */
        uint32_t tiers_count;
        const struct acdclient_queue_tier *tiers; /* up to 32; a queue not named: tier 0 */
};

/* Refused with IN_USE while something refers to it; DUPLICATE when it is not there. */
struct acdclient_remove {
        enum acdclient_object object; /* TENANT to AGENT */
        struct acdclient_text name; /* 1 to 63 characters */
};

/* One change. Operator; answered by APPLIED. */
struct acdclient_apply {
        enum acdclient_change change; /* which of these is given */
        union {
                struct acdclient_tenant_config tenant;
                struct acdclient_skill_config skill;
                struct acdclient_channel_config channel;
                struct acdclient_queue_config queue;
                struct acdclient_team_config team;
                struct acdclient_profile_config profile;
                struct acdclient_agent_config agent;
                struct acdclient_remove remove;
        };
};

/* DUPLICATE: everything was so before. */
struct acdclient_applied {
        struct acdclient_result result;
        enum acdclient_object object; /* what kind of thing */
        bool created; /* it is new */
        bool removed; /* it is gone */
        uint32_t changed_count;
        /* fields whose value is another now, by their names above */
        const struct acdclient_text *changed;
};

/* Supervisor, operator, reader. Answered by STATUS_REPLY. */
struct acdclient_status {
        bool with_metrics; /* fill metrics */
        bool with_limits; /* fill limits */
};

/* A limit, and how much of it is used. */
struct acdclient_limit_use {
        struct acdclient_text name; /* 1 to 63 characters */
        uint64_t used; /* in use now */
        uint64_t limit; /* the most there may be */
};

/* A counter or gauge of the daemon. */
struct acdclient_metric {
        struct acdclient_text name; /* 1 to 63 characters */
        uint64_t value; /* counters count since the start */
};

/* How durable things are, and what a start would cost. */
struct acdclient_journal_status {
        enum acdclient_sync_policy sync; /* when an answer may leave */
        struct acdclient_text risk; /* what this policy risks, a sentence; empty for always */
        uint32_t sync_interval_ms; /* of INTERVAL */
        uint64_t lsn; /* last command in the journal */
        uint64_t durable_lsn; /* last command that the disk has */
        uint64_t snapshot_lsn; /* last command in the newest snapshot */
        uint32_t sync_p50_us; /* over the last syncs; real time */
        uint32_t sync_p99_us; /* the same, 99th percentile */
        uint32_t recovery_ms; /* that a start would take now, expected; real time */
        uint64_t size; /* bytes on disk, journal and snapshots */
        uint64_t event_log_size; /* bytes on disk */
        uint64_t event_first_sequence; /* oldest event that can still be delivered */
        uint64_t event_last_sequence; /* newest committed event */
        uint64_t disk_free; /* bytes */
        uint64_t disk_mark_submit; /* below: no submits */
        uint64_t disk_mark_work; /* below: no offers, transfers, updates */
};

/* How far the projection to Redis is. */
struct acdclient_redis_status {
        enum acdclient_redis_state state; /* now */
        struct acdclient_text address; /* host and port, or path */
        struct acdclient_text last_id; /* last entry that Redis acknowledged: epoch-sequence */
        uint64_t lag_events; /* committed and not yet acknowledged by Redis */
        struct acdclient_text text; /* a sentence, when something is wrong */
        uint64_t published; /* entries in this run */
};

/* The answer to STATUS. */
struct acdclient_status_reply {
        struct acdclient_result result;
        enum acdclient_daemon_state state; /* now */
        struct acdclient_text build; /* version of the daemon */
        struct acdclient_text server; /* name of the daemon */
        uint64_t epoch; /* of the offer */
        uint64_t run_id; /* random, per start */
        uint32_t shard; /* part of every id made here */
        uint64_t uptime_ms; /* real time */
        uint32_t clock_rate; /* core seconds per real second */
        int64_t wall_offset_ns; /* core time is in result */
        uint32_t logic_version; /* version of the rules in force */
        struct acdclient_text data_dir; /* path on the daemon's machine */
        uint32_t connection_count; /* open now */
        uint32_t session_count; /* of agents */
        uint32_t gateway_count; /* present */
        bool has_journal;
        struct acdclient_journal_status journal; /* durability */
        bool has_redis;
        struct acdclient_redis_status redis; /* the projection to Redis */
        uint32_t limits_count;
        const struct acdclient_limit_use *limits; /* only where asked for */
        uint32_t metrics_count;
        const struct acdclient_metric *metrics; /* only where asked for */
        uint64_t agenda_units; /* work that is put off */
        uint32_t waiting; /* contacts of this tenant, here and below */
        uint32_t active; /* contacts */
        uint32_t agent_ready; /* agents that could take a contact now */
        uint64_t digest; /* of the state, when it was last computed (snapshot); 0 = not yet */
        struct acdclient_text io; /* how sockets are served: epoll, io_uring */
};

/* A page of a list. Supervisor, operator, reader; gateways may list contacts (their own).
 * Answered by LIST_REPLY. */
struct acdclient_list {
        enum acdclient_object object; /* what kind of thing */
        struct acdclient_bytes cursor; /* as the last page gave it; empty: from the beginning */
        uint32_t limit; /* rows, 1 to 1,000; not set: 100. A page may be shorter. */
        /* contacts and agents of this queue; waiting contacts then come in order of service */
        struct acdclient_text queue;
        /* only in this state (ContactState, AssignmentState, Presence, GatewayState); 0: all */
        uint32_t state;
        struct acdclient_text key; /* contacts: the one with this client key */
        struct acdclient_text agent; /* contacts and assignments of this agent */
        /* fill configs as well: SKILL, CHANNEL, QUEUE, TEAM, PROFILE, AGENT, TENANT */
        bool with_config;
        bool with_attributes;
};

/* The rows are in the field of their kind. */
struct acdclient_list_reply {
        struct acdclient_result result;
        struct acdclient_bytes cursor; /* for the next page; empty: this was the last */
        uint32_t queues_count;
        const struct acdclient_queue *queues; /* rows of a list of queues */
        uint32_t agents_count;
        const struct acdclient_agent *agents; /* rows of a list of agents */
        uint32_t contacts_count;
        const struct acdclient_contact *contacts; /* rows of a list of contacts */
        uint32_t gateways_count;
        const struct acdclient_gateway *gateways; /* rows of a list of gateways */
        uint32_t assignments_count;
        const struct acdclient_assignment *assignments; /* rows of a list of assignments */
        uint32_t objects_count;
        const struct acdclient_named *objects; /* tenants, skills, channels, teams, profiles */
        uint32_t configs_count;
        const struct acdclient_apply *configs; /* the change that would make each row */
};

/* All events of the tenant as EVENTS pushes, from a sequence on. Supervisor, operator, reader,
 * gateway. Answered by RESULT: id is the number of the subscription. */
struct acdclient_subscribe {
        uint64_t from_sequence; /* first event wanted; 0: from now on */
        uint64_t epoch; /* of the event before it; another: resync; 0: not checked */
};

/* Take no new contacts and finish what is there. Operator. Answered by RESULT. */
struct acdclient_drain {
        bool resume; /* take contacts again */
};

/* Go down. Operator. Answered by RESULT before it does. */
struct acdclient_stop {
        bool fast; /* do not wait for work in flight; it is kept */
};

/* What happened. Fields that do not apply are not set. */
struct acdclient_event {
        uint64_t sequence; /* of the tenant; starts at 1, never restarts */
        enum acdclient_event_kind kind; /* what happened */
        uint64_t time_ns; /* core time */
        enum acdclient_reason reason; /* why */
        /* after it: ContactState, AssignmentState, Presence or GatewayState, by kind */
        uint32_t state;
        uint32_t band; /* of the contact */
        uint64_t contact; /* id */
        uint64_t agent_id; /* id */
        uint64_t queue_id; /* id */
        uint64_t assignment; /* id */
        uint64_t gateway_id; /* owner of the contact */
        uint64_t deadline_ns; /* core time; of the offer, lease, wrap-up or grace */
        uint64_t since_ns; /* core time; begin of what ended */
        uint64_t value; /* as the kind says */
        struct acdclient_text label; /* pause reason, disposition */
        uint32_t count; /* contact: offers made so far; CONFIG_CHANGED: 1 when new */
        enum acdclient_object object; /* of configuration events */
        uint32_t tier; /* of the agent for an offer */
        struct acdclient_text queue; /* names, as they are at the time of the event */
        struct acdclient_text agent; /* name */
        struct acdclient_text channel; /* name */
        struct acdclient_text gateway; /* name */
        struct acdclient_text client_key; /* of the contact */
        struct acdclient_text name; /* of the object of a configuration event */
        uint64_t channel_id;
};

/* Events as they are pushed: read them with acdclient_events_open(). */
struct acdclient_events {
        uint64_t server_time_ns;
        uint32_t subscription; /* as acdclient_subscribe() gave it */
        bool resync; /* events before these are lost to the reader: LIST anew */
        uint64_t last_sequence; /* newest committed event of the tenant */
        struct acdclient_bytes batch;
};

/* Any message: its kind says which member is in use. Correlation is the library's own affair;
 * session is a number that acdclient_login() gave, 0 = the connection. */
struct acdclient_message {
        uint16_t kind; /* enum acdclient_kind */
        uint32_t correlation;
        uint32_t session;
        union {
                struct acdclient_hello hello;
                struct acdclient_welcome welcome;
                struct acdclient_ping ping;
                struct acdclient_pong pong;
                struct acdclient_bye bye;
                struct acdclient_result result;
                struct acdclient_resolve resolve;
                struct acdclient_resolved resolved;
                struct acdclient_submit submit;
                struct acdclient_cancel cancel;
                struct acdclient_update update;
                struct acdclient_query query;
                struct acdclient_contact_reply contact_reply;
                struct acdclient_follow follow;
                struct acdclient_unfollow unfollow;
                struct acdclient_report report;
                struct acdclient_resume resume;
                struct acdclient_resumed resumed;
                struct acdclient_assignment_push assignment_push;
                struct acdclient_agent_login agent_login;
                struct acdclient_logged_in logged_in;
                struct acdclient_agent_logout agent_logout;
                struct acdclient_agent_ready agent_ready;
                struct acdclient_agent_pause agent_pause;
                struct acdclient_agent_next agent_next;
                struct acdclient_assignment_command assignment_command;
                struct acdclient_heartbeat heartbeat;
                struct acdclient_snapshot_request snapshot_request;
                struct acdclient_snapshot_reply snapshot_reply;
                struct acdclient_offer offer;
                struct acdclient_offer_ended offer_ended;
                struct acdclient_assignment_state_push assignment_state_push;
                struct acdclient_presence_push presence_push;
                struct acdclient_replaced replaced;
                struct acdclient_taken taken;
                struct acdclient_apply apply;
                struct acdclient_applied applied;
                struct acdclient_status status;
                struct acdclient_status_reply status_reply;
                struct acdclient_list list;
                struct acdclient_list_reply list_reply;
                struct acdclient_subscribe subscribe;
                struct acdclient_events events;
                struct acdclient_drain drain;
                struct acdclient_stop stop;
        };
};
