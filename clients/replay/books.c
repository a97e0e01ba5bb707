/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The books. They believe the log and nothing else, so that what a summary says
 * is what the log says, also when the callers and agents are other processes.
 */

#include "clients/replay/books.h"

#include <errno.h>
#include <stdlib.h>

struct books_agent {
        bool is_ready;
        bool is_busy;
        int64_t since_ns; /* of the present state */
};

int books_init(struct books *books, const struct plan *plan, struct driver_result *result)
{
        int r;

        *result = (struct driver_result){ .call_count = plan->call_count };
        *books = (struct books){
                .plan = plan,
                .result = result,
                .open_count = plan->call_count,
        };
        r = check_init(&books->check, plan);
        result->call = calloc(plan->call_count + 1, sizeof(*result->call));
        books->agent = calloc((size_t)plan->agent_count + 1, sizeof(*books->agent));
        books->submitted_ns = calloc(plan->call_count + 1, sizeof(*books->submitted_ns));
        if (r < 0 || result->call == NULL || books->agent == NULL || books->submitted_ns == NULL) {
                free(result->call);
                result->call = NULL;
                books_fini(books);
                return -ENOMEM;
        }
        for (size_t i = 0; i < plan->call_count; i++) {
                books->submitted_ns[i] = -1;
                result->call[i].agent = ENGINE_NONE;
        }
        return 0;
}

void books_fini(struct books *books)
{
        check_fini(&books->check);
        free(books->agent);
        free(books->submitted_ns);
        *books = (struct books){ .plan = NULL };
}

/* Book the time of @agent since his last event. */
static void count_time(struct books *books, uint32_t index, int64_t now_ns)
{
        struct books_agent *agent = &books->agent[index];

        if (agent->is_ready || agent->is_busy)
                books->result->agent_there_ns += now_ns - agent->since_ns;
        if (agent->is_busy)
                books->result->agent_busy_ns += now_ns - agent->since_ns;
        agent->since_ns = now_ns;
}

static void on_closed(struct books *books, const struct engine_event *event)
{
        struct driver_call *call = &books->result->call[event->call];

        books->open_count--;
        if (call->outcome != DRIVER_OPEN)
                return;
        call->outcome = DRIVER_ABANDONED;
        call->wait_ns = event->time_ns - books->submitted_ns[event->call];
}

static void on_connected(struct books *books, const struct engine_event *event)
{
        struct driver_call *call = &books->result->call[event->call];

        call->wait_ns = event->time_ns - books->submitted_ns[event->call];
        call->outcome = DRIVER_ANSWERED;
        call->agent = event->agent;
}

/* A submit that was refused ends its call; other refusals are for the referee. */
static void on_refused(struct books *books, const struct engine_event *event)
{
        if (event->call >= books->plan->call_count || books->submitted_ns[event->call] >= 0 ||
            books->result->call[event->call].outcome != DRIVER_OPEN)
                return;
        books->result->call[event->call].outcome = DRIVER_REFUSED;
        books->open_count--;
}

static void on_call(struct books *books, const struct engine_event *event)
{
        if (event->kind == ENGINE_SUBMITTED)
                books->submitted_ns[event->call] = event->time_ns;
        else if (event->kind == ENGINE_CONNECTED)
                on_connected(books, event);
        else if (event->kind == ENGINE_CLOSED)
                on_closed(books, event);
}

static void on_agent(struct books *books, const struct engine_event *event)
{
        struct books_agent *agent = &books->agent[event->agent];

        count_time(books, event->agent, event->time_ns);
        if (event->kind == ENGINE_OFFERED)
                agent->is_busy = true;
        else if (event->kind == ENGINE_OFFER_ENDED || event->kind == ENGINE_FREED)
                agent->is_busy = false;
        else if (event->kind == ENGINE_READY || event->kind == ENGINE_AWAY ||
                 event->kind == ENGINE_OUT)
                agent->is_ready = event->kind == ENGINE_READY;
}

void books_event(struct books *books, const struct engine_event *event)
{
        check_event(&books->check, event);
        if (event->kind == ENGINE_REFUSED) {
                on_refused(books, event);
                return;
        }
        if (event->call < books->plan->call_count)
                on_call(books, event);
        if (event->agent < books->plan->agent_count)
                on_agent(books, event);
}

void books_finish(struct books *books, int64_t now_ms)
{
        books->result->findings = check_finish(&books->check);
        books->result->end_ms = now_ms;
}
