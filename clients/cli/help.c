/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Help and version, from the table of commands.
 *
 * The overview fits a screen of 24 lines; what a command takes is one step
 * away. Asking about a command that does not exist is answered like using it.
 */

#include <stdio.h>
#include <string.h>

#include "apply/suggest.h"
#include "clients/cli/cli.h"
#include "clients/cli/json.h"
#include "clients/cli/version.h"

static const char *bold(const struct cli *cli)
{
        return cli->has_color ? "\033[1m" : "";
}

static const char *plain(const struct cli *cli)
{
        return cli->has_color ? "\033[0m" : "";
}

static void print_options(const struct cli *cli, const char *command)
{
        for (size_t i = 0; i < cli_option_count; i++) {
                const struct cli_option *option = &cli_options[i];
                char left[64];

                if (strcmp(option->command, command) != 0)
                        continue;
                (void)snprintf(left, sizeof(left), "--%s%s%s", option->name,
                               option->argument[0] != '\0' ? " " : "", option->argument);
                (void)printf("  %s%-26s%s %s\n", bold(cli), left, plain(cli), option->text);
        }
}

static bool has_options(const char *command)
{
        for (size_t i = 0; i < cli_option_count; i++)
                if (strcmp(cli_options[i].command, command) == 0)
                        return true;
        return false;
}

static int overview(const struct cli *cli)
{
        (void)printf("acdctl - talk to acdd, the automatic contact distributor\n\n"
                     "usage: acdctl COMMAND [ARGUMENTS] [--OPTION [VALUE]]...\n\n");
        for (size_t i = 0; i < cli_command_count; i++)
                (void)printf("  %s%-9s%s %s\n", bold(cli), cli_commands[i].name, plain(cli),
                             cli_commands[i].summary);
        (void)printf("\nacdctl help COMMAND says more. Exit codes: 0 done, 1 refused, 2 usage,\n"
                     "3 no daemon, 4 timeout, 5 not allowed.\n");
        return CLI_DONE;
}

static int unknown(struct cli *cli, const char *name)
{
        struct apply_suggest suggest;

        apply_suggest_init(&suggest, name, strlen(name));
        for (size_t i = 0; i < cli_command_count; i++)
                apply_suggest_try(&suggest, cli_commands[i].name, strlen(cli_commands[i].name));
        cli->command = NULL;
        if (suggest.best == NULL)
                return cli_usage(cli, "no command `%.64s`", name);
        return cli_usage(cli, "no command `%.64s`; did you mean `%s`?", name, suggest.best);
}

int command_help(struct cli *cli)
{
        const struct cli_command *command;

        if (cli->argument_count == 0)
                return overview(cli);
        command = cli_find_command(cli->arguments[0]);
        if (command == NULL)
                return unknown(cli, cli->arguments[0]);

        (void)printf("acdctl %s - %s\n\nusage: acdctl %s%s%s [--OPTION [VALUE]]...\n",
                     command->name, command->summary, command->name,
                     command->arguments[0] != '\0' ? " " : "", command->arguments);
        if (has_options(command->name)) {
                (void)printf("\n");
                print_options(cli, command->name);
        }
        (void)printf("\nof every command:\n");
        print_options(cli, "all");
        (void)printf("\nexample: %s%s%s\n", bold(cli), command->example, plain(cli));
        return CLI_DONE;
}

int command_version(struct cli *cli)
{
        if (cli->is_json) {
                json_t *document = json_object();

                json_set_word(document, "acdctl", CLI_VERSION);
                json_set_count(document, "protocol", 1);
                json_print(document);
        } else {
                (void)printf("acdctl %s, protocol 1\n", CLI_VERSION);
        }
        return CLI_DONE;
}
