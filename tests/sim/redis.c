/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The simulated Redis: one stream, one connection at a time that matters.
 *
 * Commands are arrays of bulk strings; anything else from the daemon is a finding. An id
 * that is not above the last one is refused, as the real one does.
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
};

struct redis_link {
        int link; /* -1: none */
        uint8_t *input;
        uint32_t input_size;
        uint8_t output[OUTPUT_SIZE];
        uint32_t output_size;
};

struct sim_redis {
        struct sim *sim;
        struct redis_link client[REDIS_LINK_MAX];
        struct redis_entry *entry;
        uint32_t entry_count, entry_capacity;
        bool is_up;
        uint64_t change_at; /* goes away or comes back */
        uint64_t deaf_until;
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

void redis_free(struct sim_redis *redis)
{
        for (int i = 0; i < REDIS_LINK_MAX; i++)
                free(redis->client[i].input);
        for (uint32_t i = 0; i < redis->entry_count; i++)
                free(redis->entry[i].bytes);
        free(redis->entry);
        free(redis);
}

const struct redis_entry *redis_entries(const struct sim_redis *redis, uint32_t *ret_count)
{
        *ret_count = redis->entry_count;
        return redis->entry;
}

static void hang_up(struct sim_redis *redis, struct redis_link *client)
{
        net_hang_up(redis->sim->net, client->link);
        client->link = -1;
        client->input_size = 0;
        client->output_size = 0;
}

/* Commands */

static void say(struct sim_redis *redis, struct redis_link *client, const char *text)
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

static bool is_key(const struct argument *argument)
{
        return is_word(argument, "acd:{bank}:events");
}

static void do_info(struct sim_redis *redis, struct redis_link *client)
{
        char id[64], answer[256];
        const struct redis_entry *last;

        if (redis->entry_count == 0) {
                say(redis, client, "-ERR no such key\r\n");
                return;
        }
        last = &redis->entry[redis->entry_count - 1];
        snprintf(id, sizeof(id), "%llu-%llu", (unsigned long long)last->epoch,
                 (unsigned long long)last->sequence);
        snprintf(answer, sizeof(answer),
                 "*4\r\n$6\r\nlength\r\n:%u\r\n$17\r\nlast-generated-id\r\n$%zu\r\n%s\r\n",
                 redis->entry_count, strlen(id), id);
        say(redis, client, answer);
}

static void add(struct sim_redis *redis, uint64_t epoch, uint64_t sequence,
                const struct argument *bytes)
{
        struct redis_entry *entry;

        if (redis->entry_count == redis->entry_capacity) {
                redis->entry_capacity = redis->entry_capacity * 2 + 256;
                redis->entry = realloc(redis->entry,
                                       redis->entry_capacity * sizeof(*redis->entry));
                ACD_ASSERT(redis->entry != NULL);
        }
        entry = &redis->entry[redis->entry_count++];
        *entry = (struct redis_entry){ .epoch = epoch,
                                       .sequence = sequence,
                                       .bytes = malloc(bytes->size + 1),
                                       .size = bytes->size };
        ACD_ASSERT(entry->bytes != NULL);
        memcpy(entry->bytes, bytes->at, bytes->size);
}

static void do_add(struct sim_redis *redis, struct redis_link *client,
                   const struct argument *argument)
{
        const struct redis_entry *last =
                redis->entry_count > 0 ? &redis->entry[redis->entry_count - 1] : NULL;
        char id[64], answer[128];
        char *end;
        uint64_t epoch, sequence;

        ACD_ASSERT(argument[2].size < sizeof(id));
        memcpy(id, argument[2].at, argument[2].size);
        id[argument[2].size] = 0;
        epoch = strtoull(id, &end, 10);
        if (*end != '-')
                sim_fail(redis->sim, "Redis: XADD with the id %s", id);
        sequence = strtoull(end + 1, &end, 10);
        if (last != NULL && (epoch < last->epoch ||
                             (epoch == last->epoch && sequence <= last->sequence))) {
                say(redis, client,
                    "-ERR The ID specified in XADD is equal or smaller than the target stream "
                    "top item\r\n");
                return;
        }
        add(redis, epoch, sequence, &argument[4]);
        snprintf(answer, sizeof(answer), "$%zu\r\n%s\r\n", strlen(id), id);
        say(redis, client, answer);
}

static void run(struct sim_redis *redis, struct redis_link *client,
                const struct argument *argument, uint32_t count)
{
        if (count == 1 && is_word(&argument[0], "ROLE"))
                say(redis, client, "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n");
        else if (count == 3 && is_word(&argument[0], "XINFO") && is_key(&argument[2]))
                do_info(redis, client);
        else if (count == 5 && is_word(&argument[0], "XADD") && is_key(&argument[1]))
                do_add(redis, client, argument);
        else
                say(redis, client, "-ERR unknown command\r\n");
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
static bool take(struct sim_redis *redis, struct redis_link *client)
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

static void serve(struct sim_redis *redis, struct redis_link *client)
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
        if (sim_percent(sim, 50)) {
                uint64_t lost = sim_below(sim, LOST_MAX);

                while (lost-- > 0 && redis->entry_count > 0)
                        free(redis->entry[--redis->entry_count].bytes);
        }
        redis->change_at = sim->now + sim_about(sim, 4 * SIM_SECOND);
}

static void misbehave(struct sim_redis *redis)
{
        struct sim *sim = redis->sim;

        if (sim->phase != SIM_FAULTS) {
                redis->is_up = true;
                redis->deaf_until = 0;
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
