/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checks of what a peer sent, from messages.def: once the table is read as
 * "is this field's value allowed". Whatever passes has names of the alphabet of
 * names, text that cannot steer a terminal, numbers and counts within their
 * limits. An empty text always passes here: whether it was needed, the one who
 * uses it knows.
 */

#include "wire/codec_check.h"

#include "base/name.h"
#include "wire/kinds.h"

enum rule { RULE_ANY, RULE_NAME, RULE_LABEL, RULE_KEY, RULE_PLAIN, RULE_ADDRESS, RULE_ZONE };

/* Indexed by enum rule. */
static const struct {
        uint32_t size_max;
        const char *text;
} rules[] = {
        [RULE_ANY] = { UINT32_MAX, "" },
        [RULE_NAME] = { ACD_NAME_MAX, "a name is made of A-Z a-z 0-9 . _ : -" },
        [RULE_LABEL] = { ACD_LABEL_MAX, "a label is made of A-Z a-z 0-9 . _ : -" },
        [RULE_KEY] = { ACD_CLIENT_KEY_MAX, "a key is text without control characters" },
        [RULE_PLAIN] = { WIRE_SOFTWARE_MAX, "text without control characters" },
        [RULE_ADDRESS] = { ACD_ADDRESS_MAX, "an address is text without control characters" },
        [RULE_ZONE] = { ACD_NAME_MAX, "a time zone is made of A-Z a-z 0-9 . _ : - + and /" },
};

_Static_assert((int)ACD_CLIENT_KEY_MAX == (int)ACD_CUSTOMER_KEY_MAX, "one rule for both keys");

/* One line: keys and addresses end up in tables and logs. Most are ASCII. */
static bool is_plain_line(struct acd_text text)
{
        uint32_t i = 0;

        while (i < text.size && text.at[i] >= ' ' && text.at[i] <= '~')
                i++;
        if (i == text.size)
                return true;
        for (; i < text.size; i++)
                if (text.at[i] == '\n' || text.at[i] == '\t')
                        return false;
        return acd_text_is_plain(text.at, text.size);
}

/* Parts of names, joined by slashes. */
static bool is_zone(struct acd_text text)
{
        for (uint32_t i = 0; i < text.size; i++) {
                char c = text.at[i];

                if (c != '/' && c != '+' && !acd_name_is_valid(&c, 1))
                        return false;
        }
        return text.at[0] != '/';
}

static bool is_allowed(enum rule rule, struct acd_text text)
{
        switch (rule) {
        case RULE_ANY:
                return true;
        case RULE_NAME:
        case RULE_LABEL:
                return acd_name_is_valid(text.at, text.size);
        case RULE_KEY:
        case RULE_PLAIN:
        case RULE_ADDRESS:
                return is_plain_line(text);
        case RULE_ZONE:
                return is_zone(text);
        }
        return false;
}

/* Where a check stands. */
struct check {
        struct wire_refusal *refusal;
        const struct wire_path *path;
};

static bool check_text(const struct check *check, const char *name, enum rule rule,
                       struct acd_text text)
{
        if (text.size == 0)
                return true;
        if (text.size > rules[rule].size_max)
                return wire_refuse_limit(check->refusal, ACD_TOO_LARGE, check->path, name,
                                         rules[rule].size_max);
        if (!is_allowed(rule, text))
                return wire_refuse_field(check->refusal, ACD_INVALID, check->path, name,
                                         rules[rule].text);
        return true;
}

static bool check_max(const struct check *check, const char *name, uint64_t value, uint64_t max)
{
        return value <= max ||
               wire_refuse_limit(check->refusal, ACD_INVALID, check->path, name, max);
}

static bool check_size(const struct check *check, const char *name, uint64_t size, uint64_t max)
{
        return size <= max ||
               wire_refuse_limit(check->refusal, ACD_TOO_LARGE, check->path, name, max);
}

/* clang-format off */
#define MESSAGE(name, Type)                                                             \
        __attribute__((unused)) static bool name##_check(const struct wire_##name *from, \
                                                         const struct check *check)     \
        {                                                                               \
                (void)from;                                                             \
                (void)check;
#define END(name)    \
        return true; \
        }
#define NONE(n)
#define U32(n, name, max)                                    \
        if (!check_max(check, #name, from->name, (max)))     \
                return false;
#define U64(n, name)
#define F64(n, name)
#define S64(n, name)
#define BOOL(n, name)
#define ENUM(n, name, type)
#define TEXT(n, name, rule)                                       \
        if (!check_text(check, #name, RULE_##rule, from->name))   \
                return false;
#define BYTES(n, name, max)                                        \
        if (!check_size(check, #name, from->name.size, (max)))     \
                return false;
#define HAS_U32(n, name, max)    U32(n, name, max)
#define HAS_U64(n, name)
#define HAS_TEXT(n, name, rule)  TEXT(n, name, rule)
#define HAS_BYTES(n, name, max)  BYTES(n, name, max)
#define SUB(n, name, message, Type)                                                           \
        if (from->has_##name) {                                                               \
                struct wire_path path = { check->path, #name };                               \
                if (!message##_check(&from->name, &(struct check){ check->refusal, &path }))  \
                        return false;                                                         \
        }
#define OUTCOME(n, name)
#define REP_F64(n, name, max)                                        \
        if (!check_size(check, #name, from->name##_count, (max)))    \
                return false;
#define REP_U32(n, name, max)        REP_F64(n, name, max)
#define REP_ENUM(n, name, Type, max) REP_F64(n, name, max)
#define REP_TEXT(n, name, rule, max)                                          \
        if (!check_size(check, #name, from->name##_count, (max)))             \
                return false;                                                 \
        for (uint32_t i = 0; i < from->name##_count; i++)                     \
                if (!check_text(check, #name, RULE_##rule, from->name[i]))    \
                        return false;
#define REP_SUB(n, name, message, Type, max)                                                  \
        if (!check_size(check, #name, from->name##_count, (max)))                             \
                return false;                                                                 \
        for (uint32_t i = 0; i < from->name##_count; i++) {                                   \
                struct wire_path path = { check->path, #name };                               \
                if (!message##_check(&from->name[i],                                          \
                                     &(struct check){ check->refusal, &path }))               \
                        return false;                                                         \
        }
#define CHOICE_BEGIN(name) switch ((int)from->name) {
#define CHOICE(n, name, message, Type)                                                        \
        case n: {                                                                             \
                struct wire_path path = { check->path, #name };                               \
                if (!message##_check(&from->name, &(struct check){ check->refusal, &path }))  \
                        return false;                                                         \
                break;                                                                        \
        }
#define CHOICE_END(name) \
        default:         \
                break;   \
                }
#include "wire/messages.def"
#include "wire/undefine.h"
/* clang-format on */

/* An EVENTS push is not checked, and not sent by clients. */
__attribute__((unused)) static bool events_check(const struct wire_events *from,
                                                 const struct check *check)
{
        (void)from;
        (void)check;
        return true;
}

bool wire_check(const struct wire_message *message, struct wire_refusal *ret_refusal)
{
        struct check check = { ret_refusal, NULL };

        switch ((enum wire_kind)message->kind) {
#define KIND(name, number, direction, roles, member, Type, answer, text) \
        case WIRE_##name: \
                return member##_check(&message->member, &check);
#include "wire/kinds.def"
#undef KIND
        case WIRE_NONE:
        case WIRE_KIND_MAX:
                break;
        }
        return true;
}
