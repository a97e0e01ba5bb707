/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gateway of a rehearsal: makes the callers of the plan.
 *
 * The happy path is: at a call's time it is submitted; an agent is found and
 * accepts; the gateway connects the call and says so; the agent completes it.
 * A caller whose patience ends before that hangs up: the contact is cancelled
 * as abandoned. When the daemon dies in between, the library puts the contacts
 * back, and the followed events, which go on where they were cut, tell what was
 * missed: an acceptance that wants to be connected, a call that is over.
 *
 * Few calls are open at once, so they are simply looked through.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/rehearse/rehearse.h"

enum gateway_call_state { CALL_AHEAD, CALL_SENT, CALL_IN, CALL_CONNECTED, CALL_OVER };

struct gateway_call {
        enum gateway_call_state state;
        uint64_t contact;
        uint64_t reported; /* assignment that was said to be connected */
        int64_t leave_ms;  /* plan time at which the caller hangs up */
};

struct gateway {
        const struct rehearse *rehearse;
        struct acdclient *client;
        struct gateway_call *call;
        uint32_t *open; /* indexes of calls that are submitted and not over */
        uint32_t open_count;
        uint32_t next; /* first call that is not submitted */
        uint32_t refused_count;
};

struct gateway_request {
        struct gateway *gateway;
        uint32_t call;
};

static void on_submitted(void *context, struct acdclient *client, int error,
                         const struct acdclient_message *answer)
{
        struct gateway_request *request = context;
        struct gateway *gateway = request->gateway;
        struct gateway_call *call = &gateway->call[request->call];
        const struct plan_call *planned = &gateway->rehearse->plan->call[request->call];

        (void)client;
        if (error != 0 || !acdclient_is_done(acdclient_answer_result(answer)->code)) {
                gateway->refused_count++;
                fprintf(stderr, "call %u refused: %s\n", request->call,
                        error != 0 ? strerror(-error)
                                   : acdclient_result_text(acdclient_answer_result(answer)->code));
                call->state = CALL_OVER;
        } else if (call->state == CALL_SENT) {
                const struct acdclient_result *result = acdclient_answer_result(answer);

                call->state = CALL_IN;
                call->contact = result->id;
                call->leave_ms = INT64_MAX;
                if (planned->patience_ms != PLAN_PATIENCE_ENDLESS)
                        call->leave_ms =
                                rehearse_plan_ms(gateway->rehearse, result->server_time_ns) +
                                planned->patience_ms;
        }
        free(request);
}

static int submit(struct gateway *gateway, uint32_t index)
{
        const struct plan_call *planned = &gateway->rehearse->plan->call[index];
        struct acdclient_message message = { .kind = ACDCLIENT_SUBMIT };
        struct gateway_request *request = malloc(sizeof(*request));
        char key[16], attributes[96];
        int size = snprintf(attributes, sizeof(attributes), "service_ms=%u wrap_up_ms=%u",
                            planned->service_ms, planned->wrap_up_ms);

        if (request == NULL)
                return -1;
        *request = (struct gateway_request){ gateway, index };
        snprintf(key, sizeof(key), "c%u", index);
        message.submit.queue = acdclient_text(gateway->rehearse->plan->queue[planned->queue]);
        message.submit.channel = acdclient_text(REHEARSE_CHANNEL);
        message.submit.credit_ms = planned->credit_ms;
        message.submit.client_key = acdclient_text(key);
        message.submit.attributes =
                (struct acdclient_bytes){ (const uint8_t *)attributes, (uint32_t)size };
        if (acdclient_send(gateway->client, &message, 60000, on_submitted, request) < 0) {
                free(request);
                return -1;
        }
        gateway->rehearse->call[index].sent_ns = rehearse_real_ns();
        gateway->call[index].state = CALL_SENT;
        gateway->open[gateway->open_count++] = index;
        return 0;
}

static void report_connected(struct gateway *gateway, uint32_t index, uint64_t contact,
                             uint64_t assignment)
{
        struct acdclient_message message = { .kind = ACDCLIENT_REPORT };

        if (gateway->call[index].reported == assignment)
                return;
        message.report.contact = contact;
        message.report.assignment = assignment;
        message.report.report = ACDCLIENT_REPORT_CONNECTED;
        if (acdclient_send(gateway->client, &message, 60000, NULL, NULL) == 0)
                gateway->call[index].reported = assignment;
}

static void hang_up(struct gateway *gateway, uint32_t index)
{
        struct acdclient_message message = { .kind = ACDCLIENT_CANCEL };

        message.cancel.contact = gateway->call[index].contact;
        message.cancel.reason = ACDCLIENT_REASON_ABANDONED;
        if (acdclient_send(gateway->client, &message, 60000, NULL, NULL) == 0)
                gateway->call[index].leave_ms = INT64_MAX; /* once; the events tell the rest */
}

static void on_assignment(struct gateway *gateway, const struct acdclient_assignment_push *push)
{
        uint32_t index;

        if (!rehearse_call_of(gateway->rehearse, push->client_key, &index))
                return;
        if (gateway->rehearse->call[index].offered_ns == 0)
                gateway->rehearse->call[index].offered_ns = rehearse_real_ns();
        if (push->state == ACDCLIENT_ASSIGNMENT_STATE_CONNECTING)
                report_connected(gateway, index, push->contact, push->assignment);
}

static void on_event(struct gateway *gateway, const struct acdclient_event *event)
{
        uint32_t index;

        if (!rehearse_call_of(gateway->rehearse, event->client_key, &index))
                return;
        switch ((unsigned)event->kind) {
        case ACDCLIENT_EVENT_OFFER_ACCEPTED:
                if (event->state == ACDCLIENT_ASSIGNMENT_STATE_CONNECTING)
                        report_connected(gateway, index, event->contact, event->assignment);
                break;
        case ACDCLIENT_EVENT_CONTACT_CONNECTED:
                if (gateway->call[index].state != CALL_OVER)
                        gateway->call[index].state = CALL_CONNECTED;
                break;
        case ACDCLIENT_EVENT_CONTACT_CLOSED:
                gateway->call[index].state = CALL_OVER;
                break;
        default:
                break;
        }
}

static void on_push(void *context, struct acdclient *client, const struct acdclient_message *push)
{
        struct gateway *gateway = context;
        struct acdclient_events_reader reader;
        struct acdclient_event event;

        (void)client;
        if (push->kind == ACDCLIENT_ASSIGNMENT)
                on_assignment(gateway, &push->assignment_push);
        if (push->kind != ACDCLIENT_EVENTS || !acdclient_events_open(&reader, &push->events))
                return;
        while (acdclient_events_next(&reader, &event) == 1)
                on_event(gateway, &event);
}

/* Do what is due; returns when the next thing is. */
static int64_t do_due(struct gateway *gateway)
{
        const struct plan *plan = gateway->rehearse->plan;
        int64_t now = rehearse_now_ms(gateway->rehearse, gateway->client);
        int64_t next = INT64_MAX;

        if (acdclient_connection_state(gateway->client) != ACDCLIENT_UP || now == INT64_MIN)
                return next;
        while (gateway->next < plan->call_count && plan->call[gateway->next].arrival_ms <= now) {
                if (submit(gateway, gateway->next) < 0)
                        return now + 1;
                gateway->next++;
        }
        if (gateway->next < plan->call_count)
                next = plan->call[gateway->next].arrival_ms;
        for (uint32_t i = 0; i < gateway->open_count; i++) {
                struct gateway_call *call = &gateway->call[gateway->open[i]];

                if (call->state == CALL_OVER) {
                        gateway->open[i--] = gateway->open[--gateway->open_count];
                        continue;
                }
                if (call->state == CALL_IN && call->leave_ms <= now)
                        hang_up(gateway, gateway->open[i]);
                if (call->state == CALL_IN && call->leave_ms < next)
                        next = call->leave_ms;
        }
        return next;
}

int rehearse_gateway(const struct rehearse *rehearse)
{
        struct gateway gateway = { .rehearse = rehearse };
        struct acdclient_listener listener = { .context = &gateway, .on_push = on_push };
        uint32_t refused_count;

        gateway.call = calloc(rehearse->plan->call_count + 1, sizeof(*gateway.call));
        gateway.open = calloc(rehearse->plan->call_count + 1, sizeof(*gateway.open));
        gateway.client = rehearse_client(rehearse, ACDCLIENT_ROLE_GATEWAY, "pbx", &listener);
        if (gateway.call == NULL || gateway.open == NULL || gateway.client == NULL)
                return 1;
        if (acdclient_follow(gateway.client, 0, 1, NULL, NULL) < 0)
                return 1;
        while (gateway.next < rehearse->plan->call_count || gateway.open_count > 0) {
                if (acdclient_connection_state(gateway.client) == ACDCLIENT_CLOSED) {
                        fprintf(stderr, "gateway: %s\n", acdclient_trouble(gateway.client)->text);
                        return 1;
                }
                rehearse_wait(rehearse, gateway.client, do_due(&gateway));
        }
        acdclient_free(gateway.client);
        refused_count = gateway.refused_count;
        free(gateway.call);
        free(gateway.open);
        return refused_count == 0 ? 0 : 1;
}
