/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables as text and look-ups: kinds, results, fields, reasons, events,
 * states. All of it comes from the .def files; only words that no table has
 * (states, roles, objects) are written here, in the spelling that commands,
 * JSON and the manual share.
 */

#include "wire/kinds.h"

#include <string.h>

#define ANYBODY 0xff
#define NOBODY  0
#define G       (1u << WIRE_ROLE_GATEWAY)
#define A       (1u << WIRE_ROLE_AGENT)
#define S       (1u << WIRE_ROLE_SUPERVISOR)
#define O       (1u << WIRE_ROLE_OPERATOR)
#define R       (1u << WIRE_ROLE_READER)

const struct wire_kind_info wire_kinds[WIRE_KIND_MAX + 1] = {
#define KIND(kind_name, number, kind_direction, kind_roles, member, Type, kind_answer, kind_text) \
        [number] = { \
                .name = #kind_name, \
                .direction = WIRE_##kind_direction, \
                .roles = (kind_roles), \
                .answer = WIRE_##kind_answer, \
                .text = (kind_text), \
        },
#include "wire/kinds.def"
#undef KIND
};

#undef ANYBODY
#undef NOBODY
#undef G
#undef A
#undef S
#undef O
#undef R

enum result_kind { DONE, REFUSED, LATER };

struct result_row {
        enum result_kind kind;
        const char *name;
        const char *text;
        const char *remedy;
};

/* By number; there are gaps where there is no name. */
static const struct result_row results[] = {
#define RESULT(name, number, kind, text, remedy) [number] = { kind, #name, text, remedy },
#include "acd/results.def"
#undef RESULT
};

enum { RESULT_ROW_COUNT = sizeof(results) / sizeof(results[0]) };

/* A number that is no result has words too. */
static const struct result_row *result_row(enum acd_result result)
{
        static const struct result_row unknown = { REFUSED, "UNKNOWN_RESULT",
                                                   "an answer that this build does not know", "" };

        if ((unsigned)result >= RESULT_ROW_COUNT || results[result].name == NULL)
                return &unknown;
        return &results[result];
}

const char *wire_result_name(enum acd_result result)
{
        return result_row(result)->name;
}

const char *wire_result_text(enum acd_result result)
{
        return result_row(result)->text;
}

const char *wire_result_remedy(enum acd_result result)
{
        return result_row(result)->remedy;
}

bool wire_result_is_done(enum acd_result result)
{
        return result_row(result)->kind == DONE;
}

bool wire_result_is_later(enum acd_result result)
{
        return result_row(result)->kind == LATER;
}

const char *wire_field_name(enum acd_field field)
{
        static const char *const names[ACD_FIELD_COUNT] = {
#define FIELD(name, text) [ACD_FIELD_##name] = (text),
#include "acd/fields.def"
#undef FIELD
        };

        return (unsigned)field < ACD_FIELD_COUNT ? names[field] : "";
}

const char *wire_reason_name(enum acd_reason reason)
{
        switch (reason) {
#define REASON(name, number, text) \
        case ACD_REASON_##name: \
                return #name;
#include "acd/reasons.def"
#undef REASON
        default:
                return "UNKNOWN_REASON";
        }
}

const char *wire_reason_text(enum acd_reason reason)
{
        switch (reason) {
#define REASON(name, number, text) \
        case ACD_REASON_##name: \
                return text;
#include "acd/reasons.def"
#undef REASON
        default:
                return "a reason that this build does not know";
        }
}

const char *wire_event_name(enum acd_event_kind kind)
{
        switch (kind) {
#define EVENT(name, number, text) \
        case ACD_EVENT_##name: \
                return #name;
#include "acd/events.def"
#undef EVENT
        default:
                return "UNKNOWN_EVENT";
        }
}

/* A word by number; the first is that of zero. */
struct words {
        uint32_t count;
        const char *word[12];
};

static const struct words role_words = {
        6, { "none", "gateway", "agent", "supervisor", "operator", "reader" }
};

static const struct words object_words = {
        11,
        { "none", "tenant", "skill", "channel", "queue", "team", "profile", "agent", "gateway",
          "contact", "assignment" },
};

static const struct words contact_words = {
        7, { "over", "waiting", "withheld", "offered", "connecting", "active", "ended" }
};

static const struct words assignment_words = {
        8, { "none", "offered", "connecting", "active", "held", "parked", "wrap-up", "closed" }
};

static const struct words presence_words = { 5,
                                             { "none", "logged-out", "ready", "paused", "lost" } };

static const struct words gateway_words = { 4, { "none", "present", "lost", "gone" } };

static const char *word_of(const struct words *words, unsigned number)
{
        return number < words->count ? words->word[number] : "unknown";
}

static uint32_t word_find(const struct words *words, struct acd_text name)
{
        for (uint32_t i = 1; i < words->count; i++)
                if (strlen(words->word[i]) == name.size &&
                    memcmp(words->word[i], name.at, name.size) == 0)
                        return i;
        return 0;
}

const char *wire_role_name(enum wire_role role)
{
        return word_of(&role_words, role);
}

const char *wire_object_name(enum acd_object object)
{
        return word_of(&object_words, object);
}

const char *wire_contact_state_name(enum acd_contact_state state)
{
        return word_of(&contact_words, state);
}

const char *wire_assignment_state_name(enum acd_assignment_state state)
{
        return word_of(&assignment_words, state);
}

const char *wire_presence_name(enum acd_presence presence)
{
        return word_of(&presence_words, presence);
}

const char *wire_gateway_state_name(enum acd_gateway_state state)
{
        return word_of(&gateway_words, state);
}

enum acd_result wire_result_find(struct acd_text name)
{
        for (size_t i = 1; i < RESULT_ROW_COUNT; i++)
                if (results[i].name != NULL && strlen(results[i].name) == name.size &&
                    memcmp(results[i].name, name.at, name.size) == 0)
                        return (enum acd_result)i;
        return 0;
}

enum wire_role wire_role_find(struct acd_text name)
{
        return (enum wire_role)word_find(&role_words, name);
}

enum acd_object wire_object_find(struct acd_text name)
{
        return (enum acd_object)word_find(&object_words, name);
}
