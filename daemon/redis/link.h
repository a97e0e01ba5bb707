/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * link.h - one connection to a Redis server, or a sentinel.
 *
 *         aim        due            writable        greeted
 *    OFF -----> WAITING -----> CONNECTING -----> GREETING -----> READY
 *     ^            ^  '--> RESOLVING -^  |          |              |
 *     '-- aim "" --+----- lost, refused, impatient -+--------------'
 *
 * With TLS the greeting waits, encrypted by nobody yet, until the server has proved
 * who it is; nothing else changes.
 *
 * Commands are sent in order and answered in order; each carries a tag by which
 * its user knows the answer. After a loss the user is told, what was on its way is
 * forgotten, and the link tries again: 50 ms to 5 s later, with jitter.
 *
 *   Ownership  Part of the publisher; buffers are its memory.
 *   Time       Real.
 *   Failure    None for the caller: a loss is a state, with a reason as text.
 *   Cost       One read and one write a turn.
 *   Threads    The shard's.
 */

#include <stdbool.h>
#include <stdint.h>

#include "daemon/redis/address.h"
#include "daemon/redis/error.h"
#include "daemon/redis/tls.h"
#include "daemon/redis/wire.h"

struct shard;
struct redis_link;

enum {
        REDIS_LINK_INPUT_SIZE = 65536,
        REDIS_LINK_PENDING_MAX = 2048, /* commands without an answer */
        REDIS_TEXT_SIZE = 256,
        REDIS_PATIENCE_MS = 10000, /* without a byte while an answer is due */
        REDIS_RETRY_MS_MIN = 50,
        REDIS_RETRY_MS_MAX = 5000,
};

/* Tags from here on are the link's own. */
enum { REDIS_LINK_TAG_OWN = 0x7fffff00 };

enum redis_link_state {
        REDIS_LINK_OFF,
        REDIS_LINK_WAITING,
        REDIS_LINK_RESOLVING, /* its host's name is looked up */
        REDIS_LINK_CONNECTING,
        REDIS_LINK_GREETING,
        REDIS_LINK_READY,
};

/* What to say first. Texts outlive the link. */
struct redis_greeting {
        const char *user;     /* "" = Redis's default user */
        const char *password; /* "" = no AUTH */
        const char *name;     /* of the connection, for CLIENT LIST */
        bool is_master_wanted;
};

/* Whom to tell. on_reply() may call redis_link_lose(), but not redis_link_aim(). */
struct redis_link_user {
        void (*on_ready)(void *self, struct redis_link *link);
        /* The answer to the oldest command, which had this @tag; @tag of 0: to none, a message of
         * a subscription. */
        void (*on_reply)(void *self, struct redis_link *link, uint32_t tag,
                         const struct redis_reply *reply);
        void (*on_lost)(void *self, struct redis_link *link, enum redis_error_class class);
        void *self;
};

struct redis_link {
        struct shard *shard;
        struct redis_link_user user;
        struct redis_greeting greeting;
        uint32_t token; /* of its socket's readiness */
        enum redis_link_state state;
        int socket; /* -1: none */
        bool is_watching_write;
        struct redis_wire wire;
        struct redis_tls_session tls; /* off: bytes go plain */
        uint8_t *input;
        uint64_t due_real;      /* WAITING: next try; else: when patience ends; 0 = none */
        uint32_t failure_count; /* in a row */
        uint32_t pending_begin;
        uint32_t pending_count;
        uint32_t pending[REDIS_LINK_PENDING_MAX]; /* tags, a ring */
        char address[REDIS_ADDRESS_SIZE];         /* "": off */
        char text[REDIS_TEXT_SIZE];               /* why it is not ready, or "" */
};

struct redis_link_memory {
        uint8_t *output;
        size_t output_size;
        uint8_t *input; /* REDIS_LINK_INPUT_SIZE */
        size_t reply_size_max;
};

void redis_link_init(struct redis_link *link, struct shard *shard, uint32_t token,
                     const struct redis_link_memory *memory, const struct redis_link_user *user,
                     const struct redis_greeting *greeting);

/* Be connected to @address, "HOST:PORT" or "unix:PATH", from now on; "": to nobody. By TLS when
 * the shard's world says so, but to a unix socket. */
void redis_link_aim(struct redis_link *link, const char *address);

/* Send a command. False: not ready, no room in the output, or too much without an answer. */
bool redis_link_send(struct redis_link *link, const struct acd_bytes *argument,
                     uint32_t argument_count, uint32_t tag) __attribute__((warn_unused_result));

/* The same, and the last argument stays as it is until redis_link_turn(): that copies what the
 * socket does not take. */
bool redis_link_send_lending(struct redis_link *link, const struct acd_bytes *argument,
                             uint32_t argument_count, uint32_t tag)
        __attribute__((warn_unused_result));

/* How many commands, and bytes of them on the line, could be sent now. */
uint32_t redis_link_room(const struct redis_link *link, size_t *ret_size);

/* Of no more use, because of @why: connect anew later. */
void redis_link_lose(struct redis_link *link, enum redis_error_class class, const char *why);

/* It works: the next loss is the first in a row again. */
void redis_link_praise(struct redis_link *link);

/* An error answered, as a sentence: what it said and what to do. */
void redis_link_explain(char into[REDIS_TEXT_SIZE], const struct redis_error *error,
                        const char *answer);

/* The socket is ready. */
void redis_link_on_socket(struct redis_link *link, bool is_readable, bool is_writable);

/* Connect if it is time, write what is there, lose patience. */
void redis_link_turn(struct redis_link *link);

/* When redis_link_turn() has something to do (real time), or 0. */
uint64_t redis_link_next_ns(const struct redis_link *link);

/* Close the socket; nothing else may be called but redis_link_aim(). */
void redis_link_close(struct redis_link *link);
