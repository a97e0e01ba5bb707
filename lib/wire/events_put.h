/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * events_put.h - the bytes of one event of the core, inline: this is done for every event, and
 * each field is loaded where it is written. Private to lib/wire. See events.c.
 *
 * The fields of an event, in the order in which they are written:
 *
 *      kind state contact | queue channel gateway | agent assignment | reason band count |
 *       2     2     9       as last time, ready     same     9           2     2     2
 *
 *      deadline since value | tier object label client key name
 *         9       9     9     hardly ever
 *
 * Zeros are left out without a branch: what comes next is written over them.
 */

#include <string.h>

#include "base/assert.h"
#include "wire/events.h"
#include "wire/field.h"

/* Numbers of acd.v1.EventBatch. */
enum {
        BATCH_TENANT = 1,
        BATCH_EPOCH = 2,
        BATCH_FIRST = 3,
        BATCH_LAST = 4,
        BATCH_WALL_OFFSET = 5,
        BATCH_TIME = 6,
        BATCH_REFERENCES = 14,
        BATCH_EVENTS = 15,
};

/* A tag of one byte and eight bytes after it. */
enum { FIXED64_FIELD_SIZE = 9 };

/* Who knows names. */
struct wire_namer {
        struct acd_text (*name)(const void *self, enum acd_object object, uint64_t id);
        const void *self;
};

/* Make @batch one with a head and nothing else. */
void wire_batch_begin(struct wire_batch *batch, const struct wire_batch_head *head);

/* The field that says the place of @event's agent, or of its queue, channel and gateway, is not the
 * one that was said last: look the references up, put those that are not there. */
void wire_batch_refer_agent(struct wire_batch *batch, const struct wire_namer *namer, uint64_t id);
void wire_batch_refer_line(struct wire_batch *batch, const struct wire_namer *namer,
                           const struct acd_event *event);

/* The last sequence of @batch is @last. */
static inline void wire_batch_last(struct wire_batch *batch, uint64_t last)
{
        ACD_ASSERT(last >= batch->first_sequence);
        batch->last_sequence = last;
        acd_put_u64(batch->bytes + batch->first_at + FIXED64_FIELD_SIZE + 1, last);
}

/* What an event of the core does not have in itself. */
struct wire_event_texts {
        struct acd_text client_key;
        struct acd_text name;
};

/* A number below 0x80 with a tag of one byte: one store. */
WIRE_INLINE uint8_t *wire_event_small(uint8_t *at, uint32_t number, uint32_t value)
{
        acd_put_u16(at, (uint16_t)(value << 8 | number << 3 | WIRE_TYPE_VARINT));
        return at + (value != 0 ? 2 : 0);
}

/* An id that is not zero. */
WIRE_INLINE uint8_t *wire_event_id(uint8_t *at, uint32_t number, uint64_t id)
{
        acd_put_u64(wire_raw_tag(at, number, WIRE_TYPE_FIXED64), id);
        return at + FIXED64_FIELD_SIZE;
}

/* The places of queue, channel and gateway, and that of the agent, from the fields that are
 * ready. More is copied than they are; it is written over. */
WIRE_INLINE uint8_t *wire_event_line(uint8_t *at, const struct wire_batch *batch)
{
        memcpy(at, batch->recent.line, sizeof(batch->recent.line));
        return at + batch->recent.line_size;
}

WIRE_INLINE uint8_t *wire_event_agent(uint8_t *at, const struct wire_batch *batch)
{
        memcpy(at, batch->recent.agent_field, sizeof(batch->recent.agent_field));
        return at + batch->recent.agent_size;
}

/* The body of any event; there is room. Returns its end. */
WIRE_INLINE uint8_t *wire_event_write(uint8_t *at, const struct wire_batch *batch,
                                      const struct acd_event *event,
                                      const struct wire_event_texts *texts)
{
        at = wire_raw_uint(at, 2, event->kind);
        at = wire_raw_uint(at, 4, event->state);
        at = wire_raw_fixed64(at, 6, event->contact.value);
        at = wire_event_line(at, batch);
        at = wire_event_agent(at, batch);
        at = wire_raw_fixed64(at, 9, event->assignment.value);
        at = wire_raw_uint(at, 3, event->reason);
        at = wire_raw_uint(at, 5, event->band);
        at = wire_raw_uint(at, 15, event->count);
        at = wire_raw_fixed64(at, 12, event->deadline);
        at = wire_raw_fixed64(at, 13, event->since);
        at = wire_raw_fixed64(at, 14, event->value);
        at = wire_raw_uint(at, 18, event->tier);
        at = wire_raw_uint(at, 17, event->object);
        if (event->label[0] != 0)
                at = wire_raw_text(at, 16, wire_text(event->label));
        at = wire_raw_text(at, 19, texts->client_key);
        return wire_raw_text(at, 20, texts->name);
}

/* The bits that make an event not plain: what is before its sequence is looked at as two words. */
static const struct acd_event wire_event_odd = {
        .kind = 0xff80,
        .reason = 0xff80,
        .state = 0x80,
        .band = 0x80,
        .object = 0xff,
        .tier = 0xff,
        .has_client_key = true,
        .count = 0xffffff80,
};
_Static_assert(offsetof(struct acd_event, sequence) == 2 * sizeof(uint64_t),
               "all fields that have bits in wire_event_odd are before the sequence");

/* Is @event one of nearly all: of a contact, with small numbers, no texts, and an agent only if
 * there is an assignment? */
WIRE_INLINE bool wire_event_is_plain(const struct acd_event *event)
{
        uint64_t word[2], odd[2];

        memcpy(word, event, sizeof(word));
        memcpy(odd, &wire_event_odd, sizeof(odd));
        return ((word[0] & odd[0]) | (word[1] & odd[1])) == 0 && event->label[0] == 0 &&
               event->contact.value != 0 &&
               (event->assignment.value != 0 || event->agent.value == 0);
}

/* The same bytes as wire_event_write(), of one that is plain. */
WIRE_INLINE uint8_t *wire_event_write_plain(uint8_t *at, const struct wire_batch *batch,
                                            const struct acd_event *event)
{
        acd_put_u32(at, (uint32_t)event->state << 24 | (uint32_t)event->kind << 8 |
                                (4 << 3 | WIRE_TYPE_VARINT) << 16 | 2 << 3 | WIRE_TYPE_VARINT);
        at += event->state != 0 ? 4 : 2;
        at = wire_event_id(at, 6, event->contact.value);
        at = wire_event_line(at, batch);
        if (event->assignment.value != 0) {
                at = wire_event_agent(at, batch);
                at = wire_event_id(at, 9, event->assignment.value);
        }
        at = wire_event_small(at, 3, event->reason);
        at = wire_event_small(at, 5, event->band);
        at = wire_event_small(at, 15, event->count);
        at = wire_raw_fixed64(at, 12, event->deadline);
        at = wire_raw_fixed64(at, 13, event->since);
        return wire_raw_fixed64(at, 14, event->value);
}

/* May @count events with @time_ns be added to @batch, which has begun? */
WIRE_INLINE bool wire_batch_takes(const struct wire_batch *batch, uint64_t time_ns, uint32_t count)
{
        return batch->capacity_size - batch->size >= (size_t)count * WIRE_EVENT_ROOM &&
               batch->places->count + count * WIRE_REFERENCE_COUNT_EVENT <=
                       WIRE_REFERENCE_COUNT_MAX &&
               time_ns == batch->time_ns;
}

/* Have the fields ready that say @event's places. Names are asked of @namer, and only for what the
 * batch does not refer to yet. */
WIRE_INLINE void wire_batch_refer(struct wire_batch *batch, const struct acd_event *event,
                                  const struct wire_namer *namer)
{
        const struct wire_recent *recent = &batch->recent;

        if (event->queue.value != recent->queue || event->channel.value != recent->channel ||
            event->gateway.value != recent->gateway)
                wire_batch_refer_line(batch, namer, event);
        if (event->agent.value != recent->agent)
                wire_batch_refer_agent(batch, namer, event->agent.value);
}

/* Append @event, whatever it is, to @batch, which takes it. */
void wire_batch_put(struct wire_batch *batch, const struct acd_event *event,
                    const struct wire_event_texts *texts, const struct wire_namer *namer);

/* The same for one that is plain and has the sequence after the last one's. */
WIRE_INLINE void wire_batch_put_plain(struct wire_batch *batch, const struct acd_event *event,
                                      const struct wire_namer *namer)
{
        uint8_t *begin, *end;
        size_t size;

        wire_batch_refer(batch, event, namer);
        begin = batch->bytes + batch->size;
        end = wire_event_write_plain(begin + 2, batch, event);
        size = (size_t)(end - begin);
        acd_put_u16(begin, (uint16_t)((size - 2) << 8 | BATCH_EVENTS << 3 | WIRE_TYPE_BYTES));
        batch->size += size;
}

/* The longest of those has a length of one byte. */
enum { WIRE_EVENT_PLAIN_MAX = 4 + 9 + 3 * 3 + 3 + 9 + 3 * 2 + 3 * 9 };
_Static_assert(WIRE_EVENT_PLAIN_MAX < 0x80, "the length of a plain event is one byte");
