/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * queue_log.h - events as lines of an Asterisk queue_log.
 *
 * One event leads to no line, one, or two. Nearly all that a line says is in its
 * event; what is not (the position at entry, when it rang first, whether an
 * agent was paused) is remembered here for contacts that are open and agents who
 * are logged in, and for nobody else.
 *
 * What began before the first event, or before a gap, is not known. Such a
 * field is left empty, never guessed: positions of everybody until then, and
 * the ring time of who was being rung.
 *
 *   Ownership  queue_log_init() prepares, queue_log_fini() releases; a zeroed one
 *              is fine for it. Events are borrowed for the call.
 *   Time       Core time; the batch's offset makes it seconds since 1970. A
 *              duration is the difference of two such seconds, as Asterisk has it.
 *   Failure    None but -ENOMEM from the start. A contact beyond
 *              QUEUE_LOG_CONTACT_MAX is not remembered; positions are then not
 *              known any more, and queue_log_is_full() says so.
 *   Cost       O(log n) an event, n contacts that wait; about 150 bytes each.
 *   Threads    One log, one thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clients/c/acdclient.h"
#include "clients/c/map.h"
#include "clients/cli/queue_order.h"

enum {
        QUEUE_LOG_CONTACT_MAX = 1 << 20, /* open at once */
        QUEUE_LOG_AGENT_MAX = 1 << 20,   /* logged in at once */
        QUEUE_LOG_LINE_MAX = 512,        /* bytes, the newline with them */
};

/* The names, in the order of queue_log.def. */
enum queue_log_name {
        QUEUE_LOG_NONE = 0,
#define LINE(name, parameters, from, text) QUEUE_LOG_##name,
#include "clients/cli/queue_log.def"
#undef LINE
        QUEUE_LOG_NAME_COUNT,
};

/* A line, its newline at the end. */
typedef void queue_log_on_line(void *context, const char *text, size_t size);

struct queue_log_contact;

struct queue_log {
        queue_log_on_line *on_line;
        void *context;
        struct client_map contact_of; /* id -> slot */
        struct client_map agent_of;   /* id -> what is known of his presence */
        struct queue_log_contact *contact;
        uint32_t contact_capacity;
        uint32_t contact_free;    /* the first free slot, UINT32_MAX = none */
        struct queue_order order; /* who waits */
        int64_t wall_offset_ns;   /* of the event at hand */
        int64_t reload_s;         /* of the last CONFIGRELOAD */
        bool is_begun;
        bool is_complete; /* everybody who waits is known */
        bool is_full;
};

int queue_log_init(struct queue_log *log, queue_log_on_line *on_line, void *context)
        __attribute__((warn_unused_result));
void queue_log_fini(struct queue_log *log);

/* Take the next event. */
void queue_log_event(struct queue_log *log, const struct acdclient_event *event,
                     int64_t wall_offset_ns);

/* Events are missing here: nothing that was known can be relied on. */
void queue_log_forget(struct queue_log *log);

/* There was no room for a contact. */
bool queue_log_is_full(const struct queue_log *log);

/* "ENTERQUEUE"; "" for QUEUE_LOG_NONE. */
const char *queue_log_name(enum queue_log_name name);
/* Whether an event of ours can lead to it. */
bool queue_log_can_occur(enum queue_log_name name);
