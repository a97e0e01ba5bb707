/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames to messages and back. Writing is codec_write.c's; a body is read in one
 * of these ways:
 *
 *   hot      SUBMIT, commands on assignments, RESULT, OFFER: codec_hot.c, and before
 *            that, for those that look as they mostly do, codec_quick.c
 *   events   EVENTS: its batch is bytes that somebody else encoded; they are
 *            passed on as they are
 *   general  all others: scan, unpack (protobuf-c, in a capped arena), convert
 *
 * What comes from a client is then checked, whichever way it came. Nothing is
 * believed before the scan: protobuf-c sees only bytes of which we know that
 * they are a message of that type, and its memory is capped all the same.
 */

#include "wire/codec.h"

#include <stdalign.h>
#include <string.h>

#include "base/assert.h"
#include "wire/codec_check.h"
#include "wire/codec_convert.h"
#include "wire/codec_hot.h"
#include "wire/codec_quick.h"
#include "wire/codec_scan.h"
#include "wire/codec_write.h"

/* The most that an EVENTS push says before its batch. */
enum { EVENTS_HEAD_MAX = 64 };

static const char *const text_memory = "the message would need too much memory";

/* protobuf-c's structs hold pointers and 64-bit numbers, nothing wider. */
static void *arena_alloc(void *self, size_t size)
{
        return acd_arena_alloc(self, size, alignof(uint64_t));
}

/* The arena takes everything back at once. */
static void arena_free(void *self, void *memory)
{
        (void)self;
        (void)memory;
}

static bool unpack(const struct wire_body *body, struct acd_bytes bytes, struct acd_arena *arena,
                   void *ret_body)
{
        size_t cap_size = (size_t)bytes.size * WIRE_ARENA_FACTOR + WIRE_ARENA_EXTRA;
        size_t free_size = acd_arena_free_size(arena);
        struct acd_arena capped;
        ProtobufCAllocator allocator = { arena_alloc, arena_free, &capped };
        ProtobufCMessage *unpacked;

        acd_arena_init(&capped, arena->memory + arena->used_size,
                       cap_size < free_size ? cap_size : free_size);
        unpacked = protobuf_c_message_unpack(body->descriptor, &allocator, bytes.size, bytes.at);
        if (unpacked == NULL || !body->from(unpacked, ret_body, &capped))
                return false;

        /* What was used is the message's until the caller resets the arena. */
        arena->used_size += capped.used_size;
        if (arena->high_water_size < arena->used_size)
                arena->high_water_size = arena->used_size;
        return true;
}

static bool decode_general(struct acd_bytes bytes, struct acd_arena *arena,
                           struct wire_message *message, struct wire_refusal *refusal)
{
        const struct wire_body *body = wire_body_of(message->kind);
        bool is_strict = wire_kind_info(message->kind)->direction == WIRE_REQUEST;

        ACD_ASSERT(body != NULL);

        if (!wire_scan(body->descriptor, bytes, is_strict, refusal))
                return false;
        /* All bodies begin where the union begins. */
        if (!unpack(body, bytes, arena, &message->hello))
                return wire_refuse_field(refusal, ACD_TOO_LARGE, NULL, "body", text_memory);
        return true;
}

static bool events_field(const struct wire_field *field, struct wire_events *to)
{
        switch (field->number) {
        case 1:
                to->server_time_ns = field->value;
                return field->type == WIRE_TYPE_FIXED64;
        case 2:
                to->subscription = (uint32_t)field->value;
                return field->type == WIRE_TYPE_VARINT && field->value <= UINT32_MAX;
        case 3:
                to->resync = field->value != 0;
                return field->type == WIRE_TYPE_VARINT;
        case 4:
                to->last_sequence = field->value;
                return field->type == WIRE_TYPE_VARINT;
        case 5:
                to->batch = field->bytes;
                return field->type == WIRE_TYPE_BYTES;
        default:
                return true;
        }
}

static bool decode_events(struct acd_bytes bytes, struct wire_events *to,
                          struct wire_refusal *refusal)
{
        struct wire_reader reader = wire_reader_of(bytes);

        *to = (struct wire_events){ 0 };
        while (reader.at < reader.end) {
                struct wire_field field;

                if (!wire_read_field(&reader, &field) || !events_field(&field, to))
                        return wire_refuse_field(refusal, ACD_MALFORMED, NULL, NULL, NULL);
        }
        return true;
}

static uint8_t *write_events(const struct wire_events *events, uint8_t *at)
{
        at = wire_raw_fixed64(at, 1, events->server_time_ns);
        at = wire_raw_uint(at, 2, events->subscription);
        at = wire_raw_uint(at, 3, events->resync);
        at = wire_raw_uint(at, 4, events->last_sequence);
        return wire_raw_text(
                at, 5, (struct acd_text){ (const char *)events->batch.at, events->batch.size });
}

enum acd_result wire_decode(const struct wire_frame *frame, struct acd_arena *arena,
                            struct wire_message *ret_message, struct wire_refusal *ret_refusal)
{
        const struct wire_kind_info *info;
        struct acd_bytes bytes = { frame->body, frame->body_size };
        bool is_good;

        ret_message->kind = frame->kind;
        ret_message->correlation = frame->correlation;
        ret_message->session = frame->session;

        if (wire_quick_decode(frame, ret_message))
                return ACD_OK;
        info = wire_kind_info(frame->kind);
        if (info == NULL) {
                (void)wire_refuse_field(ret_refusal, ACD_UNSUPPORTED, NULL, "kind", NULL);
                return ret_refusal->code;
        }

        if (wire_hot_is(frame->kind))
                is_good = wire_hot_decode(bytes, arena, ret_message, ret_refusal);
        else if (frame->kind == WIRE_EVENTS)
                is_good = decode_events(bytes, &ret_message->events, ret_refusal);
        else
                is_good = decode_general(bytes, arena, ret_message, ret_refusal);

        if (is_good && info->direction == WIRE_REQUEST)
                is_good = wire_check(ret_message, ret_refusal);
        return is_good ? ACD_OK : ret_refusal->code;
}

size_t wire_bound(const struct wire_message *message)
{
        if (message->kind == WIRE_EVENTS)
                return WIRE_HEADER_SIZE + EVENTS_HEAD_MAX + (size_t)message->events.batch.size;
        return WIRE_HEADER_SIZE + wire_write_bound(message);
}

size_t wire_put(const struct wire_message *message, uint8_t *at)
{
        struct wire_frame frame = {
                .kind = message->kind,
                .correlation = message->correlation,
                .session = message->session,
        };
        uint8_t *body = at + WIRE_HEADER_SIZE;
        uint8_t *end;

        if (message->kind == WIRE_EVENTS)
                end = write_events(&message->events, body);
        else
                end = wire_write(message, body);
        frame.body_size = (uint32_t)(end - body);
        wire_frame_encode(&frame, at);
        return (size_t)(end - at);
}

size_t wire_encode(const struct wire_message *message, struct acd_arena *arena, uint8_t *at,
                   size_t size)
{
        size_t bound = wire_bound(message);
        size_t mark_size = arena->used_size;
        size_t frame_size;
        uint8_t *aside;

        if (bound <= size) {
                frame_size = wire_put(message, at);
                return frame_size <= WIRE_HEADER_SIZE + WIRE_BODY_MAX_EVENTS ? frame_size : 0;
        }
        /* It may still fit. */
        aside = acd_arena_alloc(arena, bound, 1);
        arena->used_size = mark_size;
        if (aside == NULL)
                return 0;
        frame_size = wire_put(message, aside);
        if (frame_size > size || frame_size > WIRE_HEADER_SIZE + WIRE_BODY_MAX_EVENTS)
                return 0;
        memcpy(at, aside, frame_size);
        return frame_size;
}

bool wire_append(const struct wire_message *message, struct acd_arena *arena,
                 struct acd_buffer *buffer)
{
        size_t space_size;
        uint8_t *space = acd_buffer_space(buffer, &space_size);
        size_t size = wire_encode(message, arena, space, space_size);

        if (size == 0 && buffer->done_size > 0) {
                acd_buffer_compact(buffer);
                space = acd_buffer_space(buffer, &space_size);
                size = wire_encode(message, arena, space, space_size);
        }
        if (size == 0)
                return false;
        acd_buffer_receive(buffer, size);
        return true;
}

struct wire_message wire_refuse(const struct wire_message *request,
                                const struct wire_refusal *refusal, uint64_t server_time_ns)
{
        return (struct wire_message){
                .kind = WIRE_RESULT,
                .correlation = request->correlation,
                .session = request->session,
                .result = {
                        .code = refusal->code,
                        .server_time_ns = server_time_ns,
                        .field = wire_text(refusal->field),
                        .text = wire_text(refusal->text),
                        .limit = refusal->limit,
                },
        };
}

struct acd_text wire_text(const char *string)
{
        return (struct acd_text){ string, (uint32_t)strlen(string) };
}
