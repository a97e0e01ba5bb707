/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Erlang B, C and A without overflow, for any number of agents and any load.
 *
 * B by its recursion in 1/B, which only adds positive numbers:
 * 1/B(n) = 1 + n/a * 1/B(n-1) (Jagerman, "Some properties of the Erlang loss
 * function", 1974). C follows from B: C = nB / (n - a(1-B)).
 *
 * A from the density of the offered wait, the time that a contact with endless
 * patience would wait (Baccelli and Hebuterne, "On queues with impatient
 * customers", 1981; Zeltyn and Mandelbaum, "Call centers with impatient
 * customers", 2005): with p the probability of n-1 busy agents,
 *
 *         v(x) = rate * p * exp(h(x)),   x > 0
 *         h(x) = rate * (1 - exp(-x/patience)) * patience - n * x / service
 *
 * A contact waits min(V, its patience), is answered if its patience is longer
 * than V, and so every figure is an integral of v against a smooth function.
 * The obvious way, summing the states of the birth and death process, needs as
 * many terms as the queue is long, overflows in overload, and gives no service
 * level; here h is concave, so one look for its top and for where it has fallen
 * by DEPTH tells where the integral lives, whatever n and load.
 *
 * The integrals: panels of 8-point Gauss-Legendre, on each side of the top of h
 * and of the end of what is on the scale of the patience. On such a stretch h
 * changes by DEPTH at most and bends one way, so a panel sees it change by a few
 * nats at the most; 8 points integrate exp over one nat to 1e-16, over four to
 * 1e-11. What a contact does before DEPTH patiences have passed is all it does.
 */

#include "stats/erlang.h"

#include <math.h>
#include <stddef.h>

#include "base/assert.h"

enum { PANEL_COUNT = 128, NODE_COUNT = 8 };

/* Beyond this many nats below its top the density is nothing. */
#define DEPTH 80.0

/* Abscissae and weights on [-1, 1]. */
static const double node_at[NODE_COUNT] = {
        -0.9602898564975363, -0.7966664774136267, -0.5255324099163290, -0.1834346424956498,
        0.1834346424956498,  0.5255324099163290,  0.7966664774136267,  0.9602898564975363,
};
static const double node_weight[NODE_COUNT] = {
        0.1012285362903763, 0.2223810344533745, 0.3137066458778873, 0.3626837833783620,
        0.3626837833783620, 0.3137066458778873, 0.2223810344533745, 0.1012285362903763,
};

/* The density of the offered wait, apart from its constant: where it lives. */
struct density {
        double arrival_rate;
        double patience_mean_s;
        double departure_rate; /* with every agent busy */
        double mode;           /* where h is greatest */
        double top;            /* h there */
        double from;           /* h is within DEPTH of the top between these */
        double to;
};

/* Integrals of exp(h - top): of all, of those who leave before, of those who
 * stay, and of the waits of the latter. */
struct moments {
        double all;
        double left;
        double stayed;
        double stayed_wait;
};

static bool load_is_valid(const struct erlang_load *load)
{
        return load->arrival_rate > 0 && isfinite(load->arrival_rate) && load->service_mean_s > 0 &&
               isfinite(load->service_mean_s) && load->patience_mean_s > 0 &&
               load->agent_count <= ERLANG_AGENT_COUNT_MAX;
}

/* 1/B: the states up to n busy agents, relative to the last. May be infinite. */
static double inverse_b(uint32_t agent_count, double offered)
{
        double inverse = 1;

        for (uint32_t i = 1; i <= agent_count; i++)
                inverse = 1 + inverse * (i / offered);
        return inverse;
}

double erlang_b(uint32_t agent_count, double offered)
{
        ACD_ASSERT(offered >= 0);

        if (offered <= 0)
                return agent_count == 0 ? 1 : 0;
        return 1 / inverse_b(agent_count, offered);
}

double erlang_c(uint32_t agent_count, double offered)
{
        ACD_ASSERT(offered >= 0);

        if (offered >= agent_count)
                return 1;

        double b = erlang_b(agent_count, offered);

        return agent_count * b / (agent_count - offered * (1 - b));
}

/* h at @x. */
static double exponent(const struct density *density, double x)
{
        double arrived = -expm1(-x / density->patience_mean_s) * density->patience_mean_s;

        return density->arrival_rate * arrived - density->departure_rate * x;
}

/* Where h, which falls from @high to @low, is DEPTH below the top. */
static double crossing(const struct density *density, double high, double low)
{
        for (int i = 0; i < 200; i++) {
                double middle = high + (low - high) / 2;

                if (exponent(density, middle) > density->top - DEPTH)
                        high = middle;
                else
                        low = middle;
        }
        return low;
}

static struct density density_of(const struct erlang_load *load)
{
        struct density density = {
                .arrival_rate = load->arrival_rate,
                .patience_mean_s = load->patience_mean_s,
                .departure_rate = load->agent_count / load->service_mean_s,
        };
        double overload = load->arrival_rate / density.departure_rate;
        double beyond = load->service_mean_s / load->agent_count;

        density.mode = overload > 1 ? log(overload) * load->patience_mean_s : 0;
        density.top = exponent(&density, density.mode);
        if (density.top > DEPTH)
                density.from = crossing(&density, density.mode, 0);
        while (exponent(&density, density.mode + beyond) > density.top - DEPTH)
                beyond *= 2;
        density.to = crossing(&density, density.mode, density.mode + beyond);
        return density;
}

/* Add what lies between @from and @to, where the density bends one way. */
static void add_stretch(struct moments *sum, const struct density *density, double from, double to)
{
        double half = (to - from) / PANEL_COUNT / 2;

        for (int panel = 0; panel < PANEL_COUNT && half > 0; panel++) {
                double middle = from + (2 * panel + 1) * half;

                for (int node = 0; node < NODE_COUNT; node++) {
                        double x = middle + half * node_at[node];
                        double weight = half * node_weight[node];
                        double v = weight * exp(exponent(density, x) - density->top);
                        double stayed = v * exp(-x / density->patience_mean_s);

                        sum->all += v;
                        sum->left += v * -expm1(-x / density->patience_mean_s);
                        sum->stayed += stayed;
                        sum->stayed_wait += stayed * x;
                }
        }
}

/* All of the density up to @until. */
static struct moments integrate(const struct density *density, double until)
{
        double patience_end = density->from + DEPTH * density->patience_mean_s;
        double cut[] = { fmin(density->mode, patience_end), fmax(density->mode, patience_end),
                         until };
        double from = density->from;
        struct moments sum = { 0 };

        for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++) {
                double to = fmin(fmin(cut[i], until), density->to);

                if (to > from) {
                        add_stretch(&sum, density, from, to);
                        from = to;
                }
        }
        return sum;
}

/* The weight of the contacts that find an agent free, in the units of the
 * integrals: the states below n, relative to n-1, over the rate, over e^top. */
static double weight_at_once(const struct erlang_load *load, const struct density *density)
{
        double offered = load->arrival_rate * load->service_mean_s;

        return inverse_b(load->agent_count - 1, offered) / load->arrival_rate * exp(-density->top);
}

/* Nobody leaves: Erlang C. */
static void solve_patient(const struct erlang_load *load, struct erlang_figures *ret_figures)
{
        double offered = load->arrival_rate * load->service_mean_s;
        struct erlang_figures figures = { .wait_probability =
                                                  erlang_c(load->agent_count, offered) };

        if (offered >= load->agent_count) {
                figures.wait_mean_s = INFINITY;
                figures.answered_wait_mean_s = INFINITY;
                figures.queue_length_mean = INFINITY;
                figures.occupancy = 1;
        } else {
                figures.wait_mean_s = figures.wait_probability * load->service_mean_s /
                                      (load->agent_count - offered);
                figures.answered_wait_mean_s = figures.wait_mean_s;
                figures.queue_length_mean = figures.wait_mean_s * load->arrival_rate;
                figures.occupancy = offered / load->agent_count;
        }
        *ret_figures = figures;
}

/* No agent: everybody waits as long as the patience lasts. */
static void solve_unstaffed(const struct erlang_load *load, struct erlang_figures *ret_figures)
{
        *ret_figures = (struct erlang_figures){
                .wait_probability = 1,
                .wait_mean_s = load->patience_mean_s,
                .abandon_probability = 1,
                .queue_length_mean = load->patience_mean_s * load->arrival_rate,
        };
}

bool erlang_solve(const struct erlang_load *load, struct erlang_figures *ret_figures)
{
        if (!load_is_valid(load))
                return false;
        if (isinf(load->patience_mean_s)) {
                solve_patient(load, ret_figures);
                return true;
        }
        if (load->agent_count == 0) {
                solve_unstaffed(load, ret_figures);
                return true;
        }

        struct density density = density_of(load);
        struct moments moments = integrate(&density, INFINITY);
        double total = weight_at_once(load, &density) + moments.all;
        double abandon = moments.left / total;
        double answered = 1 - abandon;
        double offered = load->arrival_rate * load->service_mean_s;

        *ret_figures = (struct erlang_figures){
                .wait_probability = moments.all / total,
                /* Of those who wait, one leaves per patience. */
                .wait_mean_s = abandon * load->patience_mean_s,
                .answered_wait_mean_s = answered > 0 ? moments.stayed_wait / total / answered : 0,
                .abandon_probability = abandon,
                .occupancy = offered * answered / load->agent_count,
                .queue_length_mean = abandon * load->patience_mean_s * load->arrival_rate,
        };
        return true;
}

bool erlang_answered_within(const struct erlang_load *load, double seconds, double *ret_share)
{
        if (!load_is_valid(load) || !(seconds >= 0))
                return false;
        if (load->agent_count == 0) {
                *ret_share = 0;
                return true;
        }

        double offered = load->arrival_rate * load->service_mean_s;

        if (isinf(load->patience_mean_s)) {
                double slack = (load->agent_count - offered) / load->service_mean_s;

                *ret_share = slack <= 0 ? 0
                                        : 1 - erlang_c(load->agent_count, offered) *
                                                          exp(-slack * seconds);
                return true;
        }

        struct density density = density_of(load);
        double at_once = weight_at_once(load, &density);
        double total = at_once + integrate(&density, INFINITY).all;

        /* A weight beyond the numbers: as good as nobody waits. */
        *ret_share = isinf(at_once) ? 1 : (at_once + integrate(&density, seconds).stayed) / total;
        return true;
}
