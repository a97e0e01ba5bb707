/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The product limit estimator: by hand, by its properties, by known truth.
 */

#include <criterion/criterion.h>
#include <math.h>

#include "clients/replay/chance.h"
#include "clients/replay/kaplan_meier.h"

/* The example of every textbook: 6-MP against leukaemia (Freireich and others,
 * 1963), 21 patients, remission in weeks, 9 ends. */
Test(kaplan_meier, textbook)
{
        struct observation seen[] = {
                { 6, 1 },  { 6, 1 },  { 6, 1 },  { 6, 0 },  { 7, 1 },  { 9, 0 },  { 10, 1 },
                { 10, 0 }, { 11, 0 }, { 13, 1 }, { 16, 1 }, { 17, 0 }, { 19, 0 }, { 20, 0 },
                { 22, 1 }, { 23, 1 }, { 25, 0 }, { 32, 0 }, { 32, 0 }, { 34, 0 }, { 35, 0 },
        };
        struct curve curve;

        cr_assert_eq(curve_fit(&curve, seen, 21), 0);
        cr_assert_eq(curve.ended_count, 9);
        cr_assert_eq(curve.step_count, 7);
        cr_assert_eq(curve_survival(&curve, 5), 1);
        cr_assert_float_eq(curve_survival(&curve, 6), 0.857, 0.0005);
        cr_assert_float_eq(curve_survival(&curve, 7), 0.807, 0.0005);
        cr_assert_float_eq(curve_survival(&curve, 12), 0.753, 0.0005);
        cr_assert_float_eq(curve_survival(&curve, 13), 0.690, 0.0005);
        cr_assert_float_eq(curve_survival(&curve, 16), 0.627, 0.0005);
        cr_assert_float_eq(curve_survival(&curve, 22), 0.538, 0.0005);
        cr_assert_float_eq(curve_survival(&curve, 30), 0.448, 0.0005);
        cr_assert_float_eq(curve.tail_mean, 359.0 / 9, 1e-9);
        curve_free(&curve);
}

/* Without censoring it is the sample itself: survival, mean, draws. */
Test(kaplan_meier, complete_sample)
{
        struct observation seen[] = { { 4, 1 }, { 1, 1 }, { 2, 1 }, { 2, 1 } };
        uint32_t count[5] = { 0 };
        struct curve curve;
        struct acd_prng prng;

        acd_prng_init(&prng, 3);
        cr_assert_eq(curve_fit(&curve, seen, 4), 0);
        cr_assert_float_eq(curve_survival(&curve, 1), 0.75, 1e-12);
        cr_assert_float_eq(curve_survival(&curve, 3), 0.25, 1e-12);
        cr_assert_eq(curve_survival(&curve, 4), 0);
        cr_assert_float_eq(curve_mean_until(&curve, 100), 2.25, 1e-12);
        cr_assert_float_eq(curve_mean_until(&curve, 1), 1, 1e-12);
        for (int i = 0; i < 40000; i++)
                count[curve_sample_above(&curve, &prng, 0)]++;
        cr_assert_lt(abs((int)count[1] - 10000), 400);
        cr_assert_lt(abs((int)count[2] - 20000), 400);
        cr_assert_lt(abs((int)count[4] - 10000), 400);
        for (int i = 0; i < 100; i++) {
                cr_assert_eq(curve_sample_above(&curve, &prng, 2), 4);
                cr_assert_eq(curve_sample_between(&curve, &prng, 2, 3), 2);
                cr_assert_gt(curve_sample_above(&curve, &prng, 4), 4);
                /* No end between: the lower bound. */
                cr_assert_eq(curve_sample_between(&curve, &prng, 3, 3), 3);
        }
        curve_free(&curve);
}

Test(kaplan_meier, nothing_seen)
{
        struct observation seen[] = { { 5, 0 }, { 9, 0 } };
        struct curve curve;
        struct acd_prng prng;

        acd_prng_init(&prng, 3);
        cr_assert_eq(curve_fit(&curve, seen, 0), 0);
        cr_assert_eq(curve_sample_above(&curve, &prng, 7), UINT32_MAX);
        cr_assert_eq(curve_sample_between(&curve, &prng, 7, 9), 7);
        curve_free(&curve);
        cr_assert_eq(curve_fit(&curve, seen, 2), 0);
        cr_assert_eq(curve_survival(&curve, 100), 1);
        cr_assert_eq(curve_sample_above(&curve, &prng, 7), UINT32_MAX);
        curve_free(&curve);
}

/* Goal    From waits that are cut short at random, the whole patience comes back,
 *         in the body of the curve and in what is drawn from beyond its end.
 * Method  Exponential patience of 300 s, seen only up to exponential waits of
 *         100 s, half of them at most 200 s. Draws given "longer than x" must
 *         be x plus an exponential again, for x inside and outside. */
Test(kaplan_meier, censored_truth)
{
        enum { CALLS = 100000 };
        static struct observation seen[CALLS];
        struct acd_prng prng;
        struct curve curve;

        acd_prng_init(&prng, 17);
        for (int i = 0; i < CALLS; i++) {
                double patience = chance_exponential(&prng, 300);
                double wait = fmin(chance_exponential(&prng, 100), i % 2 == 0 ? 200 : 1000);

                seen[i].duration = (uint32_t)fmin(patience, wait);
                seen[i].is_ended = patience < wait;
        }
        cr_assert_eq(curve_fit(&curve, seen, CALLS), 0);
        for (uint32_t at = 20; at <= 360; at += 20)
                cr_assert_float_eq(curve_survival(&curve, at), exp((at + 1.0) / -300), 0.02,
                                   "%u: %f", at, curve_survival(&curve, at));

        for (uint32_t above = 0; above <= 2000; above += 1000) {
                double sum = 0;

                for (int i = 0; i < 20000; i++)
                        sum += curve_sample_above(&curve, &prng, above) - above;
                cr_assert_float_eq(sum / 20000, 300, 45, "above %u: %f", above, sum / 20000);
        }
        curve_free(&curve);
}

/* Means and spreads of the distributions that days are made of. */
Test(chance, moments)
{
        enum { DRAWS = 400000 };
        struct acd_prng prng;
        double sum = 0;
        double squares = 0;
        double exponential = 0;

        acd_prng_init(&prng, 23);
        for (int i = 0; i < DRAWS; i++) {
                double value = chance_lognormal(&prng, 190, 1.2);
                double uniform = chance_uniform(&prng);

                cr_assert(uniform > 0 && uniform <= 1);
                sum += value;
                squares += value * value;
                exponential += chance_exponential(&prng, 50);
        }
        double mean = sum / DRAWS;

        cr_assert_float_eq(mean, 190, 2);
        cr_assert_float_eq(sqrt(squares / DRAWS - mean * mean) / mean, 1.2, 0.04);
        cr_assert_float_eq(exponential / DRAWS, 50, 0.4);
}
