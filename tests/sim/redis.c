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
#include "tests/sim/mailbox.h"
#include "tests/sim/net.h"
#include "tests/sim/sim.h"

enum {
        REDIS_LINK_MAX = 32, /* while it does nothing, those that gave up stay too */
        INPUT_SIZE = 1 << 21,
        OUTPUT_SIZE = 1 << 16,
        ARGUMENT_MAX = 160, /* an XACK of 128 entries */
        GROUP_MAX = 4,
        READ_MAX = 64, /* entries that one read gives, whatever it asks for */
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
        uint64_t added_count; /* ever */
};

/* What waits for EXEC. */
enum queued_kind { QUEUED_EVENT, QUEUED_ANSWER, QUEUED_ACK, QUEUED_DELETE };

struct queued {
        enum queued_kind kind;
        struct stream *stream; /* EVENT: */
        bool is_resync;
        uint64_t epoch, sequence;
        uint64_t writer;
        bool is_not_to_make; /* NOMKSTREAM */
        uint8_t *bytes;      /* EVENT: its batch; else all words behind one another */
        uint32_t size;
        struct acd_bytes *word; /* views into bytes */
        uint32_t word_count;
};

/* XREADGROUP BLOCK that has got nothing yet. */
struct blocked {
        uint64_t until; /* 0: none */
        struct acd_bytes key[GROUP_MAX];
        char keys[GROUP_MAX][64];
        uint32_t key_count, count;
};

struct client {
        int link; /* -1: none */
        uint64_t writer; /* the epoch of the process that connected; it may be dead since */
        bool is_multi, is_refused; /* a transaction is open; a command of it was not queued */
        bool is_cut; /* it ends before anything is answered */
        struct queued queued[QUEUED_MAX];
        uint32_t queued_count;
        struct blocked blocked;
        uint8_t *input;
        uint32_t input_size;
        uint8_t output[OUTPUT_SIZE];
        uint32_t output_size;
};

struct sim_redis {
        struct sim *sim;
        struct client client[REDIS_LINK_MAX];
        struct stream stream[STREAM_MAX];
        char group[GROUP_MAX][64]; /* keys that have one */
        bool is_up, has_reloaded;
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
        while (count-- > 0 && stream->entry_count > 0) {
                free(stream->entry[--stream->entry_count].bytes);
                stream->added_count--;
        }
}

static void drop_queued(struct client *client)
{
        while (client->queued_count > 0) {
                free(client->queued[--client->queued_count].word);
                free(client->queued[client->queued_count].bytes);
        }
        client->is_multi = client->is_refused = false;
}

void redis_free(struct sim_redis *redis)
{
        for (int i = 0; i < REDIS_LINK_MAX; i++) {
                drop_queued(&redis->client[i]);
                free(redis->client[i].input);
        }
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

static void hang_up(struct sim_redis *redis, struct client *client)
{
        drop_queued(client);
        client->blocked.until = 0;
        client->is_cut = false;
        net_hang_up(redis->sim->net, client->link);
        client->link = -1;
        client->input_size = 0;
        client->output_size = 0;
}

/* Commands */

static void say_bytes(struct sim_redis *redis, struct client *client, const void *bytes,
                      size_t size)
{
        if (size > OUTPUT_SIZE - client->output_size)
                sim_fail(redis->sim, "Redis: answers that nobody reads");
        memcpy(client->output + client->output_size, bytes, size);
        client->output_size += (uint32_t)size;
}

static void say(struct sim_redis *redis, struct client *client, const char *text)
{
        say_bytes(redis, client, text, strlen(text));
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
                 "*6\r\n$6\r\nlength\r\n:%u\r\n$17\r\nlast-generated-id\r\n$%zu\r\n%s\r\n"
                 "$13\r\nentries-added\r\n:%llu\r\n",
                 stream->entry_count, strlen(id), id, (unsigned long long)stream->added_count);
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
        stream->added_count++;
        stream->entry[stream->entry_count++] = (struct redis_entry){
                .epoch = queued->epoch,
                .sequence = queued->sequence,
                .writer = queued->writer,
                .is_resync = queued->is_resync,
                .bytes = queued->bytes,
                .size = queued->size,
        };
}

static void run_mail(struct sim_redis *redis, struct client *client, const struct queued *queued)
{
        if (queued->kind == QUEUED_ANSWER) {
                mailbox_take_answer(redis->sim->mailbox, queued->word, queued->word_count);
                say(redis, client, "$3\r\n1-1\r\n");
                return;
        }
        for (uint32_t i = 0; i < queued->word_count; i++)
                mailbox_take_done(redis->sim->mailbox, queued->word[i],
                                  queued->kind == QUEUED_DELETE);
        say(redis, client, ":1\r\n");
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
                for (uint32_t i = 0; i < client->queued_count; i++) {
                        if (client->queued[i].kind == QUEUED_EVENT)
                                run_queued(redis, client, &client->queued[i]);
                        else
                                run_mail(redis, client, &client->queued[i]);
                }
        }
        /* It was done, and nobody hears of it. */
        client->is_cut = redis->sim->phase == SIM_FAULTS && client->queued_count > 0 &&
                         sim_percent(redis->sim, 2);
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
                                   .writer = client->writer,
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

/* A command that is about requests, for EXEC: what is kept are the words from @first on. */
static void queue_mail(struct sim_redis *redis, struct client *client, enum queued_kind kind,
                       const struct argument *argument, uint32_t first, uint32_t count)
{
        struct queued *queued = &client->queued[client->queued_count];
        uint32_t size = 0;

        if (!client->is_multi || client->queued_count == QUEUED_MAX)
                sim_fail(redis->sim, "Redis: an answer outside of a transaction");
        if (kind == QUEUED_ANSWER && refuses(redis, REFUSAL_FULL) && sim_percent(redis->sim, 30)) {
                say(redis, client, "-OOM command not allowed when used memory > 'maxmemory'.\r\n");
                client->is_refused = true;
                return;
        }
        for (uint32_t i = first; i < count; i++)
                size += argument[i].size;
        *queued = (struct queued){ .kind = kind,
                                   .bytes = malloc(size + 1),
                                   .word = calloc(count - first + 1, sizeof(*queued->word)) };
        ACD_ASSERT(queued->bytes != NULL && queued->word != NULL);
        for (uint32_t i = first; i < count; i++) {
                uint8_t *at = queued->bytes + queued->size;

                memcpy(at, argument[i].at, argument[i].size);
                queued->word[queued->word_count++] =
                        (struct acd_bytes){ at, argument[i].size };
                queued->size += argument[i].size;
        }
        client->queued_count++;
        say(redis, client, "+QUEUED\r\n");
}

/* XGROUP CREATE key group 0 MKSTREAM */
static void do_group(struct sim_redis *redis, struct client *client, const struct argument *key)
{
        ACD_ASSERT(key->size < sizeof(redis->group[0]));
        for (int i = 0; i < GROUP_MAX; i++) {
                if (is_word(key, redis->group[i])) {
                        say(redis, client, "-BUSYGROUP Consumer Group name already exists\r\n");
                        return;
                }
                if (redis->group[i][0] == 0) {
                        memcpy(redis->group[i], key->at, key->size);
                        say(redis, client, "+OK\r\n");
                        return;
                }
        }
        sim_fail(redis->sim, "Redis: more groups than tenants");
}

/* What is new for who waits; when there is nothing, he waits on, or no longer. */
static void serve_blocked(struct sim_redis *redis, struct client *client)
{
        struct blocked *blocked = &client->blocked;
        static uint8_t page[MAILBOX_PAGE_MAX];
        uint32_t found = 0;
        char head[32];

        for (uint32_t i = 0; i < blocked->key_count; i++)
                found += mailbox_has_new(redis->sim->mailbox, blocked->key[i]);
        if (found == 0 && redis->sim->now < blocked->until)
                return;
        blocked->until = 0;
        snprintf(head, sizeof(head), found == 0 ? "*-1\r\n" : "*%u\r\n", found);
        say(redis, client, head);
        for (uint32_t i = 0; i < blocked->key_count; i++)
                if (mailbox_has_new(redis->sim->mailbox, blocked->key[i]))
                        say_bytes(redis, client, page,
                                  mailbox_read(redis->sim->mailbox, blocked->key[i],
                                               (struct acd_bytes){ 0 }, blocked->count, page));
}

static uint32_t number_of(const struct argument *argument)
{
        char text[16] = "";

        ACD_ASSERT(argument->size < sizeof(text));
        memcpy(text, argument->at, argument->size);
        return (uint32_t)strtoul(text, NULL, 10);
}

/* XREADGROUP GROUP acdd acdd COUNT n [BLOCK ms] STREAMS key... id... */
static void do_read(struct sim_redis *redis, struct client *client,
                    const struct argument *argument, uint32_t count)
{
        static uint8_t page[MAILBOX_PAGE_MAX];
        bool is_new = is_word(&argument[count - 1], ">");
        uint32_t first = is_new ? 9 : 7;
        uint32_t most = number_of(&argument[5]);
        struct blocked *blocked = &client->blocked;

        if (!is_word(&argument[4], "COUNT") || !is_word(&argument[first - 1], "STREAMS") ||
            (count - first) % 2 != 0 || (count - first) / 2 > GROUP_MAX)
                sim_fail(redis->sim, "Redis: an odd XREADGROUP");
        most = most < READ_MAX ? most : READ_MAX;
        if (!is_new) {
                const struct acd_bytes key = { argument[7].at, argument[7].size };
                const struct acd_bytes after = { argument[8].at, argument[8].size };

                say(redis, client, "*1\r\n");
                say_bytes(redis, client, page,
                          mailbox_read(redis->sim->mailbox, key, after, most, page));
                return;
        }
        *blocked = (struct blocked){ .until = redis->sim->now +
                                              (uint64_t)number_of(&argument[7]) * SIM_NS_PER_MS,
                                     .key_count = (count - first) / 2,
                                     .count = most };
        for (uint32_t i = 0; i < blocked->key_count; i++) {
                const struct argument *key = &argument[first + i];

                ACD_ASSERT(key->size < sizeof(blocked->keys[i]));
                memcpy(blocked->keys[i], key->at, key->size);
                blocked->key[i] = (struct acd_bytes){ (const uint8_t *)blocked->keys[i],
                                                      key->size };
        }
        serve_blocked(redis, client);
}

/* The words of whoever has requests. False: it is none of them. */
static bool run_request(struct sim_redis *redis, struct client *client,
                        const struct argument *argument, uint32_t count)
{
        if (count == 6 && is_word(&argument[0], "XGROUP"))
                do_group(redis, client, &argument[2]);
        else if (count >= 9 && is_word(&argument[0], "XREADGROUP"))
                do_read(redis, client, argument, count);
        else if (count > 6 && is_word(&argument[0], "XADD") && is_word(&argument[2], "MAXLEN"))
                queue_mail(redis, client, QUEUED_ANSWER, argument, 6, count);
        else if (count > 3 && is_word(&argument[0], "XACK"))
                queue_mail(redis, client, QUEUED_ACK, argument, 3, count);
        else if (count > 2 && is_word(&argument[0], "XDEL"))
                queue_mail(redis, client, QUEUED_DELETE, argument, 2, count);
        else
                return false;
        return true;
}

static void run(struct sim_redis *redis, struct client *client,
                const struct argument *argument, uint32_t count)
{
        if (run_request(redis, client, argument, count))
                return;
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
        if (client->blocked.until != 0)
                serve_blocked(redis, client);
        while (client->blocked.until == 0 && client->output_size < OUTPUT_SIZE / 2 &&
               !client->is_cut && take(redis, client)) {
        }
        if (client->is_cut) {
                hang_up(redis, client);
                return;
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

/* It reads an older copy of the bank's events, and no connection ends. */
static void reload(struct sim_redis *redis)
{
        for (int i = 0; i < STREAM_MAX; i++) {
                struct stream *stream = &redis->stream[i];

                if (strcmp(stream->key, "acd:{bank}:events") != 0 || stream->entry_count == 0)
                        continue;
                lose_entries(stream, 1 + sim_below(redis->sim, LOST_MAX));
                redis->has_reloaded = true;
                sim_say(redis->sim, "Redis reads an older copy of the bank: %u entries",
                        stream->entry_count);
        }
}

bool redis_has_reloaded(const struct sim_redis *redis)
{
        return redis->has_reloaded;
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
                mailbox_stood_still(sim->mailbox);
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
        } else if (sim_percent(sim, 30)) {
                reload(redis);
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
                redis->client[i].writer = acd_epoch(redis->sim->shard->acd);
        }
        for (int i = 0; i < REDIS_LINK_MAX; i++)
                if (redis->client[i].link >= 0)
                        serve(redis, &redis->client[i]);
}

uint64_t redis_next_step(const struct sim_redis *redis)
{
        bool is_deaf = redis->deaf_until > redis->sim->now;
        uint64_t next = redis->sim->phase == SIM_FAULTS ? redis->change_at : UINT64_MAX;

        if (is_deaf)
                return redis->deaf_until < next ? redis->deaf_until : next;
        for (int i = 0; i < REDIS_LINK_MAX; i++) {
                uint64_t until = redis->client[i].blocked.until;

                if (redis->client[i].link >= 0 && until != 0 && until < next)
                        next = until;
        }
        return next;
}
