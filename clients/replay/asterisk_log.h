/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * asterisk_log.h - a queue_log as call records.
 *
 * A queue_log says what happened, a line at a time; a record says what became of
 * a call. Calls are put together from their lines by their id, and agents' time
 * from the lines that are about agents. The result is a bank (bank.h), with all
 * that makes a plan of one. docs/REPLAY.md says what is read from what.
 *
 *   Ownership  asterisk_log_init() allocates, asterisk_log_free() releases. The
 *              bank in it lives as long.
 *   Time       Seconds since 1970, days in UTC.
 *   Failure    0, or negative errno: that of lines_read(), -E2BIG beyond the bounds
 *              below, -ENODATA when no call is in it. A line that is none is counted
 *              by reason and left out, the first few are named.
 *   Cost       O(1) a line, apart from names; 100 bytes a call that is open.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/itable.h"
#include "base/siphash.h"
#include "clients/replay/bank.h"

enum {
        ASTERISK_LINE_MAX = 2048, /* bytes */
        ASTERISK_FIELD_MAX = 16,
        ASTERISK_CALL_MAX = 63,          /* bytes of a call id */
        ASTERISK_OPEN_MAX = 262144,      /* calls at once */
        ASTERISK_DURATION_MAX = 2592000, /* seconds a call waits, or talks: 30 days */
        ASTERISK_SPAN_MAX = 34560000,    /* seconds from the first line: 400 days */
        ASTERISK_CHANGE_MAX = 4000000,   /* lines about agents */
};

/* Why a line was left out: FLAW(name, text). */
#define ASTERISK_FLAWS(FLAW) \
        FLAW(LENGTH, "line longer than 2,048 bytes") \
        FLAW(BYTES, "bytes that are no text") \
        FLAW(FIELD_COUNT, "fewer than 5 fields, or more than 16") \
        FLAW(TIME, "the time is not seconds from 1971 to 2068, or 400 days from the first line") \
        FLAW(EVENT, "the event is not 1 to 32 capitals, digits and _") \
        FLAW(CALL, "the call id is not 1 to 63 bytes") \
        FLAW(QUEUE, "the queue is not 1 to 79 bytes, is the 33rd, or is missing") \
        FLAW(AGENT, "the agent is not 1 to 79 bytes, is the 1,025th, or is missing") \
        FLAW(PARAMETER, "a parameter is missing, or not a number up to 30 days") \
        FLAW(FULL, "more than 262,144 calls are open at once")

/* What was odd about lines that were kept. */
#define ASTERISK_ODDITIES(ODDITY) \
        ODDITY(OTHER, "an event that is not known; passed over") \
        ODDITY(BACKWARDS, "earlier than the line before it") \
        ODDITY(NO_ENTRY, \
               "a call that was there before the file; its arrival follows from its hold") \
        ODDITY(AGAIN, "entered while it was there; the first stay ends then") \
        ODDITY(TWICE, "connected or left though it was, already; passed over") \
        ODDITY(TAKEN_OUT, "left by timeout, by key or withdrawn; leaves then, whatever happens") \
        ODDITY(STILL_WAITING, "waiting at the end of the file; leaves there") \
        ODDITY(STILL_TALKING, "with an agent at the end of the file; ends there")

enum asterisk_flaw {
#define FLAW(name, text) ASTERISK_FLAW_##name,
        ASTERISK_FLAWS(FLAW)
#undef FLAW
                ASTERISK_FLAW_COUNT,
};

enum asterisk_oddity {
#define ODDITY(name, text) ASTERISK_ODDITY_##name,
        ASTERISK_ODDITIES(ODDITY)
#undef ODDITY
                ASTERISK_ODDITY_COUNT,
};

struct asterisk_report {
        uint64_t flaw_count[ASTERISK_FLAW_COUNT];
        uint64_t oddity_count[ASTERISK_ODDITY_COUNT];
        uint32_t named_count;
        struct {
                uint64_t line;
                enum asterisk_flaw flaw;
        } named[BANK_FLAW_NAMED_MAX];
};

/* What a line says of an agent's time. */
enum asterisk_change_kind {
        ASTERISK_JOIN, /* of the queue, or of none: logged in */
        ASTERISK_LEAVE,
        ASTERISK_PAUSE, /* in the queue, or in all */
        ASTERISK_UNPAUSE,
};

enum { ASTERISK_NO_QUEUE = UINT8_MAX };

struct asterisk_change {
        int64_t second;
        uint32_t turn; /* which of them it is */
        uint16_t server;
        uint8_t kind;  /* enum asterisk_change_kind */
        uint8_t queue; /* or ASTERISK_NO_QUEUE */
};

struct asterisk_call;

/* Large: not for the stack. */
struct asterisk_log {
        struct bank bank;
        struct asterisk_report report;
        int64_t first_s;       /* of the file; 0 = no line yet */
        int64_t last_s, end_s; /* of the last line, and the latest of all */
        struct asterisk_call *open;
        uint32_t open_capacity;
        uint32_t open_used; /* places that were ever taken */
        uint32_t open_free; /* the first of them that is free, UINT32_MAX = none */
        struct acd_itable open_by_id;
        struct acd_itable_slot *slots;
        struct acd_siphash_key key;
        size_t change_count, change_capacity;
        struct asterisk_change *change;
        /* When a server is first and last named, and what he served. */
        int64_t seen_first_s[BANK_SERVER_MAX], seen_last_s[BANK_SERVER_MAX];
        uint32_t served[BANK_SERVER_MAX];
};

/* Read @path. On error @log holds its report, and nothing else. */
int asterisk_log_load(struct asterisk_log *log, const char *path);

/* The parts of it, for tests and fuzzing. A line's text has no newline. */
int asterisk_log_init(struct asterisk_log *log);
int asterisk_log_line(struct asterisk_log *log, uint64_t line, const char *text, size_t size);
int asterisk_log_finish(struct asterisk_log *log);
void asterisk_log_free(struct asterisk_log *log);

/* asterisk_shift.c: the bank's shifts and members from the changes, which are sorted. */
int asterisk_log_make_shifts(struct asterisk_log *log);

bool asterisk_log_has_flaws(const struct asterisk_log *log);
/* Say what was read and what was not, a few lines. */
void asterisk_log_print(const struct asterisk_log *log, FILE *out);
