/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * error.h - what an error that Redis answered means for us. The table is error.def.
 *
 *   Cost       O(number of errors known).
 *   Threads    Any.
 */

#include <stdint.h>

struct metrics;

enum redis_error_class {
        REDIS_ERROR_CLASS_WAIT,    /* it takes nothing now: wait on this connection */
        REDIS_ERROR_CLASS_LEAVE,   /* of no use any more: leave, look for the master */
        REDIS_ERROR_CLASS_PERSON,  /* until somebody mends it: leave, try again seldom */
        REDIS_ERROR_CLASS_TENANT,  /* this tenant's keys only */
        REDIS_ERROR_CLASS_MOVED,   /* another master has the key */
        REDIS_ERROR_CLASS_ABORTED, /* the reason came with an earlier answer */
};

struct redis_error {
        const char *word; /* the first word of the answer */
        const char *remedy;
        enum redis_error_class class;
        uint32_t counter; /* offset in struct metrics */
};

/* What @text, an error's, means. */
const struct redis_error *redis_error_of(const char *text);

/* Count it. */
void redis_error_count(const struct redis_error *error, struct metrics *metrics);
