/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Redis stream of a tenant, read back and counted.
 *
 * With hiredis' blocking face, which the daemon does not use, so that what the
 * daemon wrote is what others read. The batches are read with the client
 * library, as any consumer in C would.
 */

#include "clients/rehearse/stream.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>

#include <acdclient.h>

enum { PAGE = 500, POLL_MS = 20 };

static redisContext *connect_to(const char *address)
{
        char host[64];
        const char *colon = strrchr(address, ':');
        redisContext *context;

        if (colon == NULL || (size_t)(colon - address) >= sizeof(host))
                return NULL;
        memcpy(host, address, (size_t)(colon - address));
        host[colon - address] = 0;
        context = redisConnect(host, (int)strtol(colon + 1, NULL, 10));
        if (context == NULL || context->err != 0)
                fprintf(stderr, "redis %s: %s\n", address,
                        context == NULL ? "no memory" : context->errstr);
        if (context != NULL && context->err != 0) {
                redisFree(context);
                return NULL;
        }
        return context;
}

/* The reply to a command, when it is a list. */
static redisReply *ask(redisContext *context, const char *key, const char *from, bool is_last)
{
        redisReply *reply =
                is_last ? redisCommand(context, "XREVRANGE %s + - COUNT 1", key)
                        : redisCommand(context, "XRANGE %s %s + COUNT %d", key, from, PAGE);

        if (reply != NULL && reply->type == REDIS_REPLY_ARRAY)
                return reply;
        fprintf(stderr, "redis: %s\n", reply == NULL ? context->errstr : reply->str);
        if (reply != NULL)
                freeReplyObject(reply);
        return NULL;
}

/* Waits for an entry that ends with @last_sequence or later. */
static bool wait_for(redisContext *context, const char *key, uint64_t last_sequence,
                     uint32_t timeout_ms)
{
        uint64_t sequence = 0;

        for (uint32_t waited_ms = 0;; waited_ms += POLL_MS) {
                redisReply *reply = ask(context, key, "", true);

                if (reply == NULL)
                        return false;
                if (reply->elements == 1) {
                        const char *dash = strchr(reply->element[0]->element[0]->str, '-');

                        sequence = dash == NULL ? 0 : strtoull(dash + 1, NULL, 10);
                }
                freeReplyObject(reply);
                if (sequence >= last_sequence)
                        return true;
                if (waited_ms >= timeout_ms) {
                        fprintf(stderr, "the stream %s stops at event %" PRIu64 " of %" PRIu64 "\n",
                                key, sequence, last_sequence);
                        return false;
                }
                poll(NULL, 0, POLL_MS);
        }
}

/* The value of the field that holds the batch, or NULL. */
static const redisReply *batch_of(const redisReply *fields)
{
        for (size_t i = 0; i + 1 < fields->elements; i += 2) {
                if (strcmp(fields->element[i]->str, "batch") == 0)
                        return fields->element[i + 1];
        }
        return NULL;
}

static void count_event(struct stream_report *report, uint64_t sequence)
{
        if (sequence > report->last_sequence + 1)
                report->gap_count += sequence - report->last_sequence - 1;
        if (sequence <= report->last_sequence)
                report->repeat_count++;
        else
                report->last_sequence = sequence;
        report->event_count++;
}

static bool read_entry(const redisReply *entry, struct stream_report *report)
{
        const char *id = entry->element[0]->str;
        const redisReply *batch = batch_of(entry->element[1]);
        struct acdclient_events events = { .subscription = 0 };
        struct acdclient_events_reader reader;
        struct acdclient_event event;
        char want[64];
        int more = -1;

        if (batch != NULL)
                events.batch = (struct acdclient_bytes){ (const uint8_t *)batch->str,
                                                         (uint32_t)batch->len };
        if (batch != NULL && acdclient_events_open(&reader, &events)) {
                while ((more = acdclient_events_next(&reader, &event)) == 1)
                        count_event(report, event.sequence);
        }
        if (more != 0) {
                fprintf(stderr, "entry %s of the stream is damaged\n", id);
                return false;
        }
        snprintf(want, sizeof(want), "%" PRIu64 "-%" PRIu64, reader.epoch, reader.last_sequence);
        report->wrong_id_count += strcmp(want, id) != 0;
        report->entry_count++;
        return true;
}

static bool read_all(redisContext *context, const char *key, struct stream_report *report)
{
        char from[64] = "-";
        size_t count;

        do {
                redisReply *page = ask(context, key, from, false);
                bool is_good = page != NULL;

                count = is_good ? page->elements : 0;
                for (size_t i = 0; is_good && i < count; i++)
                        is_good = read_entry(page->element[i], report);
                if (is_good && count > 0)
                        snprintf(from, sizeof(from), "(%s",
                                 page->element[count - 1]->element[0]->str);
                if (page != NULL)
                        freeReplyObject(page);
                if (!is_good)
                        return false;
        } while (count == PAGE);
        return true;
}

bool stream_read(const char *address, const char *tenant, uint64_t last_sequence,
                 uint32_t timeout_ms, struct stream_report *ret_report)
{
        redisContext *context = connect_to(address);
        char key[128];
        bool is_good;

        *ret_report = (struct stream_report){ .entry_count = 0 };
        if (context == NULL)
                return false;
        snprintf(key, sizeof(key), "acd:{%s}:events", tenant);
        is_good = wait_for(context, key, last_sequence, timeout_ms) &&
                  read_all(context, key, ret_report);
        redisFree(context);
        return is_good;
}
