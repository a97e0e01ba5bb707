/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each fact is written once, and where it had to be written twice (C and
 * proto) the two are compared here: results, reasons, events, states, kinds,
 * and every field of every message.
 */

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "acd/acd.h"
#include "acd/v1/agent.pb-c.h"
#include "acd/v1/common.pb-c.h"
#include "acd/v1/config.pb-c.h"
#include "acd/v1/event.pb-c.h"
#include "acd/v1/gateway.pb-c.h"
#include "acd/v1/operator.pb-c.h"
#include "acd/v1/redis.pb-c.h"
#include "acd/v1/session.pb-c.h"
#include "acd/v1/state.pb-c.h"
#include "wire/codec.h"
#include "wire/codec_convert.h"
#include "wire/kinds.h"

/* Is "@prefix@name" the name of @number in the schema's @values? */
static void check_value(const ProtobufCEnumDescriptor *values, const char *prefix, const char *name,
                        int number)
{
        const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(values, number);
        char full[128];

        snprintf(full, sizeof(full), "%s%s", prefix, name);
        cr_assert_not_null(value, "%s is not in %s", full, values->name);
        cr_assert_str_eq(value->name, full);
}

/* Goal    Results, reasons and events have the same names and numbers in the schema as in the
 *         core's tables, and neither has more than the other.
 * Method  Every row looked up in the descriptors; then the rows counted (plus the zero). */
Test(tables, enums_are_those_of_the_core)
{
        unsigned count = 0;

#define RESULT(name, number, kind, text, remedy) \
        check_value(&acd__v1__result_code__descriptor, "RESULT_", #name, (number)); \
        count++;
#include "acd/results.def"
#undef RESULT
        cr_assert_eq(acd__v1__result_code__descriptor.n_values, count + 1);

        count = 0;
#define REASON(name, number, text) \
        if ((number) != 0) \
                check_value(&acd__v1__reason__descriptor, "REASON_", #name, (number)); \
        count++;
#include "acd/reasons.def"
#undef REASON
        cr_assert_eq(acd__v1__reason__descriptor.n_values, count);

        count = 0;
#define EVENT(name, number, text) \
        check_value(&acd__v1__event_kind__descriptor, "EVENT_", #name, (number)); \
        count++;
#include "acd/events.def"
#undef EVENT
        cr_assert_eq(acd__v1__event_kind__descriptor.n_values, count + 1);
}

/* Our word of a state in the schema's spelling: "wrap-up" is WRAP_UP. */
static void check_word(const ProtobufCEnumDescriptor *values, const char *prefix, int number,
                       const char *word)
{
        char name[64] = "";

        for (size_t i = 0; word[i] != '\0'; i++)
                name[i] = word[i] == '-' || word[i] == ' ' ? '_'
                          : word[i] >= 'a'                 ? (char)(word[i] - 'a' + 'A')
                                                           : word[i];
        check_value(values, prefix, name, number);
}

/* Goal    States, roles and objects are the same three times: enum, word, schema. */
Test(tables, states_have_one_spelling)
{
        for (unsigned i = 1; i < acd__v1__role__descriptor.n_values; i++)
                check_word(&acd__v1__role__descriptor, "ROLE_", (int)i,
                           wire_role_name((enum wire_role)i));
        for (unsigned i = 1; i < acd__v1__object__descriptor.n_values; i++)
                check_word(&acd__v1__object__descriptor, "OBJECT_", (int)i,
                           wire_object_name((enum acd_object)i));
        for (unsigned i = 1; i < acd__v1__contact_state__descriptor.n_values; i++)
                check_word(&acd__v1__contact_state__descriptor, "CONTACT_STATE_", (int)i,
                           wire_contact_state_name((enum acd_contact_state)i));
        for (unsigned i = 1; i < acd__v1__assignment_state__descriptor.n_values; i++)
                check_word(&acd__v1__assignment_state__descriptor, "ASSIGNMENT_STATE_", (int)i,
                           wire_assignment_state_name((enum acd_assignment_state)i));
        for (unsigned i = 1; i < acd__v1__presence__descriptor.n_values; i++)
                check_word(&acd__v1__presence__descriptor, "PRESENCE_", (int)i,
                           wire_presence_name((enum acd_presence)i));
        for (unsigned i = 1; i < acd__v1__gateway_state__descriptor.n_values; i++)
                check_word(&acd__v1__gateway_state__descriptor, "GATEWAY_STATE_", (int)i,
                           wire_gateway_state_name((enum acd_gateway_state)i));

        cr_assert_eq(ACD__V1__OBJECT__OBJECT_ASSIGNMENT, ACD_OBJECT_ASSIGNMENT);
        cr_assert_eq(ACD__V1__CONTACT_STATE__CONTACT_STATE_ENDED, ACD_CONTACT_ENDED);
        cr_assert_eq(ACD__V1__ASSIGNMENT_STATE__ASSIGNMENT_STATE_CLOSED, ACD_ASSIGNMENT_CLOSED);
        cr_assert_eq(ACD__V1__PRESENCE__PRESENCE_LOST, ACD_PRESENCE_LOST);
        cr_assert_eq(ACD__V1__GATEWAY_STATE__GATEWAY_STATE_GONE, ACD_GATEWAY_GONE);
        cr_assert_eq(ACD__V1__ROLE__ROLE_READER, WIRE_ROLE_READER);
        cr_assert_eq(ACD__V1__REPORT_KIND__REPORT_RINGING, ACD_REPORT_RINGING);
        cr_assert_eq(ACD__V1__REPORT_KIND__REPORT_FIRST_REPLY, ACD_REPORT_FIRST_REPLY);
        cr_assert_eq(ACD__V1__REPORT_KIND__REPORT_ENDED, ACD_REPORT_ENDED);
        cr_assert_eq(ACD__V1__RESUMED_STATE__RESUMED_KEPT, ACD_RESUMED_KEPT);
        cr_assert_eq(ACD__V1__RESUMED_STATE__RESUMED_UNKNOWN, ACD_RESUMED_UNKNOWN);
        cr_assert_eq(ACD__V1__LOST_RULE__LOST_RULE_KEEP, ACD_LOST_KEEP);
        cr_assert_eq(ACD__V1__LOST_RULE__LOST_RULE_CLOSE, ACD_LOST_CLOSE);
        cr_assert_eq(ACD__V1__SYNC_POLICY__SYNC_POLICY_NEVER, WIRE_SYNC_NEVER);
        cr_assert_eq(ACD__V1__DAEMON_STATE__DAEMON_STATE_DISK_CRITICAL, WIRE_DAEMON_DISK_CRITICAL);
        cr_assert_eq(ACD__V1__REDIS_STATE__REDIS_STATE_REFUSED, WIRE_REDIS_REFUSED);
        cr_assert_eq(ACD__V1__RESYNC_REASON__RESYNC_EVENTS_GONE, WIRE_RESYNC_EVENTS_GONE);
        cr_assert_eq(ACD__V1__RESYNC_REASON__RESYNC_NEW_HISTORY, WIRE_RESYNC_NEW_HISTORY);
}

/* Goal    messages.def has the fields of the schema: number, name, type, label; all of them, and
 *         no other.
 * Method  Each row looked up by number; then the rows counted. */
static void check_field(const ProtobufCMessageDescriptor *message, unsigned number,
                        const char *name, ProtobufCType type, bool is_repeated)
{
        const ProtobufCFieldDescriptor *field =
                protobuf_c_message_descriptor_get_field(message, number);

        cr_assert_not_null(field, "%s has no field %u", message->name, number);
        cr_assert_str_eq(field->name, name, "%s %u", message->name, number);
        cr_assert_eq(field->type, type, "%s.%s", message->name, name);
        cr_assert_eq(field->label == PROTOBUF_C_LABEL_REPEATED, is_repeated, "%s.%s", message->name,
                     name);
}

/* clang-format off */
Test(tables, messages_are_those_of_the_schema)
{
        unsigned message_count = 0;

#define MESSAGE(name, Type)                                                  \
        {                                                                    \
                const ProtobufCMessageDescriptor *of = &acd__v1__##name##__descriptor; \
                unsigned count = 0;
#define END(name_)                                                           \
                cr_assert_eq(of->n_fields, count, "%s", of->name);           \
                message_count++;                                             \
        }
#define FIELD(n, name, type, is_repeated)                                    \
        check_field(of, n, #name, PROTOBUF_C_TYPE_##type, is_repeated);      \
        count++;
#define NONE(n)
#define U32(n, name, max) FIELD(n, name, UINT32, false)
#define U64(n, name) FIELD(n, name, UINT64, false)
#define F64(n, name) FIELD(n, name, FIXED64, false)
#define S64(n, name) FIELD(n, name, SFIXED64, false)
#define BOOL(n, name) FIELD(n, name, BOOL, false)
#define ENUM(n, name, type) FIELD(n, name, ENUM, false)
#define TEXT(n, name, rule) FIELD(n, name, STRING, false)
#define BYTES(n, name, max) FIELD(n, name, BYTES, false)
#define HAS_U32(n, name, max) FIELD(n, name, UINT32, false)
#define HAS_U64(n, name) FIELD(n, name, UINT64, false)
#define HAS_TEXT(n, name, rule) FIELD(n, name, STRING, false)
#define HAS_BYTES(n, name, max) FIELD(n, name, BYTES, false)
#define SUB(n, name, message, Type) FIELD(n, name, MESSAGE, false)
#define OUTCOME(n, name) FIELD(n, name, MESSAGE, false)
#define REP_F64(n, name, max) FIELD(n, name, FIXED64, true)
#define REP_U32(n, name, max) FIELD(n, name, UINT32, true)
#define REP_ENUM(n, name, Type, max) FIELD(n, name, ENUM, true)
#define REP_TEXT(n, name, rule, max) FIELD(n, name, STRING, true)
#define REP_SUB(n, name, message, Type, max) FIELD(n, name, MESSAGE, true)
#define CHOICE_BEGIN(name)
#define CHOICE(n, name, message, Type) FIELD(n, name, MESSAGE, false)
#define CHOICE_END(name)
#include "wire/messages.def"
#include "wire/redis.def"
#include "wire/undefine.h"
#undef FIELD
        cr_assert_gt(message_count, 50);
}
/* clang-format on */

/* How deep a message goes; the scan's path has room for four. */
static unsigned depth_of(const ProtobufCMessageDescriptor *message)
{
        unsigned depth = 0;

        for (unsigned i = 0; i < message->n_fields; i++) {
                const ProtobufCFieldDescriptor *field = &message->fields[i];

                if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
                        unsigned inner = depth_of(field->descriptor);

                        depth = inner > depth ? inner : depth;
                }
        }
        return depth + 1;
}

/* Goal    What the scan assumes of the schema holds: few fields, few types, not deep, names that
 *         fit a path. */
Test(tables, schema_is_as_the_scan_needs_it)
{
        for (uint16_t kind = 1; kind <= WIRE_KIND_MAX; kind++) {
                const struct wire_body *body = wire_body_of(kind);

                if (body == NULL)
                        continue;
                cr_assert_leq(depth_of(body->descriptor), 4, "%s", body->descriptor->name);
                cr_assert_lt(body->descriptor->n_fields, 64);
                for (unsigned i = 0; i < body->descriptor->n_fields; i++) {
                        const ProtobufCFieldDescriptor *field = &body->descriptor->fields[i];

                        cr_assert_lt(field->id, 64);
                        cr_assert_lt(strlen(field->name), 24);
                        cr_assert(field->type == PROTOBUF_C_TYPE_UINT32 ||
                                          field->type == PROTOBUF_C_TYPE_UINT64 ||
                                          field->type == PROTOBUF_C_TYPE_FIXED64 ||
                                          field->type == PROTOBUF_C_TYPE_SFIXED64 ||
                                          field->type == PROTOBUF_C_TYPE_BOOL ||
                                          field->type == PROTOBUF_C_TYPE_ENUM ||
                                          field->type == PROTOBUF_C_TYPE_STRING ||
                                          field->type == PROTOBUF_C_TYPE_BYTES ||
                                          field->type == PROTOBUF_C_TYPE_MESSAGE,
                                  "%s.%s", body->descriptor->name, field->name);
                }
        }
}

/* Goal    Every request has an answer that exists; every answer begins with its Result, every push
 *         with the time; who may send what is said for requests only. */
Test(tables, kinds_fit_together)
{
        for (uint16_t kind = 1; kind <= WIRE_KIND_MAX; kind++) {
                const struct wire_kind_info *info = wire_kind_info(kind);
                const struct wire_body *body = wire_body_of(kind);

                if (info == NULL)
                        continue;
                if (body == NULL) {
                        cr_assert_eq(kind, WIRE_EVENTS);
                        continue;
                }
                if (info->direction == WIRE_REQUEST) {
                        const struct wire_kind_info *answer = wire_kind_info(info->answer);

                        cr_assert_not_null(answer, "%s", info->name);
                        cr_assert_eq(answer->direction, WIRE_ANSWER, "%s", info->name);
                        cr_assert_neq(info->roles, 0, "%s", info->name);
                        continue;
                }
                cr_assert_eq(info->answer, WIRE_NONE, "%s", info->name);
                if (info->direction == WIRE_ANSWER && kind != WIRE_RESULT)
                        cr_assert_str_eq(body->descriptor->fields[0].name, "result");
                if (info->direction == WIRE_PUSH || info->direction == WIRE_BOTH)
                        cr_assert_str_eq(body->descriptor->fields[0].name, "server_time_ns");
        }
        cr_assert_null(wire_kind_info(0));
        cr_assert_null(wire_kind_info(WIRE_KIND_MAX));
        cr_assert_null(wire_kind_info(UINT16_MAX));
}

/* Goal    Roles are kept apart, as the table says. */
Test(tables, roles_are_allowed_what_is_theirs)
{
        cr_assert(wire_kind_is_allowed(WIRE_SUBMIT, WIRE_ROLE_GATEWAY));
        cr_assert(wire_kind_is_allowed(WIRE_SUBMIT, WIRE_ROLE_OPERATOR));
        cr_assert_not(wire_kind_is_allowed(WIRE_SUBMIT, WIRE_ROLE_AGENT));
        cr_assert_not(wire_kind_is_allowed(WIRE_SUBMIT, WIRE_ROLE_READER));
        cr_assert(wire_kind_is_allowed(WIRE_ACCEPT, WIRE_ROLE_AGENT));
        cr_assert_not(wire_kind_is_allowed(WIRE_ACCEPT, WIRE_ROLE_GATEWAY));
        cr_assert(wire_kind_is_allowed(WIRE_APPLY, WIRE_ROLE_OPERATOR));
        cr_assert_not(wire_kind_is_allowed(WIRE_APPLY, WIRE_ROLE_SUPERVISOR));
        for (enum wire_role role = WIRE_ROLE_GATEWAY; role <= WIRE_ROLE_READER; role++) {
                cr_assert(wire_kind_is_allowed(WIRE_PING, role));
                cr_assert(wire_kind_is_allowed(WIRE_BYE, role));
                cr_assert_not(wire_kind_is_allowed(WIRE_RESULT, role), "answers are the server's");
                cr_assert_not(wire_kind_is_allowed(WIRE_OFFER, role), "so are pushes");
        }
        cr_assert_not(wire_kind_is_allowed(WIRE_PING, WIRE_ROLE_NONE));
        cr_assert_not(wire_kind_is_allowed(WIRE_PING, (enum wire_role)6));
        cr_assert_not(wire_kind_is_allowed(999, WIRE_ROLE_OPERATOR));
}

struct result_row {
        enum acd_result result;
        const char *kind;
        const char *name;
        const char *text;
        const char *remedy;
};

static const struct result_row result_rows[] = {
#define RESULT(name, number, kind, text, remedy) { ACD_##name, #kind, #name, text, remedy },
#include "acd/results.def"
#undef RESULT
};

/* A number, its name and perhaps its text. */
struct named_row {
        int number;
        const char *name;
        const char *text;
};

static const struct named_row reason_rows[] = {
#define REASON(name, number, text) { ACD_REASON_##name, #name, text },
#include "acd/reasons.def"
#undef REASON
};

static const struct named_row event_rows[] = {
#define EVENT(name, number, text) { ACD_EVENT_##name, #name, text },
#include "acd/events.def"
#undef EVENT
};

static const struct named_row field_rows[] = {
#define FIELD(name, text) { ACD_FIELD_##name, #name, text },
#include "acd/fields.def"
#undef FIELD
};

#define count_of(rows) (sizeof(rows) / sizeof((rows)[0]))

/* Goal    The texts of the tables are found by number, and numbers by name. */
Test(tables, texts_are_found)
{
        for (size_t i = 0; i < count_of(result_rows); i++) {
                const struct result_row *row = &result_rows[i];

                cr_assert_str_eq(wire_result_name(row->result), row->name);
                cr_assert_str_eq(wire_result_text(row->result), row->text);
                cr_assert_str_eq(wire_result_remedy(row->result), row->remedy);
                cr_assert_eq(wire_result_is_done(row->result), strcmp(row->kind, "DONE") == 0);
                cr_assert_eq(wire_result_is_later(row->result), strcmp(row->kind, "LATER") == 0);
                cr_assert_eq(wire_result_find(wire_text(row->name)), row->result);
        }
        for (size_t i = 0; i < count_of(reason_rows); i++) {
                enum acd_reason reason = (enum acd_reason)reason_rows[i].number;

                cr_assert_str_eq(wire_reason_name(reason), reason_rows[i].name);
                cr_assert_str_eq(wire_reason_text(reason), reason_rows[i].text);
        }
        for (size_t i = 0; i < count_of(event_rows); i++)
                cr_assert_str_eq(wire_event_name((enum acd_event_kind)event_rows[i].number),
                                 event_rows[i].name);
        for (size_t i = 0; i < count_of(field_rows); i++)
                cr_assert_str_eq(wire_field_name((enum acd_field)field_rows[i].number),
                                 field_rows[i].text);
}

/* Goal    What is in no table has words too: a client must survive a newer daemon. */
Test(tables, unknown_numbers_have_words)
{
        cr_assert_str_eq(wire_result_name((enum acd_result)999), "UNKNOWN_RESULT");
        cr_assert_not(wire_result_is_done((enum acd_result)999));
        cr_assert_str_eq(wire_result_name((enum acd_result)0), "UNKNOWN_RESULT");
        cr_assert_eq(wire_result_find(wire_text("NOTHING")), 0);
        cr_assert_str_eq(wire_reason_name((enum acd_reason)999), "UNKNOWN_REASON");
        cr_assert_gt(strlen(wire_reason_text((enum acd_reason)999)), 0);
        cr_assert_str_eq(wire_event_name((enum acd_event_kind)999), "UNKNOWN_EVENT");
        cr_assert_str_eq(wire_field_name((enum acd_field)999), "");
        cr_assert_eq(wire_role_find(wire_text("operator")), WIRE_ROLE_OPERATOR);
        cr_assert_eq(wire_role_find(wire_text("none")), 0);
        cr_assert_eq(wire_object_find(wire_text("queue")), ACD_OBJECT_QUEUE);
        cr_assert_eq(wire_object_find(wire_text("queues")), 0);
        cr_assert_str_eq(wire_presence_name((enum acd_presence)77), "unknown");
}
