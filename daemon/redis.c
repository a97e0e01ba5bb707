/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Redis, as bytes over a socket of the world.
 *
 * hiredis 0.14 has no time limits, an output buffer without a bound that moves
 * all its bytes with each partial write, and an asynchronous connect that asks
 * the resolver and blocks. Its reader of replies is sound, so that is what is
 * used. Commands are arrays of byte strings, a few lines here: formatting them
 * by printf() costs three times the processor.
 *
 * The reader allocates for itself what a reply takes. Replies are short (an id,
 * an error, some words about a stream), and one that is not is refused.
 */

#include "daemon/redis.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <hiredis/read.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"

enum { REPLY_SIZE_MAX = 1024 * 1024, HEAD_SIZE = 32 };

static redisReader *reader_of(struct redis *redis)
{
        return (redisReader *)(void *)redis->reader;
}

void redis_init(struct redis *redis, const struct world_sockets *sockets, uint32_t token,
                uint8_t *output, uint8_t *input)
{
        *redis = (struct redis){ .sockets = sockets, .token = token, .socket = -1, .input = input };
        acd_buffer_init(&redis->out, output, REDIS_OUTPUT_SIZE);
}

int redis_connect(struct redis *redis, const char *address)
{
        int socket;

        ACD_ASSERT(redis->socket < 0);
        redis->reader = (struct redis_reader *)(void *)redisReaderCreate();
        if (redis->reader == NULL)
                return -ENOMEM;
        socket = redis->sockets->connect(redis->sockets->self, address);
        if (socket < 0) {
                redisReaderFree(reader_of(redis));
                redis->reader = NULL;
                return socket;
        }
        redis->socket = socket;
        redis->is_connected = false;
        redis->is_watching_write = true;
        acd_buffer_reset(&redis->out);
        redis->sockets->watch(redis->sockets->self, socket, redis->token, true, true);
        return 0;
}

void redis_close(struct redis *redis)
{
        if (redis->socket >= 0)
                redis->sockets->close(redis->sockets->self, redis->socket);
        if (redis->reader != NULL)
                redisReaderFree(reader_of(redis));
        redis->socket = -1;
        redis->reader = NULL;
        redis->is_connected = false;
}

struct acd_bytes redis_text(const char *text)
{
        return (struct acd_bytes){ (const uint8_t *)text, (uint32_t)strlen(text) };
}

bool redis_command(struct redis *redis, const struct acd_bytes *argument, uint32_t argument_count)
{
        struct acd_buffer before = redis->out;
        char head[HEAD_SIZE];
        bool fits;
        int size = snprintf(head, sizeof(head), "*%u\r\n", argument_count);

        acd_buffer_compact(&redis->out);
        before = redis->out;
        fits = acd_buffer_append(&redis->out, head, (size_t)size);
        for (uint32_t i = 0; fits && i < argument_count; i++) {
                size = snprintf(head, sizeof(head), "$%u\r\n", argument[i].size);
                fits = acd_buffer_append(&redis->out, head, (size_t)size) &&
                       acd_buffer_append(&redis->out, argument[i].at, argument[i].size) &&
                       acd_buffer_append(&redis->out, "\r\n", 2);
        }
        if (!fits)
                redis->out = before;
        return fits;
}

int redis_write(struct redis *redis)
{
        size_t size = 0;
        const uint8_t *bytes = acd_buffer_unparsed(&redis->out, &size);
        struct iovec part = { (void *)(uintptr_t)bytes, size };
        int64_t written;

        if (redis->socket < 0 || size == 0)
                return 0;
        written = world_write_one(redis->sockets, redis->socket, &part);
        if (written == -EAGAIN || written == -EINTR || written == -EINPROGRESS)
                return 0;
        if (written < 0)
                return (int)written;
        redis->is_connected = true;
        acd_buffer_parse(&redis->out, (size_t)written);
        acd_buffer_finish(&redis->out);
        return 0;
}

int redis_read(struct redis *redis)
{
        int64_t size;

        if (redis->socket < 0)
                return 0;
        size = redis->sockets->read(redis->sockets->self, redis->socket, redis->input,
                                    REDIS_INPUT_SIZE);
        if (size == -EAGAIN || size == -EINTR)
                return 0;
        if (size == 0)
                return -EPIPE;
        if (size < 0)
                return (int)size;
        if (reader_of(redis)->len - reader_of(redis)->pos > REPLY_SIZE_MAX)
                return -EPROTO;
        if (redisReaderFeed(reader_of(redis), (const char *)redis->input, (size_t)size) != REDIS_OK)
                return -EPROTO;
        return 0;
}

void redis_watch(struct redis *redis)
{
        size_t size = 0;
        bool is_wanted;

        if (redis->socket < 0)
                return;
        (void)acd_buffer_unparsed(&redis->out, &size);
        is_wanted = size > 0 || !redis->is_connected;
        if (is_wanted == redis->is_watching_write)
                return;
        redis->is_watching_write = is_wanted;
        redis->sockets->watch(redis->sockets->self, redis->socket, redis->token, true, is_wanted);
}

static void copy_text(char into[REDIS_TEXT_SIZE], const redisReply *reply)
{
        size_t size = reply->str == NULL ? 0 : reply->len;

        if (size > REDIS_TEXT_SIZE - 1)
                size = REDIS_TEXT_SIZE - 1;
        if (size > 0)
                memcpy(into, reply->str, size);
        into[size] = '\0';
}

int redis_next(struct redis *redis, struct redis_reply *ret_reply)
{
        void *whole = NULL;
        redisReply *reply;

        if (redisReaderGetReply(reader_of(redis), &whole) != REDIS_OK)
                return -EPROTO;
        if (whole == NULL)
                return 0;
        reply = whole;
        *ret_reply = (struct redis_reply){ .kind = REDIS_NIL, .whole = whole };
        switch (reply->type) {
        case REDIS_REPLY_STRING:
        case REDIS_REPLY_STATUS:
                ret_reply->kind = REDIS_TEXT;
                copy_text(ret_reply->text, reply);
                break;
        case REDIS_REPLY_ERROR:
                ret_reply->kind = REDIS_ERROR;
                copy_text(ret_reply->text, reply);
                break;
        case REDIS_REPLY_INTEGER:
                ret_reply->kind = REDIS_NUMBER;
                break;
        case REDIS_REPLY_ARRAY:
                ret_reply->kind = REDIS_ARRAY;
                if (reply->elements > 0)
                        copy_text(ret_reply->text, reply->element[0]);
                break;
        default:
                break;
        }
        return 1;
}

void redis_reply_free(struct redis_reply *reply)
{
        if (reply->whole != NULL)
                freeReplyObject(reply->whole);
        reply->whole = NULL;
}

bool redis_reply_find(const struct redis_reply *reply, const char *name,
                      char ret_text[REDIS_TEXT_SIZE])
{
        const redisReply *whole = reply->whole;

        if (reply->kind != REDIS_ARRAY)
                return false;
        for (size_t i = 0; i + 1 < whole->elements; i += 2) {
                const redisReply *key = whole->element[i];

                if (key->str != NULL && strcmp(key->str, name) == 0) {
                        copy_text(ret_text, whole->element[i + 1]);
                        return true;
                }
        }
        return false;
}
