/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches of records: as they come, and damaged.
 *
 * First the bytes are taken for a batch as they are: nothing random is valid.
 * Then they are a recipe: a batch is made of them, must read back as it was
 * written, and must not once a byte of it is changed, wherever, but in the mark
 * of an erasure that never took place.
 */

#include <stdbool.h>
#include <string.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "journal/record.h"
#include "tests/fuzz/fuzz.h"

enum { RECORD_MAX = 9, BATCH_SIZE = 16 * 1024, DAMAGE_SIZE = 3 };

static const struct journal_identity identity = {
        .secret = 0x5eed,
        .segment_number = 3,
        .epoch = 2,
};

/* The recipe, read from its end towards its beginning; zeros when it is used up. */
struct recipe {
        const uint8_t *bytes;
        size_t left_size;
};

static uint8_t next(struct recipe *recipe)
{
        return recipe->left_size == 0 ? 0 : recipe->bytes[--recipe->left_size];
}

static struct journal_bytes next_bytes(struct recipe *recipe)
{
        size_t size = next(recipe);

        if (size > recipe->left_size)
                size = recipe->left_size;
        recipe->left_size -= size;
        return (struct journal_bytes){ recipe->bytes + recipe->left_size, size };
}

static struct journal_batch make_batch(struct recipe *recipe, uint8_t *bytes,
                                       struct journal_bytes written[RECORD_MAX][2])
{
        struct journal_batch batch = {
                .epoch = identity.epoch,
                .record_count = 1 + next(recipe) % RECORD_MAX,
                .first_lsn = 1000,
                .synced_lsn = 999,
                .chain_before = next(recipe),
                .digest = next(recipe),
        };
        uint32_t chain = batch.chain_before;
        size_t at = JOURNAL_BATCH_HEADER_SIZE;

        for (uint32_t i = 0; i < batch.record_count; i++) {
                written[i][0] = next_bytes(recipe);
                written[i][1] = next_bytes(recipe);
                chain = journal_record_encode(bytes + at, i, chain, written[i][0], written[i][1]);
                at += journal_record_size(written[i][0].size, written[i][1].size);
        }
        batch.size = (uint32_t)(at + JOURNAL_BATCH_TRAILER_SIZE);
        journal_batch_seal(bytes, &identity, chain, &batch);
        return batch;
}

static void check_records(const struct journal_batch *batch,
                          struct journal_bytes written[RECORD_MAX][2])
{
        struct journal_record_cursor cursor = journal_record_first(batch);
        struct journal_record record;
        uint32_t count = 0;

        while (journal_record_next(&cursor, &record)) {
                const struct journal_bytes *body = &written[count][0];
                const struct journal_bytes *payload = &written[count][1];

                ACD_ASSERT(record.lsn == batch->first_lsn + count);
                ACD_ASSERT(record.body_size == body->size);
                ACD_ASSERT(record.payload_size == payload->size);
                ACD_ASSERT(body->size == 0 || memcmp(record.body, body->at, body->size) == 0);
                ACD_ASSERT(payload->size == 0 ||
                           memcmp(record.payload, payload->at, payload->size) == 0);
                count++;
        }
        ACD_ASSERT(count == batch->record_count);
}

/* Whether @at is in the erasure mark of a record. */
static bool is_in_mark(const struct journal_batch *batch, size_t at)
{
        struct journal_record_cursor cursor = journal_record_first(batch);
        struct journal_record record;
        const uint8_t *start = cursor.at;

        while (journal_record_next(&cursor, &record)) {
                const uint8_t *mark = start + journal_erasure_mark_offset(start);

                if (record.payload_size > 0 && batch->bytes + at >= mark &&
                    batch->bytes + at < mark + JOURNAL_ERASURE_MARK_SIZE)
                        return true;
                start = cursor.at;
        }
        return false;
}

/* Change bytes as the recipe says. None of it may pass, but for one thing: what a
 * short write leaves of an erasure mark is no mark yet, and changes nothing. */
static void check_damage(struct recipe *recipe, uint8_t *bytes, const struct journal_batch *made,
                         struct journal_bytes written[RECORD_MAX][2])
{
        while (recipe->left_size >= DAMAGE_SIZE) {
                struct journal_batch batch;
                size_t offset;
                size_t at = (size_t)(next(recipe) | next(recipe) << 8) % made->size;
                uint8_t change = next(recipe);

                if (change == 0)
                        continue;
                bytes[at] ^= change;
                if (journal_batch_decode(bytes, made->size, &identity, &batch, &offset) ==
                    JOURNAL_VALID) {
                        ACD_ASSERT(is_in_mark(made, at));
                        check_records(&batch, written);
                }
                bytes[at] ^= change;
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static uint8_t bytes[BATCH_SIZE];
        struct journal_bytes written[RECORD_MAX][2] = { 0 };
        struct recipe recipe = { data, size };
        struct journal_batch made, batch;
        size_t offset, record_size;

        ACD_ASSERT(journal_batch_decode(data, size, &identity, &batch, &offset) != JOURNAL_VALID);
        (void)journal_record_check(data, size, 0, 0, &record_size);

        memset(bytes, 0, sizeof(bytes));
        made = make_batch(&recipe, bytes, written);
        ACD_ASSERT(journal_batch_decode(bytes, made.size, &identity, &batch, &offset) ==
                   JOURNAL_VALID);
        ACD_ASSERT(batch.digest == made.digest);
        ACD_ASSERT(batch.chain_after == made.chain_after);
        check_records(&batch, written);
        for (size_t cut = 0; cut < made.size; cut += 7)
                ACD_ASSERT(journal_batch_decode(bytes, cut, &identity, &batch, &offset) !=
                           JOURNAL_VALID);
        check_damage(&recipe, bytes, &made, written);
        return 0;
}
