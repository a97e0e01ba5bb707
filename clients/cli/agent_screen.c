/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The desktop of one agent in a terminal.
 *
 * A key becomes a request; what is shown changes only when the daemon says so, so
 * the screen never promises what did not happen. A lost connection is shown and
 * mends itself; the snapshot after it replaces the desk. One loop waits for keys
 * and for the daemon, and draws at least four times a second while a
 * countdown runs.
 */

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/name.h"
#include "clients/cli/agent.h"
#include "clients/cli/chance.h"
#include "clients/cli/screen.h"

enum { TICK_MS = 250, TYPED_MAX = 31 };

struct seat {
        struct cli *cli;
        struct desk desk;
        struct screen_view view;
        struct acdclient_result refusal; /* of the login, for the exit code */
        char where[160];
        char message[120];
        char typed[TYPED_MAX + 1];
        uint32_t session;
        bool is_over;
        bool is_refused;
        bool is_leaving;
};

static void note(struct seat *seat, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void note(struct seat *seat, const char *format, ...)
{
        struct screen_line *line = &seat->view.log[seat->view.log_count % SCREEN_LOG_COUNT];
        time_t now = time(NULL);
        struct tm parts;
        va_list arguments;
        size_t used = 0;

        if (localtime_r(&now, &parts) != NULL)
                used = strftime(line->text, sizeof(line->text), "%H:%M:%S ", &parts);
        va_start(arguments, format);
        (void)vsnprintf(line->text + used, sizeof(line->text) - used, format, arguments);
        va_end(arguments);
        seat->view.log_count++;
}

static void on_answer(void *context, struct acdclient *client, int error,
                      const struct acdclient_message *answer)
{
        struct seat *seat = context;
        const struct acdclient_result *result = error == 0 ? acdclient_answer_result(answer) : NULL;

        (void)client;
        seat->message[0] = '\0';
        if (result == NULL)
                (void)snprintf(seat->message, sizeof(seat->message), "no answer: %s",
                               strerror(-error));
        else if (!acdclient_is_done(result->code))
                (void)snprintf(seat->message, sizeof(seat->message), "%s: %s",
                               acdclient_result_name(result->code),
                               acdclient_result_text(result->code));
}

static void ask(struct seat *seat, const struct acdclient_message *message)
{
        int r = acdclient_send(seat->cli->client, message, 0, on_answer, seat);

        if (r < 0)
                (void)snprintf(seat->message, sizeof(seat->message), "not sent: %s", strerror(-r));
}

static void on_push(void *context, struct acdclient *client, const struct acdclient_message *push)
{
        struct seat *seat = context;
        struct desk_change change = desk_push(&seat->desk, push, chance_now_ms());
        bool is_own = change.reason == 0 || change.reason == ACDCLIENT_REASON_AGENT_ASKED;
        const char *reason = is_own ? "" : acdclient_reason_text(change.reason);
        char contact[ACDCLIENT_ID_SIZE];

        (void)client;
        if (change.is_presence)
                note(seat, "you are %s%s%s", acdclient_presence_name(seat->desk.presence),
                     reason[0] != '\0' ? ": " : "", reason);
        if (!change.has_item)
                return;
        (void)acdclient_id_format(change.item.contact, contact);
        if (change.is_gone)
                note(seat, "%s %s is over%s%s", change.item.queue, contact,
                     reason[0] != '\0' ? ": " : "", reason);
        else if (change.is_taken)
                note(seat, "%s %s was taken by another desktop of yours", change.item.queue,
                     contact);
        else if (change.is_moved)
                note(seat, "%s %s is %s", change.item.queue, contact,
                     acdclient_assignment_state_name(change.item.state));
        if (push->kind == ACDCLIENT_OFFER)
                screen_beep();
}

static void restore(struct seat *seat, const struct acdclient_agent_snapshot *snapshot)
{
        seat->desk.clock_rate = acdclient_terms(seat->cli->client)->clock_rate;
        if (seat->desk.clock_rate == 0)
                seat->desk.clock_rate = 1;
        desk_restore(&seat->desk, snapshot, chance_now_ms());
}

static void on_session(void *context, struct acdclient *client, uint32_t session,
                       enum acdclient_session_change change,
                       const struct acdclient_message *message)
{
        struct seat *seat = context;

        (void)client;
        (void)session;
        switch (change) {
        case ACDCLIENT_SESSION_UP:
                restore(seat, &message->logged_in.snapshot);
                note(seat, "logged in");
                return;
        case ACDCLIENT_SESSION_SNAPSHOT:
                restore(seat, &message->snapshot_reply.snapshot);
                return;
        case ACDCLIENT_SESSION_DOWN:
                note(seat, "the daemon is away; trying again");
                return;
        case ACDCLIENT_SESSION_REFUSED:
                seat->is_refused = true;
                seat->refusal = message->result;
                /* Texts are borrowed; the sentence of the table will do. */
                seat->refusal.text.size = 0;
                seat->refusal.field.size = 0;
                break;
        case ACDCLIENT_SESSION_REPLACED:
                seat->is_refused = true;
                seat->refusal.code = ACDCLIENT_RESULT_REPLACED;
                break;
        case ACDCLIENT_SESSION_OVER:
                break;
        }
        seat->is_over = true;
}

static void on_connection(void *context, struct acdclient *client,
                          enum acdclient_connection connection,
                          const struct acdclient_trouble *trouble)
{
        struct seat *seat = context;

        (void)client;
        (void)trouble;
        seat->view.link = connection == ACDCLIENT_UP        ? "up"
                          : connection == ACDCLIENT_PAUSING ? "away"
                          : connection == ACDCLIENT_CLOSED  ? "over"
                                                            : "connecting";
}

static void send_simple(struct seat *seat, uint16_t kind)
{
        struct acdclient_message message = { .kind = kind, .session = seat->session };

        ask(seat, &message);
}

/* A command on the item that is worked on, if it is in one of these states. */
static void send_on_current(struct seat *seat, uint16_t kind, unsigned states)
{
        const struct desk_item *item = desk_current(&seat->desk);
        struct acdclient_message message;

        if (item == NULL || (states & 1u << (unsigned)item->state) == 0) {
                (void)snprintf(seat->message, sizeof(seat->message), "not now");
                return;
        }
        message = agent_command(seat->session, kind, item,
                                kind == ACDCLIENT_REJECT     ? "busy"
                                : kind == ACDCLIENT_COMPLETE ? "done"
                                                             : "");
        ask(seat, &message);
}

static void send_unpark(struct seat *seat)
{
        for (uint32_t i = 0; i < seat->desk.item_count; i++) {
                if (seat->desk.items[i].state == ACDCLIENT_ASSIGNMENT_STATE_PARKED) {
                        struct acdclient_message message = agent_command(
                                seat->session, ACDCLIENT_UNPARK, &seat->desk.items[i], "");

                        ask(seat, &message);
                        return;
                }
        }
        (void)snprintf(seat->message, sizeof(seat->message), "nothing is parked");
}

static void send_next(struct seat *seat)
{
        struct acdclient_message message = { .kind = ACDCLIENT_NEXT_STATE,
                                             .session = seat->session };

        switch ((int)seat->desk.next) {
        case ACDCLIENT_PRESENCE_PAUSED:
                message.agent_next.next = ACDCLIENT_PRESENCE_LOGGED_OUT;
                break;
        case ACDCLIENT_PRESENCE_LOGGED_OUT:
                message.agent_next.next = ACDCLIENT_PRESENCE_READY;
                break;
        default:
                message.agent_next.next = ACDCLIENT_PRESENCE_PAUSED;
                message.agent_next.label = acdclient_text("break");
                break;
        }
        ask(seat, &message);
}

static void send_hold(struct seat *seat)
{
        const struct desk_item *item = desk_current(&seat->desk);
        bool is_held = item != NULL && item->state == ACDCLIENT_ASSIGNMENT_STATE_HELD;

        send_on_current(seat, is_held ? ACDCLIENT_UNHOLD : ACDCLIENT_HOLD,
                        1u << ACDCLIENT_ASSIGNMENT_STATE_ACTIVE |
                                1u << ACDCLIENT_ASSIGNMENT_STATE_HELD);
}

static void send_extension(struct seat *seat)
{
        const struct desk_item *item = desk_current(&seat->desk);
        struct acdclient_message message;

        if (item == NULL || item->state != ACDCLIENT_ASSIGNMENT_STATE_WRAP_UP) {
                (void)snprintf(seat->message, sizeof(seat->message), "not now");
                return;
        }
        message = agent_command(seat->session, ACDCLIENT_WRAP_UP, item, "");
        message.assignment_command.extend_ms = 60000;
        ask(seat, &message);
}

/* q: log out if nothing is on the desk, else when it is over. */
static void log_out(struct seat *seat)
{
        struct acdclient_message next = { .kind = ACDCLIENT_NEXT_STATE, .session = seat->session };

        seat->is_leaving = true;
        if (desk_current(&seat->desk) == NULL) {
                (void)acdclient_logout(seat->cli->client, seat->session, on_answer, seat);
                return;
        }
        next.agent_next.next = ACDCLIENT_PRESENCE_LOGGED_OUT;
        ask(seat, &next);
        note(seat, "you will be logged out after this contact");
}

static void on_command_key(struct seat *seat, int key)
{
        const unsigned offered = 1u << ACDCLIENT_ASSIGNMENT_STATE_OFFERED;
        const unsigned worked =
                1u << ACDCLIENT_ASSIGNMENT_STATE_ACTIVE | 1u << ACDCLIENT_ASSIGNMENT_STATE_HELD;

        seat->message[0] = '\0';
        switch (key) {
        case 'r':
                send_simple(seat, ACDCLIENT_READY);
                return;
        case 'p':
                seat->view.prompt = "why? (Enter: break)";
                return;
        case 'a':
                send_on_current(seat, ACDCLIENT_ACCEPT, offered);
                return;
        case 'x':
                send_on_current(seat, ACDCLIENT_REJECT, offered);
                return;
        case 'c':
                send_on_current(seat, ACDCLIENT_COMPLETE, worked);
                return;
        case 'k':
                send_on_current(seat, ACDCLIENT_PARK, worked);
                return;
        case 'h':
                send_hold(seat);
                return;
        case 'u':
                send_unpark(seat);
                return;
        case 'w':
                send_on_current(seat, ACDCLIENT_WRAP_UP, 1u << ACDCLIENT_ASSIGNMENT_STATE_WRAP_UP);
                return;
        case 'e':
                send_extension(seat);
                return;
        case 'n':
                send_next(seat);
                return;
        case 'q':
                log_out(seat);
                return;
        case '?':
                seat->view.has_help = true;
                return;
        default:
                return;
        }
}

/* Typing a reason: letters of labels, Enter, Escape. */
static void on_prompt_key(struct seat *seat, int key)
{
        struct acdclient_message pause = { .kind = ACDCLIENT_PAUSE, .session = seat->session };
        size_t size = strlen(seat->typed);
        char letter = (char)key;

        if (key == '\n' || key == '\r') {
                pause.agent_pause.label = acdclient_text(size > 0 ? seat->typed : "break");
                ask(seat, &pause);
        } else if (key == 127 || key == 8 || key == 263) {
                if (size > 0)
                        seat->typed[size - 1] = '\0';
                return;
        } else if (key != 27) {
                if (key > 0 && key < 127 && size < TYPED_MAX && acd_name_is_valid(&letter, 1)) {
                        seat->typed[size] = letter;
                        seat->typed[size + 1] = '\0';
                }
                return;
        }
        seat->typed[0] = '\0';
        seat->view.prompt = NULL;
}

static void take_keys(struct seat *seat)
{
        int key;

        while ((key = screen_key()) >= 0) {
                if (seat->view.has_help)
                        seat->view.has_help = false;
                else if (seat->view.prompt != NULL)
                        on_prompt_key(seat, key);
                else
                        on_command_key(seat, key);
        }
}

static int wait_ms(const struct acdclient *client)
{
        int own = acdclient_next_timeout_ms(client);

        return own >= 0 && own < TICK_MS ? own : TICK_MS;
}

static void run(struct seat *seat)
{
        struct acdclient *client = seat->cli->client;

        while (!seat->is_over && !cli_is_interrupted() &&
               acdclient_connection_state(client) != ACDCLIENT_CLOSED) {
                struct pollfd watched[2] = { { .fd = STDIN_FILENO, .events = POLLIN },
                                             { .fd = acdclient_fd(client), .events = POLLIN } };

                seat->view.now_ms = chance_now_ms();
                screen_draw(&seat->view);
                if (acdclient_wants_write(client))
                        watched[1].events |= POLLOUT;
                if (poll(watched, 2, wait_ms(client)) > 0) {
                        if ((watched[1].revents & POLLOUT) != 0)
                                acdclient_on_writable(client);
                        if ((watched[1].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
                                acdclient_on_readable(client);
                        if ((watched[0].revents & POLLHUP) != 0)
                                return;
                }
                acdclient_on_timeout(client);
                take_keys(seat);
                /* Logged out by its next state: nothing is left to do here. */
                if (seat->is_leaving && seat->desk.presence == ACDCLIENT_PRESENCE_LOGGED_OUT)
                        return;
        }
}

int agent_screen(struct cli *cli)
{
        static struct seat seat;
        struct acdclient_listener listener = { .context = &seat,
                                               .on_connection = on_connection,
                                               .on_push = on_push,
                                               .on_session = on_session };
        struct acdclient_address addresses[AGENT_ADDRESS_MAX];
        struct acdclient_agent_login login = agent_login_of(cli, cli->arguments[0], addresses);
        int r;

        seat.cli = cli;
        seat.view.agent = cli->arguments[0];
        seat.view.desk = &seat.desk;
        seat.view.where = seat.where;
        seat.view.message = seat.message;
        seat.view.typed = seat.typed;
        seat.view.link = "connecting";
        (void)snprintf(seat.where, sizeof(seat.where), "%s at %s", cli_tenant(cli),
                       cli_address(cli));
        r = cli_client(cli, &listener, /* is_lasting = */ true);
        if (r != CLI_DONE)
                return r;
        r = acdclient_connect(cli->client, cli_timeout_ms(cli));
        if (r < 0)
                return cli_failed(cli, r);
        desk_init(&seat.desk, acdclient_terms(cli->client)->clock_rate);
        r = acdclient_login(cli->client, &login);
        if (r < 0)
                return cli_failed(cli, r);
        seat.session = (uint32_t)r;

        cli_catch_signals();
        if (!screen_open(cli->has_color))
                return cli_usage(cli, "this terminal cannot be drawn on; use --auto");
        run(&seat);
        screen_close();
        if (seat.is_refused)
                return cli_refused(cli, &seat.refusal);
        if (acdclient_connection_state(cli->client) == ACDCLIENT_CLOSED)
                return cli_failed(cli, -ENOTCONN);
        return CLI_DONE;
}
