/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The composition root: a shard, a loop, signals, and the order in which they
 * come and go.
 *
 * Everything that can refuse to start does so before the first peer can
 * connect: directory, recovery, configuration. Listening begins last.
 *
 * SIGTERM and SIGINT drain and stop; the second one stops at once. Both leave a
 * snapshot and a clean mark. A turn that fails ends the process with a message
 * and without another byte to any peer: what was not acknowledged may not have
 * happened.
 */

#include "daemon/server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/assert.h"
#include "daemon/access.h"
#include "daemon/awake_thread.h"
#include "daemon/config.h"
#include "daemon/loop.h"
#include "daemon/panic.h"
#include "daemon/resolver_thread.h"
#include "daemon/shard.h"
#include "daemon/system.h"
#include "journal/journal_io.h"
#include "journal/syncer.h"

enum {
        DESCRIPTORS_ASIDE = 1024, /* segments, cursors, listeners, Redis, the log */
        ADDRESS_SIZE = 320,
};

struct server {
        struct shard shard;
        struct loop loop;
        struct system_fork fork;
        struct redis_access access;
        struct resolver *resolver; /* NULL: no name is ever looked up */
        struct awake *awake;       /* NULL: processors may sleep */
        void *loop_memory;
        size_t loop_memory_size;
        bool is_stopping;
};

/* ---- what the loop tells ---- */

static void on_socket(void *self, uint32_t token, bool is_readable, bool is_writable)
{
        struct server *server = self;

        shard_on_socket(&server->shard, token, is_readable, is_writable);
}

static void on_accept(void *self, uint32_t listener)
{
        struct server *server = self;

        shard_on_accept(&server->shard, listener);
}

static void on_signal(void *self, int number)
{
        struct server *server = self;

        log_event(&server->shard.log, LOG_INFO, "signal", "number=%d", number);
        shard_stop(&server->shard, server->is_stopping);
        server->is_stopping = true;
}

static void on_copy(void *context)
{
        struct server *server = context;

        loop_close_in_copy(&server->loop);
}

/* ---- start ---- */

static int say(const char *text, int code)
{
        (void)fprintf(stderr, "acdd: %s\n", text);
        return code;
}

/* As many descriptors as the limits need, if the system lets us. */
static void raise_descriptors(uint64_t needed)
{
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= needed)
                return;
        limit.rlim_cur = limit.rlim_max < needed ? limit.rlim_max : needed;
        if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
                (void)fprintf(stderr, "acdd: only %llu descriptors: %s\n",
                              (unsigned long long)needed, strerror(errno));
}

/* A peer that is gone is an error of write(), not the end of the process. */
static void ignore_pipes(void)
{
        struct sigaction action = { .sa_handler = SIG_IGN };

        ACD_ASSERT(sigaction(SIGPIPE, &action, NULL) == 0);
}

static int open_loop(struct server *server, const struct options *options)
{
        uint64_t fd_max = options_number(options, OPTION_CONNECTION_COUNT_MAX) + DESCRIPTORS_ASIDE;
        struct loop_setup setup = {
                .fd_max = (uint32_t)fd_max,
                .io = (enum loop_io)options_number(options, OPTION_IO),
                .is_exact = options_number(options, OPTION_CLOCK_RATE) > 1,
                .owner = { on_socket, on_accept, on_signal, server },
        };
        struct loop_error error = { .text = "" };

        raise_descriptors(fd_max);
        server->loop_memory_size = loop_memory_size((uint32_t)fd_max);
        server->loop_memory = world_system_os.reserve(NULL, server->loop_memory_size);
        if (server->loop_memory == NULL)
                return say("no memory for the event loop", SERVER_EXIT_START);
        setup.memory = server->loop_memory;
        if (loop_open(&server->loop, &setup, &error) < 0)
                return say(error.text, SERVER_EXIT_START);
        return 0;
}

/* What is needed to reach Redis, where there is one. */
static int open_access(struct server *server, const struct options *options)
{
        char text[ACCESS_ERROR_SIZE];
        int r;

        if (options_text(options, OPTION_REDIS)[0] == '\0')
                return 0;
        if (access_open(&server->access, options, text) < 0)
                return say(text, SERVER_EXIT_START);
        r = resolver_open(&server->resolver);
        if (r < 0) {
                (void)snprintf(text, sizeof(text), "no thread to look up names: %s", strerror(-r));
                return say(text, SERVER_EXIT_START);
        }
        server->loop.resolver = server->resolver;
        return 0;
}

static int open_awake(struct server *server, const struct options *options)
{
        uint64_t span_us = options_number(options, OPTION_STAY_AWAKE_US);
        char text[160];
        int r = span_us == 0 ? 0 : awake_open(&server->awake, span_us);

        if (r == 0)
                return 0;
        (void)snprintf(text, sizeof(text), "no thread to stay awake: %s", strerror(-r));
        return say(text, SERVER_EXIT_START);
}

static int open_shard(struct server *server, const struct options *options)
{
        struct shard_error error = { .text = "" };
        struct shard_world world = {
                .clock = &world_clock_os,
                .sockets = &server->loop.sockets,
                .io_name = loop_io_name(&server->loop),
                .system = &world_system_os,
                .fork = &server->fork.table,
                .disk = &journal_io_os,
                .redis = &server->access,
                .log_fd = STDERR_FILENO,
                .has_thread = true,
        };

        system_fork_init(&server->fork, on_copy, server);
        if (shard_open(&server->shard, &world, options, &error) < 0)
                return say(error.text, SERVER_EXIT_START);
        panic_know(&server->shard);
        return config_apply(&server->shard) < 0 ? SERVER_EXIT_USAGE : 0;
}

/* Every address of --listen. */
static int listen_all(struct server *server, const struct options *options)
{
        const char *dir = options_text(options, OPTION_DATA_DIR);
        const char *text = options_text(options, OPTION_LISTEN);

        while (*text != '\0') {
                const char *end = strchrnul(text, ',');
                struct loop_error error = { .text = "" };
                char address[ADDRESS_SIZE];

                (void)snprintf(address, sizeof(address), "%.*s", (int)(end - text), text);
                if (loop_listen(&server->loop, address, dir, &error) < 0)
                        return say(error.text, SERVER_EXIT_START);
                log_event(&server->shard.log, LOG_INFO, "listening", "address=\"%s\"", address);
                text = *end == ',' ? end + 1 : end;
        }
        return 0;
}

static void say_io(struct server *server)
{
        const struct loop *loop = &server->loop;
        bool is_asked = options_number(server->shard.options, OPTION_IO) == LOOP_IO_URING;

        if (loop->refusal < 0)
                log_event(&server->shard.log, is_asked ? LOG_WARNING : LOG_INFO, "io_uring_refused",
                          "reason=\"%s\" instead=%s", strerror(-loop->refusal), loop_io_name(loop));
}

static int watch_all(struct server *server)
{
        int wake_fd = journal_syncer_event_fd(server->shard.journal);

        if (loop_watch_signal(&server->loop, SIGTERM) < 0 ||
            loop_watch_signal(&server->loop, SIGINT) < 0 ||
            (wake_fd >= 0 && loop_watch_wake(&server->loop, wake_fd) < 0) ||
            (server->resolver != NULL &&
             loop_watch_wake(&server->loop, resolver_event_fd(server->resolver)) < 0))
                return say("no memory for signals", SERVER_EXIT_START);
        return 0;
}

/* ---- run ---- */

static int report_failure(struct server *server, int r)
{
        const struct journal_error *failure = journal_failure(server->shard.journal);
        char text[SHARD_ERROR_SIZE];

        if (failure->code == 0)
                failure = event_log_failure(server->shard.event_log);
        if (failure->code != 0)
                (void)journal_error_format(failure, text, sizeof(text));
        else
                (void)snprintf(text, sizeof(text), "%s", strerror(-r));
        log_event(&server->shard.log, LOG_ERROR, "failed", "reason=\"%s\"", text);
        log_drain(&server->shard.log);
        return say(text, SERVER_EXIT_FAILED);
}

static int serve(struct server *server)
{
        const struct metrics *metrics = &server->shard.metrics;

        while (server->shard.run != SHARD_STOPPED) {
                uint64_t before = metrics->frames_in_total;
                int r;

                if (server->resolver != NULL)
                        resolver_hush(server->resolver);
                r = shard_turn(&server->shard);

                if (r < 0)
                        return report_failure(server, r);
                if (metrics->frames_in_total != before)
                        awake_touch(server->awake);
                if (server->shard.run != SHARD_STOPPED)
                        loop_wait(&server->loop, shard_wait_ns(&server->shard));
        }
        return SERVER_EXIT_OK;
}

int server_run(const struct options *options)
{
        struct server *server = world_system_os.reserve(NULL, sizeof(*server));
        int code;

        if (server == NULL)
                return say("no memory", SERVER_EXIT_START);
        ignore_pipes();
        code = open_loop(server, options);
        if (code == 0)
                code = open_access(server, options);
        if (code == 0)
                code = open_shard(server, options);
        if (code == 0)
                code = open_awake(server, options);
        if (code == 0)
                code = watch_all(server);
        if (code == 0)
                say_io(server);
        if (code == 0)
                code = listen_all(server, options);
        if (code == 0)
                code = serve(server);

        panic_know(NULL);
        if (server->shard.options != NULL)
                shard_close(&server->shard);
        loop_close(&server->loop);
        resolver_close(server->resolver);
        awake_close(server->awake);
        access_close(&server->access);
        if (server->loop_memory != NULL)
                world_system_os.release(NULL, server->loop_memory, server->loop_memory_size);
        world_system_os.release(NULL, server, sizeof(*server));
        return code;
}

int server_check(const struct options *options)
{
        struct redis_access access = { .user = "" };
        char text[ACCESS_ERROR_SIZE];

        if (access_open(&access, options, text) < 0)
                return say(text, SERVER_EXIT_USAGE);
        access_close(&access);
        (void)printf("acdd: the configuration is good\n");
        return SERVER_EXIT_OK;
}

int server_print_memory(const struct options *options)
{
        struct acd_limits limits = options_limits(options);
        struct shard *shard = world_system_os.reserve(NULL, sizeof(*shard));
        struct carve block = { 0 };

        if (shard == NULL || acd_size(&limits) == 0)
                return say("a limit is out of its range", SERVER_EXIT_USAGE);
        shard_carve(shard, &block, options, &limits);
        for (uint32_t i = 0; i < block.row_count; i++)
                (void)printf("%14zu  %s\n", block.row[i].size, block.row[i].what);
        (void)printf("%14zu  in all, at most; what is not used is not taken\n", block.used_size);
        world_system_os.release(NULL, shard, sizeof(*shard));
        return SERVER_EXIT_OK;
}
