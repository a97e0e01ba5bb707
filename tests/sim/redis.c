/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The simulated Redis: some streams, one connection at a time that matters.
 *
 * Commands are arrays of bulk strings; anything else from the daemon is a finding. An id
 * that is not above the last one is refused, as the real one does, and a transaction is all
 * or nothing. At times it is full, now and then for single commands: whoever sends the next entry
 * before the last one is answered leaves a hole, which the judge sees.
 */

#include "tests/sim/redis.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "tests/sim/net.h"
#include "tests/sim/sim.h"

enum {
        REDIS_LINK_MAX = 8,
        INPUT_SIZE = 1 << 21,
        OUTPUT_SIZE = 1 << 16,
        ARGUMENT_MAX = 8,
        LOST_MAX = 30,
        QUEUED_MAX = 1024,
        STREAM_MAX = 4,
        ASKED_MAX = 100, /* questions, and refused rounds, in a second */
};

/* Why writes are refused for a while. */
enum refusal { REFUSAL_FULL, REFUSAL_FULL_AT_EXEC, REFUSAL_RIGHTS, REFUSAL_COUNT };

struct stream {
        char key[64];
        struct redis_entry *entry;
        uint32_t entry_count, entry_capacity;
};

/* An XADD that waits for EXEC. */
struct queued {
        struct stream *stream;
        bool is_resync;
        uint64_t epoch, sequence;
        bool is_not_to_make; /* NOMKSTREAM */
        uint8_t *bytes;
        uint32_t size;
};

struct client {
        int link; /* -1: none */
        bool is_multi, is_refused; /* a transaction is open; a command of it was not queued */
        struct queued queued[QUEUED_MAX];
        uint32_t queued_count;
        uint8_t *input;
        uint32_t input_size;
        uint8_t output[OUTPUT_SIZE];
        uint32_t output_size;
};

struct sim_redis {
        struct sim *sim;
        struct client client[REDIS_LINK_MAX];
        struct stream stream[STREAM_MAX];
        bool is_up;
        uint64_t change_at; /* goes away or comes back */
        uint64_t deaf_until;
        uint64_t refuses_until; /* writes, or some of them */
        enum refusal refusal;
        uint64_t asked_second;
        uint32_t asked_count;
};

struct argument {
        const uint8_t *at;
        uint32_t size;
};

struct sim_redis *redis_new(struct sim *sim)
{
        struct sim_redis *redis = calloc(1, sizeof(*redis));

        ACD_ASSERT(redis != NULL);
        redis->sim = sim;
        for (int i = 0; i < REDIS_LINK_MAX; i++) {
                redis->client[i].link = -1;
                redis->client[i].input = malloc(INPUT_SIZE);
                ACD_ASSERT(redis->client[i].input != NULL);
        }
        redis->is_up = true;
        redis->change_at = sim_about(sim, 20 * SIM_SECOND);
        net_set_redis(sim->net, true);
        return redis;
}

/* The newest @count. */
static void lose_entries(struct stream *stream, uint64_t count)
{
        while (count-- > 0 && stream->entry_count > 0)
                free(stream->entry[--stream->entry_count].bytes);
}

void redis_free(struct sim_redis *redis)
{
        for (int i = 0; i < REDIS_LINK_MAX; i++)
                free(redis->client[i].input);
        for (int i = 0; i < STREAM_MAX; i++) {
                lose_entries(&redis->stream[i], UINT64_MAX);
                free(redis->stream[i].entry);
        }
        free(redis);
}

const struct redis_entry *redis_entries(const struct sim_redis *redis, const char *tenant,
                                        uint32_t *ret_count)
{
        char key[64];

        snprintf(key, sizeof(key), "acd:{%s}:events", tenant);
        *ret_count = 0;
        for (int i = 0; i < STREAM_MAX; i++) {
                if (strcmp(redis->stream[i].key, key) != 0)
                        continue;
                *ret_count = redis->stream[i].entry_count;
                return redis->stream[i].entry;
        }
        return NULL;
}

static void drop_queued(struct client *client)
{
        while (client->queued_count > 0)
                free(client->queued[--client->queued_count].bytes);
        client->is_multi = client->is_refused = false;
}

static void hang_up(struct sim_redis *redis, struct client *client)
{
        drop_queued(client);
        net_hang_up(redis->sim->net, client->link);
        client->link = -1;
        client->input_size = 0;
        client->output_size = 0;
}

/* Commands */

static void say(struct sim_redis *redis, struct client *client, const char *text)
{
        size_t size = strlen(text);

        if (size > OUTPUT_SIZE - client->output_size)
                sim_fail(redis->sim, "Redis: answers that nobody reads");
        memcpy(client->output + client->output_size, text, size);
        client->output_size += (uint32_t)size;
}

static bool is_word(const struct argument *argument, const char *word)
{
        return argument->size == strlen(word) && memcmp(argument->at, word, argument->size) == 0;
}

/* The stream with this key, empty when nobody wrote to it yet. */
static struct stream *stream_of(struct sim_redis *redis, const struct argument *key)
{
        for (int i = 0; i < STREAM_MAX; i++) {
                struct stream *stream = &redis->stream[i];

                if (stream->key[0] == 0 && key->size < sizeof(stream->key))
                        memcpy(stream->key, key->at, key->size);
                if (is_word(key, stream->key))
                        return stream;
        }
        sim_fail(redis->sim, "Redis: the key %.*s", (int)key->size, (const char *)key->at);
}

static bool refuses(const struct sim_redis *redis, enum refusal refusal)
{
        return redis->sim->now < redis->refuses_until && redis->refusal == refusal;
}

/* Something that whoever waits between two tries asks now and then. */
static void count_asked(struct sim_redis *redis)
{
        if (redis->asked_second != redis->sim->now / SIM_SECOND)
                redis->asked_count = 0;
        redis->asked_second = redis->sim->now / SIM_SECOND;
        if (++redis->asked_count > ASKED_MAX)
                sim_fail(redis->sim, "Redis: is asked again and again");
}

static void do_info(struct sim_redis *redis, struct client *client, const struct stream *stream)
{
        char id[64], answer[256];
        const struct redis_entry *last;

        count_asked(redis);
        if (stream->entry_count == 0) {
                say(redis, client, "-ERR no such key\r\n");
                return;
        }
        last = &stream->entry[stream->entry_count - 1];
        snprintf(id, sizeof(id), "%llu-%llu", (unsigned long long)last->epoch,
                 (unsigned long long)last->sequence);
        snprintf(answer, sizeof(answer),
                 "*4\r\n$6\r\nlength\r\n:%u\r\n$17\r\nlast-generated-id\r\n$%zu\r\n%s\r\n",
                 stream->entry_count, strlen(id), id);
        say(redis, client, answer);
}

/* The bytes now belong to the stream. */
static void add(const struct queued *queued)
{
        struct stream *stream = queued->stream;

        if (stream->entry_count == stream->entry_capacity) {
                stream->entry_capacity = stream->entry_capacity * 2 + 256;
                stream->entry = realloc(stream->entry,
                                        stream->entry_capacity * sizeof(*stream->entry));
                ACD_ASSERT(stream->entry != NULL);
        }
        stream->entry[stream->entry_count++] = (struct redis_entry){
                .epoch = queued->epoch,
                .sequence = queued->sequence,
                .is_resync = queued->is_resync,
                .bytes = queued->bytes,
                .size = queued->size,
        };
}

static void run_queued(struct sim_redis *redis, struct client *client, struct queued *queued)
{
        const struct stream *stream = queued->stream;
        const struct redis_entry *last =
                stream->entry_count > 0 ? &stream->entry[stream->entry_count - 1] : NULL;
        char id[64], answer[128];

        if (last == NULL && queued->is_not_to_make) {
                say(redis, client, "$-1\r\n");
                return;
        }
        if (last != NULL &&
            (queued->epoch < last->epoch ||
             (queued->epoch == last->epoch && queued->sequence <= last->sequence))) {
                say(redis, client,
                    "-ERR The ID specified in XADD is equal or smaller than the target stream "
                    "top item\r\n");
                return;
        }
        add(queued);
        queued->bytes = NULL;
        snprintf(id, sizeof(id), "%llu-%llu", (unsigned long long)queued->epoch,
                 (unsigned long long)queued->sequence);
        snprintf(answer, sizeof(answer), "$%zu\r\n%s\r\n", strlen(id), id);
        say(redis, client, answer);
}

static void do_exec(struct sim_redis *redis, struct client *client)
{
        char head[32];

        if (!client->is_multi) {
                say(redis, client, "-ERR EXEC without MULTI\r\n");
                return;
        }
        if (refuses(redis, REFUSAL_FULL_AT_EXEC) && !client->is_refused) {
                count_asked(redis);
                say(redis, client,
                    "-EXECABORT Transaction discarded because of: OOM command not allowed when "
                    "used memory > 'maxmemory'.\r\n");
        } else if (client->is_refused) {
                say(redis, client,
                    "-EXECABORT Transaction discarded because of previous errors.\r\n");
        } else {
                snprintf(head, sizeof(head), "*%u\r\n", client->queued_count);
                say(redis, client, head);
                for (uint32_t i = 0; i < client->queued_count; i++)
                        run_queued(redis, client, &client->queued[i]);
        }
        drop_queued(client);
}

/* XADD key [NOMKSTREAM] id field value: only in a transaction. */
static void do_add(struct sim_redis *redis, struct client *client,
                   const struct argument *argument, uint32_t count)
{
        struct queued *queued = &client->queued[client->queued_count];
        const struct argument *id = &argument[count - 3], *value = &argument[count - 1];
        char text[64];
        char *end;

        if (!client->is_multi || client->queued_count == QUEUED_MAX || id->size >= sizeof(text))
                sim_fail(redis->sim, "Redis: XADD outside of a transaction, or too many in one");
        if (refuses(redis, REFUSAL_FULL) && sim_percent(redis->sim, 30)) {
                say(redis, client, "-OOM command not allowed when used memory > 'maxmemory'.\r\n");
                client->is_refused = true;
                return;
        }
        if (refuses(redis, REFUSAL_RIGHTS) && is_word(&argument[1], redis->stream[0].key)) {
                say(redis, client, "-NOPERM this user has no permissions to access a key\r\n");
                client->is_refused = true;
                return;
        }
        memcpy(text, id->at, id->size);
        text[id->size] = 0;
        *queued = (struct queued){ .stream = stream_of(redis, &argument[1]),
                                   .is_resync = is_word(&argument[count - 2], "resync"),
                                   .epoch = strtoull(text, &end, 10),
                                   .is_not_to_make = count == 6,
                                   .bytes = malloc(value->size + 1),
                                   .size = value->size };
        ACD_ASSERT(queued->bytes != NULL);
        memcpy(queued->bytes, value->at, value->size);
        client->queued_count++;
        if (*end != '-')
                sim_fail(redis->sim, "Redis: XADD with the id %s", text);
        queued->sequence = strtoull(end + 1, &end, 10);
        say(redis, client, "+QUEUED\r\n");
}

static void run(struct sim_redis *redis, struct client *client,
                const struct argument *argument, uint32_t count)
{
        if (count == 1 && is_word(&argument[0], "ROLE"))
                say(redis, client, "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n");
        else if (count == 3 && is_word(&argument[0], "CLIENT"))
                say(redis, client, "+OK\r\n");
        else if (count == 3 && is_word(&argument[0], "XINFO"))
                do_info(redis, client, stream_of(redis, &argument[2]));
        else if (count == 1 && is_word(&argument[0], "MULTI")) {
                client->is_multi = true;
                say(redis, client, "+OK\r\n");
        } else if (count == 1 && is_word(&argument[0], "EXEC"))
                do_exec(redis, client);
        else if ((count == 5 || count == 6) && is_word(&argument[0], "XADD"))
                do_add(redis, client, argument, count);
        else if (count == 2 && is_word(&argument[0], "GET"))
                say(redis, client, "$-1\r\n");
        else if (count == 3 && is_word(&argument[0], "SET"))
                say(redis, client, "+OK\r\n");
        else if (count == 5 && is_word(&argument[0], "XTRIM"))
                say(redis, client, ":0\r\n");
        else
                sim_fail(redis->sim, "Redis: an unknown command %.*s", (int)argument[0].size,
                         (const char *)argument[0].at);
}

/* "*3\r\n$5\r\nXINFO\r\n..." */

/* A line of @prefix and a number; the bytes it takes, 0 when it is not complete. */
static uint32_t number_line(struct sim_redis *redis, const uint8_t *at, uint32_t size, char prefix,
                            uint32_t *ret_number)
{
        uint32_t i = 1, value = 0;

        if (size == 0)
                return 0;
        if (at[0] != (uint8_t)prefix)
                sim_fail(redis->sim, "Redis: a byte %u where %c belongs", at[0], prefix);
        while (i < size && at[i] >= '0' && at[i] <= '9')
                value = value * 10 + (at[i++] - '0');
        if (i + 2 > size)
                return 0;
        *ret_number = value;
        return i + 2;
}

/* Take one command off the input; false when there is no whole one. */
static bool take(struct sim_redis *redis, struct client *client)
{
        struct argument argument[ARGUMENT_MAX];
        uint32_t at, count, size;

        at = number_line(redis, client->input, client->input_size, '*',
                         &count);
        if (at == 0)
                return false;
        if (count == 0 || count > ARGUMENT_MAX)
                sim_fail(redis->sim, "Redis: a command of %u words", count);
        for (uint32_t i = 0; i < count; i++) {
                uint32_t head = number_line(redis, client->input + at, client->input_size - at,
                                            '$', &size);

                if (head == 0 || client->input_size - at - head < size + 2)
                        return false;
                argument[i] = (struct argument){ client->input + at + head, size };
                at += head + size + 2;
        }
        run(redis, client, argument, count);
        memmove(client->input, client->input + at, client->input_size - at);
        client->input_size -= at;
        return true;
}

static void serve(struct sim_redis *redis, struct client *client)
{
        struct sim_net *net = redis->sim->net;
        int64_t moved = net_receive(net, client->link, client->input + client->input_size,
                                    INPUT_SIZE - client->input_size);

        if (moved < 0) {
                hang_up(redis, client);
                return;
        }
        client->input_size += (uint32_t)moved;
        while (client->output_size < OUTPUT_SIZE / 2 && take(redis, client)) {
        }
        if (client->output_size == 0)
                return;
        moved = net_send(net, client->link, client->output, client->output_size);
        if (moved < 0) {
                hang_up(redis, client);
                return;
        }
        memmove(client->output, client->output + moved, client->output_size - (uint32_t)moved);
        client->output_size -= (uint32_t)moved;
}

/* Going away and coming back */

static void go_away(struct sim_redis *redis)
{
        struct sim *sim = redis->sim;

        redis->is_up = false;
        net_set_redis(sim->net, false);
        for (int i = 0; i < REDIS_LINK_MAX; i++)
                if (redis->client[i].link >= 0)
                        hang_up(redis, &redis->client[i]);
        if (sim_percent(sim, 50))
                for (int i = 0; i < STREAM_MAX; i++)
                        lose_entries(&redis->stream[i], sim_below(sim, LOST_MAX));
        redis->change_at = sim->now + sim_about(sim, 4 * SIM_SECOND);
}

static void misbehave(struct sim_redis *redis)
{
        struct sim *sim = redis->sim;

        if (sim->phase != SIM_FAULTS) {
                redis->is_up = true;
                redis->deaf_until = 0;
                redis->refuses_until = 0;
                net_set_redis(sim->net, true);
                return;
        }
        if (sim->now < redis->change_at)
                return;
        if (!redis->is_up) {
                redis->is_up = true;
                net_set_redis(sim->net, true);
                redis->change_at = sim->now + sim_about(sim, 20 * SIM_SECOND);
        } else if (sim_percent(sim, 40)) {
                redis->deaf_until = sim->now + sim_about(sim, 6 * SIM_SECOND);
                redis->change_at = sim->now + sim_about(sim, 20 * SIM_SECOND);
        } else if (sim_percent(sim, 50)) {
                redis->refusal = (enum refusal)sim_below(sim, REFUSAL_COUNT);
                redis->refuses_until = sim->now + sim_about(sim, 6 * SIM_SECOND);
                redis->change_at = sim->now + sim_about(sim, 20 * SIM_SECOND);
        } else if (sim_percent(sim, 40)) {
                /* Somebody deletes one, or empties it all, and no connection ends. */
                bool is_all = sim_percent(sim, 50);

                for (int i = 0; i < STREAM_MAX; i++)
                        if (is_all || sim_percent(sim, 30))
                                lose_entries(&redis->stream[i], UINT64_MAX);
                redis->change_at = sim->now + sim_about(sim, 10 * SIM_SECOND);
        } else {
                go_away(redis);
        }
}

void redis_step(struct sim_redis *redis)
{
        int link;

        misbehave(redis);
        if (!redis->is_up || redis->sim->now < redis->deaf_until)
                return;
        while ((link = net_accept_redis(redis->sim->net)) >= 0) {
                int i = 0;

                while (i < REDIS_LINK_MAX && redis->client[i].link >= 0)
                        i++;
                ACD_ASSERT(i < REDIS_LINK_MAX);
                redis->client[i].link = link;
        }
        for (int i = 0; i < REDIS_LINK_MAX; i++)
                if (redis->client[i].link >= 0)
                        serve(redis, &redis->client[i]);
}

uint64_t redis_next_step(const struct sim_redis *redis)
{
        if (redis->sim->phase != SIM_FAULTS)
                return UINT64_MAX;
        if (redis->deaf_until > redis->sim->now && redis->deaf_until < redis->change_at)
                return redis->deaf_until;
        return redis->change_at;
}
