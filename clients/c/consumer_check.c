/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is the stream still the one that was read, and is all of it there?
 *
 * Numbers that follow one another show a hole only when something comes after it, and only
 * within one history. So two more things are asked of Redis:
 *
 *      verify   the last entry once more, after each reconnect: the same id must be the same
 *               bytes. Gone by trimming is allowed; the numbers decide then.
 *      look     where the stream ends, each second in which nothing came. Beyond our place, with
 *               nothing to read between: entries left before they were read. Before it, or no
 *               stream at all: Redis lost something that acdd adds again, the same bytes under
 *               the same ids, so there is nothing to do but wait, and to verify when it is there.
 *               If that lasts, and the state says as well that less has happened than was read,
 *               it is another history.
 */

#include "clients/c/consumer.h"

#include <string.h>

#include "base/crc32c.h"

/* Where a stream begins and ends. */
struct extent {
        bool exists;
        bool is_empty;
        struct acdconsumer_id first;
        struct acdconsumer_id end; /* the last id that was ever given */
};

static bool read_extent(const redisReply *reply, struct extent *ret_extent)
{
        const redisReply *end = consumer_pair(reply, "last-generated-id");
        const redisReply *first = consumer_pair(reply, "first-entry");

        *ret_extent = (struct extent){ .exists = true, .is_empty = true };
        if (end == NULL || first == NULL || !consumer_id_parse(end, &ret_extent->end))
                return false;
        if (first->type != REDIS_REPLY_ARRAY || first->elements != 2)
                return first->type == REDIS_REPLY_NIL;
        ret_extent->is_empty = false;
        return consumer_id_parse(first->element[0], &ret_extent->first);
}

static enum consumer_outcome ask_extent(struct acdconsumer *consumer, struct extent *ret_extent)
{
        const char *words[] = { "XINFO", "STREAM", consumer->stream_key, NULL };
        redisReply *reply;
        bool is_read;

        *ret_extent = (struct extent){ .exists = false };
        if (!consumer_send(consumer, words))
                return CONSUMER_BAD;
        reply = consumer_receive(consumer, 0);
        if (reply != NULL && reply->type == REDIS_REPLY_ERROR &&
            strstr(reply->str, "no such key") != NULL) {
                freeReplyObject(reply);
                return CONSUMER_ON;
        }
        reply = consumer_good(consumer, reply);
        if (reply == NULL)
                return CONSUMER_BAD;
        is_read = read_extent(reply, ret_extent);
        freeReplyObject(reply);
        if (!is_read) {
                consumer_fail(consumer, ACDCONSUMER_FAILED, "XINFO STREAM %s says something odd",
                              consumer->stream_key);
                return CONSUMER_BAD;
        }
        return CONSUMER_ON;
}

redisReply *consumer_state_get(struct acdconsumer *consumer, struct acdconsumer_id *ret_id)
{
        const char *words[] = { "GET", consumer->state_key, NULL };
        redisReply *reply = consumer_ask(consumer, words);
        struct acdclient_bytes state;

        *ret_id = (struct acdconsumer_id){ .epoch = 0 };
        if (reply == NULL || reply->type != REDIS_REPLY_STRING)
                return reply;
        state = (struct acdclient_bytes){ .at = (const uint8_t *)reply->str,
                                          .size = (uint32_t)reply->len };
        if (!consumer_state_id(state, ret_id))
                *ret_id = (struct acdconsumer_id){ .epoch = 0 };
        return reply;
}

/* The stream is another one. */
static enum consumer_outcome replaced(struct acdconsumer *consumer)
{
        consumer_page_drop(consumer);
        consumer->is_rewound = true;
        consumer->is_suspect = false;
        consumer_restart(consumer, ACDCONSUMER_REPLACED, 0, 0);
        return CONSUMER_ON;
}

/* The stream ends before our place. */
static enum consumer_outcome is_short(struct acdconsumer *consumer)
{
        uint64_t now_ms = consumer_now_ms();
        struct acdconsumer_id state;
        redisReply *reply;

        consumer->is_suspect = consumer->has_crc;
        if (consumer->short_since_ms == 0)
                consumer->short_since_ms = now_ms;
        if (now_ms < consumer->short_since_ms + CONSUMER_REWIND_MS)
                return CONSUMER_ON;
        reply = consumer_state_get(consumer, &state);
        if (reply == NULL)
                return CONSUMER_BAD;
        freeReplyObject(reply);
        if (state.epoch != 0 && consumer_id_compare(state, consumer->last) < 0)
                return replaced(consumer);
        consumer->short_since_ms = now_ms;
        return CONSUMER_ON;
}

/* Ask for the entry at our place. False: there is no answer. */
static bool ask_place(struct acdconsumer *consumer, bool *ret_is_there, bool *ret_is_same)
{
        char last[CONSUMER_ID_SIZE];
        const char *words[] = { "XRANGE", consumer->stream_key,
                                consumer_id_format(consumer->last, last), last, NULL };
        struct consumer_entry entry = { .value = NULL };
        redisReply *reply = consumer_ask(consumer, words);

        if (reply == NULL)
                return false;
        *ret_is_there = reply->type == REDIS_REPLY_ARRAY && reply->elements == 1;
        if (*ret_is_there)
                consumer_entry_read(consumer, reply->element[0], &entry);
        *ret_is_same = entry.value != NULL &&
                       acd_crc32c(0, entry.value->str, entry.value->len) == consumer->last_crc;
        freeReplyObject(reply);
        return true;
}

/* An entry that is not there, in a stream that begins before it and ends behind it, may have been
 * added between the two questions. When the stream was so before it was asked for as well, and
 * is so still, it is not of this stream: entries come in order, and go from the beginning. */
enum consumer_outcome consumer_verify(struct acdconsumer *consumer)
{
        bool is_there, is_same;

        for (bool was_around = false;; was_around = true) {
                struct extent extent;

                if (!ask_place(consumer, &is_there, &is_same))
                        return CONSUMER_BAD;
                if (is_same)
                        break;
                if (is_there)
                        return replaced(consumer);
                if (ask_extent(consumer, &extent) == CONSUMER_BAD)
                        return CONSUMER_BAD;
                if (!extent.exists || consumer_id_compare(extent.end, consumer->last) < 0) {
                        consumer_page_drop(consumer);
                        return is_short(consumer);
                }
                if (extent.is_empty || consumer_id_compare(extent.first, consumer->last) > 0)
                        break;
                if (was_around)
                        return replaced(consumer);
        }
        consumer->is_suspect = false;
        consumer->short_since_ms = 0;
        return CONSUMER_ON;
}

/* The stream says that there is more than was read: then it must be there to read. */
static enum consumer_outcome read_or_miss(struct acdconsumer *consumer, struct acdconsumer_id end)
{
        char last[CONSUMER_ID_SIZE];
        const char *words[] = { "XREAD",
                                "COUNT",
                                "1",
                                "STREAMS",
                                consumer->stream_key,
                                consumer_id_format(consumer->last, last),
                                NULL };
        redisReply *reply = consumer_ask(consumer, words);
        const redisReply *entries;

        if (reply == NULL)
                return CONSUMER_BAD;
        entries = consumer_entries_of(reply);
        if (entries != NULL) {
                consumer_page_set(consumer, reply, entries);
                return CONSUMER_ON;
        }
        freeReplyObject(reply);
        consumer_restart(consumer, ACDCONSUMER_GAP, consumer->next_sequence, end.sequence);
        if (consumer_keeps_all(consumer)) {
                consumer->last = end;
                consumer->has_crc = false;
        }
        return CONSUMER_ON;
}

enum consumer_outcome consumer_look(struct acdconsumer *consumer)
{
        struct extent extent;
        int order;

        consumer->looked_at_ms = consumer_now_ms();
        if (ask_extent(consumer, &extent) == CONSUMER_BAD)
                return CONSUMER_BAD;
        order = extent.exists ? consumer_id_compare(extent.end, consumer->last) : -1;
        if (order < 0)
                return consumer->last.epoch == 0 ? CONSUMER_ON : is_short(consumer);
        consumer->short_since_ms = 0;
        return order > 0 ? read_or_miss(consumer, extent.end) : CONSUMER_ON;
}
