/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Snapshots.
 *
 * A copy of the process (fork) writes while the shard goes on: the memory of
 * the copy is the state at one moment, for the price of the page tables. It is
 * begun at a moment when everything decided is durable, because a snapshot
 * that is ahead of the journal would make up commands after a crash.
 *
 * In the copy: events up to the position are synced first, then the stream is
 * written, then the file gets its name. So a snapshot that can be seen has its
 * events on disk.
 */

#include "daemon/snapshotter.h"

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "daemon/shard.h"

enum {
        MAGIC = 0x73646361, /* "acds" */
        STREAM_VERSION = 1,
        LIMIT_COUNT = sizeof(struct acd_limits) / sizeof(uint32_t),
        HEAD_SIZE = 12 + 4 * LIMIT_COUNT,
        SLOT_HASH_STATE = 0, /* of the running digest, to go on with */
        NS_PER_S = 1000000000,
};

bool snapshotter_is_due(const struct shard *shard)
{
        const struct snapshotter *snapshotter = &shard->snapshotter;
        struct journal_counts counts;
        uint64_t count;

        if (snapshotter->is_running || shard->run == SHARD_STOPPED)
                return false;
        if (clock_real(&shard->clock) - snapshotter->begun_real <
            options_number(shard->options, OPTION_SNAPSHOT_PAUSE_S) * NS_PER_S)
                return false;
        count = journal_last_lsn(shard->journal) - snapshotter->lsn;
        if (count >= options_number(shard->options, OPTION_SNAPSHOT_COMMANDS))
                return true;
        journal_get_counts(shard->journal, &counts);
        return count > 0 && counts.byte_count - snapshotter->log_size >=
                                    options_number(shard->options, OPTION_SNAPSHOT_SIZE);
}

static void put_head(const struct acd_limits *limits, uint8_t bytes[HEAD_SIZE])
{
        uint32_t numbers[LIMIT_COUNT];

        memcpy(numbers, limits, sizeof(numbers));
        acd_put_u32(bytes, MAGIC);
        acd_put_u32(bytes + 4, STREAM_VERSION);
        acd_put_u32(bytes + 8, LIMIT_COUNT);
        for (uint32_t i = 0; i < LIMIT_COUNT; i++)
                acd_put_u32(bytes + 12 + 4 * (size_t)i, numbers[i]);
}

int snapshotter_read_limits(struct snapshot_reader *reader, struct acd_limits *ret_limits)
{
        uint32_t numbers[LIMIT_COUNT];
        uint8_t bytes[HEAD_SIZE];
        size_t size = 0;

        while (size < HEAD_SIZE) {
                int64_t part = snapshot_read(reader, bytes + size, HEAD_SIZE - size);

                if (part < 0)
                        return (int)part;
                if (part == 0)
                        return -EBADMSG;
                size += (size_t)part;
        }
        if (acd_get_u32(bytes) != MAGIC || acd_get_u32(bytes + 4) != STREAM_VERSION ||
            acd_get_u32(bytes + 8) != LIMIT_COUNT)
                return -EBADMSG;
        for (uint32_t i = 0; i < LIMIT_COUNT; i++)
                numbers[i] = acd_get_u32(bytes + 12 + 4 * (size_t)i);
        memcpy(ret_limits, numbers, sizeof(numbers));
        return 0;
}

static void fill_head(struct shard *shard)
{
        struct snapshotter *snapshotter = &shard->snapshotter;

        snapshotter->head = (struct snapshot_head){
                .lsn = journal_last_lsn(shard->journal),
                .now_ns = clock_now(&shard->clock),
                .wall_ns = (uint64_t)clock_wall(&shard->clock),
                .running_digest = acd_hash64_value(&shard->commit.hash),
                .event_position = shard->commit.event_position,
                .run_id = shard->run_id,
                .epoch = journal_epoch(shard->journal),
                .logic_version = ACD_LOGIC_VERSION,
                .slots = { [SLOT_HASH_STATE] = shard->commit.hash.state },
        };
        snapshotter->dir = *journal_directory(shard->journal);
}

int snapshotter_write_state(const struct acd *acd, struct snapshot_writer *writer)
{
        struct acd_limits limits = acd_usage(acd).limit;
        struct acd_sink sink = { snapshot_write, writer };
        uint8_t head[HEAD_SIZE];
        int r;

        put_head(&limits, head);
        r = snapshot_write(writer, head, sizeof(head));
        return r < 0 ? r : acd_save(acd, &sink);
}

static int write_stream(struct shard *shard, struct journal_error *error)
{
        struct snapshotter *snapshotter = &shard->snapshotter;
        int r;

        r = event_log_sync(shard->event_log, error);
        if (r < 0)
                return r;
        snapshotter->head.digest = acd_digest(shard->acd);
        r = snapshot_begin(&snapshotter->writer, &snapshotter->dir, &snapshotter->head, error);
        if (r < 0)
                return r;
        r = snapshotter_write_state(shard->acd, &snapshotter->writer);
        if (r < 0) {
                snapshot_abandon(&snapshotter->writer);
                return r;
        }
        return snapshot_finish(&snapshotter->writer, error);
}

/* In the copy. */
static int work(void *context)
{
        struct journal_error error = { 0 };

        return write_stream(context, &error);
}

/* Where the policy does not sync each batch, a snapshot must not be ahead of what
 * the disk has of the journal. With "always" this does nothing. */
static int note_begin(struct shard *shard)
{
        struct snapshotter *snapshotter = &shard->snapshotter;
        struct journal_counts counts;
        int r;

        r = journal_sync(shard->journal, clock_now(&shard->clock));
        if (r < 0)
                return r;
        journal_get_counts(shard->journal, &counts);
        snapshotter->log_size = counts.byte_count;
        snapshotter->begun_real = clock_real(&shard->clock);
        fill_head(shard);
        return 0;
}

static void truncate(struct shard *shard)
{
        struct journal_error error = { 0 };

        shard->snapshotter.lsn = shard->snapshotter.head.lsn;
        if (journal_truncate(shard->journal, shard->snapshotter.lsn, &error) < 0) {
                char text[SHARD_ERROR_SIZE];

                (void)journal_error_format(&error, text, sizeof(text));
                log_event(&shard->log, LOG_WARNING, "truncate_failed", "reason=\"%s\"", text);
        }
}

void snapshotter_begin(struct shard *shard)
{
        const struct world_fork *fork = shard->world.fork;
        int64_t stall_ns;

        ACD_ASSERT(!shard->commit.has_content);
        ACD_ASSERT(shard->commit.flying == 0);
        stall_ns = note_begin(shard);
        if (stall_ns == 0)
                stall_ns = fork->begin(fork->self, work, shard);
        if (stall_ns < 0) {
                shard->metrics.snapshots_failed_total++;
                log_event(&shard->log, LOG_ERROR, "snapshot_failed", "errno=%d", (int)-stall_ns);
                return;
        }
        if ((uint64_t)stall_ns > shard->metrics.snapshot_stall_ns_max)
                shard->metrics.snapshot_stall_ns_max = (uint64_t)stall_ns;
        shard->snapshotter.is_running = true;
        log_event(&shard->log, LOG_INFO, "snapshot_begun", "lsn=%llu stall_us=%llu",
                  (unsigned long long)shard->snapshotter.head.lsn,
                  (unsigned long long)stall_ns / 1000);
}

void snapshotter_collect(struct shard *shard)
{
        const struct world_fork *fork = shard->world.fork;
        int error = 0;

        if (!shard->snapshotter.is_running)
                return;
        switch (fork->poll(fork->self, &error)) {
        case WORLD_FORK_NONE:
        case WORLD_FORK_RUNNING:
                return;
        case WORLD_FORK_DONE:
                shard->snapshotter.is_running = false;
                shard->metrics.snapshots_total++;
                truncate(shard);
                log_event(&shard->log, LOG_INFO, "snapshot_done", "lsn=%llu",
                          (unsigned long long)shard->snapshotter.lsn);
                return;
        case WORLD_FORK_FAILED:
                shard->snapshotter.is_running = false;
                shard->metrics.snapshots_failed_total++;
                log_event(&shard->log, LOG_ERROR, "snapshot_failed", "lsn=%llu errno=%d",
                          (unsigned long long)shard->snapshotter.head.lsn, -error);
                return;
        }
}

void snapshotter_cancel(struct shard *shard)
{
        const struct world_fork *fork = shard->world.fork;

        if (shard->snapshotter.is_running)
                fork->cancel(fork->self);
        shard->snapshotter.is_running = false;
}

int snapshotter_take(struct shard *shard, struct journal_error *error)
{
        int r;

        snapshotter_cancel(shard);
        if (journal_last_lsn(shard->journal) == shard->snapshotter.lsn)
                return 0;
        r = note_begin(shard);
        if (r < 0) {
                *error = *journal_failure(shard->journal);
                return r;
        }
        r = write_stream(shard, error);
        if (r < 0)
                return r;
        shard->metrics.snapshots_total++;
        shard->snapshotter.digest = shard->snapshotter.head.digest;
        truncate(shard);
        return 0;
}
