/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * clients.h - everybody who speaks to the daemon: an operator, gateways, desktops, readers,
 * vandals.
 */

#include <stdbool.h>
#include <stdint.h>

struct sim;
struct sim_clients;

struct sim_clients *clients_new(struct sim *sim);
void clients_free(struct sim_clients *clients);

/* Read what came, do what is due. */
void clients_step(struct sim_clients *clients);
uint64_t clients_next(const struct sim_clients *clients);

/* No more faults of theirs: no new contacts, nobody leaves, everybody serves. */
void clients_heal(struct sim_clients *clients);

/* Every contact is over, everybody is connected. */
bool clients_are_done(const struct sim_clients *clients);

/* What is not done yet, in static memory. */
const char *clients_complain(const struct sim_clients *clients);
