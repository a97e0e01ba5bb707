/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the machine itself allows, measured beside the servers.
 *
 *   bound serve ADDRESS [--answer BYTES] [--io epoll|io_uring]
 *                                             an echo server, until it is killed
 *   bound echo ADDRESS [--connections N] [--in-flight N] [--size BYTES] [--answer BYTES]
 *                      [--seconds S] [--pid PID]
 *   bound can io_uring                        whether that can be had
 *   bound round-trip ADDRESS [--size BYTES] [--seconds S]
 *   bound sync DIR [--size BYTES] [--seconds S] [--rate R]
 *                                             see bound_sync.c
 *   bound serve-floor ADDRESS --size BYTES --answer BYTES --log BYTES [--dir DIR]
 *                                             see bound_floor.c
 *
 * An agent with a connection of his own costs a daemon at least one read and one write
 * a life cycle: acceptance and completion come together, and when more contacts wait
 * the next offer leaves with their answers. The echo server does just that and nothing
 * else, with one message under way on every connection, so its rate is the bound for
 * such agents. With --answer it answers so many bytes instead of what it got, as what
 * an agent says and what he is told are not of one size.
 *
 * A round trip is one message there and back with both sides asleep in between,
 * as a daemon and its clients are at a low rate. Its sum with a sync is what a durable
 * answer takes at least.
 *
 * Each prints one line of JSON; times are in microseconds.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "bench/peers/bound.h"
#include "bench/peers/link.h"
#include "bench/peers/server.h"
#include "stats/histogram.h"

enum {
        EVENT_MAX = 1024,
        CONNECTION_MAX = 4096,
        FD_MAX = CONNECTION_MAX + 64,
        READ_SIZE = 65536,
        BACKLOG = 4096,
        PRECISION = 10,
        NS_MAX = 2000000000,
};

struct settings {
        const char *place;
        uint32_t connections, size;
        uint32_t answer;    /* 0: as it was asked */
        uint32_t in_flight; /* over all connections; 0: one each */
        double seconds;
        int pid;
        bool is_uring;
        const char *dir; /* of serve-floor, as the next */
        uint32_t log;
        double rate; /* of sync; 0: one after the other */
};

uint64_t bound_now_ns(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void bound_watch(int poll_fd, int fd)
{
        struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

        link_check(epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event) == 0, "epoll: %s",
                   strerror(errno));
}

/*
 * The echo server
 */

static int listen_at(const char *address)
{
        struct sockaddr_un path = { .sun_family = AF_UNIX };
        struct sockaddr_in port = { .sin_family = AF_INET };
        bool is_unix = strncmp(address, "unix:", 5) == 0;
        int fd = socket(is_unix ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1, r;

        link_check(fd >= 0, "socket: %s", strerror(errno));
        if (is_unix) {
                snprintf(path.sun_path, sizeof(path.sun_path), "%s", address + 5);
                r = bind(fd, (struct sockaddr *)&path, sizeof(path));
        } else {
                const char *colon = strrchr(address, ':');

                link_check(colon != NULL, "%s is neither unix:PATH nor HOST:PORT", address);
                port.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
                port.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
                setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
                r = bind(fd, (struct sockaddr *)&port, sizeof(port));
        }
        link_check(r == 0 && listen(fd, BACKLOG) == 0, "listen at %s: %s", address,
                   strerror(errno));
        return fd;
}

int bound_accept(int listener)
{
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;

        if (fd >= 0)
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        return fd;
}

int64_t bound_take(int fd, size_t size)
{
        static size_t part_size[FD_MAX]; /* what is there of the next message */
        static char bytes[READ_SIZE];
        ssize_t count = recv(fd, bytes, sizeof(bytes), 0);
        size_t all;

        link_check(fd < FD_MAX, "too many connections");
        if (count <= 0) {
                part_size[fd] = 0;
                return -1;
        }
        all = part_size[fd] + (size_t)count;
        part_size[fd] = all % size;
        return (int64_t)(all / size);
}

static void echo_one(int fd, size_t answer_size)
{
        static char message[BOUND_MESSAGE_MAX]; /* not cleared for every call */
        ssize_t size = recv(fd, message, sizeof(message), 0);

        if (size > 0 && answer_size > 0)
                size = (ssize_t)answer_size;
        if (size <= 0 || send(fd, message, (size_t)size, MSG_NOSIGNAL) != size)
                close(fd);
}

static _Noreturn void serve(int listener, size_t answer_size)
{
        int poll_fd = epoll_create1(EPOLL_CLOEXEC);
        struct epoll_event events[EVENT_MAX];

        link_check(poll_fd >= 0, "epoll: %s", strerror(errno));
        bound_watch(poll_fd, listener);
        for (;;) {
                int count = epoll_wait(poll_fd, events, EVENT_MAX, -1);

                for (int i = 0; i < count; i++) {
                        int fd = events[i].data.fd;

                        if (fd != listener)
                                echo_one(fd, answer_size);
                        else if ((fd = bound_accept(listener)) >= 0)
                                bound_watch(poll_fd, fd);
                }
        }
}

/*
 * Its clients
 */

/* A number of messages of one size, to say as many of as were answered. */
struct echo {
        int poll_fd;
        const char *messages;
        size_t size, answer_size;
};

static uint64_t echo_turn(const struct echo *echo)
{
        static struct epoll_event events[EVENT_MAX];
        int count = epoll_wait(echo->poll_fd, events, EVENT_MAX, 10000);
        uint64_t done = 0;

        link_check(count > 0, "the echo server is silent");
        for (int i = 0; i < count; i++) {
                int fd = events[i].data.fd;
                int64_t taken = bound_take(fd, echo->answer_size);
                size_t size = (size_t)taken * echo->size;

                link_check(taken >= 0, "the echo server is gone");
                if (taken == 0)
                        continue;
                link_check(send(fd, echo->messages, size, MSG_NOSIGNAL) == (ssize_t)size,
                           "send: %s", strerror(errno));
                done += (uint64_t)taken;
        }
        return done;
}

static uint64_t echo_for(const struct echo *echo, double seconds)
{
        uint64_t end = bound_now_ns() + (uint64_t)(seconds * 1e9), done = 0;

        while (bound_now_ns() < end)
                done += echo_turn(echo);
        return done;
}

static void measure_echo(const struct settings *settings)
{
        uint32_t each = settings->in_flight / settings->connections;
        struct link *link = calloc(settings->connections, sizeof(*link));
        char *messages = calloc(each, settings->size);
        struct echo echo = { .poll_fd = epoll_create1(EPOLL_CLOEXEC),
                             .messages = messages,
                             .size = settings->size,
                             .answer_size =
                                     settings->answer > 0 ? settings->answer : settings->size };
        uint64_t begin, done;
        double cpu, seconds;

        link_check(link != NULL && messages != NULL && echo.poll_fd >= 0, "no memory");
        for (uint32_t i = 0; i < settings->connections; i++) {
                link_open(&link[i], settings->place);
                bound_watch(echo.poll_fd, link[i].fd);
                link_put(&link[i], messages, (size_t)each * settings->size);
                link_flush(&link[i]);
        }
        (void)echo_for(&echo, settings->seconds / 4);
        cpu = server_cpu_us(settings->pid);
        begin = bound_now_ns();
        done = echo_for(&echo, settings->seconds);
        seconds = (double)(bound_now_ns() - begin) / 1e9;
        printf("{\"connections\": %u, \"in_flight\": %u, \"size\": %u, \"answer\": %u, "
               "\"rate\": %.1f, \"server_cpu_us\": %.4f}\n",
               settings->connections, each * settings->connections, settings->size,
               (uint32_t)echo.answer_size, (double)done / seconds,
               (server_cpu_us(settings->pid) - cpu) / (double)done);
        for (uint32_t i = 0; i < settings->connections; i++)
                link_close(&link[i]);
        free(messages);
        free(link);
}

/*
 * Times
 */

void bound_print_times(const struct histogram *histogram, uint32_t size)
{
        printf("{\"size\": %u, \"count\": %llu, \"p50_us\": %.2f, \"p90_us\": %.2f, "
               "\"p99_us\": %.2f, \"p999_us\": %.2f}\n",
               size, (unsigned long long)histogram->count,
               (double)histogram_quantile(histogram, 0.5) / 1000,
               (double)histogram_quantile(histogram, 0.9) / 1000,
               (double)histogram_quantile(histogram, 0.99) / 1000,
               (double)histogram_quantile(histogram, 0.999) / 1000);
}

struct histogram *bound_histogram_new(void)
{
        void *memory = calloc(1, histogram_size(PRECISION, NS_MAX));

        link_check(memory != NULL, "no memory");
        return histogram_init(memory, PRECISION, NS_MAX);
}

static void round_trip(const struct settings *settings)
{
        struct histogram *histogram = bound_histogram_new();
        uint64_t end = bound_now_ns() + (uint64_t)(settings->seconds * 1e9);
        char message[BOUND_MESSAGE_MAX] = { 0 };
        struct link link;
        struct pollfd ready;

        link_open(&link, settings->place);
        ready = (struct pollfd){ .fd = link.fd, .events = POLLIN };
        for (uint64_t now = bound_now_ns(); now < end;) {
                uint64_t begin = now;

                link_check(send(link.fd, message, settings->size, MSG_NOSIGNAL) > 0, "send: %s",
                           strerror(errno));
                link_check(poll(&ready, 1, 10000) == 1, "the echo server is silent");
                link_check(recv(link.fd, message, sizeof(message), 0) > 0, "no echo");
                now = bound_now_ns();
                histogram_add(histogram, now - begin, 1);
        }
        bound_print_times(histogram, settings->size);
        link_close(&link);
        free(histogram);
}

static void set(struct settings *settings, const char *name, const char *value)
{
        if (strcmp(name, "--connections") == 0)
                settings->connections = (uint32_t)strtoul(value, NULL, 10);
        else if (strcmp(name, "--size") == 0)
                settings->size = (uint32_t)strtoul(value, NULL, 10);
        else if (strcmp(name, "--answer") == 0)
                settings->answer = (uint32_t)strtoul(value, NULL, 10);
        else if (strcmp(name, "--io") == 0)
                settings->is_uring = strcmp(value, "io_uring") == 0;
        else if (strcmp(name, "--rate") == 0)
                settings->rate = strtod(value, NULL);
        else if (strcmp(name, "--seconds") == 0)
                settings->seconds = strtod(value, NULL);
        else if (strcmp(name, "--dir") == 0)
                settings->dir = value;
        else if (strcmp(name, "--log") == 0)
                settings->log = (uint32_t)strtoul(value, NULL, 10);
        else if (strcmp(name, "--in-flight") == 0)
                settings->in_flight = (uint32_t)strtoul(value, NULL, 10);
        else if (strcmp(name, "--pid") == 0)
                settings->pid = (int)strtol(value, NULL, 10);
        else
                link_fail("no option %s", name);
}

int main(int argc, char **argv)
{
        struct settings settings = { .connections = 1000, .size = 64, .seconds = 2, .dir = "." };

        link_check(argc >= 3 && argc % 2 == 1, "usage: bound WHAT WHERE [--option value ...]");
        settings.place = argv[2];
        for (int i = 3; i < argc; i += 2)
                set(&settings, argv[i], argv[i + 1]);
        link_check(settings.connections >= 1 && settings.connections <= CONNECTION_MAX,
                   "--connections 1..%d", CONNECTION_MAX);
        link_check(settings.size >= 1 && settings.size <= BOUND_MESSAGE_MAX, "--size 1..%d",
                   BOUND_MESSAGE_MAX);
        link_check(settings.answer <= BOUND_MESSAGE_MAX, "--answer 1..%d", BOUND_MESSAGE_MAX);
        if (settings.in_flight == 0)
                settings.in_flight = settings.connections;
        link_check(settings.in_flight >= settings.connections,
                   "--in-flight: at least one a connection");
        if (strcmp(argv[1], "can") == 0)
                printf("{\"can\": %s}\n", bound_has_uring() ? "true" : "false");
        else if (strcmp(argv[1], "serve") == 0 && settings.is_uring)
                bound_serve_uring(listen_at(settings.place), settings.answer);
        else if (strcmp(argv[1], "serve") == 0)
                serve(listen_at(settings.place), settings.answer);
        else if (strcmp(argv[1], "serve-floor") == 0)
                bound_serve_floor(listen_at(settings.place),
                                  &(struct bound_floor){ settings.dir, settings.size,
                                                         settings.answer, settings.log });
        else if (strcmp(argv[1], "echo") == 0)
                measure_echo(&settings);
        else if (strcmp(argv[1], "round-trip") == 0)
                round_trip(&settings);
        else if (strcmp(argv[1], "sync") == 0)
                bound_measure_sync(&(struct bound_sync){ settings.place, settings.size,
                                                         settings.seconds, settings.rate });
        else
                link_fail("bound %s is not known", argv[1]);
        return 0;
}
