/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state tables of docs/CORE.md are the whole truth: every cell of each is
 * tried, and the document is the oracle. What a cell says not to do must leave the
 * state as it was.
 */

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acd/move.h"
#include "unit/acd/fixture.h"

enum { CELL_SIZE = 64, COLUMN_MAX = 16, ROW_MAX = 16 };

struct table {
        char cell[ROW_MAX][COLUMN_MAX][CELL_SIZE];
        uint32_t row_count, column_count;
};

/* Cut a line "| a | b |" into cells, blanks and bold taken off. */
static uint32_t cut(char *line, char cells[COLUMN_MAX][CELL_SIZE])
{
        char *rest = NULL;
        uint32_t count = 0;

        for (char *cell = strtok_r(line + 1, "|\n", &rest); cell != NULL && count < COLUMN_MAX;
             cell = strtok_r(NULL, "|\n", &rest)) {
                size_t size;

                while (*cell == ' ')
                        cell++;
                size = strlen(cell);
                while (size > 0 && cell[size - 1] == ' ')
                        size--;
                if (size == 0 || size >= CELL_SIZE)
                        continue;
                memcpy(cells[count], cell, size);
                cells[count++][size] = 0;
        }
        return count;
}

/* The table of the document whose first cell is @corner. */
static void read_table(const char *corner, struct table *table)
{
        FILE *file = fopen(CORE_MD, "r");
        char line[2048], copy[2048];
        bool is_inside = false;

        cr_assert_not_null(file);
        memset(table, 0, sizeof(*table));
        while (fgets(line, sizeof(line), file) != NULL) {
                char cells[COLUMN_MAX][CELL_SIZE];
                uint32_t count;

                if (line[0] != '|') {
                        is_inside = false;
                        continue;
                }
                memcpy(copy, line, sizeof(line));
                count = cut(copy, cells);
                if (count > 0 && strcmp(cells[0], corner) == 0)
                        is_inside = true;
                if (!is_inside || strncmp(line, "| ---", 5) == 0)
                        continue;
                memcpy(table->cell[table->row_count++], cells, sizeof(cells));
                table->column_count = count;
        }
        fclose(file);
        cr_assert_gt(table->row_count, 3u, "%s", corner);
}

/* What a test of one cell has to do with. */
struct floor {
        struct fixture fixture;
        acd_queue_id queue;
        acd_channel_id channel;
        acd_gateway_id gateway;
        acd_agent_id agent;
        acd_contact_id contact;
        acd_assignment_id assignment;
};

static void floor_init(struct floor *floor)
{
        struct acd_queue_config config = fixture_queue_config("q");

        fixture_init(&floor->fixture, NULL);
        floor->queue = fixture_queue(&floor->fixture, &config);
        floor->agent = fixture_agent(&floor->fixture, "a", (acd_skill_id){ 0 });
        floor->gateway = fixture_gateway(&floor->fixture, "g");
        floor->channel = fixture_channel(&floor->fixture, "phone");
        fixture_login(&floor->fixture, floor->agent);
}

static enum acd_result assignment_do(struct floor *floor, enum acd_command_kind kind)
{
        return fixture_assignment_do(&floor->fixture, kind, floor->assignment, floor->agent);
}

/* Bring a contact and its assignment into the state that is called @name. */
static void bring(struct floor *floor, const char *name)
{
        bool is_stored = strcmp(name, "WITHHELD") == 0;

        if (is_stored)
                floor->channel = fixture_channel(&floor->fixture, "email");
        floor->contact =
                fixture_submit(&floor->fixture, floor->queue, floor->channel, floor->gateway);
        if (strncmp(name, "WAITING", 7) == 0)
                return;
        if (is_stored) {
                struct acd_command command =
                        fixture_command(&floor->fixture, ACD_COMMAND_GATEWAY_LOST);

                command.gateway.gateway = floor->gateway;
                cr_assert_eq(fixture_step(&floor->fixture, &command), ACD_OK);
                fixture_run(&floor->fixture, floor->fixture.now + 11000000000);
                return;
        }
        fixture_ready(&floor->fixture, floor->agent);
        floor->assignment = fixture_assignment(&floor->fixture, floor->contact).assignment;
        if (strcmp(name, "OFFERED") == 0)
                return;
        cr_assert_eq(assignment_do(floor, ACD_COMMAND_ACCEPT), ACD_OK);
        if (strcmp(name, "CONNECTING") == 0)
                return;
        cr_assert_eq(fixture_report(&floor->fixture, floor->contact, ACD_REPORT_CONNECTED), ACD_OK);
        if (strcmp(name, "HELD") == 0)
                cr_assert_eq(assignment_do(floor, ACD_COMMAND_HOLD), ACD_OK);
        else if (strcmp(name, "PARKED") == 0)
                cr_assert_eq(assignment_do(floor, ACD_COMMAND_PARK), ACD_OK);
        else if (strcmp(name, "WRAP_UP") == 0)
                cr_assert_eq(assignment_do(floor, ACD_COMMAND_COMPLETE), ACD_OK);
        else
                cr_assert_str_eq(name, "ACTIVE");
}

/* What a cell promises. */
static enum acd_result result_of(const char *cell)
{
        if (strcmp(cell, "refused") == 0)
                return ACD_WRONG_STATE;
        if (strcmp(cell, "DUPLICATE") == 0)
                return ACD_DUPLICATE;
        if (strcmp(cell, "GONE") == 0)
                return ACD_GONE;
        cr_assert_eq(strncmp(cell, "yes", 3), 0, "%s", cell);
        return ACD_OK;
}

static void expect(struct floor *floor, uint64_t digest, enum acd_result got, const char *cell,
                   const char *where)
{
        cr_assert_eq(got, result_of(cell), "%s: %d instead of %s", where, (int)got, cell);
        if (got != ACD_OK)
                cr_assert_eq(acd_digest(floor->fixture.acd), digest, "%s", where);
}

/*
 * Goal    Commands about assignments: every state, every command.
 */
Test(tables, assignment_commands)
{
        static const enum acd_command_kind kinds[] = {
                ACD_COMMAND_ACCEPT, ACD_COMMAND_REJECT, ACD_COMMAND_COMPLETE, ACD_COMMAND_HOLD,
                ACD_COMMAND_UNHOLD, ACD_COMMAND_PARK,   ACD_COMMAND_UNPARK,   ACD_COMMAND_WRAP_UP,
        };
        static struct table table;
        static struct floor floor;

        read_table("state \\ command", &table);
        cr_assert_eq(table.column_count, 9u);
        cr_assert_eq(table.row_count, 7u);
        for (uint32_t row = 1; row < table.row_count; row++)
                for (uint32_t column = 1; column < table.column_count; column++) {
                        uint64_t digest;
                        enum acd_result result;

                        floor_init(&floor);
                        bring(&floor, table.cell[row][0]);
                        digest = acd_digest(floor.fixture.acd);
                        result = assignment_do(&floor, kinds[column - 1]);
                        expect(&floor, digest, result, table.cell[row][column], table.cell[row][0]);
                        fixture_fini(&floor.fixture);
                }
}

/*
 * Goal    Reports of the medium: every state, every report; "once" is once.
 */
Test(tables, reports)
{
        static struct table table;
        static struct floor floor;

        read_table("state \\ report", &table);
        cr_assert_eq(table.column_count, 9u);
        cr_assert_eq(table.row_count, 7u);
        for (uint32_t row = 1; row < table.row_count; row++)
                for (uint32_t column = 1; column < table.column_count; column++) {
                        enum acd_report_kind kind = (enum acd_report_kind)column;
                        const char *cell = table.cell[row][column];
                        enum acd_result result;
                        uint64_t digest;

                        floor_init(&floor);
                        bring(&floor, table.cell[row][0]);
                        digest = acd_digest(floor.fixture.acd);
                        /* One without an attempt has to name something. */
                        if (row == 1 && kind <= ACD_REPORT_FAILED)
                                result = ACD_WRONG_STATE;
                        else
                                result = fixture_report(&floor.fixture, floor.contact, kind);
                        expect(&floor, digest, result, cell, table.cell[row][0]);
                        if (strstr(cell, "once") != NULL)
                                cr_assert_eq(fixture_report(&floor.fixture, floor.contact, kind),
                                             ACD_DUPLICATE);
                        fixture_fini(&floor.fixture);
                }
}

/* The same for a contact that is withheld. */
Test(tables, reports_of_withheld_contacts)
{
        static const enum acd_result expected[] = {
                [ACD_REPORT_HELD] = ACD_WRONG_STATE,
                [ACD_REPORT_RESUMED] = ACD_WRONG_STATE,
                [ACD_REPORT_FIRST_REPLY] = ACD_WRONG_STATE,
                [ACD_REPORT_CUSTOMER_MESSAGE] = ACD_OK,
                [ACD_REPORT_ENDED] = ACD_OK,
        };
        static struct floor floor;

        for (uint32_t kind = ACD_REPORT_HELD; kind <= ACD_REPORT_ENDED; kind++) {
                floor_init(&floor);
                bring(&floor, "WITHHELD");
                cr_assert_eq(fixture_state(&floor.fixture, floor.contact), ACD_CONTACT_WITHHELD);
                cr_assert_eq(
                        fixture_report(&floor.fixture, floor.contact, (enum acd_report_kind)kind),
                        expected[kind]);
                fixture_fini(&floor.fixture);
        }
}

static enum acd_presence presence_of(struct floor *floor)
{
        struct acd_agent_view view;

        cr_assert(acd_view_agent(floor->fixture.acd, floor->agent, &view));
        return view.presence;
}

static void bring_agent(struct floor *floor, const char *name)
{
        fixture_ready(&floor->fixture, floor->agent);
        if (strcmp(name, "LOGGED_OUT") == 0)
                fixture_agent_do(&floor->fixture, ACD_COMMAND_AGENT_LOGOUT, floor->agent);
        else if (strcmp(name, "PAUSED") == 0)
                fixture_agent_do(&floor->fixture, ACD_COMMAND_AGENT_PAUSE, floor->agent);
        else if (strcmp(name, "LOST") == 0)
                fixture_agent_do(&floor->fixture, ACD_COMMAND_AGENT_LOST, floor->agent);
        else
                cr_assert_str_eq(name, "READY");
}

/* The presence that a cell of the table names; 0: none. */
static enum acd_presence named(const char *cell)
{
        if (strncmp(cell, "PAUSED", 6) == 0)
                return ACD_PRESENCE_PAUSED;
        if (strncmp(cell, "READY", 5) == 0 || strcmp(cell, "as before") == 0)
                return ACD_PRESENCE_READY;
        if (strncmp(cell, "LOGGED_OUT", 10) == 0)
                return ACD_PRESENCE_LOGGED_OUT;
        if (strcmp(cell, "LOST") == 0)
                return ACD_PRESENCE_LOST;
        return 0;
}

/*
 * Goal    Presence: every presence, every command, and the end of the grace.
 */
Test(tables, presence)
{
        static const enum acd_command_kind kinds[] = {
                ACD_COMMAND_AGENT_LOGIN,  ACD_COMMAND_AGENT_READY, ACD_COMMAND_AGENT_PAUSE,
                ACD_COMMAND_AGENT_LOGOUT, ACD_COMMAND_AGENT_LOST,  ACD_COMMAND_AGENT_BACK,
        };
        static struct table table;
        static struct floor floor;

        read_table("presence \\ command", &table);
        cr_assert_eq(table.row_count, 5u);
        for (uint32_t row = 1; row < table.row_count; row++)
                for (uint32_t column = 1; column <= 7; column++) {
                        const char *cell = table.cell[row][column];
                        struct acd_command command;
                        enum acd_presence before;

                        floor_init(&floor);
                        bring_agent(&floor, table.cell[row][0]);
                        before = presence_of(&floor);
                        if (column == 7) {
                                fixture_run(&floor.fixture, floor.fixture.now + 31000000000);
                                cr_assert_eq(presence_of(&floor),
                                             named(cell) != 0 ? named(cell) : before);
                                fixture_fini(&floor.fixture);
                                continue;
                        }
                        command = fixture_command(&floor.fixture, kinds[column - 1]);
                        if (kinds[column - 1] == ACD_COMMAND_AGENT_LOGIN)
                                command.login.agent = floor.agent;
                        else
                                command.agent_ref.agent = floor.agent;
                        if (strstr(cell, "new label") != NULL)
                                memcpy(command.agent_ref.label, "tea", 4);
                        fixture_step(&floor.fixture, &command);
                        if (named(cell) != 0) {
                                cr_assert_eq(floor.fixture.reply.result, ACD_OK, "%s", cell);
                                cr_assert_eq(presence_of(&floor), named(cell));
                        } else {
                                cr_assert_eq(floor.fixture.reply.result, result_of(cell));
                                cr_assert_eq(presence_of(&floor), before);
                        }
                        fixture_fini(&floor.fixture);
                }
}

/*
 * Goal    What may follow what: the pictures in contact.c and assignment.c, pair by
 *         pair.
 */
Test(tables, transitions)
{
        static const char *const contacts[] = {
                [ACD_CONTACT_FREE] = "waiting withheld",
                [ACD_CONTACT_WAITING] = "free offered withheld",
                [ACD_CONTACT_WITHHELD] = "free waiting",
                [ACD_CONTACT_OFFERED] = "free waiting withheld connecting active",
                [ACD_CONTACT_CONNECTING] = "free waiting withheld active",
                [ACD_CONTACT_ACTIVE] = "free waiting withheld ended",
                [ACD_CONTACT_ENDED] = "free",
        };
        static const char *const contact_names[] = { "free",       "waiting", "withheld", "offered",
                                                     "connecting", "active",  "ended" };
        static const char *const assignments[] = {
                [ACD_ASSIGNMENT_FREE] = "offered",
                [ACD_ASSIGNMENT_OFFERED] = "free connecting active",
                [ACD_ASSIGNMENT_CONNECTING] = "free active",
                [ACD_ASSIGNMENT_ACTIVE] = "free held parked wrap_up",
                [ACD_ASSIGNMENT_HELD] = "free active parked wrap_up",
                [ACD_ASSIGNMENT_PARKED] = "free active",
                [ACD_ASSIGNMENT_WRAP_UP] = "free",
        };
        static const char *const assignment_names[] = { "free", "offered", "connecting", "active",
                                                        "held", "parked",  "wrap_up" };

        for (uint32_t from = 0; from < 7; from++)
                for (uint32_t to = 0; to < 7; to++) {
                        cr_assert_eq(acd_contact_may_become((enum acd_contact_state)from,
                                                            (enum acd_contact_state)to),
                                     strstr(contacts[from], contact_names[to]) != NULL);
                        cr_assert_eq(acd_assignment_may_become((enum acd_assignment_state)from,
                                                               (enum acd_assignment_state)to),
                                     strstr(assignments[from], assignment_names[to]) != NULL);
                }
}
