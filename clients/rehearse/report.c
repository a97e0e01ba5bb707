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

/* The one line of checks; returns the sum, which is to be zero. */
static uint64_t print_checks(const struct rehearsal *rehearsal,
                             const struct check_findings *findings)
{
        bool has_redis = rehearsal->crew.redis_address[0] != 0;
        const struct {
                const char *name;
                uint64_t count;
        } check[] = {
                { "lost", findings->lost },
                { "doubled", findings->doubled },
                { "order breaks", findings->order_breaks },
                { "idle agent while someone waits", findings->idle_breaks },
                { "stray events", findings->stray },
                { "refused", findings->refused },
                { "changed by the crash", rehearsal->crash.differences },
                { "event gaps", watch_gap_count(rehearsal->watch) },
                { "failed processes", rehearsal->crew.has_failed },
                { has_redis ? "Redis gaps and repeats" : "Redis (not asked for)",
                  stream_faults(rehearsal) + (has_redis && !rehearsal->has_stream) },
        };
        uint64_t sum = 0;

        printf("checks:");
        for (size_t i = 0; i < sizeof(check) / sizeof(check[0]); i++) {
                printf("%s %s %" PRIu64, i == 0 ? "" : ",", check[i].name, check[i].count);
                sum += check[i].count;
        }
        printf(" => %s\n", sum == 0 ? "all zero" : "NOT ALL ZERO");
        return sum;
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
        summary_print_table(&summary, rehearsal->rehearse.plan, stdout);
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
        sum = print_checks(rehearsal, findings);
        print_next();
        return sum == 0;
}
