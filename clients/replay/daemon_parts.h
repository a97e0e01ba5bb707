/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * daemon_parts.h - what the pieces of the daemon engine share. Private to them.
 */

#include <acdclient.h>

#include "clients/replay/daemon_engine.h"

enum {
        DAEMON_KEY_SIZE = 40,      /* of a client key, with its closing zero */
        DAEMON_CONNECTION_MAX = 3, /* gateway, desktops, reader */
        DAEMON_OFFER_US_MAX = 60000000,
};

/* An agent as his desktop sees him. */
struct desk {
        struct daemon_engine *daemon;
        uint32_t index;
        bool is_out;                           /* logged out, as far as he knows */
        uint32_t session;                      /* of acdclient_login(); 0 = none */
        uint64_t agent_id;                     /* as events name him; 0 = not seen yet */
        uint64_t assignment;                   /* at hand, or 0 */
        uint32_t call;                         /* of that */
        enum acdclient_assignment_state state; /* of that */
};

/* A submit under way. */
struct submission {
        struct daemon_engine *daemon;
        uint32_t call;
};

struct retry {
        int64_t due_real_ms;
        uint32_t call;
};

struct daemon_engine {
        const struct plan *plan;
        const struct daemon_settings *settings;
        struct acdclient *gateway;
        struct acdclient *desks;
        struct acdclient *reader;
        struct desk *desk;             /* by the plan's index */
        struct submission *submission; /* by call */
        uint64_t *contact;             /* by call; 0 = not known */
        uint32_t *call_of_number;      /* plan_call.number to index */
        uint32_t number_max;
        struct retry *retry;
        size_t retry_count;
        size_t retry_capacity;
        struct engine_event *event; /* a ring that grows */
        size_t event_first;
        size_t event_count;
        size_t event_capacity;
        int error;              /* of a callback; ends the run */
        uint64_t known_ns;      /* core time when last heard... */
        int64_t known_real_ns;  /* ...and when that was */
        int64_t plan_first_ms;  /* the plan's first moment */
        int64_t now_ms;         /* never goes back */
        int64_t down_since_ms;  /* real; 0 = all connections stand */
        uint64_t last_sequence; /* of events */
        uint64_t submit_sequence;
        struct daemon_facts facts;
};

/* Real time. */
int64_t daemon_real_ns(void);

/* An event for the driver, of what happened at core time @core_ns. */
void daemon_tell(struct daemon_engine *daemon, struct engine_event event, uint64_t core_ns);

/* Remember the first error and say it. */
void daemon_fail(struct daemon_engine *daemon, int error, const char *what);

/* The client key of a call; and the call of a key, or ENGINE_NONE. */
void daemon_key(const struct daemon_engine *daemon, uint32_t call, char key[DAEMON_KEY_SIZE]);
uint32_t daemon_call_of_key(const struct daemon_engine *daemon, struct acdclient_text key);

/* A client for @role; connects by itself. NULL: failed, told. */
struct acdclient *daemon_client(struct daemon_engine *daemon, enum acdclient_role role,
                                const char *name, const struct acdclient_listener *listener);

/* The result of an answer to a command that may come too late: counts a race,
 * and tells the referee of anything worse. */
void daemon_note_answer(struct daemon_engine *daemon, int error,
                        const struct acdclient_message *answer, uint32_t call, uint32_t agent);

/* The three connections. 0 or negative errno. */
int daemon_gateway_open(struct daemon_engine *daemon);
int daemon_desks_open(struct daemon_engine *daemon);
int daemon_reader_open(struct daemon_engine *daemon);

/* Faces of gateway and desktops, as in engine.h. */
int daemon_submit(void *self, uint32_t call);
int daemon_abandon(void *self, uint32_t call);
int daemon_log_in(void *self, uint32_t agent);
int daemon_log_out(void *self, uint32_t agent);
int daemon_ready(void *self, uint32_t agent);
int daemon_pause(void *self, uint32_t agent);
int daemon_after_this(void *self, uint32_t agent, enum engine_event_kind state);
int daemon_accept(void *self, uint32_t agent, uint64_t offer);
int daemon_complete(void *self, uint32_t agent, uint64_t assignment);
int daemon_end_wrap_up(void *self, uint32_t agent, uint64_t assignment);

/* Repeat the submits whose time has come; when the next one is due, real ms, or
 * INT64_MAX. */
int64_t daemon_retry(struct daemon_engine *daemon);
