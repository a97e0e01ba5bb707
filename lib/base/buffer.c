/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three positions instead of one, because a turn of the daemon holds views into
 * the frames it has parsed until their answers are released: the parser must
 * run on without the bytes behind it being overwritten. A ring buffer would
 * never move bytes, but would give frames that wrap, and hence either a copy
 * per wrapped frame or two-part views in every decoder. Here a frame is always
 * in one piece; the price is a move of the unparsed rest, at most one partial
 * frame, and at most once a turn.
 *
 * The predicate acd_buffer_is_sane() is asserted on the way in of everything that is done
 * once for many frames; what is done for each asserts what it changes.
 */

#include "base/buffer.h"

#include <string.h>

#include "base/assert.h"

void acd_buffer_init(struct acd_buffer *buffer, void *memory, size_t size)
{
        ACD_ASSERT(memory != NULL || size == 0);

        *buffer = (struct acd_buffer){ .bytes = memory, .capacity_size = size };
}

bool acd_buffer_is_sane(const struct acd_buffer *buffer)
{
        return buffer->done_size <= buffer->parsed_size &&
               buffer->parsed_size <= buffer->received_size &&
               buffer->received_size <= buffer->capacity_size;
}

uint8_t *acd_buffer_space(const struct acd_buffer *buffer, size_t *ret_size)
{
        ACD_ASSERT(acd_buffer_is_sane(buffer));

        *ret_size = buffer->capacity_size - buffer->received_size;
        return buffer->bytes + buffer->received_size;
}

void acd_buffer_receive(struct acd_buffer *buffer, size_t size)
{
        ACD_ASSERT(acd_buffer_is_sane(buffer));
        ACD_ASSERT(size <= buffer->capacity_size - buffer->received_size);

        buffer->received_size += size;
        ACD_ASSERT(acd_buffer_is_sane(buffer));
}

bool acd_buffer_append(struct acd_buffer *buffer, const void *bytes, size_t size)
{
        ACD_ASSERT(acd_buffer_is_sane(buffer));

        if (size > buffer->capacity_size - (buffer->received_size - buffer->done_size))
                return false;
        if (size > buffer->capacity_size - buffer->received_size)
                acd_buffer_compact(buffer);
        if (size > 0)
                memcpy(buffer->bytes + buffer->received_size, bytes, size);
        acd_buffer_receive(buffer, size);
        return true;
}

void acd_buffer_compact(struct acd_buffer *buffer)
{
        if (buffer->done_size > 0)
                acd_buffer_move(buffer, buffer->bytes);
}

void acd_buffer_move(struct acd_buffer *buffer, void *memory)
{
        size_t live_size = buffer->received_size - buffer->done_size;

        ACD_ASSERT(acd_buffer_is_sane(buffer));
        if (live_size > 0)
                memmove(memory, buffer->bytes + buffer->done_size, live_size);
        buffer->bytes = memory;
        buffer->parsed_size -= buffer->done_size;
        buffer->received_size = live_size;
        buffer->done_size = 0;
        ACD_ASSERT(acd_buffer_is_sane(buffer));
}
