/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Defaults and limits of the journal's settings, and the memory they make.
 *
 * Everything is decided here, before the first file is opened: what makes no
 * sense is refused by name, and what is left zero gets its default. So the rest
 * of the journal has no special cases, and the memory is one sum.
 */

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "journal/private.h"

enum {
        BATCH_SIZE_DEFAULT = 1280 * 1024,
        BATCH_RECORD_COUNT_DEFAULT = 8192,
        SPARE_COUNT_DEFAULT = 2,
        SEGMENT_COUNT_DEFAULT = 16384,
        BATCH_SIZE_LEAST = 4096,
};

#define SEGMENT_SIZE_DEFAULT  (UINT64_C(64) << 20)
#define SEGMENT_SIZE_MAX      (UINT64_C(1) << 36)
#define SYNC_INTERVAL_DEFAULT UINT64_C(1000000000)

static void fill_defaults(struct journal_options *options)
{
        if (options->io == NULL)
                options->io = &journal_io_os;
        if (options->sync_interval_ns == 0)
                options->sync_interval_ns = SYNC_INTERVAL_DEFAULT;
        if (options->segment_size == 0)
                options->segment_size = SEGMENT_SIZE_DEFAULT;
        if (options->batch_size_max == 0)
                options->batch_size_max = BATCH_SIZE_DEFAULT;
        if (options->batch_record_count_max == 0)
                options->batch_record_count_max = BATCH_RECORD_COUNT_DEFAULT;
        if (options->block_size == 0)
                options->block_size = JOURNAL_BLOCK_SIZE_MIN;
        if (options->spare_count == 0)
                options->spare_count = SPARE_COUNT_DEFAULT;
        if (options->segment_count_max == 0)
                options->segment_count_max = SEGMENT_COUNT_DEFAULT;
}

/* The name of the first setting that makes no sense, or NULL. */
static const char *find_nonsense(const struct journal_options *options)
{
        uint64_t batch_span;

        if (options->block_size < JOURNAL_BLOCK_SIZE_MIN ||
            options->block_size > JOURNAL_BLOCK_SIZE_MAX ||
            options->block_size % JOURNAL_SECTOR_SIZE != 0)
                return "block_size";
        if (options->batch_size_max < BATCH_SIZE_LEAST ||
            options->batch_size_max > JOURNAL_BATCH_SIZE_MAX)
                return "batch_size_max";
        if (options->batch_record_count_max > JOURNAL_BATCH_RECORD_COUNT_MAX)
                return "batch_record_count_max";
        if (options->spare_count < 2 || options->spare_count > JOURNAL_SPARE_COUNT_MAX)
                return "spare_count";
        if (options->segment_count_max < 4)
                return "segment_count_max";
        if (options->marks.low_permille > 1000 || options->marks.critical_permille > 1000)
                return "marks";

        batch_span = journal_blocks_size(options->batch_size_max, options->block_size);
        if (options->segment_size < 2 * batch_span + options->block_size ||
            options->segment_size > SEGMENT_SIZE_MAX)
                return "segment_size";
        return NULL;
}

int journal_options_resolve(const struct journal_options *options,
                            struct journal_options *ret_options, struct journal_error *error)
{
        const struct journal_place place = { "settings of the journal", NULL, JOURNAL_NO_OFFSET };
        struct journal_options resolved = *options;
        const char *nonsense;

        fill_defaults(&resolved);
        nonsense = find_nonsense(&resolved);
        if (nonsense != NULL)
                return journal_error_set(error, -EINVAL, JOURNAL_REMEDY_SETTINGS, &place,
                                         "%s is out of range", nonsense);

        resolved.segment_size -= resolved.segment_size % resolved.block_size;
        *ret_options = resolved;
        return 0;
}

/* @size, so that what follows is aligned for any object. */
static size_t aligned(size_t size)
{
        return (size + 63) & ~(size_t)63;
}

static size_t buffer_size(const struct journal_options *options)
{
        return aligned(journal_blocks_size(options->batch_size_max, options->block_size));
}

size_t journal_size(const struct journal_options *options)
{
        struct journal_options resolved;
        size_t size;

        if (journal_options_resolve(options, &resolved, NULL) < 0)
                return aligned(sizeof(struct journal)); /* journal_open() will say why */

        size = aligned(sizeof(struct journal)) + JOURNAL_WINDOW_SIZE;
        if (resolved.mode == JOURNAL_OWN)
                size += 2 * buffer_size(&resolved) + JOURNAL_SLICE_SIZE;
        size += aligned(resolved.segment_count_max * sizeof(struct journal_kept));
        return size;
}

struct journal *journal_lay_out(void *memory, const struct journal_options *options)
{
        struct journal *journal = memory;
        uint8_t *at = memory;

        at += aligned(sizeof(*journal));
        memset(journal, 0, sizeof(*journal));
        journal->options = *options;
        journal->dir.fd = -1;
        journal->event_fd = -1;
        journal->writer.segment = JOURNAL_FILE_NULL;
        journal->writer.preparing = JOURNAL_FILE_NULL;
        journal->writer.back_file = JOURNAL_FILE_NULL;

        journal->window = at;
        at += JOURNAL_WINDOW_SIZE;
        journal->writer.kept = (struct journal_kept *)(void *)at;
        journal->writer.kept_count_max = options->segment_count_max;
        at += aligned(options->segment_count_max * sizeof(struct journal_kept));
        if (options->mode == JOURNAL_OWN) {
                for (uint32_t i = 0; i < 2; i++) {
                        journal->buffers[i].bytes = at;
                        at += buffer_size(options);
                }
                journal->writer.zeros = at;
                memset(at, 0, JOURNAL_SLICE_SIZE);
                at += JOURNAL_SLICE_SIZE;
        }

        ACD_ASSERT(at == (uint8_t *)memory + journal_size(options));
        return journal;
}
