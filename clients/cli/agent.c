/* SPDX-License-Identifier: Apache-2.0 */
/*
 * acdctl agent: which face, and what both say to the daemon.
 */

#include "clients/cli/agent.h"

#include <string.h>
#include <unistd.h>

struct acdclient_agent_login agent_login_of(const struct cli *cli, const char *name,
                                            struct acdclient_address addresses[AGENT_ADDRESS_MAX])
{
        struct acdclient_agent_login login = { .agent = acdclient_text(name) };
        const char *address;

        login.addresses = addresses;
        login.shared = cli_has(cli, "shared");
        while (login.addresses_count < AGENT_ADDRESS_MAX &&
               cli_pair(cli, "address", (int)login.addresses_count,
                        &addresses[login.addresses_count].channel, &address)) {
                addresses[login.addresses_count].channel_id = 0;
                addresses[login.addresses_count].address = acdclient_text(address);
                login.addresses_count++;
        }
        return login;
}

struct acdclient_message agent_command(uint32_t session, uint16_t kind,
                                       const struct desk_item *item, const char *label)
{
        struct acdclient_message message = { .kind = kind, .session = session };

        message.assignment_command.assignment = item->assignment;
        if (kind == ACDCLIENT_ACCEPT)
                message.assignment_command.epoch = item->epoch;
        message.assignment_command.label = acdclient_text(label);
        return message;
}

int command_agent(struct cli *cli)
{
        if (cli_has(cli, "auto"))
                return agent_auto(cli);
        if (cli->argument_count > 1)
                return cli_usage(cli, "a desktop is for one agent; several need --auto");
        if (isatty(STDIN_FILENO) != 1 || isatty(STDOUT_FILENO) != 1)
                return cli_usage(cli, "a desktop needs a terminal; without one use --auto");
        if (cli->is_json)
                return cli_usage(cli, "a desktop is not JSON; use --auto");
        return agent_screen(cli);
}
