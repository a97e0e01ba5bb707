/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Work that is not a commit: spares, truncation, free space, erasure.
 *
 * journal_work() is the whole of what the helper thread does, one piece a call.
 * A handed batch comes first. Zeroing and removing are done in pieces small
 * enough that a batch handed meanwhile waits for one slice at most.
 *
 * Zeroing is tied to writing: after each batch, as much of the next spare is zeroed
 * as was written, and a little more. So however busy the log, the spare is there
 * when the segment ends, and never a mass of zeros before somebody's sync. Only a
 * first spare is made at once.
 */

#include <errno.h>

#include "base/assert.h"
#include "journal/journal.h"
#include "journal/private.h"
#include "journal/snapshot.h"

/* Keep zeroing in step with writing, after @size bytes of it. */
static int keep_up(struct journal_writer *writer, uint64_t size, struct journal_error *error)
{
        uint64_t slice_count = size / JOURNAL_SLICE_SIZE + 2;
        int r = 1;

        while (r > 0 && slice_count-- > 0 && journal_writer_is_behind(writer))
                r = journal_writer_prepare(writer, error);

        return r < 0 ? r : 0;
}

/* The handed batch. From DONE on the job belongs to the owner again. */
static int work_on_job(struct journal *journal, struct journal_error *error)
{
        uint64_t size = journal->job.size;
        int r = journal_run_job(journal);

        if (r < 0)
                *error = journal->failure;
        atomic_store(&journal->job_state, JOURNAL_JOB_DONE);
        journal_syncer_notify(journal);
        if (r < 0)
                return r;

        r = keep_up(&journal->writer, size, error);
        return r < 0 ? r : 1;
}

/* One piece of work, with io_lock held. */
static int work(struct journal *journal, struct journal_error *error)
{
        struct journal_writer *writer = &journal->writer;
        int r;

        if (atomic_load(&journal->job_state) == JOURNAL_JOB_HANDED)
                return work_on_job(journal, error);

        if (atomic_load(&writer->spare_count) == 0 || journal_writer_is_behind(writer)) {
                r = journal_writer_prepare(writer, error);
                if (r != 0)
                        return r;
        }
        return journal_writer_remove(writer, error);
}

int journal_work(struct journal *journal)
{
        uint64_t number = atomic_load(&journal->writer.filled_number);
        uint64_t before = atomic_load(&journal->writer.filled_size);
        struct journal_error error;
        int r;

        ACD_ASSERT(journal->stage != JOURNAL_STAGE_OPEN);

        journal_lock_io(journal);
        r = atomic_load(&journal->failed);
        if (r == 0) {
                r = work(journal, &error);
                if (r < 0)
                        (void)journal_fail(journal, r, &error);
        }
        journal_unlock_io(journal);
        /* Another file: the thread lets go of the one before, whose blocks may be needed. */
        if (number != atomic_load(&journal->writer.filled_number))
                before = UINT64_MAX;
        journal_syncer_nudge(journal, before, atomic_load(&journal->writer.filled_size));
        return r;
}

int journal_truncate(struct journal *journal, uint64_t floor_lsn, struct journal_error *error)
{
        uint64_t snapshot_lsn;
        int r;

        ACD_ASSERT(journal->stage == JOURNAL_STAGE_STARTED);

        r = snapshot_oldest_lsn(&journal->dir, &snapshot_lsn, error);
        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return r;

        journal_lock_io(journal);
        journal->writer.needed_lsn = (floor_lsn < snapshot_lsn ? floor_lsn : snapshot_lsn) + 1;
        journal_unlock_io(journal);
        journal_syncer_wake(journal);

        r = snapshot_keep_room(&journal->dir, journal->options.snapshot_room_size, error);
        journal->is_room_refused = r == -ENOSPC || r == -EDQUOT;
        return journal->is_room_refused ? 0 : r;
}

/* What the disk refused may be possible by now. */
static void try_again(struct journal *journal)
{
        struct journal_error error;

        if (atomic_exchange(&journal->writer.is_spare_refused, false))
                journal_syncer_wake(journal);
        if (journal->is_room_refused)
                journal->is_room_refused =
                        snapshot_keep_room(&journal->dir, journal->options.snapshot_room_size,
                                           &error) < 0;
}

enum journal_space_level journal_space(struct journal *journal,
                                       struct journal_space_report *ret_report)
{
        const struct journal_io *io = journal->dir.io;
        struct journal_io_space space = { 0 };
        struct journal_space_report report = { 0 };
        int r;

        r = io->space(io->self, journal->dir.fd, &space);
        report.total_size = space.total_size;
        report.free_size = space.free_size;
        report.spare_count = atomic_load(&journal->writer.spare_count);
        report.is_spare_refused = atomic_load(&journal->writer.is_spare_refused);
        report.is_room_refused = journal->is_room_refused;
        journal_marks_resolve(&journal->options.marks, report.total_size, &report.low_size,
                              &report.critical_size);

        journal->space_level =
                r < 0 ? JOURNAL_SPACE_CRITICAL : journal_space_level(&report, journal->space_level);
        if (journal->stage == JOURNAL_STAGE_STARTED)
                try_again(journal);

        *ret_report = report;
        return journal->space_level;
}

/* ---- erasure ---- */

/* Mark the payload whose mark is at @offset, then overwrite it; each durably, so
 * that a crash never shows zeros without their mark. */
static int erase_at(struct journal *journal, const struct journal_file *file, uint64_t offset,
                    size_t size, struct journal_error *error)
{
        uint8_t mark[JOURNAL_ERASURE_MARK_SIZE];
        int r;

        journal_erasure_mark_encode(mark);
        r = journal_file_write(file, mark, sizeof(mark), offset, error);
        if (r < 0)
                return r;
        r = journal_file_sync(file, error);
        if (r < 0)
                return r;
        r = journal_file_write(file, journal->writer.zeros, size, offset + sizeof(mark), error);
        if (r < 0)
                return r;
        return journal_file_sync(file, error);
}

/* Erase record @lsn, which is in the batch at the scan's offset. An erasure that was
 * begun before is begun again: it may not have come to its end. */
static int erase_in_batch(struct journal *journal, const struct journal_scan *scan,
                          const struct journal_batch *batch, uint64_t lsn,
                          struct journal_error *error)
{
        struct journal_record_cursor cursor = journal_record_first(batch);
        struct journal_record record;
        struct journal_file file;
        const uint8_t *at;
        int r;

        do {
                bool has_record;

                at = cursor.at;
                has_record = journal_record_next(&cursor, &record);
                ACD_ASSERT(has_record);
        } while (record.lsn != lsn);
        if (record.payload_size == 0)
                return 0;

        r = journal_file_open(&file, &journal->dir, scan->file.name, JOURNAL_IO_WRITE, error);
        if (r < 0)
                return r;
        r = erase_at(journal, &file,
                     scan->offset + (uint64_t)(at - batch->bytes) + journal_erasure_mark_offset(at),
                     record.payload_size, error);
        journal_file_close(&file);

        return r < 0 ? journal_fail(journal, r, error) : 0;
}

/* Find the batch of @lsn in the segment that @scan stands at, and erase. */
static int erase_in_segment(struct journal *journal, struct journal_scan *scan, uint64_t lsn,
                            struct journal_error *error)
{
        enum journal_verdict verdict;
        struct journal_batch batch;
        uint64_t damage_offset;
        int r;

        for (;;) {
                r = journal_scan_look(scan, &verdict, &batch, &damage_offset, error);
                if (r < 0)
                        return r;
                if (verdict != JOURNAL_VALID)
                        return journal_file_damaged(
                                &scan->file, damage_offset, error, "record %llu: %s",
                                (unsigned long long)scan->next_lsn, journal_verdict_name(verdict));
                if (lsn < batch.first_lsn + batch.record_count)
                        return erase_in_batch(journal, scan, &batch, lsn, error);
                journal_scan_pass(scan, &batch);
        }
}

/* With io_lock held. */
static int erase(struct journal *journal, uint64_t lsn, struct journal_error *error)
{
        const struct journal_place place = { journal->dir.path, NULL, JOURNAL_NO_OFFSET };
        const struct journal_kept *kept = journal_writer_find(&journal->writer, lsn);
        struct journal_scan scan;
        int r;

        if (kept == NULL)
                return journal_error_set(error, -ENOENT, JOURNAL_REMEDY_NONE, &place,
                                         "record %llu is not kept any more",
                                         (unsigned long long)lsn);

        r = journal_scan_open(&scan, &journal->dir, kept->number, journal->window, error);
        if (r < 0)
                return r;
        r = erase_in_segment(journal, &scan, lsn, error);
        journal_scan_close(&scan);
        return r;
}

int journal_erase_payload(struct journal *journal, uint64_t lsn, struct journal_error *error)
{
        const struct journal_place place = { journal->dir.path, NULL, JOURNAL_NO_OFFSET };
        int r;

        ACD_ASSERT(journal->stage == JOURNAL_STAGE_STARTED);
        ACD_ASSERT(lsn > 0);
        ACD_ASSERT(lsn <= journal->last_lsn);

        r = atomic_load(&journal->failed);
        if (r < 0)
                return r;

        /* Until a later header proves it synced, blank sectors mean a torn write (tail.c). */
        if (lsn > journal->proven_lsn)
                return journal_error_set(error, -EAGAIN, JOURNAL_REMEDY_NONE, &place,
                                         "record %llu is too new to be erased",
                                         (unsigned long long)lsn);

        journal_lock_io(journal);
        r = erase(journal, lsn, error);
        journal_unlock_io(journal);
        return r;
}
