/* SPDX-License-Identifier: Apache-2.0 */

/*
 * All clients together: who there is, whose turn it is, who loses its connection.
 */

#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"
#include "tests/sim/clients_private.h"
#include "tests/sim/mailbox.h"

struct sim_clients *clients_new(struct sim *sim)
{
        struct sim_clients *clients = calloc(1, sizeof(*clients));
        const struct sim_shape *shape = &sim->shape;

        ACD_ASSERT(clients != NULL);
        clients->sim = sim;
        clients->drop_at = sim->now + SIM_SECOND;
        operator_init(&clients->operator, sim);
        for (uint32_t i = 0; i < shape->gateways; i++)
                gate_init(&clients->gate[i], sim, i);
        for (uint32_t i = 0; i < shape->desks; i++)
                desk_init(&clients->desk[i], sim, i, shape->agents_per_desk);
        for (uint32_t i = 0; i < shape->readers; i++)
                reader_init(&clients->reader[i], sim, i);
        for (uint32_t i = 0; i < VANDAL_MAX; i++)
                clients->vandal[i].link = -1;
        return clients;
}

void clients_free(struct sim_clients *clients)
{
        const struct sim_shape *shape = &clients->sim->shape;

        peer_fini(&clients->operator.peer);
        for (uint32_t i = 0; i < shape->gateways; i++)
                peer_fini(&clients->gate[i].peer);
        for (uint32_t i = 0; i < shape->desks; i++)
                peer_fini(&clients->desk[i].peer);
        for (uint32_t i = 0; i < shape->readers; i++)
                peer_fini(&clients->reader[i].peer);
        free(clients);
}

/* Any of those that are connected. */
static struct sim_peer *any_peer(struct sim_clients *clients)
{
        const struct sim_shape *shape = &clients->sim->shape;
        uint32_t at = (uint32_t)sim_below(clients->sim,
                                          shape->gateways + shape->desks + shape->readers + 1);

        if (at < shape->gateways)
                return &clients->gate[at].peer;
        at -= shape->gateways;
        if (at < shape->desks)
                return &clients->desk[at].peer;
        at -= shape->desks;
        return at < shape->readers ? &clients->reader[at].peer : &clients->operator.peer;
}

static void drop_some(struct sim_clients *clients)
{
        struct sim *sim = clients->sim;

        if (sim->now < clients->drop_at)
                return;
        clients->drop_at = sim->now + SIM_SECOND / 10;
        if (sim->phase == SIM_FAULTS && sim_below(sim, 1000) < sim->shape.drop_permille)
                peer_drop(any_peer(clients), sim_percent(sim, 30));
}

void clients_step(struct sim_clients *clients)
{
        const struct sim_shape *shape = &clients->sim->shape;

        drop_some(clients);
        operator_step(&clients->operator);
        for (uint32_t i = 0; i < shape->readers; i++)
                reader_step(&clients->reader[i]);
        if (!operator_is_done(&clients->operator))
                return;
        for (uint32_t i = 0; i < shape->gateways; i++)
                gate_step(&clients->gate[i]);
        for (uint32_t i = 0; i < shape->desks; i++)
                desk_step(&clients->desk[i]);
        for (uint32_t i = 0; i < shape->vandals; i++)
                vandal_step(clients->sim, &clients->vandal[i]);
        if (shape->has_commands)
                mailbox_step(clients->sim->mailbox);
}

static void sooner(uint64_t at, uint64_t *next)
{
        if (at < *next)
                *next = at;
}

uint64_t clients_next(const struct sim_clients *clients)
{
        const struct sim_shape *shape = &clients->sim->shape;
        uint64_t next = clients->drop_at;

        sooner(operator_next(&clients->operator), &next);
        for (uint32_t i = 0; i < shape->readers; i++)
                sooner(reader_next(&clients->reader[i]), &next);
        if (!operator_is_done(&clients->operator))
                return next;
        for (uint32_t i = 0; i < shape->gateways; i++)
                sooner(gate_next(&clients->gate[i]), &next);
        for (uint32_t i = 0; i < shape->desks; i++)
                sooner(desk_next(&clients->desk[i]), &next);
        for (uint32_t i = 0; i < shape->vandals; i++)
                sooner(clients->vandal[i].next_at, &next);
        if (shape->has_commands)
                sooner(mailbox_next(clients->sim->mailbox), &next);
        return next;
}

void clients_heal(struct sim_clients *clients)
{
        for (uint32_t i = 0; i < READER_MAX; i++)
                clients->reader[i].peer.stalled_until = 0;
}

bool clients_are_done(const struct sim_clients *clients)
{
        return clients_complain(clients)[0] == 0;
}

const char *clients_complain(const struct sim_clients *clients)
{
        static char text[256];
        const struct sim_shape *shape = &clients->sim->shape;

        text[0] = 0;
        if (!operator_is_done(&clients->operator) || !clients->operator.peer.is_welcome)
                return "the operator is not done";
        for (uint32_t i = 0; i < shape->gateways; i++)
                if (clients->gate[i].open_count > 0 || !clients->gate[i].peer.is_welcome)
                        gate_complain(&clients->gate[i], text, sizeof(text));
        for (uint32_t i = 0; i < shape->desks; i++)
                if (!desk_is_ready(&clients->desk[i]))
                        snprintf(text, sizeof(text), "%s is not ready", clients->desk[i].name);
        for (uint32_t i = 0; i < shape->readers; i++)
                if (!clients->reader[i].peer.is_welcome)
                        snprintf(text, sizeof(text), "%s is not connected",
                                 clients->reader[i].name);
        return text[0] == 0 ? mailbox_complain(clients->sim->mailbox) : text;
}
