/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From records to a plan.
 *
 * Skills: a type is a skill of an agent when it makes the set share of what he
 * served. A small type can be nobody's skill by that rule, though somebody
 * served it; so each type's agents are widened, those who served most of it
 * first, until they took the set share of its calls. What no named agent served
 * is everybody's.
 *
 * Patience: who hung up in the queue had exactly the patience he showed. Who was
 * answered had more than his wait: he draws from the Kaplan-Meier curve of his
 * type, given that. A type with few hang-ups draws from the curve of all.
 *
 * Wrap-up goes with the call, as patience does: exactly the agent's absence
 * after it when the record shows it, else a draw from the curve of absences
 * between the bounds that it shows. Absences beyond the break setting are not
 * wrap-up but breaks: they end a span (readiness.h has how absences are read).
 *
 * Each call draws from a generator of its own, seeded by the run's seed and its
 * place in the file. So a draw does not depend on which other calls are played,
 * and one day of a month is the same day alone.
 */

#include "clients/replay/plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/name.h"
#include "clients/replay/readiness.h"

enum {
        HANG_COUNT_MIN = 20, /* hang-ups that a type needs for a curve of its own */
};

/* What plan_from_bank() works with. */
struct builder {
        const struct bank *bank;
        const struct plan_settings *settings;
        struct plan *plan;
        uint32_t skills[BANK_SERVER_MAX];
        struct readiness readiness;
        struct curve patience[BANK_TYPE_MAX];
        struct curve patience_of_all;
        int64_t *service_of; /* per record: its service's index, or -1 */
        size_t next_shift;   /* of the bank, not yet taken */
};

struct plan_settings plan_settings_default(void)
{
        return (struct plan_settings){
                .break_s = 600,
                .idle_s = 3600,
                .wrap_up_s = PLAN_WRAP_UP_MEASURED,
                .skill_share = 0.02,
                .skill_cover = 0.8,
                .seed = 1,
        };
}

/* Calls that the plan plays: of the date, and not over in the voice-response unit. */
static bool enters(const struct bank_record *record, const struct plan_settings *settings)
{
        return record->arrival_s != 0 && (settings->date == 0 || record->date == settings->date);
}

/* By an agent with a name. */
static bool is_served(const struct bank_record *record)
{
        return record->outcome == BANK_AGENT && record->server != BANK_NO_SERVER;
}

/*
 * Skills.
 */

struct served {
        uint32_t by_type[BANK_TYPE_MAX];
        uint32_t all;
};

/* Give @type to those who served most of it until they took enough of it. */
static void cover_type(struct builder *builder, const struct served *served, uint32_t type)
{
        uint64_t all = 0;
        uint64_t covered = 0;

        for (uint32_t i = 0; i < builder->bank->server_count; i++) {
                all += served[i].by_type[type];
                if ((builder->skills[i] >> type & 1) != 0)
                        covered += served[i].by_type[type];
        }
        while ((double)covered < builder->settings->skill_cover * (double)all) {
                uint32_t best = UINT32_MAX;

                for (uint32_t i = 0; i < builder->bank->server_count; i++)
                        if ((builder->skills[i] >> type & 1) == 0 &&
                            (best == UINT32_MAX ||
                             served[i].by_type[type] > served[best].by_type[type]))
                                best = i;
                ACD_ASSERT(best != UINT32_MAX);
                builder->skills[best] |= 1U << type;
                covered += served[best].by_type[type];
                builder->plan->facts.widened_count++;
        }
        if (all == 0)
                for (uint32_t i = 0; i < builder->bank->server_count; i++)
                        builder->skills[i] |= 1U << type;
}

static int find_skills(struct builder *builder)
{
        const struct bank *bank = builder->bank;
        struct served *served = calloc(BANK_SERVER_MAX, sizeof(*served));

        if (served == NULL)
                return -ENOMEM;
        for (size_t i = 0; i < bank->record_count; i++) {
                const struct bank_record *record = &bank->record[i];

                if (is_served(record)) {
                        served[record->server].by_type[record->type]++;
                        served[record->server].all++;
                }
        }
        for (uint32_t i = 0; i < bank->server_count; i++)
                for (uint32_t type = 0; type < bank->type_count; type++)
                        if (served[i].by_type[type] > 0 &&
                            served[i].by_type[type] >=
                                    builder->settings->skill_share * served[i].all)
                                builder->skills[i] |= 1U << type;
        /* Who is told to be a member is one, of these and of no others. */
        for (uint32_t i = 0; i < bank->server_count; i++)
                if (bank->member_of[i] != 0)
                        builder->skills[i] = bank->member_of[i];
        for (uint32_t type = 0; type < bank->type_count; type++)
                cover_type(builder, served, type);
        free(served);
        return 0;
}

/*
 * Patience.
 */

/* The curve of @type, or of all types when it is UINT32_MAX. */
static int fit_patience(const struct bank *bank, uint32_t type, struct curve *ret_curve)
{
        struct observation *observation = calloc(bank->record_count + 1, sizeof(*observation));
        size_t count = 0;
        int r;

        if (observation == NULL)
                return -ENOMEM;
        for (size_t i = 0; i < bank->record_count; i++) {
                const struct bank_record *record = &bank->record[i];

                if (record->arrival_s != 0 && (type == UINT32_MAX || record->type == type))
                        observation[count++] = (struct observation){
                                record->wait_s,
                                record->outcome == BANK_HANG && !record->is_taken_out,
                        };
        }
        r = curve_fit(ret_curve, observation, count);
        free(observation);
        return r;
}

static int find_patience(struct builder *builder)
{
        int r = fit_patience(builder->bank, UINT32_MAX, &builder->patience_of_all);

        for (uint32_t type = 0; r == 0 && type < builder->bank->type_count; type++)
                r = fit_patience(builder->bank, type, &builder->patience[type]);
        return r;
}

static int64_t patience_of(struct builder *builder, const struct bank_record *record,
                           struct acd_prng *prng)
{
        const struct curve *curve = &builder->patience[record->type];

        if (record->outcome == BANK_HANG) {
                builder->plan->facts.patience_known_count++;
                return (int64_t)record->wait_s * 1000;
        }
        if (curve->ended_count < HANG_COUNT_MIN)
                curve = &builder->patience_of_all;
        builder->plan->facts.patience_drawn_count++;
        return (int64_t)curve_sample_above(curve, prng, record->wait_s) * 1000;
}

/*
 * Wrap-up.
 */

static uint32_t wrap_up_of(struct builder *builder, size_t record, struct acd_prng *prng)
{
        const struct plan_settings *settings = builder->settings;
        const struct service *service = NULL;
        uint32_t cap = (uint32_t)settings->break_s;
        uint32_t from = 0;
        uint32_t to = cap;

        if (settings->wrap_up_s >= 0)
                return (uint32_t)(settings->wrap_up_s * 1000);
        if (builder->service_of[record] >= 0)
                service = &builder->readiness.service[builder->service_of[record]];
        if (service != NULL && service->has_next && service->away_min_s <= cap) {
                if (service->away_min_s == service->away_max_s) {
                        builder->plan->facts.wrap_up_known_count++;
                        return service->away_min_s * 1000;
                }
                from = service->away_min_s;
                if (to > service->away_max_s)
                        to = service->away_max_s;
        }
        builder->plan->facts.wrap_up_drawn_count++;
        return curve_sample_between(&builder->readiness.away, prng, from, to) * 1000;
}

static int find_readiness(struct builder *builder)
{
        size_t count = builder->bank->record_count;
        int r = readiness_read(&builder->readiness, builder->bank, builder->skills);

        if (r < 0)
                return r;
        builder->service_of = malloc((count + 1) * sizeof(*builder->service_of));
        if (builder->service_of == NULL)
                return -ENOMEM;
        for (size_t i = 0; i < count; i++)
                builder->service_of[i] = -1;
        for (size_t i = 0; i < builder->readiness.service_count; i++)
                builder->service_of[builder->readiness.service[i].record] = (int64_t)i;

        builder->plan->facts.shortened_count = builder->readiness.shortened_count;
        if (builder->settings->wrap_up_s < 0)
                builder->plan->facts.wrap_up_mean_s = curve_mean_until(
                        &builder->readiness.away, (uint32_t)builder->settings->break_s);
        return 0;
}

/*
 * Calls.
 */

static int compare_calls(const void *a, const void *b)
{
        const struct plan_call *x = a;
        const struct plan_call *y = b;

        if (x->arrival_ms != y->arrival_ms)
                return x->arrival_ms < y->arrival_ms ? -1 : 1;
        return (x->number > y->number) - (x->number < y->number);
}

static struct plan_call call_of(struct builder *builder, size_t index)
{
        const struct bank_record *record = &builder->bank->record[index];
        uint32_t service_s = record->service_s;
        struct acd_prng prng;

        acd_prng_init(&prng, builder->settings->seed * UINT64_C(0x9e3779b97f4a7c15) + index);
        if (builder->service_of[index] >= 0) {
                const struct service *service =
                        &builder->readiness.service[builder->service_of[index]];

                service_s = (uint32_t)(service->end_s - service->start_s);
        }
        return (struct plan_call){
                .arrival_ms = (record->arrival_s - builder->plan->origin_s) * 1000,
                .patience_ms = patience_of(builder, record, &prng),
                .service_ms = service_s * 1000,
                .wrap_up_ms = wrap_up_of(builder, index, &prng),
                .credit_ms = record->priority == 2 ? PLAN_CREDIT_MS : 0,
                .recorded_wait_s = record->wait_s,
                .number = (uint32_t)index,
                .queue = record->type,
                .is_recorded = true,
                .was_answered = record->outcome == BANK_AGENT,
        };
}

static int make_calls(struct builder *builder)
{
        const struct bank *bank = builder->bank;
        struct plan *plan = builder->plan;

        plan->call = calloc(bank->record_count + 1, sizeof(*plan->call));
        if (plan->call == NULL)
                return -ENOMEM;
        for (size_t i = 0; i < bank->record_count; i++) {
                const struct bank_record *record = &bank->record[i];
                bool is_of_date =
                        builder->settings->date == 0 || record->date == builder->settings->date;

                if (record->arrival_s == 0 && is_of_date)
                        plan->facts.self_service_count++;
                if (!enters(record, builder->settings))
                        continue;
                if (record->outcome == BANK_AGENT && record->server == BANK_NO_SERVER)
                        plan->facts.no_server_count++;
                plan->call[plan->call_count++] = call_of(builder, i);
        }
        if (plan->call_count == 0)
                return -ENODATA;
        qsort(plan->call, plan->call_count, sizeof(*plan->call), compare_calls);
        return 0;
}

/* Midnight before anything that enters: clocks that differ can put an arrival or
 * a service before the midnight of its entry. */
static int find_origin(struct builder *builder)
{
        int64_t first = INT64_MAX;

        for (size_t i = 0; i < builder->bank->record_count; i++) {
                const struct bank_record *record = &builder->bank->record[i];

                if (!enters(record, builder->settings))
                        continue;
                if (record->entry_s < first)
                        first = record->entry_s;
                if (record->arrival_s < first)
                        first = record->arrival_s;
                if (is_served(record) && record->service_start_s < first)
                        first = record->service_start_s;
        }
        if (first == INT64_MAX)
                return -ENODATA;
        builder->plan->origin_s = first - first % 86400;
        return 0;
}

/*
 * Agents.
 */

/* Whether a span ends with @service, and from when its agent is back. */
static bool ends_span(const struct builder *builder, const struct service *service,
                      int64_t *ret_back_s)
{
        *ret_back_s = INT64_MAX;
        if (!service->has_next ||
            !enters(&builder->bank->record[service[1].record], builder->settings))
                return true;
        if (service->away_min_s > builder->settings->break_s) {
                *ret_back_s = service->end_s + service->away_min_s;
                return true;
        }
        *ret_back_s = service[1].start_s;
        return service->away_max_s > builder->settings->idle_s;
}

static int64_t plan_ms(const struct plan *plan, int64_t second)
{
        ACD_ASSERT(second >= plan->origin_s);

        return (second - plan->origin_s) * 1000;
}

/* The name of a server or type, as far as it is one of ours (base/name.h) and not too
 * long; where it is not, its number makes it one that no other has. */
static void make_name(char ret_name[PLAN_NAME_MAX + 1], const char *given, uint32_t number)
{
        size_t size = strlen(given);
        char name[BANK_NAME_SIZE];

        if (size <= PLAN_NAME_MAX && acd_name_is_valid(given, size)) {
                memcpy(ret_name, given, size);
                return;
        }
        for (size_t i = 0; i <= size; i++)
                name[i] = acd_name_is_valid(given + i, 1) || i == size ? given[i] : '_';
        snprintf(ret_name, PLAN_NAME_MAX + 1, "%.20s:%u", name, number);
}

/* What the source tells of one server, as far as it is of the days that are played. */
static void take_shifts(struct builder *builder, uint32_t server)
{
        const struct bank *bank = builder->bank;
        struct plan *plan = builder->plan;
        int64_t end_s = INT64_MAX;

        if (builder->settings->date != 0)
                end_s = bank_midnight(builder->settings->date) + 86400;
        while (builder->next_shift < bank->shift_count &&
               bank->shift[builder->next_shift].server < server)
                builder->next_shift++;
        for (size_t i = builder->next_shift;
             i < bank->shift_count && bank->shift[i].server == server; i++) {
                struct bank_shift shift = bank->shift[i];

                if (shift.from_s < plan->origin_s)
                        shift.from_s = plan->origin_s;
                if (shift.to_s > end_s)
                        shift.to_s = end_s;
                if (shift.from_s >= shift.to_s)
                        continue;
                plan->span[plan->span_count++] = (struct plan_span){
                        .from_ms = plan_ms(plan, shift.from_s),
                        .last_ms = plan_ms(plan, shift.to_s),
                        .to_ms = plan_ms(plan, shift.to_s),
                        .is_last_of_day = shift.is_last,
                };
        }
}

/* What his services show of one server. */
static void infer_spans(struct builder *builder, uint32_t server)
{
        struct plan *plan = builder->plan;
        int64_t from_s = INT64_MAX;

        for (size_t i = builder->readiness.first[server]; i < builder->readiness.first[server + 1];
             i++) {
                const struct service *service = &builder->readiness.service[i];
                int64_t back_s;

                if (!enters(&builder->bank->record[service->record], builder->settings))
                        continue;
                if (from_s == INT64_MAX)
                        from_s = service->start_s;
                if (!ends_span(builder, service, &back_s))
                        continue;
                plan->span[plan->span_count++] = (struct plan_span){
                        .from_ms = plan_ms(plan, from_s),
                        .last_ms = plan_ms(plan, service->start_s),
                        .to_ms = plan_ms(plan, service->end_s),
                        .is_last_of_day = back_s / 86400 != service->end_s / 86400,
                };
                from_s = back_s;
        }
}

/* One server, unless nothing at all is known of him. */
static void make_agent(struct builder *builder, uint32_t server)
{
        struct plan *plan = builder->plan;
        struct plan_agent *agent = &plan->agent[plan->agent_count];
        const size_t *first = &builder->readiness.first[server];
        bool is_told = builder->bank->is_told[server];

        if (first[0] == first[1] && (!is_told || builder->skills[server] == 0))
                return;
        agent->span_first = plan->span_count;
        if (is_told)
                take_shifts(builder, server);
        else
                infer_spans(builder, server);
        /* Without a span he is absent, but somebody who could come. */
        agent->span_count = (uint32_t)(plan->span_count - agent->span_first);
        make_name(agent->name, builder->bank->server[server], server);
        agent->skills = builder->skills[server];
        plan->agent_count++;
}

static int make_agents(struct builder *builder)
{
        struct plan *plan = builder->plan;
        const struct bank *bank = builder->bank;

        plan->agent = calloc(bank->server_count + 1, sizeof(*plan->agent));
        plan->span = calloc(builder->readiness.service_count + bank->shift_count + 1,
                            sizeof(*plan->span));
        if (plan->agent == NULL || plan->span == NULL)
                return -ENOMEM;
        for (uint32_t i = 0; i < bank->server_count; i++)
                make_agent(builder, i);
        return plan->agent_count == 0 ? -ENODATA : 0;
}

static int build(struct builder *builder)
{
        struct plan *plan = builder->plan;
        int r;

        plan->queue_count = builder->bank->type_count;
        for (uint32_t i = 0; i < plan->queue_count; i++)
                make_name(plan->queue[i], builder->bank->type[i], i);
        r = find_origin(builder);
        if (r == 0)
                r = find_skills(builder);
        if (r == 0)
                r = find_patience(builder);
        if (r == 0)
                r = find_readiness(builder);
        if (r == 0)
                r = make_calls(builder);
        if (r == 0)
                r = make_agents(builder);
        return r;
}

int plan_from_bank(struct plan *plan, const struct bank *bank, const struct plan_settings *settings)
{
        struct builder *builder;
        int r;

        *plan = (struct plan){ .origin_s = 0 };
        builder = calloc(1, sizeof(*builder));
        if (builder == NULL)
                return -ENOMEM;
        plan->facts.row_count = bank->report.row_count;
        plan->facts.malformed_count = bank->report.flawed_count;
        plan->facts.phantom_count = bank->report.phantom_count;
        builder->bank = bank;
        builder->settings = settings;
        builder->plan = plan;
        r = build(builder);

        readiness_free(&builder->readiness);
        curve_free(&builder->patience_of_all);
        for (uint32_t i = 0; i < BANK_TYPE_MAX; i++)
                curve_free(&builder->patience[i]);
        free(builder->service_of);
        free(builder);
        if (r < 0)
                plan_free(plan);
        return r;
}

void plan_free(struct plan *plan)
{
        free(plan->call);
        free(plan->agent);
        free(plan->span);
        *plan = (struct plan){ .origin_s = 0 };
}

uint32_t plan_wrap_up_max_ms(const struct plan *plan)
{
        uint32_t max = 0;

        for (size_t i = 0; i < plan->call_count; i++)
                if (plan->call[i].wrap_up_ms > max)
                        max = plan->call[i].wrap_up_ms;
        return max;
}

int64_t plan_end_ms(const struct plan *plan)
{
        int64_t end = 0;

        for (size_t i = 0; i < plan->span_count; i++)
                if (plan->span[i].to_ms > end)
                        end = plan->span[i].to_ms;
        if (plan->call_count > 0 && plan->call[plan->call_count - 1].arrival_ms > end)
                end = plan->call[plan->call_count - 1].arrival_ms;
        return end;
}
