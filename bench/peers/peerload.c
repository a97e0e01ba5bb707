/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Life cycles through somebody else's server: one run, one line of JSON.
 *
 *   peerload ENGINE ADDRESS [--connections N] [--window N] [--payload BYTES]
 *            [--waiting N] [--agents N] [--warm SECONDS] [--seconds SECONDS]
 *            [--pid PID] [--scripts DIR] [--drain]
 *
 * The window slides: as soon as a life cycle ends, the next begins, and what a turn
 * produced leaves with one write a connection, so that the server never idles for
 * the load's sake. Sending a block, waiting for all of its answers and sending the
 * next would measure the pauses in between.
 *
 * First the jobs that shall wait are stored; then the loop warms up, for a time and
 * a window at least; then it counts, for a time and two windows at least. The
 * server's processor time is that of all its threads, as the scheduler counts it in
 * nanoseconds, over the same span. At the end nothing new is submitted and the
 * server is asked how many jobs wait: each job was either got, once, or waits still.
 * With --drain they are fetched until none is left.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "bench/peers/load.h"
#include "bench/peers/server.h"

enum {
        ID_MAX = 1 << 30,
        STORE_WINDOW = 512, /* jobs on the way on a connection while storing */
        SILENCE_S = 60,
        STRIDE_S = 30,
        EVENT_MAX = 256,
};

static const struct engine *const engines[] = {
        &engine_beanstalkd, &engine_gearmand,      &engine_redis_bare,
        &engine_redis_zset, &engine_redis_minimal, &engine_redis_full,
};

static double now_s(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double own_cpu_us(void)
{
        struct timespec spent;

        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
        return (double)spent.tv_sec * 1e6 + (double)spent.tv_nsec / 1e3;
}

/*
 * What the load knows of its jobs
 */

const char *load_payload(struct load *load, uint64_t id)
{
        for (int i = LOAD_ID_SIZE - 1; i >= 0; i--) {
                load->payload[i] = (char)('0' + id % 10);
                id /= 10;
        }
        return load->payload;
}

uint64_t load_id(const char *payload, size_t size)
{
        uint64_t id = 0;

        link_check(size >= LOAD_ID_SIZE, "a job of %zu bytes", size);
        for (size_t i = 0; i < LOAD_ID_SIZE; i++) {
                link_check(payload[i] >= '0' && payload[i] <= '9', "a job that is not ours: %.20s",
                           payload);
                id = id * 10 + (uint64_t)(payload[i] - '0');
        }
        return id;
}

bool load_wants_more(const struct load *load)
{
        return !load->is_ending || load->settings.has_to_drain;
}

void load_got(struct load *load, uint64_t id)
{
        uint64_t bit = (uint64_t)1 << id % 64;

        link_check(id < load->submitted_count, "job %llu was never submitted",
                   (unsigned long long)id);
        link_check((load->got[id / 64] & bit) == 0, "job %llu came twice", (unsigned long long)id);
        load->got[id / 64] |= bit;
        load->got_count++;
}

void load_done(struct load *load, struct link *link)
{
        load->done_count++;
        link->credit++;
}

static uint64_t next_id(struct load *load)
{
        link_check(load->submitted_count < ID_MAX, "more than %d jobs; run shorter", ID_MAX);
        return load->submitted_count++;
}

/*
 * The loop
 */

static void take_all(struct load *load, struct link *link)
{
        while (link->in.begin < link->in.end) {
                size_t taken = load->settings.engine->take(load, link, link->in.at + link->in.begin,
                                                           link->in.end - link->in.begin);

                if (taken == 0)
                        return;
                link->in.begin += taken;
        }
        link->in.begin = link->in.end = 0;
}

static void flush_all(struct load *load)
{
        for (uint32_t i = 0; i < load->settings.link_count; i++)
                link_flush(&load->link[i]);
}

/* Send what is there, wait for answers, take them. */
static void turn(struct load *load, int poll_fd)
{
        struct epoll_event events[EVENT_MAX];
        bool is_full = false;
        int count;

        flush_all(load);
        for (uint32_t i = 0; i < load->settings.link_count; i++)
                is_full |= load->link[i].is_write_full;
        /* A full socket is tried again soon; the server is busy reading it. */
        count = epoll_wait(poll_fd, events, EVENT_MAX, is_full ? 1 : SILENCE_S * 1000);
        link_check(count >= 0 || errno == EINTR, "epoll: %s", strerror(errno));
        link_check(count != 0 || is_full, "%s has been silent for %d s with %llu of %llu jobs got",
                   load->settings.engine->name, SILENCE_S, (unsigned long long)load->got_count,
                   (unsigned long long)load->submitted_count);
        for (int i = 0; i < count; i++) {
                struct link *link = events[i].data.ptr;

                if (link_read(link))
                        take_all(load, link);
        }
}

static bool is_anything_due(const struct load *load)
{
        for (uint32_t i = 0; i < load->settings.link_count; i++) {
                if (load->link[i].asked_count > 0)
                        return true;
        }
        return false;
}

static void settle(struct load *load, int poll_fd)
{
        while (is_anything_due(load))
                turn(load, poll_fd);
}

static void connect_all(struct load *load, int poll_fd)
{
        const struct engine *engine = load->settings.engine;

        for (uint32_t i = 0; i < load->settings.link_count; i++) {
                struct epoll_event event = { .events = EPOLLIN, .data.ptr = &load->link[i] };

                link_open(&load->link[i], load->settings.address);
                link_check(epoll_ctl(poll_fd, EPOLL_CTL_ADD, load->link[i].fd, &event) == 0,
                           "epoll: %s", strerror(errno));
                if (engine->greet != NULL)
                        engine->greet(load, &load->link[i]);
        }
        if (engine->prepare != NULL)
                engine->prepare(load, &load->link[0]);
        settle(load, poll_fd);
}

static void store_all(struct load *load, int poll_fd)
{
        const struct engine *engine = load->settings.engine;

        while (load->submitted_count < load->settings.waiting) {
                for (uint32_t i = 0; i < load->settings.link_count; i++) {
                        struct link *link = &load->link[i];

                        while (link->asked_count < STORE_WINDOW &&
                               load->submitted_count < load->settings.waiting)
                                (engine->store != NULL ? engine->store
                                                       : engine->submit)(load, link, next_id(load));
                }
                turn(load, poll_fd);
        }
        settle(load, poll_fd);
}

/* Begin what may begin. A connection goes on with as many as ended on it. */
static void begin_all(struct load *load)
{
        const struct engine *engine = load->settings.engine;

        for (uint32_t i = 0; i < load->settings.link_count; i++) {
                struct link *link = &load->link[i];

                for (; link->credit > 0; link->credit--) {
                        engine->submit(load, link, next_id(load));
                        if (engine->fetch != NULL)
                                engine->fetch(load, link);
                }
        }
}

/* Until the time is over and so many more are done, so that a slow server, too, is measured in
 * its stride; but not for ever. */
static double run_for(struct load *load, int poll_fd, double seconds, uint64_t least_done)
{
        double begin = now_s(), now = begin;
        uint64_t done = load->done_count + least_done;

        while (now < begin + seconds || (load->done_count < done && now < begin + STRIDE_S)) {
                begin_all(load);
                turn(load, poll_fd);
                now = now_s();
        }
        return now - begin;
}

/* Fetch what waits, a window at a time. */
static void drain(struct load *load, int poll_fd)
{
        const struct engine *engine = load->settings.engine;

        settle(load, poll_fd);
        while (engine->fetch != NULL && load->got_count < load->submitted_count) {
                uint64_t left = load->submitted_count - load->got_count;

                for (uint32_t i = 0; i < left && i < load->settings.window; i++)
                        engine->fetch(load, &load->link[i % load->settings.link_count]);
                settle(load, poll_fd);
        }
}

static void end(struct load *load, int poll_fd)
{
        const struct engine *engine = load->settings.engine;

        load->is_ending = true;
        settle(load, poll_fd);
        if (load->settings.has_to_drain)
                drain(load, poll_fd);
        for (uint32_t i = 0; engine->settle != NULL && i < load->settings.link_count; i++)
                engine->settle(&load->link[i]);
        settle(load, poll_fd);
        engine->count(load, &load->link[0]);
        settle(load, poll_fd);
        link_check(load->got_count + load->waiting_count == load->submitted_count,
                   "%llu jobs submitted, %llu got, %llu wait",
                   (unsigned long long)load->submitted_count, (unsigned long long)load->got_count,
                   (unsigned long long)load->waiting_count);
        link_check(!load->settings.has_to_drain || load->done_count == load->submitted_count,
                   "%llu jobs submitted, %llu done", (unsigned long long)load->submitted_count,
                   (unsigned long long)load->done_count);
}

/*
 * One run
 */

struct result {
        double seconds, server_cpu_us, load_cpu_us;
        uint64_t done_count;
        long rss_empty_kib, rss_waiting_kib;
};

static void measure(struct load *load, int poll_fd, struct result *result)
{
        uint32_t links = load->settings.link_count, window = load->settings.window;
        int pid = load->settings.pid;
        uint64_t done;
        double server, own;

        connect_all(load, poll_fd);
        result->rss_empty_kib = server_rss_kib(pid);
        store_all(load, poll_fd);
        result->rss_waiting_kib = server_rss_kib(pid);
        if (load->settings.engine->start != NULL)
                load->settings.engine->start(load);
        for (uint32_t i = 0; i < window; i++)
                load->link[i % links].credit++;
        run_for(load, poll_fd, load->settings.warm_s, window);
        done = load->done_count;
        server = server_cpu_us(pid);
        own = own_cpu_us();
        result->seconds = run_for(load, poll_fd, load->settings.run_s, 2 * (uint64_t)window);
        result->done_count = load->done_count - done;
        result->server_cpu_us = server_cpu_us(pid) - server;
        result->load_cpu_us = own_cpu_us() - own;
        end(load, poll_fd);
}

static void print(const struct load *load, const struct result *result)
{
        const struct load_settings *settings = &load->settings;
        double done = result->done_count == 0 ? 1 : (double)result->done_count;

        printf("{\"engine\": \"%s\", \"connections\": %u, \"in_flight\": %u, \"payload\": %u, "
               "\"waiting\": %llu, \"seconds\": %.3f, \"life_cycles\": %llu, \"rate\": %.1f, ",
               settings->engine->name, settings->link_count, settings->window,
               settings->payload_size, (unsigned long long)settings->waiting, result->seconds,
               (unsigned long long)result->done_count, done / result->seconds);
        printf("\"server_cpu_us\": %.4f, \"load_cpu_us\": %.4f, \"rss_empty_kib\": %ld, "
               "\"rss_waiting_kib\": %ld, \"submitted\": %llu, \"got\": %llu, \"left\": %llu, "
               "\"repeats\": %llu, \"is_checked\": true}\n",
               result->server_cpu_us / done, result->load_cpu_us / done, result->rss_empty_kib,
               result->rss_waiting_kib, (unsigned long long)load->submitted_count,
               (unsigned long long)load->got_count, (unsigned long long)load->waiting_count,
               (unsigned long long)load->repeat_count);
}

static const char *find_option(int argc, char **argv, const char *name, const char *otherwise)
{
        for (int i = 3; i < argc; i++) {
                if (strcmp(argv[i], name) == 0)
                        return i + 1 < argc ? argv[i + 1] : "";
        }
        return otherwise;
}

static uint32_t find_number(int argc, char **argv, const char *name, uint32_t otherwise)
{
        const char *value = find_option(argc, argv, name, NULL);
        char *rest;
        unsigned long number;

        if (value == NULL)
                return otherwise;
        number = strtoul(value, &rest, 10);
        link_check(rest != value && *rest == '\0' && number <= ID_MAX, "%s %s", name, value);
        return (uint32_t)number;
}

static void parse(int argc, char **argv, struct load_settings *settings)
{
        settings->address = argv[2];
        for (size_t i = 0; i < sizeof(engines) / sizeof(*engines); i++) {
                if (strcmp(argv[1], engines[i]->name) == 0)
                        settings->engine = engines[i];
        }
        link_check(settings->engine != NULL, "no engine %s", argv[1]);
        settings->link_count = find_number(argc, argv, "--connections", 9);
        settings->window = find_number(argc, argv, "--window", 1024);
        settings->payload_size = find_number(argc, argv, "--payload", 64);
        settings->agent_count = find_number(argc, argv, "--agents", 1000);
        settings->waiting = find_number(argc, argv, "--waiting", 0);
        settings->pid = (int)find_number(argc, argv, "--pid", 0);
        settings->warm_s = strtod(find_option(argc, argv, "--warm", "0.5"), NULL);
        settings->run_s = strtod(find_option(argc, argv, "--seconds", "2"), NULL);
        settings->scripts = find_option(argc, argv, "--scripts", ".");
        settings->has_to_drain = find_option(argc, argv, "--drain", NULL) != NULL;
        link_check(settings->link_count >= 1 && settings->link_count <= LOAD_LINK_MAX,
                   "--connections 1..%d", LOAD_LINK_MAX);
        link_check(settings->window >= 1, "--window is above zero");
        link_check(settings->payload_size >= LOAD_ID_SIZE &&
                           settings->payload_size <= LOAD_PAYLOAD_MAX,
                   "--payload %d..%d", LOAD_ID_SIZE, LOAD_PAYLOAD_MAX);
}

int main(int argc, char **argv)
{
        struct load *load = calloc(1, sizeof(*load));
        struct result result = { .seconds = 0 };
        int poll_fd = epoll_create1(EPOLL_CLOEXEC);

        link_check(argc >= 3, "usage: peerload ENGINE ADDRESS [--option value ...]");
        link_check(load != NULL && poll_fd >= 0, "no memory");
        parse(argc, argv, &load->settings);
        load->link = calloc(load->settings.link_count, sizeof(*load->link));
        load->got = calloc(ID_MAX / 64, sizeof(*load->got));
        link_check(load->link != NULL && load->got != NULL, "no memory");
        memset(load->payload, 'x', sizeof(load->payload));
        measure(load, poll_fd, &result);
        print(load, &result);
        for (uint32_t i = 0; i < load->settings.link_count; i++)
                link_close(&load->link[i]);
        free(load->link);
        free(load->got);
        free(load);
        return 0;
}
