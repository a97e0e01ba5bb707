/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kill -9 under load: nothing acknowledged is lost, nothing is assigned twice.
 *
 *   kill9 ACDD REDIS_SERVER [--kills N] [--seed S]
 *
 * Goal    Whatever a client was told holds across any number of deaths of the
 *         daemon, and the Redis stream has every event once.
 * Method  A real daemon with its journal on a real disk and a real redis-server;
 *         a floor of clients over a unix socket; the daemon killed at random
 *         moments, during its recovery too; then the doors are closed, the work
 *         is finished, and the history is compared with the events, and these
 *         with the stream, byte by byte.
 */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/prng.h"
#include "clients/rehearse/stream.h"
#include "tests/process/support/floor.h"
#include "tests/process/support/process.h"

enum { AGENT_COUNT = 12, OPEN_MAX = 64, SUBMIT_PER_KILL = 1500 };

struct setup {
        const char *acdd, *redis_server;
        const char *data, *socket, *listen;
        char redis_address[32], redis_port[8];
        struct process daemon, redis;
};

static void start_redis(struct setup *setup)
{
        const char *const arguments[] = {
                setup->redis_server,
                "--port",
                setup->redis_port,
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--appendonly",
                "no",
                "--daemonize",
                "no",
                "--dir",
                process_directory(),
                NULL,
        };

        process_start(&setup->redis, "redis", arguments);
}

static void start_daemon(struct setup *setup)
{
        const char *const arguments[] = {
                setup->acdd,
                "--data-dir",
                setup->data,
                "--listen",
                setup->listen,
                "--redis",
                setup->redis_address,
                "--segment-size",
                "4M",
                "--snapshot-commands",
                "5000",
                "--snapshot-pause-s",
                "1",
                "--limit-contact-count-max",
                "4000",
                "--limit-agent-count-max",
                "100",
                "--limit-key-count-max",
                "200000",
                "--limit-payload-cell-count-max",
                "800000",
                NULL,
        };

        process_start(&setup->daemon, "acdd", arguments);
}

static void wait_up(struct setup *setup, struct floor *floor)
{
        uint64_t patience = process_now_ms() + 60000;

        while (!floor_is_up(floor)) {
                check(process_now_ms() < patience, "the daemon does not come back");
                check(process_is_running(&setup->daemon), "the daemon ended by itself");
                floor_run(floor, 5);
        }
}

/* Let the floor work for a random while, then kill; sometimes again at once, in recovery. */
static void one_life(struct setup *setup, struct floor *floor, struct acd_prng *prng)
{
        bool is_short = acd_prng_chance(prng, 1, 8);
        uint32_t life_ms = (uint32_t)acd_prng_below(prng, is_short ? 30 : 250);
        if (!is_short)
                wait_up(setup, floor);
        floor_run(floor, life_ms);
        process_kill(&setup->daemon);
        start_daemon(setup);
}

static void finish(struct setup *setup, struct floor *floor, struct history *history)
{
        /* Also when all is over already: one that still starts could not stop cleanly. */
        wait_up(setup, floor);
        check(floor_finish(floor, 120000), "%u acknowledged contacts are not over",
              history_open_count(history));
        history_close(history);

        struct stream_report report;

        check(stream_read(setup->redis_address, "floor", history_last_sequence(history), 60000,
                          &report),
              "the stream cannot be read");
        check(report.gap_count == 0 && report.repeat_count == 0 && report.wrong_id_count == 0 &&
                      report.last_sequence >= history_last_sequence(history),
              "redis: %llu gaps, %llu repeats, %llu wrong ids",
              (unsigned long long)report.gap_count, (unsigned long long)report.repeat_count,
              (unsigned long long)report.wrong_id_count);
        printf("redis: %llu entries, %llu events, no gap, no repeat\n",
               (unsigned long long)report.entry_count, (unsigned long long)report.event_count);
        floor_free(floor);
        process_signal(&setup->daemon, SIGTERM);
        check(process_wait(&setup->daemon, 60000) == 0, "the daemon does not stop cleanly");
        process_kill(&setup->redis);
}

static void run(struct setup *setup, uint32_t kill_count, uint64_t seed)
{
        struct acd_prng prng;
        struct floor_options options = {
                .address = setup->socket,
                .agent_count = AGENT_COUNT,
                .open_max = OPEN_MAX,
                .submit_max = kill_count * SUBMIT_PER_KILL,
                .reject_share = 5,
                .seed = seed,
        };
        struct history *history = history_new(options.submit_max);

        acd_prng_init(&prng, seed);
        start_redis(setup);
        start_daemon(setup);
        floor_configure(&options);

        struct floor *floor = floor_new(&options, history);

        for (uint32_t i = 0; i < kill_count; i++) {
                one_life(setup, floor, &prng);
                if ((i + 1) % 20 == 0)
                        printf("%u kills, %llu events seen\n", i + 1,
                               (unsigned long long)history_last_sequence(history));
                fflush(stdout);
        }
        finish(setup, floor, history);
        history_free(history);
        printf("%u kills: passed\n", kill_count);
}

int main(int argc, char **argv)
{
        struct setup setup = { 0 };
        uint32_t kill_count = 200;
        uint64_t seed = 1;
        char *address = NULL;

        check(argc >= 3, "usage: kill9 ACDD REDIS_SERVER [--kills N] [--seed S]");
        for (int i = 3; i + 1 < argc; i += 2) {
                if (strcmp(argv[i], "--kills") == 0)
                        kill_count = (uint32_t)strtoul(argv[i + 1], NULL, 10);
                if (strcmp(argv[i], "--seed") == 0)
                        seed = strtoull(argv[i + 1], NULL, 10);
        }
        signal(SIGPIPE, SIG_IGN);
        setup.acdd = argv[1];
        setup.redis_server = argv[2];
        setup.data = process_path("data");
        check(asprintf(&address, "unix:%s", process_path("acdd.sock")) > 0, "no memory");
        setup.socket = address;
        setup.listen = address;
        snprintf(setup.redis_port, sizeof(setup.redis_port), "%u", process_free_port());
        snprintf(setup.redis_address, sizeof(setup.redis_address), "127.0.0.1:%s",
                 setup.redis_port);
        printf("kill9 --kills %u --seed %llu\n", kill_count, (unsigned long long)seed);
        run(&setup, kill_count, seed);
        process_done();
        free(address);
        return 0;
}
