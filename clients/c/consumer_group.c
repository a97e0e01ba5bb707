/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading in a group: several consumers share a stream, each entry goes to one of them.
 *
 *      acknowledge → pending of an earlier life → taken over from the dead → new ones → wait
 *
 * No consumer sees all entries, so none can tell from its own that one is missing. Redis can:
 * in one transaction it says what the group was given last, and gives what comes next; the two must
 * follow one another. A transaction does not wait, so waiting is an XREAD of one entry behind the
 * group's place, which gives the entry to nobody.
 *
 * An entry may be given twice: its acknowledgement may be lost, and a group that lost its end with
 * Redis is given it again. So who processes makes it safe by the entry's id; is_again says when to
 * look. When what was given and not acknowledged was trimmed away, it can be given to nobody any
 * more: that is a gap, and acknowledged here.
 */

#include "clients/c/consumer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
        ACK_WORDS = 16, /* ids in one XACK */
        RETRY_MS = 100, /* how often a stream that is not there is asked for */
        CLAIM_MS_MIN = 1000,
};

int acdconsumer_ack(struct acdconsumer *consumer, struct acdconsumer_id id)
{
        if (consumer->options.start != ACDCONSUMER_IN_GROUP)
                return -EINVAL;
        if (consumer->ack_count == CONSUMER_ACK_MAX &&
            (consumer->link == NULL || !consumer_group_acknowledge(consumer)))
                return -ENOBUFS;
        consumer->acks[consumer->ack_count++] = id;
        return 0;
}

static bool acknowledge_some(struct acdconsumer *consumer, uint32_t count)
{
        const char *words[3 + ACK_WORDS + 1] = { "XACK", consumer->stream_key, consumer->group };
        char ids[ACK_WORDS][CONSUMER_ID_SIZE];
        redisReply *reply;

        for (uint32_t i = 0; i < count; i++)
                words[3 + i] =
                        consumer_id_format(consumer->acks[consumer->ack_count - count + i], ids[i]);
        words[3 + count] = NULL;
        reply = consumer_ask(consumer, words);
        if (reply == NULL)
                return false;
        freeReplyObject(reply);
        consumer->ack_count -= count;
        return true;
}

bool consumer_group_acknowledge(struct acdconsumer *consumer)
{
        while (consumer->ack_count > 0) {
                uint32_t count = consumer->ack_count < ACK_WORDS ? consumer->ack_count : ACK_WORDS;

                if (!acknowledge_some(consumer, count))
                        return false;
        }
        return true;
}

enum consumer_outcome consumer_group_start(struct acdconsumer *consumer, uint64_t deadline_ms)
{
        char after[CONSUMER_ID_SIZE];
        const char *words[] = { "XGROUP",
                                "CREATE",
                                consumer->stream_key,
                                consumer->group,
                                consumer_id_format(consumer->options.after, after),
                                NULL };
        redisReply *reply;
        bool is_there, has_no_stream;

        if (!consumer_send(consumer, words))
                return CONSUMER_BAD;
        reply = consumer_receive(consumer, 0);
        if (reply == NULL)
                return CONSUMER_BAD;
        is_there = reply->type == REDIS_REPLY_STATUS || consumer_is_error(reply, "BUSYGROUP");
        /* The stream is acdd's to make. */
        has_no_stream = reply->type == REDIS_REPLY_ERROR &&
                        strstr(reply->str, "requires the key to exist") != NULL;
        if (!is_there && !has_no_stream) {
                reply = consumer_good(consumer, reply);
                if (reply != NULL)
                        consumer_fail(consumer, ACDCONSUMER_FAILED, "XGROUP: an odd answer");
        }
        if (reply != NULL)
                freeReplyObject(reply);
        if (has_no_stream)
                return consumer_wait(deadline_ms, RETRY_MS);
        if (!is_there)
                return CONSUMER_BAD;
        consumer->is_started = true;
        consumer->has_pending = true;
        consumer->pending = consumer->received;
        return CONSUMER_ON;
}

static enum consumer_outcome group_is_gone(struct acdconsumer *consumer)
{
        consumer->is_started = false;
        consumer->ack_count = 0;
        consumer_restart(consumer, ACDCONSUMER_GROUP_LOST, 0, 0);
        return CONSUMER_ON;
}

/* The answer to what needs the group. NULL: *ret_outcome says how to go on without one. */
static redisReply *ask_group(struct acdconsumer *consumer, const char **words,
                             enum consumer_outcome *ret_outcome)
{
        redisReply *reply;

        *ret_outcome = CONSUMER_BAD;
        if (!consumer_send(consumer, words))
                return NULL;
        reply = consumer_receive(consumer, 0);
        if (reply != NULL && consumer_is_error(reply, "NOGROUP")) {
                freeReplyObject(reply);
                *ret_outcome = group_is_gone(consumer);
                return NULL;
        }
        return consumer_good(consumer, reply);
}

static void set_page(struct acdconsumer *consumer, redisReply *reply, const redisReply *entries,
                     bool is_again)
{
        consumer_page_set(consumer, reply, entries);
        consumer->is_again = is_again;
        consumer->is_chained = false;
}

/* What this consumer was given and did not acknowledge. */
static enum consumer_outcome read_pending(struct acdconsumer *consumer)
{
        char from[CONSUMER_ID_SIZE], count[16];
        const char *words[] = { "XREADGROUP",
                                "GROUP",
                                consumer->group,
                                consumer->name,
                                "COUNT",
                                count,
                                "STREAMS",
                                consumer->stream_key,
                                consumer_id_format(consumer->pending, from),
                                NULL };
        enum consumer_outcome outcome;
        const redisReply *entries;
        redisReply *reply;

        (void)snprintf(count, sizeof(count), "%" PRIu32, consumer->count);
        reply = ask_group(consumer, words, &outcome);
        if (reply == NULL)
                return outcome;
        entries = consumer_entries_of(reply);
        if (entries == NULL || entries->element[entries->elements - 1]->elements != 2 ||
            !consumer_id_parse(entries->element[entries->elements - 1]->element[0],
                               &consumer->pending)) {
                freeReplyObject(reply);
                consumer->has_pending = false;
                consumer->is_early = false;
                return CONSUMER_ON;
        }
        /* Those of an earlier life may have been processed; those lost on the way were not seen. */
        set_page(consumer, reply, entries, consumer->is_early);
        return CONSUMER_ON;
}

/* The ids that XAUTOCLAIM found trimmed away. */
static void miss(struct acdconsumer *consumer, const redisReply *gone)
{
        uint64_t last = 0;

        if (gone->type != REDIS_REPLY_ARRAY || gone->elements == 0)
                return;
        for (size_t i = 0; i < gone->elements; i++) {
                struct acdconsumer_id id;

                if (consumer_id_parse(gone->element[i], &id) && id.sequence > last)
                        last = id.sequence;
        }
        consumer_restart(consumer, ACDCONSUMER_GAP, 0, last);
}

/* Take over what others were given long ago. */
static enum consumer_outcome claim(struct acdconsumer *consumer)
{
        char idle[16], from[CONSUMER_ID_SIZE], count[16];
        const char *words[] = { "XAUTOCLAIM",
                                consumer->stream_key,
                                consumer->group,
                                consumer->name,
                                idle,
                                consumer_id_format(consumer->claim, from),
                                "COUNT",
                                count,
                                NULL };
        uint32_t half = consumer->options.claim_idle_ms / 2;
        enum consumer_outcome outcome;
        redisReply *reply;

        (void)snprintf(idle, sizeof(idle), "%" PRIu32, consumer->options.claim_idle_ms);
        (void)snprintf(count, sizeof(count), "%" PRIu32, consumer->count);
        reply = ask_group(consumer, words, &outcome);
        if (reply == NULL)
                return outcome;
        if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 2 ||
            !consumer_id_parse(reply->element[0], &consumer->claim)) {
                consumer_fail(consumer, ACDCONSUMER_FAILED, "XAUTOCLAIM says something odd");
                freeReplyObject(reply);
                return CONSUMER_BAD;
        }
        if (consumer->claim.epoch == 0)
                consumer->claim_at_ms =
                        consumer_now_ms() + (half < CLAIM_MS_MIN ? CLAIM_MS_MIN : half);
        if (reply->elements > 2)
                miss(consumer, reply->element[2]);
        set_page(consumer, reply, reply->element[1], true);
        return CONSUMER_ON;
}

/* The group's place in XINFO GROUPS. */
static bool find_place(const struct acdconsumer *consumer, const redisReply *groups,
                       struct acdconsumer_id *ret_place)
{
        for (size_t i = 0; groups->type == REDIS_REPLY_ARRAY && i < groups->elements; i++) {
                const redisReply *name = consumer_pair(groups->element[i], "name");
                const redisReply *last = consumer_pair(groups->element[i], "last-delivered-id");

                if (name != NULL && last != NULL && strcmp(name->str, consumer->group) == 0)
                        return consumer_id_parse(last, ret_place);
        }
        return false;
}

/* Send the transaction; its answer is a list of two, or NULL. */
static redisReply *ask_new(struct acdconsumer *consumer)
{
        char count[16];
        const char *multi[] = { "MULTI", NULL };
        const char *place[] = { "XINFO", "GROUPS", consumer->stream_key, NULL };
        const char *read[] = { "XREADGROUP", "GROUP", consumer->group, consumer->name,
                               "COUNT",      count,   "STREAMS",       consumer->stream_key,
                               ">",          NULL };
        const char *exec[] = { "EXEC", NULL };

        (void)snprintf(count, sizeof(count), "%" PRIu32, consumer->count);
        if (!consumer_send(consumer, multi) || !consumer_send(consumer, place) ||
            !consumer_send(consumer, read) || !consumer_send(consumer, exec))
                return NULL;
        for (int i = 0; i < 3; i++) {
                redisReply *queued = consumer_good(consumer, consumer_receive(consumer, 0));

                if (queued == NULL)
                        return NULL;
                freeReplyObject(queued);
        }
        return consumer_good(consumer, consumer_receive(consumer, 0));
}

/* Wait until something is behind the group's place. */
static enum consumer_outcome wait_for_more(struct acdconsumer *consumer,
                                           struct acdconsumer_id place, uint64_t deadline_ms)
{
        uint64_t now_ms = consumer_now_ms();
        uint64_t left_ms = deadline_ms > now_ms ? deadline_ms - now_ms : 0;
        uint32_t block_ms = (uint32_t)(left_ms < CONSUMER_LOOK_MS ? left_ms : CONSUMER_LOOK_MS);
        char last[CONSUMER_ID_SIZE], block[16];
        const char *words[] = { "XREAD",
                                "COUNT",
                                "1",
                                "BLOCK",
                                block,
                                "STREAMS",
                                consumer->stream_key,
                                consumer_id_format(place, last),
                                NULL };
        redisReply *reply;
        bool is_quiet;

        if (block_ms == 0)
                return CONSUMER_QUIET;
        (void)snprintf(block, sizeof(block), "%" PRIu32, block_ms);
        if (!consumer_send(consumer, words))
                return CONSUMER_BAD;
        reply = consumer_good(consumer, consumer_receive(consumer, block_ms));
        if (reply == NULL)
                return CONSUMER_BAD;
        is_quiet = reply->type == REDIS_REPLY_NIL && consumer_now_ms() >= deadline_ms;
        freeReplyObject(reply);
        return is_quiet ? CONSUMER_QUIET : CONSUMER_ON;
}

static enum consumer_outcome read_new(struct acdconsumer *consumer, uint64_t deadline_ms)
{
        struct acdconsumer_id place;
        const redisReply *entries;
        redisReply *reply = ask_new(consumer);
        redisReply *given;

        if (reply == NULL)
                return CONSUMER_BAD;
        if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2) {
                consumer_fail(consumer, ACDCONSUMER_FAILED, "EXEC says something odd");
                freeReplyObject(reply);
                return CONSUMER_BAD;
        }
        given = reply->element[1];
        if (consumer_is_error(given, "NOGROUP") ||
            !find_place(consumer, reply->element[0], &place)) {
                freeReplyObject(reply);
                return group_is_gone(consumer);
        }
        if (given->type == REDIS_REPLY_ERROR) {
                reply->element[1] = NULL;
                freeReplyObject(reply);
                (void)consumer_good(consumer, given);
                return CONSUMER_BAD;
        }
        entries = consumer_entries_of(given);
        if (entries != NULL) {
                set_page(consumer, reply, entries, false);
                consumer->is_chained = true;
                consumer->next_sequence = place.sequence + 1;
                return CONSUMER_ON;
        }
        freeReplyObject(reply);
        consumer->pause_ms = 0;
        return wait_for_more(consumer, place, deadline_ms);
}

enum consumer_outcome consumer_group_read(struct acdconsumer *consumer, uint64_t deadline_ms)
{
        if (!consumer_group_acknowledge(consumer))
                return CONSUMER_BAD;
        if (consumer->has_pending)
                return read_pending(consumer);
        if (consumer_now_ms() >= consumer->claim_at_ms)
                return claim(consumer);
        return read_new(consumer, deadline_ms);
}
