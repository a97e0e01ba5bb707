/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steady loads and batch means.
 *
 * Times of a plan are whole milliseconds. Rounding shifts a service of minutes
 * by a hundred thousandth, far inside any interval that a run can have; what
 * must be exact is whether a call waited at all, and that is decided by events,
 * not by clocks: a call that finds a free agent is connected in the instant of
 * its arrival.
 */

#include "clients/replay/steady.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "clients/replay/chance.h"
#include "clients/replay/summary.h"

/* Student's t, 31 degrees of freedom, 99 % two-sided. */
#define STUDENT_T 2.744

enum { CALL_COUNT_MAX = 20000000, AGENT_MAX = 10000 };

static int64_t rounded_ms(double seconds)
{
        return llround(seconds * 1000);
}

static int draw_calls(struct plan *plan, const struct erlang_load *load, uint32_t call_count,
                      uint64_t seed)
{
        struct acd_prng prng;
        double at = 0;

        plan->call = calloc(call_count, sizeof(*plan->call));
        if (plan->call == NULL)
                return -ENOMEM;
        acd_prng_init(&prng, seed);
        for (uint32_t i = 0; i < call_count; i++) {
                double service = chance_exponential(&prng, load->service_mean_s);

                at += chance_exponential(&prng, 1 / load->arrival_rate);
                plan->call[i] = (struct plan_call){
                        .arrival_ms = 1000 + rounded_ms(at),
                        .service_ms = (uint32_t)rounded_ms(fmin(service, 4e6)),
                        .patience_ms = PLAN_PATIENCE_ENDLESS,
                        .number = i,
                };
                if (!isinf(load->patience_mean_s))
                        plan->call[i].patience_ms =
                                rounded_ms(chance_exponential(&prng, load->patience_mean_s));
        }
        plan->call_count = call_count;
        return 0;
}

int plan_steady(struct plan *plan, const struct erlang_load *load, uint32_t call_count,
                uint64_t seed)
{
        struct erlang_figures figures;
        int r;

        *plan = (struct plan){ .queue_count = 1, .queue = { "calls" } };
        if (!erlang_solve(load, &figures) || isinf(figures.wait_mean_s) || load->agent_count == 0 ||
            load->agent_count > AGENT_MAX || call_count < STEADY_BATCH_COUNT * 10 ||
            call_count > CALL_COUNT_MAX)
                return -EINVAL;
        r = draw_calls(plan, load, call_count, seed);
        plan->agent = calloc(load->agent_count, sizeof(*plan->agent));
        plan->span = calloc(load->agent_count, sizeof(*plan->span));
        if (r < 0 || plan->agent == NULL || plan->span == NULL) {
                plan_free(plan);
                return -ENOMEM;
        }
        plan->agent_count = load->agent_count;
        plan->span_count = load->agent_count;
        for (uint32_t i = 0; i < load->agent_count; i++) {
                /* They stay until long after the last call can be over. */
                int64_t end = plan->call[call_count - 1].arrival_ms + 1000000000;

                snprintf(plan->agent[i].name, sizeof(plan->agent[i].name), "agent%u", i + 1);
                plan->agent[i].skills = 1;
                plan->agent[i].span_first = i;
                plan->agent[i].span_count = 1;
                plan->span[i] = (struct plan_span){ 0, end, end, true };
        }
        return 0;
}

static double measure(const struct driver_call *call, enum steady_measure what)
{
        bool is_answered = call->outcome == DRIVER_ANSWERED;

        switch (what) {
        case STEADY_WAIT_PROBABILITY:
                return !is_answered || call->wait_ns > 0;
        case STEADY_WAIT_MEAN_S:
                return (double)call->wait_ns / 1e9;
        case STEADY_ANSWERED_WITHIN:
                return is_answered && call->wait_ns <= SUMMARY_WITHIN_S * INT64_C(1000000000);
        case STEADY_ABANDON_PROBABILITY:
                return !is_answered;
        case STEADY_MEASURE_COUNT:
                break;
        }
        return 0;
}

/* Mean of the batches' means, and half the width of its interval. */
static void batch_means(const struct driver_result *result, enum steady_measure what,
                        struct steady_figure *figure)
{
        size_t warm_up = result->call_count / 10;
        size_t size = (result->call_count - warm_up) / STEADY_BATCH_COUNT;
        double sum = 0;
        double squares = 0;

        for (size_t b = 0; b < STEADY_BATCH_COUNT; b++) {
                double batch = 0;

                for (size_t i = 0; i < size; i++)
                        batch += measure(&result->call[warm_up + b * size + i], what);
                batch /= (double)size;
                sum += batch;
                squares += batch * batch;
        }
        figure->simulated = sum / STEADY_BATCH_COUNT;
        double variance = (squares - sum * figure->simulated) / (STEADY_BATCH_COUNT - 1);

        figure->half_width = STUDENT_T * sqrt(fmax(variance, 0) / STEADY_BATCH_COUNT);
}

bool steady_evaluate(const struct erlang_load *load, const struct driver_result *result,
                     struct steady_figure ret_figures[STEADY_MEASURE_COUNT])
{
        struct erlang_figures formula;
        double within;
        bool is_within = true;

        if (!erlang_solve(load, &formula) ||
            !erlang_answered_within(load, SUMMARY_WITHIN_S, &within))
                return false;
        ret_figures[STEADY_WAIT_PROBABILITY].expected = formula.wait_probability;
        ret_figures[STEADY_WAIT_MEAN_S].expected = formula.wait_mean_s;
        ret_figures[STEADY_ANSWERED_WITHIN].expected = within;
        ret_figures[STEADY_ABANDON_PROBABILITY].expected = formula.abandon_probability;
        for (int i = 0; i < STEADY_MEASURE_COUNT; i++) {
                struct steady_figure *figure = &ret_figures[i];

                batch_means(result, (enum steady_measure)i, figure);
                figure->is_within =
                        fabs(figure->simulated - figure->expected) <= figure->half_width + 1e-12;
                is_within = is_within && figure->is_within;
        }
        return is_within;
}

const char *steady_measure_name(enum steady_measure measure)
{
        static const char *const name[STEADY_MEASURE_COUNT] = {
                [STEADY_WAIT_PROBABILITY] = "probability of wait",
                [STEADY_WAIT_MEAN_S] = "mean wait, s",
                [STEADY_ANSWERED_WITHIN] = "answered within 20 s",
                [STEADY_ABANDON_PROBABILITY] = "abandonment",
        };

        return name[measure];
}
