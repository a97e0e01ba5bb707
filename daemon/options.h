/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * options.h - the daemon's parameters: one table, four ways to see it.
 *
 * Later sources win: defaults, then the configuration file, then the command
 * line.
 *
 *   Ownership  The caller owns the struct; all values are copied into it.
 *   Failure    False and a sentence that names the parameter, what is wrong and
 *              what would be right.
 *   Threads    Any: no state of its own.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "acd/types.h"

enum option {
#define OPTION(type, name, preset, minimum, maximum, unit, text) OPTION_##name,
#include "daemon/options.def"
#undef OPTION
#define LIMIT(name, preset, minimum, maximum, text) OPTION_LIMIT_##name,
#include "acd/limits.def"
#undef LIMIT
        OPTION_COUNT,
};

enum { OPTION_TEXT_SIZE = 1024, OPTIONS_ERROR_SIZE = 512, OPTION_NAME_SIZE = 48 };

/* What the command line asks for. */
enum options_verb {
        OPTIONS_RUN,
        OPTIONS_CHECK,   /* -t, --check */
        OPTIONS_MEMORY,  /* --memory */
        OPTIONS_SALVAGE, /* --salvage DIR */
        OPTIONS_HELP,
        OPTIONS_MANUAL, /* --help-mdoc: the table for the manual */
        OPTIONS_VERSION,
};

struct option_value {
        uint64_t number; /* NUMBER: the value; CHOICE: the index of the word */
        uint8_t source;  /* 0 default, 1 file, 2 command line */
        char text[OPTION_TEXT_SIZE];
};

struct options {
        enum options_verb verb;
        bool is_new_history; /* --new-history, for this start alone */
        struct option_value value[OPTION_COUNT];
};

struct options_error {
        char text[OPTIONS_ERROR_SIZE];
};

void options_init(struct options *options);

/* Read the command line. What it sets, options_set_from_file() leaves alone, so
 * it may come first: it has to, for it names the file. */
bool options_parse(struct options *options, int argument_count, char *const *arguments,
                   struct options_error *ret_error) __attribute__((warn_unused_result));

/* One pair of the mapping "daemon" of the configuration file. */
bool options_set_from_file(struct options *options, const char *key, const char *value,
                           struct options_error *ret_error) __attribute__((warn_unused_result));

/* What no single row can check: parameters that contradict each other, or are missing. */
bool options_check(const struct options *options, struct options_error *ret_error)
        __attribute__((warn_unused_result));

uint64_t options_number(const struct options *options, enum option option);
const char *options_text(const struct options *options, enum option option);

/* The core's limits among them. */
struct acd_limits options_limits(const struct options *options);

/* The table as text: --help, and mdoc(7) for the manual. */
void options_print_help(FILE *into);
void options_print_mdoc(FILE *into);

/* "clock-rate" with '-', "clock_rate" with '_'. */
void option_name(enum option option, char separator, char ret_name[OPTION_NAME_SIZE]);
