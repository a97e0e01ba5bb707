/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * generate_private.h - the makers of whole lines, between the files of the
 * generator.
 */

#include "tests/property/words.h"

/* generate_config.c: lines about the configuration */
void generate_queue(struct generator *g, uint32_t number);
void generate_profile(struct generator *g, uint32_t number);
void generate_team(struct generator *g, uint32_t number);
void generate_agent(struct generator *g, uint32_t number);
void generate_tenant(struct generator *g);
void generate_channel(struct generator *g);
void generate_skill(struct generator *g, uint32_t number);
void generate_start(struct generator *g);
void generate_odd(struct generator *g);
void generate_remove(struct generator *g);

/* generate_work.c: lines about contacts, agents and gateways */
void generate_submit(struct generator *g);
void generate_keyed_submit(struct generator *g);
void generate_cancel(struct generator *g);
void generate_update(struct generator *g);
void generate_report(struct generator *g);
void generate_login(struct generator *g);
void generate_agent_verb(struct generator *g, const char *verb, uint32_t presence);
void generate_next_state(struct generator *g);
void generate_assignment(struct generator *g, const char *verb, uint32_t state);
void generate_gateway_verb(struct generator *g, const char *verb);
void generate_open(struct generator *g);
void generate_resume(struct generator *g);
