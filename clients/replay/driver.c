/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Playing a plan.
 *
 * The driver is a heap of things to do and a table of what to do about events.
 * Time belongs to the engine: the driver asks it to wait until the next thing is
 * due, hears what happened meanwhile, and only then does what is due. So the
 * same code runs in virtual time, where waiting takes no time, and in real time,
 * where events come from sockets.
 *
 * It acts on what it is told, as callers and agents do, and keeps its books from
 * the log. In one process on the core both are one; with a daemon, an agent
 * hears of his offer before the log is read, and acts at once.
 *
 * At one instant, agents who finish come first, then agents who arrive, then
 * calls, then callers who lose patience: who is served in the very second in
 * which he would have hung up was served.
 *
 * The end of an agent's span (plan.h) is not a moment but a rule: the work that
 * he has at "last", or the first that he gets after it, is his last; without any
 * he leaves at "to". That is what a record's last service before a break shows.
 * To stop at the end of the record's last service instead would let agents who
 * are busy then stay longer than anyone did; to take no work from "last" on
 * would send idle agents home early.
 */

#include "clients/replay/driver.h"

#include <errno.h>
#include <stdlib.h>

#include "clients/replay/tasks.h"

enum {
        AFTER_MS = 500,        /* "last" and "to" are over half a second later */
        LAST_TO_MIN_MS = 1000, /* from "last" to "to" at least */
};

enum driver_place { AWAITED, THERE, TALKING, OVER };

/* A call and an agent as this driver was told. */
struct told_call {
        uint32_t agent;
        uint8_t place; /* enum driver_place */
};

struct told_agent {
        bool is_logged_in;
        bool is_ready;
        bool is_busy;
        bool is_last;   /* the next work is the last of the span */
        bool goes_home; /* leaving means logging out */
};

struct driver {
        const struct plan *plan;
        const struct engine *engine;
        const struct driver_hook *hook;
        struct books books;
        struct tasks tasks;
        struct told_call *call;
        struct told_agent *agent;
        size_t next_arrival;
};

/*
 * Agents.
 */

static int leave_after_this(struct driver *driver, uint32_t index)
{
        struct told_agent *agent = &driver->agent[index];

        agent->is_last = false;
        return driver->engine->after_this(driver->engine->self, index,
                                          agent->goes_home ? ENGINE_OUT : ENGINE_AWAY);
}

static int span_from(struct driver *driver, uint32_t index)
{
        const struct engine *engine = driver->engine;
        struct told_agent *agent = &driver->agent[index];
        int r = 0;

        agent->is_last = false;
        /* Still at the last call of the span before: stays. */
        if (agent->is_busy)
                return engine->after_this(engine->self, index, ENGINE_READY);
        if (!agent->is_logged_in)
                r = engine->log_in(engine->self, index);
        if (r == 0 && !agent->is_ready)
                r = engine->ready(engine->self, index);
        return r;
}

static int span_last(struct driver *driver, uint32_t index, const struct plan_span *span)
{
        struct told_agent *agent = &driver->agent[index];

        agent->goes_home = span->is_last_of_day;
        if (agent->is_busy)
                return leave_after_this(driver, index);
        agent->is_last = true;
        return 0;
}

static int span_to(struct driver *driver, uint32_t index)
{
        const struct engine *engine = driver->engine;
        struct told_agent *agent = &driver->agent[index];

        if (agent->is_busy || !agent->is_logged_in)
                return 0;
        agent->is_last = false;
        return agent->goes_home ? engine->log_out(engine->self, index)
                                : engine->pause(engine->self, index);
}

static int on_offered(struct driver *driver, const struct engine_event *event)
{
        const struct engine *engine = driver->engine;
        int r;

        driver->agent[event->agent].is_busy = true;
        r = engine->accept(engine->self, event->agent, event->value);
        if (r == 0 && driver->agent[event->agent].is_last)
                r = leave_after_this(driver, event->agent);
        return r;
}

/*
 * Calls.
 */

/* The millisecond in which @ns is over. */
static int64_t ms_of(int64_t ns)
{
        return (ns + 999999) / 1000000;
}

static int push_arrival(struct driver *driver)
{
        size_t next = driver->next_arrival;

        if (next == driver->plan->call_count)
                return 0;
        driver->next_arrival++;
        return tasks_push(&driver->tasks, (struct task){
                                                  .due_ms = driver->plan->call[next].arrival_ms,
                                                  .kind = TASK_ARRIVAL,
                                                  .index = (uint32_t)next,
                                          });
}

/* Something that call @index will do @after_ms after @event. */
static int push_later(struct driver *driver, const struct engine_event *event, enum task_kind kind,
                      int64_t after_ms)
{
        return tasks_push(&driver->tasks, (struct task){
                                                  .due_ms = ms_of(event->time_ns) + after_ms,
                                                  .kind = kind,
                                                  .index = event->call,
                                                  .reference = event->value,
                                          });
}

static int on_submitted(struct driver *driver, const struct engine_event *event)
{
        int64_t patience_ms = driver->plan->call[event->call].patience_ms;

        if (driver->call[event->call].place != AWAITED)
                return 0;
        driver->call[event->call].place = THERE;
        if (patience_ms == PLAN_PATIENCE_ENDLESS)
                return 0;
        return push_later(driver, event, TASK_IMPATIENT, patience_ms);
}

static int on_connected(struct driver *driver, const struct engine_event *event)
{
        if (driver->call[event->call].place == OVER)
                return 0;
        driver->call[event->call].place = TALKING;
        driver->call[event->call].agent = event->agent;
        return push_later(driver, event, TASK_FINISHED, driver->plan->call[event->call].service_ms);
}

static int on_wrap_up(struct driver *driver, const struct engine_event *event)
{
        driver->call[event->call].agent = event->agent;
        return push_later(driver, event, TASK_WRAPPED_UP,
                          driver->plan->call[event->call].wrap_up_ms);
}

/* What a caller or an agent is told, he acts upon. */
static int act(struct driver *driver, const struct engine_event *event)
{
        switch (event->kind) {
        case ENGINE_SUBMITTED:
                return on_submitted(driver, event);
        case ENGINE_QUEUED:
                return 0;
        case ENGINE_OFFERED:
                return on_offered(driver, event);
        case ENGINE_CONNECTED:
                return on_connected(driver, event);
        case ENGINE_CLOSED:
                driver->call[event->call].place = OVER;
                return 0;
        case ENGINE_WRAP_UP:
                return on_wrap_up(driver, event);
        case ENGINE_OFFER_ENDED:
        case ENGINE_FREED:
                driver->agent[event->agent].is_busy = false;
                return 0;
        case ENGINE_READY:
        case ENGINE_AWAY:
        case ENGINE_OUT:
                driver->agent[event->agent].is_ready = event->kind == ENGINE_READY;
                driver->agent[event->agent].is_logged_in = event->kind != ENGINE_OUT;
                return 0;
        case ENGINE_REFUSED:
                /* A call that was not taken is over. */
                if (event->call != ENGINE_NONE && driver->call[event->call].place == AWAITED)
                        driver->call[event->call].place = OVER;
                return 0;
        }
        return -EINVAL;
}

/* Everything that has happened. */
static int hear(struct driver *driver)
{
        struct engine_event event;
        int r = 0;

        while (r == 0 && driver->engine->next_event(driver->engine->self, &event)) {
                if ((event.source & ENGINE_LOGGED) != 0)
                        books_event(&driver->books, &event);
                if ((event.source & ENGINE_TOLD) != 0)
                        r = act(driver, &event);
                if (r == 0 && driver->hook != NULL && (event.source & ENGINE_LOGGED) != 0)
                        r = driver->hook->on_event(driver->hook->self, &event, &driver->books);
        }
        return r;
}

static int do_task(struct driver *driver, const struct task *task)
{
        const struct engine *engine = driver->engine;
        const struct told_call *call = driver->call;
        uint32_t agent = (uint32_t)task->reference;
        int r;

        switch (task->kind) {
        case TASK_WRAPPED_UP:
                agent = call[task->index].agent;
                return engine->end_wrap_up(engine->self, agent, task->reference);
        case TASK_FINISHED:
                if (call[task->index].place != TALKING)
                        return 0;
                agent = call[task->index].agent;
                return engine->complete(engine->self, agent, task->reference);
        case TASK_ARRIVAL:
                r = push_arrival(driver);
                return r < 0 ? r : engine->submit(engine->self, task->index);
        case TASK_IMPATIENT:
                if (call[task->index].place != THERE)
                        return 0;
                return engine->abandon(engine->self, task->index);
        case TASK_SPAN_FROM:
                return span_from(driver, agent);
        case TASK_SPAN_LAST:
                return span_last(driver, agent, &driver->plan->span[task->index]);
        case TASK_SPAN_TO:
                return span_to(driver, agent);
        }
        return -EINVAL;
}

/* Somebody has something to do, or calls are open. The patience of callers who
 * were answered is not waited for. */
static bool is_playing(const struct driver *driver)
{
        return driver->tasks.count > driver->tasks.patience_count || driver->books.open_count > 0;
}

static int play(struct driver *driver)
{
        const struct engine *engine = driver->engine;
        int r = 0;

        while (r == 0 && is_playing(driver)) {
                int64_t due = tasks_due_ms(&driver->tasks);

                if (engine->now_ms(engine->self) < due) {
                        r = engine->wait(engine->self, due);
                        /* Nothing is left to do and nothing will happen: what is open is
                         * lost, and the referee says so. */
                        if (r == -ETIME && due == INT64_MAX)
                                return 0;
                } else {
                        struct task task = tasks_pop(&driver->tasks);

                        r = do_task(driver, &task);
                }
                if (r == 0)
                        r = hear(driver);
        }
        return r;
}

static int push_span(struct driver *driver, uint32_t agent, uint32_t index)
{
        const struct plan_span *span = &driver->plan->span[index];
        int64_t to = span->last_ms + LAST_TO_MIN_MS;
        int r;

        if (to < span->to_ms)
                to = span->to_ms;
        r = tasks_push(&driver->tasks,
                       (struct task){ span->from_ms, TASK_SPAN_FROM, index, agent });
        if (r == 0)
                r = tasks_push(&driver->tasks, (struct task){ span->last_ms + AFTER_MS,
                                                              TASK_SPAN_LAST, index, agent });
        if (r == 0)
                r = tasks_push(&driver->tasks,
                               (struct task){ to + AFTER_MS, TASK_SPAN_TO, index, agent });
        return r;
}

/* The spans of agents, and the first call. */
static int prepare(struct driver *driver)
{
        const struct plan *plan = driver->plan;
        int r = push_arrival(driver);

        for (uint32_t i = 0; i < plan->agent_count; i++) {
                for (uint32_t j = 0; r == 0 && j < plan->agent[i].span_count; j++)
                        r = push_span(driver, i, (uint32_t)plan->agent[i].span_first + j);
        }
        return r;
}

int driver_run(const struct plan *plan, const struct engine *engine, const struct driver_hook *hook,
               struct driver_result *ret_result)
{
        struct driver driver = { .plan = plan, .engine = engine, .hook = hook };
        int r = books_init(&driver.books, plan, ret_result);

        driver.call = calloc(plan->call_count + 1, sizeof(*driver.call));
        driver.agent = calloc((size_t)plan->agent_count + 1, sizeof(*driver.agent));
        if (r == 0 && (driver.call == NULL || driver.agent == NULL))
                r = -ENOMEM;
        if (r == 0)
                r = prepare(&driver);
        if (r == 0)
                r = play(&driver);
        if (r == 0)
                books_finish(&driver.books, engine->now_ms(engine->self));

        books_fini(&driver.books);
        tasks_free(&driver.tasks);
        free(driver.call);
        free(driver.agent);
        if (r < 0)
                driver_result_free(ret_result);
        return r;
}

void driver_result_free(struct driver_result *result)
{
        free(result->call);
        *result = (struct driver_result){ .call_count = 0 };
}
