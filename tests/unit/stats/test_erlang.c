/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Erlang's formulas against published tables, closed forms, limits, and a slow
 * second computation of everything: the states of the birth and death process
 * summed in long double, and the waits by uniformisation of the contact's own
 * way to the head of the queue.
 */

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "stats/erlang.h"

static void assert_close(double value, double expected, double tolerance)
{
        cr_assert(fabs(value - expected) <= tolerance * fmax(fabs(expected), 1e-12),
                  "%.15g is not %.15g", value, expected);
}

/* Goal    B is the formula that the world's tables are made from.
 * Method  The offered load of 1 % blocking, as printed in every table. */
Test(erlang, b_published_table)
{
        static const struct {
                uint32_t agent_count;
                double offered;
        } table[] = { { 1, 0.0101 }, { 2, 0.153 }, { 5, 1.36 },  { 10, 4.46 },
                      { 20, 12.0 },  { 50, 37.9 }, { 100, 84.1 } };

        for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
                assert_close(erlang_b(table[i].agent_count, table[i].offered), 0.01, 0.03);
}

/* M/M/1: rho. M/M/2: 2 rho^2 / (1 + rho). */
Test(erlang, c_closed_forms)
{
        for (double load = 0.05; load < 1; load += 0.05) {
                assert_close(erlang_c(1, load), load, 1e-14);
                assert_close(erlang_c(2, 2 * load), 2 * load * load / (1 + load), 1e-14);
        }
        assert_close(erlang_c(10, 10), 1, 0);
        assert_close(erlang_c(10, 12), 1, 0);
        assert_close(erlang_c(10, 0), 0, 0);
        assert_close(erlang_b(0, 3), 1, 0);
        assert_close(erlang_b(4, 0), 0, 0);
}

/* The definition of C, summed in long double. */
static long double slow_c(uint32_t agent_count, long double offered)
{
        long double term = 1;
        long double sum = 0;

        for (uint32_t k = 0; k < agent_count; k++) {
                sum += term;
                term *= offered / (k + 1);
        }
        term *= agent_count / (agent_count - offered);
        return term / (sum + term);
}

Test(erlang, c_direct_sum)
{
        for (uint32_t n = 1; n <= 400; n = n * 3 / 2 + 1)
                for (double occupancy = 0.3; occupancy < 1; occupancy += 0.0999)
                        assert_close(erlang_c(n, n * occupancy),
                                     (double)slow_c(n, n * (long double)occupancy), 1e-11);
}

/* M/M/n: mean wait, service level and queue follow from C. */
Test(erlang, c_figures)
{
        struct erlang_load load = { .arrival_rate = 0.05,
                                    .service_mean_s = 180,
                                    .patience_mean_s = INFINITY,
                                    .agent_count = 11 };
        struct erlang_figures figures;
        double share;
        double c = (double)slow_c(11, 9);

        cr_assert(erlang_solve(&load, &figures));
        assert_close(figures.wait_probability, c, 1e-12);
        assert_close(figures.wait_mean_s, c * 180 / 2, 1e-12);
        assert_close(figures.occupancy, 9.0 / 11, 1e-12);
        assert_close(figures.queue_length_mean, c * 9 / 2, 1e-12);
        cr_assert_eq(figures.abandon_probability, 0);
        cr_assert(erlang_answered_within(&load, 20, &share));
        assert_close(share, 1 - c * exp(-2.0 / 180 * 20), 1e-12);

        load.agent_count = 9;
        cr_assert(erlang_solve(&load, &figures));
        cr_assert(isinf(figures.wait_mean_s));
        cr_assert_eq(figures.occupancy, 1);
        cr_assert(erlang_answered_within(&load, 1000, &share));
        cr_assert_eq(share, 0);
}

/* The states of M/M/n+M with up to n+@state_max contacts, as probabilities. */
static long double *slow_states(const struct erlang_load *load, uint32_t state_max)
{
        uint32_t n = load->agent_count;
        long double *state = calloc(n + state_max + 1, sizeof(*state));
        long double sum = 0;

        cr_assert_not_null(state);
        state[0] = 1;
        for (uint32_t k = 1; k <= n + state_max; k++) {
                long double death = (k < n ? k : n) / (long double)load->service_mean_s +
                                    (k > n ? k - n : 0) / (long double)load->patience_mean_s;

                state[k] = state[k - 1] * load->arrival_rate / death;
                if (state[k] > 1e2000L)
                        for (uint32_t i = 0; i <= k; i++)
                                state[i] *= 1e-2000L;
        }
        for (uint32_t k = 0; k <= n + state_max; k++)
                sum += state[k];
        for (uint32_t k = 0; k <= n + state_max; k++)
                state[k] /= sum;
        return state;
}

/* The chance to be answered within @seconds, by uniformisation: a contact with i
 * others ahead moves up at the rate n*mu + i*theta and leaves at theta. */
static double slow_within(const struct erlang_load *load, const long double *state,
                          uint32_t state_max, double seconds)
{
        uint32_t n = load->agent_count;
        long double mu = n / (long double)load->service_mean_s;
        long double theta = 1 / (long double)load->patience_mean_s;
        long double rate = mu + (state_max + 1) * theta;
        long double *at = calloc(state_max, sizeof(*at));
        long double answered = 0;
        long double result = 0;
        long double weight = expl(-rate * seconds);

        cr_assert_not_null(at);
        cr_assert_gt(weight, 0);
        for (uint32_t k = 0; k < n; k++)
                answered += state[k];
        for (uint32_t i = 0; i < state_max; i++)
                at[i] = state[n + i];

        long double steps_max = rate * seconds + 60 + 20 * sqrtl(rate * seconds);

        for (uint32_t step = 0; step < steps_max; step++) {
                result += weight * answered;
                weight *= rate * seconds / (step + 1);

                answered += at[0] * mu / rate;
                for (uint32_t i = 0; i < state_max; i++) {
                        long double stays = 1 - (mu + (i + 1) * theta) / rate;

                        at[i] *= stays;
                        if (i + 1 < state_max)
                                at[i] += at[i + 1] * (mu + (i + 1) * theta) / rate;
                }
        }
        free(at);
        return (double)result;
}

static void check_against_states(const struct erlang_load *load)
{
        /* Queue of the fluid limit, and a dozen standard deviations. */
        double overload = load->arrival_rate - load->agent_count / load->service_mean_s;
        double wide = 60 + 1.5 * fmax(overload, 0) * load->patience_mean_s +
                      12 * sqrt(load->arrival_rate * load->patience_mean_s);
        uint32_t state_max = (uint32_t)wide;
        long double *state = slow_states(load, state_max);
        long double waiting = 0;
        long double queue = 0;
        long double busy = 0;
        struct erlang_figures figures;

        for (uint32_t k = 0; k <= load->agent_count + state_max; k++) {
                uint32_t queued = k > load->agent_count ? k - load->agent_count : 0;

                waiting += k >= load->agent_count ? state[k] : 0;
                queue += queued * state[k];
                busy += (k - queued) * state[k];
        }
        cr_assert(erlang_solve(load, &figures));
        assert_close(figures.wait_probability, (double)waiting, 1e-9);
        assert_close(figures.queue_length_mean, (double)queue, 1e-9);
        assert_close(figures.wait_mean_s, (double)queue / load->arrival_rate, 1e-9);
        assert_close(figures.abandon_probability,
                     (double)queue / load->patience_mean_s / load->arrival_rate, 1e-9);
        assert_close(figures.occupancy, (double)busy / load->agent_count, 1e-9);

        for (double seconds = 0; seconds <= 100; seconds = seconds * 4 + 5) {
                double share;

                cr_assert(erlang_answered_within(load, seconds, &share));
                assert_close(share, slow_within(load, state, state_max, seconds), 1e-9);
        }
        free(state);
}

/* Goal    A is exact from idle to three times the agents' capacity, for patience
 *         from a twentieth of a service to ten services.
 * Method  Everything again from the states. */
Test(erlang, a_against_states, .timeout = 300)
{
        static const uint32_t agents[] = { 1, 4, 30 };
        static const double loads[] = { 0.2, 0.8, 0.97, 1, 1.15, 3 };
        static const double patience[] = { 9, 180, 1800 };

        for (size_t n = 0; n < 3; n++)
                for (size_t l = 0; l < 6; l++)
                        for (size_t p = 0; p < 3; p++)
                                check_against_states(&(struct erlang_load){
                                        .arrival_rate = loads[l] * agents[n] / 180,
                                        .service_mean_s = 180,
                                        .patience_mean_s = patience[p],
                                        .agent_count = agents[n] });
}

/* The mean wait of the answered is the area above their distribution. */
Test(erlang, a_answered_wait)
{
        struct erlang_load load = { .arrival_rate = 11.0 / 180,
                                    .service_mean_s = 180,
                                    .patience_mean_s = 240,
                                    .agent_count = 10 };
        struct erlang_figures figures;
        double answered;
        double area = 0;

        cr_assert(erlang_solve(&load, &figures));
        answered = 1 - figures.abandon_probability;
        for (double seconds = 0.5; seconds < 3000; seconds += 1) {
                double share;

                cr_assert(erlang_answered_within(&load, seconds, &share));
                area += 1 - share / answered;
        }
        assert_close(figures.answered_wait_mean_s, area, 1e-5);
}

/* Goal    Where patience means nothing, A is C; where it means everything, A is
 *         B; where it is the service time, A is M/M/infinity. */
Test(erlang, a_limits)
{
        struct erlang_load load = { .arrival_rate = 0.05,
                                    .service_mean_s = 180,
                                    .agent_count = 10 };
        struct erlang_figures a;
        struct erlang_figures c;

        load.patience_mean_s = 1e12;
        cr_assert(erlang_solve(&load, &a));
        load.patience_mean_s = INFINITY;
        cr_assert(erlang_solve(&load, &c));
        assert_close(a.wait_probability, c.wait_probability, 1e-8);
        assert_close(a.wait_mean_s, c.wait_mean_s, 1e-8);
        assert_close(a.answered_wait_mean_s, c.wait_mean_s, 1e-8);

        load.patience_mean_s = 1e-9;
        cr_assert(erlang_solve(&load, &a));
        assert_close(a.abandon_probability, erlang_b(10, 9), 1e-8);

        /* Contacts in the system are then Poisson with mean 9. */
        double term = exp(-9);
        double below = 0;

        for (int k = 0; k < 10; k++) {
                below += term;
                term *= 9.0 / (k + 1);
        }
        load.patience_mean_s = 180;
        cr_assert(erlang_solve(&load, &a));
        assert_close(a.wait_probability, 1 - below, 1e-10);
}

/* Goal    Large centers, tiny and huge loads: finite, sane, and where the fluid
 *         limit rules, equal to it. */
Test(erlang, a_extremes)
{
        struct erlang_load load = { .service_mean_s = 180, .patience_mean_s = 120 };
        struct erlang_figures figures;
        double share;

        load.agent_count = 1000000;
        load.arrival_rate = 2 * 1000000 / 180.0;
        cr_assert(erlang_solve(&load, &figures));
        assert_close(figures.abandon_probability, 0.5, 1e-6);
        assert_close(figures.occupancy, 1, 1e-9);
        assert_close(figures.answered_wait_mean_s, 120 * log(2), 1e-3);
        cr_assert(erlang_answered_within(&load, 120 * log(2) / 2, &share));
        cr_assert_lt(share, 1e-12);

        load.arrival_rate = 1 / 180.0;
        cr_assert(erlang_solve(&load, &figures));
        cr_assert_eq(figures.wait_probability, 0);
        cr_assert(erlang_answered_within(&load, 0, &share));
        cr_assert_eq(share, 1);

        load.agent_count = 1;
        load.arrival_rate = 1e6;
        cr_assert(erlang_solve(&load, &figures));
        assert_close(figures.occupancy, 1, 1e-6);

        load.agent_count = 0;
        load.arrival_rate = 1;
        cr_assert(erlang_solve(&load, &figures));
        cr_assert_eq(figures.abandon_probability, 1);
        cr_assert_eq(figures.wait_mean_s, 120);
        cr_assert(erlang_answered_within(&load, 1e9, &share));
        cr_assert_eq(share, 0);
}

Test(erlang, refuses_what_is_no_load)
{
        struct erlang_load good = { 1, 180, 120, 10 };
        struct erlang_figures figures;
        double share;

        for (int i = 0; i < 8; i++) {
                struct erlang_load load = good;

                load.arrival_rate = i == 0   ? 0
                                    : i == 1 ? (double)NAN
                                    : i == 2 ? (double)INFINITY
                                             : 1;
                load.service_mean_s = i == 3 ? -1 : i == 4 ? (double)INFINITY : 180;
                load.patience_mean_s = i == 5 ? 0 : i == 6 ? (double)NAN : 120;
                load.agent_count = i == 7 ? ERLANG_AGENT_COUNT_MAX + 1 : 10;
                cr_assert_not(erlang_solve(&load, &figures));
                cr_assert_not(erlang_answered_within(&load, 20, &share));
        }
        cr_assert_not(erlang_answered_within(&good, -1, &share));
        cr_assert_not(erlang_answered_within(&good, (double)NAN, &share));
}
