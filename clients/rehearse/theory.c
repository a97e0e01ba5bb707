/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Erlang A gives for the load of a plan.
 *
 * Agents come and go within a half hour, so their number is an average between
 * two whole ones; the figures are those of both, in proportion. A half hour
 * with calls and nobody there counts its calls as abandoned.
 */

#include "clients/rehearse/theory.h"

#include <math.h>

#include "clients/replay/summary.h"
#include "stats/erlang.h"

#define SLOT_MS INT64_C(1800000)

static double overlap(int64_t from, int64_t to, int64_t begin, int64_t end)
{
        int64_t first = from > begin ? from : begin;
        int64_t last = to < end ? to : end;

        return last > first ? (double)(last - first) : 0;
}

static double agents_in(const struct plan *plan, int64_t begin)
{
        double sum = 0;

        for (size_t i = 0; i < plan->span_count; i++)
                sum += overlap(plan->span[i].from_ms, plan->span[i].to_ms, begin, begin + SLOT_MS);
        return sum / (double)SLOT_MS;
}

/* Add @calls calls with @agents agents. */
static void add(struct theory *theory, struct erlang_load load, uint32_t agents, double calls)
{
        struct erlang_figures figures;
        double within = 0, answered;

        load.agent_count = agents;
        theory->calls += calls;
        if (agents == 0 || !erlang_solve(&load, &figures) ||
            !erlang_answered_within(&load, SUMMARY_WITHIN_S, &within)) {
                theory->abandoned += calls;
                return;
        }
        answered = calls * (1 - figures.abandon_probability);
        theory->answered += answered;
        theory->abandoned += calls - answered;
        theory->wait_mean_s += answered * figures.answered_wait_mean_s;
        theory->within += calls * within;
}

/* Mean occupation of an agent by a call, and mean patience. */
static struct erlang_load means_of(const struct plan *plan)
{
        struct erlang_load load = { .patience_mean_s = INFINITY };
        double work_ms = 0, patience_ms = 0;
        size_t patient = 0;

        for (size_t i = 0; i < plan->call_count; i++) {
                work_ms += plan->call[i].service_ms + (double)plan->call[i].wrap_up_ms;
                if (plan->call[i].patience_ms == PLAN_PATIENCE_ENDLESS)
                        patient++;
                else
                        patience_ms += (double)plan->call[i].patience_ms;
        }
        if (plan->call_count > 0)
                load.service_mean_s = work_ms / 1000 / (double)plan->call_count;
        if (plan->call_count > patient)
                load.patience_mean_s = patience_ms / 1000 / (double)(plan->call_count - patient);
        return load;
}

struct theory theory_of(const struct plan *plan)
{
        struct theory theory = { .calls = 0 };
        struct erlang_load load = means_of(plan);
        size_t next = 0;

        while (next < plan->call_count) {
                int64_t begin = plan->call[next].arrival_ms / SLOT_MS * SLOT_MS;
                double agents = agents_in(plan, begin), share = agents - floor(agents);
                size_t first = next;

                while (next < plan->call_count && plan->call[next].arrival_ms < begin + SLOT_MS)
                        next++;
                load.arrival_rate = (double)(next - first) * 1000 / (double)SLOT_MS;
                add(&theory, load, (uint32_t)agents, (double)(next - first) * (1 - share));
                add(&theory, load, (uint32_t)agents + 1, (double)(next - first) * share);
        }
        if (theory.answered > 0) {
                theory.wait_mean_s /= theory.answered;
                theory.within /= theory.answered;
        }
        return theory;
}
