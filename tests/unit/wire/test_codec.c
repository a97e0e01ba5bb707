/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages to bytes and back, for every kind; what a damaged, oversized or
 * senseless message is answered with; and the two ways of the hot messages
 * against each other.
 */

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "tests/unit/wire/general_way.h"
#include "tests/unit/wire/message_random.h"
#include "wire/codec.h"
#include "wire/codec_convert.h"
#include "wire/codec_hot.h"

enum { ROUNDS = 300 };

static uint8_t made_memory[1 << 20];
static uint8_t arena_memory[WIRE_ARENA_SIZE];
static uint8_t frame_bytes[WIRE_HEADER_SIZE + WIRE_BODY_MAX_EVENTS];

static struct acd_arena made;
static struct acd_arena arena;

static void setup(void)
{
        acd_arena_init(&made, made_memory, sizeof(made_memory));
        acd_arena_init(&arena, arena_memory, sizeof(arena_memory));
}

static struct wire_frame frame_of(size_t size)
{
        struct wire_frame frame;

        cr_assert_eq(wire_frame_decode(frame_bytes, size, WIRE_BODY_MAX_EVENTS, &frame),
                     WIRE_FRAME_OK);
        return frame;
}

/* Encode, and read the frame again. */
static struct wire_frame encoded(const struct wire_message *message)
{
        size_t size = wire_encode(message, &arena, frame_bytes, sizeof(frame_bytes));

        cr_assert_gt(size, 0, "%s", wire_kind_info(message->kind)->name);
        return frame_of(size);
}

/* Goal    What goes in comes out, every field of every kind.
 * Method  Random messages from the table of fields; both ways. */
Test(codec, every_kind_comes_back, .init = setup)
{
        struct acd_prng prng;

        acd_prng_init(&prng, 1);
        for (uint16_t kind = 1; kind <= WIRE_KIND_MAX; kind++) {
                if (wire_kind_info(kind) == NULL)
                        continue;
                for (int round = 0; round < ROUNDS; round++) {
                        struct wire_message message;
                        struct wire_message back;
                        struct wire_refusal refusal;

                        acd_arena_reset(&made);
                        acd_arena_reset(&arena);
                        message_random(&prng, &made, kind, &message);

                        struct wire_frame frame = encoded(&message);

                        cr_assert_eq(arena.used_size, 0, "encoding gives its scratch back");
                        cr_assert_eq(wire_decode(&frame, &arena, &back, &refusal), ACD_OK, "%s: %s",
                                     wire_kind_info(kind)->name, refusal.field);
                        cr_assert(message_is_equal(&message, &back), "%s round %d",
                                  wire_kind_info(kind)->name, round);
                }
        }
}

/* Goal    The frame that docs/PROTOCOL.md shows is the one that we write. */
Test(codec, example_of_the_document, .init = setup)
{
        static const uint8_t example[] = { 9, 0, 0, 0, 3, 0, 0, 1, 1, 0, 0, 0, 0,
                                           0, 0, 0, 9, 2, 0, 0, 0, 0, 0, 0, 0 };
        struct wire_message ping = { .kind = WIRE_PING,
                                     .correlation = 1,
                                     .ping = { .client_time_ns = 2 } };

        cr_assert_eq(wire_encode(&ping, &arena, frame_bytes, sizeof(frame_bytes)), sizeof(example));
        cr_assert_arr_eq(frame_bytes, example, sizeof(example));
}

/* Goal    A cut message is refused or is another good message; nothing is read past its end, and
 *         a field is named only when one is at fault.
 * Method  Every cut of random messages of every kind, in memory of its own size, so that the
 *         sanitizer sees one byte too many. */
Test(codec, every_cut_is_answered, .init = setup)
{
        struct acd_prng prng;

        acd_prng_init(&prng, 2);
        for (uint16_t kind = 1; kind <= WIRE_KIND_MAX; kind++) {
                if (wire_kind_info(kind) == NULL)
                        continue;

                struct wire_message message;
                struct wire_message back;
                struct wire_refusal refusal;

                acd_arena_reset(&made);
                message_random(&prng, &made, kind, &message);

                struct wire_frame frame = encoded(&message);
                uint32_t size_max = frame.body_size < 700 ? frame.body_size : 700;

                for (uint32_t size = 0; size < size_max; size++) {
                        uint8_t *copy = malloc(size + 1);
                        struct wire_frame cut = frame;

                        memcpy(copy + 1, frame.body, size);
                        cut.body = copy + 1;
                        cut.body_size = size;
                        acd_arena_reset(&arena);

                        enum acd_result result = wire_decode(&cut, &arena, &back, &refusal);

                        cr_assert_eq(back.kind, kind);
                        cr_assert_eq(back.correlation, message.correlation);
                        if (result != ACD_OK) {
                                cr_assert_eq(refusal.code, result);
                                cr_assert_gt(strlen(wire_result_name(result)), 0);
                                cr_assert_leq(strlen(refusal.field), WIRE_PATH_MAX);
                        }
                        free(copy);
                }
        }
}

/* Goal    A flipped bit is refused or makes another message, which encodes again and comes back as
 *         it is: what we accept we understand.
 * Method  Every bit of random messages of every kind. */
Test(codec, every_flip_is_answered, .init = setup)
{
        static uint8_t again_bytes[sizeof(frame_bytes)];
        static uint8_t second_memory[WIRE_ARENA_SIZE];
        struct acd_arena second;
        struct acd_prng prng;

        acd_prng_init(&prng, 3);
        for (uint16_t kind = 1; kind <= WIRE_KIND_MAX; kind++) {
                if (wire_kind_info(kind) == NULL)
                        continue;

                struct wire_message message;
                struct wire_message back;
                struct wire_message third;
                struct wire_refusal refusal;

                acd_arena_reset(&made);
                message_random(&prng, &made, kind, &message);

                struct wire_frame frame = encoded(&message);
                uint8_t *body = frame_bytes + WIRE_HEADER_SIZE;
                uint32_t bit_max = (frame.body_size < 600 ? frame.body_size : 600) * 8;

                for (uint32_t bit = 0; bit < bit_max; bit++) {
                        acd_arena_reset(&arena);
                        body[bit / 8] ^= (uint8_t)(1u << bit % 8);
                        if (wire_decode(&frame, &arena, &back, &refusal) == ACD_OK) {
                                struct wire_frame once_more;
                                size_t size = wire_encode(&back, &arena, again_bytes,
                                                          sizeof(again_bytes));

                                cr_assert_gt(size, 0);
                                cr_assert_eq(wire_frame_decode(again_bytes, size,
                                                               WIRE_BODY_MAX_EVENTS, &once_more),
                                             WIRE_FRAME_OK);
                                acd_arena_init(&second, second_memory, sizeof(second_memory));
                                cr_assert_eq(wire_decode(&once_more, &second, &third, &refusal),
                                             ACD_OK);
                                cr_assert(message_is_equal(&back, &third), "%s bit %u",
                                          wire_kind_info(kind)->name, bit);
                        }
                        body[bit / 8] ^= (uint8_t)(1u << bit % 8);
                }
        }
}

/* Goal    A message that does not fit is not written: every buffer that is too small says so, the
 *         smallest that is enough does not.
 * Method  Every size up to the message's own, the byte after the buffer watched. */
Test(codec, small_buffers_say_so, .init = setup)
{
        struct acd_prng prng;

        acd_prng_init(&prng, 4);
        for (uint16_t kind = 1; kind <= WIRE_KIND_MAX; kind++) {
                struct wire_message message;
                size_t need_size;

                if (wire_kind_info(kind) == NULL)
                        continue;
                acd_arena_reset(&made);
                message_random(&prng, &made, kind, &message);
                need_size = wire_encode(&message, &arena, frame_bytes, sizeof(frame_bytes));
                cr_assert_gt(need_size, 0);
                for (size_t size = need_size > 300 ? need_size - 300 : 0; size < need_size;
                     size++) {
                        frame_bytes[size] = 0xa5;
                        cr_assert_eq(wire_encode(&message, &arena, frame_bytes, size), 0);
                        cr_assert_eq(frame_bytes[size], 0xa5);
                }
                cr_assert_eq(wire_encode(&message, &arena, frame_bytes, need_size), need_size);
        }
}

/* Goal    Appending moves what is unsent when that makes room, and changes nothing when it does
 *         not. */
Test(codec, append_uses_the_whole_buffer, .init = setup)
{
        struct wire_message ping = { .kind = WIRE_PING, .ping = { .client_time_ns = 7 } };
        uint8_t memory[2 * (WIRE_HEADER_SIZE + 9)];
        struct acd_buffer buffer;
        struct wire_frame frame;

        acd_buffer_init(&buffer, memory, sizeof(memory));
        cr_assert(wire_append(&ping, &arena, &buffer));
        cr_assert(wire_append(&ping, &arena, &buffer));
        cr_assert_not(wire_append(&ping, &arena, &buffer), "full");

        cr_assert_eq(wire_frame_next(&buffer, 100, &frame), WIRE_FRAME_OK);
        acd_buffer_finish(&buffer);
        cr_assert(wire_append(&ping, &arena, &buffer), "room after a compaction");
        cr_assert_eq(wire_frame_next(&buffer, 100, &frame), WIRE_FRAME_OK);
        cr_assert_eq(wire_frame_next(&buffer, 100, &frame), WIRE_FRAME_OK);
        cr_assert_eq(wire_frame_next(&buffer, 100, &frame), WIRE_FRAME_SHORT);
}

/*
 * Ours and protobuf-c's.
 */

/* Goal    What is written is what protobuf-c writes, and within its bound.
 * Method  Random messages of every kind; protobuf-c unpacks and packs them, bytes compared. */
Test(codec, bytes_are_those_of_protobuf, .init = setup)
{
        static uint8_t packed[2 * WIRE_BODY_MAX];
        struct acd_prng prng;

        acd_prng_init(&prng, 5);
        for (uint16_t kind = 1; kind <= WIRE_KIND_MAX; kind++) {
                const struct wire_body *body = wire_body_of(kind);

                if (body == NULL)
                        continue;
                for (int round = 0; round < ROUNDS; round++) {
                        struct wire_message message;
                        ProtobufCMessage *general;

                        acd_arena_reset(&made);
                        acd_arena_reset(&arena);
                        message_random(&prng, &made, kind, &message);

                        struct wire_frame frame = encoded(&message);

                        cr_assert_leq(WIRE_HEADER_SIZE + frame.body_size, wire_bound(&message));
                        general = protobuf_c_message_unpack(body->descriptor, NULL, frame.body_size,
                                                            frame.body);
                        cr_assert_not_null(general, "%s", wire_kind_info(kind)->name);
                        cr_assert_eq(protobuf_c_message_get_packed_size(general), frame.body_size,
                                     "%s", wire_kind_info(kind)->name);
                        cr_assert_eq(protobuf_c_message_pack(general, packed), frame.body_size);
                        cr_assert_arr_eq(packed, frame.body, frame.body_size);
                        protobuf_c_message_free_unpacked(general, NULL);
                }
        }
}

/* Goal    The hand-written way reads what the general way reads, refuses what it refuses, and
 *         names the same field.
 * Method  Random messages with random damage: bytes changed, cut, doubled, swapped. */
Test(codec, hot_reading_is_that_of_protobuf, .init = setup)
{
        struct acd_prng prng;

        acd_prng_init(&prng, 6);
        for (int round = 0; round < 60000; round++) {
                uint16_t kind = (uint16_t)acd_prng_below(&prng, WIRE_KIND_MAX + 1);
                struct wire_message message;

                if (!wire_hot_is(kind))
                        continue;
                acd_arena_reset(&made);
                acd_arena_reset(&arena);
                message_random(&prng, &made, kind, &message);

                struct wire_frame frame = encoded(&message);
                uint8_t *body = frame_bytes + WIRE_HEADER_SIZE;
                uint64_t damage_count = acd_prng_below(&prng, 4);

                for (uint64_t i = 0; i < damage_count && frame.body_size > 0; i++) {
                        uint64_t at = acd_prng_below(&prng, frame.body_size);

                        switch (acd_prng_below(&prng, 4)) {
                        case 0:
                                body[at] = (uint8_t)acd_prng_next(&prng);
                                break;
                        case 1:
                                body[at] ^= (uint8_t)(1u << acd_prng_below(&prng, 8));
                                break;
                        case 2:
                                frame.body_size = (uint32_t)at;
                                break;
                        default: /* a piece twice */
                                memmove(body + frame.body_size, body + at, frame.body_size - at);
                                frame.body_size += frame.body_size - (uint32_t)at;
                                if (frame.body_size > 8192)
                                        frame.body_size = 8192;
                                break;
                        }
                }
                acd_arena_reset(&made);
                cr_assert_null(general_compare(&frame, &made), "%s round %d",
                               wire_kind_info(kind)->name, round);
        }
}

/* Goal    What is read at once is read as the general way reads it: nothing is believed sooner.
 * Method  A submit as encoders write it; every beginning of it, and every byte of it replaced by
 *         every other. */
Test(codec, quick_reading_is_that_of_protobuf, .init = setup)
{
        struct wire_message message = {
                .kind = WIRE_SUBMIT,
                .submit = { .queue_id = 1u << 28 | 1,
                            .channel_id = 2u << 28 | 1,
                            .has_band = true,
                            .band = 3,
                            .credit_ms = 90000,
                            .client_key = wire_text("call-1"),
                            .customer_key = wire_text("anna"),
                            .attributes = { (const uint8_t *)"x=1", 3 } },
        };
        struct wire_frame frame = encoded(&message);
        uint8_t *body = frame_bytes + WIRE_HEADER_SIZE;
        uint32_t size = frame.body_size;

        for (frame.body_size = 0; frame.body_size < size; frame.body_size++) {
                acd_arena_reset(&arena);
                cr_assert_null(general_compare(&frame, &arena), "%u bytes", frame.body_size);
        }
        for (uint32_t at = 0; at < size; at++) {
                uint8_t was = body[at];

                for (uint32_t value = 0; value < 256; value++) {
                        body[at] = (uint8_t)value;
                        acd_arena_reset(&arena);
                        cr_assert_null(general_compare(&frame, &arena), "byte %u is %u", at, value);
                }
                body[at] = was;
        }
}

/* Goal    A message whose bound is just there needs no room aside. */
Test(codec, the_bound_is_enough, .init = setup)
{
        struct wire_message ping = { .kind = WIRE_PING, .ping = { .client_time_ns = 1 } };
        struct acd_arena none;

        acd_arena_init(&none, frame_bytes, 0);
        cr_assert_gt(wire_encode(&ping, &none, frame_bytes, wire_bound(&ping)), 0);
        cr_assert_eq(wire_encode(&ping, &none, frame_bytes, wire_bound(&ping) - 1), 0);
}

/* Goal    An answer of a newer daemon may hold numbers that we have no place for: they become
 *         "unspecified". What was read is counted as memory used. */
Test(codec, numbers_without_a_place_are_unspecified, .init = setup)
{
        static const uint8_t body[] = { 0x12, 0x03, 0x01, 0xac, 0x02 }; /* outcomes: 1, 300 */
        struct wire_frame frame = { .kind = WIRE_RESUMED, .body = body, .body_size = sizeof(body) };
        struct wire_refusal refusal;
        struct wire_message message;
        struct acd_arena fresh;

        acd_arena_init(&fresh, frame_bytes, sizeof(frame_bytes));
        cr_assert_eq(wire_decode(&frame, &fresh, &message, &refusal), ACD_OK);
        cr_assert_eq(message.resumed.outcomes_count, 2);
        cr_assert_eq(message.resumed.outcomes[0], 1);
        cr_assert_eq(message.resumed.outcomes[1], 0);
        cr_assert_gt(fresh.used_size, 0);
        cr_assert_geq(fresh.high_water_size, fresh.used_size);
}

/*
 * Refusals.
 */

struct refusal_case {
        const char *bytes;
        size_t size;
        uint16_t kind;
        enum acd_result code;
        const char *field;
};

#define CASE(kind, bytes, code, field) \
        { \
                bytes, sizeof(bytes) - 1, WIRE_##kind, ACD_##code, field \
        }

/* Bytes written by hand: tag = number << 3 | type. */
static const struct refusal_case refusal_cases[] = {
        CASE(SUBMIT, "", OK, ""),
        CASE(SUBMIT, "\x0a\x01q", OK, ""),
        CASE(SUBMIT, "\x0a\x02q", MALFORMED, ""),                 /* one byte short */
        CASE(SUBMIT, "\x0a\xff\xff\xff\xff\x0fq", MALFORMED, ""), /* a lie of 4 GiB */
        CASE(SUBMIT, "\x08\x01", MALFORMED, "queue"),             /* a number as a name */
        CASE(SUBMIT, "\x0a\x01q\x0a\x01q", MALFORMED, "queue"),   /* twice */
        CASE(SUBMIT,
             "\x0a\x03"
             "a b",
             INVALID, "queue"),
        CASE(SUBMIT, "\x0a\x02q\x80", INVALID, "queue"), /* not UTF-8 */
        CASE(SUBMIT, "\x0a\x02q\x00", INVALID, "queue"), /* a zero byte */
        CASE(SUBMIT, "\x28\x20", INVALID, "band"),       /* 32 */
        CASE(SUBMIT, "\x28\x1f", OK, ""),
        CASE(SUBMIT, "\x28\x80\x80\x80\x80\x10", INVALID, "band"), /* 2^32 is not 0 */
        CASE(SUBMIT, "\x30\x80\xb8\x99\x29", OK, ""),              /* 86,400,000 */
        CASE(SUBMIT, "\x30\x81\xb8\x99\x29", INVALID, "credit_ms"),
        CASE(SUBMIT, "\x3a\x02\x18\x0b", INVALID, "requirement.level_min"),
        CASE(SUBMIT, "\x3a\x02\x20\x08", INVALID, "requirement.group"),
        CASE(SUBMIT, "\x3a\x03\x0a\x01 ", INVALID, "requirement.skill"),
        CASE(SUBMIT, "\x3a\x02\x0a\x01", MALFORMED, "requirement"),
        CASE(SUBMIT,
             "\x52\x02"
             "a\n",
             INVALID, "client_key"),
        CASE(SUBMIT, "\xf8\x07\x01", OK, ""),    /* field 127: of the future */
        CASE(SUBMIT, "\x0b\x0c", MALFORMED, ""), /* a group */
        CASE(SUBMIT, "\x02\x00", MALFORMED, ""), /* field 0 */
        CASE(SUBMIT, "\x07", MALFORMED, ""),     /* wire type 7 */
        CASE(SUBMIT, "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02", MALFORMED, ""), /* 65 bits */
        CASE(CANCEL, "\x18\x63", INVALID, "reason"), /* no such reason */
        CASE(CANCEL, "\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", INVALID, "reason"), /* -1 */
        CASE(HELLO, "\x10\x09", INVALID, "role"),
        CASE(HELLO, "\x3a\x01 ", INVALID, "features"),
        CASE(APPLY, "\x0a\x00\x12\x00", MALFORMED, "skill"), /* two of a oneof */
        CASE(APPLY, "\x22\x04\x12\x02\x18\x0b", INVALID, "queue.requirement.level_min"),
        CASE(APPLY,
             "\x2a\x05\x12\x03"
             "/ab",
             INVALID, "team.time_zone"),
        CASE(APPLY,
             "\x2a\x05\x12\x03"
             " ab",
             INVALID, "team.time_zone"),
        CASE(APPLY,
             "\x2a\x05\x12\x03"
             "a/b",
             OK, ""),
        /* Repeated numbers: packed, one by one, and what is wrong in either form. */
        CASE(APPLY, "\x22\x05\x52\x03\x01\x02\x03", OK, ""),
        CASE(APPLY, "\x22\x04\x50\x01\x50\x02", OK, ""),
        CASE(APPLY, "\x22\x07\x52\x05\x80\x80\x80\x80\x10", INVALID, "queue.tier_wait_ms"),
        CASE(APPLY, "\x22\x06\x50\x80\x80\x80\x80\x10", INVALID, "queue.tier_wait_ms"),
        CASE(APPLY, "\x22\x03\x52\x01\x80", MALFORMED, "queue.tier_wait_ms"),
        CASE(APPLY, "\x22\x0a\x52\x08\x01\x01\x01\x01\x01\x01\x01\x01", TOO_LARGE,
             "queue.tier_wait_ms"), /* eight tiers; the first has no wait */
        CASE(ACCEPT, "\x09\x01\x00\x00\x00\x00\x00\x00\x00", OK, ""),
        CASE(ACCEPT, "\x09\x01\x00\x00\x00\x00\x00\x00", MALFORMED, ""),
        CASE(WRAP_UP, "\x20\x80\xdd\xdb\x01", OK, ""), /* 3,600,000 */
        CASE(WRAP_UP, "\x20\x81\xdd\xdb\x01", INVALID, "extend_ms"),
        CASE(LIST, "\x18\xe9\x07", INVALID, "limit"),                    /* 1,001 rows */
        CASE(RESUME, "\x0a\x04\x00\x00\x00\x00", MALFORMED, "contacts"), /* half an id */
        CASE(LOGIN, "\x1a\x03\x1a\x01\x01", INVALID, "addresses.address"),
        CASE(RESULT, "\x08\x63", OK, ""), /* a result of the future */
        CASE(RESULT, "\x32\x01\x80", INVALID, "field"),
};

/* Goal    Each thing that can be wrong is refused with its code and its field.
 * Method  Bytes by hand, with what docs/PROTOCOL.md says of them. */
Test(codec, refusals_name_the_field, .init = setup)
{
        for (size_t i = 0; i < sizeof(refusal_cases) / sizeof(refusal_cases[0]); i++) {
                const struct refusal_case *given = &refusal_cases[i];
                struct wire_frame frame = { .kind = given->kind,
                                            .correlation = 42,
                                            .session = 43,
                                            .body = (const uint8_t *)given->bytes,
                                            .body_size = (uint32_t)given->size };
                struct wire_refusal refusal = { 0 };
                struct wire_message message;

                cr_assert_eq(wire_decode(&frame, &arena, &message, &refusal), given->code,
                             "case %zu: %s %s", i, wire_result_name(refusal.code), refusal.field);
                cr_assert_str_eq(refusal.field, given->field, "case %zu", i);
                if (given->code == ACD_OK)
                        continue;

                struct wire_message answer = wire_refuse(&message, &refusal, 99);

                cr_assert_eq(answer.kind, WIRE_RESULT);
                cr_assert_eq(answer.correlation, 42);
                cr_assert_eq(answer.session, 43);
                cr_assert_eq(answer.result.code, given->code);
                cr_assert_eq(answer.result.server_time_ns, 99);
                cr_assert_eq(answer.result.field.size, strlen(given->field));
                cr_assert_gt(answer.result.text.size, 0);
        }
}

/* Goal    Texts, bytes and lists of the longest size pass; one more is refused with the limit. */
Test(codec, size_limits_are_exact, .init = setup)
{
        static char long_text[ACD_ATTRIBUTES_MAX + 1];
        static struct wire_term terms[ACD_TERM_MAX + 1];
        struct wire_message submit = { .kind = WIRE_SUBMIT };
        struct wire_message back;
        struct wire_refusal refusal;
        struct {
                struct acd_text *text;
                uint32_t size_max;
                const char *field;
        } texts[] = {
                { &submit.submit.queue, ACD_NAME_MAX, "queue" },
                { &submit.submit.client_key, ACD_CLIENT_KEY_MAX, "client_key" },
                { &submit.submit.customer_key, ACD_CUSTOMER_KEY_MAX, "customer_key" },
        };

        memset(long_text, 'x', sizeof(long_text));
        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
                struct wire_frame frame;

                *texts[i].text = (struct acd_text){ long_text, texts[i].size_max };
                frame = encoded(&submit);
                cr_assert_eq(wire_decode(&frame, &arena, &back, &refusal), ACD_OK);
                texts[i].text->size++;
                frame = encoded(&submit);
                cr_assert_eq(wire_decode(&frame, &arena, &back, &refusal), ACD_TOO_LARGE);
                cr_assert_str_eq(refusal.field, texts[i].field);
                cr_assert_eq(refusal.limit, texts[i].size_max);
                texts[i].text->size = 0;
        }

        submit.submit.attributes =
                (struct acd_bytes){ (uint8_t *)long_text, ACD_ATTRIBUTES_MAX + 1 };
        submit.submit.requirement = terms;

        struct wire_frame frame = encoded(&submit);

        cr_assert_eq(wire_decode(&frame, &arena, &back, &refusal), ACD_TOO_LARGE);
        cr_assert_str_eq(refusal.field, "attributes");
        submit.submit.attributes.size = 0;
        submit.submit.requirement_count = ACD_TERM_MAX + 1;
        frame = encoded(&submit);
        cr_assert_eq(wire_decode(&frame, &arena, &back, &refusal), ACD_TOO_LARGE);
        cr_assert_str_eq(refusal.field, "requirement");
        cr_assert_eq(refusal.limit, ACD_TERM_MAX);
}

/* Goal    A message may have 16,384 fields and not one more, by either way of reading. */
Test(codec, the_number_of_fields_is_limited, .init = setup)
{
        static const uint16_t kinds[] = { WIRE_SUBMIT, WIRE_APPLY };

        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
                /* Field 15,000, a number: nobody knows it and everybody skips it. */
                static const uint8_t field[] = { 0xc0, 0xa9, 0x07, 0x00 };
                struct wire_message back;
                struct wire_refusal refusal;
                struct wire_frame frame = { .kind = kinds[i], .body = frame_bytes };

                for (uint32_t k = 0; k <= WIRE_FIELD_COUNT_MAX; k++)
                        memcpy(frame_bytes + k * sizeof(field), field, sizeof(field));
                frame.body_size = WIRE_FIELD_COUNT_MAX * sizeof(field);
                /* The general way has no memory for so many; that is another refusal. */
                refusal.limit = 0;
                (void)!wire_decode(&frame, &arena, &back, &refusal);
                cr_assert_eq(refusal.limit, 0);
                acd_arena_reset(&arena);
                frame.body_size += (uint32_t)sizeof(field);
                cr_assert_eq(wire_decode(&frame, &arena, &back, &refusal), ACD_TOO_LARGE);
                cr_assert_str_eq(refusal.field, "body");
                cr_assert_eq(refusal.limit, WIRE_FIELD_COUNT_MAX);
                acd_arena_reset(&arena);
        }
}

/* Goal    What a client should not send is encoded all the same, so that the daemon can say what is
 *         wrong with it. */
Test(codec, encoding_does_not_judge, .init = setup)
{
        static char long_text[300];
        struct wire_term term = { .skill = { long_text, sizeof(long_text) }, .level_min = 99 };
        struct wire_message submit = { .kind = WIRE_SUBMIT };
        struct wire_message back;
        struct wire_refusal refusal;
        struct wire_frame frame;

        memset(long_text, 's', sizeof(long_text));
        submit.submit.requirement = &term;
        submit.submit.requirement_count = 1;
        frame = encoded(&submit);
        cr_assert_eq(wire_decode(&frame, &arena, &back, &refusal), ACD_TOO_LARGE);
        cr_assert_str_eq(refusal.field, "requirement.skill");
        cr_assert_eq(refusal.limit, ACD_NAME_MAX);
}

/* Goal    An unknown kind is an answer, not a break: its frame is in step. */
Test(codec, unknown_kind_is_unsupported, .init = setup)
{
        for (uint32_t kind = 1; kind <= UINT16_MAX; kind++) {
                struct wire_frame frame = { .kind = (uint16_t)kind, .correlation = 5 };
                struct wire_refusal refusal;
                struct wire_message back;

                if (wire_kind_info((uint16_t)kind) != NULL)
                        continue;
                cr_assert_eq(wire_decode(&frame, &arena, &back, &refusal), ACD_UNSUPPORTED);
                cr_assert_eq(back.correlation, 5);
                cr_assert_str_eq(refusal.field, "kind");
        }
}

/*
 * Memory.
 */

/* A frame of @size bytes full of @piece. */
static struct wire_frame filled(uint16_t kind, const char *piece, size_t piece_size, uint32_t size)
{
        uint8_t *body = frame_bytes + WIRE_HEADER_SIZE;
        struct wire_frame frame = { .kind = kind, .body = body };

        while (frame.body_size + piece_size <= size) {
                memcpy(body + frame.body_size, piece, piece_size);
                frame.body_size += (uint32_t)piece_size;
        }
        return frame;
}

/* Goal    No frame makes us use more memory than the cap, and what is too much is refused.
 * Method  The worst that 64 KiB can hold, of each sort: empty messages, unknown fields, empty
 *         texts, one-byte numbers. */
Test(codec, small_frames_do_not_become_large, .init = setup)
{
        struct {
                uint16_t kind;
                const char *piece;
                size_t size;
        } bombs[] = {
                { WIRE_RESOLVE, "\x0a\x00", 2 },          { WIRE_LIST_REPLY, "\x1a\x00", 2 },
                { WIRE_LIST_REPLY, "\x4a\x00", 2 },       { WIRE_HELLO, "\x3a\x00", 2 },
                { WIRE_HELLO, "\xf8\x07\x00", 3 },        { WIRE_RESUMED, "\x10\x01", 2 },
                { WIRE_STATUS_REPLY, "\x92\x01\x00", 3 }, { WIRE_APPLY, "\x22\x02\x12\x00", 4 },
        };

        for (size_t i = 0; i < sizeof(bombs) / sizeof(bombs[0]); i++) {
                struct wire_frame frame =
                        filled(bombs[i].kind, bombs[i].piece, bombs[i].size, WIRE_BODY_MAX);
                struct wire_refusal refusal = { 0 };
                struct wire_message back;

                acd_arena_reset(&arena);
                cr_assert_neq(wire_decode(&frame, &arena, &back, &refusal), ACD_OK, "bomb %zu", i);
                cr_assert_leq(arena.used_size,
                              (size_t)frame.body_size * WIRE_ARENA_FACTOR + WIRE_ARENA_EXTRA);
        }
}

/* Goal    Honest messages of the largest size pass the cap: the numbers in codec.h are enough. */
Test(codec, honest_messages_fit_the_cap, .init = setup)
{
        static struct wire_name names[WIRE_RESOLVE_MAX];
        static uint64_t ids[ACD_RESUME_MAX];
        static struct wire_queue queues[WIRE_LIST_MAX];
        struct wire_message message = { .kind = WIRE_RESOLVE };
        struct wire_message back;
        struct wire_refusal refusal = { 0 };

        for (size_t i = 0; i < WIRE_RESOLVE_MAX; i++)
                names[i] = (struct wire_name){ ACD_OBJECT_QUEUE, wire_text("q") };
        message.resolve = (struct wire_resolve){ WIRE_RESOLVE_MAX, names };

        struct wire_frame frame = encoded(&message);

        cr_assert_eq(wire_decode(&frame, &arena, &back, &refusal), ACD_OK, "%s", refusal.field);
        acd_arena_reset(&arena);

        memset(ids, 0x77, sizeof(ids));
        message = (struct wire_message){
                .kind = WIRE_RESUME, .resume = { .contacts_count = ACD_RESUME_MAX, .contacts = ids }
        };
        frame = encoded(&message);
        cr_assert_eq(wire_decode(&frame, &arena, &back, &refusal), ACD_OK, "%s", refusal.field);
        acd_arena_reset(&arena);

        for (size_t i = 0; i < WIRE_LIST_MAX; i++)
                queues[i] = (struct wire_queue){ .queue_id = i + 1, .queue = wire_text("sales") };
        message = (struct wire_message){ .kind = WIRE_LIST_REPLY };
        message.list_reply.queues = queues;
        message.list_reply.queues_count = WIRE_LIST_MAX;
        frame = encoded(&message);
        cr_assert_eq(wire_decode(&frame, &arena, &back, &refusal), ACD_OK, "%s", refusal.field);
        cr_assert_eq(back.list_reply.queues_count, WIRE_LIST_MAX);
}

/* Goal    Running out of arena refuses and never breaks.
 * Method  Every arena size that is too small for a message, by eights. */
Test(codec, small_arenas_refuse, .init = setup)
{
        struct acd_prng prng;

        acd_prng_init(&prng, 8);
        for (uint16_t kind = 1; kind <= WIRE_KIND_MAX; kind++) {
                struct wire_message message;

                if (wire_kind_info(kind) == NULL)
                        continue;
                acd_arena_reset(&made);
                message_random(&prng, &made, kind, &message);

                struct wire_frame frame = encoded(&message);

                for (size_t size = 0; size < 3000; size += 8) {
                        uint8_t *memory = malloc(size + 1);
                        struct acd_arena small;
                        struct wire_message back;
                        struct wire_refusal refusal;
                        static uint8_t other[sizeof(frame_bytes)];

                        acd_arena_init(&small, memory, size);
                        if (wire_decode(&frame, &small, &back, &refusal) != ACD_OK)
                                cr_assert_str_eq(refusal.field, "body");
                        else
                                cr_assert(message_is_equal(&message, &back));
                        acd_arena_reset(&small);

                        size_t written = wire_encode(&message, &small, other, sizeof(other));

                        cr_assert(written == 0 || written == WIRE_HEADER_SIZE + frame.body_size);
                        free(memory);
                }
        }
}
