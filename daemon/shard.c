/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A shard: its memory, its beginning, its end.
 *
 * Beginning is a chain of steps that each need the one before: the directory,
 * the event log, the snapshot's limits, the memory, the core, the replay, the
 * new run. The single label at the end closes whatever was reached.
 *
 * All memory is reserved here, in three pieces: the journal's and the event log's,
 * which must be open before the limits are known, and one for the rest.
 */

#include "daemon/shard.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "daemon/agent.h"
#include "daemon/recovery.h"
#include "daemon/redis/inbox.h"
#include "daemon/router.h"
#include "daemon/status.h"
#include "daemon/version.h"
#include "journal/syncer.h"

enum {
        SLOT_CLOCK_RATE = 0, /* of META */
        NS_PER_S = 1000000000,
        NS_PER_MS = 1000000,
        HISTORY_AGE_S_MAX = 1 << 24, /* a sixteenth of the generations */
};

static const char nothing_to_continue[] =
        "holds no run that could be continued; is it the directory that was restored? An empty one "
        "is started without this word";

/* ---- memory ---- */

/* A core of @limits and everything around it, empty. */
static int make_memory(struct shard *shard, const struct acd_limits *limits,
                       struct shard_error *error)
{
        const struct world_system *system = shard->world.system;
        struct carve block = { 0 };

        if (acd_size(limits) == 0) {
                (void)snprintf(error->text, sizeof(error->text),
                               "a limit is out of its range; see acdd --help");
                return -EINVAL;
        }
        shard_carve(shard, &block, shard->options, limits);
        shard->block_size = block.used_size;
        shard->block = system->reserve(system->self, shard->block_size);
        if (shard->block == NULL) {
                (void)snprintf(error->text, sizeof(error->text),
                               "the system refuses %zu MiB of memory; lower the limits (acdd "
                               "--memory shows what takes how much)",
                               shard->block_size >> 20);
                return -ENOMEM;
        }
        block = (struct carve){ .block = shard->block, .size = shard->block_size };
        memset(&shard->commit, 0, sizeof(shard->commit));
        shard->commit.filling = 1;
        shard_carve(shard, &block, shard->options, limits);
        return 0;
}

static void drop_memory(struct shard *shard)
{
        const struct world_system *system = shard->world.system;

        if (shard->block != NULL)
                system->release(system->self, shard->block, shard->block_size);
        shard->block = NULL;
        shard->acd = NULL;
}

/* ---- the directory ---- */

static int fail(struct shard_error *ret_error, int code, const struct journal_error *error)
{
        (void)journal_error_format(error, ret_error->text, sizeof(ret_error->text));
        return code;
}

static struct journal_options journal_options_of(const struct shard *shard)
{
        const struct options *options = shard->options;
        const struct world_system *system = shard->world.system;

        return (struct journal_options){
                .io = shard->world.disk,
                .mode = JOURNAL_OWN,
                .must_exist = options->is_new_history,
                .sync_policy = (enum journal_sync_policy)options_number(options, OPTION_SYNC),
                .sync_interval_ns = options_number(options, OPTION_SYNC_INTERVAL_MS) * NS_PER_MS *
                                    shard->clock.rate,
                .segment_size = options_number(options, OPTION_SEGMENT_SIZE),
                .snapshot_room_size = options_number(options, OPTION_SNAPSHOT_ROOM_SIZE),
                .marks = { .low_size = options_number(options, OPTION_DISK_LOW_SIZE),
                           .critical_size = options_number(options, OPTION_DISK_CRITICAL_SIZE) },
                .made_wall_ns = (uint64_t)clock_wall(&shard->clock),
                .secret = system->random(system->self),
                .slots = { [SLOT_CLOCK_RATE] = options_number(options, OPTION_CLOCK_RATE) },
        };
}

static int refuse_new_history(struct shard *shard, const char *why, struct shard_error *ret_error)
{
        (void)snprintf(ret_error->text, sizeof(ret_error->text), "--new-history: %s %s",
                       options_text(shard->options, OPTION_DATA_DIR), why);
        return -EINVAL;
}

static int open_journal(struct shard *shard, struct shard_error *ret_error)
{
        const struct world_system *system = shard->world.system;
        struct journal_options options = journal_options_of(shard);
        struct journal_error error = { 0 };
        int r;

        shard->journal_block_size = journal_size(&options);
        shard->journal_block = system->reserve(system->self, shard->journal_block_size);
        if (shard->journal_block == NULL)
                return -ENOMEM;
        r = journal_open(shard->journal_block, &options,
                         options_text(shard->options, OPTION_DATA_DIR), &shard->journal, &error);
        if (r == -ENOENT && options.must_exist)
                return refuse_new_history(shard, nothing_to_continue, ret_error);
        return r < 0 ? fail(ret_error, r, &error) : 0;
}

static int open_event_log(struct shard *shard, struct shard_error *ret_error)
{
        const struct world_system *system = shard->world.system;
        struct journal_error error = { 0 };
        struct event_log_options options = {
                .retention_size = options_number(shard->options, OPTION_EVENT_RETENTION_SIZE),
                .retention_age_ns =
                        options_number(shard->options, OPTION_EVENT_RETENTION_S) * NS_PER_S,
        };
        int r;

        if (options.retention_size < (uint64_t)8 * (64 << 20))
                options.segment_size = options.retention_size / 8;
        shard->event_block_size = event_log_size(&options);
        shard->event_block = system->reserve(system->self, shard->event_block_size);
        if (shard->event_block == NULL)
                return -ENOMEM;
        r = event_log_open(shard->event_block, &options, journal_directory(shard->journal),
                           &shard->event_log, &error);
        return r < 0 ? fail(ret_error, r, &error) : 0;
}

static void close_event_log(struct shard *shard)
{
        const struct world_system *system = shard->world.system;

        if (shard->event_log != NULL)
                event_log_close(shard->event_log);
        if (shard->event_block != NULL)
                system->release(system->self, shard->event_block, shard->event_block_size);
        shard->event_log = NULL;
        shard->event_block = NULL;
}

/* The rate of a directory is for life. */
static int check_rate(struct shard *shard, struct shard_error *error, uint64_t *ret_rate)
{
        uint64_t asked = options_number(shard->options, OPTION_CLOCK_RATE);
        uint64_t kept = journal_meta(shard->journal)->slots[SLOT_CLOCK_RATE];

        *ret_rate = kept == 0 ? 1 : kept;
        if (*ret_rate == asked || shard->options->value[OPTION_CLOCK_RATE].source == 0)
                return 0;
        (void)snprintf(error->text, sizeof(error->text),
                       "the clock of %s runs at rate %llu since it was made; start without "
                       "--clock-rate, or use a new directory",
                       options_text(shard->options, OPTION_DATA_DIR),
                       (unsigned long long)*ret_rate);
        return -EINVAL;
}

/* ---- recovery and the new run ---- */

/*
 * By how much the epoch of a new history rises. The lost runs may have begun one themselves, of
 * the same copy, when it was restored for the first time: so what is added to the step is the
 * time since the copy was made, and the later one is above. Not more than half a year of it, or
 * an old copy would use up the generations of ids.
 */
static uint32_t rise_of_history(const struct shard *shard, const struct recovery *recovery)
{
        int64_t passed_ns = clock_wall(&shard->clock) - (int64_t)recovery->last_wall_ns;
        int64_t passed_s = passed_ns > 0 ? passed_ns / NS_PER_S : 0;

        if (recovery->last_wall_ns == 0)
                passed_s = 0;
        return ACD_HISTORY_STEP +
               (uint32_t)(passed_s < HISTORY_AGE_S_MAX ? passed_s : HISTORY_AGE_S_MAX);
}

/* By how much the epoch rises. What the core would refuse is refused before it is taken. */
static int plan_epoch(struct shard *shard, struct recovery *recovery, struct shard_error *error)
{
        uint64_t rise = rise_of_history(shard, recovery);

        recovery->epoch_rise = 1;
        if (!shard->options->is_new_history)
                return 0;
        if (acd_epoch(shard->acd) == 0)
                return refuse_new_history(shard, nothing_to_continue, error);
        recovery->epoch_rise = (uint32_t)rise;
        /* Epochs of runs that ended before their START count as well. */
        rise += journal_meta(shard->journal)->epoch + 1 - acd_epoch(shard->acd);
        if (!acd_can_begin_history(shard->acd, rise))
                return refuse_new_history(
                        shard,
                        "has had so many new histories, or contacts, that no ids are left for "
                        "another; take an empty directory and apply the configuration to it",
                        error);
        return 0;
}

static int recover(struct shard *shard, struct recovery *recovery)
{
        int r;

        recovery->shard = shard;
        recovery->limits = options_limits(shard->options);
        for (;;) {
                recovery->is_more_needed = false;
                r = open_event_log(shard, recovery->error);
                if (r >= 0)
                        r = recovery_open(recovery);
                if (r >= 0)
                        r = make_memory(shard, &recovery->limits, recovery->error);
                if (r >= 0)
                        r = recovery_run(recovery);
                recovery_close(recovery);
                if (!recovery->is_more_needed)
                        return r;
                drop_memory(shard);
                close_event_log(shard);
                recovery->limits = recovery->needed;
        }
}

/* Step one of the run's first commands; they cannot be refused but by a bug or a limit. */
static int step_first(struct shard *shard, const struct acd_command *command,
                      struct shard_error *error)
{
        struct acd_reply reply;
        enum acd_result result;

        if (commit_room(shard) != COMMIT_ROOM) {
                (void)snprintf(error->text, sizeof(error->text),
                               "no room on the disk for the first command; free space on the "
                               "volume, then start again");
                return -ENOSPC;
        }
        result = commit_step(shard, command, &reply);
        if (result == ACD_OK || result == ACD_DUPLICATE) {
                router_route(shard, NULL, 0);
                return 0;
        }
        (void)snprintf(error->text, sizeof(error->text),
                       "the run cannot begin: %s (%s); salvage the directory or start the build "
                       "that wrote it",
                       wire_result_text(result), wire_field_name(reply.field));
        return -EINVAL;
}

static int begin_run(struct shard *shard, const struct recovery *recovery,
                     struct shard_error *ret_error)
{
        const struct world_system *system = shard->world.system;
        const struct journal_meta *meta = journal_meta(shard->journal);
        struct journal_error error = { 0 };
        struct acd_command start = { .kind = ACD_COMMAND_START };
        struct acd_command wall = { .kind = ACD_COMMAND_WALL };
        int r;

        shard->run_id = system->random(system->self) | 1;
        r = journal_start(shard->journal, shard->run_id, recovery->epoch_rise, &error);
        if (r < 0)
                return fail(ret_error, r, &error);
        start.start = (struct acd_start){
                .epoch = journal_epoch(shard->journal),
                .run_id = shard->run_id,
                .seed = { system->random(system->self), system->random(system->self) },
                .downtime_ns = shard->recovery.downtime_ns,
                .limits = recovery->limits,
                .logic_version = ACD_LOGIC_VERSION,
        };
        (void)snprintf(start.start.build, sizeof(start.start.build), "%s", version_build);
        r = step_first(shard, &start, ret_error);
        if (r < 0)
                return r;
        clock_turn(&shard->clock); /* both clocks of one moment */
        wall.wall.offset_ns = shard->clock.rate != 1 ? (int64_t)meta->made_wall_ns
                                                     : clock_wall(&shard->clock) -
                                                               (int64_t)clock_now(&shard->clock);
        shard->wall_told = clock_real(&shard->clock);
        r = step_first(shard, &wall, ret_error);
        if (r < 0)
                return r;
        r = commit_through(shard);
        if (r < 0)
                return fail(ret_error, r,
                            journal_failure(shard->journal)->code != 0
                                    ? journal_failure(shard->journal)
                                    : event_log_failure(shard->event_log));
        return 0;
}

/* Core time goes on where it was, later by the time that nobody was here. */
static void set_clock(struct shard *shard, const struct recovery *recovery, uint64_t rate)
{
        uint64_t most = options_number(shard->options, OPTION_DOWNTIME_DAYS_MAX) * 86400 * NS_PER_S;
        acd_time now = recovery->last_now;
        uint64_t passed = 0;

        if (recovery->last_wall_ns != 0)
                passed = clock_downtime((int64_t)recovery->last_wall_ns, clock_wall(&shard->clock),
                                        rate, most);
        if (passed == most && most > 0)
                log_event(&shard->log, LOG_WARNING, "downtime_cut",
                          "days=%llu remedy=\"--downtime-days-max\"",
                          (unsigned long long)most / (86400 * (uint64_t)NS_PER_S));
        shard->recovery.downtime_ns = passed;
        /* Zero means "never", so time begins a little after it. */
        clock_start(&shard->clock, shard->world.clock, rate,
                    now + passed < NS_PER_MS ? NS_PER_MS : now + passed);
}

static void say_started(struct shard *shard)
{
        const struct journal_found *found = journal_found(shard->journal);
        uint64_t policy = options_number(shard->options, OPTION_SYNC);

        if (found->is_torn)
                log_event(&shard->log, LOG_WARNING, "torn_tail_repaired",
                          "file=%s offset=%llu size=%llu", found->torn_name,
                          (unsigned long long)found->torn_offset,
                          (unsigned long long)found->torn_size);
        if (policy != JOURNAL_SYNC_ALWAYS)
                log_event(&shard->log, LOG_WARNING, "sync_policy", "risk=\"%s\"",
                          status_sync_risk(policy));
        if (shard->clock.rate != 1)
                log_event(&shard->log, LOG_WARNING, "rehearsal_clock", "rate=%llu",
                          (unsigned long long)shard->clock.rate);
        if (acd_history_epoch(shard->acd) == acd_epoch(shard->acd))
                log_event(&shard->log, LOG_WARNING, "new_history",
                          "epoch=%u reason=\"%s\" note=\"readers of events are told; start "
                          "without --new-history from now on\"",
                          journal_epoch(shard->journal),
                          shard->options->is_new_history ? "--new-history" : "a higher epoch");
        log_event(&shard->log, LOG_INFO, "started",
                  "build=%s epoch=%u clean=%d snapshot_lsn=%llu replayed=%llu replay_ms=%llu "
                  "load_ms=%llu downtime_s=%llu memory_mib=%zu",
                  version_build, journal_epoch(shard->journal), found->is_clean || found->is_new,
                  (unsigned long long)shard->recovery.snapshot_lsn,
                  (unsigned long long)shard->recovery.replayed_count,
                  (unsigned long long)shard->recovery.replay_ns / NS_PER_MS,
                  (unsigned long long)shard->recovery.load_ns / NS_PER_MS,
                  (unsigned long long)shard->recovery.downtime_ns / NS_PER_S,
                  shard->block_size >> 20);
}

/* The chore of the thread that writes back. */
static bool write_back(void *self)
{
        return event_log_write_back(self);
}

static int open_with(struct shard *shard, struct recovery *recovery)
{
        struct shard_error *error = recovery->error;
        struct journal_chore chore = { write_back, NULL };
        uint64_t rate = 1;
        int r;

        r = open_journal(shard, error);
        if (r >= 0)
                r = check_rate(shard, error, &rate);
        if (r >= 0)
                r = recover(shard, recovery);
        if (r >= 0)
                r = plan_epoch(shard, recovery, error);
        if (r < 0)
                return r;
        set_clock(shard, recovery, rate);
        shard->metrics = (struct metrics){ 0 };
        shard->run = SHARD_RUNNING;
        r = begin_run(shard, recovery, error);
        if (r < 0)
                return r;
        if (!shard->world.has_thread)
                return 0;
        /* Nothing waits behind the event log's bytes where nothing is synced. */
        chore.self = shard->event_log;
        if (options_number(shard->options, OPTION_SYNC) != JOURNAL_SYNC_NEVER)
                journal_syncer_set_chore(shard->journal, &chore);
        return journal_syncer_start(shard->journal);
}

int shard_open(struct shard *shard, const struct shard_world *world, const struct options *options,
               struct shard_error *ret_error)
{
        const struct world_system *system = world->system;
        struct recovery *recovery;
        enum log_level level = (enum log_level)options_number(options, OPTION_LOG_LEVEL);
        int r;

        memset(shard, 0, sizeof(*shard));
        shard->world = *world;
        shard->options = options;
        *ret_error = (struct shard_error){ .text = "" };
        log_init(&shard->log, world->log_fd, level, world->clock);
        clock_start(&shard->clock, world->clock, 1, NS_PER_MS);
        shard->started_real = clock_real(&shard->clock);

        recovery = system->reserve(system->self, sizeof(*recovery));
        if (recovery == NULL)
                return -ENOMEM;
        recovery->error = ret_error;
        r = open_with(shard, recovery);
        system->release(system->self, recovery, sizeof(*recovery));
        if (r < 0) {
                if (ret_error->text[0] == '\0')
                        (void)snprintf(ret_error->text, sizeof(ret_error->text), "%s",
                                       strerror(-r));
                shard_close(shard);
                return r;
        }
        shard->return_deadline =
                clock_real(&shard->clock) + options_number(options, OPTION_LEASE_MS) * NS_PER_MS;
        shard->snapshotter.begun_real = clock_real(&shard->clock);
        say_started(shard);
        return 0;
}

void shard_close(struct shard *shard)
{
        const struct world_system *system = shard->world.system;

        if (shard->block != NULL) {
                for (uint32_t i = 0; i < shard->conns.count_max; i++)
                        conn_die(shard, &shard->conns.conn[i]);
                if (shard->inbox != NULL)
                        inbox_close(shard->inbox);
                publisher_close(shard);
        }
        /* One of its threads has a chore in the event log. */
        if (shard->journal != NULL)
                journal_syncer_stop(shard->journal);
        close_event_log(shard);
        journal_close(shard->journal);
        shard->journal = NULL;
        drop_memory(shard);
        if (shard->journal_block != NULL)
                system->release(system->self, shard->journal_block, shard->journal_block_size);
        shard->journal_block = NULL;
        log_drain(&shard->log);
}

void shard_on_socket(struct shard *shard, uint32_t token, bool is_readable, bool is_writable)
{
        if (token >= SHARD_TOKEN_REDIS + PUBLISHER_TOKEN_INBOX) {
                inbox_on_socket(shard->inbox, token - SHARD_TOKEN_REDIS - PUBLISHER_TOKEN_INBOX,
                                is_readable, is_writable);
                return;
        }
        if (token >= SHARD_TOKEN_REDIS) {
                publisher_on_socket(shard, token - SHARD_TOKEN_REDIS, is_readable, is_writable);
                return;
        }
        conn_on_socket(shard, token, is_readable, is_writable);
}

void shard_on_accept(struct shard *shard, uint32_t listener)
{
        if (!shard->is_leaving && shard->run != SHARD_STOPPED)
                conn_accept(shard, listener);
}
