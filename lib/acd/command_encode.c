/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands to bytes.
 *
 *      body     kind, tenant, fields in the order of command_fields.c
 *      payload  the bytes of keys, attributes and addresses, one after the other
 *
 * Numbers are varints: seven bits a byte, lowest first, the eighth says that more
 * follow. Texts are a size and their characters; lists a count and their elements.
 * There is one encoding of a command, which the decoder insists on.
 *
 * Only what a step would accept is encoded: a text without an end or a list beyond
 * its bound is a bug of the caller and aborts.
 */

#include <string.h>

#include "acd/command_fields.h"
#include "base/assert.h"

struct writer {
        uint8_t *body;
        uint8_t *payload;
        uint32_t body_size;
        uint32_t payload_size;
};

static void put_number(struct writer *writer, uint64_t value)
{
        ACD_ASSERT(writer->body_size + 10 <= ACD_COMMAND_BODY_MAX);
        while (value >= 0x80) {
                writer->body[writer->body_size++] = (uint8_t)(value | 0x80);
                value >>= 7;
        }
        writer->body[writer->body_size++] = (uint8_t)value;
}

static void put_text(struct writer *writer, const char *text, size_t size_max)
{
        size_t size = 0;

        while (text[size] != 0)
                ACD_ASSERT(++size < size_max);
        put_number(writer, size);
        ACD_ASSERT(writer->body_size + size <= ACD_COMMAND_BODY_MAX);
        memcpy(writer->body + writer->body_size, text, size);
        writer->body_size += (uint32_t)size;
}

static void put_bytes(struct writer *writer, const struct acd_bytes *bytes)
{
        put_number(writer, bytes->size);
        ACD_ASSERT(bytes->size <= ACD_COMMAND_PAYLOAD_MAX - writer->payload_size);
        if (bytes->size > 0)
                memcpy(writer->payload + writer->payload_size, bytes->at, bytes->size);
        writer->payload_size += bytes->size;
}

static void put_limits(struct writer *writer, const struct acd_limits *limits)
{
#define LIMIT(name, preset, minimum, maximum, text) put_number(writer, limits->name);
#include "acd/limits.def"
#undef LIMIT
}

static void put_contacts(struct writer *writer, const struct acd_resume *resume)
{
        ACD_ASSERT(resume->contact_count <= ACD_RESUME_MAX);
        put_number(writer, resume->contact_count);
        for (uint32_t i = 0; i < resume->contact_count; i++)
                put_number(writer, resume->contact[i].value);
}

/* A field that is one value. */
static void put_field(struct writer *writer, const uint8_t *base, const struct command_field *field)
{
        const void *at = base + field->offset;

        switch ((enum command_field_type)field->type) {
        case FIELD_U64:
                put_number(writer, *(const uint64_t *)at);
                return;
        case FIELD_I64: {
                /* Zigzag: small numbers of either sign are short. */
                uint64_t value = (uint64_t) * (const int64_t *)at;

                put_number(writer, value << 1 ^ (0 - (value >> 63)));
                return;
        }
        case FIELD_U32:
                put_number(writer, *(const uint32_t *)at);
                return;
        case FIELD_ENUM:
                ACD_ASSERT(*(const uint32_t *)at <= UINT8_MAX);
                put_number(writer, *(const uint32_t *)at);
                return;
        case FIELD_U8:
                put_number(writer, *(const uint8_t *)at);
                return;
        case FIELD_BOOL:
                put_number(writer, *(const bool *)at);
                return;
        case FIELD_TEXT:
                put_text(writer, at, field->size);
                return;
        case FIELD_BYTES:
                put_bytes(writer, at);
                return;
        case FIELD_LIMITS:
                put_limits(writer, at);
                return;
        case FIELD_CONTACTS:
                put_contacts(writer,
                             (const struct acd_resume *)(const void *)(base +
                                                                       offsetof(struct acd_command,
                                                                                resume)));
                return;
        case FIELD_LIST:
                break;
        }
        acd_panic(__FILE__, __LINE__, __func__, "a field of one value");
}

static void put_list(struct writer *writer, const uint8_t *base, const struct command_field *field)
{
        const struct command_list *list = field->list;
        uint32_t count = *(const uint32_t *)(const void *)(base + field->offset);

        ACD_ASSERT(count <= list->max);
        put_number(writer, count);
        for (uint32_t i = 0; i < count; i++)
                for (uint32_t f = 0; f < list->field_count; f++)
                        put_field(writer, base + list->items_offset + (size_t)i * list->stride,
                                  &list->fields[f]);
}

void acd_command_encode(const struct acd_command *command, uint8_t *body, uint32_t *ret_body_size,
                        uint8_t *payload, uint32_t *ret_payload_size)
{
        const struct command_form *form = acd_command_form((uint64_t)command->kind);
        const uint8_t *base = (const uint8_t *)command;
        struct writer writer = { .body = body, .payload = payload };

        ACD_ASSERT(form != NULL);
        put_number(&writer, (uint64_t)command->kind);
        put_number(&writer, command->tenant.value);
        for (uint32_t f = 0; f < form->field_count; f++) {
                if (form->fields[f].type == FIELD_LIST)
                        put_list(&writer, base, &form->fields[f]);
                else
                        put_field(&writer, base, &form->fields[f]);
        }
        *ret_body_size = writer.body_size;
        *ret_payload_size = writer.payload_size;
}
