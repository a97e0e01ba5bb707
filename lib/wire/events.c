/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events as bytes. They are written once per event of the core, which makes
 * them the hottest bytes of the daemon; and they must come out the same
 * whenever they are written again, because replay after a crash appends to a
 * log and a stream that may already have them. So they are coded by hand:
 * fields always in the same order, zeros left out. events_core.c says
 * where the names come from.
 *
 *      tenant | epoch | first | last | wall offset | time | reference | event | event | ...
 *        text   8 bytes each, in place of fixed size         tag, length, body
 *
 * First and last sequence are numbers of fixed size, so that they can be set as
 * events come; what is in the buffer is a whole EventBatch after each add.
 *
 * Names are a third of what there is to say and nearly always the same, so an
 * event says the place of a reference, which comes before the first event that
 * needs it. Which references there are is kept in a small hash table beside the
 * bytes; the fields that the last event said its places with are kept ready, because
 * the next one mostly says the same. A step's events are only begun when as many of
 * the longest would fit: so their fields are written without looking for the end,
 * which is half of their cost.
 */

#include "wire/events_put.h"

#include <string.h>

#include "base/assert.h"
#include "base/id.h"
#include "wire/field.h"
#include "wire/refusal.h"

/* Numbers of acd.v1.Event that say places. */
enum { EVENT_AGENT = 7, EVENT_QUEUE = 8, EVENT_CHANNEL = 10, EVENT_GATEWAY = 11 };

/* Numbers of acd.v1.Reference. */
enum { REFERENCE_OBJECT = 1, REFERENCE_ID = 2, REFERENCE_NAME = 3 };

enum {
        KEY_ID_BITS = ACD_ID_SLOT_BITS + ACD_ID_GENERATION_BITS,
        PLACE_SLOT_BITS = 10,
        PLACE_SLOT_COUNT = 1 << PLACE_SLOT_BITS,
};

_Static_assert(PLACE_SLOT_COUNT == 2 * WIRE_REFERENCE_COUNT_MAX, "half of the slots stay free");

void wire_batch_init(struct wire_batch *batch, uint8_t *memory, size_t size)
{
        size_t bytes_size = size - sizeof(struct wire_places);

        ACD_ASSERT(size >= sizeof(struct wire_places) + WIRE_BATCH_HEAD_MAX + WIRE_EVENT_ROOM);
        ACD_ASSERT((uintptr_t)memory % _Alignof(struct wire_places) == 0);

        *batch = (struct wire_batch){
                .places = (struct wire_places *)(void *)memory,
                .bytes = memory + sizeof(struct wire_places),
                .capacity_size = bytes_size < WIRE_BATCH_MAX ? bytes_size : WIRE_BATCH_MAX,
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
        wire_put_fixed64(&writer, BATCH_TIME, head->time_ns);
        ACD_ASSERT(!writer.is_full);
        batch->size = (size_t)(writer.at - batch->bytes);
}

_Static_assert((1 + 1 + ACD_NAME_MAX) + 5 * FIXED64_FIELD_SIZE <= WIRE_BATCH_HEAD_MAX,
               "the head of a batch has room");

void wire_batch_begin(struct wire_batch *batch, const struct wire_batch_head *head)
{
        ACD_ASSERT(head->tenant.size > 0 && head->tenant.size <= ACD_NAME_MAX);

        memset(batch->places->slot, 0, sizeof(batch->places->slot));
        batch->places->count = 0;
        memset(&batch->recent, 0, sizeof(batch->recent));
        batch->time_ns = head->time_ns;
        batch->next_sequence = head->first_sequence;
        put_head(batch, head);
        ACD_ASSERT(head->first_sequence > 0);
        batch->first_sequence = head->first_sequence;
        acd_put_u64(batch->bytes + batch->first_at + 1, head->first_sequence);
        wire_batch_last(batch, head->last_sequence);
}

/* All ids of a batch are of one shard, so the object can have the shard's bits. */
static uint64_t key_of(enum acd_object object, uint64_t id)
{
        return (uint64_t)object << KEY_ID_BITS | (id & ((UINT64_C(1) << KEY_ID_BITS) - 1));
}

static void put_reference(struct wire_batch *batch, enum acd_object object, uint64_t id,
                          struct acd_text name)
{
        uint8_t *begin = batch->bytes + batch->size;
        uint8_t *at = begin + 2;

        ACD_ASSERT(name.size <= ACD_NAME_MAX);
        at = wire_raw_uint(at, REFERENCE_OBJECT, (uint32_t)object);
        at = wire_raw_fixed64(at, REFERENCE_ID, id);
        at = wire_raw_text(at, REFERENCE_NAME, name);
        begin[0] = BATCH_REFERENCES << 3 | WIRE_TYPE_BYTES;
        begin[1] = (uint8_t)(at - begin - 2);
        ACD_ASSERT(at - begin <= WIRE_REFERENCE_MAX && begin[1] < 0x80);
        batch->size = (size_t)(at - batch->bytes);
}

/* The place of @object with @id in the batch's list of references; it is put there if it is not. */
static uint32_t place_of(struct wire_batch *batch, const struct wire_namer *namer,
                         enum acd_object object, uint64_t id)
{
        struct wire_places *places = batch->places;
        uint64_t key = key_of(object, id);
        uint32_t slot = (uint32_t)(key * 0x9e3779b97f4a7c15 >> (64 - PLACE_SLOT_BITS));
        uint32_t place;

        while ((place = places->slot[slot]) != 0) {
                if (places->key[place - 1] == key)
                        return place;
                slot = (slot + 1) % PLACE_SLOT_COUNT;
        }
        ACD_ASSERT(places->count < WIRE_REFERENCE_COUNT_MAX);
        places->key[places->count++] = key;
        places->slot[slot] = (uint16_t)places->count;
        put_reference(batch, object, id, namer->name(namer->self, object, id));
        return places->count;
}

void wire_batch_refer_agent(struct wire_batch *batch, const struct wire_namer *namer, uint64_t id)
{
        struct wire_recent *recent = &batch->recent;
        uint32_t place = id == 0 ? 0 : place_of(batch, namer, ACD_OBJECT_AGENT, id);
        const uint8_t *end = wire_raw_uint(recent->agent_field, EVENT_AGENT, place);

        recent->agent = id;
        recent->agent_size = (uint32_t)(end - recent->agent_field);
}

void wire_batch_refer_line(struct wire_batch *batch, const struct wire_namer *namer,
                           const struct acd_event *event)
{
        struct wire_recent *recent = &batch->recent;
        uint8_t *at = recent->line;

        if (event->queue.value != 0)
                at = wire_raw_uint(at, EVENT_QUEUE,
                                   place_of(batch, namer, ACD_OBJECT_QUEUE, event->queue.value));
        if (event->channel.value != 0)
                at = wire_raw_uint(
                        at, EVENT_CHANNEL,
                        place_of(batch, namer, ACD_OBJECT_CHANNEL, event->channel.value));
        if (event->gateway.value != 0)
                at = wire_raw_uint(
                        at, EVENT_GATEWAY,
                        place_of(batch, namer, ACD_OBJECT_GATEWAY, event->gateway.value));
        recent->queue = event->queue.value;
        recent->channel = event->channel.value;
        recent->gateway = event->gateway.value;
        recent->line_size = (uint32_t)(at - recent->line);
}

_Static_assert(3 * 3 + 1 <= sizeof(((struct wire_recent *)0)->line) &&
                       WIRE_REFERENCE_COUNT_MAX < 1 << 14,
               "a place is two bytes at most, and a tag one");

/* The length goes before the body and is nearly always one byte. */
void wire_batch_put(struct wire_batch *batch, const struct acd_event *event,
                    const struct wire_event_texts *texts, const struct wire_namer *namer)
{
        uint8_t *begin, *body, *end;
        size_t size;

        wire_batch_refer(batch, event, namer);
        begin = batch->bytes + batch->size;
        body = begin + 2;
        end = body;
        if (event->sequence != batch->next_sequence)
                end = wire_raw_uint(end, 1, event->sequence);
        end = wire_event_write(end, batch, event, texts);
        size = (size_t)(end - body);
        ACD_ASSERT(size + 3 <= WIRE_EVENT_MAX);
        begin[0] = BATCH_EVENTS << 3 | WIRE_TYPE_BYTES;
        begin[1] = (uint8_t)size;
        if (size >= 0x80) {
                memmove(body + 1, body, size);
                begin[1] = (uint8_t)(size | 0x80);
                begin[2] = (uint8_t)(size >> 7);
                end++;
        }
        batch->size = (size_t)(end - batch->bytes);
}

static struct acd_text name_at_hand(const void *self, enum acd_object object, uint64_t id)
{
        const struct wire_event *event = self;

        (void)id;
        if (object == ACD_OBJECT_AGENT)
                return event->agent;
        if (object == ACD_OBJECT_QUEUE)
                return event->queue;
        return object == ACD_OBJECT_CHANNEL ? event->channel : event->gateway;
}

/* @event as the core said it. What it says fits: the core said it. */
static void core_event_of(const struct wire_event *event, uint64_t time_ns,
                          struct acd_event *ret_event)
{
        ACD_ASSERT((uint32_t)event->kind <= UINT16_MAX && (uint32_t)event->reason <= UINT16_MAX);
        ACD_ASSERT(event->state <= UINT8_MAX && event->band <= UINT8_MAX);
        ACD_ASSERT((uint32_t)event->object <= UINT8_MAX && event->tier <= UINT8_MAX);
        ACD_ASSERT(event->label.size <= ACD_LABEL_MAX);

        *ret_event = (struct acd_event){
                .kind = (uint16_t)event->kind,
                .reason = (uint16_t)event->reason,
                .state = (uint8_t)event->state,
                .band = (uint8_t)event->band,
                .object = (uint8_t)event->object,
                .tier = (uint8_t)event->tier,
                .count = event->count,
                .sequence = event->sequence,
                .now = time_ns,
                .contact.value = event->contact,
                .agent.value = event->agent_id,
                .queue.value = event->queue_id,
                .assignment.value = event->assignment,
                .channel.value = event->channel_id,
                .gateway.value = event->gateway_id,
                .deadline = event->deadline_ns,
                .since = event->since_ns,
                .value = event->value,
        };
        if (event->label.size > 0)
                memcpy(ret_event->label, event->label.at, event->label.size);
}

bool wire_batch_copy(struct wire_batch *batch, const struct wire_batch_head *head,
                     const struct wire_event *event)
{
        struct wire_namer namer = { name_at_hand, event };
        struct wire_event_texts texts = { event->client_key, event->name };
        struct acd_event said;

        ACD_ASSERT(event->client_key.size <= ACD_CLIENT_KEY_MAX);
        ACD_ASSERT(event->name.size <= ACD_NAME_MAX);

        core_event_of(event, head->time_ns, &said);
        if (batch->size == 0) {
                wire_batch_begin(batch, head);
        } else {
                if (!wire_batch_takes(batch, head->time_ns, 1))
                        return false;
                wire_batch_last(batch, head->last_sequence);
        }
        wire_batch_put(batch, &said, &texts, &namer);
        batch->event_count++;
        batch->next_sequence = event->sequence + 1;
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
        case BATCH_TIME:
                return head_fixed(field, &head->time_ns);
        default:
                return true;
        }
}

bool wire_batch_open(struct wire_batch_reader *reader, struct acd_bytes bytes)
{
        struct wire_reader at = wire_reader_of(bytes);

        reader->head = (struct wire_batch_head){ 0 };
        reader->next_sequence = 0;
        reader->begin = at.at;
        reader->reference_count = 0;
        if (bytes.size > WIRE_BATCH_MAX)
                return false;
        while (at.at < at.end) {
                const uint8_t *begin = at.at;
                struct wire_field field;

                if (!wire_read_field(&at, &field))
                        return false;
                if (field.number == BATCH_REFERENCES || field.number == BATCH_EVENTS) {
                        at.at = begin;
                        break;
                }
                if (!head_field(&reader->head, &field))
                        return false;
        }
        reader->at = at.at;
        reader->end = at.end;
        reader->next_sequence = reader->head.first_sequence;
        return reader->head.first_sequence > 0 &&
               reader->head.last_sequence >= reader->head.first_sequence;
}

/* What an event refers to. */
struct reference {
        uint64_t id;
        struct acd_text name;
};

/* False: no such place, or what is there is damaged. */
static bool read_reference(const struct wire_batch_reader *reader, uint32_t place,
                           struct reference *ret_reference)
{
        const uint8_t *begin;
        struct wire_reader at;
        struct wire_field field;

        *ret_reference = (struct reference){ 0 };
        if (place == 0)
                return true;
        if (place > reader->reference_count)
                return false;
        begin = reader->begin + reader->reference_at[place - 1];
        at = (struct wire_reader){ begin, reader->end };
        if (!wire_read_field(&at, &field))
                return false;
        for (at = wire_reader_of(field.bytes); at.at < at.end;) {
                if (!wire_read_field(&at, &field))
                        return false;
                if (field.number == REFERENCE_ID && !head_fixed(&field, &ret_reference->id))
                        return false;
                if (field.number == REFERENCE_NAME && !head_text(&field, &ret_reference->name))
                        return false;
        }
        return true;
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
        [1] = PLACE(KEEP_WIDE, sequence),    [2] = PLACE(KEEP_SMALL, kind),
        [3] = PLACE(KEEP_SMALL, reason),     [4] = PLACE(KEEP_SMALL, state),
        [5] = PLACE(KEEP_SMALL, band),       [6] = PLACE(KEEP_FIXED, contact),
        [9] = PLACE(KEEP_FIXED, assignment), [12] = PLACE(KEEP_FIXED, deadline_ns),
        [13] = PLACE(KEEP_FIXED, since_ns),  [14] = PLACE(KEEP_FIXED, value),
        [15] = PLACE(KEEP_SMALL, count),     [16] = PLACE(KEEP_TEXT, label),
        [17] = PLACE(KEEP_SMALL, object),    [18] = PLACE(KEEP_SMALL, tier),
        [19] = PLACE(KEEP_TEXT, client_key), [20] = PLACE(KEEP_TEXT, name),
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

/* One that says a place: of whom, and what is there. */
static bool resolve_field(const struct wire_batch_reader *reader, struct wire_event *event,
                          const struct wire_field *field)
{
        struct reference reference;

        if (field->type != WIRE_TYPE_VARINT || field->value > WIRE_REFERENCE_COUNT_MAX ||
            !read_reference(reader, (uint32_t)field->value, &reference))
                return false;
        switch (field->number) {
        case EVENT_AGENT:
                event->agent_id = reference.id;
                event->agent = reference.name;
                return true;
        case EVENT_QUEUE:
                event->queue_id = reference.id;
                event->queue = reference.name;
                return true;
        case EVENT_CHANNEL:
                event->channel_id = reference.id;
                event->channel = reference.name;
                return true;
        default:
                event->gateway_id = reference.id;
                event->gateway = reference.name;
                return true;
        }
}

static bool read_event(struct wire_batch_reader *reader, struct acd_bytes bytes,
                       struct wire_event *ret_event)
{
        struct wire_reader at = wire_reader_of(bytes);

        *ret_event = (struct wire_event){ .sequence = reader->next_sequence,
                                          .time_ns = reader->head.time_ns };
        while (at.at < at.end) {
                struct wire_field field;
                bool is_good;

                if (!wire_read_field(&at, &field))
                        return false;
                if (field.number == EVENT_AGENT || field.number == EVENT_QUEUE ||
                    field.number == EVENT_CHANNEL || field.number == EVENT_GATEWAY)
                        is_good = resolve_field(reader, ret_event, &field);
                else
                        is_good = event_field(ret_event, &field);
                if (!is_good)
                        return false;
        }
        reader->next_sequence = ret_event->sequence + 1;
        return true;
}

int wire_batch_next(struct wire_batch_reader *reader, struct wire_event *ret_event)
{
        struct wire_reader at = { reader->at, reader->end };

        while (at.at != at.end) {
                size_t offset = (size_t)(at.at - reader->begin);
                struct wire_field field;

                if (!wire_read_field(&at, &field))
                        return -1;
                reader->at = at.at;
                if (field.number == BATCH_EVENTS)
                        return field.type == WIRE_TYPE_BYTES &&
                                               read_event(reader, field.bytes, ret_event)
                                       ? 1
                                       : -1;
                /* What a newer daemon put between events is skipped. */
                if (field.number != BATCH_REFERENCES)
                        continue;
                if (field.type != WIRE_TYPE_BYTES ||
                    reader->reference_count == WIRE_REFERENCE_COUNT_MAX)
                        return -1;
                reader->reference_at[reader->reference_count++] = (uint16_t)offset;
        }
        return 0;
}
