/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A walk over the tags of a message, with protobuf-c's own description of the
 * type at hand, before it is unpacked. protobuf-c trusts more than we do: it
 * does not look at UTF-8, cuts a string at a zero byte, keeps unknown fields,
 * and lets a small frame become many allocations. After this walk we know
 *
 *   - every tag and length is sound, in nested messages too;
 *   - every known field has the wire type that the schema gives it;
 *   - a field that is not repeated comes once, and one member of a oneof;
 *   - strings are UTF-8 without zero bytes;
 *   - 32-bit numbers have 32 bits; in requests, enum values exist;
 *   - the number of fields is bounded.
 *
 * Unknown fields pass: a newer client may say more than we understand. The
 * depth is bounded by the schema, which has no recursive message.
 */

#include "wire/codec_scan.h"

#include "base/assert.h"

struct scan {
        struct wire_refusal *refusal;
        uint32_t field_count;
        bool is_strict;
};

static const char *const text_type = "the field has another wire type";
static const char *const text_twice = "the field is given twice";
static const char *const text_utf8 = "text is UTF-8 without zero bytes";
static const char *const text_broken = "the bytes are not a message of this kind";

static bool is_varint_type(ProtobufCType type)
{
        return type == PROTOBUF_C_TYPE_UINT32 || type == PROTOBUF_C_TYPE_UINT64 ||
               type == PROTOBUF_C_TYPE_BOOL || type == PROTOBUF_C_TYPE_ENUM;
}

static bool is_fixed64_type(ProtobufCType type)
{
        return type == PROTOBUF_C_TYPE_FIXED64 || type == PROTOBUF_C_TYPE_SFIXED64;
}

/* The schema uses no other types; a test says so. */
static uint8_t wire_type_of(ProtobufCType type)
{
        if (is_varint_type(type))
                return WIRE_TYPE_VARINT;
        if (is_fixed64_type(type))
                return WIRE_TYPE_FIXED64;
        return WIRE_TYPE_BYTES;
}

static bool scan_number(struct scan *scan, const ProtobufCFieldDescriptor *known, uint64_t value,
                        const struct wire_path *path)
{
        if (known->type == PROTOBUF_C_TYPE_UINT32 && value > UINT32_MAX)
                return wire_refuse_limit(scan->refusal, ACD_INVALID, path, known->name, UINT32_MAX);
        if (known->type != PROTOBUF_C_TYPE_ENUM)
                return true;
        if (value > INT32_MAX)
                return wire_refuse_field(scan->refusal, ACD_INVALID, path, known->name, NULL);
        if (scan->is_strict &&
            protobuf_c_enum_descriptor_get_value(known->descriptor, (int)value) == NULL)
                return wire_refuse_field(scan->refusal, ACD_INVALID, path, known->name, NULL);
        return true;
}

/* Several numbers in one field of bytes. */
static bool scan_packed(struct scan *scan, const ProtobufCFieldDescriptor *known,
                        struct acd_bytes bytes, const struct wire_path *path)
{
        struct wire_reader reader = wire_reader_of(bytes);

        if (is_fixed64_type(known->type)) {
                if (bytes.size % sizeof(uint64_t) == 0)
                        return true;
                return wire_refuse_field(scan->refusal, ACD_MALFORMED, path, known->name,
                                         text_broken);
        }
        while (reader.at < reader.end) {
                uint64_t value;

                if (!wire_read_varint(&reader, &value))
                        return wire_refuse_field(scan->refusal, ACD_MALFORMED, path, known->name,
                                                 text_broken);
                if (!scan_number(scan, known, value, path))
                        return false;
        }
        return true;
}

static bool scan_message(struct scan *scan, const ProtobufCMessageDescriptor *descriptor,
                         struct acd_bytes bytes, const struct wire_path *path);

static bool scan_value(struct scan *scan, const ProtobufCFieldDescriptor *known,
                       const struct wire_field *field, const struct wire_path *path)
{
        if (known->label == PROTOBUF_C_LABEL_REPEATED && field->type == WIRE_TYPE_BYTES &&
            wire_type_of(known->type) != WIRE_TYPE_BYTES)
                return scan_packed(scan, known, field->bytes, path);
        if (field->type != wire_type_of(known->type))
                return wire_refuse_field(scan->refusal, ACD_MALFORMED, path, known->name,
                                         text_type);

        if (known->type == PROTOBUF_C_TYPE_MESSAGE) {
                struct wire_path inner = { path, known->name };

                return scan_message(scan, known->descriptor, field->bytes, &inner);
        }
        if (known->type == PROTOBUF_C_TYPE_STRING && !wire_is_text(field->bytes))
                return wire_refuse_field(scan->refusal, ACD_INVALID, path, known->name, text_utf8);
        if (field->type == WIRE_TYPE_VARINT)
                return scan_number(scan, known, field->value, path);
        return true;
}

/* Fields that rule each other out share a bit: a field that is not repeated has its own; the
 * members of a oneof have that of the first of them. */
static uint64_t bit_of(const ProtobufCMessageDescriptor *descriptor,
                       const ProtobufCFieldDescriptor *known)
{
        uint32_t first = (uint32_t)(known - descriptor->fields);

        if ((known->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0)
                for (uint32_t i = 0; i < first; i++)
                        if ((descriptor->fields[i].flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 &&
                            descriptor->fields[i].quantifier_offset == known->quantifier_offset)
                                first = i;
        return UINT64_C(1) << first;
}

static bool scan_message(struct scan *scan, const ProtobufCMessageDescriptor *descriptor,
                         struct acd_bytes bytes, const struct wire_path *path)
{
        struct wire_reader reader = wire_reader_of(bytes);
        uint64_t seen = 0;

        ACD_ASSERT(descriptor->n_fields < 64);

        while (reader.at < reader.end) {
                const ProtobufCFieldDescriptor *known;
                struct wire_field field;

                if (++scan->field_count > WIRE_FIELD_COUNT_MAX)
                        return wire_refuse_limit(scan->refusal, ACD_TOO_LARGE, NULL, "body",
                                                 WIRE_FIELD_COUNT_MAX);
                if (!wire_read_field(&reader, &field))
                        return wire_refuse_field(scan->refusal, ACD_MALFORMED, path, NULL,
                                                 text_broken);
                known = protobuf_c_message_descriptor_get_field(descriptor, field.number);
                if (known == NULL)
                        continue;
                if (known->label != PROTOBUF_C_LABEL_REPEATED) {
                        uint64_t bit = bit_of(descriptor, known);

                        if ((seen & bit) != 0)
                                return wire_refuse_field(scan->refusal, ACD_MALFORMED, path,
                                                         known->name, text_twice);
                        seen |= bit;
                }
                if (!scan_value(scan, known, &field, path))
                        return false;
        }
        return true;
}

bool wire_scan(const ProtobufCMessageDescriptor *descriptor, struct acd_bytes bytes, bool is_strict,
               struct wire_refusal *ret_refusal)
{
        struct scan scan = { .refusal = ret_refusal, .is_strict = is_strict };

        return scan_message(&scan, descriptor, bytes, NULL);
}
