/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * client.h - the inside of struct acdclient: shared by the files of clients/c.
 *
 * The core of the library does no I/O: it has bytes that came (in), bytes to go
 * (out), and a time. link.c is its life, request.c, session.c, contact.c and
 * follow.c what is put back after a loss; loop.c moves bytes between it and a
 * socket, blocking.c waits for it.
 *
 *   Time    client->now_ms is read once at the beginning of each public call.
 *   Layout  struct acdclient_x and struct wire_x are the same bytes: layout.c
 *           makes the compiler prove it. client_public() and client_wire() cast.
 */

#include "base/arena.h"
#include "base/buffer.h"
#include "base/list.h"
#include "base/prng.h"
#include "clients/c/acdclient.h"
#include "clients/c/address.h"
#include "clients/c/map.h"
#include "wire/codec.h"

enum {
        CLIENT_BUFFER_SIZE = 256 * 1024, /* several of the largest frames */
        CLIENT_FRAME_MAX = WIRE_HEADER_SIZE + WIRE_BODY_MAX_EVENTS,
        CLIENT_NEVER_MS = 0,
};

/* Where a connection is on its way up. */
enum client_phase {
        CLIENT_DOWN,
        CLIENT_DIALING, /* the socket connects */
        CLIENT_HELLO,   /* WELCOME is awaited */
        CLIENT_RECOVER, /* SUBMITs without an answer are sent again */
        CLIENT_RESUME,  /* the gateway names what it holds */
        CLIENT_READY,
};

/* Whose a request is. All but USER are the library's own. */
enum client_purpose {
        CLIENT_USER,
        CLIENT_FIRST, /* HELLO */
        CLIENT_LOGIN,
        CLIENT_LOGOUT,
        CLIENT_SNAPSHOT,
        CLIENT_HEARTBEAT,
        CLIENT_PING,
        CLIENT_NAMING, /* RESUME */
        CLIENT_SUBSCRIBE,
        CLIENT_UNFOLLOW,
};

struct client_request {
        struct acd_link link; /* free, urgent, queued, recover, sent, or a session's waiting */
        uint8_t *frame;       /* encoded; correlation and session are written when it is sent */
        uint32_t frame_size;
        uint32_t correlation;
        uint64_t deadline_ms; /* CLIENT_NEVER_MS: none */
        uint64_t contact;     /* of CANCEL and REPORT of an end: over when this is done */
        acdclient_on_answer *on_answer;
        void *context;
        uint32_t session;      /* local number, 0 = the connection */
        uint32_t subscription; /* local number */
        uint16_t kind;
        uint8_t purpose;
        bool is_repeatable;
        bool is_retried;   /* was refused with NOT_LOGGED_IN once, and sent again */
        bool is_forgotten; /* its time ran out; only what its answer means is still of interest */
        bool is_recovered; /* a SUBMIT that is sent again before RESUME */
};

enum client_session_state {
        CLIENT_SESSION_FREE,
        CLIENT_SESSION_DOWN,
        CLIENT_SESSION_LOGGING_IN,
        CLIENT_SESSION_UP,
};

struct client_session {
        struct acd_link beat_link; /* sessions that are up, longest silent first */
        struct acd_list waiting;   /* requests for when it is up */
        uint8_t *frame;            /* LOGIN, encoded */
        uint32_t frame_size;
        uint32_t number;       /* local */
        uint32_t wire_session; /* the daemon's, while it is up */
        uint32_t push_last;
        uint64_t last_sent_ms;
        enum client_session_state state;
        bool is_busy; /* HEARTBEAT or SNAPSHOT is without an answer */
        bool was_up;
};

struct client_subscription {
        uint64_t contact;
        uint64_t next_sequence;
        uint64_t epoch; /* of the last event seen; 0 = none seen */
        acdclient_on_answer *on_answer;
        void *context;
        uint32_t wire_number; /* the daemon's; 0 = not established */
        uint16_t kind;        /* WIRE_SUBSCRIBE, WIRE_FOLLOW; 0 = free */
};

/* A push kept for acdclient_next_push(). */
struct client_kept {
        struct client_kept *next;
        uint32_t session;
        uint32_t subscription;
        uint32_t size;
        uint8_t bytes[];
};

struct acdclient {
        /* What was asked for. */
        struct acdclient_options options; /* its texts point into the ones below */
        struct client_address address;
        char tenant[ACD_NAME_MAX + 1];
        char name[ACD_NAME_MAX + 1];
        char software[WIRE_SOFTWARE_MAX + 1];
        uint8_t credential[WIRE_CREDENTIAL_MAX];
        uint32_t credential_size;

        /* The connection. */
        enum acdclient_connection connection;
        enum client_phase phase;
        int fd;
        struct acd_buffer in, out;
        struct acd_arena decode, encode;
        uint8_t *scratch; /* CLIENT_FRAME_MAX: a request while it is encoded */
        struct acdclient_trouble trouble;
        struct acdclient_welcome terms;
        char terms_text[2][ACD_NAME_MAX + 1]; /* build, server */
        bool has_terms;
        bool is_greeted; /* the daemon's BYE came: trouble has its reason */
        uint32_t connect_count;
        uint32_t pause_ms;
        struct acd_prng prng;

        /* Time. */
        uint64_t now_ms;
        uint64_t server_time_ns, server_time_at_ms;
        uint64_t connect_deadline_ms;
        uint64_t retry_at_ms;
        uint64_t last_received_ms, last_sent_ms;
        bool has_ping; /* one is without an answer */

        /* Requests. */
        struct client_request *requests;
        uint32_t request_capacity;
        struct acd_list free, urgent, queued, recover, sent;
        uint32_t user_count;    /* without an answer */
        uint32_t recover_count; /* sent again, without an answer */
        size_t frame_bytes;
        uint64_t deadline_first_ms; /* no deadline is earlier; 0 = there is none */

        /* What is put back. */
        struct client_session **sessions;
        uint32_t session_count; /* in use */
        uint32_t session_generation;
        struct acd_list beats;
        uint64_t login_at_ms; /* when sessions that were refused for now try again; 0 = never */
        struct client_map by_wire_session; /* wire session: index */
        struct client_subscription *subscriptions;
        struct client_map held; /* contacts */
        uint64_t unheld_count;  /* that were not taken up for want of room */
        uint64_t *naming;       /* contacts being named in RESUME */
        uint32_t naming_count, naming_index, naming_size;

        /* The blocking face. */
        struct client_kept *kept_first, *kept_last, *handed;
        size_t kept_bytes;
        struct wire_message handed_message;
        const struct wire_frame *frame; /* that is being looked at */
        uint32_t awaited_session;       /* acdclient_login_wait() waits for it */
        bool is_halted;   /* do not look at further frames: a borrowed message is handed out */
        bool is_eventful; /* something happened since this was cleared */
};

static inline const struct acdclient_message *client_public(const struct wire_message *message)
{
        return (const struct acdclient_message *)(const void *)message;
}

static inline const struct wire_message *client_wire(const struct acdclient_message *message)
{
        return (const struct wire_message *)(const void *)message;
}

/* link.c: the life of a connection. */

/* Read the clock into now_ms. */
void client_read_clock(struct acdclient *client);
/* Dial, from IDLE or PAUSING. */
void client_begin(struct acdclient *client);
/* The socket is connected: say HELLO. */
void client_connected(struct acdclient *client);
/* WELCOME, or the refusal, of HELLO has come. */
void client_welcomed(struct acdclient *client, const struct wire_message *message);
/* Go on to the next phase when this one has nothing open. */
void client_advance(struct acdclient *client);
/* The connection is gone: @error is a negative errno, or 0 when trouble says why already. */
void client_lose(struct acdclient *client, int error);
/* Move requests into the output buffer while they may go. */
void client_pump(struct acdclient *client);
/* Deadlines, heartbeats, silence, reconnecting. */
void client_tick(struct acdclient *client);
/* When client_tick() has something to do; UINT64_MAX = never. */
uint64_t client_next_ms(const struct acdclient *client);
void client_set_trouble(struct acdclient *client, int error, enum acd_result code,
                        struct acd_text text);

/* receive.c */

/* One frame that has come. -EPROTO: the stream makes no sense. */
int client_receive(struct acdclient *client, const struct wire_frame *frame);
/* Look at what is in the buffer, until it is halted. -EPROTO as above. */
int client_receive_buffered(struct acdclient *client);

/* request.c */

/* What a request is about, beside its message. */
struct client_about {
        enum client_purpose purpose;
        uint32_t session;
        uint32_t subscription;
        uint32_t timeout_ms; /* 0 = none */
        acdclient_on_answer *on_answer;
        void *context;
};

int client_requests_init(struct acdclient *client);
void client_requests_fini(struct acdclient *client);
/* Encode @message and put it where it waits. 0 or -ENOBUFS, -EMSGSIZE. */
int client_request_add(struct acdclient *client, const struct wire_message *message,
                       const struct client_about *about);
/* The same for a frame that is encoded already. */
int client_request_add_frame(struct acdclient *client, const uint8_t *frame, uint32_t frame_size,
                             uint16_t kind, const struct client_about *about);
/* The request that @correlation is the answer to, or NULL. */
struct client_request *client_request_find(struct acdclient *client, uint32_t correlation);
/* Call back and free. @answer is NULL with an error. */
void client_request_end(struct acdclient *client, struct client_request *request, int error,
                        const struct wire_message *answer);
/* The connection is gone: sort what was sent, queued and urgent. */
void client_requests_lose(struct acdclient *client);
/* All waiting requests of @list, or of all lists when it is NULL, end with @error. */
void client_requests_fail(struct acdclient *client, struct acd_list *list, int error);
void client_requests_tick(struct acdclient *client);
/* Nobody waits any more for requests with @context. */
void client_requests_disown(struct acdclient *client, const void *context);
/* A session is up, or was refused once: its waiting requests may go. */
void client_requests_release(struct acdclient *client, struct client_session *session);
struct client_request *client_request_of(struct acd_link *link);
/* An unanswered request goes back to where it waits, to be sent again. */
void client_request_again(struct acdclient *client, struct client_request *request);

/* session.c */

int client_sessions_init(struct acdclient *client);
void client_sessions_fini(struct acdclient *client);
struct client_session *client_session_find(const struct acdclient *client, uint32_t number);
/* The session that the daemon calls @wire_session, or NULL. */
struct client_session *client_session_by_wire(const struct acdclient *client,
                                              uint32_t wire_session);
void client_sessions_establish(struct acdclient *client);
void client_sessions_lose(struct acdclient *client);
void client_session_answered(struct acdclient *client, uint32_t number,
                             const struct wire_message *answer);
void client_session_snapshot(struct acdclient *client, struct client_session *session,
                             const struct wire_message *answer);
/* A push came for @session: are any missing? */
void client_session_pushed(struct acdclient *client, struct client_session *session,
                           const struct wire_message *push);
/* The daemon does not know the session: log in again. */
void client_session_renew(struct acdclient *client, struct client_session *session);
/* It is over; its requests end with -ENOTCONN. @message may be NULL. */
void client_session_end(struct acdclient *client, struct client_session *session,
                        enum acdclient_session_change change, const struct wire_message *message);
void client_session_was_sent(struct acdclient *client, uint32_t number);
void client_sessions_tick(struct acdclient *client);
uint64_t client_sessions_next_ms(const struct acdclient *client);

/* contact.c */

int client_contacts_init(struct acdclient *client);
void client_contacts_fini(struct acdclient *client);
/* Begin to name what is held; false: nothing is to be named. */
bool client_contacts_name(struct acdclient *client);
void client_contacts_named(struct acdclient *client, const struct wire_message *answer);
/* What an answer means for what is held. */
void client_contacts_answered(struct acdclient *client, const struct client_request *request,
                              const struct wire_message *answer);
void client_contacts_pushed(struct acdclient *client, const struct wire_message *push);

/* follow.c */

int client_subscriptions_init(struct acdclient *client);
void client_subscriptions_fini(struct acdclient *client);
void client_subscriptions_establish(struct acdclient *client);
void client_subscriptions_lose(struct acdclient *client);
void client_subscription_answered(struct acdclient *client, struct client_request *request,
                                  const struct wire_message *answer);
/* Notes how far the events are; returns the local number, 0 = not ours (any more). */
uint32_t client_subscription_pushed(struct acdclient *client, const struct wire_events *events);

/* blocking.c */

/* The message of a session's change, when no callback takes it. */
void client_session_message(struct acdclient *client, uint32_t number,
                            const struct wire_message *message);

/* Keep a push, or a session's message, for acdclient_next_push(). */
int client_keep(struct acdclient *client, const struct wire_frame *frame, uint32_t session,
                uint32_t subscription);
/* More is kept than the options allow: nothing further is looked at. */
bool client_is_full(const struct acdclient *client);
void client_kept_fini(struct acdclient *client);

/* loop.c */
void client_socket_close(struct acdclient *client);
