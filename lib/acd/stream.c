/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stream under save, load and digest: fields in, blocks out, and back.
 *
 * Varints because most of the state is small numbers: a waiting contact takes
 * about 60 bytes instead of 128. Blocks because a source reads all or nothing, and
 * a call for every byte would be most of the work.
 */

#include "acd/stream.h"

#include <string.h>

#include "base/bytes.h"

void acd_stream_bad(struct acd_stream *stream)
{
        if (stream->error == 0)
                stream->error = STREAM_NOT_A_STATE;
}

static void flush(struct acd_stream *stream)
{
        uint8_t head[4];

        acd_put_u32(head, stream->at);
        if (stream->error == 0)
                stream->error = stream->sink->write(stream->sink->self, head, sizeof(head));
        if (stream->error == 0 && stream->at > 0)
                stream->error = stream->sink->write(stream->sink->self, stream->block, stream->at);
        stream->at = 0;
}

static void put_byte(struct acd_stream *stream, uint8_t byte)
{
        if (stream->at == STREAM_BLOCK_SIZE)
                flush(stream);
        stream->block[stream->at++] = byte;
}

/* The next block; one of size 0 is the end, where no field can be. */
static void fetch(struct acd_stream *stream)
{
        uint8_t head[4];

        stream->at = 0;
        stream->size = 0;
        if (stream->error == 0)
                stream->error = stream->source->read(stream->source->self, head, sizeof(head));
        if (stream->error != 0)
                return;
        stream->size = acd_get_u32(head);
        if (stream->size > STREAM_BLOCK_SIZE) {
                stream->size = 0;
                acd_stream_bad(stream);
                return;
        }
        if (stream->size > 0)
                stream->error =
                        stream->source->read(stream->source->self, stream->block, stream->size);
}

static uint8_t get_byte(struct acd_stream *stream)
{
        if (stream->error == 0 && stream->at == stream->size) {
                fetch(stream);
                if (stream->size == 0)
                        acd_stream_bad(stream);
        }
        return stream->error != 0 ? 0 : stream->block[stream->at++];
}

static uint64_t get_number(struct acd_stream *stream)
{
        uint64_t value = 0;

        for (uint32_t shift = 0; shift < 64; shift += 7) {
                uint8_t byte = get_byte(stream);

                value |= (uint64_t)(byte & 0x7f) << shift;
                if ((byte & 0x80) == 0)
                        return value;
        }
        acd_stream_bad(stream);
        return 0;
}

static void put_number(struct acd_stream *stream, uint64_t value)
{
        while (value >= 0x80) {
                put_byte(stream, (uint8_t)(value | 0x80));
                value >>= 7;
        }
        put_byte(stream, (uint8_t)value);
}

void acd_stream_u64(struct acd_stream *stream, uint64_t *value)
{
        if (stream->mode == STREAM_DIGEST)
                acd_hash64_add_u64(&stream->hash, *value);
        else if (stream->mode == STREAM_SAVE)
                put_number(stream, *value);
        else
                *value = get_number(stream);
}

/* Zigzag: small numbers of either sign are short. */
void acd_stream_i64(struct acd_stream *stream, int64_t *value)
{
        uint64_t bits = (uint64_t)*value;
        uint64_t zigzag = bits << 1 ^ (0 - (bits >> 63));

        acd_stream_u64(stream, &zigzag);
        *value = (int64_t)(zigzag >> 1 ^ (0 - (zigzag & 1)));
}

void acd_stream_u32(struct acd_stream *stream, uint32_t *value, uint32_t max)
{
        uint64_t wide = *value;

        acd_stream_u64(stream, &wide);
        if (stream->mode == STREAM_LOAD && wide > max) {
                acd_stream_bad(stream);
                wide = 0;
        }
        *value = (uint32_t)wide;
}

void acd_stream_u16(struct acd_stream *stream, uint16_t *value)
{
        uint32_t wide = *value;

        acd_stream_u32(stream, &wide, UINT16_MAX);
        *value = (uint16_t)wide;
}

void acd_stream_u8(struct acd_stream *stream, uint8_t *value, uint8_t max)
{
        uint32_t wide = *value;

        acd_stream_u32(stream, &wide, max);
        *value = (uint8_t)wide;
}

void acd_stream_bool(struct acd_stream *stream, bool *value)
{
        uint32_t wide = *value;

        acd_stream_u32(stream, &wide, 1);
        *value = wide != 0;
}

void acd_stream_text(struct acd_stream *stream, char *text, size_t size)
{
        uint32_t length = stream->mode == STREAM_LOAD ? 0 : acd_text_size(text);

        acd_stream_u32(stream, &length, (uint32_t)size - 1);
        if (stream->mode == STREAM_DIGEST) {
                acd_hash64_add_bytes(&stream->hash, text, length);
                return;
        }
        if (stream->mode == STREAM_LOAD)
                memset(text, 0, size);
        for (uint32_t i = 0; i < length; i++) {
                if (stream->mode == STREAM_SAVE) {
                        put_byte(stream, (uint8_t)text[i]);
                } else {
                        text[i] = (char)get_byte(stream);
                        if (text[i] == 0)
                                acd_stream_bad(stream);
                }
        }
}

void acd_stream_mark(struct acd_stream *stream, uint64_t number)
{
        uint64_t value = number;

        acd_stream_u64(stream, &value);
        if (value != number)
                acd_stream_bad(stream);
}

/* Loading: the bytes into the store, if they fit the limit in force. */
static uint32_t load_payload(struct acd_stream *stream, struct acd *acd, uint32_t size)
{
        uint8_t bytes[ACD_ATTRIBUTES_MAX];

        for (uint32_t i = 0; i < size; i++)
                bytes[i] = get_byte(stream);
        if (stream->error != 0 || !acd_payload_fits(acd, acd_payload_cell_count(size), 0)) {
                acd_stream_bad(stream);
                return 0;
        }
        return acd_payload_put(acd, (struct acd_bytes){ .at = bytes, .size = size });
}

void acd_stream_payload(struct acd_stream *stream, struct acd *acd, uint32_t *payload,
                        uint32_t size_max)
{
        uint32_t size = stream->mode == STREAM_LOAD ? 0 : acd_payload_size(acd, *payload);
        uint8_t bytes[ACD_ATTRIBUTES_MAX];

        ACD_ASSERT(size_max <= sizeof(bytes));
        acd_stream_u32(stream, &size, size_max);
        if (stream->mode == STREAM_LOAD) {
                *payload = load_payload(stream, acd, size);
                return;
        }
        acd_payload_get(acd, *payload, bytes, size);
        if (stream->mode == STREAM_DIGEST)
                acd_hash64_add_bytes(&stream->hash, bytes, size);
        else
                for (uint32_t i = 0; i < size; i++)
                        put_byte(stream, bytes[i]);
}

void acd_stream_link(struct acd_stream *stream, struct acd_ilink *link, uint32_t max)
{
        acd_stream_u32(stream, &link->prev, max);
        acd_stream_u32(stream, &link->next, max);
        acd_stream_u32(stream, &link->list, UINT32_MAX);
}

/* The tag is known from what the list is. */
void acd_stream_list(struct acd_stream *stream, struct acd_ilist *list, uint32_t max)
{
        acd_stream_u32(stream, &list->first, max);
        acd_stream_u32(stream, &list->last, max);
        acd_stream_u32(stream, &list->count, max);
}

void acd_stream_end(struct acd_stream *stream)
{
        if (stream->mode == STREAM_SAVE) {
                if (stream->at > 0)
                        flush(stream);
                flush(stream);
        } else if (stream->mode == STREAM_LOAD && stream->error == 0) {
                if (stream->at != stream->size)
                        acd_stream_bad(stream);
                fetch(stream);
                if (stream->size != 0)
                        acd_stream_bad(stream);
        }
}
