/* SPDX-License-Identifier: Apache-2.0 */
/*
 * acdrehearse - a busy day on a real daemon, with a kill -9 in the middle.
 *
 * Starts a redis-server, a daemon with a data directory of its own, a gateway
 * and a desktop for each agent, all as separate processes over sockets, and
 * plays a day hundreds of times faster than it was. At the time asked for it
 * freezes gateway and desktops, writes down what waits and who talks, kills the
 * daemon, starts it again, compares, and lets everybody go on. At the end it
 * stops what it started and says what came of it: the exit code is 0 only when
 * every check is zero.
 */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/assert.h"
#include "clients/rehearse/rehearsal.h"
#include "clients/replay/options.h"

enum {
        OWN_ACDD = OPTIONS_OWN,
        OWN_REDIS,
        OWN_NO_REDIS,
        OWN_RATE,
        OWN_KILL_AT,
        OWN_KEEP,
        OWN_HELP,
        OWN_COUNT = OWN_HELP - OPTIONS_OWN + 1,
};

static const struct option own_options[] = {
        { "acdd", required_argument, NULL, OWN_ACDD },
        { "redis-server", required_argument, NULL, OWN_REDIS },
        { "no-redis", no_argument, NULL, OWN_NO_REDIS },
        { "rate", required_argument, NULL, OWN_RATE },
        { "kill-at", required_argument, NULL, OWN_KILL_AT },
        { "keep", no_argument, NULL, OWN_KEEP },
        { "help", no_argument, NULL, OWN_HELP },
};

static volatile sig_atomic_t is_interrupted;

_Noreturn void acd_panic(const char *file, int line, const char *function, const char *what)
{
        fprintf(stderr, "%s:%d: %s: %s\n", file, line, function, what);
        abort();
}

static void on_interrupt(int number)
{
        (void)number;
        is_interrupted = 1;
}

static void help(void)
{
        puts("acdrehearse [--file FILE --date YYMMDD] [options]\n\n"
             "Plays a busy day (generated, or of a file of call records) on a real daemon, kills\n"
             "the daemon in the middle, and says what came of it.\n\n"
             "  --file FILE          call records (.tsv or .tsv.gz) instead of a generated day\n"
             "  --rate N             plan seconds a real second (720)\n"
             "  --kill-at HH:MM      when to kill the daemon, or \"never\" (11:40)\n"
             "  --no-redis           run without Redis\n"
             "  --keep               leave the daemon running at the end\n"
             "  --acdd PATH, --redis-server PATH\n");
        options_help(stdout);
        puts("Exit code: 0 every check is zero, 1 not, 2 usage.");
}

/* HH:MM or never. */
static bool parse_time(const char *text, int64_t *ret_ms)
{
        char *colon, *end;
        unsigned long hour, minute;

        if (strcmp(text, "never") == 0) {
                *ret_ms = INT64_MAX;
                return true;
        }
        hour = strtoul(text, &colon, 10);
        minute = *colon == ':' ? strtoul(colon + 1, &end, 10) : 60;
        if (colon == text || hour > 23 || minute > 59 || end == colon + 1 || *end != 0) {
                fprintf(stderr, "--kill-at: \"%s\" is no time of the day; give HH:MM or never\n",
                        text);
                return false;
        }
        *ret_ms = ((int64_t)hour * 60 + (int64_t)minute) * 60000;
        return true;
}

static bool take_own(struct rehearsal *rehearsal, int value, const char *argument)
{
        double rate;

        switch (value) {
        case OWN_ACDD:
                rehearsal->crew.acdd_path = argument;
                return true;
        case OWN_REDIS:
                rehearsal->crew.redis_path = argument;
                return true;
        case OWN_NO_REDIS:
                rehearsal->crew.redis_path = NULL;
                return true;
        case OWN_RATE:
                if (!options_number("rate", argument, 1, 100000, &rate))
                        return false;
                rehearsal->crew.rate = (uint32_t)rate;
                return true;
        case OWN_KILL_AT:
                return parse_time(argument, &rehearsal->kill_ms);
        case OWN_KEEP:
                rehearsal->crew.is_kept = true;
                return true;
        default:
                return false;
        }
}

/* acdd lies beside this program's folder in the build tree, and in the same folder when
 * installed. */
static const char *default_acdd(char path[CREW_PATH_MAX])
{
        ssize_t size = readlink("/proc/self/exe", path, CREW_PATH_MAX - 32);
        char *slash;

        if (size <= 0)
                return "acdd";
        path[size] = 0;
        slash = strrchr(path, '/');
        snprintf(slash, 32, "/../../daemon/acdd");
        if (access(path, X_OK) == 0)
                return path;
        snprintf(slash, 32, "/acdd");
        return access(path, X_OK) == 0 ? path : "acdd";
}

static int parse(int argc, char **argv, struct options *options, struct rehearsal *rehearsal)
{
        struct option all[OPTIONS_SHARED_COUNT + OWN_COUNT + 2];
        size_t count = 0;
        int value;

        all[count++] = (struct option){ "file", required_argument, NULL, 'f' };
        for (size_t i = 0; i < OWN_COUNT; i++)
                all[count++] = own_options[i];
        for (size_t i = 0; i < OPTIONS_SHARED_COUNT && options_shared[i].name != NULL; i++)
                all[count++] = options_shared[i];
        all[count] = (struct option){ NULL, 0, NULL, 0 };
        while ((value = getopt_long(argc, argv, "f:", all, NULL)) != -1) {
                bool is_good;

                if (value == OWN_HELP) {
                        help();
                        return -1;
                }
                if (value == 'f') {
                        options->path = optarg;
                        continue;
                }
                is_good = value >= OPTIONS_OWN ? take_own(rehearsal, value, optarg)
                                               : options_take(options, value, optarg);
                if (!is_good) {
                        fprintf(stderr, "acdrehearse --help shows what there is\n");
                        return OPTIONS_EXIT_USAGE;
                }
        }
        if (optind < argc) {
                fprintf(stderr, "\"%s\" is not expected; a file is given as --file FILE\n",
                        argv[optind]);
                return OPTIONS_EXIT_USAGE;
        }
        return OPTIONS_EXIT_DONE;
}

int main(int argc, char **argv)
{
        struct options options = options_default();
        static struct rehearsal rehearsal; /* too large for the stack */
        struct sigaction action = { .sa_handler = on_interrupt };
        struct plan plan;
        char acdd[CREW_PATH_MAX];
        int r;

        rehearsal.kill_ms = INT64_C(700) * 60000;
        rehearsal.crew.redis_path = "redis-server";
        rehearsal.crew.rate = 720; /* an hour in five seconds */
        rehearsal.crew.acdd_path = default_acdd(acdd);
        r = parse(argc, argv, &options, &rehearsal);
        if (r != OPTIONS_EXIT_DONE)
                return r < 0 ? OPTIONS_EXIT_DONE : r;
        if (options.path != NULL && options.records.date == 0) {
                fprintf(stderr, "--file needs --date YYMMDD: a rehearsal plays one day\n");
                return OPTIONS_EXIT_USAGE;
        }
        if (options.path == NULL && options.records.date != 0) {
                fprintf(stderr, "--date needs --file FILE: the generated day has no date\n");
                return OPTIONS_EXIT_USAGE;
        }
        sigaction(SIGINT, &action, NULL);
        sigaction(SIGTERM, &action, NULL);
        sigaction(SIGHUP, &action, NULL); /* the terminal was closed */
        action.sa_handler = SIG_IGN;
        sigaction(SIGPIPE, &action, NULL);
        r = options_make_plan(&options, &plan, stdout);
        if (r != OPTIONS_EXIT_DONE)
                return r;
        rehearsal.is_interrupted = &is_interrupted;
        rehearsal.rehearse.plan = &plan;
        r = rehearsal_run(&rehearsal) ? OPTIONS_EXIT_DONE : OPTIONS_EXIT_CHECK;
        plan_free(&plan);
        return r;
}
