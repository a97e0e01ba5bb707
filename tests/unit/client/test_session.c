/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions of agents: logged in, lost, missed, refused, replaced, alive.
 */

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/client/fake.h"

static struct acdclient_options options_of(struct fake *fake, enum acdclient_role role)
{
        struct acdclient_options options = { .role = role, .client = "test" };

        fake_serve(fake, &options);
        return options;
}

static bool not_logged_in_once(struct fake *fake, const struct wire_message *request)
{
        if (request->kind != WIRE_READY || fake->context == NULL)
                return false;
        fake->context = NULL;
        fake_answer(fake, request, ACD_NOT_LOGGED_IN, 0);
        return true;
}

/*
 * Goal    A session lives through losses: logged in again, its number the same.
 */
Test(session, an_agent_logs_in_again_after_a_loss)
{
        struct fake fake;
        struct acdclient_options options;
        struct acdclient *client;
        struct acdclient_agent_login login = { .agent = { .at = "anna", .size = 4 } };
        struct acdclient_message ready = { .kind = ACDCLIENT_READY };
        const struct acdclient_message *answer;
        int session;

        fake_init(&fake);
        fake.on_request = not_logged_in_once;
        options = options_of(&fake, ACDCLIENT_ROLE_AGENT);
        client = acdclient_new(&options);
        cr_assert_eq(acdclient_connect(client, 0), 0);
        session = acdclient_login_wait(client, &login, 0, &answer);
        cr_assert_gt(session, 0);
        cr_assert_eq(answer->kind, ACDCLIENT_LOGGED_IN);
        ready.session = (uint32_t)session;
        cr_assert_eq(acdclient_call(client, &ready, 0, &answer), 0);
        fake_hang_up(&fake);
        cr_assert_eq(acdclient_call(client, &ready, 0, &answer), 0);
        cr_assert_eq(acdclient_answer_result(answer)->code, ACDCLIENT_RESULT_OK);
        cr_assert_str_eq(fake.log, "HELLO LOGIN READY HELLO LOGIN READY ");
        /* The daemon forgot the session: once more, without the caller's doing. */
        fake.context = &fake;
        cr_assert_eq(acdclient_call(client, &ready, 0, &answer), 0);
        cr_assert_eq(acdclient_answer_result(answer)->code, ACDCLIENT_RESULT_OK);
        cr_assert_str_eq(fake.log, "HELLO LOGIN READY HELLO LOGIN READY READY LOGIN READY ");
        acdclient_free(client);
        fake_fini(&fake);
}

static char session_log[256];

static void on_session(void *context, struct acdclient *client, uint32_t session,
                       enum acdclient_session_change change,
                       const struct acdclient_message *message)
{
        static const char *const names[] = {
                "up", "snapshot", "down", "refused", "replaced", "over"
        };
        size_t used = strlen(session_log);

        (void)context;
        (void)client;
        (void)message;
        (void)snprintf(session_log + used, sizeof(session_log) - used, "%u:%s ", session & 0xffff,
                       names[change]);
}

static void push(struct fake *fake, uint16_t kind, uint32_t session, uint32_t number)
{
        struct wire_message message = { .kind = kind, .session = session };

        if (kind == WIRE_OFFER) {
                message.offer.push = number;
                message.offer.assignment = 77;
        } else {
                message.replaced.push = number;
        }
        fake_send(fake, NULL, &message);
}

static uint32_t push_count;

static void on_push(void *context, struct acdclient *client,
                    const struct acdclient_message *message)
{
        (void)context;
        (void)client;
        cr_assert_eq(message->kind, ACDCLIENT_OFFER);
        cr_assert_gt(message->session, 0xffff);
        push_count++;
}

/*
 * Goal    Many sessions on one connection, each with its own fate.
 */
Test(session, sessions_are_told_apart)
{
        struct fake fake;
        struct acdclient_options options;
        struct acdclient *client;
        int sessions[3];

        session_log[0] = '\0';
        push_count = 0;
        fake_init(&fake);
        options = options_of(&fake, ACDCLIENT_ROLE_AGENT);
        options.listener.on_session = on_session;
        options.listener.on_push = on_push;
        client = acdclient_new(&options);
        cr_assert_eq(acdclient_start(client), 0);
        for (int i = 0; i < 3; i++) {
                char name[8];
                struct acdclient_agent_login login = { 0 };

                (void)snprintf(name, sizeof(name), "agent%d", i);
                login.agent = acdclient_text(name);
                sessions[i] = acdclient_login(client, &login);
                cr_assert_gt(sessions[i], 0);
        }
        fake_turn(client, &fake);
        cr_assert_str_eq(session_log, "0:up 1:up 2:up ");
        push(&fake, WIRE_OFFER, 1, 1);
        push(&fake, WIRE_OFFER, 2, 1);
        push(&fake, WIRE_OFFER, 2, 2);
        push(&fake, WIRE_OFFER, 3, 5); /* 1 to 4 were missed */
        push(&fake, WIRE_OFFER, 9, 1); /* nobody's */
        fake_turn(client, &fake);
        cr_assert_eq(push_count, 4);
        cr_assert_str_eq(session_log, "0:up 1:up 2:up 2:snapshot ");
        push(&fake, WIRE_REPLACED, 2, 3);
        fake_turn(client, &fake);
        cr_assert_str_eq(session_log, "0:up 1:up 2:up 2:snapshot 1:replaced ");
        cr_assert_not(acdclient_session_is_up(client, (uint32_t)sessions[1]));
        cr_assert_eq(acdclient_logout(client, (uint32_t)sessions[0], NULL, NULL), 0);
        fake_turn(client, &fake);
        cr_assert_str_eq(session_log, "0:up 1:up 2:up 2:snapshot 1:replaced 0:over ");
        fake_hang_up(&fake);
        fake_turn(client, &fake);
        cr_assert_not(acdclient_session_is_up(client, (uint32_t)sessions[2]));
        fake.now_ms += 200;
        fake_turn(client, &fake);
        cr_assert(acdclient_session_is_up(client, (uint32_t)sessions[2]));
        acdclient_free(client);
        fake_fini(&fake);
}

/*
 * Goal    An agent whom the daemon logged out, as he had asked for after the contact, is not
 *         logged in again, neither at once nor after a loss.
 */
Test(session, logged_out_by_the_daemon_is_over)
{
        struct fake fake;
        struct acdclient_options options;
        struct acdclient *client;
        struct acdclient_agent_login login = { .agent = { .at = "anna", .size = 4 } };
        struct wire_message message = { .kind = WIRE_PRESENCE, .session = 1 };
        int session;

        session_log[0] = '\0';
        fake_init(&fake);
        options = options_of(&fake, ACDCLIENT_ROLE_AGENT);
        options.listener.on_session = on_session;
        client = acdclient_new(&options);
        cr_assert_eq(acdclient_start(client), 0);
        session = acdclient_login(client, &login);
        fake_turn(client, &fake);
        message.presence_push.push = 1;
        message.presence_push.presence = ACD_PRESENCE_PAUSED;
        fake_send(&fake, NULL, &message);
        fake_turn(client, &fake);
        cr_assert_str_eq(session_log, "0:up ");
        message.presence_push.push = 2;
        message.presence_push.presence = ACD_PRESENCE_LOGGED_OUT;
        fake_send(&fake, NULL, &message);
        fake_turn(client, &fake);
        cr_assert_str_eq(session_log, "0:up 0:over ");
        cr_assert_not(acdclient_session_is_up(client, (uint32_t)session));
        fake_hang_up(&fake);
        fake_turn(client, &fake);
        fake.now_ms += 200;
        fake_turn(client, &fake);
        cr_assert_str_eq(fake.log, "HELLO LOGIN HELLO ");
        acdclient_free(client);
        fake_fini(&fake);
}

static bool refuse_login(struct fake *fake, const struct wire_message *request)
{
        if (request->kind != WIRE_LOGIN)
                return false;
        fake_answer(fake, request, ACD_UNKNOWN, 0);
        return true;
}

Test(session, a_refused_login_is_an_answer)
{
        struct fake fake;
        struct acdclient_options options;
        struct acdclient *client;
        struct acdclient_agent_login login = { .agent = { .at = "nobody", .size = 6 } };
        const struct acdclient_message *answer;

        fake_init(&fake);
        fake.on_request = refuse_login;
        options = options_of(&fake, ACDCLIENT_ROLE_AGENT);
        client = acdclient_new(&options);
        cr_assert_eq(acdclient_connect(client, 0), 0);
        cr_assert_eq(acdclient_login_wait(client, &login, 0, &answer), -EACCES);
        cr_assert_eq(acdclient_answer_result(answer)->code, ACDCLIENT_RESULT_UNKNOWN);
        acdclient_free(client);
        fake_fini(&fake);
}

static bool full_once(struct fake *fake, const struct wire_message *request)
{
        if (request->kind != WIRE_LOGIN || fake->context == NULL)
                return false;
        fake->context = NULL;
        fake_answer(fake, request, ACD_FULL, 0);
        return true;
}

/*
 * Goal    A login that fails for a moment after a loss is repeated, alone: the
 *         other sessions of the connection notice nothing.
 */
Test(session, a_login_refused_for_now_is_repeated_after_a_loss)
{
        struct fake fake;
        struct acdclient_options options;
        struct acdclient *client;
        struct acdclient_agent_login login = { .agent = { .at = "anna", .size = 4 } };
        int session;

        session_log[0] = '\0';
        fake_init(&fake);
        fake.on_request = full_once;
        options = options_of(&fake, ACDCLIENT_ROLE_AGENT);
        options.listener.on_session = on_session;
        client = acdclient_new(&options);
        cr_assert_eq(acdclient_start(client), 0);
        session = acdclient_login(client, &login);
        cr_assert_gt(acdclient_login(client, &login), 0);
        fake_turn(client, &fake);
        fake_hang_up(&fake);
        fake_turn(client, &fake);
        fake.context = &fake;
        fake.now_ms += 200;
        fake_turn(client, &fake);
        cr_assert_not(acdclient_session_is_up(client, (uint32_t)session));
        cr_assert_eq(acdclient_connection_state(client), ACDCLIENT_UP);
        fake.now_ms += 1000;
        fake_turn(client, &fake);
        cr_assert(acdclient_session_is_up(client, (uint32_t)session));
        cr_assert_str_eq(session_log, "0:up 1:up 0:down 1:down 1:up 0:up ");
        /* A first login that is refused is told. */
        fake.context = &fake;
        cr_assert_gt(acdclient_login(client, &login), 0);
        fake_turn(client, &fake);
        cr_assert_not_null(strstr(session_log, "2:refused "));
        acdclient_free(client);
        fake_fini(&fake);
}

Test(session, signs_of_life_are_given_and_expected)
{
        struct fake fake;
        struct acdclient_options options;
        struct acdclient *client;
        struct acdclient_agent_login login = { .agent = { .at = "anna", .size = 4 } };

        session_log[0] = '\0';
        fake_init(&fake);
        options = options_of(&fake, ACDCLIENT_ROLE_AGENT);
        options.listener.on_session = on_session;
        client = acdclient_new(&options);
        cr_assert_eq(acdclient_start(client), 0);
        cr_assert_gt(acdclient_login(client, &login), 0);
        fake_turn(client, &fake);
        cr_assert_str_eq(fake.log, "HELLO LOGIN ");
        cr_assert_gt(acdclient_next_timeout_ms(client), 7000);
        cr_assert_leq(acdclient_next_timeout_ms(client), 7501);
        fake.now_ms += 7501;
        fake_turn(client, &fake);
        cr_assert_str_eq(fake.log, "HELLO LOGIN HEARTBEAT ");
        for (int i = 0; i < 8; i++) {
                fake.now_ms += 7501;
                fake_turn(client, &fake);
        }
        cr_assert_eq(acdclient_connection_state(client), ACDCLIENT_UP);
        /* Now the daemon hangs. */
        fake.is_silent = true;
        for (int i = 0; i < 5; i++) {
                fake.now_ms += 7501;
                fake_turn(client, &fake);
        }
        cr_assert_eq(acdclient_trouble(client)->error, -ETIMEDOUT);
        cr_assert_str_eq(session_log, "0:up 0:down ");
        acdclient_free(client);
        fake_fini(&fake);
}
