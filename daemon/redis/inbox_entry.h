/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * inbox_entry.h - an entry of acd:{tenant}:commands as what it asks for.
 *
 * Fields are given one by one, then the whole is judged: it is a request, or it is not
 * and the entry says why.
 *
 *   Ownership  Views into the fields that were given.
 *   Failure    "wrong": a sentence for people, why it is no request.
 *   Cost       O(fields).
 *   Threads    Any: no state.
 */

#include <stdbool.h>
#include <stdint.h>

#include "acd/types.h"
#include "wire/kinds.h"

enum {
        INBOX_CORRELATION_MAX = 64, /* bytes */
        INBOX_ID_SIZE = 48,         /* two numbers, a dash, a zero */
};

/* An id of Redis. */
struct inbox_id {
        uint64_t ms;
        uint64_t sequence;
};

/* Whose connection a request takes. */
enum inbox_role { INBOX_GATEWAY, INBOX_AGENT, INBOX_ROLE_COUNT, INBOX_NOBODY = INBOX_ROLE_COUNT };

struct inbox_entry {
        struct acd_bytes sender;
        struct acd_bytes kind_name;
        struct acd_bytes body;
        struct acd_bytes correlation;
        struct acd_bytes session_text;
        uint8_t given; /* bit by field */
        const char *wrong;
        /* When nothing is wrong: */
        uint16_t kind;        /* enum wire_kind */
        enum inbox_role role; /* NOBODY: a request that is not for Redis */
        uint64_t epoch;       /* of the session */
        uint32_t session;     /* 0: none */
};

/* A field of the entry, which was zeroed before the first one. */
void inbox_entry_add(struct inbox_entry *entry, struct acd_bytes name, struct acd_bytes value);

/* That was the last one. False: it is no request, and "wrong" says why. */
bool inbox_entry_judge(struct inbox_entry *entry) __attribute__((warn_unused_result));

/* "12-345". False: it is no id. */
bool inbox_id_parse(struct acd_bytes text, struct inbox_id *ret_id)
        __attribute__((warn_unused_result));
void inbox_id_format(struct inbox_id id, char ret_text[INBOX_ID_SIZE]);

static inline bool inbox_id_is_below(struct inbox_id a, struct inbox_id b)
{
        return a.ms != b.ms ? a.ms < b.ms : a.sequence < b.sequence;
}

static inline bool inbox_id_is_equal(struct inbox_id a, struct inbox_id b)
{
        return a.ms == b.ms && a.sequence == b.sequence;
}

/* The ids beside it; the first has none before, the last none behind it. */
struct inbox_id inbox_id_before(struct inbox_id id);
struct inbox_id inbox_id_after(struct inbox_id id);
