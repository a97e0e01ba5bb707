/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A batch of records as bytes. Pure: no I/O, no state.
 *
 *      +--------+----------+----------+-- ... --+---------+---------------+
 *      | header | record 0 | record 1 |         | trailer | zeros to the  |
 *      | 72     |          |          |         | 40      | block's end   |
 *      +--------+----------+----------+-- ... --+---------+---------------+
 *
 * One batch is what one commit wrote: all of it is there, or none. Bytes, field
 * by field, are in docs/JOURNAL.md. What matters to callers:
 *
 *   - A record is a body, covered by the checksum chain, and a payload, of which
 *     the chain covers only size and checksum. A payload that is marked as erased
 *     and overwritten with zeros breaks nothing.
 *   - The chain: each record's checksum counts in the one before it, the
 *     first record's that of the trailer of the batch before. A batch cannot be
 *     dropped, doubled or moved unnoticed.
 *   - The header stands alone: its checksum is seeded by the directory's secret
 *     and the segment's number, so what an earlier life of the file left behind,
 *     or a customer put into a payload, never looks like a header.
 *   - The header says up to which record everything was durable when the batch
 *     was written, and how many of the batch's sectors are naturally all zero.
 *     The torn-tail rule needs both (tail.h).
 *
 *   Ownership  Views point into the caller's bytes.
 *   Failure    Encoding cannot fail; decoding returns a verdict.
 *   Cost       O(bytes): one CRC-32C pass over them.
 *   Threads    Any.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
        JOURNAL_SECTOR_SIZE = 512, /* what a disk writes whole or not at all */
        JOURNAL_BATCH_HEADER_SIZE = 72,
        JOURNAL_BATCH_TRAILER_SIZE = 40,
        JOURNAL_RECORD_HEADER_SIZE = 16,
        JOURNAL_ERASURE_MARK_SIZE = 8, /* before each payload */
        JOURNAL_BODY_SIZE_MAX = 65528, /* the largest multiple of 8 in 16 bits */
        JOURNAL_PAYLOAD_SIZE_MAX = 65528,
        JOURNAL_RECORD_SIZE_MAX = JOURNAL_RECORD_HEADER_SIZE + JOURNAL_BODY_SIZE_MAX +
                                  JOURNAL_ERASURE_MARK_SIZE + JOURNAL_PAYLOAD_SIZE_MAX,
        JOURNAL_BATCH_RECORD_COUNT_MAX = 65535,   /* the index of a record is 16 bits */
        JOURNAL_BATCH_SIZE_MAX = 2 * 1024 * 1024, /* of the format; settings are below it */
};

/* What identifies the segment a batch belongs to: seeds the header's checksum. */
struct journal_identity {
        uint64_t secret;
        uint64_t segment_number;
        uint32_t epoch;
};

/* Everything in header and trailer that a caller can mean something by. */
struct journal_batch {
        uint32_t epoch;
        uint32_t record_count;
        uint64_t first_lsn; /* the last is first_lsn + record_count - 1 */
        uint64_t synced_lsn;
        uint64_t now_ns;         /* core time of the batch */
        uint64_t wall_ns;        /* wall clock at that moment, 0 when not given */
        uint64_t digest;         /* the caller's running hash after the batch */
        uint64_t event_position; /* of the event log after the batch */

        uint32_t size;         /* header to trailer, without the zeros to the block's end */
        uint32_t blank_count;  /* sectors all zero when written */
        uint32_t chain_before; /* checksum chain at the batch's beginning */
        uint32_t chain_after;  /* and at its end */

        const uint8_t *bytes; /* the batch itself, for journal_record_first() */
};

struct journal_record {
        uint64_t lsn;
        const uint8_t *body;
        const uint8_t *payload; /* zeros when it is erased, whatever is on disk */
        uint32_t body_size;
        uint32_t payload_size; /* as it was written */
        bool is_erased;
};

/* Walks the records of a batch that journal_batch_decode() found valid. */
struct journal_record_cursor {
        const uint8_t *at;
        uint64_t next_lsn;
        uint32_t left_count;
};

enum journal_verdict {
        JOURNAL_VALID,
        JOURNAL_BLANK,       /* the first sector is all zero: nothing was written here */
        JOURNAL_BAD_HEADER,  /* not a header of this segment */
        JOURNAL_BAD_SIZE,    /* the header claims more than there is */
        JOURNAL_BAD_RECORD,  /* a record does not continue the chain, or breaks its frame */
        JOURNAL_BAD_PAYLOAD, /* a payload is neither what was written nor marked as erased */
        JOURNAL_BAD_TRAILER,
        JOURNAL_BAD_PADDING, /* the zeros to the block's end are not zero */
        JOURNAL_VERDICT_COUNT,
};

/* ---- encoding ---- */

/* Bytes a record of these sizes takes in a batch. */
static inline size_t journal_record_size(size_t body_size, size_t payload_size)
{
        return JOURNAL_RECORD_HEADER_SIZE + ((body_size + 7) & ~(size_t)7) +
               (payload_size == 0 ? 0 : JOURNAL_ERASURE_MARK_SIZE) +
               ((payload_size + 7) & ~(size_t)7);
}

/* Bytes somewhere; @at may be NULL when there are none. */
struct journal_bytes {
        const void *at;
        size_t size;
};

/* Put record number @index of a batch at @into and return the chain after it.
 * @into has journal_record_size() bytes; @body and @payload at most
 * JOURNAL_BODY_SIZE_MAX and JOURNAL_PAYLOAD_SIZE_MAX. The body may be in its place
 * already, JOURNAL_RECORD_HEADER_SIZE after @into. */
uint32_t journal_record_encode(uint8_t *into, uint32_t index, uint32_t chain,
                               struct journal_bytes body, struct journal_bytes payload);

/* Put the trailer after the records and the header before them, both into
 * @bytes, which already holds the records, chained from @batch->chain_before to
 * @records_chain. @batch->size counts the whole. Sets blank_count and
 * chain_after of @batch. */
void journal_batch_seal(uint8_t *bytes, const struct journal_identity *identity,
                        uint32_t records_chain, struct journal_batch *batch);

/* ---- decoding ---- */

/* The header alone, from at least JOURNAL_BATCH_HEADER_SIZE bytes. JOURNAL_VALID
 * fills @ret_batch except digest, event_position and chain_after. */
enum journal_verdict journal_batch_decode_header(const uint8_t *bytes, size_t size,
                                                 const struct journal_identity *identity,
                                                 struct journal_batch *ret_batch);

/* The whole batch, every checksum in it. On a verdict other than JOURNAL_VALID
 * @ret_offset is where in @bytes the damage was seen. @ret_batch is filled as
 * far as its parts are valid. */
enum journal_verdict journal_batch_decode(const uint8_t *bytes, size_t size,
                                          const struct journal_identity *identity,
                                          struct journal_batch *ret_batch, size_t *ret_offset);

/* The records of a valid batch, in order. */
struct journal_record_cursor journal_record_first(const struct journal_batch *batch);
bool journal_record_next(struct journal_record_cursor *cursor, struct journal_record *ret_record);

/* One record at @at with @left_size bytes to the end of the records, against the
 * chain before it: JOURNAL_VALID, JOURNAL_BAD_RECORD or JOURNAL_BAD_PAYLOAD.
 * @ret_size is set when the frame makes sense, whatever the checksum says. */
enum journal_verdict journal_record_check(const uint8_t *at, size_t left_size, uint32_t index,
                                          uint32_t chain, size_t *ret_size);

/* Whether the trailer at @trailer ends @batch, of which the header is decoded and whose
 * records end with @records_chain. If so, what it says is put into @batch. */
bool journal_trailer_check(const uint8_t *trailer, uint32_t records_chain,
                           struct journal_batch *batch);

/* The chain after the record at @at: as it says itself, and as it follows from its
 * bytes and the chain before it. The frame was found to make sense. */
uint32_t journal_record_chain(const uint8_t *at);
uint32_t journal_record_continue(const uint8_t *at, uint32_t chain);

/* Whether the payload of the record at @at is what was written or marked as erased. */
bool journal_record_has_payload(const uint8_t *at);

/* The record at @at, which was checked. */
void journal_record_view(const uint8_t *at, uint64_t lsn, struct journal_record *ret_record);

/* Where the erasure mark of the record at @at stands, from @at; the payload follows it. The
 * mark is written and synced before the payload is overwritten, so that a crash in
 * between is not taken for damage. */
size_t journal_erasure_mark_offset(const uint8_t *at);
void journal_erasure_mark_encode(uint8_t into[JOURNAL_ERASURE_MARK_SIZE]);

/* Sectors of @bytes that are all zero. @size is rounded up to whole sectors;
 * the bytes beyond @size count as zero. */
uint32_t journal_blank_count(const uint8_t *bytes, size_t size);

/* False when the batch of @size bytes has only the beginning of its end magic, or
 * nothing of it, and zeros behind: what a short write leaves. */
bool journal_is_ended(const uint8_t *bytes, size_t size);

/* Whether all of @bytes are zero. */
bool journal_is_zero(const uint8_t *bytes, size_t size);

/* A word for messages: "valid", "bad header" ... */
const char *journal_verdict_name(enum journal_verdict verdict);
