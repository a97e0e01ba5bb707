/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The events of a rehearsal: referee and books.
 *
 * Every event is turned into the words of clients/replay/engine.h, so that the
 * referee who watches simulations watches the daemon too, and the books are
 * those that summaries are made of. Calls are known by their client key,
 * agents by their name.
 *
 * The latency of an offer is real time in the gateway, from the SUBMIT to the
 * first word of an offer, and counts only calls that were offered in the step
 * that took them (event times are equal): the others waited for an agent.
 */

#include "clients/rehearse/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/replay/check.h"

enum { OFFER_PRECISION = 7, OFFER_US_MAX = 60000000 };

struct watch_call {
        int64_t submitted_ns;
        bool is_instant; /* offered in the step that took it */
        bool is_over;
};

struct watch_agent {
        bool is_there; /* logged in */
        bool is_ready, is_busy;
        int64_t since_ns;
};

struct watch {
        const struct rehearse *rehearse;
        struct acdclient *client;
        struct check check;
        struct driver_result result;
        struct watch_call *call;
        struct watch_agent *agent;
        uint64_t submit_count, event_count, gap_count, last_sequence;
        uint32_t over_count;
        int64_t now_ns;
};

static const struct {
        enum acdclient_event_kind from;
        enum engine_event_kind to;
} words[] = {
        { ACDCLIENT_EVENT_CONTACT_SUBMITTED, ENGINE_SUBMITTED },
        { ACDCLIENT_EVENT_CONTACT_QUEUED, ENGINE_QUEUED },
        { ACDCLIENT_EVENT_CONTACT_OFFERED, ENGINE_OFFERED },
        { ACDCLIENT_EVENT_OFFER_ENDED, ENGINE_OFFER_ENDED },
        { ACDCLIENT_EVENT_CONTACT_CONNECTED, ENGINE_CONNECTED },
        { ACDCLIENT_EVENT_CONTACT_CLOSED, ENGINE_CLOSED },
        { ACDCLIENT_EVENT_WRAP_UP_STARTED, ENGINE_WRAP_UP },
        { ACDCLIENT_EVENT_ASSIGNMENT_CLOSED, ENGINE_FREED },
        { ACDCLIENT_EVENT_AGENT_READY, ENGINE_READY },
        { ACDCLIENT_EVENT_AGENT_PAUSED, ENGINE_AWAY },
        { ACDCLIENT_EVENT_AGENT_LOGGED_IN, ENGINE_AWAY },
        { ACDCLIENT_EVENT_AGENT_LOST, ENGINE_AWAY },
        { ACDCLIENT_EVENT_AGENT_LOGGED_OUT, ENGINE_OUT },
};

static uint32_t agent_of(const struct plan *plan, struct acdclient_text name)
{
        for (uint32_t i = 0; i < plan->agent_count; i++) {
                if (strlen(plan->agent[i].name) == name.size &&
                    memcmp(plan->agent[i].name, name.at, name.size) == 0)
                        return i;
        }
        return ENGINE_NONE;
}

/* A login of an agent who is there says his presence; it may be READY. */
static enum engine_event_kind word_of(const struct acdclient_event *event,
                                      enum engine_event_kind word)
{
        bool is_login = event->kind == ACDCLIENT_EVENT_AGENT_LOGGED_IN ||
                        event->kind == ACDCLIENT_EVENT_AGENT_BACK;

        return is_login && event->state == ACDCLIENT_PRESENCE_READY ? ENGINE_READY : word;
}

static bool translate(struct watch *watch, const struct acdclient_event *event,
                      struct engine_event *ret_said)
{
        const struct plan *plan = watch->rehearse->plan;

        *ret_said = (struct engine_event){
                .call = ENGINE_NONE,
                .agent = ENGINE_NONE,
                .time_ns = (int64_t)event->time_ns - watch->rehearse->base_ns,
                .value = event->assignment,
        };
        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
                if (words[i].from != event->kind)
                        continue;
                ret_said->kind = word_of(event, words[i].to);
                if (event->contact != 0 &&
                    !rehearse_call_of(watch->rehearse, event->client_key, &ret_said->call))
                        return false; /* somebody else's contact */
                if (event->agent.size > 0)
                        ret_said->agent = agent_of(plan, event->agent);
                if (ret_said->kind == ENGINE_SUBMITTED)
                        ret_said->value = watch->submit_count++;
                return true;
        }
        return false;
}

static void count_time(struct watch *watch, struct watch_agent *agent, int64_t now_ns)
{
        if (agent->is_ready || agent->is_busy)
                watch->result.agent_there_ns += now_ns - agent->since_ns;
        if (agent->is_busy)
                watch->result.agent_busy_ns += now_ns - agent->since_ns;
        agent->since_ns = now_ns;
}

static void on_agent(struct watch *watch, const struct engine_event *said)
{
        struct watch_agent *agent = &watch->agent[said->agent];

        count_time(watch, agent, said->time_ns);
        switch (said->kind) {
        case ENGINE_OFFERED:
                agent->is_busy = true;
                break;
        case ENGINE_OFFER_ENDED:
        case ENGINE_FREED:
                agent->is_busy = false;
                break;
        case ENGINE_READY:
        case ENGINE_AWAY:
        case ENGINE_OUT:
                agent->is_ready = said->kind == ENGINE_READY;
                agent->is_there = said->kind != ENGINE_OUT;
                break;
        case ENGINE_SUBMITTED:
        case ENGINE_QUEUED:
        case ENGINE_CONNECTED:
        case ENGINE_CLOSED:
        case ENGINE_WRAP_UP:
        case ENGINE_REFUSED:
                break;
        }
}

static void on_call(struct watch *watch, const struct engine_event *said)
{
        struct driver_call *call = &watch->result.call[said->call];
        struct watch_call *own = &watch->call[said->call];

        if (said->kind == ENGINE_SUBMITTED)
                own->submitted_ns = said->time_ns;
        if (said->kind == ENGINE_OFFERED && said->time_ns == own->submitted_ns)
                own->is_instant = true;
        if (said->kind == ENGINE_CONNECTED) {
                call->outcome = DRIVER_ANSWERED;
                call->wait_ns = said->time_ns - own->submitted_ns;
                call->agent = said->agent;
        }
        if (said->kind == ENGINE_CLOSED && !own->is_over) {
                own->is_over = true;
                watch->over_count++;
                if (call->outcome == DRIVER_OPEN) {
                        call->outcome = DRIVER_ABANDONED;
                        call->wait_ns = said->time_ns - own->submitted_ns;
                }
        }
}

static void on_event(struct watch *watch, const struct acdclient_event *event)
{
        struct engine_event said;

        watch->event_count++;
        if (event->sequence != watch->last_sequence + 1)
                watch->gap_count++;
        watch->last_sequence = event->sequence;
        if (!translate(watch, event, &said))
                return;
        watch->now_ns = said.time_ns;
        check_event(&watch->check, &said);
        if (said.agent != ENGINE_NONE)
                on_agent(watch, &said);
        if (said.call != ENGINE_NONE)
                on_call(watch, &said);
}

static void on_push(void *context, struct acdclient *client, const struct acdclient_message *push)
{
        struct watch *watch = context;
        struct acdclient_events_reader reader;
        struct acdclient_event event;

        (void)client;
        if (push->kind != ACDCLIENT_EVENTS)
                return;
        if (push->events.resync || !acdclient_events_open(&reader, &push->events)) {
                watch->gap_count++;
                return;
        }
        while (acdclient_events_next(&reader, &event) == 1)
                on_event(watch, &event);
}

struct watch *watch_new(const struct rehearse *rehearse)
{
        struct watch *watch = calloc(1, sizeof(*watch));
        struct acdclient_listener listener = { .context = watch, .on_push = on_push };
        const struct plan *plan = rehearse->plan;

        if (watch == NULL)
                return NULL;
        watch->rehearse = rehearse;
        watch->result.call_count = plan->call_count;
        watch->result.call = calloc(plan->call_count + 1, sizeof(*watch->result.call));
        watch->call = calloc(plan->call_count + 1, sizeof(*watch->call));
        watch->agent = calloc((size_t)plan->agent_count + 1, sizeof(*watch->agent));
        if (watch->result.call == NULL || watch->call == NULL || watch->agent == NULL ||
            check_init(&watch->check, plan) < 0)
                goto fail;
        watch->client = rehearse_client(rehearse, ACDCLIENT_ROLE_READER, "watch", &listener);
        if (watch->client == NULL || acdclient_subscribe(watch->client, 1, NULL, NULL) < 0)
                goto fail;
        return watch;

fail:
        fprintf(stderr, "no room to watch\n");
        watch_free(watch);
        return NULL;
}

void watch_free(struct watch *watch)
{
        if (watch == NULL)
                return;
        acdclient_free(watch->client);
        check_fini(&watch->check);
        driver_result_free(&watch->result);
        free(watch->call);
        free(watch->agent);
        free(watch);
}

struct acdclient *watch_client(struct watch *watch)
{
        return watch->client;
}

uint32_t watch_open_count(const struct watch *watch)
{
        return (uint32_t)watch->rehearse->plan->call_count - watch->over_count;
}

uint64_t watch_event_count(const struct watch *watch)
{
        return watch->event_count;
}

uint64_t watch_last_sequence(const struct watch *watch)
{
        return watch->last_sequence;
}

uint64_t watch_gap_count(const struct watch *watch)
{
        return watch->gap_count;
}

int64_t watch_now_ms(const struct watch *watch)
{
        return watch->now_ns / 1000000;
}

uint32_t watch_present_count(const struct watch *watch)
{
        uint32_t count = 0;

        for (uint32_t i = 0; i < watch->rehearse->plan->agent_count; i++)
                count += watch->agent[i].is_there;
        return count;
}

const struct driver_result *watch_result(struct watch *watch, bool is_final)
{
        if (is_final)
                watch->result.findings = check_finish(&watch->check);
        watch->result.end_ms = watch_now_ms(watch);
        return &watch->result;
}

uint64_t watch_offer_us(const struct watch *watch, double quantile, uint64_t *ret_count)
{
        void *memory = calloc(1, histogram_size(OFFER_PRECISION, OFFER_US_MAX));
        struct histogram *histogram;
        uint64_t value = 0;

        *ret_count = 0;
        if (memory == NULL)
                return 0;
        histogram = histogram_init(memory, OFFER_PRECISION, OFFER_US_MAX);
        for (size_t i = 0; i < watch->rehearse->plan->call_count; i++) {
                const struct rehearse_call *call = &watch->rehearse->call[i];

                if (!watch->call[i].is_instant || call->offered_ns <= call->sent_ns)
                        continue;
                histogram_add(histogram, (call->offered_ns - call->sent_ns) / 1000, 1);
                (*ret_count)++;
        }
        if (*ret_count > 0)
                value = histogram_quantile(histogram, quantile);
        free(memory);
        return value;
}
