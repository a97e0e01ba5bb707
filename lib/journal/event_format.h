/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The bytes of the event log. Pure.
 *
 *      segment header, 512 bytes         entry header, 48 bytes
 *       0  magic "acdevnt\n"              0  u32 size of the bytes
 *       8  u32 version                    4  u32 CRC-32C of the rest, padding too
 *      12  u32 zero                       8  u32 tenant
 *      16  u64 position of the first      12 u32 epoch
 *          entry                         16  u64 first sequence
 *      24  u64 core time when begun      24  u64 last sequence
 *     508  u32 CRC-32C                   32  u64 core time
 *                                        40  u64 position
 *                                        48  bytes, zeros to a multiple of 8
 *
 * Positions count the bytes of entries only: an entry of segment B is at file
 * offset 512 + (position - B). An entry says its own position, so bytes of
 * another place or another life of the file are not entries.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "journal/event_log.h"

enum {
        EVENT_LOG_VERSION = 1,
        EVENT_SEGMENT_HEADER_SIZE = 512,
};

#define EVENT_LOG_PREFIX "events"

struct event_segment {
        uint64_t base;
        uint64_t begun_ns;
};

void event_segment_encode(const struct event_segment *segment,
                          uint8_t into[EVENT_SEGMENT_HEADER_SIZE]);

/* 0, -EBADMSG or -EPROTONOSUPPORT. */
int event_segment_decode(const uint8_t *bytes, size_t size, struct event_segment *ret_segment);

/* Put an entry at @into, which has event_log_entry_span(@entry->size) bytes. */
void event_entry_encode(uint8_t *into, const struct event_entry *entry);

/* The entry at @position, from @size bytes that begin there. Returns 1, 0 when
 * more than @size bytes are needed (then @ret_entry->next_position tells how
 * many), -EBADMSG when this is not an entry. */
int event_entry_decode(const uint8_t *bytes, size_t size, uint64_t position,
                       struct event_entry *ret_entry);

/* The entry that event_entry_encode() put at @bytes: nothing is checked. */
void event_entry_view(const uint8_t *bytes, struct event_entry *ret_entry);
