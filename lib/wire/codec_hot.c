/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the hot messages by hand. The general way costs ten times as much: a
 * scan, an unpacking into protobuf-c's structs, and a copy into ours. Here one
 * walk does all three.
 *
 * The order of the checks is that of codec_scan.c, so that both ways name the
 * same field for the same bytes. tests/unit/wire and tests/fuzz compare them.
 */

#include "wire/codec_hot.h"

#include <stdalign.h>
#include <string.h>

#include "base/assert.h"

/* One message that is being read. */
struct hot {
        struct wire_refusal *refusal;
        const struct wire_path *path;
        struct wire_reader reader;
        uint32_t *field_count; /* of the whole frame */
        uint64_t seen;         /* a bit per number; all numbers here are below 64 */
};

static bool refuse_broken(struct hot *hot)
{
        return wire_refuse_field(hot->refusal, ACD_MALFORMED, hot->path, NULL,
                                 "the bytes are not a message of this kind");
}

/* 1: a field. 0: the end. -1: refused. */
static int next_field(struct hot *hot, struct wire_field *ret_field)
{
        if (hot->reader.at == hot->reader.end)
                return 0;
        if (++*hot->field_count > WIRE_FIELD_COUNT_MAX) {
                (void)wire_refuse_limit(hot->refusal, ACD_TOO_LARGE, NULL, "body",
                                        WIRE_FIELD_COUNT_MAX);
                return -1;
        }
        if (!wire_read_field(&hot->reader, ret_field)) {
                (void)refuse_broken(hot);
                return -1;
        }
        return 1;
}

static bool take_type(struct hot *hot, const struct wire_field *field, enum wire_type type,
                      const char *name)
{
        if (field->type == type)
                return true;
        return wire_refuse_field(hot->refusal, ACD_MALFORMED, hot->path, name,
                                 "the field has another wire type");
}

/* A field that comes once. */
static bool take_once(struct hot *hot, const struct wire_field *field, enum wire_type type,
                      const char *name)
{
        uint64_t bit = UINT64_C(1) << field->number;

        if ((hot->seen & bit) != 0)
                return wire_refuse_field(hot->refusal, ACD_MALFORMED, hot->path, name,
                                         "the field is given twice");
        hot->seen |= bit;
        return take_type(hot, field, type, name);
}

static bool take_u64(struct hot *hot, const struct wire_field *field, const char *name,
                     uint64_t *ret_value)
{
        if (!take_once(hot, field, WIRE_TYPE_VARINT, name))
                return false;
        *ret_value = field->value;
        return true;
}

static bool take_u32(struct hot *hot, const struct wire_field *field, const char *name,
                     uint32_t *ret_value)
{
        if (!take_once(hot, field, WIRE_TYPE_VARINT, name))
                return false;
        if (field->value > UINT32_MAX)
                return wire_refuse_limit(hot->refusal, ACD_INVALID, hot->path, name, UINT32_MAX);
        *ret_value = (uint32_t)field->value;
        return true;
}

/* Hot messages with enums are answers and pushes: any number passes. */
static bool take_enum(struct hot *hot, const struct wire_field *field, const char *name,
                      uint32_t *ret_value)
{
        if (!take_once(hot, field, WIRE_TYPE_VARINT, name))
                return false;
        if (field->value > INT32_MAX)
                return wire_refuse_field(hot->refusal, ACD_INVALID, hot->path, name, NULL);
        *ret_value = (uint32_t)field->value;
        return true;
}

static bool take_fixed64(struct hot *hot, const struct wire_field *field, const char *name,
                         uint64_t *ret_value)
{
        if (!take_once(hot, field, WIRE_TYPE_FIXED64, name))
                return false;
        *ret_value = field->value;
        return true;
}

static bool take_text(struct hot *hot, const struct wire_field *field, const char *name,
                      struct acd_text *ret_text)
{
        if (!take_once(hot, field, WIRE_TYPE_BYTES, name))
                return false;
        if (!wire_is_text(field->bytes))
                return wire_refuse_field(hot->refusal, ACD_INVALID, hot->path, name,
                                         "text is UTF-8 without zero bytes");
        *ret_text = (struct acd_text){ (const char *)field->bytes.at, field->bytes.size };
        return true;
}

static bool take_bytes(struct hot *hot, const struct wire_field *field, const char *name,
                       struct acd_bytes *ret_bytes)
{
        if (!take_once(hot, field, WIRE_TYPE_BYTES, name))
                return false;
        *ret_bytes = field->bytes;
        return true;
}

/*
 * Term, inside SUBMIT.
 */

static bool term_field(struct hot *hot, const struct wire_field *field, struct wire_term *term)
{
        switch (field->number) {
        case 1:
                return take_text(hot, field, "skill", &term->skill);
        case 2:
                return take_fixed64(hot, field, "skill_id", &term->skill_id);
        case 3:
                return take_u32(hot, field, "level_min", &term->level_min);
        case 4:
                return take_u32(hot, field, "group", &term->group);
        default:
                return true;
        }
}

static bool take_term(struct hot *outer, const struct wire_field *field, struct wire_term *ret_term)
{
        struct wire_path path = { outer->path, "requirement" };
        struct hot hot = {
                .refusal = outer->refusal,
                .path = &path,
                .reader = wire_reader_of(field->bytes),
                .field_count = outer->field_count,
        };
        struct wire_field inner;
        int r;

        if (!take_type(outer, field, WIRE_TYPE_BYTES, "requirement"))
                return false;
        *ret_term = (struct wire_term){ 0 };
        while ((r = next_field(&hot, &inner)) > 0)
                if (!term_field(&hot, &inner, ret_term))
                        return false;
        return r == 0;
}

/*
 * Submit.
 */

/* Terms above the limit are read (something may be wrong with them) and counted,
 * not kept; the check that follows refuses their number. */
static bool take_requirement(struct hot *hot, const struct wire_field *field,
                             struct wire_term terms[ACD_TERM_MAX], struct wire_submit *to)
{
        struct wire_term beyond;
        struct wire_term *term =
                to->requirement_count < ACD_TERM_MAX ? &terms[to->requirement_count] : &beyond;

        to->requirement_count++;
        return take_term(hot, field, term);
}

static bool submit_field(struct hot *hot, const struct wire_field *field,
                         struct wire_term terms[ACD_TERM_MAX], struct wire_submit *to)
{
        switch (field->number) {
        case 1:
                return take_text(hot, field, "queue", &to->queue);
        case 2:
                return take_fixed64(hot, field, "queue_id", &to->queue_id);
        case 3:
                return take_text(hot, field, "channel", &to->channel);
        case 4:
                return take_fixed64(hot, field, "channel_id", &to->channel_id);
        case 5:
                to->has_band = true;
                return take_u32(hot, field, "band", &to->band);
        case 6:
                return take_u32(hot, field, "credit_ms", &to->credit_ms);
        case 7:
                return take_requirement(hot, field, terms, to);
        case 8:
                return take_text(hot, field, "excluded_agent", &to->excluded_agent);
        case 9:
                return take_fixed64(hot, field, "excluded_agent_id", &to->excluded_agent_id);
        case 10:
                return take_text(hot, field, "client_key", &to->client_key);
        case 11:
                return take_text(hot, field, "customer_key", &to->customer_key);
        case 12:
                return take_bytes(hot, field, "attributes", &to->attributes);
        default:
                return true;
        }
}

static bool read_submit(struct hot *hot, struct acd_arena *arena, struct wire_submit *to)
{
        struct wire_term terms[ACD_TERM_MAX];
        struct wire_term *kept;
        struct wire_field field;
        int r;

        while ((r = next_field(hot, &field)) > 0)
                if (!submit_field(hot, &field, terms, to))
                        return false;
        if (r < 0)
                return false;
        if (to->requirement_count == 0)
                return true;

        kept = acd_arena_alloc(arena, sizeof(terms), alignof(struct wire_term));
        if (kept == NULL)
                return wire_refuse_field(hot->refusal, ACD_TOO_LARGE, NULL, "body", NULL);
        memcpy(kept, terms, sizeof(terms));
        to->requirement = kept;
        return true;
}

/*
 * AssignmentCommand.
 */

static bool assignment_command_field(struct hot *hot, const struct wire_field *field,
                                     struct wire_assignment_command *to)
{
        switch (field->number) {
        case 1:
                return take_fixed64(hot, field, "assignment", &to->assignment);
        case 2:
                return take_fixed64(hot, field, "epoch", &to->epoch);
        case 3:
                return take_text(hot, field, "label", &to->label);
        case 4:
                return take_u32(hot, field, "extend_ms", &to->extend_ms);
        default:
                return true;
        }
}

/*
 * Result.
 */

static bool result_field(struct hot *hot, const struct wire_field *field, struct wire_result *to)
{
        switch (field->number) {
        case 1: {
                uint32_t code = 0;
                bool is_good = take_enum(hot, field, "code", &code);

                to->code = (enum acd_result)code;
                return is_good;
        }
        case 2:
                return take_fixed64(hot, field, "server_time_ns", &to->server_time_ns);
        case 3:
                return take_fixed64(hot, field, "id", &to->id);
        case 4:
                return take_u32(hot, field, "state", &to->state);
        case 5:
                return take_u32(hot, field, "retry_after_ms", &to->retry_after_ms);
        case 6:
                return take_text(hot, field, "field", &to->field);
        case 7:
                return take_text(hot, field, "text", &to->text);
        case 8:
                return take_u64(hot, field, "limit", &to->limit);
        default:
                return true;
        }
}

/*
 * Offer.
 */

static bool offer_text_field(struct hot *hot, const struct wire_field *field, struct wire_offer *to)
{
        switch (field->number) {
        case 9:
                return take_text(hot, field, "queue", &to->queue);
        case 10:
                return take_text(hot, field, "channel", &to->channel);
        case 11:
                return take_text(hot, field, "customer_key", &to->customer_key);
        case 12:
                return take_bytes(hot, field, "attributes", &to->attributes);
        case 13:
                return take_text(hot, field, "client_key", &to->client_key);
        default:
                return true;
        }
}

static bool offer_field(struct hot *hot, const struct wire_field *field, struct wire_offer *to)
{
        switch (field->number) {
        case 1:
                return take_fixed64(hot, field, "server_time_ns", &to->server_time_ns);
        case 2:
                return take_u32(hot, field, "push", &to->push);
        case 3:
                return take_fixed64(hot, field, "assignment", &to->assignment);
        case 4:
                return take_fixed64(hot, field, "epoch", &to->epoch);
        case 5:
                return take_fixed64(hot, field, "contact", &to->contact);
        case 6:
                return take_u32(hot, field, "left_ms", &to->left_ms);
        case 7:
                return take_u64(hot, field, "waited_ms", &to->waited_ms);
        case 8:
                return take_u32(hot, field, "band", &to->band);
        case 14:
                return take_u32(hot, field, "offer_count", &to->offer_count);
        case 15: {
                uint32_t state = 0;
                bool is_good = take_enum(hot, field, "state", &state);

                to->state = (enum acd_assignment_state)state;
                return is_good;
        }
        default:
                return offer_text_field(hot, field, to);
        }
}

/*
 * By kind.
 */

enum body { BODY_NONE, BODY_SUBMIT, BODY_ASSIGNMENT_COMMAND, BODY_RESULT, BODY_OFFER };

static const uint8_t bodies[WIRE_KIND_MAX + 1] = {
        [WIRE_SUBMIT] = BODY_SUBMIT,
        [WIRE_ACCEPT] = BODY_ASSIGNMENT_COMMAND,
        [WIRE_REJECT] = BODY_ASSIGNMENT_COMMAND,
        [WIRE_COMPLETE] = BODY_ASSIGNMENT_COMMAND,
        [WIRE_HOLD] = BODY_ASSIGNMENT_COMMAND,
        [WIRE_UNHOLD] = BODY_ASSIGNMENT_COMMAND,
        [WIRE_PARK] = BODY_ASSIGNMENT_COMMAND,
        [WIRE_UNPARK] = BODY_ASSIGNMENT_COMMAND,
        [WIRE_WRAP_UP] = BODY_ASSIGNMENT_COMMAND,
        [WIRE_RESULT] = BODY_RESULT,
        [WIRE_OFFER] = BODY_OFFER,
};

static enum body body_of(uint16_t kind)
{
        return kind <= WIRE_KIND_MAX ? bodies[kind] : BODY_NONE;
}

bool wire_hot_is(uint16_t kind)
{
        return body_of(kind) != BODY_NONE;
}

static bool read_fields(struct hot *hot, struct wire_message *message)
{
        enum body body = body_of(message->kind);
        struct wire_field field;
        int r;

        while ((r = next_field(hot, &field)) > 0) {
                bool is_good;

                if (body == BODY_ASSIGNMENT_COMMAND)
                        is_good =
                                assignment_command_field(hot, &field, &message->assignment_command);
                else if (body == BODY_RESULT)
                        is_good = result_field(hot, &field, &message->result);
                else
                        is_good = offer_field(hot, &field, &message->offer);
                if (!is_good)
                        return false;
        }
        return r == 0;
}

bool wire_hot_decode(struct acd_bytes body, struct acd_arena *arena, struct wire_message *message,
                     struct wire_refusal *ret_refusal)
{
        uint32_t field_count = 0;
        struct hot hot = {
                .refusal = ret_refusal,
                .reader = wire_reader_of(body),
                .field_count = &field_count,
        };

        switch (body_of(message->kind)) {
        case BODY_SUBMIT:
                message->submit = (struct wire_submit){ 0 };
                return read_submit(&hot, arena, &message->submit);
        case BODY_ASSIGNMENT_COMMAND:
                message->assignment_command = (struct wire_assignment_command){ 0 };
                return read_fields(&hot, message);
        case BODY_RESULT:
                message->result = (struct wire_result){ 0 };
                return read_fields(&hot, message);
        case BODY_OFFER:
                message->offer = (struct wire_offer){ 0 };
                return read_fields(&hot, message);
        case BODY_NONE:
                break;
        }
        acd_panic(__FILE__, __LINE__, __func__, "not a hot kind");
}
