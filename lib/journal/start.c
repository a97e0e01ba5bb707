/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Starting: from a log that was read to one that can be written.
 *
 *   1. Remove what an earlier run left unfinished.
 *   2. Take over the spares that are ready.
 *   3. After an unclean stop, copy the good part of the last segment to a new
 *      file, sync it, and let it take the old one's place. The copy ends with
 *      the last batch and is marked as sealed.
 *   4. Begin a new segment, which says what it continues.
 *   5. Write META with the new epoch. From here on records can be written.
 *
 * A crash anywhere in between leaves a directory that opens again: 3 replaces a
 * file by one with the same records; 4 makes the log end in an empty segment;
 * the epoch is raised above both META's and the last segment's, so that a crash
 * between 4 and 5 does not let two runs share one.
 *
 * Why a copy. After a write or sync that failed, the page cache may show bytes
 * that the disk never got, and reading them back proves nothing. Written to a new
 * file and synced, they are there. A copy that a start before this one made is
 * recognised by its mark and not made again.
 *
 * The copy is written over a spare, of which one is never used for anything else:
 * so a crash on a full disk does not need space to recover from, and the segment
 * that the copy replaces gives its blocks to the next.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "journal/journal.h"
#include "journal/private.h"
#include "journal/snapshot.h"

/* ---- 1. leftovers ---- */

static int on_temporary_name(void *context, const char *name)
{
        if (!journal_name_is_temporary(name) || strlen(name) >= JOURNAL_NAME_SIZE)
                return 0;

        (void)snprintf(context, JOURNAL_NAME_SIZE, "%s", name);
        return 1;
}

static int remove_temporaries(struct journal *journal, struct journal_error *error)
{
        char name[JOURNAL_NAME_SIZE];
        int r;

        for (;;) {
                name[0] = '\0';
                r = journal_dir_list(&journal->dir, on_temporary_name, name, error);
                if (r < 0)
                        return r;
                if (name[0] == '\0')
                        return 0;
                r = journal_dir_unlink(&journal->dir, name, error);
                if (r < 0)
                        return r;
        }
}

/* ---- 2. spares ---- */

struct found_spares {
        uint64_t numbers[JOURNAL_SPARE_COUNT_MAX];
        uint32_t count;
};

static int on_spare_name(void *context, const char *name)
{
        struct found_spares *spares = context;
        uint64_t number;

        if (journal_name_parse(name, JOURNAL_SPARE_PREFIX, &number) &&
            spares->count < JOURNAL_SPARE_COUNT_MAX) {
                spares->numbers[spares->count] = number;
                spares->count++;
        }
        return 0;
}

/* Keep spare @number if it has the size we use, remove it otherwise. */
static int take_over_spare(struct journal *journal, uint64_t number, struct journal_error *error)
{
        char name[JOURNAL_NAME_SIZE];
        struct journal_file file;
        uint64_t size;
        int r;

        journal_name_format(name, JOURNAL_SPARE_PREFIX, number);
        r = journal_file_open(&file, &journal->dir, name, JOURNAL_IO_READ, error);
        if (r < 0)
                return r;
        r = journal_file_size(&file, &size, error);
        journal_file_close(&file);
        if (r < 0)
                return r;

        if (size == journal->options.segment_size)
                return journal_writer_adopt_spare(&journal->writer, number) ? 0 : -EOVERFLOW;
        if (number >= journal->writer.spare_number_next)
                journal->writer.spare_number_next = number + 1;
        return journal_dir_unlink(&journal->dir, name, error);
}

static int take_over_spares(struct journal *journal, struct journal_error *error)
{
        struct found_spares spares = { 0 };
        int r;

        r = journal_dir_list(&journal->dir, on_spare_name, &spares, error);
        for (uint32_t i = 0; r == 0 && i < spares.count; i++)
                r = take_over_spare(journal, spares.numbers[i], error);
        return r;
}

/* ---- 3. the copy ---- */

static int copy_bytes(struct journal *journal, const struct journal_file *from,
                      const struct journal_file *to, uint64_t offset, struct journal_error *error)
{
        while (offset < journal->tail.end_offset) {
                uint64_t left_size = journal->tail.end_offset - offset;
                size_t size =
                        left_size < JOURNAL_WINDOW_SIZE ? (size_t)left_size : JOURNAL_WINDOW_SIZE;
                int64_t count = journal_file_read(from, journal->window, size, offset, error);
                int r;

                if (count < 0)
                        return (int)count;
                if ((size_t)count != size)
                        return journal_file_damaged(from, offset + (uint64_t)count, error,
                                                    "the file became shorter while it was read");
                r = journal_file_write(to, journal->window, size, offset, error);
                if (r < 0)
                        return r;
                offset += size;
        }
        return 0;
}

/* Fill the new file @to with a sealed header and the good part of @from. */
static int copy_segment(struct journal *journal, const struct journal_file *from,
                        const struct journal_file *to, struct journal_error *error)
{
        struct journal_segment sealed = journal->segment;
        int r;

        sealed.size = journal->tail.end_offset;
        sealed.is_sealed = true;
        journal_segment_encode(&sealed, journal->window);

        r = journal_file_write(to, journal->window, sealed.block_size, 0, error);
        if (r < 0)
                return r;
        r = copy_bytes(journal, from, to, sealed.block_size, error);
        if (r < 0)
                return r;
        r = journal_file_truncate(to, sealed.size, error);
        if (r < 0)
                return r;
        return journal_file_sync(to, error);
}

/* An open file called @name for the copy, over the blocks of a spare if there is one. */
static int open_copy(struct journal *journal, const char *name, struct journal_file *ret_file,
                     struct journal_error *error)
{
        int r;

        if (atomic_load(&journal->writer.spare_count) == 0)
                return journal_file_open(ret_file, &journal->dir, name, JOURNAL_IO_CREATE, error);

        r = journal_writer_give_spare(&journal->writer, name, error);
        if (r < 0)
                return r;
        return journal_file_open(ret_file, &journal->dir, name, JOURNAL_IO_WRITE, error);
}

static int repair_last_segment(struct journal *journal, struct journal_error *error)
{
        char name[JOURNAL_NAME_SIZE], temporary_name[JOURNAL_NAME_SIZE];
        struct journal_file from, to = JOURNAL_FILE_NULL;
        int r;

        journal_name_format(name, JOURNAL_LOG_PREFIX, journal->segment.number);
        journal_name_format_temporary(temporary_name, JOURNAL_LOG_PREFIX, journal->segment.number);

        r = journal_file_open(&from, &journal->dir, name, JOURNAL_IO_READ, error);
        if (r < 0)
                return r;
        r = open_copy(journal, temporary_name, &to, error);
        if (r == 0)
                r = copy_segment(journal, &from, &to, error);
        journal_file_close(&to);
        journal_file_close(&from);
        if (r < 0)
                return r;

        r = journal_dir_rename(&journal->dir, temporary_name, name, error);
        if (r < 0)
                return r;
        journal_writer_resize_last(&journal->writer, journal->tail.end_offset);
        return journal_dir_sync(&journal->dir, error);
}

/* ---- 4 and 5 ---- */

static int ensure_spare(struct journal *journal, struct journal_error *error)
{
        const struct journal_place place = { journal->dir.path, NULL, JOURNAL_NO_OFFSET };
        struct journal_writer *writer = &journal->writer;
        int r = 1;

        while (r > 0 && atomic_load(&writer->spare_count) == 0)
                r = journal_writer_prepare(writer, error);
        if (r < 0)
                return r;
        if (atomic_load(&writer->spare_count) == 0)
                return journal_error_set(error, -ENOSPC, JOURNAL_REMEDY_SPACE, &place,
                                         "a segment of %llu bytes does not fit",
                                         (unsigned long long)writer->segment_size);
        return 0;
}

static int begin_segment(struct journal *journal, uint64_t run_id, uint32_t epoch,
                         struct journal_error *error)
{
        struct journal_segment next = {
                .number = journal->segment.number + 1,
                .size = journal->options.segment_size,
                .secret = journal->meta.secret,
                .run_id = run_id,
                .first_lsn = journal->tail.last_lsn + 1,
                .chain_before = journal->tail.chain,
                .epoch = epoch,
                .block_size = journal->options.block_size,
        };
        const struct journal_place place = { journal->dir.path, NULL, JOURNAL_NO_OFFSET };
        int r;

        if (journal->writer.kept_count == journal->writer.kept_count_max)
                return journal_error_set(error, -EOVERFLOW, JOURNAL_REMEDY_SETTINGS, &place,
                                         "more than %u segments: raise segment_count_max",
                                         journal->writer.kept_count_max);

        r = ensure_spare(journal, error);
        if (r < 0)
                return r;
        atomic_fetch_sub(&journal->writer.spare_count, 1);
        r = journal_writer_roll(&journal->writer, &next, journal->window, error);
        if (r < 0)
                return r;

        journal->segment = next;
        journal->offset = next.block_size;
        return 0;
}

/* The highest epoch that a run may have had. */
static uint32_t last_epoch(const struct journal *journal)
{
        return journal->segment.epoch > journal->meta.epoch ? journal->segment.epoch
                                                            : journal->meta.epoch;
}

static int check_epoch(const struct journal *journal, uint32_t rise, struct journal_error *error)
{
        const struct journal_place place = { journal->dir.path, NULL, JOURNAL_NO_OFFSET };
        uint32_t epoch = last_epoch(journal);

        ACD_ASSERT(rise > 0);
        if (rise <= UINT32_MAX - epoch)
                return 0;
        return journal_error_set(error, -EOVERFLOW, JOURNAL_REMEDY_NONE, &place,
                                 "the last epoch was %u, and one that is higher by %u does not "
                                 "fit 32 bits: nothing was changed; take an empty directory",
                                 epoch, rise);
}

static int begin_run(struct journal *journal, uint64_t run_id, uint32_t epoch,
                     struct journal_error *error)
{
        struct journal_meta meta = journal->meta;
        int r;

        r = begin_segment(journal, run_id, epoch, error);
        if (r < 0)
                return r;

        meta.run_id = run_id;
        meta.epoch = epoch;
        meta.is_clean = false;
        meta.end_lsn = 0;
        meta.end_chain = 0;
        r = journal_meta_write(&journal->dir, &meta, error);
        if (r < 0)
                return r;

        journal->meta = meta;
        return 0;
}

int journal_start(struct journal *journal, uint64_t run_id, uint32_t rise,
                  struct journal_error *error)
{
        bool needs_repair = journal->segment.number > 0 && !journal->meta.is_clean &&
                            !journal->segment.is_sealed;
        int r;

        ACD_ASSERT(journal->stage == JOURNAL_STAGE_OPEN);
        ACD_ASSERT(journal->options.mode == JOURNAL_OWN);

        r = check_epoch(journal, rise, error);
        if (r == 0)
                r = remove_temporaries(journal, error);
        if (r == 0)
                r = take_over_spares(journal, error);
        if (r == 0 && needs_repair)
                r = repair_last_segment(journal, error);
        if (r == 0)
                r = begin_run(journal, run_id, last_epoch(journal) + rise, error);
        if (r < 0)
                return journal_fail(journal, r, error);

        r = snapshot_keep_room(&journal->dir, journal->options.snapshot_room_size, error);
        journal->is_room_refused = r == -ENOSPC || r == -EDQUOT;
        if (r < 0 && !journal->is_room_refused)
                return journal_fail(journal, r, error);

        journal->stage = JOURNAL_STAGE_STARTED;
        journal_begin_batch(journal);
        return 0;
}

int journal_set_slot(struct journal *journal, uint32_t index, uint64_t value,
                     struct journal_error *error)
{
        struct journal_meta meta = journal->meta;
        int r;

        ACD_ASSERT(index < JOURNAL_META_SLOT_COUNT);
        ACD_ASSERT(journal->options.mode == JOURNAL_OWN);
        ACD_ASSERT(journal->stage != JOURNAL_STAGE_STOPPED);

        meta.slots[index] = value;
        journal_lock_io(journal);
        r = journal_meta_write(&journal->dir, &meta, error);
        journal_unlock_io(journal);
        if (r < 0)
                return journal_fail(journal, r, error);

        journal->meta = meta;
        return 0;
}
