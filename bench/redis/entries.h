/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * entries.h - a stream of events in Redis, entry after entry, as a consumer reads it.
 *
 *   Ownership  An entry's field and bytes live until the next entry is asked for.
 *   Failure    Whatever Redis refuses, or is no entry, ends the program with a sentence and
 *              exit code 1: a measurement that went on would be a wrong number.
 *   Cost       An XREAD for a page of entries.
 */

#include <stdbool.h>
#include <stdint.h>

#include "acd/types.h"

struct redisContext;
struct redisReply;

/* Ends the program with the sentence and exit code 1. */
_Noreturn void entries_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define entries_check(expression, ...) ((expression) ? (void)0 : entries_fail(__VA_ARGS__))

struct entry {
        uint64_t epoch; /* its id is epoch-sequence */
        uint64_t sequence;
        const char *field; /* "batch" or "resync" */
        struct acd_bytes bytes;
        uint64_t read_ns; /* when its page was there: CLOCK_BOOTTIME */
};

struct entries {
        const char *key;
        struct redisContext *context;
        struct redisReply *page;
        uint32_t index; /* of the next one in the page */
        uint32_t page_size;
        uint64_t read_ns;
        uint64_t epoch; /* of the last one that was given */
        uint64_t sequence;
};

/* From the first entry; @address is unix:PATH or HOST:PORT; up to @page_size at once. */
void entries_open(struct entries *entries, const char *address, const char *key,
                  uint32_t page_size);
void entries_close(struct entries *entries);

/* Behind the last entry that there is now. */
void entries_seek_end(struct entries *entries);

/* The next one; false when none came for @wait_ms. A stream that is not there has none. */
bool entries_next(struct entries *entries, uint32_t wait_ms, struct entry *ret_entry);
