/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Entries and segment headers of the event log as bytes.
 *
 * An entry is a function of what the owner appended and of its position, and of
 * nothing else: no clock, no segment number, no chain. So a replay that appends
 * the same events writes the same bytes, and a reader can begin anywhere.
 */

#include "journal/event_format.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/crc32c.h"
#include "journal/record.h"

enum {
        SEGMENT_CRC_OFFSET = 508,
        ENTRY_CRC_OFFSET = 4,
        ENTRY_CRC_END = 8,
};

static const uint8_t segment_magic[8] = { 'a', 'c', 'd', 'e', 'v', 'n', 't', '\n' };

void event_segment_encode(const struct event_segment *segment,
                          uint8_t into[EVENT_SEGMENT_HEADER_SIZE])
{
        memset(into, 0, EVENT_SEGMENT_HEADER_SIZE);
        memcpy(into, segment_magic, sizeof(segment_magic));
        acd_put_u32(into + 8, EVENT_LOG_VERSION);
        acd_put_u64(into + 16, segment->base);
        acd_put_u64(into + 24, segment->begun_ns);
        acd_put_u32(into + SEGMENT_CRC_OFFSET, acd_crc32c(0, into, SEGMENT_CRC_OFFSET));
}

int event_segment_decode(const uint8_t *bytes, size_t size, struct event_segment *ret_segment)
{
        if (size < EVENT_SEGMENT_HEADER_SIZE ||
            memcmp(bytes, segment_magic, sizeof(segment_magic)) != 0 ||
            acd_get_u32(bytes + SEGMENT_CRC_OFFSET) != acd_crc32c(0, bytes, SEGMENT_CRC_OFFSET))
                return -EBADMSG;
        if (acd_get_u32(bytes + 8) != EVENT_LOG_VERSION)
                return -EPROTONOSUPPORT;

        *ret_segment = (struct event_segment){
                .base = acd_get_u64(bytes + 16),
                .begun_ns = acd_get_u64(bytes + 24),
        };
        return 0;
}

uint64_t event_log_entry_span(size_t size)
{
        return EVENT_LOG_ENTRY_HEADER_SIZE + (((uint64_t)size + 7) & ~(uint64_t)7);
}

/* The checksum of an entry of @span bytes: everything but the checksum itself. */
static uint32_t entry_crc(const uint8_t *bytes, size_t span)
{
        uint32_t crc = acd_crc32c(0, bytes, ENTRY_CRC_OFFSET);

        return acd_crc32c(crc, bytes + ENTRY_CRC_END, span - ENTRY_CRC_END);
}

void event_entry_encode(uint8_t *into, const struct event_entry *entry)
{
        size_t span = (size_t)event_log_entry_span(entry->size);
        uint8_t *at = into + EVENT_LOG_ENTRY_HEADER_SIZE;

        ACD_ASSERT(entry->size <= EVENT_LOG_ENTRY_SIZE_MAX);

        acd_put_u32(into, entry->size);
        acd_put_u32(into + 8, entry->tag.tenant);
        acd_put_u32(into + 12, entry->tag.epoch);
        acd_put_u64(into + 16, entry->tag.first_sequence);
        acd_put_u64(into + 24, entry->tag.last_sequence);
        acd_put_u64(into + 32, entry->now_ns);
        acd_put_u64(into + 40, entry->position);

        if (entry->size > 0)
                memcpy(at, entry->bytes, entry->size);
        memset(at + entry->size, 0, span - EVENT_LOG_ENTRY_HEADER_SIZE - entry->size);
        acd_put_u32(into + ENTRY_CRC_OFFSET, entry_crc(into, span));
}

int event_entry_decode(const uint8_t *bytes, size_t size, uint64_t position,
                       struct event_entry *ret_entry)
{
        uint32_t entry_size;
        uint64_t span;

        ret_entry->next_position = position + EVENT_LOG_ENTRY_HEADER_SIZE;
        if (size < EVENT_LOG_ENTRY_HEADER_SIZE)
                return 0;

        entry_size = acd_get_u32(bytes);
        if (entry_size > EVENT_LOG_ENTRY_SIZE_MAX || acd_get_u64(bytes + 40) != position)
                return -EBADMSG;
        span = event_log_entry_span(entry_size);
        ret_entry->next_position = position + span;
        if (size < span)
                return 0;
        if (entry_crc(bytes, (size_t)span) != acd_get_u32(bytes + ENTRY_CRC_OFFSET))
                return -EBADMSG;

        event_entry_view(bytes, ret_entry);
        return 1;
}

void event_entry_view(const uint8_t *bytes, struct event_entry *ret_entry)
{
        uint32_t size = acd_get_u32(bytes);
        uint64_t position = acd_get_u64(bytes + 40);

        *ret_entry = (struct event_entry){
                .tag = {
                        .tenant = acd_get_u32(bytes + 8),
                        .epoch = acd_get_u32(bytes + 12),
                        .first_sequence = acd_get_u64(bytes + 16),
                        .last_sequence = acd_get_u64(bytes + 24),
                },
                .position = position,
                .next_position = position + event_log_entry_span(size),
                .now_ns = acd_get_u64(bytes + 32),
                .bytes = bytes + EVENT_LOG_ENTRY_HEADER_SIZE,
                .size = size,
        };
}
