/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * options.h - the command line that acdsim and acdreplay share, and the plan
 * that it asks for.
 *
 *   Ownership  Texts of the options are those of argv. A plan from
 *              options_make_plan() is released with plan_free().
 *   Failure    Options: false, after a sentence on stderr. Plans: an exit code,
 *              after a sentence on stderr.
 */

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>

#include "clients/replay/generate.h"
#include "clients/replay/plan.h"

/* Exit codes of both tools. */
enum {
        OPTIONS_EXIT_DONE = 0,
        OPTIONS_EXIT_CHECK = 1, /* a check failed, or the file could not be read */
        OPTIONS_EXIT_USAGE = 2,
};

struct options {
        const char *path; /* records; NULL = a generated day */
        struct plan_settings records;
        struct generate_settings day;
        bool is_json;
};

/* For getopt_long(): the shared options. Their values are 256 to 299; a program's
 * own begin at OPTIONS_OWN. */
enum { OPTIONS_OWN = 300, OPTIONS_SHARED_COUNT = 18 };
extern const struct option options_shared[OPTIONS_SHARED_COUNT];

struct options options_default(void);

/* Take option @value of options_shared. */
bool options_take(struct options *options, int value, const char *argument);

/* The text of --help about the shared options. */
void options_help(FILE *out);

/* A decimal number in [@min, @max], the whole of @text; "%" divides by 100 and
 * "s" after a number of seconds is allowed. */
bool options_number(const char *name, const char *text, double min, double max, double *ret_value);

/* Read the file or generate the day, and say so on @log when it is not NULL. */
int options_make_plan(const struct options *options, struct plan *plan, FILE *log);
