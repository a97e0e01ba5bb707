/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readers of the stream while the daemon and Redis die under load.
 *
 *   load ACDD REDIS_SERVER TAIL [--kills N] [--seed S]
 *
 * Goal    What libacdconsumer hands out is the stream: every entry once, in order, the
 *         same bytes, and no word of a gap, for there is none.
 * Method  A real daemon and a redis-server that forgets everything when it dies, so that
 *         the daemon has to fill it again; a floor of clients; either is killed at random
 *         moments. One reader reads from the beginning; one follows from the state that there
 *         was before anything happened; two share a group, and one of those is killed as well.
 *         At the end what they said is compared with the stream as redis-server
 *         has it, entry by entry: ids and checksums. In the group each entry must have come;
 *         more than once is allowed, for the group dies with each Redis, but nothing that is not
 *         in the stream.
 */

#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/prng.h"
#include "clients/rehearse/stream.h"
#include "tests/process/support/floor.h"
#include "tests/process/support/process.h"

enum { AGENT_COUNT = 12, OPEN_MAX = 64, SUBMIT_PER_KILL = 1500, ENTRY_MAX = 1 << 20 };

struct setup {
        const char *acdd, *redis_server, *tail;
        const char *data, *address;
        char redis_address[32], redis_port[8];
        struct process daemon, redis, reader, follower, first, second;
};

/* An entry: of the stream, or as a reader said it. */
struct entry {
        uint64_t epoch, sequence;
        uint32_t crc;
        bool is_again;
};

struct entries {
        struct entry *at;
        size_t count;
        struct entry start; /* of a reader's state; 0-0 without one */
};

static void start_redis(struct setup *setup)
{
        const char *const arguments[] = { setup->redis_server,
                                          "--port",
                                          setup->redis_port,
                                          "--bind",
                                          "127.0.0.1",
                                          "--save",
                                          "",
                                          "--dir",
                                          process_directory(),
                                          NULL };

        process_start(&setup->redis, "redis", arguments);
}

/* A connection, as soon as redis-server takes one. */
static redisContext *await_redis(const struct setup *setup)
{
        uint64_t patience = process_now_ms() + 30000;

        while (true) {
                redisContext *redis =
                        redisConnect("127.0.0.1", (int)strtol(setup->redis_port, NULL, 10));

                check(redis != NULL && process_now_ms() < patience, "no redis-server");
                if (redis->err == 0)
                        return redis;
                redisFree(redis);
        }
}

/* Nothing has happened yet: what acdd would say of the tenant in its first run. */
static void set_state(const struct setup *setup)
{
        static const char state[] = "\x0a\x05"
                                    "floor\x11\x01\0\0\0\0\0\0";
        redisContext *redis = await_redis(setup);
        redisReply *reply;

        reply = redisCommand(redis, "SET acd:{floor}:state %b", state, sizeof(state));
        check(reply != NULL, "no answer to SET");
        freeReplyObject(reply);
        redisFree(redis);
}

static void start_daemon(struct setup *setup)
{
        const char *const arguments[] = { setup->acdd,
                                          "--data-dir",
                                          setup->data,
                                          "--listen",
                                          setup->address,
                                          "--redis",
                                          setup->redis_address,
                                          "--limit-contact-count-max",
                                          "4000",
                                          "--limit-agent-count-max",
                                          "100",
                                          NULL };

        process_start(&setup->daemon, "acdd", arguments);
}

static void start_reader(struct setup *setup, struct process *process, const char *name,
                         const char *const start[3])
{
        const char *const arguments[] = { setup->tail, setup->redis_address,
                                          "floor",     start[0],
                                          start[1],    start[2],
                                          "--claim",   "1000",
                                          NULL };

        process_start(process, name, arguments);
}

static void start_member(struct setup *setup, struct process *process, const char *name)
{
        char who[32];

        snprintf(who, sizeof(who), "g/%s", name);
        start_reader(setup, process, name, (const char *const[]){ "group", who, "--count" });
}

static void wait_up(struct setup *setup, struct floor *floor)
{
        uint64_t patience = process_now_ms() + 60000;

        /* Clients notice that a daemon is gone only when they run. */
        do {
                floor_run(floor, 5);
                check(process_now_ms() < patience, "the daemon does not come back");
                check(process_is_running(&setup->daemon), "the daemon ended by itself");
        } while (!floor_is_up(floor));
}

static void one_life(struct setup *setup, struct floor *floor, struct acd_prng *prng)
{
        wait_up(setup, floor);
        floor_run(floor, (uint32_t)acd_prng_below(prng, 300));
        switch (acd_prng_below(prng, 3)) {
        case 0:
                process_kill(&setup->daemon);
                start_daemon(setup);
                break;
        case 1:
                process_kill(&setup->redis);
                floor_run(floor, (uint32_t)acd_prng_below(prng, 100));
                start_redis(setup);
                break;
        default:
                process_kill(&setup->second);
                start_member(setup, &setup->second, "second");
        }
        check(process_is_running(&setup->reader) && process_is_running(&setup->first) &&
                      process_is_running(&setup->follower),
              "a reader ended by itself");
}

static void add(struct entries *entries, struct entry entry)
{
        check(entries->count < ENTRY_MAX, "too many entries");
        if (entries->at == NULL)
                entries->at = calloc(ENTRY_MAX, sizeof(*entries->at));
        check(entries->at != NULL, "no memory");
        entries->at[entries->count++] = entry;
}

static struct entry entry_of(const char *id)
{
        const char *dash = strchr(id, '-');

        check(dash != NULL, "no id: %s", id);
        return (struct entry){ .epoch = strtoull(id, NULL, 10),
                               .sequence = strtoull(dash + 1, NULL, 10) };
}

/* EVENTS ID FIRST LAST REFLECTED AGAIN CRC: the words behind the id. */
static void read_line(struct entries *entries, const char *line, const char *why)
{
        struct entry entry;
        char *at = NULL;

        if (strncmp(line, "EVENTS ", 7) != 0) {
                check(strncmp(line, "TROUBLE ", 8) == 0 || strstr(line, why) != NULL,
                      "a reader says: %s", line);
                check(strstr(line, "DAMAGED") == NULL, "a reader says: %s", line);
                if (strncmp(line, "STATE ", 6) == 0)
                        entries->start = entry_of(line + 6);
                return;
        }
        entry = entry_of(line + 7);
        (void)strtoull(strchr(line + 7, ' '), &at, 10);
        (void)strtoull(at, &at, 10);
        (void)strtoull(at, &at, 10);
        entry.is_again = strtoull(at, &at, 10) != 0;
        entry.crc = (uint32_t)strtoull(at, NULL, 10);
        add(entries, entry);
}

/* @why is the one reason for a state that is allowed. */
static void read_log(const char *name, struct entries *entries, const char *why)
{
        FILE *file = fopen(process_path(name), "r");
        char line[512];

        check(file != NULL, "no %s", name);
        while (fgets(line, sizeof(line), file) != NULL) {
                /* One that was killed may have said half a line. */
                if (strchr(line, '\n') != NULL)
                        read_line(entries, line, why);
        }
        fclose(file);
}

static void read_stream(const struct setup *setup, struct entries *entries)
{
        redisContext *redis = redisConnect("127.0.0.1", (int)strtol(setup->redis_port, NULL, 10));
        redisReply *reply = redisCommand(redis, "XRANGE acd:{floor}:events - +");

        check(reply != NULL && reply->type == REDIS_REPLY_ARRAY, "no stream");
        for (size_t i = 0; i < reply->elements; i++) {
                const redisReply *value = reply->element[i]->element[1]->element[1];
                struct entry entry = entry_of(reply->element[i]->element[0]->str);

                entry.crc = acd_crc32c(0, value->str, value->len);
                add(entries, entry);
        }
        freeReplyObject(reply);
        redisFree(redis);
}

static bool is_same(const struct entry *a, const struct entry *b)
{
        return a->epoch == b->epoch && a->sequence == b->sequence && a->crc == b->crc;
}

static int by_id(const void *a, const void *b)
{
        const struct entry *left = a;
        const struct entry *right = b;

        if (left->epoch != right->epoch)
                return left->epoch < right->epoch ? -1 : 1;
        if (left->sequence != right->sequence)
                return left->sequence < right->sequence ? -1 : 1;
        return (int)left->is_again - (int)right->is_again;
}

/* Has @name said @text? */
static bool has_said(const char *name, const char *text)
{
        char path[PROCESS_PATH_MAX + 64], line[512];
        bool is_said = false;
        FILE *file;

        snprintf(path, sizeof(path), "%s/%s.log", process_directory(), name);
        file = fopen(path, "r");
        while (file != NULL && !is_said && fgets(line, sizeof(line), file) != NULL)
                is_said = strncmp(line, text, strlen(text)) == 0;
        if (file != NULL)
                fclose(file);
        return is_said;
}

/* Until one of two has said @text. */
static void wait_for(const char *text, const char *name, const char *other)
{
        uint64_t patience = process_now_ms() + 60000;

        while (!has_said(name, text) && (other == NULL || !has_said(other, text))) {
                poll(NULL, 0, 10);
                check(process_now_ms() < patience, "%s does not get to %s", name, text);
        }
}

/* What was said is the end of the stream; all of it, or what is behind the state. */
static void check_tail(const struct entries *stream, const char *log, const char *why)
{
        struct entries said = { 0 };
        size_t from;

        read_log(log, &said, why);
        check(said.count > 0 && said.count <= stream->count, "%s: %zu entries of %zu", log,
              said.count, stream->count);
        from = stream->count - said.count;
        check(from == 0 || by_id(&stream->at[from - 1], &said.start) <= 0,
              "%s: entries before the first are missing", log);
        for (size_t i = 0; i < said.count; i++)
                check(is_same(&said.at[i], &stream->at[from + i]), "%s: entry %zu is another one",
                      log, i);
        free(said.at);
}

static void compare(const struct setup *setup)
{
        struct entries stream = { 0 }, shared = { 0 };
        size_t next = 0, again = 0;
        char last[64];

        read_stream(setup, &stream);
        check(stream.count > 0, "an empty stream");
        snprintf(last, sizeof(last), "EVENTS %" PRIu64 "-%" PRIu64 " ",
                 stream.at[stream.count - 1].epoch, stream.at[stream.count - 1].sequence);
        wait_for(last, "reader", NULL);
        wait_for(last, "follower", NULL);
        wait_for(last, "first", "second");
        check_tail(&stream, "reader.log", "nothing");
        check_tail(&stream, "follower.log", " START ");

        /* A group goes with the Redis that had it. */
        read_log("first.log", &shared, " GROUP_LOST ");
        read_log("second.log", &shared, " GROUP_LOST ");
        qsort(shared.at, shared.count, sizeof(*shared.at), by_id);
        for (size_t i = 0; i < stream.count; i++) {
                check(next < shared.count && is_same(&shared.at[next], &stream.at[i]),
                      "the group has not seen entry %zu", i);
                for (next++; next < shared.count && is_same(&shared.at[next], &stream.at[i]);
                     next++)
                        again++;
        }
        check(next == shared.count, "the group has seen what is not there");
        printf("%zu entries, each once; in the group %zu of them again\n", stream.count, again);
        free(stream.at);
        free(shared.at);
}

static void run(struct setup *setup, uint32_t kill_count, uint64_t seed)
{
        struct acd_prng prng;
        struct floor_options options = {
                .address = setup->address,
                .agent_count = AGENT_COUNT,
                .open_max = OPEN_MAX,
                .submit_max = kill_count * SUBMIT_PER_KILL,
                .reject_share = 5,
                .seed = seed,
        };
        struct history *history = history_new(options.submit_max);
        struct stream_report report;
        struct floor *floor;
        int code;

        acd_prng_init(&prng, seed);
        start_redis(setup);
        start_reader(setup, &setup->reader, "reader",
                     (const char *const[]){ "begin", "--count", "16" });
        set_state(setup);
        start_reader(setup, &setup->follower, "follower",
                     (const char *const[]){ "state", "--count", "16" });
        start_member(setup, &setup->first, "first");
        start_member(setup, &setup->second, "second");
        wait_for("STATE ", "follower", NULL);
        start_daemon(setup);
        floor_configure(&options);
        floor = floor_new(&options, history);
        for (uint32_t i = 0; i < kill_count; i++)
                one_life(setup, floor, &prng);
        wait_up(setup, floor);
        check(floor_finish(floor, 120000), "%u contacts are not over", history_open_count(history));
        history_close(history);
        redisFree(await_redis(setup));
        check(stream_read(setup->redis_address, "floor", history_last_sequence(history), 60000,
                          &report) &&
                      report.gap_count == 0 && report.repeat_count == 0,
              "the stream is not complete");
        floor_free(floor);
        process_signal(&setup->daemon, SIGTERM);
        code = process_wait(&setup->daemon, 60000);
        check(code == 0, "the daemon does not stop cleanly: exit %d", code);
        compare(setup);
        process_kill(&setup->reader);
        process_kill(&setup->follower);
        process_kill(&setup->first);
        process_kill(&setup->second);
        process_kill(&setup->redis);
        history_free(history);
}

int main(int argc, char **argv)
{
        struct setup setup = { 0 };
        uint32_t kill_count = 30;
        uint64_t seed = 1;
        char *address = NULL;

        check(argc >= 4, "usage: load ACDD REDIS_SERVER TAIL [--kills N] [--seed S]");
        for (int i = 4; i + 1 < argc; i += 2) {
                if (strcmp(argv[i], "--kills") == 0)
                        kill_count = (uint32_t)strtoul(argv[i + 1], NULL, 10);
                if (strcmp(argv[i], "--seed") == 0)
                        seed = strtoull(argv[i + 1], NULL, 10);
        }
        signal(SIGPIPE, SIG_IGN);
        setup.acdd = argv[1];
        setup.redis_server = argv[2];
        setup.tail = argv[3];
        setup.data = process_path("data");
        check(asprintf(&address, "unix:%s", process_path("acdd.sock")) > 0, "no memory");
        setup.address = address;
        snprintf(setup.redis_port, sizeof(setup.redis_port), "%u", process_free_port());
        snprintf(setup.redis_address, sizeof(setup.redis_address), "127.0.0.1:%s",
                 setup.redis_port);
        printf("load --kills %u --seed %" PRIu64 "\n", kill_count, seed);
        fflush(stdout);
        run(&setup, kill_count, seed);
        process_done();
        free(address);
        return 0;
}
