/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the disk allows: one sync, and syncs of all that came meanwhile.
 *
 * Both write over a file of zeros that are on disk, as the journal does.
 *
 * With a rate, contacts come by chance, and nobody reads, decides or answers anything:
 * whatever has come is written and synced together, then what came meanwhile, and so on. A
 * contact waits from its moment to the end of its sync: for the rest of the sync under way, and
 * for its own. Who syncs a batch at a time on this disk, and sleeps meanwhile, is hardly quicker.
 */

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/prng.h"
#include "bench/peers/bound.h"
#include "bench/peers/link.h"

enum {
        FILE_SIZE = 16 << 20,
        BLOCK_SIZE = 512,
        COME_MAX = 16384, /* in one batch; more wait for the next */
};

struct disk {
        int fd;
        off_t at;
        char *bytes; /* FILE_SIZE of them */
};

/* Contacts, each at its moment. */
struct arrivals {
        struct acd_prng prng;
        double gap_ns;
        double next_ns;
        double come_ns[COME_MAX];
        uint32_t come_count;
};

static struct disk open_disk(const char *dir)
{
        struct disk disk = { .bytes = calloc(1, FILE_SIZE) };
        char path[512];

        snprintf(path, sizeof(path), "%s/bound.%d", dir, getpid());
        disk.fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
        link_check(disk.fd >= 0 && disk.bytes != NULL, "%s: %s", path, strerror(errno));
        unlink(path);
        link_check(pwrite(disk.fd, disk.bytes, FILE_SIZE, 0) == FILE_SIZE && fsync(disk.fd) == 0,
                   "write: %s", strerror(errno));
        memset(disk.bytes, 1, FILE_SIZE);
        return disk;
}

static void write_and_sync(struct disk *disk, size_t size)
{
        link_check(size <= FILE_SIZE, "a batch of more than %d bytes", FILE_SIZE);
        if (disk->at + (off_t)size > FILE_SIZE)
                disk->at = 0;
        link_check(pwrite(disk->fd, disk->bytes, size, disk->at) == (ssize_t)size &&
                           fdatasync(disk->fd) == 0,
                   "sync: %s", strerror(errno));
        disk->at += (off_t)size;
}

static double next_gap(struct arrivals *arrivals)
{
        double chance = (double)(acd_prng_next(&arrivals->prng) >> 11) * 0x1p-53;

        return -log(1 - chance) * arrivals->gap_ns;
}

/* All that has come by @now; waits for one if there is none. */
static void take_arrivals(struct arrivals *arrivals, uint64_t now)
{
        arrivals->come_count = 0;
        while ((double)now < arrivals->next_ns)
                now = bound_now_ns();
        while (arrivals->next_ns <= (double)now && arrivals->come_count < COME_MAX) {
                arrivals->come_ns[arrivals->come_count++] = arrivals->next_ns;
                arrivals->next_ns += next_gap(arrivals);
        }
}

static void sync_one(const struct bound_sync *sync, struct disk *disk, struct histogram *histogram)
{
        uint64_t now = bound_now_ns();
        uint64_t end = now + (uint64_t)(sync->seconds * 1e9);

        while (now < end) {
                uint64_t begin = now;

                write_and_sync(disk, sync->size);
                now = bound_now_ns();
                histogram_add(histogram, now - begin, 1);
        }
}

static void sync_all(const struct bound_sync *sync, struct disk *disk, struct histogram *histogram)
{
        static struct arrivals arrivals;
        uint64_t now = bound_now_ns();
        uint64_t end = now + (uint64_t)(sync->seconds * 1e9);

        acd_prng_init(&arrivals.prng, 1);
        arrivals.gap_ns = 1e9 / sync->rate;
        arrivals.next_ns = (double)now;
        while (now < end) {
                size_t size;

                take_arrivals(&arrivals, now);
                size = arrivals.come_count * sync->size + BLOCK_SIZE - 1;
                write_and_sync(disk, size - size % BLOCK_SIZE);
                now = bound_now_ns();
                for (uint32_t i = 0; i < arrivals.come_count; i++)
                        histogram_add(histogram, now - (uint64_t)arrivals.come_ns[i], 1);
        }
}

void bound_measure_sync(const struct bound_sync *sync)
{
        struct histogram *histogram = bound_histogram_new();
        struct disk disk = open_disk(sync->dir);

        if (sync->rate > 0)
                sync_all(sync, &disk, histogram);
        else
                sync_one(sync, &disk, histogram);
        bound_print_times(histogram, sync->size);
        close(disk.fd);
        free(disk.bytes);
        free(histogram);
}
