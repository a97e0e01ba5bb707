/* SPDX-License-Identifier: Apache-2.0 */
/*
 * acdctl status: how the daemon stands, on half a screen.
 *
 * The first line says what somebody who was woken up wants to know; what is not
 * in order (a policy that risks something, a disk that fills, Redis away, a
 * rehearsal clock) has a line of its own, and is absent when all is well.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clients/cli/cli.h"
#include "clients/cli/json.h"
#include "clients/cli/table.h"

static const char *state_name(enum acdclient_daemon_state state)
{
        static const char *const names[] = { "unknown",  "running",  "draining",
                                             "stopping", "disk low", "disk critical" };

        return (size_t)state < sizeof(names) / sizeof(names[0]) ? names[state] : names[0];
}

static const char *sync_name(enum acdclient_sync_policy sync)
{
        static const char *const names[] = { "unknown", "always", "interval", "never" };

        return (size_t)sync < sizeof(names) / sizeof(names[0]) ? names[sync] : names[0];
}

static const char *redis_name(enum acdclient_redis_state state)
{
        static const char *const names[] = { "none", "connected", "connecting", "refused" };

        return (size_t)state < sizeof(names) / sizeof(names[0]) ? names[state] : names[0];
}

static void print_text(const char *title, struct acdclient_text text)
{
        if (text.size > 0)
                (void)printf("%-10s %.*s\n", title, (int)text.size, text.at);
}

static void print_journal(const struct acdclient_journal_status *journal)
{
        char size[TABLE_WORD_SIZE];
        char events[TABLE_WORD_SIZE];
        char free_size[TABLE_WORD_SIZE];
        char recovery[TABLE_WORD_SIZE];

        (void)printf("journal    sync %s, %s and %s of events, %s free\n"
                     "           sync p50 %u us, p99 %u us\n",
                     sync_name(journal->sync), table_bytes(journal->size, size),
                     table_bytes(journal->event_log_size, events),
                     table_bytes(journal->disk_free, free_size), journal->sync_p50_us,
                     journal->sync_p99_us);
        (void)printf("recovery   a start would take %s: %" PRIu64 " commands since the snapshot\n",
                     table_duration(journal->recovery_ms, recovery),
                     journal->lsn - journal->snapshot_lsn);
        (void)printf("events     %" PRIu64 " to %" PRIu64 " are kept\n",
                     journal->event_first_sequence, journal->event_last_sequence);
        print_text("risk", journal->risk);
}

static void print_redis(const struct acdclient_redis_status *redis)
{
        if (redis->state == 0) {
                (void)printf("redis      none; events go to subscriptions\n");
                return;
        }
        (void)printf("redis      %s at %.*s\n", redis_name(redis->state),
                     (int)redis->address.size, redis->address.at);
        (void)printf("           %" PRIu64 " entries published, %" PRIu64 " events behind\n",
                     redis->published, redis->lag_events);
        print_text("", redis->text);
}

static void print_status(const struct cli *cli, const struct acdclient_status_reply *status)
{
        char uptime[TABLE_WORD_SIZE];
        char run[ACDCLIENT_ID_SIZE];

        (void)printf("%.*s %.*s is %s%s%s for %s at %s, epoch %" PRIu64 "\n",
                     (int)status->server.size, status->server.at, (int)status->build.size,
                     status->build.at, cli->has_color ? "\033[1m" : "", state_name(status->state),
                     cli->has_color ? "\033[0m" : "", table_duration(status->uptime_ms, uptime),
                     cli_address(cli), status->epoch);
        (void)printf("now        %u waiting, %u active, %u agents ready\n", status->waiting,
                     status->active, status->agent_ready);
        (void)printf("peers      %u connections, %u sessions of agents, %u gateways\n",
                     status->connection_count, status->session_count, status->gateway_count);
        print_text("data", status->data_dir);
        print_text("io", status->io);
        if (status->has_journal)
                print_journal(&status->journal);
        if (status->has_redis)
                print_redis(&status->redis);
        (void)printf("run        %s, logic %u, %" PRIu64 " units on the agenda\n",
                     acdclient_id_format(status->run_id, run), status->logic_version,
                     status->agenda_units);
        if (status->clock_rate > 1)
                (void)printf("rehearsal  the clock runs %u times as fast as real time\n",
                             status->clock_rate);
}

static void print_limits(const struct cli *cli, const struct acdclient_status_reply *status)
{
        static const struct table_column columns[] = {
                { "LIMIT", false },
                { "USED", true },
                { "OF", true },
                { "SHARE", true },
        };
        struct table table;

        (void)printf("\n");
        table_init(&table, columns, sizeof(columns) / sizeof(columns[0]));
        for (uint32_t i = 0; i < status->limits_count; i++) {
                const struct acdclient_limit_use *use = &status->limits[i];

                table_add_text(&table, use->name);
                table_add_number(&table, use->used);
                table_add_number(&table, use->limit);
                table_add(&table, "%.1f %%",
                          use->limit > 0 ? 100.0 * (double)use->used / (double)use->limit : 0.0);
        }
        table_print(&table, cli->has_color);
        table_fini(&table);
}

static void print_metrics(const struct cli *cli, const struct acdclient_status_reply *status)
{
        static const struct table_column columns[] = { { "METRIC", false }, { "VALUE", true } };
        struct table table;

        (void)printf("\n");
        table_init(&table, columns, sizeof(columns) / sizeof(columns[0]));
        for (uint32_t i = 0; i < status->metrics_count; i++) {
                table_add_text(&table, status->metrics[i].name);
                table_add_number(&table, status->metrics[i].value);
        }
        table_print(&table, cli->has_color);
        table_fini(&table);
}

static json_t *json_of_journal(const struct acdclient_journal_status *journal)
{
        json_t *object = json_object();

        json_set_word(object, "sync", sync_name(journal->sync));
        json_set_text(object, "risk", journal->risk);
        json_set_number(object, "sync_interval_ms", journal->sync_interval_ms);
        json_set_count(object, "lsn", journal->lsn);
        json_set_count(object, "durable_lsn", journal->durable_lsn);
        json_set_count(object, "snapshot_lsn", journal->snapshot_lsn);
        json_set_count(object, "sync_p50_us", journal->sync_p50_us);
        json_set_count(object, "sync_p99_us", journal->sync_p99_us);
        json_set_count(object, "recovery_ms", journal->recovery_ms);
        json_set_count(object, "size", journal->size);
        json_set_count(object, "event_log_size", journal->event_log_size);
        json_set_count(object, "event_first_sequence", journal->event_first_sequence);
        json_set_count(object, "event_last_sequence", journal->event_last_sequence);
        json_set_count(object, "disk_free", journal->disk_free);
        json_set_count(object, "disk_mark_submit", journal->disk_mark_submit);
        json_set_count(object, "disk_mark_work", journal->disk_mark_work);
        return object;
}

static json_t *json_of_redis(const struct acdclient_redis_status *redis)
{
        json_t *object = json_object();

        json_set_word(object, "state", redis_name(redis->state));
        json_set_text(object, "address", redis->address);
        json_set_text(object, "last_id", redis->last_id);
        json_set_count(object, "lag_events", redis->lag_events);
        json_set_count(object, "published", redis->published);
        json_set_text(object, "text", redis->text);
        return object;
}

static void add_lists(json_t *object, const struct acdclient_status_reply *status)
{
        json_t *limits = json_object();
        json_t *metrics = json_object();
        char name[128];

        for (uint32_t i = 0; i < status->limits_count; i++) {
                const struct acdclient_limit_use *use = &status->limits[i];

                (void)snprintf(name, sizeof(name), "%.*s", (int)use->name.size, use->name.at);
                (void)json_object_set_new(limits, name,
                                          json_pack("{s:I, s:I}", "used", (json_int_t)use->used,
                                                    "limit", (json_int_t)use->limit));
        }
        for (uint32_t i = 0; i < status->metrics_count; i++) {
                (void)snprintf(name, sizeof(name), "%.*s", (int)status->metrics[i].name.size,
                               status->metrics[i].name.at);
                json_set_count(metrics, name, status->metrics[i].value);
        }
        if (status->limits_count > 0)
                (void)json_object_set(object, "limits", limits);
        if (status->metrics_count > 0)
                (void)json_object_set(object, "metrics", metrics);
        json_decref(limits);
        json_decref(metrics);
}

static json_t *json_of_status(const struct acdclient_status_reply *status)
{
        json_t *object = json_object();

        json_set_word(object, "state", state_name(status->state));
        json_set_text(object, "server", status->server);
        json_set_text(object, "build", status->build);
        json_set_count(object, "epoch", status->epoch);
        json_set_id(object, "run_id", status->run_id);
        json_set_count(object, "uptime_ms", status->uptime_ms);
        json_set_count(object, "clock_rate", status->clock_rate);
        json_set_count(object, "server_time_ns", status->result.server_time_ns);
        (void)json_object_set_new(object, "wall_offset_ns", json_integer(status->wall_offset_ns));
        json_set_count(object, "logic_version", status->logic_version);
        json_set_text(object, "data_dir", status->data_dir);
        json_set_text(object, "io", status->io);
        json_set_count(object, "connection_count", status->connection_count);
        json_set_count(object, "session_count", status->session_count);
        json_set_count(object, "gateway_count", status->gateway_count);
        json_set_count(object, "waiting", status->waiting);
        json_set_count(object, "active", status->active);
        json_set_count(object, "agent_ready", status->agent_ready);
        json_set_count(object, "agenda_units", status->agenda_units);
        if (status->has_journal)
                (void)json_object_set_new(object, "journal", json_of_journal(&status->journal));
        if (status->has_redis)
                (void)json_object_set_new(object, "redis", json_of_redis(&status->redis));
        add_lists(object, status);
        return object;
}

int command_status(struct cli *cli)
{
        struct acdclient_message request = { .kind = ACDCLIENT_STATUS };
        const struct acdclient_message *answer;
        const struct acdclient_status_reply *status;
        int r = cli_connect(cli);

        if (r != CLI_DONE)
                return r;
        request.status.with_limits = cli_has(cli, "limits");
        request.status.with_metrics = cli_has(cli, "metrics");
        r = cli_call(cli, &request, &answer);
        if (r != CLI_DONE)
                return r;

        status = &answer->status_reply;
        if (cli->is_json) {
                json_print(json_of_status(status));
                return CLI_DONE;
        }
        print_status(cli, status);
        if (cli_has(cli, "limits"))
                print_limits(cli, status);
        if (cli_has(cli, "metrics"))
                print_metrics(cli, status);
        return CLI_DONE;
}
