/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Time in the naive model: timers, the agenda, START. Rules T1, T3, P4, D20 to D24.
 *
 * Timers are an unordered array; the next one is searched for. Tier openings are not
 * in it: they are computed from the waiting contacts. TIME runs all that is due and
 * WORK empties the agenda, whatever the number of events.
 */

#include "tests/support/model_state.h"

#include <string.h>

#include "base/assert.h"
#include "base/id.h"

enum { TICK_BITS = 20 };

#define NEVER UINT64_MAX

uint64_t model_tick(acd_time at)
{
        return (at + (UINT64_C(1) << TICK_BITS) - 1) >> TICK_BITS;
}

void model_timer_set(struct model *m, enum model_timer_kind kind, uint32_t index, uint32_t tenant,
                     acd_time deadline)
{
        uint32_t at = 0;

        while (at < m->timer_top && m->timer[at].is_used)
                at++;
        if (at == m->timer_top)
                m->timer_top++;
        ACD_ASSERT(at < MODEL_TIMER_MAX);
        m->timer[at] = (struct model_timer){ .is_used = true,
                                             .kind = kind,
                                             .index = index,
                                             .tenant = tenant,
                                             .deadline = deadline,
                                             .runs_at = deadline,
                                             .order = ++m->order };
}

/* Stopping what does not run does nothing. */
void model_timer_stop(struct model *m, enum model_timer_kind kind, uint32_t index)
{
        for (uint32_t i = 0; i < m->timer_top; i++)
                if (m->timer[i].is_used && m->timer[i].kind == kind && m->timer[i].index == index)
                        m->timer[i].is_used = false;
}

/* The timer that runs next, by tick, then by when it was set. */
static int32_t first_timer(const struct model *m)
{
        int32_t best = MODEL_NONE;

        for (uint32_t i = 0; i < m->timer_top; i++) {
                const struct model_timer *timer = &m->timer[i];
                const struct model_timer *other = &m->timer[best < 0 ? 0 : best];

                if (timer->is_used &&
                    (best < 0 || model_tick(timer->runs_at) < model_tick(other->runs_at) ||
                     (model_tick(timer->runs_at) == model_tick(other->runs_at) &&
                      timer->order < other->order)))
                        best = (int32_t)i;
        }
        return best;
}

/* The next tier opening of a contact that was not seen to; NEVER for none. */
static acd_time opening_of(const struct model *m, const struct model_contact *contact)
{
        int32_t queue = model_index_of(m, ACD_OBJECT_QUEUE, contact->queue);
        acd_time best = NEVER;

        for (int tier = 1; tier < ACD_TIER_COUNT; tier++) {
                acd_time at = contact->submitted +
                              (uint64_t)m->queue[queue].config.tier_wait_ms[tier] * 1000000;

                if (at > contact->tiers_until && at < best)
                        best = at;
        }
        return best;
}

/* The contact whose tier opens next, the first by key of those on one tick. */
static int32_t first_opening(const struct model *m, acd_time *ret_at, uint32_t *ret_count)
{
        int32_t best = MODEL_NONE;

        *ret_at = NEVER;
        *ret_count = 0;
        for (uint32_t i = 0; i < m->top[ACD_OBJECT_CONTACT]; i++) {
                const struct model_contact *contact = &m->contact[i];
                acd_time at;

                if (!contact->head.is_used || contact->state != ACD_CONTACT_WAITING)
                        continue;
                at = opening_of(m, contact);
                if (at == NEVER)
                        continue;
                if (best >= 0 && model_tick(at) == model_tick(*ret_at)) {
                        (*ret_count)++;
                        if (!model_is_before(contact, &m->contact[best]))
                                continue;
                } else if (best >= 0 && at > *ret_at) {
                        continue;
                } else {
                        *ret_count = 1;
                }
                best = (int32_t)i;
                *ret_at = at;
        }
        return best;
}

acd_time model_next_deadline(const struct model *m)
{
        int32_t timer = first_timer(m);
        acd_time at;
        uint32_t count;
        uint64_t tick = NEVER;

        if (first_opening(m, &at, &count) >= 0)
                tick = model_tick(at);
        if (timer >= 0 && model_tick(m->timer[timer].runs_at) < tick)
                tick = model_tick(m->timer[timer].runs_at);
        return tick == NEVER ? 0 : tick << TICK_BITS;
}

static void gateway_grace_ended(struct model *m, uint32_t index)
{
        struct model_gateway *gateway = &m->gateway[index];
        struct acd_event *event;

        ACD_ASSERT(gateway->state == ACD_GATEWAY_LOST);
        gateway->state = ACD_GATEWAY_GONE;
        gateway->deadline = 0;
        gateway->gone_order = ++m->order;
        event = model_emit_gateway(m, gateway, ACD_EVENT_GATEWAY_GONE, ACD_REASON_NONE);
        for (uint32_t i = 0; i < m->top[ACD_OBJECT_CONTACT]; i++)
                event->value += m->contact[i].head.is_used &&
                                m->contact[i].gateway == gateway->head.id &&
                                m->contact[i].state != ACD_CONTACT_ENDED;
        model_job_add(m, MODEL_JOB_GATEWAY_GONE)->id = gateway->head.id;
}

static void run_timer(struct model *m, const struct model_timer *timer)
{
        uint32_t contact, agent;

        m->coverage.timer[timer->kind]++;
        switch (timer->kind) {
        case MODEL_TIMER_OFFER:
                model_offer_failed(m, timer->index, ACD_REASON_OFFER_TIMEOUT, NULL);
                break;
        case MODEL_TIMER_CONNECTING:
                model_offer_failed(m, timer->index, ACD_REASON_CONNECT_TIMEOUT, NULL);
                break;
        case MODEL_TIMER_WRAP_UP:
                contact = m->assignment[timer->index].contact;
                agent = m->assignment[timer->index].agent;
                model_close_assignment(m, timer->index, ACD_REASON_WRAP_UP_EXPIRED);
                model_contact_free(m, contact);
                model_take_next(m, agent);
                break;
        case MODEL_TIMER_AGENT_GRACE:
                model_agent_grace_ended(m, timer->index);
                break;
        case MODEL_TIMER_GATEWAY_GRACE:
                gateway_grace_ended(m, timer->index);
                break;
        case MODEL_TIMER_PAIR:
                m->pair[timer->index].is_used = false;
                model_match_contact(m, m->pair[timer->index].contact);
                break;
        case MODEL_TIMER_KEY:
                model_key_forget(m, timer->index);
                break;
        case MODEL_TIMER_TIER:
                acd_panic(__FILE__, __LINE__, __func__, "a timer of the array");
        }
}

/* D24: when the reconnect grace of a tenant ends, by its graces as they are now. */
static acd_time hold_until(const struct model *m, uint32_t tenant)
{
        const struct acd_tenant_config *config = &m->tenant[tenant].config;
        uint64_t grace_ms = config->agent_grace_ms > config->gateway_grace_ms ?
                                    config->agent_grace_ms : config->gateway_grace_ms;

        return m->start_now + grace_ms * 1000000;
}

/* D24: overdue at START, and the reconnect grace runs. */
static bool is_held(const struct model *m, const struct model_timer *timer)
{
        return timer->kind != MODEL_TIMER_OFFER && timer->kind != MODEL_TIMER_KEY &&
               timer->deadline <= m->start_now && m->now < hold_until(m, timer->tenant);
}

/* Run the next thing that is due; false when nothing is. */
static bool run_next(struct model *m)
{
        int32_t index = first_timer(m);
        acd_time opening;
        uint32_t count;
        int32_t contact = first_opening(m, &opening, &count);
        uint64_t timer_tick = index < 0 ? NEVER : model_tick(m->timer[index].runs_at);
        uint64_t opening_tick = contact < 0 ? NEVER : model_tick(opening);
        struct model_timer timer;

        if ((timer_tick < opening_tick ? timer_tick : opening_tick) > m->now >> TICK_BITS)
                return false;
        if (opening_tick != NEVER && (timer_tick == opening_tick || count > 1))
                m->is_ambiguous = true;
        if (opening_tick < timer_tick) {
                m->coverage.timer[MODEL_TIMER_TIER]++;
                m->contact[contact].tiers_until = opening;
                model_match_opened(m, (uint32_t)contact, opening);
                return true;
        }
        if (is_held(m, &m->timer[index])) {
                m->coverage.held_timer++;
                m->timer[index].runs_at = hold_until(m, m->timer[index].tenant);
                m->timer[index].order = ++m->order;
                return true;
        }
        timer = m->timer[index];
        m->timer[index].is_used = false;
        run_timer(m, &timer);
        return true;
}

void model_run_timers(struct model *m)
{
        while (run_next(m)) {
        }
}

/* The agenda */

struct model_job *model_job_add(struct model *m, enum model_job_kind kind)
{
        struct model_job *job;

        ACD_ASSERT(m->job_count < MODEL_JOB_MAX);
        job = &m->job[m->job_count++];
        memset(job, 0, sizeof(*job));
        job->kind = kind;
        return job;
}

static bool concerns(const struct model *m, const struct model_job *job,
                     const struct model_agent *agent)
{
        if (job->scope == ACD_OBJECT_AGENT)
                return agent->head.id == job->id;
        if (job->scope == ACD_OBJECT_PROFILE)
                return model_is_using_profile(m, agent, job->id);
        if (job->scope == ACD_OBJECT_TEAM)
                return agent->config.team.value == job->id;
        return true;
}

static void run_recompute(struct model *m, const struct model_job *job)
{
        uint64_t after = 0;
        int32_t index;

        while ((index = model_next_in_slot_order(m, ACD_OBJECT_AGENT, after)) >= 0) {
                after = m->agent[index].head.id;
                if (concerns(m, job, &m->agent[index]))
                        model_recompute(m, (uint32_t)index);
        }
}

/* The gateway's next contact in the order of submit; negative for none. */
static int32_t next_contact(const struct model *m, uint64_t gateway, uint64_t after)
{
        int32_t best = MODEL_NONE;

        for (uint32_t i = 0; i < m->top[ACD_OBJECT_CONTACT]; i++) {
                const struct model_contact *contact = &m->contact[i];

                if (contact->head.is_used && contact->gateway == gateway &&
                    contact->state != ACD_CONTACT_ENDED && contact->sequence > after &&
                    (best < 0 || contact->sequence < m->contact[best].sequence))
                        best = (int32_t)i;
        }
        return best;
}

static bool is_released(const struct model *m, const struct model_gateway *gateway,
                        const struct model_contact *contact)
{
        int32_t channel = model_index_of(m, ACD_OBJECT_CHANNEL, contact->channel);

        return m->channel[channel].config.is_live && contact->named_round != gateway->round &&
               contact->sequence <= gateway->round_sequence;
}

static void run_gateway_job(struct model *m, const struct model_job *job)
{
        int32_t gateway = model_index_of(m, ACD_OBJECT_GATEWAY, job->id);
        uint64_t after = 0;
        int32_t index;

        ACD_ASSERT(gateway >= 0);
        while ((index = next_contact(m, job->id, after)) >= 0) {
                struct model_contact *contact = &m->contact[index];
                bool is_gone = m->gateway[gateway].state == ACD_GATEWAY_GONE;

                after = contact->sequence;
                if (is_gone != (job->kind == MODEL_JOB_GATEWAY_GONE))
                        return;
                if (job->kind == MODEL_JOB_GATEWAY_GONE) {
                        model_gateway_gone(m, (uint32_t)index);
                } else if (job->kind == MODEL_JOB_RELEASE) {
                        if (is_released(m, &m->gateway[gateway], contact))
                                model_close(m, (uint32_t)index, ACD_REASON_GATEWAY_RELEASED, NULL);
                } else if (contact->state == ACD_CONTACT_WITHHELD) {
                        contact->state = ACD_CONTACT_WAITING;
                        contact->tiers_until = m->now;
                        model_emit_contact(m, contact, ACD_EVENT_CONTACT_QUEUED,
                                           ACD_REASON_GATEWAY_BACK)
                                ->since = contact->submitted;
                        model_match_contact(m, (uint32_t)index);
                }
        }
}

/* START's job: D22, H3. */
static void run_start(struct model *m, bool is_new_history)
{
        uint64_t after = 0;
        int32_t index;

        while ((index = model_next_in_slot_order(m, ACD_OBJECT_TENANT, after)) >= 0) {
                struct acd_event *event;

                after = m->tenant[index].head.id;
                event = model_emit(m, (uint32_t)index, ACD_EVENT_RUN_STARTED);
                event->value = m->epoch;
                event->reason = is_new_history ? ACD_REASON_NEW_HISTORY : ACD_REASON_NONE;
                m->coverage.reason[event->reason]++;
        }
        after = 0;
        while ((index = model_next_in_slot_order(m, ACD_OBJECT_GATEWAY, after)) >= 0) {
                struct model_gateway *gateway = &m->gateway[index];
                const struct acd_tenant_config *tenant = &m->tenant[gateway->head.tenant].config;

                after = gateway->head.id;
                if (gateway->state != ACD_GATEWAY_PRESENT)
                        continue;
                gateway->state = ACD_GATEWAY_LOST;
                gateway->deadline = m->now + (uint64_t)tenant->gateway_grace_ms * 1000000;
                model_timer_set(m, MODEL_TIMER_GATEWAY_GRACE, (uint32_t)index,
                                gateway->head.tenant, gateway->deadline);
                model_emit_gateway(m, gateway, ACD_EVENT_GATEWAY_LOST, ACD_REASON_RESTARTED)
                        ->deadline = gateway->deadline;
        }
        after = 0;
        while ((index = model_next_in_slot_order(m, ACD_OBJECT_ASSIGNMENT, after)) >= 0) {
                after = m->assignment[index].head.id;
                if (m->assignment[index].state == ACD_ASSIGNMENT_OFFERED &&
                    m->assignment[index].epoch < m->epoch)
                        model_offer_failed(m, (uint32_t)index, ACD_REASON_RESTARTED, NULL);
        }
}

static void run_job(struct model *m, const struct model_job *job)
{
        int32_t agent;

        m->coverage.job[job->kind]++;
        switch (job->kind) {
        case MODEL_JOB_START:
                run_start(m, job->is_new_history);
                break;
        case MODEL_JOB_RECOMPUTE:
                run_recompute(m, job);
                break;
        case MODEL_JOB_GATEWAY_GONE:
        case MODEL_JOB_GATEWAY_BACK:
        case MODEL_JOB_RELEASE:
                run_gateway_job(m, job);
                break;
        case MODEL_JOB_REMATCH:
                model_rematch(m, job->classes);
                break;
        case MODEL_JOB_AGENT_MATCH:
                agent = model_index_of(m, ACD_OBJECT_AGENT, job->id);
                if (agent >= 0 && m->agent[agent].is_idle)
                        model_match_agent(m, (uint32_t)agent);
                break;
        }
}

/* Jobs may add jobs; the array is a queue. */
void model_run_jobs(struct model *m)
{
        static struct model_job job;

        while (m->job_count > 0) {
                job = m->job[0];
                m->job_count--;
                memmove(&m->job[0], &m->job[1], m->job_count * sizeof(m->job[0]));
                run_job(m, &job);
        }
}

/* D5: in the order of the limits' table. */
static bool limits_fit(struct model *m, const struct acd_limits *limits)
{
#define LIMIT(name, preset, minimum, maximum, text) \
        if (limits->name > m->memory.name || limits->name < m->limits.name) \
                return model_refuse(m, ACD_INVALID, ACD_FIELD_LIMITS, 0);
#include "acd/limits.def"
#undef LIMIT
        return true;
}

/* H2: above all that was given out, and above what was given out where we were not. */
static bool raise_floors(struct model *m, uint64_t rise)
{
        uint64_t floors[ACD_OBJECT_ASSIGNMENT + 1];

        for (uint32_t object = ACD_OBJECT_TENANT; object <= ACD_OBJECT_ASSIGNMENT; object++) {
                const struct model_slots *slots = &m->slots[object];

                floors[object] = slots->floor;
                for (uint32_t i = 0; i < MODEL_SLOT_MAX; i++)
                        if (slots->generation[i] > floors[object])
                                floors[object] = slots->generation[i];
                if (floors[object] + rise + MODEL_HISTORY_STEP > ACD_ID_GENERATION_MAX)
                        return model_refuse(m, ACD_LIMIT, ACD_FIELD_EPOCH,
                                            m->epoch + MODEL_HISTORY_STEP - 1);
        }
        for (uint32_t object = ACD_OBJECT_TENANT; object <= ACD_OBJECT_ASSIGNMENT; object++)
                m->slots[object].floor = (uint32_t)(floors[object] + rise);
        return true;
}

void model_do_start(struct model *m, const struct acd_start *start)
{
        bool is_new_history = m->epoch != 0 && start->epoch >= m->epoch + MODEL_HISTORY_STEP;

        if (start->epoch <= m->epoch) {
                model_refuse(m, ACD_FENCED, ACD_FIELD_EPOCH, m->epoch);
                return;
        }
        if (start->logic_version != ACD_LOGIC_VERSION) {
                model_refuse(m, ACD_UNSUPPORTED, ACD_FIELD_KIND, 0);
                return;
        }
        if (!limits_fit(m, &start->limits))
                return;
        if (is_new_history && !raise_floors(m, start->epoch - m->epoch))
                return;
        m->limits = start->limits;
        m->epoch = start->epoch;
        if (is_new_history)
                m->history_epoch = start->epoch;
        m->start_now = m->now;

        ACD_ASSERT(m->job_count < MODEL_JOB_MAX);
        memmove(&m->job[1], &m->job[0], m->job_count * sizeof(m->job[0]));
        m->job_count++;
        memset(&m->job[0], 0, sizeof(m->job[0]));
        m->job[0].kind = MODEL_JOB_START;
        m->job[0].is_new_history = is_new_history;
}
