/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stream of events in Redis, entry after entry.
 *
 * With hiredis' blocking face, which the daemon does not use, so that what the
 * daemon wrote is what others read. XREAD and not XRANGE, since it tells of an
 * entry as soon as there is one. The moment of reading is that of the page: what it
 * took to get the last byte of it is part of a delay, what the caller does with it is
 * not.
 */

#include "bench/redis/entries.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>

#include "bench/redis/core_clock.h"

enum { HOST_SIZE = 64, ID_SIZE = 48 };

void entries_fail(const char *format, ...)
{
        va_list list;

        va_start(list, format);
        (void)vfprintf(stderr, format, list);
        va_end(list);
        (void)fputc('\n', stderr);
        exit(1);
}

static redisContext *connect_to(const char *address)
{
        const char *colon = strrchr(address, ':');
        char host[HOST_SIZE];

        if (strncmp(address, "unix:", 5) == 0)
                return redisConnectUnix(address + 5);
        entries_check(colon != NULL && (size_t)(colon - address) < sizeof(host),
                      "%s: wanted unix:PATH or HOST:PORT", address);
        memcpy(host, address, (size_t)(colon - address));
        host[colon - address] = 0;
        return redisConnect(host, (int)strtol(colon + 1, NULL, 10));
}

void entries_open(struct entries *entries, const char *address, const char *key, uint32_t page_size)
{
        *entries = (struct entries){ .key = key, .page_size = page_size };
        entries->context = connect_to(address);
        entries_check(entries->context != NULL && entries->context->err == 0, "%s: %s", address,
                      entries->context == NULL ? "no memory" : entries->context->errstr);
        /* Pages are large: the reader keeps its buffer from one to the next. */
        entries->context->reader->maxbuf = 0;
}

static void forget_page(struct entries *entries)
{
        if (entries->page != NULL)
                freeReplyObject(entries->page);
        entries->page = NULL;
        entries->index = 0;
}

void entries_close(struct entries *entries)
{
        forget_page(entries);
        redisFree(entries->context);
        entries->context = NULL;
}

/* Entries of the page: those of the one stream that was asked for. */
static const redisReply *list_of(const struct entries *entries)
{
        const redisReply *page = entries->page;

        if (page == NULL || page->type == REDIS_REPLY_NIL)
                return NULL;
        entries_check(page->type == REDIS_REPLY_ARRAY && page->elements == 1 &&
                              page->element[0]->elements == 2,
                      "XREAD %s: %s", entries->key,
                      page->type == REDIS_REPLY_ERROR ? page->str : "not an answer to that");
        return page->element[0]->element[1];
}

static void turn_page(struct entries *entries, uint32_t wait_ms)
{
        char id[ID_SIZE];

        forget_page(entries);
        (void)snprintf(id, sizeof(id), "%llu-%llu", (unsigned long long)entries->epoch,
                       (unsigned long long)entries->sequence);
        entries->page = redisCommand(entries->context, "XREAD COUNT %u BLOCK %u STREAMS %s %s",
                                     entries->page_size, wait_ms, entries->key, id);
        entries_check(entries->page != NULL, "XREAD %s: %s", entries->key,
                      entries->context->errstr);
}

static void take(struct entries *entries, const redisReply *reply, struct entry *entry)
{
        const redisReply *fields = reply->element[1];
        char *dash;

        entry->epoch = strtoull(reply->element[0]->str, &dash, 10);
        entry->sequence = *dash == '-' ? strtoull(dash + 1, NULL, 10) : 0;
        entries_check(fields->elements == 2, "%s: entry %s has %zu fields", entries->key,
                      reply->element[0]->str, fields->elements / 2);
        entry->field = fields->element[0]->str;
        entry->bytes = (struct acd_bytes){ (const uint8_t *)fields->element[1]->str,
                                           (uint32_t)fields->element[1]->len };
        entry->read_ns = entries->read_ns;
        entries->epoch = entry->epoch;
        entries->sequence = entry->sequence;
}

void entries_seek_end(struct entries *entries)
{
        redisReply *last = redisCommand(entries->context, "XREVRANGE %s + - COUNT 1", entries->key);
        struct entry entry;

        entries_check(last != NULL && last->type == REDIS_REPLY_ARRAY, "XREVRANGE %s: %s",
                      entries->key, last == NULL ? entries->context->errstr : last->str);
        if (last->elements == 1)
                take(entries, last->element[0], &entry);
        freeReplyObject(last);
}

bool entries_next(struct entries *entries, uint32_t wait_ms, struct entry *ret_entry)
{
        const redisReply *list = list_of(entries);

        if (list == NULL || entries->index == list->elements) {
                turn_page(entries, wait_ms);
                entries->read_ns = core_clock_boot_ns();
                list = list_of(entries);
        }
        if (list == NULL || list->elements == 0)
                return false;
        take(entries, list->element[entries->index++], ret_entry);
        return true;
}
