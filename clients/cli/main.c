/* SPDX-License-Identifier: Apache-2.0 */
/*
 * acdctl: from argv to a command, and its exit code.
 *
 * --version and --help are what everybody tries first, so they work like the
 * commands of these names, and --help after a command explains that command.
 */

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/assert.h"
#include "clients/cli/cli.h"

void acd_panic(const char *file, int line, const char *function, const char *what)
{
        (void)fprintf(stderr, "acdctl: %s:%d: %s: assertion failed: %s\n", file, line, function,
                      what);
        abort();
}

/* Colours only where they are seen, and not against the user's wish. */
static bool wants_color(void)
{
        const char *no_color = getenv("NO_COLOR");
        const char *terminal = getenv("TERM");

        if (no_color != NULL && no_color[0] != '\0')
                return false;
        if (terminal == NULL || strcmp(terminal, "dumb") == 0)
                return false;
        return isatty(STDOUT_FILENO) == 1;
}

/* --help and -h anywhere: then the command's help instead of the command. */
static bool asks_for_help(int argc, char **argv)
{
        for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
                if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
                        return true;
        return false;
}

static int help_for(struct cli *cli, int argc, char **argv)
{
        for (int i = 1; i < argc && cli->argument_count == 0; i++)
                if (cli_find_command(argv[i]) != NULL)
                        cli->arguments[cli->argument_count++] = argv[i];
        return command_help(cli);
}

/* Output that could not be written is an error too: a full disk, a closed pipe. */
static int finish(int code)
{
        if (fflush(stdout) != 0 && code == CLI_DONE) {
                (void)fputs("acdctl: the output cannot be written\ntry: acdctl help\n", stderr);
                return CLI_USAGE;
        }
        return code;
}

int main(int argc, char **argv)
{
        static struct cli cli;
        int r;

        (void)setlocale(LC_CTYPE, "");
        cli.has_color = wants_color();
        if (argc >= 2 && strcmp(argv[1], "--version") == 0)
                return finish(command_version(&cli));
        if (argc < 2 || asks_for_help(argc, argv)) {
                r = help_for(&cli, argc, argv);
                return finish(argc < 2 ? CLI_USAGE : r);
        }

        r = cli_parse(&cli, argc, argv);
        if (r == CLI_DONE)
                r = cli.command->run(&cli);
        cli_disconnect(&cli);
        return finish(r);
}
