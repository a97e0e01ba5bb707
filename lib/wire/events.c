/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events as bytes. They are written once per event of the core, which makes
 * them the hottest bytes of the daemon; and they must come out the same
 * whenever they are written again, because replay after a crash appends to a
 * log and a stream that may already have them. So they are coded by hand:
 * fields in the order of their numbers, zeros left out. events_core.c says
 * where the names come from.
 *
 *      tenant | epoch | first | last | wall offset | event | event | ...
 *        text   8 bytes each, in place of fixed size  tag, length, body
 *
 * First and last sequence are numbers of fixed size, so that they can be set as
 * events come; what is in the buffer is a whole EventBatch after each add.
 */

#include "wire/events.h"

#include <string.h>

#include "base/assert.h"
#include "wire/field.h"
#include "wire/refusal.h"

/* Numbers of acd.v1.EventBatch. */
enum {
        BATCH_TENANT = 1,
        BATCH_EPOCH = 2,
        BATCH_FIRST = 3,
        BATCH_LAST = 4,
        BATCH_WALL_OFFSET = 5,
        BATCH_EVENTS = 15,
};

/* A tag of one byte and eight bytes after it. */
enum { FIXED64_FIELD_SIZE = 9 };

void wire_batch_init(struct wire_batch *batch, uint8_t *bytes, size_t size)
{
        ACD_ASSERT(size >= WIRE_BATCH_HEAD_MAX + WIRE_EVENT_MAX);

        *batch = (struct wire_batch){
                .bytes = bytes,
                .capacity_size = size < WIRE_BATCH_MAX ? size : WIRE_BATCH_MAX,
        };
}

void wire_batch_reset(struct wire_batch *batch)
{
        batch->size = 0;
        batch->event_count = 0;
        batch->first_sequence = 0;
        batch->last_sequence = 0;
}

struct acd_bytes wire_batch_bytes(const struct wire_batch *batch)
{
        return (struct acd_bytes){ batch->bytes, (uint32_t)batch->size };
}

static void put_event(struct wire_writer *writer, const struct wire_event *event)
{
        wire_put_uint(writer, 1, event->sequence);
        wire_put_uint(writer, 2, (uint32_t)event->kind);
        wire_put_fixed64(writer, 3, event->time_ns);
        wire_put_uint(writer, 4, (uint32_t)event->reason);
        wire_put_uint(writer, 5, event->state);
        wire_put_uint(writer, 6, event->band);
        wire_put_fixed64(writer, 7, event->contact);
        wire_put_fixed64(writer, 8, event->agent_id);
        wire_put_fixed64(writer, 9, event->queue_id);
        wire_put_fixed64(writer, 10, event->assignment);
        wire_put_fixed64(writer, 11, event->gateway_id);
        wire_put_fixed64(writer, 12, event->deadline_ns);
        wire_put_fixed64(writer, 13, event->since_ns);
        wire_put_uint(writer, 14, event->value);
        wire_put_text(writer, 15, event->label);
        wire_put_uint(writer, 16, event->count);
        wire_put_uint(writer, 17, (uint32_t)event->object);
        wire_put_uint(writer, 18, event->tier);
        wire_put_text(writer, 19, event->queue);
        wire_put_text(writer, 20, event->agent);
        wire_put_text(writer, 21, event->channel);
        wire_put_text(writer, 22, event->gateway);
        wire_put_text(writer, 23, event->client_key);
        wire_put_text(writer, 24, event->name);
        wire_put_fixed64(writer, 25, event->channel_id);
}

/* The bytes before the first event. */
static void put_head(struct wire_batch *batch, const struct wire_batch_head *head)
{
        struct wire_writer writer = { batch->bytes, batch->bytes + WIRE_BATCH_HEAD_MAX, false };

        wire_put_text(&writer, BATCH_TENANT, head->tenant);
        wire_put_fixed64(&writer, BATCH_EPOCH, head->epoch);
        batch->first_at = (size_t)(writer.at - batch->bytes);
        /* Their places are kept even for a zero: see set_sequences(). */
        writer.at[0] = BATCH_FIRST << 3 | WIRE_TYPE_FIXED64;
        writer.at[FIXED64_FIELD_SIZE] = BATCH_LAST << 3 | WIRE_TYPE_FIXED64;
        writer.at += 2 * (size_t)FIXED64_FIELD_SIZE;
        wire_put_fixed64(&writer, BATCH_WALL_OFFSET, (uint64_t)head->wall_offset_ns);
        ACD_ASSERT(!writer.is_full);
        batch->size = (size_t)(writer.at - batch->bytes);
}

_Static_assert((1 + 1 + ACD_NAME_MAX) + 4 * FIXED64_FIELD_SIZE <= WIRE_BATCH_HEAD_MAX,
               "the head of a batch has room");

static void set_sequences(struct wire_batch *batch, uint64_t first, uint64_t last)
{
        ACD_ASSERT(first > 0);
        ACD_ASSERT(last >= first);

        batch->first_sequence = first;
        batch->last_sequence = last;
        acd_put_u64(batch->bytes + batch->first_at + 1, first);
        acd_put_u64(batch->bytes + batch->first_at + FIXED64_FIELD_SIZE + 1, last);
}

/* The size that @head will take. */
static size_t head_size(const struct wire_batch_head *head)
{
        return 2 + head->tenant.size + (size_t)FIXED64_FIELD_SIZE * (head->epoch != 0) +
               2 * (size_t)FIXED64_FIELD_SIZE +
               (size_t)FIXED64_FIELD_SIZE * (head->wall_offset_ns != 0);
}

bool wire_batch_copy(struct wire_batch *batch, const struct wire_batch_head *head,
                     const struct wire_event *event)
{
        uint8_t bytes[WIRE_EVENT_MAX];
        struct wire_writer aside = { bytes, bytes + sizeof(bytes), false };
        struct wire_writer writer;
        size_t begin_size = batch->size;
        size_t event_size;

        ACD_ASSERT(head->tenant.size > 0 && head->tenant.size <= ACD_NAME_MAX);

        /* Aside first: its length goes before it. WIRE_EVENT_MAX is the longest there is. */
        put_event(&aside, event);
        ACD_ASSERT(!aside.is_full);
        event_size = (size_t)(aside.at - bytes);
        if (begin_size == 0)
                begin_size = head_size(head);
        if (begin_size + 1 + wire_varint_size(event_size) + event_size > batch->capacity_size)
                return false;

        if (batch->size == 0) {
                put_head(batch, head);
                set_sequences(batch, head->first_sequence, head->last_sequence);
        } else {
                set_sequences(batch, batch->first_sequence, head->last_sequence);
        }
        ACD_ASSERT(batch->size == begin_size);

        writer = (struct wire_writer){ batch->bytes + batch->size,
                                       batch->bytes + batch->capacity_size, false };
        wire_put_bytes(&writer, BATCH_EVENTS, bytes, (uint32_t)event_size);
        ACD_ASSERT(!writer.is_full);
        batch->size = (size_t)(writer.at - batch->bytes);
        batch->event_count++;
        return true;
}

/*
 * Reading.
 */

static bool head_text(const struct wire_field *field, struct acd_text *ret_text)
{
        *ret_text = (struct acd_text){ (const char *)field->bytes.at, field->bytes.size };
        return field->type == WIRE_TYPE_BYTES && wire_is_text(field->bytes);
}

static bool head_fixed(const struct wire_field *field, uint64_t *ret_value)
{
        *ret_value = field->value;
        return field->type == WIRE_TYPE_FIXED64;
}

static bool head_field(struct wire_batch_head *head, const struct wire_field *field)
{
        uint64_t offset;

        switch (field->number) {
        case BATCH_TENANT:
                return head_text(field, &head->tenant);
        case BATCH_EPOCH:
                return head_fixed(field, &head->epoch);
        case BATCH_FIRST:
                return head_fixed(field, &head->first_sequence);
        case BATCH_LAST:
                return head_fixed(field, &head->last_sequence);
        case BATCH_WALL_OFFSET:
                if (!head_fixed(field, &offset))
                        return false;
                head->wall_offset_ns = (int64_t)offset;
                return true;
        default:
                return true;
        }
}

bool wire_batch_open(struct wire_batch_reader *reader, struct acd_bytes bytes)
{
        struct wire_reader at = wire_reader_of(bytes);

        *reader = (struct wire_batch_reader){ 0 };
        while (at.at < at.end) {
                const uint8_t *begin = at.at;
                struct wire_field field;

                if (!wire_read_field(&at, &field))
                        return false;
                if (field.number >= BATCH_EVENTS) {
                        at.at = begin;
                        break;
                }
                if (!head_field(&reader->head, &field))
                        return false;
        }
        reader->at = at.at;
        reader->end = at.end;
        return reader->head.first_sequence > 0 &&
               reader->head.last_sequence >= reader->head.first_sequence;
}

/* Where in struct wire_event each field is kept, and as what. */
enum keep { KEEP_NOT, KEEP_FIXED, KEEP_WIDE, KEEP_SMALL, KEEP_TEXT };

struct place {
        uint8_t keep; /* enum keep */
        uint16_t offset;
};

#define PLACE(keep, member) \
        { \
                keep, offsetof(struct wire_event, member) \
        }

static const struct place places[] = {
        [1] = PLACE(KEEP_WIDE, sequence),     [2] = PLACE(KEEP_SMALL, kind),
        [3] = PLACE(KEEP_FIXED, time_ns),     [4] = PLACE(KEEP_SMALL, reason),
        [5] = PLACE(KEEP_SMALL, state),       [6] = PLACE(KEEP_SMALL, band),
        [7] = PLACE(KEEP_FIXED, contact),     [8] = PLACE(KEEP_FIXED, agent_id),
        [9] = PLACE(KEEP_FIXED, queue_id),    [10] = PLACE(KEEP_FIXED, assignment),
        [11] = PLACE(KEEP_FIXED, gateway_id), [12] = PLACE(KEEP_FIXED, deadline_ns),
        [13] = PLACE(KEEP_FIXED, since_ns),   [14] = PLACE(KEEP_WIDE, value),
        [15] = PLACE(KEEP_TEXT, label),       [16] = PLACE(KEEP_SMALL, count),
        [17] = PLACE(KEEP_SMALL, object),     [18] = PLACE(KEEP_SMALL, tier),
        [19] = PLACE(KEEP_TEXT, queue),       [20] = PLACE(KEEP_TEXT, agent),
        [21] = PLACE(KEEP_TEXT, channel),     [22] = PLACE(KEEP_TEXT, gateway),
        [23] = PLACE(KEEP_TEXT, client_key),  [24] = PLACE(KEEP_TEXT, name),
        [25] = PLACE(KEEP_FIXED, channel_id),
};

#undef PLACE

/* Enums are kept like numbers of 32 bits. */
_Static_assert(sizeof(enum acd_event_kind) == sizeof(uint32_t) &&
                       sizeof(enum acd_reason) == sizeof(uint32_t) &&
                       sizeof(enum acd_object) == sizeof(uint32_t),
               "an enum has 32 bits");

static bool event_field(struct wire_event *event, const struct wire_field *field)
{
        static const struct place unknown = { KEEP_NOT, 0 };
        const struct place *place = field->number < sizeof(places) / sizeof(places[0])
                                            ? &places[field->number]
                                            : &unknown;
        char *to = (char *)event + place->offset;
        uint32_t small = (uint32_t)field->value;
        struct acd_text text;

        switch ((enum keep)place->keep) {
        case KEEP_NOT:
                return true; /* of a newer daemon */
        case KEEP_FIXED:
                memcpy(to, &field->value, sizeof(field->value));
                return field->type == WIRE_TYPE_FIXED64;
        case KEEP_WIDE:
                memcpy(to, &field->value, sizeof(field->value));
                return field->type == WIRE_TYPE_VARINT;
        case KEEP_SMALL:
                memcpy(to, &small, sizeof(small));
                return field->type == WIRE_TYPE_VARINT && field->value <= UINT32_MAX;
        case KEEP_TEXT:
                if (!head_text(field, &text))
                        return false;
                memcpy(to, &text, sizeof(text));
                return true;
        }
        return false;
}

int wire_batch_next(struct wire_batch_reader *reader, struct wire_event *ret_event)
{
        struct wire_reader at = { reader->at, reader->end };
        struct wire_field field;
        struct wire_reader inner;

        /* Skip what a newer daemon put between events. */
        do {
                if (at.at == at.end)
                        return 0;
                if (!wire_read_field(&at, &field))
                        return -1;
        } while (field.number != BATCH_EVENTS);
        if (field.type != WIRE_TYPE_BYTES)
                return -1;
        reader->at = at.at;

        *ret_event = (struct wire_event){ 0 };
        inner = wire_reader_of(field.bytes);
        while (inner.at < inner.end) {
                struct wire_field part;

                if (!wire_read_field(&inner, &part) || !event_field(ret_event, &part))
                        return -1;
        }
        return 1;
}
