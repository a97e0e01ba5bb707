/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run in words.
 */

#include "clients/bench/report.h"

static unsigned long long llu(uint64_t value)
{
        return value;
}

static void print_latency(FILE *out, const char *name, const struct histogram *histogram)
{
        (void)fprintf(out, "  %-16s", name);
        if (histogram->count == 0) {
                (void)fprintf(out, "  none\n");
                return;
        }
        for (uint32_t i = 0; i < MEASURE_QUANTILE_COUNT; i++)
                (void)fprintf(out, "  %s %.1f", measure_quantile_name[i],
                              (double)histogram_quantile(histogram, measure_quantile[i]) / 1e3);
        (void)fprintf(out, "  us\n");
}

static void print_cpu(const struct measure *measure, FILE *out)
{
        double wall_ns = measure_seconds(measure) * 1e9;

        if (measure->counts.done == 0)
                return;
        if (measure->counts.daemon_cpu_ns == 0)
                (void)fprintf(out, "  daemon: processor time not known (give --pid)\n");
        else
                (void)fprintf(out, "  daemon: %.3f us of processor time a life cycle (%.0f %%)\n",
                              measure_daemon_us(measure),
                              (double)measure->counts.daemon_cpu_ns / wall_ns * 100);
        (void)fprintf(out, "  acdbench: %.3f us (%.0f %%)\n", measure_own_us(measure),
                      (double)measure->counts.own_cpu_ns / wall_ns * 100);
}

static void print_measure(const struct measure *measure, uint32_t in_flight, FILE *out)
{
        const struct counts *counts = &measure->counts;

        if (measure->rate_asked > 0)
                (void)fprintf(out, "open loop, %.0f/s asked%s:\n", measure->rate_asked,
                              measure->is_overloaded ? ", which the daemon did not keep up with"
                                                     : "");
        else if (measure->is_open_loop)
                (void)fprintf(out, "open loop, as recorded:\n");
        else
                (void)fprintf(out, "closed loop, %u in flight:\n", in_flight);
        (void)fprintf(out, "  %.0f life cycles/s over all", measure_rate(measure));
        if (measure->interval_count > 0)
                (void)fprintf(out, ", %.0f/s the median of %u seconds",
                              measure_median_rate(measure), measure->interval_count);
        (void)fprintf(out, "; %llu in %.2f s\n", llu(counts->done), measure_seconds(measure));
        print_cpu(measure, out);
        print_latency(out, "submit to offer", measure->offer);
        print_latency(out, "submit to ack", measure->ack);
        (void)fprintf(out, "  sent %llu frames, %llu bytes; received %llu frames, %llu bytes\n",
                      llu(counts->frame_out), llu(counts->byte_out), llu(counts->frame_in),
                      llu(counts->byte_in));
        if (measure->is_open_loop)
                (void)fprintf(out, "  sent at most %.1f us late\n",
                              (double)measure->late_max_ns / 1e3);
        if (counts->refused > 0 || counts->missed > 0)
                (void)fprintf(out, "  refused %llu, offers that ended %llu\n", llu(counts->refused),
                              llu(counts->missed));
}

static void print_violations(const struct run *run, FILE *out)
{
        for (uint64_t i = 0; i < run->load.violation_count && i < LOAD_VIOLATION_TOLD_MAX; i++)
                (void)fprintf(out, "  WRONG: %s\n", run->load.violation[i]);
        for (uint64_t i = 0; i < run->audit.violation_count && i < AUDIT_TOLD_MAX; i++)
                (void)fprintf(out, "  WRONG: %s\n", run->audit.violation[i]);
}

static void print_checks(const struct run *run, FILE *out)
{
        const struct load *load = &run->load;
        uint64_t wrong = run_violation_count(run);

        if (!run->has_ended) {
                print_violations(run, out);
                return;
        }
        (void)fprintf(out, "checks: %llu submitted, %llu completed, %llu cancelled, %llu refused",
                      llu(load->sent_count), llu(load->done_count), llu(load->cancelled_count),
                      llu(load->refused_count));
        if (run->has_audit)
                (void)fprintf(out, "; %llu events read back in %.1f s, %llu no more in the log",
                              llu(run->audit.event_count), run->audit.seconds,
                              llu(run->audit.missing_count));
        if (wrong == 0)
                (void)fprintf(out, "\n  nothing lost, nothing twice, every answer came%s\n",
                              run->has_audit ? ", order of service kept" : "");
        else
                (void)fprintf(out, "\n  %llu checks failed\n", llu(wrong));
        print_violations(run, out);
}

void report_text(const struct run *run, FILE *out)
{
        const struct settings *settings = run->settings;

        (void)fprintf(out,
                      "%s, %s, %u agents on %u desktop connections, %u gateway%s, %u waiting\n",
                      run->host.address, settings->is_spinning ? "spinning" : "blocking",
                      settings->agents, settings->desktops, settings->gateways,
                      settings->gateways == 1 ? "" : "s", settings->waiting);
        for (uint32_t i = 0; i < run->measure_count; i++)
                print_measure(&run->measure[i], settings->in_flight, out);
        print_checks(run, out);
        if (run->trouble[0] != 0)
                (void)fprintf(out, "stopped: %s\n", run->trouble);
}
