/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * field.h - protobuf's bytes: a tag (number and wire type) and a value, again
 * and again. What the hand-written coders and the scan have in common.
 * For lib/wire, and for whoever wants a field or two of a message that has no struct here.
 *
 *   Failure    Writing: a writer that is full stays full and says so at the end.
 *              Reading: false for bytes that are no field.
 *   Cost       O(bytes).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "acd/types.h"
#include "base/bytes.h"

/* protobuf's wire types; 3 and 4 (groups), 6 and 7 are refused. */
enum wire_type {
        WIRE_TYPE_VARINT = 0,
        WIRE_TYPE_FIXED64 = 1,
        WIRE_TYPE_BYTES = 2,
        WIRE_TYPE_FIXED32 = 5,
};

struct wire_writer {
        uint8_t *at;
        const uint8_t *end;
        bool is_full; /* something did not fit: what was written is of no use */
};

static inline size_t wire_varint_size(uint64_t value)
{
        size_t size = 1;

        for (; value >= 0x80; value >>= 7)
                size++;
        return size;
}

static inline bool wire_has_room(struct wire_writer *writer, size_t size)
{
        if ((size_t)(writer->end - writer->at) >= size && !writer->is_full)
                return true;
        writer->is_full = true;
        return false;
}

static inline void wire_put_varint(struct wire_writer *writer, uint64_t value)
{
        if (!wire_has_room(writer, wire_varint_size(value)))
                return;
        for (; value >= 0x80; value >>= 7)
                *writer->at++ = (uint8_t)(value | 0x80);
        *writer->at++ = (uint8_t)value;
}

static inline void wire_put_tag(struct wire_writer *writer, uint32_t number, enum wire_type type)
{
        wire_put_varint(writer, (uint64_t)number << 3 | type);
}

/* The next ones leave out zeros and empty strings, as proto3 does. */
static inline void wire_put_uint(struct wire_writer *writer, uint32_t number, uint64_t value)
{
        if (value == 0)
                return;
        wire_put_tag(writer, number, WIRE_TYPE_VARINT);
        wire_put_varint(writer, value);
}

static inline void wire_put_fixed64(struct wire_writer *writer, uint32_t number, uint64_t value)
{
        if (value == 0)
                return;
        wire_put_tag(writer, number, WIRE_TYPE_FIXED64);
        if (!wire_has_room(writer, sizeof(value)))
                return;
        acd_put_u64(writer->at, value);
        writer->at += sizeof(value);
}

static inline void wire_put_bytes(struct wire_writer *writer, uint32_t number, const void *bytes,
                                  uint32_t size)
{
        if (size == 0)
                return;
        wire_put_tag(writer, number, WIRE_TYPE_BYTES);
        wire_put_varint(writer, size);
        if (!wire_has_room(writer, size))
                return;
        memcpy(writer->at, bytes, size);
        writer->at += size;
}

static inline void wire_put_text(struct wire_writer *writer, uint32_t number, struct acd_text text)
{
        wire_put_bytes(writer, number, text.at, text.size);
}

/* The next ones write where the caller knows that there is room; they return the end. The
 * number is a constant, hence so is the tag, if only they are inlined: they are small, and
 * the compiler thinks that they are many. */
#define WIRE_INLINE static inline __attribute__((always_inline))

WIRE_INLINE uint8_t *wire_raw_varint(uint8_t *at, uint64_t value)
{
        for (; value >= 0x80; value >>= 7)
                *at++ = (uint8_t)(value | 0x80);
        *at++ = (uint8_t)value;
        return at;
}

WIRE_INLINE uint8_t *wire_raw_tag(uint8_t *at, uint32_t number, enum wire_type type)
{
        uint32_t tag = number << 3 | type;

        if (tag >= 0x80) {
                *at++ = (uint8_t)(tag | 0x80);
                tag >>= 7;
        }
        *at++ = (uint8_t)tag;
        return at;
}

/* The next two write first and then look whether there was something to write: nobody can tell a
 * field that is left out from one that the next one overwrites, and a branch on data is dearer. */
WIRE_INLINE uint8_t *wire_raw_uint(uint8_t *at, uint32_t number, uint64_t value)
{
        uint8_t *body = wire_raw_tag(at, number, WIRE_TYPE_VARINT);

        if (value >= 0x80)
                return wire_raw_varint(body, value);
        *body = (uint8_t)value;
        return value == 0 ? at : body + 1;
}

WIRE_INLINE uint8_t *wire_raw_fixed64(uint8_t *at, uint32_t number, uint64_t value)
{
        uint8_t *body = wire_raw_tag(at, number, WIRE_TYPE_FIXED64);

        acd_put_u64(body, value);
        return value == 0 ? at : body + sizeof(value);
}

WIRE_INLINE uint8_t *wire_raw_text(uint8_t *at, uint32_t number, struct acd_text text)
{
        if (text.size == 0)
                return at;
        at = wire_raw_varint(wire_raw_tag(at, number, WIRE_TYPE_BYTES), text.size);
        acd_copy_short(at, text.at, text.size);
        return at + text.size;
}

/* A field as it is read. */
struct wire_field {
        uint32_t number;        /* 1 to 2^29 - 1 */
        uint8_t type;           /* enum wire_type */
        uint64_t value;         /* VARINT, FIXED64, FIXED32 */
        struct acd_bytes bytes; /* BYTES */
};

struct wire_reader {
        const uint8_t *at;
        const uint8_t *end;
};

/* A reader of all of @bytes, which may be no bytes at NULL. */
static inline struct wire_reader wire_reader_of(struct acd_bytes bytes)
{
        if (bytes.size == 0)
                return (struct wire_reader){ NULL, NULL };
        return (struct wire_reader){ bytes.at, bytes.at + bytes.size };
}

/* Of more than one byte. Numbers of more than 64 bits and of more than ten bytes are refused. */
bool wire_read_long_varint(struct wire_reader *reader, uint64_t *ret_value)
        __attribute__((warn_unused_result));

/* Most numbers, all tags of hot messages and most lengths are one byte. */
static inline bool wire_read_varint(struct wire_reader *reader, uint64_t *ret_value)
{
        if (reader->at == reader->end)
                return false;
        if (*reader->at >= 0x80)
                return wire_read_long_varint(reader, ret_value);
        *ret_value = *reader->at++;
        return true;
}

/* The next field. The reader must not be at its end. */
bool wire_read_field(struct wire_reader *reader, struct wire_field *ret_field)
        __attribute__((warn_unused_result));
