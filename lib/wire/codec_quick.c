/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SUBMIT and the commands on assignments in the form in which encoders write
 * them: known fields, each once, in the order of their numbers, texts of plain
 * letters. Then a tag is one byte to compare, and the order of tags is the check that none comes
 * twice. Whatever is not so is left to codec_hot.c, which knows every case and
 * names what is wrong; so this file decides nothing, it is only sooner done. Tests
 * compare the two.
 */

#include "wire/codec_quick.h"

#include <string.h>

#include "base/bytes.h"
#include "wire/field.h"
#include "wire/kinds.h"

/* Tags: number and wire type. */
enum {
        COMMAND_ASSIGNMENT = 1 << 3 | WIRE_TYPE_FIXED64,
        COMMAND_EPOCH = 2 << 3 | WIRE_TYPE_FIXED64,

        SUBMIT_QUEUE_ID = 2 << 3 | WIRE_TYPE_FIXED64,
        SUBMIT_CHANNEL_ID = 4 << 3 | WIRE_TYPE_FIXED64,
        SUBMIT_BAND = 5 << 3 | WIRE_TYPE_VARINT,
        SUBMIT_CREDIT = 6 << 3 | WIRE_TYPE_VARINT,
        SUBMIT_CLIENT_KEY = 10 << 3 | WIRE_TYPE_BYTES,
        SUBMIT_CUSTOMER_KEY = 11 << 3 | WIRE_TYPE_BYTES,
        SUBMIT_ATTRIBUTES = 12 << 3 | WIRE_TYPE_BYTES,
};

enum { FIXED64_FIELD_SIZE = 9 };

static bool read_assignment_command(struct acd_bytes body, struct wire_assignment_command *to)
{
        if (body.size != FIXED64_FIELD_SIZE && body.size != 2 * FIXED64_FIELD_SIZE)
                return false;
        if (body.at[0] != COMMAND_ASSIGNMENT)
                return false;
        *to = (struct wire_assignment_command){ .assignment = acd_get_u64(body.at + 1) };
        if (body.size == FIXED64_FIELD_SIZE)
                return true;
        if (body.at[FIXED64_FIELD_SIZE] != COMMAND_EPOCH)
                return false;
        to->epoch = acd_get_u64(body.at + FIXED64_FIELD_SIZE + 1);
        return true;
}

static bool read_fixed64(struct wire_reader *reader, uint64_t *ret_value)
{
        if (reader->end - reader->at < (ptrdiff_t)sizeof(*ret_value))
                return false;
        *ret_value = acd_get_u64(reader->at);
        reader->at += sizeof(*ret_value);
        return true;
}

static bool read_u32(struct wire_reader *reader, uint32_t max, uint32_t *ret_value)
{
        uint64_t value;

        if (!wire_read_varint(reader, &value) || value > max)
                return false;
        *ret_value = (uint32_t)value;
        return true;
}

static bool read_bytes(struct wire_reader *reader, uint32_t size_max, struct acd_bytes *ret_bytes)
{
        uint32_t size;

        if (!read_u32(reader, size_max, &size) || (size_t)(reader->end - reader->at) < size)
                return false;
        *ret_bytes = (struct acd_bytes){ reader->at, size };
        reader->at += size;
        return true;
}

/* Printable ASCII alone: that is text, and a line, whatever else text may be. */
static bool read_key(struct wire_reader *reader, uint32_t size_max, struct acd_text *ret_text)
{
        struct acd_bytes bytes;

        if (!read_bytes(reader, size_max, &bytes))
                return false;
        for (uint32_t i = 0; i < bytes.size; i++)
                if (bytes.at[i] < 0x20 || bytes.at[i] > 0x7e)
                        return false;
        *ret_text = (struct acd_text){ (const char *)bytes.at, bytes.size };
        return true;
}

static bool read_submit_field(struct wire_reader *reader, uint8_t tag, struct wire_submit *to)
{
        switch (tag) {
        case SUBMIT_QUEUE_ID:
                return read_fixed64(reader, &to->queue_id);
        case SUBMIT_CHANNEL_ID:
                return read_fixed64(reader, &to->channel_id);
        case SUBMIT_BAND:
                to->has_band = true;
                return read_u32(reader, ACD_BAND_COUNT - 1, &to->band);
        case SUBMIT_CREDIT:
                return read_u32(reader, ACD_CREDIT_MS_MAX, &to->credit_ms);
        case SUBMIT_CLIENT_KEY:
                return read_key(reader, ACD_CLIENT_KEY_MAX, &to->client_key);
        case SUBMIT_CUSTOMER_KEY:
                return read_key(reader, ACD_CUSTOMER_KEY_MAX, &to->customer_key);
        case SUBMIT_ATTRIBUTES:
                return read_bytes(reader, ACD_ATTRIBUTES_MAX, &to->attributes);
        default:
                return false;
        }
}

static bool read_submit(struct acd_bytes body, struct wire_submit *to)
{
        struct wire_reader reader = wire_reader_of(body);
        uint8_t last_tag = 0;

        *to = (struct wire_submit){ 0 };
        while (reader.at < reader.end) {
                uint8_t tag = *reader.at++;

                if (tag <= last_tag || !read_submit_field(&reader, tag, to))
                        return false;
                last_tag = tag;
        }
        return true;
}

bool wire_quick_decode(const struct wire_frame *frame, struct wire_message *ret_message)
{
        struct acd_bytes body = { frame->body, frame->body_size };

        switch (frame->kind) {
        case WIRE_ACCEPT:
        case WIRE_COMPLETE:
                return read_assignment_command(body, &ret_message->assignment_command);
        case WIRE_SUBMIT:
                return read_submit(body, &ret_message->submit);
        default:
                return false;
        }
}
