/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One turn of the daemon.
 *
 *   gather    whatever the sockets have, one read a connection
 *   decide    agenda first, then timers, then what was read: step the core,
 *             record what it accepted, stage its events, tag what it led to
 *   commit    one sync covers the whole batch
 *   release   only now do answers and pushes leave the process, then events
 *   bury      what the end of connections means
 *
 * The order is the durability argument: the outside world sees nothing whose
 * cause is not on disk. The batching is the performance argument: one sync for
 * all, however many. They are the same lines.
 *
 * Why some hundred connections are read before what they said is decided: the system's code
 * and ours do not fit into the processor's cache for instructions together. What is read
 * goes into one buffer for all, so that it stays in the cache for data, and only what could
 * not be decided is copied.
 *
 * What one turn may take is bounded everywhere: 4,096 units of the agenda, 4,096
 * timers' steps, 1,024 frames a connection, one batch.
 */

#include "base/assert.h"
#include "daemon/agent.h"
#include "daemon/redis/inbox.h"
#include "daemon/router.h"
#include "daemon/shard.h"

enum {
        AGENDA_UNIT_MAX = 4096,
        TIMER_STEP_MAX = 4096,
        NS_PER_S = 1000000000,
        WALL_PERIOD_S = 60,
        WALL_DRIFT_NS = 50000000,
};

/* A command of the daemon's own. False: nothing came of it. */
static bool step_own(struct shard *shard, const struct acd_command *command)
{
        struct acd_reply reply;

        if (commit_step(shard, command, &reply) != ACD_OK)
                return false;
        router_route(shard, NULL, 0);
        return true;
}

static void work_agenda(struct shard *shard)
{
        uint64_t budget = AGENDA_UNIT_MAX;
        uint64_t units;

        while ((units = acd_agenda_units(shard->acd)) > 0 && budget > 0 &&
               commit_room(shard) == COMMIT_ROOM) {
                struct acd_command command = {
                        .kind = ACD_COMMAND_WORK,
                        .work = { .unit_max = (uint32_t)budget },
                };
                uint64_t left;

                if (!step_own(shard, &command))
                        return;
                shard->metrics.work_total++;
                left = acd_agenda_units(shard->acd);
                budget -= left < units && units - left <= budget ? units - left : 1;
        }
}

static void run_timers(struct shard *shard)
{
        const struct acd_command command = { .kind = ACD_COMMAND_TIME };

        for (uint32_t i = 0; i < TIMER_STEP_MAX; i++) {
                acd_time due = acd_next_deadline(shard->acd);

                if (due == 0 || due > commit_now(shard) || commit_room(shard) != COMMIT_ROOM)
                        return;
                if (!step_own(shard, &command))
                        return;
                shard->metrics.timers_total++;
        }
}

/* Tell the core when the wall clock was moved. A rehearsal has a wall clock of its own. */
static void tell_wall(struct shard *shard)
{
        struct acd_command command = { .kind = ACD_COMMAND_WALL };
        int64_t drift;

        if (shard->clock.rate != 1 ||
            clock_real(&shard->clock) - shard->wall_told < (uint64_t)WALL_PERIOD_S * NS_PER_S)
                return;
        shard->wall_told = clock_real(&shard->clock);
        command.wall.offset_ns = clock_wall(&shard->clock) - (int64_t)clock_now(&shard->clock);
        drift = command.wall.offset_ns - acd_wall_offset(shard->acd);
        if ((drift > WALL_DRIFT_NS || drift < -WALL_DRIFT_NS) && commit_room(shard) == COMMIT_ROOM)
                (void)step_own(shard, &command);
}

/* Once a second: how full the disk is, and what retention lets go. */
static int keep_house(struct shard *shard)
{
        enum journal_space_level before = shard->space;

        if (clock_real(&shard->clock) - shard->space_asked < NS_PER_S && shard->space_asked != 0)
                return 0;
        shard->space_asked = clock_real(&shard->clock);
        shard->space = journal_space(shard->journal, &shard->space_report);
        if (shard->space != before)
                log_event(&shard->log, shard->space > before ? LOG_ERROR : LOG_WARNING,
                          "disk_level", "level=%s free=%llu",
                          shard->space == JOURNAL_SPACE_PLENTY ? "plenty"
                          : shard->space == JOURNAL_SPACE_LOW  ? "low"
                                                               : "critical",
                          (unsigned long long)shard->space_report.free_size);
        if (event_log_index_step(shard->event_log) < 0)
                log_event(&shard->log, LOG_WARNING, "event_log_index", "reason=\"%s\"",
                          event_log_failure(shard->event_log)->what);
        return event_log_trim(shard->event_log, clock_now(&shard->clock));
}

static void decide(struct shard *shard)
{
        bool is_snapshot_due = snapshotter_is_due(shard);

        work_agenda(shard);
        run_timers(shard);
        conn_bury(shard);
        conn_expire(shard);
        agent_expire(shard);
        tell_wall(shard);
        /* A snapshot wants a moment at which everything is durable. */
        if (is_snapshot_due && shard->commit.flying != 0)
                return;
        conn_read_ready(shard);
}

/* Give the batch to the helper thread? When more is there than a turn may take, yes: the next turn
 * has enough to do. Else, with a quick disk, it would only add two wake-ups to the wait. */
static bool is_handed_over(struct shard *shard)
{
        const struct world_sockets *sockets = shard->world.sockets;
        uint64_t who = options_number(shard->options, OPTION_SYNC_THREAD);

        if (options_number(shard->options, OPTION_SYNC) != JOURNAL_SYNC_ALWAYS ||
            who == COMMIT_THREAD_NEVER || snapshotter_is_due(shard) || shard->is_leaving)
                return false;
        if (who == COMMIT_THREAD_ALWAYS)
                return true;
        return conn_is_more_waiting(&shard->conns) ||
               (commit_is_slow(&shard->commit) && sockets->look(sockets->self));
}

static int commit(struct shard *shard)
{
        int r;

        if (shard->commit.has_content && shard->commit.flying == 0) {
                r = commit_seal(shard, is_handed_over(shard));
                if (r < 0)
                        return r;
        }
        if (journal_sync_due(shard->journal) != 0 &&
            journal_sync_due(shard->journal) <= clock_now(&shard->clock) &&
            !journal_is_busy(shard->journal)) {
                r = journal_sync(shard->journal, clock_now(&shard->clock));
                if (r < 0)
                        return r;
        }
        shard->is_blocked = commit_room(shard) == COMMIT_WAIT ||
                            (shard->commit.flying != 0 && snapshotter_is_due(shard));
        if (shard->is_blocked) {
                shard->metrics.stalls_total++;
                conn_stop_watching(shard);
        }
        return 0;
}

static void take_snapshot(struct shard *shard)
{
        snapshotter_collect(shard);
        if (!shard->commit.has_content && shard->commit.flying == 0 && !shard->is_leaving &&
            snapshotter_is_due(shard))
                snapshotter_begin(shard);
}

int shard_turn(struct shard *shard)
{
        int r;

        shard->metrics.turns_total++;
        clock_turn(&shard->clock);
        r = commit_collect(shard);
        if (r < 0)
                return r;
        if (shard->inbox != NULL)
                (void)inner_tell(&shard->inner);
        if (shard->is_leaving)
                conn_expire(shard);
        else
                decide(shard);
        r = commit(shard);
        if (r < 0)
                return r;
        conn_write_unsent(shard);
        r = commit_log(shard);
        if (r < 0)
                return r;
        shard->is_serving_more = subscribe_serve(shard);
        shard->is_serving_more |= publisher_turn(shard);
        if (shard->inbox != NULL)
                inbox_turn(shard->inbox);
        if (!acd_list_is_empty(&shard->subscriptions.open))
                conn_write_unsent(shard);
        take_snapshot(shard);
        r = keep_house(shard);
        if (r < 0)
                return r;
        log_flush(&shard->log);
        return shard_run_on(shard);
}

/* The earlier of two moments, zero meaning never. */
static uint64_t earlier(uint64_t a, uint64_t b)
{
        if (a == 0 || b == 0)
                return a == 0 ? b : a;
        return a < b ? a : b;
}

uint64_t shard_wait_ns(struct shard *shard)
{
        uint64_t now = clock_real(&shard->clock);
        uint64_t next = shard->space_asked + NS_PER_S;
        acd_time due = acd_next_deadline(shard->acd);

        if (shard->run == SHARD_STOPPED || shard->is_serving_more ||
            (shard->is_leaving && shard->conns.state[CONN_CLOSING].count == 0))
                return 0;
        if (!shard->is_blocked && !shard->is_leaving &&
            (acd_agenda_units(shard->acd) > 0 || conn_is_more_waiting(&shard->conns)))
                return 0;
        if (!shard->is_leaving && !acd_list_is_empty(&shard->conns.state[CONN_DYING]) &&
            commit_room(shard) == COMMIT_ROOM)
                return 0;
        if (due != 0 && !shard->is_blocked)
                next = earlier(next, now + clock_real_until(&shard->clock, due));
        if (journal_sync_due(shard->journal) != 0)
                next = earlier(next, now + clock_real_until(&shard->clock,
                                                            journal_sync_due(shard->journal)));
        next = earlier(next, conn_next_expiry(&shard->conns));
        next = earlier(next, agent_next_expiry(shard));
        next = earlier(next, publisher_next_ns(shard));
        if (shard->inbox != NULL) {
                if (inner_is_ready(&shard->inner))
                        return 0;
                next = earlier(next, inbox_next_ns(shard->inbox));
        }
        next = earlier(next, shard->stop_deadline);
        return next <= now ? 0 : next - now;
}
