/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a run ends.
 *
 *      RUNNING <----> DRAINING            (operator: no new contacts, until resumed)
 *         |              |
 *         '---- stop ----'
 *                |
 *            STOPPING    drains until nothing is open, or the drain time is over,
 *                |       or at once
 *             leaving    everything to disk, peers told, last words written
 *                |
 *            STOPPED     a snapshot, a clean mark
 *
 * Peers that are told STOPPING are not told to the core as lost: the next run's
 * START says what must be said about all of them.
 */

#include "base/assert.h"
#include "daemon/shard.h"

enum { NS_PER_MS = 1000000, LEAVE_MS = 1000 };

void shard_drain(struct shard *shard, bool is_resume)
{
        ACD_ASSERT(shard->run == SHARD_RUNNING || shard->run == SHARD_DRAINING);
        shard->run = is_resume ? SHARD_RUNNING : SHARD_DRAINING;
        log_event(&shard->log, LOG_INFO, is_resume ? "resumed" : "draining", "open_contacts=%u",
                  acd_usage(shard->acd).used.contact_count_max);
}

void shard_stop(struct shard *shard, bool is_fast)
{
        if (shard->run == SHARD_STOPPED || shard->is_leaving)
                return;
        if (shard->run != SHARD_STOPPING) {
                shard->stop_deadline =
                        clock_real(&shard->clock) +
                        options_number(shard->options, OPTION_DRAIN_TIMEOUT_MS) * NS_PER_MS;
                log_event(&shard->log, LOG_INFO, "stopping", "open_contacts=%u fast=%d",
                          acd_usage(shard->acd).used.contact_count_max, is_fast);
        }
        shard->run = SHARD_STOPPING;
        shard->is_stop_fast |= is_fast;
}

/* Everything to disk, everybody told. */
static int begin_to_leave(struct shard *shard)
{
        int r = commit_finish(shard);

        if (r < 0)
                return r;
        shard->is_leaving = true;
        shard->world.sockets->listen(shard->world.sockets->self, false);
        shard->stop_deadline = clock_real(&shard->clock) + (uint64_t)LEAVE_MS * NS_PER_MS;
        for (uint32_t i = 0; i < shard->conns.count_max; i++)
                conn_close(shard, &shard->conns.conn[i], ACD_STOPPING, "the daemon is going down",
                           "");
        conn_write_unsent(shard);
        return 0;
}

static int leave(struct shard *shard)
{
        struct journal_error error = { 0 };
        char text[SHARD_ERROR_SIZE];
        int r;

        for (uint32_t i = 0; i < shard->conns.count_max; i++)
                conn_die(shard, &shard->conns.conn[i]);
        r = snapshotter_take(shard, &error);
        if (r < 0) {
                /* The journal has everything: only the next start takes longer. */
                (void)journal_error_format(&error, text, sizeof(text));
                log_event(&shard->log, LOG_ERROR, "snapshot_failed", "reason=\"%s\"", text);
        }
        r = journal_stop(shard->journal);
        if (r < 0)
                return r;
        shard->run = SHARD_STOPPED;
        log_event(&shard->log, LOG_INFO, "stopped", "lsn=%llu snapshot_lsn=%llu",
                  (unsigned long long)journal_last_lsn(shard->journal),
                  (unsigned long long)shard->snapshotter.lsn);
        return 0;
}

int shard_run_on(struct shard *shard)
{
        bool is_time_over = clock_real(&shard->clock) >= shard->stop_deadline;

        if (shard->run != SHARD_STOPPING)
                return 0;
        if (shard->is_leaving) {
                bool is_quiet = shard->conns.state[CONN_CLOSING].count == 0;

                return is_quiet || is_time_over ? leave(shard) : 0;
        }
        if (shard->is_stop_fast || is_time_over ||
            acd_usage(shard->acd).used.contact_count_max == 0)
                return begin_to_leave(shard);
        return 0;
}
