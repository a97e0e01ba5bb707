/* SPDX-License-Identifier: Apache-2.0 */
/*
 * acdbench - load for a daemon, and what came of it.
 *
 * Plays gateways and agents as fast as the daemon goes, or at a rate that does
 * not wait for it, and says how many life cycles there were, what each cost and
 * how long contacts waited for their offer. While it runs and once more
 * afterwards, from the daemon's events, it checks that nothing was lost, nothing
 * done twice and everybody served in turn: a number from a daemon that does not
 * keep its promises is none.
 */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/assert.h"
#include "clients/bench/report.h"

/* bench/core: the core alone, without a daemon. It runs itself again, as --counted. */
int core_step_main(int count, char **arguments);

static volatile sig_atomic_t is_interrupted;

_Noreturn void acd_panic(const char *file, int line, const char *function, const char *what)
{
        (void)fprintf(stderr, "%s:%d: %s: %s\n", file, line, function, what);
        abort();
}

static void on_interrupt(int number)
{
        (void)number;
        is_interrupted = 1;
}

static void catch_interrupts(void)
{
        struct sigaction action = { .sa_handler = on_interrupt };
        struct sigaction ignore = { .sa_handler = SIG_IGN };

        sigaction(SIGINT, &action, NULL);
        sigaction(SIGTERM, &action, NULL);
        sigaction(SIGHUP, &action, NULL);
        /* Whoever reads our output may leave; the daemon is to be stopped all the same. */
        sigaction(SIGPIPE, &ignore, NULL);
}

static int load(int argc, char **argv)
{
        struct settings *settings = calloc(1, sizeof(*settings));
        struct run *run = calloc(1, sizeof(*run));
        int code;

        if (settings == NULL || run == NULL)
                return EXIT_CHECK;
        settings_init(settings);
        code = settings_read(settings, argc, argv);
        if (code == EXIT_DONE) {
                catch_interrupts();
                /* Arrivals are due to the microsecond; the preset is fifty late. */
                (void)prctl(PR_SET_TIMERSLACK, 1);
                run->load.is_interrupted = &is_interrupted;
                run_all(run, settings);
                if (settings->is_json)
                        report_json(run, stdout);
                else
                        report_text(run, stdout);
                if (run->trouble[0] != 0)
                        (void)fprintf(stderr, "acdbench: %s\n", run->trouble);
                if (!report_files(run) && run->code == EXIT_DONE)
                        run->code = EXIT_CHECK;
                run_close(run);
                code = (int)run->code;
        }
        free(run);
        free(settings);
        return code < 0 ? EXIT_DONE : code;
}

int main(int argc, char **argv)
{
        if (argc > 1 && strcmp(argv[1], "--counted") == 0)
                return core_step_main(argc, argv);
        if (argc > 1 && strcmp(argv[1], "core") == 0) {
                argv[1] = argv[0];
                return core_step_main(argc - 1, argv + 1);
        }
        return load(argc, argv);
}
