/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * consumer.h - the inside of struct acdconsumer: shared by the files consumer*.c.
 *
 *      consumer.c        the consumer's life: what comes next
 *      consumer_link.c   one connection: commands, answers, pauses, trouble
 *      consumer_entry.c  an entry as Redis gives it, and what is in it
 *      consumer_check.c  is the stream still the one that was read, and is all of it there
 *      consumer_group.c  reading in a group
 *
 *   Ownership  The page, and with it every entry, is the consumer's; an item borrows from it.
 *   Failure    What fails notes the trouble and ends the connection; the caller goes back to
 *              acdconsumer_next(), which hands it out.
 */

#include <hiredis/hiredis.h>

#include "base/prng.h"
#include "clients/c/acdconsumer.h"
#include "clients/c/address.h"

enum {
        CONSUMER_ACK_MAX = 1024,
        CONSUMER_CHUNK_SIZE = 64 * 1024, /* read at once: the largest batch */
        CONSUMER_ID_SIZE = 48,           /* two numbers of 20 digits, a dash, a mark and a zero */
        CONSUMER_NAME_SIZE = 64,
        CONSUMER_KEY_SIZE = 96,
        CONSUMER_SECRET_SIZE = 512,
        CONSUMER_LOOK_MS = 1000, /* silent streams are looked at this often */
        CONSUMER_REWIND_MS =
                10000, /* a stream that ends before our place may be being filled again */
};

/* What came of an attempt to get on. */
enum consumer_outcome {
        CONSUMER_ON,    /* go on: nothing to hand out yet */
        CONSUMER_ITEM,  /* the item is set */
        CONSUMER_QUIET, /* nothing came until the deadline */
        CONSUMER_BAD,   /* trouble was noted */
};

/* An entry of the stream. */
struct consumer_entry {
        struct acdconsumer_id id;
        const redisReply
                *value; /* of batch or resync; NULL: trimmed away, or a field we do not know */
        bool is_gone;   /* of a group's pending ones: trimmed away */
        bool is_resync;
        bool is_damaged;
        uint64_t first_sequence;      /* of a batch; of a resync: of the first event after it */
        struct acdclient_bytes state; /* of a resync */
        struct acdconsumer_id state_id;
};

struct acdconsumer {
        /* What was asked for; its texts point into the ones below. */
        struct acdconsumer_options options;
        struct client_address address;
        char tenant[CONSUMER_NAME_SIZE], group[CONSUMER_NAME_SIZE], name[CONSUMER_NAME_SIZE];
        char user[CONSUMER_SECRET_SIZE], password[CONSUMER_SECRET_SIZE];
        char stream_key[CONSUMER_KEY_SIZE], state_key[CONSUMER_KEY_SIZE];

        /* The connection. */
        redisContext *link; /* NULL: none */
        uint8_t *chunk;     /* CONSUMER_CHUNK_SIZE */
        uint64_t retry_at_ms;
        uint32_t pause_ms;
        struct acd_prng prng;
        enum acdconsumer_trouble trouble;
        char text[256];

        /* Where it stands. */
        bool is_started;
        struct acdconsumer_id last; /* the last entry taken, or the state's event */
        uint64_t next_sequence;     /* that must come; 0: whatever comes */
        uint32_t last_crc;          /* of that entry's bytes; with has_crc */
        bool has_crc;
        bool is_suspect;                  /* is the entry @last still the same? To be asked */
        enum acdconsumer_why restart_why; /* a STATE is due; 0: none */
        bool is_rewound;                  /* and reading begins anew at the first entry */
        uint64_t missing_first, missing_last;
        uint64_t short_since_ms; /* since when the stream ends before @last; 0: it does not */
        uint64_t looked_at_ms;
        struct acdconsumer_id reflected; /* the last STATE's */
        bool has_progress;               /* an entry was handed out since that */

        /* The page. */
        redisReply *page;
        const redisReply *entries; /* in it: a list of entries */
        size_t entry_index;
        uint32_t count;   /* entries to ask for; fewer when they were too large */
        bool is_again;    /* of a group: they were given to somebody before */
        bool is_chained;  /* they follow one another, and next_sequence is the first one's */
        redisReply *held; /* what the last item borrows: the state, or the page before */

        /* The group. */
        bool is_early;                  /* reading what an earlier life left */
        bool has_pending;               /* entries that are ours from an earlier life come first */
        struct acdconsumer_id received; /* the highest id that ever came */
        struct acdconsumer_id pending;  /* where reading of pending ones stands */
        struct acdconsumer_id claim;    /* where taking over stands */
        uint64_t claim_at_ms;
        struct acdconsumer_id acks[CONSUMER_ACK_MAX];
        uint32_t ack_count;
};

/* consumer_link.c */

uint64_t consumer_now_ms(void);
/* Connect and greet. */
enum consumer_outcome consumer_connect(struct acdconsumer *consumer);
void consumer_disconnect(struct acdconsumer *consumer);
/* Send a command, its words closed by NULL. False: trouble was noted. */
bool consumer_send(struct acdconsumer *consumer, const char *const words[]);
/* The next answer, errors too, or NULL: trouble was noted. Redis may take @block_ms more than the
 * time-out. */
redisReply *consumer_receive(struct acdconsumer *consumer, uint32_t block_ms);
/* Both; an error is trouble. */
redisReply *consumer_ask(struct acdconsumer *consumer, const char *const words[]);
/* @reply if it is no error; else it is freed and noted as trouble. NULL stays NULL. */
redisReply *consumer_good(struct acdconsumer *consumer, redisReply *reply);
bool consumer_is_error(const redisReply *reply, const char *code);
/* Note trouble, and end the connection. */
void consumer_fail(struct acdconsumer *consumer, enum acdconsumer_trouble trouble,
                   const char *format, ...) __attribute__((format(printf, 3, 4)));

/* consumer_entry.c */

int consumer_id_compare(struct acdconsumer_id a, struct acdconsumer_id b);
const char *consumer_id_format(struct acdconsumer_id id, char ret_text[CONSUMER_ID_SIZE]);
bool consumer_id_parse(const redisReply *text, struct acdconsumer_id *ret_id);
/* Of TenantState. False: it is none. */
bool consumer_state_id(struct acdclient_bytes state, struct acdconsumer_id *ret_id);
/* Entry @reply of a list: [id, [field, value, ...]]. */
void consumer_entry_read(const struct acdconsumer *consumer, const redisReply *reply,
                         struct consumer_entry *ret_entry);
/* The value beside @name in a list of pairs, or NULL. */
const redisReply *consumer_pair(const redisReply *pairs, const char *name);
/* The list of entries in an answer to XREAD or XREADGROUP; NULL: there is none. */
const redisReply *consumer_entries_of(const redisReply *reply);

/* consumer.c */

/* A STATE is due, because of @why; events from @first to @last are missing, 0 = not known. */
void consumer_restart(struct acdconsumer *consumer, enum acdconsumer_why why, uint64_t first,
                      uint64_t last);
/* Make @reply the page, its entries being @entries. */
void consumer_page_set(struct acdconsumer *consumer, redisReply *reply, const redisReply *entries);
void consumer_page_drop(struct acdconsumer *consumer);
/* Does this consumer get every entry, whatever a state says? */
bool consumer_keeps_all(const struct acdconsumer *consumer);

/* consumer_check.c */

/* After a reconnect, or when something was odd: is @last still what it was? */
enum consumer_outcome consumer_verify(struct acdconsumer *consumer);
/* Nothing came: is that so? */
enum consumer_outcome consumer_look(struct acdconsumer *consumer);
/* The state as Redis has it, and its place: 0-0 when there is none. NULL: trouble was noted. */
redisReply *consumer_state_get(struct acdconsumer *consumer, struct acdconsumer_id *ret_id);

/* consumer_group.c */

enum consumer_outcome consumer_group_start(struct acdconsumer *consumer, uint64_t deadline_ms);
enum consumer_outcome consumer_group_read(struct acdconsumer *consumer, uint64_t deadline_ms);
/* Send what waits. False: trouble was noted. */
bool consumer_group_acknowledge(struct acdconsumer *consumer);
/* Wait, at most @most_ms and not beyond the deadline. QUIET: it is reached. */
enum consumer_outcome consumer_wait(uint64_t deadline_ms, uint64_t most_ms);
