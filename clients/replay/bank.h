/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * bank.h - call records in the published format of the "Anonymous Bank" data.
 *
 * One header line, then one call a line, 17 fields separated by tabs, plain or
 * compressed with gzip (docs/REPLAY.md has the fields). Every field is checked;
 * a row that is not such a record is counted by reason and left out, the first
 * few are named by line. What is odd but usable is counted and kept.
 *
 *   Ownership  bank_load() allocates, bank_free() releases. Names live as long
 *              as the bank.
 *   Time       Seconds since 1970-01-01 00:00 of the call center's own clock.
 *   Failure    0, or negative errno: the open's, -EIO for a damaged or cut
 *              archive, -ENOMEM, -E2BIG beyond the bounds below, -ENODATA when
 *              the file has no record at all.
 *   Cost       O(file); about a million rows a second.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
        BANK_LINE_MAX = 512, /* bytes; longer lines are malformed */
        BANK_RECORD_MAX = 4000000,
        BANK_SERVER_MAX = 1024, /* distinct servers */
        BANK_TYPE_MAX = 32,     /* distinct types; each becomes a queue */
        BANK_SERVER_NAME_MAX = 31,
        BANK_TYPE_NAME_MAX = 7,
        BANK_NAME_SIZE = 80, /* of servers and types from elsewhere, the zero with it */
        BANK_DURATION_MAX = 86400,
        BANK_FLAW_NAMED_MAX = 8,
};

/* The index of "nobody": NO_SERVER. */
#define BANK_NO_SERVER UINT16_MAX

/* Why a row was left out: FLAW(name, text). */
#define BANK_FLAWS(FLAW) \
        FLAW(LENGTH, "line longer than 512 bytes") \
        FLAW(BYTES, "bytes that are no text") \
        FLAW(FIELD_COUNT, "not 17 fields") \
        FLAW(LINE_ID, "vru+line is not letters and digits") \
        FLAW(NUMBER, "an id is not a number") \
        FLAW(PRIORITY, "priority is not 0, 1 or 2") \
        FLAW(TYPE, "type is not 1 to 7 letters or digits, or is the 33rd") \
        FLAW(DATE, "date is not YYMMDD") \
        FLAW(CLOCK, "a time is not h:mm:ss") \
        FLAW(DURATION, "a duration is not 0..86400 seconds") \
        FLAW(OUTCOME, "outcome is not AGENT, HANG or PHANTOM") \
        FLAW(SERVER, "server is not a name of 1 to 31 bytes, or is the 1,025th")

/* What was odd about rows that were kept: ODDITY(name, text). */
#define BANK_ODDITIES(ODDITY) \
        ODDITY(VRU_CLOCK, "left the voice-response unit before entering it; the exit counts") \
        ODDITY(QUEUE_CLOCK, "queue times and queue duration disagree; the duration counts") \
        ODDITY(SERVICE_CLOCK, "service times and service duration disagree; the duration counts") \
        ODDITY(NO_SERVICE_TIME, "answered, but the service has no time; it takes 0 s") \
        ODDITY(NO_SERVER, "answered by NO_SERVER; served by whoever is free") \
        ODDITY(HANG_SERVED, "hung up, yet with a service time; the hang-up counts")

enum bank_flaw {
#define FLAW(name, text) BANK_FLAW_##name,
        BANK_FLAWS(FLAW)
#undef FLAW
                BANK_FLAW_COUNT,
};

enum bank_oddity {
#define ODDITY(name, text) BANK_ODDITY_##name,
        BANK_ODDITIES(ODDITY)
#undef ODDITY
                BANK_ODDITY_COUNT,
};

enum bank_outcome { BANK_AGENT, BANK_HANG };

struct bank_record {
        int64_t entry_s;   /* into the voice-response unit */
        int64_t arrival_s; /* into the queue, or to an agent without one; 0 = reached neither */
        int64_t service_start_s; /* 0 = none */
        uint32_t wait_s;         /* in the queue */
        uint32_t service_s;
        uint32_t date;   /* YYMMDD, as in the file */
        uint16_t server; /* index, or BANK_NO_SERVER */
        uint8_t type;    /* index */
        uint8_t priority;
        uint8_t outcome; /* enum bank_outcome */
        bool is_queued;
        bool is_taken_out; /* BANK_HANG, but not for want of patience */
};

/* When a server was there. Call records do not tell; other sources may. */
struct bank_shift {
        int64_t from_s;
        int64_t to_s;
        uint16_t server;
        bool is_last; /* went home after it; else a break */
};

struct bank_flawed_line {
        uint64_t line;
        enum bank_flaw flaw;
};

/* What a file held, beside its records. */
struct bank_report {
        uint64_t row_count; /* lines after the header that are not empty */
        uint64_t phantom_count;
        uint64_t flawed_count;
        uint64_t flaw_count[BANK_FLAW_COUNT];
        uint64_t oddity_count[BANK_ODDITY_COUNT];
        uint32_t named_count;
        struct bank_flawed_line named[BANK_FLAW_NAMED_MAX]; /* the first ones */
};

/* All calls of a file but PHANTOMs, in the order of the file. Large: not for the
 * stack. */
struct bank {
        size_t record_count;
        struct bank_record *record;
        uint32_t server_count;
        char server[BANK_SERVER_MAX][BANK_NAME_SIZE];
        uint32_t type_count;
        char type[BANK_TYPE_MAX][BANK_NAME_SIZE];
        struct bank_report report;
        size_t record_capacity;
        /* Where the source tells it: shifts by server and time, disjoint, and
         * which types a server is there for. */
        size_t shift_count;
        struct bank_shift *shift;
        bool is_told[BANK_SERVER_MAX];       /* his shifts are all there is */
        uint32_t member_of[BANK_SERVER_MAX]; /* a bit per type; 0 = not told */
};

/* Read @path into @bank, whatever it held before. On error @bank is empty. */
int bank_load(struct bank *bank, const char *path);

/* Release what @bank holds. An empty bank, all zero, is fine. */
void bank_free(struct bank *bank);

/* One more record. -E2BIG, -ENOMEM. */
int bank_add_record(struct bank *bank, const struct bank_record *record);

/* Say what was read and what was not, a few lines. */
void bank_report_print(const struct bank_report *report, FILE *out);

/* Read one row of text, without its newline. Returns BANK_FLAW_COUNT when it is
 * good (and @ret_record and @ret_odd, a bit per oddity, are set), else the flaw.
 * @ret_phantom: a good row, to be ignored. Adds names to @bank. For tests and
 * fuzzing; bank_load() uses it. */
enum bank_flaw bank_parse_row(struct bank *bank, const char *text, size_t size,
                              struct bank_record *ret_record, bool *ret_phantom, uint32_t *ret_odd);

/* The clock of the format: midnight of YYMMDD, or -1 when there is no such day;
 * years 70..99 are 19yy. And back. */
int64_t bank_midnight(uint32_t date);
uint32_t bank_date(int64_t second);

/*
 * Writing the format.
 */
struct bank_writer;

/* A new file at @path, compressed when it ends in ".gz". NULL and errno. */
struct bank_writer *bank_writer_open(const char *path);

/* One call. Names are those of @bank; the day and the times follow from
 * @record. @number becomes the call's id. */
void bank_writer_add(struct bank_writer *writer, const struct bank *bank,
                     const struct bank_record *record, uint32_t number);

/* 0, or the negative errno of anything that went wrong. Frees @writer. */
int bank_writer_close(struct bank_writer *writer);
