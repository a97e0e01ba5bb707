/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * report.h - what is wrong with a configuration file, and where.
 *
 * A reader goes on after a problem, so that one run shows all of them. Text
 * that comes from the file is shown escaped and shortened: it can neither
 * steer a terminal nor fill it.
 *
 *   Ownership  The listener and the report are the caller's. A problem's text
 *              is borrowed for the call.
 *   Failure    None: counting cannot fail. A report with errors is a refusal.
 *   Cost       O(text); after APPLY_PROBLEM_MAX problems only counting goes on.
 *   Threads    One report, one thread.
 */

#include <stddef.h>
#include <stdint.h>

enum {
        APPLY_PROBLEM_MAX = 20,        /* told one by one; the rest is only counted */
        APPLY_PROBLEM_TEXT_SIZE = 640, /* a sentence, what is allowed, a suggestion */
        APPLY_QUOTE_SIZE = 68,         /* shown of a word from the file: 64 and "..." */
};

enum apply_severity {
        APPLY_ERROR, /* the file is refused */
        APPLY_NOTE,  /* probably a slip; the daemon will decide */
};

/* Lines and columns count from 1; 0 = the file as a whole. */
struct apply_place {
        uint32_t line;
        uint32_t column;
};

struct apply_problem {
        enum apply_severity severity;
        struct apply_place place;
        const char *text; /* one line, no full stop, ends with a suggestion if there is one */
};

struct apply_report {
        void (*on_problem)(void *context, const struct apply_problem *problem); /* may be NULL */
        void *context;
        uint32_t error_count;
        uint32_t note_count;
};

/* Tell an error or a note. */
void apply_report_error(struct apply_report *report, struct apply_place place, const char *format,
                        ...) __attribute__((format(printf, 3, 4)));
void apply_report_note(struct apply_report *report, struct apply_place place, const char *format,
                       ...) __attribute__((format(printf, 3, 4)));

/* Write @text for a reader: quoted with backticks by the caller, control
 * characters and bytes that are not UTF-8 as "?", at most 64 bytes. Returns
 * @ret_quote. */
const char *apply_quote(const char *text, size_t size, char ret_quote[APPLY_QUOTE_SIZE]);
