/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches: what was decided together is durable together.
 *
 * The happy path is: step, append to the journal's buffer, stage the events;
 * at the end of the turn seal; when the batch is on disk let go of everything that is
 * tagged with its number, and append its events to the event log. In this order, for
 * somebody waits for the former; what a crash in between leaves out of the log, the
 * replay puts there.
 *
 * It can fail because the disk does. Then nothing is released and the process
 * ends: the core in memory is ahead of what the disk will ever have, and only
 * a replay can tell by how much.
 *
 * Why one time per batch and not per command: `now` is part of what replay must
 * repeat, and a batch lasts as long as a sync. A timer that falls due meanwhile
 * runs in the next one.
 *
 * Why handing over depends on waiting input and on the disk: with nothing else to do, a thread
 * would only add two wake-ups to the wait; and so it does when the disk is quick, unless a turn
 * could not even take all that was there. What a sync takes is only known of those that were
 * waited for, so one of some is, on a slow disk.
 *
 * Why there are two stages, and two buffers in the journal, but one is used as long as nothing is
 * handed over: what was written to a moment ago is still in the cache.
 *
 * The digest runs over every accepted command's kind, reply and number of
 * events, and over the entries of each batch as bytes, names included: a replay
 * that says anything else than the run did is found in the batch where it did.
 */

#include "daemon/commit.h"

#include <string.h>

#include "base/assert.h"
#include "daemon/shard.h"
#include "journal/syncer.h"

static struct stage *filling_stage(struct commit *commit)
{
        return &commit->stage[commit->filling_index];
}

static struct stage *sealed_stage(struct commit *commit)
{
        return &commit->stage[commit->sealed_index];
}

enum commit_room commit_room(struct shard *shard)
{
        struct commit *commit = &shard->commit;
        bool is_busy = commit->flying != 0;

        if (!stage_has_room(filling_stage(commit)))
                return is_busy ? COMMIT_WAIT : COMMIT_FULL;
        if (commit->sure_count > 0)
                return COMMIT_ROOM;

        switch (journal_reserve(shard->journal, ACD_COMMAND_BODY_MAX, ACD_COMMAND_PAYLOAD_MAX)) {
        case JOURNAL_ROOM:
                commit->sure_count = journal_sure_count(shard->journal, ACD_COMMAND_BODY_MAX,
                                                        ACD_COMMAND_PAYLOAD_MAX);
                return COMMIT_ROOM;
        case JOURNAL_ROOM_BATCH_FULL:
                return is_busy ? COMMIT_WAIT : COMMIT_FULL;
        case JOURNAL_ROOM_WAIT:
                return COMMIT_WAIT;
        case JOURNAL_ROOM_DISK_FULL:
                return COMMIT_DISK_FULL;
        }
        acd_panic(__FILE__, __LINE__, __func__, "the journal has room or has not");
}

/* What an accepted command leaves behind, in a run and in its replay alike. */
static void take_outcome(struct shard *shard, const struct acd_command *command,
                         const struct acd_reply *reply)
{
        struct commit *commit = &shard->commit;
        struct stage *stage = filling_stage(commit);

        ACD_ASSERT(commit->unlogged == 0);
        acd_hash64_add_u64(&commit->hash, reply->id);
        acd_hash64_add_u64(&commit->hash, (uint64_t)reply->changed << 32 |
                                                  (uint64_t)commit->effects.count << 16 |
                                                  (uint64_t)command->kind << 8 | reply->state);
        stage_add(stage, shard->acd, &commit->effects);
        shard->metrics.events_total += commit->effects.count;
}

enum acd_result commit_step(struct shard *shard, const struct acd_command *command,
                            struct acd_reply *ret_reply)
{
        struct commit *commit = &shard->commit;
        acd_time now = commit_now(shard);
        uint32_t body_size, payload_size;
        uint8_t *body;
        enum acd_result result;

        result = acd_step(shard->acd, now, command, ret_reply, &commit->effects);
        if (result == ACD_DUPLICATE)
                shard->metrics.duplicates_total++;
        if (result != ACD_OK) {
                commit->effects.count = 0;
                return result;
        }

        commit->now = now;
        commit->has_content = true;
        commit->sure_count -= commit->sure_count > 0;
        body = journal_body(shard->journal);
        acd_command_encode(command, body, &body_size, commit->payload, &payload_size);
        (void)journal_append(shard->journal, (struct journal_bytes){ body, body_size },
                             (struct journal_bytes){ commit->payload, payload_size });
        take_outcome(shard, command, ret_reply);
        shard->metrics.commands_total++;
        return ACD_OK;
}

/* Close the books of the filling batch: digest, position, time, epoch. */
static struct journal_stamp close_batch(struct shard *shard)
{
        struct commit *commit = &shard->commit;
        struct stage *stage = filling_stage(commit);
        struct journal_stamp stamp;

        stage_hash(stage, &commit->hash);
        commit->event_position = stage_end(stage, commit->event_position);
        commit->sealed_index = commit->filling_index;
        commit->sealed_now = commit->now;
        commit->sealed_epoch = (uint32_t)acd_epoch(shard->acd);
        stamp = (struct journal_stamp){
                .now_ns = commit->now,
                .wall_ns = (uint64_t)clock_wall(&shard->clock),
                .digest = acd_hash64_value(&commit->hash),
                .event_position = commit->event_position,
        };
        commit->filling++;
        commit->has_content = false;
        commit->sure_count = 0;
        return stamp;
}

/* Batch @number is on disk: what it led to may be seen. */
static void become_durable(struct shard *shard, uint64_t number)
{
        struct commit *commit = &shard->commit;

        ACD_ASSERT(commit->unlogged == 0);
        commit->durable = number;
        commit->unlogged = number;
        shard->metrics.batches_total++;
}

int commit_log(struct shard *shard)
{
        struct commit *commit = &shard->commit;
        struct stage *stage = sealed_stage(commit);
        uint64_t before = event_log_end(shard->event_log);
        int r;

        if (commit->unlogged == 0)
                return 0;
        r = stage_write(stage, shard->event_log, commit->sealed_epoch, commit->sealed_now);
        if (r < 0)
                return r;
        journal_syncer_nudge(shard->journal, before, event_log_end(shard->event_log));
        for (uint32_t i = 0; i < stage->slot_count; i++)
                tenants_commit(&shard->tenants, stage->slot[i].tenant,
                               stage->slot[i].batch.last_sequence);
        stage_reset(stage);
        commit->unlogged = 0;
        return 0;
}

static void take_sample(struct commit *commit, uint64_t ns)
{
        uint64_t us = ns / 1000;

        commit->sync_us[commit->sync_sample_count++ % COMMIT_SYNC_SAMPLE_COUNT] =
                us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

static uint64_t read_real(const struct shard *shard)
{
        return shard->world.clock->boot_ns(shard->world.clock->self);
}

int commit_collect(struct shard *shard)
{
        struct commit *commit = &shard->commit;
        uint64_t number = commit->flying;
        int r;

        if (number == 0)
                return 0;
        r = journal_poll(shard->journal);
        if (r <= 0)
                return r;

        take_sample(commit, read_real(shard) - commit->flying_since);
        commit->flying = 0;
        become_durable(shard, number);
        r = commit_log(shard);
        return r < 0 ? r : 1;
}

int commit_seal(struct shard *shard, bool is_handed_over)
{
        struct commit *commit = &shard->commit;
        uint64_t began, took;
        int r;

        if (!commit->has_content || commit->flying != 0)
                return 0;

        struct journal_stamp stamp = close_batch(shard);
        uint64_t number = commit->filling - 1;

        began = read_real(shard);
        if (is_handed_over) {
                r = journal_commit(shard->journal, &stamp, JOURNAL_COMMIT_HANDED);
                if (r < 0)
                        return r;
                commit->flying = number;
                commit->flying_since = began;
                commit->filling_index ^= 1;
                shard->metrics.batches_handed_total++;
                return 0;
        }

        r = journal_commit(shard->journal, &stamp, JOURNAL_COMMIT_INLINE);
        if (r < 0)
                return r;
        took = read_real(shard) - began;
        take_sample(commit, took);
        commit->blocking_us = (7 * commit->blocking_us + took / 1000) / 8;
        shard->metrics.syncs_total++;
        shard->metrics.sync_ns_total += took;
        become_durable(shard, number);
        return 0;
}

int commit_through(struct shard *shard)
{
        int r = commit_seal(shard, false);

        return r < 0 ? r : commit_log(shard);
}

bool commit_is_slow(const struct commit *commit)
{
        return commit->blocking_us >= COMMIT_SLOW_US &&
               commit->filling % COMMIT_SLOW_TRY_COUNT != 0;
}

int commit_finish(struct shard *shard)
{
        int r = 0;

        /* Without a thread what was handed over is done here. */
        if (shard->world.has_thread)
                journal_syncer_stop(shard->journal);
        shard->world.has_thread = false;
        while (r >= 0 && shard->commit.flying != 0) {
                r = journal_work(shard->journal);
                if (r >= 0)
                        r = commit_collect(shard);
        }
        if (r < 0)
                return r;
        return commit_through(shard);
}

uint32_t commit_sync_quantile(const struct commit *commit, uint32_t permille)
{
        uint32_t sorted[COMMIT_SYNC_SAMPLE_COUNT];
        uint32_t count = commit->sync_sample_count < COMMIT_SYNC_SAMPLE_COUNT
                                 ? commit->sync_sample_count
                                 : COMMIT_SYNC_SAMPLE_COUNT;

        if (count == 0)
                return 0;
        /* Insertion: 256 numbers, for a status that a person asks for. */
        for (uint32_t i = 0; i < count; i++) {
                uint32_t value = commit->sync_us[i];
                uint32_t at = i;

                for (; at > 0 && sorted[at - 1] > value; at--)
                        sorted[at] = sorted[at - 1];
                sorted[at] = value;
        }
        return sorted[(count - 1) * permille / 1000];
}

void commit_replay_begin(struct shard *shard, acd_time now)
{
        ACD_ASSERT(!shard->commit.has_content);
        shard->commit.has_content = true;
        shard->commit.now = now;
}

enum acd_result commit_replay_step(struct shard *shard, const struct acd_command *command,
                                   struct acd_reply *ret_reply)
{
        struct commit *commit = &shard->commit;
        enum acd_result result =
                acd_step(shard->acd, commit->now, command, ret_reply, &commit->effects);

        if (result == ACD_OK)
                take_outcome(shard, command, ret_reply);
        return result;
}

int commit_replay_end(struct shard *shard, uint64_t *ret_digest, uint64_t *ret_position)
{
        struct journal_stamp stamp = close_batch(shard);
        uint64_t number = shard->commit.filling - 1;
        struct stage *stage = sealed_stage(&shard->commit);
        int r;

        *ret_digest = stamp.digest;
        *ret_position = stamp.event_position;
        r = stage_write(stage, shard->event_log, shard->commit.sealed_epoch, stamp.now_ns);
        if (r < 0)
                return r;
        stage_reset(stage);
        shard->commit.durable = number;
        return 0;
}
