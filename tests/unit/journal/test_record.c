/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches and records as bytes.
 */

#include <criterion/criterion.h>
#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/prng.h"
#include "journal/record.h"

enum { BATCH_MAX = 32768, RECORD_MAX = 12 };

static const struct journal_identity identity = {
        .secret = 0x1122334455667788,
        .segment_number = 7,
        .epoch = 3,
};

/* A batch and what went into it. */
struct sample {
        uint8_t bytes[BATCH_MAX];
        struct journal_batch batch;
        struct journal_bytes bodies[RECORD_MAX];
        struct journal_bytes payloads[RECORD_MAX];
        size_t record_offsets[RECORD_MAX];
        uint8_t contents[BATCH_MAX];
};

static void make_sample(struct sample *sample, uint64_t seed, uint32_t record_count,
                        size_t payload_max)
{
        struct acd_prng prng;
        size_t size = JOURNAL_BATCH_HEADER_SIZE, used = 0;
        uint32_t chain = 0xabcdef;

        acd_prng_init(&prng, seed);
        memset(sample, 0, sizeof(*sample));
        for (size_t i = 0; i < sizeof(sample->contents); i++)
                sample->contents[i] = (uint8_t)(acd_prng_next(&prng) | 1);

        for (uint32_t i = 0; i < record_count; i++) {
                size_t body_size = acd_prng_below(&prng, 60);
                size_t payload_size = acd_prng_below(&prng, payload_max + 1);

                sample->bodies[i] = (struct journal_bytes){ sample->contents + used, body_size };
                used += body_size;
                sample->payloads[i] =
                        (struct journal_bytes){ sample->contents + used, payload_size };
                used += payload_size;
                sample->record_offsets[i] = size;
                chain = journal_record_encode(sample->bytes + size, i, chain, sample->bodies[i],
                                              sample->payloads[i]);
                size += journal_record_size(body_size, payload_size);
        }

        sample->batch = (struct journal_batch){
                .epoch = identity.epoch,
                .record_count = record_count,
                .first_lsn = 1000,
                .synced_lsn = 999,
                .now_ns = 123456789,
                .wall_ns = 42,
                .digest = 0xd19e57,
                .event_position = 4096,
                .size = (uint32_t)size + JOURNAL_BATCH_TRAILER_SIZE,
                .chain_before = 0xabcdef,
        };
        journal_batch_seal(sample->bytes, &identity, chain, &sample->batch);
}

static enum journal_verdict decode(const struct sample *sample, size_t size,
                                   struct journal_batch *ret_batch)
{
        size_t offset;

        return journal_batch_decode(sample->bytes, size, &identity, ret_batch, &offset);
}

/* Goal    decode(encode(x)) = x, for every field and every record.
 * Method  500 random batches. */
Test(record, survives_the_round_trip)
{
        static struct sample sample;
        struct journal_batch batch;

        for (uint64_t seed = 1; seed <= 500; seed++) {
                struct journal_record_cursor cursor;
                struct journal_record record;
                uint32_t count = 1 + (uint32_t)(seed % RECORD_MAX), i = 0;

                make_sample(&sample, seed, count, 1500);
                cr_assert_eq(decode(&sample, BATCH_MAX, &batch), JOURNAL_VALID);
                cr_assert_eq(batch.size, sample.batch.size);
                cr_assert_eq(batch.epoch, identity.epoch);
                cr_assert_eq(batch.record_count, count);
                cr_assert_eq(batch.first_lsn, 1000);
                cr_assert_eq(batch.synced_lsn, 999);
                cr_assert_eq(batch.now_ns, 123456789);
                cr_assert_eq(batch.wall_ns, 42);
                cr_assert_eq(batch.digest, 0xd19e57);
                cr_assert_eq(batch.event_position, 4096);
                cr_assert_eq(batch.chain_before, 0xabcdef);
                cr_assert_eq(batch.chain_after, sample.batch.chain_after);
                cr_assert_eq(batch.blank_count, sample.batch.blank_count);

                cursor = journal_record_first(&batch);
                while (journal_record_next(&cursor, &record)) {
                        cr_assert_eq(record.lsn, 1000 + i);
                        cr_assert_eq(record.body_size, sample.bodies[i].size);
                        cr_assert_eq(record.payload_size, sample.payloads[i].size);
                        cr_assert_eq(memcmp(record.body, sample.bodies[i].at, record.body_size), 0);
                        cr_assert_eq(
                                memcmp(record.payload, sample.payloads[i].at, record.payload_size),
                                0);
                        cr_assert(!record.is_erased);
                        i++;
                }
                cr_assert_eq(i, count);
        }
}

/* Goal    No single flipped bit is accepted.
 * Method  Every bit of a batch with records and payloads of odd sizes. */
Test(record, every_flipped_bit_is_seen)
{
        static struct sample sample;
        struct journal_batch batch;

        make_sample(&sample, 11, 5, 300);
        for (size_t bit = 0; bit < (size_t)sample.batch.size * 8; bit++) {
                sample.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
                cr_assert_neq(decode(&sample, sample.batch.size, &batch), JOURNAL_VALID,
                              "bit %zu of byte %zu", bit % 8, bit / 8);
                sample.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        cr_assert_eq(decode(&sample, sample.batch.size, &batch), JOURNAL_VALID);
}

/* Goal    No shortened batch is accepted, and nothing beyond its end is read.
 * Method  Every length; a block of exactly that length, so that the address
 *         sanitizer sees a byte too many. */
Test(record, every_truncation_is_seen)
{
        static struct sample sample;
        struct journal_batch batch;

        make_sample(&sample, 12, 5, 300);
        for (size_t size = 0; size < sample.batch.size; size++) {
                uint8_t *cut = malloc(size + 1);
                size_t offset;

                memcpy(cut, sample.bytes, size);
                cr_assert_neq(journal_batch_decode(cut, size, &identity, &batch, &offset),
                              JOURNAL_VALID, "cut at %zu", size);
                free(cut);
        }
}

/* Goal    A payload with the mark is erased and breaks nothing, however far the
 *         zeros got; zeros without the mark, and any other mark, are damage. */
Test(record, erasure_breaks_no_chain)
{
        static struct sample sample;
        struct journal_record_cursor cursor;
        struct journal_record record;
        struct journal_batch batch;
        uint8_t *payload, *mark;

        make_sample(&sample, 13, 3, 700);
        cr_assert_gt(sample.payloads[1].size, 8);
        payload = sample.bytes + sample.record_offsets[1] + JOURNAL_RECORD_HEADER_SIZE +
                  (sample.bodies[1].size + 7) / 8 * 8 + JOURNAL_ERASURE_MARK_SIZE;

        mark = sample.bytes + sample.record_offsets[1] +
               journal_erasure_mark_offset(sample.bytes + sample.record_offsets[1]);
        cr_assert_eq(mark + JOURNAL_ERASURE_MARK_SIZE, payload);

        journal_erasure_mark_encode(mark);
        cr_assert_eq(decode(&sample, BATCH_MAX, &batch), JOURNAL_VALID);
        memset(payload, 0, sample.payloads[1].size / 2);
        cr_assert_eq(decode(&sample, BATCH_MAX, &batch), JOURNAL_VALID);
        memset(payload, 0, sample.payloads[1].size);
        memset(mark, 0, JOURNAL_ERASURE_MARK_SIZE);
        cr_assert_eq(decode(&sample, BATCH_MAX, &batch), JOURNAL_BAD_PAYLOAD);
        mark[3] = 1;
        cr_assert_eq(decode(&sample, BATCH_MAX, &batch), JOURNAL_BAD_PAYLOAD);

        /* What a short write leaves of the mark, with the payload still there. */
        memcpy(payload, sample.payloads[1].at, sample.payloads[1].size);
        for (size_t kept = 0; kept < JOURNAL_ERASURE_MARK_SIZE; kept++) {
                journal_erasure_mark_encode(mark);
                memset(mark + kept, 0, JOURNAL_ERASURE_MARK_SIZE - kept);
                cr_assert_eq(decode(&sample, BATCH_MAX, &batch), JOURNAL_VALID);
                payload[0] ^= 1;
                cr_assert_eq(decode(&sample, BATCH_MAX, &batch), JOURNAL_BAD_PAYLOAD);
                payload[0] ^= 1;
        }
        memset(payload, 0, sample.payloads[1].size);
        journal_erasure_mark_encode(mark);
        cr_assert_eq(decode(&sample, BATCH_MAX, &batch), JOURNAL_VALID);
        cr_assert_eq(batch.chain_after, sample.batch.chain_after);

        cursor = journal_record_first(&batch);
        for (uint32_t i = 0; journal_record_next(&cursor, &record); i++) {
                cr_assert_eq(record.is_erased, i == 1);
                cr_assert_eq(record.payload_size, sample.payloads[i].size);
                if (i == 1)
                        cr_assert(journal_is_zero(record.payload, record.payload_size));
        }
        cr_assert_eq(batch.record_count, 3);
}

Test(record, zeros_that_were_written_are_not_erased)
{
        uint8_t bytes[1024] = { 0 }, zeros[200] = { 0 };
        struct journal_batch batch = { .epoch = 3, .record_count = 1, .first_lsn = 1 };
        struct journal_bytes body = { "b", 1 }, payload = { zeros, sizeof(zeros) };
        struct journal_record_cursor cursor;
        struct journal_record record;
        uint32_t chain;
        size_t offset;

        chain = journal_record_encode(bytes + JOURNAL_BATCH_HEADER_SIZE, 0, 0, body, payload);
        batch.size = (uint32_t)(JOURNAL_BATCH_HEADER_SIZE + journal_record_size(1, 200) +
                                JOURNAL_BATCH_TRAILER_SIZE);
        journal_batch_seal(bytes, &identity, chain, &batch);
        cr_assert_eq(journal_batch_decode(bytes, sizeof(bytes), &identity, &batch, &offset),
                     JOURNAL_VALID);
        cursor = journal_record_first(&batch);
        cr_assert(journal_record_next(&cursor, &record));
        cr_assert(!record.is_erased);
        cr_assert(!journal_record_next(&cursor, &record));
}

/* Goal    A header is one only in its own directory, segment and run. */
Test(record, belongs_to_one_place_only)
{
        static struct sample sample;
        struct journal_identity other;
        struct journal_batch batch;
        size_t offset;

        make_sample(&sample, 14, 2, 100);
        other = identity;
        other.secret++;
        cr_assert_eq(journal_batch_decode(sample.bytes, BATCH_MAX, &other, &batch, &offset),
                     JOURNAL_BAD_HEADER);
        other = identity;
        other.segment_number++;
        cr_assert_eq(journal_batch_decode(sample.bytes, BATCH_MAX, &other, &batch, &offset),
                     JOURNAL_BAD_HEADER);
        other = identity;
        other.epoch++;
        cr_assert_eq(journal_batch_decode(sample.bytes, BATCH_MAX, &other, &batch, &offset),
                     JOURNAL_BAD_HEADER);
}

/* Goal    The order of records is part of the chain.
 * Method  Swap two records of the same size; give them each other's index too. */
Test(record, records_cannot_change_places)
{
        uint8_t bytes[1024] = { 0 }, swapped[1024];
        struct journal_batch batch = { .epoch = 3, .record_count = 2, .first_lsn = 1 };
        const size_t size = journal_record_size(8, 0), at = JOURNAL_BATCH_HEADER_SIZE;
        uint32_t chain;
        size_t offset;

        chain = journal_record_encode(bytes + at, 0, 0, (struct journal_bytes){ "aaaaaaaa", 8 },
                                      (struct journal_bytes){ 0 });
        chain = journal_record_encode(bytes + at + size, 1, chain,
                                      (struct journal_bytes){ "bbbbbbbb", 8 },
                                      (struct journal_bytes){ 0 });
        batch.size = (uint32_t)(at + 2 * size + JOURNAL_BATCH_TRAILER_SIZE);
        journal_batch_seal(bytes, &identity, chain, &batch);

        memcpy(swapped, bytes, sizeof(bytes));
        memcpy(swapped + at, bytes + at + size, size);
        memcpy(swapped + at + size, bytes + at, size);
        cr_assert_eq(journal_batch_decode(swapped, sizeof(swapped), &identity, &batch, &offset),
                     JOURNAL_BAD_RECORD);
        acd_put_u16(swapped + at + 2, 0);
        acd_put_u16(swapped + at + size + 2, 1);
        cr_assert_eq(journal_batch_decode(swapped, sizeof(swapped), &identity, &batch, &offset),
                     JOURNAL_BAD_RECORD);
        cr_assert_eq(offset, at);
}

/* Goal    The header counts the sectors that are blank by nature, and no others.
 * Method  A naive count over the bytes; header and trailer must never be blank,
 *         whatever sector the trailer begins in. */
Test(record, blank_sectors_are_counted)
{
        static uint8_t bytes[BATCH_MAX];
        static const uint8_t zeros[5000];

        for (size_t payload_size = 0; payload_size < 1600; payload_size += 8) {
                struct journal_batch batch = { .epoch = 3, .record_count = 1, .first_lsn = 1 };
                struct journal_bytes payload = { zeros, payload_size };
                uint32_t blank_count = 0, chain;

                memset(bytes, 0, sizeof(bytes));
                chain = journal_record_encode(bytes + JOURNAL_BATCH_HEADER_SIZE, 0, 0,
                                              (struct journal_bytes){ 0 }, payload);
                batch.size = (uint32_t)(JOURNAL_BATCH_HEADER_SIZE +
                                        journal_record_size(0, payload_size) +
                                        JOURNAL_BATCH_TRAILER_SIZE);
                journal_batch_seal(bytes, &identity, chain, &batch);

                for (size_t at = 0; at < batch.size; at += JOURNAL_SECTOR_SIZE)
                        if (memcmp(bytes + at, zeros, JOURNAL_SECTOR_SIZE) == 0)
                                blank_count++;
                cr_assert_eq(batch.blank_count, blank_count);
                cr_assert_eq(journal_blank_count(bytes, batch.size), blank_count);
                cr_assert_leq(blank_count * JOURNAL_SECTOR_SIZE, payload_size);
        }
}

/* Goal    The largest record goes round. */
Test(record, the_largest_record_fits)
{
        const size_t size =
                JOURNAL_BATCH_HEADER_SIZE + JOURNAL_RECORD_SIZE_MAX + JOURNAL_BATCH_TRAILER_SIZE;
        uint8_t *bytes = calloc(1, size), *contents = malloc(JOURNAL_BODY_SIZE_MAX);
        struct journal_batch batch = { .epoch = 3, .record_count = 1, .first_lsn = 1 };
        uint32_t chain;
        size_t offset;

        memset(contents, 0x5a, JOURNAL_BODY_SIZE_MAX);
        chain = journal_record_encode(bytes + JOURNAL_BATCH_HEADER_SIZE, 0, 0,
                                      (struct journal_bytes){ contents, JOURNAL_BODY_SIZE_MAX },
                                      (struct journal_bytes){ contents, JOURNAL_PAYLOAD_SIZE_MAX });
        batch.size = (uint32_t)size;
        journal_batch_seal(bytes, &identity, chain, &batch);
        cr_assert_eq(journal_batch_decode(bytes, size, &identity, &batch, &offset), JOURNAL_VALID);
        free(contents);
        free(bytes);
}

/* Put a number of @width bytes into the header and make its checksum right again. */
static void forge_header(struct sample *sample, size_t offset, size_t width, uint64_t value)
{
        uint8_t seed[20];

        acd_put_u64(seed, identity.secret);
        acd_put_u64(seed + 8, identity.segment_number);
        acd_put_u32(seed + 16, identity.epoch);
        if (width == 8)
                acd_put_u64(sample->bytes + offset, value);
        else
                acd_put_u32(sample->bytes + offset, (uint32_t)value);
        acd_put_u32(sample->bytes + JOURNAL_BATCH_HEADER_SIZE - 4,
                    acd_crc32c(acd_crc32c(0, seed, sizeof(seed)), sample->bytes,
                               JOURNAL_BATCH_HEADER_SIZE - 4));
}

/* Goal    A header that claims nonsense is refused though its checksum is right.
 * Method  Rewrite one field at a time, to the last sane value and the first that is not. */
Test(record, each_field_of_a_header_is_checked)
{
        const uint32_t overhead = JOURNAL_BATCH_HEADER_SIZE + JOURNAL_BATCH_TRAILER_SIZE;
        const struct {
                size_t offset, width;
                uint64_t value;
                bool is_sane;
        } cases[] = {
                { 8, 4, overhead + 2 * JOURNAL_RECORD_HEADER_SIZE, true },
                { 8, 4, overhead + 2 * JOURNAL_RECORD_HEADER_SIZE - 8, false },
                { 8, 4, JOURNAL_BATCH_SIZE_MAX, true },
                { 8, 4, JOURNAL_BATCH_SIZE_MAX + 8, false },
                { 8, 4, JOURNAL_BATCH_SIZE_MAX - 4, false },
                { 12, 4, 1, true },
                { 12, 4, 0, false },
                { 12, 4, UINT32_MAX, false },
                { 32, 8, 1000, true },
                { 32, 8, 999, false },
                { 40, 8, 999, true },
                { 40, 8, 1000, false },
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                static struct sample sample;
                struct journal_batch batch = { .epoch = 77 };

                make_sample(&sample, 15, 2, 100);
                forge_header(&sample, cases[i].offset, cases[i].width, cases[i].value);
                cr_assert_eq(journal_batch_decode_header(sample.bytes, JOURNAL_BATCH_HEADER_SIZE,
                                                         &identity, &batch),
                             cases[i].is_sane ? JOURNAL_VALID : JOURNAL_BAD_HEADER, "case %zu", i);
                cr_assert_eq(batch.epoch, cases[i].is_sane ? identity.epoch : 77u);
        }
}

/* Goal    As many records as a batch may have, in the smallest batch for them. */
Test(record, the_number_of_records_is_limited)
{
        static struct sample sample;
        struct journal_batch batch;
        uint64_t size = JOURNAL_BATCH_HEADER_SIZE + JOURNAL_BATCH_TRAILER_SIZE +
                        (uint64_t)(JOURNAL_BATCH_RECORD_COUNT_MAX + 1) * JOURNAL_RECORD_HEADER_SIZE;

        cr_assert_leq(size, (uint64_t)JOURNAL_BATCH_SIZE_MAX);
        make_sample(&sample, 15, 2, 100);
        forge_header(&sample, 8, 4, (size + 7) / 8 * 8);
        forge_header(&sample, 12, 4, JOURNAL_BATCH_RECORD_COUNT_MAX);
        cr_assert_eq(journal_batch_decode_header(sample.bytes, JOURNAL_BATCH_HEADER_SIZE, &identity,
                                                 &batch),
                     JOURNAL_VALID);
        forge_header(&sample, 12, 4, JOURNAL_BATCH_RECORD_COUNT_MAX + 1);
        cr_assert_eq(journal_batch_decode_header(sample.bytes, JOURNAL_BATCH_HEADER_SIZE, &identity,
                                                 &batch),
                     JOURNAL_BAD_HEADER);
}

/* Goal    A batch that is cut short is so, and nothing is no batch. */
Test(record, a_cut_batch_says_its_size)
{
        static struct sample sample;
        struct journal_batch batch;

        make_sample(&sample, 15, 2, 100);
        cr_assert_eq(decode(&sample, sample.batch.size - 1, &batch), JOURNAL_BAD_SIZE);
        cr_assert_eq(batch.size, sample.batch.size);
        cr_assert_eq(decode(&sample, 0, &batch), JOURNAL_BLANK);
}
