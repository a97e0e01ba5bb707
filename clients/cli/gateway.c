/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gateway that works by itself: a test double of a telephone system.
 *
 * Callers come at random (or evenly, with --fixed), each with a patience. The
 * gateway submits them, follows its contacts, rings and connects when the
 * daemon says whom to, and hangs up when the caller's patience or talk is over. A
 * caller is a slot of a table with at most one planned action; the loop sleeps
 * until the earliest. Arrivals are planned from the planned time of the one
 * before, not from when it was sent, so that a slow answer does not thin them out.
 *
 * All times are core time: on a rehearsal clock they pass faster.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply/value.h"
#include "clients/c/map.h"
#include "clients/cli/chance.h"
#include "clients/cli/cli.h"
#include "clients/cli/json.h"
#include "clients/cli/table.h"

enum { CALL_MAX = 16384, MIX_MAX = 32, WAIT_MAX = 1000000, PROGRESS_MS = 2000, IDLE_MS = 500 };

enum call_state {
        CALL_FREE,
        CALL_SUBMITTED, /* its contact is not known yet */
        CALL_WAITING,
        CALL_CONNECTING,
        CALL_TALKING,
        CALL_LEAVING, /* the end was reported */
};

struct call {
        struct exchange *exchange;
        uint64_t contact;
        uint64_t assignment;
        uint64_t submitted_at_ms;
        uint64_t action_at_ms;  /* connect, fail or end, by state; 0 = none */
        uint64_t hang_up_at_ms; /* patience; 0 = for ever */
        enum call_state state;
        bool is_connection_failing;
        bool was_connected; /* a contact is counted once, however often it is connected */
};

struct share {
        struct acdclient_text queue;
        uint64_t upto; /* sum of the weights so far */
};

struct exchange {
        struct cli *cli;
        struct chance chance;
        struct call *calls;
        uint32_t free[CALL_MAX];
        uint32_t free_count;
        struct client_map by_contact;
        struct share mix[MIX_MAX];
        int mix_count;
        double rate; /* a core second */
        uint64_t patience_ms, talk_ms, ring_ms;
        double fail_share;
        uint64_t clock_rate;
        uint64_t begin_ms, arrival_at_ms, progress_at_ms, submit_until_ms;
        uint64_t count_max;
        uint64_t key_base;
        uint64_t submitted_count, refused_count, connected_count, abandoned_count, ended_count,
                failed_count, lost_count;
        uint32_t *waits_ms; /* submit to connected, core time */
        uint32_t wait_count;
        int exit_code;
};

static uint64_t in(const struct exchange *exchange, uint64_t core_ms)
{
        return chance_now_ms() + core_ms / exchange->clock_rate;
}

static void finish(struct call *call)
{
        struct exchange *exchange = call->exchange;

        if (call->state == CALL_FREE)
                return;
        if (call->contact != 0)
                client_map_remove(&exchange->by_contact, call->contact);
        call->state = CALL_FREE;
        exchange->free[exchange->free_count++] = (uint32_t)(call - exchange->calls);
}

static struct call *call_of(struct exchange *exchange, uint64_t contact)
{
        uint32_t index;

        return client_map_get(&exchange->by_contact, contact, &index) ? &exchange->calls[index]
                                                                      : NULL;
}

/* A report may come too late; any other refusal is a mistake worth stopping for. */
static void on_reported(void *context, struct acdclient *client, int error,
                        const struct acdclient_message *answer)
{
        struct exchange *exchange = context;
        const struct acdclient_result *result = error == 0 ? acdclient_answer_result(answer) : NULL;

        (void)client;
        if (result == NULL || acdclient_is_done(result->code) || acdclient_is_later(result->code) ||
            result->code == ACDCLIENT_RESULT_GONE || result->code == ACDCLIENT_RESULT_WRONG_STATE)
                return;
        if (exchange->exit_code == CLI_DONE)
                exchange->exit_code = cli_refused(exchange->cli, result);
}

static void report(struct call *call, enum acdclient_report_kind kind, enum acdclient_reason reason)
{
        struct acdclient_message message = { .kind = ACDCLIENT_REPORT };

        message.report.contact = call->contact;
        /* Which attempt: the end is that of the contact. */
        if (kind != ACDCLIENT_REPORT_ENDED)
                message.report.assignment = call->assignment;
        message.report.report = kind;
        message.report.reason = reason;
        (void)acdclient_send(call->exchange->cli->client, &message, 0, on_reported, call->exchange);
}

static void on_submitted(void *context, struct acdclient *client, int error,
                         const struct acdclient_message *answer)
{
        struct call *call = context;
        struct exchange *exchange = call->exchange;
        const struct acdclient_result *result = error == 0 ? acdclient_answer_result(answer) : NULL;

        (void)client;
        if (result != NULL && acdclient_is_done(result->code) &&
            client_map_put(&exchange->by_contact, result->id, (uint32_t)(call - exchange->calls)) ==
                    0) {
                call->contact = result->id;
                call->state = CALL_WAITING;
                if (exchange->patience_ms > 0)
                        call->hang_up_at_ms =
                                in(exchange, chance_time_ms(&exchange->chance,
                                                            (double)exchange->patience_ms));
                return;
        }
        exchange->refused_count++;
        /* What will never be taken is a mistake in the command; say it once and end. */
        if (result != NULL && !acdclient_is_later(result->code) && exchange->exit_code == CLI_DONE)
                exchange->exit_code = cli_refused(exchange->cli, result);
        call->contact = 0;
        finish(call);
}

static struct acdclient_text pick_queue(struct exchange *exchange)
{
        uint64_t total = exchange->mix[exchange->mix_count - 1].upto;
        uint64_t drawn = acd_prng_below(&exchange->chance.prng, total);
        int i = 0;

        while (exchange->mix[i].upto <= drawn)
                i++;
        return exchange->mix[i].queue;
}

static void submit(struct exchange *exchange)
{
        struct acdclient_message message = { .kind = ACDCLIENT_SUBMIT };
        struct call *call;
        char key[64];

        if (exchange->free_count == 0) {
                exchange->refused_count++;
                return;
        }
        call = &exchange->calls[exchange->free[--exchange->free_count]];
        *call = (struct call){ .exchange = exchange,
                               .state = CALL_SUBMITTED,
                               .submitted_at_ms = chance_now_ms() };
        (void)snprintf(key, sizeof(key), "%.20s-%" PRIx64 "-%" PRIu64,
                       cli_client_name(exchange->cli), exchange->key_base,
                       exchange->submitted_count);
        message.submit.queue = pick_queue(exchange);
        message.submit.channel = acdclient_text(cli_text(exchange->cli, "channel", "phone"));
        message.submit.client_key = acdclient_text(key);
        exchange->submitted_count++;
        if (acdclient_send(exchange->cli->client, &message, 60000, on_submitted, call) < 0) {
                exchange->refused_count++;
                finish(call);
        }
}

/*
 * A daemon that is killed before it has a report on disk says CONNECTING again
 * to a gateway that is back: the caller is connected anew, and is the same one.
 */
static void count_connected(struct call *call)
{
        struct exchange *exchange = call->exchange;
        uint64_t waited_ms = (chance_now_ms() - call->submitted_at_ms) * exchange->clock_rate;

        if (call->was_connected)
                return;
        call->was_connected = true;
        exchange->connected_count++;
        if (exchange->wait_count < WAIT_MAX)
                exchange->waits_ms[exchange->wait_count++] =
                        waited_ms < UINT32_MAX ? (uint32_t)waited_ms : UINT32_MAX;
}

static void talk(struct call *call)
{
        struct exchange *exchange = call->exchange;

        if (call->state == CALL_TALKING || call->state == CALL_LEAVING)
                return;
        count_connected(call);
        call->state = CALL_TALKING;
        call->hang_up_at_ms = 0;
        call->action_at_ms = 0;
        if (exchange->talk_ms > 0)
                call->action_at_ms =
                        in(exchange, chance_time_ms(&exchange->chance, (double)exchange->talk_ms));
}

/* The daemon says who is to serve a contact. */
static void on_assignment(struct exchange *exchange, const struct acdclient_assignment_push *push)
{
        struct call *call = call_of(exchange, push->contact);

        if (call == NULL || call->state == CALL_LEAVING)
                return;
        call->assignment = push->assignment;
        switch ((int)push->state) {
        case ACDCLIENT_ASSIGNMENT_STATE_OFFERED:
                report(call, ACDCLIENT_REPORT_RINGING, ACDCLIENT_REASON_UNSPECIFIED);
                return;
        case ACDCLIENT_ASSIGNMENT_STATE_CONNECTING:
                call->state = CALL_CONNECTING;
                call->is_connection_failing = chance_is(&exchange->chance, exchange->fail_share);
                call->action_at_ms =
                        in(exchange, chance_time_ms(&exchange->chance, (double)exchange->ring_ms));
                return;
        case ACDCLIENT_ASSIGNMENT_STATE_ACTIVE:
                talk(call);
                return;
        case ACDCLIENT_ASSIGNMENT_STATE_CLOSED:
                if (call->state == CALL_CONNECTING)
                        call->state = CALL_WAITING;
                call->action_at_ms = 0;
                return;
        default:
                return;
        }
}

static void on_event(struct exchange *exchange, const struct acdclient_event *event)
{
        struct call *call = call_of(exchange, event->contact);

        if (call == NULL || event->kind != ACDCLIENT_EVENT_CONTACT_CLOSED)
                return;
        if (call->state != CALL_TALKING && call->state != CALL_LEAVING &&
            event->reason != ACDCLIENT_REASON_ABANDONED)
                exchange->lost_count++;
        if (event->reason == ACDCLIENT_REASON_ABANDONED)
                exchange->abandoned_count++;
        else if (call->state == CALL_TALKING || call->state == CALL_LEAVING)
                exchange->ended_count++;
        finish(call);
}

static void on_push(void *context, struct acdclient *client, const struct acdclient_message *push)
{
        struct exchange *exchange = context;
        struct acdclient_events_reader reader;
        struct acdclient_event event;

        (void)client;
        if (push->kind == ACDCLIENT_ASSIGNMENT) {
                on_assignment(exchange, &push->assignment_push);
                return;
        }
        if (push->kind != ACDCLIENT_EVENTS || push->events.batch.size == 0 ||
            !acdclient_events_open(&reader, &push->events))
                return;
        while (acdclient_events_next(&reader, &event) == 1)
                on_event(exchange, &event);
}

static void on_contact_lost(void *context, struct acdclient *client, uint64_t contact,
                            enum acdclient_resumed_state state)
{
        struct exchange *exchange = context;
        struct call *call = call_of(exchange, contact);

        (void)client;
        /* One that is closed: the events that were missed will say how. */
        if (call == NULL || state == ACDCLIENT_RESUMED_CLOSED)
                return;
        exchange->lost_count++;
        finish(call);
}

/* What is due for @call. */
static void act(struct call *call, uint64_t now_ms)
{
        struct exchange *exchange = call->exchange;

        if (call->hang_up_at_ms != 0 && call->hang_up_at_ms <= now_ms) {
                call->hang_up_at_ms = 0;
                call->action_at_ms = 0;
                call->state = CALL_LEAVING;
                report(call, ACDCLIENT_REPORT_ENDED, ACDCLIENT_REASON_ABANDONED);
                return;
        }
        if (call->action_at_ms == 0 || call->action_at_ms > now_ms)
                return;
        call->action_at_ms = 0;
        if (call->state == CALL_CONNECTING && call->is_connection_failing) {
                exchange->failed_count++;
                call->state = CALL_WAITING;
                report(call, ACDCLIENT_REPORT_FAILED, ACDCLIENT_REASON_FAILED_NO_ANSWER);
        } else if (call->state == CALL_CONNECTING) {
                report(call, ACDCLIENT_REPORT_CONNECTED, ACDCLIENT_REASON_UNSPECIFIED);
                talk(call);
        } else if (call->state == CALL_TALKING) {
                call->state = CALL_LEAVING;
                report(call, ACDCLIENT_REPORT_ENDED, ACDCLIENT_REASON_ENDED_BY_CUSTOMER);
        }
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
        return b != 0 && b < a ? b : a;
}

static bool is_submitting(const struct exchange *exchange, uint64_t now_ms)
{
        if (exchange->count_max > 0 && exchange->submitted_count >= exchange->count_max)
                return false;
        return exchange->submit_until_ms == 0 || now_ms < exchange->submit_until_ms;
}

/* Do what is due; returns how long to wait. */
static uint32_t work(struct exchange *exchange)
{
        uint64_t now_ms = chance_now_ms();
        uint64_t next_ms = now_ms + IDLE_MS;

        while (is_submitting(exchange, now_ms) && exchange->arrival_at_ms <= now_ms * 1000) {
                submit(exchange);
                /* In microseconds: a thousand a second would be lost in rounding. */
                exchange->arrival_at_ms += chance_time_ms(&exchange->chance, 1e6 / exchange->rate) /
                                           exchange->clock_rate;
        }
        if (is_submitting(exchange, now_ms))
                next_ms = earlier(next_ms, exchange->arrival_at_ms / 1000);
        for (uint32_t i = 0; i < CALL_MAX; i++) {
                struct call *call = &exchange->calls[i];

                if (call->state <= CALL_SUBMITTED)
                        continue;
                act(call, now_ms);
                next_ms = earlier(next_ms, call->action_at_ms);
                next_ms = earlier(next_ms, call->hang_up_at_ms);
        }
        return next_ms > now_ms ? (uint32_t)(next_ms - now_ms) : 0;
}

static int compare_waits(const void *a, const void *b)
{
        uint32_t left = *(const uint32_t *)a;
        uint32_t right = *(const uint32_t *)b;

        return left < right ? -1 : left > right;
}

static uint32_t percentile(const struct exchange *exchange, uint32_t percent)
{
        if (exchange->wait_count == 0)
                return 0;
        return exchange->waits_ms[(uint64_t)(exchange->wait_count - 1) * percent / 100];
}

static void tell_progress(struct exchange *exchange)
{
        uint64_t now_ms = chance_now_ms();

        if (now_ms < exchange->progress_at_ms)
                return;
        exchange->progress_at_ms = now_ms + PROGRESS_MS;
        if (exchange->cli->is_json)
                return;
        (void)printf("%" PRIu64 " submitted, %u open, %" PRIu64 " connected, %" PRIu64
                     " abandoned, %" PRIu64 " refused\n",
                     exchange->submitted_count, CALL_MAX - exchange->free_count,
                     exchange->connected_count, exchange->abandoned_count, exchange->refused_count);
        (void)fflush(stdout);
}

static void tell_summary(struct exchange *exchange)
{
        char p50[TABLE_WORD_SIZE];
        char p90[TABLE_WORD_SIZE];

        qsort(exchange->waits_ms, exchange->wait_count, sizeof(*exchange->waits_ms), compare_waits);
        if (exchange->cli->is_json) {
                json_t *object = json_object();

                json_set_count(object, "submitted", exchange->submitted_count);
                json_set_count(object, "refused", exchange->refused_count);
                json_set_count(object, "connected", exchange->connected_count);
                json_set_count(object, "ended", exchange->ended_count);
                json_set_count(object, "abandoned", exchange->abandoned_count);
                json_set_count(object, "failed", exchange->failed_count);
                json_set_count(object, "lost", exchange->lost_count);
                json_set_count(object, "open", CALL_MAX - exchange->free_count);
                json_set_count(object, "wait_p50_ms", percentile(exchange, 50));
                json_set_count(object, "wait_p90_ms", percentile(exchange, 90));
                json_print(object);
                return;
        }
        (void)printf("%" PRIu64 " submitted: %" PRIu64 " connected, %" PRIu64 " ended, %" PRIu64
                     " abandoned, %" PRIu64 " refused, %" PRIu64 " lost, %u open\n",
                     exchange->submitted_count, exchange->connected_count, exchange->ended_count,
                     exchange->abandoned_count, exchange->refused_count, exchange->lost_count,
                     CALL_MAX - exchange->free_count);
        (void)printf("wait p50 %s, p90 %s; %" PRIu64 " connections failed\n",
                     table_duration(percentile(exchange, 50), p50),
                     table_duration(percentile(exchange, 90), p90), exchange->failed_count);
}

static int fill_mix(struct exchange *exchange)
{
        struct acdclient_text queue;
        const char *weight_text;
        uint64_t sum = 0;

        while (cli_pair(exchange->cli, "mix", exchange->mix_count, &queue, &weight_text)) {
                uint64_t weight;

                if (exchange->mix_count == MIX_MAX)
                        return cli_usage(exchange->cli, "more than %d queues", MIX_MAX);
                if (!apply_number_parse(weight_text, strlen(weight_text), &weight) || weight == 0 ||
                    weight > 1000000)
                        return cli_usage(exchange->cli, "a weight is 1 to 1000000, not `%.16s`",
                                         weight_text);
                sum += weight;
                exchange->mix[exchange->mix_count++] =
                        (struct share){ .queue = queue, .upto = sum };
        }
        if (exchange->mix_count == 0)
                return cli_usage(exchange->cli, "`--mix QUEUE=WEIGHT` is needed, once a queue");
        return CLI_DONE;
}

static int prepare(struct exchange *exchange)
{
        struct cli *cli = exchange->cli;

        exchange->rate = cli_rate(cli, "rate", 1);
        exchange->patience_ms = cli_duration_ms(cli, "patience", 0);
        exchange->talk_ms = cli_duration_ms(cli, "talk", 0);
        exchange->ring_ms = cli_duration_ms(cli, "ring", 500);
        exchange->fail_share = cli_share(cli, "fail");
        exchange->count_max = cli_number(cli, "count", 0);
        exchange->key_base = chance_now_ms();
        chance_init(&exchange->chance, cli_number(cli, "seed", chance_now_ms()),
                    cli_has(cli, "fixed"));
        client_map_init(&exchange->by_contact, CALL_MAX);
        exchange->calls = calloc(CALL_MAX, sizeof(*exchange->calls));
        exchange->waits_ms = calloc(WAIT_MAX, sizeof(*exchange->waits_ms));
        if (exchange->calls == NULL || exchange->waits_ms == NULL)
                return cli_failed(cli, -ENOMEM);
        for (uint32_t i = 0; i < CALL_MAX; i++) {
                exchange->calls[i].exchange = exchange;
                exchange->free[exchange->free_count++] = CALL_MAX - 1 - i;
        }
        return fill_mix(exchange);
}

static void begin(struct exchange *exchange)
{
        uint64_t duration_ms = cli_duration_ms(exchange->cli, "duration", 0);

        exchange->clock_rate = acdclient_terms(exchange->cli->client)->clock_rate;
        if (exchange->clock_rate == 0)
                exchange->clock_rate = 1;
        exchange->begin_ms = chance_now_ms();
        exchange->progress_at_ms = exchange->begin_ms + PROGRESS_MS;
        exchange->arrival_at_ms = exchange->begin_ms * 1000;
        if (duration_ms > 0)
                exchange->submit_until_ms = exchange->begin_ms + duration_ms / exchange->clock_rate;
}

static void run(struct exchange *exchange)
{
        while (exchange->exit_code == CLI_DONE && !cli_is_interrupted()) {
                uint32_t wait = work(exchange);

                if (!is_submitting(exchange, chance_now_ms()) && exchange->free_count == CALL_MAX)
                        return;
                if (acdclient_run(exchange->cli->client, wait) < 0)
                        exchange->exit_code = cli_failed(exchange->cli, -ENOTCONN);
                tell_progress(exchange);
        }
}

static int play(struct exchange *exchange)
{
        struct cli *cli = exchange->cli;
        struct acdclient_listener listener = { .context = exchange,
                                               .on_push = on_push,
                                               .on_contact_lost = on_contact_lost };
        int r = prepare(exchange);

        if (r == CLI_DONE)
                r = cli_client(cli, &listener, /* is_lasting = */ true);
        if (r != CLI_DONE)
                return r;
        cli_catch_signals();
        r = acdclient_connect(cli->client, cli_timeout_ms(cli));
        if (r >= 0)
                r = acdclient_follow(cli->client, 0, 0, NULL, NULL);
        if (r < 0)
                return cli_failed(cli, r);
        begin(exchange);
        run(exchange);
        if (exchange->exit_code == CLI_DONE)
                tell_summary(exchange);
        return exchange->exit_code;
}

int command_gateway(struct cli *cli)
{
        static struct exchange exchange;
        int r;

        if (!cli_has(cli, "auto"))
                return cli_usage(cli, "this gateway works by itself; say --auto");
        exchange.cli = cli;
        r = play(&exchange);
        free(exchange.calls);
        free(exchange.waits_ms);
        client_map_fini(&exchange.by_contact);
        return r;
}
