/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Segments, spares, and the order in which things become durable.
 *
 *      spare-M.tmp --zeroed, synced--> spare-M --header, synced--> log-N
 *           ^                                                        |
 *           '------------- recycled, if a spare is missing ----------'
 *
 * Each arrow is a rename followed by a sync of the directory before anything
 * relies on the new name. So a file called spare holds zeros behind its first
 * block, a file called log has a whole header, and both are true after a crash
 * at any point in between.
 *
 * Why zeros and not only reserved blocks: writing into reserved blocks changes
 * their state in the file system's own journal, which costs every sync a second
 * write (bench/journal.c prints by how much). Where not every batch is synced it
 * costs more than it saves: there a new file's reserved blocks will do, which read as the
 * zeros that the torn-tail rule compares with, and nothing is recycled while the disk has
 * room for new ones.
 *
 * Zeroing is done in slices, in step with what is written to the open segment, and
 * they are begun to be brought to the disk as they come: all at once would be a mass
 * of bytes for the syncs of that moment to wait behind, some tens of milliseconds
 * once a segment. All are synced together, at the end, before the spare has its
 * name.
 */

#include "journal/writer.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"

/* How far zeroing is before writing at least: a quarter, and this. */
enum { AHEAD_SIZE = 1024 * 1024 };

/* The thread that writes back may see how far the file with @number is. */
static void fill(struct journal_writer *writer, uint64_t number, uint64_t size)
{
        atomic_store(&writer->filled_number, number);
        atomic_store(&writer->filled_size, size);
}

int journal_writer_write(struct journal_writer *writer, const uint8_t *bytes, size_t size,
                         uint64_t offset, struct journal_error *error)
{
        ACD_ASSERT(offset >= writer->block_size);
        ACD_ASSERT(offset % writer->block_size == 0);
        ACD_ASSERT(size % writer->block_size == 0);

        writer->is_unsynced = true;
        writer->written_size = offset + size;
        if (!writer->has_zeroed_spares)
                fill(writer, writer->kept[writer->kept_count - 1].number, writer->written_size);
        return journal_file_write(&writer->segment, bytes, size, offset, error);
}

int journal_writer_sync(struct journal_writer *writer, struct journal_error *error)
{
        int r;

        if (!writer->is_unsynced)
                return 0;

        r = journal_file_sync(&writer->segment, error);
        if (r < 0)
                return r;

        writer->is_unsynced = false;
        atomic_fetch_add_explicit(&writer->sync_count, 1, memory_order_relaxed);
        return 0;
}

void journal_writer_add_kept(struct journal_writer *writer, const struct journal_segment *segment)
{
        ACD_ASSERT(writer->kept_count < writer->kept_count_max);
        ACD_ASSERT(writer->kept_count == 0 ||
                   writer->kept[writer->kept_count - 1].first_lsn <= segment->first_lsn);

        writer->kept[writer->kept_count] = (struct journal_kept){
                .number = segment->number,
                .first_lsn = segment->first_lsn,
                .size = segment->size,
        };
        writer->kept_count++;
        atomic_store(&writer->segment_count, writer->kept_count);
        atomic_fetch_add(&writer->kept_size, segment->size);
}

void journal_writer_resize_last(struct journal_writer *writer, uint64_t size)
{
        struct journal_kept *last = &writer->kept[writer->kept_count - 1];

        ACD_ASSERT(writer->kept_count > 0);
        ACD_ASSERT(size <= last->size);

        atomic_fetch_sub(&writer->kept_size, last->size - size);
        last->size = size;
}

const struct journal_kept *journal_writer_find(const struct journal_writer *writer, uint64_t lsn)
{
        uint32_t low = 0, high = writer->kept_count;

        /* Find the first segment that begins after @lsn. */
        while (low < high) {
                uint32_t middle = low + (high - low) / 2;

                if (writer->kept[middle].first_lsn <= lsn)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low == 0 ? NULL : &writer->kept[low - 1];
}

int journal_writer_roll(struct journal_writer *writer, const struct journal_segment *next,
                        uint8_t *block, struct journal_error *error)
{
        char spare_name[JOURNAL_NAME_SIZE], log_name[JOURNAL_NAME_SIZE];
        int r;

        ACD_ASSERT(writer->spare_list_count > 0);
        ACD_ASSERT(next->size == writer->segment_size);
        ACD_ASSERT(next->block_size == writer->block_size);
        ACD_ASSERT(writer->kept_count == 0 ||
                   next->number == writer->kept[writer->kept_count - 1].number + 1);

        /* What a later segment exists after is synced, under every policy. */
        r = journal_writer_sync(writer, error);
        if (r < 0)
                return r;
        journal_file_close(&writer->segment);

        writer->spare_list_count--;
        journal_name_format(spare_name, JOURNAL_SPARE_PREFIX,
                            writer->spare_numbers[writer->spare_list_count]);
        journal_name_format(log_name, JOURNAL_LOG_PREFIX, next->number);

        r = journal_file_open(&writer->segment, writer->dir, spare_name, JOURNAL_IO_WRITE, error);
        if (r < 0)
                return r;
        journal_segment_encode(next, block);
        r = journal_file_write(&writer->segment, block, next->block_size, 0, error);
        if (r < 0)
                return r;
        r = journal_file_sync(&writer->segment, error);
        if (r < 0)
                return r;
        r = journal_dir_rename(writer->dir, spare_name, log_name, error);
        if (r < 0)
                return r;
        r = journal_dir_sync(writer->dir, error);
        if (r < 0)
                return r;

        memcpy(writer->segment.name, log_name, sizeof(log_name));
        writer->written_size = next->block_size;
        journal_writer_add_kept(writer, next);
        atomic_fetch_add_explicit(&writer->roll_count, 1, memory_order_relaxed);
        return 0;
}

/* ---- spares ---- */

static bool is_out_of_space(int code)
{
        return code == -ENOSPC || code == -EDQUOT;
}

/* The disk is full: give back what the unfinished spare took, and wait until somebody says
 * that there may be room. */
static int refuse_spare(struct journal_writer *writer, struct journal_error *error)
{
        char name[JOURNAL_NAME_SIZE];

        memcpy(name, writer->preparing.name, sizeof(name));
        journal_file_close(&writer->preparing);
        /* Another number, so that the thread that writes back lets go of this one's blocks. */
        writer->spare_number_next++;
        if (writer->has_zeroed_spares)
                fill(writer, writer->spare_number_next, 0);
        atomic_store(&writer->is_spare_refused, true);
        return journal_dir_unlink(writer->dir, name, error);
}

static int begin_spare(struct journal_writer *writer, struct journal_error *error)
{
        char name[JOURNAL_NAME_SIZE];
        int r;

        journal_name_format_temporary(name, JOURNAL_SPARE_PREFIX, writer->spare_number_next);
        r = journal_file_open(&writer->preparing, writer->dir, name, JOURNAL_IO_CREATE, error);
        if (r < 0 && is_out_of_space(r)) {
                atomic_store(&writer->is_spare_refused, true);
                return 0;
        }
        if (r < 0)
                return r;
        writer->prepared_size = 0;
        writer->is_written = writer->has_zeroed_spares;

        r = journal_file_allocate(&writer->preparing, writer->segment_size, error);
        if (r < 0 && is_out_of_space(r))
                return refuse_spare(writer, error);
        return r;
}

/* The unfinished spare is all zeros and synced: it gets its name. */
static int finish_spare(struct journal_writer *writer, struct journal_error *error)
{
        char temporary_name[JOURNAL_NAME_SIZE], name[JOURNAL_NAME_SIZE];
        uint64_t number = writer->spare_number_next;
        int r;

        journal_name_format_temporary(temporary_name, JOURNAL_SPARE_PREFIX, number);
        journal_name_format(name, JOURNAL_SPARE_PREFIX, number);
        journal_file_close(&writer->preparing);
        writer->spare_number_next++;

        r = journal_dir_rename(writer->dir, temporary_name, name, error);
        if (r < 0)
                return r;
        r = journal_dir_sync(writer->dir, error);
        if (r < 0)
                return r;

        (void)journal_writer_adopt_spare(writer, number);
        return 0;
}

bool journal_writer_adopt_spare(struct journal_writer *writer, uint64_t number)
{
        if (number >= writer->spare_number_next)
                writer->spare_number_next = number + 1;
        if (writer->spare_list_count == JOURNAL_SPARE_COUNT_MAX)
                return false;

        writer->spare_numbers[writer->spare_list_count] = number;
        writer->spare_list_count++;
        atomic_fetch_add(&writer->spare_count, 1);
        return true;
}

int journal_writer_give_spare(struct journal_writer *writer, const char *name,
                              struct journal_error *error)
{
        char spare_name[JOURNAL_NAME_SIZE];
        int r;

        ACD_ASSERT(writer->spare_list_count > 0);

        writer->spare_list_count--;
        atomic_fetch_sub(&writer->spare_count, 1);
        journal_name_format(spare_name, JOURNAL_SPARE_PREFIX,
                            writer->spare_numbers[writer->spare_list_count]);
        r = journal_dir_rename(writer->dir, spare_name, name, error);
        return r < 0 ? r : journal_dir_sync(writer->dir, error);
}

static bool is_spare_wanted(const struct journal_writer *writer)
{
        return atomic_load(&writer->spare_count) < writer->spare_count_wanted &&
               writer->spare_list_count < JOURNAL_SPARE_COUNT_MAX;
}

bool journal_writer_is_behind(const struct journal_writer *writer)
{
        if (writer->preparing.dir == NULL)
                return is_spare_wanted(writer);
        return writer->prepared_size < writer->written_size + writer->written_size / 4 + AHEAD_SIZE;
}

int journal_writer_prepare(struct journal_writer *writer, struct journal_error *error)
{
        uint64_t left_size;
        size_t size;
        int r = 0;

        if (writer->preparing.dir == NULL) {
                if (!is_spare_wanted(writer) || atomic_load(&writer->is_spare_refused))
                        return 0;
                r = begin_spare(writer, error);
                if (r < 0)
                        return r;
                return writer->preparing.dir != NULL;
        }

        ACD_ASSERT(writer->prepared_size < writer->segment_size);
        left_size = writer->segment_size - writer->prepared_size;
        size = left_size < JOURNAL_SLICE_SIZE || !writer->is_written ? (size_t)left_size
                                                                     : JOURNAL_SLICE_SIZE;
        if (writer->is_written)
                r = journal_file_write(&writer->preparing, writer->zeros, size,
                                       writer->prepared_size, error);
        if (r < 0 && is_out_of_space(r))
                return refuse_spare(writer, error);
        if (r < 0)
                return r;
        if (size == left_size)
                r = journal_file_sync(&writer->preparing, error);
        if (r < 0)
                return r;

        writer->prepared_size += size;
        if (writer->has_zeroed_spares)
                fill(writer, writer->spare_number_next, writer->prepared_size);
        if (writer->prepared_size == writer->segment_size) {
                r = finish_spare(writer, error);
                if (r < 0)
                        return r;
        }
        return 1;
}

bool journal_writer_write_back(struct journal_writer *writer)
{
        uint64_t number = atomic_load(&writer->filled_number);
        uint64_t size = atomic_load(&writer->filled_size);
        char name[JOURNAL_NAME_SIZE];

        if (writer->back_file.dir == NULL || writer->back_number != number) {
                journal_file_close(&writer->back_file);
                if (writer->has_zeroed_spares)
                        journal_name_format_temporary(name, JOURNAL_SPARE_PREFIX, number);
                else
                        journal_name_format(name, JOURNAL_LOG_PREFIX, number);
                if (journal_file_open(&writer->back_file, writer->dir, name, JOURNAL_IO_WRITE,
                                      NULL) < 0)
                        return false;
                writer->back_number = number;
                writer->back_size = 0;
        }
        if (size < writer->back_size + JOURNAL_PIECE_SIZE)
                return false;
        journal_file_write_back(&writer->back_file, writer->back_size, JOURNAL_PIECE_SIZE);
        writer->back_size += JOURNAL_PIECE_SIZE;
        return size >= writer->back_size + JOURNAL_PIECE_SIZE;
}

/* ---- removing ---- */

/* The name log-N must be gone for good before its bytes are overwritten. */
static int recycle(struct journal_writer *writer, const char *log_name, struct journal_error *error)
{
        char name[JOURNAL_NAME_SIZE];
        int r;

        journal_name_format_temporary(name, JOURNAL_SPARE_PREFIX, writer->spare_number_next);
        r = journal_dir_rename(writer->dir, log_name, name, error);
        if (r < 0)
                return r;
        r = journal_dir_sync(writer->dir, error);
        if (r < 0)
                return r;
        r = journal_file_open(&writer->preparing, writer->dir, name, JOURNAL_IO_WRITE, error);
        if (r < 0)
                return r;

        writer->prepared_size = 0;
        writer->is_written = true;
        atomic_fetch_add_explicit(&writer->recycled_count, 1, memory_order_relaxed);
        return 0;
}

int journal_writer_remove(struct journal_writer *writer, struct journal_error *error)
{
        char name[JOURNAL_NAME_SIZE];
        struct journal_kept oldest;
        int r;

        /* A segment is not needed when the next one begins at or before what is. */
        if (writer->kept_count < 2 || writer->kept[1].first_lsn > writer->needed_lsn)
                return 0;
        oldest = writer->kept[0];
        journal_name_format(name, JOURNAL_LOG_PREFIX, oldest.number);

        /* On a full disk only what the journal has already is sure to be there. */
        if (writer->preparing.dir == NULL &&
            (writer->has_zeroed_spares || atomic_load(&writer->is_spare_refused)) &&
            is_spare_wanted(writer) && oldest.size == writer->segment_size) {
                r = recycle(writer, name, error);
        } else {
                r = journal_dir_unlink(writer->dir, name, error);
                if (r == 0)
                        r = journal_dir_sync(writer->dir, error);
        }
        if (r < 0)
                return r;

        writer->kept_count--;
        memmove(writer->kept, writer->kept + 1, writer->kept_count * sizeof(*writer->kept));
        atomic_store(&writer->segment_count, writer->kept_count);
        atomic_fetch_sub(&writer->kept_size, oldest.size);
        return 1;
}

void journal_writer_close(struct journal_writer *writer)
{
        journal_file_close(&writer->segment);
        journal_file_close(&writer->preparing);
        journal_file_close(&writer->back_file);
}
