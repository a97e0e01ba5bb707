/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Life cycles through a real daemon: submit, acknowledge, offer, accept, complete.
 *
 *   lifecycle ACDD [--agents N] [--in-flight N] [--rate N] [--seconds N] [--sync POLICY] [--smoke]
 *
 * Two figures over a unix socket, with the journal on a real disk. Closed loop:
 * how many life cycles a second when so many contacts are kept in flight. Open
 * loop: the time from a submit, sent at a constant rate, to the offer, counted
 * from when it should have been sent, so that a stall is not forgotten.
 *
 * The load is one process with two connections, a gateway's and a desktop
 * server's for all agents; on two cores it has one and the daemon the other. It
 * uses the client library as anybody would, so the rate is that of both.
 */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <acdclient.h>

#include "stats/histogram.h"
#include "tests/process/support/floor.h"
#include "tests/process/support/process.h"

enum { AGENT_MAX = 4096, IN_FLIGHT_MAX = 16384, PRECISION = 7, US_MAX = 60000000 };

struct slot {
        uint64_t sent_ns; /* should have been sent */
        bool is_open;
};

struct load {
        struct acdclient *gateway, *agents;
        uint32_t agent_count, up_count;
        uint32_t in_flight, in_flight_max;
        uint64_t submit_count, done_count;
        struct slot slot[IN_FLIGHT_MAX];
        uint32_t free[IN_FLIGHT_MAX]; /* indexes of free slots */
        uint32_t free_count;
        struct histogram *histogram;
};

static uint64_t now_ns(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void on_submitted(void *context, struct acdclient *client, int error,
                         const struct acdclient_message *answer)
{
        (void)context;
        (void)client;
        check(error == 0, "no answer to a submit: %s", strerror(-error));
        check(acdclient_is_done(acdclient_answer_result(answer)->code), "submit refused: %s",
              acdclient_result_text(acdclient_answer_result(answer)->code));
}

/* The slot travels in the customer key, as an agent's screen would get it. */
static bool submit(struct load *load, uint64_t due_ns)
{
        struct acdclient_message request = { .kind = ACDCLIENT_SUBMIT };
        char key[16];
        uint32_t index;

        if (load->free_count == 0)
                return false;
        index = load->free[load->free_count - 1];
        snprintf(key, sizeof(key), "%u", index);
        request.submit.queue = acdclient_text(floor_queues[0]);
        request.submit.channel = acdclient_text("chat");
        request.submit.customer_key = acdclient_text(key);
        if (acdclient_send(load->gateway, &request, 60000, on_submitted, NULL) < 0)
                return false;
        load->free_count--;
        load->slot[index] = (struct slot){ due_ns, true };
        load->in_flight++;
        load->submit_count++;
        return true;
}

static void on_completed(void *context, struct acdclient *client, int error,
                         const struct acdclient_message *answer)
{
        struct load *load = context;

        (void)client;
        check(error == 0, "no answer to a completion: %s", strerror(-error));
        check(acdclient_answer_result(answer)->code == ACDCLIENT_RESULT_OK, "not completed");
        load->done_count++;
        load->in_flight--;
}

static void on_offer(struct load *load, struct acdclient *client, uint32_t session,
                     const struct acdclient_offer *offer)
{
        struct acdclient_message request = { .kind = ACDCLIENT_ACCEPT, .session = session };
        uint32_t index = (uint32_t)strtoul(offer->customer_key.at, NULL, 10);

        check(index < IN_FLIGHT_MAX && load->slot[index].is_open, "an offer twice, or of nobody");
        load->slot[index].is_open = false;
        load->free[load->free_count++] = index;
        histogram_add(load->histogram, (now_ns() - load->slot[index].sent_ns) / 1000, 1);
        request.assignment_command.assignment = offer->assignment;
        check(acdclient_send(client, &request, 60000, NULL, NULL) == 0, "accept");
        request.kind = ACDCLIENT_COMPLETE;
        check(acdclient_send(client, &request, 60000, on_completed, load) == 0, "complete");
}

static void on_push(void *context, struct acdclient *client, const struct acdclient_message *push)
{
        if (push->kind == ACDCLIENT_OFFER)
                on_offer(context, client, push->session, &push->offer);
}

static void on_session(void *context, struct acdclient *client, uint32_t session,
                       enum acdclient_session_change change,
                       const struct acdclient_message *message)
{
        struct load *load = context;
        struct acdclient_message request = { .kind = ACDCLIENT_READY, .session = session };

        (void)message;
        check(change == ACDCLIENT_SESSION_UP, "a session is not up");
        check(acdclient_send(client, &request, 60000, NULL, NULL) == 0, "ready");
        load->up_count++;
}

static struct acdclient *connect_as(struct load *load, const char *address,
                                    enum acdclient_role role)
{
        struct acdclient_options options = {
                .address = address,
                .tenant = "floor",
                .role = role,
                .client = "load",
                .request_count_max = 32768,
                .request_bytes_max = 64 << 20,
                .session_count_max = AGENT_MAX,
                .listener = { .context = load, .on_push = on_push, .on_session = on_session },
        };
        struct acdclient *client = acdclient_new(&options);

        check(client != NULL && acdclient_start(client) == 0, "no client: %s", strerror(errno));
        return client;
}

static void turn(struct load *load, int wait_ms)
{
        struct acdclient *client[2] = { load->gateway, load->agents };
        struct pollfd ready[2];

        for (int i = 0; i < 2; i++) {
                int library = acdclient_next_timeout_ms(client[i]);

                ready[i] = (struct pollfd){ .fd = acdclient_fd(client[i]), .events = POLLIN };
                if (acdclient_wants_write(client[i]))
                        ready[i].events |= POLLOUT;
                if (library >= 0 && library < wait_ms)
                        wait_ms = library;
        }
        poll(ready, 2, wait_ms);
        for (int i = 0; i < 2; i++) {
                if (ready[i].revents & (POLLIN | POLLHUP | POLLERR))
                        acdclient_on_readable(client[i]);
                if (ready[i].revents & POLLOUT)
                        acdclient_on_writable(client[i]);
                if (acdclient_next_timeout_ms(client[i]) == 0)
                        acdclient_on_timeout(client[i]);
        }
}

static void drain(struct load *load)
{
        uint64_t end = process_now_ms() + 60000;

        while (load->in_flight > 0) {
                check(process_now_ms() < end, "%u contacts never came back", load->in_flight);
                turn(load, 100);
        }
        check(load->done_count == load->submit_count, "lost or doubled: %llu submitted, %llu done",
              (unsigned long long)load->submit_count, (unsigned long long)load->done_count);
}

static void closed_loop(struct load *load, double seconds)
{
        uint64_t begin = now_ns(), warm = begin + (uint64_t)(seconds * 2e8);
        uint64_t end = warm + (uint64_t)(seconds * 1e9), counted = 0;

        for (uint64_t now = begin; now < end; now = now_ns()) {
                while (load->in_flight < load->in_flight_max && submit(load, now))
                        ;
                turn(load, 10);
                if (counted == 0 && now >= warm)
                        counted = load->done_count + 1;
        }
        printf("closed loop: %.0f life cycles/s with %u in flight, %u agents\n",
               (double)(load->done_count + 1 - counted) / seconds, load->in_flight_max,
               load->agent_count);
        drain(load);
}

static void open_loop(struct load *load, double rate, double seconds)
{
        uint64_t begin = now_ns(), count = (uint64_t)(rate * seconds), sent = 0;
        double period = 1e9 / rate;

        histogram_reset(load->histogram);
        while (sent < count) {
                uint64_t due = begin + (uint64_t)((double)sent * period), now = now_ns();

                while (due <= now && sent < count && submit(load, due)) {
                        sent++;
                        due = begin + (uint64_t)((double)sent * period);
                }
                turn(load, due > now + 1500000 ? (int)((due - now) / 1000000) : 0);
        }
        drain(load);
        printf("open loop: %.0f/s: submit to offer p50 %.3f ms, p99 %.3f ms\n", rate,
               (double)histogram_quantile(load->histogram, 0.50) / 1000,
               (double)histogram_quantile(load->histogram, 0.99) / 1000);
}

static void log_in(struct load *load)
{
        uint64_t end = process_now_ms() + 60000;

        for (uint32_t i = 0; i < load->agent_count; i++) {
                char name[16];
                struct acdclient_agent_login login = { .shared = false };

                snprintf(name, sizeof(name), "agent%u", i + 1);
                login.agent = acdclient_text(name);
                check(acdclient_login(load->agents, &login) > 0, "login of %s", name);
        }
        while (load->up_count < load->agent_count) {
                check(process_now_ms() < end, "only %u of %u agents are up", load->up_count,
                      load->agent_count);
                turn(load, 100);
        }
}

struct settings {
        uint32_t agents, in_flight;
        double rate, seconds;
        const char *sync;
};

static void run(const struct settings *settings, const char *address)
{
        struct load *load = calloc(1, sizeof(*load));
        void *memory = calloc(1, histogram_size(PRECISION, US_MAX));

        check(load != NULL && memory != NULL, "no memory");
        load->histogram = histogram_init(memory, PRECISION, US_MAX);
        load->agent_count = settings->agents;
        load->in_flight_max = settings->in_flight;
        for (uint32_t i = 0; i < IN_FLIGHT_MAX; i++)
                load->free[load->free_count++] = i;
        load->gateway = connect_as(load, address, ACDCLIENT_ROLE_GATEWAY);
        load->agents = connect_as(load, address, ACDCLIENT_ROLE_AGENT);
        log_in(load);
        closed_loop(load, settings->seconds);
        open_loop(load, settings->rate, settings->seconds);
        printf("every contact was assigned once: %llu submitted, %llu done\n",
               (unsigned long long)load->submit_count, (unsigned long long)load->done_count);
        acdclient_free(load->gateway);
        acdclient_free(load->agents);
        free(memory);
        free(load);
}

static struct settings parse(int argc, char **argv)
{
        struct settings settings = { 256, 1024, 2000, 5, "always" };

        for (int i = 2; i < argc; i++) {
                const char *value = i + 1 < argc ? argv[i + 1] : "0";

                if (strcmp(argv[i], "--agents") == 0)
                        settings.agents = (uint32_t)strtoul(value, NULL, 10);
                if (strcmp(argv[i], "--in-flight") == 0)
                        settings.in_flight = (uint32_t)strtoul(value, NULL, 10);
                if (strcmp(argv[i], "--rate") == 0)
                        settings.rate = strtod(value, NULL);
                if (strcmp(argv[i], "--seconds") == 0)
                        settings.seconds = strtod(value, NULL);
                if (strcmp(argv[i], "--sync") == 0)
                        settings.sync = value;
                if (strcmp(argv[i], "--smoke") == 0)
                        settings = (struct settings){ 16, 64, 200, 0.3, "always" };
        }
        check(settings.agents >= 1 && settings.agents <= AGENT_MAX, "--agents 1..%d", AGENT_MAX);
        check(settings.in_flight >= 1 && settings.in_flight <= IN_FLIGHT_MAX, "--in-flight 1..%d",
              IN_FLIGHT_MAX);
        check(settings.rate >= 1 && settings.seconds > 0, "--rate and --seconds are above zero");
        return settings;
}

int main(int argc, char **argv)
{
        struct process daemon = { .name = NULL };
        char listen[PROCESS_PATH_MAX + 8];

        check(argc >= 2, "usage: lifecycle ACDD [options]");

        struct settings settings = parse(argc, argv);
        struct floor_options options = { .address = listen, .agent_count = settings.agents };

        snprintf(listen, sizeof(listen), "unix:%s", process_path("acdd.sock"));

        const char *const arguments[] = {
                argv[1],  "--data-dir",  process_path("data"),    "--listen", listen,
                "--sync", settings.sync, "--limit-key-count-max", "400000",   NULL,
        };

        process_start(&daemon, "acdd", arguments);
        floor_configure(&options);
        printf("life cycles over a unix socket, --sync %s\n", settings.sync);
        run(&settings, listen);
        process_signal(&daemon, SIGTERM);
        check(process_wait(&daemon, 60000) == 0, "the daemon does not stop cleanly");
        process_done();
        return 0;
}
