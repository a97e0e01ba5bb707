/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The callers' side of a daemon: a gateway.
 *
 * It submits, reports "connected" as soon as it is told which agent has the
 * call, cancels when the caller hangs up, and follows its contacts to know when
 * they are over. A submit carries a client key, so that repeating it is safe;
 * the client library repeats it after a lost connection, and this file after an
 * answer that says LATER.
 *
 * The attributes of a contact are the real time of its submit. They come back
 * with the offer and give the latency.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "clients/replay/daemon_parts.h"

static void tell_call(struct daemon_engine *daemon, enum engine_event_kind kind, uint32_t source,
                      uint32_t call, uint64_t core_ns)
{
        daemon_tell(daemon,
                    (struct engine_event){
                            .kind = kind, .source = source, .call = call, .agent = ENGINE_NONE },
                    core_ns);
}

static void retry_later(struct daemon_engine *daemon, uint32_t call, uint32_t after_ms)
{
        if (daemon->retry_count == daemon->retry_capacity) {
                size_t capacity = daemon->retry_capacity == 0 ? 64 : daemon->retry_capacity * 2;
                struct retry *grown = reallocarray(daemon->retry, capacity, sizeof(*grown));

                if (grown == NULL) {
                        daemon_fail(daemon, -ENOMEM, "submits to repeat");
                        return;
                }
                daemon->retry = grown;
                daemon->retry_capacity = capacity;
        }
        daemon->facts.retries++;
        daemon->retry[daemon->retry_count++] = (struct retry){
                .due_real_ms = daemon_real_ns() / 1000000 + (after_ms > 0 ? after_ms : 100),
                .call = call,
        };
}

static void on_submitted(void *context, struct acdclient *client, int error,
                         const struct acdclient_message *answer)
{
        struct submission *submission = context;
        struct daemon_engine *daemon = submission->daemon;
        const struct acdclient_result *result;

        (void)client;
        if (error != 0) {
                retry_later(daemon, submission->call, 0);
                return;
        }
        result = acdclient_answer_result(answer);
        if (acdclient_is_done(result->code)) {
                daemon->contact[submission->call] = result->id;
                tell_call(daemon, ENGINE_SUBMITTED, ENGINE_TOLD, submission->call,
                          result->server_time_ns);
        } else if (acdclient_is_later(result->code)) {
                retry_later(daemon, submission->call, result->retry_after_ms);
        } else {
                fprintf(stderr, "submit refused: %s %.*s\n", acdclient_result_name(result->code),
                        (int)result->text.size, result->text.at);
                tell_call(daemon, ENGINE_REFUSED, ENGINE_BOTH, submission->call,
                          result->server_time_ns);
        }
}

int daemon_submit(void *self, uint32_t call)
{
        struct daemon_engine *daemon = self;
        const struct plan_call *planned = &daemon->plan->call[call];
        char key[DAEMON_KEY_SIZE];
        uint8_t stamp[8];
        struct acdclient_message request = { .kind = ACDCLIENT_SUBMIT };
        int r;

        daemon_key(daemon, call, key);
        acd_put_u64(stamp, (uint64_t)daemon_real_ns());
        request.submit = (struct acdclient_submit){
                .queue = acdclient_text(daemon->plan->queue[planned->queue]),
                .channel = acdclient_text("phone"),
                .credit_ms = planned->credit_ms,
                .client_key = acdclient_text(key),
                .attributes = { stamp, sizeof(stamp) },
        };
        r = acdclient_send(daemon->gateway, &request, 0, on_submitted, &daemon->submission[call]);
        if (r == -ENOBUFS) {
                retry_later(daemon, call, 0);
                return 0;
        }
        return r;
}

int64_t daemon_retry(struct daemon_engine *daemon)
{
        int64_t next = INT64_MAX;

        for (size_t i = 0; i < daemon->retry_count; i++) {
                struct retry retry = daemon->retry[i];

                if (retry.due_real_ms > daemon_real_ns() / 1000000) {
                        next = retry.due_real_ms < next ? retry.due_real_ms : next;
                        continue;
                }
                daemon->retry[i--] = daemon->retry[--daemon->retry_count];

                int r = daemon_submit(daemon, retry.call);

                if (r < 0)
                        daemon_fail(daemon, r, "a repeated submit");
        }
        return next;
}

static void on_cancelled(void *context, struct acdclient *client, int error,
                         const struct acdclient_message *answer)
{
        struct submission *submission = context;

        (void)client;
        daemon_note_answer(submission->daemon, error, answer, submission->call, ENGINE_NONE);
}

int daemon_abandon(void *self, uint32_t call)
{
        struct daemon_engine *daemon = self;
        struct acdclient_message request = { .kind = ACDCLIENT_CANCEL };

        request.cancel = (struct acdclient_cancel){
                .contact = daemon->contact[call],
                .reason = ACDCLIENT_REASON_ABANDONED,
        };
        return acdclient_send(daemon->gateway, &request, 0, on_cancelled,
                              &daemon->submission[call]);
}

static void on_reported(void *context, struct acdclient *client, int error,
                        const struct acdclient_message *answer)
{
        (void)client;
        daemon_note_answer(context, error, answer, ENGINE_NONE, ENGINE_NONE);
}

/* An agent took the call: connect it. */
static void on_assignment(struct daemon_engine *daemon,
                          const struct acdclient_assignment_push *push)
{
        struct acdclient_message request = { .kind = ACDCLIENT_REPORT };
        uint32_t call = daemon_call_of_key(daemon, push->client_key);
        int r;

        if (call == ENGINE_NONE || push->state != ACDCLIENT_ASSIGNMENT_STATE_CONNECTING)
                return;
        request.report = (struct acdclient_report){
                .contact = push->contact,
                .assignment = push->assignment,
                .report = ACDCLIENT_REPORT_CONNECTED,
        };
        r = acdclient_send(daemon->gateway, &request, 0, on_reported, daemon);
        if (r < 0)
                daemon_fail(daemon, r, "a report");
}

/* The followed contacts: when they are over. */
static void on_events(struct daemon_engine *daemon, const struct acdclient_events *events)
{
        struct acdclient_events_reader reader;
        struct acdclient_event event;

        if (!acdclient_events_open(&reader, events)) {
                daemon_fail(daemon, -EBADMSG, "followed events");
                return;
        }
        while (acdclient_events_next(&reader, &event) == 1) {
                uint32_t call = daemon_call_of_key(daemon, event.client_key);

                if (event.kind == ACDCLIENT_EVENT_CONTACT_CLOSED && call != ENGINE_NONE)
                        tell_call(daemon, ENGINE_CLOSED, ENGINE_TOLD, call, event.time_ns);
        }
}

static void on_push(void *context, struct acdclient *client, const struct acdclient_message *push)
{
        (void)client;
        if (push->kind == ACDCLIENT_ASSIGNMENT)
                on_assignment(context, &push->assignment_push);
        else if (push->kind == ACDCLIENT_EVENTS)
                on_events(context, &push->events);
}

int daemon_gateway_open(struct daemon_engine *daemon)
{
        struct acdclient_listener listener = { .context = daemon, .on_push = on_push };
        int r;

        daemon->gateway =
                daemon_client(daemon, ACDCLIENT_ROLE_GATEWAY, "replay-gateway", &listener);
        if (daemon->gateway == NULL)
                return daemon->error;
        r = acdclient_follow(daemon->gateway, 0, 0, NULL, NULL);
        return r < 0 ? r : 0;
}
