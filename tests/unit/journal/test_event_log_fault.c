/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event log on a disk that fails: each operation of a life in turn.
 */

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#include "journal/event_log.h"
#include "tests/support/simdisk.h"

enum { ENTRY_MAX = 400 };

static struct simdisk *disk;
static struct journal_dir dir;
static struct event_log_options options;
static void *memory, *cursor_memory;
static struct event_log *events;
static struct journal_error error;

static uint64_t positions[ENTRY_MAX + 1]; /* of entry i; the last is the end */
static uint32_t entry_count;
static const uint8_t bytes[100 + ENTRY_MAX];

static void open_log(void)
{
        free(memory);
        memory = aligned_alloc(64, (event_log_size(&options) + 63) / 64 * 64);
        cr_assert_eq(event_log_open(memory, &options, &dir, &events, &error), 0);
}

static void end_life(void)
{
        event_log_close(events);
        journal_dir_close(&dir);
        cr_assert_eq(simdisk_open_count(disk), 0u);
        free(memory);
        free(cursor_memory);
        memory = NULL;
        simdisk_free(disk);
        disk = NULL;
}

static int read_all(void)
{
        struct event_cursor cursor;
        struct event_entry entry;
        uint32_t count = 0;
        int r;

        event_cursor_init(&cursor, events, event_log_first(events), cursor_memory,
                          EVENT_CURSOR_MEMORY_MIN);
        while ((r = event_cursor_next(&cursor, &entry, &error)) > 0)
                count++;
        event_cursor_fini(&cursor);
        return r < 0 ? r : (int)count;
}

static int append_some(uint32_t count)
{
        for (uint32_t n = 0; n < count; n++) {
                struct event_tag tag = { .epoch = 1,
                                         .first_sequence = entry_count + 1,
                                         .last_sequence = entry_count + 1 };
                int r;

                positions[entry_count] = event_log_position(events);
                r = event_log_append(events, &tag, entry_count, bytes, 100 + entry_count);
                if (r < 0)
                        return r;
                positions[++entry_count] = event_log_position(events);
        }
        return event_log_flush(events);
}

/* Operations of each kind before and after the second run has opened the log. */
static uint64_t opening[SIMDISK_OP_COUNT][2];

/* Everything that a log does, in two runs. The first failure, or 0. */
static int live(void)
{
        const uint32_t kept = 120;
        int r = event_log_cut(events, 0, &error);

        if (r == 0)
                r = append_some(160);
        if (r == 0)
                r = event_log_sync(events, &error);
        if (r == 0)
                r = read_all() < 0 ? -EIO : 0;
        event_log_close(events);
        if (r < 0) {
                events = NULL;
                return r;
        }
        options.retention_size = 16384;
        for (uint32_t op = 0; op < SIMDISK_OP_COUNT; op++)
                opening[op][0] = simdisk_op_count(disk, 1u << op);
        r = event_log_open(memory, &options, &dir, &events, &error);
        for (uint32_t op = 0; op < SIMDISK_OP_COUNT; op++)
                opening[op][1] = simdisk_op_count(disk, 1u << op);
        if (r < 0) {
                events = NULL;
                return r;
        }
        r = event_log_cut(events, positions[kept], &error);
        entry_count = kept;
        while (r == 0 && (r = event_log_index_step(events)) > 0)
                r = 0;
        if (r == 0)
                r = append_some(60);
        if (r == 0)
                r = event_log_trim(events, 1000);
        if (r == 0)
                r = event_log_sync(events, &error);
        if (r == 0)
                r = read_all() < 0 ? -EIO : 0;
        if (r == 0)
                r = event_log_restart(events, event_log_end(events) + 4096, &error);
        return r;
}

static void begin_life(const struct simdisk_fault *fault)
{
        if (disk != NULL)
                end_life();
        disk = simdisk_new(1);
        cr_assert_eq(journal_dir_open(&dir, simdisk_io(disk), "d", JOURNAL_DIR_OWN, &error), 0);
        options = (struct event_log_options){ .segment_size = 4096,
                                              .index_count_max = 256,
                                              .segment_count_max = 6 };
        cursor_memory = malloc(EVENT_CURSOR_MEMORY_MIN);
        entry_count = 0;
        open_log();
        simdisk_set_fault(disk, fault);
}

/*
 * Goal    What the disk refuses is told, as it was said; afterwards the log is as good
 *         as before: it can be opened, cut and read.
 * Method  A life with everything in it; each operation of each kind fails in turn.
 */
Test(event_log_fault, every_failure_is_told)
{
        for (uint32_t op = 0; op < SIMDISK_OP_COUNT; op++) {
                uint64_t before, count;

                begin_life(NULL);
                before = simdisk_op_count(disk, 1u << op);
                cr_assert_eq(live(), 0);
                count = simdisk_op_count(disk, 1u << op) - before;
                for (uint64_t n = 1; n <= count; n++) {
                        const struct simdisk_fault fault = { 1u << op, n, EIO, false };
                        bool is_forgiven;
                        int r;

                        begin_life(&fault);
                        r = live();
                        cr_assert(simdisk_was_faulty(disk));
                        /* An old segment's header that cannot be read only makes it look
                         * older: the log is opened all the same. */
                        is_forgiven = (op == SIMDISK_OPEN || op == SIMDISK_READ) &&
                                      before + n > opening[op][0] && before + n <= opening[op][1];
                        cr_assert_eq(r, is_forgiven ? 0 : -EIO, "operation %u, %llu of %llu: %d",
                                     op, (unsigned long long)n, (unsigned long long)count, r);
                        simdisk_set_fault(disk, NULL);
                        if (events != NULL)
                                event_log_close(events);
                        cr_assert_eq(simdisk_open_count(disk), 1u, "the directory alone");
                        open_log();
                        if (event_log_cut(events, event_log_first(events), &error) < 0)
                                cr_assert_eq(event_log_restart(events, 0, &error), 0);
                        cr_assert_geq(read_all(), 0);
                }
        }
        end_life();
}
