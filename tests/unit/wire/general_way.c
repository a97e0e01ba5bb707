/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The general way, put together here from its parts: wire_decode() takes the
 * other one for these kinds.
 */

#include "tests/unit/wire/general_way.h"

#include <stdalign.h>
#include <string.h>

#include "base/assert.h"
#include "tests/unit/wire/message_random.h"
#include "wire/codec_check.h"
#include "wire/codec_convert.h"
#include "wire/codec_scan.h"

static void *take(void *self, size_t size)
{
        return acd_arena_alloc(self, size, alignof(uint64_t));
}

static void drop(void *self, void *memory)
{
        (void)self;
        (void)memory;
}

enum acd_result general_decode(const struct wire_frame *frame, struct acd_arena *arena,
                               struct wire_message *ret_message, struct wire_refusal *ret_refusal)
{
        const struct wire_body *body = wire_body_of(frame->kind);
        struct acd_bytes bytes = { frame->body, frame->body_size };
        bool is_request = wire_kind_info(frame->kind)->direction == WIRE_REQUEST;
        ProtobufCAllocator allocator = { take, drop, arena };
        ProtobufCMessage *unpacked;

        ret_message->kind = frame->kind;
        ret_message->correlation = frame->correlation;
        ret_message->session = frame->session;
        if (!wire_scan(body->descriptor, bytes, is_request, ret_refusal))
                return ret_refusal->code;

        unpacked = protobuf_c_message_unpack(body->descriptor, &allocator, bytes.size, bytes.at);
        ACD_ASSERT(unpacked != NULL); /* what the scan passes, protobuf-c takes */
        if (!body->from(unpacked, &ret_message->hello, arena))
                acd_panic(__FILE__, __LINE__, __func__, "the test's arena is too small");
        if (is_request && !wire_check(ret_message, ret_refusal))
                return ret_refusal->code;
        return ACD_OK;
}

const char *general_compare(const struct wire_frame *frame, struct acd_arena *arena)
{
        struct wire_message by_hand;
        struct wire_message generally;
        struct wire_refusal hand_refusal = { 0 };
        struct wire_refusal general_refusal = { 0 };
        enum acd_result hand = wire_decode(frame, arena, &by_hand, &hand_refusal);
        enum acd_result general = general_decode(frame, arena, &generally, &general_refusal);

        if (hand != general)
                return "the result";
        if (hand == ACD_OK)
                return message_is_equal(&by_hand, &generally) ? NULL : "the message";
        if (strcmp(hand_refusal.field, general_refusal.field) != 0)
                return "the field at fault";
        if (hand_refusal.limit != general_refusal.limit)
                return "the limit";
        return hand_refusal.code == hand ? NULL : "the code in the refusal";
}
