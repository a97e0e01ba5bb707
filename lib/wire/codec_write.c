/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing a message of any kind. How is in write_put.h; this only finds out which.
 */

#include "wire/codec_write.h"

#include "base/assert.h"
#include "wire/kinds.h"
#include "wire/write_put.h"

/* codec.c passes a batch of events on as it is. */
static size_t wire_bound_events(const struct wire_events *events)
{
        (void)events;
        acd_panic(__FILE__, __LINE__, __func__, "EVENTS are not written here");
}

static uint8_t *wire_write_events(const struct wire_events *events, uint8_t *at)
{
        (void)events;
        (void)at;
        acd_panic(__FILE__, __LINE__, __func__, "EVENTS are not written here");
}

size_t wire_write_bound(const struct wire_message *message)
{
        switch ((int)message->kind) {
#define KIND(name, number, direction, roles, member, Type, answer, text) \
        case number: \
                return wire_bound_##member(&message->member);
#include "wire/kinds.def"
#undef KIND
        default:
                acd_panic(__FILE__, __LINE__, __func__, "no such kind");
        }
}

uint8_t *wire_write(const struct wire_message *message, uint8_t *at)
{
        switch ((int)message->kind) {
#define KIND(name, number, direction, roles, member, Type, answer, text) \
        case number: \
                return wire_write_##member(&message->member, at);
#include "wire/kinds.def"
#undef KIND
        default:
                acd_panic(__FILE__, __LINE__, __func__, "no such kind");
        }
}
