/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The line of progress. It is written once a second, from where the load counts
 * its seconds anyway; so it costs a run a system call a second.
 */

#include "clients/bench/progress.h"

#include <stdio.h>
#include <unistd.h>

static bool is_terminal(void)
{
        return isatty(STDERR_FILENO) == 1;
}

void progress_say(const struct load *load, const char *verb, uint64_t done, uint64_t total)
{
        static uint64_t said_ns; /* at most ten a second */

        if (load->settings->is_quiet || !is_terminal() || load->now_ns < said_ns + 100000000)
                return;
        said_ns = load->now_ns;
        (void)fprintf(stderr, "\r\033[K%s: %llu of %llu contacts", verb, (unsigned long long)done,
                      (unsigned long long)total);
}

void progress_interval(const struct load *load, const struct measure *measure)
{
        uint64_t open = load_in_flight(load), waiting = load->settings->waiting;
        uint32_t last = measure->interval_count - 1;
        bool is_live = is_terminal();

        if (load->settings->is_quiet)
                return;
        (void)fprintf(stderr,
                      "%s%4u s  %9.0f/s  in flight %llu  submit to offer p50 %.1f us, "
                      "p99 %.1f us%s",
                      is_live ? "\r\033[K" : "", measure->interval_count,
                      measure->interval_rate[last],
                      (unsigned long long)(open > waiting ? open - waiting : 0),
                      (double)histogram_quantile(measure->offer, 0.5) / 1e3,
                      (double)histogram_quantile(measure->offer, 0.99) / 1e3, is_live ? "" : "\n");
}

void progress_end(const struct load *load)
{
        if (!load->settings->is_quiet && is_terminal())
                (void)fprintf(stderr, "\r\033[K");
}
