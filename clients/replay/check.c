/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The referee.
 *
 * Books: for each call where it is and its key, for each agent whether he is
 * ready and whether he has a call, and the waiting calls as an unordered array
 * that is searched from end to end. Naive on purpose: nothing here is clever
 * enough to be wrong in the same way as the lanes and trees that it checks.
 */

#include "clients/replay/check.h"

#include <errno.h>
#include <stdlib.h>

enum call_place { NOWHERE, SUBMITTED, WAITING, WITH_AGENT, ENDED };

struct check_call {
        int64_t credited_ns;
        uint64_t sequence;
        uint32_t waiting_index; /* in the array, while WAITING */
        uint32_t agent;         /* while WITH_AGENT */
        uint8_t place;          /* enum call_place */
};

struct check_agent {
        bool is_ready;
        bool is_busy;
};

int check_init(struct check *check, const struct plan *plan)
{
        *check = (struct check){ .plan = plan };
        check->call = calloc(plan->call_count + 1, sizeof(*check->call));
        check->agent = calloc((size_t)plan->agent_count + 1, sizeof(*check->agent));
        check->waiting = calloc(plan->call_count + 1, sizeof(*check->waiting));
        if (check->call != NULL && check->agent != NULL && check->waiting != NULL)
                return 0;
        check_fini(check);
        return -ENOMEM;
}

void check_fini(struct check *check)
{
        free(check->call);
        free(check->agent);
        free(check->waiting);
        *check = (struct check){ .plan = NULL };
}

static void waiting_add(struct check *check, uint32_t call)
{
        uint32_t queue = check->plan->call[call].queue;

        check->call[call].place = WAITING;
        check->call[call].waiting_index = check->waiting_count;
        check->waiting[check->waiting_count++] = call;
        check->waiting_in[queue]++;
        check->waiting_queues |= 1U << queue;
}

static void waiting_remove(struct check *check, uint32_t call)
{
        uint32_t queue = check->plan->call[call].queue;
        uint32_t index = check->call[call].waiting_index;
        uint32_t last = check->waiting[--check->waiting_count];

        check->waiting[index] = last;
        check->call[last].waiting_index = index;
        if (--check->waiting_in[queue] == 0)
                check->waiting_queues &= ~(1U << queue);
}

/* Whether @a comes before @b. */
static bool is_before(const struct check_call *a, const struct check_call *b)
{
        if (a->credited_ns != b->credited_ns)
                return a->credited_ns < b->credited_ns;
        return a->sequence < b->sequence;
}

static void check_order(struct check *check, uint32_t call, uint32_t agent)
{
        uint32_t skills = check->plan->agent[agent].skills;

        for (uint32_t i = 0; i < check->waiting_count; i++) {
                uint32_t other = check->waiting[i];

                if ((skills >> check->plan->call[other].queue & 1) != 0 &&
                    is_before(&check->call[other], &check->call[call])) {
                        check->findings.order_breaks++;
                        return;
                }
        }
}

/* Asked of the instant that is over. */
static void check_idle(struct check *check)
{
        if (check->waiting_count == 0)
                return;
        for (uint32_t i = 0; i < check->plan->agent_count; i++) {
                const struct check_agent *agent = &check->agent[i];

                if (agent->is_ready && !agent->is_busy &&
                    (check->plan->agent[i].skills & check->waiting_queues) != 0) {
                        check->findings.idle_breaks++;
                        return;
                }
        }
}

static void on_submitted(struct check *check, const struct engine_event *event)
{
        struct check_call *call = &check->call[event->call];

        if (call->place != NOWHERE) {
                check->findings.doubled++;
                return;
        }
        call->place = SUBMITTED;
        call->sequence = event->value;
        call->credited_ns =
                event->time_ns - (int64_t)check->plan->call[event->call].credit_ms * 1000000;
}

static void on_queued(struct check *check, const struct engine_event *event)
{
        if (check->call[event->call].place != SUBMITTED) {
                check->findings.stray++;
                return;
        }
        waiting_add(check, event->call);
}

static void on_offered(struct check *check, const struct engine_event *event)
{
        struct check_call *call = &check->call[event->call];
        struct check_agent *agent = &check->agent[event->agent];
        uint32_t skills = check->plan->agent[event->agent].skills;

        if (call->place == WITH_AGENT || agent->is_busy) {
                check->findings.doubled++;
                return;
        }
        if ((call->place != WAITING && call->place != SUBMITTED) || !agent->is_ready ||
            (skills >> check->plan->call[event->call].queue & 1) == 0) {
                check->findings.stray++;
                return;
        }
        if (call->place == WAITING)
                waiting_remove(check, event->call);
        check_order(check, event->call, event->agent);
        call->place = WITH_AGENT;
        call->agent = event->agent;
        agent->is_busy = true;
}

static void on_offer_ended(struct check *check, const struct engine_event *event)
{
        if (check->call[event->call].place != WITH_AGENT) {
                check->findings.stray++;
                return;
        }
        check->call[event->call].place = SUBMITTED;
        check->agent[event->agent].is_busy = false;
}

static void on_connected(struct check *check, const struct engine_event *event)
{
        const struct check_call *call = &check->call[event->call];

        if (call->place != WITH_AGENT || call->agent != event->agent)
                check->findings.stray++;
}

static void on_closed(struct check *check, const struct engine_event *event)
{
        struct check_call *call = &check->call[event->call];

        if (call->place == ENDED) {
                check->findings.doubled++;
                return;
        }
        if (call->place == NOWHERE)
                check->findings.stray++;
        if (call->place == WAITING)
                waiting_remove(check, event->call);
        call->place = ENDED;
        check->findings.ended_count++;
}

static void on_presence(struct check *check, const struct engine_event *event)
{
        check->agent[event->agent].is_ready = event->kind == ENGINE_READY;
}

/* A call that was never taken cannot be lost. */
static void on_refused(struct check *check, const struct engine_event *event)
{
        check->findings.refused++;
        if (event->call < check->plan->call_count && check->call[event->call].place == NOWHERE)
                check->call[event->call].place = ENDED;
}

/* Events about a call have a call, those about an agent an agent. */
static bool is_complete(const struct check *check, const struct engine_event *event)
{
        bool has_call = event->call < check->plan->call_count;
        bool has_agent = event->agent < check->plan->agent_count;

        switch (event->kind) {
        case ENGINE_SUBMITTED:
        case ENGINE_QUEUED:
        case ENGINE_CLOSED:
                return has_call;
        case ENGINE_OFFERED:
        case ENGINE_OFFER_ENDED:
        case ENGINE_CONNECTED:
                return has_call && has_agent;
        case ENGINE_WRAP_UP:
        case ENGINE_FREED:
        case ENGINE_READY:
        case ENGINE_AWAY:
        case ENGINE_OUT:
                return has_agent;
        case ENGINE_REFUSED:
                return true;
        }
        return false;
}

void check_event(struct check *check, const struct engine_event *event)
{
        if (event->time_ns > check->now_ns)
                check_idle(check);
        if (event->time_ns < check->now_ns || !is_complete(check, event)) {
                check->findings.stray++;
                return;
        }
        check->now_ns = event->time_ns;

        switch (event->kind) {
        case ENGINE_SUBMITTED:
                on_submitted(check, event);
                return;
        case ENGINE_QUEUED:
                on_queued(check, event);
                return;
        case ENGINE_OFFERED:
                on_offered(check, event);
                return;
        case ENGINE_OFFER_ENDED:
                on_offer_ended(check, event);
                return;
        case ENGINE_CONNECTED:
                on_connected(check, event);
                return;
        case ENGINE_CLOSED:
                on_closed(check, event);
                return;
        case ENGINE_WRAP_UP:
                return;
        case ENGINE_FREED:
                check->agent[event->agent].is_busy = false;
                return;
        case ENGINE_READY:
        case ENGINE_AWAY:
        case ENGINE_OUT:
                on_presence(check, event);
                return;
        case ENGINE_REFUSED:
                on_refused(check, event);
                return;
        }
}

struct check_findings check_finish(struct check *check)
{
        check_idle(check);
        for (size_t i = 0; i < check->plan->call_count; i++)
                check->findings.lost += check->call[i].place != ENDED;
        return check->findings;
}

bool check_is_clean(const struct check_findings *findings)
{
        return findings->lost == 0 && findings->doubled == 0 && findings->order_breaks == 0 &&
               findings->idle_breaks == 0 && findings->stray == 0 && findings->refused == 0;
}
