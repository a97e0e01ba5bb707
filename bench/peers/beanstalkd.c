/* SPDX-License-Identifier: Apache-2.0 */
/*
 * beanstalkd: put, reserve, delete.
 *
 * A connection is producer and worker at once: it sends put and reserve
 * together, and delete when it knows the number. As each reserve follows a put
 * on its own connection, there is always a job for it and beanstalkd never has
 * to park a connection, which is its fastest way of working.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/peers/load.h"

enum { ASK_PUT = 1, ASK_RESERVE, ASK_DELETE, ASK_COUNT };

static void submit(struct load *load, struct link *link, uint64_t id)
{
        link_print(link, "put 1024 0 3600 %u\r\n", load->settings.payload_size);
        link_put(link, load_payload(load, id), load->settings.payload_size);
        link_put(link, "\r\n", 2);
        link_ask(link, ASK_PUT);
}

static void fetch(struct load *load, struct link *link)
{
        (void)load;
        link_print(link, "reserve\r\n");
        link_ask(link, ASK_RESERVE);
}

static void count(struct load *load, struct link *link)
{
        (void)load;
        link_print(link, "stats-tube default\r\n");
        link_ask(link, ASK_COUNT);
}

/* RESERVED <id> <bytes>\r\n<body>\r\n */
static size_t take_job(struct load *load, struct link *link, const char *at, size_t size)
{
        const char *line = memchr(at, '\n', size);
        char *end;
        uint64_t number;
        size_t body;

        if (line == NULL)
                return 0;
        link_check(strncmp(at, "RESERVED ", 9) == 0, "beanstalkd says: %.60s", at);
        number = strtoull(at + 9, &end, 10);
        body = strtoull(end, NULL, 10);
        line++;
        if (size < (size_t)(line - at) + body + 2)
                return 0;
        load_got(load, load_id(line, body));
        link_print(link, "delete %llu\r\n", (unsigned long long)number);
        link_ask(link, ASK_DELETE);
        return (size_t)(line - at) + body + 2;
}

/* OK <bytes>\r\n<lines>\r\n */
static size_t take_count(struct load *load, const char *at, size_t size)
{
        const char *line = memchr(at, '\n', size), *ready;
        size_t body;

        if (line == NULL)
                return 0;
        link_check(strncmp(at, "OK ", 3) == 0, "beanstalkd says: %.60s", at);
        body = strtoull(at + 3, NULL, 10);
        if (size < (size_t)(line + 1 - at) + body + 2)
                return 0;
        ready = memmem(line, body, "current-jobs-ready: ", 20);
        link_check(ready != NULL, "beanstalkd does not say how many are ready");
        load->waiting_count = strtoull(ready + 20, NULL, 10);
        return (size_t)(line + 1 - at) + body + 2;
}

static size_t take_line(const char *at, size_t size, const char *wanted)
{
        const char *line = memchr(at, '\n', size);

        if (line == NULL)
                return 0;
        link_check(strncmp(at, wanted, strlen(wanted)) == 0, "beanstalkd says: %.60s", at);
        return (size_t)(line + 1 - at);
}

static size_t take(struct load *load, struct link *link, const char *at, size_t size)
{
        uint64_t word = link_due(link);
        size_t taken;

        if (word == ASK_RESERVE)
                taken = take_job(load, link, at, size);
        else if (word == ASK_COUNT)
                taken = take_count(load, at, size);
        else
                taken = take_line(at, size, word == ASK_DELETE ? "DELETED" : "INSERTED");
        if (taken == 0)
                return 0;
        link_answered(link);
        if (word == ASK_DELETE)
                load_done(load, link);
        return taken;
}

const struct engine engine_beanstalkd = {
        .name = "beanstalkd",
        .submit = submit,
        .fetch = fetch,
        .take = take,
        .count = count,
};
