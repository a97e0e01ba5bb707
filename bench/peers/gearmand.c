/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gearmand: background jobs; submit, grab, complete.
 *
 * A connection is client and worker at once: it sends SUBMIT_JOB_BG and
 * GRAB_JOB together. As each grab follows a submit on its own connection there
 * is a job for it, so no worker has to sleep and be woken, which is gearmand's
 * fastest way of working. (NO_JOB is answered by grabbing again, and counted.)
 *
 * gearmand does not answer WORK_COMPLETE. The life cycle counts as done when it
 * is sent, which is in gearmand's favour; before jobs are counted, an echo on
 * every connection makes sure that all completions were read.
 */

#include <stdlib.h>
#include <string.h>

#include "bench/peers/load.h"

enum {
        CAN_DO = 1,
        NOOP = 6,
        JOB_CREATED = 8,
        GRAB_JOB = 9,
        NO_JOB = 10,
        JOB_ASSIGN = 11,
        WORK_COMPLETE = 13,
        ECHO_REQ = 16,
        ECHO_RES = 17,
        SUBMIT_JOB_BG = 18,
        HEAD_SIZE = 12,
        NAME_SIZE = 4, /* "job" and its zero */
};

enum { ASK_JOB = 1, ASK_CREATED, ASK_ECHO, ASK_COUNT };

static uint32_t read_be32(const char *at)
{
        const uint8_t *byte = (const uint8_t *)at;

        return (uint32_t)byte[0] << 24 | (uint32_t)byte[1] << 16 | (uint32_t)byte[2] << 8 | byte[3];
}

static void put_head(struct link *link, uint32_t kind, uint32_t size)
{
        const uint8_t head[HEAD_SIZE] = {
                0,
                'R',
                'E',
                'Q',
                0,
                0,
                0,
                (uint8_t)kind,
                (uint8_t)(size >> 24),
                (uint8_t)(size >> 16),
                (uint8_t)(size >> 8),
                (uint8_t)size,
        };

        link_put(link, head, sizeof(head));
}

static void ask_echo(struct link *link)
{
        put_head(link, ECHO_REQ, 0);
        link_ask(link, ASK_ECHO);
}

static void greet(struct load *load, struct link *link)
{
        (void)load;
        put_head(link, CAN_DO, 3);
        link_put(link, "job", 3);
        ask_echo(link);
}

/* Function, unique key (none), payload. */
static void submit(struct load *load, struct link *link, uint64_t id)
{
        put_head(link, SUBMIT_JOB_BG, NAME_SIZE + 1 + load->settings.payload_size);
        link_put(link, "job\0", NAME_SIZE + 1);
        link_put(link, load_payload(load, id), load->settings.payload_size);
        link_ask(link, ASK_CREATED);
}

static void fetch(struct load *load, struct link *link)
{
        (void)load;
        put_head(link, GRAB_JOB, 0);
        link_ask(link, ASK_JOB);
}

static void count(struct load *load, struct link *link)
{
        (void)load;
        link_print(link, "status\n");
        link_ask(link, ASK_COUNT);
}

/* Handle, function, payload; handle and function end with a zero. */
static void take_job(struct load *load, struct link *link, const char *at, size_t size)
{
        const char *name = memchr(at, '\0', size);

        link_check(name != NULL && (size_t)(name + 1 - at) + NAME_SIZE <= size, "a job cut short");

        size_t handle_size = (size_t)(name + 1 - at);
        size_t payload_at = handle_size + NAME_SIZE;

        load_got(load, load_id(at + payload_at, size - payload_at));
        put_head(link, WORK_COMPLETE, (uint32_t)handle_size);
        link_put(link, at, handle_size);
        load_done(load, link);
}

/* Lines "function total running workers", then one with a dot. */
static size_t take_count(struct load *load, const char *at, size_t size)
{
        const char *end = memmem(at, size, ".\n", 2);

        if (end == NULL)
                return 0;
        if (strncmp(at, "job\t", 4) == 0)
                load->waiting_count = strtoull(at + 4, NULL, 10);
        return (size_t)(end + 2 - at);
}

static void take_packet(struct load *load, struct link *link, const char *at, uint32_t size)
{
        uint32_t kind = read_be32(at + 4);

        if (kind == NOOP)
                return;
        if (kind == NO_JOB) {
                load->repeat_count++;
                fetch(load, link);
        } else if (kind == JOB_ASSIGN) {
                take_job(load, link, at + HEAD_SIZE, size);
        } else {
                link_check(kind == JOB_CREATED || kind == ECHO_RES, "gearmand says %u: %.60s", kind,
                           at + HEAD_SIZE);
        }
        link_answered(link);
}

static size_t take(struct load *load, struct link *link, const char *at, size_t size)
{
        if (*at != '\0') {
                size_t taken = take_count(load, at, size);

                if (taken > 0)
                        link_answered(link);
                return taken;
        }
        if (size < HEAD_SIZE)
                return 0;

        uint32_t body = read_be32(at + 8);

        if (size < HEAD_SIZE + body)
                return 0;
        take_packet(load, link, at, body);
        return HEAD_SIZE + body;
}

const struct engine engine_gearmand = {
        .name = "gearmand",
        .greet = greet,
        .submit = submit,
        .fetch = fetch,
        .take = take,
        .settle = ask_echo,
        .count = count,
};
