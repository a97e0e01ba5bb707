/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sums, and their two faces: a table for people, JSON for programs.
 *
 * A call that was refused, or not over at the end, is counted among the calls
 * and nowhere else, so that calls = answered + abandoned says that all is well.
 */

#include "clients/replay/summary.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

static void add_answered(struct summary_line *line, double wait_s)
{
        line->answered++;
        line->wait_sum_s += wait_s;
        line->answered_within += wait_s <= SUMMARY_WITHIN_S;
}

static void add_simulated(struct summary_line *line, const struct driver_call *call)
{
        line->calls++;
        if (call->outcome == DRIVER_ANSWERED)
                add_answered(line, (double)call->wait_ns / 1e9);
        line->abandoned += call->outcome == DRIVER_ABANDONED;
        line->refused += call->outcome == DRIVER_REFUSED;
}

static void add_recorded(struct summary_line *line, const struct plan_call *call)
{
        line->calls++;
        if (call->was_answered)
                add_answered(line, call->recorded_wait_s);
        else
                line->abandoned++;
}

void summary_make(struct summary *summary, const struct plan *plan,
                  const struct driver_result *result)
{
        *summary = (struct summary){
                .is_recorded = plan->call_count > 0 && plan->call[0].is_recorded,
                .queue_count = plan->queue_count,
                .findings = result->findings,
        };
        if (result->agent_there_ns > 0)
                summary->occupancy = (double)result->agent_busy_ns / (double)result->agent_there_ns;
        for (size_t i = 0; i < plan->call_count; i++) {
                const struct plan_call *call = &plan->call[i];

                add_simulated(&summary->simulated[call->queue], &result->call[i]);
                add_simulated(&summary->simulated_total, &result->call[i]);
                if (!call->is_recorded)
                        continue;
                add_recorded(&summary->recorded[call->queue], call);
                add_recorded(&summary->recorded_total, call);
        }
}

double summary_mean_wait_s(const struct summary_line *line)
{
        return line->answered == 0 ? 0 : line->wait_sum_s / (double)line->answered;
}

double summary_within(const struct summary_line *line)
{
        return line->answered == 0 ? 0 : (double)line->answered_within / (double)line->answered;
}

static double percent_more(double simulated, double recorded)
{
        return recorded > 0 ? 100 * (simulated / recorded - 1) : 0;
}

/* One side of a row. */
static void print_side(const struct summary_line *line, FILE *out)
{
        fprintf(out, " %8" PRIu64 " %8" PRIu64 " %9.1f %7.1f%%", line->answered, line->abandoned,
                summary_mean_wait_s(line), 100 * summary_within(line));
}

static void print_row(const char *name, const struct summary_line *simulated,
                      const struct summary_line *recorded, FILE *out)
{
        fprintf(out, "%-10s %8" PRIu64 " |", name, simulated->calls);
        print_side(simulated, out);
        if (recorded != NULL) {
                fprintf(out, " |");
                print_side(recorded, out);
                fprintf(out, " | %+5.0f%% %+5.0f%%",
                        percent_more(summary_mean_wait_s(simulated), summary_mean_wait_s(recorded)),
                        percent_more((double)simulated->abandoned, (double)recorded->abandoned));
        }
        fprintf(out, "\n");
}

static void print_checks(const struct check_findings *findings, FILE *out)
{
        fprintf(out,
                "checks: %" PRIu64 " ended; lost %" PRIu64 ", doubled %" PRIu64
                ", order breaks %" PRIu64 ", idle agent while a call waits %" PRIu64
                ", stray events %" PRIu64 ", refused %" PRIu64 ": %s\n",
                findings->ended_count, findings->lost, findings->doubled, findings->order_breaks,
                findings->idle_breaks, findings->stray, findings->refused,
                check_is_clean(findings) ? "all good" : "NOT GOOD");
}

void summary_print_table(const struct summary *summary, const struct plan *plan, FILE *out)
{
        static const char side[] = " answered abandoned mean wait  <= 20 s";

        fprintf(out, "%-10s %8s |%s", "", "", " simulated                            ");
        fprintf(out, "%s\n",
                summary->is_recorded ? "| recorded                              | difference" : "");
        fprintf(out, "%-10s %8s |%s", "queue", "calls", side);
        if (summary->is_recorded)
                fprintf(out, " |%s | wait   aband.", side);
        fprintf(out, "\n");
        for (uint32_t i = 0; i < summary->queue_count; i++)
                if (summary->simulated[i].calls > 0)
                        print_row(plan->queue[i], &summary->simulated[i],
                                  summary->is_recorded ? &summary->recorded[i] : NULL, out);
        print_row("all", &summary->simulated_total,
                  summary->is_recorded ? &summary->recorded_total : NULL, out);
        fprintf(out, "agents %" PRIu32 ", busy %.1f %% of the time they are there\n",
                plan->agent_count, 100 * summary->occupancy);
}

void summary_print(const struct summary *summary, const struct plan *plan, FILE *out)
{
        summary_print_table(summary, plan, out);
        print_checks(&summary->findings, out);
}

static json_t *json_line(const struct summary_line *line)
{
        return json_pack("{s:I, s:I, s:I, s:f, s:f}", "calls", (json_int_t)line->calls, "answered",
                         (json_int_t)line->answered, "abandoned", (json_int_t)line->abandoned,
                         "mean_wait_s", summary_mean_wait_s(line), "within_20s",
                         summary_within(line));
}

static json_t *json_queues(const struct summary *summary, const struct plan *plan)
{
        json_t *queues = json_array();

        for (uint32_t i = 0; i < summary->queue_count; i++) {
                json_t *queue;

                if (summary->simulated[i].calls == 0)
                        continue;
                queue = json_pack("{s:s, s:o}", "queue", plan->queue[i], "simulated",
                                  json_line(&summary->simulated[i]));
                if (summary->is_recorded)
                        json_object_set_new(queue, "recorded", json_line(&summary->recorded[i]));
                json_array_append_new(queues, queue);
        }
        return queues;
}

static json_t *json_checks(const struct check_findings *findings)
{
        return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "ended",
                         (json_int_t)findings->ended_count, "lost", (json_int_t)findings->lost,
                         "doubled", (json_int_t)findings->doubled, "order_breaks",
                         (json_int_t)findings->order_breaks, "idle_breaks",
                         (json_int_t)findings->idle_breaks, "stray", (json_int_t)findings->stray,
                         "refused", (json_int_t)findings->refused);
}

static json_t *json_plan(const struct summary *summary, const struct plan *plan)
{
        const struct plan_facts *facts = &plan->facts;

        return json_pack("{s:I, s:I, s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f}", "agents",
                         (json_int_t)plan->agent_count, "spans", (json_int_t)plan->span_count,
                         "occupancy", summary->occupancy, "rows", (json_int_t)facts->row_count,
                         "malformed", (json_int_t)facts->malformed_count, "phantoms",
                         (json_int_t)facts->phantom_count, "self_service",
                         (json_int_t)facts->self_service_count, "no_server",
                         (json_int_t)facts->no_server_count, "shortened",
                         (json_int_t)facts->shortened_count, "widened",
                         (json_int_t)facts->widened_count, "wrap_up_mean_s", facts->wrap_up_mean_s);
}

int summary_print_json(const struct summary *summary, const struct plan *plan, FILE *out)
{
        json_t *simulated = json_line(&summary->simulated_total);
        json_t *root;
        int r = 0;

        json_object_set_new(simulated, "order_breaks",
                            json_integer((json_int_t)summary->findings.order_breaks));
        root = json_pack("{s:o, s:o, s:o, s:o}", "simulated", simulated, "queues",
                         json_queues(summary, plan), "checks", json_checks(&summary->findings),
                         "plan", json_plan(summary, plan));
        if (root == NULL)
                return -ENOMEM;
        json_object_set_new(root, "recorded",
                            summary->is_recorded ? json_line(&summary->recorded_total)
                                                 : json_null());
        if (json_dumpf(root, out, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) < 0 ||
            fputc('\n', out) == EOF)
                r = -EIO;
        json_decref(root);
        return r;
}
