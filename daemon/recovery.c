/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recovery.
 *
 * The happy path is: snapshot, cut, replay, equal digests.
 *
 * It can fail because a snapshot is damaged (an older one is taken and more is
 * replayed), because the event log does not reach the snapshot (it begins anew
 * there; readers are told resync), because the journal is damaged (refused,
 * with the offset), or because this build decides otherwise than the one that
 * wrote (refused, with batch and both digests). Nothing is skipped, ever: what
 * cannot be replayed may have been acknowledged.
 *
 * Limits may have been raised by a run that this process was not told about, so
 * memory is sized by the larger of settings and directory; a larger START met
 * while replaying begins everything anew with more.
 */

#include "daemon/recovery.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "daemon/snapshotter.h"
#include "journal/replay.h"

enum { SLOT_HASH_STATE = 0 };

static int fail(struct recovery *recovery, int code, const struct journal_error *error)
{
        (void)journal_error_format(error, recovery->error->text, sizeof(recovery->error->text));
        return code;
}

/* Each limit the larger of both; whether @b had a larger one. */
static bool raise_limits(struct acd_limits *a, const struct acd_limits *b)
{
        bool is_raised = false;

#define LIMIT(name, preset, minimum, maximum, text) \
        if (a->name < b->name) { \
                a->name = b->name; \
                is_raised = true; \
        }
#include "acd/limits.def"
#undef LIMIT
        return is_raised;
}

static void on_damaged(void *context, const struct journal_error *error)
{
        struct recovery *recovery = context;
        char text[SHARD_ERROR_SIZE];

        (void)journal_error_format(error, text, sizeof(text));
        log_event(&recovery->shard->log, LOG_WARNING, "snapshot_damaged", "reason=\"%s\"", text);
}

/* The newest whole snapshot with lsn at most @lsn_max. */
static int open_snapshot(struct recovery *recovery, uint64_t lsn_max)
{
        struct journal_error error = { 0 };
        struct acd_limits stored;
        int r;

        recovery->has_snapshot = false;
        r = snapshot_open(&recovery->snapshot, journal_directory(recovery->shard->journal), lsn_max,
                          on_damaged, recovery, &error);
        if (r == -ENOENT || r == -EBADMSG)
                return 0; /* from the beginning then, if the journal reaches back */
        if (r < 0)
                return fail(recovery, r, &error);

        recovery->has_snapshot = true;
        if (snapshotter_read_limits(&recovery->snapshot, &stored) < 0) {
                uint64_t lsn = recovery->snapshot.head.lsn;

                log_event(&recovery->shard->log, LOG_WARNING, "snapshot_unusable",
                          "lsn=%llu reason=\"its stream is not of this version\"",
                          (unsigned long long)lsn);
                snapshot_close(&recovery->snapshot);
                return lsn == 0 ? 0 : open_snapshot(recovery, lsn - 1);
        }
        (void)raise_limits(&recovery->limits, &stored);
        return 0;
}

int recovery_open(struct recovery *recovery)
{
        return open_snapshot(recovery, UINT64_MAX);
}

void recovery_close(struct recovery *recovery)
{
        if (recovery->has_snapshot)
                snapshot_close(&recovery->snapshot);
        recovery->has_snapshot = false;
}

/* All or nothing, as acd_load() wants it. */
static int read_all(void *self, void *bytes, size_t size)
{
        uint8_t *into = bytes;

        while (size > 0) {
                int64_t part = snapshot_read(self, into, size);

                if (part < 0)
                        return (int)part;
                if (part == 0)
                        return -EBADMSG;
                into += part;
                size -= (size_t)part;
        }
        return 0;
}

/* The event log goes on at @position. */
static int cut_event_log(struct recovery *recovery, uint64_t position)
{
        struct shard *shard = recovery->shard;
        struct journal_error error = { 0 };
        int r = event_log_cut(shard->event_log, position, &error);

        if (r == -ENODATA || r == -EBADMSG) {
                log_event(&shard->log, LOG_WARNING, "event_log_restarted",
                          "position=%llu reason=\"%s\"", (unsigned long long)position, error.what);
                r = event_log_restart(shard->event_log, position, &error);
        }
        return r < 0 ? fail(recovery, r, &error) : 0;
}

static int load(struct recovery *recovery)
{
        struct shard *shard = recovery->shard;
        const struct snapshot_head *head = &recovery->snapshot.head;
        struct acd_source source = { read_all, &recovery->snapshot };

        if (acd_load(shard->acd, &source) < 0 || acd_digest(shard->acd) != head->digest) {
                (void)snprintf(recovery->error->text, sizeof(recovery->error->text),
                               "the snapshot of record %llu was written by another version of the "
                               "rules, or "
                               "its content is damaged; start the build that wrote it, or move "
                               "the file away to replay from an older one",
                               (unsigned long long)head->lsn);
                return -EBADMSG;
        }
        shard->commit.event_position = head->event_position;
        acd_hash64_init(&shard->commit.hash, head->slots[SLOT_HASH_STATE]);
        shard->snapshotter.lsn = head->lsn;
        shard->recovery.snapshot_lsn = head->lsn;
        recovery->from_lsn = head->lsn + 1;
        recovery->last_now = head->now_ns;
        recovery->last_wall_ns = head->wall_ns;
        return 0;
}

/* ---- replay ---- */

static int say(struct recovery *recovery, const struct journal_record *record,
               const struct journal_batch *batch, const char *what)
{
        (void)snprintf(recovery->error->text, sizeof(recovery->error->text),
                       "the replay stopped at record %llu of the batch %llu to %llu: %s; start "
                       "the build that wrote it, or run acdd --salvage DIR",
                       (unsigned long long)record->lsn, (unsigned long long)batch->first_lsn,
                       (unsigned long long)(batch->first_lsn + batch->record_count - 1), what);
        return -EBADMSG;
}

static int replay_record(struct recovery *recovery, const struct journal_record *record,
                         const struct journal_batch *batch)
{
        struct shard *shard = recovery->shard;
        struct acd_bytes body = { record->body, record->body_size };
        struct acd_bytes payload = { record->payload, record->payload_size };
        struct acd_command command;
        struct acd_reply reply;

        if (!acd_command_decode(body, payload, shard->resume_ids, &command))
                return say(recovery, record, batch, "not a command of this logic version");
        if (command.kind == ACD_COMMAND_START) {
                recovery->needed = recovery->limits;
                if (raise_limits(&recovery->needed, &command.start.limits)) {
                        recovery->is_more_needed = true;
                        return -E2BIG;
                }
        }
        if (commit_replay_step(shard, &command, &reply) != ACD_OK)
                return say(recovery, record, batch, wire_result_text(reply.result));
        shard->recovery.replayed_count++;
        return 0;
}

static int on_batch(void *self, const struct journal_batch *batch)
{
        struct recovery *recovery = self;
        struct journal_record_cursor cursor = journal_record_first(batch);
        struct journal_record record;
        uint64_t digest;
        uint64_t position;
        int r;

        commit_replay_begin(recovery->shard, batch->now_ns);
        while (journal_record_next(&cursor, &record)) {
                r = replay_record(recovery, &record, batch);
                if (r < 0)
                        return r;
        }
        r = commit_replay_end(recovery->shard, &digest, &position);
        if (r < 0)
                return fail(recovery, r, event_log_failure(recovery->shard->event_log));
        if (digest != batch->digest || position != batch->event_position) {
                (void)snprintf(recovery->error->text, sizeof(recovery->error->text),
                               "the replay of the batch of records %llu to %llu gave digest "
                               "%016llx and position %llu, the journal has %016llx and %llu: "
                               "this build decides otherwise than the one that wrote it; start "
                               "that build, or run acdd --salvage DIR",
                               (unsigned long long)batch->first_lsn,
                               (unsigned long long)(batch->first_lsn + batch->record_count - 1),
                               (unsigned long long)digest, (unsigned long long)position,
                               (unsigned long long)batch->digest,
                               (unsigned long long)batch->event_position);
                return -EBADMSG;
        }
        recovery->last_now = batch->now_ns;
        recovery->last_wall_ns = batch->wall_ns;
        return 0;
}

static int replay(struct recovery *recovery)
{
        struct shard *shard = recovery->shard;
        struct journal_replay_sink sink = { on_batch, recovery };
        struct journal_error error = { 0 };
        int r;

        r = journal_replay(shard->journal, shard->reader_memory, recovery->from_lsn, &sink, &error);
        if (r < 0 && recovery->error->text[0] == '\0' && !recovery->is_more_needed)
                return fail(recovery, r, &error);
        return r;
}

int recovery_run(struct recovery *recovery)
{
        struct shard *shard = recovery->shard;
        const struct world_clock *clock = shard->world.clock;
        uint64_t began = clock->boot_ns(clock->self);
        uint64_t loaded;
        int r;

        recovery->from_lsn = 1;
        if (recovery->has_snapshot) {
                r = load(recovery);
                if (r < 0)
                        return r;
        }
        r = cut_event_log(recovery, shard->commit.event_position);
        if (r < 0)
                return r;
        loaded = clock->boot_ns(clock->self);
        r = replay(recovery);
        if (r < 0)
                return r;

        shard->recovery.load_ns = loaded - began;
        shard->recovery.replay_ns = clock->boot_ns(clock->self) - loaded;
        tenants_recover(&shard->tenants, shard->acd);
        return 0;
}
