/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A generated day.
 *
 * The profile is round numbers in the shape of a weekday of such a center: a
 * steep morning, two humps around a shallow noon, a long evening. With the
 * default 1,500 calls and fourteen agents the day is busy but not hopeless, a
 * few half hours being short of agents, as real ones are.
 *
 * Skills follow from the agent's number by fixed strides, so that every shift
 * has somebody for every queue: all take PS and TT, every second NW, every third
 * NE, every fourth IN, every fifth PE.
 *
 * Arrivals are drawn as one unit Poisson process on the scale of expected calls
 * so far, and mapped to the clock by the inverse of the profile's sum: exact for
 * any profile, one draw a call.
 */

#include "clients/replay/generate.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "clients/replay/chance.h"

enum {
        HALF_HOUR_MS = 1800000,
        MINUTE_MS = 60000,
        PROFILE_FROM = 14, /* half hours after midnight */
        PROFILE_COUNT = 34,
        BREAK_COUNT = 3,
};

/* Calls by half hour from 07:00, relative to each other. */
static const double profile[PROFILE_COUNT] = {
        0.6, 1.0, 1.8, 2.6, 3.4, 3.8, 4.2, 4.3, 4.2, 4.0, 3.8, 3.7, 3.7, 3.8, 4.0, 4.1, 4.2,
        4.1, 3.9, 3.7, 3.4, 2.9, 2.3, 2.1, 2.0, 1.9, 1.8, 1.7, 1.6, 1.5, 1.4, 1.2, 1.0, 0.7,
};

/* Share of calls, and which agents have the skill: number % stride == offset. */
static const struct {
        char name[BANK_TYPE_NAME_MAX + 1];
        double share;
        uint32_t stride;
        uint32_t offset;
} kind[] = {
        { "PS", 0.705, 1, 0 }, { "NW", 0.140, 2, 0 }, { "NE", 0.095, 3, 0 },
        { "TT", 0.035, 1, 0 }, { "IN", 0.015, 4, 1 }, { "PE", 0.010, 5, 2 },
};

enum { KIND_COUNT = sizeof(kind) / sizeof(kind[0]) };

/* Shifts in minutes of the day; agent i works number i modulo 14 of the pattern. */
static const struct {
        char letter;
        uint32_t from_minute;
        uint32_t to_minute;
} shift[] = { { 'E', 420, 930 }, { 'M', 555, 1065 }, { 'L', 930, 1440 } };

static const char shift_pattern[] = "EEEEEMMMMLLLLL";

/* Breaks, in minutes: begin after the start of the shift (agents go one after
 * the other, by stagger), and length. */
static const struct {
        uint32_t after;
        uint32_t stagger;
        uint32_t length;
} pause_plan[BREAK_COUNT] = { { 75, 18, 15 }, { 210, 32, 30 }, { 400, 18, 15 } };

struct generate_settings generate_settings_default(void)
{
        return (struct generate_settings){
                .call_count = 1500,
                .agent_count = 14,
                .service_mean_s = 190,
                .service_variation = 1.2,
                .patience_mean_s = 360,
                .wrap_up_mean_s = 20,
                .priority_share = 0.3,
                .seed = 1,
        };
}

static bool settings_are_valid(const struct generate_settings *settings)
{
        return settings->call_count >= 1 && settings->call_count <= 1000000 &&
               settings->agent_count >= 1 && settings->agent_count <= 1000 &&
               settings->service_mean_s > 0 && settings->service_mean_s <= 86400 &&
               settings->service_variation >= 0 && settings->service_variation <= 10 &&
               settings->patience_mean_s > 0 && settings->patience_mean_s <= 1e6 &&
               settings->wrap_up_mean_s >= 0 && settings->wrap_up_mean_s <= 86400 &&
               settings->priority_share >= 0 && settings->priority_share <= 1;
}

static uint32_t ms_of(double seconds)
{
        return (uint32_t)fmin(seconds * 1000, 86400000);
}

static uint16_t draw_kind(struct acd_prng *prng)
{
        double at = chance_uniform(prng);
        uint16_t i = 0;

        while (i + 1 < KIND_COUNT && at > kind[i].share)
                at -= kind[i++].share;
        return i;
}

static struct plan_call draw_call(const struct generate_settings *settings, struct acd_prng *prng)
{
        struct plan_call call = { .queue = draw_kind(prng) };

        call.credit_ms = chance_uniform(prng) <= settings->priority_share ? PLAN_CREDIT_MS : 0;
        call.service_ms = ms_of(
                chance_lognormal(prng, settings->service_mean_s, settings->service_variation));
        call.patience_ms = ms_of(chance_exponential(prng, settings->patience_mean_s));
        call.wrap_up_ms = ms_of(chance_exponential(prng, settings->wrap_up_mean_s));
        return call;
}

static double profile_sum(void)
{
        double sum = 0;

        for (uint32_t i = 0; i < PROFILE_COUNT; i++)
                sum += profile[i];
        return sum;
}

static int draw_calls(struct plan *plan, const struct generate_settings *settings)
{
        double scale = settings->call_count / profile_sum();
        size_t capacity = settings->call_count + 10 * (size_t)sqrt(settings->call_count) + 100;
        struct acd_prng prng;
        double at;

        plan->call = calloc(capacity, sizeof(*plan->call));
        if (plan->call == NULL)
                return -ENOMEM;
        acd_prng_init(&prng, settings->seed);
        at = chance_exponential(&prng, 1);
        for (uint32_t i = 0; i < PROFILE_COUNT; i++) {
                double calls = profile[i] * scale;

                for (; at < calls && plan->call_count < capacity;
                     at += chance_exponential(&prng, 1)) {
                        struct plan_call call = draw_call(settings, &prng);

                        call.number = (uint32_t)plan->call_count;
                        call.arrival_ms = (int64_t)((PROFILE_FROM + i + at / calls) * HALF_HOUR_MS);
                        plan->call[plan->call_count++] = call;
                }
                at -= calls;
        }
        return plan->call_count == 0 ? -EINVAL : 0;
}

/* The spans of one agent: his shift, cut at the breaks. */
static void make_spans(struct plan *plan, struct plan_agent *agent, uint32_t number)
{
        char letter = shift_pattern[number % (sizeof(shift_pattern) - 1)];
        uint32_t s = letter == 'E' ? 0 : letter == 'M' ? 1 : 2;
        uint32_t from = shift[s].from_minute;

        agent->span_first = plan->span_count;
        agent->span_count = BREAK_COUNT + 1;
        for (uint32_t i = 0; i <= BREAK_COUNT; i++) {
                uint32_t to = shift[s].to_minute;

                if (i < BREAK_COUNT)
                        to = shift[s].from_minute + pause_plan[i].after +
                             number % 5 * pause_plan[i].stagger;
                plan->span[plan->span_count++] = (struct plan_span){
                        .from_ms = (int64_t)from * MINUTE_MS,
                        .last_ms = (int64_t)to * MINUTE_MS,
                        .to_ms = (int64_t)to * MINUTE_MS,
                        .is_last_of_day = i == BREAK_COUNT,
                };
                if (i < BREAK_COUNT)
                        from = to + pause_plan[i].length;
        }
}

static int make_agents(struct plan *plan, const struct generate_settings *settings)
{
        plan->agent = calloc(settings->agent_count, sizeof(*plan->agent));
        plan->span = calloc((size_t)settings->agent_count * (BREAK_COUNT + 1), sizeof(*plan->span));
        if (plan->agent == NULL || plan->span == NULL)
                return -ENOMEM;
        for (uint32_t i = 0; i < settings->agent_count; i++) {
                struct plan_agent *agent = &plan->agent[i];

                snprintf(agent->name, sizeof(agent->name), "agent%02" PRIu32, i + 1);
                for (uint32_t k = 0; k < KIND_COUNT; k++)
                        if (i % kind[k].stride == kind[k].offset)
                                agent->skills |= 1U << k;
                make_spans(plan, agent, i);
        }
        /* A handful of agents cannot have every skill by stride: the first has
         * what is nobody's. */
        for (uint32_t k = 0; k < KIND_COUNT; k++)
                if (settings->agent_count <= kind[k].offset)
                        plan->agent[0].skills |= 1U << k;
        plan->agent_count = settings->agent_count;
        return 0;
}

int plan_generate(struct plan *plan, const struct generate_settings *settings)
{
        int r;

        *plan = (struct plan){ .queue_count = KIND_COUNT };
        if (!settings_are_valid(settings))
                return -EINVAL;
        for (uint32_t k = 0; k < KIND_COUNT; k++)
                memcpy(plan->queue[k], kind[k].name, sizeof(kind[k].name));
        r = draw_calls(plan, settings);
        if (r == 0)
                r = make_agents(plan, settings);
        if (r < 0)
                plan_free(plan);
        return r;
}

void generate_print(const struct generate_settings *settings, FILE *out)
{
        fprintf(out,
                "a generated day: calls %" PRIu32 ", agents %" PRIu32
                ", service %.0f s (lognormal, variation %.2f), patience %.0f s (exponential), "
                "wrap-up %.0f s (exponential), priority %.0f %%, seed %" PRIu64 "\n",
                settings->call_count, settings->agent_count, settings->service_mean_s,
                settings->service_variation, settings->patience_mean_s, settings->wrap_up_mean_s,
                100 * settings->priority_share, settings->seed);
        fprintf(out, "calls by half hour from 07:00, in a thousand:");
        for (uint32_t i = 0; i < PROFILE_COUNT; i++)
                fprintf(out, " %.0f", 1000 * profile[i] / profile_sum());
        fprintf(out, "\nshifts:");
        for (size_t i = 0; i < sizeof(shift) / sizeof(shift[0]); i++)
                fprintf(out, " %c %02" PRIu32 ":%02" PRIu32 "-%02" PRIu32 ":%02" PRIu32,
                        shift[i].letter, shift[i].from_minute / 60, shift[i].from_minute % 60,
                        shift[i].to_minute / 60, shift[i].to_minute % 60);
        fprintf(out, ", in turn %s; breaks of 15, 30 and 15 minutes\nqueues:", shift_pattern);
        for (uint32_t k = 0; k < KIND_COUNT; k++)
                fprintf(out, " %s %.1f %%", kind[k].name, 100 * kind[k].share);
        fprintf(out, "\n");
}
