/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * acdconsumer.h - follow a tenant's events in Redis, from C (docs/REDIS.md).
 *
 * One struct acdconsumer reads one tenant's stream acd:{T}:events from one Redis
 * server. It connects by itself, comes back after a loss with a growing, jittered
 * pause, and notices whatever a reader could miss. A program calls acdconsumer_next()
 * again and again and gets one of three things:
 *
 *   EVENTS   one entry of the stream: a batch, to be read with acdclient_events_open()
 *   STATE    forget what you know and begin again from here: at the start, after a
 *            resync of the writer, after a gap
 *   TROUBLE  Redis is not there or refuses; what, why, and when it is tried again
 *
 * Between two STATEs every event comes once, in order, whatever dies and is started
 * again: that is what this library is for.
 *
 *      start           reads                              a gap or resync
 *      FROM_STATE      the state, then what is above it   the state again, then what is above it
 *      FROM_ID         entries above options.after        STATE is told; every entry goes on coming
 *      FROM_BEGINNING  the first entry there is, and on   the same; 1 missing is a gap too
 *      IN_GROUP        what the group gives this consumer the same
 *
 *   Ownership  The caller owns the consumer from acdconsumer_new() to acdconsumer_free().
 *              Options are copied. What an item points to is borrowed until the next call.
 *   Time       Time limits are milliseconds of real time. Fields of events that end in
 *              _ns are the daemon's core time.
 *   Failure    Everything that Redis or the network do is an item: TROUBLE. Functions
 *              return a negative errno for what the caller did.
 *   Cost       One round trip for count_max entries; while nothing happens one XREAD and
 *              one XINFO a second. Each connect asks for the last entry once more, to see that
 *              it is the same.
 *   Bounds     One page of entries: at most memory_max bytes as they come from Redis, and
 *              as much again while they are parsed. 1,024 acknowledgements.
 *   Threads    One consumer, one thread at a time; it blocks. No global state, no signals:
 *              a peer that is gone raises no SIGPIPE.
 *
 * Redis 6.2 or newer. There is no TLS: the hiredis of Debian 12 (0.14) has none. Use a unix
 * socket, a network that is trusted, or a tunnel (stunnel) on this host. There is no Sentinel
 * and no Cluster in it either: the address is that of the server; in a Cluster, of the one that
 * has the tenant's slot. A host name is looked up by the system, which may take its time.
 *
 * The least that its user needs, and more for a group:
 *
 *      on >secret resetchannels ~acd:{*}:* -@all +auth +get +xread +xrange +xinfo|stream
 *      +xgroup|create +xreadgroup +xack +xautoclaim +xinfo|groups +multi +exec
 */

#include <stdbool.h>
#include <stdint.h>

#include <acdclient.h>

#ifdef __cplusplus
extern "C" {
#endif

struct acdconsumer;

enum acdconsumer_start {
        ACDCONSUMER_FROM_STATE = 0,
        ACDCONSUMER_FROM_ID,
        ACDCONSUMER_FROM_BEGINNING,
        ACDCONSUMER_IN_GROUP,
};

/* The id of an entry: EPOCH-SEQUENCE, of the last event in it. */
struct acdconsumer_id {
        uint64_t epoch;
        uint64_t sequence;
};

enum acdconsumer_kind {
        ACDCONSUMER_EVENTS = 1,
        ACDCONSUMER_STATE,
        ACDCONSUMER_TROUBLE,
};

/* Why a STATE comes. */
enum acdconsumer_why {
        ACDCONSUMER_START = 1, /* the first item of FROM_STATE */
        ACDCONSUMER_RESYNC,    /* the writer says that the stream is not complete */
        ACDCONSUMER_GAP,       /* entries left before they were read: by age, by count, by hand */
        ACDCONSUMER_REPLACED, /* the stream is another one: deleted and filled by another history */
        ACDCONSUMER_GROUP_LOST, /* the group is gone: all entries come once more, is_again is set */
};

/* What kind of trouble. */
enum acdconsumer_trouble {
        ACDCONSUMER_UNREACHABLE = 1, /* no connection */
        ACDCONSUMER_LOST,            /* the connection ended, or no answer in answer_timeout_ms */
        ACDCONSUMER_BUSY,            /* LOADING, MASTERDOWN, READONLY, ...: passes by itself */
        ACDCONSUMER_DENIED,          /* NOAUTH, WRONGPASS, NOPERM: an operator must act */
        ACDCONSUMER_MISPLACED,       /* WRONGTYPE, MOVED, CLUSTERDOWN: the wrong key or server */
        ACDCONSUMER_NO_STATE,        /* none in Redis yet, or one older than the stream begins */
        ACDCONSUMER_TOO_LARGE,       /* an answer above memory_max */
        ACDCONSUMER_DAMAGED,         /* an entry that is none; it is left out, which is a gap */
        ACDCONSUMER_FAILED,          /* anything else; see the text */
};

struct acdconsumer_options {
        const char *address; /* HOST:PORT, [IPV6]:PORT or unix:PATH; default 127.0.0.1:6379 */
        const char *tenant;  /* default "default" */
        enum acdconsumer_start start;
        struct acdconsumer_id
                after;        /* FROM_ID, and where IN_GROUP makes a group that is not there */
        const char *group;    /* IN_GROUP */
        const char *consumer; /* IN_GROUP: one name for each process, the same after a restart */
        const char *user;     /* NULL: the default user */
        const char *password; /* NULL: none */
        uint32_t connect_timeout_ms; /* default 5,000 */
        uint32_t answer_timeout_ms;  /* default 5,000 */
        uint32_t reconnect_ms_min;   /* first pause; default 50; doubles, with jitter */
        uint32_t reconnect_ms_max;   /* default 5,000 */
        uint32_t
                claim_idle_ms; /* IN_GROUP: when another's entries are taken over; default 60,000 */
        uint32_t count_max;    /* entries a page; default 16 (of 64 KiB at most), at most 1,024 */
        uint32_t memory_max;   /* bytes of a page or state; default 64 MiB, at least 1 MiB */
};

struct acdconsumer_item {
        enum acdconsumer_kind kind;
        struct acdconsumer_id
                id; /* EVENTS: its entry. STATE: its last event; 0-0 without a state */

        /* EVENTS */
        struct acdclient_events events; /* only its batch is set */
        /* Events up to this one are in the last STATE already; 0: none. Not zero only for those
         * who get every entry: they keep records, and do not count these twice. */
        uint64_t reflected_sequence;
        bool is_again; /* IN_GROUP: somebody had it before, and did not acknowledge it. After
                        * GROUP_LOST this consumer had it; what others had is not known to it, so
                        * who must not do a thing twice remembers ids */

        /* STATE */
        enum acdconsumer_why why;
        bool has_state;               /* false: there is none; only those who get every entry */
        struct acdclient_bytes state; /* acd.v1.TenantState */
        uint64_t missing_first;       /* GAP: events that were never seen; 0: not known */
        uint64_t missing_last;

        /* TROUBLE */
        enum acdconsumer_trouble trouble;
        uint32_t retry_after_ms; /* the pause that the next call begins with */
        const char *text;        /* a sentence for the log */
};

/* A consumer, or NULL with errno set: EINVAL (address, names, limits), ENOMEM. Redis is not
 * asked yet. */
ACDCLIENT_API struct acdconsumer *acdconsumer_new(const struct acdconsumer_options *options);

/* Send acknowledgements that were not sent yet, if that is possible at once; end. NULL is
 * allowed. */
ACDCLIENT_API void acdconsumer_free(struct acdconsumer *consumer);

/* The next item: true. False: none came in @timeout_ms (0: do not wait). It may take as long as the
 * connect and answer time-outs more. */
ACDCLIENT_API bool acdconsumer_next(struct acdconsumer *consumer, uint32_t timeout_ms,
                                    struct acdconsumer_item *ret_item);

/* IN_GROUP: the entry was processed and need not come again. Sent with the next call into Redis.
 * What was not acknowledged comes again after a restart, and to another consumer of the group after
 * claim_idle_ms. -EINVAL: not in a group. -ENOBUFS: 1,024 wait and Redis is not there. */
ACDCLIENT_API int acdconsumer_ack(struct acdconsumer *consumer, struct acdconsumer_id id);

/* "GAP", "LOST"; never NULL. */
ACDCLIENT_API const char *acdconsumer_why_name(enum acdconsumer_why why);
ACDCLIENT_API const char *acdconsumer_trouble_name(enum acdconsumer_trouble trouble);

#ifdef __cplusplus
}
#endif
