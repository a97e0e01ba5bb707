/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The course of a simulation: virtual time, the phases, the end.
 *
 * Time goes to the next moment at which something can happen: bytes arrive, a client
 * acts, the shard's wait is over, the journal's helper is done, Redis changes its mind, a
 * death is due. All chance is drawn from the seed in the order in which it is needed, so
 * a seed repeats bit by bit; the hash of all bytes on all links proves it.
 */

#include "tests/sim/sim.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/assert.h"
#include "tests/sim/clients.h"
#include "tests/sim/mailbox.h"
#include "tests/sim/net.h"
#include "tests/sim/oracle.h"
#include "tests/sim/redis.h"

/* Time in which everything must be served once all is well, and quiet after that. */
#define HEAL_MAX (600 * SIM_SECOND)
#define QUIET (3 * SIM_SECOND)
#define DISK_SIZE (UINT64_C(400) << 20)

void sim_say(const struct sim *sim, const char *format, ...)
{
        va_list arguments;

        if (!sim->is_loud)
                return;
        fprintf(stderr, "%12.6f  ", (double)sim->now / 1e9);
        va_start(arguments, format);
        vfprintf(stderr, format, arguments);
        va_end(arguments);
        fputc('\n', stderr);
}

void sim_fail(const struct sim *sim, const char *format, ...)
{
        va_list arguments;

        fprintf(stderr, "seed %llu, %.6f s: ", (unsigned long long)sim->seed,
                (double)sim->now / 1e9);
        va_start(arguments, format);
        vfprintf(stderr, format, arguments);
        va_end(arguments);
        fprintf(stderr, "\nagain: sim --seed %llu --loud\n", (unsigned long long)sim->seed);
        exit(1);
}

uint64_t sim_below(struct sim *sim, uint64_t bound)
{
        return bound == 0 ? 0 : acd_prng_below(&sim->prng, bound);
}

bool sim_percent(struct sim *sim, uint32_t chance)
{
        return sim_below(sim, 100) < chance;
}

/* A coarse exponential: half of the draws below three quarters of the mean. */
uint64_t sim_about(struct sim *sim, uint64_t mean)
{
        uint64_t value = 1 + sim_below(sim, mean + mean / 2 + 1);

        return sim_percent(sim, 15) ? value * 3 : value;
}

struct sim *sim_new(uint64_t seed, bool is_loud)
{
        struct sim *sim = calloc(1, sizeof(*sim));

        ACD_ASSERT(sim != NULL);
        sim->seed = seed;
        sim->is_loud = is_loud;
        acd_prng_init(&sim->prng, seed);
        acd_hash64_init(&sim->trace, seed);
        sim->now = SIM_SECOND;
        sim->wall_offset = INT64_C(1700000000) * (int64_t)SIM_SECOND;
        sim_shape_draw(sim);
        sim_shape_options(sim);
        sim->disk = simdisk_new(acd_prng_next(&sim->prng));
        simdisk_set_space(sim->disk, DISK_SIZE, 0);
        sim->net = net_new(sim);
        sim->redis = redis_new(sim);
        sim->mailbox = mailbox_new(sim);
        sim->oracle = oracle_new(sim);
        sim->clients = clients_new(sim);
        sim->log_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
        ACD_ASSERT(sim->log_fd >= 0);
        sim_process_tables(sim);
        return sim;
}

void sim_free(struct sim *sim)
{
        clients_free(sim->clients);
        oracle_free(sim->oracle);
        redis_free(sim->redis);
        mailbox_free(sim->mailbox);
        net_free(sim->net);
        simdisk_free(sim->disk);
        close(sim->log_fd);
        free(sim);
}

static void plan_next_crash(struct sim *sim)
{
        if (sim->shape.crash_count == 0 || sim->phase != SIM_FAULTS) {
                sim->crash_at = UINT64_MAX;
                return;
        }
        sim->crash_at = sim->now + sim_about(sim, sim->shape.fault_ns / sim->shape.crash_count);
}

static void crash_or_stop(struct sim *sim)
{
        if (!sim->is_up || sim->is_stopping) {
                plan_next_crash(sim);
                return;
        }
        if (sim_percent(sim, sim->shape.clean_percent))
                sim_process_stop(sim, sim_percent(sim, 50));
        else
                sim_process_plan_crash(sim);
        plan_next_crash(sim);
}

static void earlier(uint64_t at, uint64_t *next)
{
        if (at < *next)
                *next = at;
}

/* The next moment at which something can happen. */
static uint64_t next_moment(struct sim *sim)
{
        uint64_t next = net_next(sim->net);

        earlier(clients_next(sim->clients), &next);
        earlier(redis_next_step(sim->redis), &next);
        earlier(sim->crash_at, &next);
        earlier(sim->is_up ? sim_process_next(sim) : sim->restart_at, &next);
        if (next <= sim->now)
                return sim->now + 1 + sim_below(sim, 20 * (uint64_t)NS_PER_US);
        return next;
}

static void step(struct sim *sim)
{
        if (sim->now >= sim->crash_at)
                crash_or_stop(sim);
        if (!sim->is_up && sim->now >= sim->restart_at)
                sim_process_start(sim);
        redis_step(sim->redis);
        clients_step(sim->clients);
        if (sim->is_up)
                sim_process_turn(sim);
        sim->now = next_moment(sim);
}

/* Everything that was begun is over, and everybody has heard of it. */
static bool is_quiet(struct sim *sim)
{
        return sim->is_up && clients_are_done(sim->clients) && oracle_has_all(sim->oracle);
}

static void heal(struct sim *sim)
{
        sim_say(sim, "from here on all is well");
        sim->phase = SIM_HEALED;
        sim->crash_at = UINT64_MAX;
        simdisk_kill_at(sim->disk, 0, 0);
        simdisk_set_space(sim->disk, DISK_SIZE, 0);
        net_kill_at(sim->net, 0);
        clients_heal(sim->clients);
}

/* How the core sees contacts and agents, for whoever looks into a seed that hangs. */
static void say_core(struct sim *sim)
{
        const struct acd *acd = sim->is_up ? sim->shard->acd : NULL;
        uint64_t cursor = 0, id;
        uint64_t tenant_cursor = 0;
        acd_tenant_id tenant;

        if (acd == NULL)
                return;
        tenant.value = acd_list(acd, ACD_OBJECT_TENANT, (acd_tenant_id){ 0 }, &tenant_cursor, 64);
        while ((id = acd_list(acd, ACD_OBJECT_CONTACT, tenant, &cursor, UINT32_MAX)) != 0) {
                struct acd_contact_view view;

                if (acd_view_contact(acd, (acd_contact_id){ id }, &view))
                        sim_say(sim, "contact %llx: state %u, assignment %llx, offers %u",
                                (unsigned long long)id, view.state,
                                (unsigned long long)view.assignment.value, view.offer_count);
        }
        cursor = 0;
        while ((id = acd_list(acd, ACD_OBJECT_AGENT, tenant, &cursor, UINT32_MAX)) != 0) {
                struct acd_agent_view view;

                if (acd_view_agent(acd, (acd_agent_id){ id }, &view))
                        sim_say(sim, "agent %llx: presence %u, assignment %llx in state %u, "
                                "parked %u", (unsigned long long)id, view.presence,
                                (unsigned long long)view.assignment.value, view.assignment_state,
                                view.parked_count);
        }
}

uint64_t sim_run(struct sim *sim)
{
        uint64_t deadline, quiet_since = 0;

        sim->restart_at = sim->now;
        plan_next_crash(sim);
        while (sim->now < sim->shape.fault_ns)
                step(sim);

        heal(sim);
        deadline = sim->now + HEAL_MAX;
        while (quiet_since == 0 || sim->now < quiet_since + QUIET) {
                step(sim);
                if (!is_quiet(sim))
                        quiet_since = 0;
                else if (quiet_since == 0)
                        quiet_since = sim->now;
                if (sim->now > deadline)
                        say_core(sim);
                if (sim->now > deadline)
                        sim_fail(sim, "all is well for long, and yet: %s",
                                 clients_complain(sim->clients));
        }
        oracle_judge(sim->oracle);

        sim->phase = SIM_OVER;
        sim_process_stop(sim, /* is_fast = */ true);
        for (uint32_t i = 0; i < 100000 && sim->is_up; i++)
                step(sim);
        if (sim->is_up)
                sim_fail(sim, "the daemon does not stop");
        return acd_hash64_value(&sim->trace);
}
