/* SPDX-License-Identifier: Apache-2.0 */
/*
 * acdreplay - a day's calls through a running daemon, over sockets.
 *
 * The same plans, driver and referee as acdsim; the engine is a daemon, reached
 * through libacdclient as any gateway, desktop and reader of events would. The
 * daemon should run on a rehearsal clock, unless one has a day's time: a plan is
 * played at the daemon's speed, whatever that is.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "clients/replay/daemon_engine.h"
#include "clients/replay/options.h"
#include "clients/replay/summary.h"

enum {
        OWN_ADDRESS = OPTIONS_OWN,
        OWN_TENANT,
        OWN_AWAY,
        OWN_HELP,
        OWN_VERSION,
        OWN_COUNT = OWN_VERSION - OPTIONS_OWN + 1,
};

static const struct option own_options[] = {
        { "address", required_argument, NULL, OWN_ADDRESS },
        { "tenant", required_argument, NULL, OWN_TENANT },
        { "away", required_argument, NULL, OWN_AWAY },
        { "help", no_argument, NULL, OWN_HELP },
        { "version", no_argument, NULL, OWN_VERSION },
};

struct arguments {
        struct options shared;
        struct daemon_settings daemon;
};

_Noreturn void acd_panic(const char *file, int line, const char *function, const char *what)
{
        fprintf(stderr, "%s:%d: %s: %s\n", file, line, function, what);
        abort();
}

static void help(void)
{
        puts("acdreplay [FILE] [options]   play call records, or without a file a generated day,\n"
             "                             on a running daemon; acdd --clock-rate N makes a day\n"
             "                             short\n");
        options_help(stdout);
        puts("  --address A          of the daemon, unix:/path or tcp:host:port\n"
             "  --tenant NAME        made when it is not there [replay]\n"
             "  --away S             real time without the daemon that ends the run [30]\n"
             "  --help, --version\n\n"
             "Exit code: 0 all good, 1 a check failed or a file could not be read, 2 usage,\n"
             "3 no daemon.");
}

enum { EXIT_NO_DAEMON = 3 };

#define HOUR_NS INT64_C(3600000000000)

static void print_facts(const struct daemon_facts *facts, FILE *out)
{
        fprintf(out,
                "clock rate %" PRIu32 ": a millisecond of real latency counts as %" PRIu32
                " ms of wait\n",
                facts->clock_rate, facts->clock_rate);
        fprintf(out,
                "submit to offer, real time, where an agent was ready: p50 %.2f ms, p99 %.2f ms of "
                "%" PRIu64 "\n",
                (double)histogram_quantile(facts->offer_us, 0.5) / 1000,
                (double)histogram_quantile(facts->offer_us, 0.99) / 1000, facts->offer_us->count);
        fprintf(out,
                "events %" PRIu64 ", gaps %" PRIu64 ", repeats %" PRIu64 "; reconnects %" PRIu32
                ", commands that came too late %" PRIu64 ", submits repeated %" PRIu64 "\n",
                facts->event_count, facts->event_gaps, facts->event_repeats, facts->reconnects,
                facts->races, facts->retries);
}

/* A line per hour of the plan, so that one sees it move. */
struct progress {
        int64_t hour;
};

static int on_event(void *self, const struct engine_event *event, const struct books *books)
{
        struct progress *progress = self;
        int64_t hour = event->time_ns / HOUR_NS;

        if (hour > progress->hour) {
                progress->hour = hour;
                fprintf(stderr, "%02" PRId64 ":00  calls waiting %" PRIu32 ", over %" PRIu64 "\n",
                        hour, books->check.waiting_count, books->check.findings.ended_count);
        }
        return 0;
}

static int run(const struct arguments *arguments, const struct plan *plan)
{
        struct progress progress = { .hour = 0 };
        struct driver_hook hook = { .on_event = on_event, .self = &progress };
        struct daemon_engine *daemon;
        struct driver_result result;
        struct summary summary;
        struct engine engine;
        bool is_good = false;
        int r = daemon_engine_setup(plan, &arguments->daemon);

        if (r < 0)
                return r == -ENOTCONN ? EXIT_NO_DAEMON : OPTIONS_EXIT_CHECK;
        daemon = daemon_engine_open(plan, &arguments->daemon);
        if (daemon == NULL)
                return EXIT_NO_DAEMON;
        engine = daemon_engine_face(daemon);
        r = driver_run(plan, &engine, &hook, &result);
        if (r == 0) {
                const struct daemon_facts *facts = daemon_engine_facts(daemon);

                summary_make(&summary, plan, &result);
                if (arguments->shared.is_json) {
                        r = summary_print_json(&summary, plan, stdout);
                } else {
                        summary_print(&summary, plan, stdout);
                        print_facts(facts, stdout);
                }
                is_good = check_is_clean(&summary.findings) && facts->event_gaps == 0 &&
                          facts->event_repeats == 0;
                driver_result_free(&result);
        } else {
                fprintf(stderr, "the run failed: %s\n", strerror(-r));
        }
        daemon_engine_close(daemon);
        return r == 0 && is_good ? OPTIONS_EXIT_DONE : OPTIONS_EXIT_CHECK;
}

static bool take_own(void *context, int value, const char *argument)
{
        struct arguments *arguments = context;
        double seconds;

        switch (value) {
        case OWN_ADDRESS:
                arguments->daemon.address = argument;
                return true;
        case OWN_TENANT:
                arguments->daemon.tenant = argument;
                return true;
        case OWN_AWAY:
                if (!options_number("away", argument, 0.1, 86400, &seconds))
                        return false;
                arguments->daemon.away_ms_max = (uint64_t)(seconds * 1000);
                return true;
        case OWN_HELP:
                help();
                exit(OPTIONS_EXIT_DONE);
        case OWN_VERSION:
                puts("acdreplay " ACDD_VERSION);
                exit(OPTIONS_EXIT_DONE);
        default:
                return false;
        }
}

int main(int argc, char **argv)
{
        struct arguments arguments = { .shared = options_default(),
                                       .daemon = { .tenant = "replay", .away_ms_max = 30000 } };
        struct options_own own = {
                .option = own_options, .count = OWN_COUNT, .take = take_own, .context = &arguments
        };
        struct plan plan;
        int r;

        if (!options_read(&arguments.shared, &own, argc, argv)) {
                fputs("try acdreplay --help\n", stderr);
                return OPTIONS_EXIT_USAGE;
        }
        r = options_make_plan(&arguments.shared, &plan, arguments.shared.is_json ? NULL : stdout);
        if (r != OPTIONS_EXIT_DONE)
                return r;
        r = run(&arguments, &plan);
        plan_free(&plan);
        return r;
}
