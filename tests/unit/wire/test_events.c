/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches of events: the bytes are protobuf's, they come back as they were, they
 * are cut by rule, and damage is seen.
 */

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "acd/v1/event.pb-c.h"
#include "base/arena.h"
#include "tests/unit/wire/message_random.h"
#include "wire/codec_convert.h"
#include "wire/events.h"

enum { BATCH_TIME = 77 }; /* of all events */

static uint8_t made_memory[1 << 20];
static struct acd_arena made;

static void setup(void)
{
        acd_arena_init(&made, made_memory, sizeof(made_memory));
}

static struct wire_batch_head head_of(uint64_t sequence, int64_t wall_offset_ns)
{
        return (struct wire_batch_head){
                .tenant = wire_text("acme"),
                .epoch = 3,
                .first_sequence = sequence,
                .last_sequence = sequence,
                .wall_offset_ns = wall_offset_ns,
                .time_ns = BATCH_TIME,
        };
}

static bool is_text(const char *left, struct acd_text right)
{
        return strlen(left) == right.size && memcmp(left, right.at, right.size) == 0;
}

/* Does @place of @batch name what @id and @name say? */
static bool is_referred(const Acd__V1__EventBatch *batch, uint32_t place, Acd__V1__Object object,
                        uint64_t id, struct acd_text name)
{
        const Acd__V1__Reference *reference;

        if (place == 0)
                return id == 0;
        if (place > batch->n_references)
                return false;
        reference = batch->references[place - 1];
        return reference->object == object && reference->id == id && is_text(reference->name, name);
}

static void check_event(const Acd__V1__EventBatch *batch, const Acd__V1__Event *got,
                        const struct wire_event *event)
{
        cr_assert_eq(got->sequence, 0, "it follows the one before");
        cr_assert_eq((uint32_t)got->kind, (uint32_t)event->kind);
        cr_assert_eq((uint32_t)got->reason, (uint32_t)event->reason);
        cr_assert_eq(got->state, event->state);
        cr_assert_eq(got->band, event->band);
        cr_assert_eq(got->contact, event->contact);
        cr_assert_eq(got->assignment, event->assignment);
        cr_assert_eq(got->deadline_ns, event->deadline_ns);
        cr_assert_eq(got->since_ns, event->since_ns);
        cr_assert_eq(got->value, event->value);
        cr_assert_eq(got->count, event->count);
        cr_assert_eq((uint32_t)got->object, (uint32_t)event->object);
        cr_assert_eq(got->tier, event->tier);
        cr_assert(is_text(got->label, event->label));
        cr_assert(is_text(got->client_key, event->client_key));
        cr_assert(is_text(got->name, event->name));
        cr_assert(is_referred(batch, got->agent, ACD__V1__OBJECT__OBJECT_AGENT, event->agent_id,
                              event->agent));
        cr_assert(is_referred(batch, got->queue, ACD__V1__OBJECT__OBJECT_QUEUE, event->queue_id,
                              event->queue));
        cr_assert(is_referred(batch, got->channel, ACD__V1__OBJECT__OBJECT_CHANNEL,
                              event->channel_id, event->channel));
        cr_assert(is_referred(batch, got->gateway, ACD__V1__OBJECT__OBJECT_GATEWAY,
                              event->gateway_id, event->gateway));
}

/* Goal    Any protobuf reads what is written, and finds each reference once.
 * Method  A batch of random events of few objects, unpacked by protobuf-c and compared field by
 *         field; references that are equal would be two. */
Test(events, protobuf_reads_them, .init = setup)
{
        static _Alignas(8) uint8_t bytes[WIRE_BATCH_MEMORY];
        static struct wire_event events[40];
        struct acd_prng prng;

        acd_prng_init(&prng, 1);
        for (int round = 0; round < 200; round++) {
                struct wire_batch batch;
                uint64_t event_count = 1 + acd_prng_below(&prng, 40);

                acd_arena_reset(&made);
                wire_batch_init(&batch, bytes, sizeof(bytes));
                for (uint64_t i = 0; i < event_count; i++) {
                        struct wire_batch_head head = head_of(10 + i, round % 3 - 1);

                        message_random_event(&prng, &made, &events[i]);
                        events[i].sequence = 10 + i;
                        cr_assert(wire_batch_copy(&batch, &head, &events[i]));
                }

                struct acd_bytes written = wire_batch_bytes(&batch);
                Acd__V1__EventBatch *unpacked =
                        acd__v1__event_batch__unpack(NULL, written.size, written.at);

                cr_assert_not_null(unpacked);
                cr_assert_eq(unpacked->n_events, event_count);
                cr_assert_eq(unpacked->first_sequence, 10);
                cr_assert_eq(unpacked->last_sequence, 10 + event_count - 1);
                cr_assert_eq(unpacked->wall_offset_ns, round % 3 - 1);
                cr_assert_eq(unpacked->time_ns, BATCH_TIME);
                cr_assert_str_eq(unpacked->tenant, "acme");
                cr_assert_eq(acd__v1__event_batch__get_packed_size(unpacked), written.size);
                for (uint64_t i = 0; i < event_count; i++)
                        check_event(unpacked, unpacked->events[i], &events[i]);
                for (size_t i = 1; i < unpacked->n_references; i++)
                        for (size_t k = 0; k < i; k++)
                                cr_assert(unpacked->references[i]->id !=
                                                  unpacked->references[k]->id ||
                                          unpacked->references[i]->object !=
                                                  unpacked->references[k]->object);
                acd__v1__event_batch__free_unpacked(unpacked, NULL);
        }
}

/* Goal    What is written is read: head and events. */
Test(events, batches_come_back, .init = setup)
{
        static _Alignas(8) uint8_t bytes[WIRE_BATCH_MEMORY];
        static struct wire_event events[40];
        struct acd_prng prng;

        acd_prng_init(&prng, 2);
        for (int round = 0; round < 200; round++) {
                struct wire_batch_reader reader;
                struct wire_batch batch;
                struct wire_event event;
                uint32_t event_count = 1 + (uint32_t)acd_prng_below(&prng, 40);

                acd_arena_reset(&made);
                wire_batch_init(&batch, bytes, sizeof(bytes));
                for (uint32_t i = 0; i < event_count; i++) {
                        struct wire_batch_head head = head_of(1 + i, -5);

                        message_random_event(&prng, &made, &events[i]);
                        events[i].sequence = 1 + i + (i > 7 ? acd_prng_below(&prng, 3) : 0);
                        events[i].time_ns = BATCH_TIME;
                        cr_assert(wire_batch_copy(&batch, &head, &events[i]));
                }
                cr_assert_eq(batch.event_count, event_count);

                cr_assert(wire_batch_open(&reader, wire_batch_bytes(&batch)));
                cr_assert_eq(reader.head.epoch, 3);
                cr_assert_eq(reader.head.first_sequence, 1);
                cr_assert_eq(reader.head.last_sequence, event_count);
                cr_assert_eq(reader.head.wall_offset_ns, -5);
                cr_assert_eq(reader.head.tenant.size, 4);
                for (uint32_t i = 0; i < event_count; i++) {
                        cr_assert_eq(wire_batch_next(&reader, &event), 1);
                        cr_assert(message_is_equal_event(&event, &events[i]));
                }
                cr_assert_eq(wire_batch_next(&reader, &event), 0);
        }
}

/* Goal    The longest event there is fits WIRE_EVENT_MAX. */
Test(events, longest_event_has_room)
{
        static _Alignas(8) uint8_t bytes[WIRE_BATCH_MEMORY];
        static char name[64];
        struct wire_batch_head head = head_of(UINT64_MAX, INT64_MIN);
        struct wire_batch batch;
        struct acd_text longest = { name, ACD_NAME_MAX };
        struct wire_event event;

        memset(name, 'n', sizeof(name));
        memset(&event, 0xff, sizeof(event));
        event.kind = (enum acd_event_kind)UINT16_MAX;
        event.reason = (enum acd_reason)UINT16_MAX;
        event.state = event.band = event.tier = UINT8_MAX;
        event.object = (enum acd_object)UINT8_MAX;
        event.label = (struct acd_text){ name, ACD_LABEL_MAX };
        event.queue = event.agent = event.channel = event.gateway = event.name = longest;
        event.client_key = (struct acd_text){ name, ACD_CLIENT_KEY_MAX };
        head.tenant = longest;

        wire_batch_init(&batch, bytes,
                        sizeof(struct wire_places) + WIRE_BATCH_HEAD_MAX + WIRE_EVENT_ROOM);
        cr_assert(wire_batch_copy(&batch, &head, &event));
        cr_assert_eq(batch.places->count, WIRE_REFERENCE_COUNT_EVENT);
        cr_assert_leq(batch.size, batch.capacity_size);
}

/* Goal    A batch is cut when the longest event might not fit, so that the same events are cut the
 *         same way in every run; what was written stays whole.
 * Method  Events of known size until one is refused; the room says when. */
Test(events, cut_is_by_size_alone, .init = setup)
{
        static _Alignas(8) uint8_t bytes[WIRE_BATCH_MEMORY + 64];
        struct wire_event event = { .sequence = 1, .kind = ACD_EVENT_AGENT_READY };
        struct wire_batch_reader reader;
        struct wire_batch batch;
        size_t size_before;
        size_t step = 0;

        memset(bytes, 0xa5, sizeof(bytes));
        wire_batch_init(&batch, bytes, sizeof(bytes));
        cr_assert_eq(batch.capacity_size, WIRE_BATCH_MAX);
        for (event.sequence = 1;; event.sequence++) {
                struct wire_batch_head head = head_of(event.sequence, 1);

                size_before = batch.size;
                if (!wire_batch_copy(&batch, &head, &event))
                        break;
                step = batch.size - size_before;
        }
        cr_assert_eq(batch.size, size_before, "a refused event leaves the batch");
        cr_assert_gt(batch.size + WIRE_EVENT_ROOM, WIRE_BATCH_MAX, "it might not have fitted");
        cr_assert_leq(batch.size - step + WIRE_EVENT_ROOM, WIRE_BATCH_MAX, "the last one had room");
        cr_assert_eq(batch.bytes[WIRE_BATCH_MAX], 0xa5, "nothing is written past the end");

        cr_assert(wire_batch_open(&reader, wire_batch_bytes(&batch)));
        cr_assert_eq(reader.head.last_sequence, event.sequence - 1);
        for (uint64_t i = 1; i < event.sequence; i++) {
                struct wire_event back;

                cr_assert_eq(wire_batch_next(&reader, &back), 1);
                cr_assert_eq(back.sequence, i);
        }

        /* The next batch begins with the event that did not fit. */
        struct wire_batch_head head = head_of(event.sequence, 1);

        wire_batch_reset(&batch);
        cr_assert(wire_batch_copy(&batch, &head, &event));
        cr_assert_eq(batch.first_sequence, event.sequence);
}

/* Goal    A batch has one time and a bounded number of references: what would pass that is refused,
 *         and the next batch takes it.
 * Method  An agent an event, until one is refused. */
Test(events, cut_is_by_references_and_time_too)
{
        static _Alignas(8) uint8_t bytes[WIRE_BATCH_MEMORY];
        struct wire_event event = { .kind = ACD_EVENT_AGENT_READY, .agent = wire_text("a") };
        struct wire_batch_head head = head_of(1, 0);
        struct wire_batch batch;
        uint64_t count = 0;

        wire_batch_init(&batch, bytes, sizeof(bytes));
        for (event.sequence = 1;; event.sequence++) {
                event.agent_id = event.sequence << 28 | 1;
                head.last_sequence = event.sequence;
                if (!wire_batch_copy(&batch, &head, &event))
                        break;
                count++;
        }
        cr_assert_eq(count, WIRE_REFERENCE_COUNT_MAX - WIRE_REFERENCE_COUNT_EVENT + 1);

        wire_batch_reset(&batch);
        cr_assert(wire_batch_copy(&batch, &head, &event));
        head.time_ns++;
        cr_assert_not(wire_batch_copy(&batch, &head, &event));
        wire_batch_reset(&batch);
        cr_assert(wire_batch_copy(&batch, &head, &event));
        cr_assert_eq(batch.time_ns, BATCH_TIME + 1);
        cr_assert_eq(batch.places->count, 1, "a new batch refers anew");
}

/* Goal    Cut and damaged batches are refused or read as other events, and never past their end.
 * Method  Every cut and every flipped bit of a batch, in memory of its own size. */
Test(events, damage_is_seen, .init = setup)
{
        static _Alignas(8) uint8_t bytes[WIRE_BATCH_MEMORY];
        struct wire_batch batch;
        struct acd_prng prng;

        acd_prng_init(&prng, 3);
        wire_batch_init(&batch, bytes, sizeof(bytes));
        for (uint64_t i = 1; i <= 3; i++) {
                struct wire_batch_head head = head_of(i, 1);
                struct wire_event event;

                message_random_event(&prng, &made, &event);
                cr_assert(wire_batch_copy(&batch, &head, &event));
        }
        for (uint32_t size = 0; size < batch.size; size++) {
                uint8_t *copy = malloc(size + 1);
                struct wire_batch_reader reader;
                struct wire_event event;
                int count = 0;

                memcpy(copy + 1, bytes, size);
                if (wire_batch_open(&reader, (struct acd_bytes){ copy + 1, size })) {
                        while (wire_batch_next(&reader, &event) > 0)
                                count++;
                        cr_assert_lt(count, 3);
                }
                free(copy);
        }
        for (uint32_t bit = 0; bit < batch.size * 8; bit++) {
                struct wire_batch_reader reader;
                struct wire_event event;
                int count = 0;

                bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
                if (wire_batch_open(&reader, wire_batch_bytes(&batch)))
                        while (count <= 10 && wire_batch_next(&reader, &event) > 0)
                                count++;
                cr_assert_leq(count, 10, "a flipped bit does not make many events");
                bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
}

/* Goal    A batch of a newer daemon is read: fields that we do not know are skipped. */
Test(events, unknown_fields_pass)
{
        /* tenant "t", first 1, last 1, field 60 varint, event { sequence 1, field 55: "x" } */
        static const uint8_t bytes[] = "\x0a\x01t"
                                       "\x19\x01\0\0\0\0\0\0\0"
                                       "\x21\x01\0\0\0\0\0\0\0"
                                       "\xe0\x03\x07"
                                       "\x7a\x06\x08\x01\xba\x03\x01x";
        struct wire_batch_reader reader;
        struct wire_event event;

        cr_assert(wire_batch_open(&reader, (struct acd_bytes){ bytes, sizeof(bytes) - 1 }));
        cr_assert_eq(wire_batch_next(&reader, &event), 1);
        cr_assert_eq(event.sequence, 1);
        cr_assert_eq(wire_batch_next(&reader, &event), 0);
}

/* tenant "t", first 1, last 1: then what is to be read. */
#define HEAD \
        "\x0a\x01t" \
        "\x19\x01\0\0\0\0\0\0\0" \
        "\x21\x01\0\0\0\0\0\0\0"

struct damage_case {
        const char *bytes;
        size_t size;
        bool is_open;
        int next;
};

#define DAMAGE(bytes, is_open, next) \
        { \
                bytes, sizeof(bytes) - 1, is_open, next \
        }

/* Goal    Each thing that can be wrong with a batch is told from its end.
 * Method  Bytes by hand: whether the batch opens, and what its first event is. */
Test(events, each_damage_is_told)
{
        static const struct damage_case cases[] = {
                DAMAGE(HEAD, true, 0),
                DAMAGE(HEAD "\x7a\x00", true, 1),
                DAMAGE(HEAD "\x7a\x02\x08\x01", true, 1),
                DAMAGE(HEAD "\x7a\x02\x08\x80", true, -1),                 /* half a number */
                DAMAGE(HEAD "\x7a\x02\x30\x01", true, -1),                 /* contact as a varint */
                DAMAGE(HEAD "\x7a\x03\x80\x01\x01", true, -1),             /* label as a varint */
                DAMAGE(HEAD "\x7a\x02\x38\x01", true, -1),                 /* an agent not there */
                DAMAGE(HEAD "\x72\x00\x7a\x02\x38\x01", true, 1),          /* ... there, unnamed */
                DAMAGE(HEAD "\x72\x00\x7a\x02\x38\x02", true, -1),         /* one too far */
                DAMAGE(HEAD "\x72\x03\x1a\x01q\x7a\x02\x40\x01", true, 1), /* a queue q */
                DAMAGE(HEAD "\x72\x03\x1a\x01\x80\x7a\x02\x40\x01", true, -1), /* not UTF-8 */
                DAMAGE(HEAD "\x72\x02\x10\x01\x7a\x02\x40\x01", true, -1),     /* id as a varint */
                DAMAGE(HEAD "\x72\x01\x10\x7a\x02\x40\x01", true, -1),         /* half a field */
                DAMAGE(HEAD "\x70\x01", true, -1), /* a reference as a number */
                DAMAGE(HEAD "\x7a\x09\x39\x01\0\0\0\0\0\0\0", true, -1),   /* a place as fixed64 */
                DAMAGE(HEAD "\x7a\x09\x09\0\0\0\0\0\0\0\0", true, -1),     /* sequence as fixed64 */
                DAMAGE(HEAD "\x7a\x04\x82\x01\x01\x80", true, -1),         /* label not UTF-8 */
                DAMAGE(HEAD "\x7a\x06\x28\x80\x80\x80\x80\x10", true, -1), /* band of 33 bits */
                DAMAGE(HEAD "\x7a\x05\x28\x80\x80\x80\x08", true, 1),
                DAMAGE(HEAD "\x7a\x05\x08", false, 0), /* one that goes beyond */
                DAMAGE(HEAD "\x78\x01", true, -1),     /* an event as a number */
                DAMAGE("", false, 0),
                DAMAGE("\x0a\x01t", false, 0),                                    /* no sequences */
                DAMAGE("\x19\x02\0\0\0\0\0\0\0\x21\x01\0\0\0\0\0\0\0", false, 0), /* last < first */
                DAMAGE("\x19\x01\0\0\0\0\0\0\0\x21\x01\0\0\0\0\0\0\0", true, 0),
                DAMAGE("\x18\x01\x21\x01\0\0\0\0\0\0\0", false, 0), /* first as a varint */
                DAMAGE("\x08\x01" HEAD, false, 0),                  /* tenant as a number */
                DAMAGE("\x0a\x01\x80" HEAD, false, 0),              /* tenant not UTF-8 */
                DAMAGE("\x28\x01" HEAD, false, 0),                  /* wall offset as a varint */
                DAMAGE("\x0b" HEAD, false, 0),                      /* a group */
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct acd_bytes bytes = { (const uint8_t *)cases[i].bytes,
                                           (uint32_t)cases[i].size };
                struct wire_batch_reader reader;
                struct wire_event event;

                cr_assert_eq(wire_batch_open(&reader, bytes), cases[i].is_open, "case %zu", i);
                if (cases[i].is_open)
                        cr_assert_eq(wire_batch_next(&reader, &event), cases[i].next, "case %zu",
                                     i);
        }
}
