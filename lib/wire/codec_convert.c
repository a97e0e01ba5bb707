/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the structs that protoc-c made to our plain ones: every message out of
 * messages.def, the table read as "copy this field there". Field names and types
 * are compared by the compiler, since each copy names both sides. The other way
 * goes without protobuf-c (codec_write.c).
 *
 * Arrays that have to be made are taken from the caller's arena; nothing is
 * freed one by one. Text and bytes are lent, not copied.
 *
 * The functions take void pointers so that a table can hold them all; inside,
 * the first line of each says what they are.
 */

#include "wire/codec_convert.h"

#include <stdalign.h>
#include <string.h>

#include "acd/v1/agent.pb-c.h"
#include "acd/v1/common.pb-c.h"
#include "acd/v1/config.pb-c.h"
#include "acd/v1/gateway.pb-c.h"
#include "acd/v1/operator.pb-c.h"
#include "acd/v1/session.pb-c.h"
#include "acd/v1/state.pb-c.h"
#include "wire/kinds.h"

static struct acd_text text_from(const char *from)
{
        return (struct acd_text){ .at = from, .size = (uint32_t)strlen(from) };
}

static struct acd_bytes bytes_from(ProtobufCBinaryData from)
{
        return (struct acd_bytes){ .at = from.data, .size = (uint32_t)from.len };
}

static const struct acd_text *texts_from(char **from, size_t count, struct acd_arena *arena)
{
        struct acd_text *texts =
                acd_arena_alloc_array(arena, count, sizeof(*texts), alignof(struct acd_text));

        if (texts != NULL)
                for (size_t i = 0; i < count; i++)
                        texts[i] = text_from(from[i]);
        return texts;
}

/* Ours are bytes, protobuf-c's are ints. */
static const uint8_t *enums_from(const void *from, size_t count, struct acd_arena *arena)
{
        const int32_t *numbers = from;
        uint8_t *bytes = acd_arena_alloc(arena, count, 1);

        if (bytes != NULL)
                for (size_t i = 0; i < count; i++)
                        bytes[i] = numbers[i] >= 0 && numbers[i] <= UINT8_MAX ? (uint8_t)numbers[i]
                                                                              : 0;
        return bytes;
}

static void *subs_from(void *from, size_t to_size, size_t count, const struct wire_body *body,
                       struct acd_arena *arena)
{
        void **subs = from;
        char *messages = acd_arena_alloc_array(arena, count, to_size, alignof(uint64_t));

        if (messages == NULL)
                return NULL;
        for (size_t i = 0; i < count; i++)
                if (!body->from(subs[i], messages + i * to_size, arena))
                        return NULL;
        return messages;
}

/* clang-format off */

/* One body per message, so that a message can name those inside it. */
#define MESSAGE(name, Type)                                                              \
        static bool name##_from(const void *from_, void *to_, struct acd_arena *arena);  \
        static const struct wire_body name##_body = { &acd__v1__##name##__descriptor,    \
                                                      name##_from };
#define END(name)
#define NONE(n)
#define U32(n, name, max)
#define U64(n, name)
#define F64(n, name)
#define S64(n, name)
#define BOOL(n, name)
#define ENUM(n, name, type)
#define TEXT(n, name, rule)
#define BYTES(n, name, max)
#define HAS_U32(n, name, max)
#define HAS_U64(n, name)
#define HAS_TEXT(n, name, rule)
#define HAS_BYTES(n, name, max)
#define SUB(n, name, message, Type)
#define OUTCOME(n, name)
#define REP_F64(n, name, max)
#define REP_U32(n, name, max)
#define REP_ENUM(n, name, Type, max)
#define REP_TEXT(n, name, rule, max)
#define REP_SUB(n, name, message, Type, max)
#define CHOICE_BEGIN(name)
#define CHOICE(n, name, message, Type)
#define CHOICE_END(name)
#include "wire/messages.def"
#include "wire/undefine.h"

/* From protobuf-c. */
#define MESSAGE(name, Type)                                                            \
        static bool name##_from(const void *from_, void *to_, struct acd_arena *arena) \
        {                                                                              \
                const Acd__V1__##Type *from = from_;                                   \
                struct wire_##name *to = to_;                                          \
                (void)from;                                                            \
                (void)arena;                                                           \
                memset(to, 0, sizeof(*to));
#define END(name)    \
        return true; \
        }
#define NONE(n)
#define U32(n, name, max)   to->name = from->name;
#define U64(n, name)        to->name = from->name;
#define F64(n, name)        to->name = from->name;
#define S64(n, name)        to->name = from->name;
#define BOOL(n, name)       to->name = from->name != 0;
#define ENUM(n, name, type) to->name = (type)(int)from->name;
#define TEXT(n, name, rule) to->name = text_from(from->name);
#define BYTES(n, name, max) to->name = bytes_from(from->name);
#define HAS_U32(n, name, max)                           \
        if ((int)from->has_##name##_case == (n)) {      \
                to->has_##name = true;                  \
                to->name = from->name;                  \
        }
#define HAS_U64(n, name) HAS_U32(n, name, UINT64_MAX)
#define HAS_TEXT(n, name, rule)                         \
        if ((int)from->has_##name##_case == (n)) {      \
                to->has_##name = true;                  \
                to->name = text_from(from->name);       \
        }
#define HAS_BYTES(n, name, max)                         \
        if ((int)from->has_##name##_case == (n)) {      \
                to->has_##name = true;                  \
                to->name = bytes_from(from->name);      \
        }
#define SUB(n, name, message, Type)                                   \
        if (from->name != NULL) {                                     \
                to->has_##name = true;                                \
                if (!message##_from(from->name, &to->name, arena))    \
                        return false;                                 \
        }
#define OUTCOME(n, name)                                                             \
        if (from->name != NULL && !result_from(from->name, &to->name, arena))        \
                return false;
#define REP_F64(n, name, max)                            \
        to->name##_count = (uint32_t)from->n_##name;     \
        to->name = from->name;
#define REP_U32(n, name, max) REP_F64(n, name, max)
#define REP_ENUM(n, name, Type, max)                                    \
        to->name##_count = (uint32_t)from->n_##name;                    \
        to->name = enums_from(from->name, from->n_##name, arena);       \
        if (to->name == NULL)                                           \
                return false;
#define REP_TEXT(n, name, rule, max)                                    \
        to->name##_count = (uint32_t)from->n_##name;                    \
        to->name = texts_from(from->name, from->n_##name, arena);       \
        if (to->name == NULL)                                           \
                return false;
#define REP_SUB(n, name, message, Type, max)                                               \
        to->name##_count = (uint32_t)from->n_##name;                                       \
        to->name = subs_from(from->name, sizeof(*to->name), from->n_##name,                \
                             &message##_body, arena);                                      \
        if (to->name == NULL)                                                              \
                return false;
#define CHOICE_BEGIN(name)                               \
        to->name = (enum wire_##name)(int)from->name##_case; \
        switch ((int)from->name##_case) {
#define CHOICE(n, name, message, Type)                                \
        case n:                                                       \
                if (!message##_from(from->name, &to->name, arena))    \
                        return false;                                 \
                break;
#define CHOICE_END(name) \
        default:         \
                break;   \
                }
#include "wire/messages.def"
#include "wire/undefine.h"

/* clang-format on */

/* The batch in an EVENTS push stays as it is: events.h. */
static const struct wire_body events_body = { NULL, NULL };

const struct wire_body *wire_body_of(uint16_t kind)
{
        static const struct wire_body *const bodies[WIRE_KIND_MAX + 1] = {
#define KIND(name, number, direction, roles, member, Type, answer, text) [number] = &member##_body,
#include "wire/kinds.def"
#undef KIND
        };

        if (kind > WIRE_KIND_MAX || bodies[kind] == NULL || bodies[kind]->descriptor == NULL)
                return NULL;
        return bodies[kind];
}
