/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * desk.h - what an agent's desktop knows: presence, and what is on the desk.
 *
 * Fed by the messages of one session; shared by the desktop in the terminal and
 * the one that works by itself.
 *
 *   Time    Real milliseconds of the caller's clock; what the daemon says in core
 *           time is divided by the rate of its clock.
 *   Bounds  DESK_ITEM_MAX assignments: one that is worked on, eight parked, and some
 *           that are just ending.
 */

#include <stdbool.h>

#include "clients/c/acdclient.h"

enum { DESK_ITEM_MAX = 16, DESK_WORD_SIZE = 72, DESK_ATTRIBUTES_SIZE = 256 };

struct desk_item {
        uint64_t assignment;
        uint64_t contact;
        uint64_t epoch;
        enum acdclient_assignment_state state;
        uint64_t since_ms;    /* in this state */
        uint64_t deadline_ms; /* of this state; 0 = none */
        uint64_t total_ms;    /* from since to deadline, for a bar */
        uint64_t waited_ms;   /* before it came, core time */
        uint32_t offer_count;
        char queue[DESK_WORD_SIZE];
        char channel[DESK_WORD_SIZE];
        char customer_key[DESK_WORD_SIZE];
        char client_key[DESK_WORD_SIZE];
        char attributes[DESK_ATTRIBUTES_SIZE];
        uint64_t action_at_ms; /* of a desk that works by itself; 0 = nothing is planned */
        bool is_asked;         /* an answer to what was done is awaited */
        bool is_taken;         /* another session of the agent accepted it */
};

struct desk {
        enum acdclient_presence presence;
        enum acdclient_presence next;
        char label[DESK_WORD_SIZE];
        uint64_t since_ms;
        uint64_t served_count;
        uint32_t clock_rate;
        struct desk_item items[DESK_ITEM_MAX];
        uint32_t item_count;
};

/* What a message did to the desk. */
struct desk_change {
        struct desk_item item; /* a copy, as it is now or was last */
        enum acdclient_reason reason;
        bool has_item;
        bool is_gone;     /* the item left the desk */
        bool is_presence; /* the presence is another */
        bool is_taken;    /* another session of the agent took the item */
        bool is_moved;    /* the item's state is another, or the item is new */
};

void desk_init(struct desk *desk, uint32_t clock_rate);

/* Replace everything: after login, and after pushes were missed. */
void desk_restore(struct desk *desk, const struct acdclient_agent_snapshot *snapshot,
                  uint64_t now_ms);

/* Take a push in. */
struct desk_change desk_push(struct desk *desk, const struct acdclient_message *push,
                             uint64_t now_ms);

/* The item that uses the agent's slot, or NULL. */
struct desk_item *desk_current(struct desk *desk);
struct desk_item *desk_find(struct desk *desk, uint64_t assignment);

/* Copy a text of the wire, plain and cut to fit. */
void desk_copy(char *into, size_t size, const void *text, uint32_t text_size);
