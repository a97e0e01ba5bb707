/* SPDX-License-Identifier: Apache-2.0 */
/*
 * STATUS.
 *
 * The expected time of a recovery is measured, not promised: commands since the
 * last snapshot at the rate of the last replay, or, before there was one worth
 * measuring, at a rate that is slow for any machine of today; plus what loading
 * the snapshot took.
 */

#include "daemon/status.h"

#include "daemon/redis/publisher.h"
#include "daemon/rows.h"
#include "daemon/shard.h"
#include "daemon/snapshotter.h"
#include "daemon/version.h"

enum {
        NS_PER_MS = 1000000,
        LIMIT_COUNT = sizeof(struct acd_limits) / sizeof(uint32_t),
        REPLAY_NS_DEFAULT = 2000,      /* a command: half a million a second */
        REPLAY_COUNT_TRUSTED = 100000, /* commands that make a rate */
};

static const char *const limit_names[] = {
#define LIMIT(name, preset, minimum, maximum, text) #name,
#include "acd/limits.def"
#undef LIMIT
};

const char *status_sync_risk(uint64_t policy)
{
        static const char *const risks[] = {
                [JOURNAL_SYNC_ALWAYS] = "",
                [JOURNAL_SYNC_INTERVAL] = "what was acknowledged since the last sync is lost if "
                                          "the machine crashes",
                [JOURNAL_SYNC_NEVER] = "what was acknowledged and not yet written by the system "
                                       "is lost if the machine crashes",
        };

        return risks[policy];
}

uint32_t status_recovery_ms(const struct shard *shard)
{
        const struct shard_recovery *last = &shard->recovery;
        uint64_t count = journal_last_lsn(shard->journal) - shard->snapshotter.lsn;
        uint64_t replay_ns = count * REPLAY_NS_DEFAULT;

        if (last->replayed_count >= REPLAY_COUNT_TRUSTED)
                replay_ns = count * (last->replay_ns / last->replayed_count);
        return (uint32_t)((last->load_ns + replay_ns) / NS_PER_MS);
}

static enum wire_daemon_state daemon_state(const struct shard *shard)
{
        if (shard->run == SHARD_STOPPING || shard->run == SHARD_STOPPED)
                return WIRE_DAEMON_STOPPING;
        if (shard->space == JOURNAL_SPACE_CRITICAL)
                return WIRE_DAEMON_DISK_CRITICAL;
        if (shard->run == SHARD_DRAINING)
                return WIRE_DAEMON_DRAINING;
        return shard->space == JOURNAL_SPACE_LOW ? WIRE_DAEMON_DISK_LOW : WIRE_DAEMON_RUNNING;
}

static void fill_journal(const struct request *request, struct wire_journal_status *status)
{
        struct shard *shard = request->shard;
        uint64_t policy = options_number(shard->options, OPTION_SYNC);
        struct journal_counts counts;

        journal_get_counts(shard->journal, &counts);
        *status = (struct wire_journal_status){
                .sync = (enum wire_sync_policy)(policy + WIRE_SYNC_ALWAYS),
                .risk = wire_text(status_sync_risk(policy)),
                .lsn = journal_last_lsn(shard->journal),
                .durable_lsn = journal_committed_lsn(shard->journal),
                .snapshot_lsn = shard->snapshotter.lsn,
                .sync_p50_us = commit_sync_quantile(&shard->commit, 500),
                .sync_p99_us = commit_sync_quantile(&shard->commit, 990),
                .recovery_ms = status_recovery_ms(shard),
                .size = counts.kept_size,
                .event_log_size =
                        event_log_end(shard->event_log) - event_log_first(shard->event_log),
                .disk_free = shard->space_report.free_size,
                .disk_mark_submit = shard->space_report.low_size,
                .disk_mark_work = shard->space_report.critical_size,
        };
        if (policy == JOURNAL_SYNC_INTERVAL)
                status->sync_interval_ms =
                        (uint32_t)options_number(shard->options, OPTION_SYNC_INTERVAL_MS);
        if (request->peer.tenant.value != 0 && rows_tenant_exists(shard, request->peer.tenant)) {
                status->event_first_sequence = tenants_first_sequence(
                        &shard->tenants, request->peer.tenant, shard->event_log);
                status->event_last_sequence =
                        tenants_last_sequence(&shard->tenants, request->peer.tenant);
        }
}

/* Sums over the tenant's queues. */
static void fill_sums(const struct request *request, struct wire_status_reply *status)
{
        const struct acd *acd = request->shard->acd;
        struct acd_queue_view view;
        uint64_t cursor = 0;
        uint64_t id;

        if (request->peer.tenant.value == 0)
                return;
        while ((id = acd_list(acd, ACD_OBJECT_QUEUE, request->peer.tenant, &cursor, UINT32_MAX))) {
                if (!acd_view_queue(acd, (acd_queue_id){ id }, &view))
                        continue;
                status->waiting += view.waiting + view.withheld;
                status->active += view.offered + view.connecting + view.active;
        }
        cursor = 0;
        while ((id = acd_list(acd, ACD_OBJECT_AGENT, request->peer.tenant, &cursor, UINT32_MAX))) {
                struct acd_agent_view agent;

                if (acd_view_agent(acd, (acd_agent_id){ id }, &agent) && agent.idle_since != 0)
                        status->agent_ready++;
        }
}

static void fill_limits(struct shard *shard, struct wire_status_reply *status)
{
        struct acd_usage usage = acd_usage(shard->acd);
        const uint32_t *used = (const uint32_t *)(const void *)&usage.used;
        const uint32_t *limit = (const uint32_t *)(const void *)&usage.limit;
        struct wire_limit_use *rows = acd_arena_alloc_array(
                &shard->row_arena, LIMIT_COUNT, sizeof(*rows), _Alignof(struct wire_limit_use));

        if (rows == NULL)
                return;
        for (uint32_t i = 0; i < LIMIT_COUNT; i++)
                rows[i] = (struct wire_limit_use){ wire_text(limit_names[i]), used[i], limit[i] };
        status->limits_count = LIMIT_COUNT;
        status->limits = rows;
}

static void fill_metrics(struct shard *shard, struct wire_status_reply *status)
{
        struct wire_metric *rows = acd_arena_alloc_array(
                &shard->row_arena, METRIC_COUNT, sizeof(*rows), _Alignof(struct wire_metric));

        if (rows == NULL)
                return;
        shard->metrics.log_lost_total = shard->log.lost_count;
        for (uint32_t i = 0; i < METRIC_COUNT; i++)
                rows[i] = (struct wire_metric){ wire_text(metric_name(i)),
                                                metric_value(&shard->metrics, i) };
        status->metrics_count = METRIC_COUNT;
        status->metrics = rows;
}

void status_answer(const struct request *request)
{
        struct shard *shard = request->shard;
        struct wire_message message = answer_begin(request, WIRE_STATUS_REPLY);
        struct wire_status_reply *status = &message.status_reply;

        *status = (struct wire_status_reply){
                .result = result_ok(request, 0, 0),
                .state = daemon_state(shard),
                .build = wire_text(version_build),
                .server = wire_text(options_text(shard->options, OPTION_SERVER_NAME)),
                .epoch = acd_epoch(shard->acd),
                .run_id = shard->run_id,
                .uptime_ms = (clock_real(&shard->clock) - shard->started_real) / NS_PER_MS,
                .clock_rate = (uint32_t)shard->clock.rate,
                .wall_offset_ns = acd_wall_offset(shard->acd),
                .logic_version = ACD_LOGIC_VERSION,
                .data_dir = wire_text(options_text(shard->options, OPTION_DATA_DIR)),
                .connection_count = conn_count(&shard->conns),
                .session_count = session_count(&shard->sessions),
                .gateway_count = shard->gateways.present_count,
                .agenda_units = acd_agenda_units(shard->acd),
                .digest = shard->snapshotter.digest,
                .io = wire_text(shard->world.io_name),
        };
        status->has_journal = true;
        fill_journal(request, &status->journal);
        status->has_redis = true;
        publisher_status(shard, &status->redis);
        fill_sums(request, status);
        if (request->message->status.with_limits)
                fill_limits(shard, status);
        if (request->message->status.with_metrics)
                fill_metrics(shard, status);
        answer(request, &message);
}
