/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * scenario_parse.h - a line of the scenario language becomes a command.
 *
 *      time  [@tenant]  verb  names...  key=value...  -> effect, effect
 *
 * docs/TESTING.md has the verbs. Names become ids at once, so lines are parsed and run
 * in turn. What a command cannot hold (a name too long, a list too long) goes in as far
 * as it fits, so that refusals can be written down.
 *
 *   Ownership  The command points into the line; keep the line.
 *   Failure    False, with a sentence in @line->error.
 */

#include <stdbool.h>
#include <stdint.h>

#include "acd/acd.h"
#include "tests/support/scenario_names.h"

enum {
        SCENARIO_LINE_SIZE = 16384,
        SCENARIO_TOKEN_MAX = 64,
        SCENARIO_BYTES_SIZE = 16384,
};

struct scenario_line {
        acd_time now;
        bool has_command; /* false: nothing but a comment */
        char tenant[SCENARIO_NAME_SIZE];
        char subject[SCENARIO_NAME_SIZE]; /* the first name: what the command makes */
        struct acd_command command;
        const char *effects; /* text after the arrow; NULL when there is none */
        char error[256];

        /* Memory of the above. */
        char text[SCENARIO_LINE_SIZE];
        char *token[SCENARIO_TOKEN_MAX];
        uint32_t token_count;
        bool is_used[SCENARIO_TOKEN_MAX];
        uint8_t bytes[SCENARIO_BYTES_SIZE];
        uint32_t bytes_count;
        acd_contact_id resume[ACD_RESUME_MAX];
};

/* @limits are those that START takes where the line names none; @tenant is the name
 * that holds when the line has none. */
bool scenario_parse(struct scenario_line *line, const char *text,
                    const struct scenario_names *names, const char *tenant,
                    const struct acd_limits *limits);
