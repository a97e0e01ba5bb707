/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * events_put.h - the bytes of one event of the core, inline: this is done for every event, and
 * each field is loaded where it is written. Private to lib/wire. See events.c.
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

/* The place of @object with @id in the batch's list of references; it is put there if it is not. */
uint32_t wire_batch_search(struct wire_batch *batch, const struct wire_namer *namer,
                           enum acd_object object, uint64_t id);

/* The last sequence of @batch is @last. */
static inline void wire_batch_last(struct wire_batch *batch, uint64_t last)
{
        ACD_ASSERT(last >= batch->first_sequence);
        batch->last_sequence = last;
        acd_put_u64(batch->bytes + batch->first_at + FIXED64_FIELD_SIZE + 1, last);
}

/* The same, 0 for no id. Neighbours mostly refer to the same. */
static inline uint32_t wire_batch_place(struct wire_batch *batch, const struct wire_namer *namer,
                                        enum acd_object object, uint64_t id)
{
        struct wire_place *last = &batch->last[object - ACD_OBJECT_CHANNEL];

        if (id == 0)
                return 0;
        if (last->id != id) {
                last->place = wire_batch_search(batch, namer, object, id);
                last->id = id;
        }
        return last->place;
}

struct wire_event_places {
        uint32_t agent, queue, channel, gateway;
};

/* What an event of the core does not have in itself. */
struct wire_event_texts {
        struct acd_text client_key;
        struct acd_text name;
};

WIRE_INLINE uint8_t *wire_event_write(uint8_t *restrict at, const struct acd_event *restrict event,
                                      const struct wire_event_places *restrict places,
                                      const struct wire_event_texts *restrict texts)
{
        at = wire_raw_uint(at, 2, event->kind);
        at = wire_raw_uint(at, 3, event->reason);
        at = wire_raw_uint(at, 4, event->state);
        at = wire_raw_uint(at, 5, event->band);
        at = wire_raw_fixed64(at, 6, event->contact.value);
        at = wire_raw_uint(at, 7, places->agent);
        at = wire_raw_uint(at, 8, places->queue);
        at = wire_raw_fixed64(at, 9, event->assignment.value);
        at = wire_raw_uint(at, 10, places->channel);
        at = wire_raw_uint(at, 11, places->gateway);
        at = wire_raw_fixed64(at, 12, event->deadline);
        at = wire_raw_fixed64(at, 13, event->since);
        at = wire_raw_uint(at, 14, event->value);
        at = wire_raw_uint(at, 15, event->count);
        if (event->label[0] != 0)
                at = wire_raw_text(at, 16, wire_text(event->label));
        /* Of offers and configuration, and of contacts with a key. */
        if ((event->object | event->tier) != 0) {
                at = wire_raw_uint(at, 17, event->object);
                at = wire_raw_uint(at, 18, event->tier);
        }
        if (texts != NULL) {
                at = wire_raw_text(at, 19, texts->client_key);
                at = wire_raw_text(at, 20, texts->name);
        }
        return at;
}

/* The length goes before the body and is nearly always one byte. */
WIRE_INLINE void wire_batch_append(struct wire_batch *batch, const struct acd_event *event,
                                   const struct wire_event_places *places,
                                   const struct wire_event_texts *texts)
{
        uint8_t *begin = batch->bytes + batch->size;
        uint8_t *body = begin + 2;
        uint8_t *end = body;
        size_t size;

        if (event->sequence != batch->next_sequence)
                end = wire_raw_uint(end, 1, event->sequence);
        batch->next_sequence = event->sequence + 1;
        end = wire_event_write(end, event, places, texts);
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
        batch->event_count++;
}

/* May an event with @time_ns be added to @batch, which has begun? */
WIRE_INLINE bool wire_batch_takes(const struct wire_batch *batch, uint64_t time_ns)
{
        return batch->capacity_size - batch->size >= WIRE_EVENT_ROOM &&
               batch->places->count <= WIRE_REFERENCE_COUNT_MAX - WIRE_REFERENCE_COUNT_EVENT &&
               time_ns == batch->time_ns;
}

/* Append @event to @batch, which takes it; @texts: NULL when it has none. Names are asked of
 * @namer, and only for what the batch does not refer to yet. */
WIRE_INLINE void wire_batch_put(struct wire_batch *batch, const struct acd_event *event,
                                const struct wire_event_texts *texts,
                                const struct wire_namer *namer)
{
        struct wire_event_places places;

        places.agent = wire_batch_place(batch, namer, ACD_OBJECT_AGENT, event->agent.value);
        places.queue = wire_batch_place(batch, namer, ACD_OBJECT_QUEUE, event->queue.value);
        places.channel = wire_batch_place(batch, namer, ACD_OBJECT_CHANNEL, event->channel.value);
        places.gateway = wire_batch_place(batch, namer, ACD_OBJECT_GATEWAY, event->gateway.value);
        wire_batch_append(batch, event, &places, texts);
}
