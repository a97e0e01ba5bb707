/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands that look: status, queues, agents, contacts.
 *
 * Lists come in pages by cursor. Without --all, contacts end after a thousand
 * rows with a word about it: a list of a hundred thousand is for programs, which
 * say --all --json and get a document a line.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clients/cli/cli.h"
#include "clients/cli/json.h"
#include "clients/cli/table.h"

enum { PAGE = 500, ROWS_MAX = 1000 };

/* What a list asks, and what is done with a page. */
struct walk {
        struct acdclient_list list;
        void (*on_page)(struct walk *walk, const struct acdclient_list_reply *page);
        struct table table;
        json_t *rows;       /* NULL: for people */
        const char *wanted; /* only the row of this name */
        uint64_t server_time_ns;
        uint32_t row_count, row_max;
};

static int walk_pages(struct cli *cli, struct walk *walk)
{
        struct acdclient_message request = { .kind = ACDCLIENT_LIST };
        uint8_t cursor[64];

        request.list = walk->list;
        request.list.limit = PAGE;
        do {
                const struct acdclient_message *answer;
                const struct acdclient_list_reply *page;
                int r = cli_call(cli, &request, &answer);

                if (r != CLI_DONE)
                        return r;
                page = &answer->list_reply;
                walk->server_time_ns = page->result.server_time_ns;
                walk->on_page(walk, page);
                request.list.cursor.size = 0;
                if (page->cursor.size > 0 && page->cursor.size <= sizeof(cursor)) {
                        memcpy(cursor, page->cursor.at, page->cursor.size);
                        request.list.cursor.at = cursor;
                        request.list.cursor.size = page->cursor.size;
                }
        } while (request.list.cursor.size > 0 && walk->row_count < walk->row_max);
        if (request.list.cursor.size > 0)
                cli_note(cli, "these are the first %u; --all for every one\n", walk->row_count);
        return CLI_DONE;
}

static int show(struct cli *cli, struct walk *walk, const char *name)
{
        int r = cli_connect(cli);

        if (cli->is_json)
                walk->rows = json_array();
        if (r == CLI_DONE)
                r = walk_pages(cli, walk);
        if (r == CLI_DONE && walk->wanted != NULL && walk->row_count == 0) {
                struct acdclient_result unknown = { .code = ACDCLIENT_RESULT_UNKNOWN };

                unknown.field = acdclient_text("queue");
                r = cli_refused(cli, &unknown);
        }
        if (r == CLI_DONE && cli->is_json)
                json_print(json_pack("{s:O}", name, walk->rows));
        else if (r == CLI_DONE)
                table_print(&walk->table, cli->has_color);
        json_decref(walk->rows);
        table_fini(&walk->table);
        return r;
}

static bool is_same(struct acdclient_text text, const char *string)
{
        return text.size == strlen(string) && memcmp(text.at, string, text.size) == 0;
}

static void queues_page(struct walk *walk, const struct acdclient_list_reply *page)
{
        for (uint32_t i = 0; i < page->queues_count; i++) {
                const struct acdclient_queue *queue = &page->queues[i];

                if (walk->wanted != NULL && !is_same(queue->queue, walk->wanted))
                        continue;
                walk->row_count++;
                if (walk->rows != NULL) {
                        (void)json_array_append_new(walk->rows, json_of_queue(queue));
                        continue;
                }
                table_add_text(&walk->table, queue->queue);
                table_add_number(&walk->table, queue->waiting + queue->withheld);
                table_add_duration(&walk->table, queue->longest_wait_ms);
                table_add_number(&walk->table, queue->offered + queue->connecting);
                table_add_number(&walk->table, queue->active);
                table_add_number(&walk->table, queue->wrap_up);
                table_add_number(&walk->table, queue->agent_ready);
                table_add_number(&walk->table, queue->agent_logged_in);
                table_add_number(&walk->table, queue->submitted);
                table_add_number(&walk->table, queue->answered);
                table_add_number(&walk->table, queue->abandoned);
        }
}

int command_queues(struct cli *cli)
{
        static const struct table_column columns[] = {
                { "QUEUE", false },   { "WAITING", true },   { "LONGEST", true },
                { "OFFERED", true },  { "ACTIVE", true },    { "WRAP-UP", true },
                { "READY", true },    { "LOGGED-IN", true }, { "SUBMITTED", true },
                { "ANSWERED", true }, { "ABANDONED", true },
        };
        struct walk walk = { .on_page = queues_page, .row_max = UINT32_MAX };

        walk.list.object = ACDCLIENT_OBJECT_QUEUE;
        if (cli->argument_count > 0)
                walk.wanted = cli->arguments[0];
        table_init(&walk.table, columns, sizeof(columns) / sizeof(columns[0]));
        return show(cli, &walk, "queues");
}

static void agents_page(struct walk *walk, const struct acdclient_list_reply *page)
{
        for (uint32_t i = 0; i < page->agents_count; i++) {
                const struct acdclient_agent *agent = &page->agents[i];
                uint64_t since_ms = agent->since_ns < walk->server_time_ns
                                            ? (walk->server_time_ns - agent->since_ns) / 1000000
                                            : 0;

                walk->row_count++;
                if (walk->rows != NULL) {
                        (void)json_array_append_new(walk->rows, json_of_agent(agent));
                        continue;
                }
                table_add_text(&walk->table, agent->agent);
                table_add(&walk->table, "%s", acdclient_presence_name(agent->presence));
                table_add_text(&walk->table, agent->label);
                if (agent->since_ns != 0)
                        table_add_duration(&walk->table, since_ms);
                else
                        table_add(&walk->table, "-");
                table_add(&walk->table, "%s",
                          agent->assignment != 0
                                  ? acdclient_assignment_state_name(agent->assignment_state)
                          : agent->idle_since_ns != 0 ? "idle"
                                                      : "-");
                table_add_text(&walk->table, agent->queue);
                table_add_id(&walk->table, agent->contact);
                table_add_number(&walk->table, agent->contact_count);
                table_add_text(&walk->table, agent->team);
        }
}

/* The number of @word among the names that @name_of gives to 1, 2, ...; 0 when it is none. */
static uint32_t state_number(const char *word, const char *(*name_of)(uint32_t), uint32_t max)
{
        for (uint32_t i = 1; i <= max; i++)
                if (strcmp(name_of(i), word) == 0)
                        return i;
        return 0;
}

static const char *presence_name(uint32_t number)
{
        return acdclient_presence_name((enum acdclient_presence)number);
}

static const char *contact_state_name(uint32_t number)
{
        return acdclient_contact_state_name((enum acdclient_contact_state)number);
}

int command_agents(struct cli *cli)
{
        static const struct table_column columns[] = {
                { "AGENT", false },   { "PRESENCE", false }, { "REASON", false },
                { "SINCE", true },    { "DOES", false },     { "QUEUE", false },
                { "CONTACT", false }, { "SERVED", true },    { "TEAM", false },
        };
        const char *state = cli_text(cli, "state", NULL);
        struct walk walk = { .on_page = agents_page, .row_max = UINT32_MAX };

        walk.list.object = ACDCLIENT_OBJECT_AGENT;
        walk.list.queue = acdclient_text(cli_text(cli, "queue", ""));
        if (state != NULL) {
                walk.list.state = state_number(state, presence_name, ACDCLIENT_PRESENCE_LOST);
                if (walk.list.state == 0)
                        return cli_usage(cli,
                                         "`%.64s` is no presence: logged-out, ready, paused "
                                         "or lost",
                                         state);
        }
        table_init(&walk.table, columns, sizeof(columns) / sizeof(columns[0]));
        return show(cli, &walk, "agents");
}

static void contacts_page(struct walk *walk, const struct acdclient_list_reply *page)
{
        for (uint32_t i = 0; i < page->contacts_count; i++) {
                const struct acdclient_contact *contact = &page->contacts[i];

                walk->row_count++;
                if (walk->rows != NULL) {
                        (void)json_array_append_new(walk->rows, json_of_contact(contact));
                        continue;
                }
                table_add_id(&walk->table, contact->contact);
                table_add(&walk->table, "%s", acdclient_contact_state_name(contact->state));
                table_add_text(&walk->table, contact->queue);
                table_add_text(&walk->table, contact->channel);
                table_add_number(&walk->table, contact->band);
                table_add_duration(&walk->table, contact->waited_ms);
                table_add_number(&walk->table, contact->offer_count);
                table_add_text(&walk->table, contact->agent);
                table_add_text(&walk->table, contact->client_key);
        }
}

/* One contact, by id or by client key, is a query and not a list. */
static int show_contact(struct cli *cli, uint64_t id)
{
        struct acdclient_message request = { .kind = ACDCLIENT_QUERY };
        const struct acdclient_message *answer;
        int r = cli_connect(cli);

        request.query.contact = id;
        if (id == 0)
                request.query.client_key = acdclient_text(cli_text(cli, "key", ""));
        request.query.with_attributes = true;
        request.query.with_position = true;
        if (r == CLI_DONE)
                r = cli_call(cli, &request, &answer);
        if (r == CLI_DONE && cli->is_json) {
                json_t *rows = json_array();

                (void)json_array_append_new(rows, json_of_contact(&answer->contact_reply.contact));
                json_print(json_pack("{s:o}", "contacts", rows));
        } else if (r == CLI_DONE) {
                json_t *object = json_of_contact(&answer->contact_reply.contact);
                const char *name;
                json_t *value;

                json_object_foreach(object, name, value)
                {
                        if (json_is_string(value))
                                (void)printf("%-16s %s\n", name, json_string_value(value));
                        else
                                (void)printf("%-16s %" JSON_INTEGER_FORMAT "\n", name,
                                             json_integer_value(value));
                }
                json_decref(object);
        }
        return r;
}

int command_contacts(struct cli *cli)
{
        static const struct table_column columns[] = {
                { "CONTACT", false }, { "STATE", false }, { "QUEUE", false },
                { "CHANNEL", false }, { "BAND", true },   { "WAITED", true },
                { "OFFERS", true },   { "AGENT", false }, { "KEY", false },
        };
        const char *state = cli_text(cli, "state", NULL);
        struct walk walk = { .on_page = contacts_page, .row_max = ROWS_MAX };
        uint64_t id;

        if (cli->argument_count > 0) {
                if (!acdclient_id_parse(cli->arguments[0], strlen(cli->arguments[0]), &id))
                        return cli_usage(cli, "`%.64s` is no contact: 13 letters and digits",
                                         cli->arguments[0]);
                return show_contact(cli, id);
        }
        if (cli_has(cli, "key"))
                return show_contact(cli, 0);
        walk.list.object = ACDCLIENT_OBJECT_CONTACT;
        walk.list.queue = acdclient_text(cli_text(cli, "queue", ""));
        walk.list.agent = acdclient_text(cli_text(cli, "agent", ""));
        if (state != NULL) {
                walk.list.state =
                        state_number(state, contact_state_name, ACDCLIENT_CONTACT_STATE_ENDED);
                if (walk.list.state == 0)
                        return cli_usage(cli,
                                         "`%.64s` is no state: waiting, withheld, offered, "
                                         "connecting, active or ended",
                                         state);
        }
        if (cli_has(cli, "all"))
                walk.row_max = UINT32_MAX;
        table_init(&walk.table, columns, sizeof(columns) / sizeof(columns[0]));
        return show(cli, &walk, "contacts");
}
