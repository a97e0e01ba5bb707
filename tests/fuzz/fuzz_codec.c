/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kind (one byte) and a body: decoding refuses with a field or accepts; what
 * is accepted encodes again and comes back the same; memory stays under its
 * cap; and the hot kinds say what the general way says.
 */

#include <string.h>

#include "base/assert.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/wire/general_way.h"
#include "tests/unit/wire/message_random.h"
#include "wire/codec.h"
#include "wire/codec_hot.h"
#include "wire/events.h"

static uint8_t first_memory[WIRE_ARENA_SIZE];
static uint8_t second_memory[4 * WIRE_ARENA_SIZE];
static uint8_t bytes[WIRE_HEADER_SIZE + WIRE_BODY_MAX_EVENTS];

/* What is accepted is understood: it survives another round. But for one thing: fields that we do
 * not know are gone by then, so that the cap on memory, which goes by the size, may be too low
 * now for many empty messages. */
static void check_round(const struct wire_message *message, struct acd_arena *arena)
{
        struct wire_refusal refusal;
        struct wire_message back;
        struct wire_frame frame;
        enum acd_result result;
        size_t size = wire_encode(message, arena, bytes, sizeof(bytes));

        ACD_ASSERT(size > 0);
        ACD_ASSERT(wire_frame_decode(bytes, size, WIRE_BODY_MAX_EVENTS, &frame) == WIRE_FRAME_OK);
        result = wire_decode(&frame, arena, &back, &refusal);
        if (result == ACD_TOO_LARGE && strcmp(refusal.field, "body") == 0)
                return;
        ACD_ASSERT(result == ACD_OK);
        ACD_ASSERT(message_is_equal(message, &back));
}

static void check_refusal(const struct wire_refusal *refusal, enum acd_result result)
{
        ACD_ASSERT(refusal->code == result);
        ACD_ASSERT(strlen(refusal->field) <= WIRE_PATH_MAX);
        ACD_ASSERT(refusal->text != NULL);
        ACD_ASSERT(strlen(wire_result_name(result)) > 0);
}

/* The batch of an EVENTS push, event by event. */
static void check_batch(struct acd_bytes batch)
{
        struct wire_batch_reader reader;
        struct wire_event event;
        uint32_t count = 0;

        if (!wire_batch_open(&reader, batch))
                return;
        while (wire_batch_next(&reader, &event) > 0) {
                ACD_ASSERT(event.queue.size <= batch.size);
                ACD_ASSERT(++count <= batch.size);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct acd_arena first;
        struct acd_arena second;
        struct wire_refusal refusal;
        struct wire_message message;
        struct wire_frame frame;
        enum acd_result result;

        if (size == 0 || size > WIRE_BODY_MAX)
                return 0;
        frame = (struct wire_frame){ .kind = data[0] == 0 ? WIRE_SUBMIT : data[0],
                                     .correlation = 1,
                                     .body = data + 1,
                                     .body_size = (uint32_t)size - 1 };
        acd_arena_init(&first, first_memory, sizeof(first_memory));
        acd_arena_init(&second, second_memory, sizeof(second_memory));

        result = wire_decode(&frame, &first, &message, &refusal);
        ACD_ASSERT(first.high_water_size <=
                   (size_t)frame.body_size * WIRE_ARENA_FACTOR + WIRE_ARENA_EXTRA);
        if (result == ACD_OK)
                check_round(&message, &second);
        else
                check_refusal(&refusal, result);
        if (result == ACD_OK && frame.kind == WIRE_EVENTS)
                check_batch(message.events.batch);
        if (wire_hot_is(frame.kind)) {
                acd_arena_reset(&second);
                ACD_ASSERT(general_compare(&frame, &second) == NULL);
        }
        return 0;
}
