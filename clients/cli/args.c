/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line, by the tables of commands.def.
 *
 * Options may stand before and after the command and its arguments, as --name
 * VALUE or --name=VALUE; "--" ends them. Every value is checked here by its
 * type, so that a command that has begun does not stop in the middle over a
 * misspelled number. An unknown word is answered with the nearest known one.
 */

#include <stdio.h>
#include <string.h>

#include "apply/suggest.h"
#include "apply/value.h"
#include "base/assert.h"
#include "base/name.h"
#include "clients/cli/cli.h"

const struct cli_command cli_commands[] = {
#define COMMAND(name_, arguments_, minimum_, maximum_, role_, summary_, example_) \
        { .name = #name_, \
          .arguments = (arguments_), \
          .argument_count_min = (minimum_), \
          .argument_count_max = (maximum_), \
          .role = ROLE_##role_, \
          .summary = (summary_), \
          .example = (example_), \
          .run = command_##name_ },
#define OPTION(command, name, type, argument, text)
#define ROLE_NONE     ACDCLIENT_ROLE_UNSPECIFIED
#define ROLE_READER   ACDCLIENT_ROLE_READER
#define ROLE_OPERATOR ACDCLIENT_ROLE_OPERATOR
#define ROLE_AGENT    ACDCLIENT_ROLE_AGENT
#define ROLE_GATEWAY  ACDCLIENT_ROLE_GATEWAY
#include "clients/cli/commands.def"
#undef COMMAND
#undef OPTION
};
const size_t cli_command_count = sizeof(cli_commands) / sizeof(cli_commands[0]);

const struct cli_option cli_options[] = {
#define COMMAND(name, arguments, minimum, maximum, role, summary, example)
#define OPTION(command_, name_, type_, argument_, text_) \
        { .command = #command_, \
          .name = (name_), \
          .type = CLI_##type_, \
          .argument = (argument_), \
          .text = (text_) },
#include "clients/cli/commands.def"
#undef COMMAND
#undef OPTION
};
const size_t cli_option_count = sizeof(cli_options) / sizeof(cli_options[0]);

const struct cli_command *cli_find_command(const char *name)
{
        for (size_t i = 0; i < cli_command_count; i++)
                if (strcmp(cli_commands[i].name, name) == 0)
                        return &cli_commands[i];
        return NULL;
}

bool cli_option_is_of(const struct cli_option *option, const struct cli_command *command)
{
        if (strcmp(option->command, "all") == 0)
                return true;
        return command != NULL && strcmp(option->command, command->name) == 0;
}

static const struct cli_option *find_option(const struct cli_command *command, const char *name,
                                            size_t name_size)
{
        for (size_t i = 0; i < cli_option_count; i++)
                if (cli_option_is_of(&cli_options[i], command) &&
                    strlen(cli_options[i].name) == name_size &&
                    memcmp(cli_options[i].name, name, name_size) == 0)
                        return &cli_options[i];
        return NULL;
}

static int unknown_command(struct cli *cli, const char *name)
{
        struct apply_suggest suggest;

        apply_suggest_init(&suggest, name, strlen(name));
        for (size_t i = 0; i < cli_command_count; i++)
                apply_suggest_try(&suggest, cli_commands[i].name, strlen(cli_commands[i].name));
        if (suggest.best != NULL)
                return cli_usage(cli, "no command `%.64s`; did you mean `%s`?", name, suggest.best);
        return cli_usage(cli, "no command `%.64s`", name);
}

static int unknown_option(struct cli *cli, const char *name, size_t name_size)
{
        struct apply_suggest suggest;

        apply_suggest_init(&suggest, name, name_size);
        for (size_t i = 0; i < cli_option_count; i++)
                if (cli_option_is_of(&cli_options[i], cli->command))
                        apply_suggest_try(&suggest, cli_options[i].name,
                                          strlen(cli_options[i].name));
        if (suggest.best != NULL)
                return cli_usage(cli, "no option `--%.*s`; did you mean `--%s`?",
                                 (int)(name_size < 64 ? name_size : 64), name, suggest.best);
        return cli_usage(cli, "no option `--%.*s`", (int)(name_size < 64 ? name_size : 64), name);
}

/* Whole or with decimals, 0 to @max; -1 when it is none. */
static double decimal(const char *text, size_t size, double max)
{
        double value = 0;
        double scale = 0;

        if (size == 0 || text[0] == '.')
                return -1;
        for (size_t i = 0; i < size; i++) {
                if (text[i] == '.' && scale == 0 && i + 1 < size) {
                        scale = 1;
                } else if (text[i] >= '0' && text[i] <= '9') {
                        value = value * 10 + (text[i] - '0');
                        scale *= 10;
                } else {
                        return -1;
                }
        }
        if (scale > 1)
                value /= scale;
        return value <= max ? value : -1;
}

static double share_of(const char *text)
{
        size_t size = strlen(text);

        if (size < 2 || text[size - 1] != '%')
                return -1;
        return decimal(text, size - 1, 100) / 100;
}

static double rate_of(const char *text)
{
        static const struct {
                const char *unit;
                double seconds;
        } units[] = { { "/s", 1 }, { "/m", 60 }, { "/h", 3600 } };
        size_t size = strlen(text);

        for (size_t i = 0; i < 3 && size > 2; i++)
                if (strcmp(text + size - 2, units[i].unit) == 0)
                        return decimal(text, size - 2, 1e6) / units[i].seconds;
        return -1;
}

static bool is_pair(const char *text)
{
        const char *equals = strchr(text, '=');

        return equals != NULL && equals[1] != '\0' &&
               acd_name_is_valid(text, (size_t)(equals - text));
}

/* What @type wants, or NULL when @text is such. */
static const char *wanted(enum cli_type type, const char *text)
{
        size_t size = strlen(text);
        uint64_t number = 0;

        switch (type) {
        case CLI_FLAG:
        case CLI_TEXT:
                return acd_utf8_is_valid(text, size) ? NULL : "text in UTF-8";
        case CLI_NAME:
                return acd_name_is_valid(text, size) ? NULL
                                                     : "a name: A-Z a-z 0-9 . _ : -, up to 63";
        case CLI_KEY:
                return size > 0 && size <= 64 && acd_text_is_plain(text, size)
                               ? NULL
                               : "1 to 64 bytes of plain text";
        case CLI_NUMBER:
                return apply_number_parse(text, size, &number) ? NULL : "a whole number";
        case CLI_BAND:
                return apply_number_parse(text, size, &number) && number <= 31 ? NULL : "0 to 31";
        case CLI_DURATION:
                return apply_duration_parse(text, size, &number) && number <= 86400000
                               ? NULL
                               : "a duration up to a day, like 30s, 500ms or 1m30s";
        case CLI_PERCENT:
                return share_of(text) >= 0 ? NULL : "a share like 5%";
        case CLI_RATE:
                return rate_of(text) > 0 ? NULL : "a rate like 2/s, 30/m or 1000/h";
        case CLI_PAIR:
                return is_pair(text) ? NULL : "two words with = between them";
        case CLI_ID:
                return acdclient_id_parse(text, size, &number) ? NULL
                                                               : "an id of 13 letters and digits";
        }
        acd_panic(__FILE__, __LINE__, __func__, "an option has a type");
}

/* One option at argv[*index]; moves on over its value. */
static int take_option(struct cli *cli, int argc, char **argv, int *index)
{
        const char *name = argv[*index] + 2;
        const char *equals = strchr(name, '=');
        size_t name_size = equals != NULL ? (size_t)(equals - name) : strlen(name);
        const struct cli_option *option = find_option(cli->command, name, name_size);
        const char *value = equals != NULL ? equals + 1 : NULL;
        const char *want;

        if (option == NULL)
                return unknown_option(cli, name, name_size);
        if (option->type == CLI_FLAG && value != NULL)
                return cli_usage(cli, "`--%s` takes no value", option->name);
        if (option->type != CLI_FLAG && value == NULL && *index + 1 < argc)
                value = argv[++*index];
        if (option->type != CLI_FLAG && value == NULL)
                return cli_usage(cli, "`--%s` needs %s", option->name, option->argument);
        want = option->type == CLI_FLAG ? NULL : wanted(option->type, value);
        if (want != NULL)
                return cli_usage(cli, "`--%s` needs %s, not `%.64s`", option->name, want, value);
        if (cli->given_count == CLI_GIVEN_MAX)
                return cli_usage(cli, "more than %d options", CLI_GIVEN_MAX);
        if (option->type != CLI_PAIR && cli_has(cli, option->name))
                return cli_usage(cli, "`--%s` is given twice", option->name);
        cli->given[cli->given_count].option = option;
        cli->given[cli->given_count++].value = value;
        return CLI_DONE;
}

/* The command is the first word that is no option and no value of a common one. */
static const char *command_word(int argc, char **argv)
{
        for (int i = 1; i < argc; i++) {
                const struct cli_option *option;

                if (strncmp(argv[i], "--", 2) != 0)
                        return argv[i];
                option = find_option(NULL, argv[i] + 2, strlen(argv[i] + 2));
                if (option != NULL && option->type != CLI_FLAG)
                        i++;
        }
        return NULL;
}

static int check_counts(struct cli *cli)
{
        const struct cli_command *command = cli->command;

        if (cli->argument_count < command->argument_count_min)
                return cli_usage(cli, "`%s` needs %s", command->name, command->arguments);
        if (cli->argument_count > command->argument_count_max)
                return cli_usage(cli, "`%s` does not take `%.64s`", command->name,
                                 cli->arguments[command->argument_count_max]);
        return CLI_DONE;
}

int cli_parse(struct cli *cli, int argc, char **argv)
{
        const char *word = command_word(argc, argv);
        bool is_command_seen = false;
        bool is_ended = false;

        for (int i = 1; i < argc; i++)
                cli->is_json |= strcmp(argv[i], "--json") == 0;
        if (word == NULL)
                return cli_usage(cli, "a command is missing");
        cli->command = cli_find_command(word);
        if (cli->command == NULL)
                return unknown_command(cli, word);

        for (int i = 1; i < argc; i++) {
                int r = CLI_DONE;

                if (!is_ended && strcmp(argv[i], "--") == 0)
                        is_ended = true;
                else if (!is_ended && strncmp(argv[i], "--", 2) == 0)
                        r = take_option(cli, argc, argv, &i);
                else if (!is_ended && argv[i][0] == '-' && argv[i][1] != '\0')
                        r = cli_usage(cli, "no option `%.64s`; options begin with --", argv[i]);
                else if (!is_command_seen)
                        is_command_seen = true;
                else if (cli->argument_count == CLI_ARGUMENT_MAX)
                        r = cli_usage(cli, "more than %d arguments", CLI_ARGUMENT_MAX);
                else
                        cli->arguments[cli->argument_count++] = argv[i];
                if (r != CLI_DONE)
                        return r;
        }
        return check_counts(cli);
}

static const char *value_of(const struct cli *cli, const char *name)
{
        for (int i = 0; i < cli->given_count; i++)
                if (strcmp(cli->given[i].option->name, name) == 0)
                        return cli->given[i].value != NULL ? cli->given[i].value : "";
        return NULL;
}

bool cli_has(const struct cli *cli, const char *name)
{
        return value_of(cli, name) != NULL;
}

const char *cli_text(const struct cli *cli, const char *name, const char *preset)
{
        const char *value = value_of(cli, name);

        return value != NULL ? value : preset;
}

uint64_t cli_number(const struct cli *cli, const char *name, uint64_t preset)
{
        const char *value = value_of(cli, name);

        if (value != NULL && !apply_number_parse(value, strlen(value), &preset))
                acd_panic(__FILE__, __LINE__, __func__, "numbers are checked");
        return preset;
}

uint64_t cli_duration_ms(const struct cli *cli, const char *name, uint64_t preset)
{
        const char *value = value_of(cli, name);

        if (value != NULL && !apply_duration_parse(value, strlen(value), &preset))
                acd_panic(__FILE__, __LINE__, __func__, "durations are checked");
        return preset;
}

double cli_share(const struct cli *cli, const char *name)
{
        const char *value = value_of(cli, name);

        return value != NULL ? share_of(value) : 0;
}

double cli_rate(const struct cli *cli, const char *name, double preset)
{
        const char *value = value_of(cli, name);

        return value != NULL ? rate_of(value) : preset;
}

uint64_t cli_id(const struct cli *cli, const char *name)
{
        const char *value = value_of(cli, name);
        uint64_t id = 0;

        if (value != NULL && !acdclient_id_parse(value, strlen(value), &id))
                acd_panic(__FILE__, __LINE__, __func__, "ids are checked");
        return id;
}

bool cli_pair(const struct cli *cli, const char *name, int index, struct acdclient_text *ret_left,
              const char **ret_right)
{
        for (int i = 0; i < cli->given_count; i++) {
                const char *value = cli->given[i].value;

                if (strcmp(cli->given[i].option->name, name) != 0 || index-- > 0)
                        continue;
                ret_left->at = value;
                ret_left->size = (uint32_t)(strchr(value, '=') - value);
                *ret_right = value + ret_left->size + 1;
                return true;
        }
        return false;
}
