/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The runner of scenarios: core and model side by side (world.h), one line at a time,
 * and at the end a save, a load and a replay. So every scenario, written to document
 * one rule, also tests all that holds always.
 */

#include "tests/support/scenario.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "tests/support/scenario_effects.h"
#include "tests/support/scenario_words.h"

enum { TEXT_SIZE = 65536 };

struct runner {
        struct world world;
        struct scenario_line line;
        const char *name;
        FILE *errors;
        char tenant[SCENARIO_NAME_SIZE]; /* that holds where a line names none */
        uint32_t line_number;
        bool has_started, is_by_hand;
};

struct acd_limits scenario_limits(void)
{
        struct acd_limits limits = model_limits_max();

        limits.contact_count_max = 256;
        limits.agent_count_max = 64;
        limits.membership_count_max = 4096;
        limits.lane_count_max = 1024;
        limits.pair_count_max = 512;
        limits.key_count_max = 256;
        limits.payload_cell_count_max = 4096;
        limits.job_count_max = 256;
        return limits;
}

static bool wrong(struct runner *r, const char *what)
{
        fprintf(r->errors, "%s:%u: %s\n", r->name, r->line_number, what);
        return false;
}

static struct scenario_outcome outcome_of(const struct world *world)
{
        return (struct scenario_outcome){ .reply = &world->reply,
                                          .event = world->event,
                                          .event_count = world->event_count };
}

bool scenario_do(struct world *world, const struct scenario_line *line)
{
        bool is_done;

        if ((int)line->command.kind == SCENARIO_RELOAD) {
                world->reply = (struct acd_reply){ .result = ACD_OK };
                world->event_count = 0;
                return world_reload(world, &world->memory);
        }
        world->subject = line->subject[0] == 0 ? NULL : line->subject;
        is_done = world_do_and_work(world, line->now, &line->command);
        world->subject = NULL;
        return is_done;
}

/* Without a start line a run starts by itself. */
static bool start(struct runner *r)
{
        static struct acd_command command;

        r->has_started = true;
        if (r->line.command.kind == ACD_COMMAND_START)
                return true;
        memset(&command, 0, sizeof(command));
        command.kind = ACD_COMMAND_START;
        command.start.epoch = 1;
        command.start.run_id = 1;
        command.start.limits = r->world.memory;
        command.start.logic_version = ACD_LOGIC_VERSION;
        return world_do_and_work(&r->world, 0, &command);
}

/* Nothing may happen between two lines. */
static bool check_timers(struct runner *r)
{
        static const struct acd_command time = { .kind = ACD_COMMAND_TIME };
        static char text[TEXT_SIZE];
        acd_time due = acd_next_deadline(r->world.core);
        struct scenario_outcome outcome;

        if (r->is_by_hand || due == 0 || due > r->line.now ||
            r->line.command.kind == ACD_COMMAND_TIME ||
            r->line.command.kind == ACD_COMMAND_START)
                return true;
        if (!world_do_and_work(&r->world, r->line.now, &time))
                return wrong(r, r->world.failure);
        if (r->world.event_count == 0)
                return true;
        outcome = outcome_of(&r->world);
        scenario_format(&outcome, &r->world.names, text, sizeof(text));
        wrong(r, "something happens before this line; write a time line:");
        fprintf(r->errors, "    %s\n", text);
        return false;
}

static bool check_effects(struct runner *r)
{
        static char text[TEXT_SIZE];
        struct scenario_outcome outcome = outcome_of(&r->world);
        char error[512] = "the command was refused";
        bool is_fine = r->world.reply.result == ACD_OK;

        if (r->line.effects != NULL)
                is_fine = scenario_match(r->line.effects, &outcome, &r->world.names, error,
                                         sizeof(error));
        if (is_fine)
                return true;
        wrong(r, error);
        scenario_format(&outcome, &r->world.names, text, sizeof(text));
        fprintf(r->errors, "    effects: %s\n", text);
        return false;
}

static bool run_line(struct runner *r, const char *text)
{
        struct scenario_line *line = &r->line;

        if (strncmp(text, "by-hand", 7) == 0) {
                r->is_by_hand = true;
                return true;
        }
        if (!scenario_parse(line, text, &r->world.names, r->tenant, &r->world.memory))
                return wrong(r, line->error);
        if (!line->has_command)
                return true;
        if (!r->has_started && !start(r))
                return wrong(r, r->world.failure);
        if (line->now < r->world.last_now && !r->is_by_hand)
                return wrong(r, "time runs backwards");
        if (!check_timers(r))
                return false;
        if (!scenario_do(&r->world, line))
                return wrong(r, r->world.failure);
        if (line->command.kind == ACD_COMMAND_TENANT_UPSERT && r->world.reply.result == ACD_OK)
                memcpy(r->tenant, line->subject, sizeof(r->tenant));
        return check_effects(r);
}

/* Add the line at *@text to what is in @copy; false when it does not fit. */
static bool add_line(struct runner *r, const char **text, char *copy, size_t size)
{
        size_t length = strlen(copy), more = strcspn(*text, "\n");

        r->line_number++;
        if (length + more >= size)
                return wrong(r, "the line is too long");
        memcpy(copy + length, *text, more);
        copy[length + more] = 0;
        *text += more + ((*text)[more] == '\n');
        return true;
}

/* A line that begins with a space goes on with the one before. */
static bool run_lines(struct runner *r, const char *text)
{
        static char copy[SCENARIO_LINE_SIZE];

        while (*text != 0) {
                copy[0] = 0;
                if (!add_line(r, &text, copy, sizeof(copy)))
                        return false;
                while (*text == ' ')
                        if (!add_line(r, &text, copy, sizeof(copy)))
                                return false;
                if (!run_line(r, copy))
                        return false;
        }
        return true;
}

bool scenario_run(const char *text, const char *name, FILE *errors)
{
        struct runner *r = calloc(1, sizeof(*r));
        struct acd_limits limits = scenario_limits();
        bool is_fine;

        ACD_ASSERT(r != NULL);
        r->name = name;
        r->errors = errors;
        world_init(&r->world, &limits, /* has_model = */ true);
        is_fine = run_lines(r, text);
        if (is_fine)
                is_fine = (world_compare_views(&r->world) &&
                           world_reload(&r->world, &r->world.memory) &&
                           world_replay(&r->world)) ||
                          wrong(r, r->world.failure);
        world_fini(&r->world);
        free(r);
        return is_fine;
}
