/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Opening: what is there, and does it make sense.
 *
 *   1. The directory: lock it.
 *   2. META: read it, or make it when the directory holds nothing of ours.
 *   3. Segments: their numbers have no gap, their headers are whole, belong to
 *      this directory and follow each other.
 *   4. The last segment: where the log ends (tail.c).
 *   5. After a clean stop, META says where it must end.
 *
 * Nothing that exists is changed here. A log that is refused can be copied,
 * looked at and tried again, and the replay that follows reads the same bytes
 * that were judged. Repairs come with journal_start().
 *
 * Batches of older segments are not read here: the replay reads them anyway, if they
 * are needed at all, and refuses what does not fit.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "journal/journal.h"
#include "journal/private.h"

/* An onlooker may see a segment vanish between listing and reading. */
enum { LOOK_COUNT_MAX = 8 };

struct inventory {
        struct journal *journal;
        uint32_t segment_count;
        bool has_data; /* anything that somebody could miss */
        bool is_too_many;
};

/* ---- 2. META ---- */

static int make_meta(struct journal *journal, struct journal_error *error)
{
        journal->meta = (struct journal_meta){
                .made_wall_ns = journal->options.made_wall_ns,
                .secret = journal->options.secret,
        };
        memcpy(journal->meta.slots, journal->options.slots, sizeof(journal->meta.slots));
        journal->found.is_new = true;
        return journal_meta_write(&journal->dir, &journal->meta, error);
}

static int open_meta(struct journal *journal, bool has_data, struct journal_error *error)
{
        const struct journal_place place = { journal->dir.path, "META", JOURNAL_NO_OFFSET };
        int r;

        r = journal_meta_read(&journal->dir, &journal->meta, error);
        if (r != -ENOENT)
                return r;
        if (has_data)
                return journal_error_set(error, -EBADMSG, JOURNAL_REMEDY_SALVAGE, &place,
                                         "META is missing from a directory that holds data");
        if (journal->options.mode == JOURNAL_READ)
                return journal_error_set(error, -ENOENT, JOURNAL_REMEDY_OWNER, &place,
                                         "this is not a data directory");
        if (journal->options.must_exist)
                return journal_error_set(error, -ENOENT, JOURNAL_REMEDY_NONE, &place,
                                         "the directory is empty");

        return make_meta(journal, error);
}

/* ---- 3. segments ---- */

static int on_name(void *context, const char *name)
{
        struct inventory *inventory = context;
        struct journal_writer *writer = &inventory->journal->writer;
        uint64_t number;

        if (journal_name_parse(name, JOURNAL_LOG_PREFIX, &number)) {
                inventory->has_data = true;
                if (inventory->segment_count == writer->kept_count_max) {
                        inventory->is_too_many = true;
                        return 0;
                }
                writer->kept[inventory->segment_count].number = number;
                inventory->segment_count++;
        } else if (journal_name_parse(name, "snapshot", &number) ||
                   journal_name_parse(name, "events", &number)) {
                inventory->has_data = true;
        }
        return 0;
}

static int by_number(const void *left, const void *right)
{
        uint64_t left_number = ((const struct journal_kept *)left)->number;
        uint64_t right_number = ((const struct journal_kept *)right)->number;

        return (left_number > right_number) - (left_number < right_number);
}

static int take_inventory(struct journal *journal, struct inventory *ret_inventory,
                          struct journal_error *error)
{
        const struct journal_place place = { journal->dir.path, NULL, JOURNAL_NO_OFFSET };
        struct inventory inventory = { .journal = journal };
        int r;

        r = journal_dir_list(&journal->dir, on_name, &inventory, error);
        if (r < 0)
                return r;
        if (inventory.is_too_many)
                return journal_error_set(error, -EOVERFLOW, JOURNAL_REMEDY_SETTINGS, &place,
                                         "more than %u segments: raise segment_count_max",
                                         journal->writer.kept_count_max);

        qsort(journal->writer.kept, inventory.segment_count, sizeof(*journal->writer.kept),
              by_number);
        *ret_inventory = inventory;
        return 0;
}

/* Whether segment @next, read from disk, can come right after @before. */
static int check_neighbours(const struct journal *journal, const struct journal_segment *before,
                            const struct journal_segment *next, struct journal_error *error)
{
        char name[JOURNAL_NAME_SIZE];
        const struct journal_place place = { journal->dir.path, name, 0 };

        journal_name_format(name, JOURNAL_LOG_PREFIX, next->number);
        if (next->secret != journal->meta.secret)
                return journal_error_set(error, -EBADMSG, JOURNAL_REMEDY_SALVAGE, &place,
                                         "the segment belongs to another directory");
        if (before->number == 0)
                return 0;

        if (next->number != before->number + 1) {
                journal_name_format(name, JOURNAL_LOG_PREFIX, before->number + 1);
                return journal_error_set(error, -EBADMSG, JOURNAL_REMEDY_SALVAGE, &place,
                                         "the segment is missing");
        }
        if (next->first_lsn < before->first_lsn || next->epoch < before->epoch)
                return journal_error_set(error, -EBADMSG, JOURNAL_REMEDY_SALVAGE, &place,
                                         "the segment does not follow the one before it");
        return 0;
}

/* Read the header of each segment in the inventory into the table; the last one's
 * becomes journal->segment. */
static int read_segments(struct journal *journal, uint32_t segment_count,
                         struct journal_error *error)
{
        struct journal_writer *writer = &journal->writer;
        struct journal_segment before = { 0 }, segment;
        int r;

        writer->kept_count = 0;
        atomic_store(&writer->kept_size, 0);
        for (uint32_t i = 0; i < segment_count; i++) {
                r = journal_segment_read(&journal->dir, writer->kept[i].number, &segment, error);
                if (r < 0)
                        return r;
                r = check_neighbours(journal, &before, &segment, error);
                if (r < 0)
                        return r;
                journal_writer_add_kept(writer, &segment);
                before = segment;
        }

        journal->segment = before;
        return 0;
}

/* ---- 4 and 5: the end ---- */

static int find_tail(struct journal *journal, struct journal_error *error)
{
        const struct journal_segment *last = &journal->segment;

        if (last->number == 0) {
                journal->tail = (struct journal_tail){
                        .chain = journal_chain_origin(journal->meta.secret),
                };
                return 0;
        }
        if (journal->options.mode == JOURNAL_READ)
                return journal_tail_glance(&journal->dir, last->number, journal->window,
                                           &journal->tail, error);

        return journal_tail_find(&journal->dir, last->number, journal->window, &journal->tail,
                                 error);
}

static int check_clean_end(const struct journal *journal, struct journal_error *error)
{
        const struct journal_meta *meta = &journal->meta;
        const struct journal_tail *tail = &journal->tail;
        char name[JOURNAL_NAME_SIZE];
        const struct journal_place place = { journal->dir.path, name, tail->end_offset };

        journal_name_format(name, JOURNAL_LOG_PREFIX, journal->segment.number);
        if (meta->epoch > 0 && journal->segment.number == 0)
                return journal_error_set(
                        error, -EBADMSG, JOURNAL_REMEDY_SALVAGE,
                        &(struct journal_place){ journal->dir.path, NULL, JOURNAL_NO_OFFSET },
                        "the directory was in use and holds no log");
        if (!meta->is_clean)
                return 0;
        if (tail->last_lsn != meta->end_lsn || tail->chain != meta->end_chain ||
            tail->torn_size != 0)
                return journal_error_set(error, -EBADMSG, JOURNAL_REMEDY_SALVAGE, &place,
                                         "the log ends after record %llu, but the last run "
                                         "stopped cleanly after record %llu",
                                         (unsigned long long)tail->last_lsn,
                                         (unsigned long long)meta->end_lsn);
        return 0;
}

static void describe(struct journal *journal)
{
        struct journal_found *found = &journal->found;
        const struct journal_tail *tail = &journal->tail;

        found->is_clean = journal->meta.is_clean;
        found->last_lsn = tail->last_lsn;
        found->first_lsn = journal->writer.kept_count > 0 ? journal->writer.kept[0].first_lsn
                                                          : tail->last_lsn + 1;
        found->is_torn = tail->torn_size > 0;
        found->torn_size = tail->torn_size;
        found->torn_offset = tail->end_offset;
        if (found->is_torn)
                journal_name_format(found->torn_name, JOURNAL_LOG_PREFIX, journal->segment.number);

        journal->last_lsn = tail->last_lsn;
        journal->committed_lsn = tail->last_lsn;
        journal->synced_lsn = tail->last_lsn;
        journal->proven_lsn = tail->last_lsn;
        journal->chain_before = tail->chain;
}

/* Steps 2 to 5. */
static int look(struct journal *journal, struct journal_error *error)
{
        struct inventory inventory = { 0 };
        int r;

        r = take_inventory(journal, &inventory, error);
        if (r < 0)
                return r;
        r = open_meta(journal, inventory.has_data, error);
        if (r < 0)
                return r;
        r = read_segments(journal, inventory.segment_count, error);
        if (r < 0)
                return r;
        r = find_tail(journal, error);
        if (r < 0)
                return r;
        if (journal->options.mode == JOURNAL_OWN) {
                r = check_clean_end(journal, error);
                if (r < 0)
                        return r;
        }

        describe(journal);
        return 0;
}

int journal_open(void *memory, const struct journal_options *options, const char *path,
                 struct journal **ret_journal, struct journal_error *error)
{
        struct journal_options resolved;
        struct journal *journal;
        enum journal_dir_mode dir_mode = JOURNAL_DIR_READ;
        int r, look_count = 0;

        r = journal_options_resolve(options, &resolved, error);
        if (r < 0)
                return r;
        journal = journal_lay_out(memory, &resolved);

        if (resolved.mode == JOURNAL_OWN)
                dir_mode = resolved.must_exist ? JOURNAL_DIR_KEPT : JOURNAL_DIR_OWN;
        r = journal_dir_open(&journal->dir, resolved.io, path, dir_mode, error);
        if (r < 0)
                return r;
        journal->writer.dir = &journal->dir;
        journal->writer.segment_size = resolved.segment_size;
        journal->writer.block_size = resolved.block_size;
        journal->writer.spare_count_wanted = resolved.spare_count;
        journal->writer.has_zeroed_spares = resolved.sync_policy == JOURNAL_SYNC_ALWAYS;
        pthread_mutex_init(&journal->io_turn, NULL);
        pthread_mutex_init(&journal->io_lock, NULL);

        /* The owner of the directory may remove a segment while an onlooker looks. */
        do {
                r = look(journal, error);
                look_count++;
        } while (r == -ENOENT && resolved.mode == JOURNAL_READ && look_count < LOOK_COUNT_MAX);
        if (r < 0) {
                journal_close(journal);
                return r;
        }

        *ret_journal = journal;
        return 0;
}
