/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of a run.
 *
 *      setup   prefill    warm-up    measured      drain       audit
 *      |-------|----------|----------|-------------|-----------|--------->
 *              agents are paused     counted       no submits  events of the run
 *              until it is done                    any more    read back and checked
 *
 * A source says when the next contact is due: always, in a closed loop, while
 * fewer than the window are in flight; at the times of a schedule, in an open
 * one. An open loop that cannot send at once (the connection is full) sends
 * later, and the contact is as late as that: its time stays the due one.
 */

#include "clients/bench/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/bench/floor.h"
#include "clients/bench/progress.h"

enum { SECOND_NS = 1000000000 };

/* Where contacts come from. */
struct source {
        uint64_t in_flight; /* closed loop: so many; 0: open */
        struct arrivals *arrivals;
        uint64_t begin_ns, due_ns;
};

static uint64_t ns_of(double seconds)
{
        return (uint64_t)(seconds * 1e9);
}

static struct counts counts_of(struct run *run)
{
        struct load *load = &run->load;
        struct counts counts = {
                .done = load->done_count,
                .submitted = load->sent_count,
                .refused = load->refused_count,
                .missed = load->missed_count,
                .daemon_cpu_ns = host_cpu_ns(run->host.pid),
                .own_cpu_ns = host_own_cpu_ns(),
        };

        for (uint32_t i = 0; i < load->line_count; i++) {
                counts.byte_in += load->line[i].byte_in_count;
                counts.byte_out += load->line[i].byte_out_count;
                counts.frame_in += load->line[i].frame_in_count;
                counts.frame_out += load->line[i].frame_out_count;
        }
        return counts;
}

/* Submit what is due. */
static void feed(struct load *load, struct source *source)
{
        struct measure *measure = load->measure;

        if (source->arrivals == NULL) {
                while (load_in_flight(load) < source->in_flight &&
                       load_unanswered(load) < load->settings->in_flight &&
                       load_submit(load, load->now_ns, false))
                        ;
                return;
        }
        while (source->due_ns <= load->now_ns && load_submit(load, source->due_ns, false)) {
                uint64_t next_ns = arrivals_next(source->arrivals);

                if (measure != NULL && load->now_ns - source->due_ns > measure->late_max_ns)
                        measure->late_max_ns = load->now_ns - source->due_ns;
                source->due_ns = next_ns == UINT64_MAX ? UINT64_MAX : source->begin_ns + next_ns;
        }
}

static bool step(struct run *run, struct source *source, uint64_t until_ns)
{
        struct load *load = &run->load;

        if (source != NULL) {
                feed(load, source);
                if (source->due_ns != 0 && source->due_ns < until_ns)
                        until_ns = source->due_ns;
        }
        return load_turn(load, until_ns);
}

/*
 * Parts
 */

static bool prefill(struct run *run)
{
        struct load *load = &run->load;
        uint64_t waiting = run->settings->waiting;
        uint64_t end_ns = load->now_ns + ns_of(run->settings->timeout_s);
        bool is_standing = floor_has_standing(run->settings);

        while (load->acknowledged_count + load->refused_count < waiting) {
                while (load->sent_count < waiting &&
                       load->sent_count - load->acknowledged_count < 4096 &&
                       load_submit(load, load->now_ns, is_standing))
                        ;
                if (!load_turn(load, load->now_ns + SECOND_NS / 10))
                        return false;
                if (load->refused_count > 0)
                        return load_fail(load, EXIT_CHECK,
                                         "only %llu contacts can wait there; raise its limits",
                                         (unsigned long long)load->acknowledged_count);
                if (load->now_ns > end_ns)
                        return load_fail(load, EXIT_TIMEOUT,
                                         "no answers while contacts are "
                                         "prepared");
                progress_say(load, "prepares", load->acknowledged_count, waiting);
        }
        return true;
}

static bool make_ready(struct run *run)
{
        for (uint32_t i = 0; i < run->settings->agents; i++) {
                if (!load_ready(&run->load, i))
                        return false;
                if (i % 1024 == 1023 && !load_turn(&run->load, run->load.now_ns))
                        return false;
        }
        return true;
}

static bool warm_up(struct run *run, struct source *source)
{
        uint64_t end_ns = run->load.now_ns + ns_of(run->settings->warm_up_s);

        while (run->load.now_ns < end_ns) {
                if (!step(run, source, end_ns))
                        return false;
        }
        return true;
}

static bool is_over(const struct run *run, const struct measure *measure,
                    const struct source *source)
{
        const struct load *load = &run->load;

        if (source->arrivals != NULL && source->due_ns == UINT64_MAX)
                return true;
        if (run->settings->count > 0)
                return load->done_count - measure->counts.done >= run->settings->count;
        return load->now_ns >= measure->begin_ns + ns_of(run->settings->seconds);
}

/* One measured part. The source has warmed up. */
static bool measured(struct run *run, struct source *source, double rate_asked)
{
        struct load *load = &run->load;
        struct measure *measure = &run->measure[run->measure_count];
        struct counts counts;
        bool is_good = true;

        if (!measure_open(measure))
                return load_fail(load, EXIT_CHECK, "no memory");
        run->measure_count++;
        measure->is_open_loop = source->arrivals != NULL;
        measure->rate_asked = rate_asked;
        counts = counts_of(run);
        measure_begin(measure, &counts, load->now_ns);
        load->measure = measure;
        load->record_from_ns = load->now_ns;
        while (is_good && !is_over(run, measure, source)) {
                is_good = step(run, source, measure->interval_begin_ns + SECOND_NS);
                if (measure_tick(measure, load->done_count, load->now_ns))
                        progress_interval(load, measure);
        }
        counts = counts_of(run);
        measure_end(measure, &counts, load->now_ns);
        return is_good;
}

/* Until nothing is in flight but what stands. Latencies of the measured part go on. */
static bool drain(struct run *run)
{
        struct load *load = &run->load;
        uint64_t end_ns = load->now_ns + ns_of(run->settings->timeout_s);

        while (load_in_flight(load) > load->standing_count - load->cancelled_count ||
               load_asked_count(load) > 0) {
                if (!load_turn(load, load->now_ns + SECOND_NS / 10))
                        return false;
                if (load->now_ns > end_ns)
                        return load_fail(load, EXIT_TIMEOUT,
                                         "%llu contacts and %llu answers did not come back in time",
                                         (unsigned long long)load_in_flight(load),
                                         (unsigned long long)load_asked_count(load));
                progress_say(load, "ends", load->done_count, load->sent_count);
        }
        load->measure = NULL;
        return true;
}

static bool cancel_standing(struct run *run)
{
        struct load *load = &run->load;

        for (uint32_t i = 0; load->standing_count > 0 && i < load->ledger.capacity; i++) {
                const struct ledger_entry *entry = &load->ledger.entry[i];

                if (entry->contact == 0 || entry->bits != LEDGER_ACKED)
                        continue;
                while (load_asked_count(load) >= 4096 || !load_cancel(load, entry->contact)) {
                        if (!load_turn(load, load->now_ns + SECOND_NS / 10))
                                return false;
                }
        }
        return drain(run);
}

/*
 * Loops
 */

static bool closed_loop(struct run *run)
{
        struct source source = { .in_flight = run->settings->in_flight };

        if (!floor_has_standing(run->settings))
                source.in_flight += run->settings->waiting;
        else
                source.in_flight += run->load.standing_count;
        return warm_up(run, &source) && measured(run, &source, 0) && drain(run);
}

static bool open_loop(struct run *run, double rate)
{
        struct load *load = &run->load;
        struct arrivals arrivals;
        struct source source = { .arrivals = &arrivals };
        struct measure *measure;
        bool is_good;
        int r = arrivals_open(&arrivals, &run->settings->arrivals, rate, run->settings->seed);

        if (r < 0)
                return load_fail(load, EXIT_USAGE, "the recorded arrivals in %s: %s",
                                 run->settings->arrivals.path, strerror(-r));
        source.begin_ns = load->now_ns + SECOND_NS / 1000;
        source.due_ns = source.begin_ns + arrivals_next(&arrivals);
        is_good = warm_up(run, &source) && measured(run, &source, rate) && drain(run);
        arrivals_close(&arrivals);
        if (is_good && rate > 0) {
                measure = &run->measure[run->measure_count - 1];
                measure->is_overloaded = measure->counts.refused > 0 ||
                                         measure_is_behind(measure, run->settings->arrivals.burst);
        }
        return is_good;
}

/* Rates up to where the daemon does not keep up any more. */
static bool sweep(struct run *run)
{
        static const double share[] = { 0.02, 0.05, 0.1, 0.2, 0.3,  0.4, 0.5,
                                        0.6,  0.7,  0.8, 0.9, 0.95, 1.0 };
        const struct settings *settings = run->settings;
        uint32_t count = settings->sweep_count;
        double max = 0;

        if (count == 0) {
                count = sizeof(share) / sizeof(share[0]);
                if (!closed_loop(run))
                        return false;
                max = measure_median_rate(&run->measure[0]);
        }
        for (uint32_t i = 0; i < count; i++) {
                double rate = settings->sweep_count > 0 ? settings->sweep[i] : max * share[i];

                if (!open_loop(run, rate))
                        return false;
                if (run->measure[run->measure_count - 1].is_overloaded)
                        break;
        }
        return true;
}

static bool drive(struct run *run)
{
        const struct settings *settings = run->settings;

        if (!prefill(run) || !make_ready(run))
                return false;
        if (settings->is_sweep)
                return sweep(run);
        if (settings->rate > 0 || arrivals_are_recorded(&settings->arrivals))
                return open_loop(run, settings->rate);
        return closed_loop(run);
}

/* Everything is over: what is still open in the ledger is lost. */
static void check_end(struct run *run)
{
        struct load *load = &run->load;
        uint64_t contact = 0;
        uint64_t open = ledger_open_count(&load->ledger, &contact);

        if (open > 0)
                load_violation(load, contact, "was submitted and is lost");
        if (load->sent_count != load->done_count + load->cancelled_count + load->refused_count)
                load_violation(load, 0, "counts differ: submitted is not completed and refused");
        run->has_ended = true;
}

/*
 * All together
 */

static bool fail(struct run *run, enum exit_code code, const char *text)
{
        run->code = code;
        (void)snprintf(run->trouble, sizeof(run->trouble), "%s", text);
        return false;
}

static bool prepare(struct run *run)
{
        struct talk talk;
        bool is_good =
                talk_init(&talk, run->settings->timeout_s) &&
                (!run->settings->has_setup ||
                 floor_setup(&talk, run->settings, run->host.address)) &&
                floor_sequence(&talk, run->settings, run->host.address, &run->first_sequence);

        if (!is_good)
                fail(run, talk.code, talk.trouble);
        talk_fini(&talk);
        return is_good;
}

static bool play(struct run *run)
{
        const struct settings *settings = run->settings;
        const char *desktops =
                settings->desktop_address != NULL ? settings->desktop_address : run->host.address;
        struct load *load = &run->load;
        bool is_good =
                load_open(load, run->host.address, desktops) && drive(run) && cancel_standing(run);

        progress_end(load);
        if (!is_good) {
                /* A socket closes a little before its process is over. */
                int wait_ms = load->code == EXIT_NO_DAEMON ? 2000 : 0;
                const char *ended =
                        host_is_gone(&run->host, wait_ms) ? " (its process has ended)" : "";

                /* Who waits in vain after a mistake waits because of it. */
                run->code = load->violation_count > 0 ? EXIT_CHECK : load->code;
                (void)snprintf(run->trouble, sizeof(run->trouble), "%s%s", load->trouble, ended);
                return false;
        }
        check_end(run);
        return true;
}

/* What was sent and what the daemon says that happened. */
static void compare_counts(struct run *run)
{
        struct load *load = &run->load;
        uint64_t taken = load->sent_count - load->refused_count;
        const struct audit_report *report = &run->audit;

        if (report->missing_count > 0)
                return;
        if (report->submitted_count != taken)
                load_violation(load, 0, "counts differ: submitted here and in the events");
        if (report->closed_count != taken)
                load_violation(load, 0, "counts differ: over here and closed in the events");
        if (report->assignment_count != load->done_count)
                load_violation(load, 0,
                               "counts differ: completed here and connected in the "
                               "events");
}

static bool audit(struct run *run)
{
        const struct settings *settings = run->settings;
        struct audit_request request = {
                .address = run->host.address,
                .tenant = settings->tenant,
                .from_sequence = run->first_sequence + 1,
                .timeout_s = settings->timeout_s,
                .is_interrupted = run->load.is_interrupted,
        };

        if (!settings->has_audit)
                return true;
        if (!audit_run(&request, &run->audit))
                return fail(run, run->audit.code, run->audit.trouble);
        run->has_audit = true;
        compare_counts(run);
        return true;
}

enum exit_code run_all(struct run *run, const struct settings *settings)
{
        run->settings = settings;
        run->load.settings = settings;
        run->load.poller = -1;
        if (settings->is_pinned)
                host_pin(settings->own_cpu);
        if (!host_start(&run->host, settings))
                return run->code = EXIT_NO_DAEMON;
        run->load.daemon_pid = run->host.pid;
        if (!prepare(run) || !play(run) || !audit(run))
                return run->code;
        if (run_violation_count(run) > 0)
                run->code = EXIT_CHECK;
        return run->code;
}

uint64_t run_violation_count(const struct run *run)
{
        return run->load.violation_count + run->audit.violation_count;
}

void run_close(struct run *run)
{
        load_close(&run->load);
        for (uint32_t i = 0; i < run->measure_count; i++)
                measure_close(&run->measure[i]);
        if (!host_stop(&run->host) && run->code == EXIT_DONE) {
                (void)fprintf(stderr, "the daemon did not stop in order\n");
                run->code = EXIT_CHECK;
        }
}
