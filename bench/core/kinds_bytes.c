/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a life cycle costs as bytes, to be counted under callgrind.
 *
 *      kinds_bytes [--rounds N]
 *
 * As in kinds.c each thing that counts is a function step_... that does nothing else:
 * the three requests of a life cycle are read, the four hot frames are written, the
 * events of its three steps go into a batch, its three commands become records, and
 * a batch of them is sealed. bench/baseline.py runs it. The program prints a checksum
 * of all bytes that it made, which is the same on every machine.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/uninitialized.h"
#include "bench/core/world.h"
#include "journal/record.h"
#include "wire/events.h"
#include "wire/write_put.h"

enum {
        ATTRIBUTES_SIZE = 100,
        FRAME_MAX = 1024,
        SEAL_LIFE_CYCLES = 32, /* in a batch of the journal */
        EVENTS_FULL = WIRE_BATCH_MAX / 2,
        ARENA_SIZE = 65536,
};

/* Functions of one kind differ by the name they leave, or the compiler would make one of
 * them all. */
struct bytes {
        struct world *world;
        const char *last_step;
        uint32_t checksum;

        uint8_t attributes[ATTRIBUTES_SIZE];
        uint8_t frame[FRAME_MAX];
        size_t frame_size;
        struct acd_arena arena;
        struct wire_message message;

        struct wire_batch events;

        uint8_t records[JOURNAL_BATCH_SIZE_MAX];
        struct journal_batch batch;
        uint32_t chain;
};

static _Alignas(8) uint8_t events_memory[WIRE_BATCH_MEMORY];
static _Alignas(8) uint8_t arena_memory[ARENA_SIZE];
static uint8_t payload_memory[ACD_COMMAND_PAYLOAD_MAX];

static void must(bool is_so, const char *what)
{
        if (is_so)
                return;
        fprintf(stderr, "kinds_bytes: %s\n", what);
        exit(1);
}

static void note(struct bytes *bytes, const void *at, size_t size)
{
        bytes->checksum = acd_crc32c(bytes->checksum, at, size);
}

/*
 * Requests, read
 */

#define DECODE(name) \
        __attribute__((noinline)) static bool step_read_##name(struct bytes *bytes) \
        { \
                ACD_UNINITIALIZED struct wire_refusal refusal; \
                ACD_UNINITIALIZED struct wire_frame frame; \
                bytes->last_step = #name; \
                return wire_frame_decode(bytes->frame, bytes->frame_size, WIRE_BODY_MAX, \
                                         &frame) == WIRE_FRAME_OK && \
                       wire_decode(&frame, &bytes->arena, &bytes->message, &refusal) == ACD_OK; \
        }

DECODE(submit)
DECODE(accept)
DECODE(complete)

#undef DECODE

static void make_request(struct bytes *bytes, const struct wire_message *message)
{
        acd_arena_reset(&bytes->arena);
        bytes->frame_size = wire_encode(message, &bytes->arena, bytes->frame, sizeof(bytes->frame));
        must(bytes->frame_size > 0, "a request does not fit");
        note(bytes, bytes->frame, bytes->frame_size);
        acd_arena_reset(&bytes->arena);
}

static void read_requests(struct bytes *bytes)
{
        const struct world *world = bytes->world;
        struct wire_message message = {
                .kind = WIRE_SUBMIT,
                .correlation = 7,
                .submit = { .queue_id = world->queue[0].value,
                            .channel_id = world->channel.value,
                            .attributes = { bytes->attributes, ATTRIBUTES_SIZE } },
        };

        make_request(bytes, &message);
        must(step_read_submit(bytes), "SUBMIT is refused");
        message = (struct wire_message){
                .kind = WIRE_ACCEPT,
                .correlation = 8,
                .session = 3,
                .assignment_command = { .assignment = world->assignment[world->offered].value },
        };
        make_request(bytes, &message);
        must(step_read_accept(bytes), "ACCEPT is refused");
        message.kind = WIRE_COMPLETE;
        make_request(bytes, &message);
        must(step_read_complete(bytes), "COMPLETE is refused");
}

/*
 * Frames, written
 */

#define WRITE(name, KIND) \
        __attribute__((noinline)) static size_t step_write_##name( \
                uint8_t *at, const struct wire_##name *body, uint32_t session) \
        { \
                struct wire_frame frame = { .kind = (KIND), .session = session }; \
                if (WIRE_HEADER_SIZE + wire_bound_##name(body) > FRAME_MAX) \
                        return 0; \
                return wire_put_header(at, wire_write_##name(body, at + WIRE_HEADER_SIZE), frame); \
        }

WRITE(result, WIRE_RESULT)
WRITE(offer, WIRE_OFFER)
WRITE(assignment_state_push, WIRE_ASSIGNMENT_STATE)
WRITE(assignment_push, WIRE_ASSIGNMENT)

#undef WRITE

static void wrote(struct bytes *bytes, size_t size)
{
        must(size > 0, "a frame is too large");
        note(bytes, bytes->frame, size);
}

static void write_frames(struct bytes *bytes, const struct acd_event *event)
{
        const struct world *world = bytes->world;
        const struct wire_result result = {
                .code = ACD_OK,
                .server_time_ns = world->now,
                .id = event->contact.value,
                .state = event->state,
        };
        const struct wire_offer offer = {
                .server_time_ns = world->now,
                .push = 9,
                .assignment = event->assignment.value,
                .epoch = 1,
                .contact = event->contact.value,
                .left_ms = 20000,
                .waited_ms = 1500,
                .band = event->band,
                .queue = wire_text("queue-1"),
                .channel = wire_text("chat"),
                .attributes = { bytes->attributes, ATTRIBUTES_SIZE },
                .offer_count = 1,
                .state = ACD_ASSIGNMENT_OFFERED,
        };
        const struct wire_assignment_state_push state = {
                .server_time_ns = world->now,
                .push = 10,
                .assignment = event->assignment.value,
                .contact = event->contact.value,
                .state = ACD_ASSIGNMENT_ACTIVE,
        };
        const struct wire_assignment_push push = {
                .server_time_ns = world->now,
                .assignment = event->assignment.value,
                .contact = event->contact.value,
                .state = ACD_ASSIGNMENT_ACTIVE,
        };

        wrote(bytes, step_write_result(bytes->frame, &result, 3));
        wrote(bytes, step_write_offer(bytes->frame, &offer, 3));
        wrote(bytes, step_write_assignment_state_push(bytes->frame, &state, 3));
        wrote(bytes, step_write_assignment_push(bytes->frame, &push, 0));
}

/*
 * What a step leaves behind
 */

#define LEAVE(name) \
        __attribute__((noinline)) static bool step_events_##name(struct bytes *bytes) \
        { \
                bytes->last_step = #name; \
                const struct world *world = bytes->world; \
                return wire_batch_add(&bytes->events, world->acd, world->effects.item, \
                                      world->effects.count); \
        } \
        __attribute__((noinline)) static void step_record_##name(struct bytes *bytes) \
        { \
                bytes->last_step = #name; \
                uint8_t *at = bytes->records + bytes->batch.size; \
                uint8_t *body = at + JOURNAL_RECORD_HEADER_SIZE; \
                uint32_t body_size, payload_size; \
                acd_command_encode(&bytes->world->command, body, &body_size, payload_memory, \
                                   &payload_size); \
                bytes->chain = journal_record_encode( \
                        at, bytes->batch.record_count++, bytes->chain, \
                        (struct journal_bytes){ body, body_size }, \
                        (struct journal_bytes){ payload_memory, payload_size }); \
                bytes->batch.size += (uint32_t)journal_record_size(body_size, payload_size); \
        }

LEAVE(submit)
LEAVE(accept)
LEAVE(complete)

#undef LEAVE

/* The batch of events is taken and begins anew, unless it has room for a step. */
static void make_room(struct bytes *bytes, bool is_other_time)
{
        struct acd_bytes batch = wire_batch_bytes(&bytes->events);

        if (!is_other_time && batch.size < EVENTS_FULL)
                return;
        note(bytes, batch.at, batch.size);
        wire_batch_reset(&bytes->events);
}

static void begin_records(struct bytes *bytes)
{
        bytes->batch = (struct journal_batch){
                .epoch = 1,
                .first_lsn = bytes->batch.first_lsn + bytes->batch.record_count,
                .size = JOURNAL_BATCH_HEADER_SIZE,
                .chain_before = bytes->batch.chain_after,
        };
        bytes->chain = bytes->batch.chain_before;
}

__attribute__((noinline)) static void step_seal(struct bytes *bytes)
{
        static const struct journal_identity identity = { .secret = 5,
                                                          .segment_number = 1,
                                                          .epoch = 1 };

        journal_batch_seal(bytes->records, &identity, bytes->chain, &bytes->batch);
}

static void seal(struct bytes *bytes)
{
        bytes->batch.size += JOURNAL_BATCH_TRAILER_SIZE;
        bytes->batch.now_ns = bytes->world->now;
        step_seal(bytes);
        note(bytes, bytes->records, bytes->batch.size);
        begin_records(bytes);
}

/* Contact, offer and end, all at one time: a batch of events has one. */
static void live_once(struct bytes *bytes)
{
        struct world *world = bytes->world;
        acd_time now = world->now;

        world_make_submit(world);
        world->command.submit.attributes = (struct acd_bytes){ bytes->attributes, ATTRIBUTES_SIZE };
        world->now = now;
        make_room(bytes, false);
        world_do(world);
        must(step_events_submit(bytes), "the events do not fit");
        step_record_submit(bytes);
        read_requests(bytes);
        write_frames(bytes, &world->effects.item[world->effects.count - 1]);

        world_make_assignment(world, ACD_COMMAND_ACCEPT, world->offered);
        world_do(world);
        must(step_events_accept(bytes), "the events do not fit");
        step_record_accept(bytes);

        world_make_assignment(world, ACD_COMMAND_COMPLETE, world->offered);
        world_do(world);
        must(step_events_complete(bytes), "the events do not fit");
        step_record_complete(bytes);
}

int main(int count, char **arguments)
{
        const struct world_order order = {
                .agent_count = 100,
                .queue_count = 16,
                .classes_per_agent = 8,
                .seed = 1,
        };
        static struct bytes bytes = { .batch = { .first_lsn = 1 } };
        uint32_t round_count = 20;

        if (count == 3 && strcmp(arguments[1], "--rounds") == 0)
                round_count = (uint32_t)strtoul(arguments[2], NULL, 10);
        bytes.world = world_open(&order);
        for (uint32_t i = 0; i < ATTRIBUTES_SIZE; i++)
                bytes.attributes[i] = (uint8_t)('a' + i % 26);
        acd_arena_init(&bytes.arena, arena_memory, sizeof(arena_memory));
        wire_batch_init(&bytes.events, events_memory, sizeof(events_memory));
        world_ready_all(bytes.world);
        begin_records(&bytes);
        for (uint32_t i = 0; i < round_count; i++) {
                for (uint32_t j = 0; j < SEAL_LIFE_CYCLES; j++)
                        live_once(&bytes);
                seal(&bytes);
                make_room(&bytes, true);
                bytes.world->now += 1000000;
        }
        printf("digest of bytes %08" PRIx32 "\n", bytes.checksum);
        world_close(bytes.world);
        return 0;
}
