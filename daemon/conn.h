/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * conn.h - one peer: its socket, its bytes in, its bytes out, its end.
 *
 *              accept            HELLO                bad, slow, replaced
 *      FREE ------------> NEW ------------> OPEN ---------------------> CLOSING
 *        ^                 |                 |                             |
 *        |                 '---- gone -------+-------- gone, flushed ------'
 *        |                                   v
 *        '------- sessions and gateway ---- DYING
 *                 told to the core
 *
 * A state is a place: each has one list, and conn_move() is the only mover. A
 * dying connection has no socket any more; it waits until the journal has
 * taken what its end means.
 *
 *   Ownership  A pool of fixed size; buffers are its memory.
 *   Failure    Whatever a peer does ends at most its own connection, with a BYE
 *              that says why and a counter of its own.
 *   Cost       O(bytes).
 *   Threads    The shard's.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/list.h"
#include "daemon/lease.h"
#include "daemon/output.h"
#include "daemon/world.h"
#include "wire/resolve.h"

struct shard;

enum {
        CONN_READ_MAX = 65536,   /* bytes a connection and turn */
        CONN_COMMAND_MAX = 1024, /* frames a connection and turn */
        CONN_AHEAD_COUNT = 16,   /* frames that are looked at ahead: a divisor of those */
        CONN_LINGER_MS = 5000,   /* for the last words to be read */
        CONN_WRITE_MAX = 256,    /* connections written to at once */
        CONN_PART_MAX = 512,     /* and pieces of memory: nearly always one each */
        CONN_GATHER_MAX = 256,   /* connections read before what they said is decided */
        CONN_READ_SIZE = WIRE_HEADER_SIZE + WIRE_BODY_MAX + 4096,
};

enum conn_state {
        CONN_FREE,
        CONN_NEW,
        CONN_OPEN,
        CONN_CLOSING,
        CONN_DYING,
        CONN_STATE_COUNT,
};

/* What HELLO may ask for, see hello.c. */
enum conn_feature {
        CONN_RESULTS_ONLY = 1,
        CONN_NO_ASSIGNMENTS = 2,
};

/* First what every message touches, five lines of the cache: with a thousand connections of one
 * agent each that is what a message costs here. */
struct conn {
        _Alignas(64) struct acd_link ready; /* there may be something to read */
        struct acd_link unsent;             /* there may be something to write */
        int socket;
        enum conn_state state;
        bool is_watching_read;
        bool is_watching_write;
        bool is_paused;   /* not read: too much of it is unanswered or unread */
        uint8_t features; /* granted: enum conn_feature */
        enum wire_role role;
        struct lease lease; /* first frame, silence or linger, by state */
        struct acd_buffer in;
        acd_tenant_id tenant; /* none: an operator whose tenant does not exist yet */
        acd_gateway_id gateway;
        struct output out;

        struct acd_link link; /* in the list of its state */
        uint32_t index;
        struct acd_list sessions; /* of agents */
        struct acd_list subscriptions;
        struct world_peer peer;
        char tenant_name[ACD_NAME_MAX + 1];
        char client[ACD_NAME_MAX + 1];
        uint64_t resume_sequence; /* the last event it has seen, as it said in HELLO */
        uint64_t resume_epoch;
};

/* Writes that are about to be done together. */
struct conn_batch {
        struct world_write write[CONN_WRITE_MAX];
        struct conn *conn[CONN_WRITE_MAX];
        struct iovec part[CONN_PART_MAX];
        uint32_t count;
        uint32_t part_count;
};

struct conn_pool {
        struct conn *conn; /* by index */
        uint32_t count_max;
        struct acd_list state[CONN_STATE_COUNT];
        struct acd_list ready;
        struct acd_list unsent;
        struct lease_list hello, silence, linger;
        struct output_pool blocks;
        uint8_t *buffers;     /* CONN_READ_SIZE of each connection, for what is left of a frame */
        uint8_t *read_buffer; /* of all, twice that: it stays in the cache */
        /* Options that every frame asks for. */
        uint64_t inflight_max;
        uint64_t unread_size_max;
        uint32_t body_size_max;
        struct conn_batch batch; /* empty between two calls */
};

/* Memory for the pool: connections, read buffers, blocks. */
struct conn_memory {
        struct conn *conn;
        uint8_t *buffers; /* CONN_READ_SIZE each, and two more */
        struct output_block *blocks;
        uint32_t conn_count;
        uint32_t block_count;
};

void conn_pool_init(struct shard *shard, const struct conn_memory *memory);

/* Connections that are not free. */
uint32_t conn_count(const struct conn_pool *pool);

/* Take what waits at @listener, and refuse what must be refused. */
void conn_accept(struct shard *shard, uint32_t listener);

/* A connection that nobody accepted: @socket is the daemon's end of an inner pair. NULL: there is
 * no place for it. */
struct conn *conn_adopt(struct shard *shard, int socket, const struct world_peer *peer)
        __attribute__((warn_unused_result));

/* The world says so. Marks, decides nothing. */
void conn_on_socket(struct shard *shard, uint32_t index, bool is_readable, bool is_writable);

/* Have what the next CONN_AHEAD_COUNT frames of @conn are about on its way to the cache, if the
 * core is so large that this pays. Decides nothing. */
void conn_fetch_ahead(struct shard *shard, const struct conn *conn);

/* Have what a message touches of @conn on its way to the cache. */
static inline void conn_fetch(const struct conn *conn)
{
        for (size_t at = 0; at < offsetof(struct conn, link); at += 64)
                __builtin_prefetch((const char *)conn + at, 1);
}

/* Read and decide what ready connections sent, as far as there is room. */
void conn_read_ready(struct shard *shard);

/* There is input that could not be read in this turn. */
bool conn_is_more_waiting(const struct conn_pool *pool);

/* The room came to its end: do not wake for what waits until there is some again. */
void conn_stop_watching(struct shard *shard);

/* Write what may leave: one write a connection. */
void conn_write_unsent(struct shard *shard);

/* First frames that did not come, silences, last words that nobody read. */
void conn_expire(struct shard *shard);

/* When conn_expire() has something to do next (real time), or 0. */
uint64_t conn_next_expiry(struct conn_pool *pool);

/* Tell the core what the end of dying connections means, as far as there is room. */
void conn_bury(struct shard *shard);

/* Send a message; it leaves when the state it tells of is durable. */
void conn_send(struct shard *shard, struct conn *conn, const struct wire_message *message);
/* The same, for answers to requests. */
void conn_answer(struct shard *shard, struct conn *conn, const struct wire_message *message);
/* What the disk has already: events from the log. */
void conn_send_committed(struct shard *shard, struct conn *conn,
                         const struct wire_message *message);

/* Say BYE and close when it was read or the linger is over. @metric names the counter of
 * the cause, "" for none. */
void conn_close(struct shard *shard, struct conn *conn, enum acd_result code, const char *text,
                const char *metric);

/* The peer is gone, or shall be: close the socket now. */
void conn_die(struct shard *shard, struct conn *conn);

/* Stop or begin again to read @conn, as its output allows. */
void conn_balance(struct shard *shard, struct conn *conn);

/* Tell the world what @conn waits for. */
void conn_watch(struct shard *shard, struct conn *conn, bool is_reading, bool is_writing);

/* Move from one state's list to another's. */
void conn_move(struct shard *shard, struct conn *conn, enum conn_state to);
