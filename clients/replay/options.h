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
        const char *path;      /* records; NULL = a generated day, or */
        const char *queue_log; /* a queue_log instead; NULL = none */
        struct plan_settings records;
        struct generate_settings day;
        bool is_json;
        /* Given on the command line, not a default. */
        bool has_calls, has_agents, has_service, has_patience;
};

/* For getopt_long(): the shared options, ended by a zero. Their values are below
 * OPTIONS_OWN, where a program's own begin. */
enum { OPTIONS_OWN = 300, OPTIONS_SHARED_COUNT = 18 };
extern const struct option options_shared[OPTIONS_SHARED_COUNT];

/* Take the shared option @value. */
bool options_take(struct options *options, int value, const char *argument);

/* A program's own options. */

struct options_own {
        const struct option *option;
        size_t count;
        bool (*take)(void *context, int value, const char *argument);
        void *context;
};

struct options options_default(void);

/* Read the command line: shared options, own ones, and at most one file. */
bool options_read(struct options *options, const struct options_own *own, int argc, char **argv);

/* The text of --help about the shared options. */
void options_help(FILE *out);

/* A decimal number in [@min, @max], the whole of @text; "%" divides by 100 and
 * "s" after a number of seconds is allowed. */
bool options_number(const char *name, const char *text, double min, double max, double *ret_value);

/* Read the file or generate the day, and say so on @log when it is not NULL.
 * Malformed rows are told in any case, then on stderr. */
int options_make_plan(const struct options *options, struct plan *plan, FILE *log);
