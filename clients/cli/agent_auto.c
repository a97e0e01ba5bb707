/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Agents that work by themselves: test doubles of desktops.
 *
 * Each name is a session of its own on one connection. An agent goes ready, answers
 * an offer after a while (or rejects it, or misses it, by share), works on the
 * contact for a while and completes it, ends its wrap-up, and goes on. What it
 * does next hangs on the item on its desk as a time; the loop sleeps until the
 * earliest. All times are core time: on a rehearsal clock they pass faster.
 *
 * An agent that was paused by the daemon (missed too many offers) comes back after
 * a pause of its own, as people do.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/cli/agent.h"
#include "clients/cli/chance.h"
#include "clients/cli/json.h"
#include "clients/cli/table.h"

enum { BREATHER_MS = 5000, IDLE_MS = 1000 };

struct crew;

struct worker {
        struct crew *crew;
        const char *name;
        uint32_t session;
        struct desk desk;
        uint64_t ready_at_ms; /* when it goes ready again; 0 = not planned */
        uint64_t handled_count, rejected_count, missed_count;
        bool is_leaving;
        bool is_over;
};

struct crew {
        struct cli *cli;
        struct chance chance;
        struct worker workers[CLI_ARGUMENT_MAX];
        int worker_count;
        int over_count;
        uint64_t answer_ms, handle_ms, wrap_up_ms;
        double reject_share, miss_share;
        uint64_t count_max;
        bool has_wrap_up;
        int exit_code;
        bool is_replaced;
};

static struct worker *worker_of(struct crew *crew, uint32_t session)
{
        for (int i = 0; i < crew->worker_count; i++)
                if (crew->workers[i].session == session)
                        return &crew->workers[i];
        return NULL;
}

static void say(const struct worker *worker, const char *what, const struct desk_item *item,
                const char *why)
{
        const struct cli *cli = worker->crew->cli;
        char contact[ACDCLIENT_ID_SIZE];

        if (cli->is_json) {
                json_t *object = json_pack("{s:s, s:s}", "agent", worker->name, "what", what);

                if (item != NULL) {
                        json_set_id(object, "contact", item->contact);
                        json_set_word(object, "queue", item->queue);
                        json_set_count(object, "waited_ms", item->waited_ms);
                }
                json_set_word(object, "reason", why);
                json_print(object);
                return;
        }
        if (item != NULL)
                (void)printf("%s %s %s %s", worker->name, what,
                             acdclient_id_format(item->contact, contact), item->queue);
        else
                (void)printf("%s %s", worker->name, what);
        (void)printf("%s%s\n", why[0] != '\0' ? " " : "", why);
        (void)fflush(stdout);
}

/* The first refusal that is not part of the game ends the run with its exit code. */
static void on_answer(void *context, struct acdclient *client, int error,
                      const struct acdclient_message *answer)
{
        struct worker *worker = context;
        const struct acdclient_result *result = error == 0 ? acdclient_answer_result(answer) : NULL;

        (void)client;
        if (result == NULL || acdclient_is_done(result->code))
                return;
        /* The contact was faster: it ended, or the offer ran out. */
        if (result->code == ACDCLIENT_RESULT_GONE || result->code == ACDCLIENT_RESULT_WRONG_STATE ||
            result->code == ACDCLIENT_RESULT_FENCED || acdclient_is_later(result->code))
                return;
        if (worker->crew->exit_code == CLI_DONE)
                worker->crew->exit_code = cli_refused(worker->crew->cli, result);
}

static void ask(struct worker *worker, const struct acdclient_message *message)
{
        (void)acdclient_send(worker->crew->cli->client, message, 0, on_answer, worker);
}

static void go_ready(struct worker *worker)
{
        struct acdclient_message ready = { .kind = ACDCLIENT_READY, .session = worker->session };

        worker->ready_at_ms = 0;
        if (!worker->is_leaving)
                ask(worker, &ready);
}

/* Done for today: pause, then log out when the desk is empty. */
static void leave(struct worker *worker)
{
        struct acdclient_message pause = { .kind = ACDCLIENT_PAUSE, .session = worker->session };

        if (worker->is_leaving)
                return;
        worker->is_leaving = true;
        pause.agent_pause.label = acdclient_text("done");
        ask(worker, &pause);
        if (worker->desk.item_count == 0)
                (void)acdclient_logout(worker->crew->cli->client, worker->session, on_answer,
                                       worker);
}

static uint64_t after(struct crew *crew, const struct desk *desk, uint64_t mean_ms)
{
        return chance_now_ms() + chance_time_ms(&crew->chance, (double)mean_ms) / desk->clock_rate;
}

/* Plan what comes next for the item on the desk, once for each state. */
static void plan(struct worker *worker)
{
        struct crew *crew = worker->crew;
        struct desk_item *item = desk_current(&worker->desk);

        if (item == NULL || item->action_at_ms != 0 || item->is_asked || item->is_taken)
                return;
        if (item->state == ACDCLIENT_ASSIGNMENT_STATE_OFFERED)
                item->action_at_ms = after(crew, &worker->desk, crew->answer_ms);
        else if (item->state == ACDCLIENT_ASSIGNMENT_STATE_ACTIVE)
                item->action_at_ms = after(crew, &worker->desk, crew->handle_ms);
        else if (item->state == ACDCLIENT_ASSIGNMENT_STATE_WRAP_UP && crew->has_wrap_up)
                item->action_at_ms = after(crew, &worker->desk, crew->wrap_up_ms);
}

static void answer_offer(struct worker *worker, struct desk_item *item)
{
        struct crew *crew = worker->crew;
        struct acdclient_message command;

        if (chance_is(&crew->chance, crew->miss_share))
                return;
        if (chance_is(&crew->chance, crew->reject_share)) {
                command = agent_command(worker->session, ACDCLIENT_REJECT, item, "busy");
                worker->rejected_count++;
                say(worker, "rejects", item, "");
        } else {
                command = agent_command(worker->session, ACDCLIENT_ACCEPT, item, "");
        }
        ask(worker, &command);
}

static void act(struct worker *worker, struct desk_item *item)
{
        struct acdclient_message command;

        item->action_at_ms = 0;
        item->is_asked = true;
        if (item->state == ACDCLIENT_ASSIGNMENT_STATE_OFFERED) {
                answer_offer(worker, item);
                return;
        }
        command = agent_command(
                worker->session,
                item->state == ACDCLIENT_ASSIGNMENT_STATE_WRAP_UP ? ACDCLIENT_WRAP_UP
                                                                  : ACDCLIENT_COMPLETE,
                item, item->state == ACDCLIENT_ASSIGNMENT_STATE_WRAP_UP ? "" : "done");
        ask(worker, &command);
}

/* Something left the desk. */
static void on_gone(struct worker *worker, const struct desk_change *change)
{
        struct crew *crew = worker->crew;
        bool was_offer = change->item.state == ACDCLIENT_ASSIGNMENT_STATE_OFFERED ||
                         change->item.state == ACDCLIENT_ASSIGNMENT_STATE_CONNECTING;

        if (change->has_item && !was_offer && !change->item.is_taken) {
                worker->handled_count++;
                say(worker, "handled", &change->item, "");
        } else if (change->has_item && change->reason == ACDCLIENT_REASON_OFFER_TIMEOUT) {
                worker->missed_count++;
                say(worker, "missed", &change->item, "");
        }
        if (crew->count_max > 0 && worker->handled_count >= crew->count_max)
                leave(worker);
        else if (worker->is_leaving && worker->desk.item_count == 0)
                (void)acdclient_logout(crew->cli->client, worker->session, on_answer, worker);
}

static void on_push(void *context, struct acdclient *client, const struct acdclient_message *push)
{
        struct worker *worker = worker_of(context, push->session);
        struct desk_change change;

        (void)client;
        if (worker == NULL)
                return;
        change = desk_push(&worker->desk, push, chance_now_ms());
        if (change.is_gone)
                on_gone(worker, &change);
        if (change.is_presence && worker->desk.presence == ACDCLIENT_PRESENCE_PAUSED &&
            !worker->is_leaving)
                worker->ready_at_ms = chance_now_ms() + BREATHER_MS / worker->desk.clock_rate;
        plan(worker);
}

static void on_up(struct worker *worker, const struct acdclient_agent_snapshot *snapshot,
                  bool is_login)
{
        const struct acdclient_welcome *terms = acdclient_terms(worker->crew->cli->client);

        worker->desk.clock_rate = terms->clock_rate > 0 ? terms->clock_rate : 1;
        desk_restore(&worker->desk, snapshot, chance_now_ms());
        if (is_login)
                say(worker, "is logged in", NULL, "");
        if (worker->desk.presence != ACDCLIENT_PRESENCE_READY)
                go_ready(worker);
        plan(worker);
}

static void on_session(void *context, struct acdclient *client, uint32_t session,
                       enum acdclient_session_change change,
                       const struct acdclient_message *message)
{
        struct crew *crew = context;
        struct worker *worker = worker_of(crew, session);

        (void)client;
        if (worker == NULL)
                return;
        switch (change) {
        case ACDCLIENT_SESSION_UP:
                on_up(worker, &message->logged_in.snapshot, true);
                return;
        case ACDCLIENT_SESSION_SNAPSHOT:
                on_up(worker, &message->snapshot_reply.snapshot, false);
                return;
        case ACDCLIENT_SESSION_DOWN:
                say(worker, "lost the daemon", NULL, "and tries again");
                return;
        case ACDCLIENT_SESSION_REFUSED:
                if (crew->exit_code == CLI_DONE)
                        crew->exit_code = cli_refused(crew->cli, &message->result);
                break;
        case ACDCLIENT_SESSION_REPLACED:
                say(worker, "was replaced by a newer login", NULL, "");
                crew->is_replaced = true;
                break;
        case ACDCLIENT_SESSION_OVER:
                say(worker, "is logged out", NULL, "");
                break;
        }
        worker->is_over = true;
        crew->over_count++;
}

/* Do what is due; returns how long to wait for the next. */
static uint32_t work(struct crew *crew)
{
        uint64_t now_ms = chance_now_ms();
        uint64_t next_ms = now_ms + IDLE_MS;

        for (int i = 0; i < crew->worker_count; i++) {
                struct worker *worker = &crew->workers[i];
                struct desk_item *item = desk_current(&worker->desk);

                if (worker->is_over)
                        continue;
                if (worker->ready_at_ms != 0 && worker->ready_at_ms <= now_ms)
                        go_ready(worker);
                if (item != NULL && item->action_at_ms != 0 && item->action_at_ms <= now_ms)
                        act(worker, item);
                if (item != NULL && item->action_at_ms != 0 && item->action_at_ms < next_ms)
                        next_ms = item->action_at_ms;
                if (worker->ready_at_ms != 0 && worker->ready_at_ms < next_ms)
                        next_ms = worker->ready_at_ms;
        }
        return next_ms > now_ms ? (uint32_t)(next_ms - now_ms) : 0;
}

static void tell_summary(const struct crew *crew)
{
        for (int i = 0; i < crew->worker_count; i++) {
                const struct worker *worker = &crew->workers[i];

                if (crew->cli->is_json)
                        json_print(json_pack("{s:s, s:I, s:I, s:I}", "agent", worker->name,
                                             "handled", (json_int_t)worker->handled_count,
                                             "rejected", (json_int_t)worker->rejected_count,
                                             "missed", (json_int_t)worker->missed_count));
                else
                        (void)printf("%s: %" PRIu64 " handled, %" PRIu64 " rejected, %" PRIu64
                                     " missed\n",
                                     worker->name, worker->handled_count, worker->rejected_count,
                                     worker->missed_count);
        }
}

static int log_in(struct crew *crew)
{
        struct cli *cli = crew->cli;

        for (int i = 0; i < cli->argument_count; i++) {
                struct acdclient_address addresses[AGENT_ADDRESS_MAX];
                struct acdclient_agent_login login =
                        agent_login_of(cli, cli->arguments[i], addresses);
                struct worker *worker = &crew->workers[i];
                int session = acdclient_login(cli->client, &login);

                if (session < 0)
                        return cli_failed(cli, session);
                *worker = (struct worker){ .crew = crew,
                                           .name = cli->arguments[i],
                                           .session = (uint32_t)session };
                desk_init(&worker->desk, acdclient_terms(cli->client)->clock_rate);
                crew->worker_count++;
        }
        return CLI_DONE;
}

static void run(struct crew *crew)
{
        uint64_t duration_ms = cli_duration_ms(crew->cli, "duration", 0);
        uint64_t begin_ms = chance_now_ms();

        while (crew->over_count < crew->worker_count && crew->exit_code == CLI_DONE &&
               !cli_is_interrupted()) {
                uint64_t passed_ms = (chance_now_ms() - begin_ms) *
                                     acdclient_terms(crew->cli->client)->clock_rate;

                for (int i = 0;
                     duration_ms > 0 && passed_ms >= duration_ms && i < crew->worker_count; i++)
                        if (!crew->workers[i].is_over)
                                leave(&crew->workers[i]);
                if (acdclient_run(crew->cli->client, work(crew)) < 0)
                        crew->exit_code = cli_failed(crew->cli, -ENOTCONN);
        }
}

int agent_auto(struct cli *cli)
{
        static struct crew crew;
        struct acdclient_listener listener = { .context = &crew,
                                               .on_push = on_push,
                                               .on_session = on_session };
        int r;

        crew.cli = cli;
        crew.answer_ms = cli_duration_ms(cli, "answer", 1000);
        crew.handle_ms = cli_duration_ms(cli, "handle", 30000);
        crew.wrap_up_ms = cli_duration_ms(cli, "wrap-up", 0);
        crew.has_wrap_up = cli_has(cli, "wrap-up");
        crew.reject_share = cli_share(cli, "reject");
        crew.miss_share = cli_share(cli, "miss");
        crew.count_max = cli_number(cli, "count", 0);
        chance_init(&crew.chance, cli_number(cli, "seed", chance_now_ms()), cli_has(cli, "fixed"));
        cli_catch_signals();
        r = cli_client(cli, &listener, /* is_lasting = */ true);
        if (r != CLI_DONE)
                return r;
        r = acdclient_connect(cli->client, cli_timeout_ms(cli));
        if (r < 0)
                return cli_failed(cli, r);
        r = log_in(&crew);
        if (r != CLI_DONE)
                return r;
        run(&crew);
        if (crew.exit_code == CLI_DONE)
                tell_summary(&crew);
        if (crew.exit_code == CLI_DONE && crew.is_replaced) {
                struct acdclient_result replaced = { .code = ACDCLIENT_RESULT_REPLACED };

                return cli_refused(cli, &replaced);
        }
        return crew.exit_code;
}
