/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * agent.h - what the two faces of "acdctl agent" share.
 */

#include "clients/cli/cli.h"
#include "clients/cli/desk.h"

enum { AGENT_ADDRESS_MAX = 16 };

/* The LOGIN of @name, with the addresses of the command line in @addresses. */
struct acdclient_agent_login agent_login_of(const struct cli *cli, const char *name,
                                            struct acdclient_address addresses[AGENT_ADDRESS_MAX]);

/* A command on an assignment: kind is ACDCLIENT_ACCEPT and its like. */
struct acdclient_message agent_command(uint32_t session, uint16_t kind,
                                       const struct desk_item *item, const char *label);

int agent_auto(struct cli *cli);   /* agent_auto.c */
int agent_screen(struct cli *cli); /* agent_screen.c */
