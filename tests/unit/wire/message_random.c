/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chance is uneven on purpose: a field is left out half of the time, numbers are
 * small, at a border or anything, and texts are often of their longest size.
 * That is where codecs go wrong.
 */

#include "tests/unit/wire/message_random.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "acd/v1/agent.pb-c.h"
#include "acd/v1/common.pb-c.h"
#include "acd/v1/config.pb-c.h"
#include "acd/v1/event.pb-c.h"
#include "acd/v1/gateway.pb-c.h"
#include "acd/v1/operator.pb-c.h"
#include "acd/v1/session.pb-c.h"
#include "acd/v1/state.pb-c.h"
#include "base/assert.h"
#include "wire/kinds.h"

enum rule { RULE_ANY, RULE_NAME, RULE_LABEL, RULE_KEY, RULE_PLAIN, RULE_ADDRESS, RULE_ZONE };

struct chance {
        struct acd_prng *prng;
        struct acd_arena *arena;
};

static bool coin(struct chance *at)
{
        return acd_prng_chance(at->prng, 1, 2);
}

/* 0 to @max. */
static uint64_t number(struct chance *at, uint64_t max)
{
        switch (acd_prng_below(at->prng, 4)) {
        case 0:
                return 0;
        case 1:
                return max;
        case 2:
                return acd_prng_below(at->prng, max < 300 ? max + 1 : 300);
        default:
                return max == UINT64_MAX ? acd_prng_next(at->prng)
                                         : acd_prng_below(at->prng, max + 1);
        }
}

static void *room(struct chance *at, size_t count, size_t size)
{
        void *memory = acd_arena_alloc_array(at->arena, count, size, alignof(max_align_t));

        ACD_ASSERT(memory != NULL);
        return memory;
}

static struct acd_text text(struct chance *at, enum rule rule)
{
        static const uint32_t sizes[] = {
                [RULE_ANY] = 200,  [RULE_NAME] = 63,     [RULE_LABEL] = 31, [RULE_KEY] = 64,
                [RULE_PLAIN] = 63, [RULE_ADDRESS] = 127, [RULE_ZONE] = 63
        };
        static const char alphabet[] = "abcXYZ019._:-";
        uint32_t size = (uint32_t)number(at, sizes[rule]);
        char *bytes = room(at, size, 1);
        bool is_wide = rule == RULE_ANY || rule == RULE_KEY || rule == RULE_ADDRESS;

        for (uint32_t i = 0; i < size; i++)
                bytes[i] = alphabet[acd_prng_below(at->prng, sizeof(alphabet) - 1)];
        /* Two bytes of UTF-8, where free text is allowed. */
        if (is_wide && size >= 2 && coin(at))
                memcpy(bytes + acd_prng_below(at->prng, size - 1), "\xc3\xbc", 2);
        return (struct acd_text){ bytes, size };
}

static struct acd_bytes bytes(struct chance *at, uint64_t max)
{
        uint32_t size = (uint32_t)number(at, max < 4096 ? max : 4096);
        uint8_t *memory = room(at, size, 1);

        for (uint32_t i = 0; i < size; i++)
                memory[i] = (uint8_t)acd_prng_next(at->prng);
        return (struct acd_bytes){ memory, size };
}

/* A value that the enum of field @n has, small enough for a byte. */
static int enum_value(struct chance *at, const ProtobufCMessageDescriptor *descriptor, unsigned n)
{
        const ProtobufCFieldDescriptor *field =
                protobuf_c_message_descriptor_get_field(descriptor, n);
        const ProtobufCEnumDescriptor *values = field->descriptor;

        return values->values[acd_prng_below(at->prng, values->n_values)].value;
}

static uint32_t count_of(struct chance *at, uint64_t max)
{
        return coin(at) ? 0 : (uint32_t)acd_prng_below(at->prng, (max < 6 ? max : 6) + 1);
}

/* clang-format off */

#define MESSAGE(name, Type)                                                          \
        static void name##_random(struct chance *at, struct wire_##name *to)         \
        {                                                                            \
                const ProtobufCMessageDescriptor *of = &acd__v1__##name##__descriptor; \
                (void)of; (void)at;                                                  \
                memset(to, 0, sizeof(*to));
#define END(name) }
#define NONE(n)
#define U32(n, name, max) to->name = (uint32_t)number(at, (max));
#define U64(n, name) to->name = number(at, UINT64_MAX);
#define F64(n, name) to->name = number(at, UINT64_MAX);
#define S64(n, name) to->name = (int64_t)number(at, UINT64_MAX);
#define BOOL(n, name) to->name = coin(at);
#define ENUM(n, name, type) to->name = (type)enum_value(at, of, n);
#define TEXT(n, name, rule) to->name = text(at, RULE_##rule);
#define BYTES(n, name, max) to->name = bytes(at, (max));
#define HAS_U32(n, name, max) if (coin(at)) { to->has_##name = true; U32(n, name, max) }
#define HAS_U64(n, name) if (coin(at)) { to->has_##name = true; U64(n, name) }
#define HAS_TEXT(n, name, rule) if (coin(at)) { to->has_##name = true; TEXT(n, name, rule) }
#define HAS_BYTES(n, name, max) if (coin(at)) { to->has_##name = true; BYTES(n, name, max) }
#define SUB(n, name, message, Type) \
        if (coin(at)) { to->has_##name = true; message##_random(at, &to->name); }
#define OUTCOME(n, name) result_random(at, &to->name);
#define REP_NUMBER(n, name, max, type, value)                               \
        {                                                                   \
                type *items;                                                \
                to->name##_count = count_of(at, (max));                     \
                items = room(at, to->name##_count, sizeof(type));           \
                for (uint32_t i = 0; i < to->name##_count; i++)             \
                        items[i] = value;                                   \
                to->name = items;                                           \
        }
#define REP_F64(n, name, max) REP_NUMBER(n, name, max, uint64_t, number(at, UINT64_MAX))
#define REP_U32(n, name, max) \
        REP_NUMBER(n, name, max, uint32_t, (uint32_t)number(at, UINT32_MAX))
#define REP_ENUM(n, name, Type, max) \
        REP_NUMBER(n, name, max, uint8_t, (uint8_t)enum_value(at, of, n))
#define REP_TEXT(n, name, rule, max) \
        REP_NUMBER(n, name, max, struct acd_text, text(at, RULE_##rule))
#define REP_SUB(n, name, message, Type, max)                                \
        {                                                                   \
                struct wire_##message *items;                               \
                to->name##_count = count_of(at, (max));                     \
                items = room(at, to->name##_count, sizeof(*items));         \
                for (uint32_t i = 0; i < to->name##_count; i++)             \
                        message##_random(at, &items[i]);                    \
                to->name = items;                                           \
        }
#define CHOICE_BEGIN(name)                                                  \
        to->name = (enum wire_##name)acd_prng_below(at->prng, 9);           \
        switch ((int)to->name) {
#define CHOICE(n, name, message, Type) case n: message##_random(at, &to->name); break;
#define CHOICE_END(name) default: break; }
#include "wire/messages.def"
#include "wire/event.def"
#include "wire/undefine.h"

/* Equality. */

static bool is_same(const void *left, const void *right, size_t size)
{
        return size == 0 || memcmp(left, right, size) == 0;
}

#define MESSAGE(name, Type)                                                           \
        static bool name##_is_equal(const struct wire_##name *left,                   \
                                    const struct wire_##name *right)                  \
        {                                                                             \
                (void)left; (void)right;
#define END(name) return true; }
#define NONE(n)
#define U32(n, name, max) if (left->name != right->name) return false;
#define U64(n, name) U32(n, name, 0)
#define F64(n, name) U32(n, name, 0)
#define S64(n, name) U32(n, name, 0)
#define BOOL(n, name) U32(n, name, 0)
#define ENUM(n, name, type) U32(n, name, 0)
#define TEXT(n, name, rule)                                                           \
        if (left->name.size != right->name.size ||                                    \
            !is_same(left->name.at, right->name.at, left->name.size))                 \
                return false;
#define BYTES(n, name, max) TEXT(n, name, 0)
#define HAS_U32(n, name, max)                                                         \
        if (left->has_##name != right->has_##name)                                    \
                return false;                                                         \
        U32(n, name, 0)
#define HAS_U64(n, name) HAS_U32(n, name, 0)
#define HAS_TEXT(n, name, rule)                                                       \
        if (left->has_##name != right->has_##name)                                    \
                return false;                                                         \
        TEXT(n, name, 0)
#define HAS_BYTES(n, name, max) HAS_TEXT(n, name, 0)
#define SUB(n, name, message, Type)                                                   \
        if (left->has_##name != right->has_##name ||                                  \
            !message##_is_equal(&left->name, &right->name))                           \
                return false;
#define OUTCOME(n, name) if (!result_is_equal(&left->name, &right->name)) return false;
#define REP_F64(n, name, max)                                                         \
        if (left->name##_count != right->name##_count ||                              \
            !is_same(left->name, right->name, left->name##_count * sizeof(*left->name))) \
                return false;
#define REP_U32(n, name, max) REP_F64(n, name, max)
#define REP_ENUM(n, name, Type, max) REP_F64(n, name, max)
#define REP_TEXT(n, name, rule, max)                                                  \
        if (left->name##_count != right->name##_count)                                \
                return false;                                                         \
        for (uint32_t i = 0; i < left->name##_count; i++) {                           \
                TEXT(n, name[i], 0)                                                   \
        }
#define REP_SUB(n, name, message, Type, max)                                          \
        if (left->name##_count != right->name##_count)                                \
                return false;                                                         \
        for (uint32_t i = 0; i < left->name##_count; i++)                             \
                if (!message##_is_equal(&left->name[i], &right->name[i]))             \
                        return false;
#define CHOICE_BEGIN(name)                                                            \
        if (left->name != right->name)                                                \
                return false;                                                         \
        switch ((int)left->name) {
#define CHOICE(n, name, message, Type)                                                \
        case n: return message##_is_equal(&left->name, &right->name);
#define CHOICE_END(name) default: break; }
#include "wire/messages.def"
#include "wire/event.def"
#include "wire/undefine.h"

static void events_random(struct chance *at, struct wire_events *to)
{
        *to = (struct wire_events){
                .server_time_ns = number(at, UINT64_MAX),
                .subscription = (uint32_t)number(at, UINT32_MAX),
                .resync = coin(at),
                .last_sequence = number(at, UINT64_MAX),
                .batch = bytes(at, 4096),
        };
}

static bool events_is_equal(const struct wire_events *left, const struct wire_events *right)
{
        return left->server_time_ns == right->server_time_ns &&
               left->subscription == right->subscription && left->resync == right->resync &&
               left->last_sequence == right->last_sequence &&
               left->batch.size == right->batch.size &&
               is_same(left->batch.at, right->batch.at, left->batch.size);
}

void message_random(struct acd_prng *prng, struct acd_arena *arena, uint16_t kind,
                    struct wire_message *ret_message)
{
        struct chance at = { prng, arena };

        memset(ret_message, 0, sizeof(*ret_message));
        ret_message->kind = kind;
        ret_message->correlation = (uint32_t)number(&at, UINT32_MAX);
        ret_message->session = (uint32_t)number(&at, UINT32_MAX);
        switch ((int)kind) {
#define KIND(name, number, direction, roles, member, Type, answer, text) \
        case WIRE_##name: member##_random(&at, &ret_message->member); return;
#include "wire/kinds.def"
#undef KIND
        default:
                ACD_ASSERT(kind == 0);
        }
}

bool message_is_equal(const struct wire_message *left, const struct wire_message *right)
{
        if (left->kind != right->kind || left->correlation != right->correlation ||
            left->session != right->session)
                return false;
        switch ((int)left->kind) {
#define KIND(name, number, direction, roles, member, Type, answer, text) \
        case WIRE_##name: return member##_is_equal(&left->member, &right->member);
#include "wire/kinds.def"
#undef KIND
        default:
                return false;
        }
}

/* clang-format on */

/* One of a few objects of the kind, or none: its id; its name follows from it. */
static uint64_t referred(struct chance *at, struct acd_text *ret_name)
{
        static const char letters[] = "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
                                      "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn";
        uint64_t which = acd_prng_below(at->prng, 20);

        *ret_name = (struct acd_text){ which == 0 ? NULL : letters,
                                       which == 0 ? 0 : (uint32_t)(which * 3 + 3) };
        return which == 0 ? 0 : which << 28 | 1;
}

void message_random_event(struct acd_prng *prng, struct acd_arena *arena,
                          struct wire_event *ret_event)
{
        struct chance at = { prng, arena };

        event_random(&at, ret_event);
        /* Numbers and texts as large as the core makes them; names go with ids. */
        ret_event->reason = (enum acd_reason)((uint32_t)ret_event->reason & UINT16_MAX);
        ret_event->state &= UINT8_MAX;
        ret_event->band &= UINT8_MAX;
        ret_event->tier &= UINT8_MAX;
        ret_event->label = text(&at, RULE_LABEL);
        ret_event->client_key = text(&at, RULE_KEY);
        ret_event->name = text(&at, RULE_NAME);
        ret_event->agent_id = referred(&at, &ret_event->agent);
        ret_event->queue_id = referred(&at, &ret_event->queue);
        ret_event->channel_id = referred(&at, &ret_event->channel);
        ret_event->gateway_id = referred(&at, &ret_event->gateway);
}

bool message_is_equal_event(const struct wire_event *left, const struct wire_event *right)
{
        return event_is_equal(left, right);
}
