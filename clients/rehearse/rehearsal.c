/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One rehearsal from beginning to end.
 *
 * The parent does little while the day runs: it reads the events, looks at the
 * screen a few times a second, and waits for the time of the crash. For the
 * crash everybody else is frozen first, so that what is compared is what the
 * daemon did by itself and not what a client did meanwhile. The rehearsal clock
 * stands still while there is no daemon.
 */

#include "clients/rehearse/rehearsal.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clients/rehearse/setup.h"

enum {
        START_MS = 20000,
        SCREEN_MS = 250,
        STREAM_MS = 20000,
        LEAD_REAL_MS = 500,
        CRASH_WAIT_MS = 20 * 60000, /* plan time: by then it is killed, whoever waits */
};

static void say(const struct rehearsal *rehearsal, const char *text)
{
        printf("[%5.1f s] %s\n", (double)(rehearse_real_ns() - rehearsal->begin_ns) / 1e9, text);
        fflush(stdout);
}

static bool is_stopping(const struct rehearsal *rehearsal)
{
        return *rehearsal->is_interrupted != 0;
}

/* The plan begins a moment after now; its first minute is before anybody is there. */
static void set_base(struct rehearsal *rehearsal)
{
        const struct plan *plan = rehearsal->rehearse.plan;
        int64_t first_ms = plan->call[0].arrival_ms;
        uint64_t now_ns = acdclient_server_time_ns(rehearsal->operator_client);
        int64_t lead_ms = (int64_t)LEAD_REAL_MS * rehearsal->crew.rate;

        for (size_t i = 0; i < plan->span_count; i++) {
                if (plan->span[i].from_ms < first_ms)
                        first_ms = plan->span[i].from_ms;
        }
        rehearsal->rehearse.base_ns = (int64_t)now_ns + (lead_ms - first_ms) * 1000000;
}

static bool set_out(struct rehearsal *rehearsal)
{
        struct crew *crew = &rehearsal->crew;
        struct rehearse *rehearse = &rehearsal->rehearse;
        char text[CREW_PATH_MAX + 80];
        size_t size = (rehearse->plan->call_count + 1) * sizeof(*rehearse->call);

        rehearse->rate = crew->rate;
        crew->contact_count_max = 20000;
        rehearse->call =
                mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (rehearse->call == MAP_FAILED || !crew_begin(crew) || !crew_start_redis(crew))
                return false;
        rehearse->address = crew->address;
        if (crew->redis_address[0] != 0) {
                snprintf(text, sizeof(text), "redis-server listens on %s", crew->redis_address);
                say(rehearsal, text);
        } else {
                say(rehearsal, "no Redis: events over the subscription only");
        }
        if (!crew_start_daemon(crew))
                return false;
        snprintf(text, sizeof(text), "acdd keeps its journal in %s/data", crew->directory);
        say(rehearsal, text);
        if (!setup_apply(crew->address, rehearse->plan))
                return false;
        rehearsal->operator_client = setup_operator(crew->address, REHEARSE_TENANT, START_MS);
        if (rehearsal->operator_client == NULL)
                return false;
        set_base(rehearsal);
        if (!crew_start_callers(crew, rehearse))
                return false;
        snprintf(text, sizeof(text), "a gateway and %u desktops, each a process, at %u x real time",
                 crew->desktop_count, crew->rate);
        say(rehearsal, text);
        rehearsal->watch = watch_new(rehearse);
        return rehearsal->watch != NULL;
}

/* Let what is under way arrive: no event and no request moves while all are frozen. */
static bool settle(struct rehearsal *rehearsal, struct photo *photo)
{
        do {
                if (!photo_take(&rehearsal->again, rehearsal->operator_client) ||
                    !photo_take(photo, rehearsal->operator_client))
                        return false;
        } while (photo_differences(&rehearsal->again, photo) != 0);
        return true;
}

/* From the time asked for, the moment is good when somebody waits: an order of nobody is
 * easily kept. */
static bool is_time_for_crash(struct rehearsal *rehearsal)
{
        int64_t now_ms = watch_now_ms(rehearsal->watch);

        if (rehearsal->crash.was_done || now_ms < rehearsal->kill_ms)
                return false;
        if (now_ms - rehearsal->kill_ms >= CRASH_WAIT_MS)
                return true;
        return photo_take(&rehearsal->again, rehearsal->operator_client) &&
               rehearsal->again.waiting_count > 0;
}

static bool crash(struct rehearsal *rehearsal)
{
        struct rehearsal_crash *crash = &rehearsal->crash;
        struct crew *crew = &rehearsal->crew;
        uint64_t begin;
        bool is_good;

        crew_freeze(crew, true);
        is_good = settle(rehearsal, &rehearsal->before);
        acdclient_free(rehearsal->operator_client);
        rehearsal->operator_client = NULL;
        crash->at_ms = watch_now_ms(rehearsal->watch);
        crew_kill_daemon(crew);
        begin = rehearse_real_ns();
        is_good = is_good && crew_start_daemon(crew);
        if (is_good)
                rehearsal->operator_client =
                        setup_operator(crew->address, REHEARSE_TENANT, START_MS);
        crash->recovery_ms = (double)(rehearse_real_ns() - begin) / 1e6;
        is_good = rehearsal->operator_client != NULL && settle(rehearsal, &rehearsal->after);
        crew_freeze(crew, false);
        if (!is_good)
                return false;
        crash->was_done = true;
        crash->waiting_count = rehearsal->before.waiting_count;
        crash->talking_count = rehearsal->before.talking_count;
        crash->differences = photo_differences(&rehearsal->before, &rehearsal->after);
        snprintf(rehearsal->note, sizeof(rehearsal->note),
                 "killed -9 at %02d:%02d, back in %.0f ms: %u waiting, %u talking, %s",
                 (int)(crash->at_ms / 3600000), (int)(crash->at_ms / 60000 % 60),
                 crash->recovery_ms, crash->waiting_count, crash->talking_count,
                 crash->differences == 0 ? "all as before" : "NOT as before");
        if (!rehearsal->screen.is_terminal)
                say(rehearsal, rehearsal->note);
        return true;
}

static void show(struct rehearsal *rehearsal)
{
        const struct driver_result *result = watch_result(rehearsal->watch, false);
        struct screen_facts facts = {
                .now_ms = rehearse_now_ms(&rehearsal->rehearse, watch_client(rehearsal->watch)),
                .event_count = watch_event_count(rehearsal->watch),
                .note = rehearsal->note,
        };

        if (facts.now_ms < 0)
                return;
        for (size_t i = 0; i < result->call_count; i++) {
                facts.answered += result->call[i].outcome == DRIVER_ANSWERED;
                facts.abandoned += result->call[i].outcome == DRIVER_ABANDONED;
        }
        facts.ahead = (uint32_t)result->call_count - facts.answered - facts.abandoned;
        screen_show(&rehearsal->screen, &rehearsal->rehearse, rehearsal->operator_client, &facts);
}

/* Read events until @real_ns. */
static void watch_until(struct rehearsal *rehearsal, uint64_t real_ns)
{
        struct acdclient *client = watch_client(rehearsal->watch);
        uint64_t now;

        while ((now = rehearse_real_ns()) < real_ns && !is_stopping(rehearsal) &&
               watch_open_count(rehearsal->watch) > 0) {
                int64_t left = (int64_t)((real_ns - now) / 1000000);

                rehearse_wait(&rehearsal->rehearse, client,
                              rehearse_now_ms(&rehearsal->rehearse, client) +
                                      (left + 1) * rehearsal->crew.rate);
        }
}

static bool play(struct rehearsal *rehearsal)
{
        screen_begin(&rehearsal->screen);
        while (watch_open_count(rehearsal->watch) > 0 && !is_stopping(rehearsal)) {
                if (!crew_reap(&rehearsal->crew) || rehearsal->crew.has_failed)
                        return false;
                if (is_time_for_crash(rehearsal) && !crash(rehearsal))
                        return false;
                show(rehearsal);
                watch_until(rehearsal, rehearse_real_ns() + SCREEN_MS * UINT64_C(1000000));
        }
        return !is_stopping(rehearsal);
}

static void print_kept(const struct rehearsal *rehearsal)
{
        const struct plan *plan = rehearsal->rehearse.plan;
        const struct crew *crew = &rehearsal->crew;

        printf("\nacdd goes on (process %d). Paste, here:\n"
               "  export ACD_CONNECT=%s ACD_TENANT=%s\n"
               "  build/clients/cli/acdctl submit %s --channel %s\n"
               "  build/clients/cli/acdctl contacts\n"
               "  build/clients/cli/acdctl agent %s\n"
               "and to stop it and remove what it wrote:\n"
               "  build/clients/cli/acdctl stop --fast\n",
               (int)crew->daemon, crew->address, REHEARSE_TENANT, plan->queue[0], REHEARSE_CHANNEL,
               plan->agent[0].name);
        if (crew->redis > 0)
                printf("  kill %d    # the redis-server at %s\n", (int)crew->redis,
                       crew->redis_address);
        printf("  while kill -0 %d 2>/dev/null; do sleep 1; done; rm -r %s\n", (int)crew->daemon,
               crew->directory);
}

/* Stop what is to be stopped, and say what came of it. */
static bool conclude(struct rehearsal *rehearsal, bool is_good)
{
        struct crew *crew = &rehearsal->crew;

        if (is_good && crew->redis > 0)
                rehearsal->has_stream = stream_read(crew->redis_address, REHEARSE_TENANT,
                                                    watch_last_sequence(rehearsal->watch),
                                                    STREAM_MS, &rehearsal->stream);
        crew_end(crew, /* is_over = */ !is_good);
        if (is_stopping(rehearsal))
                printf("interrupted; everything that was started is stopped\n");
        return is_good && rehearsal_report(rehearsal);
}

bool rehearsal_run(struct rehearsal *rehearsal)
{
        const struct crew *crew = &rehearsal->crew;
        bool is_played, is_good;

        rehearsal->begin_ns = rehearse_real_ns();
        is_played = set_out(rehearsal) && play(rehearsal);
        screen_end(&rehearsal->screen);
        is_good = conclude(rehearsal, is_played);
        acdclient_free(rehearsal->operator_client);
        watch_free(rehearsal->watch);
        if (is_played && crew->is_kept)
                print_kept(rehearsal);
        else if (!is_good && !is_stopping(rehearsal))
                fprintf(stderr, "logs and journal are kept in %s\n", crew->directory);
        else if (crew->directory[0] != 0)
                crew_remove(crew);
        return is_good;
}
