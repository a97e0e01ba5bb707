/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A byte buffer with three positions over memory that somebody else owns.
 *
 *      0          done        parsed      received     capacity
 *      |-----------|-----------|-----------|-----------|
 *        may be      handed out  arrived,    free
 *        overwritten and alive   not yet read
 *
 *      done <= parsed <= received <= capacity, always.
 *
 * A reader parses; what it parsed stays in place, so that views into it are
 * good until acd_buffer_finish() says that nobody looks at it any more. Only
 * acd_buffer_compact() and acd_buffer_move() move bytes. For writing, the same positions mean sent
 * (done), handed to the system (parsed) and encoded (received).
 *
 *   Ownership  The caller owns the memory and keeps it while the buffer lives.
 *   Failure    Moving a position past the next one is a bug and aborts.
 *   Cost       O(1), except compaction: O(bytes not done).
 *   Threads    One buffer, one thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/assert.h"

struct acd_buffer {
        uint8_t *bytes;
        size_t capacity_size;
        size_t done_size;
        size_t parsed_size;
        size_t received_size;
};

void acd_buffer_init(struct acd_buffer *buffer, void *memory, size_t size);

/* The order of the positions holds. */
bool acd_buffer_is_sane(const struct acd_buffer *buffer);

/* Nothing has arrived that is not done. */
static inline bool acd_buffer_is_empty(const struct acd_buffer *buffer)
{
        return buffer->done_size == buffer->received_size;
}

/* Where the next bytes go, and how many fit without compaction. */
uint8_t *acd_buffer_space(const struct acd_buffer *buffer, size_t *ret_size);

/* @size bytes were put where acd_buffer_space() said. */
void acd_buffer_receive(struct acd_buffer *buffer, size_t size);

/* Copy @size bytes in, or change nothing and return false when they do not fit
 * in what is free, compaction included. */
bool acd_buffer_append(struct acd_buffer *buffer, const void *bytes, size_t size)
        __attribute__((warn_unused_result));

/* What has arrived and was not parsed yet. */
static inline const uint8_t *acd_buffer_unparsed(const struct acd_buffer *buffer, size_t *ret_size)
{
        ACD_ASSERT(buffer->parsed_size <= buffer->received_size);

        *ret_size = buffer->received_size - buffer->parsed_size;
        return buffer->bytes + buffer->parsed_size;
}

/* The first @size unparsed bytes are parsed. */
static inline void acd_buffer_parse(struct acd_buffer *buffer, size_t size)
{
        ACD_ASSERT(size <= buffer->received_size - buffer->parsed_size);

        buffer->parsed_size += size;
}

/* Forget all bytes. */
static inline void acd_buffer_reset(struct acd_buffer *buffer)
{
        buffer->done_size = 0;
        buffer->parsed_size = 0;
        buffer->received_size = 0;
}

/* The first @size parsed bytes are done. Moves no byte; a buffer in which everything is done
 * starts at its beginning again. */
static inline void acd_buffer_finish_part(struct acd_buffer *buffer, size_t size)
{
        ACD_ASSERT(size <= buffer->parsed_size - buffer->done_size);

        buffer->done_size += size;
        if (buffer->done_size == buffer->received_size)
                acd_buffer_reset(buffer);
}

/* Nobody looks at parsed bytes any more: they are done. */
static inline void acd_buffer_finish(struct acd_buffer *buffer)
{
        acd_buffer_finish_part(buffer, buffer->parsed_size - buffer->done_size);
}

/* Move what is not done to the beginning. Views into the buffer are void. */
void acd_buffer_compact(struct acd_buffer *buffer);

/* From now on over @memory, of the same size; what is not done goes to its beginning. Views into
 * the buffer are void. */
void acd_buffer_move(struct acd_buffer *buffer, void *memory);
