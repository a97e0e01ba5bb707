/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the command line to a connection.
 *
 * Commands that ask once do not reconnect: who runs them from a script wants
 * to know now. Those that stay (agent, gateway, events) do, as any client should.
 */

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "clients/cli/cli.h"

static volatile sig_atomic_t is_interrupted;

static void on_signal(int number)
{
        (void)number;
        is_interrupted = 1;
}

bool cli_is_interrupted(void)
{
        return is_interrupted != 0;
}

void cli_catch_signals(void)
{
        struct sigaction action = { .sa_handler = on_signal };

        (void)sigemptyset(&action.sa_mask);
        /* Without SA_RESTART: a poll that waits must end. */
        (void)sigaction(SIGINT, &action, NULL);
        (void)sigaction(SIGTERM, &action, NULL);
        (void)sigaction(SIGHUP, &action, NULL);
}

const char *cli_address(const struct cli *cli)
{
        const char *from_environment = getenv("ACD_CONNECT");

        if (from_environment == NULL || from_environment[0] == '\0')
                from_environment = "tcp:127.0.0.1:7400";
        return cli_text(cli, "connect", from_environment);
}

const char *cli_tenant(const struct cli *cli)
{
        const char *from_environment = getenv("ACD_TENANT");

        if (cli->tenant != NULL)
                return cli->tenant;
        if (from_environment == NULL || from_environment[0] == '\0')
                from_environment = "default";
        return cli_text(cli, "tenant", from_environment);
}

uint32_t cli_timeout_ms(const struct cli *cli)
{
        uint64_t ms = cli_duration_ms(cli, "timeout", 5000);

        return ms > 0 ? (uint32_t)ms : 1;
}

const char *cli_client_name(const struct cli *cli)
{
        bool is_gateway = cli->command->role == ACDCLIENT_ROLE_GATEWAY;

        if (is_gateway && cli->argument_count > 0)
                return cli->arguments[0];
        return cli_text(cli, "client", is_gateway ? "gateway" : "acdctl");
}

/* The role to ask for; 0 when the command line names none that there is. */
static enum acdclient_role role_of(const struct cli *cli)
{
        const char *name = cli_text(cli, "role", NULL);

        if (name == NULL)
                return cli->command->role;
        for (int role = ACDCLIENT_ROLE_GATEWAY; role <= ACDCLIENT_ROLE_READER; role++)
                if (strcmp(name, acdclient_role_name((enum acdclient_role)role)) == 0)
                        return (enum acdclient_role)role;
        return ACDCLIENT_ROLE_UNSPECIFIED;
}

int cli_client(struct cli *cli, const struct acdclient_listener *listener, bool is_lasting)
{
        struct acdclient_options options = {
                .address = cli_address(cli),
                .tenant = cli_tenant(cli),
                .role = role_of(cli),
                .client = cli_client_name(cli),
                .software = "acdctl",
                .connect_timeout_ms = cli_timeout_ms(cli),
                .request_timeout_ms = cli_timeout_ms(cli),
                .no_reconnect = !is_lasting,
        };

        if (listener != NULL)
                options.listener = *listener;
        if (acdclient_address_check(options.address) < 0)
                return cli_usage(cli, "`%.100s` is no address: unix:/path or tcp:host:port",
                                 options.address);
        if (options.role == ACDCLIENT_ROLE_UNSPECIFIED)
                return cli_usage(cli,
                                 "`%.64s` is no role: gateway, agent, supervisor, operator "
                                 "or reader",
                                 cli_text(cli, "role", ""));
        cli->client = acdclient_new(&options);
        if (cli->client == NULL)
                return cli_usage(cli, "no connection can be made with these options: %s",
                                 strerror(errno));
        return CLI_DONE;
}

int cli_connect(struct cli *cli)
{
        int r = cli_client(cli, NULL, /* is_lasting = */ false);

        if (r != CLI_DONE)
                return r;
        r = acdclient_connect(cli->client, cli_timeout_ms(cli));
        return r < 0 ? cli_failed(cli, r) : CLI_DONE;
}

void cli_disconnect(struct cli *cli)
{
        acdclient_free(cli->client);
        cli->client = NULL;
}

int cli_call(struct cli *cli, const struct acdclient_message *request,
             const struct acdclient_message **ret_answer)
{
        int r = acdclient_call(cli->client, request, cli_timeout_ms(cli), ret_answer);

        if (r < 0)
                return cli_failed(cli, r);
        if (!acdclient_is_done(acdclient_answer_result(*ret_answer)->code))
                return cli_refused(cli, acdclient_answer_result(*ret_answer));
        return CLI_DONE;
}
