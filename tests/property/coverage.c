/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What must be reached: everything in the core's tables, except what only the daemon
 * says. The exceptions are lists, so that a new result or event is demanded the day it
 * is added.
 */

#include "tests/property/coverage.h"

#include <stdio.h>

#include "tests/support/scenario_words.h"

struct demand {
        const char *what;
        const uint64_t *count;
        enum scenario_vocabulary vocabulary;
        uint32_t first;
        const uint32_t *except; /* ends with UINT32_MAX */
};

#define END UINT32_MAX

/* Said by the daemon, not by the core. */
static const uint32_t daemon_results[] = {
        ACD_RETRY_AFTER, ACD_MOVED, ACD_DRAINING, ACD_REPLACED, ACD_MALFORMED, ACD_DISK_LOW,
        ACD_TIMED_OUT, ACD_STOPPING, END,
};
static const uint32_t daemon_reasons[] = { END };
static const uint32_t no_exception[] = { END };

/* Fields that only the daemon's own checks name. */
static const uint32_t daemon_fields[] = {
        ACD_FIELD_CURSOR, ACD_FIELD_ROLE, ACD_FIELD_CLIENT, ACD_FIELD_PROTOCOL,
        ACD_FIELD_SESSION, ACD_FIELD_SEQUENCE, ACD_FIELD_MISSED_MAX, END,
};

static bool is_excepted(const uint32_t *except, uint32_t number)
{
        for (; *except != END; except++)
                if (*except == number)
                        return true;
        return false;
}

static bool check_demand(const struct demand *demand)
{
        bool is_full = true;

        for (uint32_t i = demand->first; i <= scenario_number_max(demand->vocabulary); i++) {
                char word[SCENARIO_WORD_SIZE];

                scenario_word(demand->vocabulary, i, word);
                if (word[0] == '?' || demand->count[i] > 0 || is_excepted(demand->except, i))
                        continue;
                printf("not reached: %s %s\n", demand->what, word);
                is_full = false;
        }
        return is_full;
}

/* Each state of an agent's table (P) with each of his commands. */
static bool check_presence(const struct model_coverage *coverage)
{
        bool is_full = true;

        for (uint32_t state = ACD_PRESENCE_LOGGED_OUT; state <= ACD_PRESENCE_LOST; state++)
                for (uint32_t kind = ACD_COMMAND_AGENT_LOGIN; kind <= ACD_COMMAND_AGENT_BACK;
                     kind++)
                        if (coverage->presence_cell[state][kind] == 0) {
                                printf("not reached: presence %u, command %u\n", state, kind);
                                is_full = false;
                        }
        return is_full;
}

static bool check_assignments(const struct model_coverage *coverage)
{
        bool is_full = true;

        for (uint32_t state = ACD_ASSIGNMENT_OFFERED; state <= ACD_ASSIGNMENT_WRAP_UP; state++)
                for (uint32_t kind = ACD_COMMAND_ACCEPT; kind <= ACD_COMMAND_WRAP_UP; kind++)
                        if (coverage->assignment_cell[state][kind] == 0) {
                                printf("not reached: assignment %u, command %u\n", state, kind);
                                is_full = false;
                        }
        return is_full;
}

/* Rows of the reports' table: contact states but ENDED, and 8 held, 9 parked. */
static bool check_reports(const struct model_coverage *coverage)
{
        bool is_full = true;

        for (uint32_t row = ACD_CONTACT_WAITING; row <= 9; row++) {
                if (row == ACD_CONTACT_ENDED || row == ACD_CONTACT_ENDED + 1)
                        continue;
                for (uint32_t report = ACD_REPORT_RINGING; report <= ACD_REPORT_ENDED; report++)
                        if (coverage->report_cell[row][report] == 0) {
                                /* WAITING and WITHHELD have no present assignment to name. */
                                if (row <= ACD_CONTACT_WITHHELD && report <= ACD_REPORT_FAILED)
                                        continue;
                                printf("not reached: report %u of contact %u\n", report, row);
                                is_full = false;
                        }
        }
        return is_full;
}

static bool check_contacts(const struct model_coverage *coverage)
{
        static const enum acd_command_kind kinds[] = { ACD_COMMAND_CANCEL, ACD_COMMAND_UPDATE,
                                                       ACD_COMMAND_REPORT };
        bool is_full = true;

        for (uint32_t state = ACD_CONTACT_WAITING; state < ACD_CONTACT_ENDED; state++)
                for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
                        if (coverage->contact_cell[state][kinds[i]] == 0) {
                                printf("not reached: contact %u, command %u\n", state,
                                       (uint32_t)kinds[i]);
                                is_full = false;
                        }
        return is_full;
}

static bool check_count(const char *what, uint64_t count)
{
        if (count == 0)
                printf("not reached: %s\n", what);
        return count > 0;
}

bool coverage_is_full(const struct model_coverage *coverage)
{
        const struct demand demands[] = {
                { "result", coverage->result, SCENARIO_RESULTS, 1, daemon_results },
                { "event", coverage->event, SCENARIO_EVENTS, 1, no_exception },
                { "reason", coverage->reason, SCENARIO_REASONS, 0, daemon_reasons },
                { "field", coverage->refused_field, SCENARIO_FIELDS, 1, daemon_fields },
        };
        bool is_full = true;

        for (size_t i = 0; i < sizeof(demands) / sizeof(demands[0]); i++)
                is_full = check_demand(&demands[i]) && is_full;
        for (int timer = 0; timer < 8; timer++)
                is_full = check_count("a kind of timer", coverage->timer[timer]) && is_full;
        for (int job = 0; job < 6; job++)
                is_full = check_count("a kind of job", coverage->job[job]) && is_full;
        is_full = check_presence(coverage) && is_full;
        is_full = check_assignments(coverage) && is_full;
        is_full = check_reports(coverage) && is_full;
        is_full = check_contacts(coverage) && is_full;
        is_full = check_count("a gone gateway met", coverage->gone_met) && is_full;
        is_full = check_count("a pair skipped", coverage->pair_skipped) && is_full;
        is_full = check_count("a closed tier", coverage->tier_closed) && is_full;
        return check_count("a timer held by START", coverage->held_timer) && is_full;
}
