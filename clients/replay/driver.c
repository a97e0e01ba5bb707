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

#include "base/assert.h"

enum { AFTER_MS = 500 }; /* "last" and "to" are over half a second later */

/* What is due, in the order in which it is done at one instant. */
enum task_kind {
        TASK_WRAPPED_UP,
        TASK_FINISHED,
        TASK_SPAN_FROM,
        TASK_ARRIVAL,
        TASK_IMPATIENT,
        TASK_SPAN_LAST,
        TASK_SPAN_TO,
};

struct task {
        int64_t due_ms;
        uint32_t kind;
        uint32_t index;     /* of a call, or of a span */
        uint64_t reference; /* the assignment, or the agent of a span */
};

/* A binary heap: the earliest task is the first. */
struct tasks {
        struct task *item;
        size_t count;
        size_t capacity;
        size_t patience_count; /* of the tasks: they may be left undone at the end */
};

struct driver_agent {
        bool is_logged_in;
        bool is_ready;
        bool is_busy;
        bool is_last;     /* the next work is the last of the span */
        bool goes_home;   /* leaving means logging out */
        int64_t since_ns; /* ready since */
};

struct driver {
        const struct plan *plan;
        const struct engine *engine;
        const struct driver_hook *hook;
        struct driver_result *result;
        struct tasks tasks;
        struct driver_agent *agent;
        int64_t *submitted_ns;
        size_t next_arrival;
        size_t open_count;
        struct check check;
};

/*
 * The heap.
 */

static bool task_is_before(const struct task *a, const struct task *b)
{
        if (a->due_ms != b->due_ms)
                return a->due_ms < b->due_ms;
        if (a->kind != b->kind)
                return a->kind < b->kind;
        return a->index < b->index;
}

static int tasks_push(struct tasks *tasks, struct task task)
{
        size_t at = tasks->count;

        if (tasks->count == tasks->capacity) {
                size_t capacity = tasks->capacity == 0 ? 256 : tasks->capacity * 2;
                struct task *grown = reallocarray(tasks->item, capacity, sizeof(*grown));

                if (grown == NULL)
                        return -ENOMEM;
                tasks->item = grown;
                tasks->capacity = capacity;
        }
        tasks->count++;
        tasks->patience_count += task.kind == TASK_IMPATIENT;
        while (at > 0 && task_is_before(&task, &tasks->item[(at - 1) / 2])) {
                tasks->item[at] = tasks->item[(at - 1) / 2];
                at = (at - 1) / 2;
        }
        tasks->item[at] = task;
        return 0;
}

static struct task tasks_pop(struct tasks *tasks)
{
        struct task first = tasks->item[0];
        struct task last = tasks->item[--tasks->count];
        size_t at = 0;

        for (;;) {
                size_t child = 2 * at + 1;

                if (child + 1 < tasks->count &&
                    task_is_before(&tasks->item[child + 1], &tasks->item[child]))
                        child++;
                if (child >= tasks->count || !task_is_before(&tasks->item[child], &last))
                        break;
                tasks->item[at] = tasks->item[child];
                at = child;
        }
        if (tasks->count > 0)
                tasks->item[at] = last;
        tasks->patience_count -= first.kind == TASK_IMPATIENT;
        return first;
}

/*
 * Agents.
 */

static enum engine_event_kind away_state(const struct driver_agent *agent)
{
        return agent->goes_home ? ENGINE_OUT : ENGINE_AWAY;
}

static int leave_after_this(struct driver *driver, uint32_t index)
{
        struct driver_agent *agent = &driver->agent[index];

        agent->is_last = false;
        return driver->engine->after_this(driver->engine->self, index, away_state(agent));
}

static int span_from(struct driver *driver, uint32_t index)
{
        const struct engine *engine = driver->engine;
        struct driver_agent *agent = &driver->agent[index];
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
        struct driver_agent *agent = &driver->agent[index];

        agent->goes_home = span->is_last_of_day;
        if (agent->is_busy)
                return leave_after_this(driver, index);
        agent->is_last = true;
        return 0;
}

static int span_to(struct driver *driver, uint32_t index)
{
        const struct engine *engine = driver->engine;
        struct driver_agent *agent = &driver->agent[index];

        if (agent->is_busy || !agent->is_logged_in)
                return 0;
        agent->is_last = false;
        return agent->goes_home ? engine->log_out(engine->self, index)
                                : engine->pause(engine->self, index);
}

static void count_time(struct driver *driver, uint32_t index, int64_t now_ns)
{
        struct driver_agent *agent = &driver->agent[index];

        if (agent->is_ready || agent->is_busy)
                driver->result->agent_there_ns += now_ns - agent->since_ns;
        if (agent->is_busy)
                driver->result->agent_busy_ns += now_ns - agent->since_ns;
        agent->since_ns = now_ns;
}

static void on_agent(struct driver *driver, const struct engine_event *event)
{
        struct driver_agent *agent = &driver->agent[event->agent];

        count_time(driver, event->agent, event->time_ns);
        if (event->kind == ENGINE_FREED) {
                agent->is_busy = false;
                return;
        }
        agent->is_ready = event->kind == ENGINE_READY;
        agent->is_logged_in = event->kind != ENGINE_OUT;
}

/*
 * Calls.
 */

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

static int on_submitted(struct driver *driver, const struct engine_event *event)
{
        driver->submitted_ns[event->call] = event->time_ns;
        if (driver->plan->call[event->call].patience_ms == PLAN_PATIENCE_ENDLESS)
                return 0;
        return tasks_push(&driver->tasks,
                          (struct task){
                                  .due_ms = ms_of(event->time_ns) +
                                            driver->plan->call[event->call].patience_ms,
                                  .kind = TASK_IMPATIENT,
                                  .index = event->call,
                          });
}

static int on_offered(struct driver *driver, const struct engine_event *event)
{
        const struct engine *engine = driver->engine;
        int r = engine->accept(engine->self, event->agent, event->value);

        if (r == 0 && driver->agent[event->agent].is_last)
                r = leave_after_this(driver, event->agent);
        return r;
}

static int on_connected(struct driver *driver, const struct engine_event *event)
{
        struct driver_call *call = &driver->result->call[event->call];

        call->wait_ns = event->time_ns - driver->submitted_ns[event->call];
        call->outcome = DRIVER_ANSWERED;
        call->agent = event->agent;
        return tasks_push(&driver->tasks,
                          (struct task){
                                  .due_ms = ms_of(event->time_ns) +
                                            driver->plan->call[event->call].service_ms,
                                  .kind = TASK_FINISHED,
                                  .index = event->call,
                                  .reference = event->value,
                          });
}

static int on_closed(struct driver *driver, const struct engine_event *event)
{
        struct driver_call *call = &driver->result->call[event->call];

        driver->open_count--;
        if (call->outcome == DRIVER_OPEN) {
                call->outcome = DRIVER_ABANDONED;
                call->wait_ns = event->time_ns - driver->submitted_ns[event->call];
        }
        return 0;
}

static int on_wrap_up(struct driver *driver, const struct engine_event *event)
{
        return tasks_push(&driver->tasks,
                          (struct task){
                                  .due_ms = ms_of(event->time_ns) +
                                            driver->plan->call[event->call].wrap_up_ms,
                                  .kind = TASK_WRAPPED_UP,
                                  .index = event->call,
                                  .reference = event->value,
                          });
}

/* A submit that was refused ends its call; other refusals are for the referee. */
static int on_refused(struct driver *driver, const struct engine_event *event)
{
        if (event->call < driver->plan->call_count && driver->submitted_ns[event->call] < 0 &&
            driver->result->call[event->call].outcome == DRIVER_OPEN) {
                driver->result->call[event->call].outcome = DRIVER_REFUSED;
                driver->open_count--;
        }
        return 0;
}

static int on_event(struct driver *driver, const struct engine_event *event)
{
        switch (event->kind) {
        case ENGINE_SUBMITTED:
                return on_submitted(driver, event);
        case ENGINE_QUEUED:
                return 0;
        case ENGINE_OFFERED:
                count_time(driver, event->agent, event->time_ns);
                driver->agent[event->agent].is_busy = true;
                return on_offered(driver, event);
        case ENGINE_OFFER_ENDED:
                count_time(driver, event->agent, event->time_ns);
                driver->agent[event->agent].is_busy = false;
                return 0;
        case ENGINE_CONNECTED:
                return on_connected(driver, event);
        case ENGINE_CLOSED:
                return on_closed(driver, event);
        case ENGINE_WRAP_UP:
                return on_wrap_up(driver, event);
        case ENGINE_FREED:
        case ENGINE_READY:
        case ENGINE_AWAY:
        case ENGINE_OUT:
                on_agent(driver, event);
                return 0;
        case ENGINE_REFUSED:
                return on_refused(driver, event);
        }
        return -EINVAL;
}

/* Everything that has happened. */
static int hear(struct driver *driver)
{
        struct engine_event event;

        while (driver->engine->next_event(driver->engine->self, &event)) {
                int r;

                check_event(&driver->check, &event);
                r = on_event(driver, &event);
                if (r == 0 && driver->hook != NULL)
                        r = driver->hook->on_event(driver->hook->self, &event, &driver->check);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int do_task(struct driver *driver, const struct task *task)
{
        const struct engine *engine = driver->engine;
        const struct driver_call *call = driver->result->call;
        uint32_t agent = (uint32_t)task->reference;
        int r;

        switch (task->kind) {
        case TASK_WRAPPED_UP:
                agent = call[task->index].agent;
                return engine->end_wrap_up(engine->self, agent, task->reference);
        case TASK_FINISHED:
                agent = call[task->index].agent;
                return engine->complete(engine->self, agent, task->reference);
        case TASK_ARRIVAL:
                r = push_arrival(driver);
                return r < 0 ? r : engine->submit(engine->self, task->index);
        case TASK_IMPATIENT:
                if (call[task->index].outcome != DRIVER_OPEN)
                        return 0;
                return engine->abandon(engine->self, task->index);
        case TASK_SPAN_FROM:
                return span_from(driver, agent);
        case TASK_SPAN_LAST:
                return span_last(driver, agent, &driver->plan->span[task->index]);
        case TASK_SPAN_TO:
                return span_to(driver, agent);
        default:
                return -EINVAL;
        }
}

/* Calls are open, or somebody has something to do. The patience of callers who
 * were answered is not waited for. */
static bool is_playing(const struct driver *driver)
{
        return driver->open_count > 0 || driver->tasks.count > driver->tasks.patience_count;
}

static int play(struct driver *driver)
{
        const struct engine *engine = driver->engine;
        int r = 0;

        while (r == 0 && is_playing(driver)) {
                int64_t due = driver->tasks.count > 0 ? driver->tasks.item[0].due_ms : INT64_MAX;

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

/* The spans of agents, and the first call. */
static int prepare(struct driver *driver)
{
        const struct plan *plan = driver->plan;
        int r = push_arrival(driver);

        for (uint32_t i = 0; i < plan->agent_count; i++) {
                for (uint32_t j = 0; r == 0 && j < plan->agent[i].span_count; j++) {
                        uint32_t index = (uint32_t)plan->agent[i].span_first + j;
                        const struct plan_span *span = &plan->span[index];
                        int64_t last = span->last_ms + AFTER_MS;
                        int64_t to = span->to_ms > span->last_ms + 1000 ? span->to_ms
                                                                        : span->last_ms + 1000;

                        r = tasks_push(&driver->tasks,
                                       (struct task){ span->from_ms, TASK_SPAN_FROM, index, i });
                        if (r == 0)
                                r = tasks_push(&driver->tasks,
                                               (struct task){ last, TASK_SPAN_LAST, index, i });
                        if (r == 0)
                                r = tasks_push(
                                        &driver->tasks,
                                        (struct task){ to + AFTER_MS, TASK_SPAN_TO, index, i });
                }
        }
        return r;
}

static int allocate(struct driver *driver)
{
        const struct plan *plan = driver->plan;
        int r = check_init(&driver->check, plan);

        driver->result->call = calloc(plan->call_count + 1, sizeof(struct driver_call));
        driver->agent = calloc((size_t)plan->agent_count + 1, sizeof(*driver->agent));
        driver->submitted_ns = calloc(plan->call_count + 1, sizeof(*driver->submitted_ns));
        if (r < 0 || driver->result->call == NULL || driver->agent == NULL ||
            driver->submitted_ns == NULL)
                return -ENOMEM;

        driver->result->call_count = plan->call_count;
        driver->open_count = plan->call_count;
        for (size_t i = 0; i < plan->call_count; i++) {
                driver->submitted_ns[i] = -1;
                driver->result->call[i].agent = ENGINE_NONE;
        }
        return 0;
}

int driver_run(const struct plan *plan, const struct engine *engine, const struct driver_hook *hook,
               struct driver_result *ret_result)
{
        struct driver driver = { .plan = plan, .engine = engine, .hook = hook };
        int r;

        *ret_result = (struct driver_result){ .call_count = 0 };
        driver.result = ret_result;
        r = allocate(&driver);
        if (r == 0)
                r = prepare(&driver);
        if (r == 0)
                r = play(&driver);
        if (r == 0) {
                ret_result->findings = check_finish(&driver.check);
                ret_result->end_ms = engine->now_ms(engine->self);
        }

        check_fini(&driver.check);
        free(driver.tasks.item);
        free(driver.agent);
        free(driver.submitted_ns);
        if (r < 0)
                driver_result_free(ret_result);
        return r;
}

void driver_result_free(struct driver_result *result)
{
        free(result->call);
        *result = (struct driver_result){ .call_count = 0 };
}
