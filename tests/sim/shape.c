/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a seed is like, and the daemon's parameters for it: small limits, short leases,
 * frequent snapshots, so that a minute of virtual time has everything in it.
 */

#include "tests/sim/sim.h"

#include <stdio.h>
#include <string.h>

enum { ARGUMENT_MAX = 80 };

static uint64_t pick(struct sim *sim, const uint64_t *values, uint32_t count)
{
        return values[sim_below(sim, count)];
}

#define PICK(sim, ...) \
        pick(sim, (const uint64_t[]){ __VA_ARGS__ }, \
             sizeof((const uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t))

void sim_shape_draw(struct sim *sim)
{
        struct sim_shape *shape = &sim->shape;

        *shape = (struct sim_shape){
                .gateways = 1 + (uint32_t)sim_below(sim, 3),
                .desks = 1 + (uint32_t)sim_below(sim, 3),
                .agents_per_desk = 1 + (uint32_t)sim_below(sim, 4),
                .readers = 1 + (uint32_t)sim_below(sim, 2),
                .vandals = (uint32_t)sim_below(sim, 3),
                .fault_ns = PICK(sim, 30, 60, 150) * SIM_SECOND,
                .crash_count = (uint32_t)PICK(sim, 0, 2, 5, 12),
                .power_percent = (uint32_t)PICK(sim, 0, 50, 100),
                .clean_percent = (uint32_t)PICK(sim, 0, 25),
                .submit_gap_ns = PICK(sim, 40, 200, 1000) * SIM_NS_PER_MS,
                .handle_ns = PICK(sim, 50, 500, 4000) * SIM_NS_PER_MS,
                .drop_permille = (uint32_t)PICK(sim, 0, 5, 50),
                .media_percent = (uint32_t)PICK(sim, 0, 40, 100),
                .stored_percent = (uint32_t)PICK(sim, 0, 30),
                .abandon_percent = (uint32_t)PICK(sim, 0, 10),
                .reject_percent = (uint32_t)PICK(sim, 0, 10),
                .ignore_percent = (uint32_t)PICK(sim, 0, 5),
                .has_redis = sim_percent(sim, 60),
                .has_slow_disk = sim_percent(sim, 30),
                .has_small_disk = sim_percent(sim, 10),
                .wrap_up_ms = (uint32_t)PICK(sim, 0, 0, 700),
                .hands_over = sim_percent(sim, 60),
        };
        shape->has_commands = shape->has_redis && sim_percent(sim, 60);
}

void sim_shape_options(struct sim *sim)
{
        const char *const arguments[] = {
                "acdd", "--data-dir", "/data", "--silence-ms", "8000", "--lease-ms", "5000",
                "--segment-size", "4M", "--snapshot-commands", "1000", "--hello-timeout-ms", "2000",
                "--connection-count-max", "48", "--session-count-max", "64",
                "--subscription-count-max", "16", "--output-size-max", "8M", "--unread-size-max",
                "1M", "--drain-timeout-ms", "3000", "--disk-low-size", "16M",
                "--disk-critical-size", "12M", "--limit-tenant-count-max", "3",
                "--limit-skill-count-max", "8", "--limit-channel-count-max", "32",
                "--limit-queue-count-max", "8", "--limit-team-count-max", "2",
                "--limit-profile-count-max", "2", "--limit-agent-count-max", "32",
                "--limit-gateway-count-max", "8", "--limit-contact-count-max", "4000",
                "--limit-class-count-max", "64", "--limit-membership-count-max", "4096",
                "--limit-lane-count-max", "256", "--limit-pair-count-max", "1024",
                "--limit-key-count-max", "8000", "--limit-payload-cell-count-max", "20000",
                "--sync-thread", sim->shape.hands_over ? "always" : "auto",
                "--redis", sim->shape.has_redis ? "127.0.0.1:6379" : "",
                "--redis-commands", sim->shape.has_commands ? "yes" : "no",
        };
        struct options_error error = { .text = "" };
        char copy[ARGUMENT_MAX][64];
        char *vector[ARGUMENT_MAX];
        int count = (int)(sizeof(arguments) / sizeof(arguments[0]));

        for (int i = 0; i < count; i++) {
                snprintf(copy[i], sizeof(copy[i]), "%s", arguments[i]);
                vector[i] = copy[i];
        }
        options_init(&sim->options);
        if (!options_parse(&sim->options, count, vector, &error) ||
            !options_check(&sim->options, &error))
                sim_fail(sim, "options: %s", error.text);
}
