/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Redis, four ways; all pipelined, one write a connection and turn.
 *
 *   redis-bare     ZADD, ZPOPMIN: the job is the member. Nothing is kept of a job
 *                  that was popped and nothing is completed: less than a life cycle.
 *   redis-zset     ZADD and SET of a record, ZPOPMIN, DEL of the record.
 *   redis-minimal  one script a step, minimal.lua: submit pops an idle agent or
 *                  queues; complete pops the next job or makes the agent idle.
 *   redis-full     the same steps in full.lua: four skills, an agent has two, a
 *                  record a contact, longest idle agent, oldest contact of the
 *                  highest priority, an entry in a stream for each event.
 *
 * In the first two a connection pops right after it added, so there always is
 * something. In the scripts the answer to a step carries the assignment it made,
 * and the connection that got it completes it.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/peers/load.h"

enum { SCRIPT_MAX = 8192, SHA_SIZE = 40, QUEUE_COUNT = 4, NUMBER_ROOM = 24 };

enum { ASK_ANY = 1, ASK_POP, ASK_DELETE, ASK_SHA, ASK_STEP, ASK_COMPLETE, ASK_COUNT };

struct word {
        const char *at;
        size_t size;
};

static struct word text(const char *string)
{
        return (struct word){ string, strlen(string) };
}

static void command(struct link *link, const struct word *words, size_t count)
{
        link_print(link, "*%zu\r\n", count);
        for (size_t i = 0; i < count; i++) {
                link_print(link, "$%zu\r\n", words[i].size);
                link_put(link, words[i].at, words[i].size);
                link_put(link, "\r\n", 2);
        }
}

/* "job:" and the number as in the payload. */
struct name {
        char text[4 + LOAD_ID_SIZE + 1];
};

static struct word name_of(struct name *name, uint64_t id)
{
        snprintf(name->text, sizeof(name->text), "job:%020llu", (unsigned long long)id);
        return text(name->text);
}

static struct word payload_of(struct load *load, uint64_t id)
{
        return (struct word){ load_payload(load, id), load->settings.payload_size };
}

/*
 * Answers: the size of a whole one, 0 if it is not all there.
 */

static size_t line_size(const char *at, size_t size)
{
        const char *end = memchr(at, '\n', size);

        return end == NULL ? 0 : (size_t)(end + 1 - at);
}

static size_t bulk_size(const char *at, size_t size)
{
        size_t line = line_size(at, size), whole;

        if (line == 0 || *at != '$' || at[1] == '-')
                return line;
        whole = line + strtoull(at + 1, NULL, 10) + 2;
        return whole <= size ? whole : 0;
}

/* Nested arrays do not occur. The first two elements go to @element. */
static size_t answer_size(const char *at, size_t size, struct word element[2])
{
        size_t used = line_size(at, size);
        unsigned long long count;

        if (used == 0 || *at != '*' || at[1] == '-')
                return bulk_size(at, size);
        count = strtoull(at + 1, NULL, 10);
        for (unsigned long long i = 0; i < count; i++) {
                size_t one = bulk_size(at + used, size - used);

                if (one == 0)
                        return 0;
                if (i < 2) {
                        size_t line = line_size(at + used, one);

                        element[i] = (struct word){ at + used + line, one - line - 2 };
                }
                used += one;
        }
        return used;
}

/*
 * Plain commands
 */

static void add(struct link *link, const char *queue, uint64_t score, struct word member)
{
        char number[NUMBER_ROOM];

        snprintf(number, sizeof(number), "%llu", (unsigned long long)score);

        const struct word words[] = { text("ZADD"), text(queue), text(number), member };

        command(link, words, 4);
        link_ask(link, ASK_ANY);
}

static void bare_submit(struct load *load, struct link *link, uint64_t id)
{
        add(link, "queue", id, payload_of(load, id));
}

static void zset_submit(struct load *load, struct link *link, uint64_t id)
{
        struct name name;
        const struct word words[] = { text("SET"), name_of(&name, id), payload_of(load, id) };

        command(link, words, 3);
        link_ask(link, ASK_ANY);
        add(link, "queue", id, text(name.text + 4));
}

static void pop(struct load *load, struct link *link)
{
        const struct word words[] = { text("ZPOPMIN"), text("queue") };

        (void)load;
        command(link, words, 2);
        link_ask(link, ASK_POP);
}

static void count(struct load *load, struct link *link)
{
        const struct word words[] = { text("ZCARD"), text("queue") };

        (void)load;
        command(link, words, 2);
        link_ask(link, ASK_COUNT);
}

static void count_queues(struct load *load, struct link *link)
{
        (void)load;
        for (int i = 0; i < QUEUE_COUNT; i++) {
                char queue[NUMBER_ROOM];

                snprintf(queue, sizeof(queue), "queue:%d", i);
                command(link, (const struct word[]){ text("ZCARD"), text(queue) }, 2);
                link_ask(link, ASK_COUNT);
        }
}

/*
 * Scripts
 */

static void read_script(const struct load *load, char *script)
{
        char path[512];
        FILE *file;
        size_t size;

        snprintf(path, sizeof(path), "%s/%s.lua", load->settings.scripts,
                 load->settings.engine->name + strlen("redis-"));
        file = fopen(path, "re");
        link_check(file != NULL, "no script %s", path);
        size = fread(script, 1, SCRIPT_MAX, file);
        link_check(size < SCRIPT_MAX, "%s has more than %d bytes", path, SCRIPT_MAX);
        script[size] = '\0';
        fclose(file);
}

static void prepare(struct load *load, struct link *link)
{
        char script[SCRIPT_MAX];

        read_script(load, script);
        command(link, (const struct word[]){ text("SCRIPT"), text("LOAD"), text(script) }, 3);
        link_ask(link, ASK_SHA);
}

/* Agents have skills a and a + 1 of four. */
static void prepare_full(struct load *load, struct link *link)
{
        prepare(load, link);
        for (uint32_t i = 0; i < load->settings.agent_count; i++) {
                char name[NUMBER_ROOM], first[NUMBER_ROOM], second[NUMBER_ROOM];

                snprintf(name, sizeof(name), "agent:%u", i);
                snprintf(first, sizeof(first), "%u", i % QUEUE_COUNT);
                snprintf(second, sizeof(second), "%u", (i + 1) % QUEUE_COUNT);

                const struct word words[] = {
                        text("HSET"), text(name),     text("first"),
                        text(first),  text("second"), text(second),
                };

                command(link, words, 6);
                link_ask(link, ASK_ANY);
        }
}

/* Higher priority first, then in order of arrival: below 2^53, so exact as a double. */
static uint64_t full_score(uint64_t id)
{
        return (2 - id % 3) * 1000000000000 + id;
}

/* As the script would leave it, without the script. */
static void full_store(struct load *load, struct link *link, uint64_t id)
{
        char queue[NUMBER_ROOM];
        struct name name;

        snprintf(queue, sizeof(queue), "queue:%u", (unsigned)(id % QUEUE_COUNT));

        const struct word words[] = {
                text("HSET"),  name_of(&name, id), text("state"),   text("waiting"),
                text("skill"), text(queue + 6),    text("payload"), payload_of(load, id),
        };

        command(link, words, 8);
        link_ask(link, ASK_ANY);
        add(link, queue, full_score(id), text(name.text + 4));
}

/* The script's step: submit <id> <score> <skill> <payload>. */
static void script_submit(struct load *load, struct link *link, uint64_t id)
{
        bool is_full = load->settings.engine == &engine_redis_full;
        char score[NUMBER_ROOM], skill[NUMBER_ROOM];
        struct name name;

        snprintf(score, sizeof(score), "%llu", (unsigned long long)(is_full ? full_score(id) : id));
        snprintf(skill, sizeof(skill), "%u", (unsigned)(id % QUEUE_COUNT));
        name_of(&name, id);

        const struct word words[] = {
                text("EVALSHA"),     text(load->script), text("0"),   text("submit"),
                text(name.text + 4), text(score),        text(skill), payload_of(load, id),
        };

        command(link, words, 8);
        link_ask(link, ASK_STEP);
}

/* complete <agent> <id, or nothing> <now>. */
static void complete(struct load *load, struct link *link, struct word agent, struct word job)
{
        char now[NUMBER_ROOM];

        snprintf(now, sizeof(now), "%llu", (unsigned long long)load->done_count);

        const struct word words[] = {
                text("EVALSHA"), text(load->script), text("0"), text("complete"), agent, job,
                text(now),
        };

        command(link, words, 7);
        link_ask(link, job.size > 0 ? ASK_COMPLETE : ASK_STEP);
}

static void start(struct load *load)
{
        for (uint32_t i = 0; i < load->settings.agent_count; i++) {
                char agent[NUMBER_ROOM];

                snprintf(agent, sizeof(agent), "%u", i);
                complete(load, &load->link[i % load->settings.link_count], text(agent), text(""));
        }
}

/*
 * Answers
 */

/* The assignment that a step made, if any: job, agent, payload. */
static void take_assignment(struct load *load, struct link *link, const struct word element[2])
{
        char job[LOAD_ID_SIZE], agent[NUMBER_ROOM];

        if (element[0].size == 0)
                return;
        load_got(load, load_id(element[0].at, element[0].size));
        if (!load_wants_more(load))
                return;
        link_check(element[1].size < sizeof(agent), "an agent of %zu bytes", element[1].size);
        memcpy(job, element[0].at, sizeof(job));
        memcpy(agent, element[1].at, element[1].size);
        complete(load, link, (struct word){ agent, element[1].size },
                 (struct word){ job, sizeof(job) });
}

static void take_pop(struct load *load, struct link *link, const struct word *member)
{
        struct name name;
        uint64_t id = load_id(member->at, member->size);

        load_got(load, id);
        if (load->settings.engine == &engine_redis_bare) {
                load_done(load, link);
                return;
        }
        command(link, (const struct word[]){ text("DEL"), name_of(&name, id) }, 2);
        link_ask(link, ASK_DELETE);
}

static size_t take(struct load *load, struct link *link, const char *at, size_t size)
{
        struct word element[2] = { { NULL, 0 }, { NULL, 0 } };
        size_t taken = answer_size(at, size, element);
        uint64_t word;

        if (taken == 0)
                return 0;
        link_check(*at != '-', "redis says: %.*s", (int)taken, at);
        word = link_due(link);
        link_answered(link);
        if (word == ASK_SHA)
                memcpy(load->script, at + line_size(at, size), SHA_SIZE);
        if (word == ASK_COUNT)
                load->waiting_count += strtoull(at + 1, NULL, 10);
        if (word == ASK_POP)
                take_pop(load, link, &element[0]);
        if (word == ASK_STEP || word == ASK_COMPLETE)
                take_assignment(load, link, element);
        if (word == ASK_DELETE || word == ASK_COMPLETE)
                load_done(load, link);
        return taken;
}

const struct engine engine_redis_bare = {
        .name = "redis-bare",
        .submit = bare_submit,
        .fetch = pop,
        .take = take,
        .count = count,
};

const struct engine engine_redis_zset = {
        .name = "redis-zset",
        .submit = zset_submit,
        .fetch = pop,
        .take = take,
        .count = count,
};

const struct engine engine_redis_minimal = {
        .name = "redis-minimal",
        .prepare = prepare,
        .store = bare_submit,
        .start = start,
        .submit = script_submit,
        .take = take,
        .count = count,
};

const struct engine engine_redis_full = {
        .name = "redis-full",
        .prepare = prepare_full,
        .store = full_store,
        .start = start,
        .submit = script_submit,
        .take = take,
        .count = count_queues,
};
