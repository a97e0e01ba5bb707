/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each kind of step many times, to be counted under callgrind.
 *
 *      kinds [--waiting N] [--agents N] [--rounds N]
 *
 * Every step that counts goes through a function that bears its name, step_..., and
 * does nothing but call the core: what callgrind collects inside that function,
 * divided by its calls, is what the kind costs. bench/baseline.py runs it and reads
 * callgrind's file. The program itself measures nothing and prints the digest of
 * the state it ends in, which is the same on every machine.
 *
 * A round is one of each kind, in a world that is the same again at its end: sixteen
 * queues, agents who serve eight of them, all busy; contacts wait, or in the second
 * world do not, so that agents are idle. The third has a gateway on a media channel.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/core/world.h"

/* They differ by the name they leave, or the compiler would make one of them all. */
#define STEP(name) \
        __attribute__((noinline)) static void step_##name(struct world *world) \
        { \
                world->last_step = #name; \
                acd_step(world->acd, world->now, &world->command, &world->reply, &world->effects); \
                world->step_count++; \
        }

STEP(submit_waits)
STEP(submit_waits_key)
STEP(submit_again)
STEP(submit_offers)
STEP(complete_offers)
STEP(complete_idles)
STEP(accept)
STEP(accept_again)
STEP(reject)
STEP(cancel_waiting)
STEP(cancel_offered)
STEP(hold)
STEP(unhold)
STEP(agent_pause)
STEP(agent_ready)
STEP(accept_media)
STEP(report_connected)
STEP(report_ended)

#undef STEP

static void after(struct world *world, enum acd_result result)
{
        if (world->reply.result != result) {
                fprintf(stderr, "kinds: %s: result %d, field %d\n", world->last_step,
                        (int)world->reply.result, (int)world->reply.field);
                exit(1);
        }
        world_note_offer(world);
}

/* Make the command with a function of world.h and do it under its name. */
#define DO(name, result) \
        do { \
                step_##name(world); \
                after(world, result); \
        } while (0)

static void submit(struct world *world)
{
        world_make_submit(world);
        if (world->order.has_keys)
                DO(submit_waits_key, ACD_OK);
        else
                DO(submit_waits, ACD_OK);
}

/* Contacts wait, all agents are busy: what comes waits, who is done is offered. */
static void round_of_waiting(struct world *world)
{
        uint32_t agent = (uint32_t)acd_prng_below(&world->prng, world->order.agent_count);

        submit(world);
        if (world->order.has_keys) {
                DO(submit_again, ACD_DUPLICATE);
        }
        world_make_cancel(world, (acd_contact_id){ world->reply.id });
        DO(cancel_waiting, ACD_OK);
        submit(world);
        world_make_assignment(world, ACD_COMMAND_HOLD, agent);
        DO(hold, ACD_OK);
        world_make_assignment(world, ACD_COMMAND_UNHOLD, agent);
        DO(unhold, ACD_OK);
        world_make_assignment(world, ACD_COMMAND_COMPLETE, agent);
        DO(complete_offers, ACD_OK);
        world_make_assignment(world, ACD_COMMAND_REJECT, agent);
        DO(reject, ACD_OK);
        world_make_assignment(world, ACD_COMMAND_ACCEPT, agent);
        DO(accept, ACD_OK);
        world_make_assignment(world, ACD_COMMAND_ACCEPT, agent);
        DO(accept_again, ACD_DUPLICATE);
}

/* Nobody waits: what comes is offered, who is done waits. */
static void round_of_idleness(struct world *world)
{
        uint32_t agent = (uint32_t)acd_prng_below(&world->prng, world->order.agent_count);

        world_make_submit(world);
        DO(submit_offers, ACD_OK);
        world_make_cancel(world, (acd_contact_id){ world->reply.id });
        DO(cancel_offered, ACD_OK);
        world_make_submit(world);
        DO(submit_offers, ACD_OK);
        world_make_assignment(world, ACD_COMMAND_ACCEPT, world->offered);
        world_do(world);
        world_make_assignment(world, ACD_COMMAND_COMPLETE, world->offered);
        DO(complete_idles, ACD_OK);
        world_make_agent(world, ACD_COMMAND_AGENT_PAUSE, agent);
        DO(agent_pause, ACD_OK);
        world_make_agent(world, ACD_COMMAND_AGENT_READY, agent);
        DO(agent_ready, ACD_OK);
}

/* The medium connects and ends. */
static void round_of_media(struct world *world)
{
        acd_contact_id contact;

        world_make_submit(world);
        world_do(world);
        contact.value = world->reply.id;
        world_make_assignment(world, ACD_COMMAND_ACCEPT, world->offered);
        DO(accept_media, ACD_OK);
        world_make_report(world, ACD_REPORT_CONNECTED, contact, world->offered);
        DO(report_connected, ACD_OK);
        world_make_report(world, ACD_REPORT_ENDED, contact, world->offered);
        DO(report_ended, ACD_OK);
}

#undef DO

static void run(const struct world_order *order, uint32_t round_count)
{
        void (*round)(struct world * world) = round_of_waiting;
        struct world *world = world_open(order);

        if (order->has_gateway)
                round = round_of_media;
        else if (order->waiting_count == 0)
                round = round_of_idleness;
        for (uint32_t i = 0;
             round == round_of_waiting && i < order->waiting_count + order->agent_count; i++) {
                world_make_submit(world);
                world_do(world);
        }
        world_ready_all(world);
        for (uint32_t i = 0; i < round_count; i++)
                round(world);
        printf("digest %016" PRIx64 " after %" PRIu64 " steps\n", acd_digest(world->acd),
               world->step_count);
        world_close(world);
}

int main(int count, char **arguments)
{
        struct world_order order = {
                .waiting_count = 1000,
                .agent_count = 100,
                .queue_count = 16,
                .classes_per_agent = 8,
                .seed = 1,
        };
        uint32_t round_count = 200;

        for (int i = 1; i + 1 < count; i += 2) {
                uint32_t value = (uint32_t)strtoul(arguments[i + 1], NULL, 10);

                if (strcmp(arguments[i], "--waiting") == 0)
                        order.waiting_count = value;
                else if (strcmp(arguments[i], "--agents") == 0)
                        order.agent_count = value;
                else if (strcmp(arguments[i], "--rounds") == 0)
                        round_count = value;
                else
                        count = 0;
        }
        if (count % 2 == 0) {
                fprintf(stderr, "usage: kinds [--waiting N] [--agents N] [--rounds N]\n");
                return 2;
        }
        run(&order, round_count);
        order.has_keys = true;
        run(&order, round_count);
        order.has_keys = false;
        order.waiting_count = 0;
        run(&order, round_count);
        order.has_gateway = true;
        run(&order, round_count);
        return 0;
}
