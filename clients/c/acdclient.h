/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * acdclient.h - talk to acdd from C: gateways, agent desktops, tools.
 *
 * One struct acdclient is one connection that mends itself: it says HELLO, keeps
 * the daemon's lease by heartbeats, reconnects with a growing pause, and then
 * puts back what was there: agents log in again and get a full snapshot, a
 * gateway names the contacts that it holds, event subscriptions go on after the
 * last event seen, and requests without an answer are sent again where that is
 * safe (all are, but a SUBMIT without client key, and STOP).
 *
 * Two faces on one core; both may be used by one program, one per client:
 *
 *   blocking      acdclient_connect(), then acdclient_call() and
 *                 acdclient_next_push(). Each takes a time limit.
 *   event-driven  acdclient_start(); the caller's loop watches acdclient_fd() and
 *                 calls acdclient_on_readable(), _on_writable() and, after
 *                 acdclient_next_timeout_ms(), _on_timeout(). Answers and pushes
 *                 come as callbacks from inside these calls.
 *
 *   Ownership  The caller owns the client from acdclient_new() to acdclient_free().
 *              Options, requests and their texts are copied before a function
 *              returns. An answer or push handed out is borrowed: until the
 *              callback returns, or until the next call on this client.
 *   Time       Time limits are milliseconds of real time; 0 means the default of
 *              the options. Fields ending in _ns are the daemon's core time.
 *   Failure    0, or a negative errno that says why there is no answer. What the
 *              daemon refuses is an answer: look at acdclient_answer_result().
 *   Bounds     Requests, pushes kept, sessions and contacts held have limits in
 *              the options; beyond them: -ENOBUFS, and nothing has happened.
 *   Threads    One client, one thread at a time. No global state.
 *
 * Texts in messages are not terminated by a zero. Enumerations from a newer
 * daemon may have values that these headers do not name.
 */

#include <stddef.h>

#include <acdclient_messages.h>

#if defined(__GNUC__)
#define ACDCLIENT_API __attribute__((visibility("default")))
#else
#define ACDCLIENT_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

struct acdclient;

/* How the connection stands. */
enum acdclient_connection {
        ACDCLIENT_IDLE = 0,    /* not started, or stopped */
        ACDCLIENT_CONNECTING,  /* on the way: socket, HELLO, putting back what was there */
        ACDCLIENT_UP,          /* in order; requests flow */
        ACDCLIENT_PAUSING,     /* lost; comes back by itself after a pause */
        ACDCLIENT_CLOSED,      /* over: refused for good, or lost and not to be mended */
};

/* Why a connection failed or was lost. */
struct acdclient_trouble {
        int error;                      /* negative errno; 0 = the daemon said why, in code */
        enum acdclient_result_code code; /* of a refused HELLO, or of the daemon's BYE */
        char text[160];                 /* a sentence; "" for none */
        uint32_t retry_after_ms;        /* asked for by the daemon */
};

/* What became of an agent's session. */
enum acdclient_session_change {
        ACDCLIENT_SESSION_UP,       /* logged in, first or again; message: LOGGED_IN */
        ACDCLIENT_SESSION_SNAPSHOT, /* pushes were missed; message: AGENT_SNAPSHOT replaces all */
        ACDCLIENT_SESSION_DOWN,     /* lost with the connection; comes back by itself; no message */
        ACDCLIENT_SESSION_REFUSED,  /* over: LOGIN was refused; message: RESULT */
        ACDCLIENT_SESSION_REPLACED, /* over: a newer login took the agent; REPLACED or RESULT */
        ACDCLIENT_SESSION_OVER,     /* over: logged out; no message */
};

/* What the library tells and asks. Any member may be NULL. Callbacks may make
 * requests but not free, stop or block on the client. */
struct acdclient_listener {
        void *context;
        /* @trouble is given with PAUSING and CLOSED. */
        void (*on_connection)(void *context, struct acdclient *client,
                              enum acdclient_connection connection,
                              const struct acdclient_trouble *trouble);
        /* A push; its session is that of acdclient_login(). Without this
         * callback pushes are kept for acdclient_next_push(). */
        void (*on_push)(void *context, struct acdclient *client,
                        const struct acdclient_message *push);
        void (*on_session)(void *context, struct acdclient *client, uint32_t session,
                           enum acdclient_session_change change,
                           const struct acdclient_message *message);
        /* A contact that this gateway held is over, or not known (any more). */
        void (*on_contact_lost)(void *context, struct acdclient *client, uint64_t contact,
                                enum acdclient_resumed_state state);
        /* A connected stream socket, or a negative errno, instead of options.address.
         * The client owns the descriptor. */
        int (*dial)(void *context);
        /* Milliseconds that never go back, instead of CLOCK_MONOTONIC. */
        uint64_t (*now_ms)(void *context);
};

/* Zero everywhere is a good start: set address, role and client. */
struct acdclient_options {
        const char *address;  /* unix:/path or tcp:host:port; default unix:/run/acdd/acdd.sock */
        const char *tenant;   /* default "default"; "" = none, for operators */
        enum acdclient_role role;
        const char *client;   /* stable name; a gateway's contacts belong to it */
        const char *software; /* name and version of the program, for people */
        const char *credential;
        uint32_t connect_timeout_ms;   /* socket to UP; default 5,000 */
        uint32_t request_timeout_ms;   /* default 10,000 */
        uint32_t reconnect_ms_min;     /* first pause; default 100; doubles, with jitter */
        uint32_t reconnect_ms_max;     /* default 5,000 */
        uint32_t request_count_max;    /* without answer; default 1,024, at most 32,768 */
        uint32_t request_bytes_max;    /* of those; default 4 MiB */
        uint32_t push_bytes_max;       /* kept for acdclient_next_push(); default 1 MiB */
        uint32_t session_count_max;    /* default 1,024, at most 65,536 */
        uint32_t subscription_count_max; /* default 16, at most 1,024 */
        uint32_t contact_count_max;    /* held by a gateway; default 65,536 */
        bool no_reconnect;             /* the first failure is the end */
        bool no_resume;                /* a gateway that does not say what it holds */
        struct acdclient_listener listener;
};

/* A client, or NULL with errno set: EINVAL (address, names, limits), ENOMEM. No
 * socket yet. */
ACDCLIENT_API struct acdclient *acdclient_new(const struct acdclient_options *options);

/* Say BYE if connected, drop everything. Requests without an answer are not
 * called back. NULL is allowed. */
ACDCLIENT_API void acdclient_free(struct acdclient *client);

/* 0 when @address is one that acdclient_new() takes, else -EINVAL. */
ACDCLIENT_API int acdclient_address_check(const char *address);

/*
 * How it stands
 */

ACDCLIENT_API enum acdclient_connection acdclient_connection_state(const struct acdclient *client);
/* Of the last failure; all zero when there was none. */
ACDCLIENT_API const struct acdclient_trouble *acdclient_trouble(const struct acdclient *client);
/* The terms of the present or last connection; NULL before the first. */
ACDCLIENT_API const struct acdclient_welcome *acdclient_terms(const struct acdclient *client);
/* The daemon's core time now, extrapolated from its last message; 0 = none came yet. */
ACDCLIENT_API uint64_t acdclient_server_time_ns(const struct acdclient *client);
/* Requests without an answer yet, and connections made so far. */
ACDCLIENT_API uint32_t acdclient_request_count(const struct acdclient *client);
ACDCLIENT_API uint32_t acdclient_connect_count(const struct acdclient *client);

/*
 * The event-driven face
 */

/* Begin to connect. What fails later is told by on_connection. -EALREADY: it was
 * started. */
ACDCLIENT_API int acdclient_start(struct acdclient *client);

/* The socket to watch for reading, and for writing while acdclient_wants_write().
 * -1 = none at present. It can be another one after every call into the client. */
ACDCLIENT_API int acdclient_fd(const struct acdclient *client);
ACDCLIENT_API bool acdclient_wants_write(const struct acdclient *client);
/* Milliseconds until acdclient_on_timeout() has something to do; -1 = never. */
ACDCLIENT_API int acdclient_next_timeout_ms(const struct acdclient *client);

ACDCLIENT_API void acdclient_on_readable(struct acdclient *client);
ACDCLIENT_API void acdclient_on_writable(struct acdclient *client);
ACDCLIENT_API void acdclient_on_timeout(struct acdclient *client);

/* Called once for each request: @error is 0 and @answer is there, or @error says
 * why none came: -ETIMEDOUT, -ECONNRESET (lost, and not safe to repeat), -ENOTCONN
 * (its session or the connection is over). */
typedef void acdclient_on_answer(void *context, struct acdclient *client, int error,
                                 const struct acdclient_message *answer);

/* Send @request when it can be. Its session is 0 or one of acdclient_login().
 * Kinds that the library sends itself (HELLO, LOGIN, LOGOUT, RESUME, FOLLOW, SUBSCRIBE,
 * UNFOLLOW, PING, HEARTBEAT, BYE) are refused with -EINVAL. Others: -ENOBUFS, -EMSGSIZE,
 * -ENOTCONN. @on_answer may be NULL. */
ACDCLIENT_API int acdclient_send(struct acdclient *client, const struct acdclient_message *request,
                                 uint32_t timeout_ms, acdclient_on_answer *on_answer,
                                 void *context);

/*
 * The blocking face
 */

/* Connect and wait until UP. -ETIMEDOUT, -EACCES (the daemon refused; see
 * acdclient_trouble()), -ECONNREFUSED, -ENOENT and their like (no daemon there). */
ACDCLIENT_API int acdclient_connect(struct acdclient *client, uint32_t timeout_ms);

/* Send @request and wait for its answer. */
ACDCLIENT_API int acdclient_call(struct acdclient *client, const struct acdclient_message *request,
                                 uint32_t timeout_ms, const struct acdclient_message **ret_answer);

/* The next push, and without an on_session callback also LOGGED_IN after a reconnect,
 * AGENT_SNAPSHOT (both replace what is known) and REPLACED. 1: *ret_push is set.
 * 0: none came in @timeout_ms (here 0 means: do not wait). -ENOTCONN: the connection is
 * over. */
ACDCLIENT_API int acdclient_next_push(struct acdclient *client, uint32_t timeout_ms,
                                      const struct acdclient_message **ret_push);

/* Run the loop for @timeout_ms, or until something happened: 1; else 0. -ENOTCONN: it is over. */
ACDCLIENT_API int acdclient_run(struct acdclient *client, uint32_t timeout_ms);

/*
 * Agents: many sessions on one connection
 */

/* Log the agent in, now and after every reconnect. Returns the session's number, 1 or
 * more, or a negative errno. on_session tells what comes of it; requests with this
 * session wait until it is up. */
ACDCLIENT_API int acdclient_login(struct acdclient *client,
                                  const struct acdclient_agent_login *login);
/* The blocking form: waits until it is up, or refused (-EACCES). *ret_answer is LOGGED_IN or
 * the RESULT. */
ACDCLIENT_API int acdclient_login_wait(struct acdclient *client,
                                       const struct acdclient_agent_login *login,
                                       uint32_t timeout_ms,
                                       const struct acdclient_message **ret_answer);
/* Log out; the session is over when this is answered with OK. */
ACDCLIENT_API int acdclient_logout(struct acdclient *client, uint32_t session,
                                   acdclient_on_answer *on_answer, void *context);
/* Is the session up at this moment? */
ACDCLIENT_API bool acdclient_session_is_up(const struct acdclient *client, uint32_t session);
/* Forget a session without a word to the daemon: its lease will run out. */
ACDCLIENT_API void acdclient_session_forget(struct acdclient *client, uint32_t session);

/*
 * Contacts of a gateway
 */

/* The library holds a contact from the answer to its SUBMIT until it is told that it is
 * over (CANCEL, REPORT of the end, a CONTACT_CLOSED event, an ASSIGNMENT push that says
 * closed), and names it when the connection was lost. What a program kept from an earlier
 * life of its own it adds before it connects. -ENOBUFS. */
ACDCLIENT_API int acdclient_hold(struct acdclient *client, uint64_t contact);
ACDCLIENT_API void acdclient_release(struct acdclient *client, uint64_t contact);
ACDCLIENT_API uint32_t acdclient_held_count(const struct acdclient *client);

/*
 * Events
 */

/* All events of the tenant from @from_sequence on (0 = from now on), or those of contacts:
 * @contact, or zero for all of this gateway's. They come as EVENTS pushes and go on by
 * themselves after a reconnect. Returns the number of the subscription, 1 or more, or a
 * negative errno; what the daemon says to it goes to @on_answer, once. */
ACDCLIENT_API int acdclient_subscribe(struct acdclient *client, uint64_t from_sequence,
                                      acdclient_on_answer *on_answer, void *context);
ACDCLIENT_API int acdclient_follow(struct acdclient *client, uint64_t contact,
                                   uint64_t from_sequence, acdclient_on_answer *on_answer,
                                   void *context);
ACDCLIENT_API int acdclient_unfollow(struct acdclient *client, uint32_t subscription);

/* Reading the events of a push. */
struct acdclient_events_reader {
        struct acdclient_text tenant;
        uint64_t epoch;
        uint64_t first_sequence;
        uint64_t last_sequence;
        int64_t wall_offset_ns;
        uint64_t time_ns; /* of all its events */
        /* private */
        uint64_t next_sequence;
        const uint8_t *begin, *at, *end;
        uint32_t reference_count;
        uint16_t reference_at[512];
};

/* False: the bytes are damaged. */
ACDCLIENT_API bool acdclient_events_open(struct acdclient_events_reader *reader,
                                         const struct acdclient_events *events);
/* 1: *ret_event is the next one, borrowed like the push. 0: no more. -EBADMSG: damaged. */
ACDCLIENT_API int acdclient_events_next(struct acdclient_events_reader *reader,
                                        struct acdclient_event *ret_event);

/*
 * Words
 */

/* The result in any answer; never NULL for one. */
ACDCLIENT_API const struct acdclient_result *
acdclient_answer_result(const struct acdclient_message *answer);
/* OK or DUPLICATE. */
ACDCLIENT_API bool acdclient_is_done(enum acdclient_result_code code);
/* The same request may succeed later. */
ACDCLIENT_API bool acdclient_is_later(enum acdclient_result_code code);

/* Names and sentences of the protocol's tables; never NULL. The remedy is a command to
 * try, or "". */
ACDCLIENT_API const char *acdclient_result_name(enum acdclient_result_code code);
ACDCLIENT_API const char *acdclient_result_text(enum acdclient_result_code code);
ACDCLIENT_API const char *acdclient_result_remedy(enum acdclient_result_code code);
ACDCLIENT_API const char *acdclient_kind_name(uint16_t kind);
ACDCLIENT_API const char *acdclient_event_name(enum acdclient_event_kind kind);
ACDCLIENT_API const char *acdclient_reason_name(enum acdclient_reason reason);
ACDCLIENT_API const char *acdclient_reason_text(enum acdclient_reason reason);
ACDCLIENT_API const char *acdclient_role_name(enum acdclient_role role);
ACDCLIENT_API const char *acdclient_object_name(enum acdclient_object object);
ACDCLIENT_API const char *acdclient_contact_state_name(enum acdclient_contact_state state);
ACDCLIENT_API const char *acdclient_assignment_state_name(enum acdclient_assignment_state state);
ACDCLIENT_API const char *acdclient_presence_name(enum acdclient_presence presence);
ACDCLIENT_API const char *acdclient_gateway_state_name(enum acdclient_gateway_state state);

/* Ids as people write them: 13 characters of base32, and a closing zero. */
enum { ACDCLIENT_ID_SIZE = 14 };
ACDCLIENT_API const char *acdclient_id_format(uint64_t id, char ret_text[ACDCLIENT_ID_SIZE]);
ACDCLIENT_API bool acdclient_id_parse(const char *text, size_t size, uint64_t *ret_id);

/* A string as a text. */
ACDCLIENT_API struct acdclient_text acdclient_text(const char *string);

#ifdef __cplusplus
}
#endif
