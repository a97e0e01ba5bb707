/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes to commands.
 *
 * Total over hostile bytes: whatever they are, the answer is a command that
 * encodes to exactly these bytes, or no. A number longer than it need be, a text
 * with a zero in it, a byte too many in body or payload: no. What a field means is
 * for the step to check; that it fits is for us.
 */

#include <string.h>

#include "acd/command_fields.h"
#include "base/assert.h"
#include "base/bytes.h"

struct reader {
        struct acd_bytes body;
        struct acd_bytes payload;
        uint32_t body_at;
        uint32_t payload_at;
        acd_contact_id *scratch;
        bool is_bad;
};

static uint64_t bad(struct reader *reader)
{
        reader->is_bad = true;
        return 0;
}

static uint64_t get_number(struct reader *reader, uint64_t max)
{
        uint64_t value = 0;

        for (uint32_t shift = 0; shift < 64; shift += 7) {
                uint8_t byte;

                if (reader->body_at == reader->body.size)
                        return bad(reader);
                byte = reader->body.at[reader->body_at++];
                value |= (uint64_t)(byte & 0x7f) << shift;
                if ((byte & 0x80) != 0)
                        continue;
                /* A zero at the end would be a longer spelling; the tenth byte has
                 * room for one bit. */
                if ((byte == 0 && shift > 0) || (shift == 63 && byte > 1) || value > max)
                        return bad(reader);
                return value;
        }
        return bad(reader);
}

static uint64_t get_id(struct reader *reader)
{
        uint64_t id;

        if (reader->body.size - reader->body_at < sizeof(id))
                return bad(reader);
        id = acd_get_u64(reader->body.at + reader->body_at);
        reader->body_at += sizeof(id);
        return id;
}

static void get_text(struct reader *reader, char *text, size_t size_max)
{
        uint64_t size = get_number(reader, size_max - 1);

        if (reader->is_bad || size > reader->body.size - reader->body_at) {
                bad(reader);
                return;
        }
        for (uint64_t i = 0; i < size; i++) {
                text[i] = (char)reader->body.at[reader->body_at++];
                if (text[i] == 0)
                        bad(reader);
        }
}

static void get_bytes(struct reader *reader, struct acd_bytes *ret_bytes)
{
        uint64_t size = get_number(reader, ACD_COMMAND_PAYLOAD_MAX);

        if (reader->is_bad || size > reader->payload.size - reader->payload_at) {
                bad(reader);
                return;
        }
        ret_bytes->size = (uint32_t)size;
        ret_bytes->at = size == 0 ? NULL : reader->payload.at + reader->payload_at;
        reader->payload_at += (uint32_t)size;
}

static void get_limits(struct reader *reader, struct acd_limits *ret_limits)
{
#define LIMIT(name, preset, minimum, maximum, text) \
        ret_limits->name = (uint32_t)get_number(reader, UINT32_MAX);
#include "acd/limits.def"
#undef LIMIT
}

static void get_contacts(struct reader *reader, struct acd_resume *ret_resume)
{
        uint32_t count = (uint32_t)get_number(reader, ACD_RESUME_MAX);

        for (uint32_t i = 0; i < count && !reader->is_bad; i++)
                reader->scratch[i].value = get_id(reader);
        ret_resume->contact_count = count;
        ret_resume->contact = count == 0 ? NULL : reader->scratch;
}

/* A field that is one value. */
static void get_field(struct reader *reader, uint8_t *base, const struct command_field *field)
{
        void *at = base + field->offset;

        switch ((enum command_field_type)field->type) {
        case FIELD_ID:
                *(uint64_t *)at = get_id(reader);
                return;
        case FIELD_U64:
                *(uint64_t *)at = get_number(reader, UINT64_MAX);
                return;
        case FIELD_I64: {
                uint64_t value = get_number(reader, UINT64_MAX);

                *(int64_t *)at = (int64_t)(value >> 1 ^ (0 - (value & 1)));
                return;
        }
        case FIELD_U32:
                *(uint32_t *)at = (uint32_t)get_number(reader, UINT32_MAX);
                return;
        case FIELD_ENUM:
                *(uint32_t *)at = (uint32_t)get_number(reader, UINT8_MAX);
                return;
        case FIELD_U8:
                *(uint8_t *)at = (uint8_t)get_number(reader, UINT8_MAX);
                return;
        case FIELD_BOOL:
                *(bool *)at = get_number(reader, 1) != 0;
                return;
        case FIELD_TEXT:
                get_text(reader, at, field->size);
                return;
        case FIELD_BYTES:
                get_bytes(reader, at);
                return;
        case FIELD_LIMITS:
                get_limits(reader, at);
                return;
        case FIELD_CONTACTS:
                get_contacts(
                        reader,
                        (struct acd_resume *)(void *)(base + offsetof(struct acd_command, resume)));
                return;
        case FIELD_LIST:
                break;
        }
        acd_panic(__FILE__, __LINE__, __func__, "a field of one value");
}

static void get_list(struct reader *reader, uint8_t *base, const struct command_field *field)
{
        const struct command_list *list = field->list;
        uint32_t count = (uint32_t)get_number(reader, list->max);

        *(uint32_t *)(void *)(base + field->offset) = count;
        for (uint32_t i = 0; i < count && !reader->is_bad; i++)
                for (uint32_t f = 0; f < list->field_count; f++)
                        get_field(reader, base + list->items_offset + (size_t)i * list->stride,
                                  &list->fields[f]);
}

bool acd_command_decode(struct acd_bytes body, struct acd_bytes payload, acd_contact_id *scratch,
                        struct acd_command *ret_command)
{
        struct reader reader = { .body = body, .payload = payload, .scratch = scratch };
        const struct command_form *form = acd_command_form(get_number(&reader, UINT8_MAX));
        uint8_t *base = (uint8_t *)ret_command;

        if (form == NULL || reader.is_bad)
                return false;
        memset(ret_command, 0, sizeof(*ret_command));
        ret_command->kind = (enum acd_command_kind)body.at[0];
        ret_command->tenant.value = get_id(&reader);
        for (uint32_t f = 0; f < form->field_count && !reader.is_bad; f++) {
                if (form->fields[f].type == FIELD_LIST)
                        get_list(&reader, base, &form->fields[f]);
                else
                        get_field(&reader, base, &form->fields[f]);
        }
        return !reader.is_bad && reader.body_at == body.size && reader.payload_at == payload.size;
}
