/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readers of one tenant who join from the state, follow the stream, and check each other.
 *
 *      join unix:PATH TENANT SECONDS
 *
 * One reader never begins anew unless a resync tells it to, or its place is gone; its counts are
 * compared with every state that it meets: at the event which the state reflects, both must say
 * the same. Others join now and then, at whatever moment it is, and are compared with the first
 * one at the same event. Servers may die and come back meanwhile.
 *
 * Exit code 0: all comparisons held, and there were some.
 */

#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/support/fold.h"

enum { KEY_SIZE = 128, ID_SIZE = 64, RETRY_MS = 20 };

struct join {
        const char *path;
        char events[KEY_SIZE];
        char state[KEY_SIZE];
        redisContext *link;
        struct fold *reader;  /* of the stream, since it joined */
        struct fold *joiner;  /* joins now and then */
        struct fold *truth;   /* the last state */
        char id[ID_SIZE];     /* of the reader's last entry; "": not joined */
        char joiner_id[ID_SIZE];
        uint64_t entries, states, joins, comparisons, resyncs;
};

static void fail(const struct join *join, const char *what, const char *why)
{
        (void)fprintf(stderr, "join: %s: %s (reader at %s, event %" PRIu64 ")\n", what, why,
                      join->id, fold_sequence(join->reader));
        exit(1);
}

static struct acd_bytes bytes_of(const redisReply *reply)
{
        return (struct acd_bytes){ (const uint8_t *)reply->str, (uint32_t)reply->len };
}

/* The answer, or NULL when the connection is gone: it is made anew. */
static redisReply *ask(struct join *join, int count, const char **words)
{
        redisReply *reply;

        if (join->link == NULL || join->link->err != 0) {
                struct timeval patience = { .tv_sec = 2 };

                if (join->link != NULL)
                        redisFree(join->link);
                join->link = redisConnectUnixWithTimeout(join->path, patience);
                if (join->link == NULL || join->link->err != 0 ||
                    redisSetTimeout(join->link, patience) != REDIS_OK) {
                        (void)poll(NULL, 0, RETRY_MS);
                        return NULL;
                }
        }
        reply = redisCommandArgv(join->link, count, words, NULL);
        if (reply != NULL && reply->type == REDIS_REPLY_ERROR) {
                freeReplyObject(reply);
                reply = NULL;
        }
        if (reply == NULL)
                (void)poll(NULL, 0, RETRY_MS);
        return reply;
}

/* Begin, or begin anew, with the state that is there now. */
static void begin(struct join *join, struct fold *fold, char id[ID_SIZE])
{
        redisReply *reply = ask(join, 2, (const char *[]){ "GET", join->state });
        uint64_t epoch = 0;

        id[0] = '\0';
        if (reply != NULL && reply->type == REDIS_REPLY_STRING) {
                if (!fold_take_state(fold, bytes_of(reply)))
                        fail(join, "a state", fold_failure(fold));
                /* Field 1, the name, is a length and bytes; field 2, the epoch, eight bytes. */
                memcpy(&epoch, reply->str + 2 + (size_t)reply->str[1] + 1, sizeof(epoch));
                (void)snprintf(id, ID_SIZE, "%" PRIu64 "-%" PRIu64, epoch, fold_sequence(fold));
                join->joins++;
        }
        if (reply != NULL)
                freeReplyObject(reply);
}

/* Compare with the state in Redis, if it is of the event that the reader is at. */
static void compare(struct join *join)
{
        redisReply *reply = ask(join, 2, (const char *[]){ "GET", join->state });

        if (reply == NULL || reply->type != REDIS_REPLY_STRING) {
                if (reply != NULL)
                        freeReplyObject(reply);
                return;
        }
        if (!fold_take_state(join->truth, bytes_of(reply)))
                fail(join, "a state", fold_failure(join->truth));
        join->states++;
        if (fold_sequence(join->truth) == fold_sequence(join->reader)) {
                if (!fold_is_true(join->reader, join->truth))
                        fail(join, "the state differs", fold_failure(join->reader));
                join->comparisons++;
        }
        freeReplyObject(reply);
        if (join->joiner_id[0] != '\0' &&
            fold_sequence(join->joiner) == fold_sequence(join->reader)) {
                if (!fold_is_true(join->reader, join->joiner))
                        fail(join, "one that joined differs", fold_failure(join->reader));
                join->comparisons++;
                begin(join, join->joiner, join->joiner_id);
        }
}

/* One entry. False: begin anew. */
static bool take(struct join *join, struct fold *fold, const redisReply *entry, char id[ID_SIZE])
{
        const redisReply *fields = entry->element[1];

        (void)snprintf(id, ID_SIZE, "%s", entry->element[0]->str);
        if (strcmp(fields->element[0]->str, "resync") == 0) {
                join->resyncs++;
                return false;
        }
        join->entries++;
        return fold_take_batch(fold, bytes_of(fields->element[1])) ||
               (fail(join, "an entry", fold_failure(fold)), false);
}

/* What follows @id for @fold. */
static void follow(struct join *join, struct fold *fold, char id[ID_SIZE], const char *block)
{
        const char *words[] = { "XREAD", "COUNT",   "16",         "BLOCK",
                                block,   "STREAMS", join->events, id };
        redisReply *reply = ask(join, 8, words);

        if (reply == NULL)
                return;
        if (reply->type == REDIS_REPLY_ARRAY) {
                const redisReply *entries = reply->element[0]->element[1];

                for (size_t i = 0; i < entries->elements; i++)
                        if (!take(join, fold, entries->element[i], id)) {
                                id[0] = '\0';
                                break;
                        }
        }
        freeReplyObject(reply);
}

int main(int argument_count, char **arguments)
{
        struct join join = { .reader = fold_new(), .joiner = fold_new(), .truth = fold_new() };
        time_t end;

        if (argument_count != 4 || strncmp(arguments[1], "unix:", 5) != 0)
                return 2;
        /* hiredis writes to a server that was killed. */
        (void)signal(SIGPIPE, SIG_IGN);
        join.path = arguments[1] + 5;
        (void)snprintf(join.events, sizeof(join.events), "acd:{%s}:events", arguments[2]);
        (void)snprintf(join.state, sizeof(join.state), "acd:{%s}:state", arguments[2]);
        end = time(NULL) + (time_t)strtoul(arguments[3], NULL, 10);
        while (time(NULL) < end || fold_sequence(join.truth) != fold_sequence(join.reader)) {
                if (time(NULL) > end + 60)
                        fail(&join, "the end", "reader and state never met");
                if (join.id[0] == '\0')
                        begin(&join, join.reader, join.id);
                else
                        follow(&join, join.reader, join.id, "100");
                if (join.joiner_id[0] == '\0')
                        begin(&join, join.joiner, join.joiner_id);
                else
                        follow(&join, join.joiner, join.joiner_id, "1");
                compare(&join);
        }
        (void)printf("%" PRIu64 " entries, %" PRIu64 " states, %" PRIu64 " comparisons, %" PRIu64
                     " joins, %" PRIu64 " resyncs\n",
                     join.entries, join.states, join.comparisons, join.joins, join.resyncs);
        fold_free(join.reader);
        fold_free(join.joiner);
        fold_free(join.truth);
        if (join.link != NULL)
                redisFree(join.link);
        return join.comparisons > 0 ? 0 : 1;
}
