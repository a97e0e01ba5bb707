/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading protobuf's bytes, strictly. Where the protobuf documents let a reader
 * be lenient (bits beyond 64, groups, tags of more than 32 bits) we refuse: no
 * honest writer makes such bytes, and each leniency is a second spelling of the
 * same message that some other reader may take differently.
 */

#include "wire/field.h"

#include "base/assert.h"

enum { FIELD_NUMBER_MAX = (1 << 29) - 1 };

bool wire_read_long_varint(struct wire_reader *reader, uint64_t *ret_value)
{
        const uint8_t *at = reader->at;
        uint64_t value = 0;

        for (unsigned shift = 0; shift < 64; shift += 7) {
                if (at == reader->end)
                        return false;

                uint8_t byte = *at++;

                /* The tenth byte holds the highest bit and no more. */
                if (shift == 63 && byte > 1)
                        return false;
                value |= (uint64_t)(byte & 0x7f) << shift;
                if (byte < 0x80) {
                        reader->at = at;
                        *ret_value = value;
                        return true;
                }
        }
        return false;
}

static bool read_fixed(struct wire_reader *reader, size_t size, uint64_t *ret_value)
{
        if ((size_t)(reader->end - reader->at) < size)
                return false;
        *ret_value = size == 8 ? acd_get_u64(reader->at) : acd_get_u32(reader->at);
        reader->at += size;
        return true;
}

static bool read_bytes(struct wire_reader *reader, struct acd_bytes *ret_bytes)
{
        uint64_t size;

        if (!wire_read_varint(reader, &size))
                return false;
        if (size > (uint64_t)(reader->end - reader->at) || size > UINT32_MAX)
                return false;
        *ret_bytes = (struct acd_bytes){ .at = reader->at, .size = (uint32_t)size };
        reader->at += size;
        return true;
}

bool wire_read_field(struct wire_reader *reader, struct wire_field *ret_field)
{
        uint64_t tag;

        ACD_ASSERT(reader->at < reader->end);

        if (!wire_read_varint(reader, &tag))
                return false;
        if (tag >> 3 == 0 || tag >> 3 > FIELD_NUMBER_MAX)
                return false;

        ret_field->number = (uint32_t)(tag >> 3);
        ret_field->type = tag & 7;
        ret_field->value = 0;
        ret_field->bytes = (struct acd_bytes){ 0 };
        switch (ret_field->type) {
        case WIRE_TYPE_VARINT:
                return wire_read_varint(reader, &ret_field->value);
        case WIRE_TYPE_FIXED64:
                return read_fixed(reader, 8, &ret_field->value);
        case WIRE_TYPE_FIXED32:
                return read_fixed(reader, 4, &ret_field->value);
        case WIRE_TYPE_BYTES:
                return read_bytes(reader, &ret_field->bytes);
        default:
                return false;
        }
}
