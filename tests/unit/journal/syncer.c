/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The helper thread. Suite "threads": for the thread sanitizer as well as for the
 * address sanitizer. A plain program, because Criterion's arena and the thread
 * sanitizer want the same addresses.
 *
 * No test waits for time to pass: each waits for the event descriptor.
 */

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/assert.h"

#include "tests/support/journal_world.h"
#include "tests/support/simdisk.h"

static struct simdisk *disk;
static struct world world;

static void set_up(void)
{
        disk = simdisk_new(1);
        world_init(&world, simdisk_io(disk), &(struct journal_options){ 0 }, 1, 20000);
        ACD_ASSERT(world_recover(&world) == 0);
}

static void tear_down(void)
{
        world_free(&world);
        ACD_ASSERT(simdisk_open_count(disk) == 0);
        simdisk_free(disk);
}

/* Wait until the thread has news, and collect them. */
static int wait_for_batch(void)
{
        int r;

        do {
                struct pollfd event = { .fd = journal_syncer_event_fd(world.journal),
                                        .events = POLLIN };

                ACD_ASSERT(poll(&event, 1, 60000) == 1);
                r = journal_poll(world.journal);
        } while (r == 0);
        return r;
}

static int commit(uint64_t lsn, enum journal_commit_how how)
{
        struct journal_stamp stamp = { .now_ns = lsn };

        return journal_commit(world.journal, &stamp, how);
}

static void append_some(uint32_t count)
{
        static uint8_t payload[600];

        for (uint32_t i = 0; i < count; i++) {
                uint64_t lsn = journal_last_lsn(world.journal) + 1;
                enum journal_room room =
                        journal_reserve(world.journal, sizeof(lsn), sizeof(payload));

                if (room != JOURNAL_ROOM) {
                        ACD_ASSERT(room != JOURNAL_ROOM_DISK_FULL);
                        return;
                }
                memset(payload, (int)lsn, sizeof(payload));
                ACD_ASSERT(
                        journal_append(world.journal, (struct journal_bytes){ &lsn, sizeof(lsn) },
                                       (struct journal_bytes){ payload, sizeof(payload) }) == lsn);
        }
}

/* Everything that was acknowledged is read back, in order. */
static void check_all(uint64_t last_lsn)
{
        struct journal_reader *reader;
        struct journal_batch batch;
        struct journal_error error;
        uint64_t next_lsn = 1;
        int r;

        world_drop(&world);
        ACD_ASSERT(journal_open(world.journal_memory, &world.options, WORLD_PATH, &world.journal,
                                &error) == 0);
        ACD_ASSERT(journal_reader_open(world.reader_memory, world.journal, 1, &reader, &error) ==
                   0);
        while ((r = journal_reader_next(reader, &batch, &error)) > 0) {
                struct journal_record_cursor cursor = journal_record_first(&batch);
                struct journal_record record;

                while (journal_record_next(&cursor, &record)) {
                        ACD_ASSERT(record.lsn == next_lsn);
                        ACD_ASSERT(memcmp(record.body, &next_lsn, sizeof(next_lsn)) == 0);
                        ACD_ASSERT(record.payload[17] == (uint8_t)next_lsn);
                        next_lsn++;
                }
        }
        ACD_ASSERT(r == 0);
        ACD_ASSERT(next_lsn - 1 >= last_lsn);
        journal_reader_close(reader);
}

/* Goal    Batches handed over one after the other, over many rolls, with inline
 *         ones between, are done in order and all there after a loss of power. */
static void batches_are_done_in_order(void)
{
        uint64_t last_lsn;

        ACD_ASSERT(journal_syncer_start(world.journal) == 0);
        ACD_ASSERT(journal_syncer_event_fd(world.journal) >= 0);
        for (int i = 0; i < 400; i++) {
                append_some(1 + (uint32_t)i % 5);
                last_lsn = journal_last_lsn(world.journal);
                if (i % 7 == 0) {
                        ACD_ASSERT(commit(last_lsn, JOURNAL_COMMIT_INLINE) == 0);
                } else {
                        ACD_ASSERT(commit(last_lsn, JOURNAL_COMMIT_HANDED) == 0);
                        append_some(1); /* fills while the other is on its way */
                        ACD_ASSERT(wait_for_batch() == 1);
                }
                ACD_ASSERT(journal_committed_lsn(world.journal) == last_lsn);
        }
        last_lsn = journal_committed_lsn(world.journal);
        world_drop(&world);
        simdisk_crash(disk, SIMDISK_LOSE_SOME);
        check_all(last_lsn);
}

/* Goal    The thread keeps spares ready without being asked. */
static void spares_are_ready_ahead(void)
{
        struct journal_counts counts;

        ACD_ASSERT(journal_syncer_start(world.journal) == 0);
        for (int i = 0; i < 100; i++) {
                append_some(5);
                ACD_ASSERT(commit(journal_last_lsn(world.journal), JOURNAL_COMMIT_HANDED) == 0);
                ACD_ASSERT(wait_for_batch() == 1);
        }
        journal_syncer_stop(world.journal);
        ACD_ASSERT(journal_syncer_event_fd(world.journal) == -1);
        while (journal_work(world.journal) > 0)
                ;
        journal_get_counts(world.journal, &counts);
        ACD_ASSERT(counts.roll_count > 10);
        ACD_ASSERT(counts.spare_count == 2);
}

/* Goal    A failure in the thread reaches the owner through the descriptor, is
 *         final, and acknowledges nothing. */
static void a_failure_reaches_the_owner(void)
{
        struct simdisk_fault fault = { .ops = 1 << SIMDISK_SYNC, .at = 5, .error = EIO };
        uint64_t committed_lsn;
        int r = 1;

        ACD_ASSERT(journal_syncer_start(world.journal) == 0);
        simdisk_set_fault(disk, &fault);
        while (r == 1) {
                committed_lsn = journal_committed_lsn(world.journal);
                append_some(2);
                r = commit(journal_last_lsn(world.journal), JOURNAL_COMMIT_HANDED);
                if (r == 0)
                        r = wait_for_batch();
        }
        ACD_ASSERT(r == -EIO);
        ACD_ASSERT(journal_poll(world.journal) == -EIO);
        ACD_ASSERT(journal_failure(world.journal)->code == -EIO);
        ACD_ASSERT(journal_committed_lsn(world.journal) == committed_lsn);
        world_drop(&world);
        simdisk_restart(disk);
        check_all(committed_lsn);
}

/* Goal    Closing with a batch on its way finishes it and ends the thread. */
static void closing_finishes_what_is_on_its_way(void)
{
        ACD_ASSERT(journal_syncer_start(world.journal) == 0);
        append_some(4);
        ACD_ASSERT(commit(4, JOURNAL_COMMIT_HANDED) == 0);
        world_drop(&world);
        simdisk_crash(disk, SIMDISK_LOSE_ALL);
        check_all(4);
}

/* Goal    Housekeeping from the owner's side runs beside the thread: snapshots,
 *         truncation, erasure, asking for space and counts, a clean stop. */
static void housekeeping_runs_beside_it(void)
{
        struct journal_space_report report;
        struct journal_counts counts;
        struct journal_error error;

        ACD_ASSERT(journal_syncer_start(world.journal) == 0);
        for (int i = 0; i < 200; i++) {
                append_some(3);
                ACD_ASSERT(commit(journal_last_lsn(world.journal), JOURNAL_COMMIT_HANDED) == 0);
                (void)journal_space(world.journal, &report);
                journal_get_counts(world.journal, &counts);
                ACD_ASSERT(wait_for_batch() == 1);
                if (i % 10 == 5) {
                        struct snapshot_writer *writer = world.reader_memory;
                        struct snapshot_head head = {
                                .lsn = journal_committed_lsn(world.journal),
                        };

                        ACD_ASSERT(journal_erase_payload(world.journal, head.lsn - 4, &error) == 0);
                        ACD_ASSERT(snapshot_begin(writer, journal_directory(world.journal), &head,
                                                  &error) == 0);
                        ACD_ASSERT(snapshot_finish(writer, &error) == 0);
                        ACD_ASSERT(journal_truncate(world.journal, UINT64_MAX, &error) == 0);
                        ACD_ASSERT(journal_set_slot(world.journal, 1, (uint64_t)i, &error) == 0);
                }
        }
        ACD_ASSERT(journal_stop(world.journal) == 0);
        world_drop(&world);
        simdisk_crash(disk, SIMDISK_LOSE_ALL);
        ACD_ASSERT(journal_open(world.journal_memory, &world.options, WORLD_PATH, &world.journal,
                                &error) == 0);
        ACD_ASSERT(journal_found(world.journal)->is_clean);
        ACD_ASSERT(journal_found(world.journal)->last_lsn == 600);
        ACD_ASSERT(journal_meta(world.journal)->slots[1] == 195);
}

/* Goal    Starting the thread leaves the owner the signals that he takes and those that he
 *         does not. */
static void signals_stay_the_owners(void)
{
        sigset_t mask, now;

        ACD_ASSERT(sigemptyset(&mask) == 0);
        ACD_ASSERT(sigaddset(&mask, SIGUSR2) == 0);
        ACD_ASSERT(pthread_sigmask(SIG_SETMASK, &mask, NULL) == 0);
        ACD_ASSERT(journal_syncer_start(world.journal) == 0);
        ACD_ASSERT(pthread_sigmask(SIG_SETMASK, NULL, &now) == 0);
        for (int signal = 1; signal < NSIG; signal++)
                ACD_ASSERT(sigismember(&now, signal) == sigismember(&mask, signal));
        journal_syncer_stop(world.journal);
}

static int look_event;

static bool look_once(void *self)
{
        (void)self;
        ACD_ASSERT(eventfd_write(look_event, 1) == 0);
        return false;
}

/* Wait until the other thread has looked for something to begin to write. */
static void wait_for_look(void)
{
        struct pollfd event = { .fd = look_event, .events = POLLIN };
        eventfd_t count;

        ACD_ASSERT(poll(&event, 1, 60000) == 1);
        ACD_ASSERT(eventfd_read(look_event, &count) == 0);
}

/* Goal    The thread that begins to write holds the file that fills; it is woken when that is
 *         another one, although it is short: here, that a full disk refused the spare. Else it
 *         would keep the blocks that the disk lacks. */
static void another_file_is_news(void)
{
        struct journal_counts counts;

        look_event = eventfd(0, EFD_CLOEXEC);
        ACD_ASSERT(look_event >= 0);
        while (journal_work(world.journal) > 0)
                ;
        journal_syncer_set_chore(world.journal, &(struct journal_chore){ .work = look_once });
        ACD_ASSERT(journal_syncer_start(world.journal) == 0);
        wait_for_look();
        simdisk_set_space(disk, 1, 0);
        do {
                append_some(5);
                ACD_ASSERT(commit(journal_last_lsn(world.journal), JOURNAL_COMMIT_HANDED) == 0);
                ACD_ASSERT(wait_for_batch() == 1);
                journal_get_counts(world.journal, &counts);
        } while (counts.roll_count < 2); /* the first is the run's own */
        wait_for_look();
        journal_syncer_stop(world.journal);
        ACD_ASSERT(close(look_event) == 0);
}

int main(void)
{
        static const struct {
                const char *name;
                void (*run)(void);
        } tests[] = {
                { "batches are done in order", batches_are_done_in_order },
                { "spares are ready ahead", spares_are_ready_ahead },
                { "a failure reaches the owner", a_failure_reaches_the_owner },
                { "closing finishes what is on its way", closing_finishes_what_is_on_its_way },
                { "housekeeping runs beside it", housekeeping_runs_beside_it },
                { "signals stay the owner's", signals_stay_the_owners },
                { "another file is news", another_file_is_news },
        };

        for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
                set_up();
                tests[i].run();
                tear_down();
                printf("ok %zu - %s\n", i + 1, tests[i].name);
        }
        return 0;
}
