/* SPDX-License-Identifier: Apache-2.0 */
/*
 * acdctl apply: a file becomes the daemon's configuration.
 *
 * The file is read whole, and every problem in it is told, before anything is
 * sent. Each tenant has a connection of its own, opened when its first change
 * comes; a tenant that is not there yet is made over the same connection. Up to
 * a window of changes is on its way at a time. What the daemon refuses is shown
 * with the line of the file that asked for it.
 */

#include "apply/apply.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "apply/to_wire.h"
#include "base/name.h"
#include "clients/cli/cli.h"
#include "clients/cli/json.h"
#include "clients/cli/table.h"

enum { WINDOW = 64 };

struct sender {
        struct cli *cli;
        struct apply apply;
        const char *path;
        char tenant[64]; /* of the present connection */
        json_t *rows;    /* NULL: for people */
        uint32_t created_count, changed_count, same_count, removed_count;
        uint32_t open_count;
        int exit_code;
        bool is_dry;
};

/* One change on its way. */
struct ticket {
        struct sender *sender;
        struct apply_change change;
        bool is_used;
};

static void on_problem(void *context, const struct apply_problem *problem)
{
        const struct sender *sender = context;
        const char *kind = problem->severity == APPLY_NOTE ? "note: " : "";

        if (sender->rows != NULL) {
                (void)json_array_append_new(
                        sender->rows,
                        json_pack("{s:s, s:i, s:i, s:s}", "problem", problem->text, "line",
                                  (int)problem->place.line, "column", (int)problem->place.column,
                                  "severity", kind[0] == '\0' ? "error" : "note"));
                return;
        }
        if (problem->place.line != 0)
                (void)fprintf(stderr, "%s:%u:%u: %s%s\n", sender->path, problem->place.line,
                              problem->place.column, kind, problem->text);
        else
                (void)fprintf(stderr, "%s: %s%s\n", sender->path, kind, problem->text);
}

/* "queue billing" and, of the parts that a change has, which are another now. */
static void tell_change(struct sender *sender, const struct apply_change *change, const char *what,
                        const struct acdclient_applied *applied)
{
        if (sender->rows != NULL) {
                json_t *row = json_pack("{s:s, s:s}", "object", apply_kind_text(change->kind),
                                        "what", what);

                json_set_text(row, "name",
                              (struct acdclient_text){ change->name.at, change->name.size });
                json_set_text(row, "tenant",
                              (struct acdclient_text){ change->tenant.at, change->tenant.size });
                for (uint32_t i = 0; applied != NULL && i < applied->changed_count; i++) {
                        if (i == 0)
                                (void)json_object_set_new(row, "changed", json_array());
                        (void)json_array_append_new(
                                json_object_get(row, "changed"),
                                json_stringn(applied->changed[i].at, applied->changed[i].size));
                }
                (void)json_array_append_new(sender->rows, row);
                return;
        }
        (void)printf("%-9s %-8s %.*s", what, apply_kind_text(change->kind), (int)change->name.size,
                     change->name.at);
        for (uint32_t i = 0; applied != NULL && i < applied->changed_count && !applied->created;
             i++)
                (void)printf("%s%.*s", i == 0 ? ": " : ", ", (int)applied->changed[i].size,
                             applied->changed[i].at);
        (void)printf("\n");
}

static void count(struct sender *sender, const struct apply_change *change,
                  const struct acdclient_applied *applied)
{
        if (applied->removed) {
                sender->removed_count++;
                tell_change(sender, change, "removed", NULL);
        } else if (applied->created) {
                sender->created_count++;
                tell_change(sender, change, "created", applied);
        } else if (applied->result.code == ACDCLIENT_RESULT_OK) {
                sender->changed_count++;
                tell_change(sender, change, "changed", applied);
        } else {
                sender->same_count++;
                if (sender->rows != NULL)
                        tell_change(sender, change, "same", NULL);
        }
}

static bool names_supervisor(const struct acdclient_result *result)
{
        return result->code == ACDCLIENT_RESULT_UNKNOWN && result->field.size >= 10 &&
               memcmp(result->field.at, "supervisor", 10) == 0;
}

static void tell_refusal(struct sender *sender, const struct apply_change *change,
                         const struct acdclient_result *result)
{
        char field[64];
        struct apply_place place;

        (void)snprintf(field, sizeof(field), "%.*s",
                       (int)(result->field.size < 63 ? result->field.size : 63), result->field.at);
        place = apply_field_place(&sender->apply, change->ticket, field);
        cli_note(sender->cli, "%s:%u:%u: %s %.*s\n", sender->path, place.line, place.column,
                 apply_kind_text(change->kind), (int)change->name.size, change->name.at);
        sender->exit_code = cli_refused(sender->cli, result);
}

static void on_answer(void *context, struct acdclient *client, int error,
                      const struct acdclient_message *answer)
{
        struct ticket *ticket = context;
        struct sender *sender = ticket->sender;
        const struct acdclient_result *result = error == 0 ? acdclient_answer_result(answer) : NULL;
        enum apply_outcome outcome = APPLY_REFUSED;
        bool is_settled;

        (void)client;
        ticket->is_used = false;
        sender->open_count--;
        if (error == 0 && acdclient_is_done(result->code))
                outcome = APPLY_DONE;
        else if (error == 0 && names_supervisor(result))
                outcome = APPLY_REFUSED_SUPERVISOR;
        is_settled = apply_answer(&sender->apply, ticket->change.ticket, outcome);

        /* A team that is made in two steps was told with the first. */
        if (outcome == APPLY_DONE && !ticket->change.is_completion)
                count(sender, &ticket->change, &answer->applied);
        else if (outcome != APPLY_DONE && is_settled && error == 0 &&
                 sender->exit_code == CLI_DONE)
                tell_refusal(sender, &ticket->change, result);
        else if (error != 0 && sender->exit_code == CLI_DONE)
                sender->exit_code = cli_failed(sender->cli, error);
}

/* Be connected to @tenant. Changes of another one must have been answered. */
static int connect_to(struct sender *sender, struct apply_word tenant)
{
        struct cli *cli = sender->cli;
        int r;

        if (cli->client != NULL && tenant.size == strlen(sender->tenant) &&
            memcmp(sender->tenant, tenant.at, tenant.size) == 0)
                return CLI_DONE;
        while (sender->open_count > 0)
                if (acdclient_run(cli->client, 100) < 0)
                        return cli_failed(cli, -ENOTCONN);
        if (sender->exit_code != CLI_DONE)
                return sender->exit_code;
        cli_disconnect(cli);
        (void)snprintf(sender->tenant, sizeof(sender->tenant), "%.*s", (int)tenant.size, tenant.at);
        cli->tenant = sender->tenant;
        r = cli_connect(cli);
        return r;
}

/* Is a tenant without settings there already? The daemon said so when it welcomed us. */
static bool is_there(const struct sender *sender, const struct apply_change *change)
{
        return change->is_if_missing && acdclient_terms(sender->cli->client)->result.id != 0;
}

static int send_change(struct sender *sender, struct ticket *ticket)
{
        struct acdclient_message request = { .kind = ACDCLIENT_APPLY };
        struct apply_room room;
        int r;

        /* A tenant is removed, like made, from a connection of its own name. */
        r = connect_to(sender, ticket->change.kind == APPLY_TENANT ? ticket->change.name
                                                                   : ticket->change.tenant);
        if (r != CLI_DONE)
                return r;
        if (is_there(sender, &ticket->change)) {
                (void)apply_answer(&sender->apply, ticket->change.ticket, APPLY_DONE);
                sender->same_count++;
                return CLI_DONE;
        }
        ticket->is_used = true;
        sender->open_count++;
        apply_to_wire(&ticket->change, &room, (struct wire_apply *)(void *)&request.apply);
        r = acdclient_send(sender->cli->client, &request, cli_timeout_ms(sender->cli), on_answer,
                           ticket);
        return r < 0 ? cli_failed(sender->cli, r) : CLI_DONE;
}

static struct ticket *free_ticket(struct ticket tickets[WINDOW])
{
        for (int i = 0; i < WINDOW; i++)
                if (!tickets[i].is_used)
                        return &tickets[i];
        return NULL;
}

static int send_all(struct sender *sender)
{
        static struct ticket tickets[WINDOW];

        while (!apply_is_over(&sender->apply)) {
                struct ticket *ticket = free_ticket(tickets);
                int r;

                if (ticket != NULL && apply_next(&sender->apply, &ticket->change)) {
                        ticket->sender = sender;
                        r = send_change(sender, ticket);
                        if (r != CLI_DONE)
                                return r;
                        continue;
                }
                if (sender->open_count == 0)
                        continue;
                if (acdclient_run(sender->cli->client, 100) < 0 && sender->exit_code == CLI_DONE)
                        return cli_failed(sender->cli, -ENOTCONN);
        }
        return sender->exit_code;
}

static void print_plan(struct sender *sender)
{
        struct apply_change change;

        while (apply_next(&sender->apply, &change)) {
                (void)apply_answer(&sender->apply, change.ticket, APPLY_DONE);
                tell_change(sender, &change,
                            change.is_remove       ? "remove"
                            : change.is_if_missing ? "ensure"
                                                   : "apply",
                            NULL);
        }
}

static void tell_summary(struct sender *sender)
{
        struct apply_setting setting;
        uint64_t cursor = 0;
        bool has_daemon = apply_daemon_next(&sender->apply, &cursor, &setting);

        if (sender->rows != NULL) {
                json_t *document = json_pack(
                        "{s:O, s:i, s:i, s:i, s:i}", "changes", sender->rows, "created",
                        (int)sender->created_count, "changed", (int)sender->changed_count, "same",
                        (int)sender->same_count, "removed", (int)sender->removed_count);

                if (sender->is_dry)
                        (void)json_object_set_new(document, "dry_run", json_true());
                if (has_daemon)
                        (void)json_object_set_new(document, "daemon_section_left_alone",
                                                  json_true());
                json_print(document);
                return;
        }
        if (sender->is_dry)
                (void)printf("%u changes would be sent; nothing was\n",
                             apply_step_count(&sender->apply));
        else
                (void)printf("%u created, %u changed, %u removed, %u as they were\n",
                             sender->created_count, sender->changed_count, sender->removed_count,
                             sender->same_count);
        if (has_daemon)
                (void)printf("the `daemon:` section is the daemon's own and was left alone\n");
}

/* Problems with --json: all of them, and nothing else. */
static int refuse_file(struct sender *sender, const struct apply_report *report)
{
        if (sender->rows != NULL) {
                json_print(json_pack("{s:O, s:{s:s, s:s, s:i}}", "problems", sender->rows, "error",
                                     "code", "USAGE", "try", "acdctl help apply", "exit",
                                     CLI_USAGE));
                return CLI_USAGE;
        }
        return cli_usage(sender->cli, "%u problem%s in %s; nothing was sent", report->error_count,
                         report->error_count == 1 ? "" : "s", sender->path);
}

int command_apply(struct cli *cli)
{
        struct sender sender = { .cli = cli, .path = cli->arguments[0] };
        struct apply_report report = { .on_problem = on_problem, .context = &sender };
        const char *tenant = cli_tenant(cli);
        int r;

        sender.is_dry = cli_has(cli, "dry-run");
        if (cli->is_json)
                sender.rows = json_array();
        if (!acd_name_is_valid(tenant, strlen(tenant)))
                r = cli_usage(cli, "`%.64s` is no tenant", tenant);
        else if (!apply_open_file(&sender.apply, sender.path, tenant, &report))
                r = refuse_file(&sender, &report);
        else if (sender.is_dry)
                r = CLI_DONE;
        else
                r = send_all(&sender);
        if (r == CLI_DONE && sender.is_dry)
                print_plan(&sender);
        if (r == CLI_DONE)
                tell_summary(&sender);
        apply_close(&sender.apply);
        json_decref(sender.rows);
        return r;
}
