/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Events as text and back. An expectation is compared word by word with one event: the
 * first word is its kind, a word without "=" must be one of its names, its reason, its
 * label or its state, a word with "=" is compared with that field. What is not
 * mentioned is not looked at, except that an event may not be left out.
 */

#include "tests/support/scenario_effects.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/scenario_words.h"

enum { TEXT_SIZE = 512 };

static void append(char *text, size_t size, const char *key, const char *value)
{
        size_t length = strlen(text);

        if (length < size)
                snprintf(text + length, size - length, "%s%s%s", length == 0 ? "" : " ", key,
                         value);
}

static void append_name(char *text, size_t size, const struct scenario_names *names,
                        enum acd_object object, uint64_t id)
{
        if (id != 0)
                append(text, size, "", scenario_names_of(names, object, id));
}

static void append_time(char *text, size_t size, const char *key, acd_time at)
{
        char time[48];

        if (at == 0)
                return;
        scenario_time_text(at, time, sizeof(time));
        append(text, size, key, time);
}

static void append_number(char *text, size_t size, const char *key, uint64_t number)
{
        char digits[32];

        if (number == 0)
                return;
        snprintf(digits, sizeof(digits), "%llu", (unsigned long long)number);
        append(text, size, key, digits);
}

/* Which states an event's state is one of: rule D11. */
static enum scenario_vocabulary states_of(uint16_t kind)
{
        switch ((int)kind) {
        case ACD_EVENT_OFFER_ENDED:
        case ACD_EVENT_OFFER_ACCEPTED:
        case ACD_EVENT_WRAP_UP_STARTED:
        case ACD_EVENT_WRAP_UP_EXTENDED:
        case ACD_EVENT_ASSIGNMENT_CLOSED:
                return SCENARIO_ASSIGNMENT_STATES;
        case ACD_EVENT_AGENT_LOGGED_IN:
        case ACD_EVENT_AGENT_LOGGED_OUT:
        case ACD_EVENT_AGENT_READY:
        case ACD_EVENT_AGENT_PAUSED:
        case ACD_EVENT_AGENT_NEXT_STATE:
        case ACD_EVENT_AGENT_LOST:
        case ACD_EVENT_AGENT_BACK:
                return SCENARIO_PRESENCES;
        case ACD_EVENT_GATEWAY_OPENED:
        case ACD_EVENT_GATEWAY_LOST:
        case ACD_EVENT_GATEWAY_GONE:
                return SCENARIO_GATEWAY_STATES;
        default:
                return SCENARIO_CONTACT_STATES;
        }
}

void scenario_format_event(const struct acd_event *event, const struct scenario_names *names,
                           char *text, size_t size)
{
        char word[SCENARIO_WORD_SIZE];

        text[0] = 0;
        scenario_word(SCENARIO_EVENTS, event->kind, word);
        append(text, size, "", word);
        append_name(text, size, names, ACD_OBJECT_CONTACT, event->contact.value);
        append_name(text, size, names, ACD_OBJECT_AGENT, event->agent.value);
        if (event->contact.value == 0)
                append_name(text, size, names, ACD_OBJECT_GATEWAY, event->gateway.value);
        if (event->object != 0) {
                scenario_word(SCENARIO_OBJECTS, event->object, word);
                append(text, size, "", word);
                append_name(text, size, names, (enum acd_object)event->object, event->value);
        }
        if (event->reason != ACD_REASON_NONE) {
                scenario_word(SCENARIO_REASONS, event->reason, word);
                append(text, size, "", word);
        }
        if (event->state != 0) {
                scenario_word(states_of(event->kind), event->state, word);
                append(text, size, "state=", word);
        }
        if (event->label[0] != 0)
                append(text, size, "label=", event->label);
        append_number(text, size, "tier=", event->tier);
        append_time(text, size, "deadline=", event->deadline);
        append_time(text, size, "since=", event->since);
        append_number(text, size, "count=", event->count);
        if (event->object == 0)
                append_number(text, size, "value=", event->value);
}

static void format_answer(const struct acd_reply *reply, char *text, size_t size)
{
        char word[SCENARIO_WORD_SIZE];

        if (reply->result == ACD_DUPLICATE) {
                append(text, size, "", "duplicate");
                return;
        }
        scenario_word(SCENARIO_RESULTS, reply->result, word);
        append(text, size, "refused ", word);
        scenario_word(SCENARIO_FIELDS, reply->field, word);
        append(text, size, "", word);
}

void scenario_format(const struct scenario_outcome *outcome, const struct scenario_names *names,
                     char *text, size_t size)
{
        text[0] = 0;
        if (outcome->reply->result != ACD_OK)
                format_answer(outcome->reply, text, size);
        else if (outcome->event_count == 0)
                append(text, size, "", "nothing");
        for (uint32_t i = 0; i < outcome->event_count; i++) {
                char event[TEXT_SIZE];
                size_t length = strlen(text);

                if (length > 0 && length + 1 < size) {
                        text[length] = ',';
                        text[length + 1] = 0;
                }
                scenario_format_event(&outcome->event[i], names, event, sizeof(event));
                append(text, size, "", event);
        }
}

/* Matching */

static bool is_name(const char *word, const struct scenario_names *names, enum acd_object object,
                    uint64_t id)
{
        return id != 0 && strcmp(word, scenario_names_of(names, object, id)) == 0;
}

static bool is_word(const char *word, enum scenario_vocabulary vocabulary, uint32_t number)
{
        char candidate[SCENARIO_WORD_SIZE];

        scenario_word(vocabulary, number, candidate);
        return strcmp(word, candidate) == 0;
}

static bool bare_word_matches(const char *word, const struct acd_event *event,
                              const struct scenario_names *names)
{
        return is_name(word, names, ACD_OBJECT_CONTACT, event->contact.value) ||
               is_name(word, names, ACD_OBJECT_AGENT, event->agent.value) ||
               is_name(word, names, ACD_OBJECT_QUEUE, event->queue.value) ||
               is_name(word, names, ACD_OBJECT_GATEWAY, event->gateway.value) ||
               (event->object != 0 &&
                (is_word(word, SCENARIO_OBJECTS, event->object) ||
                 is_name(word, names, (enum acd_object)event->object, event->value))) ||
               (event->reason != 0 && is_word(word, SCENARIO_REASONS, event->reason)) ||
               (event->label[0] != 0 && strcmp(word, event->label) == 0) ||
               is_word(word, states_of(event->kind), event->state);
}

static bool number_matches(const char *text, uint64_t number)
{
        char *end;
        uint64_t value = strtoull(text, &end, 10);
        uint64_t ns;

        if (*end == 0)
                return value == number;
        return scenario_duration(text, &ns) && ns == number;
}

static bool keyed_word_matches(const char *word, const struct acd_event *event)
{
        const char *value = strchr(word, '=') + 1;
        size_t length = (size_t)(value - 1 - word);
        const struct {
                const char *key;
                uint64_t number;
        } keys[] = {
                { "now", event->now },       { "deadline", event->deadline },
                { "since", event->since },   { "value", event->value },
                { "count", event->count },   { "band", event->band },
                { "tier", event->tier },     { "sequence", event->sequence },
        };

        if (strncmp(word, "label=", 6) == 0)
                return strcmp(value, event->label) == 0;
        if (strncmp(word, "state=", 6) == 0)
                return is_word(value, states_of(event->kind), event->state);
        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
                if (strlen(keys[i].key) == length && strncmp(word, keys[i].key, length) == 0)
                        return number_matches(value, keys[i].number);
        return false;
}

/* One expected effect, @text, which is cut into words, against one event. */
static const char *event_differs(char *text, const struct acd_event *event,
                                 const struct scenario_names *names)
{
        char *rest = NULL;
        char *word = strtok_r(text, " \t\n", &rest);

        if (word == NULL)
                return "an empty effect";
        if (!is_word(word, SCENARIO_EVENTS, event->kind))
                return word;
        while ((word = strtok_r(NULL, " \t\n", &rest)) != NULL) {
                bool is_same = strchr(word, '=') != NULL ?
                                       keyed_word_matches(word, event) :
                                       bare_word_matches(word, event, names);

                if (!is_same)
                        return word;
        }
        return NULL;
}

static bool differs(char *ret_error, size_t error_size, const char *expected, const char *what)
{
        snprintf(ret_error, error_size, "expected \"%s\", where \"%s\" differs", expected, what);
        return false;
}

static void trim(const char *from, char *to, size_t size)
{
        size_t length;

        from += strspn(from, " \t\n");
        length = strlen(from);
        while (length > 0 && strchr(" \t\n", from[length - 1]) != NULL)
                length--;
        if (length >= size)
                length = size - 1;
        memcpy(to, from, length);
        to[length] = 0;
}

/* "refused RESULT [FIELD]", "duplicate" or "nothing" alone. */
static bool answer_matches(const char *expected, const struct scenario_outcome *outcome)
{
        char answer[TEXT_SIZE] = "";
        char given[TEXT_SIZE] = "";
        char *rest = NULL;

        trim(expected, given, sizeof(given));
        if (strcmp(expected, "nothing") == 0)
                return outcome->reply->result == ACD_OK && outcome->event_count == 0;
        if (outcome->reply->result == ACD_OK || outcome->event_count > 0)
                return false;
        format_answer(outcome->reply, answer, sizeof(answer));
        for (char *word = strtok_r(given, " ", &rest); word != NULL;
             word = strtok_r(NULL, " ", &rest))
                if (strstr(answer, word) == NULL)
                        return false;
        return true;
}

bool scenario_match(const char *expected, const struct scenario_outcome *outcome,
                    const struct scenario_names *names, char *ret_error, size_t error_size)
{
        static char copy[65536];
        char effect[TEXT_SIZE], whole[TEXT_SIZE];
        uint32_t index = 0;
        char *at = copy;

        trim(expected, copy, sizeof(copy));
        if (strncmp(copy, "refused", 7) == 0 || strcmp(copy, "duplicate") == 0 ||
            strcmp(copy, "nothing") == 0)
                return answer_matches(copy, outcome) ||
                       differs(ret_error, error_size, copy, "the answer");
        if (outcome->reply->result != ACD_OK)
                return differs(ret_error, error_size, copy, "the answer");

        while (at != NULL) {
                char *comma = strchr(at, ',');
                const char *what;

                if (comma != NULL)
                        *comma++ = 0;
                trim(at, effect, sizeof(effect));
                at = comma;
                if (strcmp(effect, "...") == 0)
                        return true;
                if (index == outcome->event_count)
                        return differs(ret_error, error_size, effect, "the end");
                snprintf(whole, sizeof(whole), "%s", effect);
                what = event_differs(effect, &outcome->event[index++], names);
                if (what != NULL)
                        return differs(ret_error, error_size, whole, what);
        }
        if (index < outcome->event_count)
                return differs(ret_error, error_size, "no more effects", "what follows");
        return true;
}
