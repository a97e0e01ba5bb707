/* SPDX-License-Identifier: Apache-2.0 */
/*
 * acdd: arguments become parameters, parameters become a server, the server
 * becomes an exit code. Nothing else is here.
 */

#include <stdio.h>
#include <sys/stat.h>

#include "acd/types.h"
#include "daemon/config.h"
#include "daemon/options.h"
#include "daemon/salvage.h"
#include "daemon/server.h"
#include "daemon/system.h"
#include "daemon/version.h"
#include "journal/meta.h"
#include "wire/message.h"

static int complain(const struct options_error *error)
{
        (void)fprintf(stderr, "acdd: %s\n", error->text);
        return SERVER_EXIT_USAGE;
}

static int print_version(void)
{
        (void)printf("acdd %s (protocol %d, rules %d, data directory %d)\n", version_build,
                     WIRE_PROTOCOL, ACD_LOGIC_VERSION, JOURNAL_META_VERSION);
        return SERVER_EXIT_OK;
}

/* What needs parameters that make sense. */
static int run_checked(struct options *options)
{
        struct options_error error = { .text = "" };

        if (!config_read_options(options, &error) || !options_check(options, &error))
                return complain(&error);
        switch (options->verb) {
        case OPTIONS_CHECK:
                return server_check(options);
        case OPTIONS_MEMORY:
                return server_print_memory(options);
        case OPTIONS_SALVAGE:
                return salvage_run(options);
        case OPTIONS_RUN:
        case OPTIONS_HELP:
        case OPTIONS_MANUAL:
        case OPTIONS_VERSION:
                break;
        }
        return server_run(options);
}

int main(int argument_count, char **arguments)
{
        struct options_error error = { .text = "" };
        struct options *options = world_system_os.reserve(NULL, sizeof(*options));

        if (options == NULL)
                return SERVER_EXIT_START;
        /* What is in the data directory is nobody else's business. */
        (void)umask(0027);
        options_init(options);
        if (!options_parse(options, argument_count, arguments, &error))
                return complain(&error);
        switch (options->verb) {
        case OPTIONS_HELP:
                options_print_help(stdout);
                return SERVER_EXIT_OK;
        case OPTIONS_MANUAL:
                options_print_mdoc(stdout);
                return SERVER_EXIT_OK;
        case OPTIONS_VERSION:
                return print_version();
        case OPTIONS_RUN:
        case OPTIONS_CHECK:
        case OPTIONS_MEMORY:
        case OPTIONS_SALVAGE:
                break;
        }
        return run_checked(options);
}
