/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * view.h - reading the core: names, lists, counts. Changes nothing.
 *
 *   Ownership  Pointers in views hold until the next acd_step(). What a step
 *              closed is still readable until then, so that its last event can
 *              be written with names and keys.
 *   Cost       find: one hash look-up. view: O(1). next: O(1) a slot looked at.
 */

#include "acd/acd.h"

/* The id of the object with @name, or 0. @tenant is ignored for tenants. */
uint64_t acd_find(const struct acd *acd, enum acd_object object, acd_tenant_id tenant,
                  struct acd_text name);

/* Name of an object of a kind that has one, or had one until the last step removed it; empty when
 * there is none such. */
struct acd_text acd_name(const struct acd *acd, enum acd_object object, uint64_t id);

/* Walk the objects of a kind in slot order: start with *cursor 0; returns the id, or
 * 0 at the end. Looks at at most @slot_max slots and returns 0 with *cursor != UINT64_MAX
 * when more may follow. */
uint64_t acd_list(const struct acd *acd, enum acd_object object, acd_tenant_id tenant,
                  uint64_t *cursor, uint32_t slot_max);

/* Walk the agents of a tenant without looking at those of others, by presence: start with none in
 * @agent; returns the next one, none at the end. For a reader between two steps. O(1). */
acd_agent_id acd_agent_next(const struct acd *acd, acd_tenant_id tenant, acd_agent_id agent);

/* The contact that has @key (open, or closed and remembered); 0 when none. */
acd_contact_id acd_find_key(const struct acd *acd, acd_tenant_id tenant, struct acd_bytes key);

/* A byte string of the payload store is a chain of cells; this copies it out.
 * Returns its size; copies at most @size_max. */
enum acd_payload { ACD_PAYLOAD_CLIENT_KEY, ACD_PAYLOAD_CUSTOMER_KEY, ACD_PAYLOAD_ATTRIBUTES };
uint32_t acd_contact_payload(const struct acd *acd, acd_contact_id contact, enum acd_payload part,
                             uint8_t *bytes, uint32_t size_max);
uint32_t acd_agent_address(const struct acd *acd, acd_agent_id agent, acd_channel_id channel,
                           uint8_t *bytes, uint32_t size_max);

struct acd_contact_view {
        acd_contact_id contact;
        acd_tenant_id tenant;
        enum acd_contact_state state;
        acd_queue_id queue;
        acd_channel_id channel;
        acd_gateway_id gateway;
        acd_assignment_id assignment; /* the open one, or none */
        acd_agent_id agent;           /* its agent */
        uint8_t band;
        uint32_t credit_ms;
        uint32_t offer_count;
        acd_time submitted;
        acd_time queued;   /* entry into the queue */
        uint64_t sequence; /* third key of the comparator */
};

struct acd_assignment_view {
        acd_assignment_id assignment;
        enum acd_assignment_state state;
        acd_contact_id contact;
        acd_agent_id agent;
        uint64_t epoch;
        acd_time offered, accepted, connected; /* 0 = not yet */
        acd_time deadline;                     /* of the present state; 0 = none */
        uint64_t held_ns;
        uint32_t hold_count;
};

struct acd_agent_view {
        acd_agent_id agent;
        acd_tenant_id tenant;
        acd_team_id team;
        enum acd_presence presence;
        enum acd_presence next;          /* 0 = none asked */
        acd_time since;                  /* of the presence */
        acd_time idle_since;             /* 0 = not waiting for a contact */
        acd_assignment_id assignment;    /* that uses the slot, or none */
        enum acd_assignment_state assignment_state; /* of that one; FREE = none */
        uint32_t parked_count;
        uint32_t class_count;
        struct acd_text label;           /* reason of the pause */
        uint64_t contact_count;          /* served since login */
};

struct acd_queue_view {
        acd_queue_id queue;
        acd_tenant_id tenant;
        /* contacts, assignments */
        uint32_t waiting, withheld, offered, connecting, active, wrap_up;
        acd_time oldest; /* entry time of the longest waiting, 0 = none; O(lanes of the queue) */
        uint32_t agent_eligible, agent_logged_in, agent_ready; /* ready = could take one now */
        uint64_t submitted, answered, abandoned, closed; /* since the data directory was made */
};

struct acd_gateway_view {
        acd_gateway_id gateway;
        acd_tenant_id tenant;
        enum acd_gateway_state state;
        acd_time deadline; /* of the grace */
        uint32_t contact_count;
};

struct acd_channel_view {
        acd_channel_id channel;
        bool is_media, is_live;
};

/* What is used and what is allowed, one per line of limits.def. */
struct acd_usage {
        struct acd_limits used;
        struct acd_limits limit;
};

/* One word of a view, for who needs no more: 0 and FREE for what cannot be viewed. */
acd_time acd_contact_submitted(const struct acd *acd, acd_contact_id contact);
enum acd_assignment_state acd_assignment_state_now(const struct acd *acd, acd_assignment_id id);

bool acd_view_contact(const struct acd *acd, acd_contact_id id, struct acd_contact_view *ret_view);
bool acd_view_assignment(const struct acd *acd, acd_assignment_id id,
                         struct acd_assignment_view *ret_view);
bool acd_view_agent(const struct acd *acd, acd_agent_id id, struct acd_agent_view *ret_view);
/* Every request of a session asks this. */
bool acd_agent_is_lost(const struct acd *acd, acd_agent_id id);
bool acd_view_queue(const struct acd *acd, acd_queue_id id, struct acd_queue_view *ret_view);
bool acd_view_gateway(const struct acd *acd, acd_gateway_id id, struct acd_gateway_view *ret_view);
bool acd_view_channel(const struct acd *acd, acd_channel_id id, struct acd_channel_view *ret_view);
bool acd_view_tenant(const struct acd *acd, acd_tenant_id id, struct acd_tenant_config *ret_config,
                     uint64_t *ret_event_sequence);

/* The waiting contacts of a queue in the order of service: start with none in
 * *cursor (a contact id); fills up to @max ids, returns how many. O(max x lanes). */
uint32_t acd_queue_order(const struct acd *acd, acd_queue_id queue, acd_contact_id after,
                         acd_contact_id *ret_ids, uint32_t max);

/* All assignments of an agent, parked ones too; returns how many. */
uint32_t acd_agent_assignments(const struct acd *acd, acd_agent_id agent,
                               acd_assignment_id *ret_ids, uint32_t max);

/* Full configuration of an object as the command that would make it. False: no such. */
bool acd_config(const struct acd *acd, enum acd_object object, uint64_t id,
                struct acd_command *ret_command);

struct acd_usage acd_usage(const struct acd *acd);
uint64_t acd_epoch(const struct acd *acd);

/* The epoch at which the present history began, 0: with the directory. What was told of
 * epochs between it and the one before it is void. */
uint64_t acd_history_epoch(const struct acd *acd);

/* Would a START be taken that begins a new history with an epoch higher by @rise, at least
 * ACD_HISTORY_STEP? Not once the generations of ids have been used up, by some 250 of them. */
bool acd_can_begin_history(const struct acd *acd, uint64_t rise);
int64_t acd_wall_offset(const struct acd *acd);
