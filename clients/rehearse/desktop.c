/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The desktop of one agent in a rehearsal.
 *
 * It keeps the agent's hours as the plan has them (the rule of the last work is
 * that of clients/replay/driver.c), accepts what is offered, talks as long as
 * the contact's attributes say, wraps up as long as they say, and goes on.
 *
 * After a reconnect the snapshot is what counts: an offer in it is accepted,
 * work in it goes on and ends when it would have ended, and work that is not in
 * it is over.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/rehearse/rehearse.h"

enum { AFTER_MS = 500 }; /* "last" and "to" are over half a second later */

/* Where the agent stands in his span. */
enum span_phase { SPAN_AHEAD, SPAN_IN, SPAN_LAST, SPAN_LEAVING };

struct desktop {
        const struct rehearse *rehearse;
        const struct plan_agent *agent;
        struct acdclient *client;
        uint32_t session; /* 0 = not logged in */
        uint32_t span;    /* of the agent, or beyond the last */
        enum span_phase phase;
        bool is_busy;
        bool is_gone; /* the last logout was asked for */
        uint64_t assignment;
        uint32_t service_ms, wrap_up_ms;
        int64_t finish_ms; /* INT64_MAX = not talking */
        int64_t wrap_ms;   /* INT64_MAX = not wrapping up */
};

static const struct plan_span *span_of(const struct desktop *desktop)
{
        if (desktop->span >= desktop->agent->span_count)
                return NULL;
        return &desktop->rehearse->plan->span[desktop->agent->span_first + desktop->span];
}

static void request(struct desktop *desktop, uint16_t kind)
{
        struct acdclient_message message = { .kind = kind, .session = desktop->session };

        if (kind == ACDCLIENT_PAUSE)
                message.agent_pause.label = acdclient_text("break");
        else if (kind != ACDCLIENT_READY)
                message.assignment_command.assignment = desktop->assignment;
        acdclient_send(desktop->client, &message, 60000, NULL, NULL);
}

/* What the agent is to be after this contact. */
static void after_this(struct desktop *desktop, enum acdclient_presence next, const char *label)
{
        struct acdclient_message message = { .kind = ACDCLIENT_NEXT_STATE,
                                             .session = desktop->session };

        message.agent_next.next = next;
        message.agent_next.label = acdclient_text(label);
        acdclient_send(desktop->client, &message, 60000, NULL, NULL);
}

static void leave_after_this(struct desktop *desktop)
{
        const struct plan_span *span = span_of(desktop);
        bool goes_home = span == NULL || span->is_last_of_day;

        after_this(desktop, ACDCLIENT_PRESENCE_PAUSED, goes_home ? "home" : "break");
        desktop->phase = SPAN_LEAVING;
}

static uint32_t attribute(struct acdclient_bytes attributes, const char *name)
{
        char text[128] = "";
        const char *at;

        if (attributes.size < sizeof(text))
                memcpy(text, attributes.at, attributes.size);
        at = strstr(text, name);
        return at == NULL ? 0 : (uint32_t)strtoul(at + strlen(name), NULL, 10);
}

static void work_on(struct desktop *desktop, uint64_t assignment, struct acdclient_bytes attributes)
{
        desktop->is_busy = true;
        desktop->assignment = assignment;
        desktop->service_ms = attribute(attributes, "service_ms=");
        desktop->wrap_up_ms = attribute(attributes, "wrap_up_ms=");
        desktop->finish_ms = INT64_MAX;
        desktop->wrap_ms = INT64_MAX;
}

static void take(struct desktop *desktop, uint64_t assignment, struct acdclient_bytes attributes)
{
        work_on(desktop, assignment, attributes);
        request(desktop, ACDCLIENT_ACCEPT);
        if (desktop->phase == SPAN_LAST)
                leave_after_this(desktop);
}

static void be_free(struct desktop *desktop)
{
        desktop->is_busy = false;
        desktop->assignment = 0;
        desktop->finish_ms = INT64_MAX;
        desktop->wrap_ms = INT64_MAX;
}

static void on_state(struct desktop *desktop, const struct acdclient_assignment_state_push *push)
{
        int64_t at = rehearse_plan_ms(desktop->rehearse, push->server_time_ns);

        if (push->assignment != desktop->assignment)
                return;
        if (push->state == ACDCLIENT_ASSIGNMENT_STATE_ACTIVE && desktop->finish_ms == INT64_MAX)
                desktop->finish_ms = at + desktop->service_ms;
        if (push->state == ACDCLIENT_ASSIGNMENT_STATE_WRAP_UP) {
                desktop->finish_ms = INT64_MAX;
                desktop->wrap_ms = at + desktop->wrap_up_ms;
        }
        if (push->state == ACDCLIENT_ASSIGNMENT_STATE_CLOSED)
                be_free(desktop);
}

static void on_push(void *context, struct acdclient *client, const struct acdclient_message *push)
{
        struct desktop *desktop = context;

        (void)client;
        if (push->kind == ACDCLIENT_OFFER)
                take(desktop, push->offer.assignment, push->offer.attributes);
        if (push->kind == ACDCLIENT_ASSIGNMENT_STATE)
                on_state(desktop, &push->assignment_state_push);
        if (push->kind == ACDCLIENT_OFFER_ENDED &&
            push->offer_ended.assignment == desktop->assignment)
                be_free(desktop);
}

/* One open assignment of the snapshot. */
static void go_on_with(struct desktop *desktop, const struct acdclient_assignment *assignment)
{
        bool is_known = assignment->assignment == desktop->assignment && desktop->is_busy;
        int64_t finish_ms = desktop->finish_ms, wrap_ms = desktop->wrap_ms;
        int64_t connected = rehearse_plan_ms(desktop->rehearse, assignment->connected_ns);

        if (assignment->state == ACDCLIENT_ASSIGNMENT_STATE_OFFERED) {
                take(desktop, assignment->assignment, assignment->attributes);
                return;
        }
        work_on(desktop, assignment->assignment, assignment->attributes);
        if (assignment->state == ACDCLIENT_ASSIGNMENT_STATE_ACTIVE)
                desktop->finish_ms = is_known && finish_ms != INT64_MAX
                                             ? finish_ms
                                             : connected + desktop->service_ms;
        if (assignment->state == ACDCLIENT_ASSIGNMENT_STATE_WRAP_UP)
                desktop->wrap_ms = is_known && wrap_ms != INT64_MAX
                                           ? wrap_ms
                                           : rehearse_now_ms(desktop->rehearse, desktop->client) +
                                                     desktop->wrap_up_ms;
}

static void go_on(struct desktop *desktop, const struct acdclient_agent_snapshot *snapshot)
{
        if (snapshot->assignments_count == 0)
                be_free(desktop);
        for (uint32_t i = 0; i < snapshot->assignments_count; i++)
                go_on_with(desktop, &snapshot->assignments[i]);
        if (snapshot->agent.presence != ACDCLIENT_PRESENCE_READY &&
            (desktop->phase == SPAN_IN || desktop->phase == SPAN_LAST))
                request(desktop, ACDCLIENT_READY);
}

static void on_session(void *context, struct acdclient *client, uint32_t session,
                       enum acdclient_session_change change,
                       const struct acdclient_message *message)
{
        struct desktop *desktop = context;

        (void)client;
        (void)session;
        if (change == ACDCLIENT_SESSION_UP)
                go_on(desktop, &message->logged_in.snapshot);
        if (change == ACDCLIENT_SESSION_SNAPSHOT)
                go_on(desktop, &message->snapshot_reply.snapshot);
        if (change == ACDCLIENT_SESSION_REFUSED || change == ACDCLIENT_SESSION_REPLACED) {
                fprintf(stderr, "%s: the session is over for good\n", desktop->agent->name);
                desktop->is_gone = true;
        }
        if (change == ACDCLIENT_SESSION_OVER)
                desktop->session = 0;
}

static void span_from(struct desktop *desktop)
{
        desktop->phase = SPAN_IN;
        if (desktop->session != 0 && desktop->is_busy) {
                after_this(desktop, ACDCLIENT_PRESENCE_READY, ""); /* still there: stays */
                return;
        }
        if (desktop->session != 0) {
                request(desktop, ACDCLIENT_READY);
                return;
        }

        struct acdclient_address address = {
                .channel = acdclient_text(REHEARSE_CHANNEL),
                .address = acdclient_text(desktop->agent->name),
        };
        struct acdclient_agent_login login = {
                .agent = acdclient_text(desktop->agent->name),
                .addresses_count = 1,
                .addresses = &address,
        };
        int session = acdclient_login(desktop->client, &login);

        if (session > 0)
                desktop->session = (uint32_t)session;
}

/* The span's end with nothing to do: away at once. */
static void span_to(struct desktop *desktop)
{
        if (desktop->phase == SPAN_LAST && !desktop->is_busy)
                request(desktop, ACDCLIENT_PAUSE);
        desktop->phase = SPAN_AHEAD;
        desktop->span++;
}

/* The next moment of the span; INT64_MAX when there is none. Does it when it is due. */
static int64_t keep_hours(struct desktop *desktop, int64_t now)
{
        const struct plan_span *span = span_of(desktop);
        int64_t last, to;

        if (span == NULL)
                return INT64_MAX;
        last = span->last_ms + AFTER_MS;
        to = (span->to_ms > span->last_ms + 1000 ? span->to_ms : span->last_ms + 1000) + AFTER_MS;
        if (desktop->phase == SPAN_AHEAD && span->from_ms <= now)
                span_from(desktop);
        if (desktop->phase == SPAN_AHEAD)
                return span->from_ms;
        if (desktop->phase == SPAN_IN && last <= now) {
                desktop->phase = SPAN_LAST;
                if (desktop->is_busy)
                        leave_after_this(desktop);
        }
        if (desktop->phase == SPAN_IN)
                return last;
        if (to > now)
                return to;
        span_to(desktop);
        return now;
}

/* Everything that is due; returns when the next thing is. */
static int64_t do_due(struct desktop *desktop)
{
        int64_t now = rehearse_now_ms(desktop->rehearse, desktop->client);
        int64_t next;

        if (acdclient_connection_state(desktop->client) != ACDCLIENT_UP || now == INT64_MIN)
                return INT64_MAX;
        if (desktop->finish_ms <= now) {
                request(desktop, ACDCLIENT_COMPLETE);
                desktop->finish_ms = INT64_MAX;
        }
        if (desktop->wrap_ms <= now) {
                request(desktop, ACDCLIENT_WRAP_UP);
                desktop->wrap_ms = INT64_MAX;
        }
        next = keep_hours(desktop, now);
        if (desktop->finish_ms < next)
                next = desktop->finish_ms;
        if (desktop->wrap_ms < next)
                next = desktop->wrap_ms;
        return next;
}

static bool is_at_home(const struct desktop *desktop)
{
        return span_of(desktop) == NULL && !desktop->is_busy;
}

int rehearse_desktop(const struct rehearse *rehearse, uint32_t agent)
{
        struct desktop desktop = {
                .rehearse = rehearse,
                .agent = &rehearse->plan->agent[agent],
                .finish_ms = INT64_MAX,
                .wrap_ms = INT64_MAX,
        };
        struct acdclient_listener listener = {
                .context = &desktop,
                .on_push = on_push,
                .on_session = on_session,
        };

        desktop.client =
                rehearse_client(rehearse, ACDCLIENT_ROLE_AGENT, desktop.agent->name, &listener);
        if (desktop.client == NULL)
                return 1;
        while (!is_at_home(&desktop) && !desktop.is_gone) {
                if (acdclient_connection_state(desktop.client) == ACDCLIENT_CLOSED) {
                        fprintf(stderr, "%s: %s\n", desktop.agent->name,
                                acdclient_trouble(desktop.client)->text);
                        return 1;
                }
                rehearse_wait(rehearse, desktop.client, do_due(&desktop));
        }
        if (desktop.session != 0) {
                /* Home: the session ends when the daemon has said so. */
                acdclient_logout(desktop.client, desktop.session, NULL, NULL);
                for (int i = 0; i < 100 && desktop.session != 0; i++)
                        rehearse_wait(rehearse, desktop.client,
                                      rehearse_now_ms(rehearse, desktop.client) +
                                              50 * (int64_t)rehearse->rate);
        }
        acdclient_free(desktop.client);
        return desktop.is_gone ? 1 : 0;
}
