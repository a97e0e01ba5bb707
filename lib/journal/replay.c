/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Reading the log in order.
 *
 * A reader goes from segment to segment. Where a segment has no further valid
 * batch, the header of the next one decides: it says with which record and which
 * chain it begins. If that is where the reader stands, the segment was finished
 * and the reader goes on; if it is not, something is missing, and the reader
 * stops with the place. In the last segment, what was found when the journal was opened
 * decides, for the owner; an onlooker simply waits for more.
 *
 * An onlooker can look at a place at the moment when it is written. So before it
 * believes in damage it looks again, at the disk and not at its window.
 */

#include "journal/replay.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "journal/private.h"

struct journal_reader {
        struct journal *journal;
        struct journal_scan scan; /* closed when the log has no segment */
        uint64_t from_lsn;
        uint64_t next_lsn;
};

enum { READER_HEAD_SIZE = 4096 };

_Static_assert(sizeof(struct journal_reader) <= READER_HEAD_SIZE, "the reader fits its memory");

size_t journal_reader_size(void)
{
        return READER_HEAD_SIZE + JOURNAL_WINDOW_SIZE;
}

/* The log has no record @lsn, for the reason given. */
static int no_such_record(const struct journal *journal, struct journal_error *error,
                          const char *what, uint64_t lsn)
{
        const struct journal_place place = { journal->dir.path, NULL, JOURNAL_NO_OFFSET };

        return journal_error_set(error, -ENODATA, JOURNAL_REMEDY_SALVAGE, &place, "%s %llu", what,
                                 (unsigned long long)lsn);
}

int journal_reader_open(void *memory, struct journal *journal, uint64_t from_lsn,
                        struct journal_reader **ret_reader, struct journal_error *error)
{
        struct journal_reader *reader = memory;
        const struct journal_kept *kept;
        uint64_t number = 0;
        int r;

        ACD_ASSERT(from_lsn > 0);

        *reader = (struct journal_reader){
                .journal = journal,
                .scan = { .file = JOURNAL_FILE_NULL },
                .from_lsn = from_lsn,
                .next_lsn = from_lsn,
        };
        if (from_lsn > journal->last_lsn + 1)
                return no_such_record(journal, error, "the log ends with record",
                                      journal->last_lsn);

        journal_lock_io(journal);
        kept = journal_writer_find(&journal->writer, from_lsn);
        if (kept != NULL)
                number = kept->number;
        journal_unlock_io(journal);

        if (number == 0 && from_lsn < journal->found.first_lsn)
                return no_such_record(journal, error, "the log begins with record",
                                      journal->found.first_lsn);
        if (number > 0) {
                r = journal_scan_open(&reader->scan, &journal->dir, number,
                                      (uint8_t *)memory + READER_HEAD_SIZE, error);
                if (r < 0)
                        return r;
        }

        *ret_reader = reader;
        return 0;
}

void journal_reader_close(struct journal_reader *reader)
{
        journal_scan_close(&reader->scan);
}

uint64_t journal_reader_next_lsn(const struct journal_reader *reader)
{
        return reader->next_lsn;
}

static bool is_onlooker(const struct journal_reader *reader)
{
        return reader->journal->options.mode == JOURNAL_READ;
}

/* Take a valid batch: 1 when it is wanted, 0 when it is before from_lsn. */
static int take_batch(struct journal_reader *reader, const struct journal_batch *batch,
                      struct journal_error *error)
{
        uint64_t end_lsn = batch->first_lsn + batch->record_count;

        ACD_ASSERT(batch->epoch == reader->scan.segment.epoch);

        journal_scan_pass(&reader->scan, batch);
        if (end_lsn <= reader->from_lsn)
                return 0;
        if (batch->first_lsn < reader->from_lsn)
                return no_such_record(reader->journal, error,
                                      "a batch does not begin, but contains, record",
                                      reader->from_lsn);

        reader->next_lsn = end_lsn;
        return 1;
}

static int damaged_at(struct journal_reader *reader, uint64_t offset, const char *what,
                      struct journal_error *error)
{
        return journal_file_damaged(&reader->scan.file, offset, error, "record %llu: %s",
                                    (unsigned long long)reader->scan.next_lsn, what);
}

/* Go on in the next segment: 1, or 0 when there is none or, with @ret_is_gap, when it does
 * not continue where the reader stands. */
static int next_segment(struct journal_reader *reader, bool *ret_is_gap,
                        struct journal_error *error)
{
        struct journal_segment next;
        uint8_t *window = reader->scan.window;
        int r;

        *ret_is_gap = false;
        r = journal_segment_read(&reader->journal->dir, reader->scan.segment.number + 1, &next,
                                 error);
        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return r;
        if (next.first_lsn != reader->scan.next_lsn || next.chain_before != reader->scan.chain) {
                *ret_is_gap = true;
                return 0;
        }

        journal_scan_close(&reader->scan);
        r = journal_scan_open(&reader->scan, &reader->journal->dir, next.number, window, error);
        return r < 0 ? r : 1;
}

/* What stands at the reader's place is not valid. 1: look again, 0: the end. */
static int after_invalid(struct journal_reader *reader, enum journal_verdict verdict,
                         uint64_t offset, bool is_second_look, struct journal_error *error)
{
        bool is_gap;
        int r;

        reader->scan.window_size = 0;
        r = next_segment(reader, &is_gap, error);
        if (r != 0)
                return r;

        if (is_onlooker(reader)) {
                if (!is_gap)
                        return 0;
                if (!is_second_look)
                        return 1;
        }
        return damaged_at(reader, offset, journal_verdict_name(verdict), error);
}

int journal_reader_next(struct journal_reader *reader, struct journal_batch *ret_batch,
                        struct journal_error *error)
{
        struct journal_scan *scan = &reader->scan;
        enum journal_verdict verdict;
        uint64_t number, offset;
        uint64_t invalid_offset = 0, invalid_number = 0;
        int r;

        for (;;) {
                if (scan->file.dir == NULL)
                        return 0;
                if (!is_onlooker(reader) && scan->next_lsn > reader->journal->committed_lsn)
                        return 0;

                r = journal_scan_look(scan, &verdict, ret_batch, &offset, error);
                if (r < 0)
                        return r;
                if (verdict == JOURNAL_VALID) {
                        r = take_batch(reader, ret_batch, error);
                        if (r != 0)
                                return r;
                        continue;
                }

                number = scan->segment.number;
                r = after_invalid(reader, verdict, offset,
                                  invalid_number == number && invalid_offset == scan->offset,
                                  error);
                if (r <= 0)
                        return r;
                invalid_number = number;
                invalid_offset = scan->offset;
        }
}

int journal_replay(struct journal *journal, void *memory, uint64_t from_lsn,
                   const struct journal_replay_sink *sink, struct journal_error *error)
{
        struct journal_reader *reader;
        struct journal_batch batch;
        int r;

        r = journal_reader_open(memory, journal, from_lsn, &reader, error);
        if (r < 0)
                return r;

        for (;;) {
                r = journal_reader_next(reader, &batch, error);
                if (r <= 0)
                        break;
                r = sink->on_batch(sink->self, &batch);
                if (r < 0)
                        break;
        }

        journal_reader_close(reader);
        return r;
}
