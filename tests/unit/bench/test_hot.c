/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The light coder against the full one: same fields from the same bytes, same
 * bytes for the same fields. And the frames that are made beforehand.
 */

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/bench/hot.h"
#include "clients/bench/template.h"
#include "tests/unit/wire/message_random.h"
#include "wire/codec.h"

enum { ROUND_COUNT = 20000, FRAME_MAX = 70000 };

static uint8_t bytes[FRAME_MAX];
static struct acd_arena arena;

static void make_arena(void)
{
        void *memory = malloc(4 * WIRE_ARENA_SIZE);

        cr_assert_not_null(memory);
        acd_arena_init(&arena, memory, 4 * WIRE_ARENA_SIZE);
}

TestSuite(hot, .init = make_arena);

static void check_result(const struct wire_message *message, const uint8_t *body, uint32_t size)
{
        struct hot_result result;

        cr_assert(hot_peek_result(body, size, &result));
        cr_assert_eq(result.code, (uint32_t)message->result.code);
        cr_assert_eq(result.id, message->result.id);
        cr_assert_eq(result.state, message->result.state);
}

static void check_offer(const struct wire_message *message, const uint8_t *body, uint32_t size)
{
        struct hot_offer offer;

        cr_assert(hot_peek_offer(body, size, &offer));
        cr_assert_eq(offer.assignment, message->offer.assignment);
        cr_assert_eq(offer.contact, message->offer.contact);
}

static void check_assignment(const struct wire_message *message, const uint8_t *body, uint32_t size)
{
        struct hot_assignment push;

        cr_assert(hot_peek_assignment(body, size, &push));
        cr_assert_eq(push.assignment, message->assignment_push.assignment);
        cr_assert_eq(push.contact, message->assignment_push.contact);
        cr_assert_eq(push.state, (uint32_t)message->assignment_push.state);
        cr_assert_eq(push.reason, (uint32_t)message->assignment_push.reason);
}

static void check_offer_ended(const struct wire_message *message, const uint8_t *body,
                              uint32_t size)
{
        struct hot_assignment push;

        cr_assert(hot_peek_offer_ended(body, size, &push));
        cr_assert_eq(push.assignment, message->offer_ended.assignment);
        cr_assert_eq(push.contact, message->offer_ended.contact);
        cr_assert_eq(push.reason, (uint32_t)message->offer_ended.reason);
}

static void check_state(const struct wire_message *message, const uint8_t *body, uint32_t size)
{
        struct hot_assignment push;

        cr_assert(hot_peek_assignment_state(body, size, &push));
        cr_assert_eq(push.assignment, message->assignment_state_push.assignment);
        cr_assert_eq(push.contact, message->assignment_state_push.contact);
        cr_assert_eq(push.state, (uint32_t)message->assignment_state_push.state);
        cr_assert_eq(push.reason, (uint32_t)message->assignment_state_push.reason);
}

static const struct {
        uint16_t kind;
        void (*check)(const struct wire_message *message, const uint8_t *body, uint32_t size);
} kinds[] = { { WIRE_RESULT, check_result },
              { WIRE_OFFER, check_offer },
              { WIRE_ASSIGNMENT, check_assignment },
              { WIRE_OFFER_ENDED, check_offer_ended },
              { WIRE_ASSIGNMENT_STATE, check_state } };

/* Goal    What is picked out is what wire_decode() reads.
 * Method  Random messages through wire_encode(); seed 1. */
Test(hot, peeks_agree_with_the_codec)
{
        struct acd_prng prng;

        acd_prng_init(&prng, 1);
        for (int round = 0; round < ROUND_COUNT; round++) {
                uint32_t which = (uint32_t)round % (sizeof(kinds) / sizeof(kinds[0]));
                struct wire_message message, decoded;
                struct wire_refusal refusal;
                struct wire_frame frame;
                size_t size;

                acd_arena_reset(&arena);
                message_random(&prng, &arena, kinds[which].kind, &message);
                size = wire_encode(&message, &arena, bytes, sizeof(bytes));
                cr_assert_gt(size, 0);
                cr_assert_eq(wire_frame_decode(bytes, size, WIRE_BODY_MAX, &frame), WIRE_FRAME_OK);
                cr_assert_eq(wire_decode(&frame, &arena, &decoded, &refusal), ACD_OK);
                kinds[which].check(&decoded, frame.body, frame.body_size);
        }
}

/* Goal    Bytes that are cut anywhere are never read beyond their end, and a
 *         fixed field that is cut is seen.
 * Method  Every cut of a full offer, copied to a block of its own size, so that
 *         a sanitizer sees the first byte too many. */
Test(hot, cut_bytes)
{
        struct wire_message message = { .kind = WIRE_OFFER };
        struct hot_offer offer;
        size_t size;

        message.offer = (struct wire_offer){
                .server_time_ns = 1, .push = 300, .assignment = 77, .contact = 99
        };
        size = wire_encode(&message, &arena, bytes, sizeof(bytes)) - WIRE_HEADER_SIZE;
        for (uint32_t cut = 0; cut <= size; cut++) {
                uint8_t *copy = malloc(cut + (cut == 0));
                bool is_whole;

                cr_assert_not_null(copy);
                memcpy(copy, bytes + WIRE_HEADER_SIZE, cut);
                is_whole = hot_peek_offer(copy, cut, &offer);
                if (cut == size)
                        cr_assert(is_whole && offer.contact == 99);
                /* 9 bytes a fixed field; 3 of the number of the push. */
                if (cut != 0 && cut != 9 && cut != 12 && cut != 21 && cut != size)
                        cr_assert_not(is_whole, "cut at %u", cut);
                free(copy);
        }
}

static void check_same(const struct wire_message *message, const uint8_t *made, size_t made_size)
{
        size_t size = wire_encode(message, &arena, bytes, sizeof(bytes));

        cr_assert_eq(size, made_size);
        cr_assert_arr_eq(bytes, made, size);
}

/* Goal    Frames written by hand are those of wire_encode(), byte by byte. */
Test(hot, frames_agree_with_the_codec)
{
        uint8_t made[64];
        struct wire_message message = { .kind = WIRE_ACCEPT, .correlation = 70000, .session = 9 };

        message.assignment_command.assignment = UINT64_C(0x123456789abcdef0);
        hot_put_command(made, WIRE_ACCEPT, 70000, 9, UINT64_C(0x123456789abcdef0));
        check_same(&message, made, HOT_COMMAND_SIZE);

        message = (struct wire_message){ .kind = WIRE_READY, .correlation = 3, .session = 5 };
        hot_put_empty(made, WIRE_READY, 3, 5);
        check_same(&message, made, HOT_EMPTY_SIZE);

        message = (struct wire_message){ .kind = WIRE_CANCEL, .correlation = 4 };
        message.cancel.contact = 0x77;
        message.cancel.reason = ACD_REASON_CANCELLED;
        hot_put_cancel(made, 4, 0x77);
        check_same(&message, made, HOT_CANCEL_SIZE);

        message = (struct wire_message){ .kind = WIRE_REPORT, .correlation = 5 };
        message.report.contact = 0x88;
        message.report.assignment = 0x99;
        message.report.report = ACD_REPORT_CONNECTED;
        hot_put_report(made, 5, 0x88, 0x99);
        check_same(&message, made, HOT_REPORT_SIZE);
}

static struct settings *mixed_settings(void)
{
        struct settings *settings = calloc(1, sizeof(*settings));

        cr_assert_not_null(settings);
        settings_init(settings);
        settings->mix.count = 2;
        settings->mix.choice[0].weight = 3;
        settings->mix.choice[1].weight = 1;
        settings->channels.count = settings->bands.count = settings->credits.count = 2;
        for (uint32_t i = 0; i < 2; i++) {
                settings->channels.choice[i].weight = 1;
                settings->bands.choice[i] = (struct choice){ .value = 4 * i, .weight = 1 };
                settings->credits.choice[i] = (struct choice){ .value = 500 * i, .weight = 1 };
        }
        settings->attributes_size = 33;
        settings->has_client_keys = settings->has_customer_keys = true;
        settings->run_mark = 0xabcd;
        return settings;
}

/* Goal    Each frame decodes, has its correlation, keys that no other has, and
 *         the queue comes by its weight.
 * Method  All frames of one draw, through wire_decode(); five standard errors. */
Test(hot, templates)
{
        struct settings *settings = mixed_settings();
        static struct templates templates;
        static const uint64_t queue[] = { 11, 12 }, channel[] = { 21, 22 };
        struct template_handles handles = { queue, channel, 0 };
        uint32_t first = 0;
        char expected[TEMPLATE_KEY_SIZE + 1];

        cr_assert(templates_init(&templates, settings, &handles));
        cr_assert_eq(templates.count, 16);
        for (uint32_t i = 0; i < TEMPLATE_PICK_COUNT; i++) {
                uint32_t size = template_put(&templates, false, i, bytes);
                struct wire_message message;
                struct wire_refusal refusal;
                struct wire_frame frame;

                acd_arena_reset(&arena);
                cr_assert_leq(size, templates.size_max);
                cr_assert_eq(wire_frame_decode(bytes, size, WIRE_BODY_MAX, &frame), WIRE_FRAME_OK);
                cr_assert_eq(wire_decode(&frame, &arena, &message, &refusal), ACD_OK);
                cr_assert_eq(message.correlation, i);
                cr_assert_eq(message.submit.attributes.size, 33);
                snprintf(expected, sizeof(expected), "0000abcd%08x", i);
                cr_assert_eq(message.submit.client_key.size, TEMPLATE_KEY_SIZE);
                cr_assert_arr_eq(message.submit.client_key.at, expected, TEMPLATE_KEY_SIZE);
                cr_assert_arr_eq(message.submit.customer_key.at, expected, TEMPLATE_KEY_SIZE);
                cr_assert(message.submit.has_band);
                first += message.submit.queue_id == 11;
        }
        cr_assert_lt(abs((int)first - TEMPLATE_PICK_COUNT * 3 / 4), 5 * 111);
        templates_fini(&templates);
        free(settings);
}
