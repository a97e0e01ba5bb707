/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers to a feed.
 *
 *      MULTI   +OK        XADD   +QUEUED, or why not        EXEC   the ids, or why not
 *
 * Where a command was refused while it was queued, EXEC says only that; the reason is with the
 * command. Of what EXEC did, each entry has an answer: its id; nothing, when the stream that
 * should have been there is gone; or an error of its own.
 *
 * What is not as thought makes the feed doubtful, and it asks anew before the next round. What
 * makes the whole connection useless loses it, and that asks anew as well.
 */

#include "daemon/redis/feed_answer.h"

#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "daemon/shard.h"

enum { NS_PER_MS = 1000000, NS_PER_S = 1000000000 };

static struct redis_stream *stream_at(const struct redis_feed *feed, uint32_t slot)
{
        return &feed->shard->publisher.stream[slot];
}

/* Whose entry it is; NULL: nobody's any more. */
static struct redis_stream *stream_of(const struct redis_feed *feed,
                                      const struct redis_feed_entry *entry)
{
        struct redis_stream *stream = stream_at(feed, entry->slot);

        return entry->tenant.value == 0 || stream->tenant.value != entry->tenant.value ? NULL
                                                                                       : stream;
}

/* Redis takes nothing now. */
static void wait(struct redis_feed *feed, const char *why)
{
        uint64_t ms = REDIS_RETRY_MS_MIN;

        /* Each entry of a round may be refused: that is one failure. */
        if (feed->is_doubtful)
                return;
        for (uint32_t i = 0; i < feed->wait_count && ms < REDIS_RETRY_MS_MAX; i++)
                ms *= 2;
        if (ms > REDIS_RETRY_MS_MAX)
                ms = REDIS_RETRY_MS_MAX;
        feed->wait_count++;
        feed->wait_real = clock_real(&feed->shard->clock) + ms * NS_PER_MS;
        feed->is_doubtful = true;
        if (strcmp(feed->link.text, why) != 0) {
                (void)snprintf(feed->link.text, sizeof(feed->link.text), "%s", why);
                log_event(&feed->shard->log, LOG_WARNING, "redis_waits",
                          "address=\"%s\" reason=\"%s\"", feed->link.address, why);
        }
}

/* "MOVED 3999 127.0.0.1:6381", "ASK 3999 127.0.0.1:6381". */
static void redirect(struct redis_feed *feed, struct redis_stream *stream, const char *text)
{
        struct redis_home *home = &feed->shard->publisher.home;
        const char *address = strrchr(text, ' ');

        redis_home_doubt(home);
        wait(feed, text);
        stream->is_redirected = false;
        if (strncmp(text, "ASK ", 4) == 0 && address != NULL) {
                uint8_t master = redis_home_add(home, address + 1);

                stream->is_redirected = master != REDIS_NO_MASTER;
                if (stream->is_redirected)
                        stream->master = master;
        }
        stream->state = REDIS_STREAM_UNKNOWN;
}

/* An error that came for @stream, or for nobody in particular (NULL). */
static void take_error(struct redis_feed *feed, struct redis_stream *stream, const char *text)
{
        const struct redis_error *error = redis_error_of(text);
        char why[REDIS_TEXT_SIZE];

        redis_error_count(error, &feed->shard->metrics);
        redis_link_explain(why, error, text);
        if (error->class == REDIS_ERROR_CLASS_MOVED && stream != NULL) {
                redirect(feed, stream, text);
        } else if (error->class == REDIS_ERROR_CLASS_MOVED) {
                redis_home_doubt(&feed->shard->publisher.home);
                wait(feed, why);
        } else if (error->class == REDIS_ERROR_CLASS_WAIT ||
                   error->class == REDIS_ERROR_CLASS_ABORTED) {
                /* Aborted: only if nothing before it said why. */
                wait(feed, why);
        }
        feed->is_doubtful = true;
        switch (error->class) {
        case REDIS_ERROR_CLASS_LEAVE:
        case REDIS_ERROR_CLASS_PERSON:
                redis_link_lose(&feed->link, error->class, why);
                break;
        case REDIS_ERROR_CLASS_TENANT:
                if (stream != NULL)
                        redis_stream_bar(feed->shard, stream, why);
                else
                        redis_link_lose(&feed->link, REDIS_ERROR_CLASS_PERSON, why);
                break;
        case REDIS_ERROR_CLASS_WAIT:
        case REDIS_ERROR_CLASS_MOVED:
        case REDIS_ERROR_CLASS_ABORTED:
                break;
        }
}

static bool is_there_already(const struct redis_reply *reply)
{
        return reply->kind == REDIS_ERROR && strstr(reply->text, "equal or smaller") != NULL;
}

static void note_mark(struct redis_feed *feed, struct redis_stream *stream,
                      const struct redis_feed_entry *entry)
{
        const struct wire_mark mark = { entry->time_ns, entry->epoch, entry->sequence };
        uint64_t age_s = options_number(feed->shard->options, OPTION_REDIS_RETENTION_S);

        if (age_s != 0)
                redis_marks_note(&stream->marks, &mark, age_s * NS_PER_S / REDIS_MARK_SHARE);
}

/* An entry of a removed tenant went to where perhaps a new one of that name has its own. */
static void forget_counts(struct redis_feed *feed)
{
        struct publisher *publisher = &feed->shard->publisher;

        for (uint32_t i = 0; i < publisher->stream_count; i++)
                if (publisher->stream[i].master == feed->index)
                        publisher->stream[i].is_counted = false;
}

static void take_added(struct redis_feed *feed, const struct redis_feed_entry *entry)
{
        struct redis_stream *stream = stream_of(feed, entry);
        struct publisher *publisher = &feed->shard->publisher;

        publisher->last_epoch = entry->epoch;
        publisher->last_sequence = entry->sequence;
        publisher->published_count++;
        feed->shard->metrics.redis_entries_total++;
        if (stream == NULL) {
                forget_counts(feed);
                return;
        }
        /* Another master may have the stream by now, and have told what it has of it. */
        if (stream->master != feed->index)
                return;
        stream->is_there = true;
        stream->added_count++;
        stream->epoch = entry->epoch;
        stream->sequence = entry->sequence;
        note_mark(feed, stream, entry);
        if (entry->is_resync) {
                stream->resync = REDIS_RESYNC_NONE;
                stream->is_hole = false;
                picture_rouse(&publisher->picture);
                feed->shard->metrics.redis_resyncs_total++;
        } else {
                stream->position = entry->next_position;
        }
}

/* It is not as it was left, so how much was added since is not known either. */
static void doubt(struct redis_feed *feed, struct redis_stream *stream)
{
        feed->is_doubtful = true;
        stream->state = REDIS_STREAM_UNKNOWN;
        stream->is_counted = false;
}

/* What EXEC says of one entry. False: the link is lost. */
static bool take_result(struct redis_feed *feed, const struct redis_feed_entry *entry,
                        const struct redis_reply *reply)
{
        struct redis_stream *stream = stream_of(feed, entry);

        if (reply->kind == REDIS_TEXT) {
                take_added(feed, entry);
                return true;
        }
        if (is_there_already(reply)) {
                if (stream != NULL) {
                        feed->shard->metrics.redis_stale_ids_total++;
                        doubt(feed, stream);
                }
                return true;
        }
        if (reply->kind == REDIS_NIL) {
                if (stream != NULL)
                        doubt(feed, stream);
                return true;
        }
        /* A removed tenant's stream that is of another type, or not ours to write, is skipped. */
        if (stream == NULL && reply->kind == REDIS_ERROR &&
            redis_error_of(reply->text)->class == REDIS_ERROR_CLASS_TENANT)
                return true;
        take_error(feed, stream, reply->kind == REDIS_ERROR ? reply->text : "an odd answer");
        return feed->link.state == REDIS_LINK_READY;
}

static void end_round(struct redis_feed *feed)
{
        if (!feed->is_doubtful) {
                feed->acknowledged = feed->round_end;
                feed->wait_count = 0;
                redis_link_praise(&feed->link);
        }
        feed->entry_count = 0;
        feed->answered = 0;
}

/* "EXECABORT Transaction discarded because of: OOM ...": EXEC itself was refused, not a command. */
static const char *refusal_of(const struct redis_reply *reply)
{
        static const char because[] = "because of: ";
        const char *reason;

        if (reply->kind != REDIS_ERROR)
                return "an odd answer to EXEC";
        reason = strstr(reply->text, because);
        return reason == NULL || strncmp(reply->text, "EXECABORT ", 10) != 0
                       ? reply->text
                       : reason + sizeof(because) - 1;
}

static void take_exec(struct redis_feed *feed, uint32_t count, const struct redis_reply *reply)
{
        uint32_t first = feed->answered;

        ACD_ASSERT(first + count <= feed->entry_count);
        feed->answered += count;
        if (reply->kind == REDIS_ARRAY && reply->count == count) {
                for (uint32_t i = 0; i < count; i++) {
                        struct redis_reply result = redis_reply_at(reply, i);

                        if (!take_result(feed, &feed->entry[first + i], &result))
                                return;
                }
        } else {
                const struct redis_feed_entry *entry = &feed->entry[first];

                take_error(feed, stream_of(feed, entry), refusal_of(reply));
                if (feed->link.state != REDIS_LINK_READY)
                        return;
        }
        if (--feed->exec_count == 0)
                end_round(feed);
}

static void take_asked(struct redis_feed *feed, uint32_t slot, const struct redis_reply *reply)
{
        struct redis_stream *stream = stream_at(feed, slot);

        ACD_ASSERT(feed->ask_count > 0);
        feed->ask_count--;
        if (stream->state != REDIS_STREAM_ASKED)
                return;
        if (reply->kind == REDIS_ERROR && strstr(reply->text, "no such key") == NULL) {
                stream->state = REDIS_STREAM_UNKNOWN;
                take_error(feed, stream, reply->text);
                return;
        }
        redis_stream_take(feed->shard, stream, reply);
}

/* The state could not be set, or the stream not trimmed. Nothing depends on either: what is wrong
 * with Redis shows with the next entry. */
static void take_side_error(struct redis_feed *feed, struct redis_stream *stream, const char *text)
{
        const struct redis_error *error = redis_error_of(text);
        struct acd_text name = redis_stream_name(feed->shard, stream);
        char why[REDIS_TEXT_SIZE];

        redis_error_count(error, &feed->shard->metrics);
        redis_link_explain(why, error, text);
        stream->picture_sequence = 0;
        stream->picture_real = clock_real(&feed->shard->clock) +
                               (uint64_t)REDIS_STREAM_BAR_MS * NS_PER_MS;
        picture_rouse(&feed->shard->publisher.picture);
        log_event(&feed->shard->log, LOG_WARNING, "redis_state_refused",
                  "tenant=%.*s reason=\"%s\"", (int)name.size, name.at, why);
        if (error->class == REDIS_ERROR_CLASS_LEAVE || error->class == REDIS_ERROR_CLASS_PERSON)
                redis_link_lose(&feed->link, error->class, why);
}

/* A state is anybody's who may write there: a mark is believed when it is of what the stream has
 * and of the past. */
static void take_marks(const struct shard *shard, struct redis_stream *stream,
                       const struct redis_reply *reply)
{
        struct wire_mark mark[REDIS_MARK_COUNT];
        uint32_t count = 0;

        stream->is_marked = true;
        if (reply->kind != REDIS_TEXT ||
            !tenant_state_read_marks(redis_reply_bytes(reply), mark, REDIS_MARK_COUNT, &count))
                return;
        for (uint32_t i = 0; i < count; i++)
                if (mark[i].time_ns <= clock_now(&shard->clock) &&
                    (mark[i].epoch < stream->epoch ||
                     (mark[i].epoch == stream->epoch && mark[i].sequence <= stream->sequence)))
                        redis_marks_note(&stream->marks, &mark[i], 0);
}

/* A command that was not queued. */
static void take_refused(struct redis_feed *feed, const struct redis_feed_entry *entry,
                         const char *text)
{
        if (entry->tenant.value == 0 && redis_error_of(text)->class == REDIS_ERROR_CLASS_TENANT) {
                feed->is_skipping_former = true;
                feed->is_doubtful = true;
                return;
        }
        take_error(feed, stream_of(feed, entry), text);
}

void redis_feed_note_unsure(struct redis_feed *feed)
{
        for (uint32_t i = feed->answered; i < feed->entry_count; i++) {
                struct redis_stream *stream = stream_of(feed, &feed->entry[i]);

                if (stream == NULL || stream->master != feed->index)
                        continue;
                stream->unsure_count++;
                stream->unsure_epoch = feed->entry[i].epoch;
                stream->unsure_sequence = feed->entry[i].sequence;
        }
}

void redis_feed_on_reply(void *self, struct redis_link *link, uint32_t tag,
                         const struct redis_reply *reply)
{
        struct redis_feed *feed = self;
        uint32_t index = tag & ~(uint32_t)REDIS_TAG_MASK;

        switch (tag & REDIS_TAG_MASK) {
        case REDIS_TAG_MULTI:
        case REDIS_TAG_IGNORED:
                if (reply->kind == REDIS_ERROR)
                        take_error(feed, NULL, reply->text);
                break;
        case REDIS_TAG_QUEUED:
                if (reply->kind == REDIS_ERROR)
                        take_refused(feed, &feed->entry[index], reply->text);
                break;
        case REDIS_TAG_EXEC:
                take_exec(feed, index, reply);
                break;
        case REDIS_TAG_ASK:
                take_asked(feed, index, reply);
                break;
        case REDIS_TAG_LOOK:
                redis_stream_look(feed->shard, stream_at(feed, index), reply);
                if (stream_at(feed, index)->state == REDIS_STREAM_UNKNOWN)
                        feed->is_doubtful = true;
                break;
        case REDIS_TAG_STATE:
                feed->is_setting = false;
                if (reply->kind == REDIS_ERROR)
                        take_side_error(feed, stream_at(feed, index), reply->text);
                break;
        case REDIS_TAG_TRIM:
                if (reply->kind == REDIS_ERROR)
                        take_side_error(feed, stream_at(feed, index), reply->text);
                break;
        case REDIS_TAG_MARKS:
                take_marks(feed->shard, stream_at(feed, index), reply);
                break;
        default:
                redis_link_lose(link, REDIS_ERROR_CLASS_LEAVE, "an answer to no question");
                break;
        }
}
