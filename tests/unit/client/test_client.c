/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libacdclient does with a daemon that answers, refuses, forgets, falls
 * silent and comes back.
 */

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <unistd.h>

#include "tests/unit/client/fake.h"
#include "wire/events.h"

static struct acdclient_options options_of(struct fake *fake, enum acdclient_role role)
{
        struct acdclient_options options = { .role = role, .client = "test" };

        fake_serve(fake, &options);
        return options;
}

static struct acdclient_message submit_of(const char *key)
{
        struct acdclient_message message = { .kind = ACDCLIENT_SUBMIT };

        message.submit.queue = acdclient_text("billing");
        message.submit.channel = acdclient_text("phone");
        message.submit.client_key = acdclient_text(key);
        return message;
}

/* What an answer was, for requests with a callback. */
struct outcome {
        uint32_t count;
        int error;
        enum acdclient_result_code code;
        uint64_t id;
};

static void on_outcome(void *context, struct acdclient *client, int error,
                       const struct acdclient_message *answer)
{
        struct outcome *outcome = context;

        (void)client;
        outcome->count++;
        outcome->error = error;
        if (answer != NULL) {
                outcome->code = acdclient_answer_result(answer)->code;
                outcome->id = acdclient_answer_result(answer)->id;
        }
}

Test(client, connects_and_calls)
{
        struct fake fake;
        struct acdclient_options options;
        struct acdclient *client;
        struct acdclient_message request = submit_of("k1");
        const struct acdclient_message *answer;

        fake_init(&fake);
        options = options_of(&fake, ACDCLIENT_ROLE_GATEWAY);
        client = acdclient_new(&options);
        cr_assert_not_null(client);
        cr_assert_eq(acdclient_connect(client, 0), 0);
        cr_assert_eq(acdclient_terms(client)->epoch, 7);
        cr_assert_eq(acdclient_call(client, &request, 0, &answer), 0);
        cr_assert_eq(acdclient_answer_result(answer)->code, ACDCLIENT_RESULT_OK);
        cr_assert_eq(acdclient_held_count(client), 1);
        cr_assert_str_eq(fake.log, "HELLO RESUME SUBMIT ");
        acdclient_free(client);
        fake_step(&fake);
        cr_assert_str_eq(fake.log, "HELLO RESUME SUBMIT BYE ");
        fake_fini(&fake);
}

Test(client, what_cannot_work_is_refused_when_it_is_made)
{
        static const struct acdclient_options bad[] = {
                { .role = ACDCLIENT_ROLE_GATEWAY },
                { .client = "test" },
                { .role = 9, .client = "test" },
                { .role = ACDCLIENT_ROLE_AGENT, .client = "te st" },
                { .role = ACDCLIENT_ROLE_AGENT, .client = "test", .tenant = "" },
                { .role = ACDCLIENT_ROLE_AGENT, .client = "test", .address = "nowhere" },
                { .role = ACDCLIENT_ROLE_AGENT, .client = "test", .address = "tcp:host:0" },
                { .role = ACDCLIENT_ROLE_AGENT, .client = "test", .address = "tcp:host:65536" },
                { .role = ACDCLIENT_ROLE_AGENT, .client = "test", .address = "unix:" },
                { .role = ACDCLIENT_ROLE_AGENT, .client = "test", .address = "tcp:a:b:1" },
                { .role = ACDCLIENT_ROLE_AGENT, .client = "test", .software = "a\033b" },
                { .role = ACDCLIENT_ROLE_AGENT, .client = "test", .session_count_max = 70000 },
        };

        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                errno = 0;
                cr_assert_null(acdclient_new(&bad[i]), "case %zu", i);
                cr_assert_eq(errno, EINVAL);
        }
        cr_assert_eq(acdclient_address_check("unix:/run/x"), 0);
        cr_assert_eq(acdclient_address_check("127.0.0.1:7400"), 0);
        cr_assert_eq(acdclient_address_check("tcp:localhost:7400"), 0);
        cr_assert_eq(acdclient_address_check("tcp:[::1]:7400"), 0);
        acdclient_free(NULL);
}

/* Answer nothing to SUBMIT and hang up, while context is set. */
static bool hang_up_on_submit(struct fake *fake, const struct wire_message *request)
{
        if (request->kind != WIRE_SUBMIT || fake->context == NULL)
                return false;
        fake->context = NULL;
        fake_hang_up(fake);
        return true;
}

/*
 * Goal    A SUBMIT whose answer was lost is sent again, before the gateway names
 *         what it holds: else the daemon would close the contact.
 */
Test(client, an_unanswered_submit_comes_again_before_resume)
{
        struct fake fake;
        struct acdclient_options options;
        struct acdclient *client;
        struct acdclient_message first = submit_of("k1");
        struct acdclient_message second = submit_of("k2");
        const struct acdclient_message *answer;

        fake_init(&fake);
        fake.on_request = hang_up_on_submit;
        options = options_of(&fake, ACDCLIENT_ROLE_GATEWAY);
        client = acdclient_new(&options);
        cr_assert_eq(acdclient_connect(client, 0), 0);
        cr_assert_eq(acdclient_call(client, &first, 0, &answer), 0);
        fake.context = &fake;
        cr_assert_eq(acdclient_call(client, &second, 0, &answer), 0);
        (void)acdclient_run(client, 50);
        cr_assert_str_eq(fake.log, "HELLO RESUME SUBMIT SUBMIT HELLO SUBMIT RESUME ");
        cr_assert_eq(acdclient_held_count(client), 2);
        cr_assert_eq(acdclient_connect_count(client), 2);
        acdclient_free(client);
        fake_fini(&fake);
}

Test(client, what_is_not_safe_to_repeat_is_told)
{
        struct fake fake;
        struct acdclient_options options;
        struct acdclient *client;
        struct acdclient_message request = submit_of("");
        const struct acdclient_message *answer;

        fake_init(&fake);
        fake.on_request = hang_up_on_submit;
        fake.context = &fake;
        options = options_of(&fake, ACDCLIENT_ROLE_GATEWAY);
        client = acdclient_new(&options);
        cr_assert_eq(acdclient_connect(client, 0), 0);
        cr_assert_eq(acdclient_call(client, &request, 0, &answer), -ECONNRESET);
        acdclient_free(client);
        fake_fini(&fake);
}

/* RESUME: the first named is kept, the second closed, the others unknown. */
static bool resume_by_turn(struct fake *fake, const struct wire_message *request)
{
        static const uint8_t outcomes[] = { ACDCLIENT_RESUMED_KEPT, ACDCLIENT_RESUMED_CLOSED,
                                            ACDCLIENT_RESUMED_UNKNOWN, ACDCLIENT_RESUMED_UNKNOWN };
        struct wire_message answer = { .kind = WIRE_RESUMED };

        if (request->kind != WIRE_RESUME)
                return false;
        cr_assert_leq(request->resume.contacts_count, 4);
        answer.resumed.result.code = ACD_OK;
        answer.resumed.outcomes_count = request->resume.contacts_count;
        answer.resumed.outcomes = outcomes;
        fake_send(fake, request, &answer);
        return true;
}

static uint32_t lost_count;

static void on_contact_lost(void *context, struct acdclient *client, uint64_t contact,
                            enum acdclient_resumed_state state)
{
        (void)context;
        (void)client;
        cr_assert_neq(contact, 0);
        cr_assert_neq(state, ACDCLIENT_RESUMED_KEPT);
        lost_count++;
}

Test(client, what_the_daemon_does_not_keep_is_dropped_and_told)
{
        struct fake fake;
        struct acdclient_options options;
        struct acdclient *client;

        lost_count = 0;
        fake_init(&fake);
        fake.on_request = resume_by_turn;
        options = options_of(&fake, ACDCLIENT_ROLE_GATEWAY);
        options.listener.on_contact_lost = on_contact_lost;
        client = acdclient_new(&options);
        for (uint64_t contact = 1; contact <= 4; contact++)
                cr_assert_eq(acdclient_hold(client, contact << 28 | 1), 0);
        cr_assert_eq(acdclient_connect(client, 0), 0);
        cr_assert_eq(acdclient_held_count(client), 1);
        cr_assert_eq(lost_count, 3);
        acdclient_free(client);
        fake_fini(&fake);
}

Test(client, many_contacts_are_named_in_pieces)
{
        struct fake fake;
        struct acdclient_options options;
        struct acdclient *client;

        fake_init(&fake);
        options = options_of(&fake, ACDCLIENT_ROLE_GATEWAY);
        client = acdclient_new(&options);
        for (uint64_t contact = 1; contact <= 2500; contact++)
                cr_assert_eq(acdclient_hold(client, contact << 28 | 1), 0);
        cr_assert_eq(acdclient_connect(client, 0), 0);
        cr_assert_str_eq(fake.log, "HELLO RESUME RESUME RESUME ");
        cr_assert_eq(acdclient_held_count(client), 2500);
        acdclient_free(client);
        fake_fini(&fake);
}

Test(client, a_request_without_answer_times_out_and_its_late_answer_counts)
{
        struct fake fake;
        struct acdclient_options options;
        struct acdclient *client;
        struct acdclient_message request = submit_of("k1");
        struct outcome outcome = { 0 };

        fake_init(&fake);
        options = options_of(&fake, ACDCLIENT_ROLE_GATEWAY);
        client = acdclient_new(&options);
        cr_assert_eq(acdclient_connect(client, 0), 0);
        fake.fd = -1 - fake.fd; /* deaf: bytes stay in the socket */
        cr_assert_eq(acdclient_send(client, &request, 500, on_outcome, &outcome), 0);
        fake_turn(client, &fake);
        fake.now_ms += 500;
        fake_turn(client, &fake);
        cr_assert_eq(outcome.count, 1);
        cr_assert_eq(outcome.error, -ETIMEDOUT);
        fake.fd = -1 - fake.fd;
        fake_turn(client, &fake);
        cr_assert_eq(outcome.count, 1);
        cr_assert_eq(acdclient_held_count(client), 1);
        cr_assert_eq(acdclient_request_count(client), 0);
        acdclient_free(client);
        fake_fini(&fake);
}

Test(client, nobody_there_is_an_error_or_a_pause)
{
        struct fake fake;
        struct acdclient_options options;
        struct acdclient *client;

        fake_init(&fake);
        fake.is_refusing = true;
        options = options_of(&fake, ACDCLIENT_ROLE_READER);
        options.no_reconnect = true;
        client = acdclient_new(&options);
        cr_assert_eq(acdclient_connect(client, 1000), -ECONNREFUSED);
        cr_assert_eq(fake.dial_count, 1);
        acdclient_free(client);

        options.no_reconnect = false;
        client = acdclient_new(&options);
        cr_assert_eq(acdclient_connect(client, 3000), -ECONNREFUSED);
        cr_assert_geq(fake.dial_count, 3);
        cr_assert_leq(fake.dial_count, 12);
        fake.is_refusing = false;
        cr_assert_eq(acdclient_connect(client, 10000), 0);
        acdclient_free(client);
        fake_fini(&fake);
}

Test(client, a_refused_hello_is_the_end_unless_it_may_pass)
{
        struct fake fake;
        struct acdclient_options options;
        struct acdclient *client;

        fake_init(&fake);
        fake.hello_code = ACD_UNKNOWN;
        options = options_of(&fake, ACDCLIENT_ROLE_READER);
        client = acdclient_new(&options);
        cr_assert_eq(acdclient_connect(client, 1000), -EACCES);
        cr_assert_eq(acdclient_trouble(client)->code, ACDCLIENT_RESULT_UNKNOWN);
        cr_assert_str_eq(acdclient_trouble(client)->text, "as the test says");
        cr_assert_eq(acdclient_connection_state(client), ACDCLIENT_CLOSED);
        acdclient_free(client);

        fake.hello_code = ACD_STOPPING;
        client = acdclient_new(&options);
        cr_assert_eq(acdclient_connect(client, 1000), -EACCES);
        cr_assert_eq(acdclient_connection_state(client), ACDCLIENT_PAUSING);
        acdclient_free(client);
        fake_fini(&fake);
}

static void send_bye(struct fake *fake, enum acd_result code, uint32_t retry_after_ms)
{
        struct wire_message bye = { .kind = WIRE_BYE };

        bye.bye.code = code;
        bye.bye.text = wire_text("going down");
        bye.bye.retry_after_ms = retry_after_ms;
        fake_send(fake, NULL, &bye);
        fake_hang_up(fake);
}

Test(client, bye_is_believed_and_its_pause_kept)
{
        struct fake fake;
        struct acdclient_options options;
        struct acdclient *client;

        fake_init(&fake);
        options = options_of(&fake, ACDCLIENT_ROLE_READER);
        client = acdclient_new(&options);
        cr_assert_eq(acdclient_connect(client, 0), 0);
        send_bye(&fake, ACD_STOPPING, 4000);
        fake_turn(client, &fake);
        cr_assert_eq(acdclient_connection_state(client), ACDCLIENT_PAUSING);
        cr_assert_eq(acdclient_trouble(client)->code, ACDCLIENT_RESULT_STOPPING);
        cr_assert_str_eq(acdclient_trouble(client)->text, "going down");
        cr_assert_eq(acdclient_next_timeout_ms(client), 4000);
        fake.now_ms += 4000;
        fake_turn(client, &fake);
        cr_assert_eq(acdclient_connection_state(client), ACDCLIENT_UP);
        send_bye(&fake, ACD_MALFORMED, 0);
        fake_turn(client, &fake);
        cr_assert_eq(acdclient_connection_state(client), ACDCLIENT_CLOSED);
        acdclient_free(client);
        fake_fini(&fake);
}

/* Goal    What a daemon said before it closed a connection over unread bytes, which resets it, is
 *         heard by a client that has more to write.
 * Method  Real TCP. One request is not read before the end, another is written after it. */
Test(client, last_words_before_a_reset_are_heard)
{
        struct fake fake;
        struct acdclient_options options;
        struct acdclient *client;
        struct acdclient_message first = submit_of("k1");
        struct acdclient_message second = submit_of("k2");
        struct outcome outcome = { .count = 0 };

        fake_init(&fake);
        fake.is_tcp = true;
        options = options_of(&fake, ACDCLIENT_ROLE_GATEWAY);
        client = acdclient_new(&options);
        cr_assert_eq(acdclient_connect(client, 0), 0);
        cr_assert_eq(acdclient_send(client, &first, 0, on_outcome, &outcome), 0);
        acdclient_on_writable(client);
        send_bye(&fake, ACD_STOPPING, 4000);
        cr_assert_eq(acdclient_send(client, &second, 0, on_outcome, &outcome), 0);
        fake_turn(client, &fake);
        cr_assert_eq(acdclient_connection_state(client), ACDCLIENT_PAUSING);
        cr_assert_eq(acdclient_trouble(client)->code, ACDCLIENT_RESULT_STOPPING);
        acdclient_free(client);
        fake_fini(&fake);
}

Test(client, limits_are_told_and_change_nothing)
{
        struct fake fake;
        struct acdclient_options options;
        struct acdclient *client;
        struct acdclient_message request = submit_of("k");
        struct acdclient_message hello = { .kind = ACDCLIENT_HELLO };
        struct acdclient_message push_kind = { .kind = ACDCLIENT_OFFER };

        fake_init(&fake);
        options = options_of(&fake, ACDCLIENT_ROLE_GATEWAY);
        options.request_count_max = 2;
        options.subscription_count_max = 1;
        client = acdclient_new(&options);
        cr_assert_eq(acdclient_send(client, &hello, 0, NULL, NULL), -EINVAL);
        cr_assert_eq(acdclient_send(client, &push_kind, 0, NULL, NULL), -EINVAL);
        cr_assert_eq(acdclient_send(client, &request, 0, NULL, NULL), 0);
        cr_assert_eq(acdclient_send(client, &request, 0, NULL, NULL), 0);
        cr_assert_eq(acdclient_send(client, &request, 0, NULL, NULL), -ENOBUFS);
        cr_assert_eq(acdclient_follow(client, 0, 0, NULL, NULL), 1);
        cr_assert_eq(acdclient_follow(client, 0, 0, NULL, NULL), -ENOBUFS);
        cr_assert_eq(acdclient_login(client, &(struct acdclient_agent_login){ 0 }), -EINVAL);
        request.session = 5;
        cr_assert_eq(acdclient_send(client, &request, 0, NULL, NULL), -ENOTCONN);
        acdclient_free(client);
        fake_fini(&fake);
}

/* An EVENTS push of @count events that ends with @last. */
static void push_events(struct fake *fake, uint32_t subscription, uint64_t last, uint32_t count)
{
        static _Alignas(8) uint8_t bytes[WIRE_BATCH_MEMORY];
        struct wire_batch batch;
        struct wire_message message = { .kind = WIRE_EVENTS };
        struct wire_batch_head head = { .tenant = wire_text("default"),
                                        .epoch = 7,
                                        .first_sequence = last - count + 1,
                                        .last_sequence = last };

        wire_batch_init(&batch, bytes, sizeof(bytes));
        for (uint64_t sequence = head.first_sequence; sequence <= last; sequence++) {
                struct wire_event event = { .sequence = sequence,
                                            .kind = ACD_EVENT_CONTACT_CLOSED,
                                            .contact = sequence << 28 | 1 };

                cr_assert(wire_batch_copy(&batch, &head, &event));
        }
        message.events.subscription = subscription;
        message.events.last_sequence = last;
        message.events.batch = wire_batch_bytes(&batch);
        fake_send(fake, NULL, &message);
}

static uint64_t asked_from;
static uint64_t asked_epoch;

static bool note_subscribe(struct fake *fake, const struct wire_message *request)
{
        (void)fake;
        if (request->kind == WIRE_SUBSCRIBE) {
                asked_from = request->subscribe.from_sequence;
                asked_epoch = request->subscribe.epoch;
        }
        return false;
}

/*
 * Goal    A subscription goes on after the last event seen.
 */
Test(client, subscriptions_go_on_after_a_loss)
{
        struct fake fake;
        struct acdclient_options options;
        struct acdclient *client;
        struct acdclient_events_reader reader;
        struct acdclient_event event;
        const struct acdclient_message *message;
        int subscription;

        fake_init(&fake);
        fake.id_last = 40; /* the daemon's number is another than ours */
        fake.on_request = note_subscribe;
        options = options_of(&fake, ACDCLIENT_ROLE_READER);
        client = acdclient_new(&options);
        subscription = acdclient_subscribe(client, 0, NULL, NULL);
        cr_assert_eq(subscription, 1);
        cr_assert_eq(acdclient_connect(client, 0), 0);
        cr_assert_eq(acdclient_next_push(client, 20, &message), 0);
        cr_assert_eq(asked_from, 0);
        push_events(&fake, 41, 120, 3);
        push_events(&fake, 99, 500, 1); /* of a subscription that is not ours */
        cr_assert_eq(acdclient_next_push(client, 1000, &message), 1);
        cr_assert_eq(message->kind, ACDCLIENT_EVENTS);
        cr_assert_eq(message->events.subscription, 1);
        cr_assert(acdclient_events_open(&reader, &message->events));
        for (uint64_t sequence = 118; sequence <= 120; sequence++) {
                cr_assert_eq(acdclient_events_next(&reader, &event), 1);
                cr_assert_eq(event.sequence, sequence);
        }
        cr_assert_eq(acdclient_events_next(&reader, &event), 0);
        cr_assert_eq(acdclient_next_push(client, 20, &message), 0);
        fake_hang_up(&fake);
        cr_assert_eq(acdclient_next_push(client, 500, &message), 0);
        cr_assert_eq(asked_from, 121);
        cr_assert_eq(asked_epoch, 7);
        cr_assert_eq(acdclient_unfollow(client, 1), 0);
        cr_assert_eq(acdclient_unfollow(client, 1), -EINVAL);
        acdclient_free(client);
        fake_fini(&fake);
}

Test(client, one_from_now_on_that_saw_nothing_misses_nothing)
{
        struct fake fake;
        struct acdclient_options options;
        struct acdclient *client;
        const struct acdclient_message *message;

        fake_init(&fake);
        fake.on_request = note_subscribe;
        options = options_of(&fake, ACDCLIENT_ROLE_READER);
        client = acdclient_new(&options);
        cr_assert_eq(acdclient_subscribe(client, 0, NULL, NULL), 1);
        cr_assert_eq(acdclient_connect(client, 0), 0);
        cr_assert_eq(acdclient_next_push(client, 50, &message), 0);
        fake.welcome.event_last_sequence = 200;
        fake_hang_up(&fake);
        cr_assert_eq(acdclient_next_push(client, 500, &message), 0);
        cr_assert_eq(asked_from, 101);
        acdclient_free(client);
        fake_fini(&fake);
}

/*
 * Goal    Pushes that nobody takes are bounded, and a call says so.
 */
Test(client, pushes_kept_are_bounded)
{
        struct fake fake;
        struct acdclient_options options;
        struct acdclient *client;
        struct acdclient_message request = { .kind = ACDCLIENT_STATUS };
        const struct acdclient_message *message;
        uint32_t count = 0;

        fake_init(&fake);
        options = options_of(&fake, ACDCLIENT_ROLE_READER);
        options.push_bytes_max = 1000;
        client = acdclient_new(&options);
        cr_assert_eq(acdclient_subscribe(client, 0, NULL, NULL), 1);
        cr_assert_eq(acdclient_connect(client, 0), 0);
        cr_assert_eq(acdclient_next_push(client, 20, &message), 0);
        for (uint64_t i = 0; i < 100; i++)
                push_events(&fake, 1, 101 + i, 1);
        cr_assert_eq(acdclient_call(client, &request, 0, &message), -ENOBUFS);
        cr_assert_eq(acdclient_call(client, &request, 0, &message), -ENOBUFS);
        while (acdclient_next_push(client, 20, &message) == 1)
                count++;
        cr_assert_eq(count, 100);
        cr_assert_eq(acdclient_call(client, &request, 0, &message), 0);
        acdclient_free(client);
        fake_fini(&fake);
}

Test(client, a_stream_of_nonsense_is_left)
{
        static const char nonsense[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
        struct fake fake;
        struct acdclient_options options;
        struct acdclient *client;

        fake_init(&fake);
        options = options_of(&fake, ACDCLIENT_ROLE_READER);
        client = acdclient_new(&options);
        cr_assert_eq(acdclient_connect(client, 0), 0);
        cr_assert_eq(write(fake.fd, nonsense, sizeof(nonsense) - 1), sizeof(nonsense) - 1);
        fake_turn(client, &fake);
        cr_assert_eq(acdclient_trouble(client)->error, -EPROTO);
        cr_assert_eq(acdclient_connection_state(client), ACDCLIENT_PAUSING);
        acdclient_free(client);
        fake_fini(&fake);
}

Test(client, contacts_are_released_by_what_says_that_they_are_over)
{
        struct fake fake;
        struct acdclient_options options;
        struct acdclient *client;
        struct wire_message closed = { .kind = WIRE_ASSIGNMENT };
        struct acdclient_message cancel = { .kind = ACDCLIENT_CANCEL };
        const struct acdclient_message *message;

        fake_init(&fake);
        options = options_of(&fake, ACDCLIENT_ROLE_GATEWAY);
        client = acdclient_new(&options);
        cr_assert_eq(acdclient_connect(client, 0), 0);
        for (uint64_t contact = 1; contact <= 4; contact++)
                cr_assert_eq(acdclient_hold(client, contact << 28 | 1), 0);
        cancel.cancel.contact = 1 << 28 | 1;
        cr_assert_eq(acdclient_call(client, &cancel, 0, &message), 0);
        cr_assert_eq(acdclient_held_count(client), 3);
        closed.assignment_push.contact = 2 << 28 | 1;
        closed.assignment_push.state = ACD_ASSIGNMENT_CLOSED;
        closed.assignment_push.reason = ACD_REASON_REJECTED; /* back to its queue */
        fake_send(&fake, NULL, &closed);
        cr_assert_eq(acdclient_next_push(client, 100, &message), 1);
        cr_assert_eq(acdclient_held_count(client), 3);
        closed.assignment_push.reason = ACD_REASON_COMPLETED;
        fake_send(&fake, NULL, &closed);
        cr_assert_eq(acdclient_next_push(client, 100, &message), 1);
        cr_assert_eq(acdclient_held_count(client), 2);
        acdclient_free(client);
        fake_fini(&fake);
}
