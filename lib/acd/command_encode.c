/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands to bytes.
 *
 *      body     kind, tenant, fields in the order of command_fields.c
 *      payload  the bytes of keys, attributes and addresses, one after the other
 *
 * Ids are eight bytes, other numbers varints: seven bits a byte, lowest first, the
 * eighth says that more follow. Texts are a size and their characters; lists a
 * count and their elements.
 * There is one encoding of a command, which the decoder insists on.
 *
 * Only what a step would accept is encoded: a text without an end or a list beyond
 * its bound is a bug of the caller and aborts.
 */

#include <string.h>

#include "acd/command_fields.h"
#include "base/assert.h"
#include "base/bytes.h"

/* Fields are put at a pointer that goes on, and not through a struct: this is done for every
 * command of every contact. A body's bound holds for every command (command.h), so it is asserted
 * where something long is put, and at the end. */
struct writer {
        const uint8_t *body_end;
        uint8_t *payload;
        uint32_t payload_size;
};

static inline uint8_t *put_number(uint8_t *at, uint64_t value)
{
        while (value >= 0x80) {
                *at++ = (uint8_t)(value | 0x80);
                value >>= 7;
        }
        *at++ = (uint8_t)value;
        return at;
}

static uint8_t *put_id(uint8_t *at, uint64_t id)
{
        acd_put_u64(at, id);
        return at + sizeof(id);
}

static inline uint8_t *put_text(struct writer *writer, uint8_t *at, const char *text,
                                size_t size_max)
{
        size_t size = 0;

        if (text[0] == 0)
                return put_number(at, 0);
        while (text[size] != 0)
                ACD_ASSERT(++size < size_max);
        ACD_ASSERT((size_t)(writer->body_end - at) >= 10 + size);
        at = put_number(at, size);
        memcpy(at, text, size);
        return at + size;
}

static inline uint8_t *put_bytes(struct writer *writer, uint8_t *at, const struct acd_bytes *bytes)
{
        if (bytes->size == 0)
                return put_number(at, 0);
        ACD_ASSERT(bytes->size <= ACD_COMMAND_PAYLOAD_MAX - writer->payload_size);
        memcpy(writer->payload + writer->payload_size, bytes->at, bytes->size);
        writer->payload_size += bytes->size;
        return put_number(at, bytes->size);
}

static uint8_t *put_limits(uint8_t *at, const struct acd_limits *limits)
{
#define LIMIT(name, preset, minimum, maximum, text) at = put_number(at, limits->name);
#include "acd/limits.def"
#undef LIMIT
        return at;
}

static uint8_t *put_contacts(struct writer *writer, uint8_t *at, const struct acd_resume *resume)
{
        ACD_ASSERT(resume->contact_count <= ACD_RESUME_MAX);
        ACD_ASSERT((size_t)(writer->body_end - at) >= (size_t)10 * (resume->contact_count + 1));
        at = put_number(at, resume->contact_count);
        for (uint32_t i = 0; i < resume->contact_count; i++)
                at = put_id(at, resume->contact[i].value);
        return at;
}

/* A field that is one value. */
static uint8_t *put_field(struct writer *writer, uint8_t *to, const uint8_t *base,
                          const struct command_field *field)
{
        const void *at = base + field->offset;

        switch ((enum command_field_type)field->type) {
        case FIELD_ID:
                return put_id(to, *(const uint64_t *)at);
        case FIELD_U64:
                return put_number(to, *(const uint64_t *)at);
        case FIELD_I64: {
                /* Zigzag: small numbers of either sign are short. */
                uint64_t value = (uint64_t) * (const int64_t *)at;

                return put_number(to, value << 1 ^ (0 - (value >> 63)));
        }
        case FIELD_U32:
                return put_number(to, *(const uint32_t *)at);
        case FIELD_ENUM:
                ACD_ASSERT(*(const uint32_t *)at <= UINT8_MAX);
                return put_number(to, *(const uint32_t *)at);
        case FIELD_U8:
                return put_number(to, *(const uint8_t *)at);
        case FIELD_BOOL:
                return put_number(to, *(const bool *)at);
        case FIELD_TEXT:
                return put_text(writer, to, at, field->size);
        case FIELD_BYTES:
                return put_bytes(writer, to, at);
        case FIELD_LIMITS:
                return put_limits(to, at);
        case FIELD_CONTACTS:
                return put_contacts(
                        writer, to,
                        (const struct acd_resume *)(const void *)(base +
                                                                  offsetof(struct acd_command,
                                                                           resume)));
        case FIELD_LIST:
                break;
        }
        acd_panic(__FILE__, __LINE__, __func__, "a field of one value");
}

static uint8_t *put_list(struct writer *writer, uint8_t *at, const uint8_t *base,
                         const struct command_field *field)
{
        const struct command_list *list = field->list;
        uint32_t count = *(const uint32_t *)(const void *)(base + field->offset);

        ACD_ASSERT(count <= list->max);
        at = put_number(at, count);
        for (uint32_t i = 0; i < count; i++)
                for (uint32_t f = 0; f < list->field_count; f++)
                        at = put_field(writer, at,
                                       base + list->items_offset + (size_t)i * list->stride,
                                       &list->fields[f]);
        return at;
}

/*
 * The two kinds of which a contact's life consists, without the tables. The decoder has nothing but
 * the tables, so what is written here is what they say, or the test of all kinds fails.
 */

static uint8_t *put_assignment(struct writer *writer, uint8_t *at,
                               const struct acd_assignment_ref *assignment)
{
        at = put_id(at, assignment->assignment.value);
        at = put_id(at, assignment->agent.value);
        at = put_number(at, assignment->epoch);
        at = put_text(writer, at, assignment->label, sizeof(assignment->label));
        return put_number(at, assignment->extend_ms);
}

static uint8_t *put_submit(struct writer *writer, uint8_t *at, const struct acd_submit *submit)
{
        at = put_id(at, submit->queue.value);
        at = put_id(at, submit->channel.value);
        at = put_id(at, submit->gateway.value);
        at = put_id(at, submit->excluded.value);
        at = put_number(at, submit->band);
        at = put_number(at, submit->credit_ms);
        ACD_ASSERT(submit->extra.term_count <= ACD_TERM_MAX);
        at = put_number(at, submit->extra.term_count);
        for (uint32_t i = 0; i < submit->extra.term_count; i++) {
                at = put_id(at, submit->extra.term[i].skill.value);
                at = put_number(at, submit->extra.term[i].level_min);
                at = put_number(at, submit->extra.term[i].group);
        }
        at = put_bytes(writer, at, &submit->client_key);
        at = put_bytes(writer, at, &submit->customer_key);
        return put_bytes(writer, at, &submit->attributes);
}

static uint8_t *put_fields(struct writer *writer, uint8_t *at, const struct acd_command *command)
{
        const struct command_form *form = acd_command_form((uint64_t)command->kind);
        const uint8_t *base = (const uint8_t *)command;

        ACD_ASSERT(form != NULL);
        for (uint32_t f = 0; f < form->field_count; f++) {
                if (form->fields[f].type == FIELD_LIST)
                        at = put_list(writer, at, base, &form->fields[f]);
                else
                        at = put_field(writer, at, base, &form->fields[f]);
        }
        return at;
}

void acd_command_encode(const struct acd_command *command, uint8_t *body, uint32_t *ret_body_size,
                        uint8_t *payload, uint32_t *ret_payload_size)
{
        struct writer writer = { .body_end = body + ACD_COMMAND_BODY_MAX, .payload = payload };
        uint8_t *at = put_number(body, (uint64_t)command->kind);

        at = put_id(at, command->tenant.value);
        if (command->kind == ACD_COMMAND_SUBMIT)
                at = put_submit(&writer, at, &command->submit);
        else if (command->kind == ACD_COMMAND_ACCEPT || command->kind == ACD_COMMAND_COMPLETE)
                at = put_assignment(&writer, at, &command->assignment);
        else
                at = put_fields(&writer, at, command);
        ACD_ASSERT(at <= writer.body_end);
        *ret_body_size = (uint32_t)(at - body);
        *ret_payload_size = writer.payload_size;
}
