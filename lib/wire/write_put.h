/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * write_put.h - bodies of messages as bytes, inline: wire_bound_offer() says how long an OFFER's
 * body may get, wire_write_offer() writes it, and so on for each entry of messages.def and
 * redis.def.
 *
 * Both halves come out of the table: once it is read
 * as "so long it may get", once as "put it there". Knowing the bound first, the
 * second half writes without looking for the end; that, and no structs of
 * protobuf-c in between, makes it ten times as fast as packing was. Who
 * includes this has a message in his hands whose fields are mostly constants: inlined, what
 * is never set costs nothing, and the struct need not be in memory. codec_write.c is for
 * everybody else.
 *
 * Fields go in the order of their numbers, zeros and empty texts left out, what
 * is marked as given put in even if it is zero: what protobuf-c does, to the byte.
 * The length of a message inside another is only known afterwards; one byte
 * is left for it, and what is longer than 127 is moved.
 *
 *   Failure    Nothing fails: the caller has asked for room first.
 *   Cost       O(bytes); the bound is O(fields).
 */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "wire/field.h"
#include "wire/frame.h"
#include "wire/message.h"

enum {
        WIRE_TAG_BOUND = 2, /* no number is above 2,047 */
        WIRE_NUMBER_BOUND = WIRE_TAG_BOUND + 10,
        WIRE_FIXED_BOUND = WIRE_TAG_BOUND + 8,
        WIRE_LENGTH_BOUND = WIRE_TAG_BOUND + 5,
};

/* The body of a field of bytes goes from @at on; its length, before it, is put by
 * wire_end_bytes(). */
WIRE_INLINE uint8_t *wire_begin_bytes(uint8_t *at, uint32_t number)
{
        return wire_raw_tag(at, number, WIRE_TYPE_BYTES) + 1;
}

WIRE_INLINE uint8_t *wire_end_bytes(uint8_t *body, uint8_t *end)
{
        size_t size = (size_t)(end - body);
        size_t length_size = wire_varint_size(size);

        if (length_size > 1)
                memmove(body + length_size - 1, body, size);
        (void)wire_raw_varint(body - 1, size);
        return end + length_size - 1;
}

/* One that is given, zero or not. */
WIRE_INLINE uint8_t *wire_raw_given(uint8_t *at, uint32_t number, uint64_t value)
{
        return wire_raw_varint(wire_raw_tag(at, number, WIRE_TYPE_VARINT), value);
}

WIRE_INLINE uint8_t *wire_raw_given_bytes(uint8_t *at, uint32_t number, const void *bytes,
                                          uint32_t size)
{
        at = wire_raw_varint(wire_raw_tag(at, number, WIRE_TYPE_BYTES), size);
        if (size > 0)
                acd_copy_short(at, bytes, size);
        return at + size;
}

WIRE_INLINE uint8_t *wire_raw_packed_fixed64(uint8_t *at, uint32_t number, const uint64_t *values,
                                             uint32_t count)
{
        uint8_t *body = wire_begin_bytes(at, number);
        uint8_t *end = body;

        if (count == 0)
                return at;
        for (uint32_t i = 0; i < count; i++, end += sizeof(values[i]))
                acd_put_u64(end, values[i]);
        return wire_end_bytes(body, end);
}

WIRE_INLINE uint8_t *wire_raw_packed_u32(uint8_t *at, uint32_t number, const uint32_t *values,
                                         uint32_t count)
{
        uint8_t *body = wire_begin_bytes(at, number);
        uint8_t *end = body;

        if (count == 0)
                return at;
        for (uint32_t i = 0; i < count; i++)
                end = wire_raw_varint(end, values[i]);
        return wire_end_bytes(body, end);
}

WIRE_INLINE uint8_t *wire_raw_packed_enum(uint8_t *at, uint32_t number, const uint8_t *values,
                                          uint32_t count)
{
        uint8_t *body = wire_begin_bytes(at, number);
        uint8_t *end = body;

        if (count == 0)
                return at;
        for (uint32_t i = 0; i < count; i++)
                end = wire_raw_varint(end, values[i]);
        return wire_end_bytes(body, end);
}

/* clang-format off */

#define MESSAGE(name, Type)                                             \
        WIRE_INLINE size_t wire_bound_##name(const struct wire_##name *from)     \
        {                                                               \
                size_t bound = 0;                                       \
                (void)from;
#define END(name)     \
        return bound; \
        }
#define NONE(n)
#define U32(n, name, max)       bound += WIRE_NUMBER_BOUND;
#define U64(n, name)            bound += WIRE_NUMBER_BOUND;
#define F64(n, name)            bound += WIRE_FIXED_BOUND;
#define S64(n, name)            bound += WIRE_FIXED_BOUND;
#define BOOL(n, name)           bound += WIRE_NUMBER_BOUND;
#define ENUM(n, name, type)     bound += WIRE_NUMBER_BOUND;
#define TEXT(n, name, rule)     bound += WIRE_LENGTH_BOUND + (size_t)from->name.size;
#define BYTES(n, name, max)     bound += WIRE_LENGTH_BOUND + (size_t)from->name.size;
#define HAS_U32(n, name, max)   bound += WIRE_NUMBER_BOUND;
#define HAS_U64(n, name)        bound += WIRE_NUMBER_BOUND;
#define HAS_TEXT(n, name, rule) bound += WIRE_LENGTH_BOUND + (size_t)from->name.size;
#define HAS_BYTES(n, name, max) bound += WIRE_LENGTH_BOUND + (size_t)from->name.size;
#define SUB(n, name, message, Type) \
        if (from->has_##name)       \
                bound += WIRE_LENGTH_BOUND + wire_bound_##message(&from->name);
#define OUTCOME(n, name)        bound += WIRE_LENGTH_BOUND + wire_bound_result(&from->name);
#define REP_F64(n, name, max)   bound += WIRE_LENGTH_BOUND + (size_t)from->name##_count * 8;
#define REP_U32(n, name, max)   bound += WIRE_LENGTH_BOUND + (size_t)from->name##_count * 5;
#define REP_ENUM(n, name, Type, max) bound += WIRE_LENGTH_BOUND + (size_t)from->name##_count * 2;
#define REP_TEXT(n, name, rule, max)                       \
        for (uint32_t i = 0; i < from->name##_count; i++)  \
                bound += WIRE_LENGTH_BOUND + (size_t)from->name[i].size;
#define REP_SUB(n, name, message, Type, max)               \
        for (uint32_t i = 0; i < from->name##_count; i++)  \
                bound += WIRE_LENGTH_BOUND + wire_bound_##message(&from->name[i]);
#define CHOICE_BEGIN(name) \
        switch ((int)from->name) {
#define CHOICE(n, name, message, Type) \
        case n: bound += WIRE_LENGTH_BOUND + wire_bound_##message(&from->name); break;
#define CHOICE_END(name) default: break; }
#include "wire/messages.def"
#include "wire/redis.def"
#include "wire/undefine.h"

#define MESSAGE(name, Type)                                                        \
        WIRE_INLINE uint8_t *wire_write_##name(const struct wire_##name *from, uint8_t *at) \
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
                at = wire_raw_given_bytes(at, n, from->name.at, from->name.size);
#define HAS_U32(n, name, max)                \
        if (from->has_##name)                \
                at = wire_raw_given(at, n, from->name);
#define HAS_U64(n, name) HAS_U32(n, name, 0)
#define HAS_TEXT(n, name, rule)              \
        if (from->has_##name)                \
                at = wire_raw_given_bytes(at, n, from->name.at, from->name.size);
#define HAS_BYTES(n, name, max) HAS_TEXT(n, name, 0)
#define SUB(n, name, message, Type)                                      \
        if (from->has_##name) {                                          \
                uint8_t *body = wire_begin_bytes(at, n);                             \
                at = wire_end_bytes(body, wire_write_##message(&from->name, body));    \
        }
#define OUTCOME(n, name)                                                 \
        {                                                                \
                uint8_t *body = wire_begin_bytes(at, n);                             \
                at = wire_end_bytes(body, wire_write_result(&from->name, body));       \
        }
#define REP_F64(n, name, max) at = wire_raw_packed_fixed64(at, n, from->name, from->name##_count);
#define REP_U32(n, name, max) at = wire_raw_packed_u32(at, n, from->name, from->name##_count);
#define REP_ENUM(n, name, Type, max) \
        at = wire_raw_packed_enum(at, n, from->name, from->name##_count);
#define REP_TEXT(n, name, rule, max)                                     \
        for (uint32_t i = 0; i < from->name##_count; i++)                \
                at = wire_raw_given_bytes(at, n, from->name[i].at, from->name[i].size);
#define REP_SUB(n, name, message, Type, max)                             \
        for (uint32_t i = 0; i < from->name##_count; i++) {              \
                uint8_t *body = wire_begin_bytes(at, n);                             \
                at = wire_end_bytes(body, wire_write_##message(&from->name[i], body)); \
        }
#define CHOICE_BEGIN(name) \
        switch ((int)from->name) {
#define CHOICE(n, name, message, Type)                                   \
        case n: {                                                        \
                uint8_t *body = wire_begin_bytes(at, n);                             \
                at = wire_end_bytes(body, wire_write_##message(&from->name, body));    \
                break;                                                   \
        }
#define CHOICE_END(name) default: break; }
#include "wire/messages.def"
#include "wire/redis.def"
#include "wire/undefine.h"

/* clang-format on */

/* What was written from @at + WIRE_HEADER_SIZE to @end becomes the frame with @frame's header.
 * Returns its size. */
WIRE_INLINE size_t wire_put_header(uint8_t *at, const uint8_t *end, struct wire_frame frame)
{
        frame.body_size = (uint32_t)(end - at) - WIRE_HEADER_SIZE;
        wire_frame_encode(&frame, at);
        return (size_t)(end - at);
}
