/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing messages. Both halves come out of messages.def: once the table is read
 * as "so long it may get", once as "put it there". Knowing the bound first, the
 * second half writes without looking for the end; that, and no structs of
 * protobuf-c in between, makes it ten times as fast as packing was.
 *
 * Fields go in the order of their numbers, zeros and empty texts left out, what
 * is marked as given put in even if it is zero: what protobuf-c does, to the byte.
 * The length of a message inside another is only known afterwards; one byte
 * is left for it, and what is longer than 127 is moved.
 */

#include "wire/codec_write.h"

#include <string.h>

#include "base/assert.h"
#include "wire/field.h"
#include "wire/kinds.h"

enum {
        TAG_BOUND = 2, /* no number is above 2,047 */
        NUMBER_BOUND = TAG_BOUND + 10,
        FIXED_BOUND = TAG_BOUND + 8,
        LENGTH_BOUND = TAG_BOUND + 5,
};

/* The body of a field of bytes goes from @at on; its length, before it, is put by
 * end_bytes(). */
static uint8_t *begin_bytes(uint8_t *at, uint32_t number)
{
        return wire_raw_tag(at, number, WIRE_TYPE_BYTES) + 1;
}

static uint8_t *end_bytes(uint8_t *body, uint8_t *end)
{
        size_t size = (size_t)(end - body);
        size_t length_size = wire_varint_size(size);

        if (length_size > 1)
                memmove(body + length_size - 1, body, size);
        (void)wire_raw_varint(body - 1, size);
        return end + length_size - 1;
}

/* One that is given, zero or not. */
static uint8_t *put_given(uint8_t *at, uint32_t number, uint64_t value)
{
        return wire_raw_varint(wire_raw_tag(at, number, WIRE_TYPE_VARINT), value);
}

static uint8_t *put_given_bytes(uint8_t *at, uint32_t number, const void *bytes, uint32_t size)
{
        at = wire_raw_varint(wire_raw_tag(at, number, WIRE_TYPE_BYTES), size);
        if (size > 0)
                memcpy(at, bytes, size);
        return at + size;
}

static uint8_t *put_packed_fixed64(uint8_t *at, uint32_t number, const uint64_t *values,
                                   uint32_t count)
{
        uint8_t *body = begin_bytes(at, number);
        uint8_t *end = body;

        if (count == 0)
                return at;
        for (uint32_t i = 0; i < count; i++, end += sizeof(values[i]))
                acd_put_u64(end, values[i]);
        return end_bytes(body, end);
}

static uint8_t *put_packed_u32(uint8_t *at, uint32_t number, const uint32_t *values, uint32_t count)
{
        uint8_t *body = begin_bytes(at, number);
        uint8_t *end = body;

        if (count == 0)
                return at;
        for (uint32_t i = 0; i < count; i++)
                end = wire_raw_varint(end, values[i]);
        return end_bytes(body, end);
}

static uint8_t *put_packed_enum(uint8_t *at, uint32_t number, const uint8_t *values, uint32_t count)
{
        uint8_t *body = begin_bytes(at, number);
        uint8_t *end = body;

        if (count == 0)
                return at;
        for (uint32_t i = 0; i < count; i++)
                end = wire_raw_varint(end, values[i]);
        return end_bytes(body, end);
}

/* clang-format off */

#define MESSAGE(name, Type)                                             \
        static size_t name##_bound(const struct wire_##name *from)      \
        {                                                               \
                size_t bound = 0;                                       \
                (void)from;
#define END(name)     \
        return bound; \
        }
#define NONE(n)
#define U32(n, name, max)       bound += NUMBER_BOUND;
#define U64(n, name)            bound += NUMBER_BOUND;
#define F64(n, name)            bound += FIXED_BOUND;
#define S64(n, name)            bound += FIXED_BOUND;
#define BOOL(n, name)           bound += NUMBER_BOUND;
#define ENUM(n, name, type)     bound += NUMBER_BOUND;
#define TEXT(n, name, rule)     bound += LENGTH_BOUND + (size_t)from->name.size;
#define BYTES(n, name, max)     bound += LENGTH_BOUND + (size_t)from->name.size;
#define HAS_U32(n, name, max)   bound += NUMBER_BOUND;
#define HAS_U64(n, name)        bound += NUMBER_BOUND;
#define HAS_TEXT(n, name, rule) bound += LENGTH_BOUND + (size_t)from->name.size;
#define HAS_BYTES(n, name, max) bound += LENGTH_BOUND + (size_t)from->name.size;
#define SUB(n, name, message, Type) \
        if (from->has_##name)       \
                bound += LENGTH_BOUND + message##_bound(&from->name);
#define OUTCOME(n, name)        bound += LENGTH_BOUND + result_bound(&from->name);
#define REP_F64(n, name, max)   bound += LENGTH_BOUND + (size_t)from->name##_count * 8;
#define REP_U32(n, name, max)   bound += LENGTH_BOUND + (size_t)from->name##_count * 5;
#define REP_ENUM(n, name, Type, max) bound += LENGTH_BOUND + (size_t)from->name##_count * 2;
#define REP_TEXT(n, name, rule, max)                       \
        for (uint32_t i = 0; i < from->name##_count; i++)  \
                bound += LENGTH_BOUND + (size_t)from->name[i].size;
#define REP_SUB(n, name, message, Type, max)               \
        for (uint32_t i = 0; i < from->name##_count; i++)  \
                bound += LENGTH_BOUND + message##_bound(&from->name[i]);
#define CHOICE_BEGIN(name) \
        switch ((int)from->name) {
#define CHOICE(n, name, message, Type) \
        case n: bound += LENGTH_BOUND + message##_bound(&from->name); break;
#define CHOICE_END(name) default: break; }
#include "wire/messages.def"
#include "wire/undefine.h"

#define MESSAGE(name, Type)                                                        \
        static uint8_t *name##_write(const struct wire_##name *from, uint8_t *at)  \
        {                                                                          \
                (void)from;
#define END(name)  \
        return at; \
        }
#define NONE(n)
#define U32(n, name, max)       at = wire_raw_uint(at, n, from->name);
#define U64(n, name)            at = wire_raw_uint(at, n, from->name);
#define F64(n, name)            at = wire_raw_fixed64(at, n, from->name);
#define S64(n, name)            at = wire_raw_fixed64(at, n, (uint64_t)from->name);
#define BOOL(n, name)           at = wire_raw_uint(at, n, from->name);
#define ENUM(n, name, type)     at = wire_raw_uint(at, n, (uint32_t)from->name);
#define TEXT(n, name, rule)     at = wire_raw_text(at, n, from->name);
#define BYTES(n, name, max)                  \
        if (from->name.size > 0)             \
                at = put_given_bytes(at, n, from->name.at, from->name.size);
#define HAS_U32(n, name, max)                \
        if (from->has_##name)                \
                at = put_given(at, n, from->name);
#define HAS_U64(n, name) HAS_U32(n, name, 0)
#define HAS_TEXT(n, name, rule)              \
        if (from->has_##name)                \
                at = put_given_bytes(at, n, from->name.at, from->name.size);
#define HAS_BYTES(n, name, max) HAS_TEXT(n, name, 0)
#define SUB(n, name, message, Type)                                      \
        if (from->has_##name) {                                          \
                uint8_t *body = begin_bytes(at, n);                             \
                at = end_bytes(body, message##_write(&from->name, body));    \
        }
#define OUTCOME(n, name)                                                 \
        {                                                                \
                uint8_t *body = begin_bytes(at, n);                             \
                at = end_bytes(body, result_write(&from->name, body));       \
        }
#define REP_F64(n, name, max) at = put_packed_fixed64(at, n, from->name, from->name##_count);
#define REP_U32(n, name, max) at = put_packed_u32(at, n, from->name, from->name##_count);
#define REP_ENUM(n, name, Type, max) at = put_packed_enum(at, n, from->name, from->name##_count);
#define REP_TEXT(n, name, rule, max)                                     \
        for (uint32_t i = 0; i < from->name##_count; i++)                \
                at = put_given_bytes(at, n, from->name[i].at, from->name[i].size);
#define REP_SUB(n, name, message, Type, max)                             \
        for (uint32_t i = 0; i < from->name##_count; i++) {              \
                uint8_t *body = begin_bytes(at, n);                             \
                at = end_bytes(body, message##_write(&from->name[i], body)); \
        }
#define CHOICE_BEGIN(name) \
        switch ((int)from->name) {
#define CHOICE(n, name, message, Type)                                   \
        case n: {                                                        \
                uint8_t *body = begin_bytes(at, n);                             \
                at = end_bytes(body, message##_write(&from->name, body));    \
                break;                                                   \
        }
#define CHOICE_END(name) default: break; }
#include "wire/messages.def"
#include "wire/undefine.h"

/* clang-format on */

/* codec.c passes a batch of events on as it is. */
static size_t events_bound(const struct wire_events *events)
{
        (void)events;
        acd_panic(__FILE__, __LINE__, __func__, "EVENTS are not written here");
}

static uint8_t *events_write(const struct wire_events *events, uint8_t *at)
{
        (void)events;
        (void)at;
        acd_panic(__FILE__, __LINE__, __func__, "EVENTS are not written here");
}

size_t wire_write_bound(const struct wire_message *message)
{
        switch ((int)message->kind) {
#define KIND(name, number, direction, roles, member, Type, answer, text) \
        case number: \
                return member##_bound(&message->member);
#include "wire/kinds.def"
#undef KIND
        default:
                acd_panic(__FILE__, __LINE__, __func__, "no such kind");
        }
}

uint8_t *wire_write(const struct wire_message *message, uint8_t *at)
{
        switch ((int)message->kind) {
#define KIND(name, number, direction, roles, member, Type, answer, text) \
        case number: \
                return member##_write(&message->member, at);
#include "wire/kinds.def"
#undef KIND
        default:
                acd_panic(__FILE__, __LINE__, __func__, "no such kind");
        }
}
