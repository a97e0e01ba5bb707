/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The product limit estimator, and draws from it.
 *
 * At each duration at which an end was seen, the share that survives is
 * multiplied by 1 - ends / cases still under observation. Cases that left
 * observation at the same duration count as still observed there, the usual
 * convention: a caller answered in the second in which another hung up was
 * patient for that second.
 *
 * A draw is the inverse of the survival at a uniform number, taken from the part
 * of (0, 1] that belongs to the condition.
 */

#include "clients/replay/kaplan_meier.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/assert.h"
#include "clients/replay/chance.h"

static int compare(const void *a, const void *b)
{
        const struct observation *x = a;
        const struct observation *y = b;

        return (x->duration > y->duration) - (x->duration < y->duration);
}

/* Cases at the duration of the first of @count. */
static size_t group_size(const struct observation *observation, size_t count,
                         size_t *ret_ended_count)
{
        size_t size = 0;

        *ret_ended_count = 0;
        while (size < count && observation[size].duration == observation[0].duration) {
                *ret_ended_count += observation[size].is_ended;
                size++;
        }
        return size;
}

int curve_fit(struct curve *curve, struct observation *observation, size_t count)
{
        double survival = 1;
        double time = 0;
        size_t size;

        *curve = (struct curve){ .observed_count = count };
        if (count == 0)
                return 0;
        curve->step = calloc(count, sizeof(*curve->step));
        if (curve->step == NULL)
                return -ENOMEM;

        qsort(observation, count, sizeof(*observation), compare);
        for (size_t i = 0; i < count; i += size) {
                size_t ended_count;

                size = group_size(observation + i, count - i, &ended_count);
                time += (double)size * observation[i].duration;
                curve->ended_count += ended_count;
                if (ended_count == 0)
                        continue;
                survival *= 1 - (double)ended_count / (double)(count - i);
                curve->step[curve->step_count++] = (struct curve_step){
                        .at = observation[i].duration,
                        .survival = survival,
                };
        }
        if (curve->ended_count > 0)
                curve->tail_mean = time / (double)curve->ended_count;
        return 0;
}

void curve_free(struct curve *curve)
{
        free(curve->step);
        *curve = (struct curve){ .step_count = 0 };
}

/* The number of steps at or before @duration. */
static size_t steps_until(const struct curve *curve, uint32_t duration)
{
        size_t low = 0;
        size_t high = curve->step_count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (curve->step[middle].at <= duration)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

double curve_survival(const struct curve *curve, uint32_t duration)
{
        size_t steps = steps_until(curve, duration);

        return steps == 0 ? 1 : curve->step[steps - 1].survival;
}

/* The first step whose survival is below @level; step_count when none is. */
static size_t step_below(const struct curve *curve, double level)
{
        size_t low = 0;
        size_t high = curve->step_count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (curve->step[middle].survival < level)
                        high = middle;
                else
                        low = middle + 1;
        }
        return low;
}

uint32_t curve_sample_above(const struct curve *curve, struct acd_prng *prng, uint32_t above)
{
        double level = curve_survival(curve, above) * chance_uniform(prng);
        size_t step = step_below(curve, level);
        uint32_t last;
        double rest;

        if (curve->ended_count == 0)
                return UINT32_MAX;
        if (step < curve->step_count)
                return curve->step[step].at;

        last = curve->step[curve->step_count - 1].at;
        rest = ceil(chance_exponential(prng, curve->tail_mean));
        if (last < above)
                last = above;
        return rest < (double)(UINT32_MAX - last) ? last + (uint32_t)rest : UINT32_MAX;
}

uint32_t curve_sample_between(const struct curve *curve, struct acd_prng *prng, uint32_t from,
                              uint32_t to)
{
        double high = from == 0 ? 1 : curve_survival(curve, from - 1);
        double low = curve_survival(curve, to);
        size_t step;

        ACD_ASSERT(from <= to);

        if (high <= low)
                return from;
        step = step_below(curve, low + (high - low) * chance_uniform(prng));
        ACD_ASSERT(step < curve->step_count);
        return curve->step[step].at;
}

double curve_mean_until(const struct curve *curve, uint32_t until)
{
        double area = 0;
        double survival = 1;
        uint32_t at = 0;

        for (size_t i = 0; i < curve->step_count && curve->step[i].at <= until; i++) {
                area += survival * (curve->step[i].at - at);
                at = curve->step[i].at;
                survival = curve->step[i].survival;
        }
        return area + survival * (until - at);
}
