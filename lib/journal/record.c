/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Batches and records as bytes.
 *
 *      batch header, 72 bytes             record header, 16 bytes
 *       0  u32 magic "acdB"                0  u16 magic 0xac5d
 *       4  u32 flags, zero                 2  u16 index in the batch
 *       8  u32 size, header to trailer     4  u16 size of the body
 *      12  u32 number of records           6  u16 size of the payload
 *      16  u64 number of the segment       8  u32 CRC of the payload
 *      24  u32 epoch                      12  u32 chain, after this record
 *      28  u32 chain before               16  body, zeros to a multiple of 8
 *      32  u64 lsn of the first record     *  if there is a payload: its mark, and
 *      40  u64 lsn known to be synced         the payload, zeros to a multiple of 8
 *      48  u64 core time                  batch trailer, 40 bytes
 *      56  u64 wall clock, or 0            0  u32 magic "Bdca"
 *      64  u32 blank sectors               4  u32 number of records
 *      68  u32 CRC, seeded by identity     8  u64 lsn of the last record
 *                                         16  u64 digest
 *                                         24  u64 position of the event log
 *                                         32  u32 chain, after the batch
 *                                         36  u32 end magic
 *
 * Before a payload stands its erasure mark, 8 bytes: zero, or a magic.
 *
 * The chain runs through: record 0 continues the batch before, each record the
 * one before it, the trailer the last record and then the batch's header. The
 * chain after a record is the CRC of its header (with the payload's size and CRC),
 * in which the chain before it stands in its own place, and its body: words of
 * eight bytes, at once. A payload can be zeroed later without a break. The mark tells
 * zeros that were meant from sectors that were lost; a single flipped bit does
 * not make one.
 *
 * Records carry a magic and an index, though a reader that starts at the header
 * needs neither: salvage finds its way again with them after damage.
 *
 * Header and trailer are never blank, whichever sectors they fall into: both
 * begin and the trailer also ends with a magic. So a blank sector inside a batch
 * is one that the records made so, or one that never reached the disk, and the
 * header's count tells which.
 */

#include "journal/record.h"

#include <string.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/crc32c.h"

enum {
        HEADER_MAGIC = 0x42646361,  /* "acdB" */
        TRAILER_MAGIC = 0x61636442, /* "Bdca" */
        END_MAGIC = 0x7e646e65,     /* "end~" */
        RECORD_MAGIC = 0xac5d,
        HEADER_CRC_OFFSET = 68,
        TRAILER_CHAIN_OFFSET = 32,
        RECORD_CHAIN_OFFSET = 12,
};

_Static_assert(JOURNAL_BATCH_HEADER_SIZE == HEADER_CRC_OFFSET + 4, "the CRC ends the header");
_Static_assert(JOURNAL_BATCH_TRAILER_SIZE == TRAILER_CHAIN_OFFSET + 8, "chain, then end magic");
_Static_assert(JOURNAL_BODY_SIZE_MAX <= UINT16_MAX && JOURNAL_PAYLOAD_SIZE_MAX <= UINT16_MAX,
               "sizes of a record are 16 bits");

/* "erased!\n", as a number */
#define ERASURE_MARK UINT64_C(0x0a21646573617265)

/* What readers get for an erased payload: it may be zeroed only in part. */
static const uint8_t erased_payload[JOURNAL_PAYLOAD_SIZE_MAX];

static size_t padded(size_t size)
{
        return (size + 7) & ~(size_t)7;
}

bool journal_is_zero(const uint8_t *bytes, size_t size)
{
        while (size >= sizeof(uint64_t)) {
                uint64_t word;

                memcpy(&word, bytes, sizeof(word));
                if (word != 0)
                        return false;
                bytes += sizeof(word);
                size -= sizeof(word);
        }
        while (size > 0) {
                if (*bytes != 0)
                        return false;
                bytes++;
                size--;
        }
        return true;
}

uint32_t journal_blank_count(const uint8_t *bytes, size_t size)
{
        uint32_t blank_count = 0;

        for (size_t offset = 0; offset < size; offset += JOURNAL_SECTOR_SIZE) {
                size_t left = size - offset;
                size_t take = left < JOURNAL_SECTOR_SIZE ? left : JOURNAL_SECTOR_SIZE;

                if (journal_is_zero(bytes + offset, take))
                        blank_count++;
        }
        return blank_count;
}

/* Whether @bytes are less than @whole: a beginning of it, or nothing, and zeros. */
static bool is_beginning(const uint8_t *bytes, const uint8_t *whole, size_t size)
{
        size_t same_size = 0;

        while (same_size < size && bytes[same_size] == whole[same_size])
                same_size++;
        return same_size < size && journal_is_zero(bytes + same_size, size - same_size);
}

bool journal_is_ended(const uint8_t *bytes, size_t size)
{
        uint8_t magic[4];

        acd_put_u32(magic, END_MAGIC);
        return !is_beginning(bytes + size - sizeof(magic), magic, sizeof(magic));
}

/* What seeds a header's CRC: a header is one only in its own segment. */
static uint32_t identity_seed(const struct journal_identity *identity)
{
        uint8_t bytes[20];

        acd_put_u64(bytes, identity->secret);
        acd_put_u64(bytes + 8, identity->segment_number);
        acd_put_u32(bytes + 16, identity->epoch);
        return acd_crc32c(0, bytes, sizeof(bytes));
}

/* ---- encoding ---- */

uint32_t journal_record_chain(const uint8_t *at)
{
        return acd_get_u32(at + RECORD_CHAIN_OFFSET);
}

uint32_t journal_record_continue(const uint8_t *at, uint32_t chain)
{
        uint8_t header[JOURNAL_RECORD_HEADER_SIZE];

        memcpy(header, at, RECORD_CHAIN_OFFSET);
        acd_put_u32(header + RECORD_CHAIN_OFFSET, chain);
        return acd_crc32c(acd_crc32c(0, header, sizeof(header)), at + sizeof(header),
                          padded(acd_get_u16(at + 4)));
}

/* Have @bytes, of which there is at least one, at @at, and zeros after them; returns what
 * follows. */
static uint8_t *put_padded(uint8_t *at, struct journal_bytes bytes)
{
        size_t rest_size = bytes.size % 8;
        uint8_t *end = at + padded(bytes.size);

        if (bytes.at != at)
                memcpy(at, bytes.at, bytes.size);
        if (rest_size != 0)
                acd_put_u64(end - 8,
                            acd_get_u64(end - 8) & ((UINT64_C(1) << 8 * rest_size) - 1));
        return end;
}

uint32_t journal_record_encode(uint8_t *into, uint32_t index, uint32_t chain,
                               struct journal_bytes body, struct journal_bytes payload)
{
        uint8_t *body_end = into + JOURNAL_RECORD_HEADER_SIZE;
        uint32_t payload_crc = 0;

        ACD_ASSERT(index < JOURNAL_BATCH_RECORD_COUNT_MAX);
        ACD_ASSERT(body.size <= JOURNAL_BODY_SIZE_MAX);
        ACD_ASSERT(payload.size <= JOURNAL_PAYLOAD_SIZE_MAX);

        if (body.size > 0)
                body_end = put_padded(body_end, body);
        if (payload.size > 0) {
                payload_crc = acd_crc32c(0, payload.at, payload.size);
                acd_put_u64(body_end, 0);
                (void)put_padded(body_end + JOURNAL_ERASURE_MARK_SIZE, payload);
        }
        acd_put_u64(into, RECORD_MAGIC | (uint64_t)index << 16 | (uint64_t)body.size << 32 |
                                  (uint64_t)payload.size << 48);
        acd_put_u64(into + 8, payload_crc | (uint64_t)chain << 32);
        chain = acd_crc32c(0, into, (size_t)(body_end - into));
        acd_put_u32(into + RECORD_CHAIN_OFFSET, chain);
        return chain;
}

static void put_trailer(uint8_t *trailer, const struct journal_batch *batch)
{
        acd_put_u32(trailer, TRAILER_MAGIC);
        acd_put_u32(trailer + 4, batch->record_count);
        acd_put_u64(trailer + 8, batch->first_lsn + batch->record_count - 1);
        acd_put_u64(trailer + 16, batch->digest);
        acd_put_u64(trailer + 24, batch->event_position);
        acd_put_u32(trailer + TRAILER_CHAIN_OFFSET, 0);
        acd_put_u32(trailer + TRAILER_CHAIN_OFFSET + 4, END_MAGIC);
}

static void put_header(uint8_t *header, const struct journal_identity *identity,
                       const struct journal_batch *batch)
{
        acd_put_u32(header, HEADER_MAGIC);
        acd_put_u32(header + 4, 0);
        acd_put_u32(header + 8, batch->size);
        acd_put_u32(header + 12, batch->record_count);
        acd_put_u64(header + 16, identity->segment_number);
        acd_put_u32(header + 24, batch->epoch);
        acd_put_u32(header + 28, batch->chain_before);
        acd_put_u64(header + 32, batch->first_lsn);
        acd_put_u64(header + 40, batch->synced_lsn);
        acd_put_u64(header + 48, batch->now_ns);
        acd_put_u64(header + 56, batch->wall_ns);
        acd_put_u32(header + 64, batch->blank_count);
        acd_put_u32(header + HEADER_CRC_OFFSET,
                    acd_crc32c(identity_seed(identity), header, HEADER_CRC_OFFSET));
}

/* The chain after the whole batch: its trailer and header continue its records. */
static uint32_t chain_after(const uint8_t *header, const uint8_t *trailer, uint32_t records_chain)
{
        uint32_t chain = acd_crc32c(records_chain, header, JOURNAL_BATCH_HEADER_SIZE);

        return acd_crc32c(chain, trailer, TRAILER_CHAIN_OFFSET);
}

void journal_batch_seal(uint8_t *bytes, const struct journal_identity *identity,
                        uint32_t records_chain, struct journal_batch *batch)
{
        uint8_t *trailer = bytes + batch->size - JOURNAL_BATCH_TRAILER_SIZE;

        ACD_ASSERT(batch->record_count > 0);
        ACD_ASSERT(batch->record_count <= JOURNAL_BATCH_RECORD_COUNT_MAX);
        ACD_ASSERT(batch->size <= JOURNAL_BATCH_SIZE_MAX);
        ACD_ASSERT(batch->size % 8 == 0);
        ACD_ASSERT(batch->epoch == identity->epoch);
        ACD_ASSERT(batch->synced_lsn < batch->first_lsn);
        ACD_ASSERT(batch->size >= JOURNAL_BATCH_HEADER_SIZE + JOURNAL_RECORD_HEADER_SIZE +
                                          JOURNAL_BATCH_TRAILER_SIZE);

        put_trailer(trailer, batch);
        batch->blank_count = 0;
        put_header(bytes, identity, batch);
        batch->blank_count = journal_blank_count(bytes, batch->size);
        put_header(bytes, identity, batch);

        batch->chain_after = chain_after(bytes, trailer, records_chain);
        acd_put_u32(trailer + TRAILER_CHAIN_OFFSET, batch->chain_after);
        batch->bytes = bytes;
}

/* ---- decoding ---- */

static bool is_header_sane(const struct journal_batch *batch)
{
        uint64_t least = JOURNAL_BATCH_HEADER_SIZE + JOURNAL_BATCH_TRAILER_SIZE +
                         (uint64_t)batch->record_count * JOURNAL_RECORD_HEADER_SIZE;

        return batch->record_count > 0 && batch->record_count <= JOURNAL_BATCH_RECORD_COUNT_MAX &&
               batch->size >= least && batch->size <= JOURNAL_BATCH_SIZE_MAX &&
               batch->size % 8 == 0 && batch->first_lsn > batch->synced_lsn;
}

enum journal_verdict journal_batch_decode_header(const uint8_t *bytes, size_t size,
                                                 const struct journal_identity *identity,
                                                 struct journal_batch *ret_batch)
{
        struct journal_batch batch = { 0 };

        if (journal_is_zero(bytes, size < JOURNAL_SECTOR_SIZE ? size : JOURNAL_SECTOR_SIZE))
                return JOURNAL_BLANK;
        if (size < JOURNAL_BATCH_HEADER_SIZE)
                return JOURNAL_BAD_SIZE;

        if (acd_get_u32(bytes) != HEADER_MAGIC || acd_get_u32(bytes + 4) != 0)
                return JOURNAL_BAD_HEADER;
        if (acd_get_u64(bytes + 16) != identity->segment_number ||
            acd_get_u32(bytes + 24) != identity->epoch)
                return JOURNAL_BAD_HEADER;
        if (acd_crc32c(identity_seed(identity), bytes, HEADER_CRC_OFFSET) !=
            acd_get_u32(bytes + HEADER_CRC_OFFSET))
                return JOURNAL_BAD_HEADER;

        batch.size = acd_get_u32(bytes + 8);
        batch.record_count = acd_get_u32(bytes + 12);
        batch.epoch = identity->epoch;
        batch.chain_before = acd_get_u32(bytes + 28);
        batch.first_lsn = acd_get_u64(bytes + 32);
        batch.synced_lsn = acd_get_u64(bytes + 40);
        batch.now_ns = acd_get_u64(bytes + 48);
        batch.wall_ns = acd_get_u64(bytes + 56);
        batch.blank_count = acd_get_u32(bytes + 64);
        batch.bytes = bytes;
        if (!is_header_sane(&batch))
                return JOURNAL_BAD_HEADER;

        *ret_batch = batch;
        return JOURNAL_VALID;
}

size_t journal_erasure_mark_offset(const uint8_t *at)
{
        return JOURNAL_RECORD_HEADER_SIZE + padded(acd_get_u16(at + 4));
}

void journal_erasure_mark_encode(uint8_t into[JOURNAL_ERASURE_MARK_SIZE])
{
        acd_put_u64(into, ERASURE_MARK);
}

/* Zero, or what a short write left of a mark. No payload has been touched then,
 * since a mark is synced before. A flipped bit makes neither. */
static bool is_before_mark(const uint8_t *mark)
{
        uint8_t whole[JOURNAL_ERASURE_MARK_SIZE];

        journal_erasure_mark_encode(whole);
        return is_beginning(mark, whole, sizeof(whole));
}

bool journal_record_has_payload(const uint8_t *at)
{
        const uint8_t *mark = at + journal_erasure_mark_offset(at);
        const uint8_t *payload = mark + JOURNAL_ERASURE_MARK_SIZE;
        uint32_t crc = acd_get_u32(at + 8);
        size_t size = acd_get_u16(at + 6);

        if (size == 0)
                return crc == 0;
        if (!journal_is_zero(payload + size, padded(size) - size))
                return false;
        if (acd_get_u64(mark) == ERASURE_MARK)
                return true;

        return is_before_mark(mark) && acd_crc32c(0, payload, size) == crc;
}

enum journal_verdict journal_record_check(const uint8_t *at, size_t left_size, uint32_t index,
                                          uint32_t chain, size_t *ret_size)
{
        size_t body_size, payload_size, size;

        if (left_size < JOURNAL_RECORD_HEADER_SIZE)
                return JOURNAL_BAD_RECORD;
        if (acd_get_u16(at) != RECORD_MAGIC || acd_get_u16(at + 2) != index)
                return JOURNAL_BAD_RECORD;

        body_size = acd_get_u16(at + 4);
        payload_size = acd_get_u16(at + 6);
        size = journal_record_size(body_size, payload_size);
        if (body_size > JOURNAL_BODY_SIZE_MAX || payload_size > JOURNAL_PAYLOAD_SIZE_MAX ||
            size > left_size)
                return JOURNAL_BAD_RECORD;
        *ret_size = size;

        if (journal_record_continue(at, chain) != journal_record_chain(at))
                return JOURNAL_BAD_RECORD;

        return journal_record_has_payload(at) ? JOURNAL_VALID : JOURNAL_BAD_PAYLOAD;
}

bool journal_trailer_check(const uint8_t *trailer, uint32_t records_chain,
                           struct journal_batch *batch)
{
        uint32_t chain = chain_after(batch->bytes, trailer, records_chain);

        if (acd_get_u32(trailer) != TRAILER_MAGIC ||
            acd_get_u32(trailer + TRAILER_CHAIN_OFFSET + 4) != END_MAGIC)
                return false;
        if (acd_get_u32(trailer + 4) != batch->record_count ||
            acd_get_u64(trailer + 8) != batch->first_lsn + batch->record_count - 1)
                return false;
        if (acd_get_u32(trailer + TRAILER_CHAIN_OFFSET) != chain)
                return false;

        batch->digest = acd_get_u64(trailer + 16);
        batch->event_position = acd_get_u64(trailer + 24);
        batch->chain_after = chain;
        return true;
}

enum journal_verdict journal_batch_decode(const uint8_t *bytes, size_t size,
                                          const struct journal_identity *identity,
                                          struct journal_batch *ret_batch, size_t *ret_offset)
{
        enum journal_verdict verdict;
        size_t offset = JOURNAL_BATCH_HEADER_SIZE, records_end, record_size;
        uint32_t chain;

        *ret_offset = 0;
        verdict = journal_batch_decode_header(bytes, size, identity, ret_batch);
        if (verdict != JOURNAL_VALID)
                return verdict;
        if (ret_batch->size > size)
                return JOURNAL_BAD_SIZE;

        records_end = ret_batch->size - JOURNAL_BATCH_TRAILER_SIZE;
        chain = ret_batch->chain_before;
        for (uint32_t i = 0; i < ret_batch->record_count; i++) {
                *ret_offset = offset;
                verdict = journal_record_check(bytes + offset, records_end - offset, i, chain,
                                               &record_size);
                if (verdict != JOURNAL_VALID)
                        return verdict;
                chain = journal_record_chain(bytes + offset);
                offset += record_size;
        }

        *ret_offset = offset;
        if (offset != records_end || !journal_trailer_check(bytes + offset, chain, ret_batch))
                return JOURNAL_BAD_TRAILER;

        return JOURNAL_VALID;
}

struct journal_record_cursor journal_record_first(const struct journal_batch *batch)
{
        return (struct journal_record_cursor){
                .at = batch->bytes + JOURNAL_BATCH_HEADER_SIZE,
                .next_lsn = batch->first_lsn,
                .left_count = batch->record_count,
        };
}

void journal_record_view(const uint8_t *at, uint64_t lsn, struct journal_record *ret_record)
{
        uint32_t payload_size = acd_get_u16(at + 6);
        const uint8_t *mark = at + journal_erasure_mark_offset(at);
        bool is_erased = payload_size > 0 && acd_get_u64(mark) == ERASURE_MARK;

        *ret_record = (struct journal_record){
                .lsn = lsn,
                .body = at + JOURNAL_RECORD_HEADER_SIZE,
                .payload = is_erased ? erased_payload : mark + JOURNAL_ERASURE_MARK_SIZE,
                .body_size = acd_get_u16(at + 4),
                .payload_size = payload_size,
                .is_erased = is_erased,
        };
}

bool journal_record_next(struct journal_record_cursor *cursor, struct journal_record *ret_record)
{
        if (cursor->left_count == 0)
                return false;

        journal_record_view(cursor->at, cursor->next_lsn, ret_record);
        cursor->at += journal_record_size(ret_record->body_size, ret_record->payload_size);
        cursor->next_lsn++;
        cursor->left_count--;
        return true;
}

const char *journal_verdict_name(enum journal_verdict verdict)
{
        static const char *const names[JOURNAL_VERDICT_COUNT] = {
                [JOURNAL_VALID] = "valid",
                [JOURNAL_BLANK] = "nothing was written",
                [JOURNAL_BAD_HEADER] = "not the header of a batch",
                [JOURNAL_BAD_SIZE] = "the batch is longer than the file",
                [JOURNAL_BAD_RECORD] = "a record does not match its checksum",
                [JOURNAL_BAD_PAYLOAD] = "a payload does not match its checksum",
                [JOURNAL_BAD_TRAILER] = "the trailer does not match the batch",
                [JOURNAL_BAD_PADDING] = "bytes after the batch are not zero",
        };

        ACD_ASSERT(verdict < JOURNAL_VERDICT_COUNT);
        return names[verdict];
}
