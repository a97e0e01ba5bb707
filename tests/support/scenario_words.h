/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * scenario_words.h - the numbers of the core as words of the scenario language.
 *
 * Words are made from the core's tables: lower case, hyphens for underlines. Events
 * about contacts lose their "contact-": CONTACT_OFFERED is "offered".
 *
 *   Failure    A word that is not in the table: false. A number that is not: "?".
 *   Threads    Any: no state.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum scenario_vocabulary {
        SCENARIO_EVENTS,
        SCENARIO_REASONS,
        SCENARIO_RESULTS,
        SCENARIO_FIELDS,
        SCENARIO_PRESENCES,
        SCENARIO_CONTACT_STATES,
        SCENARIO_ASSIGNMENT_STATES,
        SCENARIO_GATEWAY_STATES,
        SCENARIO_OBJECTS,
        SCENARIO_REPORTS,
        SCENARIO_LOST_RULES,
        SCENARIO_COMMANDS, /* the verbs of the language */
};

enum { SCENARIO_WORD_SIZE = 48 };

/* A verb that is no command: save the core, load it into a fresh one, go on. */
enum { SCENARIO_RELOAD = 1000 };

/* Write the word for @number. */
void scenario_word(enum scenario_vocabulary vocabulary, uint32_t number,
                   char ret_word[SCENARIO_WORD_SIZE]);

/* The number of @word. */
bool scenario_number(enum scenario_vocabulary vocabulary, const char *word, uint32_t *ret_number);

/* The highest number of the vocabulary. */
uint32_t scenario_number_max(enum scenario_vocabulary vocabulary);

/* Durations: "90s", "1.5s", "250ms", "7ns", "2m", "24h", "0". */
bool scenario_duration(const char *text, uint64_t *ret_ns);

/* Time as text, exact: "12.000000007s" without needless zeros. */
void scenario_time_text(uint64_t ns, char *text, size_t size);
