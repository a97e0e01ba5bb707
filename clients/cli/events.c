/* SPDX-License-Identifier: Apache-2.0 */
/*
 * acdctl events: what happens, a line each.
 *
 * The subscription goes on over lost connections and restarts of the daemon; a
 * gap that cannot be filled is shown where it is. A reader that is slower than
 * the daemon is told how far behind it is.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "clients/cli/cli.h"
#include "clients/cli/json.h"
#include "clients/cli/table.h"

struct tail {
        struct cli *cli;
        uint64_t left; /* events still wanted; UINT64_MAX = all */
        uint64_t behind_told;
        uint64_t from; /* as asked for */
        int exit_code;
        bool is_over;
};

static void print_word(const char *name, struct acdclient_text text)
{
        if (text.size > 0)
                (void)printf(" %s=%.*s", name, (int)text.size, text.at);
}

static void print_id(const char *name, uint64_t id)
{
        char text[ACDCLIENT_ID_SIZE];

        if (id != 0)
                (void)printf(" %s=%s", name, acdclient_id_format(id, text));
}

static void print_event(const struct acdclient_event *event,
                        const struct acdclient_events_reader *reader)
{
        int64_t wall_ns = (int64_t)event->time_ns + reader->wall_offset_ns;
        time_t seconds = (time_t)(wall_ns / 1000000000);
        char when[32] = "";
        struct tm parts;

        if (gmtime_r(&seconds, &parts) != NULL)
                (void)strftime(when, sizeof(when), "%H:%M:%S", &parts);
        (void)printf("%" PRIu64 " %s.%03dZ %s", event->sequence, when,
                     (int)(wall_ns / 1000000 % 1000), acdclient_event_name(event->kind));
        print_id("contact", event->contact);
        print_word("key", event->client_key);
        print_word("queue", event->queue);
        print_word("channel", event->channel);
        print_word("agent", event->agent);
        print_word("gateway", event->gateway);
        if (event->object != 0)
                (void)printf(" %s=%.*s", acdclient_object_name(event->object),
                             (int)event->name.size, event->name.at);
        if (event->reason != 0)
                (void)printf(" reason=%s", acdclient_reason_name(event->reason));
        print_word("label", event->label);
        (void)printf("\n");
}

static void tell_resync(const struct tail *tail, const struct acdclient_events *events)
{
        if (tail->cli->is_json)
                json_print(json_pack("{s:b, s:I}", "resync", 1, "last_sequence",
                                     (json_int_t)events->last_sequence));
        else if (tail->from > events->last_sequence)
                (void)printf("-- event %" PRIu64 " is not there yet: the last is %" PRIu64 " --\n",
                             tail->from, events->last_sequence);
        else
                (void)printf("-- events are missing here: they are not kept any more --\n");
}

static void on_push(void *context, struct acdclient *client, const struct acdclient_message *push)
{
        struct tail *tail = context;
        struct acdclient_events_reader reader;
        struct acdclient_event event;

        (void)client;
        if (push->kind != ACDCLIENT_EVENTS || tail->left == 0)
                return;
        if (push->events.resync)
                tell_resync(tail, &push->events);
        if (push->events.batch.size == 0 || !acdclient_events_open(&reader, &push->events))
                return;
        while (tail->left > 0 && acdclient_events_next(&reader, &event) == 1) {
                if (tail->cli->is_json)
                        json_print(json_of_event(&event, reader.tenant));
                else
                        print_event(&event, &reader);
                if (tail->left != UINT64_MAX)
                        tail->left--;
        }
        (void)fflush(stdout);
}

static void on_answer(void *context, struct acdclient *client, int error,
                      const struct acdclient_message *answer)
{
        struct tail *tail = context;

        (void)client;
        if (error == 0 && acdclient_is_done(acdclient_answer_result(answer)->code))
                return;
        tail->is_over = true;
        tail->exit_code = error < 0 ? cli_failed(tail->cli, error)
                                    : cli_refused(tail->cli, acdclient_answer_result(answer));
}

static uint64_t now_ms(void)
{
        struct timespec now;

        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int subscribe(struct cli *cli, struct tail *tail)
{
        uint64_t from = cli_number(cli, "from", 0);
        uint64_t contact = cli_id(cli, "contact");
        int r;

        tail->from = from;

        if (contact != 0)
                r = acdclient_follow(cli->client, contact, from, on_answer, tail);
        else
                r = acdclient_subscribe(cli->client, from, on_answer, tail);
        return r < 0 ? cli_failed(cli, r) : CLI_DONE;
}

int command_events(struct cli *cli)
{
        struct tail tail = { .cli = cli, .left = cli_number(cli, "count", UINT64_MAX) };
        struct acdclient_listener listener = { .context = &tail, .on_push = on_push };
        uint64_t duration_ms = cli_duration_ms(cli, "duration", 0);
        uint64_t begin_ms = now_ms();
        int r = cli_client(cli, &listener, /* is_lasting = */ true);

        if (r != CLI_DONE)
                return r;
        cli_catch_signals();
        r = acdclient_connect(cli->client, cli_timeout_ms(cli));
        if (r < 0)
                return cli_failed(cli, r);
        r = subscribe(cli, &tail);
        while (r == CLI_DONE && !tail.is_over && tail.left > 0 && !cli_is_interrupted()) {
                uint64_t passed_ms = now_ms() - begin_ms;

                if (duration_ms > 0 && passed_ms >= duration_ms)
                        break;
                if (acdclient_run(cli->client, 200) < 0)
                        r = cli_failed(cli, -ENOTCONN);
        }
        return tail.is_over ? tail.exit_code : r;
}
