/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The owner's half of a running journal: filling, sealing and collecting batches.
 *
 * Two buffers. One fills while the other, if any, is on its way to the disk with the helper.
 * Everything that a batch says (numbers, chain, offset, segment) is decided here
 * when it is sealed, in memory, before the disk has seen it; so the next batch
 * can fill on top of it at once, and the disk's half has nothing to decide.
 *
 * That is also why any failure is final. When a write or a sync fails, what
 * follows has been built on a batch that may not exist. There is no way back
 * that would be simpler than what the next start does anyway: read what is on
 * disk and go on from there.
 *
 * What may be acknowledged is committed_lsn; how it moves is the sync policy.
 */

#include "journal/journal.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/crc32c.h"
#include "journal/private.h"
#include "journal/syncer.h"

static struct journal_buffer *filling(struct journal *journal)
{
        return &journal->buffers[journal->filling_index];
}

uint32_t journal_chain_origin(uint64_t secret)
{
        uint8_t bytes[8];

        acd_put_u64(bytes, secret);
        return acd_crc32c(0, bytes, sizeof(bytes));
}

void journal_lock_io(struct journal *journal)
{
        pthread_mutex_lock(&journal->io_turn);
        pthread_mutex_lock(&journal->io_lock);
        pthread_mutex_unlock(&journal->io_turn);
}

void journal_unlock_io(struct journal *journal)
{
        pthread_mutex_unlock(&journal->io_lock);
}

int journal_fail(struct journal *journal, int code, const struct journal_error *error)
{
        int expected = 0;

        ACD_ASSERT(code < 0);
        if (atomic_load(&journal->failed) == 0)
                journal->failure = *error;
        (void)atomic_compare_exchange_strong(&journal->failed, &expected, code);
        return code;
}

void journal_begin_batch(struct journal *journal)
{
        struct journal_buffer *buffer = filling(journal);

        buffer->used_size = JOURNAL_BATCH_HEADER_SIZE;
        buffer->record_count = 0;
        journal->chain = journal->chain_before;
}

/* ---- filling ---- */

/* A full batch still fits the open segment, or there is a spare to roll into. The last
 * spare is not for that: a start after a crash needs one (start.c). */
static bool has_disk(const struct journal *journal)
{
        const struct journal_options *options = &journal->options;
        uint64_t span = journal_blocks_size(options->batch_size_max, options->block_size);

        if (journal->offset + span <= journal->segment.size)
                return true;

        /* One entry for a roll that is still on its way, one for the next. */
        return atomic_load(&journal->writer.spare_count) > 1 &&
               atomic_load(&journal->writer.segment_count) + 1 < options->segment_count_max;
}

/* Zero a spare here and now, because the helper is behind or there is none. */
static void prepare_now(struct journal *journal)
{
        struct journal_error error;
        int r = 1;

        if (atomic_load(&journal->writer.is_spare_refused))
                return;

        journal_lock_io(journal);
        while (r > 0 && atomic_load(&journal->writer.spare_count) < 2)
                r = journal_writer_prepare(&journal->writer, &error);
        if (r < 0)
                (void)journal_fail(journal, r, &error);
        journal_unlock_io(journal);
}

enum journal_room journal_reserve(struct journal *journal, size_t body_size, size_t payload_size)
{
        const struct journal_buffer *buffer = filling(journal);
        size_t size = journal_record_size(body_size, payload_size);

        ACD_ASSERT(journal->stage == JOURNAL_STAGE_STARTED);
        ACD_ASSERT(body_size <= JOURNAL_BODY_SIZE_MAX);
        ACD_ASSERT(payload_size <= JOURNAL_PAYLOAD_SIZE_MAX);
        ACD_ASSERT(JOURNAL_BATCH_HEADER_SIZE + size + JOURNAL_BATCH_TRAILER_SIZE <=
                   journal->options.batch_size_max);

        if (buffer->record_count == journal->options.batch_record_count_max ||
            buffer->used_size + size + JOURNAL_BATCH_TRAILER_SIZE > journal->options.batch_size_max)
                return journal_is_busy(journal) ? JOURNAL_ROOM_WAIT : JOURNAL_ROOM_BATCH_FULL;

        /* The disk is asked once a batch: spares only get fewer by sealing. */
        if (buffer->record_count == 0 && !has_disk(journal)) {
                prepare_now(journal);
                if (!has_disk(journal))
                        return JOURNAL_ROOM_DISK_FULL;
        }
        return JOURNAL_ROOM;
}

uint32_t journal_sure_count(const struct journal *journal, size_t body_size, size_t payload_size)
{
        const struct journal_buffer *buffer = &journal->buffers[journal->filling_index];
        size_t left_size =
                journal->options.batch_size_max - buffer->used_size - JOURNAL_BATCH_TRAILER_SIZE;
        size_t count = left_size / journal_record_size(body_size, payload_size);
        uint32_t left_count = journal->options.batch_record_count_max - buffer->record_count;

        return count < left_count ? (uint32_t)count : left_count;
}

uint8_t *journal_body(struct journal *journal)
{
        struct journal_buffer *buffer = filling(journal);

        return buffer->bytes + buffer->used_size + JOURNAL_RECORD_HEADER_SIZE;
}

uint64_t journal_append(struct journal *journal, struct journal_bytes body,
                        struct journal_bytes payload)
{
        struct journal_buffer *buffer = filling(journal);
        size_t size = journal_record_size(body.size, payload.size);

        ACD_ASSERT(journal->stage == JOURNAL_STAGE_STARTED);
        ACD_ASSERT(buffer->record_count < journal->options.batch_record_count_max);
        ACD_ASSERT(buffer->used_size + size + JOURNAL_BATCH_TRAILER_SIZE <=
                   journal->options.batch_size_max);

        journal->chain = journal_record_encode(buffer->bytes + buffer->used_size,
                                               buffer->record_count, journal->chain, body, payload);
        buffer->used_size += size;
        buffer->record_count++;
        journal->last_lsn++;
        return journal->last_lsn;
}

uint32_t journal_pending_count(const struct journal *journal)
{
        return journal->buffers[journal->filling_index].record_count;
}

size_t journal_pending_size(const struct journal *journal)
{
        return journal->buffers[journal->filling_index].used_size + JOURNAL_BATCH_TRAILER_SIZE;
}

/* ---- commit ---- */

/* Whether the policy wants the batch at core time @now_ns synced. */
static bool is_sync_wanted(const struct journal *journal, uint64_t now_ns)
{
        switch (journal->options.sync_policy) {
        case JOURNAL_SYNC_ALWAYS:
                return true;
        case JOURNAL_SYNC_INTERVAL:
                return journal->sync_due_ns != 0 && now_ns >= journal->sync_due_ns;
        case JOURNAL_SYNC_NEVER:
                return false;
        }
        acd_panic(__FILE__, __LINE__, __func__, "a sync policy");
}

/* Decide where a batch of @size goes; when it must be a new segment, which. */
static void place_batch(struct journal *journal, uint64_t first_lsn, size_t size,
                        struct journal_job *job)
{
        struct journal_segment *segment = &journal->segment;

        job->is_rolled = journal->offset + size > segment->size;
        if (job->is_rolled) {
                unsigned int before = atomic_fetch_sub(&journal->writer.spare_count, 1);

                ACD_ASSERT(before > 1);
                segment->number++;
                segment->first_lsn = first_lsn;
                segment->chain_before = journal->chain_before;
                journal->offset = segment->block_size;
                job->next = *segment;
        }
        job->offset = journal->offset;
        journal->offset += size;
}

/* Seal the batch that fills into the job, and begin the next one. */
static void seal(struct journal *journal, const struct journal_stamp *stamp,
                 enum journal_commit_how how)
{
        struct journal_buffer *buffer = filling(journal);
        struct journal_job *job = &journal->job;
        struct journal_identity identity;
        struct journal_batch batch = {
                .epoch = journal->segment.epoch,
                .record_count = buffer->record_count,
                .first_lsn = journal->last_lsn - buffer->record_count + 1,
                .synced_lsn = journal->synced_lsn,
                .now_ns = stamp->now_ns,
                .wall_ns = stamp->wall_ns,
                .digest = stamp->digest,
                .event_position = stamp->event_position,
                .size = (uint32_t)(buffer->used_size + JOURNAL_BATCH_TRAILER_SIZE),
                .chain_before = journal->chain_before,
        };
        size_t size = journal_blocks_size(batch.size, journal->options.block_size);

        place_batch(journal, batch.first_lsn, size, job);
        ACD_ASSERT(job->offset + size <= journal->segment.size);
        ACD_ASSERT(batch.first_lsn >= journal->segment.first_lsn);
        identity = journal_identity_of(&journal->segment);
        journal_batch_seal(buffer->bytes, &identity, journal->chain, &batch);
        memset(buffer->bytes + batch.size, 0, size - batch.size);

        job->bytes = buffer->bytes;
        job->size = size;
        job->last_lsn = journal->last_lsn;
        job->claimed_lsn = batch.synced_lsn;
        job->now_ns = stamp->now_ns;
        job->is_synced = is_sync_wanted(journal, stamp->now_ns);

        journal->chain_before = batch.chain_after;
        journal->last_now_ns = stamp->now_ns;
        journal->batch_count++;
        journal->record_count += batch.record_count;
        journal->byte_count += size;
        if (how == JOURNAL_COMMIT_HANDED)
                journal->filling_index ^= 1;
        journal_begin_batch(journal);
}

int journal_run_job(struct journal *journal)
{
        const struct journal_job *job = &journal->job;
        struct journal_writer *writer = &journal->writer;
        struct journal_error error;
        int r = 0;

        if (job->is_rolled)
                r = journal_writer_roll(writer, &job->next, journal->window, &error);
        if (r == 0)
                r = journal_writer_write(writer, job->bytes, job->size, job->offset, &error);
        if (r == 0 && job->is_synced)
                r = journal_writer_sync(writer, &error);

        return r < 0 ? journal_fail(journal, r, &error) : 0;
}

/* The job is done: move what the owner may believe. */
static void settle(struct journal *journal)
{
        const struct journal_job *job = &journal->job;

        ACD_ASSERT(job->last_lsn > journal->committed_lsn);
        ACD_ASSERT(job->last_lsn <= journal->last_lsn);
        ACD_ASSERT(job->claimed_lsn <= journal->synced_lsn);

        journal->committed_lsn = job->last_lsn;
        if (job->is_rolled) {
                /* The roll synced the segment before, and the new one's header says so. */
                journal->synced_lsn = job->next.first_lsn - 1;
                journal->proven_lsn = job->next.first_lsn - 1;
        }
        if (job->is_synced) {
                ACD_ASSERT(job->last_lsn > journal->synced_lsn);
                journal->synced_lsn = job->last_lsn;
                if (job->claimed_lsn > journal->proven_lsn)
                        journal->proven_lsn = job->claimed_lsn;
                journal->sync_due_ns = 0;
        } else if (journal->options.sync_policy == JOURNAL_SYNC_INTERVAL &&
                   journal->sync_due_ns == 0) {
                journal->sync_due_ns = job->now_ns + journal->options.sync_interval_ns;
        }
}

/* Has the job gone beyond a multiple of @size? */
static bool is_beyond(const struct journal_job *job, uint64_t size)
{
        return job->is_rolled || job->offset / size != (job->offset + job->size) / size;
}

/* What the job has written gives the threads something to do. */
static void tell_threads(struct journal *journal)
{
        const struct journal_job *job = &journal->job;

        if (journal->writer.has_zeroed_spares) {
                if (is_beyond(job, JOURNAL_SLICE_SIZE))
                        journal_syncer_wake(journal);
                return;
        }
        if (job->is_rolled)
                journal_syncer_wake(journal);
        journal_syncer_nudge(journal, job->is_rolled ? UINT64_MAX : job->offset,
                             job->offset + job->size);
}

int journal_commit(struct journal *journal, const struct journal_stamp *stamp,
                   enum journal_commit_how how)
{
        int r = atomic_load(&journal->failed);

        ACD_ASSERT(journal->stage == JOURNAL_STAGE_STARTED);
        ACD_ASSERT(!journal_is_busy(journal));
        ACD_ASSERT(journal_pending_count(journal) > 0);
        ACD_ASSERT(stamp->now_ns >= journal->last_now_ns);

        if (r < 0)
                return r;

        seal(journal, stamp, how);
        if (how == JOURNAL_COMMIT_HANDED) {
                atomic_store(&journal->job_state, JOURNAL_JOB_HANDED);
                journal_syncer_wake(journal);
                return 0;
        }

        journal_lock_io(journal);
        r = journal_run_job(journal);
        journal_unlock_io(journal);
        if (r < 0)
                return r;

        settle(journal);
        tell_threads(journal);
        return 0;
}

bool journal_is_busy(const struct journal *journal)
{
        return atomic_load(&journal->job_state) != JOURNAL_JOB_NONE;
}

int journal_poll(struct journal *journal)
{
        int r;

        journal_syncer_clear(journal);
        if (atomic_load(&journal->job_state) == JOURNAL_JOB_HANDED)
                return atomic_load(&journal->failed);

        r = atomic_load(&journal->failed);
        if (r < 0)
                return r;
        if (atomic_load(&journal->job_state) == JOURNAL_JOB_NONE)
                return 0;

        settle(journal);
        atomic_store(&journal->job_state, JOURNAL_JOB_NONE);
        return 1;
}

uint64_t journal_sync_due(const struct journal *journal)
{
        return journal->sync_due_ns;
}

int journal_sync(struct journal *journal, uint64_t now_ns)
{
        struct journal_error error;
        int r = atomic_load(&journal->failed);

        ACD_ASSERT(journal->stage == JOURNAL_STAGE_STARTED);
        ACD_ASSERT(!journal_is_busy(journal));
        ACD_ASSERT(now_ns >= journal->last_now_ns);

        if (r < 0)
                return r;

        journal_lock_io(journal);
        r = journal_writer_sync(&journal->writer, &error);
        if (r < 0)
                (void)journal_fail(journal, r, &error);
        journal_unlock_io(journal);
        if (r < 0)
                return r;

        journal->synced_lsn = journal->committed_lsn;
        journal->sync_due_ns = 0;
        return 0;
}

int journal_stop(struct journal *journal)
{
        struct journal_error error;
        struct journal_meta meta = journal->meta;
        int r;

        ACD_ASSERT(journal_pending_count(journal) == 0);
        ACD_ASSERT(journal->committed_lsn == journal->last_lsn);

        r = journal_sync(journal, journal->last_now_ns);
        if (r < 0)
                return r;

        meta.is_clean = true;
        meta.end_lsn = journal->last_lsn;
        meta.end_chain = journal->chain_before;
        journal_lock_io(journal);
        r = journal_meta_write(&journal->dir, &meta, &error);
        if (r < 0)
                (void)journal_fail(journal, r, &error);
        journal_unlock_io(journal);
        if (r < 0)
                return r;

        journal->meta = meta;
        journal->stage = JOURNAL_STAGE_STOPPED;
        return 0;
}

void journal_close(struct journal *journal)
{
        if (journal == NULL || journal->dir.io == NULL)
                return;

        journal_syncer_stop(journal);
        journal_writer_close(&journal->writer);
        pthread_mutex_destroy(&journal->io_lock);
        pthread_mutex_destroy(&journal->io_turn);
        journal_dir_close(&journal->dir);
}

/* ---- what it knows ---- */

const struct journal_found *journal_found(const struct journal *journal)
{
        return &journal->found;
}

const struct journal_meta *journal_meta(const struct journal *journal)
{
        return &journal->meta;
}

const struct journal_dir *journal_directory(const struct journal *journal)
{
        return &journal->dir;
}

uint64_t journal_committed_lsn(const struct journal *journal)
{
        return journal->committed_lsn;
}

uint64_t journal_synced_lsn(const struct journal *journal)
{
        return journal->synced_lsn;
}

uint64_t journal_last_lsn(const struct journal *journal)
{
        return journal->last_lsn;
}

uint32_t journal_epoch(const struct journal *journal)
{
        return journal->meta.epoch;
}

const struct journal_error *journal_failure(const struct journal *journal)
{
        return &journal->failure;
}

void journal_get_counts(const struct journal *journal, struct journal_counts *ret_counts)
{
        const struct journal_writer *writer = &journal->writer;

        *ret_counts = (struct journal_counts){
                .batch_count = journal->batch_count,
                .record_count = journal->record_count,
                .byte_count = journal->byte_count,
                .sync_count = atomic_load(&writer->sync_count),
                .roll_count = atomic_load(&writer->roll_count),
                .recycled_count = atomic_load(&writer->recycled_count),
                .segment_count = atomic_load(&writer->segment_count),
                .spare_count = atomic_load(&writer->spare_count),
                .kept_size = atomic_load(&writer->kept_size),
        };
}
