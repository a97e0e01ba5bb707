/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * inbox.h - requests that come over Redis, and their answers.
 *
 *      acd:{T}:commands ──reader──→ slot ──→ inner connection ──→ the daemon
 *      acd:{T}:replies  ←─writer── slot ←── inner connection ←── when it is durable
 *      acd:{T}:agent:ID ←─writer───────── pushes
 *
 * A slot is a request from reading its entry until it is known that Redis has its answer:
 *
 *            read          room          answered       MULTI..EXEC      EXEC answered
 *      FREE -----> WAITING ----> ASKED ----------> ANSWERED --------> SENT ----------> FREE
 *                                                    ^                  | lost
 *                                                    '-still pending-- UNKNOWN
 *                                                                       '-- acknowledged --> FREE
 *
 * What is no request goes from FREE to LETTER and back. Before FREE comes DONE while pending
 * entries are being read.
 *
 * What Redis has as pending is the truth: whatever is lost here is read again from there.
 *
 *   Ownership  Part of the shard; all memory is carved at start.
 *   Time       Real.
 *   Failure    None for the shard. A tenant that Redis refuses is tried again later, the others
 *              go on; the publisher has links of its own.
 *   Cost       A turn makes at most one read a lane and one transaction a tenant.
 *   Threads    The shard's.
 */

#include <stdbool.h>
#include <stdint.h>

#include "acd/types.h"
#include "base/list.h"
#include "daemon/inner.h"
#include "daemon/redis/home.h"
#include "daemon/redis/inbox_entry.h"
#include "daemon/redis/inbox_store.h"
#include "daemon/redis/link.h"

struct inbox;
struct inbox_lane;
struct options;
struct shard;
struct carve;

enum {
        INBOX_TENANT_MAX = 64,
        INBOX_SLOT_MAX = 512,   /* requests without an answer known to be in Redis */
        INBOX_PIECE_MAX = 4096, /* 4 MiB: their bytes */
        INBOX_REQUEST_MAX =
                2048, /* of which requests that wait may take half: answers always fit */
        INBOX_ANSWER_LARGE = WIRE_HEADER_SIZE + WIRE_BODY_MAX_EVENTS,
        INBOX_READ_FIRST = 32,    /* entries of the first reads; the next twice as many */
        INBOX_BLOCK_MS = 1000,    /* a read waits so long for something new */
        INBOX_BLOCK_SHORT_MS = 5, /* and when some tenant is only out of room for the moment */
        INBOX_REPLY_MAX = 8 * 1024 * 1024,
        INBOX_DEAD_SIZE_MAX = 512 * 1024, /* of fields that a dead letter repeats */
        INBOX_READER_OUTPUT_SIZE = 32768,
        INBOX_WRITER_OUTPUT_SIZE = 2 * 1024 * 1024,
        INBOX_STUCK_MS = 5000, /* until a tenant that Redis refuses is tried again */
        INBOX_KEY_SIZE = 2 * ACD_NAME_MAX + 32,
};

enum inbox_slot_state {
        INBOX_FREE,
        INBOX_WAITING,
        INBOX_ASKED,
        INBOX_ANSWERED,
        INBOX_SENT,
        INBOX_UNKNOWN,
        INBOX_LETTER, /* no request: its dead letter is on its way */
        INBOX_DONE,   /* to be freed: a page of pending entries that is on its way may name it */
        INBOX_SLOT_STATE_COUNT,
};

struct inbox_slot {
        struct acd_link link; /* in the list of its state: the tenant's, or the free ones */
        enum inbox_slot_state state;
        struct inbox_tenant *tenant;
        struct inbox_id id;
        enum inbox_role role;
        uint16_t kind;
        uint16_t answer_kind;
        uint32_t session;
        uint64_t answer_epoch; /* and session: 0 = none */
        uint32_t answer_session;
        bool is_dead;             /* the answer had no place: it goes to the dead letters */
        uint32_t reserved;        /* pieces for the answer */
        uint32_t counted;         /* of the tenant's answer_pieces */
        struct inbox_chain bytes; /* WAITING: the request's body; from ANSWERED on: the answer's */
        uint8_t correlation_size;
        char sender[ACD_NAME_MAX + 1];
        uint8_t correlation[INBOX_CORRELATION_MAX];
};

enum inbox_peer_state { INBOX_PEER_CLOSED, INBOX_PEER_GREETING, INBOX_PEER_OPEN };

/* An inner connection. */
struct inbox_peer {
        enum inbox_peer_state state;
        int pair;
        uint32_t failure_count;     /* in a row */
        uint64_t due_real;          /* CLOSED: open it; else: say something */
        char text[REDIS_TEXT_SIZE]; /* its last words, for the log */
};

enum inbox_phase {
        INBOX_GROUP,   /* the group is to be made, or found */
        INBOX_PENDING, /* entries that were read before are read, from the cursor on */
        INBOX_NEW,     /* new ones are */
        INBOX_STUCK,   /* Redis refuses; GROUP again at due_real */
};

struct inbox_tenant {
        bool is_used;
        acd_tenant_id id;
        char name[ACD_NAME_MAX + 1];
        struct inbox_lane *lane;
        struct inbox_peer peer[INBOX_ROLE_COUNT];
        bool is_agent_wanted; /* one asked for something */
        bool has_queues;
        struct acd_list slots[INBOX_SLOT_STATE_COUNT];

        bool is_cleared; /* its stream of events was found to be ours */
        enum inbox_phase phase;
        struct inbox_id cursor; /* PENDING: up to here they were read */
        bool is_pass_full; /* it began with the first: whatever it does not find is acknowledged */
        uint64_t blocked_at; /* inbox's room_count when there was none for the next one */
        bool has_giant;      /* the one behind this is larger than a reply may be */
        struct inbox_id giant_after;
        struct inbox_id last; /* highest that was read */
        uint64_t due_real;
        char text[REDIS_TEXT_SIZE]; /* why it is stuck, or "" */

        uint32_t request_pieces; /* of WAITING slots */
        uint32_t answer_pieces;  /* of answers, and reserved for them */

        uint32_t sent_count;   /* slots of the transaction that is on its way; 0: none */
        uint64_t write_due;    /* no transaction before */
        uint32_t refuse_count; /* transactions refused in a row */
        bool is_refused;       /* a command of it was: what was said first */
        enum redis_error_class refusal;
        char refusal_text[REDIS_TEXT_SIZE];
};

enum inbox_read {
        INBOX_READ_NOTHING,
        INBOX_READ_GROUP,
        INBOX_READ_PENDING,
        INBOX_READ_NEW,
        INBOX_READ_OLDEST, /* the id of the next pending one, alone */
};

/* Two links to one master: one waits for what is new, one says what there is to say. */
struct inbox_lane {
        struct inbox *inbox;
        struct redis_link reader;
        struct redis_link writer;
        uint32_t index;
        bool is_writing;               /* the writer is greeted, and has transactions */
        enum inbox_read read;          /* on its way */
        struct inbox_tenant *read_for; /* but for NEW */
        uint32_t read_count;           /* entries that were asked for */
        uint32_t count_limit;          /* a read asks for no more */
        uint64_t wait_real;            /* no read before */
        uint32_t wait_count;
};

struct inbox {
        struct shard *shard;
        struct inner *inner;
        struct redis_home *home;
        struct inbox_lane *lane;
        uint32_t lane_count;
        struct inbox_tenant *tenant;
        uint32_t tenant_count; /* used ones */
        uint64_t looked_real;  /* for tenants that came or went */
        bool is_full_said;
        struct inbox_slot *slot;
        struct acd_list free_slots;
        struct inbox_store store;
        uint64_t room_count;     /* grows when there is more room for something */
        uint32_t request_pieces; /* of WAITING slots */
        uint64_t size_average;   /* of requests' bodies, times 16 */
        uint8_t *scratch;        /* a frame and a made key */
};

/* Whether there is to be one, by the options. */
bool inbox_is_wanted(const struct options *options);

/* All memory, in both passes. */
void inbox_carve(struct shard *shard, struct carve *carve, const struct options *options);

/* Go on, at the end of a turn: what it answered is taken, and what there is room for is read. */
void inbox_turn(struct inbox *inbox);

/* A link's socket is ready; @index counts the links. */
void inbox_on_socket(struct inbox *inbox, uint32_t index, bool is_readable, bool is_writable);

/* When inbox_turn() has something to do (real time), or 0. */
uint64_t inbox_next_ns(const struct inbox *inbox);

void inbox_close(struct inbox *inbox);

/* ---- for the inbox's own files ---- */

static inline struct inbox_slot *inbox_slot_of(struct acd_link *link)
{
        return acd_container_of(link, struct inbox_slot, link);
}

/* inbox.c */
void inbox_slot_move(struct inbox *inbox, struct inbox_slot *slot, enum inbox_slot_state to);
/* A free one for @tenant and @id, not in any list of the tenant's yet; NULL: none is left. */
struct inbox_slot *inbox_slot_new(struct inbox *inbox, struct inbox_tenant *tenant,
                                  struct inbox_id id);
void inbox_slot_free(struct inbox *inbox, struct inbox_slot *slot);
/* Count for its tenant what @slot has of the store, which has changed. */
void inbox_slot_count(struct inbox_slot *slot);
/* May a tenant that has @held pieces have @more, when all tenants share @all? One request or answer
 * may always be there, whatever its size. */
bool inbox_has_share(const struct inbox *inbox, uint32_t all, uint32_t held, uint32_t more);
/* Redis has its answer. */
void inbox_slot_finish(struct inbox *inbox, struct inbox_slot *slot);
/* Read what is pending again, from the first. */
void inbox_read_again(struct inbox_tenant *tenant);
void inbox_key(char into[INBOX_KEY_SIZE], const char *tenant, const char *rest, const char *name);
uint64_t inbox_now(const struct inbox *inbox);
/* Milliseconds to wait after @count failures in a row: 50 to 5,000, with jitter. */
uint64_t inbox_pause_ns(const struct inbox *inbox, uint32_t count);

/* inbox_read.c: the reader. */
void inbox_read_turn(struct inbox_lane *lane);
void inbox_read_reply(struct inbox_lane *lane, const struct redis_reply *reply);
void inbox_read_lost(struct inbox_lane *lane);
uint64_t inbox_read_next_ns(const struct inbox_lane *lane);

/* inbox_take.c: one entry. False: there is no room for it now. */
bool inbox_take(struct inbox_tenant *tenant, struct inbox_id id, const struct redis_reply *fields);
/* The same for one that is too large to be read. */
bool inbox_take_giant(struct inbox_tenant *tenant, struct inbox_id id);

/* Redis refuses @tenant, because of @text: try again later. */
void inbox_read_stick(struct inbox_tenant *tenant, const char *text);

/* inbox_write.c: the writer. */
void inbox_write_ready(struct inbox_lane *lane);
void inbox_write_turn(struct inbox_lane *lane);
void inbox_write_reply(struct inbox_lane *lane, uint32_t tag, const struct redis_reply *reply);
void inbox_write_lost(struct inbox_lane *lane);
/* A dead letter of entry @id and its @fields (NULL: none to repeat). False: not now. */
bool inbox_write_dead(struct inbox_tenant *tenant, struct inbox_id id,
                      const struct redis_reply *fields, const char *reason);
/* A push of the session of an agent. */
void inbox_write_push(struct inbox_tenant *tenant, const struct wire_frame *frame);
uint64_t inbox_write_next_ns(const struct inbox_lane *lane);

/* inbox_peer.c: the inner connections. */
void inbox_peer_turn(struct inbox_tenant *tenant);
/* Give requests that wait to the daemon, as far as there is room. */
void inbox_peer_ask(struct inbox_tenant *tenant);
void inbox_peer_close(struct inbox_tenant *tenant);
uint64_t inbox_peer_next_ns(const struct inbox_tenant *tenant);
