/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What went wrong on disk, in words an operator can act on.
 *
 * Every function of lib/journal that can fail returns a negative errno and, if
 * it takes one, fills a journal_error: which file, where in it, what was found,
 * what to do. The library never logs; whoever stands at the edge prints this.
 *
 *   -EBADMSG          damage: bytes that cannot be what we wrote
 *   -EPROTONOSUPPORT  written by another format version
 *   -EWOULDBLOCK      another process owns the directory
 *   -ENODATA          what was asked for is older or newer than what is kept
 *   -ENOSPC, -EDQUOT  no room
 *   others            as the system said
 *
 *   Ownership  The caller owns the struct. Nothing in it points anywhere.
 *   Failure    None. Text that does not fit is cut.
 *   Threads    One error, one thread.
 */

#include <stddef.h>
#include <stdint.h>

enum { JOURNAL_ERROR_PATH_SIZE = 320, JOURNAL_ERROR_TEXT_SIZE = 256 };

#define JOURNAL_NO_OFFSET UINT64_MAX

enum journal_remedy {
        JOURNAL_REMEDY_NONE,
        JOURNAL_REMEDY_SALVAGE,  /* restore from a copy, or run acdd --salvage DIR */
        JOURNAL_REMEDY_SPACE,    /* free space on the volume, then start again */
        JOURNAL_REMEDY_DISK,     /* the disk or volume is failing: look at the kernel log */
        JOURNAL_REMEDY_RESTART,  /* start again: what was acknowledged is recovered */
        JOURNAL_REMEDY_OWNER,    /* stop the process that owns the directory, or name another */
        JOURNAL_REMEDY_UPGRADE,  /* start the build that wrote it */
        JOURNAL_REMEDY_SETTINGS, /* correct the setting that the text names */
        JOURNAL_REMEDY_COUNT,
};

struct journal_error {
        int code; /* negative errno; 0 when nothing was reported */
        enum journal_remedy remedy;
        uint64_t offset; /* bytes from the beginning of the file, or JOURNAL_NO_OFFSET */
        char path[JOURNAL_ERROR_PATH_SIZE];
        char what[JOURNAL_ERROR_TEXT_SIZE];
};

/* Where it happened. @name may be NULL for the directory itself. */
struct journal_place {
        const char *dir_path;
        const char *name;
        uint64_t offset;
};

/* Fill @error, which may be NULL, and return @code, so that a failing function
 * ends with `return journal_error_set(...)`. @code must be negative. */
int journal_error_set(struct journal_error *error, int code, enum journal_remedy remedy,
                      const struct journal_place *place, const char *format, ...)
        __attribute__((format(printf, 5, 6)));

/* One line: "PATH: at byte N: WHAT: REASON; REMEDY". Always terminated. Returns the length
 * it wanted, like snprintf(). */
size_t journal_error_format(const struct journal_error *error, char *into, size_t size);

/* The sentence of a remedy, "" for JOURNAL_REMEDY_NONE. */
const char *journal_remedy_text(enum journal_remedy remedy);
