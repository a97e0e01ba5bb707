/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What durability costs on this disk.
 *
 *   journal [--dir DIR] [--smoke]
 *
 * Two tables, from a directory of their own inside DIR (default: the current
 * one), which is removed at the end:
 *
 *   syncs      microseconds for a write and its sync by size of the batch: into a
 *              file of written zeros, into one with reserved blocks only, at
 *              the end of a growing one. The first is what the journal does.
 *   batches    batches and records a second through the journal, inline and
 *              handed to the helper thread, by records in a batch. "Work" is
 *              what the owner does meanwhile: with none, the thread only adds its
 *              wake-ups; with as much as a sync takes, it hides the sync.
 *
 * The figures are of this machine and this minute; the columns beside each
 * other are what to look at. --smoke runs everything once, quickly.
 */

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/assert.h"
#include "journal/file.h"
#include "journal/journal.h"
#include "journal/syncer.h"

enum { SAMPLE_MAX = 4096, BODY_SIZE = 64, PAYLOAD_SIZE = 60 };

struct bench {
        char path[JOURNAL_DIR_PATH_SIZE];
        bool is_smoke;
        uint64_t samples[SAMPLE_MAX];
        uint32_t sample_count;
};

static uint64_t now_ns(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

_Noreturn static void give_up(const struct journal_error *error)
{
        char text[1024];

        (void)journal_error_format(error, text, sizeof(text));
        fprintf(stderr, "journal: %s\n", text);
        exit(1);
}

static int by_value(const void *left, const void *right)
{
        uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

        return (a > b) - (a < b);
}

/* The sample at @permille, in microseconds. Sorts. */
static uint64_t quantile_us(struct bench *bench, uint32_t permille)
{
        qsort(bench->samples, bench->sample_count, sizeof(bench->samples[0]), by_value);
        return bench->samples[(uint64_t)(bench->sample_count - 1) * permille / 1000] / 1000;
}

/* ---- a directory of our own ---- */

static int remove_one(void *context, const char *name)
{
        journal_dir_discard(context, name);
        return 0;
}

static void open_dir(struct bench *bench, struct journal_dir *dir)
{
        struct journal_error error;

        if (journal_dir_open(dir, &journal_io_os, bench->path, JOURNAL_DIR_OWN, &error) < 0)
                give_up(&error);
}

static void clean(struct bench *bench)
{
        struct journal_dir dir;
        struct journal_error error;

        open_dir(bench, &dir);
        if (journal_dir_list(&dir, remove_one, &dir, &error) < 0)
                give_up(&error);
        journal_dir_close(&dir);
}

/* ---- syncs ---- */

enum preparation { ZEROED, RESERVED, GROWING };

static void prepare(const struct journal_file *file, enum preparation preparation, uint64_t size)
{
        static const uint8_t zeros[1 << 20];
        struct journal_error error = { 0 };
        int r = 0;

        if (preparation == RESERVED)
                r = journal_file_allocate(file, size, &error);
        for (uint64_t at = 0; r == 0 && preparation == ZEROED && at < size; at += sizeof(zeros))
                r = journal_file_write(file, zeros, sizeof(zeros), at, &error);
        if (r == 0)
                r = journal_file_sync(file, &error);
        if (r < 0)
                give_up(&error);
}

/* Write and sync pieces of @size one after the other; each is a sample. */
static void measure_syncs(struct bench *bench, enum preparation preparation, size_t size)
{
        uint64_t file_size = bench->is_smoke ? UINT64_C(5) << 20 : UINT64_C(64) << 20;
        uint8_t *bytes = malloc(size);
        struct journal_error error;
        struct journal_file file;
        struct journal_dir dir;

        ACD_ASSERT(bytes != NULL);
        memset(bytes, 0x5a, size);
        bench->sample_count = bench->is_smoke ? 5 : (uint32_t)(file_size / size);
        if (bench->sample_count > 1000)
                bench->sample_count = 1000;

        open_dir(bench, &dir);
        if (journal_file_open(&file, &dir, "syncs", JOURNAL_IO_CREATE, &error) < 0)
                give_up(&error);
        prepare(&file, preparation, file_size);
        for (uint32_t i = 0; i < bench->sample_count; i++) {
                uint64_t began = now_ns();

                if (journal_file_write(&file, bytes, size, (uint64_t)i * size, &error) < 0 ||
                    journal_file_sync(&file, &error) < 0)
                        give_up(&error);
                bench->samples[i] = now_ns() - began;
        }
        journal_file_close(&file);
        journal_dir_close(&dir);
        clean(bench);
        free(bytes);
}

static void print_syncs(struct bench *bench)
{
        static const size_t sizes[] = { 512, 4096, 16384, 65536, 262144, 1048576 };

        printf("write and sync, microseconds p50 / p99\n");
        printf("%10s %17s %17s %17s\n", "bytes", "zeroed", "reserved", "growing");
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
                printf("%10zu", sizes[i]);
                for (int preparation = ZEROED; preparation <= GROWING; preparation++) {
                        measure_syncs(bench, (enum preparation)preparation, sizes[i]);
                        printf(" %8llu /%7llu", (unsigned long long)quantile_us(bench, 500),
                               (unsigned long long)quantile_us(bench, 990));
                }
                printf("\n");
        }
}

/* ---- batches ---- */

struct load {
        uint32_t record_count; /* in a batch */
        uint32_t batch_count;
        uint64_t work_ns; /* of the owner, for each batch */
        enum journal_commit_how how;
};

static void spin(uint64_t ns)
{
        uint64_t end = now_ns() + ns;

        while (now_ns() < end)
                ;
}

static void wait_for_batch(struct journal *journal)
{
        struct pollfd event = { .fd = journal_syncer_event_fd(journal), .events = POLLIN };
        int r;

        do {
                ACD_ASSERT(poll(&event, 1, -1) == 1);
                r = journal_poll(journal);
        } while (r == 0);
        if (r < 0)
                give_up(journal_failure(journal));
}

static void fill_batch(struct journal *journal, uint32_t record_count)
{
        static const uint8_t bytes[BODY_SIZE + PAYLOAD_SIZE] = { 1, 2, 3 };

        for (uint32_t i = 0; i < record_count; i++) {
                enum journal_room room = journal_reserve(journal, BODY_SIZE, PAYLOAD_SIZE);

                ACD_ASSERT(room == JOURNAL_ROOM);
                (void)journal_append(journal, (struct journal_bytes){ bytes, BODY_SIZE },
                                     (struct journal_bytes){ bytes + BODY_SIZE, PAYLOAD_SIZE });
        }
}

static void run_batches(struct journal *journal, const struct load *load)
{
        bool is_flying = false;

        for (uint32_t i = 0; i < load->batch_count; i++) {
                struct journal_stamp stamp = { .now_ns = i };

                fill_batch(journal, load->record_count);
                spin(load->work_ns);
                if (is_flying)
                        wait_for_batch(journal);
                if (journal_commit(journal, &stamp, load->how) < 0)
                        give_up(journal_failure(journal));
                is_flying = load->how == JOURNAL_COMMIT_HANDED;
        }
        if (is_flying)
                wait_for_batch(journal);
}

/* Nanoseconds for the whole load. */
static uint64_t measure_batches(struct bench *bench, const struct load *load)
{
        struct journal_options options = {
                .secret = 1,
                .segment_size = bench->is_smoke ? UINT64_C(4) << 20 : 0,
        };
        void *memory = malloc(journal_size(&options));
        struct journal_error error;
        struct journal *journal;
        uint64_t began;

        ACD_ASSERT(memory != NULL);
        if (journal_open(memory, &options, bench->path, &journal, &error) < 0 ||
            journal_start(journal, 1, 1, &error) < 0)
                give_up(&error);
        /* Spares first, so that zeroing them is not in the figure. */
        while (journal_work(journal) > 0)
                ;
        if (load->how == JOURNAL_COMMIT_HANDED)
                ACD_ASSERT(journal_syncer_start(journal) == 0);

        began = now_ns();
        run_batches(journal, load);
        began = now_ns() - began;
        journal_close(journal);
        free(memory);
        clean(bench);
        return began;
}

static void print_batches(struct bench *bench)
{
        static const uint32_t record_counts[] = { 1, 10, 100, 1000, 5000 };
        static const uint64_t works_us[] = { 0, 200 };

        printf("\nbatches of 124-byte records a second (records a second)\n");
        printf("%10s %8s %26s %26s\n", "records", "work us", "inline", "helper thread");
        for (size_t i = 0; i < 10; i++) {
                struct load load = {
                        .record_count = record_counts[i / 2],
                        .batch_count = record_counts[i / 2] > 1000 ? 100 : 1000,
                        .work_ns = works_us[i % 2] * 1000,
                };

                if (bench->is_smoke)
                        load.batch_count = 3;
                printf("%10u %8llu", load.record_count, (unsigned long long)works_us[i % 2]);
                for (int how = JOURNAL_COMMIT_INLINE; how <= JOURNAL_COMMIT_HANDED; how++) {
                        uint64_t rate;

                        load.how = (enum journal_commit_how)how;
                        rate = (uint64_t)load.batch_count * 1000000000 /
                               measure_batches(bench, &load);
                        printf(" %11llu (%12llu)", (unsigned long long)rate,
                               (unsigned long long)(rate * load.record_count));
                }
                printf("\n");
        }
}

int main(int argc, char **argv)
{
        static struct bench bench;
        const char *parent = ".";

        for (int i = 1; i < argc; i++) {
                if (strcmp(argv[i], "--smoke") == 0) {
                        bench.is_smoke = true;
                } else if (strcmp(argv[i], "--dir") == 0 && i + 1 < argc) {
                        parent = argv[++i];
                } else {
                        fprintf(stderr, "usage: journal [--dir DIR] [--smoke]\n");
                        return 2;
                }
        }

        (void)snprintf(bench.path, sizeof(bench.path), "%s/bench-journal-%d", parent,
                       (int)getpid());
        clean(&bench);
        print_syncs(&bench);
        print_batches(&bench);
        return rmdir(bench.path) == 0 ? 0 : 1;
}
