/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * events.h - what happened, as bytes: acd.v1.Event, EventBatch and Events.
 *
 * One EventBatch holds what one committed batch did to one tenant. Its bytes
 * depend on nothing but the events and the core: replay writes them again, bit
 * by bit. Any protobuf reads them; one that packs them again puts references
 * before events.
 *
 *   Ownership  A writer borrows its buffer; a reader borrows the bytes.
 *   Failure    Adding says "does not fit": the caller closes the batch and
 *              begins the next (this is the rule by which batches are cut: between steps,
 *              and at changes of tenant within one).
 *   Cost       O(bytes); look-ups of names are O(1).
 *   Threads    That of the core for adding; reading: any.
 */

#include "acd/view.h"
#include "wire/codec.h"

enum {
        WIRE_BATCH_MAX = 65536,    /* bytes of one EventBatch */
        WIRE_BATCH_HEAD_MAX = 128, /* of which before its first event */
        WIRE_EVENT_MAX = 384,      /* bytes of one event, its tag and length included */
        WIRE_REFERENCE_MAX = 80,   /* of one reference */
        /* References of one batch; an event makes four at most. */
        WIRE_REFERENCE_COUNT_MAX = 512,
        WIRE_REFERENCE_COUNT_EVENT = 4,
        /* What an event may take; a batch with less room than this is not added to. */
        WIRE_EVENT_ROOM = WIRE_EVENT_MAX + WIRE_REFERENCE_COUNT_EVENT * WIRE_REFERENCE_MAX,
};

/* Which objects a batch refers to, and in which place. */
struct wire_places {
        uint32_t count;
        uint64_t key[WIRE_REFERENCE_COUNT_MAX];      /* object and id */
        uint16_t slot[2 * WIRE_REFERENCE_COUNT_MAX]; /* open addressing: place, 0 = free */
};

/* What the last event referred to, and the fields that say so, ready to be copied: neighbours
 * mostly refer to the same. An id of 0 has a field of no bytes. */
struct wire_recent {
        uint64_t queue, channel, gateway, agent;
        uint32_t line_size;
        uint32_t agent_size;
        uint8_t line[16]; /* of queue, channel and gateway */
        uint8_t agent_field[4];
};

/* One batch being written, of one tenant. */
struct wire_batch {
        struct wire_places *places;
        uint8_t *bytes;
        size_t capacity_size; /* room for a head and an event at least; at most WIRE_BATCH_MAX */
        size_t size;          /* 0: empty, no batch has begun */
        size_t first_at;      /* where the sequences are written */
        uint64_t first_sequence;
        uint64_t last_sequence;
        uint64_t next_sequence; /* of an event that need not say it */
        uint64_t time_ns;
        uint32_t event_count;
        struct wire_recent recent;
};

/* Memory for a batch as large as they get. */
enum { WIRE_BATCH_MEMORY = sizeof(struct wire_places) + WIRE_BATCH_MAX };

/* A writer in @memory, aligned to 8; @size at most WIRE_BATCH_MEMORY is used. */
void wire_batch_init(struct wire_batch *batch, uint8_t *memory, size_t size);

/* Append @count events of one step and tenant; their names and keys are read from @acd, which must
 * be as the step left it. The first event begins the batch, with the tenant's name, epoch, wall
 * offset of @acd and the event's time; each further one must follow the last in sequence. False:
 * they have another time, or might not all fit, and none was added: take the batch as it is, reset,
 * and add again. */
bool wire_batch_add(struct wire_batch *batch, const struct acd *acd, const struct acd_event *events,
                    uint32_t count) __attribute__((warn_unused_result));

/* The same, of an event with names at hand: for followers, who get some of the events of a batch
 * (gaps allowed), and for tools. @head is used when the event begins the batch, its last_sequence
 * each time; its time must be the batch's. */
struct wire_batch_head {
        struct acd_text tenant;
        uint64_t epoch;
        uint64_t first_sequence;
        uint64_t last_sequence;
        int64_t wall_offset_ns;
        uint64_t time_ns;
};
bool wire_batch_copy(struct wire_batch *batch, const struct wire_batch_head *head,
                     const struct wire_event *event) __attribute__((warn_unused_result));

/* The bytes so far, complete as they are: an EventBatch. */
struct acd_bytes wire_batch_bytes(const struct wire_batch *batch);

void wire_batch_reset(struct wire_batch *batch);

/* Reading: the head, then event after event. */
struct wire_batch_reader {
        struct wire_batch_head head;
        uint64_t next_sequence;
        const uint8_t *begin;
        const uint8_t *at;
        const uint8_t *end;
        uint32_t reference_count;
        uint16_t reference_at[WIRE_REFERENCE_COUNT_MAX]; /* offset of its body from begin */
};

/* False: not an EventBatch. */
bool wire_batch_open(struct wire_batch_reader *reader, struct acd_bytes bytes)
        __attribute__((warn_unused_result));

/* 1: *ret_event is the next event. 0: there is no more. -1: the bytes are damaged. */
int wire_batch_next(struct wire_batch_reader *reader, struct wire_event *ret_event)
        __attribute__((warn_unused_result));
