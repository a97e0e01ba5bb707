/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The naive distributor: two questions, asked by looking at everything.
 *
 *   Who of the idle agents with the skill has been idle longest?
 *   Which of the waiting calls that this agent can take comes first?
 */

#include "tests/support/naive_queue.h"

#include <errno.h>
#include <stdlib.h>

enum { EVENT_MAX = 64 };

enum presence { OUT, PAUSED, READY };

struct naive_call {
        int64_t credited_ms;
        uint64_t sequence;
        bool is_waiting;
        bool is_over;
        uint32_t agent; /* has it, or ENGINE_NONE */
};

struct naive_agent {
        enum presence presence;
        enum presence next; /* after the present call */
        bool is_busy;
        bool is_talking;
        uint32_t call;
        uint64_t idle_since; /* a count, not a time: who came first at one instant matters */
};

struct naive_queue {
        const struct plan *plan;
        struct naive_call *call;
        struct naive_agent *agent;
        uint32_t *waiting;
        size_t waiting_count;
        int64_t now_ms;
        uint64_t sequence;
        uint64_t idle_count;
        bool has_wrap_up;
        struct engine_event event[EVENT_MAX];
        size_t event_first;
        size_t event_count;
};

static void tell(struct naive_queue *naive, enum engine_event_kind kind, uint32_t call,
                 uint32_t agent, uint64_t value)
{
        if (naive->event_count == EVENT_MAX)
                abort();
        naive->event[(naive->event_first + naive->event_count++) % EVENT_MAX] =
                (struct engine_event){
                        .kind = kind,
                        .source = ENGINE_BOTH,
                        .call = call,
                        .agent = agent,
                        .time_ns = naive->now_ms * 1000000,
                        .value = value,
                };
}

static bool can_take(const struct naive_queue *naive, uint32_t agent, uint32_t call)
{
        return (naive->plan->agent[agent].skills >> naive->plan->call[call].queue & 1) != 0;
}

static bool is_available(const struct naive_agent *agent)
{
        return agent->presence == READY && !agent->is_busy;
}

static void stop_waiting(struct naive_queue *naive, uint32_t call)
{
        for (size_t i = 0; i < naive->waiting_count; i++) {
                if (naive->waiting[i] == call) {
                        naive->waiting[i] = naive->waiting[--naive->waiting_count];
                        naive->call[call].is_waiting = false;
                        return;
                }
        }
}

static void offer(struct naive_queue *naive, uint32_t call, uint32_t agent)
{
        stop_waiting(naive, call);
        naive->call[call].agent = agent;
        naive->agent[agent].is_busy = true;
        naive->agent[agent].call = call;
        tell(naive, ENGINE_OFFERED, call, agent, call);
}

/* A call looks for an agent. */
static void match_call(struct naive_queue *naive, uint32_t call)
{
        uint32_t best = ENGINE_NONE;

        for (uint32_t i = 0; i < naive->plan->agent_count; i++)
                if (is_available(&naive->agent[i]) && can_take(naive, i, call) &&
                    (best == ENGINE_NONE ||
                     naive->agent[i].idle_since < naive->agent[best].idle_since))
                        best = i;
        if (best != ENGINE_NONE)
                offer(naive, call, best);
}

static bool is_before(const struct naive_call *a, const struct naive_call *b)
{
        return a->credited_ms != b->credited_ms ? a->credited_ms < b->credited_ms
                                                : a->sequence < b->sequence;
}

/* An agent who has become available looks for a call. */
static void match_agent(struct naive_queue *naive, uint32_t agent)
{
        uint32_t best = ENGINE_NONE;

        naive->agent[agent].idle_since = naive->idle_count++;
        for (size_t i = 0; i < naive->waiting_count; i++) {
                uint32_t call = naive->waiting[i];

                if (can_take(naive, agent, call) &&
                    (best == ENGINE_NONE || is_before(&naive->call[call], &naive->call[best])))
                        best = call;
        }
        if (best != ENGINE_NONE)
                offer(naive, best, agent);
}

static void free_agent(struct naive_queue *naive, uint32_t index)
{
        struct naive_agent *agent = &naive->agent[index];

        agent->is_busy = false;
        tell(naive, ENGINE_FREED, agent->call, index, 0);
        if (agent->next != READY) {
                agent->presence = agent->next;
                agent->next = READY;
                tell(naive, agent->presence == OUT ? ENGINE_OUT : ENGINE_AWAY, ENGINE_NONE, index,
                     0);
                return;
        }
        if (is_available(agent))
                match_agent(naive, index);
}

static int naive_wait(void *self, int64_t until_ms)
{
        ((struct naive_queue *)self)->now_ms = until_ms;
        return 0;
}

static int64_t naive_now(void *self)
{
        return ((struct naive_queue *)self)->now_ms;
}

static bool naive_next_event(void *self, struct engine_event *ret_event)
{
        struct naive_queue *naive = self;

        if (naive->event_count == 0)
                return false;
        *ret_event = naive->event[naive->event_first];
        naive->event_first = (naive->event_first + 1) % EVENT_MAX;
        naive->event_count--;
        return true;
}

static int naive_submit(void *self, uint32_t index)
{
        struct naive_queue *naive = self;
        struct naive_call *call = &naive->call[index];

        call->credited_ms = naive->now_ms - naive->plan->call[index].credit_ms;
        call->sequence = naive->sequence++;
        call->is_waiting = true;
        call->agent = ENGINE_NONE;
        naive->waiting[naive->waiting_count++] = index;
        tell(naive, ENGINE_SUBMITTED, index, ENGINE_NONE, call->sequence);
        match_call(naive, index);
        if (call->is_waiting)
                tell(naive, ENGINE_QUEUED, index, ENGINE_NONE, 0);
        return 0;
}

static int naive_abandon(void *self, uint32_t index)
{
        struct naive_queue *naive = self;
        struct naive_call *call = &naive->call[index];

        if (!call->is_waiting) {
                tell(naive, ENGINE_REFUSED, index, ENGINE_NONE, 0);
                return 0;
        }
        stop_waiting(naive, index);
        call->is_over = true;
        tell(naive, ENGINE_CLOSED, index, ENGINE_NONE, 0);
        return 0;
}

static int naive_log_in(void *self, uint32_t index)
{
        struct naive_queue *naive = self;

        naive->agent[index].presence = PAUSED;
        tell(naive, ENGINE_AWAY, ENGINE_NONE, index, 0);
        return 0;
}

static int naive_leave(struct naive_queue *naive, uint32_t index, enum presence presence)
{
        if (naive->agent[index].is_busy) {
                tell(naive, ENGINE_REFUSED, ENGINE_NONE, index, 0);
                return 0;
        }
        naive->agent[index].presence = presence;
        tell(naive, presence == OUT ? ENGINE_OUT : ENGINE_AWAY, ENGINE_NONE, index, 0);
        return 0;
}

static int naive_log_out(void *self, uint32_t index)
{
        return naive_leave(self, index, OUT);
}

static int naive_pause(void *self, uint32_t index)
{
        return naive_leave(self, index, PAUSED);
}

static int naive_ready(void *self, uint32_t index)
{
        struct naive_queue *naive = self;

        naive->agent[index].presence = READY;
        naive->agent[index].next = READY;
        tell(naive, ENGINE_READY, ENGINE_NONE, index, 0);
        if (!naive->agent[index].is_busy)
                match_agent(naive, index);
        return 0;
}

static int naive_after_this(void *self, uint32_t index, enum engine_event_kind state)
{
        struct naive_queue *naive = self;

        naive->agent[index].next = state == ENGINE_READY ? READY
                                   : state == ENGINE_OUT ? OUT
                                                         : PAUSED;
        return 0;
}

static int naive_accept(void *self, uint32_t index, uint64_t offered)
{
        struct naive_queue *naive = self;

        naive->agent[index].is_talking = true;
        tell(naive, ENGINE_CONNECTED, (uint32_t)offered, index, offered);
        return 0;
}

static int naive_complete(void *self, uint32_t index, uint64_t assignment)
{
        struct naive_queue *naive = self;
        uint32_t call = (uint32_t)assignment;

        naive->call[call].is_over = true;
        naive->agent[index].is_talking = false;
        tell(naive, ENGINE_CLOSED, call, index, 0);
        if (naive->has_wrap_up)
                tell(naive, ENGINE_WRAP_UP, call, index, assignment);
        else
                free_agent(naive, index);
        return 0;
}

static int naive_end_wrap_up(void *self, uint32_t index, uint64_t assignment)
{
        (void)assignment;
        free_agent(self, index);
        return 0;
}

struct naive_queue *naive_queue_new(const struct plan *plan)
{
        struct naive_queue *naive = calloc(1, sizeof(*naive));

        if (naive == NULL)
                abort();
        naive->plan = plan;
        naive->has_wrap_up = plan_wrap_up_max_ms(plan) > 0;
        naive->call = calloc(plan->call_count + 1, sizeof(*naive->call));
        naive->agent = calloc((size_t)plan->agent_count + 1, sizeof(*naive->agent));
        naive->waiting = calloc(plan->call_count + 1, sizeof(*naive->waiting));
        if (naive->call == NULL || naive->agent == NULL || naive->waiting == NULL)
                abort();
        for (uint32_t i = 0; i < plan->agent_count; i++)
                naive->agent[i].next = READY;
        return naive;
}

void naive_queue_free(struct naive_queue *naive)
{
        free(naive->call);
        free(naive->agent);
        free(naive->waiting);
        free(naive);
}

struct engine naive_queue_engine(struct naive_queue *naive)
{
        return (struct engine){
                .self = naive,
                .wait = naive_wait,
                .now_ms = naive_now,
                .next_event = naive_next_event,
                .submit = naive_submit,
                .abandon = naive_abandon,
                .log_in = naive_log_in,
                .log_out = naive_log_out,
                .ready = naive_ready,
                .pause = naive_pause,
                .after_this = naive_after_this,
                .accept = naive_accept,
                .complete = naive_complete,
                .end_wrap_up = naive_end_wrap_up,
        };
}
