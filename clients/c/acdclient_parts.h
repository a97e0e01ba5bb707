/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * acdclient_parts.h - messages as plain structs: sessions, contacts, agents.
 *
 * Made by clients/c/protocol_header.py from proto/acd/v1 and lib/wire; do not
 * edit. docs/PROTOCOL.md tells the same for people. Included by acdclient.h.
 */

#include <stdbool.h>
#include <stdint.h>

#include <acdclient_numbers.h>

/* Text, not terminated by a zero; an empty text may have a NULL address. */
struct acdclient_text {
        const char *at;
        uint32_t size;
};

struct acdclient_bytes {
        const uint8_t *at;
        uint32_t size;
};

/* The answer to a request; alone (kind RESULT) or field 1 of a specific answer. A request that
 * is refused is always answered by RESULT; a specific answer comes only with OK or DUPLICATE. */
struct acdclient_result {
        enum acdclient_result_code code; /* see docs/PROTOCOL.md, "Results" */
        uint64_t server_time_ns; /* core time at which it was decided */
        uint64_t id; /* of the object made or found: contact, assignment, agent, subscription */
        uint32_t state; /* its state now, by its kind: ContactState, AssignmentState or Presence */
        uint32_t retry_after_ms; /* LATER results: do not repeat earlier; real time */
        struct acdclient_text field; /* at fault, for a refusal: its path in the request */
        struct acdclient_text text; /* a sentence for people, for a refusal */
        uint64_t limit; /* the limit passed, or the value that is in the way */
};

/* One term of a requirement: all terms of group 0, and one of each other group. */
struct acdclient_term {
        struct acdclient_text skill; /* by name, or */
        uint64_t skill_id; /* by handle */
        uint32_t level_min; /* 1 to 10; not set: 1 */
        uint32_t group; /* 0 = must; 1 to 7 = one of those with the same number */
};

/* Where an agent is reached on a channel. */
struct acdclient_address {
        struct acdclient_text channel; /* by name, or */
        uint64_t channel_id; /* by handle */
        /* 1 to 127 bytes, plain text: SIP URI, extension, mailbox, chat handle */
        struct acdclient_text address;
};

/* The first frame of a connection, within 5 s. Client to server; answered by WELCOME. Refusals:
 * UNKNOWN tenant, MISSING or INVALID role, client, tenant, UNSUPPORTED protocol, STOPPING; after
 * a refused HELLO the server says BYE and closes. */
struct acdclient_hello {
        struct acdclient_text tenant;
        enum acdclient_role role; /* of everything on this connection */
        /* stable name of this client: a gateway's contacts belong to it */
        struct acdclient_text client;
        struct acdclient_bytes credential; /* up to 1,024 bytes; not used yet */
        uint32_t protocol_min; /* lowest protocol version that the client speaks; now 1 */
        /* highest Wanted, up to 16 names; WELCOME has those granted. "results-only" (agents): a
         * session's own requests are not pushed to it as well. "no-assignments" (gateways): no
         * ASSIGNMENT pushes. See docs/PROTOCOL.md. */
        uint32_t protocol_max;
        uint32_t features_count;
        const struct acdclient_text *features;
        /* last event that the client has seen, 0 = none; for readers of events */
        uint64_t resume_sequence;
        uint64_t resume_epoch; /* and its epoch; 0 = not checked */
        /* name and version of the program, for people; up to 63 bytes, plain text */
        struct acdclient_text software;
};

/* The answer to HELLO. */
struct acdclient_welcome {
        struct acdclient_result result;
        uint64_t epoch; /* higher at each start of the daemon */
        uint64_t run_id; /* random, per start */
        uint32_t shard; /* part of every id made here */
        uint32_t protocol; /* version in force */
        /* bytes of a frame body, both ways; EVENTS may be larger, see there */
        uint32_t frame_size_max;
        uint32_t inflight_max; /* unanswered requests before the server stops reading */
        /* send something (PING, or HEARTBEAT for a session) at least so often; real time */
        uint32_t heartbeat_ms;
        uint32_t lease_ms; /* silence after which an agent or gateway counts as lost; real time */
        /* how long the client key of a closed contact is remembered; core time */
        uint64_t key_retention_ms;
        int64_t wall_offset_ns; /* wall clock (UNIX, ns) minus core time */
        uint32_t clock_rate; /* core seconds per real second: 1, or more on a rehearsal clock */
        uint32_t features_count;
        const struct acdclient_text *features; /* granted */
        struct acdclient_text build; /* version of the daemon */
        uint64_t gateway_id; /* role GATEWAY: the id behind its client name */
        uint32_t agent_grace_ms; /* agent lost to dealt with; core time */
        uint32_t gateway_grace_ms; /* gateway lost to withdrawn; core time */
        uint64_t event_first_sequence; /* oldest event that SUBSCRIBE can still deliver */
        uint64_t event_last_sequence; /* newest committed event */
        struct acdclient_text server; /* name of the daemon */
};

/* Sign of life of a connection. Client to server; answered by PONG. */
struct acdclient_ping {
        uint64_t client_time_ns; /* the client's own; comes back as it is */
};

/* The answer to PING. */
struct acdclient_pong {
        struct acdclient_result result;
        uint64_t client_time_ns; /* as it came */
};

/* The last frame before a connection closes. The server says why; a client that says it leaves
 * on purpose and at once. No answer. */
struct acdclient_bye {
        uint64_t server_time_ns; /* core time at which it was sent */
        /* DRAINING, STOPPING, MALFORMED, RETRY_AFTER, TIMED_OUT, TOO_LARGE, LIMIT, REPLACED, ... */
        enum acdclient_result_code code;
        struct acdclient_text text; /* a sentence for people */
        uint32_t retry_after_ms; /* do not come back earlier; real time */
        struct acdclient_text metric; /* the daemon's counter of this cause; empty for none */
};

/* One name to resolve. */
struct acdclient_name {
        enum acdclient_object object; /* what kind of thing */
        struct acdclient_text name; /* 1 to 63 characters */
};

/* Names to handles. Any role; answered by RESOLVED. A handle is the object's id: it holds until
 * the object is removed, across reconnects and restarts. */
struct acdclient_resolve {
        uint32_t names_count;
        const struct acdclient_name *names; /* up to 1,024 */
};

/* The answer to RESOLVE. */
struct acdclient_resolved {
        struct acdclient_result result;
        uint32_t ids_count;
        const uint64_t *ids; /* in the order asked; zero: there is no such thing */
};

/* One request of a customer: a row of a list, and part of answers. Id, names and times of an
 * open contact. */
struct acdclient_contact {
        uint64_t contact; /* id */
        enum acdclient_contact_state state; /* now */
        struct acdclient_text queue; /* name */
        struct acdclient_text channel; /* name */
        uint32_t band; /* 0 to 31, higher first */
        uint32_t credit_ms; /* counts as having waited that much longer */
        uint64_t submitted_ns; /* core time */
        uint64_t queued_ns; /* entry into the queue */
        uint64_t waited_ms; /* since submit, until active or now */
        uint32_t offer_count; /* offers made so far; 65,535 are that many or more */
        struct acdclient_text client_key; /* empty: none was given */
        struct acdclient_text customer_key; /* empty: none was given */
        struct acdclient_text gateway; /* empty: nobody's */
        uint64_t assignment; /* the open one, or zero */
        enum acdclient_assignment_state assignment_state; /* its state */
        struct acdclient_text agent; /* its agent */
        uint64_t agent_id; /* id */
        uint64_t queue_id; /* id */
        uint64_t channel_id; /* id */
        uint64_t gateway_id; /* id */
        uint64_t order; /* third key of the order of service */
        struct acdclient_bytes attributes; /* only where the request asked for them */
        uint32_t position; /* in its queue, 1 = next; 0 = not known or not waiting */
};

/* The link of a contact and an agent: a row of a list, part of answers and snapshots. */
struct acdclient_assignment {
        uint64_t assignment; /* id */
        enum acdclient_assignment_state state; /* now */
        uint64_t epoch; /* of its offer */
        uint64_t contact; /* id */
        uint64_t agent_id; /* id */
        struct acdclient_text agent; /* name */
        struct acdclient_text queue; /* name */
        struct acdclient_text channel; /* name */
        uint64_t offered_ns; /* 0 = not yet, here and below */
        uint64_t accepted_ns; /* core time; 0 = not yet */
        uint64_t connected_ns; /* core time; 0 = not yet */
        uint64_t held_ns; /* in all */
        uint32_t hold_count; /* how often it was held */
        uint32_t left_ms; /* of the present state; 0 = no deadline, or past */
        struct acdclient_text client_key; /* empty: none was given */
        struct acdclient_text customer_key; /* empty: none was given */
        struct acdclient_bytes attributes; /* as they were submitted */
        uint32_t band; /* 0 to 31, higher first */
        uint64_t waited_ms; /* of the contact, submit to active or now */
};

/* An agent, logged in or not. */
struct acdclient_agent {
        uint64_t agent_id; /* id */
        struct acdclient_text agent; /* name */
        enum acdclient_presence presence; /* now */
        struct acdclient_text label; /* reason of the pause */
        enum acdclient_presence next; /* asked for after the contact; 0 = nothing */
        uint64_t since_ns; /* of the presence */
        uint64_t idle_since_ns; /* 0 = not waiting for a contact */
        uint64_t assignment; /* that uses the slot, or zero */
        enum acdclient_assignment_state assignment_state; /* its state */
        uint32_t parked_count; /* assignments put aside */
        uint32_t class_count; /* kinds of contacts that it may serve */
        uint64_t contact_count; /* served since login */
        struct acdclient_text team; /* name; empty: none */
        uint32_t session_count; /* open sessions */
        uint64_t contact; /* of that assignment */
        struct acdclient_text queue; /* of that contact */
};

/* A queue and what is in it. */
struct acdclient_queue {
        uint64_t queue_id; /* id */
        struct acdclient_text queue; /* name */
        uint32_t waiting; /* contacts */
        uint32_t withheld; /* contacts whose gateway is gone */
        uint32_t offered; /* contacts */
        uint32_t connecting; /* contacts */
        uint32_t active; /* contacts */
        uint32_t wrap_up; /* assignments */
        uint64_t longest_wait_ms; /* of the waiting */
        uint32_t agent_eligible; /* configured agents that could ever take one */
        uint32_t agent_logged_in; /* of those */
        uint32_t agent_ready; /* could take one now */
        uint64_t submitted; /* since the data directory was made, here and below */
        uint64_t answered; /* contacts that became active */
        uint64_t abandoned; /* contacts whose customer left before */
        uint64_t closed;
};

/* A client name that contacts belong to. */
struct acdclient_gateway {
        uint64_t gateway_id; /* id */
        struct acdclient_text gateway; /* its client name */
        enum acdclient_gateway_state state; /* now */
        uint32_t left_ms; /* of the grace */
        uint32_t contact_count; /* that it owns */
        uint32_t connection_count; /* open now */
};

/* Something that has no state but its name: tenant, skill, channel, team, profile. */
struct acdclient_named {
        enum acdclient_object object; /* what kind of thing */
        uint64_t id; /* id */
        struct acdclient_text name; /* 1 to 63 characters */
};

/* A contact enters. Gateway or operator (then it is nobody's and is never withdrawn). Answered
 * by RESULT when it can no longer be lost: id is the contact, state its ContactState. With a
 * client key the same submit twice is one contact: DUPLICATE with the same id; another body:
 * CONFLICT naming the first field that differs. Other refusals: UNKNOWN (queue, channel,
 * excluded_agent, requirement), DEAD_QUEUE, LIMIT, FULL, RETRY_AFTER, DISK_LOW, DRAINING. */
struct acdclient_submit {
        struct acdclient_text queue; /* by name, or */
        uint64_t queue_id; /* by handle; one of them is needed, not both */
        struct acdclient_text channel; /* by name, or */
        uint64_t channel_id; /* by handle; one of them is needed, not both */
        bool has_band;
        uint32_t band; /* 0 to 31, higher first; not given: the queue's */
        uint32_t credit_ms; /* counts as having waited longer; up to 86,400,000 */
        uint32_t requirement_count;
        const struct acdclient_term *requirement; /* beside the queue's; up to 8 terms */
        struct acdclient_text excluded_agent; /* never this agent; by name, or */
        uint64_t excluded_agent_id; /* by handle */
        struct acdclient_text client_key; /* up to 64 bytes, plain text; empty: not idempotent */
        struct acdclient_text customer_key; /* up to 64 bytes, plain text */
        /* up to 4,096 bytes, never read by the daemon, passed with the offer */
        struct acdclient_bytes attributes;
};

/* A contact leaves, in whatever state. Gateway (its own), supervisor, operator. Answered by
 * RESULT. DUPLICATE or GONE when it is over. */
struct acdclient_cancel {
        uint64_t contact; /* by id, or */
        struct acdclient_text client_key; /* by client key */
        /* ABANDONED (not set), CANCELLED; OPERATOR is what other roles get */
        enum acdclient_reason reason;
};

/* Changes what is given. Gateway (its own), supervisor, operator. Answered by RESULT; takes
 * effect on the order at once. */
struct acdclient_update {
        uint64_t contact; /* id */
        struct acdclient_text client_key; /* empty: none was given */
        bool has_band;
        uint32_t band; /* 0 to 31, higher first */
        bool has_credit_ms;
        uint32_t credit_ms; /* counts as having waited that much longer */
        bool has_customer_key;
        struct acdclient_text customer_key; /* empty: takes it away */
        bool has_attributes;
        struct acdclient_bytes attributes; /* empty: takes them away */
};

/* How does it stand? Any role but agent; a gateway for its own. Answered by CONTACT. */
struct acdclient_query {
        uint64_t contact; /* id */
        struct acdclient_text client_key; /* empty: none was given */
        bool with_attributes; /* fill the attributes of contacts */
        bool with_position; /* find the position in the queue; costs time in long queues */
};

/* The answer to QUERY. */
struct acdclient_contact_reply {
        struct acdclient_result result;
        bool has_contact;
        struct acdclient_contact contact; /* id */
        bool has_assignment;
        struct acdclient_assignment assignment; /* the open one, when there is one */
};

/* Events of contacts as EVENTS pushes. Gateway: all of its own, or one by id. Others: one by id.
 * Answered by RESULT: id is the number of the subscription. */
struct acdclient_follow {
        uint64_t contact; /* zero: all own, present and future */
        uint64_t from_sequence; /* first event wanted; 0: from now on */
};

/* Answered by RESULT. */
struct acdclient_unfollow {
        uint32_t subscription; /* as RESULT gave it; 0: all of this connection */
};

/* What the medium did, told by the gateway that owns the contact. Answered by RESULT: id is the
 * contact, state its ContactState. Repeating it is harmless: DUPLICATE. */
struct acdclient_report {
        uint64_t contact; /* id */
        uint64_t assignment; /* needed for RINGING, CONNECTED, FAILED: which attempt */
        enum acdclient_report_kind report; /* needed */
        enum acdclient_reason reason; /* why */
};

/* After a reconnect: what the gateway still holds, in as many requests as needed, the first
 * marked first and the last marked last. After the last one, contacts of live channels that were
 * not named are closed (GATEWAY_RELEASED). Answered by RESUMED. A gateway that kept nothing
 * sends one empty RESUME with both marks. */
struct acdclient_resume {
        uint32_t contacts_count;
        const uint64_t *contacts; /* up to 1,024 */
        bool first; /* the first request of this RESUME */
        bool last; /* the last one */
};

/* The answer to RESUME. */
struct acdclient_resumed {
        struct acdclient_result result;
        uint32_t outcomes_count;
        const uint8_t *outcomes; /* enum acdclient_resumed_state; in the order named */
};

/* Push to the gateway that owns the contact, at every change of an assignment: connect the
 * customer to this address (CONNECTING, or ACTIVE on channels that are not media), ring it
 * (OFFERED), let go (CLOSED). After RESUMED once for each kept contact that has an open one.
 * Names, keys and address are set in OFFERED, CONNECTING, ACTIVE and after RESUMED. */
struct acdclient_assignment_push {
        uint64_t server_time_ns; /* core time at which it was sent */
        uint64_t assignment; /* the offer id: REPORT names it */
        uint64_t epoch; /* of the offer */
        uint64_t contact; /* id */
        enum acdclient_assignment_state state; /* now */
        uint64_t agent_id; /* id */
        struct acdclient_text agent; /* name */
        /* the agent's for that channel; empty: none given at login */
        struct acdclient_text address;
        uint32_t left_ms; /* core time until the state's deadline; 0 = none */
        enum acdclient_reason reason; /* CLOSED: why */
        struct acdclient_text client_key; /* empty: none was given */
        struct acdclient_text queue; /* name */
        struct acdclient_text channel;
};

/* Answered by LOGGED_IN. The newest login of an agent wins and the older sessions are told
 * REPLACED, unless both asked for a shared session. A first login is PAUSED; a login of an agent
 * that is logged in keeps its presence. Refusals: UNKNOWN agent or channel. */
struct acdclient_agent_login {
        struct acdclient_text agent; /* by name, or */
        uint64_t agent_id; /* by handle */
        uint32_t addresses_count;
        /* one per channel, up to 16; replaces those of an earlier login */
        const struct acdclient_address *addresses;
        bool shared; /* all shared sessions of the agent see an offer; the first accept wins */
};

/* How an agent stands: after login, and on request. */
struct acdclient_agent_snapshot {
        bool has_agent;
        struct acdclient_agent agent; /* name */
        uint32_t assignments_count;
        /* open ones, parked ones too, offers included */
        const struct acdclient_assignment *assignments;
        uint32_t push; /* number of the last push to this session; the next is one higher */
};

/* The answer to LOGIN. */
struct acdclient_logged_in {
        struct acdclient_result result;
        uint32_t session; /* for the frame header */
        bool has_snapshot;
        struct acdclient_agent_snapshot snapshot; /* how the agent stands */
};

/* Ends the session. Answered by RESULT. Refused with WRONG_STATE while a contact is his: ask
 * with AGENT_NEXT. */
struct acdclient_agent_logout {
        bool unused;
};

/* Answered by RESULT: state is the Presence. */
struct acdclient_agent_ready {
        bool unused;
};

/* Answered by RESULT. An open offer returns to its place. */
struct acdclient_agent_pause {
        struct acdclient_text label; /* reason; needed */
};

/* Presence when the present contact is over. Answered by RESULT. Done at once when nothing uses
 * the slot. */
struct acdclient_agent_next {
        enum acdclient_presence next; /* READY, PAUSED or LOGGED_OUT */
        struct acdclient_text label; /* PAUSED: the reason */
};

/* The body of ACCEPT, REJECT, COMPLETE, HOLD, UNHOLD, PARK, UNPARK and WRAP_UP. Answered by
 * RESULT: id is the assignment, state its AssignmentState. Each is safe to repeat: where the
 * wanted state already holds the answer is DUPLICATE, and GONE when the assignment is over.
 * Others: FENCED (an offer of an earlier run), WRONG_STATE, NOT_ALLOWED (another agent's), LIMIT
 * (too many parked). */
struct acdclient_assignment_command {
        uint64_t assignment; /* id */
        uint64_t epoch; /* of the offer; 0 = not checked */
        struct acdclient_text label; /* REJECT: reason; COMPLETE: disposition */
        uint32_t extend_ms; /* WRAP_UP: 0 = end it now, else time from now, up to 3,600,000 */
};

/* Sign of life of a session, at least every heartbeat_ms. Answered by RESULT. */
struct acdclient_heartbeat {
        bool unused;
};

/* Answered by AGENT_SNAPSHOT. */
struct acdclient_snapshot_request {
        bool unused;
};

/* The answer to SNAPSHOT. */
struct acdclient_snapshot_reply {
        struct acdclient_result result;
        bool has_snapshot;
        struct acdclient_agent_snapshot snapshot; /* how the agent stands */
};

/* A contact is offered: ACCEPT or REJECT it within left_ms. */
struct acdclient_offer {
        uint64_t server_time_ns; /* core time at which it was sent */
        uint32_t push; /* number of this push in its session, from 1 */
        uint64_t assignment; /* id */
        uint64_t epoch; /* of the offer */
        uint64_t contact; /* id */
        uint32_t left_ms; /* core time */
        uint64_t waited_ms; /* so far, core time */
        uint32_t band; /* 0 to 31, higher first */
        struct acdclient_text queue; /* name */
        struct acdclient_text channel; /* name */
        struct acdclient_text customer_key; /* empty: none was given */
        struct acdclient_bytes attributes; /* as they were submitted */
        struct acdclient_text client_key; /* empty: none was given */
        uint32_t offer_count; /* of this contact, this one included; 65,535 are that many or more */
        /* OFFERED; CONNECTING or ACTIVE when the queue accepts by itself */
        enum acdclient_assignment_state state;
};

/* An offer came to nothing: withdraw it from the screen. */
struct acdclient_offer_ended {
        uint64_t server_time_ns; /* core time at which it was sent */
        uint32_t push; /* number of this push in its session, from 1 */
        uint64_t assignment; /* id */
        uint64_t contact; /* id */
        enum acdclient_reason reason; /* why */
};

/* An assignment of this agent moved. */
struct acdclient_assignment_state_push {
        uint64_t server_time_ns; /* core time at which it was sent */
        uint32_t push; /* number of this push in its session, from 1 */
        uint64_t assignment; /* id */
        uint64_t contact; /* id */
        enum acdclient_assignment_state state; /* now */
        enum acdclient_reason reason; /* CLOSED, WRAP_UP: why */
        uint32_t left_ms; /* core time until the state's deadline; 0 = none */
        struct acdclient_text label; /* disposition */
};

/* The agent's presence changed. */
struct acdclient_presence_push {
        uint64_t server_time_ns; /* core time at which it was sent */
        uint32_t push; /* number of this push in its session, from 1 */
        enum acdclient_presence presence; /* now */
        struct acdclient_text label; /* PAUSED: the reason */
        enum acdclient_presence next; /* asked for after the contact */
        enum acdclient_reason reason; /* why */
};

/* A newer login took over: this session is over. The last push of a session. */
struct acdclient_replaced {
        uint64_t server_time_ns; /* core time at which it was sent */
        uint32_t push; /* number of this push in its session, from 1 */
        struct acdclient_text client; /* client name of the connection that took over */
};

/* Another session of the same agent took the offer. */
struct acdclient_taken {
        uint64_t server_time_ns; /* core time at which it was sent */
        uint32_t push; /* number of this push in its session, from 1 */
        uint64_t assignment; /* id */
        uint64_t contact; /* id */
};
