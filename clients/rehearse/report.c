/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What came of a rehearsal: the summary, and its verdict.
 *
 * Checks are counted, not judged: every one of them must be zero. Latencies are
 * real time, and the same latencies, times the rate, are the error that playing
 * so fast brings into every wait; so both are said together.
 */

#include <inttypes.h>
#include <stdio.h>

#include "clients/rehearse/rehearsal.h"
#include "clients/rehearse/theory.h"
#include "clients/replay/summary.h"

static void print_theory(const struct rehearsal *rehearsal)
{
        struct theory theory = theory_of(rehearsal->rehearse.plan);

        printf("Erlang A   %8.0f | %8.0f %8.0f %9.1f %7.1f%%   half hour by half hour, "
               "all agents for all calls\n",
               theory.calls, theory.answered, theory.abandoned, theory.wait_mean_s,
               100 * theory.within);
}

static void print_latency(const struct rehearsal *rehearsal)
{
        uint64_t count;
        uint64_t p50 = watch_offer_us(rehearsal->watch, 0.50, &count);
        uint64_t p99 = watch_offer_us(rehearsal->watch, 0.99, &count);

        printf("submit to offer, on disk before it leaves: p50 %.2f ms, p99 %.2f ms (%" PRIu64
               " calls that found an agent free)\n",
               (double)p50 / 1000, (double)p99 / 1000, count);
        printf("at %u x real time each such step counts as %.1f s (p99 %.1f s) of waiting that "
               "no caller would have had\n",
               rehearsal->crew.rate, (double)p50 * rehearsal->crew.rate / 1e6,
               (double)p99 * rehearsal->crew.rate / 1e6);
}

static void print_crash(const struct rehearsal *rehearsal)
{
        const struct rehearsal_crash *crash = &rehearsal->crash;

        if (!crash->was_done) {
                printf("the daemon was not killed in this run\n");
                return;
        }
        printf("%s\n", rehearsal->note);
}

static uint64_t stream_faults(const struct rehearsal *rehearsal)
{
        const struct stream_report *stream = &rehearsal->stream;

        return stream->gap_count + stream->repeat_count + stream->wrong_id_count;
}

static void print_next(void)
{
        puts("\nNext:\n"
             "  sh deploy/quickstart.sh --keep          leave it running, with a submit to paste\n"
             "  build/clients/replay/acdsim             the same day on the core alone, in a "
             "blink\n"
             "  sh tests/run.sh                         every test");
}

bool rehearsal_report(struct rehearsal *rehearsal)
{
        const struct driver_result *result = watch_result(rehearsal->watch, true);
        const struct check_findings *findings = &result->findings;
        bool wants_stream = rehearsal->crew.redis_address[0] != 0;
        struct summary summary;
        uint64_t sum;

        summary_make(&summary, rehearsal->rehearse.plan, result);
        puts("");
        summary_print(&summary, rehearsal->rehearse.plan, stdout);
        print_theory(rehearsal);
        puts("");
        print_latency(rehearsal);
        print_crash(rehearsal);
        if (rehearsal->has_stream)
                printf("events: %" PRIu64 " received by subscription, %" PRIu64
                       " from Redis in %" PRIu64 " entries\n",
                       watch_event_count(rehearsal->watch), rehearsal->stream.event_count,
                       rehearsal->stream.entry_count);
        else
                printf("events: %" PRIu64 " received by subscription%s\n",
                       watch_event_count(rehearsal->watch),
                       wants_stream ? "; REDIS COULD NOT BE READ" : "");
        sum = findings->lost + findings->doubled + findings->order_breaks + findings->idle_breaks +
              findings->refused + watch_gap_count(rehearsal->watch) + stream_faults(rehearsal) +
              rehearsal->crash.differences + (wants_stream && !rehearsal->has_stream ? 1 : 0) +
              (rehearsal->crew.has_failed ? 1 : 0);
        printf("checks: lost %" PRIu64 "  doubled %" PRIu64 "  order breaks %" PRIu64
               "  idle while one waits %" PRIu64 "  changed by the crash %u  event gaps %" PRIu64
               "  Redis gaps and repeats %" PRIu64 "  =>  %s\n",
               findings->lost, findings->doubled, findings->order_breaks, findings->idle_breaks,
               rehearsal->crash.differences, watch_gap_count(rehearsal->watch),
               stream_faults(rehearsal), sum == 0 ? "all zero" : "NOT ALL ZERO");
        print_next();
        return sum == 0;
}
