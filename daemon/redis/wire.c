/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Redis's protocol.
 *
 * hiredis 0.14 has no time limits, an output buffer without a bound that moves
 * all its bytes with each partial write, and an asynchronous connect that asks
 * the resolver and blocks. Its reader of replies is sound, so that is what is
 * used. Commands are arrays of byte strings, a few lines here: formatting them
 * by printf() costs three times the processor.
 *
 * The reader allocates for itself what a reply takes, so what is fed to it
 * without a whole reply is counted, and bounded.
 */

#include "daemon/redis/wire.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <hiredis/read.h>
#include <string.h>

#include "base/assert.h"

enum { HEAD_SIZE = 16 }; /* "$4294967295\r\n" */

static redisReader *reader_of(struct redis_wire *wire)
{
        return (redisReader *)(void *)wire->reader;
}

void redis_wire_init(struct redis_wire *wire, uint8_t *output, size_t output_size,
                     size_t reply_size_max)
{
        *wire = (struct redis_wire){ .reply_size_max = reply_size_max };
        redis_output_init(&wire->out, output, output_size);
}

int redis_wire_open(struct redis_wire *wire)
{
        ACD_ASSERT(wire->reader == NULL);
        wire->reader = (struct redis_reader *)(void *)redisReaderCreate();
        redis_output_reset(&wire->out);
        wire->fed_size = 0;
        return wire->reader == NULL ? -ENOMEM : 0;
}

void redis_wire_close(struct redis_wire *wire)
{
        if (wire->reader != NULL)
                redisReaderFree(reader_of(wire));
        wire->reader = NULL;
        redis_output_reset(&wire->out);
}

struct acd_bytes redis_text(const char *text)
{
        return (struct acd_bytes){ (const uint8_t *)text, (uint32_t)strlen(text) };
}

size_t redis_wire_bound(size_t size, uint32_t argument_count)
{
        return size + HEAD_SIZE + (size_t)argument_count * (HEAD_SIZE + 2);
}

/* "*3\r\n" and the like, at @at. Returns where it ends. */
static uint8_t *put_head(uint8_t *at, char prefix, uint32_t number)
{
        char digits[10];
        uint32_t count = 0;

        do {
                digits[count++] = (char)('0' + number % 10);
                number /= 10;
        } while (number > 0);
        *at++ = (uint8_t)prefix;
        while (count > 0)
                *at++ = (uint8_t)digits[--count];
        *at++ = '\r';
        *at++ = '\n';
        return at;
}

/* The command as bytes, of which those of the last argument may be lent. */
static bool put_command(struct redis_wire *wire, const struct acd_bytes *argument,
                        uint32_t argument_count, bool is_lending)
{
        size_t bound = redis_wire_bound(0, argument_count);
        size_t lent_size = is_lending ? argument[argument_count - 1].size : 0;
        uint8_t *begin;
        uint8_t *at;

        for (uint32_t i = 0; i < argument_count; i++)
                bound += argument[i].size;
        if (redis_output_room(&wire->out) < bound)
                return false;
        begin = redis_output_space(&wire->out, bound - lent_size);
        at = put_head(begin, '*', argument_count);
        for (uint32_t i = 0; i < argument_count; i++) {
                at = put_head(at, '$', argument[i].size);
                if (is_lending && i + 1 == argument_count) {
                        redis_output_put(&wire->out, (size_t)(at - begin));
                        redis_output_lend(&wire->out, argument[i]);
                        begin = redis_output_space(&wire->out, 2);
                        at = begin;
                } else if (argument[i].size > 0) {
                        memcpy(at, argument[i].at, argument[i].size);
                        at += argument[i].size;
                }
                *at++ = '\r';
                *at++ = '\n';
        }
        redis_output_put(&wire->out, (size_t)(at - begin));
        return true;
}

bool redis_wire_command(struct redis_wire *wire, const struct acd_bytes *argument,
                        uint32_t argument_count)
{
        return put_command(wire, argument, argument_count, false);
}

bool redis_wire_command_lending(struct redis_wire *wire, const struct acd_bytes *argument,
                                uint32_t argument_count)
{
        return put_command(wire, argument, argument_count, true);
}

int redis_wire_feed(struct redis_wire *wire, const uint8_t *bytes, size_t size)
{
        wire->fed_size += size;
        if (wire->fed_size > wire->reply_size_max)
                return -EPROTO;
        return redisReaderFeed(reader_of(wire), (const char *)bytes, size) == REDIS_OK ? 0
                                                                                       : -EPROTO;
}

static struct redis_reply view_of(const redisReply *node)
{
        struct redis_reply reply = { .kind = REDIS_NIL, .text = "", .node = node };

        if (node == NULL)
                return reply;
        switch (node->type) {
        case REDIS_REPLY_STRING:
        case REDIS_REPLY_STATUS:
        case REDIS_REPLY_ERROR:
                reply.kind = node->type == REDIS_REPLY_ERROR ? REDIS_ERROR : REDIS_TEXT;
                if (node->str != NULL) {
                        reply.text = node->str;
                        reply.size = (size_t)node->len;
                }
                break;
        case REDIS_REPLY_INTEGER:
                reply.kind = REDIS_NUMBER;
                reply.number = node->integer;
                break;
        case REDIS_REPLY_ARRAY:
                reply.kind = REDIS_ARRAY;
                reply.count = (uint32_t)node->elements;
                break;
        default:
                break;
        }
        return reply;
}

int redis_wire_next(struct redis_wire *wire, struct redis_reply *ret_reply)
{
        void *whole = NULL;

        if (redisReaderGetReply(reader_of(wire), &whole) != REDIS_OK)
                return -EPROTO;
        if (whole == NULL)
                return 0;
        wire->fed_size = reader_of(wire)->len - reader_of(wire)->pos;
        *ret_reply = view_of(whole);
        ret_reply->is_whole = true;
        return 1;
}

void redis_reply_free(struct redis_reply *reply)
{
        ACD_ASSERT(reply->is_whole);
        freeReplyObject((void *)(uintptr_t)reply->node);
        *reply = (struct redis_reply){ .kind = REDIS_NIL, .text = "" };
}

struct redis_reply redis_reply_at(const struct redis_reply *reply, uint32_t index)
{
        const redisReply *node = reply->node;

        if (reply->kind != REDIS_ARRAY || index >= reply->count)
                return view_of(NULL);
        return view_of(node->element[index]);
}

struct redis_reply redis_reply_find(const struct redis_reply *reply, const char *name)
{
        for (uint32_t i = 0; reply->kind == REDIS_ARRAY && i + 1 < reply->count; i += 2) {
                struct redis_reply key = redis_reply_at(reply, i);

                if (key.kind == REDIS_TEXT && strcmp(key.text, name) == 0)
                        return redis_reply_at(reply, i + 1);
        }
        return view_of(NULL);
}
