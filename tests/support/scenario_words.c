/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Words of the scenario language, from the core's own tables where it has some. A
 * vocabulary is an array of names; the words are derived when asked for, so that
 * there is no second list to keep.
 */

#include "tests/support/scenario_words.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acd/acd.h"

struct entry {
        const char *name;
        uint32_t number;
};

static const struct entry events[] = {
#define EVENT(name, number, text) { #name, number },
#include "acd/events.def"
#undef EVENT
};

static const struct entry reasons[] = {
#define REASON(name, number, text) { #name, number },
#include "acd/reasons.def"
#undef REASON
};

static const struct entry results[] = {
#define RESULT(name, number, kind, text, remedy) { #name, number },
#include "acd/results.def"
#undef RESULT
};

static const struct entry fields[] = {
#define FIELD(name, text) { #name, ACD_FIELD_##name },
#include "acd/fields.def"
#undef FIELD
};

static const struct entry presences[] = {
        { "LOGGED_OUT", ACD_PRESENCE_LOGGED_OUT }, { "READY", ACD_PRESENCE_READY },
        { "PAUSED", ACD_PRESENCE_PAUSED },         { "LOST", ACD_PRESENCE_LOST },
};

static const struct entry contact_states[] = {
        { "FREE", ACD_CONTACT_FREE },         { "WAITING", ACD_CONTACT_WAITING },
        { "WITHHELD", ACD_CONTACT_WITHHELD }, { "OFFERED", ACD_CONTACT_OFFERED },
        { "CONNECTING", ACD_CONTACT_CONNECTING }, { "ACTIVE", ACD_CONTACT_ACTIVE },
        { "ENDED", ACD_CONTACT_ENDED },
};

static const struct entry assignment_states[] = {
        { "FREE", ACD_ASSIGNMENT_FREE },       { "OFFERED", ACD_ASSIGNMENT_OFFERED },
        { "CONNECTING", ACD_ASSIGNMENT_CONNECTING }, { "ACTIVE", ACD_ASSIGNMENT_ACTIVE },
        { "HELD", ACD_ASSIGNMENT_HELD },       { "PARKED", ACD_ASSIGNMENT_PARKED },
        { "WRAP_UP", ACD_ASSIGNMENT_WRAP_UP }, { "CLOSED", ACD_ASSIGNMENT_CLOSED },
};

static const struct entry gateway_states[] = {
        { "PRESENT", ACD_GATEWAY_PRESENT },
        { "LOST", ACD_GATEWAY_LOST },
        { "GONE", ACD_GATEWAY_GONE },
};

static const struct entry objects[] = {
        { "TENANT", ACD_OBJECT_TENANT },   { "SKILL", ACD_OBJECT_SKILL },
        { "CHANNEL", ACD_OBJECT_CHANNEL }, { "QUEUE", ACD_OBJECT_QUEUE },
        { "TEAM", ACD_OBJECT_TEAM },       { "PROFILE", ACD_OBJECT_PROFILE },
        { "AGENT", ACD_OBJECT_AGENT },     { "GATEWAY", ACD_OBJECT_GATEWAY },
        { "CONTACT", ACD_OBJECT_CONTACT }, { "ASSIGNMENT", ACD_OBJECT_ASSIGNMENT },
};

static const struct entry reports[] = {
        { "RINGING", ACD_REPORT_RINGING },
        { "CONNECTED", ACD_REPORT_CONNECTED },
        { "FAILED", ACD_REPORT_FAILED },
        { "HELD", ACD_REPORT_HELD },
        { "RESUMED", ACD_REPORT_RESUMED },
        { "FIRST_REPLY", ACD_REPORT_FIRST_REPLY },
        { "CUSTOMER_MESSAGE", ACD_REPORT_CUSTOMER_MESSAGE },
        { "ENDED", ACD_REPORT_ENDED },
};

static const struct entry lost_rules[] = {
        { "BY_CHANNEL", ACD_LOST_BY_CHANNEL },
        { "KEEP", ACD_LOST_KEEP },
        { "REQUEUE", ACD_LOST_REQUEUE },
        { "CLOSE", ACD_LOST_CLOSE },
};

static const struct entry commands[] = {
        { "START", ACD_COMMAND_START },
        { "TIME", ACD_COMMAND_TIME },
        { "WORK", ACD_COMMAND_WORK },
        { "LOGIC", ACD_COMMAND_LOGIC },
        { "WALL", ACD_COMMAND_WALL },
        { "TENANT", ACD_COMMAND_TENANT_UPSERT },
        { "SKILL", ACD_COMMAND_SKILL_UPSERT },
        { "CHANNEL", ACD_COMMAND_CHANNEL_UPSERT },
        { "QUEUE", ACD_COMMAND_QUEUE_UPSERT },
        { "TEAM", ACD_COMMAND_TEAM_UPSERT },
        { "PROFILE", ACD_COMMAND_PROFILE_UPSERT },
        { "AGENT", ACD_COMMAND_AGENT_UPSERT },
        { "REMOVE", ACD_COMMAND_REMOVE },
        { "OPEN", ACD_COMMAND_GATEWAY_OPEN },
        { "LOSE", ACD_COMMAND_GATEWAY_LOST },
        { "RESUME", ACD_COMMAND_GATEWAY_RESUME },
        { "SUBMIT", ACD_COMMAND_SUBMIT },
        { "CANCEL", ACD_COMMAND_CANCEL },
        { "UPDATE", ACD_COMMAND_UPDATE },
        { "REPORT", ACD_COMMAND_REPORT },
        { "LOGIN", ACD_COMMAND_AGENT_LOGIN },
        { "LOGOUT", ACD_COMMAND_AGENT_LOGOUT },
        { "READY", ACD_COMMAND_AGENT_READY },
        { "PAUSE", ACD_COMMAND_AGENT_PAUSE },
        { "NEXT", ACD_COMMAND_AGENT_NEXT },
        { "LOST", ACD_COMMAND_AGENT_LOST },
        { "BACK", ACD_COMMAND_AGENT_BACK },
        { "ACCEPT", ACD_COMMAND_ACCEPT },
        { "REJECT", ACD_COMMAND_REJECT },
        { "COMPLETE", ACD_COMMAND_COMPLETE },
        { "HOLD", ACD_COMMAND_HOLD },
        { "UNHOLD", ACD_COMMAND_UNHOLD },
        { "PARK", ACD_COMMAND_PARK },
        { "UNPARK", ACD_COMMAND_UNPARK },
        { "WRAP_UP", ACD_COMMAND_WRAP_UP },
        { "RELOAD", SCENARIO_RELOAD },
};

static const struct {
        const struct entry *entry;
        size_t count;
} vocabularies[] = {
#define VOCABULARY(number, array) [number] = { array, sizeof(array) / sizeof(array[0]) }
        VOCABULARY(SCENARIO_EVENTS, events),
        VOCABULARY(SCENARIO_REASONS, reasons),
        VOCABULARY(SCENARIO_RESULTS, results),
        VOCABULARY(SCENARIO_FIELDS, fields),
        VOCABULARY(SCENARIO_PRESENCES, presences),
        VOCABULARY(SCENARIO_CONTACT_STATES, contact_states),
        VOCABULARY(SCENARIO_ASSIGNMENT_STATES, assignment_states),
        VOCABULARY(SCENARIO_GATEWAY_STATES, gateway_states),
        VOCABULARY(SCENARIO_OBJECTS, objects),
        VOCABULARY(SCENARIO_REPORTS, reports),
        VOCABULARY(SCENARIO_LOST_RULES, lost_rules),
        VOCABULARY(SCENARIO_COMMANDS, commands),
#undef VOCABULARY
};

static void word_of(enum scenario_vocabulary vocabulary, const char *name,
                    char ret_word[SCENARIO_WORD_SIZE])
{
        size_t i;

        if (vocabulary == SCENARIO_EVENTS && strncmp(name, "CONTACT_", 8) == 0)
                name += 8;
        for (i = 0; name[i] != 0 && i < SCENARIO_WORD_SIZE - 1; i++)
                ret_word[i] = (char)(name[i] == '_' ? '-' : tolower((unsigned char)name[i]));
        ret_word[i] = 0;
}

void scenario_word(enum scenario_vocabulary vocabulary, uint32_t number,
                   char ret_word[SCENARIO_WORD_SIZE])
{
        for (size_t i = 0; i < vocabularies[vocabulary].count; i++) {
                const struct entry *entry = &vocabularies[vocabulary].entry[i];

                if (entry->number == number) {
                        word_of(vocabulary, entry->name, ret_word);
                        return;
                }
        }
        memcpy(ret_word, "?", 2);
}

bool scenario_number(enum scenario_vocabulary vocabulary, const char *word, uint32_t *ret_number)
{
        for (size_t i = 0; i < vocabularies[vocabulary].count; i++) {
                const struct entry *entry = &vocabularies[vocabulary].entry[i];
                char candidate[SCENARIO_WORD_SIZE];

                word_of(vocabulary, entry->name, candidate);
                if (strcmp(candidate, word) == 0) {
                        *ret_number = entry->number;
                        return true;
                }
        }
        return false;
}

uint32_t scenario_number_max(enum scenario_vocabulary vocabulary)
{
        uint32_t max = 0;

        for (size_t i = 0; i < vocabularies[vocabulary].count; i++)
                if (vocabularies[vocabulary].entry[i].number > max)
                        max = vocabularies[vocabulary].entry[i].number;
        return max;
}

/* Durations */

static const struct {
        const char *suffix;
        uint64_t ns;
} units[] = {
        { "ns", 1 },          { "us", 1000 },         { "ms", 1000000 },
        { "s", 1000000000 },  { "m", 60000000000 },   { "h", 3600000000000 },
        { "d", 86400000000000 },
};

/* Digits after the point, as parts of @unit_ns. */
static uint64_t fraction(const char *digits, size_t count, uint64_t unit_ns)
{
        uint64_t ns = 0;

        for (size_t i = 0; i < count; i++) {
                unit_ns /= 10;
                ns += (uint64_t)(digits[i] - '0') * unit_ns;
        }
        return ns;
}

bool scenario_duration(const char *text, uint64_t *ret_ns)
{
        char *end;
        uint64_t whole;
        const char *digits = "";
        size_t digit_count = 0;

        if (!isdigit((unsigned char)*text))
                return false;
        whole = strtoull(text, &end, 10);
        if (*end == 0 && whole == 0) {
                *ret_ns = 0;
                return true;
        }
        if (*end == '.') {
                digits = end + 1;
                digit_count = strspn(digits, "0123456789");
                end += 1 + digit_count;
        }
        for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
                if (strcmp(end, units[i].suffix) != 0)
                        continue;
                *ret_ns = whole * units[i].ns + fraction(digits, digit_count, units[i].ns);
                return true;
        }
        return false;
}

void scenario_time_text(uint64_t ns, char *text, size_t size)
{
        uint64_t rest = ns % 1000000000;
        int length;

        if (rest == 0) {
                snprintf(text, size, "%llus", (unsigned long long)(ns / 1000000000));
                return;
        }
        length = snprintf(text, size, "%llu.%09llu", (unsigned long long)(ns / 1000000000),
                          (unsigned long long)rest);
        while (length > 1 && text[length - 1] == '0')
                text[--length] = 0;
        snprintf(text + length, size - (size_t)length, "s");
}
